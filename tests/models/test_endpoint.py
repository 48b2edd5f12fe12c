from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from robustness.domain import Model
from robustness.errors import ModelError, UsageError
from robustness.models.causal import load
from robustness.models.endpoint import Endpoint
from robustness.models.http_client import KEY, Client
from robustness.models.options import ModelOptions
from robustness.models.resolve import resolve
from tests.models.language_models import causal_network, saved, tokenizer
from tests.models.test_causal import ITEMS

SECRET = "sk-canary-5f1d"
SERVER = Path(__file__).with_name("completion_server.py")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    words = tokenizer(bos=True)
    return saved(causal_network("llama", vocabulary=len(words)), words, tmp_path_factory.mktemp("served"))


@pytest.fixture(scope="module")
def url(folder):
    with subprocess.Popen(
        [sys.executable, str(SERVER), str(folder), SECRET], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
        process.terminate()


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv(KEY, SECRET)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def asked(url: str, how: str, *, waits: list[float] | None = None, **options) -> Endpoint:
    kept = [] if waits is None else waits
    client = Client(f"{url}/completions", timeout=1.0 if how == "hangs" else 60.0, sleep=kept.append)
    return Endpoint(client, how, options=ModelOptions(device="cpu", **options))


@pytest.mark.parametrize("how", ["tiny", "counts"])
@pytest.mark.parametrize("likelihood", ["raw", "token", "byte", "letter"])
def test_scores_are_those_of_the_same_model_opened_here(folder, url, how, likelihood):
    here = load(str(folder), options=ModelOptions(device="cpu", likelihood=likelihood))
    model = asked(url, how, likelihood=likelihood)
    for scores, expected in zip(model.score(ITEMS), here.score(ITEMS), strict=True):
        assert scores == pytest.approx(expected, rel=1e-5)
    assert model.visible(ITEMS) == tuple(len(item.passage) for item in ITEMS)
    assert model.counts["requests"] == len(ITEMS) + 1


def test_it_is_resolved_by_its_address_and_name(url):
    model = resolve(f"endpoint:{url}#model=tiny", options=ModelOptions(likelihood="raw"))
    assert isinstance(model, Model)
    assert model.name == "endpoint:tiny"
    assert len(model.score(ITEMS[:1])[0]) == 3


def test_a_busy_server_is_asked_again_after_as_long_as_it_says(url):
    waits: list[float] = []
    assert all(map(math.isfinite, asked(url, "busy", waits=waits).score(ITEMS[:1])[0]))
    assert waits == [7.0, 7.0]


def test_a_server_that_stays_down_is_given_up_with_growing_waits(url):
    waits: list[float] = []
    with pytest.raises(ModelError, match=r"6 tries brought no answer.*status 500"):
        asked(url, "down", waits=waits).score(ITEMS[:1])
    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0]


def test_a_server_that_hangs_is_given_up(url, monkeypatch):
    from robustness.models import http_client

    monkeypatch.setattr(http_client, "_TRIES", 1)
    with pytest.raises(ModelError, match="1 tries brought no answer"):
        asked(url, "hangs").score(ITEMS[:1])


def test_where_nothing_listens_the_address_is_named():
    with pytest.raises(ModelError, match=r"endpoint http://127\.0\.0\.1:9/v1/completions: 6 tries"):
        asked("http://127.0.0.1:9/v1", "tiny").score(ITEMS[:1])


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("silent", "no log-probabilities of the prompt's tokens.*predictions:FILE"),
        ("cuts", "not the one that was sent.*cut or changed"),
        ("unsteady", "differ by .* prefix cache"),
        ("moved", "status 307 came"),
    ],
)
def test_a_server_whose_numbers_cannot_be_used_is_refused_in_one_paragraph(url, how, reason):
    with pytest.raises(ModelError, match=reason) as caught:
        asked(url, how).score(ITEMS[:1])
    assert "\n" not in str(caught.value)


def test_an_item_that_is_too_long_for_the_server_is_not_measured(url):
    long = replace(ITEMS[0], id="long", passage=ITEMS[0].passage * 3)
    model = asked(url, "short")
    short, cut = model.score([ITEMS[4], long])
    assert all(map(math.isfinite, short))
    assert all(map(math.isnan, cut))
    assert model.visible([ITEMS[4], long]) == (0, -1)


def test_a_wrong_key_is_told_without_showing_it(url, monkeypatch):
    monkeypatch.setenv(KEY, "sk-wrong-77aa")
    with pytest.raises(ModelError, match=r"status 401.*ROBUSTNESS_API_KEY") as caught:
        asked(url, "tiny").score(ITEMS[:1])
    assert "77aa" not in str(caught.value)


def test_the_key_is_nowhere_in_what_a_model_tells(url):
    model = asked(url, "tiny")
    model.score(ITEMS[:1])
    told = repr((model.name, model.fingerprint, dict(model.environment()), vars(type(model)), model._client))
    assert SECRET not in told
    assert model.environment()["system_fingerprint"] == "fp_tiny"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("https://user:hunter2@host/v1#model=x", "a user, a password or a query.*ROBUSTNESS_API_KEY"),
        ("https://host/v1?key=hunter2#model=x", "a user, a password or a query"),
        ("ftp://host/v1#model=x", "starts with http"),
        ("host:8000/v1#model=x", "starts with http"),
        ("https:///v1#model=x", "starts with http"),
        ("https://host:99999/v1#model=x", "starts with http"),
        ("http://host.example/v1#model=x", "must not travel in the clear"),
        ("https://host/v1", "no model is named"),
        ("https://host/v1#modle=x", "did you mean 'model'"),
    ],
)
def test_addresses_that_cannot_be_used_are_refused(text, reason):
    with pytest.raises(UsageError, match=reason) as caught:
        resolve(f"endpoint:{text}", options=ModelOptions())
    assert "hunter2" not in str(caught.value)


def test_address_name_template_and_unit_are_the_fingerprint(url):
    models = [
        asked(url, "tiny"), asked(url, "other"), asked(f"{url}/x", "tiny"),
        asked(url, "tiny", likelihood="raw"),
        asked(url, "tiny", template="{passage} {question}"),
    ]  # fmt: skip
    assert len({model.fingerprint for model in models}) == len(models)
    assert asked(url, "tiny").fingerprint == models[0].fingerprint
