"""The README's pictures: `make pictures`, two minutes. The live views as they stand in JupyterLab, on groceries."""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image

TESTS = Path(__file__).resolve().parents[1]
DOCS = TESTS.parent / "docs"
sys.path[:0] = [str(TESTS), str(TESTS / "browser")]

from browsers import chromium  # noqa: E402
from lab import Notebook, Server, notebook, watched  # noqa: E402

CELLS = [
    """\
import mtsgns_lite as mt
shop = mt.load("groceries")
split = mt.split(shop, cold_items=0.1)
model = mt.MultiTraitSGNS(shop.catalogue)
history = mt.fit(model, split.train, epochs=3, snapshots=12, progress=False)
""",
    'mt.explore(model, history, colour="department", method="tsne")',
    "mt.sgns_stepper()",
]


def keep(book: Notebook, number: int, name: str) -> None:
    """A cell's output as a light PNG in docs/."""
    cell = book.cell(number)
    cell.first.evaluate("element => element.scrollIntoView({block: 'start'})")
    book.page.wait_for_timeout(900)
    book.page.set_viewport_size({"width": 1280, "height": 800})
    drawn = Image.open(io.BytesIO(cell.locator(".widget-vbox").first.screenshot())).convert("RGB")
    few = drawn.quantize(128, Image.Quantize.MAXCOVERAGE, kmeans=3, dither=Image.Dither.NONE)  # rare colours too
    DOCS.mkdir(exist_ok=True)
    few.save(DOCS / f"{name}.png", "PNG", optimize=True)
    print(f"docs/{name}.png {(DOCS / f'{name}.png').stat().st_size / 1000:.0f} KB")


def main() -> int:
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        server = Server(Path(folder))
        try:
            with watched(browser) as page:
                book = Notebook(page, server, notebook(server.root / "pictures.ipynb", *CELLS)).run_all(seconds=600)
                search = book.cell(1).get_by_placeholder("search an item")
                search.fill("baby diapers")
                search.press("Enter")
                book.page.locator(".mtsgns-map .said", has_text="near it").wait_for()
                keep(book, 1, "explorer")
                for words in ["10 walks"] * 2 + ["One step"] * 10:
                    book.cell(2).get_by_role("button", name=words).click()
                keep(book, 2, "stepper")
        finally:
            server.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
