from __future__ import annotations

import pytest

from robustness.reports.privacy import public_environment, public_text, without_quotes


@pytest.mark.parametrize(
    "text",
    [
        "/home/canary/models/x",
        "/Users/canary/models/x",
        "../../home/canary/x",
        "/export/home/canary/x",
        "C:\\Users\\canary\\x",
        "https://canary:word@host/x",
        "https://ann:canary@host/x",
        "https://host/x?token=canary&y=1",
        "hf_canary0123456789abcdefgh",
    ],
)
def test_user_names_and_secrets_are_taken_out(text: str):
    assert "canary" not in public_text(text)


@pytest.mark.parametrize("text", ["stub:overlap", "org/name@v1", "dream:data/test.json", "homes/x"])
def test_ordinary_names_stay(text: str):
    assert public_text(text) == text


def test_environment_entries_that_speak_of_secrets_are_left_out():
    assert public_environment({"HF_TOKEN": "a", "db_password": "b", "torch": "2"}) == {"torch": "2"}


def test_environment_is_sorted_so_that_reports_compare():
    assert list(public_environment({"b": "1", "a": "2"})) == ["a", "b"]


@pytest.mark.parametrize("quoted", ["'it''s'", '"a"', "“a”", "「a」"])
def test_quotations_are_cut_from_reasons(quoted: str):
    assert without_quotes(f"no word in {quoted}, so nothing") == "no word in …, so nothing"
