"""Sessions: what one visitor did in one go, cut out of time-stamped events by an inactivity gap.

A session may hold an event of a strong kind, such as a purchase. The item of the last such event is its goal, the item
that the visitor was after (Grbovic and Cheng, KDD 2018: the booked listing).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .catalogue import Catalogue
from .dataset import Ragged
from .event_tables import PARTS, as_spelt, check_times, columns_of, pause_of, usual
from .files import read_table, to_times
from .session_samples import SessionSamples
from .tabular import _ids, from_table

if TYPE_CHECKING:
    import pandas as pd

NO_SAMPLES = "Sessions are no samples: give sessions.samples() to train on."
NO_DATASET = (
    "Sessions are no data set: sessions.split(0.1) holds the last of them out and sessions.samples() trains; where a "
    "data set may be left out, leave it out."
)
INSTEAD = dict.fromkeys(("counts", "batches"), NO_SAMPLES) | dict.fromkeys(
    ("main_trait", "as_baskets", "baskets", "edges", "ratings", "popularity", "usage"), NO_DATASET
)


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
    left_out : which rows of its table `from_table` left out, in words.
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
    left_out: str = ""

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
        strong = as_spelt(strong, [str(name) for name in names])
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
        Rows without a user or an item are left out, which the sessions tell of when they are shown. Raises
        ``ValueError`` that says which columns are missing or wrong.
        """
        import pandas as pd

        pause = pause_of(gap, "gap", "30min")
        title = Path(source).name.split(".")[0] if isinstance(source, (str, Path)) else "sessions"
        table = read_table(source) if isinstance(source, (str, Path)) else source
        if not isinstance(table, pd.DataFrame):
            kind_of = type(source).__name__
            raise ValueError(f"The events are a {kind_of}: give a file's name, or a data frame (pd.DataFrame(events)).")
        own = [traits] if isinstance(traits, str) and traits != "auto" else traits
        listed = [] if items is not None or own is None or own == "auto" else list(own)
        given = dict.fromkeys(PARTS) | {"user": user, "item": item, "time": time, "name": name}
        columns, kind = columns_of(table, given, kind, strong is None or len(strong) > 0, listed)
        given |= {part: columns[part] for part in ("user", "item", "time")} | {"basket": columns["user"]}
        there = (_ids(table[columns["user"]]) != "") & (_ids(table[columns["item"]]) != "")
        check_times(table[columns["time"]], there)
        whole, nameless, table = len(table), int((~there).sum()), table[there]
        about = table if kind is None else table.drop(columns=kind)  # which is no trait of an item
        catalogue = from_table(about, title, given, own, items, multi_separator, min_count).catalogue
        number = pd.Index(catalogue.ids).get_indexer(_ids(table[columns["item"]]))
        table, number = table[number >= 0], number[number >= 0]
        kinds = table[kind].astype("string").fillna("").str.strip() if kind else np.full(len(table), "click")
        times = to_times(table[columns["time"]], columns["time"])
        strong = usual(kinds) if strong is None else strong
        users = _ids(table[columns["user"]])
        found = cls.from_events(catalogue, users, number, times, kinds, pause, strong, title)
        return replace(found, left_out=_left_out(whole, nameless, whole - nameless - len(table)))

    if not TYPE_CHECKING:

        def __getattr__(self, name: str):
            raise AttributeError(INSTEAD.get(name, f"'Sessions' object has no attribute {name!r}"))

    def __len__(self) -> int:
        return len(self.items)

    def __repr__(self) -> str:
        of_kind = np.bincount(self.kinds, minlength=len(self.kind_names))
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in zip(self.kind_names, of_kind))
        return (
            f"{self.name}: {len(self):,} sessions of {len(np.unique(self.users)):,} users, "
            f"{(self.goals >= 0).mean() if len(self) else 0:.1%} with a goal; events: {kinds}{self.left_out}"
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
        return replace(self, items=items, kinds=kinds, times=times, users=users, given_goals=given, left_out="")

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


def _left_out(rows: int, nameless: int, rare: int) -> str:
    reasons = [f"{nameless:,} without a user or an item"] * (nameless > 0) + [f"{rare:,} of rare items"] * (rare > 0)
    return f"; of {rows:,} rows {', '.join(reasons)} are left out" if reasons else ""


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
