"""One threshold, moved over the scores of several models: what is shown, what is missed, and where the cliff is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from ..evaluation import precision_recall
from .style import OTHER, PALETTE, TEXT, canvas, clipped, label

MOST = 41  # thresholds
FEW = 12  # so few even ones make a difference only where scores crowd together: then quantiles join them
MOST_POINTS = 110  # of a curve, and those where the slider stops
GAP = 0.07  # between two models, as a part of the width
PLANE, STRIP = (0.53, 1.0), (0.0, 0.3)  # the curves, and what is told below them, as parts of the height
TEXTS, BARS, THICK = (0.365, 0.265, 0.12), (0.2, 0.055), 0.045  # heights there
LONG = "true positives {} · false negatives {}", "false positives {} · true negatives {}"
SHORT = "true pos. {} · false neg. {}", "false pos. {} · true neg. {}"

Pair = tuple[np.ndarray, np.ndarray]


def threshold_comparison(scores: Mapping[str, tuple[Sequence, Sequence]], title: str) -> go.Figure:
    """Precision against recall of up to three models, and one slider: the threshold from which a score is a yes.

    It moves a point on each curve, and tells each model's precision, recall, true and false positives and negatives.
    The small dots are the slider's steps: a cliff is a long way between two. The controls are plotly's own, so they
    work on a page without a kernel.

    Parameters
    ----------
    scores : ``{name: (scores of true pairs, scores of false pairs)}``, on one scale.
    Raises ``ValueError`` for no model or more than three, and for scores that are missing or not finite.
    """
    if not 1 <= len(scores) <= 3:
        raise ValueError(f"The figure compares 1 to 3 models, not {len(scores)}: choose those that matter.")
    models = {name: (_finite(name, true), _finite(name, false)) for name, (true, false) in scores.items()}
    thresholds = thresholds_of(list(models.values()))
    states = [_state(list(models.values()), threshold) for threshold in thresholds]
    words, start = _labels(thresholds), len(states) // 2
    figure = canvas(title, height=490).update_layout(showlegend=False, barmode="overlay", xaxis=None, yaxis=None)
    for number, (name, pair) in enumerate(models.items()):
        _add_model(figure, number, len(models), name, precision_recall(*pair), thresholds)
        dots = [(state["x"][2 * number][0], state["y"][2 * number][0]) for state, _ in states]
        figure.data[5 * number + 1].update(x=[x for x, _ in dots], y=[y for _, y in dots], customdata=words)
    for (number, line), text in states[start][1].items():
        figure.add_annotation(text=text, **_place(number, line, len(models)))
    moving = [5 * number + own for number in range(len(models)) for own in (3, 4)]
    for trace, x, y in zip(moving, states[start][0]["x"], states[start][0]["y"]):
        figure.data[trace].update(x=x, y=y)
    slider = _slider([_step(*given, moving) for given in zip(words, states)], start)
    return figure.update_layout(sliders=[slider], margin_b=90, margin_t=figure.layout.margin.t + 20)


def thresholds_of(pairs: Sequence[Pair]) -> list[float]:
    """About 41, rising, over the range of all scores; each calls other pairs true than the one before.

    They are round and evenly apart, so that a cliff is a jump. Quantiles join them where that would leave a few only.
    """
    everything = np.sort(np.concatenate([scores for pair in pairs for scores in pair]))
    low, high = float(everything[0]), float(everything[-1])
    if high - low <= 1e-12 * max(abs(low), abs(high)):
        return [low]
    rough = (high - low) / MOST
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(times * power for times in (1, 2, 2.5, 5, 10, 20) if times * power >= rough)
    digits = max(0, 2 - math.floor(math.log10(step)))
    even = [round(number * step, digits) for number in range(math.floor(low / step), math.floor(high / step) + 1)]
    found = _different(even, everything)
    if len(found) < FEW:
        quantiles = np.quantile(everything, np.linspace(0, 1, MOST - len(found) + 2)[1:-1], method="higher")
        found = _different([*found, *quantiles.tolist()], everything)
    return found


def _different(thresholds: Sequence[float], everything: np.ndarray) -> list[float]:
    """Those, in order, that have another number of scores below them than the last, and one above."""
    rising = np.unique(thresholds)
    below = np.searchsorted(everything, rising)
    first = np.unique(below, return_index=True)[1]
    return rising[first[below[first] < len(everything)]].tolist()


def _labels(thresholds: Sequence[float]) -> list[str]:
    """Their texts, with as many digits as keep them apart."""
    texts: list[str] = []
    for digits in range(3, 18):
        texts = [f"{threshold:.{digits}g}" for threshold in thresholds]
        if len({*texts}) == len(texts):
            break
    return texts


def _finite(name: str, values) -> np.ndarray:
    """The scores as an array, from a tensor or a list too."""
    found = np.asarray(values.detach().cpu() if hasattr(values, "detach") else values, dtype=np.float64).ravel()
    if not len(found) or not np.isfinite(found).all():
        raise ValueError(f"The scores of {name!r} must be finite numbers, both of true pairs and of false ones.")
    return found


def _state(pairs: Sequence[Pair], threshold: float) -> tuple[dict[str, list], dict[tuple[int, int], str]]:
    """What the threshold makes of each model: places of point and bars for plotly, and texts by (model, line)."""
    words = LONG if len(pairs) < 3 else SHORT
    x: list[list] = []
    y: list[list] = []
    texts = {}
    for number, (true, false) in enumerate(pairs):
        hits, alarms = int((true >= threshold).sum()), int((false >= threshold).sum())
        recall, precision = hits / len(true), hits / (hits + alarms) if hits + alarms else None
        x += [[_short(recall)], [_short(recall), _short(alarms / len(false))]]
        y += [[None if precision is None else _short(precision)], list(BARS)]
        told = "nothing is shown" if precision is None else f"precision <b>{precision:.3f}</b>"
        texts[number, 0] = f"{told} · recall <b>{recall:.3f}</b>"
        texts[number, 1] = words[0].format(f"{hits:,}", f"{len(true) - hits:,}")
        texts[number, 2] = words[1].format(f"{alarms:,}", f"{len(false) - alarms:,}")
    return {"x": x, "y": y}, texts


def _short(value: float) -> float:
    return float(f"{value:.4g}")


def _sides(number: int, of: int) -> tuple[float, float]:
    """Where a model's part of the figure begins and ends."""
    width = (1 - GAP * (of - 1)) / of
    return number * (width + GAP), number * (width + GAP) + width


