"""A training in a process of its own, there to be killed: by whoever started it, or by the system while it writes."""

from __future__ import annotations

import multiprocessing
import signal
import sys
import threading
import time
from pathlib import Path

import torch
from tqdm.auto import tqdm

import mtsgns_lite as mt
from mtsgns_lite.data.corpus import Corpus, Rows

EPOCHS = 6
KINDS = {
    "sgns on walks": lambda split: (
        mt.SGNS(split.catalogue, dim=16),
        split.walks(per_node=4, batch_size=4),
    ),
    "traits on baskets": lambda split: (
        mt.MultiTraitSGNS(split.catalogue, dim=16),
        split.baskets(batch_size=8),
    ),
    "sgns on a corpus of passes": lambda split: (
        mt.SGNS(split.catalogue, dim=16),
        Rows(Corpus.draw(split.baskets(), passes=3), len(split.catalogue), batch_size=4),
    ),
}


def train(kind: str, split: mt.Split, checkpoint: Path | None = None, probe=None):
    """A model of one of `KINDS`, its samples, and its history."""
    model, samples = KINDS[kind](split)
    options = dict(device="cpu", progress=False, probes=len(samples), probe=probe)
    history = mt.fit(model, samples, EPOCHS, checkpoint=checkpoint, **options)
    return model, samples, history


def train_until_killed(kind: str, split: mt.Split, checkpoint: Path, steps, cut: tuple[int, int] | None) -> None:
    """Count each step in `steps`, a shared number. With cut=(step, size), the system kills this process where a file
    outgrows `size` bytes after that step: the next checkpoint. Whoever comes through waits to be killed."""
    torch.set_num_threads(1)
    tqdm.set_lock(threading.RLock())  # its own is shared between processes, and would outlive this one

    def after_each_step(_):
        steps.value += 1
        if cut is not None and steps.value - 1 == cut[0]:  # the first call comes before the first step
            _no_files_beyond(cut[1])

    train(kind, split, checkpoint, after_each_step)
    time.sleep(60)


def _no_files_beyond(size: int) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)


def starter():
    """How to start many such processes: on Linux, forked from one that has imported all this and done nothing yet."""
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["torch", "mtsgns_lite", "pytest"])
    return context
