"""Lesson 03 in JupyterLab, made small: all cells run, and then each of its live views is driven."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hands import around_all, choose, click, drag, lasso, options, points, press, slider, take_lasso
from lab import Notebook, lesson, picture, watched
from playwright.sync_api import expect

EXPLORER, WEIGHTS, COUNTER = "mt.explore(", "mt.show_trait_weights(", "mt.cold_item("
SAID, STATUS = ".mtsgns-map .said", "p[role=status]:not(.said)"


@pytest.fixture(scope="module")
def book(chrome, jupyter) -> Iterator[Notebook]:
    with watched(chrome) as page:
        path = lesson(jupyter.root / "lesson.ipynb", "03", SMOKE=True, DATASET="planted")
        yield Notebook(page, jupyter, path).run_all(seconds=300)
    jupyter.forget()


def test_items_are_found_clicked_and_circled(book):
    cell = book.showing(EXPLORER)
    plane, said = cell.locator(".mtsgns-map"), cell.locator(SAID)
    found = points(plane)
    click(book.page, found[len(found) // 2])
    name = found[len(found) // 2].name
    expect(said).to_have_text(re.compile(f"^{re.escape(name)}: near it "))
    expect(cell.locator(".mtsgns-panel b").first).to_have_text(name)
    picture(book.page, "lesson_explorer", cell)
    wanted = found[-1].name
    plane.get_by_placeholder("search an item").fill(wanted)
    plane.get_by_placeholder("search an item").press("Enter")
    expect(said).to_have_text(re.compile(f"^{re.escape(wanted)}: near it "))
    take_lasso(plane)
    lasso(plane, around_all(plane))
    expect(said).to_contain_text("items selected")
    assert int(said.text_content().split()[0].replace(",", "")) >= len(found)


def test_the_map_is_coloured_and_goes_through_training(book):
    cell = book.showing(EXPLORER)
    for colour in options(cell, "colour")[::-1]:
        before = cell.locator(".legend").text_content()
        choose(cell, "colour", colour)
        expect(cell.locator(".legend")).not_to_have_text(before)
    press(slider(cell, "training"), "Home")
    expect(cell.locator(SAID)).to_have_text(re.compile("^After step 0 of "))
    drag(slider(cell, "training"), 1.0)
    expect(cell.locator(SAID)).not_to_have_text(re.compile("^After step 0 of "))


def test_weights_over_training_and_what_if(book):
    cell = book.showing(WEIGHTS)
    status = cell.locator(STATUS)
    expect(status).to_contain_text(re.compile(r"after step ([\d,]+) of \1"))
    press(slider(cell, "training"), "Home")
    expect(status).to_contain_text("after step 0 of")
    cell.get_by_text("what if?").click()
    expect(status).to_contain_text("The weights are as learned")
    press(cell.locator(".widget-slider").nth(1), "End")
    expect(status).to_contain_text("All items have the weights")
    expect(cell).to_contain_text("cold held-out pairs")
    picture(book.page, "lesson_weights", cell)
    cell.get_by_role("button", name="as learned", exact=True).click()
    expect(status).to_contain_text("The weights are as learned")


def test_a_cold_item_lands_somewhere(book):
    cell = book.showing(COUNTER)
    status, traits = cell.locator(STATUS), cell.locator(".widget-dropdown select")
    cell.get_by_role("button", name="all unknown").click()
    expect(status).to_contain_text("has no vector")
    traits.first.select_option(index=1)
    expect(status).to_contain_text(re.compile(r"^With \w+ = .* the new product is nearest to .*\(cosine \d\.\d\d\)\.$"))
    said = status.text_content()
    traits.first.select_option(index=2)
    expect(status).not_to_have_text(said)
    picture(book.page, "lesson_counter", cell)
