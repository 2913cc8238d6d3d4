"""Skip-gram one step at a time, on a graph small enough to draw: a walk grows, then its pairs train one by one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from .graph import MOST, SmallGraph

MOST_NEGATIVES = 5  # that the picture has room for


@dataclass(frozen=True)
class Settings:
    """What the learner turns; raises ``ValueError`` for what is out of range."""

    window: int = 2
    negatives: int = 2
    exponent: float = 0.75
    p: float = 1.0
    q: float = 1.0

    def __post_init__(self):
        for name, least, most in (("window", 1, MOST), ("negatives", 0, MOST_NEGATIVES)):
            value = getattr(self, name)
            if value != int(value) or not least <= value <= most:
                raise ValueError(f"{name} must be a whole number from {least} to {most}, not {value}.")
        if not 0 <= self.exponent <= 1:
            raise ValueError(f"exponent must lie between 0 and 1, not at {self.exponent}.")
        if not all(0 < value < math.inf for value in (self.p, self.q)):
            raise ValueError(f"p and q must be positive, not p={self.p}, q={self.q}.")


class Vectors(NamedTuple):
    """(n, 2) each: the two vectors of every node."""

    target: np.ndarray
    context: np.ndarray


@dataclass(frozen=True)
class PairStep:
    """One step of gradient on one pair: who took part, and all vectors before and after."""

    places: tuple[int, int]  # of the centre and the context in the walk
    centre: int
    context: int
    negatives: tuple[int, ...]
    before: Vectors
    after: Vectors

    def probabilities(self, vectors: Vectors) -> np.ndarray:
        """(1 + negatives,) sigma(u.v), then each sigma(u.n)."""
        return sigmoid(vectors.context[[self.context, *self.negatives]] @ vectors.target[self.centre])

    def loss(self, vectors: Vectors) -> float:
        """``-log sigma(u.v) - sum_n log sigma(-u.n)``."""
        scores = vectors.context[[self.context, *self.negatives]] @ vectors.target[self.centre]
        return float(np.logaddexp(0, scores).sum() - scores[0])


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + e^-x), without overflow."""
    return 0.5 * (1 + np.tanh(0.5 * x))


def stepped(vectors: Vectors, centre: int, context: int, negatives: Sequence[int], rate: float) -> Vectors:
    """The vectors after one step of SGD on one pair's loss (Mikolov et al. 2013, eq. 4).

    dL/du = -sigma(-u.v) v + sum_n sigma(u.n) n,  dL/dv = -sigma(-u.v) u,  dL/dn = sigma(u.n) u.
    """
    others = [context, *negatives]
    u, rows = vectors.target[centre], vectors.context[others]
    wrong = sigmoid(rows @ u)  # how far each answer is from the truth: 1 for the context, 0 for negatives
    wrong[0] -= 1
    target, contexts = vectors.target.copy(), vectors.context.copy()
    target[centre] -= rate * wrong @ rows
    np.subtract.at(contexts, others, rate * wrong[:, None] * u)  # a node drawn twice moves twice
    return Vectors(target, contexts)


@dataclass(frozen=True)
class Leap:
    """Many steps at once: the vectors before them, the mean loss of each walk's pairs, and how many pairs."""

    before: Vectors
    losses: list[float]
    pairs: int


