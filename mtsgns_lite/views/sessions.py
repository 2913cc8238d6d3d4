"""Figures of sessions: how high the bought item ranks as they go on, and how markets mix among neighbours."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from .figures import bars
from .style import DASHES, OTHER, PALETTE, SYMBOLS, canvas, label

if TYPE_CHECKING:
    from ..goals import GoalRanks

FEWEST = 20  # sessions behind a point: the mean rank of fewer is mostly luck


def goal_curves(found: Mapping[str, GoalRanks], title: str, fewest: int = FEWEST) -> go.Figure:
    """The mean rank of the bought item against the clicks that are left before it is bought, from left to right.

    Points of fewer than `fewest` sessions are left out, unless there are no others. Rank 1 is best, so low is good.
    """
    figure = canvas(title, "clicks before the purchase", "mean rank of the bought item")
    for number, (name, ranks) in enumerate(found.items()):
        enough = ranks.asked >= min(fewest, ranks.asked.max(initial=0))
        shown = enough & (ranks.asked > 0)
        colour, dash = PALETTE[number % len(PALETTE)], DASHES[number % len(DASHES)]
        figure.add_trace(
            go.Scatter(
                x=ranks.before[shown], y=ranks.by_click[shown], customdata=ranks.asked[shown], mode="lines+markers",
                name=label(name), line=dict(color=colour, dash=dash, width=2.2),
                marker=dict(symbol=SYMBOLS[number % len(SYMBOLS)], size=7),
                hovertemplate=f"rank %{{y:.1f}}, %{{customdata:,}} sessions<extra>{label(name)}</extra>",
            )
        )  # fmt: skip
    figure.update_xaxes(autorange="reversed", dtick=1 if _longest(found) <= 16 else None)
    return figure.update_yaxes(rangemode="tozero").update_layout(showlegend=len(found) > 1)


def _longest(found: Mapping[str, GoalRanks]) -> int:
    return max((ranks.ranks.shape[1] for ranks in found.values()), default=0)


def mixing_bars(mixing: Mapping[str, float], title: str, chance: float | None = None) -> go.Figure:
    """For each model the share of nearest neighbours from another market; a line where neighbours by lot would be.

    mixing : name -> share, as `market_mixing` gives it. chance : the share among neighbours drawn by lot.
    """
    figure = bars(mixing, title, "neighbours from another market")
    flat = figure.data[0].orientation == "h"
    values = [value for value in mixing.values() if math.isfinite(value)] + [chance or 0.0]
    reach = [0, 1.15 * float(np.max(values))] if max(values) > 0 else [0, 1]
    if flat:
        figure.update_xaxes(range=reach)
    else:
        figure.update_yaxes(range=reach)
    if chance is None:
        return figure
    line = dict(color=OTHER, dash="dash", width=1.5)
    words = dict(annotation_text=f"by lot {chance:.3f}", annotation_font=dict(size=12))
    if flat:
        return figure.add_vline(x=chance, line=line, annotation_position="top", **words)
    return figure.add_hline(y=chance, line=line, annotation_position="top left", **words)
