"""The figures of sequences: what an interest is made of, where interests lie, and what a more mixed list costs."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from .style import OTHER, PALETTE, SEQUENTIAL, SYMBOLS, TEXT, canvas, clipped, label, labels

LONG, SHORT, KIND = 42, 24, 15  # letters of an item's name beside a matrix and in a list, and of its kind there
LEFT, RIGHT = (0.0, 0.47), (0.57, 1.0)  # parts of the width: the curve, the list


def attention_map(
    weights: Sequence, names: Sequence[str], heads: Sequence[str], title: str, kinds: Sequence[str] | None = None
) -> go.Figure:
    """How far each item of a history belongs to each interest; the latest item stands at the bottom.

    Parameters
    ----------
    weights : (K, L). names : (L,) items, the earliest first. heads : (K,) what to call the interests.
    kinds : (L,) of what kind each item is; shown beside its name.
    """
    values = np.asarray(weights, dtype=float).T  # (L, K)
    rows = _rows(names, kinds)
    figure = canvas(title, height=150 + 26 * len(rows))
    width = max(10, 44 // max(len(heads), 1))  # letters in a line
    columns = [
        "<br>".join(textwrap.wrap(f"{number}: {label(clipped(head, 40))}", width))
        for number, head in enumerate(heads, 1)
    ]
    told = "%{y}<br>interest %{x}: %{z:.2f}<extra></extra>"
    figure.add_trace(
        go.Heatmap(
            z=values, x=columns, y=rows, xgap=2, ygap=1, zmin=0, colorscale=SEQUENTIAL, hovertemplate=told,
            colorbar=dict(thickness=12, outlinewidth=0, title=dict(text="weight")),
        )
    )  # fmt: skip
    if values.shape[1] <= 8:
        dark = values < 0.55 * values.max(initial=0)
        figure.add_trace(
            go.Scatter(
                x=columns * len(rows), y=[row for row in rows for _ in columns], mode="text", hoverinfo="skip",
                text=[f"{value:.2f}" for value in values.ravel()], showlegend=False,
                textfont=dict(size=11, color=np.where(dark, "#FFFFFF", "#1A1A1A").ravel()),
            )
        )  # fmt: skip
    figure.update_xaxes(
        type="category", side="top", tickangle=0, tickfont=dict(size=11), showgrid=False, showline=False
    )
    lines = max((column.count("<br>") for column in columns), default=0)
    figure.update_layout(margin_t=figure.layout.margin.t + 24 + 13 * max(0, lines - 2), margin_b=16)
    return figure.update_yaxes(type="category", autorange="reversed", showgrid=False, showline=False)


def _rows(names: Sequence[str], kinds: Sequence[str] | None) -> list[str]:
    """A name for each place; what is bought twice stays two rows (the second gets an invisible letter)."""
    found: list[str] = []
    for place, name in enumerate(names):
        text = clipped(name, LONG)
        if kinds is not None and str(kinds[place]) not in str(name):
            text = f"{clipped(name, LONG // 2)} · {clipped(kinds[place], LONG // 2)}"
        row = label(text)
        found.append(row + "\u200b" * sum(other.rstrip("\u200b") == row for other in found))
    return found


def interest_clouds(
    everything: Sequence,
    history: tuple[Sequence, Sequence[int], Sequence[str]],
    suggested: tuple[Sequence, Sequence[int], Sequence[str]],
    heads: Sequence[str],
    title: str,
) -> go.Figure:
    """A household's interests as clouds in the plane: a colour each, what was bought large, what is suggested small.

    Parameters
    ----------
    everything : (n, 2) places of the shop's items, in grey.
    history, suggested : (m, 2) places, (m,) the number of the interest of each, and (m,) names.
    heads : (K,) what to call the interests.
    """
    ground = np.asarray(everything, dtype=float).reshape(-1, 2)
    figure = canvas(title, height=540).update_layout(margin_l=12, legend_itemsizing="trace")
    grey = dict(color=OTHER, size=3, opacity=0.35)
    figure.add_trace(_dots(ground, "the shop's items", grey, hoverinfo="skip", legendrank=2_000))
    told = ("bought", 13, ""), ("suggested", 7, "-open")
    for number, head in enumerate(heads):
        name = f"{number + 1}: {label(clipped(head, 34))}"
        for (places, of, names), (what, size, style) in zip((history, suggested), told):
            rows = [row for row, own in enumerate(of) if own == number]
            symbol = SYMBOLS[number % len(SYMBOLS)] + style
            marker = dict(color=PALETTE[number % len(PALETTE)], symbol=symbol, size=size, line=dict(width=1.5))
            own_places = np.asarray(places, dtype=float).reshape(-1, 2)[rows]
            hover = f"<b>%{{text}}</b><br>{what}, interest {name}<extra></extra>"
            trace = _dots(own_places, f"{name}, {what}", marker, hovertemplate=hover)
            trace.text = labels(names[row] for row in rows)
            figure.add_trace(trace)
    figure.update_xaxes(visible=False).update_yaxes(visible=False, scaleanchor="x")
    return figure.update_layout(
        legend=dict(entrywidth=0.46, entrywidthmode="fraction", font=dict(size=12)), margin_b=130
    )


def _dots(places: np.ndarray, name: str, marker: dict, **other) -> go.Scatter:
    x, y = (np.round(places[:, axis], 3).astype(np.float32) for axis in (0, 1))
    return go.Scatter(x=x, y=y, mode="markers", name=name, marker=marker, **other)


def tradeoff_slider(
    figures: Mapping[float, tuple[float, float]],
    lists: Mapping[float, Sequence[tuple[str, str]]],
    title: str,
    names: tuple[str, str] = ("diversity@50", "recall@50"),
) -> go.Figure:
    """Accuracy against diversity, and one user's list beside it; a slider moves the weight between the two.

    The controls are plotly's own, so they work on a page without a kernel.

    Parameters
    ----------
    figures : weight -> (diversity, accuracy), the lowest weight first. lists : weight -> (name, kind) of each item.
    names : of the two axes.
    Raises ``ValueError`` where nothing is given, or the two are not of the same weights.
    """
    if not figures or [*figures] != [*lists]:
        raise ValueError("Give figures and a list for each weight, at least one, in the same order.")
    x, y = ([float(pair[axis]) for pair in figures.values()] for axis in (0, 1))
    figure = canvas(title, *names, height=500).update_layout(showlegend=False)
    line = dict(color=PALETTE[0], width=2.2)
    figure.add_trace(
        go.Scatter(
            x=x, y=y, mode="lines+markers", line=line, marker=dict(size=6), customdata=[f"{w:g}" for w in figures],
            hovertemplate="weight %{customdata}: diversity %{x:.3f}, accuracy %{y:.3f}<extra></extra>",
        )
    )  # fmt: skip
    figure.add_trace(go.Scatter(mode="markers", marker=dict(size=15, color=PALETTE[1]), hoverinfo="skip"))
    length = max(len(shown) for shown in lists.values())
    figure.add_trace(
        go.Scatter(
            mode="markers+text", textposition="middle right", hovertemplate="%{text}<extra></extra>", xaxis="x2",
            yaxis="y2", textfont=dict(size=12, color=TEXT), cliponaxis=False,
        )
    )  # fmt: skip
    states = [_state(point, shown) for point, shown in zip(zip(x, y), lists.values())]
    for trace, number in ((1, 0), (2, 1)):
        figure.data[trace].update({key: values[number] for key, values in states[0].items() if "." not in key})
    figure.data[2].marker.update(color=states[0]["marker.color"][1], size=11, symbol="square")
    figure.update_layout(
        xaxis=dict(domain=LEFT),
        xaxis2=dict(domain=RIGHT, range=[-0.03, 1], visible=False, fixedrange=True, anchor="y2"),
        yaxis=dict(rangemode="tozero"),
        yaxis2=dict(range=[length - 0.5, -0.5], visible=False, fixedrange=True, anchor="x2"),
    )  # fmt: skip
    steps = [
        dict(label=f"{weight:g}", method="restyle", args=[state, [1, 2]]) for weight, state in zip(figures, states)
    ]
    slider = dict(
        steps=steps, active=0, currentvalue=dict(prefix="weight of diversity ", font=dict(size=15), offset=10), len=1,
        x=0, y=0, yanchor="top", pad=dict(t=66, b=0, l=0, r=0), font=dict(color=TEXT, size=11), tickcolor=TEXT,
        ticklen=4, bgcolor="rgba(128,128,128,.35)", bordercolor=TEXT, activebgcolor=PALETTE[0],
    )  # fmt: skip
    return figure.update_layout(sliders=[slider], margin_b=150)


def _state(point: tuple[float, float], shown: Sequence[tuple[str, str]]) -> dict[str, list]:
    """What plotly changes at a step: the point on the curve, and the list, its kinds in colours, no colour for two.

    The most frequent kinds are served first; what is left without a colour is grey.
    """
    kinds = [kind for kind, _ in Counter(kind for _, kind in shown).most_common(len(PALETTE))]
    colours = [PALETTE[kinds.index(kind)] if kind in kinds else OTHER for _, kind in shown]
    texts = [f" {label(clipped(name, SHORT))} · {label(clipped(kind, KIND))}" for name, kind in shown]
    return {
        "x": [[point[0]], [0] * len(shown)],
        "y": [[point[1]], list(range(len(shown)))],
        "text": [None, texts],
        "marker.color": [PALETTE[1], colours],
    }
