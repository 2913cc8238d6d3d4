"""Embeddings as the start of another task: which department is an item of, when only a few items are labelled?

The vectors were learned without a label. A multinomial logistic regression learns the labels on top of them, and again
on top of what knows nothing beforehand, with as many labels, and is asked about the items that have none:

- "random": a random vector for each item, of the same length. That is what a network with an embedding of its own has
  for an item that no label taught it: the start of that row. It can do no better than to guess the commonest label.
- "companions": how often an item shares a basket with every other item. The same baskets as the embeddings were
  trained on, thousands of numbers for each item, nothing learned: the fair start from nothing.
- "companions, projected": the same, brought to the length of the embeddings by a random projection (Johnson and
  Lindenstrauss 1984): as many numbers, from the same baskets, nothing learned.

A model that was trained with the very trait that is asked for must not take part: it has seen the answers. Nor should
one trained with a trait that gives it away, as a category gives its department away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from scipy.sparse import csr_array

from .data.dataset import Dataset, Ragged
from .evaluation import html_table, text_table
from .models.base import ItemModel
from .models.traits import MultiTraitSGNS

Features: TypeAlias = "np.ndarray | csr_array"  # (items, numbers)
PENALTIES = (0.001, 0.01, 0.1, 1.0, 10.0, 100.0)  # C of scikit-learn: the inverse of the penalty's strength


def starts(model: ItemModel, baskets: Ragged, seed: int = 0) -> dict[str, Features]:
    """name -> (items, numbers): the model's embeddings, and the three ways to start from nothing."""
    vectors = model.embeddings("target").detach().cpu().numpy()
    return {"embeddings": vectors, **from_nothing(companions(baskets, len(vectors)), vectors.shape[1], seed)}


def from_nothing(counts: csr_array, dim: int, seed: int = 0, name: str = "companions") -> dict[str, Features]:
    """name -> (rows, numbers): counts as they are, the same in `dim` numbers, and as many random ones.

    counts : (rows, anything) of what was to be seen without learning: an item's `companions`, or what a user bought.
    """
    rng = np.random.default_rng(seed)
    projection = rng.standard_normal((counts.shape[1], dim)) / np.sqrt(dim)
    return {
        name: counts,
        f"{name}, projected": counts @ projection,
        "random": rng.standard_normal((counts.shape[0], dim)),
    }


def companions(baskets: Ragged, items: int) -> csr_array:
    """(items, items) sparse: ``log(1 + baskets shared by i and j)``, an item with itself left out."""
    ones = np.ones(len(baskets.values), dtype=np.float32)
    bought = csr_array((ones, (baskets.row_of, baskets.values)), shape=(len(baskets), items))
    bought.data[:] = 1.0  # an item twice in a basket is there once
    together = csr_array(bought.T @ bought)
    together.setdiag(0)
    together.eliminate_zeros()
    return together.log1p()


@dataclass(frozen=True)
class Transfer:
    """Accuracies on the items without a label: ``accuracy[start][labels]`` holds one for each seed.

    Each value of the trait counts the same (balanced accuracy), for where three items of four are groceries, always
    answering "grocery" would be right three times of four. Guessing is right once in `values`.
    """

    trait: str
    values: int
    accuracy: dict[str, dict[int, list[float]]]

    def _table(self) -> tuple[list[str], list[list[str]]]:
        sizes = list(next(iter(self.accuracy.values())))
        rows = [
            [start, *(f"{np.mean(found[n]):.3f} ± {np.std(found[n]):.3f}" for n in sizes)]
            for start, found in self.accuracy.items()
        ]
        guess = ["guessing", *(f"{1 / self.values:.3f}" for _ in sizes)]
        return [f"{self.trait} from", *(f"{n:,} labels" for n in sizes)], [*rows, guess]

    def __repr__(self) -> str:
        return text_table(*self._table())

    def _repr_html_(self) -> str:
        return html_table(*self._table())


