"""Negatives: for each true pair a false one, drawn by weight, and within a category where that is asked."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def draw_negatives(
    pairs: np.ndarray,
    weight: np.ndarray,
    codes: np.ndarray | None,
    rng: np.random.Generator,
    keep_first: bool,
    is_edge: Callable[[np.ndarray], np.ndarray] | None = None,
    tries: int = 50,
) -> np.ndarray:
    """A false pair for each true one, drawn again while it is a self-pair or an edge; (-1, -1) where none was found.

    Ends are drawn in proportion to `weight`, and where `codes` are given, among the items that share the main value of
    the item they replace. keep_first replaces the second end only.
    """
    draw = _Draw(weight, codes, rng)
    false = np.full_like(pairs, -1)
    todo = np.arange(len(pairs))
    for _ in range(tries):
        if not len(todo):
            break
        first, second = pairs[todo].T
        rows = np.stack([first if keep_first else draw(first), draw(second)], axis=1)
        good = (rows >= 0).all(axis=1) & (rows[:, 0] != rows[:, 1])
        if is_edge is not None:
            good &= ~is_edge(np.maximum(rows, 0))
        false[todo[good]] = rows[good]
        todo = todo[~good]
    return false


class _Draw:
    """Draws items in proportion to a weight; with codes, among the items that share the main (last) value of each."""

    def __init__(self, weight: np.ndarray, codes: np.ndarray | None, rng: np.random.Generator):
        self.rng = rng
        if codes is None:
            self.group = np.zeros(len(weight), dtype=np.int64)
        else:
            filled = (codes > 0).sum(axis=1)
            self.group = codes[np.arange(len(codes)), np.maximum(filled - 1, 0)]  # 0, unknown, is no category
            weight = weight * (self.group > 0)
        self.order = np.argsort(self.group, kind="stable")
        self.reach = np.concatenate([[0.0], np.cumsum(weight[self.order])])
        self.edges = np.searchsorted(self.group[self.order], np.arange(self.group.max() + 2))

    def __call__(self, like: np.ndarray) -> np.ndarray:
        group = self.group[like]
        low, high = self.reach[self.edges[group]], self.reach[self.edges[group + 1]]
        place = np.searchsorted(self.reach, low + self.rng.random(len(like)) * (high - low), side="right") - 1
        place = np.clip(place, 0, len(self.order) - 1)
        return np.where(high > low, self.order[place], -1)
