"""From the log-likelihood of an option to its score: raw, per token, per byte, or of its letter."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Likelihood", "normalised"]


class Likelihood(StrEnum):
    """What of a language model's log-likelihoods ranks the options.

    With `L = sum over t of ln P(token t of the option | prompt, earlier tokens of the option)`:
    """

    RAW = "raw"
    """`L`. `acc` of lm-evaluation-harness. Favours short options."""
    TOKEN = "token"  # noqa: S105 - a unit, not a secret
    """`L / tokens scored`. Brown et al. 2020 (GPT-3), section 2.4, for most multiple-choice tasks."""
    BYTE = "byte"
    """`L / bytes of the option in UTF-8`, the space before it not counted: the same unit for every
    tokenizer. `acc_norm` of lm-evaluation-harness divides by characters: equal for ASCII."""
    LETTER = "letter"
    """`L` of the option's letter, where the prompt lists the options with letters (Hendrycks et al.
    2021, MMLU; "multiple choice prompting" in Robinson et al. 2023). The order of the options and the
    names of the letters can reach it."""


def normalised(raw: float, likelihood: Likelihood, *, tokens: int, size: int) -> float:
    """Return the score of an option: higher is better, in nats, nats per token or nats per byte.

    Args:
        raw: log-likelihood in nats, at most 0.
        likelihood: the unit.
        tokens: tokens that were scored, 1 or more.
        size: bytes of the option in UTF-8; an empty option counts as one byte.

    >>> [normalised(-12.0, unit, tokens=3, size=12) for unit in Likelihood]
    [-12.0, -4.0, -1.0, -12.0]
    """
    if likelihood is Likelihood.TOKEN:
        return raw / tokens
    if likelihood is Likelihood.BYTE:
        return raw / max(1, size)
    return raw
