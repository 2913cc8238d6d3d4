"""ComiRec: several interests, by routing (DR) or by self-attention (SA) (Cen et al., KDD 2020).

DR (eq. 4 to 6): b_lk = 0, and three rounds of

    w_lk = softmax over k of b_lk,    u_k = squash(sum_l w_lk W_lk e_l),    b_lk += u_k . W_lk e_l

SA (eq. 7 to 9), with H the rows of the items:

    A = softmax over l of W_2 tanh(W_1 (H + P)),    u_k = sum_l A_kl h_l

W_lk belongs to place l and interest k, P to places; places are counted from the first item that is read. Both train the
interest that is nearest to what came next, and no other (eq. 10).
"""

from __future__ import annotations

import torch
from torch import nn

from ..data.catalogue import Catalogue
from .routing import route
from .sequence import SequenceModel


class ComiRecDR(SequenceModel):
    """Interests by dynamic routing.

    Parameters
    ----------
    interests : K.
    length : how many items it reads, the last ones.
    rounds : of the routing.
    settings : as in `SequenceModel`.
    """

    adam = 0.001  # so many numbers learn by heart at a higher rate
    start: torch.Tensor

    def __init__(
        self,
        catalogue: Catalogue,
        dim: int = 64,
        interests: int = 4,
        length: int = 20,
        rounds: int = 3,
        seed: int = 0,
        **settings,
    ):
        own = dict(interests=interests, length=length, rounds=rounds)
        super().__init__(catalogue, dim, seed=seed, own=own, **settings)
        self.count, self.length, self.rounds = interests, length, rounds
        self.register_buffer("start", torch.zeros(interests, length), persistent=False)
        generator = torch.Generator().manual_seed(seed)
        noise = torch.randn(length, dim, interests * dim, generator=generator) / dim**0.5
        self.places = nn.Parameter(torch.eye(dim).repeat(1, interests) + 0.03 * noise)  # (L, d, K d) W, transposed

    def routed(self, inputs: torch.Tensor, within: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """See `route`: the interests (B, T, K, d), and how far each item belongs to each (B, T, K, L)."""
        places = inputs.shape[1]
        votes = torch.bmm(inputs.transpose(0, 1), self.places[:places])  # (L, B, K d)
        votes = votes.unflatten(2, (self.count, self.dim)).permute(1, 2, 0, 3)  # (B, K, L, d)
        return route(votes, within, self.start[:, :places], self.rounds)


class ComiRecSA(SequenceModel):
    """Interests by self-attention.

    Parameters
    ----------
    interests : K.
    length : how many items it reads, the last ones.
    hidden : rows of W_1; by default 4 dim, as in the paper.
    settings : as in `SequenceModel`.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        dim: int = 64,
        interests: int = 4,
        length: int = 20,
        hidden: int | None = None,
        seed: int = 0,
        **settings,
    ):
        own = dict(interests=interests, length=length, hidden=hidden)
        super().__init__(catalogue, dim, seed=seed, own=own, **settings)
        self.count, self.length, hidden = interests, length, hidden or 4 * dim
        generator = torch.Generator().manual_seed(seed)
        self.position = nn.Parameter(0.1 * torch.randn(length, dim, generator=generator))  # P
        self.first = nn.Parameter(torch.randn(hidden, dim, generator=generator) / dim**0.5)  # W_1
        self.second = nn.Parameter(torch.randn(interests, hidden, generator=generator) / hidden**0.5)  # W_2

    def routed(self, inputs: torch.Tensor, within: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The interests (B, T, K, d), and A (B, T, K, L): how much of each item is in each, summing to 1 over items."""
        placed = inputs + self.position[: inputs.shape[1]]  # (B, L, d)
        logits = torch.tanh(placed @ self.first.T) @ self.second.T  # (B, L, K)
        logits = logits.transpose(1, 2)[:, None].masked_fill(~within[:, :, None], -torch.inf)  # (B, T, K, L)
        weights = logits.softmax(dim=3).nan_to_num(0.0)  # 0 where nothing is read
        return (weights.flatten(1, 2) @ inputs).unflatten(1, weights.shape[1:3]), weights
