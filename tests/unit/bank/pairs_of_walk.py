"""Answers to pairs_of_walk that learners give: right ones, and wrong ones with words that their hint must have."""

import itertools

import numpy as np
import torch


def by_loops(walk, window):
    pairs = []
    for i in range(len(walk)):
        for j in range(max(0, i - window), min(len(walk), i + window + 1)):
            if i != j:
                pairs.append((walk[i], walk[j]))
    return pairs


def by_mask(walk, window):
    walk = torch.as_tensor(walk)
    place = torch.arange(len(walk))
    apart = (place[:, None] - place).abs()
    i, j = torch.nonzero((apart > 0) & (apart <= window), as_tuple=True)
    return torch.stack([walk[i], walk[j]], dim=1)


def by_steps(walk, window):
    walk, pairs = list(walk), []
    for step in range(1, window + 1):
        for a, b in zip(walk, walk[step:]):
            pairs += [(a, b), (b, a)]
    return pairs


def by_yield(walk, window):
    for (i, a), (j, b) in itertools.permutations(enumerate(walk), 2):
        if abs(i - j) <= window:
            yield a, b


def by_numpy(walk, window):
    walk = np.array([int(item) for item in walk], dtype=np.int64)
    pairs = [np.stack([walk[:-s], walk[s:]], axis=1) for s in range(1, window + 1) if s < len(walk)]
    both = pairs + [rows[:, ::-1] for rows in pairs]
    return np.concatenate(both) if both else np.empty((0, 2), dtype=np.int64)


def by_slices(walk, window):
    return [
        [centre, context]
        for i, centre in enumerate(walk)
        for context in [*walk[max(i - window, 0) : i], *walk[i + 1 : i + window + 1]]
    ]


RIGHT = [by_loops, by_mask, by_steps, by_yield, by_numpy, by_slices]


def places(keep):
    """A wrong answer that keeps the pairs of places for which `keep` is true, of (i, j, window, length)."""

    def pairs(walk, window):
        length = len(walk)
        both = itertools.product(range(length), repeat=2)
        return [(walk[i], walk[j]) for i, j in both if keep(i, j, window, length)]

    return pairs


def negative_places(walk, window):
    pairs = []
    for i in range(len(walk)):
        for j in range(i - window, i + window + 1):
            if j != i and j < len(walk):
                pairs.append((walk[j], walk[i]))
    return pairs


def over_the_end(walk, window):
    return [(walk[i], walk[i + s]) for i in range(len(walk)) for s in range(-window, window + 1) if s]


def other_items(walk, window):
    every = range(len(walk))
    return [(walk[i], walk[j]) for i in every for j in every if walk[i] != walk[j] and abs(i - j) <= window]


def early(walk, window):
    pairs = []
    for pair in by_loops(walk, window):
        pairs.append(pair)
        return pairs
    return pairs


def slice_before(walk, window):
    return [(walk[i], c) for i in range(len(walk)) for c in [*walk[i - window : i], *walk[i + 1 : i + 1 + window]]]


WRONG = [
    ("itself", places(lambda i, j, w, n: abs(i - j) <= w), "paired with itself"),
    ("forward only", places(lambda i, j, w, n: 0 < j - i <= w), "before it count"),
    ("backward only", places(lambda i, j, w, n: 0 < i - j <= w), "after it count"),
    ("too small", places(lambda i, j, w, n: 0 < abs(i - j) < w), "one too small"),
    ("range ends early", places(lambda i, j, w, n: i != j and i - w <= j < i + w), "one too small after"),
    ("too large", places(lambda i, j, w, n: 0 < abs(i - j) <= w + 1), "one too large"),
    ("next neighbours", places(lambda i, j, w, n: abs(i - j) == 1), "window is ignored"),
    ("next only", lambda walk, w: list(itertools.pairwise(walk)), "before"),
    ("exactly", places(lambda i, j, w, n: abs(i - j) == w), "exactly"),
    ("all", places(lambda i, j, w, n: i != j), "window is ignored"),
    ("halved", places(lambda i, j, w, n: 0 < abs(i - j) <= w // 2), "shared between"),
    ("other items", other_items, "compare places"),
    ("whole windows", places(lambda i, j, w, n: 0 < abs(i - j) <= w <= i < n - w), "whole window"),
    ("set", lambda walk, w: {(int(a), int(b)) for a, b in by_loops(walk, w)}, "repeats count"),
    ("places", lambda walk, w: by_loops(range(len(walk)), w), "These are places"),
    ("negative places", negative_places, "before its first"),
    ("over the end", over_the_end, "outside the tensor or list"),
    ("slice from a negative place", slice_before, "from a negative place"),
    ("last left out", lambda walk, w: by_loops(walk[:-1], w), "last place"),
    ("early return", early, "return inside its loop"),
    ("circle", places(lambda i, j, w, n: i != j and min(abs(i - j), n - abs(i - j)) <= w), "circle"),
    ("flat", lambda walk, w: [item for pair in by_loops(walk, w) for item in pair], "no pair"),
    ("two rows", lambda walk, w: by_mask(walk, w).T, "shape"),
    ("hard-coded", lambda walk, w: [(3, 8), (8, 3)], "same answer whatever"),
    ("count", lambda walk, w: len(by_loops(walk, w)), "list of pairs"),
    ("twice", lambda walk, w: by_loops(walk, w) + by_loops(walk, w), "twice"),
]  # fmt: skip
