"""The summary as GitHub Markdown, inert whatever the data hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from robustness.domain import Polarity, Status
from robustness.reports.markdown import code, html, prose, table, versioned
from robustness.reports.summary import AttackSummary, Summary
from robustness.reports.telling import Telling, compared
from robustness.reports.wording import (
    NONE,
    POLARITIES,
    asked,
    count,
    figure,
    judged,
    percent,
    spread,
    together,
)

__all__ = ["to_markdown"]

_IDS = 10


def to_markdown(summary: Summary) -> str:
    """Return the report as Markdown: verdict first, then clean, then polarity by polarity.

    Text from data and models stands in code spans or escaped, so that pipes, raw HTML, links,
    images and mentions do nothing and no table breaks. Equal summaries give equal text.
    """
    return "\n".join(_lines(summary)) + "\n"


def _lines(summary: Summary) -> Iterator[str]:
    yield from _top(summary)
    yield from _judged(summary)
    for polarity in POLARITIES:
        yield from _polarity(polarity, [a for a in summary.attacks if a.polarity is polarity])
    yield from _robust(summary)
    yield from _examples(summary)
    yield from _data_checks(summary)
    yield from _sentinels(summary)
    yield from _provenance(summary)


def _top(summary: Summary) -> Iterator[str]:
    clean = summary.clean
    yield f"# {summary.status.upper()}: {code(summary.model.name)} on suite {code(summary.suite.name)}"
    yield f"\n**{prose(summary.headline)}**\n"
    yield from (f"- {prose(remark)}" for remark in summary.remarks)
    yield "\n## Clean questions\n"
    yield (
        f"{percent(clean.accuracy.value)} right (95% interval {spread(clean.accuracy, 'accuracy')}) "
        f"of {count(clean.n, 'question')} about {count(clean.passages, 'passage')}; "
        f"chance {percent(clean.chance)}."
    )
    if clean.invalid:
        yield f"\n{count(clean.invalid, 'clean question')} could not be measured."


def _judged(summary: Summary) -> Iterator[str]:
    if not summary.verdicts:
        return
    yield "\n## Checks\n"
    yield from table(
        ("Status", "Check", "Asked", "Measured", "95% interval", "n", "Passages", "Why"),
        (
            (
                f"**{v.status.upper()}**" if v.status is not Status.PASS else "PASS",
                versioned(v.attack, v.severity),
                asked(v),
                figure(v.estimate, v.check),
                f"{figure(v.low, v.check)} to {figure(v.high, v.check)}" if v.low is not None else NONE,
                str(v.n),
                str(v.clusters),
                prose(v.reason),
            )
            for v in summary.verdicts
        ),
        numbers=range(3, 7),
    )


def _polarity(polarity: Polarity, attacks: Sequence[AttackSummary]) -> Iterator[str]:
    if not attacks:
        return
    wording = POLARITIES[polarity]
    scores: tuple[str, ...] = ("AURC", "Answerable at 80%")
    if polarity is not Polarity.ABSTAIN:
        scores = ("Clean", "Now", "Chance")
    heads = ("Condition", "n", *scores, wording.label, "95% interval", "Status")
    yield f"\n## {wording.title}\n\n{wording.meaning}\n"
    yield from table(heads, map(_measured, attacks), numbers=range(1, len(heads) - 1))
    yield "\n<details><summary>Further numbers and validity</summary>\n"
    yield from (_validity(a) for a in attacks)
    yield "\n</details>"


def _measured(attack: AttackSummary) -> tuple[str, ...]:
    measure = POLARITIES[attack.polarity].measure
    estimate = judged(attack)
    aurc = NONE if attack.aurc is None else f"{attack.aurc:.3f}"
    scores: tuple[str, ...] = aurc, percent(attack.coverage_at_80)
    if attack.polarity is not Polarity.ABSTAIN:
        rates = attack.accuracy_clean.value, attack.accuracy.value, attack.chance
        scores = tuple(map(percent, rates))
    return (
        f"{versioned(attack.name, attack.severity)} {prose(attack.title)}",
        str(attack.n),
        *scores,
        figure(estimate.value, measure),
        spread(estimate, measure) or NONE,
        attack.status.upper() if attack.status else "no limit",
    )


def _validity(attack: AttackSummary) -> str:
    parts = [
        f"applied to {count(attack.applicable, 'question')}",
        *(f"{number} skipped ({prose(reason)})" for reason, number in attack.skipped.items()),
        *(f"{number} not measured ({prose(why)})" for why, number in attack.invalid.items()),
        f"{attack.degraded} degraded",
        *_rates(attack),
        *_cut(attack),
    ]
    why = f". Verdict: {prose(attack.reason)}" if attack.reason else ""
    return f"- {versioned(attack.name, attack.severity)}: {'; '.join(parts)}{why}"


def _cut(attack: AttackSummary) -> Iterator[str]:
    if attack.truncated:
        yield f"{percent(attack.truncated)} of the edits cut by the length limit"
        yield f"{percent(attack.visible_share)} of the edited passage text seen by the model"
    elif attack.n:
        yield "no edit cut by the length limit"


def _rates(attack: AttackSummary) -> Iterator[str]:
    rates = {
        "attack success rate": attack.attack_success_rate.value,
        "repair rate": attack.repair_rate.value,
        "same choice": attack.consistency.value,
        "planted option chosen": attack.planted_rate,
        "relative drop": attack.relative_drop,
        "answerable at 80% right": attack.coverage_at_80,
    }
    yield from (f"{name} {percent(value)}" for name, value in rates.items() if value is not None)
    if attack.aurc is not None:
        yield f"AURC {attack.aurc:.3f}"
    if attack.p_value is not None:
        yield f"McNemar p = {attack.p_value:.2g}"


def _robust(summary: Summary) -> Iterator[str]:
    robust = summary.robust_accuracy
    if not robust.attacks:
        return
    yield "\n## Robust accuracy\n"
    yield (
        f"{percent(robust.worst_case.value)} "
        f"(95% interval {spread(robust.worst_case, 'accuracy') or NONE}) of "
        f"{count(robust.n, 'question')} are right on clean text and under "
        f"{together(robust.attacks)}. {_null(summary)}"
    )


def _null(summary: Summary) -> str:
    robust = summary.robust_accuracy
    if robust.null is None or robust.control is None:
        return "No control ran, so how much of the loss is mere repetition is not known."
    return (
        f"As many harmless edits would leave {percent(robust.null)} (control "
        f"{code(robust.control)}, {percent(robust.control_rate)} lost per edit)."
    )


def _examples(summary: Summary) -> Iterator[str]:
    shown = [a for a in summary.attacks if a.examples]
    if not shown:
        return
    yield "\n## Examples"
    for attack in shown:
        yield f"\n<details><summary>{html(attack.title)}</summary>\n"
        for example in attack.examples:
            yield from _example(example)
        yield "\n</details>"


def _example(example: Telling) -> Iterator[str]:
    yield f"\n{code(example.id)}{f': {code(example.question)}' if example.question else ''}\n"
    yield from table(("Option", "Gold", "Clean", "Now"), _options(example), numbers=range(2, 4))
    for edit in example.edits:
        place = f"Option {edit.index}" if edit.place == "option" else edit.place.capitalize()
        yield f"\n{place} before: {code(edit.before) if edit.before else '(empty)'}"
        yield f"\n{place} now: {code(edit.after) if edit.after else '(empty)'}"


def _options(example: Telling) -> Iterator[tuple[str, ...]]:
    for option in compared(example):
        yield (
            code(option.label),
            "gold" if option.gold else "",
            _mark(option.before, "new", chosen=option.chosen_before),
            _mark(option.after, "removed", chosen=option.chosen_after),
        )


def _mark(probability: float | None, absent: str, *, chosen: bool) -> str:
    text = absent if probability is None else percent(probability)
    return f"**{text}** ←" if chosen else text


def _data_checks(summary: Summary) -> Iterator[str]:
    if not summary.findings and not summary.invalid_rows_count:
        return
    yield "\n## Data checks\n"
    for finding in summary.findings:
        more = f" and {finding.count - _IDS} more" if finding.count > _IDS else ""
        detail = f" {prose(finding.detail)}" if finding.detail else ""
        yield (
            f"- {code(finding.kind)} × {finding.count}:{detail} "
            f"{', '.join(map(code, finding.ids[:_IDS]))}{more}"
        )
    if summary.invalid_rows_count:
        yield f"- {count(summary.invalid_rows_count, 'row')} skipped as invalid"
    yield from (f"  - {prose(row)}" for row in summary.invalid_rows[:_IDS])


def _sentinels(summary: Summary) -> Iterator[str]:
    if not summary.sentinels:
        return
    leaks = [sentinel for sentinel in summary.sentinels if sentinel.leak]
    yield "\n## Sentinels\n"
    yield "Models that cannot read. Where one does well, the attack gives its answer away."
    yield f"{len(leaks)} of {count(len(summary.sentinels), 'pair')} of attack and sentinel leak.\n"
    if leaks:
        yield from table(
            ("Attack", "Sentinel", "Clean", "Now", "Leak"),
            (
                (
                    versioned(s.attack, s.severity),
                    code(s.sentinel),
                    percent(s.accuracy_clean),
                    percent(s.accuracy),
                    "declared" if s.declared else "**undeclared**",
                )
                for s in leaks
            ),
            numbers=range(2, 4),
        )


def _provenance(summary: Summary) -> Iterator[str]:
    facts = {
        "model": summary.model.fingerprint,
        "data": summary.data,
        "suite": f"{summary.suite.fingerprint}, seed {summary.suite.seed}",
        **summary.environment,
        "created": summary.created,
    }
    yield "\n## Provenance\n"
    yield from (f"- {prose(name)}: {code(fact)}" for name, fact in facts.items() if fact)
