"""What if the trait weights were others? The answers without a page: vectors, neighbours, AUC."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
import torch.nn.functional as F

from ..data.splits import Split
from ..evaluation import auc
from ..models.siamese import ContentMixture
from ..models.traits import MultiTraitSGNS
from ..neighbours import Neighbours, nearest, trait_weights

PAIRS = 20_000  # of each region, at most: a slider can't wait for more
REGIONS = ("seen", "cold")


@dataclass(frozen=True)
class Answer:
    """What follows from a set of weights: the AUC of degree-matched pairs by region, and an item's neighbours."""

    auc: dict[str, float | None]
    near: Neighbours


class WhatIf:
    """A trained model's embeddings under weights that somebody sets; the model itself stays as it is.

    The item's number of known sources, unknown traits and items that training never saw count as they do in the model:
    weights are renormalised over what is known, and an unseen item has no row of its own.

    Parameters
    ----------
    split : where the AUC is computed; without one there is none.
    which : the side, "target" or "context".
    Raises ``ValueError`` for a model without traits on that side, one that was not trained yet, or a split of a
    catalogue of another size.
    """

    def __init__(self, model: MultiTraitSGNS, split: Split | None = None, which: str = "target"):
        self.summary = trait_weights(model, which)
        if split is not None and len(split.catalogue) != len(model.catalogue):
            raise ValueError(
                f"The split has {len(split.catalogue)} items but the model {len(model.catalogue)}: "
                "give the split that the model was trained on."
            )
        self.model, self.split, self.which = model, split, which
        self.sources = self.summary.sources
        side = model._side(which)
        every = torch.arange(len(model.catalogue), device=model.device)
        self.rows, self.values = (table.weight.detach().cpu().clone() for table in (side.items, side.values))
        self.owner, self.code, self.source = (part.cpu() for part in side.entries(every))
        self.starts = side.starts[:-1].cpu()
        seen = model.seen.cpu()
        self.known = side.known(every).cpu()
        self.known[:, 0] &= seen
        number = self.known.sum(dim=1, keepdim=True) if side.scale else 1
        self.factor = self.known * number / side.count.cpu().clamp(min=1)  # (items, sources)
        self.weighted = seen | (model.cold == "weights")  # the others get the plain mean of their traits
        with torch.no_grad():
            self.learned = side.weights(every).cpu()  # (items, sources)
            self.texts = side.read(every).cpu() if isinstance(side, ContentMixture) else None  # (items, d)
        self.pairs = {} if split is None else _asked(split)

    @property
    def per_item(self) -> bool:
        """Did every item learn weights of its own?"""
        return self.model._side(self.which).per_item

    @property
    def start(self) -> int:
        """A well-known item: of those with most traits known, the one that occurred most often in training."""
        return well_known(self.model)

    def vectors(self, weights: Sequence[float] | torch.Tensor | None = None) -> torch.Tensor:
        """(items, d) the embeddings with these weights, as learned without.

        Parameters
        ----------
        weights : (sources,) the same for all items, or (items, sources); 0 or more, of any sum.
        Raises ``ValueError`` for another number of weights, negative ones, or all 0.
        """
        mix = self._mix(self.learned if weights is None else self._checked(weights))
        traits = F.embedding_bag(
            self.code, self.values, self.starts, mode="sum", per_sample_weights=mix[self.owner, self.source]
        )
        return mix[:, :1] * self.rows + traits + (0 if self.texts is None else mix[:, -1:] * self.texts)

    def answer(self, item: object, weights: Sequence[float] | None = None, k: int = 8) -> Answer:
        """What follows from these weights, or from the learned ones.

        Raises ``KeyError`` for an item that is not there, ``ValueError`` for one without a vector, or bad weights.
        """
        query = self.model.catalogue.index(item)
        unit = self._learned_unit if weights is None else F.normalize(self.vectors(weights), dim=1)
        if not unit[query].any():
            name = self.model.catalogue.names[query]
            raise ValueError(f"{name!r} has no vector with these weights: all that is known of it has the weight 0.")
        near = nearest(self.model, unit @ unit[query], query, k)
        return Answer(self._learned_auc if weights is None else self._auc(unit), near)

    def _checked(self, weights: Sequence[float] | torch.Tensor) -> torch.Tensor:
        asked = torch.as_tensor(weights, dtype=self.rows.dtype)
        shapes = [(len(self.sources),), tuple(self.known.shape)]
        if tuple(asked.shape) not in shapes or not asked.isfinite().all() or (asked < 0).any() or not asked.any():
            raise ValueError(
                f"Give {len(self.sources)} weights of 0 or more, not all 0: one each for {', '.join(self.sources)}."
            )
        return asked

    def _mix(self, weights: torch.Tensor) -> torch.Tensor:
        """(items, sources) what each value's vector is multiplied by, as `TraitMixture.mix`."""
        weights = torch.where(self.weighted[:, None], weights, torch.ones_like(weights)) * self.known
        return weights / weights.sum(dim=1, keepdim=True).clamp(min=1e-30) * self.factor

    @cached_property
    def _learned_unit(self) -> torch.Tensor:
        return F.normalize(self.vectors(), dim=1)

    @cached_property
    def _learned_auc(self) -> dict[str, float | None]:
        return self._auc(self._learned_unit)

    def _auc(self, unit: torch.Tensor) -> dict[str, float | None]:
        def cosine(pairs: torch.Tensor) -> np.ndarray:
            return (unit[pairs[0]] * unit[pairs[1]]).sum(dim=1).numpy()

        return {region: auc(cosine(true), cosine(false)) for region, (true, false) in self.pairs.items()}


def _asked(split: Split) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    """For each region the held-out pairs and their degree-matched negatives, (2, P) both; of very many, `PAIRS`."""
    false = split.negatives.get("degree", np.full_like(split.pairs, -1))
    regions, rng = split.regions(), np.random.default_rng(split.seed)
    asked = {}
    for region in REGIONS:
        rows = np.flatnonzero(regions[region] & (false[:, 0] >= 0))
        if len(rows) > PAIRS:
            rows = rng.choice(rows, PAIRS, replace=False)
        asked[region] = (torch.from_numpy(split.pairs[rows].T.copy()), torch.from_numpy(false[rows].T.copy()))
    return asked


def well_known(model: MultiTraitSGNS) -> int:
    """Of the items with most traits known, the one that occurred most often in training."""
    known = model.target.known(torch.arange(len(model.catalogue), device=model.device)).sum(dim=1).cpu().numpy()
    counts = model.counts.cpu().numpy()
    return int(np.lexsort((counts, known * (counts > 0)))[-1])
