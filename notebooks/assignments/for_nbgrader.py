"""The assignments in nbgrader's form instead of otter's, as FOLDER/source/NAME/NAME.ipynb, for its own commands.

    python notebooks/assignments/for_nbgrader.py FOLDER
    cd FOLDER && nbgrader generate_assignment 1_from_mf_to_sgns

The same text, solutions, tests and points; nbgrader's marks and metadata in place of otter's.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import yaml
from make import config_of, master, masters
from nbformat import NotebookNode

CONFIG = (
    'c = get_config()\nc.ClearSolutions.code_stub = {"python": "..."}\nc.ClearSolutions.text_stub = "*Your answer.*"\n'
)
NOTE = """*In nbgrader:* where the text says `grader.check`, run the cells below your answer instead; one that fails
says what is wrong. Hand in this notebook; there is no cell that packs it."""


def converted(cells: list[NotebookNode]) -> Iterator[NotebookNode]:
    """The cells of a master, as nbgrader wants them."""
    question, inside, number = {}, "", 0
    for cell in cells:
        mark = re.match(r"# (BEGIN|END) (\w+)", cell.source) if cell.cell_type == "raw" else None
        if mark:
            inside = mark[2] if mark[1] == "BEGIN" else ""
            if (mark[1], mark[2]) == ("BEGIN", "QUESTION"):
                question, number = yaml.safe_load(cell.source), 0
        elif cell.cell_type == "raw":
            continue  # the settings for otter
        elif inside in ("SOLUTION", "TESTS"):
            number += 1
            yield _marked(cell, inside, question, f"{question['name']}-{number}")
        else:
            cell.source = re.sub(r"\n\n[^\n]*\*?If the (?:very )?first cell says.*", "", cell.source, flags=re.DOTALL)
            yield cell
            if cell.source.startswith("# "):
                yield nbformat.v4.new_markdown_cell(NOTE)


def _marked(cell: NotebookNode, inside: str, question: dict, name: str) -> NotebookNode:
    """An answer or a test, with nbgrader's metadata."""
    about = {"schema_version": 3, "task": False, "grade_id": name, "grade": False, "solution": True, "locked": False}
    if inside == "TESTS":
        config, body = config_of(cell.source)
        about |= {"grade": True, "solution": False, "locked": True, "points": config["points"]}
        cell.source = _called(body, config.get("hidden", False))
    elif cell.cell_type == "markdown":
        about |= {"grade": True, "points": question["points"]}
        cell.source = f"### BEGIN SOLUTION\n{cell.source}\n### END SOLUTION"
    else:
        cell.source = re.sub(r"^( *)# (BEGIN|END) SOLUTION.*$", r"\1### \2 SOLUTION", cell.source, flags=re.MULTILINE)
        cell.source = re.sub(r"^( *)(.*\S) *# SOLUTION.*$", _one_line, cell.source, flags=re.MULTILINE)
    cell.metadata = NotebookNode(cell.metadata) | {"nbgrader": about}
    return cell


def _one_line(found: re.Match) -> str:
    return f"{found[1]}### BEGIN SOLUTION\n{found[1]}{found[2]}\n{found[1]}### END SOLUTION"


def _called(body: str, hidden: bool) -> str:
    """A test function, and its call with the names of its parameters."""
    (function,) = ast.parse(body).body
    code = f"{body.strip()}\n\n\n{function.name}({', '.join(part.arg for part in function.args.args)})"
    return (
        f"# More tests run when it is graded.\n### BEGIN HIDDEN TESTS\n{code}\n### END HIDDEN TESTS" if hidden else code
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="the folder of the course in nbgrader")
    folder = parser.parse_args().folder
    for source in masters():
        notebook = master(source)
        notebook.cells = list(converted(notebook.cells))
        path = folder / "source" / source.stem / f"{source.stem}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, path)
        print(path)
    settings = folder / "nbgrader_config.py"
    if not settings.exists():
        settings.write_text(CONFIG, "utf-8")
        print(settings)
    return 0


if __name__ == "__main__":
    sys.exit(main())
