"""`fit` by several processes of this machine, which torchrun starts and, where one is lost, starts again."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import psutil

from ..data.samples import SkipGramSamples
from ..models.base import ItemModel
from ..storage import load_tensors
from ..training import History
from .job import Job, write_job

PROGRAM = ("-m", "mtsgns_lite.scale")  # what torchrun starts, with the job's folder
# Without it the store by which processes find each other lives in one of them, which may be the one that is lost
OWN_STORE = "TORCH_DISABLE_SHARE_RDZV_TCP_STORE"


def fit(
    model: ItemModel,
    samples: SkipGramSamples,
    epochs: int = 1,
    *,
    processes: int = 2,
    folder: str | Path | None = None,
    restarts: int = 20,
    progress: bool = True,
    **settings,
) -> History:
    """Train `model` in place, as `mt.fit` does, on TorchRec's tables and by several processes.

    Parameters
    ----------
    model : an `SGNS` or a `MultiTraitSGNS`; training begins anew, whatever its numbers are.
    samples : `Walks` or `Baskets`, such as split.train.
    folder : where the job and its checkpoints are kept; the same call goes on from the last one. None keeps nothing.
    restarts : how often the processes are started again after one was lost.
    progress : print the plan, and a line at each checkpoint.
    settings : seed, schedule, sharding, memory, checkpoints, stripes; see `write_job`.

    The number of processes changes the order of sums, and nothing else. Raises ``ModuleNotFoundError`` without
    TorchRec, ``ValueError`` as `write_job` does or where the training went wrong, ``RuntimeError`` where processes
    were lost more often than `restarts` allows.
    """
    check_installed()
    with tempfile.TemporaryDirectory(prefix="mtsgns-") as passing:
        job = write_job(Path(passing) / "job" if folder is None else folder, model, samples, epochs, **settings)
        launch(job, processes, restarts, progress)
        weights = Path(passing) / "weights.safetensors"
        job.weights(weights)
        model.load_state_dict(load_tensors(weights)[0])
        model.eval()
        return history(job)


def history(job: Job) -> History:
    """What happened during a job's training, up to its last checkpoint."""
    done = job.progress()
    rows = job.settings["rows"]
    return History(
        loss=[tuple(entry) for entry in done["loss"]], steps=done["step"], seconds=done["seconds"],
        steps_per_epoch=-(-rows["rows"] // rows["batch_size"]), epochs=job.settings["epochs"],
        device=f"{done['processes']} process" + "es" * (done["processes"] > 1),
    )  # fmt: skip


def launch(job: Job, processes: int, restarts: int = 20, progress: bool = True) -> None:
    """Have torchrun train a job on this machine; what it says of itself goes to torchrun.log in the job's folder.

    Ctrl-C ends the processes; the job goes on from its last checkpoint when it is launched again. Raises as `fit`.
    """
    check_installed()
    if processes < 1:
        raise ValueError(f"processes={processes} is how many train: give 1 or more.")
    error, log = job.folder / "error.txt", job.folder / "torchrun.log"
    error.unlink(missing_ok=True)
    command = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes),
        "--max-restarts", str(restarts), *PROGRAM, str(job.folder),
    ]  # fmt: skip
    threads = max(1, (os.cpu_count() or 1) // processes)
    surroundings = {OWN_STORE: "1", "OMP_NUM_THREADS": str(threads)} | os.environ
    with open(log, "w", encoding="utf-8") as told:
        running = subprocess.Popen(command, env=surroundings, stdout=subprocess.PIPE, stderr=told, text=True)
        try:
            assert running.stdout is not None
            for line in running.stdout:
                if progress:
                    print(line, end="", flush=True)
            code = running.wait()
        finally:
            _end(running)
    if error.exists():
        raise ValueError(error.read_text(encoding="utf-8"))
    if job.progress().get("step") != job.steps:
        raise RuntimeError(f"{_why(code, restarts)}: {log} says how; the same call goes on from the last checkpoint.")


def _why(code: int, restarts: int) -> str:
    """Why the training did not come to its end, though nothing was wrong with it."""
    if code == 0:
        return "Another run has taken the training over"
    return f"The processes were lost more than {restarts} times" if code > 0 else f"Signal {-code} has ended torchrun"


def _end(running: subprocess.Popen) -> None:
    """End torchrun and its processes, if they are still there."""
    try:
        family = [*psutil.Process(running.pid).children(recursive=True), psutil.Process(running.pid)]
    except psutil.NoSuchProcess:
        return
    for process in family:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    running.wait()


def check_installed() -> None:
    """Raises ``ModuleNotFoundError`` where TorchRec is missing."""
    if find_spec("torchrec") is None:
        raise ModuleNotFoundError("TorchRec is not installed: run `make setup-scale` (Linux, Python 3.11 to 3.13).")
