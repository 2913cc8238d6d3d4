"""The edges of sessions are those of a plain loop, and a log counted by DuckDB has the same, whatever form it is in."""

import gzip
import os
import signal
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from killed import starter

import mtsgns_lite as mt
from mtsgns_lite import Sessions, planted_sessions
from mtsgns_lite.data import event_log
from mtsgns_lite.data.disk_graph import open_graph
from mtsgns_lite.data.session_log import graph_of_log, items_of, session_edges

MINUTE = 60 * 10**9


@pytest.fixture
def duckdb():
    return pytest.importorskip("duckdb", reason="duckdb is not installed: make setup-scale")


@pytest.fixture(params=[37, 10**9], ids=["in lots", "in one"])
def lots(request, duckdb, monkeypatch):
    """How many rows fit into memory."""
    monkeypatch.setattr(event_log, "BYTES_PER_ROW", 10**9 // request.param)


def random_log(seed=0, events=600, users=25, items=30) -> pd.DataFrame:
    """Many ties in time, pauses around the gap, items repeated at once, users and items missing or blank."""
    rng = np.random.default_rng(seed)
    minutes = 5 * (rng.random(events) < 0.25).cumsum()  # so that many pauses are as long as the gap
    ids = np.array(["", "\u00a0 ", *(f"\u2003ü{n}\t" if n % 5 == 0 else f"{n}x" for n in range(items))], dtype=object)
    return pd.DataFrame({
        "item_id": ids[rng.zipf(1.4, events) % len(ids)],
        "page": "shop",
        "timestamp": pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.permutation(minutes), unit="min"),
        "user_id": rng.choice([None, *(f"u{n}" for n in range(users))], size=events),
    })  # fmt: skip


def check(log, frame, folder, gap="30min", min_count=1, **options):
    """The folder that is made of the log is, to the bit, the graph in memory of the sessions of the frame."""
    columns = {part: options[part] for part in ("user", "item", "time") if part in options}
    sessions = Sessions.from_table(frame, gap, (), min_count=min_count, **columns)
    edges = session_edges(sessions)
    expected = mt.Graph.from_edges(edges, len(sessions.catalogue))
    made = graph_of_log(log, folder, gap, min_count=min_count, **options)
    found = open_graph(folder)
    assert items_of(folder).ids.tolist() == sessions.catalogue.ids.tolist()
    for name in ("starts", "neighbours", "reach", *(("_guide", "keys") if len(edges) else ())):
        assert torch.equal(getattr(found, name), getattr(expected, name)), name
    assert torch.equal(found.expected_visits(), expected.expected_visits())
    assert (made.items, made.edges, made.sessions) == (len(sessions.catalogue), len(edges), len(sessions))
    assert made.events == len(sessions.items.values)
    assert made.left_out + made.rare + made.events == len(frame)
    return made


# --- in memory ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_edges_of_sessions_are_those_of_a_plain_loop(seed):
    sessions = planted_sessions(items=40, sessions=200, markets=2, seed=seed)
    counted: Counter = Counter()
    for row in range(len(sessions)):
        items = sessions.items[row].tolist()
        for one, other in zip(items, items[1:]):
            if one != other:
                counted[min(one, other), max(one, other)] += 1
    edges = session_edges(sessions)
    assert dict(zip(zip(edges.source.tolist(), edges.target.tolist()), edges.weight.tolist())) == dict(counted)
    assert len(edges) == len(counted) > 100


def test_neither_pauses_nor_other_users_nor_repeats_make_an_edge():
    events = [("a", 1, 0), ("b", 2, 1), ("a", 3, 2), ("a", 3, 3), ("a", 1, 4), ("a", 4, 100), ("b", 2, 5)]
    user, item, time = map(np.array, zip(*events))
    sessions = Sessions.from_events(mt.Catalogue(range(6)), user, item, time, np.full(7, "click"), 10, ())
    edges = session_edges(sessions)
    assert (edges.source.tolist(), edges.target.tolist(), edges.weight.tolist()) == ([1], [3], [2.0])


# --- out of core ----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("lots")
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("options", [{}, {"min_count": 6}, {"gap": "0s"}, {"gap": "7D"}], ids=str)
def test_both_ways_find_the_same_edges(seed, options, tmp_path):
    frame = random_log(seed)
    frame.to_parquet(tmp_path / "log.parquet")
    made = check(tmp_path / "log.parquet", frame, tmp_path / "graph", **options)
    assert made.edges > (5 if "gap" in options else 40)
    assert made.left_out > 20
    assert (made.rare > 0) == ("min_count" in options)


