"""The results as a page with figures, and as the README's table.

python tests/benchmarks/speed/page.py build/bench/results.json      writes the table into README.md
"""

from __future__ import annotations

import json
import sys
from html import escape
from pathlib import Path

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from mtsgns_lite.views.display import to_div
from mtsgns_lite.views.figures import bars, learning_curve
from mtsgns_lite.views.frame import frame
from mtsgns_lite.views.style import PALETTE, canvas

README = Path(__file__).resolve().parents[3] / "README.md"
START, END = "<!-- speed:start -->", "<!-- speed:end -->"
STYLES = """
table.rows { width: 100%; font-size: .84rem; margin: 1rem 0; }
table.rows :is(td, th) { padding: .22rem .35rem; border-bottom: 1px solid var(--line); text-align: right; }
table.rows :is(td, th):first-child { text-align: left; }
table.rows th { font-weight: 500; color: var(--faint); }
"""
GROWTH = (("seconds", "y", "seconds", 1), ("GB above the interpreter's own", "y2", "above_mb", 1e3))
HEAD = ("what", "the other", "ours", "times faster", "lowest – highest")


def rows(results: dict) -> list[tuple[str, ...]]:
    """A line for each ratio: what, the peer's figure, ours, the ratio, its spread over the pairs."""
    lines = []
    for name, graph in results["details"]["time_to_quality"].items():
        for method in ("sgns", "traits"):
            found = graph[method]
            what = f"{method} to gensim's AUC, {name}"
            if found["ratio"] is None:
                lines.append((what, "–", "–", "not reached", "–"))
                continue
            theirs, ours = (_middle(found["pairs"], side) for side in (0, 1))
            lines.append((what, f"gensim {theirs:.1f} s", f"{ours:.2f} s", *_ratio(found)))
    for dim, found in results["details"]["throughput"].items():
        theirs, ours = found["tokens_s"]
        lines.append((f"sgns, tokens/s, d={dim}", f"gensim {_large(theirs)}", _large(ours), *_ratio(found)))
    walks = results["details"]["walks"]
    for key, what, peer in (
        ("first_order", "walks, p=q=1, tokens/s", "pecanpy"),
        ("pq", "walks, p=0.5, q=2, tokens/s", "pecanpy"),
        ("loop", "walks, p=q=1, tokens/s", "a loop over nodes"),
    ):
        theirs, ours = (1 / _middle(walks[key]["pairs"], side) for side in (0, 1))
        lines.append((what, f"{peer} {_large(theirs)}", _large(ours), *_ratio(walks[key])))
    return lines


def _middle(pairs: list, side: int) -> float:
    return sorted(pair[side] for pair in pairs)[len(pairs) // 2]


def _ratio(found: dict) -> tuple[str, str]:
    return f"{found['ratio']:.1f}", f"{found['low']:.1f} – {found['high']:.1f}"


def _large(number: float) -> str:
    return f"{number / 1e6:.2f} M"


def sentences(results: dict) -> list[str]:
    """What else was measured, in words."""
    limit = results["limit"]
    told = [
        f"At d={dim} a token needs {limit[dim]['bytes_per_token'] / 1e3:.1f} kB moved and "
        f"{limit[dim]['macs_per_token'] / 1e3:.1f} thousand multiply-adds, which is "
        f"{limit[dim]['share_of_bandwidth']:.0%} of what this machine's memory moves ({limit['gb_s']:.0f} GB/s) and "
        f"{limit[dim]['share_of_matrix_rate']:.0%} of its matrix rate ({limit['gmac_s']:.0f} G/s)."
        for dim in ("64", "128")
    ]
    alone = [results["details"]["walks"][kind]["loop_alone"] for kind in ("first_order", "pq")]
    told.append(
        "pecanpy's time is that of its call, from a graph to lists of walks. Against its compiled loop alone ours is "
        f"{alone[0]:.1f} times as fast for p=q=1, {alone[1]:.1f} times for p=0.5, q=2."
    )
    for one in results["scale"]:
        told.append(
            f"{one['factor']:g} × the study's graph ({one['nodes']:,} nodes, {one['edges']:,} edges, "
            f"{one['tokens'] / 1e6:.0f} M tokens, d=128): {one['seconds']:.0f} s from edges to embeddings, "
            f"{one['peak_mb'] / 1e3:.2f} GB at most."
        )
    if results["scale"]:
        linear = results["linear"]
        told.append(
            f"From the straight line against tokens, time is off by {linear['seconds']:.0%} at most, "
            f"memory above the interpreter's own by {linear['above_mb']:.0%}."
        )
    return told


def write(results: dict, path: Path) -> Path:
    """The page; it holds plotly.js and opens without a network."""
    head = "".join(f"<th>{name}</th>" for name in HEAD)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in line) + "</tr>" for line in rows(results))
    versions = ", ".join(f"{name} {number}" for name, number in results["versions"].items())
    main = f"""<h1>Speed, side by side</h1>
<p>{escape(results["machine"])}; {versions}; {results["took"] / 60:.0f} minutes{", --quick" * results["quick"]}.
Ours and the other in turns, each in a process of its own; the ratio is the median over the pairs.</p>
<table class="rows"><tr>{head}</tr>{body}</table>
<ul>{"".join(f"<li>{escape(told)}</li>" for told in sentences(results))}</ul>
{"".join(to_div(figure) for figure in figures(results))}"""
    path.write_text(frame("Speed", main, f"<script>{get_plotlyjs()}</script>", wide=True, styles=STYLES), "utf-8")
    return path


