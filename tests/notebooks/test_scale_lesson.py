"""Lesson 10 runs where TorchRec and DuckDB are missing, as on Colab, and what it says of the groceries stands in it."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from cutting import output_texts
from lacking import run_without

from mtsgns_lite import course

LESSON = "10_beyond_one_machine"
PACKAGES = ("torchrec", "fbgemm_gpu", "duckdb")


def test_without_torchrec_it_says_so_and_does_the_rest(tmp_path: Path):
    headlines, shown = run_without(LESSON, PACKAGES, tmp_path)
    assert shown.count("TorchRec is not here (`make setup-scale` installs it") >= 4  # at every live cell
    assert "DuckDB is not here" in shown
    assert headlines["killed and resumed, the same bits"] == "no TorchRec here"
    assert headlines["part of the tables on each of two processes"] == pytest.approx(0.5, abs=0.01)
    assert headlines["bytes a token, foretold / counted"] == pytest.approx(1, abs=0.1)


@pytest.fixture(scope="module")
def told() -> str:
    """All that the built lesson shows, on the groceries."""
    notebook = nbformat.read(course.NOTEBOOKS / f"{LESSON}.ipynb", 4)
    return "\n".join(text for cell in notebook.cells if cell.cell_type == "code" for text in output_texts(cell))


def number(told: str, before: str) -> float:
    found = re.search(re.escape(before) + r"\D*?([\d.]+(?:e-\d+)?)", told)
    assert found, before
    return float(found[1])


def test_it_was_built_where_torchrec_is(told: str):
    assert "TorchRec is there." in told
    assert "tensors, the same to the last bit: True" in told
    assert "one of the two processes is killed" in told


def test_what_each_process_holds_was_foretold_to_the_byte(told: str):
    held, foretold = re.search(r"held: +(\[.*\])\nforetold: (\[.*\])", told).groups()
    assert held == foretold


def test_gradients_summed_are_one_process_and_the_shortcuts_are_not(told: str):
    one, two = number(told, "one process"), number(told, "two, gradients summed")
    same, copies = number(told, "two, which draw the same"), number(told, "two copies, averaged at the end")
    assert two == one
    assert same < one - 0.01
    assert copies < one - 0.01
    assert number(told, "the tables of one and of two differ by") < 1e-5


def test_two_processes_are_as_good_as_fit(told: str):
    assert number(told, "AUC of two processes less fit's:") <= 0.003
    assert number(told, "bytes a token, foretold / counted:") == pytest.approx(1, abs=0.05)


def test_a_cut_graph_has_the_same_walks_on_any_number_of_processes(told: str):
    assert "the same edges:   True" in told
    assert "the same weights: True" in told
    assert re.search(r"\d+ walks in a batch, the same on one process and on two: True", told)


def test_no_sentence_says_that_it_is_faster_on_one_machine(told: str):
    """What was measured decides: if this fails, the lesson's words on cost have to change."""
    assert number(told, "two processes are") < 1
