"""A job: all that a training needs, in a folder that every process can read. No process holds what it does not use."""

from __future__ import annotations

import json
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..data.samples import SkipGramSamples
from ..models.base import ItemModel
from ..storage import catalogue_to_folder, copy_catalogue, library_version, write_about, write_text
from ..training import SCHEDULES
from . import checkpoints
from .mapped import mapped
from .models import check_kind, table_specs, write_traits
from .rows import write_rows
from .tables import TableSpec

FORMAT = 1
SHARDINGS = ("auto", "row_wise", "table_wise")


@dataclass(frozen=True)
class Job:
    """What `write_job` wrote.

    Attributes
    ----------
    folder : where.
    settings : see `write_job`; "options" are the model's, "rows" those of `write_rows`.
    """

    folder: Path
    settings: dict

    @classmethod
    def open(cls, folder: str | Path) -> Job:
        """Raises ``FileNotFoundError`` where there is none, ``ValueError`` for one of another version."""
        path = Path(folder) / "job.json"
        if not path.exists():
            raise FileNotFoundError(f"There is no job in {folder}: write one with `scale prepare`.")
        settings = json.loads(path.read_text(encoding="utf-8"))
        if settings.get("format") != FORMAT:
            raise ValueError(f"The job in {folder} is of another version of mtsgns_lite: write it again.")
        return cls(Path(folder), settings)

    @property
    def specs(self) -> list[TableSpec]:
        """The model's tables."""
        own = self.settings
        return table_specs(own["kind"], own["options"], own["items"], own["traits"], own["values"])

    @property
    def checkpoints(self) -> Path:
        """Where its checkpoints are."""
        return self.folder / "checkpoints"

    @property
    def steps(self) -> int:
        """Of the whole training."""
        rows = self.settings["rows"]
        return self.settings["epochs"] * -(-rows["rows"] // rows["batch_size"])

    def progress(self) -> dict:
        """Of the last checkpoint: the step, the losses so far, the seconds ...; empty where there is none."""
        last = checkpoints.newest(self.checkpoints)
        return json.loads((last / "progress.json").read_text(encoding="utf-8")) if last else {}

    def weights(self, out: Path) -> None:
        """Write the last checkpoint's tables as one file, such as `mt.load_model` reads.

        Raises ``FileNotFoundError`` where there is no checkpoint.
        """
        last = checkpoints.newest(self.checkpoints)
        if last is None:
            raise FileNotFoundError(f"The job in {self.folder} has no checkpoint yet: train it first.")
        counts = {"counts": mapped(self.folder / "rows" / "counts.npy").numpy()}
        checkpoints.assemble(last, self.specs, counts, out)

    def save_model(self, folder: str | Path, dataset: str = "", **about) -> Path:
        """Write the last checkpoint as a model's folder, as `mt.save_model` would; raises as `weights` does."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.weights(folder / "weights.safetensors")
        copy_catalogue(self.folder, folder)
        own = self.settings
        write_about(folder, own["kind"], own["options"], own["items"], own["trait_names"], dataset, about)
        return folder


def write_job(
    folder: str | Path,
    model: ItemModel,
    samples: SkipGramSamples,
    epochs: int = 1,
    *,
    seed: int = 0,
    schedule: str = "linear",
    sharding: str = "auto",
    memory: int | None = None,
    checkpoints: int = 20,
    stripes: int = 24,
) -> Job:
    """Write a job.

    Parameters
    ----------
    folder : where; another job that is there is removed. The same one is kept, with its checkpoints.
    model : an `SGNS` or a `MultiTraitSGNS`, for its catalogue and its options; its numbers are not read, so one that
        was made under ``with torch.device("meta"):``, and takes no memory, will do.
    samples : `Walks` or `Baskets`, such as split.train.
    seed, schedule, epochs : as in `mt.fit`. sharding, memory : see `Tables`.
    checkpoints : how many to write; each replaces the one before.
    stripes : the most processes that it can have.
    Raises ``ValueError`` for other models or samples, a choice that does not exist, or a folder of something else.
    """
    kind, folder = type(model).__name__, Path(folder)
    check_kind(kind)
    _check_choices(schedule=(schedule, SCHEDULES), sharding=(sharding, SHARDINGS))
    _check_numbers(epochs=epochs, checkpoints=checkpoints, stripes=stripes)
    if len(samples.counts) != len(model.catalogue):
        raise ValueError(
            f"The samples have {len(samples.counts)} items but the model's catalogue has {len(model.catalogue)}: "
            "make both from the same data set."
        )
    if folder.exists() and not (folder / "job.json").exists():
        raise ValueError(f"{folder} is there and is no job: name a folder that is not there yet.")
    settings = {
        "format": FORMAT, "version": library_version(), "kind": kind, "options": model.options, "epochs": epochs,
        "seed": seed, "schedule": schedule, "sharding": sharding, "memory": memory, "checkpoints": checkpoints,
    }  # fmt: skip
    part = folder.with_name(f".{folder.name}.part-{secrets.token_hex(4)}")
    try:
        _write(part, model, samples, settings, stripes)
        if not _same(folder, part):
            shutil.rmtree(folder, ignore_errors=True)
            part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return Job.open(folder)


def _write(folder: Path, model: ItemModel, samples: SkipGramSamples, settings: dict, stripes: int) -> None:
    catalogue = model.catalogue
    traits, values = write_traits(settings["kind"], catalogue, folder / "traits")
    rows = write_rows(samples, folder / "rows", stripes)
    settings = settings | {"items": len(catalogue), "trait_names": list(catalogue.traits), "rows": rows}
    catalogue_to_folder(catalogue, folder)
    write_text(folder / "job.json", json.dumps(settings | {"traits": traits, "values": values}, indent=2))


def _check_choices(**given: tuple[str, tuple[str, ...]]) -> None:
    for name, (value, choices) in given.items():
        if value not in choices:
            raise ValueError(f"{name}={value!r} is not known: choose from {', '.join(choices)}.")


def _check_numbers(**given: int) -> None:
    for name, number in given.items():
        if number < 1:
            raise ValueError(f"{name}={number} is how many there are: give 1 or more.")


def _same(one: Path, other: Path) -> bool:
    """Are two jobs the same, down to their numbers?"""
    names = [sorted(str(path.relative_to(job)) for path in _files(job)) for job in (one, other)]
    return names[0] == names[1] and all(_equal(one / name, other / name) for name in names[0])


def _files(job: Path) -> list[Path]:
    """What `write_job` wrote; not what trainings leave there: checkpoints, what torchrun said, what went wrong."""
    found = [job / name for name in ("job.json", "catalogue.json", "catalogue.safetensors")]
    found += [path for name in ("rows", "traits") for path in (job / name).rglob("*")]
    return [path for path in found if path.is_file()]


def _equal(one: Path, other: Path) -> bool:
    if one.suffix == ".npy":
        return np.array_equal(mapped(one).numpy(), mapped(other).numpy())
    return one.read_bytes() == other.read_bytes()
