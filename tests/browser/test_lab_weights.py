"""The view of trait weights in JupyterLab: the slider over training, and "what if?"."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hands import HANDLE, press, slider
from lab import SHOP, Notebook, notebook, picture, watched
from playwright.sync_api import expect
from timing import answer_times

STATUS = "p[role=status]"


@pytest.fixture(scope="module")
def book(chrome, jupyter) -> Iterator[Notebook]:
    with watched(chrome) as page:
        path = notebook(jupyter.root / "weights.ipynb", SHOP, "mt.show_trait_weights(model, history, split)")
        yield Notebook(page, jupyter, path).run_all()
    jupyter.forget()


@pytest.fixture
def view(book: Notebook):
    book.cell(1).get_by_text("what was learned").click()
    return book.cell(1)


@pytest.fixture
def asked(book: Notebook):
    """The panel of "what if?", with the weights as learned."""
    book.cell(1).get_by_text("what if?").click()
    book.cell(1).get_by_role("button", name="as learned", exact=True).click()
    expect(book.cell(1).locator(STATUS)).to_contain_text("The weights are as learned")
    return book.cell(1)


def drawn(view) -> dict[str, tuple[float, float]]:
    """Weight and share of each source, as the picture says."""
    words = view.locator("svg[role=img]").get_attribute("aria-label")
    found = re.findall(r"(\w+) (\d\.\d+) and (-?\d\.\d+)", words)
    return {source: (float(weight), float(share)) for source, weight, share in found}


def test_weights_grow_from_where_all_are_the_same(book, view):
    learned = drawn(view)
    assert list(learned) == ["item", "A", "B", "C", "D"]
    assert sum(weight for weight, _ in learned.values()) == pytest.approx(1, abs=0.01)
    weights = {source: weight for source, (weight, _) in learned.items()}
    assert max(weights, key=weights.get) == "A"  # as planted, and C counts for nothing
    assert min(weights, key=weights.get) == "C"
    expect(view.locator(STATUS)).to_contain_text(re.compile("The largest weight after step .* is that of A"))
    picture(book.page, "trait_weights", view)
    press(slider(view, "training"), "Home")
    expect(view.locator(STATUS)).to_contain_text("after step 0 ")
    assert [weight for weight, _ in drawn(view).values()] == pytest.approx([0.2] * 5, abs=0.02)
    press(slider(view, "training"), "End")
    expect(view.locator(STATUS)).not_to_contain_text("after step 0 ")
    assert drawn(view) == learned


def test_what_if_begins_as_learned(book, view):
    """In a page of its own, before anything was moved."""
    view.get_by_text("what if?").click()
    book.page.wait_for_timeout(500)
    expect(view.locator(STATUS)).to_contain_text("The weights are as learned")


def test_other_weights_give_other_neighbours_and_another_auc(book, asked):
    status = asked.locator(STATUS)
    press(slider(asked, "A"), "Home")
    expect(status).to_contain_text(re.compile(r"All items have the weights .*A 0\.00, .* made to add up to 1"))
    row = asked.locator("tr", has_text="cold held-out pairs").locator("td").all_inner_texts()
    learned, by_hand, change = map(float, row[1:])
    assert change == pytest.approx(by_hand - learned, abs=0.0015)
    assert change < -0.01  # A is the trait that counts most
    picture(book.page, "what_if", asked)
    asked.get_by_role("button", name="all equal").click()
    expect(status).to_contain_text("item 0.20, A 0.20, B 0.20, C 0.20, D 0.20")
    asked.get_by_role("button", name="as learned", exact=True).click()
    expect(status).to_contain_text("The weights are as learned")


def test_neighbours_of_an_item_that_is_typed(book, asked):
    box = asked.locator(".widget-combobox input, input[list]").first
    box.fill("item 0123")
    box.press("Enter")
    expect(asked.locator(STATUS)).to_contain_text("Nearest to item 0123")
    box.fill("no such item")
    box.press("Enter")
    expect(asked.get_by_role("alert")).to_contain_text("no such item")
    box.fill("item 0005")
    box.press("Enter")
    expect(asked.locator(STATUS)).to_contain_text("Nearest to item 0005")


def test_times_of_what_if(book, asked, timed):
    handle = slider(asked, "B").locator(HANDLE).first
    handle.focus()
    keys = [lambda: book.page.keyboard.press("ArrowRight")] * 10
    timed("what-if slider", answer_times(book.page, keys, ".widget-html-content", "keydown"))
