"""`training.json`: how a checkpoint came about."""

from __future__ import annotations

import json
import platform
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from shlex import quote

from robustness.readers.load import Dataset
from robustness.training.options import Training

__all__ = ["Record", "command"]


def command(base: str, data: str, dev: str, training: Training) -> str:
    """Return the command line of a training run; options at their defaults are left out.

    >>> command("scratch", "stories:train", "stories:dev", Training(epochs=2.0))
    'robustness train --base scratch --data stories:train --dev stories:dev --condition plain --epochs 2.0'
    """
    default = Training()
    chosen = [
        f"--{field.name.replace('_', '-')} {getattr(training, field.name)}"
        for field in fields(training)
        if field.name == "condition" or getattr(training, field.name) != getattr(default, field.name)
    ]
    return " ".join(
        ("robustness train", f"--base {quote(base)} --data {quote(data)} --dev {quote(dev)}", *chosen)
    )


@dataclass(frozen=True, slots=True)
class Record:
    """What made a checkpoint, and how well it did."""

    base: str
    """`scratch`, or the base's Hub id or folder name."""
    data: Dataset
    dev: Dataset
    training: Training
    accuracy: float
    """On `dev`, in [0, 1]."""

    def write(self, folder: Path) -> None:
        """Write `training.json`. It holds no absolute path: it travels with the checkpoint."""
        text = json.dumps(self._content(), indent=2, sort_keys=True) + "\n"
        (folder / "training.json").write_text(text, encoding="utf-8")

    def _content(self) -> dict[str, object]:
        import tokenizers
        import torch
        import transformers

        return {
            "schema": 1,
            "command": command(self.base, self.data.source, self.dev.source, self.training),
            "base": self.base,
            "training": asdict(self.training),
            "data": _told(self.data),
            "dev": {**_told(self.dev), "accuracy": round(self.accuracy, 4)},
            "versions": {
                "python": platform.python_version(),
                "tokenizers": tokenizers.__version__,
                "torch": torch.__version__.partition("+")[0],
                "transformers": transformers.__version__,
            },
        }


def _told(data: Dataset) -> dict[str, object]:
    return {"source": data.source, "digest": data.digest, "examples": len(data.examples)}
