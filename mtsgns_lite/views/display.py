"""Where figures are shown: JupyterLab, VS Code, Colab, and pages opened from disk."""

from __future__ import annotations

import html
import json
import sys
from pathlib import Path

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs, get_plotlyjs_version

MIME = "application/vnd.plotly.v1+json"
FIGURE = "mtsgns-figure"  # the class of the element that a figure is drawn in
SCRIPT = "plotly.min.js"  # the file beside a page; see `write_script`
# No upload button, no logo, few buttons; and a price band such as "$5 - $10" is no formula.
CONFIG = {
    "showSendToCloud": False,
    "displaylogo": False,
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "zoomIn2d", "zoomOut2d", "autoScale2d"],
    "typesetMath": False,
}

# Draws into the element before the script. Plotly comes from the page itself, else from the file beside it, else from
# the network; the figures of a page wait for one and the same loading.
_DRAW = """<div class="mtsgns-figure" role="img" aria-label="{alt}" style="width:100%;height:{height}px">\
<noscript>{alt}</noscript></div>
<script>(function (place) {{
  function load(sources) {{
    if (!sources.length) return Promise.reject();
    return new Promise(function (done, failed) {{
      var script = document.createElement("script"), amd = window.define && window.define.amd;
      if (amd) window.define.amd = undefined;
      script.src = sources[0]; script.charset = "utf-8"; script.onerror = failed;
      script.onload = function () {{ if (amd) window.define.amd = amd; done(); }};
      document.head.appendChild(script);
    }}).catch(function () {{ return load(sources.slice(1)); }});
  }}
  function draw() {{ return Plotly.newPlot(place, {figure}, {config}); }}
  if (window.Plotly) return draw();
  window.mtsgnsPlotly = window.mtsgnsPlotly || load({sources});
  window.mtsgnsPlotly.then(draw, function () {{ place.textContent = place.getAttribute("aria-label"); }});
}})(document.currentScript.previousElementSibling);</script>"""


def show(figure: go.Figure, alt: str = "") -> None:
    """Display a figure; `alt` says in words what it shows (its title, if not given).

    The output holds plotly's own form for JupyterLab and VS Code, HTML for pages made by nbconvert, and the words.
    Colab gets its own renderer; without IPython the words are printed.
    """
    alt = alt or title_of(figure)
    if "google.colab" in sys.modules:
        figure.show(renderer="colab", config=CONFIG)
        return
    shell = _shell()
    if shell is None:
        print(alt)
        return
    from IPython.display import display

    display(bundle(figure, alt), raw=True)


def _shell():
    if "IPython" not in sys.modules:
        return None
    from IPython import get_ipython

    return get_ipython()


def bundle(figure: go.Figure, alt: str = "") -> dict[str, object]:
    """The figure in the forms that a notebook's output keeps, by MIME type."""
    alt = alt or title_of(figure)
    spec = {**json.loads(figure.to_json()), "config": CONFIG}
    return {MIME: spec, "text/html": to_div(spec, alt), "text/plain": alt}


def to_div(figure: go.Figure | dict, alt: str = "") -> str:
    """A figure as an HTML element with the script that draws it, plotly.js itself not included.

    Parameters
    ----------
    figure : a Figure, plotly's JSON (data, layout), or an output's bundle that holds it. From a bundle the alt text is
        taken too. A page that has loaded plotly.js draws at once; else the script looks for `plotly.min.js` beside the
        page, and then on the network. Where neither is to be had the page shows the alt text.
    """
    spec, alt = _spec(figure, alt)
    height = spec.get("layout", {}).get("height", 420)
    drawn = f"{_script_json(spec.get('data', []))}, {_script_json(spec.get('layout', {}))}"
    config = _script_json({**spec["config"], "responsive": True})  # not in JupyterLab, whose outputs have no height
    sources = _script_json([SCRIPT, f"https://cdn.plot.ly/plotly-{get_plotlyjs_version()}.min.js"])
    return _DRAW.format(alt=html.escape(alt), height=int(height), figure=drawn, config=config, sources=sources)


def _spec(figure: go.Figure | dict, alt: str) -> tuple[dict, str]:
    if isinstance(figure, go.Figure):
        return {**json.loads(figure.to_json()), "config": CONFIG}, alt or title_of(figure)
    if MIME in figure:
        return {"config": CONFIG, **figure[MIME]}, alt or "".join(figure.get("text/plain", ""))
    return {"config": CONFIG, **figure}, alt


def _script_json(value: object) -> str:
    """JSON that may stand in a script element, whatever the names in it."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")


def title_of(figure: go.Figure) -> str:
    """The figure's title in plain text."""
    return html.unescape((figure.layout.title.text or "").replace("<br>", " "))


def write_script(folder: str | Path) -> Path:
    """Put the installed plotly.js into a folder of pages, once for all of them."""
    path = Path(folder) / SCRIPT
    path.write_text(get_plotlyjs(), encoding="utf-8")
    return path


def to_png(shown: go.Figure | dict | str, width: int = 840, scale: float = 0.75) -> bytes | None:
    """A light picture of a figure, or of HTML, or None where there is no Chromium and playwright to take it.

    For building the notebooks only; nobody needs it to run a lesson.
    """
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        return None
    body = shown if isinstance(shown, str) else to_div(shown)
    script = f"<script>{get_plotlyjs()}</script>" if FIGURE in body else ""
    page_html = (
        "<!DOCTYPE html><meta charset=utf-8><body style='margin:0;background:white;font:16px system-ui,sans-serif'>"
        f"{script}<div id=figure style='width:{width}px'>{body}</div>"
    )
    path = "/usr/bin/chromium" if Path("/usr/bin/chromium").exists() else None  # Debian's, else playwright's own
    try:
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
            page = browser.new_page(viewport={"width": width, "height": 600}, device_scale_factor=scale)
            page.set_content(page_html)
            if script:
                page.wait_for_selector(f".{FIGURE} .main-svg", state="attached")
            picture = page.locator("#figure").screenshot()
            browser.close()
            return picture
    except Error:
        return None
