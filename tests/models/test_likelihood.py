from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustness.models.likelihood import Likelihood, normalised


@given(st.lists(st.tuples(st.floats(-200, -0.01), st.text("abcd ", min_size=1, max_size=40)), min_size=2))
def test_units_rank_as_acc_and_acc_norm_of_lm_evaluation_harness(options):
    raws = np.array([raw for raw, _ in options])
    lengths = np.array([float(len(text)) for _, text in options])
    for unit, expected in ((Likelihood.RAW, raws), (Likelihood.BYTE, raws / lengths)):
        scores = [normalised(raw, unit, tokens=1, size=len(text.encode())) for raw, text in options]
        assert scores == pytest.approx(expected.tolist())


def test_an_empty_option_counts_as_one_byte():
    assert normalised(-3.0, Likelihood.BYTE, tokens=1, size=0) == -3.0
