"""What the certificate of the screen is worth: repeated draws beside the exact effects of all units."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path

from measure import DEMO, arguments, goals, real_data, real_model, tell

ATTACK = "sent2opt-shuffle"
"""What the real checkpoint falls for most."""


def shortest(file: Path, count: int):
    """Return that many questions of different passages, the shortest of the file, under one attack."""
    from robustness.readers.load import load
    from robustness.suites.build import build
    from robustness.suites.plan import plan

    every = load(f"dream:{file}").examples
    every = sorted(every, key=lambda e: (len(e.passage) + sum(map(len, e.options)), e.id))
    first = {example.group: example for example in reversed(every)}
    chosen = sorted(first.values(), key=every.index)[:count]
    suite = build(chosen, plan("si2019"))
    return replace(suite, variants=tuple(v for v in suite.variants if v.attack == ATTACK))


def stories():
    from robustness.demo.neurons import part
    from robustness.pipeline import Source, suite_of
    from robustness.suites.plan import plan

    return part(suite_of(Source("stories:test?passages=2", plan("core"))))


def measure(name: str, folder: Path, suite, asked) -> bool:
    """Print what 20 draws say of one model; return whether the goals are met."""
    from robustness.models.huggingface import load
    from robustness.models.options import ModelOptions
    from robustness.neurons.conditions import conditions
    from robustness.neurons.coverage import both_ways, coverage
    from robustness.neurons.engine import Ablator
    from robustness.neurons.parts import Parts
    from robustness.neurons.sequences import sequences
    from robustness.neurons.verify import Budget

    model = load(str(folder), options=ModelOptions(device="cpu", threads=1))
    data = sequences(model, suite)
    parts = Parts(Path(asked.keep) if asked.keep else None, salt=model.fingerprint)
    ablator = Ablator(model.network, data, kinds=("ffn",), parts=parts)
    begun = time.process_time()
    effects = both_ways(ablator, conditions(suite, data), layers=asked.layers or "all")
    spent = time.process_time() - begun
    smallest = abs(effects.exact[effects.top[-1]])
    # At its own tolerance few units exceed; at the 32nd largest effect, with few verified, the bound has
    # work to do: it is to hold in 95 % of draws, and no more.
    ways = {"tolerance": (None, 256), "top_32": (smallest, 256), "top_32_few": (smallest, 16)}
    found = {
        way: coverage(effects, threshold=limit, budget=Budget(verify=count), seeds=range(asked.repeats))
        for way, (limit, count) in ways.items()
    }
    guessed = sorted(effects.screened, key=lambda site: -abs(effects.screened[site]))
    checks = {f"{way}_covered": own.covered >= 0.95 - 0.03 for way, own in found.items()}
    checks |= {f"{way}_top_missed": found[way].top_beyond == 0 for way in ("tolerance", "top_32")}
    checks |= {f"{way}_bound_held": own.held >= 0.95 for way, own in found.items()}
    tell(
        "certificate", model=name, units=len(effects.exact), sequences=len(data),
        tokens=sum(len(row.ids) for row in data.rows), repeats=asked.repeats, cpu_seconds=spent,
        resumed_chunks=ablator.counts["resumed_chunks"],
        screened_top={n: len(set(guessed[:n]) & set(effects.top)) / 32 for n in (32, 64, 128, 256)},
        thresholds={way: summed(own) for way, own in found.items()},
        **goals(**checks),
    )  # fmt: skip
    return all(checks.values())


def summed(found) -> dict[str, object]:
    layers = sorted({own.layer for own in found.layers})
    by_layer = {at: [own for own in found.layers if own.layer == at] for at in layers}
    covered = {at: [o.covered for o in own if o.covered is not None] for at, own in by_layer.items()}
    return {
        "threshold": found.threshold,
        "exceeding": found.exceeding,
        "covered": found.covered,
        "covered_by_layer": [round(sum(own) / len(own), 4) if own else None for own in covered.values()],
        "bound_held": found.held,
        "top_missed": sum(own.top for own in found.layers),
        "top_beyond_bound": found.top_beyond,
        "mean_bound_by_layer": [round(sum(o.bound for o in own) / len(own), 1) for own in by_layer.values()],
        "certified_by_layer": [
            round(sum(o.status == "certified" for o in own) / len(own), 2) for own in by_layer.values()
        ],
    }


def main() -> None:
    asked = arguments(questions=4, repeats=20, layers=0, keep="")
    import torch

    torch.set_num_threads(1)
    measure("stories-bert", DEMO, stories(), asked)
    folder, data = real_model(asked.shared), real_data(asked.shared)
    if folder is None or data is None:
        tell("certificate", skipped=f"no models/dream-minilm and data/dream/test.json in {asked.shared}")
        return
    measure("dream-minilm", folder, shortest(data, asked.questions), asked)


if __name__ == "__main__":
    sys.exit(main())
