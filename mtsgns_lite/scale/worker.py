"""One of the processes that torchrun starts: it trains its share of a job, and goes on from the last checkpoint."""

from __future__ import annotations

import math
import os
import threading
import time
from datetime import timedelta
from importlib.metadata import distributions
from pathlib import Path

import torch
import torch.distributed as dist

from ..training import TrainingDiverged, step_factor
from . import checkpoints
from .job import Job
from .models import spread_model
from .rows import open_rows
from .tables import Tables

GPU_BUILD = "fbgemm-gpu"  # beside which there is fbgemm-gpu-cpu
PATIENCE = 30  # seconds that a process waits for another before it takes it for lost


def work(folder: str | Path) -> None:
    """Train a job together with the other processes that torchrun started; see `mtsgns_lite.scale`.

    What is wrong with the job, or with the training, is written to error.txt in its folder, and no restart is asked
    for, since it would end as this one did. Whoever finds it leaves at once: the others lose a process by that, look
    for an error, and leave too.
    """
    _end_with_torchrun()
    device = _join()
    error, claim = Path(folder) / "error.txt", None
    try:
        if dist.get_rank() == 0:
            error.unlink(missing_ok=True)
        dist.barrier()  # so that no old error is taken for a new one
        job = Job.open(folder)
        run, restarts = (os.environ.get(f"TORCHELASTIC_{name}", "0") for name in ("RUN_ID", "RESTART_COUNT"))
        claim = checkpoints.claim(job.checkpoints, run, again=restarts != "0")
        _train(job, device, claim)
        dist.barrier()  # a process that leaves early would look like one that was lost
    except (ValueError, FileNotFoundError, TrainingDiverged, checkpoints.TakenOver) as wrong:
        _leave(error, wrong)
    except RuntimeError as lost:
        if not (error.exists() or (claim and claim.taken)):
            _start_again(lost)
    dist.destroy_process_group()


def _leave(path: Path, error: Exception) -> None:
    """Say what is wrong, once; a run that was taken over leaves no mark on the one that took it."""
    if path.parent.exists() and not isinstance(error, checkpoints.TakenOver):
        try:
            with open(path, "x", encoding="utf-8") as out:
                out.write(str(error))
        except FileExistsError:
            return
    print(f"error: {error}", flush=True)


def _start_again(lost: RuntimeError) -> None:
    """Ask torchrun to, in one sentence where a process was lost; anything else is shown as it is."""
    if isinstance(lost, dist.DistError) or "gloo" in str(lost):
        why = str(lost).splitlines()[0].split(". ")[0]
        raise SystemExit(f"Another process was lost: it goes on from the last checkpoint, if torchrun can ({why}).")
    raise lost


def _end_with_torchrun() -> None:
    """Have this process end when torchrun does: it would go on alone, beside those that a new torchrun starts."""
    torchrun = os.getppid()

    def watch() -> None:
        while os.getppid() == torchrun:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _join() -> torch.device:
    """Find the other processes; which device is this one's."""
    cuda = _on_gpus()
    device = torch.device("cuda", int(os.environ["LOCAL_RANK"])) if cuda else torch.device("cpu")
    if cuda:
        torch.cuda.set_device(device)
    backend = "cpu:gloo,cuda:nccl" if cuda else "gloo"
    dist.init_process_group(backend, timeout=timedelta(seconds=PATIENCE))
    return device


def _on_gpus() -> bool:
    """Is there a GPU for each process of this host, and TorchRec's build for GPUs?"""
    wanted = os.environ.get("MTSGNS_DEVICE") != "cpu" and torch.cuda.is_available() and GPU_BUILD in packages()
    return wanted and torch.cuda.device_count() >= int(os.environ["LOCAL_WORLD_SIZE"])


def packages() -> set[str]:
    """The names of what is installed."""
    return {found.name.lower().replace("_", "-") for found in distributions()}


