"""Executed lessons as pages that read well from disk, with no network: figures, formulas, an index of the course."""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from jinja2 import pass_context
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from pygments.formatters import HtmlFormatter

from .display import MIME, SCRIPT, to_div
from .frame import frame
from .view import WIDGET_MIME

# Tags of cells that belong to the notebook only; the values of the parameters stand in a cell that papermill adds.
HIDDEN = {"badges", "setup", "parameters", "papermill-error-cell-tag"}
BAR = re.compile(r"\d+%\|.*\||it/s|s/it|\?it|steps/s")  # a progress bar as text


def lesson_page(notebook: NotebookNode, name: str, others: Sequence[str], note: str = "") -> str:
    """A whole HTML page of an executed notebook.

    Parameters
    ----------
    name : the lesson's, such as ``"02_skip_gram"``.
    others : the names of all lessons in order, for the links at the top and the end.
    note : a line above the lesson, such as what failed.
    """
    shown = prepared(notebook)
    body, _ = _Exporter(template_name="basic", raw_template=FOLDING).from_notebook_node(shown)
    body = re.sub(r"<th>([^</]+)/([^<]+)</th>", r"<th>\1/<wbr>\2</th>", body)
    body = re.sub(r'href="(?:\.{1,2}/)?([\da]\d_\w+)\.ipynb', r'href="\1.html', body)
    script = f'<script src="{SCRIPT}"></script>' if "Plotly.newPlot" in body else ""
    links = _links(name, others)
    note = f'<p class="banner">{inline(note)}</p>' if note else ""
    main = f"<nav>{links}</nav>{note}<article>{body}</article><nav>{links}</nav>"
    return page(title(notebook, name), main, head=script, wide=True)


def prepared(notebook: NotebookNode) -> NotebookNode:
    """A copy in which figures are HTML, and what a page can't show is gone: widgets, progress bars, badges."""
    shown = copy.deepcopy(notebook)
    shown.metadata.pop("widgets", None)
    shown.cells = [cell for cell in shown.cells if not HIDDEN & set(cell.metadata.get("tags", []))]
    for cell in shown.cells:
        if cell.cell_type != "code":
            continue
        cell.outputs = [output for output in cell.outputs if not is_progress(output)]
        for output in cell.outputs:
            data = output.get("data", {})
            data.pop(WIDGET_MIME, None)
            if MIME in data:
                data["text/html"] = to_div(data)
    return shown


def is_progress(output: NotebookNode) -> bool:
    """Whether an output is a progress bar, or a widget with nothing to show on a page."""
    if output.output_type == "stream":
        lines = [line for line in re.split(r"[\r\n]+", output.text) if line.strip()]
        return output.name == "stderr" and all(BAR.search(line) for line in lines)
    return WIDGET_MIME in output.get("data", {}) and not {"text/html", MIME} & set(output.data)


def title(notebook: NotebookNode, name: str) -> str:
    """The first heading of a notebook."""
    for cell in notebook.cells:
        found = re.search(r"^# +(.+)$", cell.source, re.MULTILINE) if cell.cell_type == "markdown" else None
        if found:
            return found[1].strip()
    return name


def formula(tex: str, display: str = "inline") -> str:
    """TeX as MathML, which a browser shows without any script; the TeX itself where that can't be done."""
    try:
        from latex2mathml.converter import convert

        made = convert(tex, display=display)
        if "\\" not in re.sub(r"<[^>]*>", "", made) and "<mi>&</mi>" not in made:  # else a command it does not know
            return re.sub(r"(<m[io]>(?:log|exp|max|min)</m[io]>)(?=<m[ins])", r'\1<mspace width=".17em"/>', made)
    except Exception:  # the package is missing, or has its own errors for TeX that it can't read
        pass
    return f'<code class="tex {display}">{escape(tex.strip())}</code>'


def page(title: str, main: str, head: str = "", wide: bool = False) -> str:
    """The frame of every page of the course, with the colours of its code, light and dark."""
    light, dark = (HtmlFormatter(style=style).get_style_defs(".highlight") for style in ("friendly", "github-dark"))
    styles = f"{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}\n"
    return frame(re.sub(r"[*_`$]", "", title), main, head, wide, styles)


