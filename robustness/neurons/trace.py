"""One ordinary forward pass with what the fast path restarts from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from robustness.neurons.batch import Batch, forward
from robustness.neurons.sites import Kind
from robustness.neurons.wiring import Wiring

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Trace", "intercepted", "trace"]


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """Tensors of one batch by depth; N sequences of S tokens.

    Only what a path needs is there: the hook path keeps the tensors of the kinds asked for.
    """

    logits: Tensor
    """float[N]."""
    kinds: dict[Kind, list[Tensor]]
    """float[N, S, width] by kind and depth: activations, outputs, joined head contexts."""
    attention_sum: list[Tensor]
    """float[N, S, d] in front of the LayerNorm behind attention."""
    ffn_sum: list[Tensor]
    """float[N, S, d] in front of the LayerNorm behind the feed-forward block."""
    arguments: list[tuple[tuple[Any, ...], dict[str, Any]]]
    """What each layer received beside its input: the mask, None where nothing is padded."""


Edit = Callable[["Tensor"], "Tensor"]


@contextmanager
def intercepted(wired: Wiring, edits: dict[tuple[Kind, int], Edit]) -> Iterator[None]:
    """Run each edit on the tensor float[N, S, width] of its kind and depth while inside."""
    by_module: dict[int, tuple[Any, bool, dict[int, Edit]]] = {}
    for (kind, layer), edit in edits.items():
        module, call, is_input = wired.place(kind, layer)
        by_module.setdefault(id(module) * 2 + is_input, (module, is_input, {}))[2][call] = edit
    with ExitStack() as stack:
        for module, is_input, wanted in by_module.values():
            hook = _Hook(wanted, flip=wired.sequence_first)
            add = module.register_forward_pre_hook if is_input else module.register_forward_hook
            stack.callback(add(hook.before if is_input else hook.after).remove)
        yield


class _Hook:
    """Counts the calls of one module, and edits those that are wanted."""

    def __init__(self, wanted: dict[int, Edit], *, flip: bool) -> None:
        self._wanted, self._flip, self._calls = wanted, flip, 0

    def before(self, _: object, args: tuple[Any, ...]) -> tuple[Any, ...]:
        return (self._edited(args[0]), *args[1:])

    def after(self, _: object, __: object, output: Any) -> Any:
        if isinstance(output, tuple):
            return (self._edited(output[0]), *output[1:])
        return self._edited(output)

    def _edited(self, value: Tensor) -> Tensor:
        edit = self._wanted.get(self._calls)
        self._calls += 1
        if edit is None:
            return value
        return edit(value.transpose(0, 1)).transpose(0, 1) if self._flip else edit(value)


_ALL_KINDS: Final[tuple[Kind, ...]] = ("ffn", "out", "head")


def trace(wired: Wiring, given: Batch, kinds: tuple[Kind, ...] = _ALL_KINDS) -> Trace:
    """Return the trace of a batch; on the hook path the tensors of `kinds` alone."""
    found: dict[Kind, list[Tensor]] = {kind: [] for kind in kinds}
    sums: dict[str, list[Tensor]] = {"attention_norm": [], "ffn_norm": []}
    arguments: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
    edits = {(k, at): _keeper(found[k]) for k in kinds for at in range(wired.body.layers)}
    with ExitStack() as stack:
        stack.enter_context(intercepted(wired, edits))
        if wired.path != "hooks":
            for name, kept in sums.items():
                for module in {id(m): m for m in (getattr(d, name) for d in wired.depths)}.values():
                    stack.callback(module.register_forward_pre_hook(_first(kept)).remove)
            for module in {id(d.layer): d.layer for d in wired.depths}.values():
                hook = _rest(arguments)
                stack.callback(module.register_forward_pre_hook(hook, with_kwargs=True).remove)
        logits = forward(wired.network, given)
    return Trace(logits, found, sums["attention_norm"], sums["ffn_norm"], arguments)


def _keeper(kept: list[Tensor]) -> Edit:
    def keep(value: Tensor) -> Tensor:
        kept.append(value)
        return value

    return keep


def _first(kept: list[Tensor]) -> Callable[[object, tuple[Tensor, ...]], None]:
    def keep(_: object, args: tuple[Tensor, ...]) -> None:
        kept.append(args[0])

    return keep


def _rest(kept: list[Any]) -> Callable[[object, tuple[Any, ...], dict[str, Any]], None]:
    def keep(_: object, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        kept.append((args[1:], kwargs))

    return keep
