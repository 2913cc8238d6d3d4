"""A file of Amazon metadata, parsed on every core -> a table of items and one of pairs, kept in the user's cache."""

from __future__ import annotations

import hashlib
import json
import os
import queue
import shutil
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from tqdm.auto import tqdm

from ..cache import cache_folder
from ..device import usable_cpus
from . import amazon_lines
from .amazon_lines import RELATIONS

VERSION = "1"  # of what is kept
WORTH_A_CORE = 4_000_000  # bytes of a file
QUOTED = 5  # malformed lines
LOOKED_AT = 1_000  # lines after which a file that is mostly malformed is given up
ABOUT_ITEMS = ("asin", "title", "brand", "categories", "price", "sales_rank")


def read_amazon(path: Path, progress: bool = True) -> tuple[pa.Table, pa.Table, dict]:
    """Items, pairs, and counts of what was read, from the cache where the file's hash is known there.

    items : products in the order of the file, then items that are only mentioned (with nothing but their asin).
    pairs : source < target, row numbers of items, and how often each relation is listed between the two.
    Raises ``ValueError`` for a file that is damaged, mostly malformed, or of another kind.
    """
    with open(path, "rb") as file:
        key = hashlib.file_digest(file, "sha256").hexdigest()[:32]
    folder = cache_folder("amazon") / f"{key}-{VERSION}"
    try:
        return (*(pq.read_table(folder / f"{name}.parquet") for name in ("items", "pairs")),
                json.loads((folder / "about.json").read_text()))  # fmt: skip
    except (OSError, ValueError, pa.ArrowException):  # not there, or not whole
        pass
    products, about = _products(path, progress)
    items, pairs = _graph(products, about)
    part = folder.with_name(f"{folder.name}.part{os.getpid()}")
    try:
        part.mkdir(parents=True, exist_ok=True)
        pq.write_table(items, part / "items.parquet")
        pq.write_table(pairs, part / "pairs.parquet")
        (part / "about.json").write_text(json.dumps(about))
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(part, folder)
    except OSError:  # no room, or not ours to write: it is read again next time
        shutil.rmtree(part, ignore_errors=True)
    return items, pairs, about


def _products(path: Path, progress: bool) -> tuple[pa.Table, dict]:
    """Every product's first line, in order; malformed lines are counted."""
    batches, seen, bad = [], 0, 0
    with tqdm(total=path.stat().st_size, unit="B", unit_scale=True, desc=path.name, disable=not progress) as bar:
        for batch, read in _batches(path):
            batches.append(batch)
            seen += len(batch)
            bad += len(batch) - batch.column("error").null_count
            if seen >= LOOKED_AT and 2 * bad > seen:
                break
            bar.update(max(0, read - bar.n))
    if not seen:
        raise ValueError(f"{path} is empty: it needs a product on each line.")
    lines = pa.Table.from_batches(batches, amazon_lines.SCHEMA).sort_by("line")
    malformed = lines.filter(pc.is_valid(lines["error"]))
    if 2 * bad > seen:
        number, error = malformed["line"][0].as_py(), malformed["error"][0].as_py()
        raise ValueError(
            f"{path} is not Amazon metadata, a product on each line: {bad:,} of {seen:,} lines are not, line "
            f"{number} being {error}."
        )
    good = lines.filter(pc.is_null(lines["error"]))
    first = np.unique(pc.dictionary_encode(good["asin"].combine_chunks()).indices.to_numpy(), return_index=True)[1]
    quoted = [[row["line"], row["error"]] for row in malformed.slice(0, QUOTED).to_pylist()]
    about = {"products": len(first), "repeated": good.num_rows - len(first), "malformed": bad}
    about["first_malformed"] = quoted
    return good.take(np.sort(first)), about


def _batches(path: Path) -> Iterator[tuple[pa.RecordBatch, int]]:
    """Tables of blocks of lines in any order, each with the number of bytes read so far."""
    workers = min(usable_cpus(), path.stat().st_size // WORTH_A_CORE)
    if workers > 1:
        yield from _from_workers(path, workers)
        return
    try:
        yield from amazon_lines.blocks(path)
    except (EOFError, OSError, zlib.error) as error:
        raise _damaged(path, str(error)) from error


def _from_workers(path: Path, workers: int) -> Iterator[tuple[pa.RecordBatch, int]]:
    """Each worker is a process of its own, which reads the file and parses every so-manyeth block."""
    found: queue.Queue = queue.Queue(maxsize=4 * workers)
    command = [sys.executable, amazon_lines.__file__, str(path)]
    started = [
        subprocess.Popen([*command, str(part), str(workers)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for part in range(workers)
    ]
    stopped = threading.Event()

    def collect(worker: subprocess.Popen) -> None:
        try:
            for batch in pa.ipc.open_stream(worker.stdout):
                if stopped.is_set():
                    return
                found.put((batch.select(amazon_lines.SCHEMA.names), batch.column("read")[0].as_py()))
        except (pa.ArrowException, OSError):
            pass  # it ended early; its exit code says so
        found.put(worker)

    for worker in started:
        threading.Thread(target=collect, args=(worker,), daemon=True).start()
    try:
        left = workers
        while left:
            got = found.get()
            if isinstance(got, subprocess.Popen):
                left -= 1
                message = got.stderr.read().decode(errors="replace").strip()  # type: ignore[union-attr]
                if got.wait():
                    raise _damaged(path, message)
            else:
                yield got
    finally:
        stopped.set()
        for worker in started:
            worker.kill()
            worker.wait()


def _damaged(path: Path, message: str) -> ValueError:
    reason = message.strip().splitlines()[-1].rstrip(".") if message.strip() else "its reader was stopped"
    return ValueError(f"{path} is damaged or cut short ({reason}): fetch it again.")


def _graph(products: pa.Table, about: dict) -> tuple[pa.Table, pa.Table]:
    """Number the items, and count each relation between each two of them."""
    targets = [products[relation].combine_chunks() for relation in RELATIONS]
    ids = pa.concat_arrays([products["asin"].combine_chunks(), *(target.flatten() for target in targets)])
    coded = pc.dictionary_encode(ids)  # products come first, so a product's code is its row
    code = coded.indices.to_numpy().astype(np.int64)
    row = np.concatenate([pc.list_parent_indices(target).to_numpy() for target in targets]).astype(np.int64)
    kind = np.repeat(np.arange(len(RELATIONS)), [len(target.flatten()) for target in targets])
    about |= {relation: int((kind == number).sum()) for number, relation in enumerate(RELATIONS)}
    other = code[products.num_rows :]
    loop = row == other
    about["self_loops"] = int(loop.sum())
    row, other, kind = row[~loop], other[~loop], kind[~loop]
    number = len(coded.dictionary)
    pair, place = np.unique(np.minimum(row, other) * number + np.maximum(row, other), return_inverse=True)
    counts = {relation: np.bincount(place[kind == k], minlength=len(pair)).astype(np.int16)
              for k, relation in enumerate(RELATIONS)}  # fmt: skip
    described = products.select(list(ABOUT_ITEMS))
    mentioned = pa.table({"asin": coded.dictionary[products.num_rows :]})
    items = pa.concat_tables([described, mentioned], promote_options="default")
    return items, pa.table({"source": pair // number, "target": pair % number, **counts})
