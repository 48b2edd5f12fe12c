from __future__ import annotations

import pytest

from robustness.errors import UsageError
from robustness.models.options import ModelOptions


@pytest.mark.parametrize("device", ["gpu", "", "cuda:x", "cuda:", "CPU", "cpu:0"])
def test_an_unknown_device_is_refused_with_the_ones_that_exist(device):
    with pytest.raises(UsageError, match=f"--device: '{device}' came, but auto, cpu, cuda or cuda:N"):
        ModelOptions(device=device)


@pytest.mark.parametrize("device", ["auto", "cpu", "cuda", "cuda:11"])
def test_known_devices_are_kept(device):
    assert ModelOptions(device=device).device == device


@pytest.mark.parametrize("name", ["batch_tokens", "max_length", "threads"])
@pytest.mark.parametrize("value", [0, -1])
def test_numbers_below_one_are_refused_by_their_flag(name, value):
    with pytest.raises(UsageError, match=f"--{name.replace('_', '-')}: {value} came"):
        ModelOptions(**{name: value})
