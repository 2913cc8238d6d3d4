"""What a sequence model trains on: every place of every sequence at once, each with the item that came next.

All places of a batch are scored against the same candidates: the batch's own items, and some that are drawn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from .dataset import Ragged
from .samples import Noise

if TYPE_CHECKING:
    from .sequences import Sequences


@dataclass(frozen=True)
class SequenceBatch:
    """Sequences padded at the end. P is how many places are present, B * L less the padding.

    Attributes
    ----------
    candidates : (N,) item numbers, each once.
    places : (B, L) which candidate stands at each place; 0 where none is present.
    present : (B, L) booleans.
    wanted : (P,) which candidate came next, for the present places row by row.
    log_q : (N,) the log of the chance that an item is among the candidates, whatever is wanted.
    generator : the run's randomness, for what a model draws itself, such as dropout.
    """

    candidates: torch.Tensor
    places: torch.Tensor
    present: torch.Tensor
    wanted: torch.Tensor
    log_q: torch.Tensor
    generator: torch.Generator

    @property
    def items(self) -> torch.Tensor:
        """(B, L) item numbers; anything where `present` is False."""
        return self.candidates[self.places]


class SequenceSamples:
    """All sequences, those of like length together, in shuffled batches.

    Parameters
    ----------
    length : places in a row, at most. A longer sequence is cut from its end into rows that overlap by one item, so that
        every step from an item to the next is trained on once.
    batch_size : places in a batch, about: all batches are the same work, and every place weighs the same.
    noise_size : candidates that are drawn for each batch, in proportion to count^exponent.
    Raises ``ValueError`` for sizes below 1, and where no sequence holds two items.
    """

    kind = SequenceBatch

    def __init__(
        self,
        sequences: Sequences,
        length: int = 20,
        batch_size: int = 2048,
        noise_size: int = 2048,
        exponent: float = 0.5,
    ):
        if min(length, batch_size) < 1 or noise_size < 0:
            raise ValueError(f"length={length} and batch_size={batch_size} must be 1 or more, noise_size 0 or more.")
        rows = cut(sequences.items, length)
        if not len(rows):
            raise ValueError("No sequence holds two items or more, so there is no next item to learn.")
        self.counts = torch.from_numpy(np.bincount(sequences.items.values, minlength=len(sequences.catalogue)))
        self.noise, self.noise_size = Noise(self.counts, exponent), noise_size
        self.values = torch.from_numpy(np.ascontiguousarray(rows.values))
        self.starts = torch.from_numpy(rows.offsets[:-1].copy())
        self.steps = torch.from_numpy(rows.lengths - 1)  # (rows,) places of each row, its last item is only wanted
        reached = self.steps.sort().values.cumsum(0)
        self.sizes = torch.unique_consecutive((reached - 1) // batch_size, return_counts=True)[1].tolist()
        drawn = self.noise.reach.diff(prepend=self.noise.reach.new_zeros(1)).clamp(min=0)
        # the logs of the chances that one draw, and one item of a batch, is another item
        self.not_drawn, self.not_there = torch.log1p(-drawn), torch.log1p(-self.counts.double() / self.counts.sum())

    def __len__(self) -> int:
        return len(self.sizes)

    def batches(self, generator: torch.Generator, device: torch.device) -> Iterator[SequenceBatch]:
        """One epoch."""
        mixed = self.steps.to(device) + torch.rand(len(self.steps), generator=generator, device=device)
        batches = torch.argsort(mixed).split(self.sizes)
        for number in torch.randperm(len(batches), generator=generator, device=device).tolist():
            yield self._batch(batches[number], generator, device)

    def _batch(self, rows: torch.Tensor, generator: torch.Generator, device: torch.device) -> SequenceBatch:
        self.values, self.starts, self.steps = (part.to(device) for part in (self.values, self.starts, self.steps))
        self.not_drawn, self.not_there = self.not_drawn.to(device), self.not_there.to(device)
        place = torch.arange(int(self.steps[rows].max()) + 1, device=device)
        there = place <= self.steps[rows, None]  # (B, L + 1) the row's items
        items = self.values[(self.starts[rows, None] + place).clamp(max=len(self.values) - 1)]
        noise = self.noise.draw((self.noise_size,), generator)
        candidates, found = torch.unique(torch.cat([items[there], noise]), return_inverse=True)
        number = torch.zeros_like(items).masked_scatter_(there, found[: len(found) - self.noise_size])
        present = there[:, 1:]
        places = number[:, :-1] * present
        missing = self.noise_size * self.not_drawn[candidates] + there.sum() * self.not_there[candidates]
        log_q = torch.log(-torch.expm1(missing)).float()
        return SequenceBatch(candidates, places, present, number[:, 1:][present], log_q, generator)


def cut(rows: Ragged, length: int) -> Ragged:
    """Cut each row from its end into rows of `length` + 1 items, the first of each being the last of the one before."""
    steps = rows.lengths - 1
    parts = np.maximum(-(-steps // length), 0)
    row = np.repeat(np.arange(len(rows)), parts)
    from_end = np.arange(len(row)) - np.repeat(np.cumsum(parts) - parts, parts)
    last = rows.offsets[1:][row] - from_end * length
    first = np.maximum(last - length - 1, rows.offsets[row])
    lengths = last - first
    offsets = np.cumsum(lengths) - lengths
    return Ragged.from_lengths(rows.values[np.repeat(first - offsets, lengths) + np.arange(lengths.sum())], lengths)


def session_parallel(rows: Ragged, lanes: int) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """Hidasi et al. 2016, section 3.1.1: each of B lanes reads a session, a click at a time, and then the next session.

    Yields for each step four arrays: which lanes are at work, their item, the item that came next, and whether a new
    session begins there, so that the lane's state must start afresh. Lanes fall idle when no session is left.
    """
    if lanes < 1:
        raise ValueError(f"lanes={lanes} is how many sessions are read side by side: give 1 or more.")
    queue = np.flatnonzero(rows.lengths > 1)
    waiting = min(lanes, len(queue))
    at, last = rows.offsets[queue[:waiting]].copy(), rows.offsets[queue[:waiting] + 1] - 1
    lane, fresh = np.arange(waiting), np.ones(waiting, dtype=bool)
    while len(lane):
        yield lane.copy(), rows.values[at], rows.values[at + 1], fresh.copy()
        at += 1
        fresh = at == last
        ended = np.flatnonzero(fresh)
        coming = queue[waiting : waiting + len(ended)]
        waiting += len(coming)
        at[ended[: len(coming)]], last[ended[: len(coming)]] = rows.offsets[coming], rows.offsets[coming + 1] - 1
        stay = np.ones(len(lane), dtype=bool)
        stay[ended[len(coming) :]] = False
        lane, at, last, fresh = lane[stay], at[stay], last[stay], fresh[stay]
