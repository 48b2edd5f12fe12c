"""What judging yields, as plain data: outcomes per item, results per check, verdicts, a judgement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from robustness.domain import Polarity, Status

__all__ = [
    "EXPLORATORY",
    "MIN_PASSAGES",
    "Calibration",
    "Comparison",
    "Estimate",
    "Judgement",
    "Outcome",
    "Position",
    "PositionBias",
    "ReliabilityBin",
    "Result",
    "RobustAccuracy",
    "Verdict",
]

EXPLORATORY = "exploratory"
"""Entry of a run's environment that says why its numbers are for exploring: they can carry no verdict."""

MIN_PASSAGES = 30
"""With fewer passages a clustered interval is not to be trusted: nothing passes or fails."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95 % interval. `value` is None where it is not defined or not measured."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """One variant beside its clean source, judged by option identity."""

    id: str
    """Variant id."""
    source: str
    attack: str
    severity: int
    group: str
    status: str
    """`ok`, or why it was not measured: `missing`, `non-finite`, `too-long`; `not-needed` where the
    check was decided before."""
    degraded: bool
    chance_clean: float
    chance: float
    clean_credit: float
    """1 where the gold option alone has the top score, 1/ties where it shares it, else 0."""
    credit: float
    same_choice: float
    """Overlap (Jaccard) of the chosen options before and after, by identity; 1 = did not move."""
    top: float
    """Largest softmax probability under the variant."""
    brier: float
    """sum_k (p_k - [k is gold])^2 under the variant, in [0, 2]; NaN where no option is right."""
    margin_change: float
    """Change of (gold score - best other score), in score units; NaN where there is no gold."""
    confidence_clean: float
    """(top softmax - 1/K) / (1 - 1/K), in [0, 1]: comparable between option counts."""
    confidence: float
    planted: float
    """Credit of the option that the attack planted (`notes["planted"]`); NaN where none is."""
    visible_share: float
    """Share of the edited passage characters that the model saw; 1 where nothing was cut."""


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """The items whose top probability lies in one bin."""

    n: int
    confidence: float
    """Mean top probability."""
    accuracy: float
    """Mean credit. Above `confidence`: the model knows more than it says."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """How far the softmax of the scores can be believed, over items with a right option."""

    n: int
    ece: float | None
    """Expected calibration error of the top label, in [0, 1], 15 bins of equal width; lower is better."""
    brier: float | None
    """Multi-class Brier score, in [0, 2]; lower is better, a uniform guess earns 1 - 1/K."""
    bins: tuple[ReliabilityBin, ...]
    """The reliability diagram, the least confident first."""


@dataclass(frozen=True, slots=True)
class Position:
    """One place among the options, counted from 0."""

    position: int
    offered: int
    """Items that have an option at this place."""
    chosen: float
    """Share of these that the model answered with it; ties count in parts."""
    expected: float
    """The same share for a uniform guess: the mean of 1/K over them."""
    gold: int
    """Items whose gold option stands here: the n of the recall."""
    recall: float | None
    """Share of those that the model got right, in [0, 1]; None where there are none."""


@dataclass(frozen=True, slots=True)
class PositionBias:
    """Favour shown to a place among the options, over the clean items."""

    table: tuple[Position, ...]
    rstd: float | None
    """Standard deviation of recall over places, in [0, 0.5]; 0 is no favour shown."""
    by_chance: float | None
    """What a model of this accuracy without favour would show at these counts."""


@dataclass(frozen=True, slots=True)
class Result:
    """Everything measured for one recipe at one severity. Rates are fractions in [0, 1].

    Estimates are over the `n` items that the attack applied to, that are not degraded and whose
    clean and attacked scores are both finite: clean and attacked always on the same items.
    """

    name: str
    polarity: Polarity
    severity: int
    n: int
    clusters: int
    """Passages among them: the unit of resampling."""
    applicable: int
    """Source examples with at least one variant."""
    skipped: Mapping[str, int]
    """Source examples without one, by reason."""
    degraded: int
    invalid: Mapping[str, int]
    """Variants not measured, by reason."""
    not_needed: int = field(default=0, kw_only=True)
    """Variants that were not scored because the check was decided without them; neither measured nor
    invalid."""
    chance_clean: float
    chance: float
    accuracy_clean: Estimate
    accuracy: Estimate
    accuracy_with_degraded: float | None
    drop: Estimate
    """Clean minus attacked accuracy."""
    relative_drop: float | None
    """Drop / clean accuracy: the figure of Si et al. 2019."""
    p_value: float | None
    """Exact McNemar, two-sided: items as independent, as the literature has it; no verdict uses it."""
    p_drop: float | None
    """Clustered bootstrap, two-sided, of a drop of 0."""
    p_drop_adjusted: float | None
    """`p_drop` after Benjamini-Hochberg over the run's checks: for looking around, never for gates."""
    design_effect: float | None
    """What sharing passages costs the drop: n items say as much as n / this many independent ones."""
    detectable_drop: float | None
    """Smallest drop that so many passages show with chance 0.8; None where none would show."""
    power: float | None
    """Chance that a drop as large as `max_drop` would have shown; None without that limit."""
    attack_success_rate: Estimate
    """Of the clean-right items, the share lost."""
    repair_rate: Estimate
    """Of the clean-wrong items, the share won."""
    consistency: Estimate
    """Share with the same option chosen, by identity."""
    margin_retained: Estimate
    """(accuracy - chance) / (clean accuracy - clean chance)."""
    margin_shift: float | None
    """Mean change of the gold margin (gold score - best other score), in score units; below 0 it lost."""
    margin_lower: float | None
    """Share of items whose gold margin fell; lost accuracy is only its visible tip."""
    calibration: Calibration | None
    """Of the attacked items; None where no option is right."""
    auroc: Estimate
    """Probability that a clean item is answered with more confidence than its changed counterpart."""
    aurc: float | None
    """Area under risk-coverage over clean and unanswerable items together; lower is better."""
    coverage_at_80: float | None
    """Largest share that can be answered with at least 80 % of the answers right."""
    planted_rate: float | None
    """Share that chose the option the attack planted."""
    visible_share: float
    """Mean share of the edited passage text that the model saw."""
    truncated: float
    """Share of items whose edit was not wholly visible."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One limit applied to one result."""

    check: str
    """Kind of limit: max_drop, max_margin_retained, min_auroc, ..."""
    attack: str
    severity: int
    estimate: float | None
    low: float | None
    high: float | None
    limit: float
    n: int
    clusters: int
    status: Status
    reason: str
    """One sentence for people."""
    gate: str = "fixed"
    """`fixed`: one look at all passages; `anytime`: valid however often one looks, by betting."""
    step: int | None = None
    """Passages after which an anytime gate was decided; None where it was not, and for fixed ones."""
    baseline: str = ""
    """The model that the limit is measured against: estimate and limit are differences to it. Empty
    for an absolute limit."""
    p_value: float | None = None
    """One-sided, clustered, of "the limit is kept": small where it is shown to be broken."""
    p_adjusted: float | None = None
    """`p_value` after Holm over all gates of the run."""
    known_failure: str = ""
    """Until when, whose and why the failure is expected; it then decides nothing. Else empty."""
    slice: str = ""
    """`NAME: LABEL` of the kind of question that the verdict is about; empty for all of them."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One check beside the baseline's, on the items that both measured."""

    attack: str
    """`clean` for the unchanged questions."""
    severity: int
    measure: str
    """Which field of `Result`: accuracy, margin_retained or auroc, by polarity."""
    value: float | None
    baseline: float | None
    difference: Estimate
    """Ours minus the baseline's, in shares; clustered, paired."""
    p_value: float | None
    """Two-sided, clustered, of no difference."""
    p_adjusted: float | None
    """After Holm over all comparisons of the run."""
    n: int
    clusters: int


