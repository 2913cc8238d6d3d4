"""The stepper's plane: every node's target and context vector, and arrows for those that the last step moved."""

from __future__ import annotations

import html

import numpy as np

from ..style import OTHER, clipped
from ..svg import text
from .marks import CENTRE, CONTEXT, NEGATIVE, Box, Place, arrow, heading, line, written
from .model import SkipGramSteps, Vectors

_LIMITS = (0.6, 0.8, 1, 1.25, 1.5, 2, 2.5, 3, 4, 6, 8, 10, 15, 20, 30, 50, 100)


def plane(steps: SkipGramSteps, left: float, top: float, side: float) -> list[str]:
    """Targets are dots and contexts are diamonds; grey are those that stayed where they were."""
    before = steps.leap.before if steps.leap else steps.pair.before if steps.pair else steps.vectors
    limit = _limit(before, steps.vectors)

    def where(vector: np.ndarray) -> Place:
        return left + side * (0.5 + vector[0] / (2.2 * limit)), top + side * (0.5 - vector[1] / (2.2 * limit))

    parts = [heading(left, 14, "Vectors", _said(steps)), *_frame(left, top, side, limit)]
    lit = _moved(steps)
    names: list[tuple[Place, str, bool]] = []
    taken: list[Box] = []
    for number, kind in ((1, "context"), (0, "target")):
        for node, name in enumerate(steps.graph.names):
            colour = lit.get((number, node))
            start, end = where(before[number][node]), where(steps.vectors[number][node])
            if colour or steps.leap:
                parts.append(arrow(start, end, colour or OTHER, 2.5 if colour else 1.2 if number == 0 else 0.5))
            parts.append(_dot(end, number, colour or OTHER, f"{name}, {kind}"))
            taken.append((end[0] - 5, end[1] - 5, end[0] + 5, end[1] + 5))
            if colour or number == 0:
                names.append((end, clipped(name, 9), bool(colour)))
    return parts + _names(names, taken, left, top, side)


def _said(steps: SkipGramSteps) -> str:
    if steps.leap:
        return "before → after these walks"
    if steps.pair:
        return f"after a step of rate {steps.rate:.2f}"
    return "as the last walk left them" if steps.steps else "at the start, by chance"


def _moved(steps: SkipGramSteps) -> dict[tuple[int, int], str]:
    """The colour of each vector in the last pair's gradient: (0, node) is a target, (1, node) a context."""
    pair = steps.pair
    if pair is None:
        return {}
    moved = {(1, node): NEGATIVE for node in pair.negatives}
    return moved | {(1, pair.context): CONTEXT, (0, pair.centre): CENTRE}


def _limit(*vectors: Vectors) -> float:
    """A round number that no coordinate exceeds, so that the scale seldom changes."""
    largest = max(float(np.abs(side).max()) for both in vectors for side in both)
    return next((limit for limit in _LIMITS if limit >= largest), largest)


def _frame(left: float, top: float, side: float, limit: float) -> list[str]:
    """Axes through the origin, the scale, and what the marks mean."""
    x, y, tick, key = left + side / 2, top + side / 2, side / 2.2, top + side + 19
    return [
        f'<path d="M{left:g} {y:g}h{side:g}M{x:g} {top:g}v{side:g}M{left:g} {top:g}h{side:g}v{side:g}h{-side:g}z" '
        f'fill="none" stroke="{OTHER}" opacity="0.5"/>',
        f'<path d="M{x + tick:g} {y - 3:g}v6" stroke="{OTHER}"/>',
        text(x + tick, y + 15, f"{limit:.3g}", anchor="middle", size=11),
        _dot((left + 6, key - 4), 0, OTHER, "target"),
        text(left + 16, key, "target vector u", size=12),
        _dot((left + 122, key - 4), 1, OTHER, "context"),
        text(left + 132, key, "context vector v, n", size=12),
    ]


def _dot(place: Place, number: int, colour: str, title: str) -> str:
    """A filled dot for a target, an open diamond for a context."""
    x, y = place
    if number == 0:
        shape = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{colour}">'
        return f"{shape}<title>{html.escape(title)}</title></circle>"
    shape = f'<path d="M{x:.1f} {y - 5:.1f}l5 5l-5 5l-5 -5z" fill="none" stroke="{colour}" stroke-width="1.8">'
    return f"{shape}<title>{html.escape(title)}</title></path>"


def _names(names: list[tuple[Place, str, bool]], taken: list[Box], left: float, top: float, side: float) -> list[str]:
    """Names near their dots where there is room, with a line to the dot where they are not beside it."""
    parts = []
    for (x, y), name, lit in sorted(names, key=lambda each: (not each[2], each[0][1])):
        half = 3.3 * len(name)
        candidates = [
            (
                min(max(x + sign * (half + 8), left + half + 2), left + side - half - 2),
                min(max(y + up, top + 8), top + side - 8),
            )
            for up in (0, 8, -8, 16, -16, 24, -24, 36, -36, 48, -48)
            for sign in (1, -1)
        ]
        drawn, chosen = written(name, candidates, taken, 700 if lit else 400)
        if chosen > 5:
            place = candidates[chosen]
            parts.append(line((x, y), (place[0] + (half if place[0] < x else -half), place[1]), OTHER, 0.8, 0.8))
        parts.append(drawn)
    return parts
