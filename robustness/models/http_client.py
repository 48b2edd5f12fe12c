"""JSON over HTTP to one place: time-outs, retries with back-off, and a key that is never shown."""

from __future__ import annotations

import http.client
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from robustness.errors import ModelError, UsageError
from robustness.watchdog import alive

__all__ = ["KEY", "Answer", "Client", "checked_url"]

KEY = "ROBUSTNESS_API_KEY"
"""Environment variable of the key. A provider's own variable is not read: the key of one would be sent
to another."""

_TRIES = 6
_PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
_LONGEST_WAIT = 60.0
_LARGEST = 256 * 1024 * 1024
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, and the JSON value or, where there is none, the start of the text."""

    status: int
    body: object


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would take the key to another place."""

    def redirect_request(self, *_: object) -> None:
        return None


@dataclass(frozen=True, slots=True)
class Client:
    """Posts JSON to one URL."""

    url: str
    timeout: float = 120.0
    """Seconds for one try."""
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)

    def post(self, payload: Mapping[str, object]) -> Answer:
        """Return the answer; a status that a later try may mend is tried again, six times in all.

        Waits 1, 2, 4, ... seconds between tries, or as long as `Retry-After` says, one minute at most.
        Raises `ModelError` where no try brings an answer.
        """
        last = ""
        for attempt in range(_TRIES):
            alive()
            try:
                with _opener().open(self._request(payload), timeout=self.timeout) as response:
                    return Answer(int(response.status), _json(response.read(_LARGEST)))
            except urllib.error.HTTPError as error:
                with error:
                    answer = Answer(error.code, _json(error.read(_LARGEST)))
                if error.code not in _PASSING:
                    return answer
                last, after = f"status {error.code}", error.headers.get("Retry-After", "")
            except (OSError, http.client.HTTPException) as error:  # no connection, reset, time-out, cut off
                last, after = type(getattr(error, "reason", error)).__name__, ""
            if attempt < _TRIES - 1:
                self.sleep(_wait(attempt, after))
        raise ModelError(
            f"endpoint {self.url}: {_TRIES} tries brought no answer (the last: {last}), but one is needed; "
            "check that the server runs, that this machine may reach it, and its limits"
        )

    def _request(self, payload: Mapping[str, object]) -> urllib.request.Request:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        key = os.environ.get(KEY, "").strip()
        if key:
            headers["Authorization"] = f"Bearer {key}"
        data = json.dumps(payload).encode()
        return urllib.request.Request(self.url, data=data, headers=headers, method="POST")  # noqa: S310 - checked


def checked_url(text: str) -> str:
    """Return an address that requests may go to, without a slash at its end.

    Raises `UsageError` for another scheme than http and https, for a user or password inside, and for a
    key that would travel in the clear to another machine.

    >>> checked_url("http://localhost:8000/v1/")
    'http://localhost:8000/v1'
    """
    try:
        parts = urlsplit(text)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        sound, parts = False, SplitResult("", "", "", "", "")
    if parts.username is not None or parts.password is not None or parts.query or "@" in text:
        raise UsageError(
            f"endpoint: an address on {parts.hostname or 'a host'} with a user, a password or a query "
            f"came, but they would stand in reports; put the key into the environment variable {KEY}"
        )
    if not sound:
        raise UsageError(
            f"endpoint: {text!r} came, but an address that starts with http:// or https:// is needed, such "
            "as endpoint:http://localhost:8000/v1#model=NAME"
        )
    if parts.scheme == "http" and parts.hostname not in _LOCAL and os.environ.get(KEY):
        raise UsageError(
            f"endpoint: {KEY} is set and {parts.hostname} is asked without encryption, but a key must not "
            "travel in the clear; use https://, or unset the variable"
        )
    return text.rstrip("/")


def _opener() -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(_NoRedirect)


def _wait(attempt: int, after: str) -> float:
    asked = float(after) if after.isdigit() else 2.0**attempt
    return min(asked, _LONGEST_WAIT)


def _json(data: bytes) -> object:
    try:
        value: object = json.loads(data)
    except (ValueError, RecursionError):
        return data[:200].decode("utf-8", "replace")
    return value
