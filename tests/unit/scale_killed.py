"""Trainings by several processes in which one is killed, or waits, at a moment that was chosen.

As a program, it is what torchrun starts in place of `mtsgns_lite.scale`: the same, except that each `Blow` that lies in
the job's folder falls once. As a module, it is what the tests and the benchmark of recovery share.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path

import numpy as np
import torch

import mtsgns_lite as mt
from mtsgns_lite.scale import Job, launch, write_job

LAUNCH = import_module("mtsgns_lite.scale.launch")  # the function has the module's name
STEPS, SAVES = 16, 4  # of the job that most tests train: a checkpoint at 4, 8, 12 and 16


@dataclass(frozen=True)
class Blow:
    """What happens to one process.

    moment : "step" (before step number `step`, counted from 1), "load" (while it reads a checkpoint), or in the save
    after `step`: "write" (half of its file is written), "name" (all is written, and has no name yet), "clear" (it has
    its name, and the one before is still there).
    rank : of the process at which it happens. whom : what is killed, "worker" or "torchrun"; "nobody" has it wait
    until `go_on` is called.
    """

    moment: str
    step: int = 0
    rank: int = 0
    whom: str = "worker"


def small_job(folder: Path, split: mt.Split, saves: int = SAVES, **settings) -> Job:
    """A model with every kind of table, `STEPS` steps, row-wise unless told otherwise."""
    options = dict(rate=0.2) | settings.pop("options", {})
    model = mt.MultiTraitSGNS(split.catalogue, dim=8, context_traits=True, **options)
    rows = split.baskets().rows
    samples = split.baskets(batch_size=-(-rows // STEPS // 4) * 4)
    return write_job(folder, model, samples, checkpoints=saves, **{"sharding": "row_wise"} | settings)


def deal(job: Job, *blows: Blow) -> None:
    """Put blows into the job's folder. Of several for one moment, the first falls first."""
    folder = job.folder / "blows"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for number, blow in enumerate(blows):
        (folder / f"{number:02d}.json").write_text(json.dumps(asdict(blow)))


def left(job: Job) -> list[str]:
    """Blows that have not fallen."""
    return sorted(path.name for path in (job.folder / "blows").glob("*.json"))


def train(job: Job, processes: int = 2, restarts: int = 20) -> None:
    """As `launch`, and the blows fall."""
    kept = LAUNCH.PROGRAM
    LAUNCH.PROGRAM = (str(Path(__file__).resolve()),)
    try:
        launch(job, processes, restarts, progress=False)
    finally:
        LAUNCH.PROGRAM = kept


def outcome(job: Job) -> tuple[dict[str, np.ndarray], list]:
    """All tables and states, and the noted losses, of the last checkpoint."""
    out = job.folder / "outcome.safetensors"
    job.weights(out)
    tables = {name: tensor.numpy() for name, tensor in mt.storage.load_tensors(out)[0].items()}
    return tables, job.progress()["loss"]


def same_bits(one: tuple, other: tuple) -> bool:
    """Are two outcomes the same, to the last bit?"""
    tables = one[0].keys() == other[0].keys() and all(one[0][n].tobytes() == other[0][n].tobytes() for n in one[0])
    return tables and one[1] == other[1]


def distance(one: tuple, other: tuple) -> float:
    """The largest difference between two outcomes' tables."""
    return max(float(np.abs(one[0][name] - other[0][name]).max()) for name in one[0])


def wait_for(found, seconds: float = 60.0):
    """What `found()` gives, as soon as it gives something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if result := found():
            return result
        time.sleep(0.02)
    raise TimeoutError(f"Nothing came in {seconds:.0f} s.")


def waiting(job: Job) -> list[Path]:
    """Who waits to be told to go on."""
    return sorted((job.folder / "blows").glob("*.waiting"))


def go_on(job: Job) -> None:
    """Have those who wait go on."""
    for path in waiting(job):
        path.unlink()


class Blows:
    """Those of a job, for the process that asks."""

    def __init__(self, folder: str):
        self.folder, self.rank = Path(folder) / "blows", int(os.environ["RANK"])

    def fall(self, moment: str, step: int) -> bool:
        """Have the first blow for this place fall; False where there is none."""
        for path in sorted(self.folder.glob("*.json")):
            blow = Blow(**json.loads(path.read_text()))
            if (blow.moment, blow.step, blow.rank) == (moment, step, self.rank):
                path.unlink()
                self.strike(blow.whom, path)
                return True
        return False

    def strike(self, whom: str, path: Path) -> None:
        """Kill, or wait."""
        if whom == "nobody":
            note = path.with_suffix(".waiting")
            note.touch()
            while note.exists():
                time.sleep(0.01)
        else:
            os.kill(os.getpid() if whom == "worker" else os.getppid(), signal.SIGKILL)
            time.sleep(20)
            path.with_suffix(".alive").touch()  # which torchrun's end should have kept this process from
            os._exit(1)


def arm(blows: Blows) -> None:
    """Have the library stop for blows."""
    from torch.distributed.checkpoint import HuggingFaceStorageWriter

    from mtsgns_lite.scale import checkpoints, worker

    step, load, write_text, flush = worker.Loop.step, checkpoints.load, checkpoints.write_text, checkpoints._flush
    write_data, at = HuggingFaceStorageWriter.write_data, [0]

    def before_step(loop, batch):
        at[0] = loop.progress["step"] + 1
        blows.fall("step", at[0])
        step(loop, batch)

    def before_load(state, path):
        blows.fall("load", 0)
        return load(state, path)

    def before_write(writer, *asked):
        if any(b.moment == "write" and (b.step, b.rank) == (at[0], blows.rank) for b in _all(blows.folder)):
            half = Path(writer.path) / f"shard-{blows.rank + 1:05d}-model-00001-of-00001.safetensors"
            half.write_bytes(b"\x40\x00\x00\x00\x00\x00\x00\x00{")
            blows.fall("write", at[0])
        return write_data(writer, *asked)

    def before_name(path, text):
        write_text(path, text)
        if path.name == "progress.json":
            blows.fall("name", at[0])

    def before_clear(folder):
        flush(folder)
        blows.fall("clear", at[0])

    worker.Loop.step, checkpoints.load, checkpoints._flush = before_step, before_load, before_clear
    checkpoints.write_text, HuggingFaceStorageWriter.write_data = before_name, before_write


def _all(folder: Path) -> list[Blow]:
    return [Blow(**json.loads(path.read_text())) for path in folder.glob("*.json")]


if __name__ == "__main__":
    from mtsgns_lite.scale.worker import work

    torch.set_num_threads(1)
    with open(Path(sys.argv[1]) / "starts", "ab") as counted:
        counted.write(b".")  # one for each process started
    arm(Blows(sys.argv[1]))
    work(sys.argv[1])
