"""Embeddings of many dimensions as points in the plane: PCA, t-SNE, UMAP."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

METHODS = ("pca", "tsne", "umap")
VERSION = "1"  # of what is computed; a new one leaves old cached results aside


def project(vectors, method: str = "pca", seed: int = 0) -> np.ndarray:
    """Points in the plane, (n, 2) float32, for the rows of `vectors` (n, d).

    Nearness here is cosine, so rows are scaled to length 1 first; a row of zeros, an item without a vector, stays zero.
    t-SNE and UMAP take seconds to minutes; their results are kept in the user's cache folder.

    Parameters
    ----------
    method : "pca", the two directions of largest variance, at once and the same everywhere; "tsne" (van der Maaten and
        Hinton 2008); "umap" (McInnes et al. 2018; needs the package umap-learn).
    Raises ``ValueError`` for vectors that are not a finite matrix, an unknown method, or umap-learn missing.
    """
    if method not in METHODS:
        raise ValueError(f"There is no projection {method!r}: choose one of {', '.join(METHODS)}.")
    rows = _unit_rows(vectors)
    start = pca(rows)
    if method == "pca" or len(rows) < 5 or not start.any():
        return start.numpy()
    kept = _file(rows, method, seed)
    points = _read(kept, len(rows))
    if points is None:
        points = {"tsne": _tsne, "umap": _umap}[method](rows, start, seed).astype(np.float32)
        _write(kept, points)
    return points


def is_cached(vectors, method: str, seed: int = 0) -> bool:
    """Will `project` answer at once, from what an earlier call left in the cache folder?"""
    return method == "pca" or _file(_unit_rows(vectors), method, seed).exists()


def _unit_rows(vectors) -> torch.Tensor:
    rows = torch.as_tensor(vectors).detach().cpu().float()
    if rows.ndim != 2 or not torch.isfinite(rows).all():
        raise ValueError("The vectors must be a matrix of finite numbers, one row for each item.")
    return F.normalize(rows, dim=1)


@dataclass(frozen=True)
class Plane:
    """The plane of largest variance of some rows: called with other rows (n, d), it says where they lie on it, (n, 2).

    So the same plane can hold a new item, or an earlier state of training.
    """

    middle: torch.Tensor  # (d,)
    directions: torch.Tensor  # (d, 2)

    @classmethod
    def of(cls, rows: torch.Tensor) -> Plane:
        """The two directions of largest variance of rows (n, d), n at least 1.

        A direction's sign is free; here its largest entry is positive, so that pictures don't flip.
        """
        middle = rows.mean(dim=0)
        centred = (rows - middle).double()
        directions = torch.linalg.eigh(centred.T @ centred).eigenvectors.flip(1)[:, :2]  # largest variance first
        largest = directions.gather(0, directions.abs().argmax(dim=0, keepdim=True))
        return cls(middle, directions * largest.sign())

    def __call__(self, rows: torch.Tensor) -> torch.Tensor:
        places = ((rows - self.middle).double() @ self.directions).float()
        return F.pad(places, (0, 2 - places.shape[1]))  # rows of one number have no second direction


def pca(rows: torch.Tensor) -> torch.Tensor:
    """(n, d) -> (n, 2): the coordinates along the two directions of largest variance."""
    return Plane.of(rows)(rows) if rows.numel() else torch.zeros(len(rows), 2)


def _tsne(rows: torch.Tensor, start: torch.Tensor, seed: int) -> np.ndarray:
    from sklearn.manifold import TSNE

    perplexity = min(30.0, (len(rows) - 1) / 3)
    start = start / start[:, 0].std() * 1e-4  # t-SNE wants to begin small
    return TSNE(perplexity=perplexity, init=start.numpy(), random_state=seed).fit_transform(rows.numpy())


def _umap(rows: torch.Tensor, start: torch.Tensor, seed: int) -> np.ndarray:
    try:
        import umap
    except ImportError as error:
        raise ValueError(
            'UMAP needs the package umap-learn: install it with `pip install umap-learn`, or choose method="tsne".'
        ) from error
    start = start / start.abs().max() * 10
    fit = umap.UMAP(n_neighbors=min(15, len(rows) - 1), init=start.numpy(), random_state=seed, n_jobs=1)
    return fit.fit_transform(rows.numpy())


def cache_folder() -> Path:
    """Where results of t-SNE and UMAP are kept; it may be deleted at any time."""
    from platformdirs import user_cache_dir

    return Path(user_cache_dir("mtsgns_lite", appauthor=False)) / "projections"


def _file(rows: torch.Tensor, method: str, seed: int) -> Path:
    """Where the result is kept; its name follows from all that it hangs on."""
    head = f"{VERSION} {method} {seed} {tuple(rows.shape)} ".encode()
    key = hashlib.sha256(head + rows.contiguous().numpy().tobytes()).hexdigest()[:32]
    return cache_folder() / f"{key}.npy"


def _read(path: Path, n: int) -> np.ndarray | None:
    """The cached points, or None if there are none, or the file is not what was written."""
    try:
        points = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    good = isinstance(points, np.ndarray) and points.shape == (n, 2) and points.dtype == np.float32
    return points if good and np.isfinite(points).all() else None


def _write(path: Path, points: np.ndarray) -> None:
    """Whole or not at all; a folder that can't be written costs only the time of computing again."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            np.save(file, points)
        os.replace(file.name, path)
    except OSError:
        pass
