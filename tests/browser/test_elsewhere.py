"""The live views elsewhere: Notebook 7, the dark theme, and a front end with the versions that Colab has."""

from __future__ import annotations

import re

from hands import around_all, choose, click, drag, lasso, options, points, press, slider, take_lasso
from lab import SHOP, Notebook, notebook, picture
from playwright.sync_api import expect

VIEWS = [
    'mt.explore(model, history, method="pca")',
    "mt.show_trait_weights(model, history, split)",
    "mt.cold_item(model)",
    "mt.sgns_stepper()",
]
VERSIONS = """\
import anywidget, ipywidgets, numpy, pandas, plotly, sklearn
print(*(f"{p.__name__} {p.__version__}" for p in (anywidget, ipywidgets, numpy, pandas, plotly, sklearn)))"""
FIGURE = """\
from mtsgns_lite.views import figures
figures.show(figures.bars({"one": 1.0, "two": 2.0}, "Two is twice one"), alt="bars")"""


def drive(book: Notebook) -> None:
    """Each view once, in short."""
    explorer, weights, counter, stepper = (book.cell(number) for number in range(1, 5))
    plane, said = explorer.locator(".mtsgns-map"), explorer.locator(".said")
    found = points(plane)
    assert len(found) > 50
    click(book.page, found[0])
    expect(said).to_have_text(re.compile(f"^{found[0].name}: near it"))
    plane.get_by_placeholder("search an item").fill("item 0171")
    plane.get_by_placeholder("search an item").press("Enter")
    expect(explorer.locator(".mtsgns-panel b").first).to_have_text("item 0171")
    take_lasso(plane)
    lasso(plane, around_all(plane))
    expect(said).to_contain_text("400 items selected")
    choose(explorer, "colour", "popularity")
    expect(explorer.locator(".legend")).to_contain_text("up to")
    drag(slider(explorer, "training"), 0.0)
    expect(said).to_contain_text("After step 0 of")

    status = weights.locator("p[role=status]")
    drag(slider(weights, "training"), 0.0)
    expect(status).to_contain_text("after step 0")
    weights.get_by_text("what if?").click()
    expect(status).to_contain_text("The weights are as learned")
    drag(slider(weights, "C"), 0.9)
    expect(status).to_contain_text("All items have the weights")

    counter.get_by_role("button", name="all unknown").click()
    choose(counter, "A", options(counter, "A")[2])
    expect(counter.locator("p[role=status]:not(.said)")).to_contain_text("the new product is nearest to item")

    step = stepper.locator("p[role=status]")
    before = step.text_content()
    stepper.get_by_role("button", name="One step").click()
    expect(step).not_to_have_text(before)
    drag(slider(stepper, "window"), 1.0)
    expect(step).to_contain_text("With window 5")


def test_notebook_7(jupyter_seven, opened):
    book = opened(jupyter_seven, notebook(jupyter_seven.root / "seven.ipynb", SHOP, *VIEWS), lab=False)
    drive(book.run_all())
    picture(book.page, "notebook7", book.cell(1))


def test_the_versions_of_colab(jupyter_colab, opened):
    book = opened(jupyter_colab, notebook(jupyter_colab.root / "colab.ipynb", SHOP, *VIEWS, VERSIONS, FIGURE))
    book.run_all()
    expect(book.cell(5)).to_contain_text("anywidget 0.9.21 ipywidgets 7.7.1 numpy 2.1.3 pandas 2.2.3 plotly 5.24.1")
    expect(book.cell(6).locator(".gtitle")).to_have_text("Two is twice one")
    drive(book)
    press(slider(book.cell(4), "window"), "Home")
    expect(book.cell(4).locator("p[role=status]")).to_contain_text("With window 1")
    picture(book.page, "colab", book.cell(1))


def test_the_dark_theme(jupyter_dark, opened):
    book = opened(jupyter_dark, notebook(jupyter_dark.root / "dark.ipynb", SHOP, *VIEWS, FIGURE)).run_all()
    expect(book.page.locator("body")).to_have_attribute("data-jp-theme-light", "false")
    click(book.page, points(book.cell(1).locator(".mtsgns-map"))[20])
    for number, name in enumerate(("explorer", "trait_weights", "cold_item", "stepper", "figure"), start=1):
        cell = book.cell(number)
        picture(book.page, f"{name}_dark", cell)
        for words in cell.locator("p[role=status], .mtsgns-panel b, svg text").all()[:12]:
            red, green, blue = words.evaluate(COLOUR)
            assert max(red, green, blue) > 110, f"{name}: dark words on a dark page: {words.text_content()!r}"


COLOUR = """element => {
  const style = getComputedStyle(element);
  const shown = element.tagName === 'text' ? style.fill : style.color;
  return shown.match(/[\\d.]+/g).slice(0, 3).map(Number);
}"""
