"""The cold-start counter and the skip-gram stepper in JupyterLab."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hands import choose, click, options, points, press, slider
from lab import SHOP, Notebook, notebook, picture, watched
from playwright.sync_api import expect
from timing import answer_times

STATUS = "p[role=status]:not(.said)"


@pytest.fixture(scope="module")
def book(chrome, jupyter) -> Iterator[Notebook]:
    with watched(chrome) as page:
        path = notebook(jupyter.root / "cold.ipynb", SHOP, "mt.cold_item(model)", "mt.sgns_stepper()")
        yield Notebook(page, jupyter, path).run_all()
    jupyter.forget()


class TestCounter:
    """A new product, from its traits."""

    @pytest.fixture
    def view(self, book: Notebook):
        """Nothing is known of the product."""
        book.cell(1).get_by_role("button", name="all unknown").click()
        expect(book.cell(1).locator(STATUS)).to_have_text("Nothing is known of the new product, so it has no vector.")
        return book.cell(1)

    def test_traits_place_the_product_and_name_its_neighbours(self, book, view):
        assert options(view, "A")[0] == "unknown"
        value = options(view, "A")[3]
        choose(view, "A", value)
        said = re.compile(rf"^With A = {value} the new product is nearest to item \d+ \(cosine 0\.\d\d\)\.$")
        expect(view.locator(STATUS)).to_have_text(said)
        expect(view.locator(".mtsgns-map .said")).to_contain_text("The star is the new product.")
        near = view.locator("table", has_text="cosine").locator("tr").all()[1:]
        assert len(near) == 6
        shared = [row.locator("td").all_inner_texts()[2] for row in near]
        assert sum("A" in traits.split(", ") for traits in shared) >= 3
        choose(view, "B", options(view, "B")[2])
        expect(view.locator(STATUS)).to_contain_text(f"With A = {value}, B = {options(view, 'B')[2]} the new product")
        picture(book.page, "cold_item", view)

    def test_without_traits_there_is_what_is_bought_most_and_a_tie(self, view):
        expect(view).to_contain_text("No vector, no neighbours: every score is 0.")
        expect(view.locator(".mtsgns-map .said")).to_contain_text("No vector, no place.")
        popular = view.locator("table", has_text="times").locator("tr").all()[1:]
        times = [int(row.locator("td").all_inner_texts()[1].replace(",", "")) for row in popular]
        assert times == sorted(times, reverse=True)
        assert times[-1] > 0

    def test_traits_are_taken_from_an_item_that_is_clicked(self, book, view):
        found = points(view.locator(".mtsgns-map"))[0]
        click(book.page, found)
        expect(view.locator(STATUS)).to_contain_text("the new product is nearest to item")
        view.get_by_role("button", name="all unknown").click()
        box = view.get_by_placeholder("the name of an item")
        box.fill(found.name)
        box.press("Enter")
        expect(view.locator(STATUS)).to_contain_text("the new product is nearest to item")
        box.fill("no such item")
        box.press("Enter")
        expect(view.get_by_role("alert")).to_contain_text("no such item")
        view.get_by_role("button", name="start over").click()
        expect(view.locator(STATUS)).to_contain_text("the new product is nearest to item")

    def test_times_of_the_counter(self, book, view, timed):
        first = view.locator(".widget-dropdown select").first
        acts = [lambda n=n: first.select_option(index=n) for n in range(1, 11)]
        timed("choose a trait of a new product", answer_times(book.page, acts, STATUS, "change"))


class TestStepper:
    """Skip-gram, one step at a time."""

    @pytest.fixture
    def view(self, book: Notebook):
        book.cell(2).get_by_role("button", name="Start again").click()
        return book.cell(2)

    def test_steps_go_along_the_walk_and_then_over_its_pairs(self, book, view):
        said, step = view.locator(STATUS), view.get_by_role("button", name="One step")
        expect(said).to_have_text(re.compile(r"^Walk 1"))
        seen = [said.text_content()]
        for _ in range(12):
            step.click()
            expect(said).not_to_have_text(seen[-1])
            seen.append(said.text_content())
        assert any("pairs come next" in words for words in seen)
        pairs = re.findall(r"pair (\d+) of", " ".join(seen))
        assert [int(number) for number in pairs] == list(range(1, len(pairs) + 1))
        loss = re.search(r"loss (\d\.\d+) → (\d\.\d+), probability of the pair (\d\.\d+) → (\d\.\d+)", seen[-1])
        before, after, chance, then = map(float, loss.groups())
        assert after < before  # a step of gradient that does what it is for
        assert then >= chance
        picture(book.page, "stepper", view)

    def test_ten_walks_teach_it_something(self, view):
        view.get_by_role("button", name="10 walks").click()
        words = view.locator(STATUS)
        expect(words).to_contain_text("walks at once")
        first, last = re.search(r"was (\d\.\d+) in the first and (\d\.\d+) in the last", words.text_content()).groups()
        assert float(last) < float(first)

    def test_it_plays_and_pauses(self, book, view):
        said, play = view.locator(STATUS), view.locator(".widget-play button")
        before = said.text_content()
        play.first.click()
        expect(said).not_to_have_text(before)
        middle = said.text_content()
        expect(said).not_to_have_text(middle)
        play.first.click()  # the same button pauses in ipywidgets 8
        book.page.wait_for_timeout(300)
        paused = said.text_content()
        book.page.wait_for_timeout(1500)
        assert said.text_content() == paused

    def test_a_wider_window_has_more_pairs(self, view):
        said = view.locator(STATUS)
        press(slider(view, "window"), "End")
        expect(said).to_contain_text(re.compile(r"With window 5 the walk has \d+ pairs"))
        many = int(re.search(r"has (\d+) pairs", said.text_content()).group(1))
        press(slider(view, "window"), "Home")
        expect(said).to_contain_text("With window 1")
        assert int(re.search(r"has (\d+) pairs", said.text_content()).group(1)) < many
        press(slider(view, "window"), "ArrowRight")
        choose(view, "q", "4")
        expect(said).to_contain_text("q = 4 holds for the next")
