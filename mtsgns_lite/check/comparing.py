"""Is an answer the expected one, and if not, in what way?"""

from __future__ import annotations

import numbers

import numpy as np
import torch

BROKEN = {"NaN, not a number": torch.isnan, "infinite": torch.isinf}
NOT_FINITE = "The answer is {}: something overflows, or is divided by 0, or its logarithm is taken at 0."


def close(got: object, expected: object, relative: float = 1e-4, absolute: float = 1e-6) -> bool | str:
    """True where the values agree, False where they don't, and a sentence where the answer is of the wrong kind."""
    given, wanted = as_tensor(got), as_tensor(expected)
    assert wanted is not None
    if given is None:
        return f"The answer is {_kind(got)}, where {_shape(wanted)} is due."
    if given.shape != wanted.shape:
        return f"The answer is {_shape(given)}, where {_shape(wanted)} is due."
    whole = not given.is_floating_point() and not isinstance(got, int)
    if whole and wanted.is_floating_point() and wanted.numel():
        return f"The answer is of type {given.dtype}, where floating-point numbers are due."
    given, wanted = given.detach().cpu().double(), wanted.detach().cpu().double()
    if torch.allclose(given, wanted, rtol=relative, atol=absolute, equal_nan=True):
        return True
    for name, broken in BROKEN.items():
        if (broken(given) & ~broken(wanted)).any():
            return NOT_FINITE.format(name)
    return False


def not_finite(value: object) -> str:
    """A sentence where numbers are all NaN or all infinite, else nothing."""
    given = as_tensor(value)
    if given is None or not given.is_floating_point() or not given.numel():
        return ""
    return next((NOT_FINITE.format(name) for name, broken in BROKEN.items() if broken(given).all()), "")


def as_tensor(value: object) -> torch.Tensor | None:
    """A tensor of what holds numbers in a regular shape, else None."""
    if isinstance(value, torch.Tensor):
        return value
    if isinstance(value, np.ndarray | np.generic | numbers.Number | list | tuple):
        try:
            if isinstance(value, list | tuple) and any(isinstance(part, torch.Tensor) for part in value):
                return torch.stack([torch.as_tensor(part) for part in value])
            array = np.asarray(value)
            return torch.as_tensor(array.copy()) if array.dtype.kind in "biuf" else None
        except (ValueError, TypeError, RuntimeError):
            return None
    return None


def _kind(value: object) -> str:
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _shape(value: torch.Tensor) -> str:
    return "a single number" if value.ndim == 0 else f"of shape {tuple(value.shape)}"
