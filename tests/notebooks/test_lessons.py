"""Every lesson runs from top to bottom, on each kind of data, and says the same where it should."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

import mtsgns_lite as mt
from mtsgns_lite import course

NOTEBOOKS = course.NOTEBOOKS


def run(dataset: str | Path, lesson: str, out: Path) -> dict:
    assert course.run(str(dataset), smoke=True, lessons=[lesson], out=out) == 0
    (found,) = json.loads((out / "summary.json").read_text("utf-8"))["lessons"]
    assert "Plotly.newPlot" in (out / f"{lesson}.html").read_text("utf-8")
    return found


@pytest.mark.parametrize("dataset", ["planted", "groceries"])
def test_runs(lesson: str, dataset: str, tmp_path: Path):
    found = run(dataset, lesson, tmp_path)
    assert found["title"]
    assert found["headlines"] or lesson.startswith("00")
    assert all(value is not None for value in found["headlines"].values())


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A learner's file: semicolons, their own names of columns, a date, two traits with gaps."""
    shop = mt.load("planted", items=150, baskets=1_500, seed=3)
    kind, maker = (shop.catalogue.traits[name] for name in "AB")
    rows = ["order_id;date;product;kind;maker"]
    for number, basket in enumerate(shop.baskets):
        day = f"{1 + number % 28:02d}.{1 + number // 28 % 12:02d}.{2021 + number // 336}"
        for item in basket:
            known = [trait.text(item).replace("unknown", "") for trait in (kind, maker)]
            rows.append(";".join([str(number), day, shop.catalogue.names[item], *known]))
    path = tmp_path_factory.mktemp("own") / "my orders.csv"
    path.write_text("\n".join(rows), "utf-8")
    return path


def test_runs_on_a_file_of_the_learners_own(lesson: str, orders: Path, tmp_path: Path):
    run(orders, lesson, tmp_path)


def test_says_again_what_is_stored(lesson: str, tmp_path: Path):
    """nbval compares the cells tagged "deterministic"; what comes after the last of them needs no run here."""
    notebook = nbformat.read(NOTEBOOKS / f"{lesson}.ipynb", 4)
    marked = [n for n, cell in enumerate(notebook.cells) if "deterministic" in cell.metadata.get("tags", [])]
    if not marked:
        pytest.skip("no cell of this lesson is tagged deterministic")
    notebook.cells = notebook.cells[: marked[-1] + 1]
    nbformat.write(notebook, tmp_path / f"{lesson}.ipynb")
    options = ["--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout=600", "-p", "no:cacheprovider", "-q"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    found = subprocess.run(
        [sys.executable, "-m", "pytest", *options, f"--rootdir={tmp_path}", f"{lesson}.ipynb"],
        cwd=tmp_path, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert found.returncode == 0, found.stdout[-6000:]