def by_numbers(frame: pd.DataFrame) -> pd.DataFrame:
    """The same with numbers for ids: a user's is missing here and there, an item's never."""
    frame = frame[frame.item_id.str.strip() != ""]
    return frame.assign(item_id=pd.factorize(frame.item_id)[0] * 7, user_id=pd.factorize(frame.user_id)[0])


@pytest.mark.usefixtures("duckdb")
def test_ids_may_be_numbers(tmp_path):
    frame = by_numbers(random_log())
    frame.to_parquet(tmp_path / "whole.parquet")
    check(tmp_path / "whole.parquet", frame, tmp_path / "whole")
    for column in ("user_id", "item_id"):
        frame[column] = frame[column].where(~frame[column].isin([3, 14]))  # floats, with gaps
    frame.to_parquet(tmp_path / "gaps.parquet")
    assert frame.user_id.dtype.kind == frame.item_id.dtype.kind == "f"
    made = check(tmp_path / "gaps.parquet", frame, tmp_path / "gaps")
    assert made.left_out == (frame.user_id.isna() | frame.item_id.isna()).sum() > 0


def since_1970(unit):
    return lambda times: (times.astype("datetime64[ns]").astype(np.int64) // unit).astype(np.int64)


TIMES = {
    "s": since_1970(10**9), "ms": since_1970(10**6), "us": since_1970(10**3), "ns": since_1970(1),
    "fractions": lambda times: since_1970(10**6)(times) / 1000 + 0.25,
    "zone": lambda times: times.dt.tz_localize("Asia/Tokyo"), "unit": lambda times: times.astype("datetime64[ms]"),
    "iso": lambda times: times.dt.strftime("%Y-%m-%dT%H:%M:%S+02:00"),
    "fine": lambda times: times.dt.strftime("%Y-%m-%d %H:%M:%S.000000001"),
    "mixed": lambda times: times.dt.strftime("%Y-%m-%d %H:%M:%S") + np.resize(["", "Z", "+05:30"], len(times)),
    "digits": lambda times: since_1970(10**9)(times).astype(str),
    "days": lambda times: (times + pd.to_timedelta(times.dt.hour, "D")).dt.strftime("%Y%m%d"),
    "whole days": lambda times: (times + pd.to_timedelta(times.dt.hour, "D")).dt.strftime("%Y%m%d").astype(int),
}  # fmt: skip


@pytest.mark.usefixtures("duckdb")
@pytest.mark.parametrize("form", TIMES)
def test_times_may_be_written_in_many_ways(form, tmp_path):
    frame = random_log().assign(timestamp=lambda log: TIMES[form](log.timestamp))
    frame.to_parquet(tmp_path / "log.parquet")
    assert check(tmp_path / "log.parquet", frame, tmp_path / "graph").sessions > 30


@pytest.mark.usefixtures("duckdb")
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_text_files_are_read_as_they_are_elsewhere(separator, tmp_path):
    """With a byte order mark, blanks in the header, separators, quotes and line ends in cells; and compressed."""
    frame = random_log().assign(page='say "x' + separator + '\ny"').rename(columns={"user_id": " User-ID "})
    frame["item_id"] = frame.item_id.str.replace("1", "'1\"" + separator)
    frame.to_csv(tmp_path / "log.csv", sep=separator, index=False, encoding="utf-8-sig")
    read = event_log.files_of(tmp_path / "log.csv")
    expected = mt.data.files.read_table(read[0])
    check(read, expected, tmp_path / "graph")
    with gzip.open(tmp_path / "log.csv.gz", "wb") as out:
        out.write((tmp_path / "log.csv").read_bytes())
    check(tmp_path / "log.csv.gz", expected, tmp_path / "packed")


@pytest.mark.usefixtures("lots")
def test_files_are_one_log_in_order_of_their_names(tmp_path):
    """Ties between files too, columns in another order, and one without rows; in one list both kinds of files."""
    frame = random_log().assign(timestamp=lambda log: log.timestamp.dt.floor("6h"))
    parts = [frame[:200], frame[200:200], frame[200:450][frame.columns[::-1]], frame[450:]]
    (tmp_path / "log").mkdir()
    for number, part in enumerate(parts):
        part.to_parquet(tmp_path / "log" / f"part-{number}.parquet")
    for name, log in (("folder", tmp_path / "log"), ("pattern", f"{tmp_path}/*/part-*.parquet")):
        check(log, frame, tmp_path / name)
    turned = pd.concat([parts[3], parts[0]])
    check([tmp_path / "log" / "part-3.parquet", str(tmp_path / "log" / "part-0.parquet")], turned, tmp_path / "turned")


@pytest.mark.usefixtures("duckdb")
def test_several_threads_keep_the_order_of_a_file(tmp_path):
    """One moment, one user, item after item: read in any other order, there would be other edges."""
    item, path = [f"item {row // 1000}" for row in range(1_000_000)], tmp_path / "log.parquet"
    frame = pd.DataFrame({"user": "me", "item": item, "time": 1_700_000_000})
    frame.to_parquet(path, row_group_size=122_880)  # what a thread takes at a time
    made = graph_of_log(path, tmp_path / "graph", threads=4)
    assert (made.sessions, made.edges) == (1, 999)
    assert open_graph(tmp_path / "graph").weights.unique().tolist() == [1.0]


@pytest.mark.usefixtures("duckdb")
def test_names_of_columns_and_files_are_only_names(tmp_path):
    odd = ['"; DROP TABLE log; --', "') UNION SELECT 1 --", "c0", "User_ID"]  # the last is not the user
    frame = random_log().set_axis([odd[0], odd[3], odd[1], odd[2]], axis=1)
    for name in ("it's; a [1] *?.parquet", "it's; a [1] *?.csv"):
        path = tmp_path / name
        frame.to_parquet(path) if path.suffix == ".parquet" else frame.to_csv(path, index=False)
        (tmp_path / name.replace("[1] *?", "1 23")).write_bytes(path.read_bytes())  # as if the name were a pattern
        made = check(path, frame, tmp_path / f"o'graph; [1] * {path.suffix}", item=odd[0], time=odd[1], user=odd[2])
        assert made.edges > 40
    with pytest.raises(ValueError, match=r"DuckDB can't work in .*\?: name another folder"):
        graph_of_log(path, tmp_path / "what?", item=odd[0], time=odd[1], user=odd[2])


@pytest.mark.usefixtures("duckdb")
def test_columns_that_differ_by_large_and_small_letters_are_told_apart(tmp_path):
    frame = random_log().assign(USER_ID="all").loc[:, ["USER_ID", "item_id", "timestamp", "user_id"]]
    frame.to_csv(tmp_path / "log.csv", index=False)
    check(tmp_path / "log.csv", frame, tmp_path / "one", user="USER_ID")
    check(tmp_path / "log.csv", frame, tmp_path / "other", user="user_id")


@pytest.mark.usefixtures("duckdb")
def test_sessions_of_one_event_leave_items_without_edges(tmp_path):
    frame = pd.DataFrame({"user": list("abc"), "item": list("xyz"), "time": [1.7e9] * 3})
    frame.to_parquet(tmp_path / "log.parquet")
    assert check(tmp_path / "log.parquet", frame, tmp_path / "graph").edges == 0


@pytest.mark.usefixtures("duckdb")
def test_a_model_trains_on_what_was_made(tmp_path):
    frame = planted_sessions(items=60, sessions=800, markets=2).events().drop(columns="kind")
    frame.to_parquet(tmp_path / "log.parquet")
    made = check(tmp_path / "log.parquet", frame, tmp_path / "graph")
    assert str(made).startswith(
        f"{tmp_path / 'graph'}: {made.items} items, {made.edges:,} edges; from {made.sessions:,}"
    )
    assert "(0 rows without a user or an item left out)" in str(made)
    assert open_graph(tmp_path / "graph").about["sessions"] == made.sessions
    model = mt.SGNS(items_of(tmp_path / "graph"), dim=8)
    mt.fit(model, mt.Walks(open_graph(tmp_path / "graph")), epochs=1, device="cpu", progress=False)
    assert torch.isfinite(model.embeddings()).all()
    assert model.seen.sum() > 50


# --- what goes wrong ------------------------------------------------------------------------------------------------


def _count_and_die(log: Path, folder: Path, after: int) -> None:
    """Killed before the query of that number."""
    run, done = event_log.Log.run, []

    def counted(self, *query):
        done.append(query)
        if len(done) == after:
            os.kill(os.getpid(), signal.SIGKILL)
        return run(self, *query)

    event_log.Log.run = counted
    graph_of_log(log, folder)


@pytest.mark.usefixtures("duckdb")
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_count_that_is_killed_leaves_nothing_that_opens(tmp_path):
    random_log().to_parquet(tmp_path / "log.parquet")
    context = starter()
    for after in (1, 6, 12, 18):
        process = context.Process(target=_count_and_die, args=(tmp_path / "log.parquet", tmp_path / "graph", after))
        process.start()
        process.join(60)
        assert process.exitcode == -signal.SIGKILL, after
    left = [path for path in tmp_path.iterdir() if path.is_dir()]
    assert len(left) == 4
    for folder in [tmp_path / "graph", *left]:
        with pytest.raises(FileNotFoundError, match="There is no graph in"):
            open_graph(folder)


def frame_with(**columns) -> pd.DataFrame:
    return random_log().assign(**columns)


BAD = {
    "no user": (frame_with().drop(columns="user_id"), {}, "No column of users was recognised among: item_id, page"),
    "no such": (frame_with(), {"user": "visitor"}, "There is no column 'visitor'"),
    "nobody": (frame_with(user_id=""), {}, "no row with both a user and an item"),
    "one item": (frame_with(item_id="x"), {}, r"has 1 item\(s\): at least two"),
    "rare items": (frame_with(), {"min_count": 1000}, r"has 0 item\(s\): at least two"),
    "no time": (frame_with(timestamp=lambda log: log.timestamp.where(log.item_id != "1x")), {}, r"has \d+ of 3.. rows"),
    "odd time": (frame_with(timestamp="31/12/2026 10:00"), {}, "holds '31/12/2026 10:00', which is not a time"),
    "odd number": (frame_with(timestamp=np.inf), {}, "holds inf, which is not a time"),
    "truths": (frame_with(timestamp=True), {}, "'timestamp' of .* holds BOOLEAN"),
    "gap": (frame_with(), {"gap": "30"}, "no unit"),
    "memory": (frame_with(), {"memory": "much"}, "memory='much' is no amount of memory"),
    "threads": (frame_with(), {"threads": 0}, "threads=0"),
}  # fmt: skip


@pytest.mark.usefixtures("duckdb")
@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_said_in_a_sentence_and_leaves_nothing(case, tmp_path):
    frame, options, words = BAD[case]
    frame.to_parquet(tmp_path / "log.parquet")
    with pytest.raises(ValueError, match=words) as raised:
        graph_of_log(tmp_path / "log.parquet", tmp_path / "graph", **options)
    assert "\n" not in str(raised.value)
    assert [path.name for path in tmp_path.iterdir()] == ["log.parquet"]


@pytest.mark.usefixtures("duckdb")
def test_files_that_are_no_log_are_told(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no log at"):
        graph_of_log(tmp_path / "none-*.parquet", tmp_path / "graph")
    random_log().to_parquet(tmp_path / "log.parquet")
    whole = (tmp_path / "log.parquet").read_bytes()
    files = {"cut.parquet": whole[:-100], "text.parquet": b"user,item\n", "latin.csv": b"user,item,time,\xe9\n",
             "latin_inside.csv": b"user,item,time\n1,\xe9,5\n", "ragged.csv": b"user,item,time\n1,2,3\n1,2,3,4,5\n",
             "empty.csv": b""}  # fmt: skip
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=r"[^\n]+\.") as raised:
            graph_of_log(tmp_path / name, tmp_path / "graph")
        assert "\n" not in str(raised.value), name
    random_log().assign(timestamp=5).to_parquet(tmp_path / "numbers.parquet")
    with pytest.raises(ValueError, match="writes its times differently"):
        graph_of_log([tmp_path / "log.parquet", tmp_path / "numbers.parquet"], tmp_path / "graph")
    with pytest.raises(FileNotFoundError, match="no ids of items"):
        items_of(tmp_path)
    assert not (tmp_path / "graph").exists()


@pytest.mark.usefixtures("duckdb")
def test_too_little_memory_is_told(tmp_path):
    random_log().to_parquet(tmp_path / "log.parquet")
    with pytest.raises(MemoryError, match="DuckDB needs more than 1MB: give it more"):
        graph_of_log(tmp_path / "log.parquet", tmp_path / "graph", memory="1MB")
    assert not (tmp_path / "graph").exists()


def test_without_duckdb_a_sentence_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    random_log().to_parquet(tmp_path / "log.parquet")
    with pytest.raises(ModuleNotFoundError, match="needs DuckDB: run `make setup-scale`"):
        graph_of_log(tmp_path / "log.parquet", tmp_path / "graph")
    assert [path.name for path in tmp_path.iterdir()] == ["log.parquet"]
