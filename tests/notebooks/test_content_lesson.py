"""Lesson 07 runs to its end where the package for word pieces is missing, says so in a sentence, and does the rest."""

from __future__ import annotations

import json
import os
from pathlib import Path

import nbformat
import pytest

from mtsgns_lite import course


@pytest.fixture
def without_sentencepiece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package of that name, found first, that can't be imported."""
    (tmp_path / "away" / "sentencepiece").mkdir(parents=True)
    (tmp_path / "away" / "sentencepiece" / "__init__.py").write_text("raise ModuleNotFoundError('not installed')\n")
    before = os.environ.get("PYTHONPATH")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "away"), *([before] if before else [])]))


@pytest.mark.usefixtures("without_sentencepiece")
def test_letter_runs_take_the_place_of_word_pieces(tmp_path: Path):
    lesson, out = "07_content_towers", tmp_path / "out"
    solved = course.NOTEBOOKS / "solutions"
    assert course.run("planted", smoke=True, lessons=[lesson], out=out, notebooks=solved, keep=True) == 0
    (found,) = json.loads((out / "summary.json").read_text("utf-8"))["lessons"]
    assert "cold AUC, with text" in found["headlines"]
    cells = nbformat.read(out / f"{lesson}.ipynb", 4).cells
    told = "".join(output.get("text", "") for cell in cells for output in cell.get("outputs", []))
    assert "`pip install sentencepiece`" in told
