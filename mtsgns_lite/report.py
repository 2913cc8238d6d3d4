"""A comparison as one HTML page: what was compared, the table, and figures whose titles say what they show."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from .comparison import COLUMNS, Column, Comparison
from .methods import METHODS
from .views.comparing import dots, frontier, tradeoff, with_few, with_log_x
from .views.display import to_div
from .views.figures import bars, learning_curve, precision_recall_curve
from .views.frame import frame

KINDS = {"uniform": "uniform", "degree": "degree-matched", "category": "same category"}
MATCHED = Column("degree-matched AUC, seen pairs", ("auc", "degree", "seen"))
STYLES = """
table.rows { width: 100%; font-size: .84rem; margin: 1rem 0; }
table.rows :is(td, th) { padding: .22rem .35rem; border-bottom: 1px solid var(--line); text-align: right;
  font-variant-numeric: tabular-nums; vertical-align: baseline; }
table.rows :is(td, th):first-child { text-align: left; white-space: nowrap; }
table.rows th { font-weight: 500; color: var(--faint); }
table.rows small { display: block; font-size: .7rem; line-height: 1.1; }
table.rows .best { font-weight: 700; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; margin: 1rem 0; }
dt { color: var(--faint); } dd { margin: 0; overflow-wrap: anywhere; }
.mtsgns-figure { margin: 1.6rem 0; }
"""


def write_report(found: Comparison, path: str | Path) -> Path:
    """Write the page; it holds plotly.js and opens without a network."""
    path = Path(path)
    path.write_text(html_report(found), encoding="utf-8")
    return path


def html_report(found: Comparison) -> str:
    """The whole page, as text."""
    title = f"{found.dataset}: {len(found.by_model())} methods on the same splits"
    drawn = "".join(to_div(figure) for figure in figures(found))
    main = (
        f"<h1>{escape(title)}</h1>{_about(found)}<h2>Table</h2>{_table(found)}<h2>Figures</h2>{drawn}{_methods(found)}"
    )
    script = f"<script>{get_plotlyjs()}</script>"
    return frame(title, main, script, wide=True, styles=STYLES)


def figures(found: Comparison) -> Iterator[go.Figure]:
    """Those of the figures that the comparison has numbers for."""
    for draw in FIGURES:
        figure = draw(found)
        if figure is not None:
            yield figure


def _about(found: Comparison) -> str:
    """What was compared, on what, with which versions, and the command that does it again."""
    settings = found.settings
    seeds = f"{settings['seeds']} seeds, mean ± standard deviation" if settings["seeds"] > 1 else "one seed"
    category = f"; same category: {settings['category']}" if settings["category"] else ""
    lines = {
        "data": ", ".join(f"{number:,} {what}" for what, number in found.sizes.items()),
        "command": f"<code>{escape(settings.get('command', 'mt.compare(...)'))}</code>",
        "settings": f"{settings['dim']} dimensions, {settings['epochs']} epochs (unless a name says @), {seeds}; "
        f"{settings['cold']:.0%} of the items cold{escape(category)}",
        "machine": f"{settings['system']}, {settings['cpus']} processors ({settings['threads']} threads for torch), "
        f"{settings['device']}",
        "versions": ", ".join(f"{name} {version}" for name, version in found.versions.items()),
    }
    return "<dl>" + "".join(f"<dt>{name}</dt><dd>{text}</dd>" for name, text in lines.items()) + "</dl>"


def _table(found: Comparison) -> str:
    """A line for each method, the best of each column in bold; the spread stands under its mean."""
    columns = [column for column in COLUMNS if column.values(found.rows)]
    by_model = found.by_model()
    head = "".join(f"<th>{escape(column.title)}</th>" for column in columns)
    cells = {model: [_cell(column, rows, by_model) for column in columns] for model, rows in by_model.items()}
    body = "".join(f"<tr><td>{escape(model)}</td>{''.join(row)}</tr>" for model, row in cells.items())
    return f'<table class="rows"><tr><th>method</th>{head}</tr>{body}</table>'


def _cell(column: Column, rows: list[dict], by_model: dict[str, list[dict]]) -> str:
    mean, _, spread = column.text(rows).partition(" ")
    everybody = [statistics.fmean(own) for own in map(column.values, by_model.values()) if own]
    best = (min if column.title in ("fit s", "peak MB") else max)(everybody)
    values = column.values(rows)
    mark = ' class="best"' if values and statistics.fmean(values) == best else ""
    return f"<td{mark}>{mean}{f'<small>{spread}</small>' if spread else ''}</td>"


def _methods(found: Comparison) -> str:
    """What each row is, and how to read the figures."""
    named = {model: METHODS[model.partition("@")[0]].about for model in found.by_model()}
    lines = "".join(f"<dt>{escape(model)}</dt><dd>{escape(about)}</dd>" for model, about in named.items())
    return f"""<h2>How to read this</h2>
