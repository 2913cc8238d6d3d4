"""A log of events, generated, and what it takes to count its edges: the time, and the builder's highest memory.

python tests/benchmarks/session_log.py [--events 50000000] [--memory 1GB] [--threads 2] [--numbers] [--keep]

Sessions of six events on average, of a user each, who comes 2.5 times; the items have a long tail, and those of a
session are mostly near one another. Ids are texts, which cost more than numbers (--numbers). The log is in order
of time, so that the users are mixed. The builder runs in a process of its own, whose whole memory is counted, Python,
torch and mapped files included; the bar for 50 million events is 2 GB.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parents[2] / "build" / "session_log"
DAY = 2_000_000  # events in one
MICROSECONDS = 86_400_000_000
START = 1_700_000_000_000_000


def generate(path: Path, events: int, items: int, text: bool, seed: int = 0) -> None:
    """A parquet file of user_id, item_id, timestamp, written a day at a time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(seed)
    number = rng.permutation(items)  # or an item's id would tell how often it is clicked
    schema = pa.schema([(name, pa.string() if text else pa.int64()) for name in ("user_id", "item_id")])
    schema = schema.append(pa.field("timestamp", pa.timestamp("us")))
    with pq.ParquetWriter(path, schema) as file:
        for day, first in enumerate(range(0, events, DAY)):
            user, item, moment = _day(min(DAY, events - first), items, events // 15 + 10, rng)
            ids = [np.char.add(name, part.astype(str)) if text else part
                   for name, part in (("user-", user), ("item-", number[item]))]  # fmt: skip
            times = pa.array(START + day * MICROSECONDS + moment, pa.timestamp("us"))
            file.write_table(pa.table([*ids, times], schema=schema), row_group_size=200_000)


def _day(size: int, items: int, users: int, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """(size,) each: user, item, and microseconds since the day began, in order of time."""
    lengths = rng.geometric(1 / 6, size=size)
    lengths = lengths[: np.searchsorted(np.cumsum(lengths), size) + 1]
    lengths[-1] -= lengths.sum() - size
    session = np.repeat(np.arange(len(lengths)), lengths)
    first = np.repeat(np.cumsum(lengths) - lengths, lengths)
    pauses = np.cumsum(rng.exponential(60e6, size))
    moment = (rng.random(len(lengths))[session] * MICROSECONDS + pauses - pauses[first]).astype(np.int64)
    user = (users * rng.random(len(lengths)) ** 1.5).astype(np.int64)[session]
    topic = (items ** rng.random(len(lengths)))[session]  # by rank: as many clicks between 1 and 10 as 10 and 100
    apart = np.minimum(rng.pareto(1.0, size) * 8, items) * rng.choice([-1, 1], size)
    item = np.where(rng.random(size) < 0.8, topic + apart, items ** rng.random(size)).astype(np.int64) % items
    order = np.argsort(moment, kind="stable")
    return user[order], item[order], moment[order]


def build(log: Path, folder: Path, memory: str, threads: int) -> None:
    """Count the edges in this process, and print what came of it and the highest memory it had."""
    from mtsgns_lite.data.session_log import graph_of_log

    print(graph_of_log(log, folder, memory=memory, threads=threads))
    print(f"highest resident memory: {_peak_mb():,.0f} MB")


def _peak_mb() -> float:
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # in bytes on macOS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=50_000_000)
    parser.add_argument("--items", type=int, help="a fiftieth of the events by default, a million at most")
    parser.add_argument("--memory", default="1GB", help="what DuckDB may use")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--numbers", action="store_true", help="ids are numbers, not texts")
    parser.add_argument(
        "--keep", action="store_true", help=f"leave the log in {FOLDER}, and take the one that is there"
    )
    parser.add_argument("--build", type=Path, help=argparse.SUPPRESS)  # what the process of its own does
    options = parser.parse_args()
    if options.build:
        return build(options.build, FOLDER / "graph", options.memory, options.threads)
    items = options.items or min(1_000_000, options.events // 50)
    log = FOLDER / f"{options.events}-{items}-{'numbers' if options.numbers else 'texts'}.parquet"
    FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        if not log.exists():
            began, part = time.perf_counter(), log.with_suffix(".part")
            generate(part, options.events, items, not options.numbers)
            part.rename(log)
            print(f"generated {log.stat().st_size / 1e6:,.0f} MB in {time.perf_counter() - began:,.0f} s", flush=True)
        own = ["--build", str(log), "--memory", options.memory, "--threads", str(options.threads)]
        subprocess.run([sys.executable, __file__, *own], check=True)
    finally:
        shutil.rmtree(FOLDER / "graph", ignore_errors=True)
        if not options.keep:
            shutil.rmtree(FOLDER, ignore_errors=True)


if __name__ == "__main__":
    main()
