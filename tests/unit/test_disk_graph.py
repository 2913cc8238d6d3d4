"""A graph opened from its folder is that in memory to the bit, takes no memory of its own, and is whole or absent."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from killed import starter

import mtsgns_lite as mt
from mtsgns_lite.data import disk_graph
from mtsgns_lite.data.disk_graph import ArrayFile, open_graph, write_graph

CPU = torch.device("cpu")
FILES = ("starts", *disk_graph.PER_NODE, *disk_graph.PER_ENTRY)


def random_graph(seed=0, nodes=60, edges=300) -> mt.Graph:
    """Weights that don't add up exactly, a node that all others know, and some that nobody knows."""
    rng = np.random.default_rng(seed)
    ends = rng.integers(nodes - 8, size=(2, edges))
    hub = np.stack([np.full(nodes - 10, 3), np.arange(nodes - 10)])
    source, target = np.concatenate([ends, hub], axis=1)
    return mt.Graph.from_edges(mt.Edges(source, target, rng.random(len(source)) ** 4 * 10), nodes)


@pytest.fixture(scope="module")
def graph():
    return random_graph()


@pytest.fixture
def folder(graph, tmp_path):
    return write_graph(graph, tmp_path / "graph")


@pytest.fixture(params=[1, 7, 100, 1 << 20])
def in_blocks(request, monkeypatch):
    """Blocks of less than a row, of some rows, and of the whole graph."""
    monkeypatch.setattr(disk_graph, "BLOCK", request.param)


def same(one: mt.Graph, other: mt.Graph) -> bool:
    names = ("starts", "neighbours", "reach", "_guide", "keys")
    pairs = [(getattr(one, name), getattr(other, name)) for name in names] + list(zip(one._rows, other._rows))
    return all(torch.equal(*pair) and pair[0].dtype == pair[1].dtype for pair in pairs)


@pytest.mark.usefixtures("in_blocks")
@pytest.mark.parametrize("seed", range(3))
def test_all_that_a_graph_derives_is_stored_to_the_bit(seed, tmp_path):
    graph = random_graph(seed)
    opened = open_graph(write_graph(graph, tmp_path / "graph", length=7))
    assert {"_rows", "_guide", "keys"} <= vars(opened).keys()  # there without having been asked for
    assert same(graph, opened)
    assert opened.visits.data_ptr() == opened.expected_visits(7).data_ptr()
    for length in (7, 3):
        assert torch.equal(graph.expected_visits(length), opened.expected_visits(length))


@pytest.mark.parametrize(("p", "q"), [(1, 1), (0.25, 4), (4, 0.5)])
def test_batches_are_the_same_number_for_number(p, q, graph, folder):
    """Walks, negatives and all, over two epochs."""

    def batches(of):
        samples, generator = mt.Walks(of, p=p, q=q, batch_size=16), torch.Generator().manual_seed(1)
        return [batch for _ in range(2) for batch in samples.batches(generator, CPU)]

    for one, other in zip(batches(graph), batches(open_graph(folder)), strict=True):
        assert torch.equal(one.items, other.items)
        assert torch.equal(one.noise, other.noise)


def test_a_graph_without_edges_and_one_on_a_single_pair(tmp_path):
    none = mt.Graph.from_edges(mt.Edges(np.array([0]), np.array([0]), np.array([1.0])), 3)
    opened = open_graph(write_graph(none, tmp_path / "none"))
    assert opened.degrees.tolist() == opened.expected_visits().tolist() == [0, 0, 0]
    with pytest.raises(ValueError, match="nothing to walk on"):
        mt.Walks(opened)
    one = mt.Graph.from_edges(mt.Edges(np.array([2]), np.array([1]), np.array([0.3])), 3)
    assert same(one, open_graph(write_graph(one, tmp_path / "one")))


