from __future__ import annotations

from robustness.domain import Suite
from robustness.forecast import Forecast, as_text, forecast
from robustness.models.stub import stub
from robustness.suites.build import build
from tests.test_scoring import PLAN, item


def test_a_model_without_tokens_is_forecast_in_rows() -> None:
    suite = build(tuple(map(item, range(7))), PLAN)
    found = forecast(suite, stub("longest"))
    rows = sum(len(e.options) for e in (*suite.examples, *(v.example for v in suite.variants)))
    assert (found.rows, found.distinct_rows, found.tokens, found.known_rows) == (rows, rows, None, 0)


def test_a_suite_of_nothing_takes_no_time() -> None:
    assert forecast(Suite("empty", 0, {}, (), (), (), {}, "5u17e"), stub("longest")).seconds == 0.0


def test_what_stops_early_is_an_upper_bound() -> None:
    said = as_text(Forecast(2, 6, 6, None, None, 3.2, upper_bound=True))
    assert "at most        3 s of scoring: an upper bound" in said
