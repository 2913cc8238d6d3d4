"""Held-out pairs, cold items and negatives: one split on which every method is compared.

Baskets: the last tenth in time is held out, and one pair drawn from each. Edges: a third is held out.
Cold items lose everything they have in training. Every held-out pair gets a negative of each kind:

- uniform: an item drawn evenly, which mostly measures popularity;
- degree: an item drawn as often as it occurs in training, so that popularity no longer helps;
- category: an item of the same main trait as the one it replaces (where the data set has a main trait).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from .dataset import Dataset, Edges, Ragged, Ratings
from .graph import Graph
from .negatives import draw_negatives
from .samples import Baskets, Pairs, Walks, occurrences

LEAST_FOR_COLD = 5


@dataclass
class Split:
    """What is trained on, and what is asked afterwards.

    Attributes
    ----------
    dataset : the data set with only what is left for training.
    pairs : (P, 2) held-out pairs, the true ones.
    negatives : kind -> (P, 2) false pairs, row by row those of `pairs`; -1 where a pair has none.
    cold : (items,) booleans: items taken out of training altogether.
    """

    dataset: Dataset
    pairs: np.ndarray
    negatives: dict[str, np.ndarray]
    cold: np.ndarray
    seed: int = 0
    category: str | None = None
    settings: dict = field(default_factory=dict)

    def __repr__(self) -> str:
        if not len(self.pairs):
            return f"Split of {self.dataset.name}: training data only"
        kinds = ", ".join(self.negatives)
        return (
            f"Split of {self.dataset.name} (seed {self.seed}): {len(self.pairs):,} held-out pairs with {kinds} "
            f"negatives, {int(self.cold.sum()):,} cold items"
        )

    @property
    def catalogue(self):
        """The data set's catalogue."""
        return self.dataset.catalogue

    @cached_property
    def counts(self) -> np.ndarray:
        """(items,) how often each item occurs in training: in an edge, or in a basket of two or more."""
        baskets = self.dataset.baskets
        return self.dataset.popularity if baskets is None else occurrences(baskets, len(self.catalogue))

    @cached_property
    def graph(self) -> Graph:
        """The training edges, or how often two items share a training basket."""
        if self.dataset.edges is not None:
            return Graph.from_edges(self.dataset.edges, len(self.catalogue))
        assert self.dataset.baskets is not None
        return Graph.from_baskets(self.dataset.baskets, len(self.catalogue))

    @property
    def train(self) -> Walks | Baskets:
        """The samples that skip-gram trains on: baskets, or walks on the graph."""
        return self.baskets() if self.dataset.baskets is not None else self.walks()

    def baskets(self, **options) -> Baskets:
        """Training baskets, in chunks (options as in `Baskets`)."""
        if self.dataset.baskets is None:
            raise ValueError(f"{self.dataset.name!r} has edges, not baskets: use split.walks().")
        return Baskets(self.dataset.baskets, len(self.catalogue), **options)

    def walks(self, **options) -> Walks:
        """Walks on the training graph (options as in `Walks`)."""
        return Walks(self.graph, **options)

    def edges(self, weighted: bool = False, **options) -> Pairs:
        """The training graph's edges as pairs, for matrix factorisation; their value 1, or their weight."""
        edges = self.graph.edges()
        value = edges.weight if weighted else None
        return Pairs(edges.source, edges.target, len(self.catalogue), value, **{"negatives": 1, **options})

    def regions(self) -> dict[str, np.ndarray]:
        """Which held-out pairs count where: all; seen, both ends trained on; cold, one end taken out of training."""
        trained, cold = self.counts[self.pairs] > 0, self.cold[self.pairs]
        return {
            "all": np.ones(len(self.pairs), dtype=bool),
            "seen": trained.all(axis=1),
            "cold": (cold.sum(axis=1) == 1) & (trained.sum(axis=1) == 1),
        }

    def save(self, folder: str | Path, training_only: bool = False) -> None:
        """Write the split, its training data included, to a folder that `Split.load` reads.

        training_only=True leaves out what is asked afterwards (pairs, negatives, which items are cold), what would tell
        it (the seed, the settings, a generated set's truth), and the ids of users: that folder can be handed to those
        who are asked.
        """
        from ..storage import catalogue_to_folder

        if training_only:
            data, cold = replace(self.dataset, truth={}, user_ids=None), np.zeros_like(self.cold)
            return Split(data, np.empty((0, 2), dtype=np.int64), {}, cold, category=self.category).save(folder)
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        arrays: dict[str, Any] = {"pairs": self.pairs, "cold": self.cold}
        arrays |= {f"negatives.{kind}": pairs for kind, pairs in self.negatives.items()}
        data = self.dataset
        for part, fields in _PARTS.items():
            value = getattr(data, part)
            if value is not None:
                arrays |= {f"{part}.{name}": getattr(value, name) for name in fields}
        if data.users is not None:
            arrays["users"] = data.users
        np.savez(folder / "split.npz", **arrays)
        about = {"name": data.name, "main_trait": data.main_trait, "truth": data.truth, "seed": self.seed}
        about |= {"category": self.category, "settings": self.settings}
        about["user_ids"] = None if data.user_ids is None else data.user_ids.tolist()
        (folder / "split.json").write_text(json.dumps(about))
        catalogue_to_folder(data.catalogue, folder)

    @classmethod
    def load(cls, folder: str | Path) -> Split:
        """Read what `save` wrote. Raises ``FileNotFoundError`` where there is no split."""
        from ..storage import catalogue_from_folder

        folder = Path(folder)
        if not (folder / "split.json").exists():
            raise FileNotFoundError(f"There is no split in {folder}: save one there with split.save(folder).")
        about = json.loads((folder / "split.json").read_text())
        with np.load(folder / "split.npz", allow_pickle=False) as stored:
            arrays = dict(stored)
        parts = {
            part: _KINDS[part](*(arrays[f"{part}.{name}"] for name in fields))
            for part, fields in _PARTS.items()
            if f"{part}.{fields[0]}" in arrays
        }
        data = Dataset(
            about["name"], catalogue_from_folder(folder), users=arrays.get("users"), truth=about["truth"],
            main_trait=about["main_trait"], user_ids=_texts(about.get("user_ids")), **parts,
        )  # fmt: skip
        negatives = {key.split(".", 1)[1]: value for key, value in arrays.items() if key.startswith("negatives.")}
        return cls(
            data, arrays["pairs"], negatives, arrays["cold"], about["seed"], about["category"], about["settings"]
        )


