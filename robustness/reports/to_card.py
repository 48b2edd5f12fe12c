"""A run as part of a model card: results for the Hub's metadata, and a section for people.

Only what was measured is told as a number. Nothing of the data's text is in it, whatever the run keeps.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from robustness.domain import Polarity, Status
from robustness.errors import RobustnessError
from robustness.reports.card_results import dataset_of, results, shown_attacks
from robustness.reports.escape import log_text
from robustness.reports.markdown import code, prose, table, versioned
from robustness.reports.privacy import public_text
from robustness.reports.summary import AttackSummary, Summary
from robustness.reports.wording import (
    NONE,
    POLARITIES,
    asked,
    count,
    figure,
    judged,
    percent,
    spread,
    status_word,
)
from robustness.results import EXPLORATORY

__all__ = ["to_card", "updated_card"]

Json: TypeAlias = dict[str, Any]

_SUITE: Final = "robustness_suite"
"""Key of the data set's arguments by which results are known as ours."""


def to_card(summary: Summary) -> str:
    """Return a model card with the run's `model-index` and a section about it, nothing else.

    Raises:
        RobustnessError: the run is partial or exploratory; a card would not say so beside each number.
    """
    return updated_card(summary, "")


def updated_card(summary: Summary, before: str) -> str:
    """Return the card `before` with this run's results; what an earlier run of the suite said is replaced.

    The rest of the card stays: its text, its other metadata, results of other suites and of others.

    Raises:
        RobustnessError: the run is partial or exploratory, or the metadata of the card cannot be read.
    """
    if "partial" in summary.environment:
        raise RobustnessError(
            f"card: the run is of {summary.environment['partial']}, but a model card needs a whole one; "
            f"score the rest first"
        )
    if told := summary.environment.get(EXPLORATORY):
        raise RobustnessError(
            f"card: the run is exploratory ({public_text(told)}), but a model card needs one that can "
            f"carry a verdict; train the model first"
        )
    metadata, text = _parts(before) if before.strip() else ({}, f"\n# {prose(summary.model.name)}\n")
    metadata["model-index"] = _merged(metadata.get("model-index"), summary)
    import yaml

    head = yaml.safe_dump(metadata, sort_keys=False, allow_unicode=True)
    return f"---\n{head}---\n{_with_section(text, summary)}"


def _index(summary: Summary) -> list[Json]:
    """Return the results of the run as entries of a `model-index`."""
    from huggingface_hub import EvalResult
    from huggingface_hub.repocard_data import eval_results_to_model_index

    told = {
        _SUITE: _name(summary),
        "suite_fingerprint": log_text(summary.suite.fingerprint),
        "suite_seed": summary.suite.seed,
        "model_fingerprint": log_text(summary.model.fingerprint),
    }
    found = [
        EvalResult(
            task_type="multiple-choice",
            task_name="Multiple-choice reading comprehension",
            dataset_args=told,
            metric_type=one.kind,
            metric_name=one.name,
            metric_value=one.value,
            metric_args=dict(one.about),
            **dataset_of(summary.data),
        )
        for one in results(summary)
    ]
    if not found:
        return []
    made = eval_results_to_model_index(log_text(summary.model.name), found)
    return list(made[0]["results"])


def _merged(before: object, summary: Summary) -> list[Json]:
    """Return the model index with our results of this suite last, in place of earlier ones."""
    new = {"name": log_text(summary.model.name)}
    first, *rest = before if isinstance(before, list) and before else [new]
    if not isinstance(first, dict) or not isinstance(first.get("results", []), list):
        raise _unreadable("its model-index is not a list of names with results")
    kept = [one for one in first.get("results", []) if _suite_of(one) != _name(summary)]
    return [{**new, **first, "results": [*kept, *_index(summary)]}, *rest]


def _suite_of(result: object) -> object:
    dataset = result.get("dataset") if isinstance(result, Mapping) else None
    told = dataset.get("args") if isinstance(dataset, Mapping) else None
    return told.get(_SUITE) if isinstance(told, Mapping) else None


