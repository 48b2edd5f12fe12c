"""What the verdicts add up to, in sentences that anyone understands: the headline and points."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from robustness.domain import Polarity, Status
from robustness.judging.slices import deciding
from robustness.reports.wording import count, excused, percent, points
from robustness.results import Judgement, Result, Verdict

__all__ = ["headline", "remarks"]

Families: TypeAlias = Mapping[str, str]
"""Recipe name -> family, as the recipe files say it."""

_HALF = 0.5


def headline(judgement: Judgement, families: Families) -> str:
    """Return the one sentence that a reader should leave with; no claim without a verdict.

    In order: nothing judged; clean accuracy not above chance; the gravest failed check (it
    answers without reading; else it matches keywords; unreadable text sways it, it ignores order,
    it is sure of itself where there is no answer, it breaks, it is worse than its baseline); checks
    without a measurement; too little evidence; all passed. Known failures decide nothing, so they
    support no claim.
    """
    clean = judgement.clean_accuracy
    if not judgement.verdicts:
        return "Measured, not judged: the plan sets no limits."
    if clean.value is None:
        return "Nothing can be said: the clean questions were not measured."
    if clean.low is not None and clean.low <= judgement.clean_chance:
        return (
            f"This model is not clearly better than guessing on clean questions "
            f"({percent(clean.value)}, chance {percent(judgement.clean_chance)}), so nothing "
            f"below says how it reads."
        )
    claims = _claims(judgement, families)
    return claims[0] if claims else _without_failure(judgement.verdicts)


def remarks(judgement: Judgement, families: Families) -> tuple[str, ...]:
    """Return further sentences, one per kind of failure, then how many checks stay open."""
    lead = headline(judgement, families)
    supported = lead == next(iter(_claims(judgement, families)), lead)
    further = [c for c in _claims(judgement, families) if c != lead] if supported else []
    return (*further, *_open(judgement.verdicts, lead), *_known(judgement.verdicts))


def _without_failure(judged: Sequence[Verdict]) -> str:
    verdicts = [v for v in judged if not excused(v)]
    known = _checks(v for v in judged if excused(v))
    if not verdicts:
        return f"Nothing but known failures: {_expected(known)}, and nothing else was judged."
    counts = {status: _checks(v for v in verdicts if v.status is status) for status in Status}
    total = count(_checks(verdicts), "check")
    if counts[Status.INVALID]:
        return f"Not all was measured: {counts[Status.INVALID]} of {total} could not be judged."
    if counts[Status.UNDECIDED]:
        return f"Too little evidence: {counts[Status.UNDECIDED]} of {total} stay undecided."
    if counts[Status.FAIL]:
        return f"{counts[Status.FAIL]} of {total} failed."
    if known:
        return f"No new weakness was found: this model passes {total}; {_expected(known)}."
    return f"No weakness was found: this model passes {total} of {_checks(verdicts)}."


def _checks(verdicts: Iterable[Verdict]) -> int:
    """Return how many checks some verdicts are about: one may have several limits."""
    return len({(verdict.attack, verdict.severity) for verdict in verdicts})


def _expected(known: int) -> str:
    return f"{count(known, 'check')} {'fails' if known == 1 else 'fail'} as expected"


def _known(verdicts: Sequence[Verdict]) -> Iterator[str]:
    known = sorted({verdict.attack for verdict in verdicts if excused(verdict)})
    if known:
        yield f"Left out of the verdict as known to fail: {', '.join(known)}."


def _open(verdicts: Sequence[Verdict], lead: str) -> Iterator[str]:
    undecided = _checks(v for v in verdicts if v.status is Status.UNDECIDED and not excused(v))
    invalid = _checks(v for v in verdicts if v.status is Status.INVALID)
    if undecided and "undecided" not in lead:
        yield (
            f"{count(undecided, 'check')} undecided: the interval straddles the limit, or there "
            f"are too few passages."
        )
    if invalid and "could not be judged" not in lead:
        yield f"{count(invalid, 'check')} invalid: not measured, so neither passed nor failed."


def _claims(judgement: Judgement, families: Families) -> tuple[str, ...]:
    """Return the sentences that failed checks support, the gravest first, one per kind."""
    results = {(r.name, r.severity): r for r in judgement.results}
    failed: dict[str, list[Result]] = {}
    for verdict in judgement.verdicts:
        result = results.get((verdict.attack, verdict.severity))
        if verdict.status is Status.FAIL and result is not None and not excused(verdict):
            kind = _kind(result, verdict, families.get(result.name, ""))
            failed.setdefault(kind, []).append(result)
    if "ablation" in failed:
        # What is answered without the passage is not matched with the passage's words.
        failed.pop("keywords", None)
    claims = (sentence(max(failed[kind], key=_gravity)) for kind, sentence in _KINDS if kind in failed)
    return (*claims, *_regressions(judgement.verdicts), *_parts(judgement.slices))


def _parts(slices: Sequence[Verdict]) -> Iterator[str]:
    """Yield which kinds of questions fail by themselves."""
    failed = [v for v in deciding(slices) if not excused(v)]
    if failed:
        names = ", ".join(dict.fromkeys(v.slice for v in failed))
        checks = count(_checks(failed), "check")
        yield f"This model falls short on some kinds of questions, in {checks}: {names}."


def _regressions(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """Yield what failed limits against a baseline say together: they support no other claim."""
    worse = [v for v in verdicts if v.baseline and v.status is Status.FAIL and not excused(v)]
    if worse:
        names = ", ".join(dict.fromkeys(v.attack for v in worse))
        yield (
            f"This model is worse than its baseline, by more than is allowed, in "
            f"{count(len(worse), 'check')}: {names}."
        )


def _kind(result: Result, verdict: Verdict, family: str) -> str:
    """Return which claim a failed verdict supports; a limit on another measure supports none."""
    if verdict.baseline or verdict.check not in _SUPPORTING[result.polarity]:
        return "other"
    if result.polarity is Polarity.ABLATION and family == "order":
        return "keywords" if _destroys_wording(result.name) else "order"
    if result.polarity is Polarity.ATTACK and family == "unreadable" and "-shuffle" in result.name:
        return "unreadable"
    return str(result.polarity)


def _destroys_wording(name: str) -> bool:
    """Return whether the passage's words are permuted: shuffled sentences and shuffled questions
    can still be read, so they say nothing about keywords."""
    return name.startswith(("passage-word", "both-word", "within-sentence"))


def _gravity(result: Result) -> float:
    estimate = {
        Polarity.ABLATION: result.margin_retained,
        Polarity.ABSTAIN: result.auroc,
    }.get(result.polarity, result.drop)
    value = estimate.value or 0.0
    return -value if result.polarity is Polarity.ABSTAIN else value


def _keywords(result: Result) -> str:
    partly = "" if (result.margin_retained.value or 0.0) >= _HALF else "partly "
    return f"This model {partly}matches keywords: {_kept(result, 'the words out of order')}."


def _order(result: Result) -> str:
    return f"This model makes little use of order: {_kept(result, 'the order changed')}."


def _unreadable(result: Result) -> str:
    return (
        f"This model is drawn to keywords: shuffled text that nobody can read costs it "
        f"{points(result.drop.value)} points of accuracy ({_fall(result)}, {result.name})."
    )


def _without(result: Result) -> str:
    partly = "" if (result.margin_retained.value or 0.0) >= _HALF else "partly "
    what = "what a reader needs taken away"
    return f"This model {partly}answers without reading: {_kept(result, what)}."


def _abstain(result: Result) -> str:
    value = result.auroc.value
    less = "no less sure" if value is not None and value <= _HALF else "hardly less sure"
    return (
        f"This model does not notice when it cannot know: it is {less} under {result.name} than on "
        f"real questions (AUROC {_plain(value)}; 0.5 is a coin)."
    )


def _attack(result: Result) -> str:
    return (
        f"This model can be led astray: {result.name} costs it {points(result.drop.value)} points "
        f"of accuracy ({_fall(result)})."
    )


def _contrast(result: Result) -> str:
    return (
        f"This model does not follow when the answer changes: under {result.name} its accuracy "
        f"falls by {points(result.drop.value)} points ({_fall(result)})."
    )


def _kept(result: Result, how: str) -> str:
    kept = percent(result.margin_retained.value)
    return f"with {how} ({result.name}) it keeps {kept} of its margin over chance"


def _fall(result: Result) -> str:
    return f"{percent(result.accuracy_clean.value)} to {percent(result.accuracy.value)}"


def _plain(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.2f}"


_SUPPORTING: Mapping[Polarity, tuple[str, ...]] = {
    Polarity.ATTACK: ("max_drop", "max_success_rate"),
    Polarity.ABLATION: ("max_margin_retained",),
    Polarity.CONTRAST: ("max_drop", "max_success_rate", "min_accuracy"),
    Polarity.ABSTAIN: ("min_auroc",),
}

_KINDS: tuple[tuple[str, Callable[[Result], str]], ...] = (
    ("ablation", _without),
    ("keywords", _keywords),
    ("unreadable", _unreadable),
    ("order", _order),
    ("abstain", _abstain),
    ("attack", _attack),
    ("contrast", _contrast),
)