@dataclass(frozen=True, slots=True)
class RobustAccuracy:
    """Right on clean and under every attack at once (polarity `attack` only)."""

    worst_case: Estimate
    null: float | None
    """What the same number of harmless edits would leave: clean accuracy x (1 - q)^m, with q the
    success rate of the control recipe; None where no control ran."""
    control: str | None
    control_rate: float | None
    attacks: int
    lowest: float | None
    """Accuracy under the single worst attack."""
    lowest_attack: str | None
    mean: float | None
    n: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """All of it for one run: what reports render and exit codes come from."""

    clean_accuracy: Estimate
    clean_chance: float
    clean_n: int
    clean_clusters: int
    clean_invalid: int
    outcomes: tuple[Outcome, ...]
    results: tuple[Result, ...]
    verdicts: tuple[Verdict, ...]
    robust_accuracy: RobustAccuracy
    status: Status
    calibration: Calibration
    """Of the clean items."""
    position_bias: PositionBias
    correction: str
    """`none`, or `holm`: then a FAIL has to hold after Holm, else it is UNDECIDED."""
    baseline: str
    """Name and fingerprint of the baseline's model; empty where none was asked for."""
    comparisons: tuple[Comparison, ...]
    """With the baseline, in the plan's order after `clean`; empty without one."""
    slices: tuple[Verdict, ...] = ()
    """The limits again on each kind of question that was asked for; one that fails fails the run."""
