"""Answers of several tensors: each is compared, and the one that is wrong is named."""

from __future__ import annotations

from collections.abc import Callable

from .comparing import close
from .running import shown


def same_parts(*names: str) -> Callable[[object, object], bool | str]:
    """Compares an answer with these parts, in this order: a sentence where some of them are right."""

    def same(got: object, expected: object) -> bool | str:
        if not isinstance(got, list | tuple) or len(got) != len(names):
            many = f" of {len(got)}" if isinstance(got, list | tuple) else ""
            due = f"where a tuple of {len(names)} is due: {', '.join(names)}."
            return f"The answer is a {type(got).__name__}{many}, {due}"
        assert isinstance(expected, tuple)
        found = [close(part, due) for part, due in zip(got, expected)]
        for name, verdict in zip(names, found):
            if isinstance(verdict, str):
                return verdict.replace("The answer", f"`{name}`", 1)
        wrong = [f"`{name}`" for name, verdict in zip(names, found) if not verdict]
        right = [f"`{name}`" for name, verdict in zip(names, found) if verdict]
        if wrong and right:
            return f"{' and '.join(right)} {_is(right)} right, {' and '.join(wrong)} {_is(wrong)} not."
        return not wrong

    return same


def show_parts(*names: str) -> Callable[[object], str]:
    """Each part with its name."""

    def show(got: object) -> str:
        if not isinstance(got, list | tuple) or len(got) != len(names):
            return shown(got)
        return "; ".join(f"{name} {shown(part, 70)}" for name, part in zip(names, got))

    return show


def _is(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"