def _parts(card: str) -> tuple[Json, str]:
    """Return metadata and text of a card."""
    import yaml

    card = card.removeprefix("\ufeff").replace("\r\n", "\n")
    found = re.match(r"\s*---[ \t]*\n(.*?\n)?---[ \t]*(?:\n|$)", card, re.DOTALL)
    if not found:
        return {}, card
    try:
        metadata = yaml.safe_load(found[1] or "")
    except yaml.YAMLError:
        raise _unreadable("its metadata is not YAML") from None
    if not isinstance(metadata, dict | None):
        raise _unreadable("its metadata is not a mapping")
    return metadata or {}, card[found.end() :]


def _unreadable(why: str) -> RobustnessError:
    return RobustnessError(
        f"card: {why}, but a model card with readable metadata is needed; mend it, or choose another path"
    )


def _with_section(text: str, summary: Summary) -> str:
    """Return the text of a card with the section of this suite, in its old place or at the end."""
    begin, end = (f"<!-- robustness {_name(summary)}: {word} -->" for word in ("begin", "end"))
    # A name that holds a mark of ours must not move it; in a comment, `<!-` says nothing.
    inner = "\n".join(_section(summary)).replace("<!--", "<!- -")
    section = f"{begin}\n{inner}\n{end}"
    before, opened, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if opened and closed:
        return f"{before}{section}{after}"
    return f"{text.rstrip()}\n\n{section}\n"


def _name(summary: Summary) -> str:
    """Return the suite's name as far as it can stand in a comment and a key."""
    return re.sub(r"[^\w.]+", "-", summary.suite.name, flags=re.ASCII).strip("-") or "suite"


def _section(summary: Summary) -> Iterator[str]:
    yield f"## Robustness: suite {code(summary.suite.name)}\n"
    yield f"**{summary.status.upper()}.** {prose(summary.headline)}\n"
    yield from (f"- {prose(remark)}" for remark in summary.remarks)
    clean = summary.clean
    yield (
        f"\nOn unchanged questions {percent(clean.accuracy.value)} are right (95% interval "
        f"{spread(clean.accuracy, 'accuracy') or NONE}; {count(clean.n, 'question')}, "
        f"{count(clean.passages, 'passage')}; chance {percent(clean.chance)}).\n"
    )
    shown = {(attack.name, attack.severity) for attack in shown_attacks(summary)}
    heads = ("Condition", "Kind", "Measure", "Value", "95% interval", "Asked", "Verdict")
    rows = (_row(summary, one, measured=(one.name, one.severity) in shown) for one in summary.attacks)
    yield from table(heads, rows, numbers=range(3, 5))
    yield "\n" + " ".join(f"{w.title}: {w.meaning}" for w in _used(summary))
    yield f"\nModel {code(summary.model.name)} {code(summary.model.fingerprint)}"
    yield f"on data {code(summary.data)}, suite {code(summary.suite.fingerprint)}."


def _used(summary: Summary) -> Iterator[Any]:
    polarities: set[Polarity] = {attack.polarity for attack in summary.attacks}
    return (words for polarity, words in POLARITIES.items() if polarity in polarities)


def _row(summary: Summary, attack: AttackSummary, *, measured: bool) -> tuple[str, ...]:
    words, found = POLARITIES[attack.polarity], judged(attack)
    unit = " points" if words.measure == "drop" else ""
    limits = [v for v in summary.verdicts if (v.attack, v.severity) == (attack.name, attack.severity)]
    return (
        versioned(attack.name, attack.severity),
        attack.polarity.value,
        words.label,
        f"{figure(found.value, words.measure)}{unit}" if measured else NONE,
        (spread(found, words.measure) if measured else "") or NONE,
        prose("; ".join(map(asked, limits))) or NONE,
        status_word(attack.status, attack.known_failure)
        if measured or attack.status
        else Status.INVALID.upper(),
    )
