"""What a map of items asks of a model: places, colours, what lies near an item, what a selection has in common."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
import torch.nn.functional as F

from ..models.base import ItemModel
from ..models.traits import MultiTraitSGNS
from ..neighbours import Neighbours, nearest
from ..training import History
from . import projection

POPULARITY, IN_TRAINING = "popularity", "in training"
BANDS = ["#8250E6", "#1A80C4", "#009E73", "#D9A300", "#D55E00"]  # from seldom to often
METHODS = {"PCA": "pca", "t-SNE": "tsne", "UMAP": "umap"}


@dataclass(frozen=True)
class Common:
    """A value that `count` items of a selection carry, `lift` times as often as the items of the whole map do.

    How often is asked of the items whose trait is known.
    """

    trait: str
    value: str
    count: int
    lift: float


@dataclass(frozen=True)
class Own:
    """An item's sources, their softmax weights, and the part of its vector that each makes: ``<c_s, H> / |H|^2``, which
    adds up to 1."""

    sources: list[str]
    weights: list[float]
    parts: list[float]


class ItemSpace:
    """A model's items, as a map asks for them. It knows of no widget.

    Parameters
    ----------
    history : of a training with ``snapshots=``, so that the map can be seen forming.
    most : how many items the map holds: the most used ones, and of those that training never saw up to a tenth.

    Attributes
    ----------
    items : (n,) the numbers of the items on the map. Methods take and give *places*, 0 to n - 1, in this order.
    """

    def __init__(self, model: ItemModel, history: History | None = None, most: int = 8_000, seed: int = 0):
        if most < 1:
            raise ValueError(f"most={most} is how many items the map holds: give 1 or more.")
        self.model, self.seed = model, seed
        self._vectors: dict[str, torch.Tensor] = {}
        self.counts = model.counts.cpu().numpy()
        there = self.vectors("target").any(dim=1).numpy()
        if not there.any():
            raise ValueError("The model has seen no items yet, so there is nothing to map: train it first (mt.fit).")
        often = np.argsort(-self.counts, kind="stable")
        seen, unseen = often[there[often] & (self.counts[often] > 0)], often[there[often] & (self.counts[often] == 0)]
        spare = max(most - len(seen), most // 10)
        unseen = np.random.default_rng(seed).permutation(unseen)[:spare]
        self.items = np.concatenate([seen[: most - len(unseen)], unseen])
        self._place = {int(item): place for place, item in enumerate(self.items)}
        self.snapshots = [] if history is None else history.snapshots
        if any(len(vectors) != len(model.catalogue) for _, vectors in self.snapshots):
            raise ValueError(
                "The history is of a model with other items: give the one that this model's mt.fit returned."
            )
        self._then: tuple[int, torch.Tensor] = (-1, torch.empty(0))  # the last snapshot asked for, and its unit vectors
        self._plane: projection.Plane | None = None

    @property
    def sides(self) -> list[str]:
        """The vectors there are to choose from."""
        return [*self.model.sides, "mean"] if len(self.model.sides) > 1 else list(self.model.sides)

    def vectors(self, which: str) -> torch.Tensor:
        """(items, d) unit vectors on the CPU, zero for an item that has none on this side."""
        if which not in self._vectors:
            try:
                found = self.model.embeddings(which)
            except ValueError:  # a plain context side has nothing for an unseen item
                found = self.model.embeddings(which, unseen="zero")
            self._vectors[which] = F.normalize(found.detach().cpu().float(), dim=1)
        return self._vectors[which]

    def is_quick(self, which: str, method: str) -> bool:
        """Will `places` answer at once?"""
        return projection.is_cached(self._with_vector(which)[0], method, self.seed)

    def places(self, which: str = "target", method: str = "pca") -> np.ndarray:
        """(n, 2) where the items lie on the map, NaN for one without a vector."""
        rows, there = self._with_vector(which)
        points = np.full((len(self.items), 2), np.nan, dtype=np.float32)
        points[there] = projection.project(rows, method, self.seed)
        return points

    def _with_vector(self, which: str) -> tuple[torch.Tensor, np.ndarray]:
        rows = self.vectors(which)[self.items]
        there = rows.any(dim=1)
        return rows[there], there.numpy()

    def places_then(self, snapshot: int) -> np.ndarray:
        """(n, 2) where the items lay at a snapshot, on the last one's plane: so that points move and don't jump.

        NaN for an item that had no vector yet.
        """
        if self._plane is None:
            last = self.vectors_then(-1)[self.items]
            self._plane = projection.Plane.of(last[last.any(dim=1)])
        rows = self.vectors_then(snapshot)[self.items]
        places = self._plane(rows)
        places[~rows.any(dim=1)] = torch.nan
        return places.numpy()

    @cached_property
    def ends_then(self) -> list[float]:
        """Left, low, right and high of the last snapshot: what a map of all snapshots shows."""
        last = self.places_then(-1)
        return [*np.nanmin(last, axis=0).tolist(), *np.nanmax(last, axis=0).tolist()]

    def vectors_then(self, snapshot: int) -> torch.Tensor:
        """(items, d) unit vectors of a snapshot."""
        number = snapshot % len(self.snapshots)
        if self._then[0] != number:
            self._then = number, F.normalize(self.snapshots[number][1].float(), dim=1)
        return self._then[1]

    @property
    def colours(self) -> list[str]:
        """What the map can be coloured by."""
        return [*self.model.catalogue.traits, POPULARITY, IN_TRAINING]

    def colour(self, name: str) -> tuple[list[str], list[str] | None, list[str]]:
        """(n,) a text for each item; the texts of the legend in order (None: by frequency), and their colours."""
        if name == IN_TRAINING:
            return ["yes" if count else "no" for count in self.counts[self.items]], ["yes", "no"], []
        if name != POPULARITY:
            trait = self.model.catalogue.traits[name]
            return [trait.text(item) for item in self.items], None, []
        counts = self.counts[self.items]
        edges = np.unique(np.quantile(counts[counts > 0], [0.2, 0.4, 0.6, 0.8]).round().astype(int))
        ends = [f"up to {edges[0]:,}"]
        ends += [f"{low + 1:,} to {high:,}" for low, high in zip(edges, edges[1:])] + [f"over {edges[-1]:,}"]
        order = ["0", *ends]
        return (
            [order[0 if not count else 1 + int(np.searchsorted(edges, count))] for count in counts],
            order,
            ["#8C8C8C", *BANDS[: len(ends) - 1], BANDS[-1]],
        )

    def around(self, place: int, which: str = "target", snapshot: int | None = None, k: int = 10) -> Neighbours:
        """The k nearest items of the whole catalogue that training saw; if asked, by the vectors of a snapshot."""
        vectors, item = self.vectors(which), int(self.items[place])
        if snapshot is not None:
            vectors = self.vectors_then(snapshot)
        if not vectors[item].any():
            return Neighbours([], self.model.catalogue.names[item])
        return nearest(self.model, vectors @ vectors[item], item, k)

    def places_of(self, items: Iterable[int]) -> list[int]:
        """The places of those items that are on the map."""
        return [self._place[item] for item in items if item in self._place]

    def title(self, which: str, method: str, shown: int | None = None) -> str:
        """What a map shows."""
        name = next(name for name, own in METHODS.items() if own == method)
        shown, whole = len(self.items) if shown is None else shown, len(self.model.catalogue)
        part = f"{shown:,} items" if shown == whole else f"{shown:,} of {whole:,} items"
        return f"{part}, {which} vectors, {name}" + ("" if method == "pca" else f", seed {self.seed}")

    @torch.no_grad()
    def own(self, place: int) -> Own | None:
        """What an item's target vector is made of; None for a model without traits."""
        if not isinstance(self.model, MultiTraitSGNS):
            return None
        item = torch.tensor([int(self.items[place])], device=self.model.device)
        seen = bool(self.model.seen[item])
        mixed = {"own": seen, "learned": seen or self.model.cold == "weights"}
        parts = self.model.target.contributions(item, **mixed)[0].cpu()  # (n + 1, d)
        whole = parts.sum(dim=0)
        weights = self.model.target.weights(item, **mixed)[0]
        shares = parts @ whole / whole.square().sum().clamp(min=1e-30)
        return Own(self.model.sources, weights.tolist(), shares.tolist())

    def in_common(self, places: Sequence[int], k: int = 8) -> list[Common]:
        """The values that stand out in a selection: most of all those that are both frequent in it and rare outside.

        Ordered by ``count * log(lift)``; a value counts if two items carry it, and more often than all items do.
        """
        found = []
        chosen = self.items[np.asarray(places, dtype=int)]
        for name, trait in self.model.catalogue.traits.items():
            inside, everywhere = (_carried(trait.codes[rows], len(trait.values)) for rows in (chosen, self.items))
            if not inside.any():
                continue
            known_inside = (trait.codes[chosen] > 0).any(axis=1).sum()
            known = (trait.codes[self.items] > 0).any(axis=1).sum()
            lift = inside / known_inside / np.maximum(everywhere, 1) * known
            for code in np.flatnonzero((inside >= 2) & (lift > 1.05)):
                found.append(Common(name, trait.values[code], int(inside[code]), float(lift[code])))
        return sorted(found, key=lambda c: -c.count * np.log(c.lift))[:k]


def _carried(codes: np.ndarray, values: int) -> np.ndarray:
    """(values,) how many items carry each value; 0, unknown, is not counted."""
    count = np.bincount(codes.ravel(), minlength=values)
    count[0] = 0
    return count


def methods() -> dict[str, str]:
    """The projections that can be had here."""
    there = importlib.util.find_spec("umap") is not None
    return {name: method for name, method in METHODS.items() if method != "umap" or there}
