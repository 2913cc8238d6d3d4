"""Skip-gram with negative sampling (Mikolov et al. 2013; for items: item2vec, Barkan and Koenigstein 2016)."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from ..data.catalogue import Catalogue
from ..data.samples import SkipGramBatch
from .base import ItemModel
from .tables import Table


def sgns_loss(
    target: torch.Tensor, context: torch.Tensor, noise: torch.Tensor, pairs: torch.Tensor, negatives: int
) -> torch.Tensor:
    """The mean over positive pairs (u, v) of ``-log sigma(u.v) - sum_n log sigma(-u.n)``, all pairs of a row at once.

    Each pair counts `negatives` noise terms; they are estimated by the N drawn for its row, so each is weighted by
    ``negatives / N``. ``-log sigma(x)`` is ``softplus(-x)``, which never overflows.

    Parameters
    ----------
    target, context : (B, L, d) the two embeddings of every item in a row.
    noise : (G, N, d) context embeddings of the negatives; each set serves B / G rows.
    pairs : (B, L, L) weight of place j as a context of place i, 0 where it is none.
    """
    scores = target @ context.transpose(1, 2)  # (B, L, L)
    groups = target.reshape(len(noise), -1, target.shape[-1])  # (G, B/G * L, d)
    noise_scores = groups @ noise.transpose(1, 2)  # (G, B/G * L, N)
    contexts = pairs.sum(dim=2)  # (B, L) how many contexts each place has
    positive = (F.softplus(-scores) * pairs).sum()
    negative = (F.softplus(noise_scores).mean(dim=2).view_as(contexts) * contexts).sum() * negatives
    return (positive + negative) / pairs.sum().clamp(min=1)


class SGNS(ItemModel):
    """One target and one context vector per item.

    Parameters
    ----------
    dim : length of the vectors.
    rate : Adagrad's step size for both tables.
    Target rows start uniform in (-0.5/dim, 0.5/dim), context rows at 0, as in word2vec.
    """

    sides = ("target", "context")

    def __init__(self, catalogue: Catalogue, dim: int = 64, rate: float = 0.2, seed: int = 0):
        super().__init__(catalogue, dim, rate=rate, seed=seed)
        self.target = Table(len(catalogue), dim, spread=0.5 / dim, rate=rate, seed=seed)
        self.context = Table(len(catalogue), dim, rate=rate)

    def loss(self, batch: SkipGramBatch) -> torch.Tensor:
        """See `sgns_loss`."""
        context, noise = self.context(batch.items), self.context(batch.noise)
        return sgns_loss(self.target(batch.items), context, noise, batch.pairs(), batch.negatives)

    def embeddings(self, which: str = "target", unseen: str = "zero") -> torch.Tensor:
        """See `ItemModel.embeddings`. Without traits, "traits" is the zero vector."""
        self._check(which, unseen)
        rows = {"target": self.target.weight, "context": self.context.weight}
        vectors = (rows["target"] + rows["context"]) / 2 if which == "mean" else rows[which]
        return vectors.clone() if unseen == "random" else vectors * self.seen[:, None]
