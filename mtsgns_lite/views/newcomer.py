"""A product that nobody has bought yet: what a trained model makes of its traits."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import torch
import torch.nn.functional as F

from ..cold import TraitRows, Values, codes_of
from ..models.base import ItemModel
from ..models.traits import MultiTraitSGNS
from ..neighbours import Neighbours, nearest, trait_weights
from . import projection
from .itemspace import ItemSpace
from .what_if import well_known

AROUND = 10  # items between which a place on a t-SNE or UMAP map is found


class Newcomer:
    """Traits in, vector, neighbours and place on the map out, for an item that training never saw.

    Everywhere, `values` are the texts of its traits: ``{"brand": "Acme", "tags": ["new", "sale"]}``; what is left out,
    None or "unknown" is unknown.

    Parameters
    ----------
    which : the side whose vectors are compared, "target" or "context".
    method, most, seed : of the map (see `mt.explore`).
    Raises ``ValueError`` for a model without traits on that side, one that was not trained yet, or a projection that
    does not exist.
    """

    def __init__(
        self, model: ItemModel, which: str = "target", method: str = "pca", most: int = 8_000, seed: int = 0
    ):  # fmt: skip
        if not isinstance(model, MultiTraitSGNS) or not model.traits:
            raise ValueError(f"{type(model).__name__} makes no vectors of new items: use MultiTraitSGNS.")
        if method not in projection.METHODS:
            raise ValueError(f"There is no projection {method!r}: choose one of {', '.join(projection.METHODS)}.")
        self.summary = trait_weights(model, which)
        self.model, self.which, self.method = model, which, method
        self.side = model._side(which)
        self.rows = TraitRows.of(model, which)
        self.traits = model.traits
        self.space = ItemSpace(model, most=most, seed=seed)

    def codes(self, values: Values) -> dict[str, list[int]]:
        """The known codes of each trait (see `codes_of`)."""
        return codes_of(self.traits, values)

    def weights(self, values: Values) -> dict[str, float]:
        """What each trait counts: the softmax over the known ones, 0 for the others (see `TraitRows`)."""
        known = [bool(codes) for codes in self.codes(values).values()]
        return dict(zip(self.traits, self.rows.weights(known).tolist()))

    def vector(self, values: Values) -> torch.Tensor:
        """(d,) the mixture of the values' rows, as for any cold item; zero where nothing is known."""
        return torch.from_numpy(self.rows.vector(self.traits, values))

    def neighbours(self, values: Values, k: int = 8) -> Neighbours:
        """The k nearest items that were bought, none where there is no vector."""
        unit = self._unit(values)
        if not unit.any():
            return Neighbours([], "the new product")
        near = nearest(self.model, self.space.vectors(self.which) @ unit, None, k)
        chosen = self.codes(values)
        return Neighbours((replace(n, shared=self._shared(chosen, n.item)) for n in near), "the new product")

    def place(self, values: Values) -> tuple[float, float] | None:
        """Where it lies on the map, None without a vector.

        Exact for PCA. t-SNE and UMAP have no place for what they were not fitted to: there it is the mean of the
        places of its nearest items, each weighted by how much nearer it is than the first one left out.
        """
        unit = self._unit(values)
        if not unit.any():
            return None
        if self.method == "pca":
            x, y = self._plane(unit[None])[0].tolist()
            return x, y
        rows, places = self._mapped
        best = (rows @ unit).topk(min(AROUND + 1, len(rows)))
        weight = (best.values - best.values[-1]).clamp(min=1e-6)
        x, y = (weight @ places[best.indices] / weight.sum()).tolist()
        return x, y

    def popular(self, k: int = 8) -> list[tuple[str, int]]:
        """The names of the k items that occurred most often in training, and how often: all there is without traits."""
        counts = self.model.counts.cpu()
        order = counts.argsort(descending=True, stable=True)[:k].tolist()
        return [(str(self.model.catalogue.names[item]), round(float(counts[item]))) for item in order if counts[item]]

    def values_of(self, item: object, most: int | None = None) -> dict[str, list[str]]:
        """The values of an item of the catalogue, of its `most` telling traits only (by contribution share)."""
        number = self.model.catalogue.index(item)
        shares = dict(zip(self.summary.sources, self.summary.share))
        telling = sorted((t for t in self.traits if self.traits[t].known[number]), key=lambda t: -shares[t])[:most]
        return {
            name: [self.traits[name].values[code] for code in self.traits[name].codes[number] if code]
            for name in self.traits
            if name in telling
        }

    @property
    def example(self) -> int:
        """A well-known item, whose kind a new one may be of."""
        return well_known(self.model)

    def _unit(self, values: Values) -> torch.Tensor:
        return F.normalize(self.vector(values).float(), dim=0)

    def _shared(self, chosen: dict[str, list[int]], item: int) -> dict[str, str]:
        """The traits in which an item has a value that was chosen, and which."""
        common = {name: set(chosen[name]) & set(trait.codes[item].tolist()) for name, trait in self.traits.items()}
        return {name: " | ".join(self.traits[name].values[c] for c in sorted(cs)) for name, cs in common.items() if cs}

    @cached_property
    def _mapped(self) -> tuple[torch.Tensor, torch.Tensor]:
        """The items of the map that have a vector: their vectors and places."""
        rows = self.space.vectors(self.which)[self.space.items]
        there = rows.any(dim=1)
        return rows[there], torch.from_numpy(self.space.places(self.which, self.method))[there]

    @cached_property
    def _plane(self) -> projection.Plane:
        return projection.Plane.of(self._mapped[0])
