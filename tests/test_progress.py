from __future__ import annotations

import tqdm

from robustness.progress import OFF, bar


def test_a_bar_shows_on_stderr(capsys, monkeypatch):
    monkeypatch.delenv(OFF, raising=False)
    with bar(total=2, desc="count") as shown:
        shown.update(2)
    said = capsys.readouterr()
    assert "count: 100%" in said.err
    assert said.out == ""


def test_a_bar_is_silent_where_bars_were_turned_off_after_tqdm_was_imported(capsys, monkeypatch):
    assert tqdm.tqdm is not None
    monkeypatch.setenv(OFF, "1")
    with bar(total=2, desc="count") as shown:
        shown.update(2)
    assert capsys.readouterr().err == ""
