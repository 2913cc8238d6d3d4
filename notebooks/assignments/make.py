"""Makes the graded assignments: what students get and what grades them, by otter-grader, out of one solved source.

    python notebooks/assignments/make.py          all
    python notebooks/assignments/make.py 1 2      some

For each NUMBER_name.py here (percent form; its raw cells are otter's own format), build/assignments/NUMBER_name/ gets
`student/`, to hand out; `autograder/`, to keep: the solved notebook, and the zip that grade.py wants; `questions.json`.
The solved notebook must get all points, or nothing is left standing.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import jupytext
import nbformat
import yaml
from nbformat import NotebookNode

FOLDER = Path(__file__).resolve().parent
BUILT = FOLDER.parents[1] / "build" / "assignments"
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
MARK = re.compile(r"# (BEGIN|END) (QUESTION|TESTS)\b")


def masters() -> list[Path]:
    """The assignments' sources, in order."""
    return sorted(FOLDER.glob("[0-9]_*.py"))


def master(source: Path) -> NotebookNode:
    """A source as the notebook that otter takes. Raises ``ValueError`` for what otter would pass over in silence."""
    cells = jupytext.read(source, fmt="py:percent").cells
    for cell in cells:
        cell.metadata = NotebookNode({"tags": cell.metadata["tags"]} if "tags" in cell.metadata else {})
    for question, tests in _tests(cells):
        _check_tests(f"{source.name}: {question['name']}", question, [config_of(test) for test in tests])
    return nbformat.v4.new_notebook(cells=cells, metadata=NotebookNode(kernelspec=KERNEL))


def questions(cells: list[NotebookNode]) -> list[dict]:
    """Of each question its `name`, `points`, and whether it is graded by hand (`manual`)."""
    asked = [yaml.safe_load(cell.source) for cell in cells if cell.source.startswith("# BEGIN QUESTION")]
    return [{"name": q["name"], "points": q["points"], "manual": q.get("manual", False)} for q in asked]


def config_of(test: str) -> tuple[dict, str]:
    """A test's settings (`points`, `hidden`), which its cell begins with, and the function below them."""
    found = re.match(r'"""\s*# BEGIN TEST CONFIG\n(.*?)\n"""\s*# END TEST CONFIG\n(.*)', test, re.DOTALL)
    return (yaml.safe_load(found[1]), found[2]) if found else ({}, test)


def _check_tests(where: str, question: dict, tests: list[tuple[dict, str]]) -> None:
    """Raise ``ValueError`` for points that don't add up, or two tests of one name: otter runs only the last."""
    names = Counter(node.name for _, code in tests for node in ast.parse(code).body if hasattr(node, "name"))
    twice = [name for name, count in names.items() if count > 1]
    if twice:
        raise ValueError(f"{where} has two tests called {twice[0]}, and otter runs only the last: rename one.")
    points = [config.get("points", 0) for config, _ in tests]
    if not question.get("manual") and (0 in points or sum(points) != question["points"]):
        raise ValueError(f"{where} has {question['points']} points, its tests have {points}: they must add up.")


def _tests(cells: list[NotebookNode]) -> Iterator[tuple[dict, list[str]]]:
    """Each question's settings, and the code of its tests."""
    question: dict = {}
    tests: list[str] = []
    inside = False
    for cell in cells:
        mark = MARK.match(cell.source) if cell.cell_type == "raw" else None
        if mark and mark[2] == "TESTS":
            inside = mark[1] == "BEGIN"
        elif mark and mark[1] == "BEGIN":
            question, tests = yaml.safe_load(cell.source), []
        elif mark:
            yield question, tests
        elif inside:
            tests.append(cell.source)


def make(source: Path, out: Path = BUILT, run_tests: bool = True, notebook: NotebookNode | None = None) -> Path:
    """Build one assignment in out/NAME; `notebook` stands for its master where that was changed."""
    from otter.assign import main as assign

    notebook = notebook or master(source)
    place = out.resolve() / source.stem
    shutil.rmtree(place, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{source.stem}.ipynb"
        nbformat.write(notebook, path)
        made = Path(folder) / "made"
        assign(str(path), str(made), no_pdfs=True, no_run_tests=not run_tests)
        shutil.copytree(made, place)
    (archive,) = (place / "autograder").glob("*.zip")
    archive.rename(place / "autograder" / "autograder.zip")  # otter puts the time into its name
    (place / "questions.json").write_text(json.dumps(questions(notebook.cells), indent=2) + "\n", "utf-8")
    return place


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("numbers", nargs="*", metavar="N", help="numbers of assignments, all by default")
    given = parser.parse_args()
    for source in masters():
        if not given.numbers or source.stem[0] in given.numbers:
            place = make(source)
            print(f"{place / 'student'}: to hand out\n{place / 'autograder'}: to keep")
    return 0


if __name__ == "__main__":
    sys.exit(main())
