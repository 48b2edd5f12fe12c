"""A new small BERT for `--base scratch`: tokenizer, network and where its weights start.

Attention starts out near what reading needs, after Trockman and Kolter (2023, "Mimetic
initialization of self-attention layers"): in each layer one head looks at the token before, one at
the token behind, and the others at equal words. In a trial, 200 steps of the warm start
then did the work of 400 from normal random weights.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from robustness.domain import Example

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import BertForMultipleChoice, PreTrainedTokenizerFast

__all__ = ["Shape", "network", "tokenizer"]

_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


@dataclass(frozen=True, slots=True)
class Shape:
    """The size of a new network: about 0.9 million weights, 3.6 MB."""

    layers: int = 6
    width: int = 128
    heads: int = 4
    inner: int = 256
    positions: int = 256
    vocabulary: int = 1000
    """Most entries of the vocabulary."""

    @property
    def word_width(self) -> int:
        """How many of the `width` dimensions word embeddings start in; positions have the rest."""
        return self.width * 3 // 4


def tokenizer(examples: Sequence[Example], *, size: int, max_length: int) -> PreTrainedTokenizerFast:
    """Return a lower-casing WordPiece tokenizer of at most `size` entries.

    It holds the characters of the examples, alone and as continuations, then their words, the most
    frequent ones first: any text in these characters can be read, in pieces where need be. Counted
    here, not by the library's trainer, whose ties come out in another order on each run.

    >>> coder = tokenizer([Example("a", "Tom ran.", "Who ran?", ("Tom", "Ann"), 0, "a")],
    ...                   size=100, max_length=64)
    >>> coder.tokenize("Ann ran, Nan")
    ['ann', 'ran', '[UNK]', 'n', '##a', '##n']
    """
    from tokenizers.normalizers import BertNormalizer
    from tokenizers.pre_tokenizers import BertPreTokenizer
    from transformers import BertTokenizerFast

    normalizer = BertNormalizer(lowercase=True)
    splitter = BertPreTokenizer()
    counts: Counter[str] = Counter()
    for text in _texts(examples):
        pieces = splitter.pre_tokenize_str(normalizer.normalize_str(text))
        counts.update(piece for piece, _ in pieces)
    characters = sorted({character for word in counts for character in word})
    ranked = sorted(counts, key=lambda word: (-counts[word], word))
    entries = dict.fromkeys(
        [*_SPECIAL, *characters, *(f"##{character}" for character in characters), *ranked]
    )
    vocabulary = {entry: at for at, entry in enumerate(list(entries)[:size])}
    return BertTokenizerFast(vocab=vocabulary, do_lower_case=True, model_max_length=max_length)


def _texts(examples: Iterable[Example]) -> Iterable[str]:
    for example in examples:
        yield from (example.passage, example.question, *example.options)


def network(shape: Shape, *, vocabulary: int, seed: int) -> BertForMultipleChoice:
    """Return a new BERT with a multiple-choice head, without dropout, started as told above.

    `seed` settles every weight. Dropout is left out since generated data never runs short.
    """
    import torch
    from transformers import BertConfig, BertForMultipleChoice

    torch.manual_seed(seed)
    made = BertForMultipleChoice(
        BertConfig(
            vocab_size=vocabulary,
            hidden_size=shape.width,
            num_hidden_layers=shape.layers,
            num_attention_heads=shape.heads,
            intermediate_size=shape.inner,
            max_position_embeddings=shape.positions,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            initializer_range=0.05,
        )
    )
    with torch.no_grad():
        _start_embeddings(made, shape)
        for depth, layer in enumerate(made.bert.encoder.layer):
            attention = layer.attention.self
            _start_heads(attention.query.weight, attention.key.weight, shape, 1 + depth % 2)
    return made


def _frequencies(shape: Shape) -> Tensor:
    import torch

    pairs = (shape.width - shape.word_width) // 2
    return torch.exp(torch.arange(pairs) * (-math.log(100.0) / pairs))


def _start_embeddings(made: BertForMultipleChoice, shape: Shape) -> None:
    """Words in the first dimensions, sines and cosines of the position in the others."""
    import torch

    embeddings, first = made.bert.embeddings, shape.word_width
    embeddings.word_embeddings.weight[:, first:] = 0
    embeddings.token_type_embeddings.weight[:, first:] = 0
    angles = torch.arange(shape.positions)[:, None] * _frequencies(shape)
    positions = embeddings.position_embeddings.weight.zero_()
    positions[:, first::2] = 0.07 * torch.sin(angles)
    positions[:, first + 1 :: 2] = 0.07 * torch.cos(angles)


def _start_heads(query: Tensor, key: Tensor, shape: Shape, reach: int) -> None:
    """Head 0 looks `reach` tokens back, head 1 as many ahead, the rest at tokens of the same word."""
    import torch

    size = shape.width // shape.heads
    for head in range(shape.heads):
        q, k = (weight[head * size : (head + 1) * size] for weight in (query, key))
        q.normal_(0.0, 0.02)
        k.normal_(0.0, 0.02)
        if head < 2:
            _look_beside(q, k, shape, reach if head else -reach)
        else:
            same = torch.randn(size, shape.word_width) / math.sqrt(shape.width)
            q[:, : shape.word_width] += same
            k[:, : shape.word_width] += same


def _look_beside(q: Tensor, k: Tensor, shape: Shape, offset: int) -> None:
    """Turn each pair of position dimensions by `offset` in the query, so that it meets the key there."""
    gain, first = 1.2, shape.word_width
    for pair, frequency in enumerate(_frequencies(shape).tolist()):
        row, column = 2 * pair, first + 2 * pair
        cosine, sine = gain * math.cos(offset * frequency), gain * math.sin(offset * frequency)
        k[row, column] += gain
        k[row + 1, column + 1] += gain
        q[row, column] += cosine
        q[row, column + 1] += sine
        q[row + 1, column] -= sine
        q[row + 1, column + 1] += cosine
