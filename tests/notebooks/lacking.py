"""A lesson on a kernel that lacks packages."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
from cutting import output_texts

from mtsgns_lite import course


def run_without(lesson: str, packages: tuple[str, ...], folder: Path) -> tuple[dict, str]:
    """The lesson's headlines and all it has shown, on the planted shop, where these packages can't be imported."""
    notebook = nbformat.read(course.NOTEBOOKS / f"{lesson}.ipynb", 4)
    code = f"import sys\n\nsys.modules.update(dict.fromkeys({packages!r}))"
    notebook.cells.insert(0, nbformat.v4.new_code_cell(code))
    nbformat.write(notebook, folder / f"{lesson}.ipynb")
    out = folder / "out"
    assert course.run("planted", smoke=True, out=out, notebooks=folder, keep=True) == 0
    (found,) = json.loads((out / "summary.json").read_text("utf-8"))["lessons"]
    ran = nbformat.read(out / f"{lesson}.ipynb", 4)
    return found["headlines"], "\n".join(text for cell in ran.cells for text in output_texts(cell))
