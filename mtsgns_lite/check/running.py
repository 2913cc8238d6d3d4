"""Calls a learner's function under limits: of time, of what it prints, and of what it may break."""

from __future__ import annotations

import contextlib
import copy
import inspect
import io
import itertools
import linecache
import traceback
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from .watching import Stopped, Watch

SECONDS = 5.0
CHARACTERS = 10_000
YIELDED = 1_000_000  # of a generator, before it is taken for one without an end


class Flooded(BaseException):
    """Thrown where a function printed too much."""


@dataclass
class Outcome:
    """What a call came to: its value, or a sentence on why there is none; no `exception` where it was stopped."""

    value: object = None
    trouble: str = ""
    exception: BaseException | None = None
    printed: str = ""
    given: tuple = ()  # the arguments, as the call left them


class Printed(io.TextIOBase):
    """Keeps what a call prints, for the verdict shows that of one input; stops a call that prints too much."""

    def __init__(self) -> None:
        self.count, self.parts = 0, [""]

    def write(self, text: str) -> int:
        """See `io.TextIOBase.write`."""
        self.count += len(text)
        if self.count > CHARACTERS:
            raise Flooded
        self.parts.append(text)
        return len(text)


def call(function: Callable, arguments: tuple, seconds: float = SECONDS, of: Callable | None = None) -> Outcome:
    """The outcome of ``function(*arguments)``, with copies of the arguments; only a KeyboardInterrupt gets out.

    Errors are told by their line in `of`, the learner's function, which is `function` if not given.
    """
    printed, given = Printed(), tuple(fresh(argument) for argument in arguments)
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed), torch.enable_grad():
        outcome = watched(lambda: _value(function(*given)), seconds, of or function)
    outcome.printed, outcome.given = "".join(printed.parts), given
    return outcome


def watched(work: Callable[[], object], seconds: float, function: Callable) -> Outcome:
    """The outcome of `work`; `function` is whose line an error is told by."""
    watch = Watch(seconds)
    try:
        try:
            return Outcome(work())
        finally:
            watch.finish()
    except KeyboardInterrupt:
        raise
    except Stopped:
        watch.finish()
        return Outcome(trouble=f"It was stopped after {seconds:g} seconds: a loop may never end.")
    except Flooded:
        return Outcome(trouble=f"It was stopped after printing {CHARACTERS:,} characters: print less.")
    except BaseException as error:
        return Outcome(trouble=told(error, function), exception=error)


def fresh(argument):
    """A copy of an argument, which an answer may write into."""
    if isinstance(argument, torch.Tensor):
        return argument.detach().clone().requires_grad_(argument.requires_grad)
    if isinstance(argument, torch.Generator):
        generator = torch.Generator(argument.device)
        generator.set_state(argument.get_state())
        return generator
    if isinstance(argument, list | tuple):
        return type(argument)(fresh(part) for part in argument)
    return copy.deepcopy(argument)


def told(error: BaseException, function: Callable) -> str:
    """An exception in one line: its type, what it says, and the line of the learner's function."""
    words = short(_safely(lambda: str(error)), 200)
    return f"It raised {type(error).__name__}{': ' if words else ''}{words}{_place(error, function)}"


def _place(error: BaseException, function: Callable) -> str:
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is None:
        return ""
    lines = [
        line for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == code.co_filename
    ]
    if not lines:
        return ""
    source = linecache.getline(code.co_filename, lines[-1]).strip()
    return f" (line {lines[-1]}{': ' + short(source, 100) if source else ''})"


def short(text: object, most: int = 240) -> str:
    """Text on one line, cut off after `most` characters."""
    line = " ".join(str(text).split())
    return line if len(line) <= most else line[: most - 1] + "…"


def shown(value: object, most: int = 240) -> str:
    """A value in a line, with the shape and no content where it is large."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        return shown(torch.as_tensor(value.copy()), most).replace("a tensor", "an array")
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu()
        if value.numel() > 16:
            return f"a tensor of shape {tuple(value.shape)}"
        if value.ndim == 0:
            return f"{value.item():.6g}" if value.is_floating_point() else str(value.item())
        digits = 4 if value.is_floating_point() else 0
        rows = str([round(x, digits) if digits else x for x in value.flatten().tolist()]) if value.ndim == 1 else None
        return short(rows or value.tolist(), most) if rows else short(_rounded(value.tolist()), most)
    if isinstance(value, float):
        return f"{value:.6g}"
    return short(_safely(lambda: repr(value)), most)


def _rounded(rows):
    return [_rounded(row) if isinstance(row, list) else round(row, 4) for row in rows]


def _safely(words: Callable[[], str]) -> str:
    try:
        return words()
    except Exception as error:  # an object of the learner's may fail even to show itself
        return f"(can't be shown: {type(error).__name__})"


def _value(value):
    return list(itertools.islice(value, YIELDED)) if inspect.isgenerator(value) else value
