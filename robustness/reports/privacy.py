"""What must not leave with a report: secrets, user names, quoted text of licensed corpora."""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["public_environment", "public_text", "without_quotes"]

_HOME = re.compile(r"(?:\b[A-Za-z]:)?[\\/](?:home|Users)[\\/][^\\/\s:]+|(?<![\w./])/root(?=/|$)")
_CREDENTIALS = re.compile(r"(?<=://)[^/\s@]+@")
_QUERY = re.compile(r"(?i)\b((?:access_?)?token|api_?key|password|secret|signature)=[^&\s]+")
_TOKEN = re.compile(r"\b(?:hf|gh[opsu]|glpat|github_pat|sk|xox[abp])[_-][A-Za-z0-9_-]{16,}")
_SECRET_NAME = re.compile(r"(?i)token|secret|passw|credential|api_?key|auth|cookie")
_NO_SECRETS = frozenset({"batch_tokens", "tokenizers"})
"""Names that we give ourselves and that only sound like one."""
_QUOTED = re.compile(r"""['"`“‘「『].*['"`”’」』]""", re.DOTALL)


def public_text(text: str) -> str:
    """Return `text` without user names in home paths, credentials in addresses, access tokens.

    >>> public_text("race:/home/ann/data, https://ann:pw@host/x?token=abc")
    'race:~/data, https://…@host/x?token=…'
    """
    text = _CREDENTIALS.sub("…@", _HOME.sub("~", text))
    return _TOKEN.sub("…", _QUERY.sub(r"\1=…", text))


def public_environment(environment: Mapping[str, str]) -> Mapping[str, str]:
    """Return the environment, sorted, without entries whose name speaks of a secret.

    >>> public_environment({"python": "3.11", "HF_TOKEN": "x", "tokenizers": "0.22"})
    {'python': '3.11', 'tokenizers': '0.22'}
    """
    shown = [name for name in sorted(environment) if name in _NO_SECRETS or not _SECRET_NAME.search(name)]
    return {name: public_text(environment[name]) for name in shown}


def without_quotes(text: str) -> str:
    """Return `text` with everything from the first to the last quotation mark left out.

    >>> without_quotes("no sentence holds 'blue tent'")
    'no sentence holds …'
    """
    return _QUOTED.sub("…", text)