class SkipGramSteps:
    """The state between two steps, and the next step.

    Walks start at every node in turn, in random order. When a walk has its length, its pairs train one after the other,
    and then the next walk starts. Negatives are drawn from `noise`; a draw of the context itself is drawn again. The
    rate falls from walk to walk, so that the vectors come to rest.

    Attributes
    ----------
    walk : the nodes so far. walks : number of the current walk, from 1. steps : pairs trained so far.
    chance : the probability that the walk's last step had.
    pair : the last pair, or None while a walk grows. leap : the steps just made, where they were many.
    vectors : as they are now.
    """

    def __init__(
        self, graph: SmallGraph, settings: Settings | None = None, seed: int = 0, rate: float = 0.5, length: int = 8
    ):
        if not 2 <= length <= MOST:
            raise ValueError(f"length must lie between 2 and {MOST}, not at {length}.")
        if not 0 < rate <= 1:
            raise ValueError(f"rate must lie between 0 and 1, not at {rate}.")
        self.graph, self.settings, self.seed, self.first_rate, self.length = (
            graph, settings or Settings(), seed, rate, length
        )  # fmt: skip
        self.restart()

    def restart(self) -> None:
        """Back to the seed's first walk and first vectors; the settings stay."""
        self.random = np.random.default_rng(self.seed)
        nodes = len(self.graph.names)
        self.vectors = Vectors(*self.random.uniform(-0.5, 0.5, (2, nodes, 2)))
        self.walks = self.steps = 0
        self._starts: list[int] = []
        self.leap: Leap | None = None
        self.pair: PairStep | None = None
        self.chance = 1.0
        self._new_walk()

    def change(self, **settings) -> None:
        """Turn something; it holds from the next step on."""
        self.settings = replace(self.settings, **settings)

    @property
    def rate(self) -> float:
        """The step size: a half of the first after 5 walks, a third after 10."""
        return self.first_rate / (1 + (self.walks - 1) / 5)

    @property
    def complete(self) -> bool:
        """Whether the walk has its length."""
        return len(self.walk) == self.length

    @property
    def previous(self) -> int | None:
        """The node before the current one, if the walk has one."""
        return self.walk[-2] if len(self.walk) > 1 else None

    @property
    def chances(self) -> np.ndarray:
        """(n,) the probabilities of the walk's next step."""
        return self.graph.chances(self.walk[-1], self.previous, self.settings.p, self.settings.q)

    @property
    def likely_steps(self) -> list[tuple[int, float]]:
        """The walk's possible next nodes with their probabilities, the most probable first."""
        chances = self.chances
        return [(int(node), float(chances[node])) for node in (-chances).argsort(kind="stable") if chances[node] > 0]

    @property
    def noise(self) -> np.ndarray:
        """(n,) what negatives are drawn from."""
        return self.graph.noise(self.settings.exponent)

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """Places of centre and context of all the walk's pairs: those at most `window` apart."""
        places, window = range(self.length), self.settings.window
        return [(i, j) for i in places for j in places if 0 < abs(i - j) <= window]

    @property
    def done(self) -> int:
        """How many of these pairs are behind us."""
        return sum(places <= self.pair.places for places in self.pairs) if self.pair else 0

    def advance(self) -> None:
        """One more node of the walk, or, when it is complete, one more pair; after the last pair a new walk."""
        self.leap = None
        if not self.complete:
            chances = self.chances
            node = self._draw(chances)
            self.chance = float(chances[node])
            self.walk.append(node)
            return
        left = [pair for pair in self.pairs if self.pair is None or pair > self.pair.places]
        if left:
            self._train(left[0])
        else:
            self._new_walk()

    def finish(self, walks: int = 1) -> None:
        """The rest of this walk and of the `walks` - 1 after it at once, up to the start of one more."""
        before, last = self.vectors, self.walks + walks
        losses: list[list[float]] = []
        while self.walks < last:
            losses.append([])
            walk = self.walks
            while self.walks == walk:
                self.advance()
                if self.pair:
                    losses[-1].append(self.pair.loss(self.pair.before))
        self.leap = Leap(before, [float(np.mean(own)) for own in losses if own], sum(len(own) for own in losses))

    def _new_walk(self) -> None:
        if not self._starts:
            self._starts = self.random.permutation(len(self.graph.names)).tolist()
        self.walk = [self._starts.pop()]
        self.walks += 1
        self.pair = None

    def _train(self, places: tuple[int, int]) -> None:
        centre, context = (self.walk[place] for place in places)
        noise = self.noise
        noise[context] = 0
        negatives = tuple(self._draw(noise / noise.sum()) for _ in range(int(self.settings.negatives)))
        before, self.vectors = self.vectors, stepped(self.vectors, centre, context, negatives, self.rate)
        self.pair = PairStep(places, centre, context, negatives, before, self.vectors)
        self.steps += 1

    def _draw(self, chances: np.ndarray) -> int:
        return int(self.random.choice(len(chances), p=chances))
