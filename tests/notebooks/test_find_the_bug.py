"""Lesson 05: each planted defect is exposed by its control, each mend acquitted, and the notebook stands by itself."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import nbformat
import pytest
import torch

import mtsgns_lite as mt
from mtsgns_lite.data.samples import Noise, SkipGramBatch
from mtsgns_lite.evaluation import ranking_metrics
from mtsgns_lite.models.traits import TraitMixture
from mtsgns_lite.views import pages

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
CASES = range(11)


@pytest.fixture(scope="module")
def bugs() -> ModuleType:
    sys.path.insert(0, str(NOTEBOOKS / "source"))
    try:
        import lesson05_bugs
    finally:
        sys.path.pop(0)
    return lesson05_bugs


def case_of(bugs: ModuleType, number: int):
    """The case, and its control."""
    return getattr(bugs, f"case_{number}"), getattr(bugs, f"control_{number}")


@pytest.mark.parametrize("number", CASES)
def test_the_control_exposes_the_defect_and_acquits_sound_code(number: int, bugs: ModuleType, capsys):
    case, control = case_of(bugs, number)
    case.run(control)
    assert not case.sane(case.found["suspect"])
    assert case.sane(case.found["sound code"])

    case.check(case.suspect, name=case.letter)
    assert (case.state, f"Case {number} is open" in capsys.readouterr().out) == ("open", True)
    case.check(case.sound, name=case.letter)
    assert (case.state, f"Case {number} is closed" in capsys.readouterr().out) == ("closed", True)


class LibrarysSGNS(mt.SGNS):
    """The library's own, with the name that the control asks it by."""

    def side(self, items):
        return self.context(items)


class LibrarysTraits(mt.MultiTraitSGNS):
    def __init__(self, catalogue, **options):
        super().__init__(catalogue, auxiliary=0, **options)


def librarys_pairs(walk):
    batch = SkipGramBatch(torch.arange(len(walk))[None], torch.ones(1, len(walk), dtype=torch.bool), 2, None, 0)
    return [(walk[one], walk[two]) for one, two in batch.pairs()[0].nonzero().tolist()]


def librarys_likeness(model, item):
    unit = torch.nn.functional.normalize(model.embeddings(), dim=1)
    return unit @ unit[item]


LIBRARY = {
    1: lambda ranks: ranking_metrics(torch.tensor(ranks))["ndcg@10"],
    2: librarys_pairs,
    3: librarys_likeness,
    5: mt.Trait.from_values,
    6: lambda model: model.embeddings(),
    7: TraitMixture,
    8: Noise,
    9: LibrarysSGNS,
    10: LibrarysTraits,
}


@pytest.mark.parametrize("number", LIBRARY)
def test_the_library_passes_the_same_controls(number: int, bugs: ModuleType):
    case, control = case_of(bugs, number)
    assert case.sane(float(control(LIBRARY[number])))


@pytest.mark.parametrize(
    ("number", "idle"),
    [
        (1, lambda ranks: 0.0),
        (2, lambda walk: []),
        (3, lambda model, item: torch.zeros(len(model.catalogue))),
        (4, lambda optimiser, step, epochs, steps: iter(range(epochs))),
    ],
)
def test_code_that_does_nothing_is_no_mend(number: int, idle, bugs: ModuleType, capsys):
    case, case.control = case_of(bugs, number)
    case.found = {"suspect": 0.0}
    case.check(idle, name=case.letter)
    assert f"Case {number} is open" in capsys.readouterr().out


def test_a_check_says_what_is_missing(bugs: ModuleType, capsys):
    fresh = bugs.Case(0, "a", bugs.suspect_0, bugs.sound_0, 0, 0, "", "")
    fresh.check(bugs.sound_0)
    fresh.run(bugs.control_0)
    fresh.check(bugs.sound_0)
    fresh.check(bugs.sound_0, name="b")
    fresh.check(lambda price: price.no_such_thing, name="a")
    said = capsys.readouterr().out
    assert "Run the control of case 0 first." in said
    assert said.count("Which letter was it?") == 2
    assert "the code stopped with AttributeError" in said
    assert fresh.state == "open"


def test_a_guess_is_noted_or_asked_for(bugs: ModuleType, capsys):
    case = bugs.Case(0, "a", None, None, 0, 0, "", "")
    case.guess()
    assert (case.first_guess, "choose a letter" in capsys.readouterr().out) == ("-", True)
    case.guess("j")
    assert (case.first_guess, "overfitting" in capsys.readouterr().out) == ("j", True)


def test_every_case_has_a_defect_of_its_own(bugs: ModuleType):
    letters = [case_of(bugs, number)[0].letter for number in CASES]
    assert len({*letters}) == len(letters)
    defects = sys.modules["lesson05_bag"].DEFECTS
    assert {*letters} < {*defects}  # and some of the list are innocent


@pytest.mark.parametrize("number", CASES)
def test_a_solution_is_folded_and_shows_only_what_changes(number: int, bugs: ModuleType):
    case, _ = case_of(bugs, number)
    shown = sys.modules["lesson05_bag"].solution(case).data
    assert shown.startswith("<details><summary>")
    assert "open" not in shown[:9]
    changed = shown.split("<pre>")[1].split("</pre>")[0].splitlines()
    assert any(line.startswith("-") for line in changed)
    assert any(line.startswith("+") for line in changed)
    assert not any("sound" in line.casefold() or "def s" in line for line in changed)


def test_the_notebook_carries_its_cases_folded(bugs: ModuleType):
    notebook = nbformat.read(NOTEBOOKS / "05_find_the_bug.ipynb", 4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not [cell.source for cell in code if "lesson05_" in cell.source]
    folded = [cell for cell in code if "folded" in cell.metadata.get("tags", [])]
    assert all(cell.metadata.jupyter == {"source_hidden": True} for cell in folded)
    for number in CASES:
        (home,) = [cell for cell in code if f"case_{number} = Case(" in cell.source]
        assert home in folded
        assert any(cell.source.startswith((f"def mine_{number}(", f"class Mine{number}(")) for cell in code)
    page = pages.lesson_page(notebook, "05_find_the_bug", ["05_find_the_bug"])
    assert page.count("<summary>folded code</summary>") == len(folded)
