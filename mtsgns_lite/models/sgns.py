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


class SgnsLoss(torch.autograd.Function):
    """`sgns_loss` with its gradient written by hand: training is a seventh faster, for autograd makes more arrays.

    With a = dL/d(u.v) = -sigma(-u.v) and b = dL/d(u.n) = sigma(u.n), each times its pair's weight: a target row gets
    ``a V + b N``, a context row ``a' U``, a negative ``b' U`` (U, V, N: the rows of targets, contexts, negatives).
    `total` is the number of pairs that the loss is the mean over: of these, or of a batch that they are a part of.
    """

    @staticmethod
    def forward(ctx, target, context, noise, pairs, negatives, total):
        """See `sgns_loss`."""
        groups = target.reshape(len(noise), -1, target.shape[-1])
        scores, noise_scores = target @ context.mT, groups @ noise.mT
        pairs = pairs / total.clamp(min=1)
        each = (pairs.sum(dim=2) * (negatives / noise.shape[1])).view(*groups.shape[:2], 1)
        ctx.save_for_backward(
            target, context, noise, -torch.sigmoid(-scores) * pairs, torch.sigmoid(noise_scores).mul_(each)
        )
        return (F.softplus(-scores) * pairs).sum() + (F.softplus(noise_scores).sum(dim=2, keepdim=True) * each).sum()

    @staticmethod
    def backward(ctx, upstream):
        """One product for each of the formulae above."""
        target, context, noise, a, b = ctx.saved_tensors
        a, b, groups = a * upstream, b * upstream, target.reshape(len(noise), -1, target.shape[-1])
        of_target = (a @ context).view_as(groups).baddbmm_(b, noise).view_as(target)
        of_context = a.mT @ target if ctx.needs_input_grad[1] else None
        of_noise = b.mT @ groups if ctx.needs_input_grad[2] else None
        return of_target, of_context, of_noise, None, None, None


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
        pairs = batch.pairs()
        return SgnsLoss.apply(self.target(batch.items), context, noise, pairs, batch.negatives, batch.total(pairs))

    def embeddings(self, which: str = "target", unseen: str = "zero") -> torch.Tensor:
        """See `ItemModel.embeddings`. Without traits, "traits" is the zero vector."""
        self._check(which, unseen)
        rows = {"target": self.target.weight, "context": self.context.weight}
        vectors = (rows["target"] + rows["context"]) / 2 if which == "mean" else rows[which]
        return vectors.clone() if unseen == "random" else vectors * self.seen[:, None]