def _texts(values: list[str] | None) -> np.ndarray | None:
    return None if values is None else np.array(values, dtype=object)


_PARTS = {
    "baskets": ("values", "offsets"),
    "edges": ("source", "target", "weight"),
    "ratings": ("user", "item", "value"),
}
_KINDS = {"baskets": Ragged, "edges": Edges, "ratings": Ratings}


def split(
    dataset: Dataset,
    cold_items: float = 0.1,
    hold_out: float | None = None,
    category: str | None = None,
    seed: int = 0,
) -> Split:
    """Split a data set of baskets or edges; ratings are made into baskets first (`Dataset.as_baskets`).

    Parameters
    ----------
    cold_items : the fraction of items, among those with a trait (any, if none has one) and at least 5 baskets or
        edges, that training never sees.
    hold_out : the fraction of baskets (default 0.1, the last in time) or edges (default 0.33) that is held out.
    category : the trait of the same-category negatives; the data set's main trait by default.
    Raises ``ValueError`` for fractions outside [0, 1), a trait that is not there, or too little data to hold any out.
    """
    for name, fraction in (("cold_items", cold_items), ("hold_out", hold_out or 0.0)):
        if not 0 <= fraction < 1:
            raise ValueError(f"{name} must be a fraction from 0 up to (not including) 1, not {fraction}.")
    category = category or dataset.main_trait
    if category is not None:
        dataset.catalogue.select(category)
    dataset = dataset.as_baskets()
    rng = np.random.default_rng(seed)
    occurs = dataset.popularity  # in edges: the distinct ones, for a table may list each in both directions
    if dataset.edges is not None and dataset.baskets is None:
        occurs = Graph.from_edges(dataset.edges, len(dataset.catalogue)).degrees.numpy()
    described = dataset.catalogue.has_traits | (not dataset.catalogue.traits)
    eligible = np.flatnonzero((occurs >= LEAST_FOR_COLD) & described)
    cold = np.zeros(len(dataset.catalogue), dtype=bool)
    cold[rng.choice(eligible, size=round(cold_items * len(eligible)), replace=False)] = True
    parts = _split_baskets if dataset.baskets is not None else _split_edges
    train, pairs, draw = parts(dataset, cold, hold_out, rng)
    if not len(pairs):
        raise ValueError(f"{dataset.name!r} is too small to hold anything out: it needs more baskets or edges.")
    negatives = {kind: draw(kind, None) for kind in ("uniform", "degree")}
    if category is not None:
        negatives["category"] = draw("category", dataset.catalogue.traits[category].codes)
    settings = {"cold_items": cold_items, "hold_out": hold_out}
    return Split(train, pairs, negatives, cold, seed, category, settings)


