from __future__ import annotations

import math
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any

import pytest
import torch

from robustness.domain import Example
from robustness.errors import ModelError
from robustness.models import row_scorer
from robustness.models.huggingface import HuggingFaceModel, load
from robustness.models.ledger import Memory
from robustness.models.options import ModelOptions
from robustness.models.packed import Packed
from robustness.models.shadow import Shadow, shadow_of


def opened(folder: Path, **options: Any) -> HuggingFaceModel:
    return load(str(folder), options=ModelOptions(device="cpu", **({"threads": 1} | options)))


class Diary(Memory):
    """A ledger that remembers what it was told, call by call."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[dict[bytes, float]] = []

    def record(self, rows) -> None:
        self.told.append(dict(rows))
        super().record(rows)


def off_by(monkeypatch, amount: float) -> None:
    whole = Packed.__call__
    monkeypatch.setattr(Packed, "__call__", lambda self, rows: [x + amount for x in whole(self, rows)])


def test_a_second_model_with_the_same_ledger_forwards_nothing(checkpoint, examples):
    ledger = Diary()
    first, second = opened(checkpoint), opened(checkpoint)
    first.ledger = second.ledger = ledger
    expected = first.score(examples)
    told = len(ledger.told)
    assert second.score(examples) == expected
    assert [second.counts[name] for name in ("forward_calls", "shadow_rows", "canonical_rows")] == [0, 0, 0]
    assert len(ledger.told) == told
    assert second.environment() == first.environment()


def test_an_edited_option_forwards_its_own_row_alone(bert, examples):
    model = opened(bert)
    model.score(examples)
    before = model.counts["rows_forwarded"]
    options = ("Anna", "nobody", *examples[0].options[2:])
    model.score((replace(examples[0], id="a#0~edited.1", options=options),))
    assert model.counts["rows_forwarded"] - before == 1


def test_options_in_another_order_forward_nothing(bert, examples):
    model = opened(bert)
    model.score(examples)
    before = dict(model.counts)
    model.score([replace(e, id=f"{e.id}~turned.1", options=e.options[::-1]) for e in examples])
    assert model.counts["rows_forwarded"] == before["rows_forwarded"]
    assert model.counts["forward_calls"] == before["forward_calls"]


def test_models_with_other_weights_or_limits_share_nothing(build, bert, examples):
    ledger = Diary()
    models = [opened(bert), opened(bert, max_length=48), opened(build("electra"))]
    for model in models:
        model.ledger = ledger
        model.score(examples)
    assert all(model.counts["rows_forwarded"] == models[0].counts["rows_forwarded"] for model in models)


def test_every_score_is_recorded_as_it_was_returned_and_keys_have_sixteen_bytes(bert, examples):
    ledger = Diary()
    model = opened(bert)
    model.ledger = ledger
    returned = {score for scores in model.score(examples) for score in scores}
    kept = {score for rows in ledger.told for score in rows.values()}
    assert returned <= kept
    assert {len(key) for rows in ledger.told for key in rows} == {16}


@pytest.mark.parametrize("fault", [math.nan, math.inf])
def test_a_score_that_is_no_number_is_returned_but_never_recorded(bert, examples, fault):
    ledger = Diary()
    model = opened(bert)
    model.ledger = ledger
    with torch.no_grad():
        model.network.classifier.bias.fill_(fault)
    returned = model.score(examples)
    assert not any(math.isfinite(score) for scores in returned for score in scores)
    assert all(math.isfinite(score) for rows in ledger.told for score in rows.values())
    before = model.counts["forward_calls"]
    model.score(examples)
    assert model.counts["forward_calls"] > before


def test_what_was_computed_before_a_fault_is_recorded(bert, examples, monkeypatch):
    ledger = Diary()
    model = opened(bert, batch_tokens=1)
    model.ledger = ledger
    model.score(examples[:1])
    told, whole, calls = len(ledger.told), Packed.__call__, []

    def interrupted(self, rows):
        calls.append(rows)
        if len(calls) > 3:
            raise KeyboardInterrupt
        return whole(self, rows)

    monkeypatch.setattr(Packed, "__call__", interrupted)
    with pytest.raises(KeyboardInterrupt):
        model.score(examples)
    assert [len(rows) for rows in ledger.told[told:]] == [3]


def test_a_ledger_is_told_at_least_every_so_many_rows(bert, examples, monkeypatch):
    monkeypatch.setattr(row_scorer, "_RECORD_ROWS", 2)
    ledger = Diary()
    model = opened(bert, batch_tokens=1)
    model.score(examples[:1])
    model.ledger = ledger
    model.score(examples)
    assert max(len(rows) for rows in ledger.told[1:]) == 2


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_do_not_change_a_bit(checkpoint, examples, threads):
    one, more = opened(checkpoint, batch_tokens=32), opened(checkpoint, batch_tokens=32, threads=threads)
    assert more.score(examples) == one.score(examples)
    assert more.counts == one.counts


def test_a_fault_in_a_worker_reaches_the_caller(bert, examples, monkeypatch):
    model = opened(bert, batch_tokens=1, threads=2)
    model.score(examples[:1])

    def broken(self, rows):
        raise RuntimeError("shapes do not match")

    monkeypatch.setattr(Packed, "__call__", broken)
    with pytest.raises(RuntimeError, match="shapes do not match"):
        model.score(examples)


def test_a_packed_pass_that_differs_from_the_plain_one_is_not_used(bert, examples, monkeypatch):
    expected = opened(bert).score(examples)
    off_by(monkeypatch, 1e-2)
    model = opened(bert)
    for scores, right in zip(model.score(examples), expected, strict=True):
        assert scores == pytest.approx(right, abs=1e-5)
    said = model.environment()
    assert said["forward"] == "plain"
    assert "differs from the plain one by 1" in said["warning"]


def test_case_6_a_network_that_draws_random_numbers_is_refused(bert, examples):
    model = opened(bert)

    def drawn(_module, _inputs, found):
        found.logits += torch.randn_like(found.logits)

    model.network.register_forward_hook(drawn)
    with pytest.raises(ModelError, match=r"two passes over the same 4 row\(s\) differ by .*one score"):
        model.score(examples)


def test_scores_of_a_path_that_was_given_up_are_never_taken_for_others(bert, examples, monkeypatch):
    ledger = Diary()
    first = opened(bert)
    first.ledger = ledger
    first.score(examples)
    with monkeypatch.context() as patched:
        off_by(patched, 1e-2)
        second = opened(bert)
        second.ledger = ledger
        other = replace(examples[0], id="n#0", passage="Ben paints the hens.")
        second.score((other,))
    assert second.environment()["forward"] == "plain"
    assert second.counts["rows_forwarded"] == 3


def test_the_largest_difference_is_recorded_and_small(checkpoint, examples):
    model = opened(checkpoint)
    model.score(examples)
    said = model.environment()
    assert said["forward"] == "packed"
    assert "warning" not in said
    assert 0 <= float(said["shadow_check"].rpartition(" ")[2]) < 1e-5


def test_neighbours_that_reach_a_last_bit_are_kept_apart(bert, examples, monkeypatch):
    def of(rows, **paths) -> Shadow:
        return replace(found(rows, **paths), invariant=False)

    found = shadow_of
    monkeypatch.setattr(row_scorer, "shadow_of", of)
    model = opened(bert, batch_tokens=4_096)
    model.score(examples)
    assert model.counts["forward_calls"] == model.counts["rows_forwarded"]


def test_a_near_tie_is_decided_by_its_canonical_scores(bert, examples, monkeypatch):
    plain = opened(bert).score(examples)
    monkeypatch.setattr(row_scorer, "shadow_of", lambda *_, **__: Shadow(0.0, True, 1e3))
    model = opened(bert)
    canonical = model.score(examples)
    assert model.counts["rescored_items"] == len(examples)
    assert model.counts["canonical_rows"] == model.counts["rows_forwarded"]
    assert canonical != plain
    for scores, right in zip(canonical, plain, strict=True):
        assert scores == pytest.approx(right, abs=1e-5)


def test_canonical_scores_are_those_of_the_network_in_double_precision(bert, examples):
    model = opened(bert)
    (row, *_) = model.encode(examples)[0].rows
    made = model._rows.canonical([row])[row]
    network = opened(bert).network.double()
    with torch.inference_mode():
        logits = network(
            input_ids=torch.tensor([[row.ids]]), token_type_ids=torch.tensor([[row.types]])
        ).logits
    assert made == pytest.approx(float(logits), abs=1e-12)
    assert float(logits) != model._rows.scores([row])[row]


def test_duplicate_options_tie_exactly_and_cost_nothing(bert):
    twins = Example("t#0", "The hens.", "Who?", ("Anna", "Ben", "Anna"), 0, "t")
    model = opened(bert)
    ((first, _, third),) = model.score((twins,))
    assert first == third
    assert model.counts["rows_forwarded"] == 2
    assert model.counts["rescored_items"] == 0


def test_the_bound_of_near_ties_does_not_depend_on_what_is_scored(checkpoint, examples):
    bounds = set()
    for part in (examples, examples[::-1], examples[2:3]):
        model = opened(checkpoint)
        model.score(part)
        bounds.add(model._rows.bound())
    assert len(bounds) == 1
    assert min(bounds) > 0


def test_a_network_that_knows_no_double_precision_is_canonical_in_single(bert, examples, monkeypatch):
    model = opened(bert)
    plain = type(model.network).forward

    @wraps(plain)
    def single_only(self, **inputs):
        if self.dtype == torch.float64:
            raise RuntimeError("expected scalar type Float but found Double")
        return plain(self, **inputs)

    monkeypatch.setattr(type(model.network), "forward", single_only)
    expected = opened(bert)
    assert model.score(examples) == expected.score(examples)
    assert "fp32 decides near ties" in model.environment()["warning"]


def test_a_limit_too_short_for_any_probe_still_scores(bert):
    model = opened(bert, max_length=4)
    tiny = Example("t#0", "hens", "", ("Anna", "Ben"), 0, "t")
    assert all(math.isfinite(score) for score in model.score((tiny,))[0])


def test_suites_share_their_rows(bert):
    long = "The ferry left at noon. " * 20
    clean = [
        Example(f"{word}#0", long, f"Who {word} it?", ("Anna", "Ben", "fog"), 0, word)
        for word in ("feeds", "likes", "paints", "waited")
    ]
    model = opened(bert)
    model.score(clean)
    model.score([replace(e, id=f"{e.id}~edited.1", options=("Anna", "Ben", "school")) for e in clean])
    model.score([replace(e, id=f"{e.id}~turned.1", options=("fog", "Anna", "Ben")) for e in clean])
    model.score([replace(e, id=f"{e.id}~cut.1", passage=f"{e.passage}Ben likes red.") for e in clean])
    assert model.counts["rows"] == 4 * 4 * 3
    assert model.counts["rows_forwarded"] == 4 * 3 + 4
    model.score([replace(e, id=f"{e.id}~asked.1", question=e.question.replace("Who", "When")) for e in clean])
    assert model.counts["rows_forwarded"] == 4 * 3 + 4 + 4 * 3
