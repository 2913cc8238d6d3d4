"""A store of embeddings on plain files: one folder for each version, and a line that says which is chosen.

    STORE/chosen                     the name of the version in use
    STORE/versions/0001/version.json         when, from what, how good; the sha256 of each file beside it
    STORE/versions/0001/vectors.safetensors  items, counts, users, trait rows
    STORE/versions/0001/catalogue.*          ids, names, traits
    STORE/versions/0001/users.json           the shop's own ids of users, if its data has any
    STORE/versions/0001/index.voyager        the graph of the approximate index, if it was built

A version is written beside the others and gets its name by one rename, so that nobody meets half of it; it is never
changed afterwards. To choose one is to replace one small file.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..data.dataset import Dataset
from ..evaluation import html_table, text_table
from ..storage import library_version, write_text
from .embeddings import Embeddings
from .files import GRAPH, file_hash, read, schema, source_hash, write
from .index import ApproximateIndex, ExactIndex, unit

FORMAT = 1
PART = ".part-"  # begins the name of a folder that is being written


@dataclass(frozen=True)
class Version:
    """What a version says of itself.

    Attributes
    ----------
    created : in UTC, ISO 8601.
    schema : name -> dtype and shape of each array; how many items, dimensions and users there are, which traits.
    source : what it was made from: name and sha256 of the data.
    metrics : as they were given, such as {"auc": 0.67}.
    files : name -> sha256.
    """

    name: str
    created: str
    schema: dict
    source: dict = field(default_factory=dict)
    metrics: dict = field(default_factory=dict)
    note: str = ""
    files: dict = field(default_factory=dict)
    made_by: dict = field(default_factory=dict)
    format: int = FORMAT


class Versions(list[Version]):
    """Versions from the oldest on, shown as a table with a * at the one in use: `chosen`; `damaged` can't be read."""

    def __init__(self, found=(), chosen: str | None = None, damaged: Sequence[str] = ()):
        super().__init__(found)
        self.chosen, self.damaged = chosen, tuple(damaged)

    def _table(self) -> tuple[list[str], list[list[str]]]:
        metrics = list(dict.fromkeys(name for version in self for name in version.metrics))
        rows = [
            [v.name + (" *" if v.name == self.chosen else ""), v.created, v.source.get("sha256", "-")[:8],
             f"{v.schema['items']:,}", str(v.schema["dim"]), *(_text(v.metrics.get(name)) for name in metrics), v.note]
            for v in self
        ]  # fmt: skip
        rows += [[name, *["-"] * (4 + len(metrics)), "damaged"] for name in self.damaged]
        return ["version", "created", "data", "items", "dim", *metrics, "note"], rows

    def __repr__(self) -> str:
        return text_table(*self._table())

    def _repr_html_(self) -> str:
        return html_table(*self._table())


