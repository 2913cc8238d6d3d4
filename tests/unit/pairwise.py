"""Skip-gram the plain way, pair by pair and with nothing clever in it: what the library's fast form is held against.

Also a generated graph that both can learn from, and the difference of two AUCs with its standard error.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

import mtsgns_lite as mt


def pair_loss(target: torch.Tensor, context: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
    """(P, d), (P, d), (P, k, d) -> the mean over pairs of -log s(u.v) - sum over the pair's own k of log s(-u.n)."""
    true = F.logsigmoid((target * context).sum(dim=1))
    false = F.logsigmoid(-(target[:, None] * noise).sum(dim=2)).sum(dim=1)
    return -(true + false).mean()


class Pairwise:
    """A dense table for each side, whose rows take Adagrad's steps: one number of state per row, as in `mt.Table`."""

    def __init__(self, start: mt.SGNS, rate: float):
        start_rows = [start.embeddings(which, unseen="random").clone() for which in ("target", "context")]
        self.target, self.context = (rows.requires_grad_() for rows in start_rows)
        self.rate, self.states = rate, [torch.zeros(len(rows)) for rows in start_rows]

    def step(self, first: torch.Tensor, second: torch.Tensor, noise: torch.Tensor, factor: float = 1.0) -> None:
        """(P,) targets, (P,) contexts, (P, k) negatives: one step along the gradient of `pair_loss`."""
        pair_loss(self.target[first], self.context[second], self.context[noise]).backward()
        with torch.no_grad():
            for rows, state in zip((self.target, self.context), self.states):
                state += rows.grad.square().mean(dim=1)
                rows -= factor * self.rate * rows.grad / state.sqrt().clamp(min=1e-10)[:, None]
                rows.grad = None


def pairs_of(rows: np.ndarray, window: int) -> np.ndarray:
    """(N, L) rows, -1 where there is no item -> (P, 2) every (target, context) at most `window` apart, both ways."""
    length = rows.shape[1]
    places = [(i, j) for i in range(length) for j in range(length) if 0 < abs(i - j) <= window]
    pairs = np.concatenate([rows[:, place] for place in places])
    return pairs[(pairs >= 0).all(axis=1)]


def train_pairwise(
    walks: np.ndarray, window: int, start: mt.SGNS, rate: float, epochs: int, size: int, seed: int, shuffled: bool
) -> torch.Tensor:
    """(items, d) target vectors after training on all pairs of (N, L) walks, those of `size` walks to a batch: of the
    same walks, as word2vec reads them, or shuffled over the whole corpus.

    Each pair draws five negatives of its own, in proportion to the items' visits^0.75; the step size falls linearly to
    a twentieth.
    """
    generator, model = torch.Generator().manual_seed(seed), Pairwise(start, rate)
    share = torch.from_numpy(np.bincount(walks[walks >= 0], minlength=len(model.target)) ** 0.75)
    steps = -(-len(walks) // size)
    for epoch in range(epochs):
        order = torch.randperm(len(walks), generator=generator).numpy()
        batches = [pairs_of(walks[rows], window) for rows in np.array_split(order, steps)]
        if shuffled:
            pairs = np.concatenate(batches)
            batches = np.array_split(pairs[torch.randperm(len(pairs), generator=generator).numpy()], steps)
        for number, batch in enumerate(batches):
            first, second = torch.from_numpy(batch).long().T
            noise = torch.multinomial(share, 5 * len(first), replacement=True, generator=generator).view(-1, 5)
            model.step(first, second, noise, 1 - 0.95 * (epoch + number / steps) / epochs)
    return model.target.detach()


def community_graph(nodes: int, communities: int, edges: int, loyal: float = 0.9, seed: int = 0) -> mt.Dataset:
    """A graph of planted communities with heavy-tailed degrees.

    The ends of an edge are drawn in proportion to each node's Pareto weight (exponent 2.5); the second within the
    first's community with probability `loyal`, else anywhere. How often a pair was drawn is the edge's weight.
    """
    rng = np.random.default_rng(seed)
    weight, home = rng.pareto(1.5, nodes) + 1, rng.integers(communities, size=nodes)
    source = rng.choice(nodes, size=edges, p=weight / weight.sum())
    target = rng.choice(nodes, size=edges, p=weight / weight.sum())
    stays = rng.random(edges) < loyal
    for community in range(communities):
        inside = np.where(home == community, weight, 0.0)
        asked = np.flatnonzero(stays & (home[source] == community))
        target[asked] = rng.choice(nodes, size=len(asked), p=inside / max(inside.sum(), 1e-12))
    catalogue = mt.Catalogue([f"node {number}" for number in range(nodes)])
    return mt.Dataset("communities", catalogue, edges=mt.Edges(source, target, np.ones(edges)))


def auc_gain(vectors: torch.Tensor, others: torch.Tensor, split: mt.Split) -> tuple[float, float]:
    """How much higher the degree-matched AUC of `vectors` is than that of `others` on the seen pairs, and the standard
    error of that difference over the pairs drawn (DeLong et al. 1988: both are asked the very same pairs)."""
    asked = split.regions()["seen"] & (split.negatives["degree"][:, 0] >= 0)
    above, below = 0.0, 0.0  # of each true pair, the share of false ones under it; of each false, of true ones over it
    for sign, rows in ((1, vectors), (-1, others)):
        unit = F.normalize(rows.float(), dim=1).numpy()
        true, false = (
            (unit[pairs[:, 0]] * unit[pairs[:, 1]]).sum(axis=1)
            for pairs in (split.pairs[asked], split.negatives["degree"][asked])
        )
        above = above + sign * np.searchsorted(np.sort(false), true) / len(false)
        below = below - sign * np.searchsorted(np.sort(true), false) / len(true)
    return float(np.mean(above)), float(np.sqrt(np.var(above) / len(above) + np.var(below) / len(below)))
