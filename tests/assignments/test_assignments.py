"""The graded assignments: points come out as they should, and a student's notebook gives nothing away."""

from __future__ import annotations

import copy
import importlib.util
import itertools
import json
from pathlib import Path
from types import ModuleType

import nbformat
import pytest
from nbclient import NotebookClient

ASSIGNMENTS = Path(__file__).resolve().parents[2] / "notebooks" / "assignments"
NAMES = [path.stem for path in sorted(ASSIGNMENTS.glob("[0-9]_*.py"))]
LETTERS = 12  # a line of fewer gives nothing away
POINTS = 40


@pytest.fixture(scope="session", params=NAMES)
def built(request: pytest.FixtureRequest, make: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with student/ and autograder/, on small data."""
    source = ASSIGNMENTS / f"{request.param}.py"
    notebook = make.master(source)
    (parameters,) = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    assert "SMOKE = False" in parameters.source
    parameters.source = parameters.source.replace("SMOKE = False", "SMOKE = True")
    return make.make(source, tmp_path_factory.mktemp("assignments"), run_tests=False, notebook=notebook)


def notebook_of(built: Path, which: str) -> nbformat.NotebookNode:
    """The notebook in `student` or in `autograder`."""
    return nbformat.read(built / which / f"{built.name}.ipynb", 4)


def asked(built: Path) -> dict[str, float]:
    """The points of the questions that are graded by tests."""
    questions = json.loads((built / "questions.json").read_text("utf-8"))
    return {question["name"]: question["points"] for question in questions if not question["manual"]}


def answers(name: str) -> list[tuple[str, str, float]]:
    """Wrong and partly right answers: question, code, and the points it deserves."""
    path = Path(__file__).parent / f"answers_{name[0]}.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.WRONG


def rounds(wrong: list[tuple[str, str, float]]) -> list[dict[str, tuple[str, float]]]:
    """The answers as submissions: one for each question at most in each."""
    by_question = [
        [(question, code, points) for question, code, points in wrong if question == name]
        for name in dict.fromkeys(question for question, _, _ in wrong)
    ]
    columns = itertools.zip_longest(*by_question)
    return [{entry[0]: (entry[1], entry[2]) for entry in column if entry} for column in columns]


def answered(solved: nbformat.NotebookNode, chosen: dict[str, str]) -> nbformat.NotebookNode:
    """The solved notebook with other code in the answer cells of some questions."""
    notebook, first = copy.deepcopy(solved), 0
    for place, cell in enumerate(notebook.cells):
        for question, code in chosen.items():
            if cell.cell_type == "code" and f'grader.check("{question}")' in cell.source:
                own = [
                    part
                    for part in notebook.cells[first:place]
                    if part.cell_type == "code" and "otter_assign_solution_cell" in part.metadata.get("tags", [])
                ]
                assert own, f"{question} has no answer cell"
                own[0].source = code
                for part in own[1:]:
                    part.source = "pass"
        if "grader.check(" in cell.source:
            first = place + 1
    return notebook


ROUNDS = [(name, number) for name in NAMES for number in range(len(rounds(answers(name))))]


def test_there_are_two():
    assert [name[0] for name in NAMES] == ["1", "2"]


def test_points_add_up(built: Path):
    questions = json.loads((built / "questions.json").read_text("utf-8"))
    assert sum(question["points"] for question in questions) == POINTS
    assert 5 <= sum(question["points"] for question in questions if question["manual"]) <= POINTS / 3


def test_a_perfect_submission_gets_all_points(built: Path, grade: ModuleType):
    assert grade.run(notebook_of(built, "autograder"), built) == asked(built)


def test_an_empty_one_gets_none(built: Path, grade: ModuleType):
    assert grade.run(notebook_of(built, "student"), built) == dict.fromkeys(asked(built), 0)


def test_every_question_has_wrong_and_partly_right_answers(built: Path):
    wrong, points = answers(built.name), asked(built)
    assert {question for question, _, _ in wrong} == {*points}
    for question, most in points.items():
        found = [given for name, _, given in wrong if name == question]
        assert len(found) >= 2
        assert all(0 <= given < most for given in found)
    assert {name for name, _, given in wrong if given > 0} == {*points}, "a question gives all or nothing"


@pytest.mark.parametrize("number", range(max(number for _, number in ROUNDS) + 1))
def test_wrong_and_partly_right_answers_get_what_they_deserve(built: Path, grade: ModuleType, number: int):
    found = rounds(answers(built.name))
    if number >= len(found):
        pytest.skip(f"{built.name} has {len(found)} submissions with wrong answers")
    chosen = found[number]
    got = grade.run(answered(notebook_of(built, "autograder"), {q: code for q, (code, _) in chosen.items()}), built)
    assert {question: got[question] for question in chosen} == {q: points for q, (_, points) in chosen.items()}


def test_a_student_can_run_all_cells_before_answering(built: Path, tmp_path: Path):
    """The checks say what is missing; no cell fails, the one that packs the submission included."""
    path = tmp_path / f"{built.name}.ipynb"
    notebook = notebook_of(built, "student")
    nbformat.write(notebook, path)
    NotebookClient(
        notebook, kernel_name="python3", timeout=300, resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    checks = [cell for cell in notebook.cells if cell.source.startswith("grader.check(")]
    assert len(checks) == len(asked(built))
    for cell in checks:
        assert "failed" in str(cell.outputs)
    assert list(tmp_path.glob("*.zip"))


def test_a_students_notebook_has_neither_answers_nor_hidden_tests(built: Path):
    student, solved = (notebook_of(built, which) for which in ("student", "autograder"))
    shown = " ".join(f"{json.dumps(student.metadata)} {' '.join(cell.source for cell in student.cells)}".split())
    assert "hidden=True" not in shown
    answer_cells = [c for c in solved.cells if "otter_assign_solution_cell" in c.metadata.get("tags", [])]
    assert answer_cells
    kept = {line.strip() for cell in student.cells for line in cell.source.splitlines()}
    lines = {" ".join(line.split()) for cell in answer_cells for line in cell.source.splitlines()} - kept
    given_away = [line for line in lines if sum(map(str.isalpha, line)) >= LETTERS and line in shown]
    assert not given_away
