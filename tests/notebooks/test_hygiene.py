"""What people open is small, readable, clean, and made from its source."""

from __future__ import annotations

import statistics
from pathlib import Path
from types import ModuleType

import nbformat
import pytest

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
PARAMETERS = 'SMOKE = False\nSEED = 0\nDATASET = "groceries"\nDEVICE = None'
LESSONS = [
    "00_start_here", "01_matrix_factorisation", "02_skip_gram", "03_side_information", "04_honest_comparison",
    "05_find_the_bug", "06_sessions_and_conversions", "07_content_towers", "08_sequence_models",
    "09_serving_and_transfer", "10_beyond_one_machine", "a1_why_it_is_fast",
]  # fmt: skip


def test_the_lessons_are_there():
    assert {*LESSONS} <= {path.stem for path in NOTEBOOKS.glob("*.ipynb")}


def test_notebooks_are_up_to_date_with_their_sources(build: ModuleType):
    assert build.check(where=build.repository()) == []


@pytest.fixture
def notebook(opened: str) -> nbformat.NotebookNode:
    return nbformat.read(NOTEBOOKS / f"{opened}.ipynb", 4)


@pytest.fixture
def code(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tagged(cells: list, tag: str) -> list:
    return [cell for cell in cells if tag in cell.metadata.get("tags", [])]


def test_size(opened: str):
    assert (NOTEBOOKS / f"{opened}.ipynb").stat().st_size < 200_000


def test_code_cells_are_short(code: list):
    lines = [len([line for line in cell.source.splitlines() if line.strip()]) for cell in code]
    assert max(len(cell.source.splitlines()) for cell in code) <= 40
    assert statistics.median(lines) <= 5


def test_kernel_and_format(notebook: nbformat.NotebookNode):
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"


def test_one_cell_of_parameters_and_one_of_setup(code: list):
    assert [cell.source for cell in tagged(code, "parameters")] == [PARAMETERS]
    assert len(tagged(code, "setup")) == 1


def test_no_widget_state_nor_figures_data_nor_marks_of_a_run(notebook: nbformat.NotebookNode, code: list):
    assert "widgets" not in notebook.metadata
    for cell in code:
        folding = {"jupyter", "cellView"} if "folded" in cell.metadata.get("tags", []) else {}
        assert not {*cell.metadata} - {"tags", *folding}
        for output in cell.outputs:
            assert {*output.get("data", {})} <= {
                "text/plain",
                "text/html",
                "text/markdown",
                "image/png",
                "image/svg+xml",
            }
            assert output.output_type != "error"
            assert output.get("name") != "stderr"


def test_every_cell_was_run_in_order(code: list):
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))


def test_no_path_of_the_machine_it_was_built_on(notebook: nbformat.NotebookNode):
    text = nbformat.writes(notebook)
    places = (str(NOTEBOOKS.parent), f"{Path.home()}/", "/root/", "/home/", "site-packages")
    assert not [place for place in places if place in text]


def test_each_deterministic_cell_has_a_stored_text(code: list):
    """nbval passes a cell that has nothing to compare with, so nothing must not be stored."""
    for cell in tagged(code, "deterministic"):
        assert "nbval-check-output" in cell.metadata.tags
        stored = [output.get("text") or output.get("data", {}).get("text/plain") for output in cell.outputs]
        assert any(stored), cell.source


def test_no_cell_is_allowed_to_fail(code: list):
    assert not tagged(code, "raises-exception")


def test_badges_only_where_the_repository_is_known(notebook: nbformat.NotebookNode, build: ModuleType):
    assert len(tagged(notebook.cells, "badges")) == bool(build.repository())


def test_starts_with_a_title_and_says_what_one_will_learn(notebook: nbformat.NotebookNode):
    words = "\n".join(cell.source for cell in notebook.cells[:4] if cell.cell_type == "markdown")
    assert words.startswith("# ")
    assert "You will" in words
    assert "minutes" in words
