"""A prompt echoed by a completion endpoint, with the log-probability of each of its tokens."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from robustness.errors import ModelError

__all__ = ["Echo", "echoes", "shared_start"]


@dataclass(frozen=True, slots=True)
class Echo:
    """The tokens of one prompt."""

    tokens: tuple[str, ...]
    starts: tuple[int, ...]
    """Character of the prompt at which each token begins."""
    values: tuple[float, ...]
    """Log-probability of each token, in nats; NaN for the first, which nothing precedes."""


def echoes(body: object, texts: Sequence[str], *, where: str) -> tuple[Echo, ...]:
    """Return the echo of each text, in order, from the answer to `echo` and `logprobs`.

    What was generated behind the prompt is left out. Raises `ModelError` for an answer without
    log-probabilities of the prompt, or of another prompt: one that the server cut.

    >>> body = {"choices": [{"index": 0, "text": "ab c", "logprobs": {
    ...     "tokens": ["ab", " c"], "text_offset": [0, 2], "token_logprobs": [None, -0.5]}}]}
    >>> echoes(body, ["ab c"], where="endpoint")[0].values
    (nan, -0.5)
    """
    choices = body.get("choices") if isinstance(body, dict) else None
    if not isinstance(choices, list) or len(choices) != len(texts):
        count = len(choices) if isinstance(choices, list) else "no"
        raise ModelError(
            f"{where}: {count} choices came for {len(texts)} prompts, but one for each is needed; use a "
            "server that takes several prompts in one completion request"
        )
    by_index = {
        choice.get("index", at): choice for at, choice in enumerate(choices) if isinstance(choice, dict)
    }
    return tuple(_echo(by_index.get(at), text, where) for at, text in enumerate(texts))


def shared_start(found: Sequence[Echo], boundary: int) -> int:
    """Return the position of the first token to score: the same for all, behind the same tokens.

    Tokens that end before character `boundary` are the prompt's, as far as all texts share them. At
    least one token of each text is left, and one before it.

    >>> nan = float("nan")
    >>> a = Echo(("Q:", " he", "ns"), (0, 2, 5), (nan, -1.0, -2.0))
    >>> shared_start((a, Echo(("Q:", " hat"), (0, 2), (nan, -1.5))), 2)
    1
    """
    first = found[0]
    ends = (*first.starts[1:], boundary + 1)
    own = sum(1 for _ in takewhile(lambda end: end <= boundary, ends))
    common = min(_common(first.tokens, other.tokens) for other in found)
    most = min(len(one.tokens) for one in found) - 1
    return max(1, min(own, common, most))


def _echo(choice: object, text: str, where: str) -> Echo:
    logprobs = choice.get("logprobs") if isinstance(choice, dict) else None
    parts = logprobs if isinstance(logprobs, dict) else {}
    tokens, starts, values = (parts.get(name) for name in ("tokens", "text_offset", "token_logprobs"))
    lists = [part for part in (tokens, starts, values) if isinstance(part, list)]
    if len(lists) < 3 or len({len(part) for part in lists}) != 1 or len(lists[0]) < 2:
        raise ModelError(
            f"{where}: the answer holds no log-probabilities of the prompt's tokens (choices[].logprobs with "
            "tokens, token_logprobs and text_offset), but they are what options are scored by; use a "
            "completion endpoint that supports `echo` with `logprobs`, such as vLLM's, or score elsewhere "
            "and give predictions:FILE"
        )
    echoed = str(choice.get("text", "")) if isinstance(choice, dict) else ""
    echoed = echoed if echoed.startswith(text) else echoed.removeprefix(str(lists[0][0]))
    if not echoed.startswith(text):
        raise ModelError(
            f"{where}: the echoed prompt is not the one that was sent, so the server cut or changed it, but "
            "all of it has to be read; raise the server's context length, or shorten the passages"
        )
    places = _places([str(token) for token in lists[0]], lists[1], len(echoed))
    kept = [at for at, start in enumerate(places) if start < len(text)]
    numbers = tuple(_number(lists[2][at], first=at == 0, where=where) for at in kept)
    return Echo(tuple(str(lists[0][at]) for at in kept), tuple(places[at] for at in kept), numbers)


def _places(tokens: Sequence[str], offsets: Sequence[object], length: int) -> list[int]:
    """Return where tokens begin in a text of `length` characters. Some servers count the characters of a
    beginning-of-sequence token that they put before the text: then all others lie that much too far."""
    starts = [start if isinstance(start, int) else length for start in offsets]
    over = starts[-1] + len(tokens[-1]) - length
    shift = over if over > 0 and over == len(tokens[0]) == starts[1] else 0
    return [max(0, start - shift) for start in starts]


def _number(value: object, *, first: bool, where: str) -> float:
    if first and value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ModelError(
            f"{where}: {value!r} came as a log-probability, but a number is needed for every token of the "
            "prompt but its first; use a server that gives them"
        )
    return float(value)


def _common(a: Sequence[str], b: Sequence[str]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False)))
