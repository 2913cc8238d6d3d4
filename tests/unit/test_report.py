"""The report of a comparison: one page that opens off-line, holds every row, and says in its titles what is so."""

import json
import re

import plotly.graph_objects as go
import pytest
from plotly.offline import get_plotlyjs

import mtsgns_lite as mt
from mtsgns_lite.__main__ import main
from mtsgns_lite.comparison import Comparison
from mtsgns_lite.report import figures, html_report, write_report
from mtsgns_lite.views.comparing import dots, frontier, tradeoff, with_few
from mtsgns_lite.views.display import title_of
from mtsgns_lite.views.figures import learning_curve


def row(model, seed, matched, seconds=None, cold=0.5, category=None, curves=True):
    """A made-up row: its AUC against degree-matched negatives, its seconds."""
    regions = {"all": 0.5, "seen": matched, "cold": cold}
    learning = {"seconds": [0.0, (seconds or 0) / 2, seconds], "auc": [0.5, 0.52, matched], "loss": [None, 2.0, 1.0]}
    pr = {"threshold": [2.0, 1.0, 0.0], "precision": [1.0, matched, 0.5], "recall": [0.1, 0.5, 1.0]}
    return {
        "model": model, "seed": seed, "epochs": 1 if seconds else None, "fit_seconds": seconds,
        "peak_mb": seconds and 10 * seconds, "corpus": None, "learning": learning if seconds and curves else None,
        "auc": {"uniform": {**regions, "seen": 0.9}, "degree": regions, "category": {**regions, "seen": category}},
        "hr@10": 0.1, "ndcg@10": 0.1, "mrr": 0.1, "pr": pr if curves else {},
    }  # fmt: skip


def comparison(rows, dataset="<shop> & co") -> Comparison:
    settings = dict(seeds=len({own["seed"] for own in rows}), cold=0.1, dim=8, epochs=1, category=None, device="cpu")
    settings |= dict(cpus=2, threads=1, system="Linux", command="python -m mtsgns_lite compare '<shop>.csv'")
    return Comparison(dataset, {"items": 1200}, {"torch": "2.0"}, settings, rows)


@pytest.fixture
def found():
    return comparison(
        [
            own
            for seed, shift in ((0, 0.0), (1, 0.02))
            for own in (
                row("popularity", seed, 0.5 + shift / 2),
                row("sgns", seed, 0.7 + shift, 4.0),
                row("sgns@1", seed, 0.66 + shift, 1.0),
                row("traits-global", seed, 0.68 + shift, 8.0, cold=0.64),
            )
        ]
    )


def visible(page: str) -> str:
    """What stands on the page, plotly.js left out."""
    assert get_plotlyjs() in page
    return page.replace(get_plotlyjs(), "")


def test_the_page_opens_without_a_network_and_holds_all_rows(found, tmp_path):
    page = visible(write_report(found, tmp_path / "report.html").read_text(encoding="utf-8"))
    assert not re.search(r"""(src|href)\s*=\s*["']?(https?:)?//""", page)
    table = re.search(r'<table class="rows">.*?</table>', page, re.DOTALL)[0]
    assert re.findall(r"<tr><td>([^<]+)", table) == ["popularity", "sgns", "sgns@1", "traits-global"]
    assert '<td class="best">0.710<small>±0.014</small></td>' in table  # the mean of 0.70 and 0.72
    assert '<td class="best">1.0<small>±0.0</small></td>' in table  # the quickest, and not the slowest
    for said in ("python -m mtsgns_lite compare", "torch 2.0", "1,200 items", "8 dimensions", "2 seeds"):
        assert said in page


def test_names_from_a_file_are_text_and_never_markup(found):
    page = visible(html_report(found))
    assert "<shop>" not in page
    assert "&lt;shop&gt; &amp; co" in page


