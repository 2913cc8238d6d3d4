"""Multi-trait skip-gram: an item's vector is a learned mixture of its own row and those of its traits.

The sources of item v are s = 0 (the item itself) and its traits s = 1..n, of which m_v are known in all:

    H_v = sum_s c_s(v),    c_s(v) = m_v * softmax(a)_s * W^s_v

with the softmax over the known sources only. One vector a for the whole catalogue is multi-trait skip-gram; a vector
a_v per item is EGES (Wang et al., KDD 2018, eq. 7); all a equal is GES. m_v keeps the item's own gradient from
shrinking when an item has many traits; ``scale=False`` leaves it out, which is the papers' average.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from ..data.catalogue import Catalogue, Trait
from ..data.samples import SkipGramBatch
from .base import ItemModel
from .sgns import SgnsLoss
from .tables import Table

WEIGHT_RATES = {"uniform": 0.0, "global": 0.7, "item": 0.2}


class TraitMixture(nn.Module):
    """One side's tables and weights. It is asked like a `Table`, item numbers in and vectors out, but answers with H.

    Parameters
    ----------
    weights : "uniform", "global" (one softmax) or "item" (a softmax per item).
    spread : the item rows start uniform in (-spread, spread); trait rows and logits at 0.
    rate, trait_rate, weight_rate : Adagrad's step sizes for item rows, trait rows and logits (see `WEIGHT_RATES`).
    more : sources after the traits, which a subclass knows of.
    """

    starts: torch.Tensor
    code: torch.Tensor
    source: torch.Tensor
    count: torch.Tensor

    def __init__(self, catalogue: Catalogue, dim, weights, scale, spread, rate, trait_rate, weight_rate, seed, more=0):
        super().__init__()
        self.scale, self.sources, self.per_item = scale, 1 + len(catalogue.traits) + more, weights == "item"
        self.items = Table(len(catalogue), dim, spread=spread, rate=rate, seed=seed)
        rows = sum(len(trait.values) for trait in catalogue.traits.values())
        self.values = Table(rows, dim, rate=trait_rate)
        # A row of logits for all items hears from every batch, so it can wait until the first gradients, which only
        # find the common direction of all items, have passed; a row of one item hears seldom and can't.
        rows, start = (len(catalogue), 0.0) if self.per_item else (1, 0.1)
        if weight_rate is None:
            weight_rate = WEIGHT_RATES[weights]
        self.logits = Table(rows, self.sources, rate=weight_rate, start=start)
        for name, array in known_values(catalogue, self.sources).items():
            self.register_buffer(name, torch.from_numpy(array), persistent=False)

    def entries(self, items: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """(U,) items -> their values, E in all: (E,) of whom (a place in `items`), row of the table, source."""
        first, number = self.starts[items], self.starts[items + 1] - self.starts[items]
        owner = torch.arange(len(items), device=items.device).repeat_interleave(number)
        before = number.cumsum(0) - number
        entry = torch.arange(len(owner), device=items.device) + (first - before)[owner]
        return owner, self.code[entry], self.source[entry]

    def known(self, items: torch.Tensor, own: bool = True) -> torch.Tensor:
        """(U, n + 1) booleans: which sources has each item? The first, the item itself, is there if `own`."""
        known = self.count[items] > 0
        known[:, 0] = own
        return known

    def weights(self, items: torch.Tensor, own: bool = True, learned: bool = True) -> torch.Tensor:
        """(U, n + 1) the softmax of the logits over the known sources, 0 for an item that has none.

        own=False leaves the item's own row out, as for an item that was never seen; learned=False takes the
        plain mean of the known sources, as EGES does for cold items.
        """
        known = self.known(items, own)
        logits = self.logits(items if self.per_item else torch.zeros_like(items))
        logits = (logits if learned else torch.zeros_like(logits)).masked_fill(~known, -torch.inf)
        return logits.softmax(dim=1).nan_to_num(0.0)

    def mix(self, items: torch.Tensor, own: bool = True, learned: bool = True) -> torch.Tensor:
        """(U, n + 1) what each value's vector is multiplied by: m_v softmax(a)_s over the source's number of values."""
        weights = self.weights(items, own, learned)
        if self.scale:
            weights = weights * self.known(items, own).sum(dim=1, keepdim=True)
        return weights / self.count[items].clamp(min=1)

    def whole_and_traits(self, items: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(...,) -> H and its traits' part alone, both (..., d)."""
        distinct, place = items.unique(return_inverse=True)
        mix = self.mix(distinct)
        traits = self.of_traits(distinct, mix)
        whole = mix[:, :1] * self.items(distinct) + traits
        return F.embedding(place, whole), F.embedding(place, traits)

    def of_traits(self, items: torch.Tensor, mix: torch.Tensor) -> torch.Tensor:
        """(U,) items and their (U, n + 1) `mix` -> (U, d) the sum over s > 0 of c_s."""
        owner, code, source = self.entries(items)
        values, which = code.unique(return_inverse=True)
        before = torch.searchsorted(owner, torch.arange(len(items), device=items.device))
        share = mix[owner, source]
        return F.embedding_bag(which, self.values(values), before, mode="sum", per_sample_weights=share)

    def forward(self, items: torch.Tensor) -> torch.Tensor:
        """(...,) -> H: (..., d)."""
        return self.whole_and_traits(items)[0]

    def contributions(self, items: torch.Tensor, **options) -> torch.Tensor:
        """(U,) -> c: (U, n + 1, d), whose sum over the sources is H (options as in `weights`)."""
        mix = self.mix(items, **options)
        owner, code, source = self.entries(items)
        parts = mix[..., None] * F.pad(self.items(items)[:, None], (0, 0, 0, self.sources - 1))  # (U, n + 1, d)
        return parts.index_put((owner, source), mix[owner, source, None] * self.values(code), accumulate=True)


