"""What somebody handed in, as vectors of the catalogue's items: a file of vectors, or a saved model's folder.

Links and devices are not followed, sizes are looked at first, and nothing that was handed in is executed.
"""

from __future__ import annotations

import io
import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import numpy as np

from .vector_files import READERS, Limits, Refused, shown

TEXT = {".txt", ".vec"}
MODEL = ("model.json", "weights.safetensors", "catalogue.json", "catalogue.safetensors")
JUNK = {"__macosx", "thumbs.db", "desktop.ini"}
DEPTH, MOST_FILES, LONGEST_NAME = 4, 1_000, 60  # of what one folder in the folder may hold
NORMAL = (1e-6, 1e12)  # between these, a vector's length can be taken in single precision


@dataclass
class Submission:
    """(items, d) `vectors` in the catalogue's order, zero where none was given; how many given ids are `unknown`."""

    vectors: np.ndarray
    unknown: int

    @property
    def covered(self) -> int:
        """How many items have a vector."""
        return int(self.vectors.any(axis=1).sum())


def read_submission(path: str | Path, ids: Sequence[str], limits: Limits | None = None) -> Submission:
    """Read a file, or a folder that `save_model` wrote, for the items with these ids. Raises `Refused`."""
    path, limits = Path(path), limits or Limits()
    check_form(path, limits)
    found: tuple[list[str] | None, np.ndarray]
    with np.errstate(over="ignore"):  # what is too large becomes infinity, and is refused as that
        if is_model(path):
            found = _model(path, limits)
        else:
            found = READERS[path.suffix.lower()](_content(path, limits), limits)
    return _placed(*found, ids, limits, path.suffix.lower() in TEXT)


def find_submissions(folder: Path, leave_out: Iterable[Path] = ()) -> list[tuple[Path, str]]:
    """Each submission, and what is wrong with it where that is known already, in the order of their names."""
    left_out = {os.path.realpath(path) for path in leave_out}
    found: list[tuple[Path, str]] = []
    for path in _inside(folder):
        if os.path.realpath(path) in left_out:
            continue
        if is_link(path) or not path.is_dir() or is_model(path):
            found.append((path, ""))
        else:
            found += _of_a_student(path, left_out)
    return found


def _of_a_student(folder: Path, left_out: set[str]) -> list[tuple[Path, str]]:
    """What a folder holds that may be a submission, four folders deep; reports and notebooks are passed over."""
    try:
        everything = list(islice(_walk(folder), MOST_FILES + 1))
        forms = [path for path in everything if path.suffix.lower() in READERS or is_model(path)]
    except OSError as error:
        return [(folder, f"The folder can't be read: {error.strerror}.")]
    if len(everything) > MOST_FILES:
        return [(folder, f"The folder holds more than {MOST_FILES:,} files: hand in the vectors only.")]
    kept = [(path, "") for path in forms if os.path.realpath(path) not in left_out]
    return kept or [(folder, f"The folder holds no file that ends in {', '.join(READERS)}, and no saved model.")]


def _walk(folder: Path, depth: int = DEPTH) -> Iterator[Path]:
    for path in _inside(folder):
        if is_link(path) or not path.is_dir() or is_model(path):
            yield path
        elif depth > 1:
            yield from _walk(path, depth - 1)


def _inside(folder: Path) -> list[Path]:
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries)
    return [folder / name for name in names if not name.startswith(".") and name.lower() not in JUNK]


def names_of(paths: Sequence[Path], folder: Path) -> list[str]:
    """The paths in the folder without their endings, which stay where two would be called the same."""
    whole = [path.relative_to(folder) for path in paths]
    short = [path.with_suffix("") if path.suffix.lower() in READERS else path for path in whole]
    return [clean((one if short.count(one) == 1 else full).as_posix(), LONGEST_NAME) for one, full in zip(short, whole)]


