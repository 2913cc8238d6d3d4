"""The one training loop, for every model: tables take their own steps, all other parameters Adam's."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch

from .data.samples import PairBatch
from .data.sequence_samples import SequenceBatch
from .data.sequences import Sequences
from .device import pick_device
from .models.base import ItemModel
from .models.tables import Table
from .progress import progress_of
from .storage import load_checkpoint, save_checkpoint

SCHEDULES = ("linear", "cosine", "constant")
FITTING = {PairBatch: "Pairs, such as split.edges()", SequenceBatch: "the samples() of Sequences"}


class TrainingDiverged(ArithmeticError):
    """The loss is no longer a number."""


@dataclass
class History:
    """What happened during training.

    Attributes
    ----------
    loss : (step, mean loss since the last entry) about a hundred times an epoch.
    probes : (step, what `probe` returned).
    snapshots : (step, (items, dim) float16 target embeddings on the CPU), unseen items in the model's own way.
    steps, steps_per_epoch, epochs : done, and per epoch.
    seconds : of training alone, probes and snapshots left out.
    interrupted : was it stopped by hand? The model keeps what it had learned.
    """

    loss: list[tuple[int, float]] = field(default_factory=list)
    probes: list[tuple[int, object]] = field(default_factory=list)
    snapshots: list[tuple[int, torch.Tensor]] = field(default_factory=list, compare=False)
    steps: int = 0
    steps_per_epoch: int = 0
    epochs: int = 0
    seconds: float = 0.0
    interrupted: bool = False
    device: str = ""

    def __repr__(self) -> str:
        last = f", loss {self.loss[0][1]:.4f} -> {self.loss[-1][1]:.4f}" if self.loss else ""
        stopped = ", interrupted" if self.interrupted else ""
        return f"{self.epochs} epochs, {self.steps:,} steps in {self.seconds:.1f} s on {self.device}{last}{stopped}"


def fit(
    model: ItemModel,
    samples,
    epochs: int = 1,
    *,
    device: str | torch.device | None = None,
    schedule: str = "linear",
    restart_every: int | None = None,
    adam: float | None = None,
    seed: int = 0,
    probe: Callable[[ItemModel], object] | None = None,
    probes: int = 10,
    snapshots: int = 0,
    checkpoint: str | Path | None = None,
    progress: bool = True,
) -> History:
    """Train `model` on `samples` (see `data.samples`), in place.

    Parameters
    ----------
    device : see `pick_device`; one line says which.
    schedule : how the step size falls from its full value to a twentieth: "linear", "cosine" or "constant".
    restart_every : let the schedule start again every so many epochs (warm restarts, Loshchilov and Hutter 2017).
    adam : Adam's rate for parameters that are not in a table, such as the global bias of matrix factorisation; by
        default the model's own.
    probe : called `probes` times an epoch, and before the first step; its answers are kept in the history, and drawn
        where they are numbers (see `held_out_auc`).
    snapshots : how many times the history takes the embeddings down, evenly from before the first step to after the
        last; they take 2 bytes a number. After an interrupt the last state is among them.
    checkpoint : a file written after every epoch. If it is there, training goes on from it, and ends with the same
        numbers as if it had never stopped. Probes and snapshots are not in it: those of the rest are taken.
    progress : in a notebook draw loss and probes as they come, in a terminal a bar; False for silence.

    Same seed and same CPU give bit-identical embeddings. Ctrl-C, or the notebook's stop button, ends training and
    keeps the model. Raises `TrainingDiverged` when the loss is not a number, ``ValueError`` for a schedule that is not
    known, or a checkpoint of other settings.
    """
    if schedule not in SCHEDULES:
        raise ValueError(f"schedule={schedule!r} is not known: choose from {', '.join(SCHEDULES)}.")
    if probes < 1:
        raise ValueError(f"probes={probes} is how often an epoch the probe is called: give 1 or more, or probe=None.")
    if snapshots < 0:
        raise ValueError(f"snapshots={snapshots} is how many to take in all: give 0 or more.")
    if isinstance(samples, Sequences) or getattr(samples, "kind", model.trains_on) is not model.trains_on:
        fitting = FITTING.get(model.trains_on, "walks or baskets: split.train")
        raise ValueError(f"{type(model).__name__} can't learn from {type(samples).__name__}: give it {fitting}.")
    place, adam = pick_device(device), model.adam if adam is None else adam
    model.to(place).train()
    model.observe(samples.counts)
    generator = torch.Generator(place).manual_seed(seed)
    tables = [module for module in model.modules() if isinstance(module, Table)]
    model.zero_grad()  # and the tables': of losses made by hand, or an interrupted step
    for table in tables:
        table.forget()
    dense = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimiser = torch.optim.Adam(dense, lr=adam) if dense else None
    history = History(steps_per_epoch=len(samples), device=str(place))
    settings = dict(model.options, kind=type(model).__name__, epochs=epochs, schedule=schedule, seed=seed, adam=adam)
    settings |= dict(restart_every=restart_every, steps_per_epoch=len(samples), items=len(model.catalogue))
    if checkpoint is not None and Path(checkpoint).exists():
        load_checkpoint(checkpoint, model, optimiser, generator, history, settings)
    if hasattr(samples, "read"):
        samples.read = history.epochs  # the next pass, where a corpus has several

    period = len(samples) * (restart_every or epochs)
    every = max(1, len(samples) // 100)
    running, clock = torch.zeros((), device=place), Clock(history.seconds)
    onlooker = Onlooker(model, history, clock, probe, max(1, len(samples) // probes), snapshots, epochs)
    shown = progress_of(history, epochs, clock.seconds, onlooker.name, progress)
    try:
        onlooker.begin()
        for epoch in range(history.epochs, epochs):
            for batch in samples.batches(generator, place):
                factor = step_factor(schedule, history.steps % period / period)
                loss = model.loss(batch)
                loss.backward()
                for table in tables:
                    table.update(factor)
                if optimiser is not None:
                    optimiser.param_groups[0]["lr"] = adam * factor
                    optimiser.step()
                    optimiser.zero_grad()
                running += loss.detach()
                history.steps += 1
                since = history.steps - (history.loss[-1][0] if history.loss else 0)
                if since == every or history.steps % len(samples) == 0:
                    _note_loss(history, running, since)
                onlooker.look()
                shown.step()
            history.epochs = epoch + 1
            history.seconds = clock.seconds()
            if checkpoint is not None:
                light = replace(history, probes=[], snapshots=[])
                save_checkpoint(checkpoint, model, optimiser, generator, light, settings)
        if place.type == "cuda":
            torch.cuda.synchronize(place)
    except KeyboardInterrupt:
        history.interrupted = True
    finally:
        history.seconds = clock.seconds()
        model.eval()
        shown.close()
    onlooker.end()
    return history


def step_factor(schedule: str, done: float) -> float:
    """What the step sizes are multiplied by when the fraction `done` of the schedule has gone."""
    if schedule == "constant":
        return 1.0
    fall = done if schedule == "linear" else (1 - math.cos(math.pi * done)) / 2
    return 1.0 - 0.95 * fall


def _note_loss(history: History, running: torch.Tensor, count: int) -> None:
    mean = float(running) / count
    running.zero_()
    if not math.isfinite(mean):
        raise TrainingDiverged(
            f"The loss is {mean} after {history.steps} steps: make the model again with a smaller rate (a third, say)."
        )
    history.loss.append((history.steps, mean))


class Clock:
    """Seconds of training alone: it stands still while somebody looks at the model."""

    def __init__(self, seconds: float = 0.0):
        self.started = time.perf_counter() - seconds

    def seconds(self) -> float:
        return time.perf_counter() - self.started

    @contextmanager
    def standing(self) -> Iterator[None]:
        since = time.perf_counter()
        try:
            yield
        finally:
            self.started += time.perf_counter() - since


class Onlooker:
    """Asks the probe and takes snapshots, at their steps and on time that is not training's."""

    def __init__(self, model, history: History, clock: Clock, probe, probe_every: int, snapshots: int, epochs: int):
        self.model, self.history, self.clock = model, history, clock
        self.probe, self.probe_every, self.snapshots = probe, probe_every, snapshots
        total = history.steps_per_epoch * epochs
        self.due = {round(total * number / max(1, snapshots - 1)) for number in range(snapshots)} or {-1}
        if snapshots == 1:
            self.due = {total}
        name = "" if probe is None else getattr(probe, "__name__", "probe")
        self.name = "probe" if name == "<lambda>" else name.replace("_", " ")

    def begin(self) -> None:
        """Before the first step; of a training that goes on, its state so far is the first snapshot."""
        if self.snapshots > 1 or self.history.steps in self.due:
            self._aside(self._snapshot)
        if self.probe is not None and self.history.steps == 0:
            self._aside(self._ask)

    def look(self) -> None:
        """After a step."""
        if self.history.steps in self.due:
            self._aside(self._snapshot)
        if self.probe is not None and self.history.steps % self.probe_every == 0:
            self._aside(self._ask)

    def end(self) -> None:
        """After the last step: where an interrupt came, its state is a snapshot too."""
        taken, step = self.history.snapshots, self.history.steps
        if self.snapshots and self.history.interrupted:
            taken[:] = [(when, vectors) for when, vectors in taken if when < step]  # the next step may have begun
            self._snapshot()

    def _aside(self, look: Callable[[], None]) -> None:
        with self.clock.standing():
            self.model.eval()
            look()
            self.model.train()

    def _ask(self) -> None:
        self.history.probes.append((self.history.steps, self.probe(self.model)))

    @torch.no_grad()
    def _snapshot(self) -> None:
        self.history.snapshots.append((self.history.steps, self.model.embeddings("target").to("cpu", torch.float16)))
