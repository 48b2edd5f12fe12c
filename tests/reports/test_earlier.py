from __future__ import annotations

import json
from pathlib import Path

import pytest

from robustness.domain import Run, Suite
from robustness.errors import RobustnessError
from robustness.reports.renderers import RENDERERS, renderer
from robustness.reports.summarise import summarise
from robustness.reports.summary import SCHEMA
from robustness.reports.to_json import from_json, to_json
from robustness.results import Judgement

OLD = Path(__file__).parent / "earlier" / "summary-1.json"
SECOND = OLD.with_name("summary-2.json")
EXAMPLES = sorted((Path(__file__).parents[2] / "reports" / "examples").rglob("summary.json"))


def test_a_report_of_schema_1_is_read_with_nothing_made_up():
    old = json.loads(OLD.read_text(encoding="utf-8"))
    assert old["schema"] == 1
    summary = from_json(OLD.read_text(encoding="utf-8"))
    assert summary.schema == SCHEMA == 3
    assert (summary.calibration, summary.position_bias) == (None, None)
    assert (summary.dose_responses, summary.contrasts, summary.roles) == ((), (), ())
    assert (summary.correction, summary.baseline, summary.comparisons) == ("none", "", ())
    for verdict in summary.verdicts:
        assert (verdict.p_value, verdict.gate, verdict.known_failure) == (None, "fixed", "")
    for attack in summary.attacks:
        assert (attack.p_drop, attack.power, attack.calibration) == (None, None, None)


def held(new: object, old: object) -> bool:
    """Tell whether `new` says all that `old` says, however deep."""
    if isinstance(old, dict):
        return isinstance(new, dict) and all(held(new.get(key), inner) for key, inner in old.items())
    if isinstance(old, list):
        return isinstance(new, list) and len(new) == len(old) and all(map(held, new, old))
    return new == old


@pytest.mark.parametrize("path", [OLD, SECOND], ids=["schema 1", "schema 2"])
def test_what_an_earlier_report_said_is_kept(path: Path):
    old = json.loads(path.read_text(encoding="utf-8"))
    new = json.loads(to_json(from_json(path.read_text(encoding="utf-8"))))
    assert held(new | {"schema": 0}, old | {"schema": 0})


def test_the_schema_says_all_that_schema_1_lacked(suite: Suite, run: Run, judgement: Judgement):
    old = json.loads(OLD.read_text(encoding="utf-8"))
    new = json.loads(to_json(summarise(suite, run, judgement)))
    assert new.keys() - old.keys() == {
        "calibration",
        "position_bias",
        "correction",
        "baseline",
        "comparisons",
        "risk_coverage",
        "slices",
        "dose_responses",
        "contrasts",
        "roles",
    }


def test_a_report_of_schema_2_is_read_with_nothing_made_up():
    old = json.loads(SECOND.read_text(encoding="utf-8"))
    assert old["schema"] == 2
    summary = from_json(SECOND.read_text(encoding="utf-8"))
    assert summary.schema == SCHEMA
    assert summary.risk_coverage == ()
    for before, attack in zip(old["attacks"], summary.attacks, strict=True):
        assert (attack.flips, attack.margins, attack.risk_coverage) == (None, None, ())
        assert (attack.items, attack.worked, attack.worked_options) == ((), (), ((), ()))
        assert [e["id"] for e in before["examples"]] == [e.id for e in attack.examples]
        assert {(e.happened, e.passage) for e in attack.examples} <= {("", "")}


@pytest.mark.parametrize("style", sorted(RENDERERS.keys() - {"eval-results"}))
def test_a_report_of_schema_2_renders(style: str):
    shown = renderer(style)(from_json(SECOND.read_text(encoding="utf-8")))
    assert "addsent2pas-shuffle" in shown
    assert not shown.count("None") - shown.count("None of these")


@pytest.mark.parametrize("style", sorted(RENDERERS.keys() - {"eval-results"}))
def test_a_report_of_schema_1_renders_without_tables_that_it_has_no_numbers_for(style: str):
    shown = renderer(style)(from_json(OLD.read_text(encoding="utf-8")))
    assert "Gates and p-values" not in shown
    assert "Beside the baseline" not in shown
    assert "Slices" not in shown
    assert "Calibration and margins" not in shown
    assert not shown.count("None") - shown.count("None of these")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_the_runs_in_the_repository_are_read(path: Path):
    assert from_json(path.read_text(encoding="utf-8")).attacks


def test_a_key_that_every_schema_has_is_never_filled_in():
    old = json.loads(OLD.read_text(encoding="utf-8"))
    del old["verdicts"][0]["limit"]
    with pytest.raises(RobustnessError, match=r"verdicts\[0\]: key 'limit' is missing"):
        from_json(json.dumps(old))


@pytest.mark.parametrize("value", [None, 3, "x", {}, [None], [3]])
@pytest.mark.parametrize("key", ["attacks", "verdicts"])
def test_a_broken_report_of_schema_1_is_refused_and_never_crashes(key: str, value: object):
    old = json.loads(OLD.read_text(encoding="utf-8")) | {key: value}
    with pytest.raises(RobustnessError, match="damaged"):
        from_json(json.dumps(old))
