"""Reading the tables people really have: encodings, separators, date forms, decimal commas, column names."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

KNOWN_AS = {
    "basket": "basket basketid order orderid ordernumber invoice invoiceno invoicenumber transaction transactionid "
    "session sessionid cart cartid receipt ticket",
    "item": "item itemid product productid sku stockcode asin article articleid movieid isbn track song",
    "source": "source src from item1 product1 itema producta head",
    "target": "target dst to item2 product2 itemb productb tail",
    "weight": "weight w count strength value",
    "time": "time timestamp date datetime invoicedate orderdate purchasedate transactiontimestamp",
    "user": "user userid customer customerid household householdid member memberid client",
    "rating": "rating stars score",
    "name": "name title description itemname productname",
}


def read_table(path: str | Path) -> pd.DataFrame:
    """A CSV (any usual separator, encoding or compression) as text, or a parquet file as it is.

    Raises ``FileNotFoundError``, or ``ValueError`` when the file is empty, damaged or not a table.
    """
    import pandas as pd

    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}: check the name, or give a data set's name (see mt.load).")
    if path.suffix == ".parquet":
        try:
            return _not_empty(pd.read_parquet(path), path)
        except (OSError, ValueError) as error:
            raise ValueError(f"{path} can't be read as parquet: {_first_line(error)}.") from error
    for encoding in _encodings(path):
        try:
            separator = _separator(path, encoding)
            options = dict(sep=separator, encoding=encoding, dtype=str, keep_default_na=False, na_values=[""])
            frame = pd.read_csv(path, **options)
            return _not_empty(frame.rename(columns=lambda name: str(name).strip()), path)
        except UnicodeError:
            continue
        except pd.errors.EmptyDataError:
            return _not_empty(pd.DataFrame(), path)
        except (OSError, EOFError, pd.errors.ParserError) as error:
            raise ValueError(f"{path} can't be read as a table: {_first_line(error)}.") from error
    raise ValueError(f"{path} is in no text encoding known here: save it as UTF-8.")


def _not_empty(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    if frame.empty:
        raise ValueError(f"{path} is empty: it needs a line of column names and at least one row.")
    return frame


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def _encodings(path: Path) -> list[str]:
    start = path.read_bytes()[:4] if path.suffix not in {".gz", ".bz2", ".zip", ".xz"} else b""
    return ["utf-16"] if start[:2] in (b"\xff\xfe", b"\xfe\xff") else ["utf-8-sig", "cp1252", "latin-1"]


def _separator(path: Path, encoding: str) -> str:
    """The separator that cuts the header into most columns."""
    import pandas as pd

    lines = pd.read_csv(path, sep="\x1f", header=None, dtype=str, nrows=1, encoding=encoding, quoting=csv.QUOTE_NONE)
    header = str(lines.iloc[0, 0])
    return max([",", ";", "\t", "|"], key=header.count)


def find_columns(columns: Sequence[str], given: dict[str, str | None]) -> dict[str, str]:
    """Which column plays which part: those `given`, and for the others a common name (see `KNOWN_AS`).

    Raises ``ValueError`` when a given column is not there.
    """
    found = {}
    for part, column in given.items():
        if column is not None:
            if column not in columns:
                raise ValueError(f"There is no column {column!r}; the table has: {', '.join(map(str, columns))}.")
            found[part] = column
    plain = {re.sub(r"[\W_]+", "", str(column)).lower(): column for column in reversed(list(columns))}
    for part, names in KNOWN_AS.items():
        if part not in found:
            column = next((plain[name] for name in names.split() if name in plain), None)
            if column is not None and column not in found.values():
                found[part] = column
    return found


def to_numbers(column: pd.Series, what: str) -> np.ndarray:
    """A column as floats, decimal commas and thousands separators understood; an empty cell is NaN.

    Raises ``ValueError`` that quotes the first cell that is no number.
    """
    import pandas as pd

    if pd.api.types.is_numeric_dtype(column):
        return column.to_numpy(dtype=float, na_value=np.nan)
    text = column.astype("string").str.strip().str.replace(r"[\s\u00a0'€$£]", "", regex=True)
    comma, dot = text.str.rfind(",").fillna(-1), text.str.rfind(".").fillna(-1)
    if ((comma > dot) & ~text.str.fullmatch(r"-?[1-9]\d{0,2}(,\d{3})+").fillna(False)).any():  # 1.234,50
        text = text.str.replace(".", "", regex=False).str.replace(",", ".", regex=False)
    else:  # 1,234.50
        text = text.str.replace(",", "", regex=False)
    numbers = pd.to_numeric(text, errors="coerce")
    bad = numbers.isna() & text.notna() & (text.str.lower() != "nan")
    if bad.any():
        raise ValueError(
            f"Column {what!r} holds {column[bad].iloc[0]!r}, which is not a number: mend or drop such rows."
        )
    return numbers.to_numpy(dtype=float, na_value=np.nan)


def to_times(column: pd.Series, what: str) -> np.ndarray:
    """A column of times as int64 nanoseconds: ISO dates, day-first or month-first dates, or numbers since 1970
    (seconds, milliseconds, microseconds or nanoseconds, by their size).

    A number above 12 tells whether the day or the month comes first; where there is none, the order that makes the
    data span less time is taken.
    Raises ``ValueError`` that quotes the first cell that is no time.
    """
    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(column):
        return pd.to_datetime(column, utc=True).to_numpy(dtype="datetime64[ns]").astype(np.int64)
    number = pd.to_numeric(column, errors="coerce")
    if number.notna().all() and not column.astype(str).str.fullmatch(r"(19|20)\d{6}").all():
        largest = number.abs().max()  # 1e11 seconds would be in the year 5138
        return (number * next((unit for unit in (1e9, 1e6, 1e3) if largest * unit < 1e20), 1)).to_numpy(dtype=np.int64)
    if number.notna().mean() > 0.5 and not column[number.notna()].astype(str).str.fullmatch(r"(19|20)\d{6}").all():
        _no_times(column, number.isna(), what)  # numbers, but for a few
    distinct = pd.Series(column.unique())
    text = distinct.astype(str)
    readings: list = []
    for day_first in _orders(text):
        read = pd.to_datetime(text, errors="coerce", format="mixed", utc=True, dayfirst=day_first)
        readings.append((int(read.isna().sum()), read.max() - read.min(), len(readings), read))
    missing, _, _, best = min(readings, key=lambda reading: reading[:3])
    if missing:
        _no_times(column, column.isin(distinct[best.isna()]), what)
    return column.map(dict(zip(distinct, best.to_numpy(dtype="datetime64[ns]").astype(np.int64)))).to_numpy(np.int64)


def _no_times(column: pd.Series, bad: pd.Series, what: str) -> None:
    raise ValueError(
        f"Column {what!r} holds {column[bad].iloc[0]!r}, which is not a time ({bad.sum():,} of {len(bad):,} rows hold "
        "none): mend or drop them."
    )


def _orders(dates: pd.Series) -> list[bool]:
    """Is the day first? What the numbers above 12 prove, or both answers where they prove nothing."""
    numbers = dates.str.extract(r"^\s*(\d{1,2})[./-](\d{1,2})[./-]\d").dropna().astype(int)
    first, second = (numbers > 12).any()
    return [False, True] if first == second else [bool(first)]
