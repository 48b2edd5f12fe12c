"""The options of an item worth looking at, each as it was and as it is under the attack."""

from __future__ import annotations

from dataclasses import dataclass

from robustness.reports.illustrations import Telling

__all__ = ["Compared", "compared"]


@dataclass(frozen=True, slots=True)
class Compared:
    """One option on both sides, matched by identity."""

    label: str
    gold: bool
    """Right in the variant; where nothing is right there, or it was taken away, in the clean item."""
    before: float | None
    """Probability in the clean item; None where the option is new."""
    after: float | None
    """Probability in the variant; None where the option was taken away."""
    chosen_before: bool
    chosen_after: bool


def compared(item: Telling) -> tuple[Compared, ...]:
    """Return the options of the variant in its order, then those it took away."""
    kept = tuple(
        Compared(
            label=item.options[position] if item.options else f"option {position}",
            gold=_gold(item, position, origin),
            before=item.probabilities_clean[origin] if origin >= 0 else None,
            after=item.probabilities[position],
            chosen_before=origin in item.chosen_clean,
            chosen_after=position in item.chosen,
        )
        for position, origin in enumerate(item.option_map)
    )
    gone = (place for place in range(len(item.probabilities_clean)) if place not in item.option_map)
    return kept + tuple(
        Compared(
            label=item.options_clean[place] if item.options_clean else f"clean option {place}",
            gold=place == item.gold_clean,
            before=item.probabilities_clean[place],
            after=None,
            chosen_before=place in item.chosen_clean,
            chosen_after=False,
        )
        for place in gone
    )


def _gold(item: Telling, position: int, origin: int) -> bool:
    if item.gold is None:
        return origin >= 0 and origin == item.gold_clean
    return position == item.gold
