"""The figures of a comparison of many methods: dots with their spread, quality against cost, lines one may hide."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

import plotly.graph_objects as go

from .style import DASHES, PALETTE, SYMBOLS, canvas, label

WIDTH, HEIGHT, LETTER, LINE = 700, 400, 6.6, 15  # px of the plane, and of text, by which labels are placed


def dots(
    series: Mapping[str, Mapping[str, tuple[float, float]]], title: str, x: str, chance: float | None = None
) -> go.Figure:
    """A row for each name, and in it a dot for each series: ``{series: {name: (mean, spread)}}``.

    `chance` draws a line where a coin would be.
    """
    names = list(dict.fromkeys(name for values in series.values() for name in values))
    figure = canvas(title, x, height=150 + 24 * len(names))
    for number, (own, values) in enumerate(series.items()):
        means, spreads = zip(*values.values()) if values else ((), ())
        figure.add_trace(
            go.Scatter(
                x=means, y=[label(name) for name in values], mode="markers", name=label(own),
                error_x=dict(array=spreads, thickness=1.2, width=3, visible=any(spreads)),
                marker=dict(color=PALETTE[number], symbol=SYMBOLS[number], size=9, line=dict(width=0)),
                hovertemplate="%{y}: %{x:.4f}<extra>" + label(own) + "</extra>",
            )
        )  # fmt: skip
    if chance is not None:
        figure.add_vline(x=chance, line=dict(color="rgba(128,128,128,.7)", width=1.2, dash="dot"))
    order = [label(name) for name in names]
    figure.update_yaxes(type="category", categoryorder="array", categoryarray=order, autorange="reversed", title=None)
    return figure.update_layout(showlegend=len(series) > 1)


def tradeoff(
    points: Mapping[str, tuple[float, float]], families: Mapping[str, str], title: str, x: str, y: str
) -> go.Figure:
    """Cost (logarithmic) against quality, a point for each name, in the colour of its family.

    A dotted line joins those that nothing cheaper beats. Names are written where they find room; all show on hovering.
    """
    figure = canvas(title, x, y, height=HEIGHT + 90)
    best = frontier(points)
    figure.add_trace(
        go.Scatter(
            x=[points[name][0] for name in best], y=[points[name][1] for name in best], mode="lines",
            line=dict(color="rgba(128,128,128,.7)", width=1.2, dash="dot"), hoverinfo="skip", showlegend=False,
        )
    )  # fmt: skip
    places = _label_places(points, first=best)
    for number, family in enumerate(dict.fromkeys(families[name] for name in points)):
        names = [name for name in points if families[name] == family]
        figure.add_trace(
            go.Scatter(
                x=[points[name][0] for name in names], y=[points[name][1] for name in names], mode="markers+text",
                name=label(family), text=[label(name) if name in places else "" for name in names],
                textposition=[places.get(name, "top center") for name in names], textfont=dict(size=11),
                customdata=[label(name) for name in names], cliponaxis=False,
                marker=dict(color=PALETTE[number], symbol=SYMBOLS[number], size=10, line=dict(width=0)),
                hovertemplate="<b>%{customdata}</b><br>%{x:.3g}, %{y:.4f}<extra></extra>",
            )
        )  # fmt: skip
    return with_log_x(figure, [cost for cost, _ in points.values()])


def with_log_x(figure: go.Figure, values: Sequence[float]) -> go.Figure:
    """A logarithmic axis with room for the values at its ends, marked at 1, 2, 5, 10, 20 and so on."""
    low, high = math.log10(min(values)), math.log10(max(values))
    room = 0.12 * max(high - low, 0.3)
    marks = [times * 10.0**power for power in range(-4, 7) for times in (1, 2, 5)]
    axis = dict(type="log", range=[low - room, high + room], tickvals=marks, ticktext=[f"{mark:g}" for mark in marks])
    return figure.update_xaxes(**axis)


def frontier(points: Mapping[str, tuple[float, float]]) -> list[str]:
    """The names that no cheaper one equals, the cheapest first."""
    kept: list[str] = []
    for name in sorted(points, key=lambda name: (points[name][0], -points[name][1])):
        if not kept or points[name][1] > points[kept[-1]][1]:
            kept.append(name)
    return kept


def _label_places(points: Mapping[str, tuple[float, float]], first: Sequence[str]) -> dict[str, str]:
    """Where each name fits beside its point, covering no other; those that fit nowhere are left out."""
    costs, values = [math.log10(cost) for cost, _ in points.values()], [value for _, value in points.values()]
    across, up = max(max(costs) - min(costs), 1e-9) * 1.24, max(max(values) - min(values), 1e-9) * 1.1
    spots = {
        name: ((cost - min(costs)) / across * WIDTH, (value - min(values)) / up * HEIGHT)
        for name, cost, value in zip(points, costs, values)
    }
    taken = [(px - 6, py - 6, px + 6, py + 6) for px, py in spots.values()]
    places = {}
    for name in dict.fromkeys([*first, *points]):
        (px, py), wide = spots[name], LETTER * len(name)
        boxes = {
            "middle right": (px + 8, py - LINE / 2), "middle left": (px - 8 - wide, py - LINE / 2),
            "top center": (px - wide / 2, py + 8), "bottom center": (px - wide / 2, py - 8 - LINE),
        }  # fmt: skip
        for place, (left, low) in boxes.items():
            box = (left, low, left + wide, low + LINE)
            if not any(_overlap(box, other) for other in taken):
                places[name] = place
                taken.append(box)
                break
    return places


def _overlap(one: tuple, other: tuple) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def with_few(figure: go.Figure, shown: Collection[str], order: Sequence[str]) -> go.Figure:
    """The same lines, of which only some are drawn until one clicks on the others in the legend, at the right.

    A name's place in `order` gives its colour and dashes, so that it has the same ones in every figure.
    """
    places = {label(name): number for number, name in enumerate(order)}
    for trace in figure.data:
        number = places[trace.name]
        trace.line.update(color=PALETTE[number % len(PALETTE)], dash=DASHES[number % len(DASHES)])
        trace.visible = True if trace.name in {label(name) for name in shown} else "legendonly"
    legend = dict(orientation="v", x=1.01, yref="paper", y=1, yanchor="top", font=dict(size=12))
    return figure.update_layout(legend=legend, height=max(figure.layout.height, 150 + 22 * len(figure.data)))
