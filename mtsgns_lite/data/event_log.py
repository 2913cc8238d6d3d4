"""A log of events in tables of DuckDB, which keeps on disk what doesn't fit into memory.

Users and items become numbers, and what is to be sorted or grouped goes in lots of rows that fit into the memory there
is. Names of columns and files are never part of a query: columns go by their place, files are parameters.
"""

from __future__ import annotations

import glob
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from .event_tables import PARTS, columns_of
from .files import _first_line, _separator

BYTES_PER_ROW = 200  # of a lot: what its sorting and grouping take, with room to spare
UNITS = {"k": 1, "m": 2, "g": 3, "t": 4}
SPACE = "".join(chr(code) for code in range(0x3001) if chr(code).isspace())  # what `str.strip` takes off
THERE = "who IS NOT NULL AND item IS NOT NULL"
WHOLE, DAY = r"[+-]?\d+", r"(19|20)\d{6}"
KINDS = {  # of times, by how DuckDB calls them
    "stamp": ("TIMESTAMP", "DATE"),
    "whole": ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"),
    "fraction": ("FLOAT", "DOUBLE", "DECIMAL", "HUGEINT"),
    "text": ("VARCHAR",),
}
AS_READ = {"stamp": "BIGINT", "whole": "BIGINT", "fraction": "DOUBLE", "text": "VARCHAR"}
# ISO dates: a cast to TIMESTAMPTZ knows zones but no nanoseconds, one to TIMESTAMP_NS the reverse
FROM_TEXT = """epoch_ns(TRY_CAST(moment AS TIMESTAMP_NS))
    + 1000 * (epoch_us(TRY_CAST(moment AS TIMESTAMPTZ)) - epoch_us(TRY_CAST(moment AS TIMESTAMP)))"""


def files_of(log: str | Path | Sequence[str | Path]) -> list[Path]:
    """The files that a name, a pattern or a list of these stands for. Raises ``FileNotFoundError`` where it is none."""
    if not isinstance(log, (str, Path)):
        return [file for part in log for file in files_of(part)]
    path = Path(log)
    pattern = str(Path(glob.escape(str(path)), "*.parquet")) if path.is_dir() else str(path)
    found = [path] if path.is_file() else [Path(name) for name in sorted(glob.glob(pattern, recursive=True))]
    found = [name for name in found if name.is_file()]
    if not found:
        raise FileNotFoundError(f"There is no log at {log}: give a parquet or CSV file, or a pattern of their names.")
    return found


def bytes_of(memory: str) -> int:
    """An amount of memory, such as "1GB" or "500 MiB". Raises ``ValueError`` for what is none."""
    parts = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt])(i?)b", str(memory).strip().lower())
    if not parts or not float(parts[1]):
        raise ValueError(f'memory={memory!r} is no amount of memory: write it like "1GB" or "500MB".')
    return int(float(parts[1]) * (1024 if parts[3] else 1000) ** UNITS[parts[2]])


