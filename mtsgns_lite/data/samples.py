"""What a model trains on, one batch at a time: pairs, walks, baskets, each with its negatives.

A sample set has ``counts`` (how often each item occurs), ``len()`` (batches in an epoch), and
``batches(generator, device)``, which draws one epoch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from .dataset import Ragged
from .graph import Graph


@dataclass(frozen=True)
class PairBatch:
    """(P,) first and second item (or user and item) of each pair, and the value its score should have."""

    first: torch.Tensor
    second: torch.Tensor
    value: torch.Tensor


@dataclass(frozen=True)
class SkipGramBatch:
    """Rows of items that occur together, whose pairs within the window are the positives.

    Attributes
    ----------
    items : (B, L) item numbers; anything where `present` is False.
    present : (B, L) booleans.
    window : a pair is two places in a row that lie at most this far apart.
    noise : (G, N) negatives; each of the G sets serves B / G rows.
    negatives : how many negatives a pair counts, whatever N is.
    """

    items: torch.Tensor
    present: torch.Tensor
    window: int
    noise: torch.Tensor
    negatives: int

    def pairs(self) -> torch.Tensor:
        """(B, L, L) 1.0 where place j is a context of place i."""
        place = torch.arange(self.items.shape[1], device=self.items.device)
        apart = (place[:, None] - place[None, :]).abs()
        near = ((apart > 0) & (apart <= self.window)).float()
        present = self.present.float()
        return present[:, :, None] * near * present[:, None, :]

    def total(self, pairs: torch.Tensor, described: bool = False) -> torch.Tensor:
        """What a loss over these pairs is divided by, to be their mean; `described`: they are only those whose target
        has traits."""
        return pairs.sum()


class Noise:
    """Negatives in proportion to count^exponent (Mikolov et al. 2013: 0.75), each item that occurs having its share."""

    def __init__(self, counts: torch.Tensor, exponent: float = 0.75):
        weight = torch.where(counts > 0, counts.double().clamp(min=1e-300) ** exponent, 0.0)
        total = weight.cumsum(0)
        self.reach = total / total[-1]

    @classmethod
    def from_reach(cls, reach: torch.Tensor) -> Noise:
        """The same of its `reach`, (items,) the running total of the shares, such as an array on a disk."""
        noise = cls.__new__(cls)
        noise.reach = reach
        return noise

    def draw(self, shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
        """Item numbers of the given shape, on the generator's device."""
        self.reach = self.reach.to(generator.device)
        uniform = torch.rand(shape, generator=generator, device=generator.device, dtype=torch.float64)
        return torch.searchsorted(self.reach, uniform, right=True).clamp(max=len(self.reach) - 1)