def _train(job: Job, device: torch.device, claim: checkpoints.Claim) -> None:
    own, first = job.settings, dist.get_rank() == 0
    stream = open_rows(job.folder / "rows", own["rows"], own["seed"], dist.get_rank(), dist.get_world_size())
    tables = Tables(job.specs, own["sharding"], device, own["memory"])
    model = spread_model(own["kind"], own["options"], tables, job.folder / "traits")
    progress = {"step": 0, "seconds": 0.0, "loss": [], "processes": dist.get_world_size()}
    last = _newest(job, device)
    if last is None:
        tables.start(own["seed"])
    else:
        progress = checkpoints.load(tables.state(), last) | {"processes": dist.get_world_size()}
    progress["table_bytes"] = _of_all(tables.bytes, device)
    if first:
        print(tables, flush=True)
    Loop(job, stream, tables, model, progress, claim).run()


def _newest(job: Job, device: torch.device) -> Path | None:
    """The last checkpoint as the first process sees it: another host's view of the folder may be older."""
    found = checkpoints.newest(job.checkpoints)
    step = torch.tensor([-1 if found is None else checkpoints.step_of(found)], device=device)
    dist.broadcast(step, 0)
    return None if step < 0 else checkpoints.named(job.checkpoints, int(step))


def _of_all(number: int, device: torch.device) -> list[int]:
    """The number of each process."""
    found = torch.zeros(dist.get_world_size(), dtype=torch.long, device=device)
    found[dist.get_rank()] = number
    dist.all_reduce(found)
    return found.tolist()


class Loop:
    """The loop of `mt.fit`, on rows and tables that are spread over processes."""

    def __init__(self, job: Job, stream, tables: Tables, model, progress: dict, claim: checkpoints.Claim):
        self.job, self.stream, self.tables, self.model, self.progress = job, stream, tables, model, progress
        self.claim = claim
        self.first, steps = dist.get_rank() == 0, len(stream)
        self.note_every = max(1, steps // 100)
        self.save_every = max(1, -(-job.steps // job.settings["checkpoints"]))
        self.running, self.begun = torch.zeros((), device=tables.device), time.perf_counter()
        self.before, self.noted = progress["seconds"], progress["step"]

    def run(self) -> None:
        """From the step of the last checkpoint to the end."""
        self.model.train()
        done, each = self.progress["step"], len(self.stream)
        for epoch in range(done // each, self.job.settings["epochs"]):
            for batch in self.stream.batches(epoch, done - epoch * each if epoch == done // each else 0):
                self.step(batch)
                self.progress["step"] += 1
                self.look(each)

    def step(self, batch) -> None:
        """Fetch the rows of a batch, and learn from it."""
        factor = step_factor(self.job.settings["schedule"], self.progress["step"] / self.job.steps)
        batch = batch.to(self.tables.device)
        self.tables.fetch(self.model.asks(batch), factor)
        loss = self.model.loss(batch)
        loss.backward()
        self.tables.update(factor)
        self.running += loss.detach()

    def look(self, each: int) -> None:
        """After a step: note the loss, write a checkpoint, where it is time."""
        step = self.progress["step"]
        whole = step == self.job.steps
        save = step % self.save_every == 0 or whole
        if step - self.noted == self.note_every or step % each == 0 or save:
            self.note()
        if save:
            self.progress["seconds"] = self.seconds()
            checkpoints.save(self.tables.state(), self.progress, self.job.checkpoints, self.claim)
            self.say()

    def note(self) -> None:
        """The mean loss since the last note, over all processes; they must ask together."""
        step = self.progress["step"]
        dist.all_reduce(self.running)
        mean = float(self.running) / (step - self.noted)
        self.running.zero_()
        self.noted = step
        if not math.isfinite(mean):
            raise TrainingDiverged(f"The loss is {mean} after {step} steps: write the job again with a smaller rate.")
        self.progress["loss"].append((step, mean))

    def seconds(self) -> float:
        """Of training, those before the last start included."""
        return self.before + time.perf_counter() - self.begun

    def say(self) -> None:
        """A line of how far it is."""
        if self.first:
            step, (_, loss) = self.progress["step"], self.progress["loss"][-1]
            line = f"step {step:,} of {self.job.steps:,}, loss {loss:.4f}, {self.seconds():.1f} s"
            print(line, flush=True)
