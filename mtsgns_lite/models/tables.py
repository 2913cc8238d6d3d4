"""The embedding table: look rows up, collect gradients for those rows only, update them.

A plain ``nn.Embedding`` gets a gradient of the whole table, or a sparse tensor that is slow to add. Here a lookup
gathers the rows as a leaf of the graph, so autograd stops there; `update` sums the gradients of rows looked up
more than once, and scatters the step back. Nothing of the table's size is ever made. (``index_select`` and
``scatter_add_`` are the fastest of several equal ways on a CPU, by factors of 4 to 16.)
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

    def __init__(self, rows: int, dim: int, spread: float = 0.0, rate: float = 0.1, seed: int = 0, start: float = 0.0):
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.register_buffer("weight", (torch.rand(rows, dim, generator=generator) * 2 - 1) * spread)
        self.register_buffer("state", torch.full((rows,), start))
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
        ids, place = torch.cat([ids for ids, _ in looked_up]).unique(return_inverse=True)
        parts = torch.cat([gradient for _, gradient in looked_up])
        gradient = parts.new_zeros(len(ids), parts.shape[1])
        gradient.scatter_add_(0, place[:, None].expand_as(parts), parts)  # repeats are summed first
        state = self.state.index_select(0, ids) + gradient.square().mean(dim=1)
        self.state.index_copy_(0, ids, state)
        gradient *= (-factor * self.rate / state.sqrt().clamp(min=1e-10))[:, None]
        self.weight.scatter_add_(0, ids[:, None].expand_as(gradient), gradient)

    def forget(self) -> None:
        """Drop what was looked up since the last step."""
        self._looked_up.clear()
