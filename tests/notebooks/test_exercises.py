"""Exercises: cut out of their solutions, so that a learner's notebook runs, is not answered, and gives nothing away."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from types import ModuleType

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError

from mtsgns_lite import course
from mtsgns_lite.check.verdict import Verdict

NOTEBOOKS = course.NOTEBOOKS
PASSED, UNANSWERED = "{}: passed", "{}: not answered yet"  # what a check begins with, after its name
STAND_IN = "..."

SOURCE = '''# %% [markdown]
# # 08 · Sums

# %% [markdown]
# You will add. Before: [07](07_title.ipynb); after: [09](./09_next.ipynb#start), [elsewhere](https://example.org/a.html).

# %% tags=["setup"]
pass

# %%
from types import SimpleNamespace


def stand_in(name, right):
    def asked(answer):
        got = answer(3) if callable(answer) else answer
        verdict = "not answered yet" if got is ... else "passed" if got == right else "not yet"
        print(f"{name}: {verdict}")

    return asked


check = SimpleNamespace(double=stand_in("double", 6), area=stand_in("area", 9), total=stand_in("total", 55))


# %% tags=["exercise"]
def double(number):
    """Twice a number."""
    # What is a number, added to itself?
    result_of_adding = number + number
    return result_of_adding


# %%
check.double(double)


# %% tags=["exercise"]
def area(side):
    """The area of a square."""
    # 1. a row
    # solution
    one_row_of_them = [1] * side
    # end
    # 2. all rows
    # solution
    everything_there_is = sum(one_row_of_them) * side
    # end
    return everything_there_is


# %%
check.area(area)

# %% tags=["exercise"]
numbers = range(11)
# solution
total = sum(numbers[: len(numbers)])
# end

# %%
check.total(total)

# %% [markdown]
# **And now?** Find a sum of your own.

# %% [markdown] tags=["solution"]
# One answer among many: the sum of odd numbers is a square.

# %% tags=["solution"]
check.double(double)
print("odd ones give", sum(range(1, 12, 2)))
'''


def built(build: ModuleType, source: Path, solved: bool = False) -> nbformat.NotebookNode:
    return nbformat.read(build.target(source, solved), 4)


@pytest.fixture(scope="module")
def made(build: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both notebooks of the source above."""
    folder = tmp_path_factory.mktemp("exercises")
    source = folder / "source" / "08_sums.py"
    source.parent.mkdir()
    source.write_text(SOURCE, "utf-8")
    assert build.editions(source) == [False, True]
    for solved in build.editions(source):
        build.build(source, "someone/course", solved)
    return folder


@pytest.fixture
def source(made: Path, tmp_path: Path) -> Path:
    """A copy of that folder's source, with its notebooks, to be changed."""
    shutil.copytree(made, tmp_path / "copy")
    return tmp_path / "copy" / "source" / "08_sums.py"


def unlike(cutting: ModuleType, notebook: nbformat.NotebookNode, words: str) -> list[str]:
    """The checks of a notebook that don't say these words; there must be checks."""
    found = [(name, shown) for names, shown in cutting.checks(notebook) for name in names.split(", ")]
    assert found
    return [name for name, shown in found if words.format(name) not in shown]


def strangers(learner: nbformat.NotebookNode, solved: nbformat.NotebookNode) -> list[str]:
    """Lines of the learner's exercises that their solutions don't have, other than a stand-in."""
    stubs, answers = [
        [cell.source for cell in notebook.cells if "exercise" in cell.metadata.get("tags", [])]
        for notebook in (learner, solved)
    ]
    assert len(stubs) == len(answers)
    pairs = [(line, answer) for stub, answer in zip(stubs, answers) for line in stub.splitlines()]
    return [line for line, answer in pairs if not line.endswith(STAND_IN) and line not in answer.splitlines()]


