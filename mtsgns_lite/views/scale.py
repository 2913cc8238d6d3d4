"""The figures of several processes: what a table weighs, who holds what, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from .comparing import with_log_x
from .style import DASHES, OTHER, PALETTE, SYMBOLS, canvas, label

GB, MB = 2**30, 2**20
SCALES = ["", "thousand", "million", "billion", "trillion"]
NAMES = {"fit": "fit, one process", "1": "TorchRec, one process"}


def growth_curves(
    sizes: Mapping[str, Mapping[float, float]], limits: Mapping[str, float], title: str, x: str = "items"
) -> go.Figure:
    """Bytes against the number of items, both logarithmic: a line for each of `sizes`, {name: {items: bytes}}, and a
    dotted one for each of `limits`, {name: bytes}."""
    figure = canvas(title, x, "GB")
    for number, (name, points) in enumerate(sizes.items()):
        figure.add_trace(
            go.Scatter(
                x=list(points), y=[value / GB for value in points.values()], mode="lines+markers", name=label(name),
                line=dict(color=PALETTE[number], dash=DASHES[number % len(DASHES)], width=2.2),
                marker=dict(symbol=SYMBOLS[number], size=7), hovertemplate="%{x:,.0f}: %{y:,.3g} GB",
            )
        )  # fmt: skip
    for name, value in limits.items():
        above, dotted = value == max(limits.values()), dict(color=OTHER, width=1.4, dash="dot")
        figure.add_shape(type="line", xref="paper", x0=0, x1=1, y0=value / GB, y1=value / GB, line=dotted)
        figure.add_annotation(
            text=label(name), xref="paper", x=0.01, xanchor="left", y=float(np.log10(value / GB)), showarrow=False,
            yanchor="bottom" if above else "top", font=dict(size=12),
        )  # fmt: skip
    every = [value for points in sizes.values() for value in points.values() if value > 0]
    if not every:
        return figure
    low, high = (np.log10(value / GB) for value in (min(every), max(every)))
    figure.update_yaxes(type="log", range=[low - 0.2, high + 0.2], dtick=1, tickformat=",~g")
    powers = range(3, 13)
    marks = [f"{10 ** (power % 3)} {SCALES[power // 3]}" for power in powers]
    items = sorted({items for points in sizes.values() for items in points})
    low, high = np.log10(items[0]), np.log10(items[-1])
    room = 0.04 * (high - low) + 0.05
    return figure.update_xaxes(
        type="log", range=[low - room, high + room], tickvals=[10**power for power in powers], ticktext=marks
    )


def plan_bars(plans: Mapping[str, np.ndarray], tables: Sequence[str], title: str) -> go.Figure:
    """Who holds what: a bar for each process, in it a block for each table; an area is so many bytes.

    Parameters
    ----------
    plans : name -> (processes, tables) bytes, such as the `held` of `mtsgns_lite.scale.budget.Size`.
    tables : their names.
    """
    figure = canvas(title, "", "MB")
    plan = [name for name, held in plans.items() for _ in held]
    process = [f"process {number}" for held in plans.values() for number in range(len(held))]
    for number, table in enumerate(tables):
        mb = [row[number] / MB for held in plans.values() for row in held]
        figure.add_trace(
            go.Bar(
                x=[plan, process], y=mb, name=label(table), width=0.72,
                marker=dict(color=PALETTE[number % len(PALETTE)], line=dict(width=1.5, color="white")),
                text=[label(table) if part > 0.06 * _tallest(plans) else "" for part in mb], textposition="inside",
                insidetextanchor="middle", insidetextfont=dict(color="white"), textangle=0,
                hovertemplate=f"{label(table)}, %{{x}}: %{{y:.2f}} MB<extra></extra>",
            )
        )  # fmt: skip
    return figure.update_layout(barmode="stack", legend_traceorder="normal")


def _tallest(plans: Mapping[str, np.ndarray]) -> float:
    return max(float(held.sum(axis=1).max()) for held in plans.values()) / MB


def cost_curves(sizes: Sequence[Mapping], title: str) -> go.Figure:
    """Tokens a second against the size of the tables (logarithmic), a line for each way to train.

    sizes : the "sizes" of data/scale_benchmark.json; what has no entry is left out.
    """
    figure = canvas(title, "MB of tables, all processes together", "tokens a second")
    ways = [key for entry in sizes for key in entry if isinstance(entry[key], Mapping)]
    for number, way in enumerate(dict.fromkeys(ways)):
        there = [entry for entry in sizes if entry.get(way, {}).get("tokens_per_second")]
        figure.add_trace(
            go.Scatter(
                x=[whole_mb(entry) for entry in there], y=[entry[way]["tokens_per_second"] for entry in there],
                mode="lines+markers", name=label(NAMES.get(way, f"TorchRec, {way} processes")),
                customdata=[[entry["items"], entry["dim"]] for entry in there],
                line=dict(color=PALETTE[number % len(PALETTE)], dash=DASHES[number % len(DASHES)], width=2.2),
                marker=dict(symbol=SYMBOLS[number % len(SYMBOLS)], size=8),
                hovertemplate="%{customdata[0]:,} items, d=%{customdata[1]}: %{y:,.0f} a second",
            )
        )  # fmt: skip
    figure.update_yaxes(rangemode="tozero")
    every = sorted({whole_mb(entry) for entry in sizes})
    return with_log_x(figure, every) if every else figure


def whole_mb(entry: Mapping) -> float:
    """MB of all tables of an entry of the record: of one process, or of as many as there were."""
    own = next((entry[way] for way in ("fit", "1") if "table_mb" in entry.get(way, {})), None)
    if own is not None:
        return float(own["table_mb"])
    return max(float(value["table_mb"]) * int(way) for way, value in entry.items() if way.isdigit())
