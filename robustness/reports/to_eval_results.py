"""A run as a file of `.eval_results/`: what the Hub shows of a model beside a data set."""

from __future__ import annotations

import re
from typing import Final

from robustness.errors import RobustnessError
from robustness.reports.card_results import hub_request
from robustness.reports.escape import log_text
from robustness.reports.privacy import public_text
from robustness.reports.summary import Summary
from robustness.results import EXPLORATORY

__all__ = ["to_eval_results"]

_COMMIT: Final = re.compile(r"[0-9a-f]{40}")


def to_eval_results(summary: Summary) -> str:
    """Return accuracy on the unchanged questions as YAML for `.eval_results/NAME.yaml`.

    Nothing else: such a file is a claim about the data set as it is published, and perturbed questions
    are none of it. The note says how many questions were asked, so that a part is not taken for the
    whole. The configuration stands as the task, which the data set's own `eval.yaml` has to know.

    Raises:
        RobustnessError: the data are not a Hub data set at a known commit, the run is partial or
            exploratory, or accuracy was not measured on every question.
    """
    clean, asked = summary.clean, hub_request(summary.data)
    if asked is None or not _COMMIT.fullmatch(asked.revision):
        raise _refused(
            f"the data are {log_text(summary.data)}",
            "a data set of the Hub at a known commit is needed; check with --data hub:ID@COMMIT/CONFIG/SPLIT",
        )
    if "partial" in summary.environment or clean.invalid or clean.accuracy.value is None:
        raise _refused(
            "not every unchanged question was measured", "a whole run is needed; run the check again"
        )
    if told := summary.environment.get(EXPLORATORY):
        raise _refused(
            f"the run is exploratory ({public_text(told)})",
            "one that can carry a verdict is needed; train the model first",
        )
    import yaml
    from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml

    entry = EvalResultEntry(
        dataset_id=log_text(asked.id),
        task_id=log_text(asked.config),
        value=clean.accuracy.value,
        dataset_revision=asked.revision,
        date=summary.created[:10] or None,
        notes=_notes(summary, asked.split),
    )
    return str(yaml.safe_dump(eval_result_entries_to_yaml([entry]), sort_keys=False, allow_unicode=True))


def _notes(summary: Summary, split: str) -> str:
    clean = summary.clean
    ends = clean.accuracy
    between = f"; 95% interval {ends.low:.4f} to {ends.high:.4f}" if None not in (ends.low, ends.high) else ""
    return log_text(
        f"accuracy on {clean.n} unchanged questions of {split}, {clean.passages} passages{between}; "
        f"suite {summary.suite.fingerprint}"
    )


def _refused(came: str, needed: str) -> RobustnessError:
    return RobustnessError(f"eval-results: {came}, but {needed}")
