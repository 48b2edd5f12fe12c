"""What a comparison of two neuron analyses says in every format: no more than was judged."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from robustness.neurons.compared import (
    Agreement,
    Fate,
    LayerBeside,
    LayerLikeness,
    NeuronsCompared,
    Side,
    Turned,
    UnitBeside,
)
from robustness.neurons.findings import Quadrant
from robustness.reports.neurons_compared_to_html import neurons_compared_to_html
from robustness.reports.neurons_compared_to_json import neurons_compared_to_json
from robustness.reports.neurons_compared_to_markdown import neurons_compared_to_markdown
from robustness.reports.neurons_compared_to_terminal import render_neurons_compared
from robustness.reports.neurons_compared_wording import FATES, facts, headline
from robustness.results import Estimate

HOSTILE = "<script>alert(1)</script> [x](https://evil.example)"


def side(label: str) -> Side:
    return Side(label, label, "f" * 64, 1.5, {"clean": (0.8, 1.0, 40), "cue": (0.3, -0.5, 40)}, ("ffn.1.5",))


def unit(name: str, fate: Fate, a: Quadrant, b: Quadrant, *, partner: str = "") -> UnitBeside:
    one = Estimate(0.5, 0.25, 0.75)
    return UnitBeside(
        name, partner or name, fate, a, b, one, one, Estimate(-0.5, -0.8, -0.2), 0.001,
        one, one, Estimate(0.0, -0.1, 0.1), None, 0.9, None, "A",
    )  # fmt: skip


def compared(*units: UnitBeside, **changed: object) -> NeuronsCompared:
    likeness = LayerLikeness("ffn", 1, 0.9, 1.0, 1.0, 0.95, 0.1, 0.8, 0.2, None)
    fates: dict[str, int] = {}
    for one in units:
        fates[str(one.fate)] = fates.get(str(one.fate), 0) + 1
    made = NeuronsCompared(
        schema=1,
        a=side("old"),
        b=side("new"),
        suite="cue",
        suite_fingerprint="0" * 32,
        items=40,
        passages=20,
        conditions=("clean", "cue"),
        attacked=True,
        value="mean-by-role",
        by_address=True,
        at_home=0.98,
        unmatched=0.0,
        exact=96,
        fates={**fates, "alike": 95},
        units=units,
        quadrants=(Turned("ffn", Quadrant.SHORTCUT, Quadrant.INERT, 1),),
        agreement=(Agreement("ffn", "lift", 96, True, Estimate(0.5, 0.3, 0.7), 9, ("ffn.1.5",), 0.8, 0.01),),
        layers=(LayerBeside(likeness, 32, 32, 0.2, 0.1),),
        notes=("A note.",),
    )
    return replace(made, **changed)  # type: ignore[arg-type]


GONE = unit("ffn.1.5", Fate.GONE, Quadrant.SHORTCUT, Quadrant.INERT)


def terminal(made: NeuronsCompared) -> str:
    out = StringIO()
    render_neurons_compared(made, Console(file=out, width=80))
    return out.getvalue()


def test_the_headline_names_what_is_in_both_gone_new_and_open():
    made = compared(
        unit("ffn.0.1", Fate.KEPT, Quadrant.SHORTCUT, Quadrant.SHORTCUT),
        GONE,
        unit("ffn.0.2", Fate.NEW, Quadrant.UNDECIDED, Quadrant.GUARDIAN),
        unit("ffn.0.3", Fate.OPEN, Quadrant.SHORTCUT, Quadrant.UNDECIDED),
    )
    assert headline(made) == (
        "Shortcut and guardian units: 1 in both (shortcut ffn.0.1); 1 of old gone in new (shortcut ffn.1.5); "
        "1 new in new (guardian ffn.0.2); 1 in one alone, not shown to be weaker in the other "
        "(shortcut ffn.0.3). "
        "No other unit is shown to have moved."
    )


def test_units_that_moved_are_named_and_the_rest_is_counted():
    moved = [unit(f"head.0.{n}", Fate.MOVED, Quadrant.UNDECIDED, Quadrant.ESSENTIAL) for n in range(8)]
    said = headline(compared(*moved))
    assert said.endswith(
        "8 units moved: head.0.0, head.0.1, head.0.2, head.0.3, head.0.4, head.0.5 and 2 more."
    )


def test_where_nothing_is_found_nothing_is_promised():
    assert headline(compared()) == (
        "Neither has a shortcut or guardian among the 96 units exact in both. No unit is shown to have moved."
    )
    assert headline(compared(exact=0)) == "No unit is exact in both, so nothing is judged."


def test_strangers_are_told_first_and_pairs_have_two_addresses():
    pair = unit("ffn.1.5", Fate.KEPT, Quadrant.SHORTCUT, Quadrant.SHORTCUT, partner="ffn.1.9")
    made = compared(pair, by_address=False, at_home=0.02, unmatched=0.4)
    assert headline(made).startswith("The two are not comparable by address: only 2% of the units of old")
    assert "40% have no partner" in headline(made)
    assert "shortcut ffn.1.5 as ffn.1.9" in headline(made)
    assert "began from the same weights" not in " ".join(facts(made))


@pytest.mark.parametrize("render", [neurons_compared_to_html, neurons_compared_to_markdown, terminal])
def test_every_format_has_the_headline_the_unit_and_what_its_fate_means(render):
    shown = " ".join(re.sub(r"\\(.)", r"\1", render(compared(GONE))).split())
    assert "1 of old gone in new" in shown
    assert "ffn.1.5" in shown
    assert FATES[Fate.GONE] in shown
    assert "rank agreement 0.50 [0.30, 0.70] over 96 units" in shown


def test_lines_of_the_terminal_are_at_most_80_columns():
    long = [unit(f"head.10.{n}", Fate.MOVED, Quadrant.UNDECIDED, Quadrant.ESSENTIAL) for n in range(20)]
    assert max(map(len, terminal(compared(*long)).splitlines())) <= 80


def test_json_has_the_numbers_and_the_sentences():
    read = json.loads(neurons_compared_to_json(compared(GONE)))
    assert read["headline"] == headline(compared(GONE))
    assert read["units"][0]["fate"] == "gone"
    assert [read["units"][0][f"lift_change{end}"] for end in ("", "_low", "_high")] == [-0.5, -0.8, -0.2]
    assert read["layers"][0]["likeness"]["cka"] == 0.95


def test_names_from_models_can_neither_run_nor_link():
    made = compared(GONE, b=side(HOSTILE))
    page, text = neurons_compared_to_html(made), neurons_compared_to_markdown(made)
    assert "<script>alert" not in page
    assert "default-src 'none'" in page
    assert "](https://evil.example)" not in re.sub(r"`[^`]*`", "", text)


def test_equal_comparisons_give_equal_pages():
    for render in (neurons_compared_to_html, neurons_compared_to_markdown, neurons_compared_to_json):
        assert render(compared(GONE)) == render(compared(GONE))
