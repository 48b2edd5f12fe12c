"""Tokenizer and network side by side: signs that they are not of one model, which both would hide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

__all__ = ["mismatches"]

_SPECIAL: Final = (
    "bos_token_id",
    "cls_token_id",
    "eos_token_id",
    "mask_token_id",
    "pad_token_id",
    "sep_token_id",
)
_SPARE: Final = 0.04
"""Share of the embedding that is commonly left without a token, to round its size up: GPT-J and Phi leave
1.8 %, mDeBERTa 0.4 %. BERT's cased vocabulary leaves 5 % of the uncased embedding."""


def mismatches(
    config: Mapping[str, Any], special: Mapping[str, int | None], *, tokens: int, embedded: int
) -> str:
    """Return what speaks against a pair of network and tokenizer, in words; empty for nothing.

    A sign, not a proof: both may be as they were trained. And another tokenizer of the same size and
    special tokens shows no sign at all: there the fingerprint tells it from the right one.

    Args:
        config: of the network, `config.json`.
        special: ids of the tokenizer's special tokens, by the name that a configuration has for each.
        tokens: of the tokenizer.
        embedded: rows of the embedding; no fewer than tokens.

    >>> mismatches({"pad_token_id": 0}, {"pad_token_id": 0}, tokens=30522, embedded=30522)
    ''
    >>> mismatches({"pad_token_id": 0}, {"pad_token_id": 1}, tokens=28996, embedded=30522)
    'the tokenizer may be of another model: 28996 tokens for 30522 embeddings, pad_token_id 1 for 0'
    """
    found = [*_unused(tokens, embedded), *_special(config, special)]
    return f"the tokenizer may be of another model: {', '.join(found)}" if found else ""


def _unused(tokens: int, embedded: int) -> Iterator[str]:
    if embedded - tokens > _SPARE * embedded:
        yield f"{tokens} tokens for {embedded} embeddings"


def _special(config: Mapping[str, Any], special: Mapping[str, int | None]) -> Iterator[str]:
    for name in _SPECIAL:
        theirs, ours = config.get(name), special.get(name)
        known = theirs if isinstance(theirs, list) else [theirs]  # some end with one of several tokens
        if ours is not None and theirs is not None and ours not in known:
            yield f"{name} {ours} for {' or '.join(map(str, known))}"
