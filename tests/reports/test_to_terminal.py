from __future__ import annotations

from dataclasses import replace
from io import BytesIO, StringIO, TextIOWrapper

import pytest
from rich.cells import cell_len
from rich.console import Console

from robustness.domain import Run, Status, Suite
from robustness.reports.summarise import summarise
from robustness.reports.summary import Summary
from robustness.reports.to_terminal import render
from robustness.results import Estimate, Judgement


@pytest.fixture
def summary(suite: Suite, run: Run, judgement: Judgement) -> Summary:
    return summarise(suite, run, judgement)


def printed(summary: Summary, **options: object) -> str:
    file = StringIO()
    render(summary, Console(file=file, **options))  # type: ignore[arg-type]
    return file.getvalue()


@pytest.mark.parametrize("width", [40, 80, 200])
def test_no_line_is_wider_than_eighty_columns_or_the_console(summary: Summary, width: int):
    lines = printed(summary, width=width).splitlines()
    assert max(map(cell_len, lines)) <= min(80, width)


def test_names_and_numbers_fit_at_eighty_columns(summary: Summary):
    longest = replace(summary.attacks[1], name="addsent2opt-shuffle-natural")
    said = printed(replace(summary, attacks=(longest,)), width=80)
    assert "addsent2opt-shuffle-natural" in said
    assert "90.0% [75.0, 110.0]" in said
    assert "…" not in said


def test_a_pipe_gets_plain_text(summary: Summary):
    said = printed(summary, width=80)
    assert "\x1b" not in said
    assert "─" not in said


def test_a_terminal_gets_colour_and_rules(summary: Summary):
    said = printed(summary, width=80, force_terminal=True, color_system="standard")
    assert "\x1b[1;31mFAIL" in said
    assert "─" in said


def test_no_color_is_obeyed(summary: Summary):
    said = printed(summary, width=80, force_terminal=True, no_color=True)
    assert "\x1b[31m" not in said
    assert "─" not in said


def test_the_verdict_is_said_first(summary: Summary):
    assert printed(summary, width=80).startswith("FAIL  This model matches keywords")


def test_the_same_body_is_printed_on_any_wider_terminal(summary: Summary):
    assert printed(summary, width=80) == printed(summary, width=250)


def test_an_ascii_console_is_no_reason_to_fail(summary: Summary):
    raw = BytesIO()
    odd = replace(summary, data="dream:測試.json", headline="−1 – ⏎")
    file = TextIOWrapper(raw, encoding="ascii", write_through=True)
    render(odd, Console(file=file, width=80))
    assert b"dream:\\u6e2c\\u8a66.json" in raw.getvalue()


def test_rich_markup_in_names_is_text(summary: Summary):
    odd = replace(summary, data="[bold]x[/bold] [/]")
    assert "[bold]x[/bold] [/]" in printed(odd, width=80)


def test_reasons_of_what_was_not_measured_are_told(summary: Summary):
    lost = replace(summary.attacks[0], status=Status.INVALID, reason="2 rows are missing")
    said = printed(replace(summary, attacks=(lost,)), width=80)
    assert "addsent2pas-shuffle: 2 rows are missing" in said
    assert "INVALID: not measured" in said


@pytest.fixture
def compared(suite: Suite, run: Run, compared_judgement: Judgement) -> Summary:
    return summarise(suite, run, compared_judgement)


def test_what_stands_beside_accuracy_is_said_in_a_line_each(compared: Summary):
    said = printed(compared, width=80)
    assert "calib   its probabilities are 6.2 points off on average (ECE)" in said
    assert "places  accuracy differs by 12.5 points (RStd) between places; 21.9 by chance" in said
    assert "base    stub:oracle sha256:efefefef…; 0 of 2 measures differ (Holm)" in said
    assert "gates   corrected together (holm): what fails alone is undecided" in said
    assert max(map(cell_len, said.splitlines())) <= 80


def test_a_known_failure_is_marked_and_told_with_owner_and_date(compared: Summary):
    said = " ".join(printed(compared, width=80).split())
    assert "90.0% [75.0, 110.0] KNOWN" in said
    assert "KNOWN, left out of the verdict: passage-word-shuffle until 2027-03-31 (the reading team)" in said


def test_an_undecided_attack_says_which_drop_would_have_shown(summary: Summary):
    seen = replace(summary.attacks[0], status=Status.UNDECIDED)
    unseen = replace(seen, drop=Estimate(0.125, -0.125, 0.375))
    told = "no drop is shown, and 4 passages show one of 37.5 points in 4 of 5 samples"
    assert told in " ".join(printed(replace(summary, attacks=(unseen,)), width=80).split())
    assert "points in 4 of 5" not in printed(replace(summary, attacks=(seen,)), width=80)


def test_what_is_worse_than_the_baseline_is_told_with_its_own_numbers(compared: Summary):
    said = " ".join(printed(compared, width=80).split())
    assert (
        "addsent2pas-shuffle: FAIL: drop at most 2.0 points above the baseline, found +12.5 points "
        "[+6.2 to +18.8 points]"
    ) in said


def test_limits_on_other_numbers_than_the_tables_show_are_told_with_theirs(summary: Summary):
    first = next(v for v in summary.verdicts if v.check == "max_drop")
    rate = replace(first, check="max_success_rate", status=Status.FAIL, estimate=0.5, low=0.375, high=0.625)
    bet = replace(first, gate="anytime", status=Status.FAIL, step=40, estimate=0.25, low=0.125, high=0.375)
    said = " ".join(printed(replace(summary, verdicts=(first, rate, bet)), width=80).split())
    name = first.attack
    assert f"{name}: FAIL: attack success rate at most" in said
    assert "found 50.0% [37.5% to 62.5%]" in said
    assert "found 25.0 points [12.5 to 37.5 points] after 40 passages" in said
    assert said.count(", found ") == 2
