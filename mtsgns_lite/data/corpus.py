"""One corpus for every method: rows of items drawn once, kept as numbers, and read as often as one likes.

`draw_rows` walks the graph, or shuffles and cuts the baskets, once; `Rows` trains skip-gram on what came out, and
`AsPairs` matrix factorisation, on the very same pairs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch

from .samples import Baskets, PairBatch, SkipGramBatch, SkipGramSamples, Walks

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Corpus:
    """Rows drawn once: (passes, N, L) item numbers, int32, -1 where a row is shorter; pairs lie at most `window` apart.

    Walks are drawn in one pass, which every epoch reads: they are the data. Baskets are the data themselves, and are
    shuffled and cut anew for each epoch, so they take a pass for each; whoever trains longer starts over. Skip-gram
    reads them with as many negatives as the samples that they were drawn from.
    """

    rows: np.ndarray
    window: int
    noise_size: int = 20

    @classmethod
    def draw(cls, samples: Walks | Baskets, seed: int = 0, passes: int = 1) -> Corpus:
        """One pass of walks, or several of baskets, each in its own order."""
        generator = torch.Generator().manual_seed(seed)
        if isinstance(samples, Walks):
            return cls(_walked(samples, generator)[None], samples.window, samples.noise_size)
        return cls(np.stack([_cut(samples, generator) for _ in range(passes)]), samples.window, samples.noise_size)

    @property
    def fingerprint(self) -> str:
        """Twelve letters that two corpora share if they are the same, number by number."""
        return hashlib.sha256(self.rows.tobytes() + str(self.window).encode()).hexdigest()[:12]

    @cached_property
    def lists(self) -> list[list[list[int]]]:
        """The rows of each pass as plain lists, which is what other libraries take for sentences."""
        return [[row[row >= 0].tolist() for row in rows] for rows in self.rows]

    def save(self, folder: str | Path) -> None:
        """Write the corpus to a folder, where `load` finds it."""
        np.savez(Path(folder) / "corpus.npz", rows=self.rows, window=self.window, noise_size=self.noise_size)

    @classmethod
    def load(cls, folder: str | Path) -> Corpus:
        """Read what `save` wrote."""
        with np.load(Path(folder) / "corpus.npz", allow_pickle=False) as stored:
            return cls(stored["rows"], int(stored["window"]), int(stored["noise_size"]))


def _walked(walks: Walks, generator: torch.Generator, block: int = 100_000) -> np.ndarray:
    starts = walks.starts.repeat(walks.per_node)
    parts = [
        walks.graph.walks(starts[first : first + block], walks.length, walks.p, walks.q, generator).to(torch.int32)
        for first in range(0, len(starts), block)
    ]
    return torch.cat(parts).numpy()


def _cut(baskets: Baskets, generator: torch.Generator) -> np.ndarray:
    """Chunks of two items or more. A leftover of one takes the item before it along: it won't be cut again elsewhere,
    and an item that is in this basket alone would be lost."""
    items, present = baskets.chunks(generator, CPU)
    lengths = torch.bincount(baskets.row_of, minlength=len(baskets.starts))
    last = (-(-lengths // baskets.chunk)).cumsum(0) - 1  # of each basket's chunks
    alone = last[(lengths > 1) & (lengths % baskets.chunk == 1)]
    items[alone, 1] = items[alone - 1, -1]
    present[alone, 1] = True
    return torch.where(present, items, -1)[present[:, 1]].to(torch.int32).numpy()


class Rows(SkipGramSamples):
    """The rows of a corpus, in shuffled order: each epoch reads the next of its passes. `read` counts the epochs that
    were read; `fit` sets it to those that its training has behind it, which a checkpoint may have brought.

    Parameters
    ----------
    corpus : see `Corpus`. items : how many items the catalogue has.
    Others as in `Walks`; `noise_size` is the corpus' own unless it is given.
    """

    def __init__(
        self,
        corpus: Corpus,
        items: int,
        negatives: int = 5,
        noise_size: int | None = None,
        exponent: float = 0.75,
        subsample: float = 0.0,
        batch_size: int | None = None,
        share: int = 4,
    ):
        passes, rows, length = corpus.rows.shape
        if not rows:
            raise ValueError("The corpus has no rows, so there is nothing to learn from.")
        counts = torch.from_numpy(np.bincount(corpus.rows[corpus.rows >= 0], minlength=items)).double() / passes
        noise_size = corpus.noise_size if noise_size is None else noise_size
        super().__init__(counts, rows, corpus.window, negatives, noise_size, exponent, batch_size, share, subsample)
        self.corpus, self.length, self.read = torch.from_numpy(corpus.rows), length, 0

    def batches(self, generator: torch.Generator, device: torch.device) -> Iterator[SkipGramBatch]:
        """One epoch, in blocks, so that only the compact numbers are ever held whole."""
        rows, self.read = self.corpus[self.read % len(self.corpus)], self.read + 1
        order = torch.randperm(self.rows, generator=generator, device=device).cpu()
        block = self.batch_size * 64
        for first in range(0, self.rows, block):
            items = rows[order[first : first + block]].to(device).long()
            yield from self._batches(items.clamp(min=0), items >= 0, generator)


class AsPairs:
    """The pairs of walks or baskets, for matrix factorisation: each pair within the window once, either end first.

    The pairs are made batch by batch, so that they are never all held (16 million for 450,000 walks of 10). An item
    that a walk comes back to makes a pair with itself, here as in skip-gram.

    Parameters
    ----------
    samples : `Rows`, `Walks` or `Baskets`.
    negatives : pairs that follow each pair, their second item drawn by the samples' own noise; their value is 0.
    batch_size : true pairs in a batch, about; by default up to 8192, fewer where that would make less than 200 steps.
    """

    kind = PairBatch

    def __init__(self, samples: SkipGramSamples, negatives: int = 1, batch_size: int | None = None):
        self.samples, self.negatives, self.counts, self.noise = samples, negatives, samples.counts, samples.noise

        self.first, self.second = self._places(samples.length, samples.window)
        pairs = samples.rows * len(self.first)
        size = min(8192, max(64, pairs // 200)) if batch_size is None else batch_size
        self.rows_each = max(1, size // len(self.first))

    @staticmethod
    def _places(length: int, window: int) -> tuple[torch.Tensor, torch.Tensor]:
        """The pairs of places in a row that lie at most `window` apart, the earlier one first."""
        first, second = torch.triu_indices(length, length, offset=1)
        near = second - first <= window
        return first[near], second[near]

    @property
    def read(self) -> int:
        """How many epochs were read, where the samples count them, as `Rows` do; `fit` sets it."""
        return self.samples.read

    @read.setter
    def read(self, epochs: int) -> None:
        self.samples.read = epochs

    def __len__(self) -> int:
        whole, rest = divmod(self.samples.rows, self.samples.batch_size)
        return whole * -(-self.samples.batch_size // self.rows_each) + -(-rest // self.rows_each)

    def batches(self, generator: torch.Generator, device: torch.device) -> Iterator[PairBatch]:
        """One epoch."""
        for batch in self.samples.batches(generator, device):
            there = batch.present.any(dim=1)  # rows that fill the last batch up are empty
            for items, present in zip(
                batch.items[there].split(self.rows_each), batch.present[there].split(self.rows_each)
            ):
                yield self._pairs(items, present, generator)

    def _pairs(self, items: torch.Tensor, present: torch.Tensor, generator: torch.Generator) -> PairBatch:
        both = present[:, self.first] & present[:, self.second]
        first, second = items[:, self.first][both], items[:, self.second][both]
        turn = torch.rand(len(first), generator=generator, device=items.device) < 0.5
        first, second = torch.where(turn, second, first), torch.where(turn, first, second)
        noise = self.noise.draw((len(first) * self.negatives,), generator)
        value = torch.ones(len(first) + len(noise), device=items.device)
        value[len(first) :] = 0
        return PairBatch(torch.cat([first, first.repeat(self.negatives)]), torch.cat([second, noise]), value)