def clean(text: str, most: int) -> str:
    """Text of a stranger on one line, short, with what a terminal might obey written out as an escape."""
    text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return text if len(text) <= most else text[: most // 2] + "…" + text[-(most // 2 - 1) :]


def is_model(path: Path) -> bool:
    """Is it a folder with what a saved model has?"""
    return not is_link(path) and path.is_dir() and all(os.path.lexists(path / part) for part in MODEL[:2])


def is_link(path: Path) -> bool:
    """Does it stand for something elsewhere?"""
    return path.is_symlink() or getattr(os.path, "isjunction", lambda _: False)(path)


def check_form(path: Path, limits: Limits) -> None:
    """Raise `Refused` for what need not be opened: a link, a device, an ending that is not read, a file too large."""
    if is_link(path):
        raise Refused("It is a link, and links are not followed: hand in the file itself.")
    if is_model(path):
        for part in MODEL:
            _check_plain(path / part, limits)
    elif path.suffix.lower() not in READERS:
        raise Refused(
            f"Its ending is none of {', '.join(READERS)}: hand in word2vec text, parquet, safetensors or a saved model "
            "(pickles and archives are not opened)."
        )
    else:
        _check_plain(path, limits)


def _check_plain(path: Path, limits: Limits) -> None:
    name = f"Its {path.name}" if path.name in MODEL else "The file"
    try:
        found = path.lstat()
    except OSError as error:
        raise Refused(f"{name} can't be opened: {error.strerror}.") from error
    if not stat.S_ISREG(found.st_mode):
        raise Refused(f"{name} is a link, a folder or a device: hand in a plain file.")
    if found.st_size > limits.megabytes * 1_000_000:
        raise Refused(f"{name} has {found.st_size / 1e6:,.0f} MB; at most {limits.megabytes:,} MB are read.")
    if not found.st_size:
        raise Refused(f"{name} is empty.")


def _content(path: Path, limits: Limits) -> BinaryIO:
    """The file, in memory: it was small enough, and can't change under its reader."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    try:
        with open(path, "rb", opener=lambda name, _: os.open(name, flags)) as file:
            return io.BytesIO(file.read(limits.megabytes * 1_000_000))
    except OSError as error:
        raise Refused(f"It can't be opened: {error.strerror}.") from error


def _model(folder: Path, limits: Limits) -> tuple[list[str], np.ndarray]:
    """The ids and target embeddings of a saved model, with those of traits for items that it never saw."""
    from .storage import load_model, read_about

    try:
        about = read_about(folder)
        limits.check(int(about["items"]), int(about["options"]["dim"]))
        model = load_model(folder)
        return model.catalogue.ids.tolist(), model.embeddings().detach().float().numpy()
    except (Refused, MemoryError):
        raise
    except Exception as error:  # whatever a model of wrong parts may come to
        newer = "newer version" in str(error)
        raise Refused(str(error) if newer else "It is no model that can be opened: save it again.") from error


def _placed(
    given: list[str] | None, vectors: np.ndarray, ids: Sequence[str], limits: Limits, blanks_changed: bool
) -> Submission:
    """Put each vector where the catalogue has its item."""
    limits.check(len(ids), vectors.shape[1])
    if given is None and len(vectors) != len(ids):
        raise Refused(f"It has {len(vectors):,} rows without ids, and the catalogue {len(ids):,} items: give ids, too.")
    given = list(ids) if given is None else given
    places = _places(given, ids, blanks_changed)
    bad = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
    if len(bad):
        raise Refused(
            f"The vector of {shown(given[bad[0]])} holds NaN, infinity or too large a number ({len(bad):,} in all)."
        )
    known = np.flatnonzero(places >= 0)
    if not len(known):
        raise Refused(f"None of its ids is in the catalogue: it has {shown(given[0])}, the catalogue {shown(ids[0])}.")
    whole = np.zeros((len(ids), vectors.shape[1]), dtype=np.float32)
    whole[places[known]] = _rescaled(vectors[known])
    return Submission(whole, len(given) - len(known))


def _places(given: list[str], ids: Sequence[str], blanks_changed: bool) -> np.ndarray:
    """(rows,) the item of each row, -1 for an unknown id; "_" stands for blanks where text can't hold them."""
    place = {item: number for number, item in enumerate(ids)}
    if blanks_changed:
        written = Counter("_".join(item.split()) for item in ids)
        for number, item in enumerate(ids):
            text = "_".join(item.split())
            if written[text] == 1:
                place.setdefault(text, number)
    places = np.array([place.get(item, -1) for item in given])
    for item in (item for item, found in zip(given, places) if found < 0 and blanks_changed):
        if item.rpartition(" ")[0] in place:
            raise Refused(f"The row of {shown(item.rpartition(' ')[0])} has more numbers than the first line promises.")
    repeated = [item for item, times in Counter(given).items() if times > 1]
    repeated = repeated or [given[row] for row in _later(places)]
    if repeated:
        raise Refused(
            f"It has more than one row for {shown(repeated[0])} ({len(repeated):,} such ids): give each item one."
        )
    return places


def _later(places: np.ndarray) -> np.ndarray:
    """Rows whose item another row had before them."""
    _, first = np.unique(places, return_index=True)
    return np.setdiff1d(np.flatnonzero(places >= 0), first)


def _rescaled(vectors: np.ndarray) -> np.ndarray:
    """Vectors so long or short that their squares are lost are brought to a length near 1; cosines stay."""
    largest = np.abs(vectors).max(axis=1, keepdims=True)
    odd = (largest > 0) & ((largest < NORMAL[0]) | (largest > NORMAL[1]))
    return vectors / np.where(odd, largest, 1)
