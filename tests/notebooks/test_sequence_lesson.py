"""Lesson 08 runs to its end where less is at hand: no package for the graph, nothing known of the items."""

from __future__ import annotations

import json
import os
from pathlib import Path

import nbformat
import pytest

import mtsgns_lite as mt
from mtsgns_lite import course

LESSON = "08_sequence_models"


def run(dataset: str | Path, out: Path) -> tuple[dict, str]:
    """The headlines, and all that was printed."""
    assert course.run(str(dataset), smoke=True, lessons=[LESSON], out=out, keep=True) == 0
    (found,) = json.loads((out / "summary.json").read_text("utf-8"))["lessons"]
    cells = nbformat.read(out / f"{LESSON}.ipynb", 4).cells
    return found["headlines"], "".join(output.get("text", "") for cell in cells for output in cell.get("outputs", []))


def test_the_exact_index_stands_in_for_the_graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "away" / "voyager").mkdir(parents=True)
    (tmp_path / "away" / "voyager" / "__init__.py").write_text("raise ModuleNotFoundError('not installed')\n")
    before = os.environ.get("PYTHONPATH")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "away"), *([before] if before else [])]))
    _, told = run("planted", tmp_path / "out")
    assert "voyager is not installed here" in told


def test_without_traits_there_is_no_diversity_and_without_users_baskets_are_asked_how_they_end(tmp_path: Path):
    shop = mt.load("planted", items=150, baskets=1_500, seed=3)
    rows = ["order_id;date;product"]
    for number, basket in enumerate(shop.baskets):
        rows += [f"{number};{1 + number % 28:02d}.01.{2021 + number // 336};{shop.catalogue.names[i]}" for i in basket]
    (tmp_path / "orders.csv").write_text("\n".join(rows), "utf-8")
    headlines, told = run(tmp_path / "orders.csv", tmp_path / "out")
    assert "there is no diversity to measure" in told
    assert "gap of diversity closed" not in headlines
    assert "orders: 1,350 sequences" in told