<p>A held-out pair is scored by the cosine of its vectors, and AUC is how often it scores above a false pair. A false
pair is drawn evenly (<b>uniform</b>), which mostly asks who is popular; as often as items occur
(<b>degree-matched</b>), so that popularity alone gets one half; or from the same category. <b>Seen</b>: both items were
trained on. <b>Cold</b>: one of them lost all it had. Rows that learn from walks or baskets read the same ones, drawn
once. Seconds are those of training, memory the most that the fit took in a process of its own. Curves are those of the
first seed; a click in the legend shows another.</p>
<dl>{lines}</dl>"""


def _means(found: Comparison, column: Column) -> dict[str, tuple[float, float]]:
    """Mean and spread of a figure for each method that has it."""
    values = {model: column.values(rows) for model, rows in found.by_model().items()}
    return {
        model: (statistics.fmean(own), statistics.stdev(own) if len(own) > 1 else 0.0)
        for model, own in values.items()
        if own
    }


def _best(means: dict[str, tuple[float, float]]) -> str:
    return max(means, key=lambda model: means[model][0])


def _family(model: str) -> str:
    return METHODS[model.partition("@")[0]].family


def _leaders(found: Comparison) -> list[str]:
    """The best of each family against degree-matched negatives."""
    means = _means(found, MATCHED)
    families = dict.fromkeys(_family(model) for model in means)
    return [_best({model: own for model, own in means.items() if _family(model) == family}) for family in families]


def _by_negatives(found: Comparison) -> go.Figure | None:
    series = {words: _means(found, Column(kind, ("auc", kind, "seen"))) for kind, words in KINDS.items()}
    series = {words: means for words, means in series.items() if means}
    matched = series.get(KINDS["degree"])
    if not matched:
        return None
    best = _best(matched)
    title = f"Against degree-matched negatives {best} is first, with {matched[best][0]:.3f}"
    if "popularity" in matched:
        uniform = series[KINDS["uniform"]]["popularity"][0]
        title += f"; popularity alone has {matched['popularity'][0]:.2f} there, and {uniform:.2f} against uniform ones"
    return dots(series, title, "AUC, seen pairs", chance=0.5)


def _cold(found: Comparison) -> go.Figure | None:
    means = _means(found, Column("cold", ("auc", "degree", "cold")))
    if not means:
        return None
    best, half = _best(means), sum(abs(mean - 0.5) <= 0.02 for mean, _ in means.values())
    title = f"Items that training never saw: {best} has {means[best][0]:.3f}; "
    title += f"{half} of {len(means)} methods stand at one half"
    return dots({"cold": means}, title, "AUC, cold pairs, degree-matched", chance=0.5)


def _first_rows(found: Comparison, what: str) -> dict[str, dict]:
    """A curve for each method that has it, of its first seed."""
    rows = {model: rows[0].get(what) for model, rows in found.by_model().items()}
    return {model: curve for model, curve in rows.items() if curve}


def _precision_recall(found: Comparison) -> go.Figure | None:
    curves = _first_rows(found, "pr")
    if not curves:
        return None
    half = {
        model: next(p for p, r in zip(curve["precision"], curve["recall"]) if r >= 0.5)
        for model, curve in curves.items()
    }
    best = max(half, key=lambda model: half[model])
    title = f"Where half of the true pairs are found, {best} is right in {half[best]:.0%} of those it names"
    title += f", popularity in {half['popularity']:.0%}" if "popularity" in half else ""
    given = {model: (curve["threshold"], curve["precision"], curve["recall"]) for model, curve in curves.items()}
    figure = precision_recall_curve(given, title).update_yaxes(range=None)
    return with_few(figure, ["popularity", *_leaders(found)], list(found.by_model()))


def _learning(found: Comparison) -> go.Figure | None:
    curves = {
        model: [(s, a) for s, a in zip(curve["seconds"], curve["auc"]) if s > 0 and a is not None]
        for model, curve in _first_rows(found, "learning").items()
    }
    curves = {model: points for model, points in curves.items() if points}
    if not curves:
        return None
    level = 0.5 + 0.9 * (max(auc for points in curves.values() for _, auc in points) - 0.5)
    when = {model: [s for s, auc in points if auc >= level] for model, points in curves.items()}
    first = min((model for model in when if when[model]), key=lambda model: when[model][0])
    title = f"First past an AUC of {level:.3f}, nine tenths of the best's way from chance: {first}, "
    title += f"after {when[first][0]:.1f} s"
    figure = learning_curve(curves, title, x="seconds of training", y=MATCHED.title)
    with_log_x(figure, [s for points in curves.values() for s, _ in points]).update_layout(hovermode="closest")
    return with_few(figure, [*_leaders(found), first], list(found.by_model()))


def _quality_and_time(found: Comparison) -> go.Figure | None:
    seconds, quality = _means(found, Column("fit s", ("fit_seconds",))), _means(found, MATCHED)
    points = {model: (max(seconds[model][0], 1e-3), quality[model][0]) for model in seconds if model in quality}
    if len(points) < 2:
        return None
    title = f"For its time nothing beats {', '.join(frontier(points))}"
    return tradeoff(points, {model: _family(model) for model in points}, title, "seconds of training", MATCHED.title)


def _memory(found: Comparison) -> go.Figure | None:
    means = {model: round(mean) for model, (mean, _) in _means(found, Column("peak MB", ("peak_mb",))).items()}
    if len(means) < 2:
        return None
    least, most = min(means, key=lambda model: means[model]), max(means, key=lambda model: means[model])
    title = f"The fit takes from {means[least]:,.0f} MB ({least}) to {means[most]:,.0f} MB ({most})"
    return bars(means, title, "MB beyond the data")


FIGURES: list[Callable[[Comparison], go.Figure | None]] = [
    _by_negatives, _cold, _precision_recall, _learning, _quality_and_time, _memory,
]  # fmt: skip
