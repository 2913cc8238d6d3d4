"""make.py, grade.py and for_nbgrader.py, on an assignment of one question with tests and one without."""

from __future__ import annotations

import csv
import json
import os
import zipfile
from pathlib import Path
from types import ModuleType

import nbformat
import psutil
import pytest

TINY = Path(__file__).with_name("tiny.py")


@pytest.fixture(scope="module")
def built(make: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make.make(TINY, tmp_path_factory.mktemp("assignments"))


def handed_in(built: Path, answer: str = "") -> nbformat.NotebookNode:
    """The student's notebook, with this code as the answer to the first question."""
    notebook = nbformat.read(built / "student" / "tiny.ipynb", 4)
    (cell,) = [part for part in notebook.cells if part.source.startswith("def mf_score(")]
    cell.source = answer or cell.source
    return notebook


def test_what_is_made(built: Path):
    files = {path.relative_to(built).as_posix() for path in built.rglob("*") if path.is_file()}
    assert files >= {"student/tiny.ipynb", "autograder/tiny.ipynb", "autograder/autograder.zip", "questions.json"}
    assert json.loads((built / "questions.json").read_text("utf-8")) == [
        {"name": "q1", "points": 5, "manual": False},
        {"name": "q2", "points": 3, "manual": True},
    ]


def test_a_solution_that_does_not_pass_its_tests_is_not_made(make: ModuleType, tmp_path: Path):
    right = "+ bias_first + bias_second + bias"
    text = TINY.read_text("utf-8")
    assert text.count(right) == 1
    (tmp_path / "9_wrong.py").write_text(text.replace(right, "+ bias_first"), "utf-8")
    with pytest.raises(Exception, match="q1"):
        make.make(tmp_path / "9_wrong.py", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_two_tests_of_a_question_may_not_have_one_name(make: ModuleType, tmp_path: Path):
    text = TINY.read_text("utf-8")
    assert text.count("def test_hidden(") == 1
    (tmp_path / "9_twice.py").write_text(text.replace("def test_hidden(", "def test_public("), "utf-8")
    with pytest.raises(ValueError, match="q1 has two tests called test_public"):
        make.master(tmp_path / "9_twice.py")


def test_points_of_tests_must_add_up(make: ModuleType, tmp_path: Path):
    text = TINY.read_text("utf-8")
    assert text.count("points: 3") == 2
    (tmp_path / "9_off.py").write_text(text.replace("points: 3", "points: 4", 1), "utf-8")
    with pytest.raises(ValueError, match=r"q1 has 5 points, its tests have \[2, 4\]"):
        make.master(tmp_path / "9_off.py")


def test_a_class_is_graded_whatever_some_hand_in(built: Path, grade: ModuleType, tmp_path: Path):
    (tmp_path / "eve").mkdir()
    right = nbformat.read(built / "autograder" / "tiny.ipynb", 4)
    right.cells[-1].source += "\n"
    right.metadata.kernelspec = {"name": "conda-env-mine", "display_name": "mine", "language": "python"}
    nbformat.write(right, tmp_path / "ann.ipynb")
    with zipfile.ZipFile(tmp_path / "bob.zip", "w") as archive:
        only_public = (
            "def mf_score(first, second, a, b, c):\n    return (first * second).sum(1) + a + b + c + OFF\n\nOFF = 0"
        )
        archive.writestr("tiny.ipynb", nbformat.writes(handed_in(built, only_public)))
        archive.writestr("torch.py", "raise SystemExit('imported')")
    nbformat.write(handed_in(built, "while True:\n    pass"), tmp_path / "eve" / "tiny.ipynb")
    nbformat.write(handed_in(built, "import os\nos._exit(3)"), tmp_path / "exits.ipynb")
    other = handed_in(built)
    other.metadata.otter.assignment_name = "8_other"
    nbformat.write(other, tmp_path / "other.ipynb")
    (tmp_path / "broken.ipynb").write_text("{", "utf-8")
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("a.ipynb", "{}")
        archive.writestr("b.ipynb", "{}")
    (tmp_path / "link.ipynb").symlink_to(tmp_path / "ann.ipynb")
    before = {process.pid for process in psutil.Process().children(recursive=True)}

    found = {made.name: made for made in grade.grade(built, tmp_path, seconds=25)}

    assert {process.pid for process in psutil.Process().children(recursive=True)} <= before
    assert {name: made.points for name, made in found.items() if not made.error} == {
        "ann.ipynb": {"q1": 5},
        "bob.zip": {"q1": 5},
    }
    assert "did not end within 25 s" in found["eve/tiny.ipynb"].error
    assert "could not be run" in found["exits.ipynb"].error
    assert "another assignment, 8_other" in found["other.ipynb"].error
    assert "can't be read" in found["broken.ipynb"].error
    assert "holds 2 notebooks" in found["two.zip"].error
    assert "a link" in found["link.ipynb"].error
    assert found["ann.ipynb"].written == "> Because."
    assert found["bob.zip"].written == ""


def test_a_stub_gets_no_points_and_half_an_answer_gets_half(built: Path, grade: ModuleType):
    assert grade.run(handed_in(built), built) == {"q1": 0}
    half = "def mf_score(first, second, a, b, c):\n    return (first * second).sum(1)"
    assert grade.run(handed_in(built, half), built) == {"q1": 3}  # its hidden test knows no biases but zero


def test_of_code_by_hand_a_stub_is_no_answer_and_lines_are_shown_with_what_they_printed(grade: ModuleType):
    def written(code: str) -> str:
        asked, cell, end = nbformat.v4.new_markdown_cell(grade.BEGIN), nbformat.v4.new_code_cell(code), grade.END
        asked.metadata["editable"] = False
        cell.outputs = [nbformat.v4.new_output("stream", text="AUC 0.5")]
        return grade._written(nbformat.v4.new_notebook(cells=[asked, cell, nbformat.v4.new_markdown_cell(end)]))

    assert written("# Your control.\n...") == ""
    code = "# Your control.\nprint(auc)"
    assert written(code) == f"````python\n{code}\n````\n\n````\nAUC 0.5\n````"


def test_the_table_leaves_room_for_what_is_graded_by_hand(built: Path, grade: ModuleType):
    asked = json.loads((built / "questions.json").read_text("utf-8"))
    head, rows = grade.table([grade.Grade("=ann", {"q1": 2.5}), grade.Grade("bob", error="Why.")], asked)
    assert head == ["submission", "q1", "q2 by hand", "tests", "note"]
    assert rows == [["=ann", "2.5", "", "2.5", ""], ["bob", "", "", "", "Why."]]


def test_the_command_writes_a_csv_and_what_was_written(
    built: Path, grade: ModuleType, make: ModuleType, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(grade, "BUILT", built.parent)
    monkeypatch.setattr(grade, "masters", lambda: [Path("tiny.py")])
    folder = tmp_path / "in"
    folder.mkdir()
    nbformat.write(nbformat.read(built / "autograder" / "tiny.ipynb", 4), folder / "=ann.ipynb")
    arguments = ["grade.py", "t", str(folder), "--csv", str(tmp_path / "g.csv"), "--written", str(tmp_path / "w.md")]
    monkeypatch.setattr("sys.argv", arguments)
    assert grade.main() == 0
    assert "=ann.ipynb" in capsys.readouterr().out
    with open(tmp_path / "g.csv", encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file))[1] == ["'=ann.ipynb", "5", "", "5", ""]
    written = (tmp_path / "w.md").read_text("utf-8")
    assert written.count("Rubric: ") == 1
    assert written.index("Rubric: ") < written.index("# =ann.ipynb\n\n> Because.")

    monkeypatch.setattr("sys.argv", ["grade.py", "7", str(folder)])
    with pytest.raises(SystemExit):
        grade.main()
    assert "make assignments" in capsys.readouterr().err
    assert os.listdir(folder) == ["=ann.ipynb"]


def test_for_nbgrader_points_and_marks_are_its_own(make: ModuleType, for_nbgrader: ModuleType):
    cells = list(for_nbgrader.converted(make.master(TINY).cells))
    marked = [(cell.source, cell.metadata["nbgrader"]) for cell in cells if "nbgrader" in cell.metadata]
    (answer, _), (public, _), (hidden, _), (written, _) = marked
    assert [about.get("points") for _, about in marked] == [None, 2, 3, 3]
    assert cells[1].source == for_nbgrader.NOTE
    assert [about["solution"] for _, about in marked] == [True, False, False, True]
    assert [about["grade"] for _, about in marked] == [False, True, True, True]
    assert len({about["grade_id"] for _, about in marked}) == 4
    assert "BEGIN QUESTION" not in "".join(cell.source for cell in cells)
    for text in (answer, written):
        assert text.count("### BEGIN SOLUTION") == text.count("### END SOLUTION") == 1
    assert public.endswith("\ntest_public(mf_score)")
    assert "HIDDEN" not in public
    assert hidden.endswith("\ntest_hidden(mf_score)\n### END HIDDEN TESTS")


def test_for_nbgrader_a_solution_on_one_line_is_marked(for_nbgrader: ModuleType):
    cell = nbformat.v4.new_code_cell("before = 1\n  share = 1 / 3  # SOLUTION\nafter = 2")
    made = for_nbgrader._marked(cell, "SOLUTION", {"name": "q", "points": 1}, "q-1")
    assert made.source.splitlines() == [
        "before = 1", "  ### BEGIN SOLUTION", "  share = 1 / 3", "  ### END SOLUTION", "after = 2",
    ]  # fmt: skip
