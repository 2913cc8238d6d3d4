"""The map of items in JupyterLab, as a person uses it: search, click, lasso, menus, the slider through training."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hands import HANDLE, around_all, choose, click, drag, lasso, options, points, press, ring, slider, take_lasso
from lab import SHOP, Notebook, notebook, picture, watched
from playwright.sync_api import expect
from timing import answer_times

NAMED = re.compile(r"^item \d{4}: near it item \d{4} \(\d\.\d\d\), ")
PANEL, SAID = ".mtsgns-panel", ".mtsgns-map .said"


@pytest.fixture(scope="module")
def book(chrome, jupyter) -> Iterator[Notebook]:
    with watched(chrome) as page:
        path = notebook(jupyter.root / "explorer.ipynb", SHOP, 'mt.explore(model, history, method="pca")')
        yield Notebook(page, jupyter, path).run_all()
    jupyter.forget()


@pytest.fixture
def view(book: Notebook):
    """The cell with the map, as nobody had touched it: the last snapshot, nothing chosen, the lasso up."""
    cell = book.cell(1)
    book.page.locator(PANEL).wait_for()
    press(slider(cell, "training"), "End")
    cell.locator("canvas").focus()
    book.page.keyboard.press("Escape")
    expect(cell.locator(PANEL)).to_contain_text("Click an item, search for one, or draw a lasso")
    return cell


def test_search_finds_an_item_by_a_part_of_its_name(book, view):
    box, offers = view.get_by_placeholder("search an item"), view.locator(".search [role=option]")
    box.fill("M 017")
    expect(offers).to_have_count(8)
    assert all("017" in offer for offer in offers.all_text_contents())
    box.press("ArrowDown")
    box.press("Enter")
    expect(view.locator(SAID)).to_have_text(re.compile("^item 0171: near it"))
    expect(view.locator(f"{PANEL} b").first).to_have_text("item 0171")
    box.fill("no such item")
    expect(view.get_by_role("listbox")).to_have_text("no item on this map")
    box.press("Escape")


def test_a_click_lists_the_neighbours_of_the_item_under_the_mouse(book, view):
    for found in points(view.locator(".mtsgns-map"))[:40:10]:
        click(book.page, found)
        expect(view.locator(SAID)).to_have_text(re.compile(f"^{found.name}: near it"))
    panel = view.locator(PANEL)
    expect(panel.locator("b").first).to_have_text(found.name)
    assert panel.locator("svg").get_attribute("aria-label").startswith("Weight and part of its vector: item ")
    rows = [row.locator("td").all_inner_texts() for row in panel.locator("tr").all()[1:]]
    assert [row[0] for row in rows] == [str(rank) for rank in range(1, 11)]
    cosines = [float(row[2]) for row in rows]
    assert cosines == sorted(cosines, reverse=True)
    assert 1 >= cosines[0] > 0.3
    assert found.name not in "".join(row[1] for row in rows)
    picture(book.page, "explorer", view)


def test_a_lasso_says_what_its_items_have_in_common(book, view):
    plane, said = view.locator(".mtsgns-map"), view.locator(SAID)
    take_lasso(plane)
    lasso(plane, around_all(plane))
    expect(said).to_have_text("400 items selected; no value of a trait stands out.")
    lasso(plane, ring(plane, across=0.5))
    expect(said).to_have_text(
        re.compile(r"^\d+ items? selected; most of all \w \w+: \d+ items, \d+\.\d times the usual")
    )
    some = int(said.text_content().split()[0])
    assert 2 < some < 400
    rows = [row.locator("td").all_inner_texts() for row in view.locator(f"{PANEL} tr").all()[1:]]
    assert all(1 < int(row[2]) <= some and float(row[3]) > 1 for row in rows)
    picture(book.page, "lasso", view)


def test_colours_have_a_legend_that_picks_one(book, view):
    legend = view.locator(".legend button")
    for name, entries in (("B", "B"), ("in training", "yesno"), ("popularity", "0up to")):
        choose(view, "colour", name)
        expect(view.locator(".legend")).to_contain_text(entries)
    before = view.locator("canvas").evaluate("canvas => canvas.toDataURL()")
    legend.first.click()
    expect(legend.first).to_have_attribute("aria-pressed", "true")
    book.page.wait_for_timeout(100)
    assert view.locator("canvas").evaluate("canvas => canvas.toDataURL()") != before
    legend.first.click()


def test_the_slider_goes_back_through_training(book, view):
    training, said = slider(view, "training"), view.locator(SAID)
    drag(training, 0.5)
    expect(said).to_have_text(re.compile(r"^After step \d+ of \d+, on the last step.s plane \(PCA\)"))
    step, last = map(int, re.findall(r"\d+", said.text_content())[:2])
    assert 0 < step < last
    press(training, "Home")
    expect(said).to_have_text(re.compile(f"^After step 0 of {last},"))
    press(training, "ArrowRight", 2)
    expect(said).not_to_have_text(re.compile("^After step 0 "))
    found = points(view.locator(".mtsgns-map"))[0]
    click(book.page, found)
    expect(said).to_contain_text(f"{found.name}: near it")


def test_the_map_is_played(book, view):
    press(slider(view, "training"), "Home")
    expect(view.locator(SAID)).to_have_text(re.compile("^After step 0 "))
    view.locator(".widget-play button").first.click()
    expect(view.locator(SAID)).not_to_have_text(re.compile("^After step 0 "))
    steps = view.locator(SAID).text_content()
    expect(view.locator(SAID)).not_to_have_text(steps)
    view.locator(".widget-play button").nth(1).click()


def test_other_vectors_and_another_map(book, view):
    said = view.locator(SAID)
    choose(view, "vectors", "context")
    expect(said).to_have_text(re.compile(r"context vectors, PCA\.$"))
    choose(view, "vectors", "target")
    assert options(view, "map")[:2] == ["PCA", "t-SNE"]
    choose(view, "map", "t-SNE")
    expect(view.locator(".busy")).to_contain_text("Computing 400 items, target vectors, t-SNE, seed 0.")
    expect(said).to_have_text("400 items, target vectors, t-SNE, seed 0.")
    expect(view.locator(".busy")).to_be_hidden()
    picture(book.page, "explorer_tsne", view)
    choose(view, "map", "PCA")
    expect(said).to_have_text("400 items, target vectors, PCA.")


def test_the_map_needs_no_mouse(book, view):
    book.page.mouse.move(5, 5)
    view.locator("canvas").focus()
    book.page.keyboard.press("ArrowRight")
    card = view.locator(".card b")
    first = card.text_content()
    book.page.keyboard.press("ArrowDown")
    expect(card).to_be_visible()
    name = card.text_content()
    assert name != first
    book.page.keyboard.press("Enter")
    expect(view.locator(SAID)).to_have_text(re.compile(f"^{name}: near it"))
    book.page.keyboard.press("Escape")
    expect(view.locator(PANEL)).to_contain_text("Click an item")


def test_times_of_the_explorer(book, view, timed):
    page, plane = book.page, view.locator(".mtsgns-map")
    found = points(plane)
    clicks = [lambda point=point: click(page, point) for point in found[:: max(1, len(found) // 20)][:20]]
    timed("click an item", answer_times(page, clicks, SAID))
    take_lasso(plane)
    paths = [ring(plane, across=0.3 + 0.03 * n) for n in range(10)]
    timed("lasso", answer_times(page, [lambda path=path: lasso(plane, path) for path in paths], SAID))
    handle = slider(view, "training").locator(HANDLE).first
    handle.focus()
    keys = [lambda key=key: page.keyboard.press(key) for key in ["ArrowLeft"] * 6 + ["ArrowRight"] * 6]
    timed("slider through training", answer_times(page, keys, SAID, "keydown"))
