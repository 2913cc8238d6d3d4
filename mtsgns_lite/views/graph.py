"""A small weighted graph drawn on a circle, and a walk on it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import plotly.graph_objects as go

from .style import OTHER, PALETTE, canvas, label

WALK, NODE = PALETTE[1], PALETTE[0]
Place = tuple[float, float]


def graph_drawing(edges: Sequence[tuple[str, str, float]], title: str, highlight: Sequence[str] = ()) -> go.Figure:
    """A graph of a few nodes; the heavier an edge, the wider it is.

    Parameters
    ----------
    edges : (one end, other end, weight).
    highlight : the nodes of a walk in order. Arrows go along it, and its steps are numbered in the nodes.
    Raises ``ValueError`` when the walk visits a node that no edge touches.
    """
    nodes = list(dict.fromkeys(str(end) for edge in edges for end in edge[:2]))
    turn = 2 * math.pi / max(len(nodes), 1)
    place = {node: (math.sin(turn * i), math.cos(turn * i)) for i, node in enumerate(nodes)}  # clockwise from the top
    walk = [str(node) for node in highlight]
    unknown = [node for node in walk if node not in place]
    if unknown:
        raise ValueError(f"The walk visits {unknown[0]!r}, which no edge touches: name nodes of the graph.")
    figure = canvas(title, height=480, showlegend=False)
    heaviest = max((abs(weight) for *_, weight in edges), default=1) or 1
    for one, other, weight in edges:
        _edge(figure, place[str(one)], place[str(other)], weight, 1 + 7 * abs(weight) / heaviest, len(edges) <= 24)
    for start, end in zip(walk, walk[1:]):
        _arrow(figure, place[start], place[end])
    steps = [", ".join(str(i + 1) for i, own in enumerate(walk) if own == node) for node in nodes]
    figure.add_trace(
        go.Scatter(
            x=[place[node][0] for node in nodes], y=[place[node][1] for node in nodes], mode="markers+text",
            text=steps, textfont=dict(color="white", size=12), hovertext=[label(node) for node in nodes],
            hoverinfo="text", marker=dict(size=32, color=[WALK if step else NODE for step in steps], opacity=1),
        )
    )  # fmt: skip
    for node in nodes:
        _name(figure, place[node], node)
    figure.update_xaxes(visible=False, range=[-2, 2])
    return figure.update_yaxes(visible=False, range=[-1.25, 1.25], scaleanchor="x")


def _edge(figure: go.Figure, start: Place, end: Place, weight: float, width: float, written: bool) -> None:
    """A line, and its weight beside it: off the middle, where lines cross."""
    (x0, y0), (x1, y1) = start, end
    line = dict(color=OTHER, width=width)
    figure.add_trace(go.Scatter(x=[x0, x1], y=[y0, y1], mode="lines", hoverinfo="skip", opacity=0.55, line=line))
    length = math.hypot(x1 - x0, y1 - y0)
    if written and length:
        across = ((y1 - y0) / length, (x0 - x1) / length)
        side = 1 if across[0] * (x0 + x1) + across[1] * (y0 + y1) >= -1e-9 else -1  # outwards
        figure.add_annotation(
            x=0.58 * x0 + 0.42 * x1, y=0.58 * y0 + 0.42 * y1, text=f"{weight:g}", showarrow=False, font=dict(size=14),
            xshift=side * across[0] * (9 + width / 2), yshift=side * across[1] * (9 + width / 2),
        )  # fmt: skip


def _arrow(figure: go.Figure, start: Place, end: Place) -> None:
    figure.add_annotation(
        ax=start[0], ay=start[1], x=end[0], y=end[1], xref="x", yref="y", axref="x", ayref="y", text="", showarrow=True,
        arrowhead=2, arrowwidth=3, arrowcolor=WALK, standoff=18, startstandoff=18,
    )  # fmt: skip


def _name(figure: go.Figure, place: Place, node: str) -> None:
    """A node's name, outside the circle."""
    x, y = place
    anchor = "center" if abs(x) < 0.3 else "left" if x > 0 else "right"
    shift = dict(xshift=0, yshift=28 if y > 0 else -28) if anchor == "center" else dict(xshift=20 * x, yshift=14 * y)
    figure.add_annotation(
        x=x, y=y, text=label(node), showarrow=False, font=dict(size=14), xanchor=anchor, **shift
    )  # fmt: skip
