"""Grades what a class handed in for an assignment, without Docker: a table, and a CSV to go on with.

    python notebooks/assignments/grade.py 1 handed_in/
    python notebooks/assignments/grade.py 1 handed_in/ --csv grades.csv --written written.md --seconds 600

Notebooks and otter's zips are taken, in the folder or in a folder for each student. Each one is run from top to bottom,
hidden tests included, in a process and a folder of its own; one that fails or takes too long costs the others nothing.
A notebook is a program: who does not trust the class runs this in a container, or as a user who may do nothing else.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import psutil
from make import BUILT, KERNEL, masters
from tqdm import tqdm

from mtsgns_lite.evaluation import text_table
from mtsgns_lite.leaderboard import spreadsheet_cell
from mtsgns_lite.submissions import clean

MEGABYTES = 50  # a notebook has a few at most
SECONDS = 300.0
LONGEST = 5_000  # characters of what a cell printed
PLACEHOLDER = "_Type your answer here"  # otter's
BEGIN, END = "<!-- BEGIN QUESTION -->", "<!-- END QUESTION -->"  # otter's, around what is graded by hand


class Unreadable(ValueError):
    """What was handed in is no notebook of this assignment; one sentence says why."""


@dataclass
class Grade:
    """One submission: points by question, written answers, and where it could not be graded one sentence."""

    name: str
    points: dict[str, float] = field(default_factory=dict)
    written: str = ""
    error: str = ""

    @property
    def total(self) -> float:
        """The points of all tests."""
        return sum(self.points.values())


def grade(assignment: Path, folder: Path, seconds: float = SECONDS, progress: bool = False) -> list[Grade]:
    """Grade each notebook in `folder` with the assignment that make.py built in the folder `assignment`."""
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".ipynb", ".zip") and path.is_file())
    kept = [path.relative_to(folder) for path in found]
    kept = [path for path in kept if not any(part.startswith((".", "__MACOSX")) for part in path.parts)]
    if not kept:
        raise FileNotFoundError(f"There is no notebook and no zip in {folder}.")
    names = tqdm(kept, disable=not progress, unit=" notebook")
    return [_graded(folder / path, clean(path.as_posix(), 60), assignment, seconds) for path in names]


def _graded(path: Path, name: str, assignment: Path, seconds: float) -> Grade:
    made = Grade(name)
    try:
        notebook = _notebook(path, assignment.name)
        made.written = _written(notebook)
        made.points = run(notebook, assignment, seconds)
    except Unreadable as error:
        made.error = str(error)
    return made


def _notebook(path: Path, assignment: str) -> nbformat.NotebookNode:
    """What was handed in, to be run with our own Python. Raises `Unreadable`."""
    if path.is_symlink() or path.stat().st_size > MEGABYTES * 1_000_000:
        raise Unreadable(f"It is a link, or larger than {MEGABYTES} MB: clear all outputs, and hand it in again.")
    try:
        content = _from_zip(path) if path.suffix.lower() == ".zip" else path.read_bytes()
        notebook = nbformat.reads(content.decode("utf-8"), 4)
    except Unreadable:
        raise
    except Exception as error:  # whatever a damaged file may come to
        raise Unreadable("It can't be read as a notebook.") from error
    whose = notebook.metadata.get("otter", {}).get("assignment_name", assignment)
    if whose != assignment:
        raise Unreadable(f"It is the notebook of another assignment, {clean(str(whose), 40)}.")
    notebook.metadata.kernelspec = KERNEL
    return notebook


def _from_zip(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        inside = [part for part in archive.infolist() if part.filename.endswith(".ipynb")]
        inside = [part for part in inside if not part.filename.startswith("__MACOSX")]
        if len(inside) != 1:
            raise Unreadable(f"The zip holds {len(inside)} notebooks: hand in one.")
        if inside[0].file_size > MEGABYTES * 1_000_000:
            raise Unreadable(f"The notebook in the zip is larger than {MEGABYTES} MB.")
        with archive.open(inside[0]) as file:
            return file.read(MEGABYTES * 1_000_000)


def by_hand(notebook: nbformat.NotebookNode) -> tuple[list[nbformat.NotebookNode], list[nbformat.NotebookNode]]:
    """The cells of what is graded by hand: those that ask, which are locked, and those that answer."""
    starts = [n for n, cell in enumerate(notebook.cells) if BEGIN in cell.source]
    ends = [n for n, cell in enumerate(notebook.cells) if END in cell.source]
    cells = [cell for first, last in zip(starts, ends) for cell in notebook.cells[first:last]]
    return [cell for cell in cells if is_locked(cell)], [cell for cell in cells if not is_locked(cell)]


def is_locked(cell: nbformat.NotebookNode) -> bool:
    """Whether otter let nobody edit a cell."""
    return cell.metadata.get("editable") is False


def _written(notebook: nbformat.NotebookNode) -> str:
    """The answers that are graded by hand, as Markdown: words as a quotation, code with what it printed."""
    parts = []
    for cell in by_hand(notebook)[1]:
        if cell.cell_type == "code" and any(map(_is_written, cell.source.splitlines())):
            said = "".join(
                o.get("text", "") or o.get("data", {}).get("text/plain", "") for o in cell.get("outputs", [])
            )
            parts.append(f"````python\n{cell.source}\n````" + (f"\n\n````\n{said[:LONGEST]}\n````" if said else ""))
        elif cell.cell_type == "markdown" and not cell.source.startswith(PLACEHOLDER):
            parts.append("\n".join(f"> {line}" for line in cell.source.splitlines()))
    return "\n\n".join(parts)


def _is_written(line: str) -> bool:
    """Whether a line of code is more than a remark or the dots of the stub."""
    return bool(line.strip(" .")) and not line.lstrip().startswith("#")


def run(notebook: nbformat.NotebookNode, assignment: Path, seconds: float = SECONDS) -> dict[str, float]:
    """Points by question. Raises `Unreadable` where the notebook could not be run to its end in time."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / f"{assignment.name}.ipynb"
        nbformat.write(notebook, path)
        zipped = assignment / "autograder" / "autograder.zip"
        command = ["-P", "-m", "otter", "run", "-a", str(zipped), "-o", place, "--no-logo", str(path)]
        with tempfile.TemporaryFile() as said:
            process = psutil.Popen([sys.executable, *command], cwd=place, stdout=said, stderr=subprocess.STDOUT)
            try:
                process.wait(seconds)
            except (psutil.TimeoutExpired, subprocess.TimeoutExpired):
                raise Unreadable(
                    f"It did not end within {seconds:,.0f} s: its cells or its answers take too long."
                ) from None
            finally:
                _end(process)
        results = Path(place) / "results.json"
        if not results.exists():
            raise Unreadable("It could not be run: open it, and run all cells of it in a fresh kernel.")
        tests = json.loads(results.read_text("utf-8"))["tests"]
    asked = json.loads((assignment / "questions.json").read_text("utf-8"))
    scores = {test["name"]: float(test.get("score", 0)) for test in tests}
    return {question["name"]: scores.get(question["name"], 0.0) for question in asked if not question["manual"]}


