"""What a data set is: a catalogue, plus the baskets, weighted edges or ratings there are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from html import escape

import numpy as np

from .catalogue import Catalogue


@dataclass(frozen=True)
class Ragged:
    """Rows of different length in two flat arrays: row r is ``values[offsets[r]:offsets[r + 1]]``."""

    values: np.ndarray
    offsets: np.ndarray

    @classmethod
    def from_rows(cls, rows: Iterable[Sequence[int] | np.ndarray]) -> Ragged:
        """Pack lists of integers."""
        rows = [np.asarray(row, dtype=np.int64) for row in rows]
        return cls.from_lengths(np.concatenate([*rows, np.empty(0, np.int64)]), [len(row) for row in rows])

    @classmethod
    def from_lengths(cls, values: np.ndarray, lengths: Sequence[int] | np.ndarray) -> Ragged:
        """Cut a flat array into consecutive rows of the given lengths."""
        return cls(values, np.concatenate([[0], np.cumsum(np.asarray(lengths, dtype=np.int64))]))

    @classmethod
    def group(cls, keys: np.ndarray, values: np.ndarray) -> Ragged:
        """One row per distinct key, in the order of the keys; values keep their order."""
        order = np.argsort(keys, kind="stable")
        return cls.from_lengths(values[order], np.unique(keys, return_counts=True)[1])

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> np.ndarray:
        return self.values[self.offsets[row] : self.offsets[row + 1]]

    @property
    def lengths(self) -> np.ndarray:
        """(rows,) the length of each row."""
        return np.diff(self.offsets)

    @property
    def row_of(self) -> np.ndarray:
        """(values,) the row that each value belongs to."""
        return np.repeat(np.arange(len(self)), self.lengths)

    def take(self, rows: np.ndarray) -> Ragged:
        """A selection of rows, in that order."""
        lengths = self.lengths[rows]
        starts = np.repeat(self.offsets[:-1][rows] - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths)
        return Ragged.from_lengths(self.values[starts + np.arange(lengths.sum())], lengths)

    def keep(self, mask: np.ndarray) -> Ragged:
        """Drop the values where `mask` (values,) is False; rows may become empty."""
        return Ragged.from_lengths(self.values[mask], np.bincount(self.row_of[mask], minlength=len(self)))


@dataclass(frozen=True)
class Edges:
    """Weighted pairs of items: three arrays of one length. A pair may appear in both directions."""

    source: np.ndarray
    target: np.ndarray
    weight: np.ndarray

    def __len__(self) -> int:
        return len(self.source)


@dataclass(frozen=True)
class Ratings:
    """What users said of items: three arrays of one length, `value` being a rating or a count; each user's in order of
    time, where times are known."""

    user: np.ndarray
    item: np.ndarray
    value: np.ndarray

    def __len__(self) -> int:
        return len(self.user)


@dataclass
class Dataset:
    """A catalogue and what is known of how its items go together; parts that a source lacks are None.

    Attributes
    ----------
    baskets : item numbers of each basket, in order of time.
    users : (baskets,) who bought each basket, as a number.
    user_ids : (users,) the texts by which the source itself names the users; None where it has none.
    times : (baskets,) when, in nanoseconds since 1970.
    edges, ratings : see `Edges` and `Ratings`.
    truth : what a generated set knows of itself, such as the planted importance of each trait.
    about : what the reader of a file has to say of it, such as how many lines were malformed.
    main_trait : the trait by which "same-category" negatives are drawn, if there is a natural one.
    """

    name: str
    catalogue: Catalogue
    baskets: Ragged | None = None
    users: np.ndarray | None = None
    edges: Edges | None = None
    ratings: Ratings | None = None
    truth: dict = field(default_factory=dict)
    main_trait: str | None = None
    about: dict = field(default_factory=dict)
    times: np.ndarray | None = None
    user_ids: np.ndarray | None = None

    def __post_init__(self) -> None:
        if len(self.catalogue) < 2:
            raise ValueError(
                f"{self.name!r} has {len(self.catalogue)} item(s): at least two are needed to learn which go together."
            )
        if self.user_ids is not None and self.users is not None and self.users.max(initial=-1) >= len(self.user_ids):
            raise ValueError(
                f"{self.name!r} has user {self.users.max()} but {len(self.user_ids)} ids of users: give one for each, "
                "or user_ids=None."
            )

    @property
    def kind(self) -> str:
        """ "baskets", "edges" or "ratings": what the set mainly consists of."""
        return "baskets" if self.baskets is not None else "edges" if self.edges is not None else "ratings"

    @property
    def sequences(self) -> Ragged:
        """Each user's items in order of time (each basket, where users are not known)."""
        if self.baskets is None:
            raise ValueError(f"{self.name!r} has {self.kind}, not baskets, so there are no sequences in it.")
        if self.users is None:
            return self.baskets
        return Ragged.group(self.users[self.baskets.row_of], self.baskets.values)

    def usage(self) -> Ratings:
        """The users-by-items matrix: the ratings, or how often each user bought each item."""
        if self.ratings is not None:
            return self.ratings
        if self.baskets is None:
            raise ValueError(f"{self.name!r} has edges between items but no users, so there is no usage matrix.")
        users = np.arange(len(self.baskets)) if self.users is None else self.users
        key = users[self.baskets.row_of] * len(self.catalogue) + self.baskets.values
        cells, times = np.unique(key, return_counts=True)
        return Ratings(cells // len(self.catalogue), cells % len(self.catalogue), times.astype(np.float64))

    def as_baskets(self) -> Dataset:
        """The same with a basket for each user of a set of ratings: what they rated no lower than their own mean."""
        if self.ratings is None:
            return self
        user, item, value = self.ratings.user, self.ratings.item, self.ratings.value
        mean = np.bincount(user, weights=value) / np.maximum(np.bincount(user), 1)
        liked = value >= mean[user]
        baskets = Ragged.group(user[liked], item[liked])
        return replace(self, baskets=baskets, users=np.unique(user[liked]), ratings=None)

    @cached_property
    def popularity(self) -> np.ndarray:
        """(items,) in how many baskets, edges or ratings each item stands."""
        if self.baskets is not None:
            items = self.baskets.values
        elif self.edges is not None:
            items = np.concatenate([self.edges.source, self.edges.target])
        else:
            assert self.ratings is not None
            items = self.ratings.item
        return np.bincount(items, minlength=len(self.catalogue))

    def sizes(self) -> dict[str, int]:
        """How much of what there is, as numbers."""
        sizes = {"items": len(self.catalogue), "traits": len(self.catalogue.traits)}
        if self.baskets is not None:
            sizes |= {"baskets": len(self.baskets), "bought": len(self.baskets.values)}
        if self.users is not None:
            sizes["users"] = int(self.users.max()) + 1 if len(self.users) else 0
        if self.edges is not None:
            sizes["edges"] = len(self.edges)
        if self.ratings is not None:
            sizes |= {"ratings": len(self.ratings), "users": int(self.ratings.user.max()) + 1}
        return sizes

    def __repr__(self) -> str:
        sizes = ", ".join(f"{number:,} {what}" for what, number in self.sizes().items())
        traits = [
            f"  {name:<20} {values:>7,} values  {fill:>6.1%} known  e.g. {common}"
            for name, values, fill, common in self.catalogue.describe()
        ]
        read = [
            f"{number:,} {what.replace('_', ' ')}" for what, number in self.about.items() if isinstance(number, int)
        ]
        found = [f"  read: {', '.join(read)}"] if read else []
        return "\n".join([f"{self.name}: {sizes}", *traits, *found])

    def _repr_html_(self) -> str:
        sizes = ", ".join(f"{number:,} {what}" for what, number in self.sizes().items())
        rows = "".join(
            f"<tr><td>{escape(name)}</td><td>{values:,}</td><td>{fill:.1%}</td><td>{escape(common)}</td></tr>"
            for name, values, fill, common in self.catalogue.describe()
        )
        head = "<tr><th>trait</th><th>values</th><th>known</th><th>most common</th></tr>"
        return f"<b>{escape(self.name)}</b>: {sizes}" + (f"<table>{head}{rows}</table>" if rows else "")


def by_popularity(ids: np.ndarray, least: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Number the distinct `ids` from the most to the least frequent, keeping those with `least` or more.

    Returns the kept ids in order, and for each entry of `ids` its number, or -1 where it was not kept.
    """
    found, code, count = np.unique(ids, return_inverse=True, return_counts=True)
    order = np.argsort(-count, kind="stable")
    order = order[count[order] >= least]
    number = np.full(len(found), -1)
    number[order] = np.arange(len(order))
    return found[order], number[code]
