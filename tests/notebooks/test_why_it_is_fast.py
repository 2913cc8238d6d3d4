"""Appendix A1: every step is in its table, and its proofs notice a step that does something else."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
STEPS = ["pairs", "matrices", "gathered rows", "noise of a walk", "noise of four walks", "gradient by hand"]
PROVED = [
    "matrices give the loss of pairs", "gathered rows give the same loss", "Rows and mt.Table hold the same numbers",
    '"walk": shared noise gives the loss of pairs', '"four": shared noise gives the loss of pairs', "the loss",
    "the gradient of target rows", "the gradient of context rows", "the gradient of noise rows",
    "without matrices, still the same loss", "without gathered rows, still the same loss",
]  # fmt: skip


@pytest.fixture
def appendix(build: ModuleType) -> NotebookNode:
    """A1, small."""
    notebook = build.unexecuted(NOTEBOOKS / "source" / "a1_why_it_is_fast.py")
    (parameters,) = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    parameters.source = parameters.source.replace("SMOKE = False", "SMOKE = True")
    return notebook


def test_every_step_is_proved_and_timed(appendix: NotebookNode, build: ModuleType, tmp_path: Path):
    build.execute(appendix, tmp_path)
    outputs = [output for cell in appendix.cells if cell.cell_type == "code" for output in cell.outputs]
    said = "".join(output.get("text", "") for output in outputs).splitlines()
    assert [line.removeprefix("OK: ") for line in said if line.startswith("OK: ")] == PROVED

    tables = [output.data["text/html"] for output in outputs if "rows a token" in str(output.get("data"))]
    assert [f"<th>{step}</th>" in tables[0] for step in STEPS] == [True] * len(STEPS)


@pytest.mark.parametrize(
    ("sound", "broken", "noticed"),
    [
        ("* band).sum()\n    of_pair", ").sum()\n    of_pair", "matrices give the loss of pairs"),
        ("(softplus(noise_scores).mean(dim=2)", "(softplus(noise_scores).sum(dim=2)", '"walk": shared noise'),
        ("slope.transpose(1, 2) @ t,", "slope @ t,", "the gradient of context rows"),
    ],
)
def test_a_step_that_does_something_else_is_noticed(
    sound: str, broken: str, noticed: str, appendix: NotebookNode, build: ModuleType, tmp_path: Path
):
    (cell, *_) = [cell for cell in appendix.cells if cell.cell_type == "code" and sound in cell.source]
    cell.source = cell.source.replace(sound, broken)
    with pytest.raises(CellExecutionError, match=f"{noticed}.*: they differ by"):
        build.execute(appendix, tmp_path)
