"""Small drawings as inline SVG, in the colours of the page they stand on."""

from __future__ import annotations

import html

INK = "color:var(--jp-ui-font-color1, inherit);font:13px system-ui,sans-serif"


def drawing(parts: list[str], width: float, height: float, alt: str) -> str:
    """The parts as one picture that shrinks with its page; `alt` says in words what it shows."""
    return (
        f'<svg role="img" aria-label="{html.escape(alt)}" viewBox="0 0 {width:g} {height:g}" width="100%" '
        f'style="max-width:{width:g}px;{INK}" xmlns="http://www.w3.org/2000/svg">' + "".join(parts) + "</svg>"
    )


def text(
    x: float, y: float, words: object, weight: int = 400, anchor: str = "start", size: float = 13,
    colour: str = "currentColor",
) -> str:  # fmt: skip
    """Words; `anchor` is "start", "middle" or "end"."""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" font-weight="{weight}" text-anchor="{anchor}" '
        f'font-size="{size:g}">{html.escape(str(words))}</text>'
    )


def bar(x: float, y: float, width: float, height: float, colour: str, opacity: float = 1) -> str:
    """A rectangle, whose width may be negative: then it extends to the left."""
    left = x + min(width, 0)
    return (
        f'<rect x="{left:.1f}" y="{y:.1f}" width="{abs(width):.1f}" height="{height:g}" fill="{colour}" '
        f'opacity="{opacity:g}"/>'
    )
