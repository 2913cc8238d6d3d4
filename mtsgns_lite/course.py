"""`run`: executes the lessons, and writes their pages, an index and a summary of what they found."""

from __future__ import annotations

import json
import math
import platform
import re
import sys
import threading
import time
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .storage import library_version

if TYPE_CHECKING:
    from nbformat import NotebookNode

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
SHOPS = ("groceries", "planted")
EVENTS = "06"  # the lesson that reads a file as events before it reads it as baskets
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def run(
    dataset: str = "groceries",
    smoke: bool = False,
    lessons: Sequence[str] | None = None,
    out: str | Path = "build/course",
    device: str | None = None,
    seed: int = 0,
    notebooks: str | Path = NOTEBOOKS,
    keep: bool = False,
) -> int:
    """Execute lessons, each in a kernel of its own; a lesson that fails doesn't stop the others.

    Parameters
    ----------
    dataset : ``"groceries"``, ``"planted"``, or a learner's file.
    smoke : cut the data down, for a quick look at everything.
    lessons : names or numbers such as ``"03"``; all of them by default.
    out : a folder for `NN_name.html`, `index.html`, `summary.json`, and the notebook of a lesson that failed, as far
        as it came.
    notebooks : the folder of the lessons; `notebooks/solutions` has those with exercises, solved.
    keep : leave the executed notebooks beside their pages.

    Returns 0, or 1 if a lesson failed. Raises ``ValueError`` or ``FileNotFoundError`` for a lesson, a data set or a
    folder that isn't there, ``ModuleNotFoundError`` where the tools that run notebooks are not installed.
    """
    pages = _pages()
    from .views.display import write_script

    place, source = Path(out).resolve(), Path(notebooks).resolve()
    if place == source:
        raise ValueError(f"{out} holds the lessons themselves: choose another folder for the pages.")
    chosen = _chosen(_all_lessons(source), lessons)
    values = {"SMOKE": smoke, "SEED": seed, "DATASET": _whole_path(dataset, chosen), "DEVICE": device}
    place.mkdir(parents=True, exist_ok=True)
    for old in [*(place / f"{path.stem}{end}" for path in chosen for end in (".html", ".ipynb")), place / "index.html"]:
        old.unlink(missing_ok=True)

    done: list[dict[str, Any]] = []
    notes: dict[str, dict[str, str]] = {}
    names = [path.stem for path in chosen]
    for number, path in enumerate(chosen, 1):
        result, notebook = _run_lesson(path, place, values, f"{path.stem} ({number} of {len(chosen)})")
        notes[path.stem] = result.pop("notes")
        done.append(result)
        page = pages.lesson_page(notebook, path.stem, names, result["error"] or "")
        (place / f"{path.stem}.html").write_text(page, "utf-8")
        if result["ok"] and not keep:
            (place / f"{path.stem}.ipynb").unlink()
        print(_line(result), flush=True)

    about = {"dataset": values["DATASET"], "smoke": smoke, "seed": seed, "versions": _versions()}
    summary = about | {"lessons": done}
    (place / "summary.json").write_text(json.dumps(summary, indent=1, ensure_ascii=False) + "\n", "utf-8")
    (place / "index.html").write_text(pages.index_page(summary, notes), "utf-8")
    write_script(place)
    return _report(done, place)


def _pages() -> Any:
    """What makes the pages, once all that it and papermill need is seen to be there."""
    try:
        import papermill  # noqa: F401

        from .views import pages
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"The course needs {error.name}, which is not installed: pip install 'mtsgns_lite[notebooks]'."
        ) from error
    return pages


def _all_lessons(folder: Path) -> list[Path]:
    found = sorted(folder.glob("[0-9a][0-9]_*.ipynb"))  # appendices (a1_name) after the numbered ones
    if not found:
        raise FileNotFoundError(
            f"There are no lessons in {folder}: clone the repository and install the package from it (make setup)."
        )
    return found


def _chosen(there: list[Path], lessons: Sequence[str] | None) -> list[Path]:
    if not lessons:
        return there
    picked = []
    for asked in lessons:
        name = asked.strip().lower().removesuffix(".ipynb")
        name = name.zfill(2) if name.isdigit() else name
        found = [path for path in there if path.stem == name or path.stem.startswith(f"{name}_")]
        if not found:
            raise ValueError(f"There is no lesson {asked!r}: choose from {', '.join(path.stem for path in there)}.")
        picked += found
    return [path for path in there if path in picked]


