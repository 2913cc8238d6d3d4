"""Multi-trait skip-gram: an item's vector is a learned mixture of its own row and those of its traits.

The sources of item v are s = 0 (the item itself) and its traits s = 1..n, of which m_v are known in all:

    H_v = sum_s c_s(v),    c_s(v) = m_v * softmax(a)_s * W^s_v

with the softmax over the known sources only. One vector a for the whole catalogue is multi-trait skip-gram; a vector
a_v per item is EGES (Wang et al., KDD 2018, eq. 7); all a equal is GES. m_v keeps the item's own gradient from shrinking
when an item has many traits; ``scale=False`` leaves it out, which is the papers' average.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from ..data.catalogue import Catalogue
from ..data.samples import SkipGramBatch
from .base import ItemModel
from .sgns import sgns_loss
from .tables import Table

WEIGHTS = ("uniform", "global", "item")


class TraitMixture(nn.Module):
    """One side's tables and weights: item numbers in, the contributions c_s of all sources out.

    Parameters
    ----------
    weights : "uniform", "global" (one softmax) or "item" (a softmax per item).
    spread : the item rows start uniform in (-spread, spread); trait rows at 0, logits at 0.
    rate, trait_rate, weight_rate : Adagrad's step sizes for item rows, trait rows and logits.
    """

    codes: torch.Tensor
    columns: torch.Tensor

    def __init__(self, catalogue: Catalogue, dim, weights, scale, spread, rate, trait_rate, weight_rate, seed):
        super().__init__()
        traits = list(catalogue.traits.values())
        self.scale, self.sources = scale, 1 + len(traits)
        self.items = Table(len(catalogue), dim, spread=spread, rate=rate, seed=seed)
        self.values = Table(sum(len(trait.values) for trait in traits), dim, rate=trait_rate)

        # all traits' values share one table; column c of `codes` belongs to trait `columns`[c], and -1 is unknown
        codes, columns, first = [torch.empty(len(catalogue), 0, dtype=torch.long)], [], 0
        for number, trait in enumerate(traits):
            code = torch.from_numpy(trait.codes)
            codes.append(torch.where(code > 0, code + first, -1))
            columns += [number] * code.shape[1]
            first += len(trait.values)
        self.register_buffer("codes", torch.cat(codes, dim=1), persistent=False)
        belongs = F.one_hot(torch.tensor(columns, dtype=torch.long), max(len(traits), 1)).T[: len(traits)].float()
        self.register_buffer("columns", belongs, persistent=False)  # (n, C)

        # the logits a: one row for all items, or a row per item; "uniform" leaves them at 0
        self.per_item = weights == "item"
        rate = 0.0 if weights == "uniform" else weight_rate
        self.logits = Table(len(catalogue) if self.per_item else 1, self.sources, rate=rate)

    def rows(self, items: torch.Tensor, own: bool = True) -> tuple[torch.Tensor, torch.Tensor]:
        """W: (U, n + 1, d) each source's vector, a trait of several values being their mean; known: (U, n + 1)."""
        codes = self.codes[items]  # (U, C)
        share = self.columns * (codes >= 0)[:, None, :]  # (U, n, C)
        count = share.sum(dim=2, keepdim=True)
        pooled = (share / count.clamp(min=1)) @ self.values(codes.clamp(min=0))  # (U, n, d)
        known = torch.cat([torch.full_like(items, own, dtype=torch.bool)[:, None], count[..., 0] > 0], dim=1)
        return torch.cat([self.items(items)[:, None], pooled], dim=1), known

    def weights(self, items: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
        """(U, n + 1) softmax of the logits over the known sources; 0 for an item that has none."""
        logits = self.logits(items if self.per_item else torch.zeros_like(items))
        return logits.masked_fill(~known, -torch.inf).softmax(dim=1).nan_to_num(0.0)

    def forward(self, items: torch.Tensor, own: bool = True, learned: bool = True) -> torch.Tensor:
        """(U,) item numbers -> c: (U, n + 1, d), whose sum over the sources is H.

        own=False leaves the item's own row out, as for an item that was never seen; learned=False takes the
        plain mean of the known sources, as EGES does for cold items.
        """
        rows, known = self.rows(items, own)
        present = known.sum(dim=1, keepdim=True)
        weights = self.weights(items, known) if learned else known / present.clamp(min=1)
        return rows * (weights * present if self.scale else weights)[:, :, None]


class MultiTraitSGNS(ItemModel):
    """Skip-gram whose target vectors (and, if asked, context vectors) are trait mixtures.

    Parameters
    ----------
    weights : "global", one set of trait weights; "item", one per item; "uniform", none learned.
    context_traits : give the context side trait tables and weights of its own. By default it has one vector per item.
    scale : multiply by the number of known sources (see the module's text).
    auxiliary : weight of the same loss on the traits' part alone, for items that have a trait, context rows held fixed:
        traits learn to stand without the item, which is what a new item will need. 0 switches it off.
    cold : "weights", a cold item's traits by the learned weights; "mean", by the plain mean (EGES).
    rate, trait_rate, weight_rate : step sizes of item rows, trait rows and weight logits.
    Raises ``ValueError`` when the catalogue has no traits, or for a choice that does not exist.
    """

    sides = ("target", "context")

    def __init__(
        self,
        catalogue: Catalogue,
        dim: int = 64,
        weights: str = "global",
        context_traits: bool = False,
        scale: bool = True,
        auxiliary: float = 0.2,
        cold: str = "weights",
        rate: float = 0.2,
        trait_rate: float = 0.05,
        weight_rate: float = 0.2,
        seed: int = 0,
    ):
        super().__init__(
            catalogue, dim, weights=weights, context_traits=context_traits, scale=scale, auxiliary=auxiliary,
            cold=cold, rate=rate, trait_rate=trait_rate, weight_rate=weight_rate, seed=seed,
        )  # fmt: skip
        if not catalogue.traits:
            raise ValueError("The catalogue has no traits: use SGNS, or add some (Catalogue.with_trait).")
        if weights not in WEIGHTS:
            raise ValueError(f"weights={weights!r} is not known: choose from {', '.join(WEIGHTS)}.")
        if cold not in ("weights", "mean"):
            raise ValueError(f'cold={cold!r} is not known: choose "weights" or "mean".')
        self.auxiliary, self.cold, self.context_traits = auxiliary, cold, context_traits

        def side(spread: float) -> TraitMixture:
            return TraitMixture(catalogue, dim, weights, scale, spread, rate, trait_rate, weight_rate, seed)

        self.target = side(0.5 / dim)
        self.context = side(0.0) if context_traits else Table(len(catalogue), dim, rate=rate)
        self.register_buffer("has_traits", torch.from_numpy(catalogue.has_traits), persistent=False)

    def loss(self, batch: SkipGramBatch) -> torch.Tensor:
        """`sgns_loss` of H, plus `auxiliary` times that of the traits' part alone."""
        items, place = batch.items.unique(return_inverse=True)
        parts = self.target(items)  # (U, n + 1, d)
        pairs = batch.pairs()
        context, noise = self._context_and_noise(batch)
        loss = sgns_loss(F.embedding(place, parts.sum(dim=1)), context, noise, pairs, batch.negatives)
        if self.auxiliary:
            alone = F.embedding(place, parts[:, 1:].sum(dim=1))
            pairs = pairs * self.has_traits[batch.items][:, :, None]
            loss = loss + self.auxiliary * sgns_loss(alone, context.detach(), noise.detach(), pairs, batch.negatives)
        return loss

    def _context_and_noise(self, batch: SkipGramBatch) -> tuple[torch.Tensor, torch.Tensor]:
        """(B, L, d) and (G, N, d)."""
        places = batch.items.numel()
        ids, place = torch.cat([batch.items.ravel(), batch.noise.ravel()]).unique(return_inverse=True)
        rows = self.context(ids)
        rows = F.embedding(place, rows.sum(dim=1) if self.context_traits else rows)
        return rows[:places].view(*batch.items.shape, -1), rows[places:].view(*batch.noise.shape, -1)

    @torch.no_grad()
    def contributions(self, which: str = "target", items: torch.Tensor | None = None) -> torch.Tensor:
        """(items, n + 1, d) c_s of each item; the sum over s is its embedding. Sources: the item, then its traits."""
        side = self._side(which)
        items = torch.arange(len(self.catalogue), device=self.device) if items is None else items
        return side(items)

    def _side(self, which: str) -> TraitMixture:
        side = {"target": self.target, "context": self.context}.get(which)
        if not isinstance(side, TraitMixture):
            raise ValueError(f"The {which!r} side of this model is not made of traits: see context_traits=.")
        return side

    @torch.no_grad()
    def embeddings(self, which: str = "target", unseen: str = "traits") -> torch.Tensor:
        """See `ItemModel.embeddings`. A plain context side has nothing for an unseen item, so "mean" and "context"
        with unseen="traits" raise ``ValueError`` where there are such items, unless context_traits=True."""
        self._check(which, unseen)
        cold = ~self.seen
        if which != "target" and unseen == "traits" and not self.context_traits and bool(cold.any()):
            raise ValueError(
                f'which="{which}" of an unseen item needs context_traits=True: take which="target" or unseen="zero".'
            )
        if which == "mean":
            return (self.embeddings("target", unseen) + self.embeddings("context", unseen)) / 2
        side = self.target if which == "target" else self.context
        every = torch.arange(len(self.catalogue), device=self.device)
        vectors = side.weight.clone() if isinstance(side, Table) else _blocks(side, every)
        if unseen == "zero":
            vectors[cold] = 0
        elif unseen == "traits" and isinstance(side, TraitMixture):
            vectors[cold] = self.cold_embeddings(every[cold], which)
        return vectors

    @torch.no_grad()
    def cold_embeddings(self, items: torch.Tensor, which: str = "target") -> torch.Tensor:
        """(U, d) what the items' traits alone say; a zero vector for an item without any."""
        return _blocks(self._side(which), items, own=False, learned=self.cold == "weights")


def _blocks(side: TraitMixture, items: torch.Tensor, size: int = 16_384, **options) -> torch.Tensor:
    """H of many items, a block at a time."""
    return torch.cat([side(block, **options).sum(dim=1) for block in items.split(size)])
