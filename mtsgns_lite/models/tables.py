"""The embedding table: look rows up, collect gradients for those rows only, update them.

A plain ``nn.Embedding`` gets a gradient of the whole table, or a sparse tensor that is slow to add. Here a lookup
gathers the rows as a leaf of the graph, so autograd stops there; `update` sums the gradients of rows looked up
more than once, and adds the step back. Nothing of the table's size is ever made. (``index_select`` and
``index_add_`` are the fastest of several equal ways on a CPU, by factors of 4 to 16; finding repeats by a note of
where each row came first takes a tenth of the time of sorting them.)
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn


class Table(nn.Module):
    """`rows` vectors of `dim` floats with a row-wise Adagrad of their own (one number of state per row).

    For a row with gradient g (Duchi et al. 2011, with the squares averaged over the row):
    ``state += mean(g^2);  row -= rate * g / sqrt(state)``.

    Parameters
    ----------
    spread : rows start uniform in (-spread, spread); 0 starts them at zero.
    rate : the step size, multiplied by the schedule's factor in `update`.
    start : what the state starts at. Above 0 it keeps the first steps small, where the first gradients mislead.
    """

    weight: torch.Tensor
    state: torch.Tensor
    first: torch.Tensor

    def __init__(self, rows: int, dim: int, spread: float = 0.0, rate: float = 0.1, seed: int = 0, start: float = 0.0):
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.register_buffer("weight", (torch.rand(rows, dim, generator=generator) * 2 - 1) * spread)
        self.register_buffer("state", torch.full((rows,), start))
        self.register_buffer("first", torch.zeros(rows, dtype=torch.long), persistent=False)  # scratch of `update`
        self.rate = rate
        self._looked_up: list[tuple[torch.Tensor, torch.Tensor]] = []

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """(...,) row numbers -> (..., dim)."""
        if not torch.is_grad_enabled():
            return F.embedding(ids, self.weight)
        ids = ids.contiguous()
        rows = self.weight.index_select(0, ids.view(-1)).requires_grad_()
        if self.training:
            self._looked_up.append((ids.view(-1), rows))
        return rows.view(*ids.shape, rows.shape[1])

    @torch.no_grad()
    def update(self, factor: float = 1.0) -> None:
        """One step for all rows looked up since the last, at `factor` times the rate."""
        looked_up = [(ids, rows.grad) for ids, rows in self._looked_up if rows.grad is not None]
        self.forget()
        if not looked_up:
            return
        ids, gradient = (parts[0].contiguous() if len(parts) == 1 else torch.cat(parts) for parts in zip(*looked_up))
        place = torch.arange(len(ids), device=ids.device)
        first = self.first.scatter_reduce_(0, ids, place, "amin", include_self=False).index_select(0, ids)
        repeats = torch.nonzero(first != place).ravel()  # their gradients go to the row's first place, and they rest
        gradient.index_add_(0, first[repeats], gradient[repeats])
        square = torch.linalg.vector_norm(gradient, dim=1).square_() / gradient.shape[1]
        state = self.state.index_add_(0, ids, square.index_fill_(0, repeats, 0.0)).index_select(0, ids)
        step = (-factor * self.rate / state.sqrt().clamp(min=1e-10)).index_fill_(0, repeats, 0.0)
        self.weight.index_add_(0, ids, gradient.mul_(step[:, None]))

    def forget(self) -> None:
        """Drop what was looked up since the last step."""
        self._looked_up.clear()
