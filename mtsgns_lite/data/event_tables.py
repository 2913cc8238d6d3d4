"""A table with a row for each event: which column is what, how long a pause may be, and which kinds are conversions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .files import find_columns

if TYPE_CHECKING:
    import pandas as pd

ALSO_KNOWN_AS = {  # in a log of events; in a table of orders these may mean something else
    "time": "ts eventtime eventtimestamp createdat",
    "user": "visitor visitorid clientid",
}
KIND_NAMES = "kind event eventtype eventkind eventname action actiontype behaviour behavior behaviourtype behaviortype"
STRONG_NAMES = "buy bought purchase purchased order ordered book booked booking conversion transaction rent"
PARTS = ("basket", "item", "time", "user", "rating", "name", "source", "target", "weight")  # of `from_table`


def pause_of(length: Any, what: str, such_as: str) -> int:
    """A length of time, as pandas writes it, in nanoseconds.

    Raises ``ValueError`` for one without a unit, a negative one, and what is none.
    """
    import pandas as pd

    if re.fullmatch(r"\s*[-+]?\d*\.?\d+\s*", str(length)):  # which pandas takes for nanoseconds
        raise ValueError(f'{what}={length!r} has no unit: give a unit, such as {what}="{such_as}".')
    try:
        pause = pd.Timedelta(length)
    except (ValueError, TypeError):
        pause = pd.NaT
    if pd.isna(pause):
        raise ValueError(f'{what}={length!r} is no length of time: write it like "{such_as}", "2h" or "1D".')
    if pause.value < 0:
        raise ValueError(f'{what}={length!r} is negative: give a length of time, such as {what}="{such_as}".')
    return pause.value


def columns_of(
    table: pd.DataFrame, given: dict, kind: str | None, wanted: bool, traits: Sequence[str]
) -> tuple[dict[str, str], str | None]:
    """Which column plays which part, and which holds the kinds of event, which must be there if they are `wanted`."""
    there = ", ".join(map(str, table.columns))
    plain = {re.sub(r"[\W_]+", "", str(column)).lower(): column for column in reversed(list(table.columns))}
    columns = find_columns(list(table.columns), given)
    for part, names in ALSO_KNOWN_AS.items():
        columns |= _first(names, plain, columns.values(), part) if part not in columns else {}
    if kind is not None and kind not in table.columns:
        raise ValueError(f"There is no column {kind!r}; the table has: {there}.")
    if kind is None:  # "type" is often that of the item
        names = KIND_NAMES + (" type" if wanted and plain.get("type") not in traits else "")
        kind = _first(names, plain, columns.values(), "kind").get("kind")
    missing = [part for part in ("user", "item", "time") if part not in columns]
    missing += ["kind"] if kind is None and wanted else []
    if missing:
        parts, named = " or ".join(f"{part}s" for part in missing), ", ".join(f"{part}=" for part in missing)
        it, so = ("it", missing[0]) if len(missing) == 1 else ("them", ", ".join(missing))
        without = "; without kinds of events take strong=()" if missing[-1] == "kind" else ""
        raise ValueError(
            f"No column of {parts} was recognised among: {there}; name {it} ({named}), or rename {it} {so}{without}."
        )
    check_traits(table, traits, kind)
    return columns, kind


def _first(names: str, plain: dict, taken, part: str) -> dict[str, str]:
    return next(({part: plain[name]} for name in names.split() if name in plain and plain[name] not in taken), {})


def check_traits(table: pd.DataFrame, traits: Sequence[str], kind: str | None) -> None:
    """Raises ``ValueError`` for traits that are no columns, or the kind of event, which is nothing of the item's."""
    for trait in traits:
        if trait not in table.columns:
            there = ", ".join(map(str, table.columns))
            raise ValueError(f"There is no column {trait!r}; the table has: {there}.")
        if trait == kind:
            raise ValueError(f"Column {trait!r} holds the kinds of event, which say nothing of the item: leave it out.")


def check_times(times: pd.Series, there: np.ndarray) -> None:
    """Raises ``ValueError`` that says how many rows, of those `there`, have no time, and which is the first."""
    empty = np.flatnonzero(times.isna().to_numpy() & there)
    if len(empty):
        raise ValueError(
            f"Column {times.name!r} has {len(empty):,} of {there.sum():,} rows without a time, the first in row "
            f"{empty[0] + 1:,}: mend or drop them."
        )


def usual(kinds) -> list[str]:
    """The kinds of event that go by one of the usual names of a conversion."""
    there = sorted({str(kind) for kind in kinds})
    found = [kind for kind in there if re.sub(r"[\W_]+", "", kind).lower() in STRONG_NAMES.split()]
    if not found:
        some = ", ".join(there[:8]) + (", ..." if len(there) > 8 else "")
        raise ValueError(f"No event looks like a conversion; there are: {some}. Name the strong ones (strong=).")
    return found


def as_spelt(strong: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    """The strong kinds as the events spell them, large or small. Raises ``ValueError`` for one that no event has."""
    found: list[str] = []
    for kind in strong:
        same = [kind] if kind in names else [name for name in names if name.lower() == str(kind).lower()]
        if not same:
            there = ", ".join(names)
            raise ValueError(f"No event is of the kind {kind!r}; there are: {there}. Name the strong ones so.")
        found += [name for name in same if name not in found]
    return tuple(found)
