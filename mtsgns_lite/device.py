"""Where the numbers are crunched: chosen here, and nowhere else."""

from __future__ import annotations

import os

import torch


def pick_device(prefer: str | torch.device | None = None) -> torch.device:
    """`prefer`, else the environment variable MTSGNS_DEVICE, else cuda where there is one, else cpu.

    Apple's "mps" is used only when asked for. Raises ``ValueError`` for a device that this machine lacks.
    """
    name = str(prefer or os.environ.get("MTSGNS_DEVICE") or ("cuda" if torch.cuda.is_available() else "cpu"))
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError, ImportError) as error:
        there = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
        if torch.backends.mps.is_available():
            there.append("mps")
        raise ValueError(f"Device {name!r} can't be used on this machine; it has: {', '.join(there)}.") from error
    return device


def usable_cpus() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