def test_titles_say_what_the_numbers_say(found):
    titles = [title_of(figure) for figure in figures(found)]
    assert titles == [
        "Against degree-matched negatives sgns is first, with 0.710; popularity alone has 0.51 there, and 0.90 against "
        "uniform ones",
        "Items that training never saw: traits-global has 0.640; 3 of 4 methods stand at one half",
        "Where half of the true pairs are found, sgns is right in 70% of those it names, popularity in 50%",
        "First past an AUC of 0.680, nine tenths of the best's way from chance: sgns, after 4.0 s",
        "For its time nothing beats sgns@1, sgns",
        "The fit takes from 10 MB (sgns@1) to 80 MB (traits-global)",
    ]  # fmt: skip


def test_the_figures_hold_the_means_and_spreads_and_leave_out_what_there_is_not(found):
    first = next(figures(found))
    assert [trace.name for trace in first.data] == ["uniform", "degree-matched"]  # no categories here
    assert list(first.data[1].x) == pytest.approx([0.505, 0.71, 0.67, 0.69])
    assert first.data[1].error_x.array[1] == pytest.approx(0.0141, abs=1e-4)
    for rows, number in ((found.rows[:1], 3), ([row("sgns", 0, 0.7, 1.0, curves=False)], 2)):
        page = visible(html_report(comparison(rows)))
        assert page.count('mtsgns-figure"') == number
        json.dumps([figure.to_dict() for figure in figures(comparison(rows))], default=list, allow_nan=False)


def test_the_best_for_their_time_are_those_that_nothing_cheaper_equals():
    points = {"slow": (9.0, 0.8), "quick": (1.0, 0.6), "worse": (2.0, 0.55), "same": (3.0, 0.6), "mid": (4.0, 0.7)}
    assert frontier(points) == ["quick", "mid", "slow"]
    figure = tradeoff(points, dict.fromkeys(points, "one family"), "A title", "s", "AUC")
    assert list(figure.data[0].x) == [1.0, 4.0, 9.0]
    assert list(figure.data[1].customdata) == list(points)


def test_labels_of_points_on_top_of_each_other_do_not_cover_each_other():
    points = {f"method {number}": (1.0 + number * 1e-4, 0.6) for number in range(12)} | {"far": (9.0, 0.9)}
    figure = tradeoff(points, dict.fromkeys(points, ""), "A title", "s", "AUC")
    written = [text for text in figure.data[1].text if text]
    assert "far" in written
    assert 2 <= len(written) < 13  # the others show on hovering


def test_few_lines_are_drawn_and_keep_their_colours():
    order = ["a", "b", "c <i>"]
    figure = with_few(learning_curve({"b": [(0, 1)], "c <i>": [(0, 1)]}, "A title"), ["c <i>"], order)
    assert [trace.visible for trace in figure.data] == ["legendonly", True]
    other = with_few(learning_curve({name: [(0, 1)] for name in order}, "A title"), order, order)
    assert figure.data[1].line.color == other.data[2].line.color


def test_dots_without_spread_have_no_whiskers():
    figure = dots({"one": {"a": (0.5, 0.0)}, "two": {"a": (0.6, 0.1)}}, "A title", "AUC", chance=0.5)
    assert [trace.error_x.visible for trace in figure.data] == [False, True]
    assert isinstance(figure, go.Figure)


def test_the_command_line_writes_page_and_json_with_the_command(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("mtsgns_lite.__main__.load", lambda name, **given: mt.planted(items=20, baskets=50))
    monkeypatch.setattr("mtsgns_lite.__main__.compare", lambda dataset, **asked: comparison([row("sgns", 0, 0.7, 1.0)]))
    page, data = tmp_path / "page.html", tmp_path / "data.json"
    asked = ["compare", "planted", "--models", "all", "--report", str(page), "--json", str(data)]
    assert main(asked) == 0
    command = json.loads(data.read_text())["settings"]["command"]
    assert command.startswith("python -m mtsgns_lite compare planted --models all --report ")
    assert "--models all" in visible(page.read_text(encoding="utf-8"))
    assert str(page) in capsys.readouterr().out
    assert main(["compare", "planted", "--report", str(tmp_path / "none" / "page.html")]) == 2
    assert "make it first" in capsys.readouterr().err