class SkipGramSamples:
    """What walks, baskets and `Rows` share: rows are cut into batches, and each batch gets its noise."""

    kind = SkipGramBatch
    length: int  # of a row
    read: int  # how many epochs were drawn, where each has rows of its own

    def __init__(self, counts, rows, window, negatives, noise_size, exponent, batch_size, share, subsample):
        self.counts, self.rows = counts, rows
        self.window, self.negatives, self.noise_size = window, negatives, noise_size
        size = min(512, max(16, rows // 500)) if batch_size is None else batch_size
        self.share, self.batch_size = share, -(-size // share) * share
        self.noise = Noise(counts, exponent)
        frequency = counts.double() / counts.sum()
        self.keep = (subsample / frequency.clamp(min=1e-12)).sqrt().clamp(max=1.0) if subsample else None

    def __len__(self) -> int:
        return -(-self.rows // self.batch_size)

    def batches(self, generator: torch.Generator, device: torch.device) -> Iterator[SkipGramBatch]:
        """One epoch."""
        raise NotImplementedError

    def _batches(self, items: torch.Tensor, present: torch.Tensor, generator) -> Iterator[SkipGramBatch]:
        if self.keep is not None:  # sub-sampling of frequent items, Mikolov et al. 2013, eq. 5
            draw = torch.rand(items.shape, generator=generator, device=items.device)
            present = present & (draw < self.keep.to(items.device)[items])
        gap = -len(items) % self.share
        items = torch.cat([items, items.new_zeros(gap, items.shape[1])])
        present = torch.cat([present, present.new_zeros(gap, items.shape[1])])
        for start in range(0, len(items), self.batch_size):
            rows = items[start : start + self.batch_size]
            noise = self.noise.draw((len(rows) // self.share, self.noise_size), generator)
            yield SkipGramBatch(rows, present[start : start + self.batch_size], self.window, noise, self.negatives)


class Walks(SkipGramSamples):
    """Fresh random walks each epoch, `per_node` from every node that has an edge, in shuffled order.

    Parameters
    ----------
    length, p, q : see `Graph.walks`.
    window : contexts are at most this far away along the walk.
    negatives : negatives per pair; `noise_size` are drawn for every `share` walks, and weighted to count so many. (On
        Amazon's graph 40 reach in half an epoch what 20 take a whole one for; baskets gain less by them.)
    exponent : negatives are drawn in proportion to visits^exponent.
    subsample : Mikolov's threshold t: a visit is dropped with probability 1 - sqrt(t / frequency); 0 keeps all.
    batch_size : rows in a batch; by default up to 512, fewer where that would make less than 500 steps an epoch.
    """

    def __init__(
        self,
        graph: Graph,
        length: int = 10,
        per_node: int = 5,
        window: int = 5,
        p: float = 1.0,
        q: float = 1.0,
        negatives: int = 5,
        noise_size: int = 40,
        exponent: float = 0.75,
        subsample: float = 0.0,
        batch_size: int | None = None,
        share: int = 4,
    ):
        if not len(graph.neighbours):
            raise ValueError("The graph has no edges, so there is nothing to walk on.")
        starts = torch.nonzero(graph.degrees > 0).ravel()
        super().__init__(
            graph.expected_visits(length) * per_node, len(starts) * per_node,
            window, negatives, noise_size, exponent, batch_size, share, subsample,
        )  # fmt: skip
        self.graph, self.starts, self.length, self.per_node, self.p, self.q = graph, starts, length, per_node, p, q

    def batches(self, generator: torch.Generator, device: torch.device) -> Iterator[SkipGramBatch]:
        """One epoch, walked in blocks so that memory never holds all walks."""
        self.graph, starts = self.graph.to(device), self.starts.to(device)
        order = torch.randperm(self.rows, generator=generator, device=device)
        block = self.batch_size * 64
        for first in range(0, len(order), block):
            begin = starts[order[first : first + block] % len(starts)]
            items = self.graph.walks(begin, self.length, self.p, self.q, generator)
            yield from self._batches(items, torch.ones_like(items, dtype=torch.bool), generator)


def occurrences(baskets: Ragged, items: int) -> np.ndarray:
    """(items,) in how many baskets of two or more each item stands: alone it makes no pair to learn from."""
    return np.bincount(baskets.values[(baskets.lengths > 1)[baskets.row_of]], minlength=items)


class Baskets(SkipGramSamples):
    """Each epoch every basket is shuffled and cut into chunks; a whole chunk is the window.

    Parameters
    ----------
    baskets : item numbers, in rows. items : how many items the catalogue has.
    chunk : items in a chunk. Leftovers of one item make no pair and are dropped.
    Others as in `Walks`. Raises ``ValueError`` for a chunk of less than two items, and when no basket holds two.
    """

    def __init__(
        self,
        baskets: Ragged,
        items: int,
        chunk: int = 10,
        negatives: int = 5,
        noise_size: int = 20,
        exponent: float = 0.75,
        subsample: float = 0.0,
        batch_size: int | None = None,
        share: int = 4,
    ):
        if chunk < 2:
            raise ValueError(f"A chunk of {chunk} makes no pair: it needs two items or more.")
        lengths = baskets.lengths
        rows = int((lengths // chunk + (lengths % chunk > 1)).sum())
        if not (lengths > 1).any():
            raise ValueError("No basket holds two items or more, so there are no pairs to learn from.")
        counts = torch.from_numpy(occurrences(baskets, items))
        super().__init__(counts, rows, chunk, negatives, noise_size, exponent, batch_size, share, subsample)
        self.values = torch.from_numpy(np.ascontiguousarray(baskets.values))
        self.row_of = torch.from_numpy(baskets.row_of)
        self.starts = torch.from_numpy(baskets.offsets[:-1].copy())
        self.chunk = self.length = chunk

    def chunks(self, generator: torch.Generator, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
        """The items of all chunks (rows, chunk), and which are present; baskets in order, shuffled within each."""
        values, row_of, starts = (part.to(device) for part in (self.values, self.row_of, self.starts))
        noise = torch.rand(len(values), generator=generator, device=device, dtype=torch.float64)
        values = values[torch.argsort(row_of + noise)]  # shuffled within each basket
        place = torch.arange(len(values), device=device) - starts[row_of]
        first = place % self.chunk == 0
        chunk_of = first.cumsum(0) - 1
        items = values.new_zeros(int(first.sum()), self.chunk)
        present = torch.zeros_like(items, dtype=torch.bool)
        items[chunk_of, place % self.chunk] = values
        present[chunk_of, place % self.chunk] = True
        return items, present

    def batches(self, generator: torch.Generator, device: torch.device) -> Iterator[SkipGramBatch]:
        """One epoch."""
        items, present = self.chunks(generator, device)
        rows = torch.nonzero(present[:, 1]).ravel()
        rows = rows[torch.randperm(len(rows), generator=generator, device=device)]
        yield from self._batches(items[rows], present[rows], generator)


class Pairs:
    """Pairs in shuffled order, each followed by `negatives` pairs whose second item is drawn at random.

    Parameters
    ----------
    first, second : (P,) item numbers, or user numbers and item numbers.
    value : (P,) what the score should be; 1 where not given. A sampled negative has the value 0.
    items : how many items the catalogue has.
    exponent : negatives are drawn in proportion to count^exponent; 0 is uniform.
    symmetric : pairs of items, so that either end counts as an occurrence.
    """

    kind = PairBatch

    def __init__(self, first, second, items, value=None, negatives=0, exponent=0.75, symmetric=True, batch_size=None):
        if not len(first):
            raise ValueError("There are no pairs to learn from.")
        self.first, self.second = (torch.as_tensor(np.ascontiguousarray(ends)).long() for ends in (first, second))
        value = np.ones(len(first)) if value is None else np.asarray(value)
        self.value = torch.as_tensor(value, dtype=torch.float32)
        ends = torch.cat([self.first, self.second]) if symmetric else self.second
        self.counts = torch.bincount(ends, minlength=items)
        self.noise = Noise(self.counts, exponent)
        self.negatives, self.symmetric = negatives, symmetric
        self.batch_size = min(8192, max(64, len(first) // 200)) if batch_size is None else batch_size

    def __len__(self) -> int:
        return -(-len(self.first) // self.batch_size)

    def batches(self, generator: torch.Generator, device: torch.device) -> Iterator[PairBatch]:
        """One epoch; in pairs of items either end may come first."""
        first, second, value = (part.to(device) for part in (self.first, self.second, self.value))
        order = torch.randperm(len(first), generator=generator, device=device)
        if self.symmetric:
            swap = torch.rand(len(first), generator=generator, device=device) < 0.5
            first, second = torch.where(swap, second, first), torch.where(swap, first, second)
        for start in range(0, len(order), self.batch_size):
            rows = order[start : start + self.batch_size]
            noise = self.noise.draw((len(rows) * self.negatives,), generator)
            yield PairBatch(
                torch.cat([first[rows], first[rows].repeat(self.negatives)]),
                torch.cat([second[rows], noise]),
                torch.cat([value[rows], value.new_zeros(len(noise))]),
            )
