"""A comparison of runs in words: sentences, signed differences, standings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from robustness.domain import Polarity
from robustness.reports.compared import ALPHA, Match, Rank, RunsCompared, Standing
from robustness.reports.sheet import named
from robustness.reports.wording import NONE, POLARITIES, brief, count, figure, listed, percent, points, spread
from robustness.stats.counts import DRAWS
from robustness.stats.equivalence import leaves_out_nought

__all__ = [
    "INTERVALS",
    "MEASURES",
    "STANDINGS",
    "Section",
    "between",
    "change",
    "condition_name",
    "headline",
    "loose_intervals",
    "rank_words",
    "remarks",
    "sections",
    "signature",
]

STANDINGS: Mapping[Standing, str] = {
    Standing.WORSE: f"a difference is shown (p after Holm at most {ALPHA:g}), and it is for the worse",
    Standing.BETTER: f"a difference is shown (p after Holm at most {ALPHA:g}), and it is for the better",
    Standing.EQUIVALENT: "any difference is shown to be smaller than the margin (two one-sided tests, "
    f"both with p after Holm at most {ALPHA:g})",
    Standing.UNDECIDED: "no difference is shown, nor that there is none, or there are too few passages; "
    "compare on more",
    Standing.NOT_MEASURED: "no item in common, or a measure that is not defined for one of the two",
}
"""In order of gravity."""

INTERVALS = (
    "the 95% interval of this difference alone; the p-value and the standing take all comparisons together, "
    "so an interval may leave out 0 where nothing is shown"
)

MEASURES: Mapping[str, str] = {
    "accuracy": "accuracy",
    "margin_retained": "margin kept",
    "auroc": "AUROC",
}

_CLEAN = "Unchanged questions"


@dataclass(frozen=True, slots=True)
class Section:
    """The matches of one polarity."""

    id: str
    title: str
    meaning: str
    measure: str
    matches: tuple[Match, ...]

    @property
    def sense(self) -> str:
        """Which way is good."""
        return "lower is better" if self.measure == "margin_retained" else "higher is better"


def sections(compared: RunsCompared) -> tuple[Section, ...]:
    """Return the matches polarity by polarity, condition by condition, contestant by contestant."""
    name = compared.contestants[0].name
    first = (match for match in compared.matches if match.contestant == name)
    order = {(m.found.attack, m.found.severity): place for place, m in enumerate(first)}
    made = [
        Section("clean", _CLEAN, "Accuracy on the questions as they are. Higher is better.", "accuracy", ())
    ]
    for polarity, words in POLARITIES.items():
        measure = "accuracy" if words.measure == "drop" else words.measure
        made.append(Section(polarity.value, words.title, _MEANINGS[polarity], measure, ()))
    filled = []
    for section in made:
        own = [m for m in compared.matches if (m.polarity.value if m.polarity else "clean") == section.id]
        own.sort(key=lambda m: order[m.found.attack, m.found.severity])
        filled.append(Section(section.id, section.title, section.meaning, section.measure, tuple(own)))
    return tuple(section for section in filled if section.matches)


_MEANINGS: Mapping[Polarity, str] = {
    Polarity.ATTACK: "The text is changed, but a careful reader still finds the answer. Accuracy under the "
    "change; higher is better.",
    Polarity.ABLATION: "What a reader needs is taken away. Margin kept: the share of the lead over chance "
    "that survives, by a shortcut; lower is better.",
    Polarity.CONTRAST: "The right answer changes in a known way. Accuracy under the change; "
    "higher is better.",
    Polarity.ABSTAIN: "No option can be known to be right. AUROC: how surely the model is less "
    "confident here than on real questions; higher is better.",
}


def headline(compared: RunsCompared) -> str:
    """Return what a reader should leave with: one sentence for each contestant, and who is no evidence."""
    return " ".join((*(_sentence(compared, one.name) for one in compared.contestants), *_unfit(compared)))


def _unfit(compared: RunsCompared) -> Iterator[str]:
    for one in (compared.reference, *compared.contestants):
        if one.proviso:
            kind = one.proviso.partition(":")[0]
            yield f"{one.name} is {kind}, so nothing that is said of it can carry a verdict."


def _sentence(compared: RunsCompared, name: str) -> str:
    own = [match for match in compared.matches if match.contestant == name]
    number = {standing: sum(m.standing is standing for m in own) for standing in Standing}
    worse, better, same = (number[s] for s in (Standing.WORSE, Standing.BETTER, Standing.EQUIVALENT))
    total, reference = count(len(own), "condition"), compared.reference.name
    if worse:
        return f"{name} is worse than {reference} in {worse} of {total} and better in {better or 'none'}."
    if better:
        return f"{name} is better than {reference} in {better} of {total} and worse in none."
    if number[Standing.NOT_MEASURED] == len(own):
        return f"{name} cannot be compared with {reference}: nothing was measured for both."
    if same == len(own):
        return f"{name} is equivalent to {reference} in all of {total}, within {_margin(compared)}."
    if same:
        return (
            f"No difference between {name} and {reference} is shown, and in {same} of {total} any "
            f"difference is shown to be within {_margin(compared)}."
        )
    return (
        f"No difference between {name} and {reference} is shown in {total}; that does not show that "
        f"there is none."
    )


def remarks(compared: RunsCompared) -> tuple[str, ...]:
    """Return what edits did, which conditions stand how, and what must be known before numbers are used."""
    edits = (sentence for edit in compared.edits for sentence in edit.sentences)
    return (*edits, *_standing(compared), *_cautions(compared))


def _standing(compared: RunsCompared) -> Iterator[str]:
    several = len(compared.contestants) > 1
    yield from _clean(compared)
    for one in compared.contestants:
        own = [match for match in compared.matches if match.contestant == one.name]
        for standing in Standing:
            names = [condition_name(m) for m in own if m.standing is standing]
            if names:
                word = f"{one.name}, {standing.value}" if several else standing.value.capitalize()
                yield f"{word}: {listed(names)}."


def _clean(compared: RunsCompared) -> Iterator[str]:
    for match in compared.matches:
        if match.polarity is None and match.found.difference.value is not None:
            found = match.found
            yield (
                f"On unchanged questions {match.contestant} gets {percent(found.value)} right and "
                f"{compared.reference.name} {percent(found.baseline)}: {change(match)} points, 95% interval "
                f"{between(match)}."
            )


def condition_name(match: Match) -> str:
    """Return the name of the condition of a match."""
    return named(match.found.attack, match.found.severity)


def _cautions(compared: RunsCompared) -> Iterator[str]:
    for one in (compared.reference, *compared.contestants):
        if one.proviso:
            yield f"No standing of {one.name} is a verdict. Its run is {one.proviso}."
    if not compared.same_suite:
        yield (
            "The runs are of different suites. Items with equal texts are compared; where fewer than half "
            "are equal, all are, unpaired."
        )
    loose = dict.fromkeys(condition_name(m) for m in compared.matches if not m.paired)
    if loose:
        yield (
            f"Unpaired, so with wider intervals, and partly a difference of the items: {listed([*loose])}."
        )
    if compared.left_out:
        yield f"Not in every run, so left out: {listed(compared.left_out)}."
    if len(compared.matches) * 2 / (DRAWS + 1) > compared.alpha:
        yield (
            f"So many comparisons at once ({len(compared.matches)}) leave no p-value of {DRAWS:,} draws "
            f"small enough; compare fewer runs."
        )
    lacking = max((max(match.left_out) for match in compared.matches), default=0)
    if lacking:
        yield f"Up to {count(lacking, 'item')} of a condition left out, because not every run measured it."


def loose_intervals(compared: RunsCompared) -> bool:
    """Tell whether an interval leaves out 0 where no difference is shown: readers then ask why."""
    undecided = (m.found.difference for m in compared.matches if m.standing is Standing.UNDECIDED)
    return any(map(leaves_out_nought, undecided))


def between(match: Match) -> str:
    """Return the 95 % interval of the difference; empty where there is none."""
    return spread(match.found.difference, _unit(match))


def change(match: Match) -> str:
    """Return the difference with its sign, in points or as a difference of AUROCs."""
    return _signed(match.found.difference.value, _unit(match))


def _signed(value: float | None, unit: str) -> str:
    shown = figure(value, unit)
    return f"+{shown}" if value is not None and value > 0 and shown.strip("0.") else shown


def _unit(match: Match) -> str:
    return "auroc" if match.found.measure == "auroc" else "drop"


def rank_words(rank: Rank) -> str:
    """Return the ranks that a contestant may have.

    >>> rank_words(Rank("new", 0.5, 1, 1)), rank_words(Rank("new", 0.5, 1, 3))
    ('1', '1 to 3')
    """
    return str(rank.best) if rank.best == rank.worst else f"{rank.best} to {rank.worst}"


def signature(compared: RunsCompared) -> str:
    """Return on one line everything that the numbers depend on."""
    seeds = [len(one.runs) for one in (compared.reference, *compared.contestants)]
    runs = "" if max(seeds) == 1 else f" | seeds {'+'.join(map(str, seeds))}"
    loose = "" if all(m.paired for m in compared.matches) else " where items are equal"
    margin = f" | margin {_margin(compared)} (TOST)" if compared.margin else ""
    return (
        f"suite {compared.reference.suite} {brief(compared.reference.suite_fingerprint)}{runs} | paired by "
        f"item{loose}, clustered by passage | {DRAWS:,} bootstrap draws, 95% | Holm over "
        f"{len(compared.matches)}, alpha {compared.alpha:g}{margin} | mcrc-robustness {compared.tool}"
    )


def _margin(compared: RunsCompared) -> str:
    return f"{points(compared.margin)} points" if compared.margin else NONE