class Store:
    """Versions of embeddings in a folder, which is made by the first one.

    Raises ``FileNotFoundError`` for a version that is not there, ``ValueError`` for a damaged one.
    """

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)

    def publish(
        self,
        embeddings: Embeddings,
        dataset: Dataset | None = None,
        metrics: Mapping[str, float] | None = None,
        note: str = "",
        index: bool = True,
    ) -> Version:
        """Write a new version, whole or not at all; it is in use once it is chosen.

        dataset : what the vectors were trained on, of which the name and the hash are kept.
        index : build the graph of the approximate index now, so that a service need not.
        """
        versions = self.folder / "versions"
        versions.mkdir(parents=True, exist_ok=True)
        _sweep(versions)
        part = Path(tempfile.mkdtemp(prefix=PART, dir=versions))
        try:
            write(embeddings, part, index)
            files = {path.name: file_hash(path) for path in sorted(part.iterdir())}
            source = {} if dataset is None else {"name": dataset.name, "sha256": source_hash(dataset)}
            about = dict(
                created=datetime.now(UTC).isoformat(timespec="seconds"), schema=schema(embeddings), source=source,
                metrics={name: _number(value) for name, value in (metrics or {}).items()}, note=note, files=files,
                made_by={"mtsgns_lite": library_version(), "torch": torch.__version__}, format=FORMAT,
            )  # fmt: skip
            write_text(part / "version.json", json.dumps(about, indent=2, ensure_ascii=False))
            return self.about(_take_name(part, versions))
        finally:
            shutil.rmtree(part, ignore_errors=True)  # it is gone already where all went well

    def list(self) -> Versions:
        """All versions, the oldest first."""
        found, damaged = [], []
        for name in sorted(_names(self.folder / "versions"), key=int):
            try:
                found.append(self.about(name))
            except (ValueError, OSError):  # one that can't be read hides no other
                damaged.append(name)
        return Versions(found, self.chosen, damaged)

    @property
    def chosen(self) -> str | None:
        """The name of the version in use, None where none was chosen yet."""
        try:
            return (self.folder / "chosen").read_text(encoding="utf-8").strip() or None
        except FileNotFoundError:
            return None

    def choose(self, version: str | Version) -> Version:
        """Take a version into use, an older one too; services that serve the store notice.

        Raises ``ValueError`` for one whose files are not what was published: nobody could open it.
        """
        about = self._checked(version)
        write_text(self.folder / "chosen", about.name + "\n")
        return about

    def about(self, version: str | Version | None = None) -> Version:
        """What a version says of itself; without a name, the one in use. "1" is short for "0001"."""
        given = version.name if isinstance(version, Version) else version or self.chosen
        if given is None:
            raise FileNotFoundError(
                f"No version is chosen in {self.folder}: choose {self._those_there()}, with "
                f"`python -m mtsgns_lite store choose {self.folder} VERSION` or `store.choose(version)`."
            )
        name = _whole_name(str(given))
        path = self.folder / "versions" / name / "version.json"
        if not name.isdecimal() or not path.is_file():
            raise FileNotFoundError(f"There is no version {given!r} in {self.folder}: choose {self._those_there()}.")
        try:
            about = json.loads(path.read_text(encoding="utf-8"))
            newer = about["format"] > FORMAT
            found = None if newer else Version(name=name, **about)
            if found is not None and not {"items", "dim", "users"} <= {*found.schema}:
                raise KeyError("schema")
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{path} is damaged: publish the version again.") from error
        if found is None:
            raise ValueError(f"{path} was written by a newer version of mtsgns_lite: update it.")
        return found

    def open(self, version: str | Version | None = None) -> Embeddings:
        """The embeddings of a version, after a look whether its files are what was written."""
        about = self._checked(version)
        return read(self.folder / "versions" / about.name)

    def open_index(self, version: str | Version | None = None, embeddings: Embeddings | None = None) -> ExactIndex:
        """The approximate index of a version, built where it was not saved."""
        about = self._checked(version)
        vectors = (embeddings or self.open(about)).vectors
        path = self.folder / "versions" / about.name / GRAPH
        return ApproximateIndex.load(path, vectors) if GRAPH in about.files else ApproximateIndex(vectors)

    def compare(self, one: str | Version, other: str | Version, k: int = 10, most: int = 500) -> dict[str, Any]:
        """How two versions differ: in metrics, in items, and in what is near what.

        `same_neighbours` is the mean share that the k nearest of an item have in common, over `most` items of both
        (evenly spread over the catalogue), among the items of both.
        """
        a, b = self.about(one), self.about(other)
        first, second = self.open(a), self.open(b)
        place = {item: number for number, item in enumerate(second.catalogue.ids)}
        both = [(number, place[item]) for number, item in enumerate(first.catalogue.ids) if item in place]
        both = [(i, j) for i, j in both if first.vectors[i].any() and second.vectors[j].any()]
        return {
            "metrics": {n: (a.metrics.get(n), b.metrics.get(n)) for n in dict.fromkeys([*a.metrics, *b.metrics])},
            "same_data": a.source.get("sha256") == b.source.get("sha256") if a.source and b.source else None,
            "items": (len(first.catalogue), len(second.catalogue)),
            "added": len(second.catalogue) - sum(item in place for item in first.catalogue.ids),
            "removed": sum(item not in place for item in first.catalogue.ids),
            "same_neighbours": _same_neighbours(first.vectors, second.vectors, np.array(both), k, most),
        }

    def _those_there(self) -> str:
        """The last few versions, in words."""
        names = sorted(_names(self.folder / "versions"), key=int)
        if not names:
            return "one after you have published it"
        few = " or ".join(filter(None, [", ".join(names[-5:-1]), names[-1]]))
        return f"{few}, the last of {len(names)}" if len(names) > 5 else few

    def _checked(self, version: str | Version | None) -> Version:
        about = self.about(version)
        folder = self.folder / "versions" / about.name
        for name, wanted in about.files.items():
            path = folder / name
            if Path(name).name != name or not path.is_file() or file_hash(path) != wanted:
                raise ValueError(f"{path} is missing or not what was published: choose another version.")
        return about


def _take_name(part: Path, versions: Path) -> str:
    """Give a finished folder the next free number. Two that publish at once get one each: a rename onto a folder that
    is not empty fails."""
    while True:
        name = f"{max(map(int, _names(versions)), default=0) + 1:04d}"
        try:
            os.rename(part, versions / name)
        except OSError:
            if not (versions / name).exists():
                raise
        else:
            return name


def _sweep(versions: Path) -> None:
    """Remove what writers left that were killed: nobody writes at a version for a day."""
    for part in versions.glob(f"{PART}*"):
        with suppress(FileNotFoundError):  # another sweeps too
            if time.time() - part.stat().st_mtime > 86_400:
                shutil.rmtree(part, ignore_errors=True)


def _whole_name(version: str) -> str:
    """The name of a version by its number: 0001 for 1."""
    return f"{int(version):04d}" if version.isdecimal() and len(version) < 20 else version


def _names(versions: Path) -> list[str]:
    return [path.name for path in versions.glob("[0-9]*") if path.name.isdecimal()]


def _same_neighbours(one: np.ndarray, other: np.ndarray, both: np.ndarray, k: int, most: int) -> float:
    """See `Store.compare`. both : (B, 2) the numbers of an item in the one and in the other."""
    if len(both) <= k:
        return float("nan")
    a, b = unit(one[both[:, 0]]), unit(other[both[:, 1]])
    shared = []
    for item in np.unique(np.linspace(0, len(both) - 1, most).astype(int)):
        near = []
        for vectors in (a, b):
            cosines = vectors @ vectors[item]
            cosines[item] = -np.inf
            near.append(set(np.argsort(-cosines)[:k].tolist()))
        shared.append(len(near[0] & near[1]) / k)
    return float(np.mean(shared))


def _number(value: float) -> float | None:
    """A metric as JSON can hold it: one that does not exist, such as NaN, is null."""
    return float(value) if math.isfinite(value) else None


def _text(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