def unchecked(notebook: nbformat.NotebookNode) -> list[str]:
    """Exercises that no check follows."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    after = zip(code, [*code[1:], nbformat.v4.new_code_cell("")])
    return [
        cell.source
        for cell, check in after
        if "exercise" in cell.metadata.get("tags", []) and "check." not in check.source
    ]


# The lessons.


def test_every_check_is_unanswered_for_a_learner_and_passed_in_the_solution(exercised: str, cutting: ModuleType):
    assert unlike(cutting, nbformat.read(NOTEBOOKS / f"{exercised}.ipynb", 4), UNANSWERED) == []
    assert unlike(cutting, nbformat.read(NOTEBOOKS / "solutions" / f"{exercised}.ipynb", 4), PASSED) == []


def test_the_solved_lesson_runs_small_with_its_quiz_and_passes(exercised: str, cutting: ModuleType, tmp_path: Path):
    solved = nbformat.read(NOTEBOOKS / "solutions" / f"{exercised}.ipynb", 4)
    solved.cells += [nbformat.v4.new_code_cell(code) for code in quiz(solved)[1]]
    nbformat.write(solved, tmp_path / f"{exercised}.ipynb")
    out = tmp_path / "out"
    assert course.run("planted", smoke=True, lessons=[exercised], out=out, notebooks=tmp_path, keep=True) == 0
    assert unlike(cutting, nbformat.read(out / f"{exercised}.ipynb", 4), PASSED) == []


def test_each_question_of_the_quiz_has_lines_to_run_and_a_folded_answer(lesson: str):
    questions, codes = quiz(nbformat.read(NOTEBOOKS / f"{lesson}.ipynb", 4))
    assert [int(part.split(".")[0]) for part in questions] == list(range(1, len(questions) + 1))
    assert 4 <= len(questions) == len(codes)
    for part in questions:
        asked, _, answer = part.partition("<details><summary>Answer</summary>")
        assert asked.count("```python\n") == 1
        assert "</details>" in answer
        assert not answer.partition("</details>")[2].strip()
        assert "\n\n" in answer[:3], "an empty line below <summary> makes Markdown of the answer"


def quiz(notebook: nbformat.NotebookNode) -> tuple[list[str], list[str]]:
    """The questions with their answers, and the lines that each of them asks to run."""
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    text = text.split("## Check yourself\n")[1].split("\n## ")[0]
    return re.split(r"^\*\*(?=\d+\.)", text, flags=re.MULTILINE)[1:], re.findall(
        r"```python\n(.*?)```", text, re.DOTALL
    )


def test_nothing_of_a_solution_is_shown(exercised: str, build: ModuleType, cutting: ModuleType):
    source = NOTEBOOKS / "source" / f"{exercised}.py"
    assert cutting.leaks(built(build, source), cutting.hidden(build.cells_of(source))) == []


def test_exercises_keep_lines_of_their_solutions_and_have_checks(exercised: str, build: ModuleType):
    source = NOTEBOOKS / "source" / f"{exercised}.py"
    assert strangers(built(build, source), built(build, source, True)) == []
    assert unchecked(built(build, source)) == []


def test_a_verdict_speaks_as_these_tests_expect():
    assert repr(Verdict("name", passed=True, cases=3)).startswith(PASSED.format("name"))
    assert repr(Verdict("name", unanswered=True)).startswith(UNANSWERED.format("name"))
    assert not {"passed", "not answered yet"} & {*repr(Verdict("name", tries=1)).split(": ")}


# The build, on a source of its own.


def test_both_notebooks_run_and_say_what_they_should(made: Path, build: ModuleType, cutting: ModuleType):
    source = made / "source" / "08_sums.py"
    learner, solved = built(build, source), built(build, source, True)
    assert build.check(made, "someone/course") == []
    assert unlike(cutting, learner, UNANSWERED) == unlike(cutting, solved, PASSED) == []
    assert unlike(cutting, solved, UNANSWERED) == ["double", "area", "total", "double"]
    assert strangers(learner, solved) == unchecked(learner) == unchecked(solved) == []
    for notebook in (learner, solved):
        nbformat.validate(notebook)
        assert notebook.metadata == {"kernelspec": build.KERNEL, "language_info": build.LANGUAGE}
        assert not [cell for cell in notebook.cells if cutting.START in cell.source or cutting.END in cell.source]
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))


def test_a_learner_meets_signature_docstring_and_hint(made: Path, build: ModuleType):
    exercises = [
        cell.source
        for cell in built(build, made / "source" / "08_sums.py").cells
        if "exercise" in cell.metadata.get("tags", [])
    ]
    assert exercises == [
        'def double(number):\n    """Twice a number."""\n    # What is a number, added to itself?\n    return ...',
        'def area(side):\n    """The area of a square."""\n    # 1. a row\n    one_row_of_them = ...\n'
        "    # 2. all rows\n    everything_there_is = ...\n    return everything_there_is",
        "numbers = range(11)\ntotal = ...",
    ]


def test_the_course_runs_solved_lessons_too(made: Path, cutting: ModuleType, tmp_path: Path):
    assert course.run("planted", out=tmp_path, notebooks=made / "solutions", keep=True) == 0
    assert unlike(cutting, nbformat.read(tmp_path / "08_sums.ipynb", 4), PASSED) == []


def test_ids_are_unique_and_those_of_cells_in_both_are_the_same(made: Path, build: ModuleType):
    source = made / "source" / "08_sums.py"
    learner, solved = ({cell.id: cell.source for cell in built(build, source, of).cells} for of in (False, True))
    assert len(learner) == len(build.unexecuted(source, "someone/course").cells)
    assert len(solved) == len(build.unexecuted(source, "someone/course", True).cells)
    same = {*learner.values()} & {*solved.values()}
    assert len(same) == 6
    assert all(learner[key] == solved[key] for key in {*learner} & {*solved})
    assert len({*learner} & {*solved}) == len(same)


def test_the_solved_lesson_knows_where_it_is(made: Path, build: ModuleType):
    learner, solved = (built(build, made / "source" / "08_sums.py", of) for of in (False, True))
    assert (learner.cells[0].source, solved.cells[0].source) == ("# 08 · Sums", "# 08 · Sums, solved")
    words = solved.cells[3].source
    assert "(../07_title.ipynb)" in words
    assert "(../09_next.ipynb#start)" in words
    assert "(https://example.org/a.html)" in words
    assert "(07_title.ipynb)" in learner.cells[2].source
    assert f"{build.tag()}/notebooks/solutions/08_sums.ipynb" in solved.cells[1].source
    assert f"{build.tag()}/notebooks/08_sums.ipynb" in learner.cells[1].source
    assert "(../08_sums.ipynb)" in solved.cells[2].source


def test_building_again_changes_nothing(source: Path, build: ModuleType):
    before = [build.target(source, solved).read_bytes() for solved in (False, True)]
    assert [build.build(source, "someone/course", solved).read_bytes() for solved in (False, True)] == before


def test_check_tells_which_notebook_a_change_concerns(source: Path, build: ModuleType):
    def found(old: str, new: str) -> list[str]:
        assert old in SOURCE
        source.write_text(SOURCE.replace(old, new), "utf-8")
        return [line.split(" (")[0] for line in build.check(source.parent.parent, "someone/course")]

    late = "08_sums.ipynb is out of date"
    assert found("number + number", "2 * number") == [f"solutions/{late}"]
    assert found("One answer among many", "One of many") == [f"solutions/{late}"]
    assert found("Twice a number", "Two of it") == [late, f"solutions/{late}"]
    assert found("# solution\ntotal", "# solution\nmy_total") == [late, f"solutions/{late}"]


def test_check_tells_of_a_missing_and_of_a_left_over_solution(source: Path, build: ModuleType):
    folder, path = source.parent.parent, build.target(source, True)
    shutil.copy(path, path.with_name("09_other.ipynb"))
    assert build.check(folder, "someone/course") == [
        "solutions/09_other.ipynb has no source: write source/09_other.py, or remove it."
    ]
    path.with_name("09_other.ipynb").unlink()
    path.unlink()
    assert build.check(folder, "someone/course")[0].startswith("solutions/08_sums.ipynb is not built yet")

    source.write_text(SOURCE.split('# %% tags=["exercise"]')[0], "utf-8")
    build.build(source, "someone/course")
    assert build.editions(source) == [False]
    assert build.check(folder, "someone/course") == []
    path.touch()
    (line,) = build.check(folder, "someone/course")
    assert line.startswith("solutions/08_sums.ipynb has no exercise in its source")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# **And now?**", "# Not `result_of_adding   = number + number`, I hope."),
        ("# %%\ncheck.area", "# %%\nprint('everything_there_is =', 'sum(one_row_of_them) * side')\ncheck.area"),
        ("# %%\ncheck.total", '# %%\nprint("One answer among many: the sum of odd numbers is a square.")\ncheck.total'),
    ],
)
def test_a_solution_that_is_shown_elsewhere_is_noticed(source: Path, build: ModuleType, old: str, new: str):
    assert old in SOURCE
    source.write_text(SOURCE.replace(old, new), "utf-8")
    for solved in (False, True):
        build.build(source, solved=solved)
    (line,) = build.check(source.parent.parent)
    assert line.startswith("08_sums.ipynb shows what a solution has (")


def test_a_call_may_stand_in_the_lesson_and_in_an_open_answer(build: ModuleType, cutting: ModuleType, made: Path):
    hidden = cutting.hidden(build.cells_of(made / "source" / "08_sums.py"))
    assert "check.double(double)" not in hidden
    assert 'print("odd ones give", sum(range(1, 12, 2)))' in hidden
    assert "total = sum(numbers[: len(numbers)])" in hidden


def test_an_exercise_that_cannot_be_cut_is_named_with_its_lesson(source: Path, build: ModuleType):
    source.write_text(SOURCE.replace("# end\n\n", "\n\n"), "utf-8")
    with pytest.raises(ValueError, match="^08_sums.py: Each '# solution' needs an '# end'"):
        build.build(source)


def test_a_learners_notebook_that_would_fail_is_not_written(source: Path, build: ModuleType):
    before = build.target(source).read_bytes()
    source.write_text(SOURCE.replace("check.total(total)", "check.total(total + 1)"), "utf-8")
    with pytest.raises(CellExecutionError, match="ellipsis"):
        build.build(source)
    assert build.target(source).read_bytes() == before


def test_changed_words_are_taken_over_without_a_run(source: Path, build: ModuleType):
    before = built(build, source)
    source.write_text(SOURCE.replace("You will add.", "You will add up."), "utf-8")
    for solved in (False, True):
        build.rewrite(source, "someone/course", solved)
    assert build.check(source.parent.parent, "someone/course") == []
    after = built(build, source)
    assert "add up" in after.cells[2].source
    assert [cell for cell in after.cells if cell.cell_type == "code"] == [
        cell for cell in before.cells if cell.cell_type == "code"
    ]


def test_changed_code_is_not_taken_over_without_a_run(source: Path, build: ModuleType):
    before = build.target(source).read_bytes()
    source.write_text(SOURCE.replace("range(11)", "range(12)"), "utf-8")
    with pytest.raises(ValueError, match="build it without --text"):
        build.rewrite(source, "someone/course")
    assert build.target(source).read_bytes() == before
