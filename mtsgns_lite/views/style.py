"""How every figure looks: one template for light and dark pages, a palette for colour-blind readers too."""

from __future__ import annotations

import html
import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence

import plotly.graph_objects as go

# Mid-lightness, so that each stands out from white and from the near-black of dark themes; found by a search for
# colours that stay apart under the three common kinds of colour blindness.
PALETTE = ["#1A80C4", "#D55E00", "#009E73", "#B21B80", "#D9A300", "#8250E6", "#50B4E6", "#E62243", "#62B2B2"]
OTHER = "#8C8C8C"
SYMBOLS = ["circle", "square", "diamond", "triangle-up", "cross", "triangle-down", "x", "pentagon", "star"]
DASHES = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot"]
SEQUENTIAL = "Cividis"
DIVERGING = [[0, "#1A80C4"], [0.5, "#D9D9D9"], [1, "#D55E00"]]

TEXT = "#7A7A7A"  # as readable on white as on near-black
_AXIS = dict(
    gridcolor="rgba(128,128,128,.25)", zerolinecolor="rgba(128,128,128,.45)", linecolor=TEXT, automargin=True,
    title=dict(standoff=12), zerolinewidth=1, ticks="outside", ticklen=5, tickcolor="rgba(0,0,0,0)",
    showspikes=False,
)  # fmt: skip
TEMPLATE = go.layout.Template(
    layout=dict(
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font=dict(color=TEXT, size=13, family="system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, sans-serif"),
        colorway=PALETTE,
        hovermode="closest",
        hoverlabel=dict(bgcolor="#333", bordercolor="#333", font=dict(color="white", size=13), namelength=-1),
        modebar=dict(bgcolor="rgba(0,0,0,0)", color="#999", activecolor="#1A80C4"),
        legend=dict(bgcolor="rgba(0,0,0,0)"),
        xaxis=_AXIS,
        yaxis=_AXIS,
    )
)
HEIGHT = 420
WIDTH_IN_LETTERS = 84  # of a title, at 840 px


def canvas(title: str, x: str = "", y: str = "", height: int = HEIGHT, **layout) -> go.Figure:
    """An empty figure with its title, which states the finding, and the names of its axes."""
    lines = textwrap.wrap(title, WIDTH_IN_LETTERS) or [""]
    figure = go.Figure()
    figure.update_layout(
        template=TEMPLATE,
        height=height + 20 * (len(lines) - 1),
        margin=dict(l=60, r=24, t=34 + 20 * len(lines), b=56),
        title=dict(
            text="<br>".join(label(line) for line in lines),
            font=dict(size=16, weight=600), x=0, xref="container", xanchor="left", y=1, yanchor="top",
            pad=dict(l=12, t=8 + 8 * len(lines)),
        ),
        xaxis=dict(title=dict(text=label(x))),
        yaxis=dict(title=dict(text=label(y))),
        legend=dict(orientation="h", x=0, xanchor="left", yref="container", y=0.01, yanchor="bottom"),
        **layout,
    )  # fmt: skip
    return figure


def label(text: object) -> str:
    """Any text as plotly should show it: letter by letter, for plotly reads "<b>" in a name as bold."""
    return html.escape(str(text), quote=False)


def labels(texts: Iterable[object]) -> list[str]:
    return [label(text) for text in texts]


def clipped(text: object, most: int = 34) -> str:
    """The text, cut to its first letters if it is long."""
    text = str(text)
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def frequent(values: Sequence[str]) -> list[str]:
    """The values that get a colour of their own, the most frequent first; all others are one, "other"."""
    found = [value for value, _ in Counter(values).most_common()]
    most = len(PALETTE)
    return found[: most - 1] if len(found) == most + 1 else found[:most]  # "other" of one value would hide its name
