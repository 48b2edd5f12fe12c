"""First-order word substitution (HotFlip, Ebrahimi et al. 2018, section 3): what a gradient says that the
gold margin would become if one word of the passage were another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from robustness.choices import finite, right_options
from robustness.domain import Example, Model
from robustness.errors import UsageError
from robustness.models.arithmetic import plain_arithmetic
from robustness.models.encoding import Row, pair_texts
from robustness.models.forward import MULTIPLE_CHOICE, tensors
from robustness.models.huggingface import HuggingFaceModel

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

__all__ = ["WordGradients", "word_gradients"]

_PREFIXES = ("Ġ", "▁")
"""How byte-level and sentence-piece vocabularies mark the beginning of a word."""


def word_gradients(model: Model, allows: Callable[[str], bool]) -> WordGradients:
    """Return the gradients of a Hugging Face multiple-choice checkpoint, over whole words of its vocabulary
    that `allows` lets pass.

    Raises `UsageError` for any other model: stubs and endpoints have no gradient.
    """
    if type(model) is not HuggingFaceModel:
        raise UsageError(
            f"--model: {model.name!r} came, but hotflip and trigger need the gradient of a Hugging Face "
            f"checkpoint with a multiple-choice head; give one, or --method greedy"
        )
    return WordGradients(model, allows)


@dataclass(frozen=True)
class WordGradients:
    """Estimates for one model. They only propose: what a substitution does is for a forward pass to say.

    Rows go one by one on one thread, so that an estimate depends on its item alone.
    """

    model: HuggingFaceModel
    allows: Callable[[str], bool]

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The words that may be put in, sorted: each is one token of its own inside a sentence."""
        return tuple(self._entries)

    def changes(self, example: Example, spans: Sequence[tuple[int, int]]) -> NDArray[np.float32]:
        """Return float32[S, V]: the first-order change of the gold margin, in score units, for each span
        of the passage (character offsets) and each word of `vocabulary`; negative hurts.

        Infinity where nothing can be said: a span that is not exactly one token, or was cut off; an item
        that does not fit, or has no right or no wrong option. Costs one forward and backward pass of the
        gold option and of the best other one.
        """
        import torch

        found = np.full((len(spans), len(self._entries)), np.inf, dtype=np.float32)
        pair = self._contenders(example)
        if pair is None:
            return found
        rows = self.model.encode([example])[0].rows
        gold, other = (rows[at] for at in pair)
        places = self._places(example, spans, gold, option=pair[0])
        with plain_arithmetic(str(self._weights.device), threads=1), torch.inference_mode(mode=False):
            slope = self._slope(gold) - self._slope(other, like=gold)
            for at, place in places.items():
                step = self._weights[self._ids] - self._weights[gold.ids[place]]
                found[at] = (step @ slope[place]).detach().cpu().numpy()
        return found

    @cached_property
    def _entries(self) -> Mapping[str, int]:
        """Token id by word."""
        tokenizer = self.model.tokenizer
        known = tokenizer.get_vocab()
        marked = any(token.startswith(_PREFIXES) for token in known)
        named = {t[1:] if marked else t: at for t, at in known.items() if not marked or t[:1] in _PREFIXES}
        asked = sorted(word for word in named if self.allows(word))
        coded = (
            tokenizer([f"a {word}" for word in asked], add_special_tokens=False)["input_ids"] if asked else []
        )
        return {word: ids[-1] for word, ids in zip(asked, coded, strict=True) if ids[1:] == [named[word]]}

    @cached_property
    def _ids(self) -> list[int]:
        return list(self._entries.values())

    @property
    def _weights(self) -> Tensor:
        """float[tokens, H]: what a token is before positions and layers."""
        weights: Tensor = self.model.network.get_input_embeddings().weight.detach()
        return weights

    def _contenders(self, example: Example) -> tuple[int, int] | None:
        """Return the best right and the best wrong option, by the model's own scores."""
        (scores,) = self.model.score([example])
        right = right_options(example)
        wrong = [at for at in range(len(scores)) if at not in right]
        if not right or not wrong or not finite(scores):
            return None
        return max(sorted(right), key=scores.__getitem__), max(wrong, key=scores.__getitem__)

    def _places(
        self, example: Example, spans: Sequence[tuple[int, int]], row: Row, *, option: int
    ) -> dict[int, int]:
        """Return, by index in `spans`, where in the row a span is one visible token."""
        passage, tails = pair_texts(example)
        coded = self.model.tokenizer([passage], [tails[option]], return_offsets_mapping=True, verbose=False)
        sides, offsets = coded.sequence_ids(0), coded["offset_mapping"][0]
        own = [at for at, side in enumerate(sides) if side == 0]
        visible = own[: len(own) - (len(sides) - len(row.ids))]
        tokens = {tuple(_trimmed(passage, *offsets[at])): at for at in visible}
        return {at: tokens[span] for at, span in enumerate(spans) if span in tokens}

    def _slope(self, row: Row, *, like: Row | None = None) -> Tensor:
        """Return float[L, H]: the gradient of a row's score by what stands for each of its tokens, cut or
        filled to the length of another row."""
        import torch

        seen: list[Tensor] = []

        def leaf(_module: object, _given: object, made: Tensor) -> Tensor:
            seen.append(made.detach().requires_grad_())
            return seen[-1]

        network = self.model.network
        inputs = {name: value.to(network.device) for name, value in tensors([row], pad=0).items()}
        handle = network.get_input_embeddings().register_forward_hook(leaf)
        try:
            with torch.enable_grad():
                shaped = {name: MULTIPLE_CHOICE.shape(value) for name, value in inputs.items()}
                score = MULTIPLE_CHOICE.read(network(**shaped).logits)[0]
                (found,) = torch.autograd.grad(score, seen[0])
        finally:
            handle.remove()
        slope: Tensor = found.reshape(-1, found.shape[-1])
        length = len((like or row).ids)
        return torch.nn.functional.pad(slope, (0, 0, 0, length - len(slope)))


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Return a token's span without the space that some tokenizers count to it."""
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), end
