from __future__ import annotations

import pytest

from robustness.stats.dose_response import area_under


def test_a_flat_curve_has_its_own_height_as_area():
    assert area_under((0, 0.1, 0.4), (0.7, 0.7, 0.7)) == pytest.approx(0.7)


def test_a_dose_counts_by_its_width_and_not_by_its_number():
    assert area_under((0, 1, 4), (1.0, 1.0, 0.0)) == pytest.approx((1 + 1.5) / 4)


@pytest.mark.parametrize("doses", [(0,), (0, 0), (0, 2, 1)])
def test_doses_that_do_not_rise_are_refused(doses):
    with pytest.raises(ValueError, match="area_under"):
        area_under(doses, [0.5] * len(doses))


def test_another_number_of_responses_is_refused():
    with pytest.raises(ValueError, match="3 doses and 2 responses"):
        area_under((0, 1, 2), (0.1, 0.2))
