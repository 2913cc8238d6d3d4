"""The figures of serving and transfer: recall against speed, a walk through a graph of points, few labels and many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from .comparing import with_log_x
from .style import DASHES, OTHER, PALETTE, SYMBOLS, canvas, label

LINE = "rgba(128,128,128,.35)"


def recall_curves(
    graphs: Mapping[str, Sequence[tuple[int, float, float]]], exact: Mapping[str, float], title: str, k: int = 10
) -> go.Figure:
    """What an approximate search finds against how many it answers in a second (logarithmic).

    Parameters
    ----------
    graphs : for each catalogue (width of the search, queries per second, recall), a point each, joined by a line.
    exact : for each catalogue the queries per second of looking at everything: a star at a recall of 1.
    """
    figure = canvas(title, "queries per second of one processor", f"recall@{k}")
    for number, (name, points) in enumerate(graphs.items()):
        widths, rates, found = zip(*points) if points else ((), (), ())
        figure.add_trace(
            go.Scatter(
                x=rates, y=found, mode="lines+markers+text", name=label(f"graph, {name}"),
                text=[str(width) for width in widths], textfont=dict(size=11, color=PALETTE[number]),
                textposition="top right" if number % 2 else "bottom left",  # so that two lines' numbers don't meet
                line=dict(color=PALETTE[number], dash=DASHES[number], width=2.2),
                marker=dict(symbol=SYMBOLS[number], size=8), cliponaxis=False,
                hovertemplate="width %{text}: %{x:,.0f} a second, recall %{y:.3f}",
            )
        )  # fmt: skip
    for number, (name, rate) in enumerate(exact.items()):
        figure.add_trace(
            go.Scatter(
                x=[rate], y=[1.0], mode="markers", name=label(f"exact, {name}"), cliponaxis=False,
                marker=dict(symbol="star", size=15, color=PALETTE[number]),
                hovertemplate="%{x:,.0f} a second, nothing missed",
            )
        )  # fmt: skip
    every = [*exact.values(), *(rate for points in graphs.values() for _, rate, _ in points)]
    least = min((found for points in graphs.values() for _, _, found in points), default=0.9)
    figure.update_yaxes(tickformat=".0%", range=[least - 0.06, 1.04])
    return with_log_x(figure, every) if every else figure


def label_curves(accuracy: Mapping[str, Mapping[int, Sequence[float]]], guess: float, title: str) -> go.Figure:
    """Balanced accuracy against the number of labels (logarithmic): a line for each start, with its spread over seeds.

    Parameters
    ----------
    accuracy : start -> number of labels -> one accuracy for each seed (see `mtsgns_lite.transfer.learn_labels`).
    guess : what guessing gets, a dotted line.
    """
    figure = canvas(title, "labelled examples", "balanced accuracy")
    sizes = sorted({size for found in accuracy.values() for size in found})
    for number, (start, found) in enumerate(accuracy.items()):
        means, spreads = ([float(measure(found[n])) for n in found] for measure in (np.mean, np.std))
        figure.add_trace(
            go.Scatter(
                x=list(found), y=means, mode="lines+markers", name=label(start),
                line=dict(color=PALETTE[number % len(PALETTE)], dash=DASHES[number % len(DASHES)], width=2.2),
                marker=dict(symbol=SYMBOLS[number % len(SYMBOLS)], size=8),
                error_y=dict(array=spreads, thickness=1.2, width=4, visible=any(spreads)),
                hovertemplate="%{x:,} labels: %{y:.3f}",
            )
        )  # fmt: skip
    figure.add_hline(
        y=guess, line=dict(color="rgba(128,128,128,.7)", width=1.2, dash="dot"), annotation_text="guessing",
        annotation_position="bottom right",
    )  # fmt: skip
    if not sizes:
        return figure
    every = [value for found in accuracy.values() for values in found.values() for value in values] + [guess]
    room = 0.08 * (max(every) - min(every) or 1)
    figure.update_yaxes(range=[min(every) - room, max(every) + room])
    with_log_x(figure, sizes)
    return figure.update_xaxes(tickvals=sizes, ticktext=[f"{size:,}" for size in sizes])


def walk_figure(
    points: Sequence, links: Sequence[Sequence[int]], walk: Sequence[int], query: Sequence[float], title: str
) -> go.Figure:
    """A search through a graph of points in the plane: from where to where it went, and what it looked at.

    Parameters
    ----------
    points : (n, 2). links : of each point, the numbers of those that it leads to.
    walk : the points that it stood on, in order. query : (2,) what is searched for, a star.
    """
    places = np.asarray(points, dtype=float)
    figure = canvas(title, height=480)
    ends = [(i, j) for i, own in enumerate(links) for j in own]
    looked = sorted({int(j) for i in walk for j in links[i]} | {int(i) for i in walk})
    figure.add_trace(_segments(places, ends))
    drawn = [("items", range(len(places)), OTHER, "circle-open", 6), ("looked at", looked, PALETTE[0], "circle", 7)]
    for name, rows, colour, symbol, size in drawn:
        figure.add_trace(
            go.Scatter(
                x=places[list(rows), 0], y=places[list(rows), 1], mode="markers", name=name, hoverinfo="skip",
                marker=dict(color=colour, symbol=symbol, size=size, line=dict(width=1)),
            )
        )  # fmt: skip
    steps = places[list(walk)]
    figure.add_trace(
        go.Scatter(
            x=steps[:, 0], y=steps[:, 1], mode="lines+markers", name="the walk", hoverinfo="skip",
            line=dict(color=PALETTE[1], width=3), marker=dict(symbol="square", size=8),
        )
    )  # fmt: skip
    figure.add_trace(
        go.Scatter(
            x=[query[0]], y=[query[1]], mode="markers", name="the query", hoverinfo="skip",
            marker=dict(symbol="star", size=16, color=PALETTE[3]),
        )
    )  # fmt: skip
    figure.update_xaxes(visible=False)
    return figure.update_yaxes(visible=False, scaleanchor="x")


def _segments(places: np.ndarray, ends: Sequence[tuple[int, int]]) -> go.Scatter:
    """All links as one broken line."""
    x, y = ([value for i, j in ends for value in (places[i, axis], places[j, axis], None)] for axis in (0, 1))
    return go.Scatter(
        x=x, y=y, mode="lines", line=dict(color=LINE, width=1), hoverinfo="skip", showlegend=False
    )  # fmt: skip
