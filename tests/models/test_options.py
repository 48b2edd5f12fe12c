from __future__ import annotations

import pytest

from robustness.errors import UsageError
from robustness.models.options import ModelOptions, with_arguments


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


@pytest.mark.parametrize(("name", "value"), [("kind", "casual"), ("likelihood", "bytes")])
def test_a_misspelt_way_of_asking_is_refused_with_the_nearest(name, value):
    with pytest.raises(UsageError, match=f"--model-arg: no {name} is called '{value}'; did you mean"):
        ModelOptions(**{name: value})


def test_arguments_set_how_a_model_is_asked_and_the_last_counts():
    arguments = ["likelihood=raw", "right-label = x=y", "likelihood=token", "template={passage} = {question}"]
    found = with_arguments(ModelOptions(threads=3), arguments)
    assert (found.likelihood, found.right_label, found.threads) == ("token", " x=y", 3)
    assert found.template == "{passage} = {question}"


@pytest.mark.parametrize(
    ("argument", "reason"),
    [("likelihood", "NAME=VALUE is needed"), ("threads=2", "no model argument is called 'threads'")],
)
def test_arguments_of_another_form_or_name_are_refused(argument, reason):
    with pytest.raises(UsageError, match=reason):
        with_arguments(ModelOptions(), [argument])
