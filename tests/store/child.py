"""A fake slow model and a small suite, scored through the store: for tests, and a script to be killed."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from robustness.domain import Example, Scores, Suite
from robustness.scoring import run
from robustness.store.cache import Cache
from robustness.store.keep import keep
from robustness.store.stopping import Stopped


def example(number: int) -> Example:
    options = tuple(f"option {at} of {number}" for at in range(2 + number % 4))
    return Example(
        f"m{number}", f"Story {number // 3}.", f"Question {number}?", options, 0, f"g{number // 3}"
    )


def suite_of(items: int, *, fingerprint: str = "5u17e") -> Suite:
    examples = tuple(sorted((example(number) for number in range(items)), key=lambda e: e.id))
    return Suite("small", 0, {}, examples, (), (), {}, fingerprint)


def score_of(text: str) -> float:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big") / 2**48 - 0.5


class Counting:
    """A model whose scores are digests, which asks its ledger first and counts what it computes."""

    name = "counting"

    def __init__(self, fingerprint: str = "c0", numeric: str = "exact", *, delay: float = 0.0) -> None:
        self.fingerprint = fingerprint
        self.numeric = numeric
        self.delay = delay
        self.ledger: Any = None
        self.counts: Counter[str] = Counter()
        self.acknowledged: Callable[[Sequence[bytes]], object] = lambda keys: None

    def environment(self) -> Mapping[str, str]:
        return {"numeric_class": self.numeric}

    def key(self, text: str) -> bytes:
        return hashlib.sha256(f"{self.fingerprint}|{self.numeric}|{text}".encode()).digest()[:16]

    def score(self, batch: Sequence[Example]) -> list[Scores]:
        texts = [[f"{e.passage}|{e.question}|{o}" for o in e.options] for e in batch]
        flat = {self.key(text): text for row in texts for text in row}
        known = dict(self.ledger.known(list(flat))) if self.ledger else {}
        new = [key for key in flat if key not in known]
        for start in range(0, len(new), 8):
            made = self.forward({key: flat[key] for key in new[start : start + 8]})
            if self.ledger:
                self.ledger.record(made)
                self.acknowledged(list(made))
            known.update(made)
        return [tuple(known[self.key(text)] for text in row) for row in texts]

    def forward(self, texts: Mapping[bytes, str]) -> dict[bytes, float]:
        time.sleep(self.delay)
        self.counts["forward_calls"] += 1
        self.counts["rows_forwarded"] += len(texts)
        return {key: score_of(self.fingerprint + text) for key, text in texts.items()}


def main(folder: Path, items: int, delay: float) -> None:
    model = Counting(delay=delay)
    log = os.open(folder / "acknowledged", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    model.acknowledged = lambda keys: os.write(log, b"".join(keys))
    suite = suite_of(items)
    with keep(model, suite=suite.fingerprint, cache=Cache(folder / "cache")):
        done = run(suite, model, chunk=16)
    (folder / "result.json").write_text(json.dumps(dict(done.scores), sort_keys=True))


if __name__ == "__main__":
    os.environ["TQDM_DISABLE"] = "1"
    try:
        main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
    except Stopped as end:
        sys.stderr.write(end.line + "\n")
        sys.exit(end.code)