def _end(process: psutil.Popen) -> None:
    """End what is left of a process: its kernel too, which is in a group of its own."""
    try:
        left = [*process.children(recursive=True), process]
    except psutil.NoSuchProcess:
        return
    for part in left:
        try:
            part.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(left, timeout=10)


def table(grades: list[Grade], asked: list[dict]) -> tuple[list[str], list[list[str]]]:
    """Column names and rows; what is graded by hand is left empty."""
    head = ["submission", *(q["name"] + (" by hand" if q["manual"] else "") for q in asked), "tests", "note"]
    rows = []
    for made in grades:
        points = [f"{made.points[q['name']]:g}" if q["name"] in made.points else "" for q in asked]
        rows.append([made.name, *points, "" if made.error else f"{made.total:g}", made.error])
    return head, rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("number", help="the assignment's number")
    parser.add_argument("folder", type=Path, help="what was handed in")
    parser.add_argument("--csv", type=Path, help="write the points to this file, a row for each submission")
    parser.add_argument("--written", type=Path, help="write the answers that are graded by hand to this Markdown file")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long one may run (%(default)g)")
    given = parser.parse_args()
    named = [BUILT / source.stem for source in masters() if source.stem[0] == given.number]
    if not named or not (named[0] / "questions.json").exists():
        parser.error(f"there is no assignment {given.number} in {BUILT}: make assignments builds them")
    try:
        grades = grade(named[0], given.folder, given.seconds, progress=True)
    except FileNotFoundError as error:
        parser.error(str(error))
    head, rows = table(grades, json.loads((named[0] / "questions.json").read_text("utf-8")))
    print(text_table(head, rows))
    if given.csv:
        out = io.StringIO()
        csv.writer(out, quoting=csv.QUOTE_ALL).writerows([[spreadsheet_cell(c) for c in row] for row in [head, *rows]])
        given.csv.write_text(out.getvalue(), "utf-8-sig", newline="")
    if given.written:
        student = nbformat.read(named[0] / "student" / f"{named[0].name}.ipynb", 4)
        asked = "\n\n".join(cell.source.replace(BEGIN, "") for cell in by_hand(student)[0])
        parts = [f"# {made.name}\n\n{made.written or made.error or 'Not answered.'}" for made in grades]
        given.written.write_text("\n\n".join([asked.strip(), *parts]) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
