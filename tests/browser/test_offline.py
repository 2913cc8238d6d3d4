"""The page that `make course` writes of the views, opened from disk without a network."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab import SHOP, notebook, picture, watched
from playwright.sync_api import expect

CELLS = [
    'mt.explore(model, history, method="pca")',
    "mt.show_trait_weights(model, history, split)",
    "mt.cold_item(model)",
    "mt.sgns_stepper()",
    "more = mt.fit(model, split.train, probe=mt.held_out_auc(split))",
    "import numpy as np\nfrom mtsgns_lite.views import figures\nrng = np.random.default_rng(0)\n"
    "scores = {name: (rng.normal(far, 1, 300), rng.normal(0, 1, 300)) for name, far in (('near', 1), ('far', 2))}\n"
    "figures.show(figures.threshold_comparison(scores, 'Two models'), 'Two models')",
]
RUN = """\
import sys
from mtsgns_lite import course
sys.exit(course.run("planted", out=sys.argv[2], notebooks=sys.argv[1]))"""

# plotly's own arithmetic: where in the window the point of a trace stands
PLACE = """(figure, number) => {
  const f = figure._fullLayout, trace = figure._fullData[0];
  const box = figure.querySelector('.nsewdrag').getBoundingClientRect();
  return [box.left + f.xaxis.d2p(trace.x[number]), box.top + f.yaxis.d2p(trace.y[number])];
}"""


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("course")
    notebook(folder / "03_views.ipynb", SHOP, *CELLS)
    done = subprocess.run(
        [sys.executable, "-c", RUN, folder, folder / "pages"], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "pages" / "03_views.html"


@pytest.fixture(scope="module")
def page(written: Path, chrome) -> Iterator:
    asked = []
    with watched(chrome, offline=True) as page:
        page.route(re.compile("^https?:"), lambda route: (asked.append(route.request.url), route.abort()))
        page.goto(written.as_uri())
        page.locator(".mtsgns-figure .main-svg").first.wait_for(state="attached")
        yield page
        assert asked == []


def test_a_plain_map_stands_for_the_explorer(page):
    figure = page.locator(".mtsgns-figure").first
    figure.scroll_into_view_if_needed()
    expect(figure.locator(".gtitle")).to_contain_text("400 items, target vectors, PCA")
    plot = page.locator(".js-plotly-plot").first
    page.mouse.move(*plot.evaluate(PLACE, 3), steps=3)
    expect(figure.locator(".hovertext").first).to_contain_text(re.compile(r"item \d{4}"))
    picture(page, "offline_map")


def test_its_menu_changes_the_colours(page):
    figure = page.locator(".mtsgns-figure").first
    legend = figure.locator(".legend")
    expect(legend).to_contain_text("A15")
    figure.locator(".updatemenu-header").click()
    figure.locator(".updatemenu-dropdown-button", has_text="popularity").click()
    expect(legend).not_to_contain_text("A15")
    expect(legend).to_contain_text("up to")


def test_the_other_views_show_how_they_stood(page):
    said = page.locator("p[role=status]")
    expect(said.filter(has_text="The largest weight after step 936 of 936 is that of A")).to_be_visible()
    expect(said.filter(has_text="the new product is nearest to item")).to_be_visible()
    expect(said.filter(has_text="Walk 1, pair 1 of")).to_be_visible()
    for picture_ in page.locator("svg[role=img]").all():
        assert picture_.bounding_box()["width"] > 150
    training = page.get_by_role("img", name=re.compile("^1 epoch, 468 steps"))
    assert training.evaluate("image => image.naturalWidth") > 100
    assert page.locator(".jupyter-widgets, .widget-label").count() == 0
    assert "model_id" not in page.content()


def test_the_slider_of_thresholds_needs_no_kernel(page):
    figure = page.locator(".mtsgns-figure").last
    figure.scroll_into_view_if_needed()
    words = figure.locator(".annotation-text", has_text="precision").first
    before = words.text_content()
    rail = figure.locator(".slider-rail-touch-rect").bounding_box()
    page.mouse.click(rail["x"] + 0.8 * rail["width"], rail["y"] + rail["height"] / 2)
    expect(words).not_to_have_text(before)
    picture(page, "offline_thresholds")
