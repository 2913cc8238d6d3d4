"""The one training loop, for every model: tables take their own steps, all other parameters Adam's."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch
from tqdm.auto import tqdm

from .data.samples import PairBatch
from .device import pick_device
from .models.base import ItemModel
from .models.tables import Table
from .storage import load_checkpoint, save_checkpoint

SCHEDULES = ("linear", "cosine", "constant")


class TrainingDiverged(ArithmeticError):
    """The loss is no longer a number."""


@dataclass
class History:
    """What happened during training.

    Attributes
    ----------
    loss : (step, mean loss since the last entry) about a hundred times an epoch.
    probes : (step, what `probe` returned).
    steps, steps_per_epoch, epochs : done, and per epoch. seconds : of training alone, probes left out.
    interrupted : was it stopped by hand? The model keeps what it had learned.
    """

    loss: list[tuple[int, float]] = field(default_factory=list)
    probes: list[tuple[int, object]] = field(default_factory=list)
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
    adam: float = 0.01,
    seed: int = 0,
    probe: Callable[[ItemModel], object] | None = None,
    probes: int = 10,
    checkpoint: str | Path | None = None,
    progress: bool = True,
) -> History:
    """Train `model` on `samples` (see `data.samples`), in place.

    Parameters
    ----------
    device : see `pick_device`; one line says which.
    schedule : how the step size falls from its full value to a twentieth: "linear", "cosine" or "constant".
    restart_every : let the schedule start again every so many epochs (warm restarts, Loshchilov and Hutter 2017).
    adam : Adam's rate for parameters that are not in a table, such as the global bias of matrix factorisation.
    probe : called `probes` times an epoch, and before the first step; its answers are kept in the history.
    checkpoint : a file written after every epoch. If it is there, training goes on from it, and ends with the same
        numbers as if it had never stopped.

    Same seed and same CPU give bit-identical embeddings. Ctrl-C, or the notebook's stop button, ends training and
    keeps the model. Raises `TrainingDiverged` when the loss is not a number, ``ValueError`` for a schedule that is not
    known, or a checkpoint of other settings.
    """
    if schedule not in SCHEDULES:
        raise ValueError(f"schedule={schedule!r} is not known: choose from {', '.join(SCHEDULES)}.")
    if probes < 1:
        raise ValueError(f"probes={probes} is how often an epoch the probe is called: give 1 or more, or probe=None.")
    if getattr(samples, "kind", model.trains_on) is not model.trains_on:
        fitting = "Pairs, such as split.edges()" if model.trains_on is PairBatch else "walks or baskets: split.train"
        raise ValueError(f"{type(model).__name__} can't learn from {type(samples).__name__}: give it {fitting}.")
    place = pick_device(device)
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
    if progress:
        print(f"training on {place}")

    period = len(samples) * (restart_every or epochs)
    every = max(1, len(samples) // 100)
    probe_every = max(1, len(samples) // probes)
    started, running = time.perf_counter() - history.seconds, torch.zeros((), device=place)
    bar = tqdm(total=len(samples) * epochs, initial=history.steps, disable=not progress, unit=" steps", mininterval=0.5)
    try:
        if probe is not None and history.steps == 0:
            started += _probe(probe, model, history)
        for epoch in range(history.epochs, epochs):
            bar.set_description(f"epoch {epoch + 1}/{epochs}")
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
                bar.update()
                since = history.steps - (history.loss[-1][0] if history.loss else 0)
                if since == every or history.steps % len(samples) == 0:
                    _note_loss(history, running, since, bar)
                if probe is not None and history.steps % probe_every == 0:
                    started += _probe(probe, model, history)
            history.epochs = epoch + 1
            history.seconds = time.perf_counter() - started
            if checkpoint is not None:
                save_checkpoint(checkpoint, model, optimiser, generator, history, settings)
    except KeyboardInterrupt:
        history.interrupted = True
    finally:
        bar.close()
        model.eval()
    if place.type == "cuda":
        torch.cuda.synchronize(place)
    history.seconds = time.perf_counter() - started
    return history


def step_factor(schedule: str, done: float) -> float:
    """What the step sizes are multiplied by when the fraction `done` of the schedule has gone."""
    if schedule == "constant":
        return 1.0
    fall = done if schedule == "linear" else (1 - math.cos(math.pi * done)) / 2
    return 1.0 - 0.95 * fall


def _note_loss(history: History, running: torch.Tensor, count: int, bar: tqdm) -> None:
    mean = float(running) / count
    running.zero_()
    if not math.isfinite(mean):
        raise TrainingDiverged(
            f"The loss is {mean} after {history.steps} steps: make the model again with a smaller rate (a third, say)."
        )
    history.loss.append((history.steps, mean))
    bar.set_postfix(loss=f"{mean:.3f}")


def _probe(probe: Callable, model: ItemModel, history: History) -> float:
    """Ask the probe, and return the seconds it took, which are not training's."""
    started = time.perf_counter()
    model.eval()
    history.probes.append((history.steps, probe(model)))
    model.train()
    return time.perf_counter() - started
