"""Planted truth: a unit that falls for a cue is found, its set test holds, and where nothing is planted,
nothing is found. Acceptance tests are numbered as in the specification of the analysis."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from robustness.domain import Example, Suite
from robustness.neurons.analyse import analyse
from robustness.neurons.changes import changes, pooled, specific
from robustness.neurons.conditions import conditions
from robustness.neurons.engine import Ablator
from robustness.neurons.findings import Quadrant
from robustness.neurons.sequences import sequences
from robustness.neurons.sets import Chosen, halves, matched, set_test
from robustness.neurons.signflip import sign_flip_p
from robustness.neurons.sites import Kind, Site, enumerate_sites
from robustness.neurons.summary import from_json, to_json
from robustness.neurons.verify import Budget
from robustness.reports.neuron_wording import headline, is_supported
from robustness.reports.neurons_to_html import neurons_to_html
from robustness.reports.neurons_to_markdown import neurons_to_markdown

PLANTED = "ffn.1.5"
FEW = Budget(random_sets=60, patch=False)


@pytest.fixture
def found(planted, suite):
    return analyse(planted, suite, sites=("ffn",), exact="all", budget=FEW)


def test_the_planted_unit_ranks_first_and_is_the_only_discovery(found):
    """Acceptance test 2."""
    assert found.units[0].id == PLANTED
    assert found.units[0].quadrant is Quadrant.SHORTCUT
    assert found.discoveries == 1
    assert "keyword" in found.units[0].traits
    assert found.units[0].lift.low > 50 * abs(found.units[1].lift.value)


def test_its_set_lifts_attacked_accuracy_on_the_other_half_and_random_sets_do_not(found):
    """Acceptance test 2."""
    test = found.headline
    assert test.members == (PLANTED,)
    clean, attacked = test.heldout
    assert (attacked.before, attacked.change.value) == (0.0, 1.0)
    assert attacked.change.low > 0
    assert attacked.p < 0.001
    assert attacked.random == (0.0, 0.0)
    assert attacked.random_p == pytest.approx(1 / 61)
    assert clean.change.value == 0
    assert is_supported(test)
    assert headline(found).startswith("Ablating 1 unit helps on passages that had no say in it")


def test_a_model_without_it_yields_no_discovery_and_no_promise(honest, suite):
    found = analyse(honest, suite, sites=("ffn",), exact="all", budget=FEW)
    assert found.discoveries == 0
    assert set(found.quadrants["ffn"]) == {"inert"}
    assert found.headline is None or not is_supported(found.headline)
    assert "is not shown to help" in headline(found) or headline(found).startswith("No set")


def test_the_screen_alone_judges_no_unit_and_says_so(planted, suite):
    none = Budget(verify=0, calibrate=0, audit=0, heads=False, patch=False, random_sets=20)
    found = analyse(planted, suite, sites=("ffn",), exact=0, budget=none)
    assert found.counts.get("exact_cells", 0) == 0
    assert set(found.quadrants["ffn"]) == {"estimated"}
    assert {own.status for own in found.screen} == {"not certified"}
    assert found.headline is not None
    assert found.headline.members == (PLANTED,)  # sets are judged by whole passes, so this one is sound


def test_screened_then_verified_finds_it_below_the_exhaustive_layers(planted, suite):
    few = Budget(verify=4, calibrate=8, audit=4, random_sets=20, patch=False)
    found = analyse(planted, suite, sites=("ffn",), exact=1, budget=few)
    assert found.units[0].id == PLANTED
    assert {own.layer: own.status for own in found.screen}[2] == "exhaustive"
    assert 0 < found.screen[1].verified < 32


def test_analyses_read_back_and_two_runs_are_the_same_to_the_last_byte(found, planted, suite):
    """Acceptance test 8."""
    text = to_json(found)
    assert from_json(text) == found
    assert to_json(analyse(planted, suite, sites=("ffn",), exact="all", budget=FEW)) == text


def test_the_order_of_the_options_changes_no_effect(found, planted, suite):
    """Acceptance test 8."""

    def turned(example: Example) -> Example:
        assert example.answer is not None
        last = len(example.options) - 1
        return replace(example, options=example.options[::-1], answer=last - example.answer)

    other = replace(
        suite,
        examples=tuple(map(turned, suite.examples)),
        variants=tuple(replace(v, example=turned(v.example), edits=()) for v in suite.variants),
    )
    again = analyse(planted, other, sites=("ffn",), exact="all", budget=FEW)
    for ours, theirs in zip(found.units[:10], again.units[:10], strict=True):
        assert ours.id == theirs.id
        assert theirs.lift.value == pytest.approx(ours.lift.value, abs=1e-5)


def test_reports_name_the_set_and_what_was_not_computed(found):
    page, text = neurons_to_html(found), neurons_to_markdown(found)
    for shown in (page, text):
        assert PLANTED in shown
        assert "sent2opt-cue" in shown
        assert "random sets of the same layers" in shown
    assert "<script" not in page
    assert "default-src 'none'" in page


def test_swapping_clean_and_attacked_at_random_gives_uniform_p_values_and_no_discovery(planted, suite):
    """Acceptance test 11, at its core: which of the two texts is called clean is a coin."""
    data = sequences(planted, suite)
    made = Ablator(planted.network, data, kinds=("ffn",))
    cube, base = made.exact(list(enumerate_sites(made.wired.body, ["ffn"]))), made.base()[0]
    parts = [changes(cube, base, condition) for condition in conditions(suite, data)]
    attacked = pooled(parts)
    assert attacked is not None
    own = specific(attacked, parts[0]).by_passage()
    draw, smallest = Random(0), []
    for _ in range(200):
        signs = np.array([draw.choice((-1.0, 1.0)) for _ in range(own.shape[1])])
        smallest.append(float(sign_flip_p(own * signs)[5 + 32]))
    for level in (0.05, 0.25, 0.5):
        assert np.mean(np.array(smallest) <= level) <= level + 0.08


def swapped(suite: Suite, seed: int) -> Suite:
    """Which of the two texts of a question is called clean is a coin for each passage."""
    draw = Random(seed)
    coins = {group: draw.random() < 0.5 for group in sorted({e.group for e in suite.examples})}
    other = {variant.source: variant.example for variant in suite.variants}

    def as_named(example: Example, name: str) -> Example:
        return replace(example, id=name)

    return replace(
        suite,
        examples=tuple(as_named(other[e.id], e.id) if coins[e.group] else e for e in suite.examples),
        variants=tuple(
            replace(v, example=as_named(clean, v.example.id), edits=()) if coins[clean.group] else v
            for v, clean in ((v, next(e for e in suite.examples if e.id == v.source)) for v in suite.variants)
        ),
    )


@pytest.mark.parametrize("seed", range(5))
def test_no_unit_is_discovered_where_clean_and_attacked_are_swapped_at_random(planted, suite, seed):
    """Acceptance test 11, through the whole analysis: even the planted unit is then none."""
    mixed = swapped(suite, seed)
    assert {e.passage for e in mixed.examples} == {e.passage for e in suite.examples}
    found = analyse(planted, mixed, sites=("ffn",), exact="all", budget=replace(FEW, random_sets=0))
    assert found.discoveries == 0
    own = next(unit for unit in found.units if unit.id == PLANTED)
    assert max(abs(effect[1].value or 0.0) for effect in own.effects) > found.tolerance  # it does much


@pytest.mark.parametrize("seed", range(5))
def test_no_unit_is_discovered_where_the_right_options_are_drawn_at_random(honest, suite, seed):
    """Acceptance test 11, and 2: nothing is planted, and nothing is right but by chance."""
    draw = Random(seed)
    gold = {example.id: draw.randrange(len(example.options)) for example in suite.examples}
    mixed = replace(
        suite,
        examples=tuple(replace(e, answer=gold[e.id]) for e in suite.examples),
        variants=tuple(replace(v, example=replace(v.example, answer=gold[v.source])) for v in suite.variants),
    )
    found = analyse(honest, mixed, sites=("ffn",), exact="all", budget=replace(FEW, random_sets=20))
    assert found.discoveries == 0
    assert found.headline is None or not is_supported(found.headline)


@pytest.mark.parametrize("size", [1, 4, 16])
def test_random_sets_without_the_planted_unit_lift_nothing(planted, suite, size):
    """Acceptance test 2: 20 sets of each size, each judged as the chosen one is."""
    data = sequences(planted, suite)
    made, judged = Ablator(planted.network, data, kinds=("ffn",)), conditions(suite, data)
    sites = [site for site in enumerate_sites(made.wired.body, ["ffn"]) if str(site) != PLANTED]
    sets = [tuple(sorted(Random(seed).sample(sites, size))) for seed in range(20)]
    first, *others = sets
    found = set_test(
        made, made.base()[0], judged, chosen=("attacked", Chosen(first, 0.0, 1)), random_sets=[others]
    )
    assert not is_supported(found)
    clean, attacked = found.heldout
    assert clean.change.value == attacked.change.value == 0
    assert attacked.random == (0.0, 0.0)


def test_margins_and_changes_equal_a_plain_loop(planted, suite):
    data = sequences(planted, suite)
    made = Ablator(planted.network, data, kinds=("ffn",))
    site = Site("ffn", 1, 5)
    base, cube = made.base()[0], made.exact([site])
    for condition in conditions(suite, data):
        seen = changes(cube, base, condition)
        for item, example in enumerate(
            suite.examples if condition.polarity is None else [v.example for v in suite.variants]
        ):
            rows = data.options[example.id]
            scores = [[float(logits[row]) for row in rows] for logits in (base, cube[0])]
            others = [max(s for at, s in enumerate(one) if at != example.answer) for one in scores]
            plain = [one[example.answer] - other for one, other in zip(scores, others, strict=True)]
            assert seen.before[item] == pytest.approx(plain[0], abs=1e-9)
            assert seen.margin[0, item] == pytest.approx(plain[1] - plain[0], abs=2e-5)


def test_halves_share_no_passage_and_random_sets_match_layer_by_layer(planted, suite):
    data = sequences(planted, suite)
    first, second = halves(conditions(suite, data), seed=0)
    assert not first & second
    assert first | second == {example.group for example in suite.examples}
    members = (Site("ffn", 0, 3), Site("ffn", 1, 5), Site("head", 2, 1))
    size: dict[tuple[Kind, int], np.typing.NDArray[np.float64]] = {("head", 2): np.arange(2.0)}
    size |= {("ffn", at): np.arange(32.0) for at in range(3)}
    for one in matched(members, size, seed=0, count=30):
        assert sorted((s.kind, s.layer) for s in one) == sorted((s.kind, s.layer) for s in members)
        assert not set(one) & set(members)


def test_tokens_have_the_role_of_the_text_that_they_come_from(planted, suite):
    data = sequences(planted, suite)
    words = {at: piece for piece, at in planted.tokenizer.get_vocab().items()}
    for example in suite.examples[:5]:
        for option, row in zip(example.options, data.options[example.id], strict=True):
            texts: dict[int, list[str]] = {role: [] for role in range(4)}
            for token, role in zip(data.rows[row].ids, data.roles[row], strict=True):
                texts[int(role)].append(words[token])
            assert texts[0] == example.passage.split()
            assert texts[1] == example.question.split()
            assert texts[2] == option.split()
            assert texts[3] == ["[CLS]", "[SEP]", "[SEP]"]