def known_values(catalogue: Catalogue, sources: int) -> dict[str, np.ndarray]:
    """Every known value of every item, item by item, E in all.

    starts : (items + 1,) where each item's begin. code : (E,) the value's row in the one table that all traits' values
    share (each trait's codes begin where the last one's ended). source : (E,) which source it belongs to.
    count : (items, sources) how many values a source has.
    """
    traits = list(catalogue.traits.values())
    firsts = np.cumsum([0, *(len(trait.values) for trait in traits)])
    none = np.zeros((len(catalogue), 0), dtype=np.int64)
    code = np.concatenate([none, *(t.codes + first for t, first in zip(traits, firsts))], axis=1)
    known = np.concatenate([none > 0, *(t.codes > 0 for t in traits)], axis=1)
    source = np.repeat(np.arange(1, 1 + len(traits)), np.array([t.codes.shape[1] for t in traits], dtype=int))
    source = np.broadcast_to(source, known.shape)[known]
    count = np.zeros((len(catalogue), sources), dtype=np.float32)
    np.add.at(count, (np.nonzero(known)[0], source), 1)
    starts = np.concatenate([[0], known.sum(axis=1).cumsum()])
    return {"starts": starts, "code": code[known], "source": source, "count": count}


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
    rate, context_rate : step sizes of the items' rows on the target and on the context side.
    trait_rate, weight_rate : step sizes of trait rows, and of weight logits (by default as in `WEIGHT_RATES`).
    Raises ``ValueError`` when the catalogue has no traits, or for a choice that does not exist.
    """

    sides = ("target", "context")
    has_traits: torch.Tensor

    def __init__(
        self,
        catalogue: Catalogue,
        dim: int = 64,
        weights: str = "global",
        context_traits: bool = False,
        scale: bool = True,
        auxiliary: float = 0.2,
        cold: str = "weights",
        rate: float = 0.1,
        trait_rate: float = 0.015,
        context_rate: float = 0.2,
        weight_rate: float | None = None,
        seed: int = 0,
    ):
        super().__init__(
            catalogue, dim, weights=weights, context_traits=context_traits, scale=scale, auxiliary=auxiliary,
            cold=cold, rate=rate, trait_rate=trait_rate, context_rate=context_rate, weight_rate=weight_rate,
            seed=seed,
        )  # fmt: skip
        if not catalogue.traits:
            raise ValueError("The catalogue has no traits: use SGNS, or add some (Catalogue.with_trait).")
        self._check_choices()
        self.context_traits = context_traits

        def side(spread: float, rate: float) -> TraitMixture:
            return TraitMixture(catalogue, dim, weights, scale, spread, rate, trait_rate, weight_rate, seed)

        self.target = side(0.5 / dim, rate)
        self.context = side(0.0, context_rate) if context_traits else Table(len(catalogue), dim, rate=context_rate)
        self.register_buffer("has_traits", torch.from_numpy(catalogue.has_traits), persistent=False)

    def _check_choices(self) -> None:
        weights, self.auxiliary, self.cold = (self.options[name] for name in ("weights", "auxiliary", "cold"))
        if weights not in WEIGHT_RATES:
            raise ValueError(f"weights={weights!r} is not known: choose from {', '.join(WEIGHT_RATES)}.")
        if self.cold not in ("weights", "mean"):
            raise ValueError(f'cold={self.cold!r} is not known: choose "weights" or "mean".')

    @property
    def traits(self) -> dict[str, Trait]:
        """The traits that are sources."""
        return self.catalogue.traits

    @property
    def sources(self) -> list[str]:
        """Names of the sources: the item, then its traits."""
        return ["item", *self.traits]

    def loss(self, batch: SkipGramBatch) -> torch.Tensor:
        """`sgns_loss` of H, plus `auxiliary` times that of the traits' part alone."""
        whole, traits = self.target.whole_and_traits(batch.items)
        context, noise = self.context(batch.items), self.context(batch.noise)
        pairs = batch.pairs()
        loss = SgnsLoss.apply(whole, context, noise, pairs, batch.negatives, batch.total(pairs))
        if self.auxiliary:
            pairs = pairs * self.has_traits[batch.items][:, :, None]
            loss = loss + self.auxiliary * SgnsLoss.apply(
                traits, context.detach(), noise.detach(), pairs, batch.negatives, batch.total(pairs, described=True)
            )
        return loss

    @torch.no_grad()
    def contributions(self, which: str = "target", items: torch.Tensor | None = None) -> torch.Tensor:
        """(items, n + 1, d) c_s of each item; the sum over s is its embedding. Sources: the item, then its traits."""
        side = self._side(which)
        items = torch.arange(len(self.catalogue), device=self.device) if items is None else items
        return side.contributions(items)

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
    return torch.cat([side.contributions(block, **options).sum(dim=1) for block in items.split(size)])