def transfer(
    model: ItemModel,
    dataset: Dataset,
    trait: str,
    sizes: Sequence[int] = (10, 100, 1000),
    seeds: Sequence[int] = (0, 1, 2),
    least: int = 50,
) -> Transfer:
    """Learn a trait of the items from a few labelled ones, on top of a model's embeddings and of nothing.

    Parameters
    ----------
    dataset : baskets of the model's items, and the trait.
    sizes : how many labelled items there are; seeds : which ones, drawn at random.
    least : values of the trait that fewer items carry are left out.
    Raises ``ValueError`` for a model trained with this trait, data without it or without baskets, or too many labels.
    """
    if isinstance(model, MultiTraitSGNS) and trait in model.catalogue.traits:
        raise ValueError(
            f"The model was trained with the trait {trait!r}, so it has seen the answers: train an SGNS, or a "
            "MultiTraitSGNS on a catalogue without it (Catalogue.select)."
        )
    if trait not in dataset.catalogue.traits or dataset.baskets is None:
        there = ", ".join(dataset.catalogue.traits) or "none"
        raise ValueError(f"{dataset.name} needs baskets and the trait {trait!r}; its traits are: {there}.")
    codes = dataset.catalogue.traits[trait].codes[:, 0]
    codes = np.where(np.bincount(codes)[codes] >= least, codes, 0)
    found = learn_labels(starts(model, dataset.baskets), codes, sizes, seeds)
    return Transfer(trait, len(np.unique(codes[codes > 0])), found)


def learn_labels(
    features: Mapping[str, Features], codes: np.ndarray, sizes: Sequence[int], seeds: Sequence[int]
) -> dict[str, dict[int, list[float]]]:
    """Start -> number of labels -> balanced accuracy on all other items, for each seed.

    All starts get the same labelled items, and leave out the same: those that one of them has nothing for. Each takes
    the penalty that turns out best on the items asked about, which flatters all of them alike.

    Parameters
    ----------
    features : name -> (items, numbers), see `starts`. codes : (items,) labels, 0 for unknown.
    Raises ``ValueError`` where half of the labelled items would not be left to ask about.
    """
    from sklearn.preprocessing import normalize

    units = {name: normalize(rows) for name, rows in features.items()}  # so that one range of penalties fits all
    there = [np.asarray(abs(rows).sum(axis=1)).ravel() > 0 for rows in units.values()]
    items = np.flatnonzero(np.logical_and.reduce([codes > 0, *there]))
    if max(sizes) * 2 > len(items):
        raise ValueError(
            f"{max(sizes):,} labels are too many: of {len(items):,} items that have one and a vector in every start, "
            "at least half should be left to ask about."
        )
    found: dict[str, dict[int, list[float]]] = {name: {n: [] for n in sizes} for name in units}
    for seed in seeds:
        order = np.random.default_rng(seed).permutation(items)
        for name, rows in units.items():
            for n in sizes:
                found[name][n].append(_accuracy(rows, codes, order[:n], order[n:]))
    return found


def _accuracy(rows: Features, codes: np.ndarray, known: np.ndarray, asked: np.ndarray) -> float:
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import balanced_accuracy_score

    if len(np.unique(codes[known])) == 1:  # nothing to tell apart
        return 1 / len(np.unique(codes[asked]))
    taught, others = within_span(rows, known, asked)
    fits = [LogisticRegression(C=c, max_iter=500, class_weight="balanced").fit(taught, codes[known]) for c in PENALTIES]
    return max(float(balanced_accuracy_score(codes[asked], fit.predict(others))) for fit in fits)


def within_span(rows: Features, known: np.ndarray, asked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same rows in as many numbers as there are known ones, if that is fewer.

    With an L2 penalty the weights are a mixture of the known rows (the representer theorem), so that what stands at
    right angles to all of them can be left out: the fit is the same, and takes seconds instead of minutes.
    """
    dense = [part.toarray() if hasattr(part, "toarray") else part for part in (rows[known], rows[asked])]
    if dense[0].shape[1] <= len(known):
        return dense[0], dense[1]
    basis = np.linalg.qr(dense[0].T)[0]  # (numbers, known)
    return dense[0] @ basis, dense[1] @ basis
