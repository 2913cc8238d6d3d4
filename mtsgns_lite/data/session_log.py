"""Edges from sessions: two different items that follow one another in one session of a user (Wang et al., KDD 2018).

An edge's weight is how often they did, both directions summed (section 2.1 and figure 2 there, whose edges have one).
`session_edges` counts them in memory, in sessions that are there. `graph_of_log` counts the same in a log larger than
memory, on one host, by DuckDB, and leaves a folder that `open_graph` maps:

    made = graph_of_log("events/*.parquet", "graph", memory="1GB")
    samples, catalogue = mt.Walks(open_graph("graph")), items_of("graph")

A log larger than a host is counted on a cluster by the same query, `PAIRS`, for Spark speaks it as well. These lines
were not run here:

    from pyspark.sql import SparkSession
    from mtsgns_lite.data.session_log import PAIRS

    spark = SparkSession.builder.getOrCreate()
    log = spark.read.parquet("s3://bucket/events/").where("user_id <> '' AND item_id <> ''")
    log.selectExpr(
        "user_id AS who", "item_id AS item", "1000 * unix_micros(timestamp) AS moment",
        "monotonically_increasing_id() AS place",
    ).createOrReplaceTempView("events")
    pairs = spark.sql(PAIRS.format(gap=30 * 60 * 10**9)).where("source < target")
    pairs.write.parquet("s3://bucket/pairs/")  # which `mt.load` reads as edges
"""

from __future__ import annotations

import time as clock
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .catalogue import Catalogue
from .dataset import Edges
from .disk_graph import ArrayFile, complete, new_folder
from .event_log import Log, files_of, opened
from .event_tables import pause_of

if TYPE_CHECKING:
    from .sessions import Sessions

# a pair without a source counts sessions: it is the first event of one; a pair of an item with itself is no edge
PAIRS = """
SELECT source, target, count(*) AS weight
FROM (
  SELECT
    CASE WHEN pause <= {gap} THEN least(item, before) END AS source,
    CASE WHEN pause <= {gap} THEN greatest(item, before) END AS target
  FROM (
    SELECT item, lag(item) OVER visit AS before, moment - lag(moment) OVER visit AS pause
    FROM events
    WINDOW visit AS (PARTITION BY who ORDER BY moment, place)
  ) AS steps
) AS pairs
GROUP BY source, target
"""

ENTRIES = """
SELECT one, other, CAST(sum(weight) AS DOUBLE) AS weight
FROM (
  SELECT source AS one, target AS other, weight FROM pairs WHERE source >= $first AND source < $after
  UNION ALL
  SELECT target AS one, source AS other, weight FROM pairs WHERE target >= $first AND target < $after
)
GROUP BY one, other
ORDER BY one, other
"""


@dataclass(frozen=True)
class LogGraph:
    """What `graph_of_log` made of a log: counts, and how long it took.

    left_out : rows without a user or an item. rare : events of items that fewer than `min_count` users touched.
    """

    folder: str
    items: int
    edges: int
    sessions: int
    events: int
    left_out: int
    rare: int
    seconds: float

    def __str__(self) -> str:
        rare = f" and {self.rare:,} of rare items" * (self.rare > 0)
        return (
            f"{self.folder}: {self.items:,} items, {self.edges:,} edges; from {self.sessions:,} sessions of "
            f"{self.events:,} events ({self.left_out:,} rows without a user or an item{rare} left out) "
            f"in {self.seconds:,.0f} s"
        )