@contextmanager
def opened(folder: str | Path, memory: str, threads: int) -> Iterator[Any]:
    """A database in a folder of its own inside `folder`, which is removed afterwards; its errors as one sentence.

    Raises ``ModuleNotFoundError`` where DuckDB is missing, ``MemoryError``, and ``ValueError`` for what it can't read.
    """
    limit = f"{bytes_of(memory)}B"
    if threads < 1:
        raise ValueError(f"threads={threads} can do no work: give one or more.")
    try:
        import duckdb
    except ImportError as error:
        raise ModuleNotFoundError("Counting a log needs DuckDB: run `make setup-scale`.") from error
    if "?" in str(folder):  # the name of its log would be cut there
        raise ValueError(f"DuckDB can't work in {folder}, whose name has a ?: name another folder.")
    Path(folder).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".log-") as own:
        config: dict[str, Any] = {"memory_limit": limit, "threads": threads, "temp_directory": str(Path(own, "spilt"))}
        config |= {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
        config["preserve_insertion_order"] = True  # so that a row's place in the table is that in the files
        try:
            with duckdb.connect(Path(own, "log.duckdb"), config=config) as database:
                database.execute("SET TimeZone = 'UTC'")
                yield database
        except duckdb.OutOfMemoryException as error:
            raise MemoryError(f"DuckDB needs more than {memory}: give it more (memory=), or fewer threads.") from error
        except duckdb.Error as error:
            raise ValueError(f"The log can't be counted: {_first_line(error)}.") from error


class Log:
    """The events of some files as a table ``log`` (who, thing, moment, place) of whole numbers.

    Attributes
    ----------
    fitting : how many rows a lot may have.
    rows, left_out, rare : rows in the files, those without a user or an item, those of rare items.
    Raises ``ValueError`` where columns are missing or hold no times, and where no row has a user and an item.
    """

    def __init__(self, database, files: Sequence[Path], given: dict[str, str | None], memory: str):
        self.database, self.fitting = database, bytes_of(memory) // BYTES_PER_ROW
        self.rare = 0
        kind, time = self._read(files, given)
        self.rows, there, without = self.run(
            f"SELECT count(*), count(*) FILTER ({THERE}), count(*) FILTER ({THERE} AND moment IS NULL) FROM raw"
        )[0]
        self.left_out = self.rows - there
        if not there:
            raise ValueError("The log has no row with both a user and an item: check the columns' names.")
        if without:
            raise ValueError(f"Column {time!r} has {without:,} of {there:,} rows without a time: mend or drop them.")
        self._number(self._moment(kind, time))

    def run(self, query: str, parameters: Any = None) -> list[tuple]:
        """The rows that a query finds, which are few."""
        return self.database.execute(query, parameters).fetchall()

    def arrays(self, query: str, parameters: Any = None) -> dict[str, np.ndarray]:
        """The columns that a query finds."""
        return self.database.execute(query, parameters).fetchnumpy()

    def _read(self, files: Sequence[Path], given: dict[str, str | None]) -> tuple[str, str]:
        """Fill the table ``raw`` (who, item, moment), in the files' order; the kind of times, and their column."""
        kinds: list[str] = []
        for file in files:
            table, parameters, names = _table_of(file)
            types = [str(column[1]) for column in self._head(table, parameters)]
            names = names or [column[0] for column in self.database.description]
            columns = _columns(names, given)
            places = [names.index(columns[part]) for part in ("user", "item", "time")]
            who, item, time = (f"c{place}" for place in places)
            kinds.append(_kind(types[places[2]], columns["time"], file))
            if kinds[-1] != kinds[0]:
                raise ValueError(f"{file} writes its times differently from {files[0]}: give both one type.")
            if len(kinds) == 1:
                self.run(f"CREATE TABLE raw (who VARCHAR, item VARCHAR, moment {AS_READ[kinds[0]]})")
            own = ", ".join(f"c{place}" for place in range(len(names)))
            self.run(
                f"INSERT INTO raw SELECT {_text(who, types[places[0]])}, {_text(item, types[places[1]])}, "
                f"{_as_read(time, kinds[0])} FROM {table} AS own({own})",
                parameters,
            )
        return kinds[0], columns["time"]

    def _head(self, table: str, parameters: list) -> list[tuple]:
        return self.database.execute(f"SELECT * FROM {table} LIMIT 0", parameters).description

    def _moment(self, kind: str, column: str) -> str:
        """What makes nanoseconds since 1970 of the times, by the rules of `files.to_times`."""
        how = "moment" if kind == "stamp" else self._reading(kind)
        bad = self.run(f"SELECT moment FROM raw WHERE {THERE} AND ({how}) IS NULL ORDER BY rowid LIMIT 1")
        if bad:
            raise ValueError(
                f"Column {column!r} holds {bad[0][0]!r}, which is not a time here: write ISO dates "
                "(2026-01-31 10:00:00), numbers since 1970, or a parquet file with times."
            )
        return how

    def _reading(self, kind: str) -> str:
        if kind != "fraction" and self._all(f"regexp_full_match(CAST(moment AS VARCHAR), '{DAY}')"):
            return "epoch_ns(try_strptime(CAST(moment AS VARCHAR), '%Y%m%d'))"
        if kind == "text" and not self._all("TRY_CAST(moment AS DOUBLE) IS NOT NULL"):
            return FROM_TEXT
        largest = self.run(f"SELECT max(abs(CAST(moment AS DOUBLE))) FROM raw WHERE {THERE}")[0][0]
        unit = next((unit for unit in (1e9, 1e6, 1e3) if largest * unit < 1e20), 1)
        whole = kind == "whole" or kind == "text" and self._all(f"regexp_full_match(moment, '{WHOLE}')")
        if unit == 1 and whole:
            return "TRY_CAST(moment AS BIGINT)"
        return f"TRY_CAST(trunc(CAST(moment AS DOUBLE) * CAST({unit} AS DOUBLE)) AS BIGINT)"

    def _all(self, condition: str) -> bool:
        return not self.run(f"SELECT 1 FROM raw WHERE {THERE} AND NOT ({condition}) LIMIT 1")

    def _number(self, moment: str) -> None:
        """The table ``log``: users and items as numbers, in any order, and each row's place in the files."""
        for name, column in (("users", "who"), ("things", "item")):
            self.run(
                f"CREATE TABLE {name} AS SELECT row_number() OVER () - 1 AS number, {column} AS id "
                f"FROM (SELECT DISTINCT {column} FROM raw WHERE {THERE})"
            )
        self.run(
            f"CREATE TABLE log AS SELECT users.number AS who, things.number AS thing, {moment} AS moment, "
            "raw.rowid AS place FROM raw JOIN users ON users.id = raw.who JOIN things ON things.id = raw.item"
        )
        self.run("DROP TABLE raw")
        self.run("DROP TABLE users")

    def lots(self) -> Iterator[str]:
        """Conditions that cut the log by its users into lots that fit."""
        count = -(-(self.rows - self.left_out) // self.fitting)
        return (f"who % {count} = {lot}" for lot in range(count))

    def number_items(self, min_count: int) -> int:
        """The table ``items`` (number, thing, id, users): by how many users touched them, then by their ids as text.

        Returns how many there are. Raises ``ValueError`` for fewer than two.
        """
        self.run("CREATE TABLE touched (thing BIGINT, users BIGINT)")
        for lot in self.lots():
            pairs = f"SELECT DISTINCT who, thing FROM log WHERE {lot}"
            self.run(f"INSERT INTO touched SELECT thing, count(*) FROM ({pairs}) GROUP BY thing")
        self.run(
            "CREATE TABLE items AS SELECT row_number() OVER (ORDER BY users DESC, id) - 1 AS number, thing, id, users "
            "FROM (SELECT thing, CAST(sum(users) AS BIGINT) AS users FROM touched GROUP BY thing) AS summed "
            "JOIN things ON things.number = summed.thing WHERE users >= ?",
            [min_count],
        )
        if min_count > 1:
            self.rare = self.run("SELECT count(*) FROM log WHERE thing NOT IN (SELECT thing FROM items)")[0][0]
        items = self.run("SELECT count(*) FROM items")[0][0]
        if items < 2:
            raise ValueError(f"The log has {items} item(s): at least two are needed to learn which go together.")
        return items

    def write_ids(self, path: Path) -> None:
        """The items in order: id, and how many users touched it."""
        self.run("COPY (SELECT id, users FROM items ORDER BY number) TO ? (FORMAT parquet)", [str(path)])


def _table_of(file: Path) -> tuple[str, list, list[str]]:
    """A file as a table in a query, the query's parameters, and, for a text file, the columns' names."""
    name = glob.escape(str(file))  # or a [ in it would make a pattern of it
    if file.suffix == ".parquet":
        return "read_parquet(?, hive_partitioning = false)", [name], []
    import pandas as pd

    try:
        separator = _separator(file, "utf-8-sig")
        header = pd.read_csv(file, sep=separator, encoding="utf-8-sig", dtype=str, nrows=0)
    except UnicodeError as error:
        raise ValueError(f"{file} is not in UTF-8: save it so, or as parquet.") from error
    except (OSError, EOFError, ValueError) as error:  # pandas' own are of these
        raise ValueError(f"{file} can't be read as a table: {_first_line(error)}.") from error
    types = {f"c{place}": "VARCHAR" for place in range(len(header.columns))}
    options = "columns = ?, delim = ?, auto_detect = false, header = true, quote = '\"', escape = '\"'"
    return f"read_csv(?, {options})", [name, types, separator], [str(column).strip() for column in header.columns]


def _columns(names: list[str], given: dict[str, str | None]) -> dict[str, str]:
    import pandas as pd

    return columns_of(pd.DataFrame(columns=names), dict.fromkeys(PARTS) | given, None, False, ())[0]


def _kind(name: str, column: str, file: Path) -> str:
    for kind, names in KINDS.items():
        if name.startswith(names):
            return kind
    raise ValueError(f"Column {column!r} of {file} holds {name}: times are timestamps, dates, numbers or text.")


def _text(column: str, kind: str) -> str:
    """An id as `tabular._ids` writes it, NULL for none; 12.0, which is a whole number with gaps elsewhere, is 12."""
    if kind in ("FLOAT", "DOUBLE"):
        whole = f"{column} = trunc({column}) AND abs({column}) < 1e18"
        number = f"CASE WHEN {whole} THEN CAST(CAST({column} AS BIGINT) AS VARCHAR) ELSE CAST({column} AS VARCHAR) END"
        return f"CASE WHEN NOT isnan({column}) THEN {number} END"
    return _stripped(column) if kind == "VARCHAR" else f"CAST({column} AS VARCHAR)"


def _stripped(text: str) -> str:
    """As `str.strip` does, NULL for none; to take so many characters off is slow, so texts are looked at first."""
    bare = f"{text}[1] BETWEEN '!' AND '~' AND {text}[-1] BETWEEN '!' AND '~'"
    return f"CASE WHEN {bare} THEN {text} ELSE nullif(trim({text}, '{SPACE}'), '') END"


def _as_read(column: str, kind: str) -> str:
    if kind == "stamp":
        return f"epoch_ns({column})"
    return _stripped(column) if kind == "text" else f"CAST({column} AS {AS_READ[kind]})"
