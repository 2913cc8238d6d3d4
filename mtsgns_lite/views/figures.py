"""The figures of the lessons: arrays in, a `plotly.graph_objects.Figure` out. A title states what the figure shows."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from ..neighbours import TraitWeights
from .display import show, to_div, to_png
from .graph import graph_drawing
from .style import DASHES, DIVERGING, OTHER, PALETTE, SEQUENTIAL, SYMBOLS, canvas, clipped, frequent, label, labels
from .threshold import threshold_comparison

__all__ = [
    "bars", "graph_drawing", "grouped_bars", "heatmap", "histogram", "item_map", "learning_curve",
    "precision_recall_curve", "show", "threshold_comparison", "to_div", "to_png", "trait_bars",
]  # fmt: skip

MOST_POINTS = 400  # of a line: more can't be seen at this width


def learning_curve(
    curves: Mapping[str, Sequence[tuple[float, float]]], title: str, x: str = "step", y: str = "loss"
) -> go.Figure:
    """Lines through (step, value) pairs, one for each name."""
    figure = canvas(title, x, y)
    for number, (name, points) in enumerate(curves.items()):
        steps, values = (_array(column) for column in (zip(*points) if len(points) else ([], [])))
        figure.add_trace(_line(name, steps, values, number))
    return figure.update_layout(showlegend=len(curves) > 1, hovermode="x unified")


def precision_recall_curve(curves: Mapping[str, tuple[Sequence, Sequence, Sequence]], title: str) -> go.Figure:
    """Precision against recall; each curve is (thresholds, precision, recall), as `mt.precision_recall` returns it."""
    figure = canvas(title, "recall", "precision")
    for number, (name, curve) in enumerate(curves.items()):
        thresholds, precision, recall = (_thin(_array(values)) for values in curve)
        trace = _line(name, recall, precision, number)
        trace.customdata = thresholds
        trace.hovertemplate = "recall %{x:.3f}, precision %{y:.3f}<br>threshold %{customdata:.3f}"
        figure.add_trace(trace)
    figure.update_xaxes(range=[0, 1.01]).update_yaxes(range=[0, 1.03])
    return figure.update_layout(showlegend=len(curves) > 1)


def item_map(
    xy: Sequence, names: Sequence[str], colours: Mapping[str, Sequence[str]], title: str, sizes: Sequence | None = None
) -> go.Figure:
    """Items as points in the plane, coloured by the trait that the menu chooses.

    Parameters
    ----------
    xy : (n, 2). names : (n,). sizes : (n,), for instance how often each item is bought; areas follow them.
    colours : for each trait its value for every item. The nine most frequent values have a colour and a shape of their
        own, the rest are "other". A click in the legend hides a value, a double click shows it alone.
    """
    points, names = _array(xy).astype(np.float32), [clipped(name, 60) for name in names]
    radius = _radii(len(points), sizes)
    figure = canvas(title, height=540).update_layout(margin_l=12, margin_b=12, legend_itemsizing="constant")
    owners = []
    for trait, values in (colours or {"": [""] * len(names)}).items():
        for trace in _groups(points, names, radius, [str(value) for value in values]):
            trace.visible = trait == next(iter(colours), "")
            figure.add_trace(trace)
            owners.append(trait)
    figure.update_xaxes(visible=False).update_yaxes(visible=False, scaleanchor="x")
    figure.update_layout(
        legend=dict(orientation="v", x=1.01, yref="paper", y=0.9, yanchor="top", font=dict(size=12)),
        showlegend=bool(colours),
    )
    return _with_menu(figure, owners) if colours else figure


def _groups(points: np.ndarray, names: list[str], radius: np.ndarray, values: list[str]) -> list[go.Scatter]:
    """One trace for each frequent value, largest first, after one for all the others, which lies underneath."""
    named = frequent(values)
    rest = [i for i, value in enumerate(values) if value not in named]
    traces = []
    if rest:
        traces.append(_points(points, names, radius, rest, "other", OTHER, "circle-open"))
        traces[0].update(customdata=labels(values[i] for i in rest), legendrank=2000, opacity=0.6)
        traces[0].hovertemplate = "<b>%{text}</b><br>%{customdata}<extra></extra>"
    for number, value in enumerate(named):
        rows = [i for i, own in enumerate(values) if own == value]
        traces.append(_points(points, names, radius, rows, value or "(unknown)", PALETTE[number], SYMBOLS[number]))
    return traces


def _points(points, names, radius, rows: list[int], value: str, colour: str, symbol: str) -> go.Scatter:
    """The items of one value of a trait; names and value show on hovering."""
    return go.Scatter(
        x=points[rows, 0], y=points[rows, 1], mode="markers", name=label(clipped(value, 24)),
        text=labels(names[i] for i in rows), hovertemplate=f"<b>%{{text}}</b><br>{label(value)}<extra></extra>",
        marker=dict(color=colour, symbol=symbol, size=radius[rows], line=dict(width=0)), opacity=0.85,
    )  # fmt: skip


def _with_menu(figure: go.Figure, owners: list[str]) -> go.Figure:
    """A menu with one button for each trait, at the upper right."""
    buttons = [
        dict(label=label(trait), method="restyle", args=[{"visible": [owner == trait for owner in owners]}])
        for trait in dict.fromkeys(owners)
    ]
    menu = dict(
        buttons=buttons, x=1.01, xanchor="left", y=1, yanchor="top", pad=dict(l=2), showactive=True,
        bgcolor="#E8E8E8", bordercolor="#999999", font=dict(color="#222222", size=12),
    )  # fmt: skip
    return figure.update_layout(updatemenus=[menu])


def _radii(n: int, sizes: Sequence | None) -> np.ndarray:
    """Marker diameters in px whose areas follow the sizes, 4 to 18."""
    if sizes is None or not n:
        return np.full(n, 6.0)
    area = np.maximum(_array(sizes), 0)
    return np.round(4 + 14 * np.sqrt(area / max(area.max(), 1e-12)), 1).astype(np.float32)


def trait_bars(weights: TraitWeights, title: str) -> go.Figure:
    """For each source its softmax weight beside its share of the embedding, and the planted share where it is known."""
    rows: dict[str, Sequence[float]] = {"weight": weights.weight, "contribution share": weights.share}
    if weights.truth:
        rows["planted share"] = [weights.truth.get(source, math.nan) for source in weights.sources]
    figure = canvas(title, height=130 + (18 * len(rows) + 14) * max(len(weights.sources), 3), barmode="group")
    for name, values, colour in zip(rows, rows.values(), (PALETTE[0], PALETTE[1], OTHER)):
        figure.add_trace(_bar(name, weights.sources, values, colour, flat=True))
    if max(weights.spread, default=0) > 1e-3:  # an item has weights of its own
        figure.data[0].text = [f"{text} ± {own:.3f}" for text, own in zip(figure.data[0].text, weights.spread)]
    figure.update_yaxes(autorange="reversed", showgrid=False).update_xaxes(range=_room(figure, "x"))
    return figure.update_layout(bargap=0.25, legend=dict(traceorder="normal"))


def bars(values: Mapping[str, float], title: str, y: str = "") -> go.Figure:
    """One bar for each name. Many names, or long ones, make the bars lie down."""
    return grouped_bars({"": values}, title, y)


def grouped_bars(groups: Mapping[str, Mapping[str, float]], title: str, y: str = "") -> go.Figure:
    """Bars side by side: ``{series: {name: value}}``; what is missing or None is left empty."""
    names = list(dict.fromkeys(name for values in groups.values() for name in values))
    flat = len(names) > 10 or max((len(str(name)) for name in names), default=0) * len(names) > 90
    height = max(300, 130 + (14 + 14 * len(groups)) * len(names)) if flat else 420
    figure = canvas(title, y if flat else "", "" if flat else y, height=height, barmode="group")
    for number, (series, values) in enumerate(groups.items()):
        row = [math.nan if values.get(name) is None else float(values[name]) for name in names]
        figure.add_trace(_bar(series, names, row, PALETTE[number % len(PALETTE)], flat))
    if flat:
        figure.update_yaxes(autorange="reversed", showgrid=False).update_xaxes(range=_room(figure, "x"))
    else:
        figure.update_xaxes(showgrid=False).update_yaxes(range=_room(figure, "y"))
    return figure.update_layout(bargap=0.3, showlegend=len(groups) > 1)


def _bar(name: str, names: Sequence[str], values: Sequence[float], colour: str, flat: bool) -> go.Bar:
    """Bars with their values written at their ends, lying or standing."""
    places, lengths = _places(names, 40), [_number(value) for value in values]
    text = ["" if value is None else _short(value) for value in lengths]
    return go.Bar(
        x=lengths if flat else places, y=places if flat else lengths, orientation="h" if flat else "v",
        name=label(name), marker=dict(color=colour, line=dict(width=0)),
        text=text, textposition="outside", textfont=dict(size=12), constraintext="none", cliponaxis=False,
        hovertemplate=("%{y}: %{x:.4g}" if flat else "%{x}: %{y:.4g}") + f"<extra>{label(name)}</extra>",
    )  # fmt: skip


def _room(figure: go.Figure, axis: str) -> list[float] | None:
    """A range from zero to a little beyond the longest bar, so that the number at its end fits in."""
    lengths = [value for bar in figure.data for value in bar[axis] if value is not None]
    low, high = min([0, *lengths]), max([0, *lengths])
    beyond = 0.1 * (high - low)
    return [low - beyond * (low < 0), high + beyond * (high > 0)] if beyond else None


def _short(value: float) -> str:
    """A number with as many digits as a bar has use for."""
    if value == round(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value + 0.0:.3f}" if abs(value) < 10 else f"{value:.1f}"


def heatmap(matrix: Sequence, rows: Sequence[str], columns: Sequence[str], title: str) -> go.Figure:
    """A matrix as colours, with its numbers written in where there is room. With negative numbers, grey is zero."""
    values = _array(matrix)
    signed = bool((values < 0).any())
    gap = 1 if values.shape[1] <= 40 else 0
    figure = canvas(title, height=max(300, min(720, 150 + 34 * len(values))))
    figure.add_trace(
        go.Heatmap(
            z=values, x=_places(columns, 24), y=_places(rows, 24), xgap=gap, ygap=gap,
            colorscale=DIVERGING if signed else SEQUENTIAL, zmid=0 if signed else None,
            colorbar=dict(thickness=12, outlinewidth=0), hovertemplate="%{y}, %{x}: %{z:.4g}<extra></extra>",
        )
    )  # fmt: skip
    if values.size <= 150 and values.shape[1] <= 14:
        figure.add_trace(_numbers(figure.data[0], values, signed))
    figure.update_xaxes(type="category", showgrid=False, zeroline=False, showline=False)
    return figure.update_yaxes(type="category", autorange="reversed", showgrid=False, zeroline=False, showline=False)


def _numbers(cells: go.Heatmap, values: np.ndarray, signed: bool) -> go.Scatter:
    """The numbers of a heat map, white on dark cells and black on light ones."""
    low, high = (np.nanmin(values), np.nanmax(values)) if np.isfinite(values).any() else (0, 0)
    if signed:
        light = np.abs(values) < 0.6 * max(abs(low), abs(high))
    else:
        light = values > low + 0.55 * (high - low)
    height, width = values.shape
    text = ["" if math.isnan(value) else f"{value:.3g}" for value in values.round(3).ravel() + 0.0]
    return go.Scatter(
        x=list(cells.x) * height, y=[name for name in cells.y for _ in range(width)], mode="text", text=text,
        textfont=dict(size=12, color=np.where(light, "#1A1A1A", "#FFFFFF").ravel()), hoverinfo="skip", showlegend=False,
    )  # fmt: skip


def _places(names: Iterable[object], most: int) -> list[str]:
    """Names for an axis. Two that look alike stay two: the second gets an invisible letter."""
    seen: Counter[str] = Counter()
    places = []
    for name in names:
        text = label(clipped(name, most))
        places.append(text + "\u200b" * seen[text])
        seen[text] += 1
    return places


def histogram(values: Mapping[str, Sequence[float]], title: str, x: str = "") -> go.Figure:
    """How each series is spread: the share of its values in each of forty bins, the same bins for all."""
    arrays = {name: _array(own)[np.isfinite(_array(own))] for name, own in values.items()}
    everything = np.concatenate(list(arrays.values())) if arrays else np.zeros(0)
    edges = np.histogram_bin_edges(everything, bins=40)
    figure = canvas(title, x, "share of values")
    for number, (name, own) in enumerate(arrays.items()):
        share = np.histogram(own, edges)[0] / max(len(own), 1)
        line = _line(name, edges, np.append(share, 0), number)
        line.update(line_shape="hv", fill="tozeroy", opacity=0.85)
        line.hovertemplate = "from %{x:.3g}: %{y:.1%}"
        figure.add_trace(line)
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    return figure.update_layout(showlegend=len(values) > 1)


def _line(name: str, x: np.ndarray, y: np.ndarray, number: int) -> go.Scatter:
    """A line with colour and dashes of its own, so that it can be told apart without colour."""
    return go.Scatter(
        x=x, y=y, mode="lines", name=label(name), hovertemplate="%{y:.4g}",
        line=dict(color=PALETTE[number % len(PALETTE)], dash=DASHES[number % len(DASHES)], width=2.2),
    )  # fmt: skip


def _array(values) -> np.ndarray:
    """Numbers of any make, a tensor on any device among them, as float64."""
    if hasattr(values, "detach"):
        values = values.detach().cpu().numpy()
    return np.asarray(values, dtype=np.float64)


def _thin(values: np.ndarray) -> np.ndarray:
    """At most MOST_POINTS of them, evenly over their order, the first and the last among them."""
    if len(values) <= MOST_POINTS:
        return values
    return values[np.linspace(0, len(values) - 1, MOST_POINTS).round().astype(int)]


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)
