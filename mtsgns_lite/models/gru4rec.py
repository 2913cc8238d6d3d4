"""GRU4Rec: a recurrent network reads a sequence item by item, and its state is what it knows (Hidasi et al. 2016).

    h_t = GRU(h_{t-1}, reach e_{v_t})

The recurrence runs over time, not over the sequences of a batch: those never hear of each other.
"""

from __future__ import annotations

import torch
from torch import nn

from ..data.catalogue import Catalogue
from .sequence import SequenceModel


class GRU4Rec(SequenceModel):
    """A GRU over time; its state is the one interest. Arguments as in `SequenceModel`."""

    def __init__(self, catalogue: Catalogue, dim: int = 128, dropout: float = 0.4, seed: int = 0, **settings):
        super().__init__(catalogue, dim, dropout=dropout, seed=seed, **settings)
        with torch.random.fork_rng(devices=[]):  # its start is the seed's, and nobody else's randomness changes
            torch.default_generator.manual_seed(seed)
            self.gru = nn.GRU(dim, dim, batch_first=True)

    def states(self, inputs: torch.Tensor, before: torch.Tensor | None = None) -> torch.Tensor:
        """(B, L, d) items in order -> (B, L, d) the state after each; `before` is (B, d), 0 if not given."""
        return self.gru(inputs, None if before is None else before[None])[0]

    def interests(self, inputs: torch.Tensor, within: torch.Tensor) -> torch.Tensor:
        """See `SequenceModel.interests`: the state after the last item that question t may read; K = 1."""
        states = self.states(inputs)  # (B, L, d)
        last = (within.sum(dim=2) - 1).clamp(min=0)  # (B, T)
        states = states.take_along_dim(last[:, :, None], dim=1) * within.any(dim=2, keepdim=True)  # 0 of nothing read
        return states[:, :, None]
