"""What the other tests here rest on: a notebook runs, a cell that fails fails the test, and so does the console."""

from __future__ import annotations

import pytest
from lab import notebook, watched
from timing import answer_time


def test_a_cell_that_fails_is_seen(jupyter, opened, tmp_path):
    book = notebook(jupyter.root / "fails.ipynb", 'print("before")', "1 / 0")
    with pytest.raises(pytest.fail.Exception, match="ZeroDivisionError"):
        opened(jupyter, book).run_all()


@pytest.mark.parametrize("script", ["console.error('broken')", "setTimeout(() => { throw new Error('broken') })"])
def test_what_the_console_says_fails_the_test(chrome, script):
    with pytest.raises(AssertionError, match="broken"), watched(chrome) as page:
        page.evaluate(f"() => {{ {script} }}")
    with watched(chrome, allowed=["brok"]) as page:
        page.evaluate(f"() => {{ {script} }}")


def test_time_is_measured_from_the_event_to_the_text(chrome):
    with watched(chrome) as page:
        page.set_content("<button>go</button><p>1</p>")
        page.evaluate("""() => document.querySelector('button').addEventListener('pointerup', () => {
            const text = document.querySelector('p');
            setTimeout(() => { text.textContent = 'wait' }, 20);
            setTimeout(() => { text.textContent = 'done' }, 200) })""")
        found = answer_time(page, page.locator("button").click, "p", pattern="done")
        assert 195 < found < 1000
