"""A weighted graph that is small enough to draw and to reckon with by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

MOST = 12  # nodes of a graph, and of a walk, that a page has room for
EXAMPLE = [
    ("tea", "milk", 5), ("tea", "bread", 3), ("milk", "bread", 2), ("milk", "butter", 2), ("bread", "butter", 5),
    ("butter", "soap", 1), ("soap", "sponge", 4), ("soap", "towel", 3), ("sponge", "towel", 2), ("towel", "shampoo", 3),
    ("soap", "shampoo", 5),
]  # fmt: skip


@dataclass(frozen=True)
class SmallGraph:
    """An undirected graph of a few nodes.

    Attributes
    ----------
    names : (n,) in the order in which edges mention them.
    weights : (n, n) symmetric, 0 where there is no edge.
    """

    names: list[str]
    weights: np.ndarray

    @classmethod
    def from_edges(cls, edges: Sequence[tuple[str, str, float]]) -> SmallGraph:
        """From (one end, other end, weight); repeated edges are summed, self-loops are dropped.

        Raises ``ValueError`` for no edges, more than `MOST` nodes, an edge that is no such triple, a weight that is
        not positive, and a node that has no edge to another.
        """
        triples = [_triple(number, edge) for number, edge in enumerate(edges, 1)]
        if not triples:
            raise ValueError("The graph has no edges: pass some, each as (one end, other end, weight).")
        names = list(dict.fromkeys(end for triple in triples for end in triple[:2]))
        if len(names) > MOST:
            raise ValueError(f"The stepper can draw {MOST} nodes, not {len(names)}: pass a smaller part of the graph.")
        weights = np.zeros((len(names), len(names)))
        for one, other, weight in triples:
            if one != other:
                weights[names.index(one), names.index(other)] += weight
                weights[names.index(other), names.index(one)] += weight
        for node in np.flatnonzero(weights.sum(axis=1) == 0):
            raise ValueError(f"A walk is stuck on {names[node]!r}, which has no edge to another node: add one.")
        return cls(names, weights)

    @property
    def counts(self) -> np.ndarray:
        """(n,) f: the sum of a node's weights, to which a long walk's visits are proportional where p = q = 1."""
        return self.weights.sum(axis=1)

    def kinds(self, previous: int | None) -> list[str]:
        """node2vec's factor on the weight of a step to each node, having come from `previous`, as a formula."""
        if previous is None:
            return ["1"] * len(self.names)
        kinds = ["1" if weight > 0 else "1/q" for weight in self.weights[previous]]
        kinds[previous] = "1/p"
        return kinds

    def chances(self, node: int, previous: int | None = None, p: float = 1.0, q: float = 1.0) -> np.ndarray:
        """(n,) the probability of each step from `node`: alpha times weight, divided by their sum."""
        alpha = {"1/p": 1 / p, "1": 1.0, "1/q": 1 / q}
        strength = self.weights[node] * [alpha[kind] for kind in self.kinds(previous)]
        return strength / strength.sum()

    def noise(self, exponent: float) -> np.ndarray:
        """(n,) the probability of each node as a negative: f^exponent, divided by its sum."""
        strength = self.counts**exponent
        return strength / strength.sum()


def _triple(number: int, edge: Sequence) -> tuple[str, str, float]:
    """An edge as it should be, or a sentence on what is wrong with it."""
    try:
        one, other, given = edge
        weight = float(given)
    except (TypeError, ValueError):
        raise ValueError(f"Edge {number} is {edge!r}: it must be (one end, other end, weight).") from None
    if not (weight > 0 and math.isfinite(weight)):
        raise ValueError(f"The edge from {one!r} to {other!r} has weight {given}: it must be a positive number.")
    return str(one), str(other), weight
