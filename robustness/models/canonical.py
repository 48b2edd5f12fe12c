"""The canonical score of a row: fp64, one row at a time, no padding, one thread, on the CPU.

It is what a near tie is decided by. Batches, threads and orders cannot reach it, and its rounding
errors (near 1e-14) are far below any difference that fp32 could see.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import TYPE_CHECKING

from robustness.models.arithmetic import plain_arithmetic
from robustness.models.encoding import Row
from robustness.models.forward import Adapter, Plain
from robustness.watchdog import alive

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["Canonical"]


class Canonical:
    """Plain Hugging Face on a copy of the network in fp64, made when first needed."""

    __slots__ = ("_adapter", "_pad", "_plain", "_source", "warning")

    def __init__(self, network: PreTrainedModel, adapter: Adapter, *, pad: int) -> None:
        self._source = network
        self._adapter = adapter
        self._pad = pad
        self._plain: Plain | None = None
        self.warning = ""
        """Why fp32 stands in for fp64; empty where it does not."""

    def __call__(self, rows: Sequence[Row]) -> list[float]:
        """Return one score per row, in order."""
        with plain_arithmetic("cpu", threads=1):
            return [self._score(row) for row in rows]

    def _score(self, row: Row) -> float:
        plain = self._plain or self._made()
        alive()
        try:
            return plain([row])[0]
        except (RuntimeError, TypeError) as error:
            if self.warning:
                raise
            # Some architectures name fp32 in their code; alone and on one thread it is at least stable.
            self.warning = f"no canonical scores in fp64 ({type(error).__name__}); fp32 decides near ties"
            self._plain = Plain(plain.network.float(), self._adapter, self._pad)
            return self._plain([row])[0]

    def _made(self) -> Plain:
        network = deepcopy(self._source).to("cpu").double().eval()
        self._plain = Plain(network, self._adapter, self._pad)
        return self._plain
