"""A language model behind an OpenAI-compatible HTTP endpoint that returns log-probabilities.

`POST URL/completions` with `echo` and `logprobs` gives the log-probability of each token of a prompt, as
vLLM, SGLang, llama-cpp-python and others answer it. Chat endpoints do not, and are refused.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl

from robustness.domain import Example, Scores
from robustness.errors import ModelError, UsageError, unknown
from robustness.models.echo import Echo, echoes, shared_start
from robustness.models.http_client import KEY, Answer, Client, checked_url
from robustness.models.likelihood import Likelihood, normalised
from robustness.models.options import ModelOptions
from robustness.models.prompts import Asked, template_for

__all__ = ["Endpoint", "connect"]

_TOO_LONG = (
    "context length",
    "context_length",
    "context size",
    "context window",
    "maximum context",
    "too long",
)
_STEADY = 0.05
"""Nats by which a log-probability may move when the same prompt is asked again: servers compute in half
precision and batch as they please, but a cache that answers wrongly is off by more."""


def connect(text: str, *, options: ModelOptions) -> Endpoint:
    """Return the model behind `URL#model=NAME`; nothing is sent yet.

    `URL` ends where `/completions` would follow, such as `http://localhost:8000/v1`. The key, where one
    is needed, is read from the environment variable `ROBUSTNESS_API_KEY`. Raises `UsageError` for an
    address that cannot be used or a missing name.
    """
    address, _, fragment = text.partition("#")
    url = checked_url(address)
    settings = dict(parse_qsl(fragment, keep_blank_values=True))
    for name in settings:
        if name != "model":
            raise UsageError(f"endpoint {url}: {unknown('setting', name, ['model'])}")
    if not settings.get("model"):
        raise UsageError(
            f"endpoint {url}: no model is named, but the server needs its name; write "
            f"endpoint:{url}#model=NAME"
        )
    return Endpoint(Client(f"{url}/completions"), settings["model"], options=options)


class Endpoint:
    """A model that is asked over HTTP, one request per item (`Model`, `Truncates`).

    Nothing is cut: an item that the server refuses as too long has NaN for every option. Weights cannot
    be seen from outside, so `fingerprint` covers address, name, template and unit alone: a server that
    changes its weights under the same name is another model, and only you can know.
    """

    __slots__ = (
        "_client", "_likelihood", "_model", "_moved", "_refused", "_system", "_template", "counts",
        "fingerprint", "name",
    )  # fmt: skip

    def __init__(self, client: Client, model: str, *, options: ModelOptions) -> None:
        self.name: str = f"endpoint:{model}"
        self.counts: Counter[str] = Counter()
        """What was done so far: items, requests, tokens."""
        self._client = client
        self._model = model
        self._likelihood = Likelihood(options.likelihood)
        self._template = template_for(self._likelihood, options.template)
        self._moved: float | None = None
        self._refused: set[str] = set()
        self._system: set[str] = set()
        self.fingerprint: str = _digest(
            url=client.url, model=model, likelihood=str(self._likelihood), template=self._template.text
        )

    def score(self, batch: Sequence[Example]) -> tuple[Scores, ...]:
        """Return float[K] per example, in order, higher is better; see `Likelihood` for the unit.

        The first item is asked twice, its options turned round the second time. Raises `ModelError` for
        a server that does not answer, answers without log-probabilities, or answers differently.
        """
        return tuple(self._item(example) for example in batch)

    def visible(self, batch: Sequence[Example]) -> tuple[int, ...]:
        """Return the length of each passage; -1 for items that the server refused as too long."""
        return tuple(-1 if item.id in self._refused else len(item.passage) for item in batch)

    def environment(self) -> Mapping[str, str]:
        """Return what a run records; never the key."""
        return {
            "endpoint": self._client.url,
            "kind": "endpoint",
            "likelihood": str(self._likelihood),
            "model": self._model,
            "refused_items": str(len(self._refused)),
            "system_fingerprint": ", ".join(sorted(self._system)) or "not told",
            "template": self._template.text,
            **({} if self._moved is None else {"repeat_check": f"largest difference {self._moved:.1e}"}),
        }

    def _item(self, example: Example) -> Scores:
        asked = self._template.asked(example)
        self.counts["items"] += 1
        found = self._asked(asked, asked.continuations)
        if found is None:
            self._refused.add(example.id)
            return (math.nan,) * len(example.options)
        if self._moved is None:
            self._check(asked, found)
        start = shared_start(found, len(asked.prompt))
        return tuple(
            normalised(
                math.fsum(one.values[start:]), self._likelihood, tokens=len(one.values) - start, size=size
            )
            for one, size in zip(found, asked.sizes, strict=True)
        )

    def _asked(self, asked: Asked, continuations: Sequence[str]) -> tuple[Echo, ...] | None:
        """Return the echo of each joined text; None where the server finds them too long."""
        texts = [asked.prompt + continuation for continuation in continuations]
        answer = self._client.post(
            {
                "model": self._model, "prompt": texts, "echo": True, "logprobs": 1, "max_tokens": 1,
                "temperature": 0.0, "seed": 0,
            }
        )  # fmt: skip
        self.counts["requests"] += 1
        if answer.status != 200:
            told = _told(answer)
            if answer.status in (400, 413, 422) and any(sign in told.lower() for sign in _TOO_LONG):
                return None
            raise ModelError(
                f"endpoint {self._client.url}: status {answer.status} came ({told[:200]!r}), but 200 is "
                f"needed; check the address, the model's name and, where a key is needed, {KEY}"
            )
        if isinstance(answer.body, dict) and isinstance(answer.body.get("system_fingerprint"), str):
            self._system.add(answer.body["system_fingerprint"][:80])
        found = echoes(answer.body, texts, where=f"endpoint {self._client.url}")
        self.counts["tokens"] += sum(len(one.values) for one in found)
        return found

    def _check(self, asked: Asked, found: tuple[Echo, ...]) -> None:
        again = self._asked(asked, asked.continuations[::-1])
        turned = () if again is None else again[::-1]
        # The first token has no log-probability; it is NaN in both.
        moved = [
            abs(a - b)
            for x, y in zip(found, turned, strict=False)
            for a, b in zip(x.values, y.values, strict=False)
        ]
        self._moved = max((gap for gap in moved if not math.isnan(gap)), default=math.inf)
        if self._moved > _STEADY or [len(one.values) for one in found] != [len(one.values) for one in turned]:
            raise ModelError(
                f"endpoint {self._client.url}: the same prompts got log-probabilities that differ by "
                f"{self._moved:.2g} when asked again in another order, but steady ones are needed; turn the "
                "server's prefix cache off, or update it"
            )


def _told(answer: Answer) -> str:
    """What a server says about a refusal, on one line, in printable characters, without the key."""
    text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
    key = os.environ.get(KEY, "").strip()
    hidden = text.replace(key, "(key)") if key else text
    return "".join(char if char.isprintable() else " " for char in hidden)


def _digest(**parts: str) -> str:
    text = json.dumps({"schema": "endpoint/1", **parts}, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
