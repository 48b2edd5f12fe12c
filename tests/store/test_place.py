from __future__ import annotations

from pathlib import Path

import pytest

from robustness.store.place import cache_folder


@pytest.mark.parametrize(
    ("environment", "platform", "wanted"),
    [
        ({"ROBUSTNESS_CACHE": "/c", "XDG_CACHE_HOME": "/x", "HOME": "/h"}, "linux", "/c"),
        ({"XDG_CACHE_HOME": "/x", "HOME": "/h"}, "linux", "/x/mcrc-robustness"),
        ({"XDG_CACHE_HOME": "relative", "HOME": "/h"}, "linux", "/h/.cache/mcrc-robustness"),
        ({"XDG_CACHE_HOME": "", "ROBUSTNESS_CACHE": "", "HOME": "/h"}, "linux", "/h/.cache/mcrc-robustness"),
        ({"HOME": "/h"}, "darwin", "/h/Library/Caches/mcrc-robustness"),
        ({"LOCALAPPDATA": "/l", "HOME": "/h"}, "win32", "/l/mcrc-robustness"),
    ],
)
def test_the_cache_is_where_it_was_asked_for_else_where_the_platform_has_caches(
    environment: dict[str, str], platform: str, wanted: str
):
    assert cache_folder(None, environment, platform=platform) == Path(wanted)


def test_a_flag_outranks_the_environment():
    assert cache_folder(Path("mine"), {"ROBUSTNESS_CACHE": "/c"}) == Path("mine")


def test_without_a_home_there_is_no_cache(monkeypatch: pytest.MonkeyPatch):
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    assert cache_folder(None, {}, platform="linux") is None
