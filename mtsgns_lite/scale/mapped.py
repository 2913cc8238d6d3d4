"""Arrays that stay on the disk: the processes of a host share what of them is in memory."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import torch


def mapped(path: Path) -> torch.Tensor:
    """An array that `np.save` wrote, to be read and not to be written to."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*not writable")  # torch has no tensors that are read-only
        return torch.from_numpy(np.load(path, mmap_mode="r", allow_pickle=False))