def _whole_path(dataset: str, chosen: Sequence[Path] = ()) -> str:
    """A name as it is; a file's path from the root, since lessons run in a folder of their own."""
    if dataset in SHOPS:
        return dataset
    path = Path(dataset).expanduser().resolve()
    if not path.exists() and not path.suffix:
        raise ValueError(f"The course runs on {' or '.join(SHOPS)}, or on a file of your own; {dataset!r} is neither.")
    from .lesson import RENAME, no_events, shop

    of_events = [lesson.stem.startswith(EVENTS) for lesson in chosen]
    why = no_events(path) if any(of_events) else ""
    if why:
        print(f"NOTE: lesson {EVENTS} can't take {path.name} as events: {why} {RENAME}", file=sys.stderr)
    if why or not of_events or not all(of_events):
        shop(str(path))  # says in one sentence what is wrong with the file, before four lessons do
    return str(path)


def _run_lesson(path: Path, out: Path, values: dict, words: str) -> tuple[dict[str, Any], NotebookNode]:
    """Execute one lesson into `out`; its row of the summary, and the notebook as far as it came."""
    import nbformat
    import papermill

    from .views import pages

    kept, error = out / path.name, ""
    started = time.perf_counter()
    with KernelMemory() as memory:
        try:
            papermill.execute_notebook(
                path, kept, values, cwd=path.parent, kernel_name="python3",
                progress_bar={"desc": words, "leave": False, "unit": " cells"},
                extra_arguments=["--IPKernelApp.log_level=40"],  # no warnings about local sockets amid the bar
            )  # fmt: skip
        except Exception as problem:  # whatever it is, the other lessons still run
            error = _first_line(problem)
    seconds = time.perf_counter() - started
    notebook = nbformat.read(kept if kept.exists() else path, 4)
    if error:
        error = f"{_where(notebook)}: {error}"
    found = [output.metadata["mtsgns"] for output in _outputs(notebook) if "mtsgns" in output.get("metadata", {})]
    row = {
        "name": path.stem,
        "title": pages.title(notebook, path.stem),
        "ok": not error,
        "seconds": round(seconds, 1),
        "peak_mb": memory.peak_mb,
        "error": error or None,
        "headlines": {item["name"]: _finite(item["value"]) for item in found},
        "notes": {item["name"]: item.get("text", "") for item in found},
    }
    return row, notebook


def _first_line(problem: Exception) -> str:
    """The kind of error and its message, without the stack that papermill adds to it."""
    kind = getattr(problem, "ename", type(problem).__name__)
    message = COLOUR.sub("", str(getattr(problem, "evalue", problem))).strip()
    return f"{kind}: {message.splitlines()[0]}" if message else kind


def _where(notebook: NotebookNode) -> str:
    """The cell that failed: the number that stands beside it, and its first line."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    begun = [
        (number, cell) for number, cell in enumerate(code, 1) if cell.metadata.get("papermill", {}).get("start_time")
    ]
    if not begun:
        return "before its first cell"
    number, cell = begun[-1]
    lines = [line for line in cell.source.splitlines() if line.strip() and not line.startswith("#")]
    return f"cell {cell.execution_count or number} (`{(lines or [''])[0][:60]}`)"


def _outputs(notebook: NotebookNode) -> list[Any]:
    return [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _versions() -> dict[str, str]:
    found = {"mtsgns_lite": library_version(), "python": platform.python_version()}
    for name in ("torch", "numpy", "pandas", "plotly"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _line(result: dict[str, Any]) -> str:
    memory = "" if result["peak_mb"] is None else f"{result['peak_mb']:8,.0f} MB"
    return f"{result['name']:30} {'done  ' if result['ok'] else 'FAILED'} {result['seconds']:6.0f} s {memory}"


def _report(done: list[dict[str, Any]], out: Path) -> int:
    """The last lines: where the pages are, and each lesson that failed with its cell and error."""
    print(f"\nThe pages are in {out}: open {out / 'index.html'}")
    failed = [result for result in done if not result["ok"]]
    for result in failed:
        half = out / f"{result['name']}.ipynb"
        kept = f" (the notebook as far as it came: {half})" if half.exists() else ""
        print(f"FAILED {result['name']}, {result['error']}{kept}")
    return 1 if failed else 0


class KernelMemory:
    """The highest resident memory of a kernel started within the block, together with what it starts (MB)."""

    def __init__(self, every: float = 0.05) -> None:
        self.every = every
        self.peak_mb: float | None = None
        self._stop = threading.Event()

    def __enter__(self) -> KernelMemory:
        import psutil

        self._here = psutil.Process()
        self._before = {child.pid for child in self._here.children(recursive=True)}
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def _watch(self) -> None:
        watched: list[Any] = []
        for turn in range(10**9):
            if turn % 20 == 0 or not watched:  # looking for processes costs more than looking at them
                watched = [p for p in self._here.children(recursive=True) if p.pid not in self._before]
            total = sum(_resident(process) for process in watched)
            if total:
                self.peak_mb = max(self.peak_mb or 0.0, round(total / 1e6, 1))
            if self._stop.wait(self.every):
                return

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


def _resident(process: Any) -> int:
    import psutil

    try:
        return process.memory_info().rss
    except psutil.Error:  # it has ended
        return 0