def _split_baskets(dataset: Dataset, cold: np.ndarray, hold_out: float | None, rng):
    baskets = dataset.baskets
    assert baskets is not None
    first = len(baskets) - round((0.1 if hold_out is None else hold_out) * len(baskets))
    train = baskets.take(np.arange(first))
    train = train.keep(~cold[train.values])
    counts = occurrences(train, len(cold))
    held_out = baskets.take(np.arange(first, len(baskets)))
    held_out = held_out.take(np.flatnonzero(held_out.lengths > 1))
    sizes = held_out.lengths
    one = rng.integers(sizes) if len(sizes) else sizes
    other = (one + rng.integers(1, sizes)) % sizes if len(sizes) else sizes
    pairs = held_out.values[held_out.offsets[:-1, None] + np.stack([one, other], axis=1)]
    # the kept end comes first: the cold item if there is one, else (the pair being in random order) either
    swap = cold[pairs[:, 1]] & ~cold[pairs[:, 0]]
    pairs[swap] = pairs[swap, ::-1]
    users = None if dataset.users is None else dataset.users[:first]
    data = Dataset(
        dataset.name, dataset.catalogue, train, users, truth=dataset.truth, main_trait=dataset.main_trait,
        user_ids=dataset.user_ids,
    )  # fmt: skip

    def draw(kind: str, codes: np.ndarray | None) -> np.ndarray:
        weight = (counts if kind == "degree" else counts > 0).astype(float)
        return draw_negatives(pairs, weight, codes, rng, keep_first=True)

    return data, pairs, draw


def _split_edges(dataset: Dataset, cold: np.ndarray, hold_out: float | None, rng):
    assert dataset.edges is not None
    graph = Graph.from_edges(dataset.edges, len(cold))
    edges = graph.edges()
    touched = cold[edges.source] | cold[edges.target]
    held_out = (rng.random(len(edges)) < (0.33 if hold_out is None else hold_out)) | touched
    train = Edges(edges.source[~held_out], edges.target[~held_out], edges.weight[~held_out])
    pairs = np.stack([edges.source[held_out], edges.target[held_out]], axis=1)
    swap = np.where(cold[pairs].sum(axis=1) == 1, cold[pairs[:, 1]], rng.random(len(pairs)) < 0.5)
    pairs[swap] = pairs[swap, ::-1]
    data = Dataset(
        dataset.name, dataset.catalogue, edges=train, truth=dataset.truth, main_trait=dataset.main_trait
    )  # fmt: skip
    nodes = (graph.degrees > 0).numpy()
    trained = np.bincount(np.concatenate([train.source, train.target]), minlength=len(cold)) > 0
    seen, with_cold = trained[pairs].all(axis=1), cold[pairs].sum(axis=1) == 1
    groups = [(seen, trained, False), (with_cold, trained, True), (~seen & ~with_cold, nodes, False)]

    def is_edge(rows: np.ndarray) -> np.ndarray:
        return (graph.weight_between(*torch.from_numpy(rows.T.copy())) > 0).numpy()

    def draw(kind: str, codes: np.ndarray | None) -> np.ndarray:
        """A seen pair's negatives are seen items, or they would be told apart by having no vector."""
        false = np.full_like(pairs, -1)
        for rows, among, keep_first in groups:
            replaced = pairs[rows, int(keep_first) :]
            ends = np.bincount(replaced.ravel(), minlength=len(cold)) * among
            weight = (ends if kind == "degree" else among).astype(float)
            keep_first = keep_first or codes is not None
            false[rows] = draw_negatives(pairs[rows], weight, codes, rng, keep_first, is_edge)
        return false

    return data, pairs, draw
