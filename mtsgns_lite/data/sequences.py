"""Sequences of items in order of time, users' or sessions', and the question that is asked of them: what came next?"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from .catalogue import Catalogue
from .dataset import Dataset, Ragged, by_popularity

if TYPE_CHECKING:
    from .sequence_samples import SequenceSamples


@dataclass(frozen=True)
class Sequences:
    """Item numbers of each sequence, the earliest first; `Sequences(s.catalogue, s.items)` takes those of `Sessions`.

    Raises ``ValueError`` for numbers that are not in the catalogue.
    """

    catalogue: Catalogue
    items: Ragged
    name: str = "sequences"

    def __post_init__(self) -> None:
        values = self.items.values
        if len(values) and not 0 <= values.min() <= values.max() < len(self.catalogue):
            raise ValueError(
                f"Item numbers run from 0 to {len(self.catalogue) - 1}, not {values.min()} to {values.max()}."
            )

    @classmethod
    def from_dataset(cls, dataset: Dataset, shuffle: bool = True, seed: int = 0) -> Sequences:
        """Each user's baskets one after another (each basket alone, where users are not known).

        A basket has no order, but its file has one, by item more often than not, and a model would learn that. So
        items are shuffled within each basket; shuffle=False is for baskets that are sessions, in order of time.
        Raises ``ValueError`` for a data set without baskets.
        """
        baskets = dataset.baskets
        if baskets is None:
            raise ValueError(f"{dataset.name!r} has {dataset.kind}, not baskets, so there are no sequences in it.")
        values, row_of = baskets.values, baskets.row_of
        if shuffle:
            values = values[np.lexsort((np.random.default_rng(seed).random(len(values)), row_of))]
        shuffled = Ragged(values, baskets.offsets)
        rows = shuffled if dataset.users is None else Ragged.group(dataset.users[row_of], values)
        return cls(dataset.catalogue, rows, dataset.name)

    @classmethod
    def next_baskets(cls, dataset: Dataset, seed: int = 0) -> tuple[Sequences, Prefixes]:
        """Each user's baskets but the last, as `from_dataset` reads them, and the question: what is in the last?

        Users of one basket are trained on and not asked about. Raises ``ValueError`` where users are not known.
        """
        if dataset.baskets is None or dataset.users is None:
            raise ValueError(f"{dataset.name!r} has no users with baskets: take Sequences.from_dataset(...).split().")
        users, at = dataset.users, np.arange(len(dataset.baskets))
        final = np.zeros(users.max(initial=0) + 1, dtype=np.int64)
        np.maximum.at(final, users, at)
        last = (final[users] == at) & (np.bincount(users)[users] > 1)
        before = dataset.baskets.take(np.flatnonzero(~last))
        past = cls.from_dataset(replace(dataset, baskets=before, users=users[~last]), seed=seed)
        asked = np.flatnonzero(last)[np.argsort(users[last], kind="stable")]
        row = np.searchsorted(np.unique(users[~last]), users[asked])
        return past, Prefixes(past.items.take(row), dataset.baskets.take(asked))

    @classmethod
    def from_rows(
        cls, rows: Iterable[Sequence[object]], catalogue: Catalogue | None = None, name: str = "sequences"
    ) -> Sequences:
        """Rows of item ids. Without a catalogue, its items are theirs, the most frequent first.

        Items that a given catalogue lacks are left out. Raises ``ValueError`` where no item is left.
        """
        texts = [[str(item) for item in row] for row in rows]
        flat = np.array([item for row in texts for item in row], dtype=object)
        if catalogue is None:
            ids, number = by_popularity(flat.astype(str)) if len(flat) else (flat, np.empty(0, np.int64))
            catalogue = Catalogue(ids)
        else:
            number = numbers(flat, catalogue)
        if not (number >= 0).any():
            raise ValueError(f"{name}: there are no items that the catalogue knows: is it the right file?")
        return cls(catalogue, Ragged.from_lengths(number, [len(row) for row in texts]).keep(number >= 0), name)

    @classmethod
    def from_file(cls, path: str | Path, catalogue: Catalogue | None = None, user_first: bool = False) -> Sequences:
        """Lines of ``item item ...``, gzip or plain; with `user_first`, of ``user item item ...``.

        Raises ``FileNotFoundError``, ``ValueError`` for a damaged file, and as `from_rows` does.
        """
        rows = [line.split()[user_first:] for line in read_lines(path)]
        if rows and all(len(row) <= 1 and "," in "".join(row) for row in rows):
            raise ValueError(
                f"{path} has commas where blanks part the items: read a table with `load`, or take them out."
            )
        return cls.from_rows(rows, catalogue, Path(path).name.split(".")[0])

    def __len__(self) -> int:
        return len(self.items)

    def __repr__(self) -> str:
        lengths = self.items.lengths
        middle = f", {np.median(lengths):g} long in the middle, {lengths.max()} at most" if len(self) else ""
        return f"{self.name}: {len(self):,} sequences of {len(self.catalogue):,} items{middle}"

    def take(self, rows: np.ndarray) -> Sequences:
        """A selection of sequences, in that order."""
        return Sequences(self.catalogue, self.items.take(rows), self.name)

    def recent(self, n: int) -> Sequences:
        """The last n items of each sequence. Raises ``ValueError`` for n below 1."""
        if n < 1:
            raise ValueError(f"n={n} is how many items of each sequence stay: give 1 or more.")
        lengths = np.minimum(self.items.lengths, n)
        return Sequences(
            self.catalogue, _stretches(self.items.values, self.items.offsets[1:] - lengths, lengths), self.name
        )

    def split(self, hold_out: float = 0.1, seed: int | None = None) -> tuple[Sequences, Sequences]:
        """Whole sequences to train on, and a fraction of `hold_out` to ask about.

        These are the last, for sessions, which stand in order of time; with a seed, for users, drawn at random.
        Raises ``ValueError`` when that leaves one of the two empty.
        """
        first = len(self) - round(hold_out * len(self))
        if not 0 < first < len(self):
            raise ValueError(f"hold_out={hold_out} of {len(self)} sequences leaves a part empty: take a fraction.")
        order = np.arange(len(self)) if seed is None else np.random.default_rng(seed).permutation(len(self))
        return self.take(np.sort(order[:first])), self.take(np.sort(order[first:]))

    def leave_last(self, least: int = 3) -> tuple[Sequences, Prefixes]:
        """All sequences without their last item, and the question for it, where there are `least` items or more."""
        lengths = self.items.lengths
        asked = np.flatnonzero(lengths >= max(2, least))
        last = self.items.offsets[1:][asked] - 1
        mask = np.ones(len(self.items.values), dtype=bool)
        mask[last] = False
        kept = Sequences(self.catalogue, self.items.keep(mask), self.name)
        wanted = Ragged.from_lengths(self.items.values[last], np.ones(len(asked), dtype=int))
        return kept, Prefixes(kept.items.take(asked), wanted)

    def prefixes(self, length: int = 50) -> Prefixes:
        """A question for every item but the first: (its last `length` predecessors, the item)."""
        row, values, offsets = self.items.row_of, self.items.values, self.items.offsets
        wanted = np.flatnonzero(np.arange(len(values)) > offsets[row])
        before = np.minimum(wanted - offsets[row[wanted]], length)
        return Prefixes(_stretches(values, wanted - before, before), Ragged.from_lengths(values[wanted], before**0))

    def ends(self, part: float = 0.2) -> Prefixes:
        """A question for the last `part` of each sequence of two items or more, all of it wanted at once.

        At least one item is wanted, and at least one given. Raises ``ValueError`` for a part that is no fraction.
        """
        if not 0 < part < 1:
            raise ValueError(f"part={part} is what is asked of each sequence: give a fraction, such as 0.2.")
        rows = np.flatnonzero(self.items.lengths > 1)
        lengths, starts = self.items.lengths[rows], self.items.offsets[:-1][rows]
        wanted = np.clip(np.round(part * lengths).astype(int), 1, lengths - 1)
        values, given = self.items.values, lengths - wanted
        return Prefixes(_stretches(values, starts, given), _stretches(values, starts + given, wanted))

    def samples(self, **options) -> SequenceSamples:
        """What a sequence model trains on (options as in `SequenceSamples`)."""
        from .sequence_samples import SequenceSamples

        return SequenceSamples(self, **options)


@dataclass(frozen=True)
class Prefixes:
    """Questions: after ``items[q]``, which came first? Those in ``wanted[q]``, one or several; -1 is an item that the
    catalogue does not know, and nobody finds."""

    items: Ragged
    wanted: Ragged

    def __post_init__(self) -> None:
        if len(self.items) != len(self.wanted):
            raise ValueError(f"There are {len(self.items)} prefixes for {len(self.wanted)} answers: give one for each.")

    @classmethod
    def from_file(cls, path: str | Path, catalogue: Catalogue) -> Prefixes:
        """Lines of ``item item ...<TAB>next item``, gzip or plain, of the items of a catalogue.

        Items that it lacks are left out of a prefix, and stay as -1 where they are wanted. Raises as
        `Sequences.from_file`, and ``ValueError`` for a line without a tab.
        """
        lines = [line.split("\t") for line in read_lines(path)]
        wrong = next((number for number, parts in enumerate(lines, start=1) if len(parts) != 2), None)
        if wrong:
            raise ValueError(f"{path}, line {wrong}: there must be items, a tab, and the item that came next.")
        before, after = ([parts[side].split() for parts in lines] for side in (0, 1))
        known = [
            numbers(np.array([i for row in rows for i in row], dtype=object), catalogue) for rows in (before, after)
        ]
        prefixes, wanted = (
            Ragged.from_lengths(found, [len(row) for row in rows]) for found, rows in zip(known, (before, after))
        )
        return cls(prefixes.keep(prefixes.values >= 0), wanted)

    def __len__(self) -> int:
        return len(self.items)

    def __repr__(self) -> str:
        return f"{len(self):,} prefixes, {len(self.wanted.values):,} items wanted"

    def take(self, rows: np.ndarray) -> Prefixes:
        """A selection of questions, in that order."""
        return Prefixes(self.items.take(rows), self.wanted.take(rows))

    def new(self) -> Prefixes:
        """The same questions for the wanted items alone that the prefix has not; none is left of some questions."""
        items = max(self.items.values.max(initial=0), self.wanted.values.max(initial=0)) + 1
        known = np.unique(self.items.row_of * items + self.items.values)
        new = (self.wanted.values < 0) | ~np.isin(self.wanted.row_of * items + self.wanted.values, known)
        wanted = self.wanted.keep(new)
        return Prefixes(self.items, wanted).take(np.flatnonzero(wanted.lengths > 0))

    def batches(
        self, size: int = 512, length: int = 50, device: torch.device | str = "cpu"
    ) -> Iterator[tuple[np.ndarray, torch.Tensor, torch.Tensor]]:
        """(B,) numbers of questions, (B, L) the last `length` items of their prefixes, (B, L) which are present.

        Prefixes of like length come together, so that there is little padding.
        """
        order = np.argsort(np.minimum(self.items.lengths, length), kind="stable")
        for first, last in pairwise([*range(0, len(order), size), len(order)]):
            rows = order[first:last]
            lengths = np.minimum(self.items.lengths[rows], length)
            ends = _stretches(self.items.values, self.items.offsets[1:][rows] - lengths, lengths)
            items, present = pad(ends)
            yield rows, items.to(device), present.to(device)


def pad(rows: Ragged) -> tuple[torch.Tensor, torch.Tensor]:
    """(B, L) items, padded with 0 at the end, and (B, L) booleans, which are present; L is at least 1."""
    lengths = rows.lengths
    present = np.arange(max(1, lengths.max(initial=1))) < lengths[:, None]
    items = np.zeros(present.shape, dtype=np.int64)
    items[present] = rows.values
    return torch.from_numpy(items), torch.from_numpy(present)


def numbers(ids: np.ndarray, catalogue: Catalogue) -> np.ndarray:
    """(n,) ids -> item numbers, -1 where the catalogue has no such item."""
    place = {item: number for number, item in enumerate(catalogue.ids)}
    return np.array([place.get(item, -1) for item in ids], dtype=np.int64)


def read_lines(path: str | Path) -> list[str]:
    """The lines of a text file in UTF-8, gzip or plain, without empty ones.

    Raises ``FileNotFoundError``, and ``ValueError`` for a damaged file.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}: give the path of the sequences.")
    content = path.read_bytes()
    try:
        text = (gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content).decode("utf-8")
    except (EOFError, OSError, zlib.error, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is damaged, or no text in UTF-8: take another copy.") from error
    return [line for line in text.splitlines() if line.strip()]


def _stretches(values: np.ndarray, starts: np.ndarray, lengths: np.ndarray) -> Ragged:
    """Rows ``values[start : start + length]``, which may overlap."""
    offsets = np.cumsum(lengths) - lengths
    return Ragged.from_lengths(values[np.repeat(starts - offsets, lengths) + np.arange(lengths.sum())], lengths)
