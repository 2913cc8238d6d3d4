"""What the stepper's drawings are made of: arrows, headings, and words that look for a free place."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence

from ..style import PALETTE
from ..svg import text

CENTRE, CONTEXT, NEGATIVE = PALETTE[1], PALETTE[0], PALETTE[3]
SMALL = 12
Place = tuple[float, float]
Box = tuple[float, float, float, float]  # left, top, right, bottom
_LETTER = 6.6  # px, of small words


def heading(x: float, y: float, name: str, words: str, raised: str = "") -> str:
    """A name in bold and what is said of it; `raised` is an exponent at its end."""
    above = f'<tspan dy="-5" font-size="10">{html.escape(raised)}</tspan>' if raised else ""
    bold = f'<tspan font-weight="600">{html.escape(name)}</tspan>'
    return f'<text x="{x:g}" y="{y:g}" fill="currentColor">{bold} {html.escape(words)}{above}</text>'


def arrow(start: Place, end: Place, colour: str, width: float) -> str:
    """A line whose head ends at `end`; nothing where both are the same place to the eye."""
    (x0, y0), (x1, y1) = start, end
    length = math.hypot(x1 - x0, y1 - y0)
    if length < 1:
        return ""
    head = min(5 + width, length)
    along, across = ((x1 - x0) / length, (y1 - y0) / length), ((y1 - y0) / length, (x0 - x1) / length)
    x, y = x1 - head * along[0], y1 - head * along[1]
    corners = " ".join(f"{x + s * head * across[0]:.1f},{y + s * head * across[1]:.1f}" for s in (0.55, -0.55))
    return (
        f'<path d="M{x0:.1f} {y0:.1f}L{x:.1f} {y:.1f}" stroke="{colour}" stroke-width="{width:.1f}"/>'
        f'<polygon points="{x1:.1f},{y1:.1f} {corners}" fill="{colour}"/>'
    )


def line(start: Place, end: Place, colour: str, width: float, opacity: float) -> str:
    return (
        f'<path d="M{start[0]:.1f} {start[1]:.1f}L{end[0]:.1f} {end[1]:.1f}" stroke="{colour}" '
        f'stroke-width="{width:.1f}" opacity="{opacity:g}"/>'
    )


def written(words: str, candidates: Sequence[Place], taken: list[Box], weight: int = 400) -> tuple[str, int]:
    """Words around the first of the candidate places (of their middles) where they cover nothing, else the least.

    Returns the drawing and the number of the candidate; `taken` grows by their box.
    """
    half = _LETTER * len(words) / 2
    boxes = [(x - half, y - 6, x + half, y + 6) for x, y in candidates]
    covered = []
    for box in boxes:
        covered.append(sum(_overlap(box, other) for other in taken))
        if not covered[-1]:
            break
    chosen = covered.index(min(covered))
    taken.append(boxes[chosen])
    x, y = candidates[chosen]
    return text(x, y + 4, words, weight, "middle", SMALL), chosen


def _overlap(one: Box, other: Box) -> float:
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    return max(wide, 0) * max(high, 0)
