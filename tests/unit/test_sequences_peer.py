"""The benchmark beside RecBole asks both sides the same, and its verdict wants speed and recall at once."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture
def peer(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    module = importlib.import_module("sequences_peer")
    monkeypatch.setattr(module, "DATA", tmp_path)
    return module


def test_the_catalogue_is_of_what_is_trained_on_and_other_items_are_found_by_nobody(peer, tmp_path):
    (tmp_path / "toys").mkdir()
    (tmp_path / "toys" / "sequences.txt").write_text("1 z z z q\n2 a b a c\n3 b a a\n4 b d\n5 b a b\n")
    past, asked = peer.load("toys", 1)
    assert sorted(past.catalogue.ids) == ["a", "b", "d", "z"]  # two items are too few to ask about
    ids = np.append(past.catalogue.ids, "nobody's")
    assert [list(ids[row]) for row in np.split(asked.items.values, asked.items.offsets[1:-1])] == [
        ["z", "z", "z"], ["a", "b", "a"], ["b", "a"], ["b", "a"],
    ]  # fmt: skip
    assert list(ids[asked.wanted.values]) == ["nobody's", "nobody's", "a", "b"]


def test_half_of_the_data_is_its_end(peer, tmp_path):
    (tmp_path / "diginetica").mkdir()
    (tmp_path / "diginetica" / "train.txt.gz").write_text("x y\nx y\na b\nb c\n")  # plain text is read, too
    (tmp_path / "diginetica" / "test.txt.gz").write_text("a\tb\nx\ty\nx a\tc\nb\tunheard\n")
    past, asked = peer.load("diginetica", 2)
    assert sorted(past.catalogue.ids) == ["a", "b", "c"]
    found = [list(past.catalogue.ids[row]) for row in np.split(asked.items.values, asked.items.offsets[1:-1])]
    assert found == [["a"], ["b"]]
    assert past.catalogue.ids[asked.wanted.values[0]] == "c"
    assert asked.wanted.values[1] == -1


@pytest.mark.parametrize(
    ("ours", "recall", "verdict"),
    [([2.0, 2.0], 0.30, "[MET]"), ([6.0, 6.0], 0.30, "[MISSED]"), ([2.0, 2.0], 0.29, "[MISSED]")],
)
def test_the_bar_wants_twice_the_speed_and_theirs_best_recall(peer, capsys, ours, recall, verdict):
    theirs = [(10.0, 0.1, 0.01), (10.0, 0.3, 0.03), (10.0, 0.2, 0.02)]  # its best is not its last
    rows = [(ours[0], 0.31, 0.03), (ours[1], recall, 0.03)]
    peer.report("here", [{"rate": 0.01, "places": 100, "ours": rows, "theirs": theirs}])
    printed = capsys.readouterr().out
    assert verdict in printed
    assert "0.3000 / 0.0300, rate 0.01, epoch 2, after 20 s" in printed