def _place(number: int, line: int, of: int) -> dict:
    """Where a line of text stands."""
    return dict(
        x=_sides(number, of)[0], y=TEXTS[line], xref="paper", yref="paper", xanchor="left", yanchor="middle",
        showarrow=False, font=dict(size=13 if of < 3 else 12),
    )  # fmt: skip


def _add_model(figure: go.Figure, number: int, of: int, name: str, curve: Sequence[np.ndarray], thresholds) -> None:
    """A model's name, its curve with the dots and the point, and two bars in their whole lengths with two to move."""
    above, below = (str(axis) if axis > 1 else "" for axis in (2 * number + 1, 2 * number + 2))
    sides, colour = _sides(number, of), PALETTE[number]
    score, precision, recall = curve
    rows = _rows(score, recall, thresholds)
    curves, bars = dict(xaxis=f"x{above}", yaxis=f"y{above}"), dict(xaxis=f"x{below}", yaxis=f"y{below}")
    told = dict(name=label(name), hovertemplate="recall %{x:.3f}, precision %{y:.3f}")
    lying = dict(orientation="h", width=THICK, hoverinfo="skip", **bars)
    spot = dict(color=colour, size=13, line=dict(color="white", width=2))
    empty, full = dict(color="rgba(128,128,128,.22)", line_width=0), dict(color=[colour, OTHER], line_width=0)
    x, y = ([_short(value) for value in values[rows]] for values in (recall, precision))
    figure.add_trace(go.Scatter(x=x, y=y, mode="lines", line=dict(color=colour, width=2.2), **told, **curves))
    told["hovertemplate"] += ", threshold %{customdata}"
    figure.add_trace(go.Scatter(mode="markers", marker=dict(color=colour, size=5.5), **told, **curves))
    figure.add_trace(go.Bar(x=[1, 1], y=BARS, marker=empty, **lying))
    figure.add_trace(go.Scatter(mode="markers", marker=spot, cliponaxis=False, hoverinfo="skip", **curves))
    figure.add_trace(go.Bar(marker=full, **lying))
    _add_axes(figure, number, sides, above, below)
    head = f"<b>{label(clipped(name, 70 // of))}</b>"
    figure.add_annotation(
        text=head, x=sides[0], y=1.02, xref="paper", yref="paper", xanchor="left", yanchor="bottom",
        showarrow=False, font=dict(color=colour, size=14),
    )  # fmt: skip


def _add_axes(figure: go.Figure, number: int, sides: tuple[float, float], above: str, below: str) -> None:
    """The plane of the curve, and under it one without marks for the bars."""
    of_recall = dict(domain=sides, range=[0, 1.01], anchor=f"y{above}", title=dict(text="recall", standoff=2))
    title = dict(text="" if number else "precision")
    of_precision = dict(domain=PLANE, range=[0, 1.04], anchor=f"x{above}", title=title)
    hidden = dict(visible=False, fixedrange=True)
    figure.update_layout({f"xaxis{above}": of_recall, f"yaxis{above}": of_precision})
    figure.update_layout({
        f"xaxis{below}": dict(domain=sides, range=[0, 1], anchor=f"y{below}", **hidden),
        f"yaxis{below}": dict(domain=STRIP, range=STRIP, anchor=f"x{below}", **hidden),
    })  # fmt: skip


def _rows(score: np.ndarray, recall: np.ndarray, thresholds: Sequence[float]) -> np.ndarray:
    """The points of a curve that are drawn: some evenly apart, and those where the slider stops."""
    evenly = np.searchsorted(recall, np.linspace(recall[0], recall[-1], MOST_POINTS)).clip(max=len(recall) - 1)
    stops = np.searchsorted(-score, -np.asarray(thresholds), side="right") - 1
    return np.unique([0, *evenly, *stops[stops >= 0], len(recall) - 1])


def _step(words: str, state: tuple[dict, dict], moving: list[int]) -> dict:
    """What plotly does at a step of the slider: the moving traces' places, and the texts, which follow the names."""
    places, texts = state
    lines = {f"annotations[{len(moving) // 2 + row}].text": text for row, text in enumerate(texts.values())}
    return dict(label=words, method="update", args=[places, lines, moving])


def _slider(steps: list[dict], start: int) -> dict:
    """The control, readable on light pages and on dark ones."""
    return dict(
        steps=steps, active=start, currentvalue=dict(prefix="threshold ", font=dict(size=15), offset=10), len=1, x=0,
        y=0, yanchor="top", pad=dict(t=2, b=0, l=0, r=0), font=dict(color=TEXT, size=11), tickcolor=TEXT, ticklen=4,
        minorticklen=3, bgcolor="rgba(128,128,128,.35)", bordercolor=TEXT, activebgcolor=PALETTE[0],
    )  # fmt: skip