def session_edges(sessions: Sessions) -> Edges:
    """Each two different items that follow one another in a session, once, and how often, in either direction."""
    items, row = sessions.items.values, sessions.items.row_of
    follows = (row[1:] == row[:-1]) & (items[1:] != items[:-1])
    ends = np.sort(np.stack([items[:-1][follows], items[1:][follows]]), axis=0)
    size = len(sessions.catalogue)
    key, weight = np.unique(ends[0] * size + ends[1], return_counts=True)
    return Edges(key // size, key % size, weight.astype(np.float64))


def graph_of_log(
    log: str | Path | Sequence[str | Path],
    folder: str | Path,
    gap: str = "30min",
    *,
    user: str | None = None,
    item: str | None = None,
    time: str | None = None,
    min_count: int = 1,
    length: int = 10,
    memory: str = "1GB",
    threads: int = 2,
    work: str | Path | None = None,
) -> LogGraph:
    """Count the edges of a log of events, and write them as a graph that `open_graph` opens.

    They are those of ``session_edges(Sessions.from_table(log, gap, ()))``, the items are numbered as there, and
    `items_of` reads their ids.

    Parameters
    ----------
    log : parquet files, or text files (CSV) in UTF-8, also compressed by gzip: a name, a pattern such as
        "events/*.parquet", a folder of parquet files, or a list of these. The files of a pattern are read in order of
        their names; events of one time keep their order.
    folder : where the graph goes: a new one.
    gap : the longest pause within a session, as pandas writes it: "30min", "2h", "1D".
    user, item, time : the columns' names, where they are not recognised by themselves. Times are timestamps, ISO dates
        as text, or numbers since 1970 (seconds to nanoseconds, by their size).
    min_count : leave out items that fewer users touched.
    length : of the walks whose expected visits are stored, see `write_graph`.
    memory : what DuckDB may use; the process takes about half a GB beside it, and 60 bytes for each item.
    threads : how many DuckDB may use; each needs memory of its own, of which half a GB was enough.
    work : where what doesn't fit into memory is kept meanwhile, two to three times the log; beside `folder` by default.

    Raises ``ModuleNotFoundError`` where DuckDB is missing, ``FileNotFoundError`` for a log that is not there,
    ``FileExistsError`` for a folder that is, ``MemoryError`` where `memory` is too little, and ``ValueError`` that says
    which columns are missing or wrong.
    """
    began, pause, files = clock.perf_counter(), pause_of(gap, "gap", "30min"), files_of(log)
    with new_folder(folder) as part:
        with opened(part if work is None else work, memory, threads) as database:
            events = Log(database, files, {"user": user, "item": item, "time": time}, memory)
            counts = {"items": events.number_items(min_count)}
            counts["sessions"] = _count_pairs(events, pause)
            counts["edges"] = _write_entries(events, part, counts["items"])
            events.write_ids(part / "ids.parquet")
        counts |= {"events": events.rows - events.left_out - events.rare}
        counts |= {"left_out": events.left_out, "rare": events.rare}
        complete(part, length, {"gap": gap, "min_count": min_count, **counts})
    return LogGraph(str(folder), seconds=clock.perf_counter() - began, **counts)


def _count_pairs(events: Log, pause: int) -> int:
    """Fill the table ``pairs``, a lot of users at a time; how many sessions there are."""
    events.run("CREATE TABLE pairs (source BIGINT, target BIGINT, weight BIGINT)")
    for lot in events.lots():
        events.run(
            "CREATE OR REPLACE TEMP VIEW events AS SELECT who, items.number AS item, moment, place "
            f"FROM log JOIN items USING (thing) WHERE {lot}"
        )
        events.run(f"INSERT INTO pairs {PAIRS.format(gap=pause)}")
    sessions = events.run("SELECT coalesce(sum(weight), 0) FROM pairs WHERE source IS NULL")[0][0]
    events.run("DELETE FROM pairs WHERE source IS NULL OR source = target")
    return int(sessions)


def _write_entries(events: Log, folder: Path, items: int) -> int:
    """The pairs in both directions, sorted, a range of rows at a time that fits into memory; how many edges."""
    degrees, total = np.zeros(items, dtype=np.int64), 0.0
    with ArrayFile(folder, "neighbours") as neighbours, ArrayFile(folder, "reach") as reach:
        for first, after in _ranges(_most(events, items), events.fitting // 2):
            found = events.arrays(ENTRIES, {"first": first, "after": after})
            degrees[first:after] = np.bincount(found["one"] - first, minlength=after - first)
            neighbours.write(found["other"])
            running = np.cumsum(np.concatenate([[total], found["weight"]]))
            reach.write(running[1:])
            total = running[-1]
    with ArrayFile(folder, "starts") as starts:
        starts.write(np.concatenate([[0], np.cumsum(degrees)]))
    return int(degrees.sum()) // 2


def _most(events: Log, items: int) -> np.ndarray:
    """(items,) how many pairs each item is in, those of several lots not yet summed."""
    found = events.arrays(
        "SELECT item, count(*) AS pairs FROM (SELECT source AS item FROM pairs UNION ALL SELECT target FROM pairs) "
        "GROUP BY item"
    )
    most = np.zeros(items, dtype=np.int64)
    most[found["item"]] = found["pairs"]
    return most


def _ranges(sizes: np.ndarray, fitting: int) -> list[tuple[int, int]]:
    """Cut the items into ranges whose sizes add up to what fits, or that are of one item."""
    ends, ranges, first = np.cumsum(sizes), [], 0
    while first < len(sizes):
        before = ends[first - 1] if first else 0
        after = max(int(np.searchsorted(ends, before + fitting, side="right")), first + 1)
        ranges.append((first, after))
        first = after
    return ranges


def items_of(folder: str | Path) -> Catalogue:
    """The catalogue of a graph that `graph_of_log` wrote: the items' ids, the one that most users touched first.

    Raises ``FileNotFoundError`` where there are none.
    """
    import pandas as pd

    path = Path(folder) / "ids.parquet"
    if not path.is_file():
        raise FileNotFoundError(f"There are no ids of items in {folder}: make the graph with graph_of_log.")
    return Catalogue(pd.read_parquet(path, columns=["id"])["id"])
