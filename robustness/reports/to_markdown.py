"""The summary as GitHub Markdown, inert whatever the data hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from robustness.domain import Polarity, Status
from robustness.reports.gate_sheets import comparisons, gates, known_failures, slices
from robustness.reports.group_sheets import contrasts, doses, roles
from robustness.reports.markdown import code, prose, sheet, table, versioned
from robustness.reports.markdown_examples import examples
from robustness.reports.model_sheets import calibration, positions, sensitivity
from robustness.reports.sheet import terms
from robustness.reports.summary import AttackSummary, Summary
from robustness.reports.wording import (
    NONE,
    POLARITIES,
    amount,
    asked,
    between,
    count,
    figure,
    judged,
    listed,
    percent,
    spread,
    status_word,
    together,
    why,
)
from robustness.results import Verdict

if TYPE_CHECKING:
    from robustness.neurons.summary import NeuronSummary

__all__ = ["to_markdown"]

_IDS = 10


def to_markdown(summary: Summary, *, neurons: NeuronSummary | None = None) -> str:
    """Return the report as Markdown: verdict first, then clean, then polarity by polarity.

    Text from data and models stands in code spans or escaped, so that pipes, raw HTML, links,
    images and mentions do nothing and no table breaks. Equal summaries give equal text.
    """
    return "\n".join(_lines(summary, neurons)) + "\n"


def _lines(summary: Summary, neurons: NeuronSummary | None) -> Iterator[str]:
    yield from _top(summary)
    yield from _judged(summary)
    yield from sheet(known_failures(summary))
    yield from sheet(gates(summary), folded=True)
    yield from sheet(comparisons(summary))
    yield from sheet(slices(summary), folded=True)
    for polarity in POLARITIES:
        yield from _polarity(polarity, [a for a in summary.attacks if a.polarity is polarity])
    for grouped in (contrasts(summary), doses(summary), roles(summary)):
        yield from sheet(grouped)
    yield from _robust(summary)
    yield from _behind(summary)
    if neurons is not None:
        from robustness.reports.neurons_to_markdown import neuron_lines

        yield from neuron_lines(neurons)
    yield from examples(summary)
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
        map(_check, summary.verdicts),
        numbers=range(3, 7),
    )


def _check(verdict: Verdict) -> tuple[str, ...]:
    status = status_word(verdict.status, verdict.known_failure)
    return (
        status if verdict.status is Status.PASS else f"**{status}**",
        versioned(verdict.attack, verdict.severity),
        asked(verdict),
        amount(verdict, verdict.estimate),
        between(verdict) or NONE,
        str(verdict.n),
        str(verdict.clusters),
        prose(why(verdict)),
    )


def _behind(summary: Summary) -> Iterator[str]:
    sheets = [sensitivity(summary.attacks), calibration(summary), positions(summary)]
    if any(sheets):
        yield "\n## Evidence and the model's own confidence\n\nNo verdict uses these numbers."
    for one in sheets:
        yield from sheet(one, folded=True)


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
    if polarity is Polarity.ABSTAIN:
        yield "\n" + "\n".join(f"- {term}" for term in terms("AURC", "Answerable at 80%"))
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
        status_word(attack.status, attack.known_failure),
    )


def _validity(attack: AttackSummary) -> str:
    parts = [
        f"applied to {count(attack.applicable, 'question')}",
        *(f"{number} skipped ({prose(reason)})" for reason, number in attack.skipped.items()),
        *(f"{number} not measured ({prose(why)})" for why, number in attack.invalid.items()),
        *([f"{attack.not_needed} not needed"] if attack.not_needed else ()),
        f"{attack.degraded} degraded",
        *_rates(attack),
        *_cut(attack),
    ]
    limits = f". Why these limits: {prose(attack.limits_reason)}" if attack.limits_reason else ""
    return f"- {versioned(attack.name, attack.severity)}: {'; '.join(parts)}{limits}"


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
    }
    yield from (f"{name} {percent(value)}" for name, value in rates.items() if value is not None)


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


def _data_checks(summary: Summary) -> Iterator[str]:
    if not summary.findings and not summary.invalid_rows_count:
        return
    yield "\n## Data checks\n"
    for finding in summary.findings:
        detail = f" {prose(finding.detail)}" if finding.detail else ""
        ids = listed([*map(code, finding.ids)], total=finding.count, most=_IDS)
        yield f"- {code(finding.kind)} × {finding.count}:{detail} {ids}"
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
        "baseline": summary.baseline,
        "data": summary.data,
        "suite": f"{summary.suite.fingerprint}, seed {summary.suite.seed}",
        **summary.environment,
        "created": summary.created,
    }
    yield "\n## Provenance\n"
    yield from (f"- {prose(name)}: {code(fact)}" for name, fact in facts.items() if fact)
