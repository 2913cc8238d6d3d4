"""`leaderboard`: the vectors that a class handed in, scored on a held-back split, each in a process of its own.

Files are those of strangers: they are read as data (see `submissions`), in a process that is ended when it takes too
long or too much memory, and what is wrong with one is told in its row and never stops the rest. A process of its own is
no prison: a fault of a library that reads parquet would be open to a file made for it. Who fears that, runs it in a
container.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tqdm.auto import tqdm

from .data.splits import Split
from .evaluation import baseline_rows, html_table, text_table
from .scoring import FIGURES, figures_of, score_apart
from .submissions import check_form, clean, find_submissions, names_of
from .vector_files import Limits, Refused

LONGEST_ERROR = 300
FORMULA = tuple("=+-@\t\r\n＝＋－＠")  # what a spreadsheet might compute
STYLES = """
table { font-size: .84rem; margin: 1.2rem 0; border-collapse: collapse; }
:is(td, th) { padding: .25rem .5rem; border-bottom: 1px solid var(--line); text-align: right; vertical-align: baseline;
  font-variant-numeric: tabular-nums; }
:is(td, th):first-child, table + table :is(td, th) { text-align: left; overflow-wrap: anywhere; }
th { font-weight: 500; color: var(--faint); white-space: nowrap; }
"""


@dataclass
class Row:
    """One submission, or a reference: its figures, or one sentence why it has none."""

    name: str
    figures: dict[str, float | None] = field(default_factory=dict)
    error: str = ""
    dim: int | None = None
    covered: int | None = None
    unknown: int | None = None
    place: int | None = None


@dataclass
class Leaderboard:
    """Rows by their place, then those without figures. `items` is the number of items in the catalogue."""

    rows: list[Row]
    by: str
    items: int
    about: str = ""

    @property
    def failed(self) -> list[Row]:
        """Those that could not be scored."""
        return [row for row in self.rows if row.error]

    def table(self) -> tuple[list[str], list[list[str]]]:
        """Column names, and a row of text for each that was scored."""
        head = ["submission", "place", *FIGURES, "with vector", "unknown ids", "dim"]
        return head, [self._cells(row) for row in self.rows if not row.error]

    def _cells(self, row: Row) -> list[str]:
        figures = ["-" if row.figures[name] is None else f"{row.figures[name]:.4f}" for name in FIGURES]
        if row.place is None:
            return [row.name, "", *figures, "", "", ""]
        covered = f"{row.covered:,}/{self.items:,}"
        return [row.name, str(row.place), *figures, covered, f"{row.unknown:,}", str(row.dim)]

    def __repr__(self) -> str:
        lines = [self.about, f"by {self.by}: {FIGURES[self.by]}", "", text_table(*self.table())]
        if self.failed:
            lines += ["", f"not scored ({len(self.failed)}):", *(f"  {row.name}: {row.error}" for row in self.failed)]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        failed = (
            html_table(["not scored", "why"], [[row.name, row.error] for row in self.failed]) if self.failed else ""
        )
        return html_table(*self.table()) + failed

    def write_csv(self, path: str | Path) -> None:
        """Every row, for a spreadsheet: no cell is a formula, whatever a file was called."""
        with open(path, "w", newline="", encoding="utf-8-sig") as file:
            out = csv.writer(file, quoting=csv.QUOTE_ALL)
            out.writerow(["place", "submission", *FIGURES, "items_with_vector", "items", "unknown_ids", "dim", "error"])
            for row in self.rows:
                figures = ["" if row.figures.get(name) is None else f"{row.figures[name]:.6f}" for name in FIGURES]
                sizes = [row.covered, self.items, row.unknown, row.dim]
                out.writerow(map(spreadsheet_cell, [row.place, row.name, *figures, *sizes, row.error]))

    def write_html(self, path: str | Path) -> None:
        """The table as a page."""
        from .views.frame import frame

        main = f"<h1>Leaderboard</h1><p>Sorted by {self.by}: {FIGURES[self.by]}.</p>{self._repr_html_()}"
        Path(path).write_text(frame("Leaderboard", main, wide=True, styles=STYLES), encoding="utf-8")


def leaderboard(
    folder: str | Path,
    split: str | Path,
    by: str = "degree-seen",
    limits: Limits | None = None,
    leave_out: Iterable[Path] = (),
    progress: bool = True,
) -> Leaderboard:
    """Score what is in `folder` on the split that `Split.save` wrote to the folder `split`.

    A file is a submission, and so is a saved model's folder; other folders are looked into, one for each student.

    Parameters
    ----------
    by : the figure (one of `FIGURES`) that makes the order; by default the one of lessons and `compare`. All pairs
        together would also ask whether scores of seen and of cold pairs are on one scale, which is another question.
    limits : how large, slow and hungry a submission may be.
    leave_out : files and folders in `folder` that are no submissions.
    Raises ``ValueError`` for a figure that is not known, a split that is damaged or holds no pairs, and where it is run
    from inside `folder`; ``FileNotFoundError`` where there is no folder or no split.
    """
    folder, limits = Path(folder), limits or Limits()
    if by not in FIGURES:
        raise ValueError(f"{by!r} is not a figure of the leaderboard: choose from {', '.join(FIGURES)}.")
    _check_folder(folder)
    asked, split = read_split(split), Path(split).resolve()
    found = find_submissions(folder, [split, *leave_out])
    names = names_of([path for path, _ in found], folder)
    rows = []
    for name, (path, error) in tqdm(zip(names, found), total=len(found), disable=not progress, unit=" files"):
        rows.append(Row(name, error=error) if error else _scored(name, path, split, limits))
    references = [Row(f"({row.method})", figures_of(row)) for row in baseline_rows(asked)]
    return Leaderboard(_in_order([*rows, *references], by), by, len(asked.catalogue), repr(asked))


def _check_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise FileNotFoundError(f"There is no folder {folder} of submissions.")
    if not sys.flags.safe_path and Path.cwd().is_relative_to(folder.resolve()):
        raise ValueError(
            "Python imports what lies where it is run, a student's numpy.py too: go to a folder of your own first."
        )


def read_split(folder: str | Path) -> Split:
    """Read a split and check that its parts fit together. Raises as `leaderboard` does."""
    if Path(folder).is_file():
        raise ValueError(f"{folder} is a file: give the folder that split.save wrote (unpack it if it is an archive).")
    try:
        asked = Split.load(folder)
        fits = _fits(asked)
    except FileNotFoundError:
        raise
    except Exception as error:  # whatever a damaged file may come to
        raise ValueError(f"The split in {folder} is damaged or incomplete: save it again.") from error
    if not fits:
        raise ValueError(f"The split in {folder} is damaged: its parts do not fit together; save it again.")
    if not len(asked.pairs) or not {"uniform", "degree"} <= asked.negatives.keys():
        raise ValueError(f"The split in {folder} has no held-out pairs: give the one that was not saved training_only.")
    return asked


def _fits(asked: Split) -> bool:
    items, baskets, edges = len(asked.catalogue), asked.dataset.baskets, asked.dataset.edges
    tables = [asked.pairs, *asked.negatives.values()]
    numbers = [asked.pairs, *([baskets.values] if baskets else []), *([edges.source, edges.target] if edges else [])]
    return (
        (baskets is not None or edges is not None)
        and all(table.shape == (len(asked.pairs), 2) and table.dtype.kind == "i" for table in tables)
        and all(table.min(initial=0) >= -1 and table.max(initial=0) < items for table in tables)
        and all(part.dtype.kind in "iu" for part in numbers)
        and all(part.min(initial=0) >= 0 and part.max(initial=0) < items for part in numbers)
        and (baskets is None or (baskets.lengths.min(initial=0) >= 0 and baskets.lengths.sum() == len(baskets.values)))
        and asked.cold.shape == (items,)
        and asked.cold.dtype == bool
    )


def spreadsheet_cell(value: object) -> str:
    """A value as text which no spreadsheet computes."""
    text = "" if value is None else str(value)
    return "'" + text if text.lstrip(" ").startswith(FORMULA) else text


def _in_order(rows: list[Row], by: str) -> list[Row]:
    """Best first, references among them but without a place; equal figures share a place; failures last."""

    def key(row: Row) -> tuple:
        value = row.figures.get(by)
        return bool(row.error), value is None, -(value or 0.0), row.name

    rows = sorted(rows, key=key)
    ranked = [row for row in rows if not row.error and row.covered is not None]
    for number, row in enumerate(ranked):
        before = ranked[number - 1] if number else None
        row.place = before.place if before and before.figures[by] == row.figures[by] else number + 1
    return rows


def _scored(name: str, path: Path, split: Path, limits: Limits) -> Row:
    try:
        check_form(path, limits)
        found = score_apart(path.absolute(), split, limits)
    except (Refused, OSError) as error:
        found = {"error": str(error)}
    row = Row(name, **found)
    row.error = clean(row.error, LONGEST_ERROR)
    return row
