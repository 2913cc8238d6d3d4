"""Tables of vectors that somebody else made, read as data: word2vec text, parquet, safetensors.

Sizes are looked at before anything is made of them, and nothing in a file is executed. A library that reads a file may
still have a fault of its own: read files of strangers in another process.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

ID_COLUMNS = ("item", "id", "__index_level_0__")  # the last is what pandas calls an index without a name
LONGEST_ID, LONGEST_NUMBER, LONGEST_HEADER = 4_000, 40, 64 << 20  # bytes


class Refused(ValueError):
    """What was handed in can't be scored; the message is a sentence for whoever handed it in."""


@dataclass(frozen=True)
class Limits:
    """How much a submission may take: megabytes of a file; rows, dimensions, and their product; seconds and megabytes
    of memory to read and score it."""

    megabytes: int = 200
    rows: int = 2_000_000
    dim: int = 4_096
    cells: int = 100_000_000
    seconds: float = 120
    memory: int = 4_000

    def check_values(self, values: int) -> None:
        """Raise `Refused` for too many numbers."""
        if values > self.cells:
            raise Refused(f"It unpacks to {values:,} numbers; at most {self.cells:,} are read.")

    def check(self, rows: int, dim: int) -> None:
        """Raise `Refused` for a table that is empty or too large."""
        if rows < 1 or dim < 1:
            raise Refused(f"It holds no vectors: {rows:,} rows of {dim:,} numbers.")
        if rows > self.rows or dim > self.dim or rows * dim > self.cells:
            raise Refused(
                f"It has {rows:,} rows of {dim:,} numbers; at most {self.rows:,} rows, {self.dim:,} dimensions and "
                f"{self.cells:,} numbers are read."
            )


def shown(text: object, most: int = 40) -> str:
    """Text of a stranger, short and with everything escaped that a terminal might obey."""
    text = str(text)
    text = text if len(text) <= most else text[: most - 1] + "…"
    return "'" + "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text) + "'"


def _word2vec(file: BinaryIO, limits: Limits) -> tuple[list[str], np.ndarray]:
    """A line "ROWS DIMENSIONS", then a line for each item: its id, which may hold blanks, and its numbers."""
    head = file.readline(200).removeprefix(b"\xef\xbb\xbf").split()
    if len(head) != 2 or not all(part.isdigit() and len(part) < 16 for part in head):
        raise Refused('Its first line is not "ROWS DIMENSIONS", with which word2vec\'s text (in UTF-8) begins.')
    rows, dim = int(head[0]), int(head[1])
    limits.check(rows, dim)
    start = file.tell()
    if rows * (2 * dim + 2) > file.seek(0, os.SEEK_END) - start + 1:  # an id, a blank and a digit for each, a line end
        raise Refused(f"Its first line promises {rows:,} rows of {dim:,} numbers, and the file is too short for that.")
    file.seek(start)
    vectors, ids = np.empty((rows, dim), dtype=np.float32), []
    longest = LONGEST_ID + LONGEST_NUMBER * dim
    for row in range(rows):
        item, numbers = _word2vec_line(file.readline(longest), dim, row + 2)
        vectors[row] = numbers
        ids.append(item)
    if file.read(1_000).strip():
        raise Refused(f"It has more lines than the {rows:,} that its first line promises.")
    return ids, vectors


def _word2vec_line(line: bytes, dim: int, number: int) -> tuple[str, list[float]]:
    item, *numbers = line.rsplit(None, dim) or [b""]
    if len(numbers) != dim:
        raise Refused(f"Line {number:,} is not an id and {dim:,} numbers, as the first line promises.")
    try:
        values = [float(part) for part in numbers]
    except ValueError as error:
        raise Refused(f"Line {number:,} holds something else than an id and {dim:,} numbers.") from error
    try:
        return item.strip().decode("utf-8"), values
    except UnicodeDecodeError as error:
        raise Refused(f"The id in line {number:,} is not UTF-8: save the file in that encoding.") from error


