"""Which label of a two-way classifier says that an option is right."""

from __future__ import annotations

from collections.abc import Mapping

from robustness.errors import ModelError, unknown

__all__ = ["right_label"]

_RIGHT = frozenset({"1", "correct", "entailment", "positive", "relevant", "right", "true", "yes"})
_WRONG = frozenset({"0", "false", "incorrect", "irrelevant", "negative", "no", "not_entailment", "wrong"})


def right_label(names: Mapping[int, str], *, asked: str | None = None, where: str = "model") -> int:
    """Return the position of the label that says "this option is right"; `names` is `id2label`.

    A single label is the score itself. Of two, `asked` decides, else a pair of names that leave no
    doubt, such as `wrong` and `right`. Raises `ModelError` for other numbers of labels, and where the
    names do not tell: `LABEL_0` and `LABEL_1` do not.

    >>> right_label({0: "correct", 1: "incorrect"})
    0
    >>> right_label({0: "LABEL_0", 1: "LABEL_1"}, asked="LABEL_1")
    1
    """
    labels = [str(names[at]) for at in sorted(names)]
    if len(labels) not in (1, 2):
        raise ModelError(
            f"{where}: a classifier of {len(labels)} labels came ({', '.join(labels[:5])}), but one that "
            "scores one option at a time has one label or two; give a model of that kind"
        )
    if asked is not None:
        if asked not in labels:
            hint = unknown("label", asked, labels)
            raise ModelError(f"{where}: right_label {asked!r} came, but one of its labels is needed; {hint}")
        return labels.index(asked)
    sure = [_says(label) for label in labels]
    if len(labels) == 1 and sure != [False]:
        return 0
    if sure in ([True, False], [False, True]):
        return sure.index(True)
    raise ModelError(
        f"{where}: its labels {' and '.join(labels)} do not tell which of them says that an option is right, "
        f"but that is needed; give --model-arg right_label={labels[-1]}, or the one that is right"
    )


def _says(label: str) -> bool | None:
    """Whether a label says right, wrong, or neither."""
    name = label.strip().lower().replace(" ", "_")
    return True if name in _RIGHT else False if name in _WRONG else None
