"""Lines of Amazon metadata -> one Arrow table. Run as a program, it does every n-th block of a file's lines.

Two forms are read, line by line: that of 2014, each line a Python literal (``{'asin': ..., 'related': {...}}``), and
strict JSON as of 2018 (``also_buy``, ``also_view``). Nothing that is read is ever executed. `amazon.py` starts this
file as a program on each core; it stands alone, so that a worker needs neither torch nor the rest of the library.
"""

from __future__ import annotations

import ast
import gzip
import html
import json
import re
import sys
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

RELATIONS = ("bought_together", "also_bought", "also_viewed", "buy_after_viewing")
IN_2018 = {"also_buy": "also_bought", "also_view": "also_viewed"}
BLOCK = 2_000  # lines
LONGEST = 1 << 24  # characters of a line; more is no product
TEXT, TEXTS = pa.string(), pa.list_(pa.string())
SCHEMA = pa.schema(
    [("line", pa.int64()), ("error", TEXT), ("asin", TEXT), ("title", TEXT), ("brand", TEXT)]
    + [("categories", pa.list_(TEXTS)), ("price", pa.float64()), ("sales_rank", pa.int64())]
    + [(relation, TEXTS) for relation in RELATIONS]
)
NUMBER = re.compile(r"\d[\d,]*(\.\d+)?")


def parse(line: str) -> dict[str, Any]:
    """One line as a dictionary. Raises ``ValueError`` that says what is wrong with it."""
    try:
        # Without a double quote or a backslash, every single quote delimits a string: so the literal is JSON, which
        # is ten times faster to read. Whatever else a literal may hold, JSON refuses, and literal_eval has a look.
        found = json.loads(line if '"' in line or "\\" in line else line.replace("'", '"'))
    except ValueError:
        try:
            found = ast.literal_eval(line.strip())
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
            raise ValueError("neither a Python literal nor JSON") from error
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(found, dict):
        raise ValueError(f"a {type(found).__name__}, not a product")
    if not isinstance(found.get("asin"), str) or not found["asin"].strip():
        raise ValueError("a product without an asin")
    return found


def product(found: dict[str, Any]) -> dict[str, Any]:
    """What is kept of a line, with None or an empty list for what is missing or not what it should be."""
    related = found.get("related")
    related = dict(related) if isinstance(related, dict) else {}
    related |= {name: found[key] for key, name in IN_2018.items() if key in found}
    paths = found.get("categories", found.get("category"))
    if isinstance(paths, list) and not any(isinstance(path, list) for path in paths):
        paths = [paths]  # one path, as in 2018
    rank = found.get("salesRank", found.get("rank"))
    rank = min((r for r in rank.values() if isinstance(r, int)), default=None) if isinstance(rank, dict) else rank
    return {
        "asin": found["asin"].strip(),
        "title": _text(found.get("title")),
        "brand": _text(found.get("brand")),
        "categories": [_texts(path) for path in paths] if isinstance(paths, list) else [],
        "price": _number(found.get("price")),
        "sales_rank": None if (number := _number(rank)) is None else int(number),
        **{relation: _ids(related.get(relation)) for relation in RELATIONS},
    }


def _text(value: object) -> str | None:
    """Plain text, its HTML entities decoded; None for nothing, and for page source, which 2018 has in some fields."""
    return _decoded(value) if isinstance(value, str) else None


@lru_cache(maxsize=1 << 16)
def _decoded(text: str) -> str | None:
    text = " ".join(html.unescape(text).split())
    return text if text and not re.search(r"<\w|getTime\(|function\(", text) else None


def _texts(values: object) -> list[str]:
    return [text for value in values if (text := _text(value))] if isinstance(values, list) else []


def _ids(values: object) -> list[str]:
    return [value.strip() for value in values if isinstance(value, str) and value.strip()] \
        if isinstance(values, list) else []  # fmt: skip


def _number(value: object) -> float | None:
    """A number, or the first one of a text such as "$1,299.00" or ">#1,234 in Games"; above 0 and finite."""
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, str):
        found = NUMBER.search(value)
        value = float(found[0].replace(",", "")) if found else None
    usable = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 1e12
    return float(value) if usable else None  # type: ignore[arg-type]


def table(lines: list[str], first: int) -> pa.RecordBatch:
    """The table of a block of lines, the first of which has the number `first`; blank lines have no row."""
    rows = []
    for number, line in enumerate(lines, start=first):
        if not line.strip():
            continue
        try:
            rows.append({"line": number, **product(parse(line))})
        except ValueError as error:
            rows.append({"line": number, "error": str(error)})
    columns = [pa.array([row.get(field.name) for row in rows], field.type) for field in SCHEMA]
    return pa.RecordBatch.from_arrays(columns, schema=SCHEMA)


def blocks(path: str | Path, part: int = 0, of: int = 1) -> Iterator[tuple[pa.RecordBatch, int]]:
    """The tables of blocks number part, part + of, ..., and how many bytes of the file have been read by then.

    Raises ``EOFError`` for a gzip cut short, ``OSError`` or ``zlib.error`` for a damaged one.
    """
    with open(path, "rb") as raw:
        packed = raw.peek(2)[:2] == b"\x1f\x8b"
        stream: IO[bytes] = gzip.GzipFile(fileobj=raw) if packed else raw  # type: ignore[assignment]
        number = 0
        while lines := list(islice(iter(lambda: stream.readline(LONGEST), b""), BLOCK)):
            if number % of == part:
                yield table([str(line, "utf-8", "replace") for line in lines], number * BLOCK + 1), raw.tell()
            number += 1


def main(path: str, part: str, of: str) -> int:
    """Write the tables to standard output as a stream; what is wrong with the file, to standard error."""
    import zlib

    done = pa.schema([*SCHEMA, ("read", pa.int64())])
    with pa.ipc.new_stream(sys.stdout.buffer, done) as out:
        try:
            for batch, read in blocks(path, int(part), int(of)):
                position = pa.array([read] * len(batch), pa.int64())
                out.write_batch(pa.RecordBatch.from_arrays([*batch.columns, position], schema=done))
        except (EOFError, OSError, zlib.error) as error:
            print(str(error).splitlines()[0], file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
