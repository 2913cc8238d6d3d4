"""What travels between the processes in a step: foretold from a popularity, or counted on what they read.

It is foretold for tokens that are drawn one by one. Those of a basket or of a walk have more in common, so a little
less will travel.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from .job import Job
from .models import spread_model
from .rows import open_rows
from .tables import Remote, TableSpec

ID, FLOAT = 8, 4  # bytes of a row's number, and of one of its numbers


@dataclass(frozen=True)
class Popularity:
    """How often each row is asked for: (G,) `share` of a row, and (G,) the `number` of rows that have this share."""

    share: np.ndarray
    number: np.ndarray

    @classmethod
    def of(cls, popularity: float | Sequence[float] | np.ndarray, rows: int) -> Popularity:
        """Of counts, one for each row, or of the exponent of Zipf's law: share ~ rank^-exponent. 0 is all alike."""
        if np.ndim(popularity):
            counts = np.asarray(popularity, dtype=np.float64)
            return cls(counts / max(counts.sum(), 1e-300), np.ones(len(counts)))
        bounds = np.unique(np.geomspace(1, rows + 1, 5_000).round())  # each of the first ranks by itself, then lots
        number, middle = np.diff(bounds), np.sqrt(bounds[:-1] * np.maximum(bounds[1:] - 1, 1))
        share = middle ** -float(popularity)  # type: ignore[arg-type]
        return cls(share / (share * number).sum(), number)

    def power(self, exponent: float) -> Popularity:
        """In proportion to share^exponent, as negatives are drawn."""
        share = np.where(self.share > 0, self.share**exponent, 0.0)
        return Popularity(share / max((share * self.number).sum(), 1e-300), self.number)

    def distinct(self, *draws: tuple[float, Popularity]) -> float:
        """How many different rows are expected where each of (tokens, popularity) draws so many of the same rows."""
        missed = sum(tokens * np.log1p(-np.minimum(each.share, 1 - 1e-16)) for tokens, each in draws)
        return float((self.number * -np.expm1(missed)).sum())


@dataclass(frozen=True)
class Traffic:
    """What a step asks for, over all processes.

    Attributes
    ----------
    tokens : of the batch, those of all processes together.
    asked : rows, by table, each process's counted for itself; a process asks for a row once.
    bytes : ids there, rows back, gradients there again: of what is on another process, and of the shared tables.
    """

    tokens: int
    asked: Mapping[str, float]
    bytes: float

    @property
    def per_token(self) -> float:
        """Bytes."""
        return self.bytes / max(self.tokens, 1)


def traffic(
    specs: Sequence[TableSpec],
    processes: int,
    rows: int,
    length: float,
    noise: float,
    of_items: Popularity,
    of_values: Sequence[Popularity] = (),
) -> Traffic:
    """What a step of `rows` rows of `length` tokens with `noise` negatives sends; each process has its part of it."""
    tokens, draws = rows * length / processes, noise / processes
    negatives = of_items.power(0.75)
    target = of_items.distinct((tokens, of_items))
    context = of_items.distinct((tokens, of_items), (draws, negatives))
    values = {
        "target": sum(each.distinct((tokens, each)) for each in of_values),
        "context": sum(each.distinct((tokens + draws, each)) for each in of_values),
    }
    asked, sent = {}, 0.0
    for spec in specs:
        side, _, part = spec.name.partition(".")
        if spec.everywhere:
            sent += _bytes_of_sum(spec, processes)
            continue
        each = values[side] if part == "values" else {"target": target, "context": context}[side]
        asked[spec.name] = processes * each
        sent += asked[spec.name] * (1 - 1 / processes) * _bytes_of_row(spec)
    return Traffic(round(rows * length), asked, sent)


def counted(job: Job, processes: int, steps: int = 50) -> Traffic:
    """What the first steps of a job really ask for and send, cut row-wise, counted on what its processes read: a mean
    over steps. Needs no TorchRec."""
    own, specs = job.settings, {spec.name: spec for spec in job.specs if not spec.everywhere}
    model = spread_model(own["kind"], own["options"], _Nowhere(), job.folder / "traits")  # type: ignore[arg-type]
    asked, sent, tokens, batches = dict.fromkeys(specs, 0.0), 0.0, 0, 0
    for rank in range(processes):
        stream = open_rows(job.folder / "rows", own["rows"], own["seed"], rank, processes)
        for batches, batch in enumerate(itertools.islice(stream.batches(0), steps), 1):  # noqa: B007
            tokens += int(batch.present.sum())
            for name, rows in model.asks(batch).items():  # type: ignore[operator]
                elsewhere = rows // -(-specs[name].rows // processes) != rank
                asked[name] += len(rows)
                sent += int(elsewhere.sum()) * _bytes_of_row(specs[name])
    shared = sum(_bytes_of_sum(spec, processes) for spec in job.specs if spec.everywhere)
    return Traffic(
        round(tokens / batches), {name: rows / batches for name, rows in asked.items()}, sent / batches + shared
    )


class _Nowhere:
    """Tables of which nothing is asked but which rows would be."""

    device = torch.device("cpu")

    def __getitem__(self, name: str) -> Remote:
        return Remote()


def _bytes_of_row(spec: TableSpec) -> int:
    """That travel for a row of another process: its number, the row, its gradient."""
    return ID + 2 * spec.width * FLOAT


def _bytes_of_sum(spec: TableSpec, processes: int) -> int:
    """That a ring sends to sum a table's gradient over all processes (Patarasuk and Yuan 2009)."""
    return 2 * (processes - 1) * spec.rows * spec.dim * FLOAT