def _parquet(file: BinaryIO, limits: Limits) -> tuple[list[str], np.ndarray]:
    """A column of ids, and one column of lists or a column for each dimension (see `_columns`)."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        stored = parquet.ParquetFile(file, thrift_string_size_limit=LONGEST_HEADER, thrift_container_size_limit=1 << 20)
        about = stored.metadata
        if about.num_columns > limits.dim + 100 or about.num_rows * about.num_columns > 2 * limits.cells:
            raise Refused(f"It has {about.num_rows:,} rows of {about.num_columns:,} columns: that is too much.")
        limits.check_values(max(_values(about), default=0))
        id_column, columns = _columns(stored.schema_arrow)
        limits.check(about.num_rows, len(columns))
        ids: list[str] = []
        blocks: list[np.ndarray] = []
        for batch in stored.iter_batches(4_096, columns=[id_column, *columns], use_threads=False):
            ids += _texts(batch.column(id_column))
            blocks.append(_block(batch, columns))
            limits.check(len(ids), blocks[-1].shape[1])
    except MemoryError:
        raise
    except (pa.ArrowException, OSError, KeyError, IndexError) as error:
        raise Refused("It can't be read as parquet: it is damaged or something else; write it again.") from error
    if len({block.shape[1] for block in blocks}) > 1:
        raise Refused("Its vectors differ in length: give every item equally many numbers.")
    return ids, np.concatenate(blocks)


def _values(about) -> list[int]:
    """How many numbers or texts each column comes to, however small it was packed."""
    groups = [about.row_group(number) for number in range(about.num_row_groups)]
    return [sum(group.column(number).num_values for group in groups) for number in range(about.num_columns)]


def _columns(schema) -> tuple[str, list[str]]:
    """The column of ids: "item", else "id", else the only one of text. Of vectors: the only one of lists of numbers,
    else all of floating-point numbers, in the file's order; others, such as names, are left alone."""
    from pyarrow import types

    if len(set(schema.names)) < len(schema.names):
        raise Refused("Two of its columns have the same name: give each one of its own.")
    kinds = {field.name: field.type for field in schema}
    coded = {name: kind.value_type if types.is_dictionary(kind) else kind for name, kind in kinds.items()}
    is_text = (types.is_string, types.is_large_string, types.is_binary, types.is_large_binary)
    texts = [name for name, kind in coded.items() if any(check(kind) for check in is_text)]
    whole = [name for name, kind in coded.items() if types.is_integer(kind)]
    named = [name for name in ID_COLUMNS if name in texts or name in whole]
    named = named or (texts if len(texts) == 1 else [])
    if not named:
        raise Refused('It has no column of ids: call it "item", and keep text or whole numbers in it.')
    is_list = (types.is_list, types.is_large_list, types.is_fixed_size_list)
    lists = [name for name, kind in kinds.items() if any(check(kind) for check in is_list)]
    lists = [name for name in lists if types.is_floating(kinds[name].value_type)]
    if len(lists) > 1:
        raise Refused(f"It has {len(lists):,} columns of lists of numbers: leave only the vectors.")
    floats = lists or [name for name, kind in kinds.items() if types.is_floating(kind)]
    if not floats:
        raise Refused("It has no vectors: give a column of lists of floating-point numbers, or a column a dimension.")
    return named[0], floats


def _texts(column) -> list[str]:
    if column.null_count:
        raise Refused("A row has no id: give every row one.")
    try:
        return [item.decode("utf-8") if isinstance(item, bytes) else str(item) for item in column.to_pylist()]
    except UnicodeDecodeError as error:
        raise Refused("An id is not UTF-8: write the file again in that encoding.") from error


def _block(batch, columns: list[str]) -> np.ndarray:
    """(rows, d) the numbers of a batch of rows."""
    from pyarrow import types

    first = batch.column(columns[0])
    if types.is_floating(first.type):
        return np.stack([batch.column(name).to_numpy(zero_copy_only=False) for name in columns], 1).astype(np.float32)
    lengths = set(first.value_lengths().to_pylist())
    if len(lengths) != 1 or None in lengths:
        raise Refused("Its vectors differ in length, or one is missing: give every item equally many numbers.")
    return first.flatten().to_numpy(zero_copy_only=False).astype(np.float32).reshape(len(first), lengths.pop())


def _safetensors(file: BinaryIO, limits: Limits) -> tuple[list[str] | None, np.ndarray]:
    """The matrix "vectors", or the only one there is; ids as a JSON list in the metadata under "ids", if there are."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    data = file.read()
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > min(len(data) - 8, LONGEST_HEADER):
        raise Refused("It can't be read as safetensors: it is damaged, cut short or something else.")
    try:
        ids = json.loads(data[8 : 8 + length]).get("__metadata__", {}).get("ids")
        ids = None if ids is None else json.loads(ids)
        tensors = load(data)
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Refused("It can't be read as safetensors: it is damaged, cut short or something else.") from error
    matrices = {name: tensor for name, tensor in tensors.items() if tensor.ndim == 2 and tensor.is_floating_point()}
    chosen = matrices.get("vectors", next(iter(matrices.values())) if len(matrices) == 1 else None)
    if chosen is None:
        raise Refused(f'It holds {len(matrices):,} tables of floating-point numbers: call the vectors "vectors".')
    limits.check(*chosen.shape)
    if ids is not None and (not isinstance(ids, list) or len(ids) != len(chosen)):
        raise Refused(f'"ids" in its metadata is not a JSON list of {len(chosen):,} ids, one for each row.')
    return ids and [str(item) for item in ids], chosen.float().numpy()


READERS = {".txt": _word2vec, ".vec": _word2vec, ".parquet": _parquet, ".safetensors": _safetensors}