def index_page(summary: dict[str, Any], notes: dict[str, dict[str, str]]) -> str:
    """The front page: the lessons, and the numbers they computed, with `notes[lesson][number]` beside them."""
    lessons = summary["lessons"]
    total = sum(lesson["seconds"] for lesson in lessons)
    failed = [lesson for lesson in lessons if not lesson["ok"]]
    state = f"{len(failed)} of {len(lessons)} failed" if failed else f"all {len(lessons)} ran"
    size = ", cut down for a quick run" if summary["smoke"] else ""
    rows = "".join(_lesson_row(lesson) for lesson in lessons)
    versions = " · ".join(f"{escape(name)} {escape(version)}" for name, version in summary["versions"].items())
    main = f"""<header>
<h1>Item embeddings, lesson by lesson</h1>
<p class="lead">The course on <b>{escape(Path(summary["dataset"]).name)}</b>{size}: {state}, in {_minutes(total)}.</p>
</header>
<h2>Lessons</h2>
<table class="lessons">
<thead><tr><th>Lesson</th><th class="number">Time</th><th class="number">Peak memory</th></tr></thead>
<tbody>{rows}</tbody>
</table>
{_headlines(lessons, notes)}
<footer>Seed {summary["seed"]} · {versions} · <a href="summary.json">summary.json</a></footer>"""
    return page("mtsgns_lite: the course", main)


def _lesson_row(lesson: dict[str, Any]) -> str:
    name, memory = lesson["name"], lesson["peak_mb"]
    words = f'<a href="{name}.html">{inline(re.sub(r"^A?[0-9]+[ .:·-]+", "", lesson["title"]))}</a>'
    if not lesson["ok"]:
        half = f'<a href="{name}.ipynb">the notebook as far as it came</a>'
        words += f'<p class="failed">{inline(lesson["error"])} · {half}</p>'
    memory = "" if memory is None else f"{memory:,.0f} MB"
    return (
        f'<tr><td><span class="tag">{escape(name[:2])}</span>{words}</td>'
        f'<td class="number">{_minutes(lesson["seconds"])}</td><td class="number">{memory}</td></tr>'
    )


def _headlines(lessons: Sequence[dict[str, Any]], notes: dict[str, dict[str, str]]) -> str:
    """A table of the numbers that the lessons themselves computed."""
    rows = []
    for lesson in lessons:
        tag = f'<a class="tag" href="{lesson["name"]}.html">{escape(lesson["name"][:2])}</a>'
        for name, value in lesson["headlines"].items():
            shown = f"{value:.3f}" if isinstance(value, float) else escape(str(value))
            about = notes.get(lesson["name"], {}).get(name, "")
            about = f"<small>{inline(about)}</small>" if about else ""
            rows.append(f'<tr><td>{tag}{inline(name)}{about}</td><td class="number strong">{shown}</td></tr>')
            tag = '<span class="tag"></span>'  # once for each lesson
    if not rows:
        return ""
    return f'<h2>What the lessons found</h2>\n<table class="headlines"><tbody>{"".join(rows)}</tbody></table>'


def inline(text: str) -> str:
    """A line of Markdown as HTML, without its paragraph."""
    made = MarkdownWithMath(renderer=_Renderer(escape=True)).render(text).strip()
    return re.sub(r"^<p>|</p>$", "", made)


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.1f} min"


def _links(name: str, others: Sequence[str]) -> str:
    place = list(others).index(name)
    around = [(place - 1, "← {}"), (place + 1, "{} →")]
    found = [
        f'<a href="{others[at]}.html">{words.format(others[at].replace("_", " "))}</a>' if 0 <= at < len(others) else ""
        for at, words in around
    ]
    return f'<span>{found[0]}</span><a href="index.html">All lessons</a><span>{found[1]}</span>'


class _Renderer(IPythonRenderer):
    """nbconvert's Markdown, with formulas as MathML."""

    def block_math(self, body: str) -> str:
        return formula(body, "block")

    def inline_math(self, body: str) -> str:
        return formula(body)

    def latex_environment(self, name: str, body: str) -> str:
        return formula(rf"\begin{{{name}}}{body}\end{{{name}}}", "block")


FOLDING = """
{%- extends 'basic/index.html.j2' -%}
{%- block input -%}
{%- if cell.metadata.get("jupyter", {}).get("source_hidden") -%}
<details><summary>folded code</summary>{{ super() }}</details>
{%- else -%}{{ super() }}{%- endif -%}
{%- endblock input -%}
"""  # a cell that is folded in JupyterLab is folded on the page


class _Exporter(HTMLExporter):
    @pass_context
    def markdown2html(self, context: Any, source: str) -> str:
        attachments = context.get("cell", {}).get("attachments", {})
        return MarkdownWithMath(renderer=_Renderer(escape=False, attachments=attachments)).render(source)
