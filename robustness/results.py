"""What judging yields, as plain data: outcomes per item, results per check, verdicts, a judgement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from robustness.domain import Polarity, Status

__all__ = ["Estimate", "Judgement", "Outcome", "Result", "RobustAccuracy", "Verdict"]


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
    """`ok`, or why it was not measured: `missing`, `non-finite`, `too-long`."""
    degraded: bool
    chance_clean: float
    chance: float
    clean_credit: float
    """1 where the gold option alone has the top score, 1/ties where it shares it, else 0."""
    credit: float
    same_choice: float
    """Overlap (Jaccard) of the chosen options before and after, by identity; 1 = did not move."""
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
    """Exact McNemar, two-sided."""
    attack_success_rate: Estimate
    """Of the clean-right items, the share lost."""
    repair_rate: Estimate
    """Of the clean-wrong items, the share won."""
    consistency: Estimate
    """Share with the same option chosen, by identity."""
    margin_retained: Estimate
    """(accuracy - chance) / (clean accuracy - clean chance)."""
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
