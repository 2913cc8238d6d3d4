"""Exercise of lesson 02: the chances of the next step of a node2vec walk."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .exercise import Case, Exercise, Mistake, check, mistakes
from .running import shown
from .verdict import Verdict

_SWAPPED = "p and q stand the wrong way round: p is for going back, q for leading away."
BIASES: tuple[tuple[Callable, str], ...] = (  # of (W, before, here, p, q): what each node's weight is multiplied by
    (lambda W, t, v, p, q: _bias(W, t, 1 / p, 1, 1 / q), ""),
    (lambda W, t, v, p, q: _bias(W, t, 1 / q, 1, 1 / p), _SWAPPED),
    (lambda W, t, v, p, q: _bias(W, t, p, 1, q), "The weights are multiplied by p and q: they are divided by them."),
    (lambda W, t, v, p, q: _bias(W, t, q, 1, p), "p and q stand the wrong way round, and multiply."),
    (lambda W, t, v, p, q: _bias(W, t, p, 1, 1 / q), "The way back is multiplied by p: it is divided by it."),
    (lambda W, t, v, p, q: _bias(W, t, 1 / p, 1, q), "The ways that lead away are multiplied by q, not divided by it."),
    (lambda W, t, v, p, q: _bias(W, t, 1, 1, 1), "p and q are ignored: this is the walk without a memory."),
    (lambda W, t, v, p, q: _bias(W, t, 1 / p, 1, 1),
     "q has no effect. Every step leads to a neighbour of `here`: what counts is who is a neighbour of `before`."),
    (lambda W, t, v, p, q: _bias(W, t, 1, 1, 1 / q),
     "p is ignored: the way back has its weight as it is, like that to a neighbour."),
    (lambda W, t, v, p, q: _bias(W, t, 1 / q, 1, 1 / q),
     "The way back is divided by q: `before` is no neighbour of itself, and needs a factor of its own."),
    (lambda W, t, v, p, q: _bias(W, t, 1 / p, 1 / q, 1),
     "q stands at the neighbours of the node before: it is for the nodes that are none."),
    (lambda W, t, v, p, q: _bias(W, t, 1 / p, 1 / q, 1 / q),
     "q is applied to all but the way back: a neighbour of the node before has its weight as it is."),
    (lambda W, t, v, p, q: _bias(W, t, 1 / p, W[t], 1 / q),
     "The weight of the edge from the node before is multiplied in: whether there is one is all that counts."),
)  # fmt: skip
ROWS: tuple[tuple[Callable, str], ...] = (  # of (W, before, here): the weights of the steps
    (lambda W, t, v: W[v], ""),
    (lambda W, t, v: W[t], "These are steps from `before`: the walk stands on `here`."),
    (lambda W, t, v: (W[v] > 0).astype(float), "The weights are forgotten: every edge counts alike."),
    (lambda W, t, v: np.ones(len(W)), "The weights are missing: there is no way to a node that `here` has no edge to."),
    (lambda W, t, v: W[v] / W[v].max(), "This is divided by the largest weight, not by the sum."),
)  # fmt: skip
ENDS: tuple[tuple[Callable, str], ...] = (  # of (biased, weights)
    (lambda biased, row: biased / biased.sum(), ""),
    (lambda biased, row: biased, "These are no chances yet: they do not add up to 1."),
    (lambda biased, row: biased / row.sum(),
     "The sum is that of the weights before p and q came in, so the chances do not add up to 1."),
    (lambda biased, row: biased / biased.max(), "This is divided by the largest, not by the sum: chances add up to 1."),
    (lambda biased, row: np.exp(biased) / np.exp(biased).sum(), "A softmax is taken: divide by the sum."),
    (lambda biased, row: biased / np.linalg.norm(biased), "This is divided by the length, not by the sum."),
    (lambda biased, row: biased.argmax(), "This is one node: a chance for each node is asked for."),
)  # fmt: skip


def _bias(W: np.ndarray, before: int, back, near, away) -> np.ndarray:
    return _back(np.where(W[before] > 0, near, away), before, back)


def _back(bias: np.ndarray, place: int, back: float) -> np.ndarray:
    return np.where(np.arange(len(bias)) == place, back, bias)


def _chances(bias: Callable, row: Callable, end: Callable) -> Callable:
    def chances(weight, before, here, p, q):
        steps = row(weight, before, here)
        return end(bias(weight, before, here, p, q) * steps, steps)

    return chances


def _oracle(weight, before, here, p, q) -> np.ndarray:
    steps = []
    for node in range(len(weight)):
        if node == before:
            steps.append(weight[here, node] / p)
        elif weight[before, node] > 0:
            steps.append(weight[here, node])
        else:
            steps.append(weight[here, node] / q)
    return np.array(steps) / sum(steps)


def graph(nodes: int, edges: list[tuple[int, int, float]]) -> np.ndarray:
    """The symmetric matrix of weights."""
    W = np.zeros((nodes, nodes))
    for a, b, weight in edges:
        W[a, b] = W[b, a] = weight
    return W


def _cases() -> list[Case]:
    path = graph(3, [(0, 1, 1), (1, 2, 1)])
    house = graph(5, [(0, 1, 2), (0, 2, 3), (1, 2, 4), (2, 3, 5), (1, 3, 1), (3, 4, 6)])
    return [
        Case("three nodes in a row, from the first to the middle", (path, 0, 1, 2.0, 4.0)),
        Case("a triangle, where nothing leads away", (graph(3, [(0, 1, 1), (1, 2, 3), (0, 2, 2)]), 0, 1, 2.0, 4.0)),
        Case("five nodes", (house, 1, 2, 4.0, 0.5)),
        Case("five nodes, to a house's roof", (house, 2, 3, 0.25, 8.0)),
        Case("an end, with no way but back", (house, 3, 4, 0.1, 10.0)),
        Case("p and q both 1", (house, 3, 1, 1.0, 1.0)),
        Case("whole numbers for p and q", (house, 0, 2, 2, 3)),
    ]


def _anew(seed: int) -> list[Case]:
    rng = np.random.default_rng(6000 + seed)
    nodes = 7 + seed % 4
    ring: list[tuple[int, int, float]] = [
        (node, (node + 1) % nodes, float(rng.integers(1, 9))) for node in range(nodes)
    ]
    across = [(int(a), int(b), float(w)) for a, b, w in rng.integers(0, nodes, (nodes, 3)) + [0, 0, 1] if a != b]
    before = int(rng.integers(nodes))
    W = graph(nodes, across + ring)
    return [Case("a graph drawn anew", (W, before, (before + 1) % nodes, 0.2 + seed % 3, 5.5))]


STEP_CHANCES = Exercise(
    name="step_chances",
    signature="step_chances(weight, before, here, p, q): (n, n), a node, a node, float, float -> (n,) chances",
    oracle=_oracle,
    cases=_cases,
    mistakes=(
        Mistake(
            lambda w, t, v, p, q: _oracle(w, v, t, p, q), "`before` and `here` are mixed up: the walk is on `here`."
        ),
        *mistakes(_chances, BIASES, ROWS, ENDS),
    ),
    hints=(
        "Do it by hand for three nodes in a row, on the way from the first to the middle, with p = 2 and q = 4.",
        "Three kinds of nodes: `before` itself, those that have an edge to `before`, and all others.",
        "Begin with a factor per node, 1/q for all; set those of the other two kinds; multiply by `weight[here]`.",
    ),
    show=shown,
    drawn=_anew,
)


def step_chances(answer: object) -> Verdict:
    """Check step_chances(weight, before, here, p, q): where a walk goes from `here`, having come from `before`."""
    return check(STEP_CHANCES, answer)
