"""Holds an answer against an exercise: its values, its gradient, then what it does on inputs it can't know."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

import torch

from .advice import advice
from .comparing import not_finite
from .exercise import Case, Exercise, Finding
from .probing import Runner, probes
from .running import Outcome, fresh, short, shown
from .verdict import Verdict

_tries: dict[str, int] = {}  # failed ones since the exercise was last passed
_judged: dict[str, object] = {}  # the answer that failed last
_seeds = itertools.count(1)

SAME = "This is the function of the last try: if you changed it, run its cell first."
HARD_CODED = (
    "It is right on the examples and wrong on inputs drawn anew: a number or a size of an example may be written "
    "into the function."
)
CONSTANT = "It gives the same answer whatever it is given: the inputs don't reach what is returned."


@dataclass
class Fault:
    """What is wrong on one case; `hint` where the fault itself says what to do."""

    case: Case
    expected: object = None
    got: object = None
    words: str = ""
    hint: str = ""
    valued: bool = False
    stopped: bool = False
    printed: str = ""
    text: dict[str, str] = field(default_factory=dict)


def judge(exercise: Exercise, answer: object, seconds: float = 5.0) -> Verdict:
    """See `check`."""
    if answer is None or answer is ...:
        return _unanswered(exercise)
    if not callable(answer):
        kind = type(answer).__name__
        return _failed(exercise, Finding(f"Give the function itself, without brackets after its name, not a {kind}."))
    wanted = len(inspect.signature(exercise.oracle).parameters)
    if not _takes(answer, wanted):
        return _failed(exercise, Finding(f"The function must take {wanted} arguments: {exercise.signature}."))
    runner = Runner(exercise, answer, seconds)
    cases, drawn = exercise.cases(), exercise.drawn(next(_seeds))
    first = runner.call(*cases[0].arguments)
    if _blank(first):
        return _unanswered(exercise)
    faults, gots = _values(runner, cases, first)
    if not faults:
        faults = _values(runner, drawn)[0]
        for fault in faults:
            fault.hint = fault.hint or HARD_CODED
    if faults:
        return _failed(exercise, _diagnosis(exercise, faults, gots), answer)
    if finding := next(probes(runner, cases), None):
        return _failed(exercise, finding, answer)
    _tries.pop(exercise.name, None)
    return Verdict(exercise.name, passed=True, cases=len(cases) + len(drawn), printed=first.printed)


def forget() -> None:
    """Every exercise is at its first try again."""
    _tries.clear()
    _judged.clear()


def _takes(answer: Callable, wanted: int) -> bool:
    try:
        inspect.signature(answer).bind(*range(wanted))
    except TypeError:
        return False
    except ValueError:  # a builtin without a signature
        return True
    return True


def _blank(first: Outcome) -> bool:
    stub = isinstance(first.exception, TypeError | AttributeError) and "ellipsis" in first.trouble
    own = isinstance(first.exception, NotImplementedError) and not advice(first.exception)  # torch raises it too
    return first.value is ... or stub or own


def _values(runner: Runner, cases: list[Case], first: Outcome | None = None) -> tuple[list[Fault], list]:
    """The cases on which the answer is wrong, and (expected, got) of all; it ends where the answer must be stopped."""
    faults, values = [], []
    for number, case in enumerate(cases):
        expected = runner.exercise.oracle(*fresh(case.arguments))
        outcome = first if first is not None and number == 0 else runner.call(*case.arguments)
        fault = _fault(runner.exercise, case, expected, outcome)
        if fault is not None:
            fault.printed = outcome.printed
            faults.append(fault)
            if fault.stopped:
                break
        if not outcome.trouble:
            values.append((expected, outcome.value))
    return faults, values


def _fault(exercise: Exercise, case: Case, expected, outcome: Outcome) -> Fault | None:
    if outcome.trouble:
        if outcome.exception is None:
            return Fault(case, expected, words="nothing", hint=outcome.trouble, stopped=True)
        return Fault(case, expected, words=outcome.trouble, hint=advice(outcome.exception))
    if outcome.value is None:
        return Fault(case, expected, words="None", hint="The function returns None: a `return` may be missing.")
    same = _same(exercise, outcome.value, expected)
    if same is True:
        return None
    return Fault(case, expected, outcome.value, hint=same if isinstance(same, str) else "", valued=True)


def _same(exercise: Exercise, got, expected) -> bool | str:
    try:
        same = exercise.same(got, expected)
    except Exception:  # an answer may be anything at all
        return f"The answer can't be read: {shown(got, 80)}."
    return same if isinstance(same, str) else bool(same)


def _diagnosis(exercise: Exercise, faults: list[Fault], values: list) -> Finding:
    """The smallest failing case, with the mistake that explains all failing ones where one does."""
    fault, hint = faults[0], ""
    if all(fault.case.hint for fault in faults):
        hint = fault.case.hint
    if not hint and fault.valued:
        hint = _mistake(exercise, [fault for fault in faults if fault.valued], _constant(exercise, values))
    where = {} if fault.stopped else _arguments(exercise, fault.case)
    got = fault.words or _show(exercise, fault.got)
    hint, expected = hint or fault.hint or fault.case.hint, _show(exercise, fault.expected)
    return _Found(hint, fault.case.name, expected, got, where, "" if fault.stopped else fault.printed)


def _show(exercise: Exercise, value) -> str:
    try:
        return exercise.show(value)
    except Exception:  # an answer may be anything at all
        return shown(value)


@dataclass(frozen=True)
class _Found(Finding):
    """A finding on a case."""

    where: dict[str, str] = field(default_factory=dict)
    printed: str = ""


def _mistake(exercise: Exercise, faults: list[Fault], constant: bool) -> str:
    """What explains all faults; a constant is told of before two mistakes at once, which it may equal by chance.

    NaN whatever is given is no constant: the inputs may well reach it.
    """
    for mistake in exercise.mistakes:
        if not (constant and mistake.faults > 1) and all(_equals(exercise, mistake.wrong, fault) for fault in faults):
            return mistake.hint
    return (not_finite(faults[0].got) or CONSTANT) if constant else ""


def _equals(exercise: Exercise, wrong: Callable, fault: Fault) -> bool:
    try:
        value = wrong(*fresh(fault.case.arguments))
    except Exception:  # the mistake has no value here
        return False
    return _same(exercise, fault.got, value) is True


def _constant(exercise: Exercise, values: list) -> bool:
    if len(values) < 2:
        return False
    (expected, got), *others = values
    differ = any(_same(exercise, other, expected) is not True for other, _ in others)
    return differ and all(_same(exercise, other, got) is True for _, other in others)


def _arguments(exercise: Exercise, case: Case) -> dict[str, str]:
    """The input's parts, where they are small enough to be read."""
    names = inspect.signature(exercise.oracle).parameters
    parts = {name: part for name, part in zip(names, case.arguments) if not isinstance(part, torch.Generator)}
    return {name: shown(part, 120) for name, part in parts.items()}


def _unanswered(exercise: Exercise) -> Verdict:
    hint = f"Write {exercise.signature.split(':')[0]}, then run this cell again."
    return Verdict(exercise.name, unanswered=True, hints=(hint,), tries=_tries.get(exercise.name, 0))


def _failed(exercise: Exercise, finding: Finding, answer: object = None) -> Verdict:
    """The verdict on one more failed try, with one more of the growing hints."""
    tries = _tries[exercise.name] = _tries.get(exercise.name, 0) + 1
    hints = [finding.hint] if finding.hint else []
    hints += exercise.hints[: tries - len(hints)]
    again = answer is not None and _judged.get(exercise.name) is answer
    _judged[exercise.name] = answer
    return Verdict(
        exercise.name,
        case=finding.case,
        arguments=getattr(finding, "where", {}),
        expected=finding.expected,
        got=short(finding.got),
        hints=tuple(hints),
        tries=tries,
        note=SAME if again else "",
        printed=getattr(finding, "printed", ""),
    )
