"""MIND: a user's items are sorted into interests by routing, and the wanted item looks at them (Li et al., CIKM 2019).

    b_lk ~ N(0, 1), not learned;  three rounds of  w_lk = softmax over k of b_lk,
    u_k = squash(sum_l w_lk S e_l),  b_lk += u_k . S e_l                                        (behaviour to interest)
    v = sum_k softmax over k of (temperature cos(u_k, e))^p  u_k                                (label-aware attention)

S is one matrix for all pairs, so only chance tells the interests apart before the first round. A history of n items has
``K' = max(1, min(K, floor(log2 n)))`` interests (eq. 9).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from ..data.catalogue import Catalogue
from .routing import route
from .sequence import SequenceModel


class MIND(SequenceModel):
    """Multi-interest network with dynamic routing.

    Parameters
    ----------
    interests : K, how many at most.
    length : how many items it reads, the last ones.
    power : p; what is below 0 keeps its sign. None is its limit: the interest nearest to what is wanted, alone.
    rounds : of the routing.
    settings : as in `SequenceModel`.
    """

    adam = 0.001
    start: torch.Tensor

    def __init__(
        self,
        catalogue: Catalogue,
        dim: int = 64,
        interests: int = 4,
        length: int = 20,
        power: float | None = None,
        rounds: int = 3,
        seed: int = 0,
        **settings,
    ):
        own = dict(interests=interests, length=length, power=power, rounds=rounds)
        super().__init__(catalogue, dim, seed=seed, own=own, **settings)
        self.count, self.length, self.power, self.rounds = interests, length, power, rounds
        generator = torch.Generator().manual_seed(seed)
        self.register_buffer("start", torch.randn(interests, length, generator=generator))
        self.shared = nn.Parameter(torch.eye(dim) + 0.1 * torch.randn(dim, dim, generator=generator) / dim**0.5)

    def routed(self, inputs: torch.Tensor, within: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """See `route`: the interests (B, T, K, d), and how far each item belongs to each (B, T, K, L)."""
        votes = (inputs @ self.shared.T)[:, None].expand(-1, self.count, -1, -1)  # (B, K, L, d)
        most = within.sum(dim=2, keepdim=True).clamp(min=2).log2().clamp(max=self.count)  # (B, T, 1), of 1 item: 1
        there = torch.arange(1, self.count + 1, device=inputs.device) <= most.floor()
        return route(votes, within, self.start[:, : inputs.shape[1]], self.rounds, there)

    def choose(self, users: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        """Label-aware attention: (P, d) v."""
        if self.power is None:
            return super().choose(users, wanted)
        near = self.temperature * (F.normalize(users, dim=2) @ wanted[:, :, None])[:, :, 0]  # (P, K)
        near = (near.sign() * near.abs() ** self.power).masked_fill((users == 0).all(dim=2), -torch.inf)
        return (near.softmax(dim=1)[:, None] @ users)[:, 0]
