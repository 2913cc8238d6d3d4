"""The rows that skip-gram reads, drawn by several processes together: each draws its share, and none sees the rest.

A global batch has the same rows and the same negatives on one process as on ten. It is cut into stripes, each drawn by
a generator of its own, whose seed is its address; a process draws the stripes that are its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist

from ..data.dataset import Ragged
from ..data.disk_graph import DiskGraph, open_graph, write_graph
from ..data.graph import Graph
from ..data.samples import Baskets, Noise, SkipGramBatch, SkipGramSamples, Walks
from .addresses import Shuffle, generator_at, key_of, uniform
from .mapped import mapped

BLOCK = 64  # batches that are drawn at once
NOISE, ORDER, SHUFFLED = 1, 2, 3  # first part of an address: what it is for


@dataclass(frozen=True)
class PartOfBatch(SkipGramBatch):
    """What one process has of a global batch, over all of which the loss is the mean.

    totals : (2,) the pairs of the whole batch, and those whose target has traits.
    """

    totals: torch.Tensor

    def to(self, device: torch.device) -> PartOfBatch:
        """The same on another device."""
        items, present, noise, totals = (
            part.to(device) for part in (self.items, self.present, self.noise, self.totals)
        )
        return PartOfBatch(items, present, self.window, noise, self.negatives, totals)

    def total(self, pairs: torch.Tensor, described: bool = False) -> torch.Tensor:
        """See `SkipGramBatch.total`."""
        return self.totals[int(described)]


class WalkRows:
    """Walks on a graph, some from every node that has an edge."""

    def __init__(self, graph: Graph, starts: torch.Tensor, length: int, p: float, q: float):
        self.graph, self.starts, self.length, self.p, self.q = graph, starts, length, p, q

    def read(self, numbers: torch.Tensor, generator: torch.Generator, epoch_key: int):
        """(R,) numbers of rows -> (R, L) items and which of them are present."""
        starts = self.starts[numbers % len(self.starts)]
        items = self.graph.walks(starts, self.length, self.p, self.q, generator)
        return items, torch.ones_like(items, dtype=torch.bool)


class BasketRows:
    """Baskets in chunks, each basket shuffled anew every epoch; (rows,) `basket`, `part`: whose a row is, and which."""

    def __init__(self, baskets: Ragged, basket: torch.Tensor, part: torch.Tensor, length: int):
        self.values, self.offsets = torch.from_numpy(baskets.values), torch.from_numpy(baskets.offsets)
        self.basket, self.part, self.length = basket, part, length

    def read(self, numbers: torch.Tensor, generator: torch.Generator, epoch_key: int):
        """(R,) numbers of rows -> (R, L) items and which of them are present."""
        basket, part = self.basket[numbers], self.part[numbers]
        first = self.offsets[basket]
        size = self.offsets[basket + 1] - first
        row = torch.repeat_interleave(size)
        before = size.cumsum(0) - size
        place = torch.arange(len(row)) - before[row]
        values = self.values[first[row] + place]
        # in the order of numbers that belong to the place in the data, so that all chunks of a basket agree on it
        values = values[torch.argsort(row + uniform(first[row] + place, epoch_key))]
        mine = place // self.length == part[row]
        items = torch.zeros(len(numbers), self.length, dtype=torch.long)
        present = torch.zeros_like(items, dtype=torch.bool)
        items[row[mine], place[mine] % self.length] = values[mine]
        present[row[mine], place[mine] % self.length] = True
        return items, present


class Stream:
    """What `rank` of `world` processes reads.

    Parameters
    ----------
    source : `WalkRows` or `BasketRows`.
    noise, keep : see `SkipGramSamples`. has_traits : (items,) booleans, where the model asks.
    settings : rows, batch_size, share, window, negatives, noise_size, stripes.
    Raises ``ValueError`` for more processes than stripes.
    """

    def __init__(self, source, noise: Noise, keep, has_traits, settings: dict, seed: int, rank=0, world=1):
        stripes, self.share = settings["stripes"], settings["share"]
        if world > stripes:
            raise ValueError(f"{world} processes can't share {stripes} stripes of a batch: write the job with more.")
        self.source, self.noise, self.keep, self.has_traits = source, noise, keep, has_traits
        self.settings, self.seed = settings, seed
        self.rows, self.batch_size = settings["rows"], settings["batch_size"]
        groups = self.batch_size // self.share
        cuts = [number * groups // stripes for number in range(stripes + 1)]
        self.stripes = [
            (number, cuts[number], cuts[number + 1])
            for number in range(rank * stripes // world, (rank + 1) * stripes // world)
        ]

    def __len__(self) -> int:
        return -(-self.rows // self.batch_size)

    def batches(self, epoch: int, first: int = 0) -> Iterator[PartOfBatch]:
        """The batches of an epoch, from number `first` on. All processes must ask together."""
        for start in range(first - first % BLOCK, len(self), BLOCK):
            size = min(BLOCK, len(self) - start)
            parts = [self._stripe(epoch, start, size, *stripe) for stripe in self.stripes]
            items, present, noise = (torch.cat(part, dim=1) for part in zip(*parts))
            totals = self._totals(items, present)
            for number in range(max(first - start, 0), size):
                window, negatives = self.settings["window"], self.settings["negatives"]
                yield PartOfBatch(items[number], present[number], window, noise[number], negatives, totals[number])

    def _totals(self, items: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
        """(batches, 2) see `PartOfBatch`: sums over all processes, for many batches in one go."""
        rows = SkipGramBatch(items.flatten(0, 1), present.flatten(0, 1), self.settings["window"], items, 0)
        contexts = rows.pairs().sum(dim=2).view(items.shape)
        described = contexts if self.has_traits is None else contexts * self.has_traits[items]
        totals = torch.stack([part.sum(dim=(1, 2)) for part in (contexts, described)], dim=1)
        if dist.is_initialized():
            dist.all_reduce(totals)
        return totals

    def _stripe(self, epoch: int, start: int, size: int, number: int, low: int, high: int):
        """Groups `low` to `high` of `size` batches from number `start` on: items, present, noise, a row a batch."""
        generator = generator_at(NOISE, self.seed, epoch, start, number)
        within = torch.arange(low * self.share, high * self.share)
        places = ((start + torch.arange(size))[:, None] * self.batch_size + within).ravel()
        order = Shuffle(self.rows, ORDER, self.seed, epoch)
        items, present = self.source.read(order(places % self.rows), generator, key_of(SHUFFLED, self.seed, epoch))
        present = present & (places < self.rows)[:, None]  # the last batch may not be full
        if self.keep is not None:
            present &= torch.rand(items.shape, generator=generator) < self.keep[items]
        noise = self.noise.draw((size, high - low, self.settings["noise_size"]), generator)
        return items.view(size, -1, items.shape[1]), present.view(size, -1, items.shape[1]), noise


def write_rows(samples: SkipGramSamples, folder: Path, stripes: int) -> dict:
    """Put walks or baskets into a folder as arrays; what `open_rows` needs to know beside.

    Raises ``ValueError`` for other samples.
    """
    if not isinstance(samples, Walks | Baskets):
        raise ValueError(f"Processes can't share {type(samples).__name__}: give walks or baskets, such as split.train.")
    folder.mkdir(parents=True, exist_ok=True)
    names = ("rows", "batch_size", "share", "window", "negatives", "noise_size", "length")
    settings: dict = {name: int(getattr(samples, name)) for name in names} | {"stripes": stripes}
    arrays = {"reach": samples.noise.reach, "counts": samples.counts}
    if samples.keep is not None:
        arrays["keep"] = samples.keep
    if isinstance(samples, Walks):
        settings |= {"kind": "walks", "p": samples.p, "q": samples.q, "graph": _graph_of(samples, folder)}
        arrays["starts"] = samples.starts
    else:
        settings |= {"kind": "baskets"}
        arrays |= _chunks(samples)
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", np.asarray(array), allow_pickle=False)
    return settings


def _graph_of(samples: Walks, folder: Path) -> str:
    """Where the graph is: one that is on the disk stays where it is."""
    if isinstance(samples.graph, DiskGraph):
        return str(samples.graph.folder.absolute())
    return write_graph(samples.graph, folder / "graph", samples.length).name


def _chunks(samples: Baskets) -> dict[str, np.ndarray]:
    """The baskets, and for each of their rows which basket's it is, and which chunk of it."""
    offsets = np.append(samples.starts.numpy(), len(samples.values))
    size, chunk = np.diff(offsets), samples.chunk
    rows = size // chunk + (size % chunk > 1)
    basket = np.repeat(np.arange(len(size)), rows)
    part = np.arange(len(basket)) - np.repeat(np.cumsum(rows) - rows, rows)
    return {"values": samples.values.numpy(), "offsets": offsets, "basket": basket, "part": part}


def open_rows(folder: Path, settings: dict, seed: int, rank: int = 0, world: int = 1) -> Stream:
    """The share of process `rank` in what `write_rows` wrote; arrays stay on the disk, and are shared by a host."""
    if settings["kind"] == "walks":
        graph, starts = open_graph(folder / settings["graph"]), mapped(folder / "starts.npy")
        source: WalkRows | BasketRows = WalkRows(graph, starts, settings["length"], settings["p"], settings["q"])
    else:
        values, offsets, basket, part = (mapped(folder / f"{n}.npy") for n in ("values", "offsets", "basket", "part"))
        source = BasketRows(Ragged(values.numpy(), offsets.numpy()), basket, part, settings["length"])
    noise = Noise.from_reach(mapped(folder / "reach.npy"))
    paths = (folder / "keep.npy", folder.parent / "traits" / "has_traits.npy")
    keep, has_traits = (mapped(path) if path.exists() else None for path in paths)
    return Stream(source, noise, keep, has_traits, settings, seed, rank, world)
