"""Hypothesis on shared, noisy machines: no deadlines; in CI the same examples every time.

Scored rows of tests go to a folder that ends with the session, never to anybody's home.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

from hypothesis import HealthCheck, settings

settings.register_profile(
    "house",
    deadline=None,
    derandomize=os.environ.get("CI") == "true",
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("house")

# A package of its own with tests of its own: tests/integration/test_outside_plugin.py runs them.
collect_ignore = ["outside_plugin"]

_CACHE = tempfile.mkdtemp(prefix="robustness-cache-")
os.environ["ROBUSTNESS_CACHE"] = _CACHE
atexit.register(shutil.rmtree, _CACHE, ignore_errors=True)
