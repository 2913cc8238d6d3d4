"""Checkpoints that several processes write together, whole or not at all, and that any number of them can go on from.

The files are safetensors, written and read by torch.distributed.checkpoint: each process writes the rows that it has,
and reads those that it needs, whoever wrote them.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
from safetensors import SafetensorError, safe_open

from ..storage import write_text
from .tables import TableSpec, quiet

OWNER = "owner.json"
SAVED = "DCP_SHARDING_INFO"  # where torch writes which part of a table a file holds


class TakenOver(Exception):
    """Another run trains this job now."""


@dataclass(frozen=True)
class Claim:
    """Whose the checkpoints of a folder are. Of two runs that don't know of each other, the later has them: a host
    that was cut off, or a run that was thought dead, finds at its next checkpoint that they are its own no more.

    run : torchrun's name for it, which a restart keeps. number : drawn at each start.
    """

    folder: Path
    run: str
    number: int

    @property
    def taken(self) -> bool:
        """Has another run claimed the folder since?"""
        return _owner(self.folder)["runs"][-1:] != [self.run]

    def hold(self) -> None:
        """Raises `TakenOver` where another run has claimed the folder since, ``DistError`` where this one was started
        again without this process."""
        if self.taken:
            raise TakenOver(f"Another run trains the job in {self.folder.parent} now: this one ends.")
        if _owner(self.folder)["number"] != self.number:
            raise dist.DistError("The others went on without this process.")


def claim(folder: Path, run: str, again: bool) -> Claim:
    """Take a folder over, for all processes together.

    again : this run was started again, and claims what is its own. Raises `TakenOver` where it no longer is.
    """
    number = torch.tensor([secrets.randbits(62)])
    dist.broadcast(number, 0)
    own, runs = Claim(folder, run, int(number)), _owner(folder)["runs"]
    if again and run in runs and own.taken:
        raise TakenOver(f"Another run trains the job in {folder.parent} now: this one ends.")
    dist.barrier()
    if dist.get_rank() == 0:
        folder.mkdir(exist_ok=True)
        runs = [*(name for name in runs if name != run), run]
        write_text(folder / OWNER, json.dumps({"runs": runs, "number": own.number}))
    dist.barrier()
    return own


def _owner(folder: Path) -> dict:
    try:
        return json.loads((folder / OWNER).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {"runs": [], "number": None}


def named(folder: Path, step: int) -> Path:
    """Where the checkpoint of a step is."""
    return folder / f"step-{step:012d}"


def step_of(path: Path) -> int:
    """The step of a checkpoint."""
    return int(path.name.removeprefix("step-"))


def newest(folder: Path) -> Path | None:
    """The last whole checkpoint of a folder; None where there is none."""
    there = sorted(path for path in folder.glob("step-*") if path.suffix != ".part")
    return there[-1] if there else None


def save(state: dict[str, torch.Tensor], progress: dict, folder: Path, claim: Claim) -> Path:
    """Write a checkpoint; all processes together. It gets its name when all of it is on the disk; then the one before
    goes.

    state : what `Tables.state` gives. progress : what else is needed to go on; must have "step". Raises as
    `Claim.hold`.
    """
    path = named(folder, progress["step"])
    part, first = folder / f"{path.name}.{claim.number:x}.part", dist.get_rank() == 0
    if first:
        claim.hold()
        part.mkdir()
    dist.barrier()
    with quiet():
        import torch.distributed.checkpoint as dcp  # which takes half a second

        dcp.save(state, storage_writer=dcp.HuggingFaceStorageWriter(str(part), save_distributed=True))
    if first:
        files = {file.name: file.stat().st_size for file in sorted(part.glob("*.safetensors"))}
        write_text(part / "progress.json", json.dumps(progress | {"files": files}))
        claim.hold()
        before = list(folder.glob("step-*"))
        shutil.rmtree(path, ignore_errors=True)
        os.replace(part, path)
        _flush(folder)
        for old in before:
            shutil.rmtree(old, ignore_errors=True)
    dist.barrier()
    return path


def load(state: dict[str, torch.Tensor], path: Path) -> dict:
    """Read a checkpoint into the tensors of `state`, in place, and give back its progress; raises as `check` does."""
    progress = check(path)
    with quiet():
        import torch.distributed.checkpoint as dcp

        dcp.load(state, storage_reader=dcp.HuggingFaceStorageReader(str(path)))
    return progress


def check(path: Path) -> dict:
    """The progress of a checkpoint whose files are all there. Raises ``ValueError`` where they are not."""
    try:
        progress = json.loads((path / "progress.json").read_text(encoding="utf-8"))
        for name, size in progress["files"].items():
            with safe_open(path / name, framework="np"):
                if (path / name).stat().st_size != size:
                    raise ValueError(f"{name} has another size")
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise ValueError(f"The checkpoint {path} is damaged: remove it, and the training starts again.") from error
    return progress


def assemble(path: Path, specs: list[TableSpec], more: dict[str, np.ndarray], out: Path) -> None:
    """Write the tables of a checkpoint, and the arrays `more`, as one safetensors file, row by row: no process ever
    holds a table.

    Raises ``ValueError`` for a damaged checkpoint.
    """
    check(path)
    shapes: dict[str, tuple[int, ...]] = {f"{spec.name}.weight": (spec.rows, spec.dim) for spec in specs}
    shapes |= {f"{spec.name}.state": (spec.rows,) for spec in specs}
    scales = {f"{spec.name}.state": spec.width / spec.dim for spec in specs if not spec.everywhere}
    part = out.with_name(out.name + ".part")
    views = _empty_safetensors(part, shapes | {name: array.shape for name, array in more.items()})
    for name, array in more.items():
        views[name][:] = array
    for file in sorted(path.glob("*.safetensors")):
        with safe_open(file, framework="np") as stored:
            places = json.loads(stored.metadata()[SAVED])
            for name in stored.keys():  # noqa: SIM118
                view, piece = views[name], stored.get_slice(name)
                first, rows = places[name]["saved_offsets"][0], piece.get_shape()[0]
                for start in range(0, rows, 65_536):
                    block = piece[start : min(start + 65_536, rows)]
                    block = block[:, : view.shape[1]] if view.ndim == 2 else block * scales.get(name, 1.0)
                    view[first + start : first + start + len(block)] = block
    for view in views.values():
        view.flush()
    os.replace(part, out)


def _empty_safetensors(path: Path, shapes: dict[str, tuple[int, ...]]) -> dict[str, np.memmap]:
    """A safetensors file of float32 zeros, open for writing: 8 bytes for the header's length, the header, the numbers
    (https://github.com/huggingface/safetensors#format)."""
    starts = np.cumsum([0, *(4 * int(np.prod(shape)) for shape in shapes.values())]).tolist()
    header = {
        name: {"dtype": "F32", "shape": list(shape), "data_offsets": [start, end]}
        for (name, shape), start, end in zip(shapes.items(), starts, starts[1:])
    }
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as out:
        out.write(len(text).to_bytes(8, "little") + text)
        out.truncate(8 + len(text) + starts[-1])
    return {
        name: np.memmap(path, np.float32, "r+", 8 + len(text) + start, shape)
        for (name, shape), start in zip(shapes.items(), starts)
    }


def _flush(folder: Path) -> None:
    """Have the disk know the names in a folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
