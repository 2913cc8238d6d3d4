"""A graph as a folder of .npy files, mapped into memory: the processes of a host share its pages, none keeps a copy.

`write_graph` stores what a `Graph` holds, and what each process would derive for itself and keep: the rows' totals,
the guide of the draws, the keys by which walks with p and q find an edge, and the expected visits of first-order walks,
by which negatives are drawn. `open_graph` maps all of it, so `Walks(open_graph(folder))` draws what `Walks(graph)`
does, number for number. An entry, of which an edge has two, takes 32 bytes on disk; a node takes 40.

The folder is written under another name and renamed at the end. What a killed process leaves is called
``.NAME.part-...``, never opens, and can be removed.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from .graph import Graph, guide_of

FORMAT = "mtsgns_lite graph 1"
BLOCK = 1 << 20  # entries looked at together
PER_NODE, PER_ENTRY = ("last", "low", "strength", "visits"), ("neighbours", "reach", "guide", "keys")
FRACTIONS = {"reach", "low", "strength", "visits"}  # float64; the others are int64


@dataclass(frozen=True)
class DiskGraph(Graph):
    """A graph whose arrays are maps of files: to be read, never written to.

    Attributes
    ----------
    folder : where the files are.
    visits : (nodes,) the expected visits of first-order walks of `length`.
    about : what the writer had to say of the graph, such as the log it comes from.
    """

    folder: Path
    visits: torch.Tensor
    length: int
    about: dict = field(default_factory=dict)

    def expected_visits(self, length: int = 10) -> torch.Tensor:
        """As `Graph.expected_visits`: the stored ones, or, for walks of another length, computed block by block."""
        return self.visits if length == self.length else _expected_visits(self.folder, self.starts, length)


def write_graph(graph: Graph, folder: str | Path, length: int = 10, about: dict | None = None) -> Path:
    """Write a graph to a new folder, with the expected visits of walks of `length`.

    Raises ``FileExistsError`` where there is something already.
    """
    with new_folder(folder) as part:
        for name in ("starts", "neighbours", "reach"):
            with ArrayFile(part, name) as file:
                file.write(getattr(graph, name).cpu().numpy())
        complete(part, length, about or {})
    return Path(folder)


def open_graph(folder: str | Path) -> DiskGraph:
    """Map a graph that `write_graph` wrote; nothing is read yet.

    Raises ``FileNotFoundError`` where there is no graph, ``ValueError`` for a damaged one or one of another format.
    """
    folder = Path(folder)
    try:
        stored = json.loads((folder / "graph.json").read_text(encoding="utf-8"))
        if stored["format"] != FORMAT:
            raise ValueError(f"its format is {stored['format']!r}, not {FORMAT!r}")
        nodes, entries = stored["nodes"], 2 * stored["edges"]
        maps = {name: _map(folder, name, nodes) for name in PER_NODE} | {"starts": _map(folder, "starts", nodes + 1)}
        maps |= {name: _map(folder, name, entries) for name in PER_ENTRY}
        if (int(maps["starts"][0]), int(maps["starts"][-1])) != (0, entries):
            raise ValueError(f"starts.npy does not end at {entries}")
        length, about = stored["length"], stored["about"]
    except (FileNotFoundError, NotADirectoryError) as error:
        if (folder / "graph.json").is_file():
            raise ValueError(f"The graph in {folder} lacks {Path(error.filename).name}: write it again.") from error
        raise FileNotFoundError(f"There is no graph in {folder}: write one there with write_graph.") from error
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        reason = (
            f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error).split("\n")[0].rstrip(".")
        )
        raise ValueError(f"The graph in {folder} can't be opened ({reason}): write it again.") from error
    graph = DiskGraph(maps["starts"], maps["neighbours"], maps["reach"], folder, maps["visits"], length, about)
    rows = (graph.starts[:-1], maps["last"], maps["low"], maps["strength"])
    vars(graph).update(_rows=rows, _guide=maps["guide"], keys=maps["keys"])  # what a Graph derives when first asked
    return graph


def _map(folder: Path, name: str, length: int) -> torch.Tensor:
    """One file as a tensor that shares its pages."""
    array = np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
    dtype = _dtype(name)
    if array.shape != (length,) or array.dtype != dtype:
        raise ValueError(f"{name}.npy holds {array.shape} of {array.dtype}, not ({length},) of {dtype}")
    with warnings.catch_warnings():  # torch has no tensors that are read-only; nothing here writes to them
        warnings.filterwarnings("ignore", message=".*not writable", category=UserWarning)
        return torch.from_numpy(array)


def _dtype(name: str) -> np.dtype:
    return np.dtype("<f8" if name in FRACTIONS else "<i8")


@contextmanager
def new_folder(folder: str | Path) -> Iterator[Path]:
    """A folder to write to that gets its name when all is done, and is removed if something goes wrong.

    Raises ``FileExistsError`` where there is something of that name already.
    """
    folder = Path(folder)
    if folder.exists():
        raise FileExistsError(f"There is something at {folder} already: remove it, or name another folder.")
    part = folder.with_name(f".{folder.name}.part-{secrets.token_hex(4)}")
    part.mkdir(parents=True)
    try:
        yield part
        part.rename(folder)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


class ArrayFile:
    """A .npy file of one dimension, written piece by piece; its length is put in at the end."""

    def __init__(self, folder: Path, name: str):
        self.dtype, self.length = _dtype(name), 0
        self.file = open(folder / f"{name}.npy", "wb")  # noqa: SIM115

    def __enter__(self) -> ArrayFile:
        self._header()
        return self

    def _header(self) -> None:  # numpy leaves room in it for a length of any number of digits
        header = {"descr": self.dtype.str, "fortran_order": False, "shape": (self.length,)}
        np.lib.format.write_array_header_1_0(self.file, header)

    def write(self, values: np.ndarray) -> None:
        self.file.write(np.ascontiguousarray(values, dtype=self.dtype).data)
        self.length += len(values)

    def __exit__(self, *error) -> None:
        with self.file:
            self.file.seek(0)
            self._header()
            self.file.flush()
            os.fsync(self.file.fileno())


@dataclass(frozen=True)
class _Block:
    """Some whole rows: the nodes they belong to, where they begin, and the running total before them."""

    nodes: slice
    entries: slice
    starts: torch.Tensor  # (rows + 1,)
    neighbours: torch.Tensor  # (entries,)
    reach: torch.Tensor  # (1 + entries,), the total before them coming first

    @property
    def rows(self) -> torch.Tensor:
        """(entries,) the node that each entry belongs to."""
        return torch.repeat_interleave(torch.arange(self.nodes.start, self.nodes.stop), self.starts.diff())

    @property
    def weights(self) -> torch.Tensor:
        return self.reach.diff()


def _blocks(folder: Path, starts: torch.Tensor) -> Iterator[_Block]:
    """The graph, read about `BLOCK` entries at a time."""
    node = 0
    while node < len(starts) - 1:
        first = int(starts[node])
        after = max(int(torch.searchsorted(starts, first + BLOCK, right=True)) - 1, node + 1)
        entries = slice(first, int(starts[after]))
        reach = _read(folder, "reach", slice(max(first - 1, 0), entries.stop))
        reach = reach if first else torch.cat([reach.new_zeros(1), reach])
        nodes = slice(node, after)
        yield _Block(nodes, entries, starts[node : after + 1], _read(folder, "neighbours", entries), reach)
        node = after


def _read(folder: Path, name: str, part: slice) -> torch.Tensor:
    """A copy of a part of a file; the map goes at once, so that its pages don't count as this process's."""
    return torch.from_numpy(np.array(np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)[part]))


def complete(folder: Path, length: int, about: dict) -> None:
    """Add to starts, neighbours and reach what is derived from them; graph.json, without which none opens, is last.

    Takes memory for a few numbers a node, and for a block of entries, or the longest row.
    """
    starts = torch.from_numpy(np.load(folder / "starts.npy", allow_pickle=False))
    with _several(folder, "last", "low", "strength", "guide", "keys") as files:
        for block in _blocks(folder, starts):
            for file, values in zip(files, _derived(block, len(starts) - 1)):
                file.write(values.numpy())
    with ArrayFile(folder, "visits") as file:
        file.write(_expected_visits(folder, starts, length).numpy())
    nodes, edges = len(starts) - 1, int(starts[-1]) // 2
    stored = {"format": FORMAT, "nodes": nodes, "edges": edges, "length": length, "about": about}
    (folder / "graph.json").write_text(json.dumps(stored), encoding="utf-8")


@contextmanager
def _several(folder: Path, *names: str) -> Iterator[list[ArrayFile]]:
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(ArrayFile(folder, name)) for name in names]


def _derived(block: _Block, nodes: int) -> tuple[torch.Tensor, ...]:
    """The part of `Graph._rows` (without the first), `Graph._guide` and `Graph.keys` that a block holds."""
    begin, (first, after) = block.entries.start, (block.starts[:-1], block.starts[1:])
    low = block.reach[first - begin]
    strength = block.reach[after - begin] - low
    guide = guide_of((first - begin, after - 1 - begin, low, strength), block.reach[1:]) + begin
    return after - 1, low, strength, guide, block.rows * nodes + block.neighbours


def _expected_visits(folder: Path, starts: torch.Tensor, length: int) -> torch.Tensor:
    """`Graph.expected_visits`, to the bit, one block at a time: the same sums in the same order."""
    total = torch.zeros(len(starts) - 1, dtype=torch.float64)
    for block in _blocks(folder, starts):
        total.index_add_(0, block.rows, block.weights)
    here = (starts.diff() > 0).double()
    visits = here.clone()
    for _ in range(length - 1):
        after = torch.zeros_like(here)
        for block in _blocks(folder, starts):
            rows = block.rows
            after.index_add_(0, block.neighbours, here[rows] * (block.weights / total[rows]))
        here = after
        visits += here
    return visits