WALKING = """
import re, sys
import numpy as np, torch
import mtsgns_lite as mt
from mtsgns_lite.data.disk_graph import open_graph, write_graph

def anonymous():
    return int(re.search(r"RssAnon:\\s+(\\d+)", open("/proc/self/status").read())[1]) * 1024

def walk(folder):
    graph = open_graph(folder)
    both = [mt.Walks(graph, p=p, q=q) for p, q in ((1, 1), (0.5, 2))]
    for samples in both:
        next(iter(samples.batches(torch.Generator().manual_seed(0), torch.device("cpu"))))
    return both

torch.set_num_threads(1)
small = walk(sys.argv[1])  # what torch itself wants at first
before = anonymous()
large = walk(sys.argv[2])
grown = anonymous() - before
dirty, maps, inside = 0, 0, False
for line in open("/proc/self/smaps"):
    if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
        inside = sys.argv[2] in line
        maps += inside and " r--s " in line  # read-only, and shared
    elif inside and line.startswith("Private_Dirty:"):
        dirty += int(line.split()[1]) * 1024
print(grown, dirty, maps)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="what a process keeps for itself is read from Linux's /proc")
def test_a_process_that_walks_keeps_nothing_of_the_graph_s_size(graph, folder, tmp_path):
    rng = np.random.default_rng(0)
    large = mt.Graph.from_edges(mt.Edges(*rng.integers(40_000, size=(2, 1_500_000)), np.ones(1_500_000)), 40_000)
    own = write_graph(large, tmp_path / "large")
    command = [sys.executable, "-W", "error", "-c", WALKING, str(folder), str(own)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr  # a warning would be an error, too
    grown, dirty, maps = map(int, found.stdout.split())
    assert maps == len(FILES)
    assert dirty == 0
    assert grown < 8 * len(large.neighbours) / 2  # any array of the graph's size would be twice that


def _write_and_die(folder: Path, after: int) -> None:
    """Killed when so many files are written."""
    torch.set_num_threads(1)
    done, leave = [], ArrayFile.__exit__

    def counted(self, *error):
        leave(self, *error)
        done.append(self)
        if len(done) == after:
            os.kill(os.getpid(), signal.SIGKILL)

    ArrayFile.__exit__ = counted
    write_graph(random_graph(), folder)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_writer_that_is_killed_leaves_nothing_that_opens(tmp_path):
    context = starter()
    for after in range(1, len(FILES) + 1):
        process = context.Process(target=_write_and_die, args=(tmp_path / "graph", after))
        process.start()
        process.join(60)
        assert process.exitcode == -signal.SIGKILL, after
    left = list(tmp_path.iterdir())
    assert len(left) == len(FILES)
    for folder in [tmp_path / "graph", *left]:
        with pytest.raises(FileNotFoundError, match="There is no graph in"):
            open_graph(folder)
    write_graph(random_graph(), tmp_path / "graph")  # nor does what is left stand in the way


def test_a_writer_that_fails_cleans_up(graph, tmp_path, monkeypatch):
    def full(self, values):
        raise OSError("No space left on device")

    monkeypatch.setattr(ArrayFile, "write", full)
    with pytest.raises(OSError, match="No space"):
        write_graph(graph, tmp_path / "graph")
    assert not list(tmp_path.iterdir())


def test_nothing_is_overwritten(graph, folder):
    with pytest.raises(FileExistsError, match="remove it, or name another folder"):
        write_graph(graph, folder)
    assert same(graph, open_graph(folder))


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_folder_says_which_file(name, folder):
    path = folder / f"{name}.npy"
    whole = path.read_bytes()
    path.write_bytes(whole[:-8])
    with pytest.raises(ValueError, match="can't be opened .*: write it again"):
        open_graph(folder)
    path.write_bytes(b"")
    with pytest.raises(ValueError, match="can't be opened .*: write it again"):
        open_graph(folder)
    np.save(path, np.zeros(3))
    with pytest.raises(ValueError, match=rf"{name}.npy holds \(3,\) of float64"):
        open_graph(folder)
    path.write_bytes(whole.replace(b"i8", b"u8").replace(b"f8", b"i8"))
    with pytest.raises(ValueError, match=rf"{name}.npy holds .* of u?int64, not"):
        open_graph(folder)
    path.unlink()
    with pytest.raises(ValueError, match=f"lacks {name}.npy: write it again"):
        open_graph(folder)


def test_what_is_pickled_is_not_read(folder):
    np.save(folder / "last.npy", np.array([{"a": 1}] * 60, dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match="can't be opened"):
        open_graph(folder)


@pytest.mark.parametrize(
    ("changed", "words"),
    [({"format": "other 7"}, "format is 'other 7'"), ({"nodes": 59}, "holds"), ({"edges": "many"}, "can't be opened"),
     ({"edges": 5}, "holds"), (None, "'format' is missing"), ([], "can't be opened"), ("{", "can't be opened")],
)  # fmt: skip
def test_a_wrong_description_is_told(changed, words, folder):
    path = folder / "graph.json"
    stored = json.loads(path.read_text())
    new = {} if changed is None else {**stored, **changed} if isinstance(changed, dict) else changed
    path.write_text(new if isinstance(new, str) else json.dumps(new))
    with pytest.raises(ValueError, match=words) as raised:
        open_graph(folder)
    assert "\n" not in str(raised.value)
    assert str(raised.value).endswith("write it again.")


def test_no_folder_is_told(tmp_path):
    for place in (tmp_path, tmp_path / "none", tmp_path / "none" / "deeper"):
        with pytest.raises(FileNotFoundError, match="There is no graph in .*: write one there"):
            open_graph(place)
    (tmp_path / "file").write_text("")
    with pytest.raises(FileNotFoundError, match="There is no graph in"):
        open_graph(tmp_path / "file")
