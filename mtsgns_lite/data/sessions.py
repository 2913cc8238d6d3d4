"""Sessions: what one visitor did in one go, cut out of time-stamped events by an inactivity gap.

A session may hold an event of a strong kind, such as a purchase. The item of the last such event is its goal, the item
that the visitor was after (Grbovic and Cheng, KDD 2018: the booked listing).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .catalogue import Catalogue
from .dataset import Ragged
from .files import find_columns, read_table, to_times
from .session_samples import SessionSamples
from .tabular import _ids, from_table

if TYPE_CHECKING:
    import pandas as pd

KIND_NAMES = ("kind", "event", "eventtype", "eventkind", "action", "behaviour", "behavior")
STRONG_NAMES = [
    "buy",
    "bought",
    "purchase",
    "purchased",
    "order",
    "ordered",
    "book",
    "booked",
    "booking",
    "conversion",
    "transaction",
    "rent",
]
PARTS = ("basket", "item", "time", "user", "rating", "name", "source", "target", "weight")  # of `from_table`


@dataclass(frozen=True)
class Sessions:
    """Sessions in order of their first event.

    Attributes
    ----------
    items : the item of each event, a row for each session, in order of time.
    kinds : (events,) the kind of each event, a place in `kind_names`.
    strong : the names of the kinds that are conversions.
    users : (sessions,) whose they are. times : (events,) when.
    given_goals : (sessions,) what `with_goals` put in place of the goals, if it did.
    truth : what a generated set knows of itself.
    """

    catalogue: Catalogue
    items: Ragged
    kinds: np.ndarray
    kind_names: tuple[str, ...]
    strong: tuple[str, ...]
    users: np.ndarray
    times: np.ndarray
    name: str = "sessions"
    truth: dict = field(default_factory=dict)
    given_goals: np.ndarray | None = None

    @classmethod
    def from_events(
        cls,
        catalogue: Catalogue,
        users: np.ndarray,
        items: np.ndarray,
        times: np.ndarray,
        kinds: Sequence[str] | np.ndarray,
        gap: float,
        strong: str | Sequence[str] = "buy",
        name: str = "sessions",
    ) -> Sessions:
        """Cut events (arrays of one length, in any order) into sessions.

        A session ends where the user's next event comes more than `gap` later, in the unit of `times`. Events of one
        time keep their order. Raises ``ValueError`` for arrays of different length, no events, item numbers outside
        the catalogue, a negative gap, times that are no numbers, or a strong kind that no event has.
        """
        users, items, times, kinds = (np.asarray(part) for part in (users, items, times, kinds))
        strong = (strong,) if isinstance(strong, str) else tuple(strong)
        _check(catalogue, users, items, times, kinds, gap)
        names, code = np.unique(kinds.astype(str), return_inverse=True)
        missing = [kind for kind in strong if kind not in names]
        if missing:
            there = ", ".join(names)
            raise ValueError(f"No event is of the kind {missing[0]!r}; there are: {there}. Name the strong ones so.")
        users = np.unique(users, return_inverse=True)[1]
        order = np.lexsort((times, users))  # by user, then time; where both are the same, as given
        new = np.ones(len(order), dtype=bool)
        new[1:] = (np.diff(users[order]) != 0) | (np.diff(times[order]) > gap)
        session, first = np.cumsum(new) - 1, order[new]
        by_start = np.lexsort((users[first], times[first]))
        row = np.argsort(by_start)[session]  # of each event, in the order of the sessions' starts
        order = order[np.argsort(row, kind="stable")]
        rows = Ragged.from_lengths(items[order].astype(np.int64), np.bincount(row))
        return cls(catalogue, rows, code[order], tuple(names), strong, users[first[by_start]], times[order], name)

    @classmethod
    def from_table(
        cls,
        source: pd.DataFrame | str | Path,
        gap: str = "30min",
        strong: str | Sequence[str] | None = None,
        *,
        user: str | None = None,
        item: str | None = None,
        time: str | None = None,
        kind: str | None = None,
        name: str | None = None,
        traits: Sequence[str] | str | None = None,
        items: pd.DataFrame | str | Path | None = None,
        multi_separator: str | None = None,
        min_count: int = 1,
    ) -> Sessions:
        """Cut a table with a row for each event into sessions.

        Parameters
        ----------
        source : a data frame, or a CSV or parquet file.
        gap : the longest pause within a session, as pandas writes it: "30min", "2h", "1D".
        strong : the kinds of event that are conversions; () for sessions without any. None takes the usual names, such
            as "buy", "purchase" or "booking", large or small.
        user, item, time, kind, name : the columns' names, where they are not recognised by themselves.
        traits, items, multi_separator : side information, as in `mt.load`.
        min_count : leave out items that fewer users touched.
        Rows without a user or an item are left out. Raises ``ValueError`` that says which column is missing or wrong.
        """
        import pandas as pd

        table = read_table(source) if isinstance(source, (str, Path)) else source
        title = Path(source).name.split(".")[0] if isinstance(source, (str, Path)) else "sessions"
        given = dict.fromkeys(PARTS) | {"user": user, "item": item, "time": time, "name": name}
        columns, kind = _columns(table, given, kind, wanted=strong is None or len(strong) > 0)
        if table.loc[table[columns["user"]].notna() & table[columns["item"]].notna(), columns["time"]].isna().any():
            raise ValueError(f"Column {columns['time']!r} has rows without a time: mend or drop them.")
        try:
            pause = pd.Timedelta(gap).value
        except ValueError:
            raise ValueError(f'gap={gap!r} is no length of time: write it like "30min", "2h" or "1D".') from None
        about = table if kind is None else table.drop(columns=kind)  # which is no trait of an item
        catalogue = from_table(
            about, title, given | {"basket": columns["user"]}, traits, items, multi_separator, min_count
        ).catalogue
        number = pd.Index(catalogue.ids).get_indexer(_ids(table[columns["item"]]))
        users = _ids(table[columns["user"]])
        there = (number >= 0) & (users != "")
        table = table[there]
        kinds = table[kind].astype("string").fillna("").str.strip() if kind else np.full(len(table), "click")
        times = to_times(table[columns["time"]], columns["time"])
        strong = _usual(kinds) if strong is None else strong
        return cls.from_events(catalogue, users[there], number[there], times, kinds, pause, strong, title)

    def __len__(self) -> int:
        return len(self.items)

    def __repr__(self) -> str:
        of_kind = np.bincount(self.kinds, minlength=len(self.kind_names))
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in zip(self.kind_names, of_kind))
        return (
            f"{self.name}: {len(self):,} sessions of {len(np.unique(self.users)):,} users, "
            f"{(self.goals >= 0).mean() if len(self) else 0:.1%} with a goal; events: {kinds}"
        )

    @cached_property
    def goal_places(self) -> np.ndarray:
        """(sessions,) where in its session the last event of a strong kind stands; -1 where there is none."""
        if self.given_goals is None:
            codes = [self.kind_names.index(kind) for kind in self.strong]
            found = np.flatnonzero(np.isin(self.kinds, codes))
            places = np.full(len(self), -1)
        else:
            found = np.flatnonzero(self.items.values == self.given_goals[self.items.row_of])
            absent = np.isin(np.arange(len(self)), self.items.row_of[found], invert=True) & (self.given_goals >= 0)
            places = np.where(absent, self.items.lengths, -1)
        row = self.items.row_of[found]
        np.maximum.at(places, row, found - self.items.offsets[row])
        return places

    @cached_property
    def goals(self) -> np.ndarray:
        """(sessions,) the converted item of each, that of its last strong event; -1 where there is none."""
        if self.given_goals is not None:
            return self.given_goals
        there = self.goal_places >= 0
        goals = np.full(len(self), -1)
        goals[there] = self.items.values[(self.items.offsets[:-1] + self.goal_places)[there]]
        return goals

    def take(self, rows: np.ndarray) -> Sessions:
        """A selection of sessions, in that order."""
        offsets = self.items.offsets
        kinds, times = (Ragged(part, offsets).take(rows).values for part in (self.kinds, self.times))
        given = None if self.given_goals is None else self.given_goals[rows]
        items, users = self.items.take(rows), self.users[rows]
        return replace(self, items=items, kinds=kinds, times=times, users=users, given_goals=given)

    def with_goals(self, goals: np.ndarray) -> Sessions:
        """The same events with other goals, (sessions,) items or -1: those of a control, or of your own definition.

        A goal is reached at its item's last event in the session, or when the session ends. Raises ``ValueError`` for
        goals that are no items.
        """
        goals = np.asarray(goals)
        if goals.shape != (len(self),):
            raise ValueError(f"Each of the {len(self)} sessions needs a goal, or -1; these are of shape {goals.shape}.")
        if goals.dtype.kind not in "iu" or not ((goals >= -1) & (goals < len(self.catalogue))).all():
            raise ValueError(f"A goal is an item's number from 0 to {len(self.catalogue) - 1}, or -1 for none.")
        return replace(self, given_goals=goals.astype(np.int64))

    def split(self, hold_out: float = 0.1) -> tuple[Sessions, Sessions]:
        """The first sessions to train on, and the last in time, a fraction of `hold_out`, to be asked about.

        Raises ``ValueError`` when that leaves one of them empty.
        """
        first = len(self) - round(hold_out * len(self))
        if not 0 < first < len(self):
            raise ValueError(f"hold_out={hold_out} of {len(self)} sessions leaves a part empty: take a fraction.")
        return self.take(np.arange(first)), self.take(np.arange(first, len(self)))

    def samples(self, **options) -> SessionSamples:
        """What skip-gram trains on (options as in `SessionSamples`)."""
        return SessionSamples(self, **options)

    def events(self) -> pd.DataFrame:
        """A row for each event, in order of time: user, item (its id), time, kind."""
        import pandas as pd

        order = np.argsort(self.times, kind="stable")
        users, kinds = self.users[self.items.row_of], np.array(self.kind_names, dtype=object)[self.kinds]
        items = self.catalogue.ids[self.items.values]
        return pd.DataFrame({"user": users, "item": items, "time": self.times, "kind": kinds}).iloc[order]


def _columns(table: pd.DataFrame, given: dict, kind: str | None, wanted: bool) -> tuple[dict[str, str], str | None]:
    """Which column plays which part, and which holds the kinds of event, which must be there if they are `wanted`."""
    there = ", ".join(map(str, table.columns))
    columns = find_columns(list(table.columns), given)
    for part in ("user", "item", "time"):
        if part not in columns:
            raise ValueError(f"No column of {part}s was recognised among: {there}; name it ({part}=).")
    if kind is None:
        plain = {re.sub(r"[\W_]+", "", str(column)).lower(): column for column in table.columns}
        kind = next((plain[name] for name in KIND_NAMES if name in plain), None)
    elif kind not in table.columns:
        raise ValueError(f"There is no column {kind!r}; the table has: {there}.")
    if kind is None and wanted:
        raise ValueError(f"No column of kinds was recognised among: {there}; name it (kind=), or take strong=().")
    return columns, kind


def _usual(kinds) -> list[str]:
    """The kinds of event that go by one of the usual names of a conversion."""
    there = sorted({str(kind) for kind in kinds})
    found = [kind for kind in there if re.sub(r"[\W_]+", "", kind).lower() in STRONG_NAMES]
    if not found:
        some = ", ".join(there[:8]) + (", ..." if len(there) > 8 else "")
        raise ValueError(f"No event looks like a conversion; there are: {some}. Name the strong ones (strong=).")
    return found


def _check(catalogue, users, items, times, kinds, gap) -> None:
    if len({len(part) for part in (users, items, times, kinds)}) > 1:
        raise ValueError("Each event needs a user, an item, a time and a kind: give arrays of one length.")
    if not len(items):
        raise ValueError("There are no events, so there are no sessions: check that the table has rows with items.")
    if not 0 <= items.min() <= items.max() < len(catalogue):
        raise ValueError(f"Item numbers run from 0 to {len(catalogue) - 1}, not {items.min()} to {items.max()}.")
    if not gap >= 0:
        raise ValueError(f"A gap of {gap} is none: give the longest pause within a session, 0 or more.")
    if times.dtype.kind not in "iuf" or not np.isfinite(times).all():
        raise ValueError("Times must be numbers, none missing: convert them first, or use Sessions.from_table.")
