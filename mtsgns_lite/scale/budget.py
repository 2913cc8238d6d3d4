"""What a training will need, before anybody starts it: bytes of the tables, of each process, of what travels in a step.

The tables are those that the engine makes (`table_specs`), cut as it cuts them, so what is said here of a process is
what it will report.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..data.samples import SkipGramSamples
from ..models.base import ItemModel
from .models import check_kind, table_specs
from .tables import TableSpec
from .traffic import FLOAT, ID, Popularity, Traffic, traffic

PER_NODE, PER_EDGE = 40, 64  # bytes on the disk, see data/disk_graph.py
UNITS = {"B": 0, "KB": 10, "MB": 20, "GB": 30, "TB": 40, "PB": 50}
MOST = 1_000_000  # processes; who needs more has mistyped a number
OPTIONS = dict.fromkeys(("rate", "weight_rate", "trait_rate", "context_rate"), 0.0)


@dataclass(frozen=True)
class Size:
    """The answer of `size`; printed, it is a table.

    Attributes
    ----------
    specs : the model's tables.
    held : (processes, tables) bytes, of rows and states.
    memory : bytes that a process may use for tables, or None. needed : how many processes that takes.
    traffic : of a step. graph, walks : bytes of the graph on the disk (0 without edges), and of an epoch's tokens.
    """

    specs: tuple[TableSpec, ...]
    held: np.ndarray
    memory: int | None
    needed: int | None
    traffic: Traffic
    graph: int
    walks: int

    @property
    def processes(self) -> int:
        """How many."""
        return len(self.held)

    @property
    def per_process(self) -> list[int]:
        """Bytes of each process, as the engine will report them."""
        return [int(part) for part in self.held.sum(axis=1)]

    def __str__(self) -> str:
        lines = [("table", "rows", "dim", "all of it", "most on a process")]
        whole = [_bytes_of(spec, spec.rows) for spec in self.specs]
        for spec, all_of_it, most in zip(self.specs, whole, self.held.max(axis=0)):
            lines.append((spec.name, f"{spec.rows:,}", str(spec.dim), shown(all_of_it), shown(most)))
        lines.append(("together", "", "", shown(sum(whole)), shown(max(self.per_process))))
        widths = [max(len(line[column]) for line in lines) for column in range(5)]
        table = ["  ".join(cell.rjust(width) for cell, width in zip(line, widths)) for line in lines]
        return "\n".join([*table, "", *self._notes()])

    def _notes(self) -> list[str]:
        step = self.traffic
        notes = [f"processes: {self.processes:,}"]
        if self.needed is not None:
            notes[0] += f"; of {shown(self.memory or 0)} each, {self.needed:,} hold the tables"
        notes.append(f"a step of {step.tokens:,} tokens asks for {sum(step.asked.values()):,.0f} rows,")
        notes.append(f"    and sends {shown(step.bytes)} between processes, {step.per_token:,.0f} bytes a token")
        graph = f"; the graph {shown(self.graph)}, on the disk" if self.graph else ""
        return [*notes, f"an epoch's tokens, if they were kept: {shown(self.walks)}{graph}"]


def size(
    items: float,
    dim: int = 64,
    traits: int = 0,
    values: float | Sequence[float] | None = None,
    *,
    weights: str = "global",
    context_traits: bool = False,
    processes: int | None = None,
    memory: str | float | None = None,
    sharding: str = "row_wise",
    rows: int = 512,
    length: int = 10,
    noise_size: int = 40,
    share: int = 4,
    per_node: int = 5,
    edges: float = 0,
    popularity: float | Sequence[float] | np.ndarray = 1.0,
) -> Size:
    """What a training needs.

    Parameters
    ----------
    items, dim : of the catalogue, and of the vectors. 1e9 is as good as 1_000_000_000.
    traits, values : none for `SGNS`; how many values each has, or all together (1,000 each where nothing is said).
    weights, context_traits : see `MultiTraitSGNS`.
    processes : how many; by default as many as the memory asks for, or one.
    memory : that a process has for tables: bytes, or "32GB" (of 2^30 bytes).
    sharding : "row_wise" or "table_wise", see `Tables`; of the latter the planner may choose another packing.
    rows, length, noise_size, share : of a batch, over all processes, see `Walks`. per_node : rows of each item.
    edges : of the graph.
    popularity : each item's count, or the exponent of Zipf's law, which then holds for traits' values too.

    Raises ``ValueError`` for what can't be, or can't be held.
    """
    items, traits = _whole(items, "items"), int(traits)
    parts = _values(values, traits)
    options = OPTIONS | {"dim": _whole(dim, "dim"), "weights": weights, "context_traits": context_traits}
    kind = "MultiTraitSGNS" if traits else "SGNS"
    specs = table_specs(kind, options, items, traits, sum(parts) + traits)  # a trait's first value is "unknown"
    of_items = Popularity.of(popularity, items)
    exponent = 1.0 if np.ndim(popularity) else popularity
    of_values = [Popularity.of(exponent, part) for part in parts]
    batch = {"rows": rows, "length": length, "noise": rows * noise_size / share}
    return _sized(specs, processes, memory, sharding, batch, of_items, of_values, int(edges), items * per_node)


def size_of(
    model: ItemModel,
    samples: SkipGramSamples,
    processes: int | None = None,
    memory: str | float | None = None,
    sharding: str = "row_wise",
) -> Size:
    """The same of a model and what it is to be trained on, whose popularity is known; raises as `size`, and for other
    models."""
    kind, catalogue = type(model).__name__, model.catalogue
    check_kind(kind)
    traits = list(catalogue.traits.values()) if kind != "SGNS" else []
    specs = table_specs(kind, model.options, len(catalogue), len(traits), sum(len(trait.values) for trait in traits))
    counts = samples.counts.cpu().numpy().astype(np.float64)
    of_values = []
    for trait in traits:
        there = trait.codes > 0
        asked = np.bincount(trait.codes[there], (counts[:, None] * there)[there], minlength=len(trait.values))
        of_values.append(Popularity.of(asked, len(trait.values)))
    rows = samples.batch_size
    tokens = _tokens(samples)
    batch = {"rows": rows, "length": tokens, "noise": rows * samples.noise_size / samples.share}
    graph = getattr(samples, "graph", None)
    edges = 0 if graph is None else len(graph.neighbours) // 2
    return _sized(
        specs, processes, memory, sharding, batch, Popularity.of(counts, len(counts)), of_values, edges, samples.rows
    )


def _tokens(samples: SkipGramSamples) -> float:
    """Of a row: walks are full, chunks of baskets are not."""
    values = getattr(samples, "values", None)
    return samples.length if values is None else min(samples.length, float(samples.counts.sum()) / samples.rows)


def _sized(specs, processes, memory, sharding, batch, of_items, of_values, edges, rows) -> Size:
    limit = None if memory is None else in_bytes(memory)
    needed = None if limit is None else _needed(specs, limit, sharding)
    count = _whole(needed or 1 if processes is None else processes, "processes")
    step = traffic(specs, count, batch["rows"], batch["length"], batch["noise"], of_items, of_values)
    graph = edges * PER_EDGE + sum(of_items.number) * PER_NODE if edges else 0
    walks = int(rows * batch["length"] * ID)
    return Size(tuple(specs), held(specs, count, sharding), limit, needed, step, int(graph), walks)


def rows_held(rows: int, processes: int) -> list[int]:
    """How TorchRec cuts a table row-wise: rows / processes, rounded up, for each, and what is left for the last."""
    each = -(-rows // processes)
    return [max(0, min(each, rows - number * each)) for number in range(processes)]


def held(specs: Sequence[TableSpec], processes: int, sharding: str = "row_wise") -> np.ndarray:
    """(processes, tables) bytes, of rows and states.

    Raises ``ValueError`` for a sharding that does not exist.
    """
    if sharding not in ("row_wise", "table_wise"):
        raise ValueError(f"sharding={sharding!r} can't be foretold: choose from row_wise, table_wise.")
    found = np.zeros((processes, len(specs)))
    for number, spec in sorted(enumerate(specs), key=lambda entry: -entry[1].bytes):
        if spec.everywhere:
            found[:, number] = _bytes_of(spec, spec.rows)
        elif sharding == "row_wise":
            found[:, number] = [_bytes_of(spec, rows) for rows in rows_held(spec.rows, processes)]
        else:  # the largest first, each where there is most room
            found[found.sum(axis=1).argmin(), number] = _bytes_of(spec, spec.rows)
    return found


def _bytes_of(spec: TableSpec, rows: int) -> int:
    return rows * ((spec.dim if spec.everywhere else spec.width) + 1) * FLOAT


def _needed(specs: Sequence[TableSpec], limit: int, sharding: str) -> int:
    """The fewest processes on none of which there is more than `limit`."""
    whole, alone = _most(specs, 1, "row_wise"), _most(specs, MOST, "row_wise")
    count = max(1, whole // limit) if sharding == "row_wise" else 1  # with fewer it can't be
    last = MOST if sharding == "row_wise" else len(specs)
    while count <= last and alone <= limit:
        if _most(specs, count, sharding) <= limit:
            return count
        count += 1
    raise ValueError(f"No number of processes holds these tables in {shown(limit)} each ({sharding}): allow more.")


def _most(specs: Sequence[TableSpec], processes: int, sharding: str) -> int:
    """Bytes on the process that has most: cut row-wise, that is the first."""
    if sharding != "row_wise":
        return int(held(specs, processes, sharding).sum(axis=1).max())
    return sum(_bytes_of(spec, spec.rows if spec.everywhere else -(-spec.rows // processes)) for spec in specs)


def in_bytes(memory: str | float) -> int:
    """ "32GB" -> 34359738368; a number stays what it is. Raises ``ValueError`` for anything else."""
    if not isinstance(memory, str):
        return _whole(memory, "memory")
    found = re.fullmatch(r"([\d.]+)\s*([KMGTP]?B)", memory.strip().upper())
    if not found:
        raise ValueError(f"memory={memory!r} can't be read: write it as 512MB or 32GB.")
    return _whole(float(found[1]) * 2 ** UNITS[found[2]], "memory")


def shown(count: float) -> str:
    """Bytes as one reads them, in units of 2^10."""
    unit = max((name for name, power in UNITS.items() if count >= 2**power), key=lambda name: UNITS[name], default="B")
    value = count / 2 ** UNITS[unit]
    return f"{value:,.0f} {unit}" if unit == "B" or value >= 100 else f"{value:,.2f} {unit}"


def _values(values: float | Sequence[float] | None, traits: int) -> list[int]:
    if not traits:
        return []
    if values is None:
        return [1_000] * traits
    if isinstance(values, Sequence):
        if len(values) != traits:
            raise ValueError(f"There are {traits} traits, but {len(values)} numbers of values: give one for each.")
        return [_whole(value, "values") for value in values]
    whole = _whole(values, "values")
    return [max(1, whole // traits + (number < whole % traits)) for number in range(traits)]


def _whole(value: float, name: str) -> int:
    if not math.isfinite(value) or int(value) < 1:
        raise ValueError(f"{name}={value} is how many there are: give a number of 1 or more.")
    return int(value)
