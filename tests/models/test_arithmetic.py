from __future__ import annotations

import os

import pytest
import torch

from robustness.errors import ModelError
from robustness.models.arithmetic import device_for, plain_arithmetic, threads_for, usable_threads


def test_reduced_precision_gradients_and_autocast_are_off_inside_and_restored_outside():
    torch.set_float32_matmul_precision("high")
    threads = torch.get_num_threads()
    try:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            with plain_arithmetic("cpu", threads=1):
                product = torch.ones(4, 4) @ torch.ones(4, 4)
                assert product.dtype == torch.float32
                assert torch.is_inference_mode_enabled()
                assert torch.get_float32_matmul_precision() == "highest"
                assert torch.get_num_threads() == 1
                assert not torch.backends.cudnn.allow_tf32
            assert torch.is_autocast_enabled("cpu")
        assert torch.get_float32_matmul_precision() == "high"
        assert torch.get_num_threads() == threads
        assert not torch.is_inference_mode_enabled()
    finally:
        torch.set_float32_matmul_precision("highest")


def test_settings_are_restored_after_an_error():
    threads = torch.get_num_threads()
    with pytest.raises(KeyError), plain_arithmetic("cpu", threads=threads + 1):
        raise KeyError
    assert torch.get_num_threads() == threads


def test_threads_come_from_the_launcher_first(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert usable_threads() == 3


@pytest.mark.parametrize("value", ["", "0", "many"])
def test_else_threads_are_the_cores_this_process_may_use(monkeypatch, value):
    monkeypatch.setenv("OMP_NUM_THREADS", value)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 5, 7}, raising=False)
    assert usable_threads() == 3


@pytest.mark.parametrize(("processes", "threads"), [("2", 2), ("3", 1), ("8", 1), ("0", 4), ("", 4)])
def test_processes_of_one_machine_share_its_cores(monkeypatch, processes, threads):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", processes)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)
    assert usable_threads() == threads


@pytest.mark.parametrize(
    ("asked", "beside", "used", "said"),
    [(64, "", 4, "--threads 64: this process has 4 core(s)"), (3, "2", 2, "has 2 core(s)"), (4, "", 4, "")],
)
def test_case_65_more_threads_than_cores_are_capped_and_that_is_said(
    monkeypatch, caplog, asked, beside, used, said
):
    monkeypatch.setenv("LOCAL_WORLD_SIZE", beside)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)
    assert threads_for(asked) == used
    assert said in caplog.text
    assert bool(said) == bool(caplog.records)


def test_case_65_what_the_launcher_says_stands_where_nothing_is_asked_for(monkeypatch, caplog):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert threads_for(None) == 3
    assert not caplog.records


def test_auto_takes_the_cpu_where_there_is_no_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert device_for("auto") == "cpu"


def test_auto_takes_the_gpu_where_there_is_one(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert (device_for("auto"), device_for("cuda:1")) == ("cuda", "cuda:1")
    with pytest.raises(ModelError, match=r"'cuda:2' came, but torch sees 2 GPU"):
        device_for("cuda:2")


def test_a_gpu_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ModelError, match=r"'cuda' came, but torch sees 0 GPU"):
        device_for("cuda")
