"""Training as it is seen in JupyterLab: the figure that grows, and the button that interrupts it."""

from __future__ import annotations

import re

from lab import SHOP, notebook, picture
from playwright.sync_api import expect

LONG = 'more = mt.fit(model, split.train, epochs=30, probe=mt.held_out_auc(split), device="cpu")'
KEPT = 'print(f"{more.interrupted} {more.steps > 0} {mt.neighbours(model, 0, k=1)[0].name}")'


def test_training_is_drawn_and_an_interrupt_keeps_the_model(jupyter, opened):
    book = opened(jupyter, notebook(jupyter.root / "training.ipynb", SHOP, LONG, KEPT))
    book.run_all(wait=False)
    figure = book.cell(1)
    expect(figure.first).to_contain_text(re.compile(r"epoch 1/30 · [\d,]+ of [\d,]+ steps"), timeout=60_000)
    expect(figure.locator("svg").first).to_contain_text("loss")
    first = figure.first.text_content()
    expect(figure.first).not_to_have_text(first)
    expect(figure.first).to_contain_text("left")
    book.page.wait_for_timeout(6000)  # for the picture
    picture(book.page, "training")
    book.interrupt()
    expect(figure.first).to_contain_text("interrupted after")
    expect(figure.first).to_contain_text("the model keeps what it has learned")
    book.wait()
    expect(book.cell(2)).to_have_text(re.compile(r"True True item \d{4}"))
    assert figure.count() == 1  # updated in place
