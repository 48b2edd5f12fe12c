from __future__ import annotations

from collections import Counter

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from robustness.models.encoding import Row
from robustness.models.plain_forward import PlainForward, is_causal
from robustness.models.tree_forward import FAMILIES, TreeForward, takes_trees
from tests.models.language_models import causal_network

VOCABULARY = 60


def rows_of(stems: int = 2, questions: int = 2, options: int = 3) -> list[Row]:
    """Passages of 30 tokens, questions of 5 below them, options of 1 to 3 below those, one inside another."""
    draw = torch.Generator().manual_seed(5)

    def tokens(count: int) -> tuple[int, ...]:
        return tuple(torch.randint(3, VOCABULARY, (count,), generator=draw).tolist())

    rows = []
    for _ in range(stems):
        passage = (1, *tokens(30))
        for _ in range(questions):
            prompt = (*passage, *tokens(5))
            for option in range(options):
                own = tokens(1 + option)
                rows.append(Row((*prompt, *own), (0,) * len(prompt) + (1,) * len(own)))
    longer = rows[0]
    return [*rows, Row((*longer.ids, 7, 8), (*longer.types, 1, 1))]


def run(network, kind, rows, *, budget: int) -> tuple[list[float], Counter[str]]:
    counts: Counter[str] = Counter()
    with torch.inference_mode():
        return kind(network, device="cpu", counts=counts)(rows, budget=budget), counts


def naive(network, row: Row) -> float:
    with torch.inference_mode():
        table = network(torch.tensor([row.ids])).logits[0].double().log_softmax(-1)
    return float(sum(table[at - 1, row.ids[at]] for at in range(len(row.ids)) if row.types[at]))


@pytest.fixture(scope="module")
def llama():
    return causal_network("llama", vocabulary=VOCABULARY)


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_every_family_gives_what_a_loop_over_full_logits_gives(family):
    network = causal_network(family, vocabulary=VOCABULARY)
    rows = rows_of()
    expected = [naive(network, row) for row in rows]
    for budget in (8, 64, 4_096):
        assert run(network, TreeForward, rows, budget=budget)[0] == pytest.approx(expected, rel=1e-5)
    assert run(network, PlainForward, rows, budget=256)[0] == pytest.approx(expected, rel=1e-5)
    assert takes_trees(network, longest=40)


@pytest.mark.parametrize("budget", [8, 20, 64, 4_096])
def test_each_shared_token_is_computed_once_under_every_budget(llama, budget):
    counts = run(llama, TreeForward, rows_of(), budget=budget)[1]
    # Two passages behind one opening, four questions, and all but the last token of each option.
    assert counts["tokens"] == 1 + 2 * 30 + 4 * 5 + 4 * (0 + 1 + 2) + 2


def test_a_budget_that_holds_all_takes_one_pass(llama):
    assert run(llama, TreeForward, rows_of(), budget=4_096)[1]["forward_calls"] == 1


def test_a_single_row_needs_no_mask_and_is_itself(llama):
    row = rows_of()[0]
    assert run(llama, TreeForward, [row], budget=512)[0] == pytest.approx([naive(llama, row)], rel=1e-6)


@given(st.permutations(range(len(rows_of()))), st.integers(1, 200))
@settings(max_examples=15, deadline=None)
def test_neither_order_nor_budget_reaches_a_number(order, budget):
    network = causal_network("llama", vocabulary=VOCABULARY)
    rows = rows_of()
    expected = run(network, TreeForward, rows, budget=512)[0]
    found = run(network, TreeForward, [rows[at] for at in order], budget=budget)[0]
    assert found == pytest.approx([expected[at] for at in order], rel=1e-5)


@pytest.mark.parametrize(
    ("family", "settings", "longest"),
    [
        ("mistral", {"sliding_window": 16}, 17),
        ("bloom", {}, 8),
        ("gpt_neo", {"attention_types": [[["global", "local"], 1]]}, 8),
        ("llama", {"rope_parameters": {"rope_type": "dynamic", "factor": 2.0, "rope_theta": 1e4}}, 8),
    ],
)
def test_what_cannot_be_shared_exactly_is_not_shared(family, settings, longest):
    network = causal_network(family, vocabulary=VOCABULARY, **settings)
    assert not takes_trees(network, longest=longest)


def test_a_window_as_wide_as_the_longest_row_does_not_matter():
    assert takes_trees(causal_network("mistral", vocabulary=VOCABULARY, sliding_window=16), longest=16)


def test_a_network_that_looks_ahead_is_found_out(llama):
    from transformers import BertConfig, BertLMHeadModel

    from robustness.models.quiet import quiet

    torch.manual_seed(3)
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    with quiet():
        both_ways = BertLMHeadModel(BertConfig(vocab_size=VOCABULARY, initializer_range=0.5, **sizes)).eval()
    row = rows_of()[0]
    with torch.inference_mode():
        assert is_causal(llama, row, device="cpu")
        assert not is_causal(both_ways, row, device="cpu")
