from __future__ import annotations

import math

import pytest

from robustness.errors import PlanError
from robustness.judging.limits import LIMITS, highest, refuse_limit


@pytest.mark.parametrize("kind", LIMITS)
def test_every_kind_takes_a_fraction_up_to_its_highest(kind):
    for value in (0, 0.0, 0.5, 1, highest(kind)):
        refuse_limit("no-passage", kind, value)


@pytest.mark.parametrize("kind", LIMITS)
@pytest.mark.parametrize("value", [5, 2.01, -0.01, True, "0.1", None, math.nan, math.inf])
def test_a_limit_that_nothing_could_miss_or_keep_is_refused(kind, value):
    with pytest.raises(PlanError, match=f"attack 'no-passage': {kind} = .* came, but a fraction in"):
        refuse_limit("no-passage", kind, value)


def test_an_unknown_kind_is_refused_with_the_nearest():
    with pytest.raises(PlanError, match="did you mean 'max_drop'"):
        refuse_limit("no-passage", "max_drp", 0.1)
