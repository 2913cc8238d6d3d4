"""Lesson 09 runs where the packages of the service are missing, as on Colab, and says so where one was needed."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
from cutting import output_texts

from mtsgns_lite import course

LESSON = "09_serving_and_transfer"
PACKAGES = ("voyager", "fastapi", "fastapi_offline", "uvicorn")


def run_without(packages: tuple[str, ...], folder: Path) -> tuple[dict, str]:
    """The lesson's row in the summary and all it has shown, on a kernel that can't import these packages."""
    notebook = nbformat.read(course.NOTEBOOKS / f"{LESSON}.ipynb", 4)
    code = f"import sys\n\nsys.modules.update(dict.fromkeys({packages!r}))"
    notebook.cells.insert(0, nbformat.v4.new_code_cell(code))
    nbformat.write(notebook, folder / f"{LESSON}.ipynb")
    out = folder / "out"
    assert course.run("planted", smoke=True, out=out, notebooks=folder, keep=True) == 0
    (found,) = json.loads((out / "summary.json").read_text("utf-8"))["lessons"]
    ran = nbformat.read(out / f"{LESSON}.ipynb", 4)
    return found["headlines"], "\n".join(text for cell in ran.cells for text in output_texts(cell))


def test_without_any_of_them(tmp_path: Path):
    headlines, shown = run_without(PACKAGES, tmp_path)
    assert "Run %pip install voyager fastapi fastapi-offline uvicorn in a new cell" in shown
    assert "No service here" in shown
    assert headlines["failed requests while versions changed"] == "no service here"
    assert "lists that stay, old people among new items" in headlines  # what needs no package goes on


def test_without_the_graph_the_service_looks_at_everything(tmp_path: Path):
    pytest.importorskip("fastapi", reason="fastapi is not installed")
    headlines, shown = run_without(("voyager",), tmp_path)
    assert "Run %pip install voyager in a new cell" in shown
    assert "'index': 'exact'" in shown
    assert headlines["failed requests while versions changed"] == 0
