"""What a check asks of an answer whose values are right: its gradient, its device, an exercise's own probes."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch

from .advice import advice
from .exercise import Case, Exercise, Finding
from .running import Outcome, call, fresh, shown

DETACHED = (
    "The value is right, but no gradient reaches `{}`, so training would leave it where it is. Gradients end at "
    "`.detach()`, `.item()`, `.data`, `torch.no_grad()`, NumPy and `torch.tensor(...)` of a tensor."
)


UNEQUAL = "The value is right, but its gradient for `{}` is not: part of it is detached, or is NaN."
WRITTEN = (
    "The value is right, but the function writes into `{}`, which others go on using: a = a / b makes a new one, where "
    "a /= b changes the one it was given."
)


@dataclass
class Runner:
    """Calls one answer, under limits."""

    exercise: Exercise
    answer: Callable
    seconds: float

    def call(self, *arguments) -> Outcome:
        """The outcome on copies of these arguments."""
        return call(self.answer, arguments, self.seconds)


class _Trouble(Exception):
    """The answer had no value for a probe."""


def probes(runner: Runner, cases: list[Case]) -> Iterator[Finding]:
    """What else is wrong with an answer whose values are right."""
    exercise = runner.exercise
    if exercise.gradient and exercise.reference is not None:
        for case in cases:
            if found := _gradient(runner, case):
                yield found
        if torch.cuda.is_available() and (found := _device(runner, cases[-1])):
            yield found
    if found := _written(runner, cases):
        yield found
    for probe in exercise.extra:
        try:
            found = probe(lambda *arguments: _value(runner, arguments))
        except _Trouble as trouble:
            found = Finding(str(trouble))
        if found:
            yield found


def _value(runner: Runner, arguments: tuple):
    outcome = runner.call(*arguments)
    if outcome.trouble:
        raise _Trouble(outcome.trouble)
    return outcome.value


def _written(runner: Runner, cases: list[Case]) -> Finding | None:
    """Does it write into an argument that it must leave as it is?"""
    names = list(inspect.signature(runner.exercise.oracle).parameters)
    for case in cases if runner.exercise.kept else []:
        outcome = runner.call(*case.arguments)
        for place in runner.exercise.kept:
            was, now = (part[place] for part in (case.arguments, outcome.given))
            if not (torch.equal(was, now) if isinstance(was, torch.Tensor) else was == now):
                return Finding(WRITTEN.format(names[place]), case.name, shown(was), shown(now))
    return None


def _gradient(runner: Runner, case: Case) -> Finding | None:
    """What is wrong with the gradient on one case."""
    exercise = runner.exercise
    if any(isinstance(part, torch.Tensor) and not part.numel() for part in case.arguments):
        return None
    work = functools.partial(gradients, runner.answer, exercise.gradient)
    outcome = call(work, case.arguments, runner.seconds, of=runner.answer)
    if outcome.trouble:
        hint = advice(outcome.exception) if outcome.exception is not None else outcome.trouble
        hint = hint or "The value is right, but it fails where the inputs need a gradient."
        return Finding(hint, case.name, "a gradient", outcome.trouble)
    assert exercise.reference is not None
    wanted = gradients(exercise.reference, exercise.gradient, *fresh(case.arguments))
    assert isinstance(outcome.value, list)
    names = list(inspect.signature(exercise.oracle).parameters)
    for place, got, due in zip(exercise.gradient, outcome.value, wanted):
        if got is None and due is not None and due.any():
            return Finding(DETACHED.format(names[place]), case.name, "a gradient", "none")
        if got is not None and due is not None and not torch.allclose(got.cpu(), due, rtol=1e-3, atol=1e-5):
            return Finding(UNEQUAL.format(names[place]), case.name, f"gradient {shown(due)}", shown(got))
    return None


def gradients(function: Callable, places: tuple[int, ...], *arguments) -> list[torch.Tensor | None]:
    """Of the arguments in these places, from a sum of the answer in which no two places weigh the same."""
    leaves = [arguments[place].requires_grad_() for place in places]
    value = function(*arguments)
    if not isinstance(value, torch.Tensor) or not value.requires_grad:
        return [None] * len(leaves)
    weight = 1 + torch.arange(value.numel(), dtype=value.dtype, device=value.device).view(value.shape)
    return list(torch.autograd.grad((value * weight).sum(), leaves, allow_unused=True))


def _device(runner: Runner, case: Case) -> Finding | None:
    moved = tuple(part.cuda() if isinstance(part, torch.Tensor) else part for part in case.arguments)
    outcome = runner.call(*moved)
    if outcome.trouble:
        return Finding(
            "It fails with tensors on a GPU: make new tensors on the inputs' device.", case.name, "", outcome.trouble
        )
    if isinstance(outcome.value, torch.Tensor) and not outcome.value.is_cuda:
        return Finding("With inputs on a GPU the answer is on the CPU: it belongs where the inputs are.", case.name)
    return None
