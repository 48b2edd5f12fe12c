"""A report of 10,000 questions: CPU seconds of summing up and of each renderer, and how large it is."""

from __future__ import annotations

import time
from collections.abc import Callable

from measure import arguments, goals, tell

LIMIT_SECONDS = 5.0
LIMIT_BYTES = 2_000_000


def cpu_of(work: Callable[[], object]) -> tuple[float, object]:
    begun = time.process_time()
    made = work()
    return time.process_time() - begun, made


def main() -> None:
    from robustness.judging.verdicts import judge
    from robustness.models.stub import stub
    from robustness.pipeline import Source, suite_of
    from robustness.reports.renderers import renderer
    from robustness.reports.summarise import summarise
    from robustness.reports.to_json import from_json, to_json
    from robustness.scoring import run
    from robustness.suites.plan import plan

    asked = arguments(questions=10_000, suite="core")
    # A story has about four questions.
    data = f"stories:test?passages={asked.questions * 27 // 100}"
    suite = suite_of(Source(data, plan(asked.suite), limit=asked.questions))
    judged = run(suite, stub("overlap"))
    judgement = judge(suite, judged)
    seconds, summary = cpu_of(lambda: summarise(suite, judged, judgement))
    stored = to_json(summary)
    read, again = cpu_of(lambda: from_json(stored))
    html, page = cpu_of(lambda: renderer("html")(again))
    markdown, _ = cpu_of(lambda: renderer("md")(again))
    size = len(page.encode())
    whole = seconds + html
    tell(
        "reports", questions=len(suite.examples), variants=len(suite.variants),
        cpu_seconds={"summarise": seconds, "read": read, "html": html, "md": markdown},
        bytes={"html": size, "json": len(stored)},
        **goals(html_5_s=whole <= LIMIT_SECONDS, html_2_mb=size < LIMIT_BYTES),
    )  # fmt: skip


if __name__ == "__main__":
    main()