def figures(results: dict) -> list[go.Figure]:
    """Races to quality, all ratios, and growth with size."""
    drawn = []
    for name, graph in results["details"]["time_to_quality"].items():
        run = graph["runs"][0]
        curves = {
            f"{own}, {epochs}": list(zip(*run[own]["curve"]))
            for own, epochs in (("gensim", "5 epochs"), ("sgns", "1 epoch"), ("traits", "1 epoch"))
        }
        title = f"{name}: gensim's last AUC, {run['gensim']['auc']:.3f}, {_reached(run)}"
        figure = learning_curve(curves, title, "seconds of training", "degree-matched AUC")
        figure.add_hline(y=run["gensim"]["auc"], line=dict(color="rgba(128,128,128,.7)", width=1.2, dash="dot"))
        low, high = run["gensim"]["curve"][1][0], max(auc for curve in curves.values() for _, auc in curve)
        drawn.append(figure.update_yaxes(range=[2 * low - high, 1.1 * high - 0.1 * low]).update_xaxes(type="log"))
    times = {}
    for what, other, _, ratio, _ in rows(results):
        if ratio[0].isdigit():
            times[what + " (loop)" * other.startswith("a loop")] = float(ratio)
    drawn.append(bars(times, "How many times faster ours is", "times"))
    return drawn + ([growth(results)] if results["scale"] else [])


def _reached(run: dict) -> str:
    taken = [f"{name} after {run[name]['passed']:.1f} s" for name in ("sgns", "traits") if run[name]["passed"]]
    return f"is reached by {' and by '.join(taken)}" if taken else "is not reached"


def growth(results: dict) -> go.Figure:
    """Seconds, and gigabytes above the interpreter's own, against tokens."""
    tokens = [one["tokens"] / 1e6 for one in results["scale"]]
    figure = canvas("Time and memory grow in step with the tokens", "million tokens", "seconds")
    for number, (name, own, axis) in enumerate(
        (("seconds", "seconds", "y"), ("GB above the interpreter's", "above_mb", "y2"))
    ):
        values = [one[own] / (1e3 if axis == "y2" else 1) for one in results["scale"]]
        style = dict(color=PALETTE[number], dash="dot" if number else "solid")
        figure.add_trace(go.Scatter(x=tokens, y=values, name=name, yaxis=axis, mode="lines+markers", line=style))
    second = dict(
        title=dict(text="GB"), overlaying="y", side="right", rangemode="tozero", showgrid=False, tickformat=".1f"
    )
    return (
        figure.update_layout(yaxis2=second, showlegend=True)
        .update_yaxes(rangemode="tozero")
        .update_xaxes(rangemode="tozero")
    )


def readme(results: dict) -> None:
    """Put the table between the README's marks."""
    lines = [HEAD, ("---", *(["---:"] * (len(HEAD) - 1))), *rows(results)]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    about = f"{results['machine']}, torch {results['versions']['torch']}; `make bench`."
    told = "\n".join(f"- {sentence}" for sentence in sentences(results))
    before, rest = README.read_text(encoding="utf-8").split(START)
    README.write_text(f"{before}{START}\n{about}\n\n{table}\n\n{told}\n{END}{rest.split(END)[1]}", encoding="utf-8")


if __name__ == "__main__":
    readme(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
