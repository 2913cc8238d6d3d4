"""How fast the live views answer: `python tests/benchmarks/views.py`, about three minutes.

A real JupyterLab in a headless Chromium, the groceries with all their items, one model. Each time is the page's own:
from the event (a pointer let go, a key, a choice) until the text that tells of it has changed, the kernel's answer
included.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "browser")]

from browsers import chromium  # noqa: E402
from hands import HANDLE, click, lasso, options, points, ring, slider, take_lasso  # noqa: E402
from lab import Notebook, Server, notebook, picture, watched  # noqa: E402
from timing import answer_times, p95  # noqa: E402

TRAIN = """\
import mtsgns_lite as mt
shop = mt.load("{dataset}")
split = mt.split(shop, cold_items=0.1)
model = mt.MultiTraitSGNS(shop.catalogue)
history = mt.fit(model, split.train, probe=mt.trait_weights, snapshots=12, progress=False)
"""
CACHE = 'mt.explore(model, method="{method}").space.places("target", "{method}").shape'
EXPLORER = 'mt.explore(model, history, method="{method}")'
SAID, PANEL = ".mtsgns-map .said", ".widget-html-content"
N = 20

# From the keys that run the cell until the map has a point on it.
FIRST = """() => {
  let start = null;
  document.addEventListener('keydown', event => { start = event.timeStamp; }, {capture: true, once: true});
  window.drawn = new Promise(resolve => {
    const look = () => {
      const canvas = document.querySelector('.mtsgns-map canvas');
      const there = start !== null && canvas && canvas.width > 0 && canvas.height > 0;
      if (there && canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(part => part))
        return resolve(performance.now() - start);
      requestAnimationFrame(look);
    };
    look();
  });
}"""

Row = tuple[str, list[float], tuple[int, int] | None]  # what, times, the bars of median and p95; ms all


def first_map(book: Notebook) -> float:
    """Run the explorer's cell by hand; its coordinates are in the cache by then."""
    book.command("notebook:clear-all-cell-outputs")
    book.page.locator(".mtsgns-map").wait_for(state="detached")
    book.page.locator(".jp-CodeCell").nth(2).locator(".jp-InputArea-editor").click()
    book.page.evaluate(FIRST)
    book.page.keyboard.press("Shift+Enter")
    return book.page.evaluate("window.drawn")


def keys(book: Notebook, handle, there: str, back: str) -> list[Callable[[], None]]:
    """Half the presses go there, half of them back."""
    handle.focus()
    return [lambda key=key: book.page.keyboard.press(key) for key in [there] * (N // 2) + [back] * (N // 2)]


def explorer(book: Notebook) -> list[Row]:
    """Click, lasso, slider and colours of the map."""
    cell, page = book.cell(2), book.page
    rows: list[Row] = [("first map, coordinates cached", [first_map(book) for _ in range(5)], (2000, 2000))]
    plane = cell.locator(".mtsgns-map")
    found = points(plane)
    clicks = [lambda point=point: click(page, point) for point in found[:: len(found) // N][:N]]
    rows.append(("click an item", answer_times(page, clicks, SAID), (100, 300)))
    handle = slider(cell, "training").locator(HANDLE).first
    epochs = answer_times(page, keys(book, handle, "ArrowLeft", "ArrowRight"), SAID, "keydown")
    rows.append(("slider through training, an item chosen", epochs, (100, 300)))
    take_lasso(plane)
    paths = [ring(plane, across=0.2 + 0.04 * n) for n in range(N)]
    lassos = [lambda path=path: lasso(plane, path) for path in paths]
    rows.append(("lasso", answer_times(page, lassos, SAID), (150, 300)))
    menu, names = cell.locator(".widget-dropdown", has_text="colour").locator("select"), options(cell, "colour")
    choices = [lambda name=name: menu.select_option(name) for name in (names[1:] + names[:1]) * N][:N]
    rows.append(("choose a colour", answer_times(page, choices, ".mtsgns-map .legend", "change"), None))
    picture(page, "benchmark", cell)
    return rows


def weights(book: Notebook) -> list[Row]:
    """The slider over training, and "what if?" with its neighbours and AUC."""
    cell = book.cell(1)
    handle = slider(cell, "training").locator(HANDLE).first
    over = answer_times(book.page, keys(book, handle, "ArrowLeft", "ArrowRight"), PANEL, "keydown")
    cell.get_by_text("what if?").click()
    book.page.wait_for_timeout(2000)
    handle = cell.locator(".widget-slider").nth(1).locator(HANDLE).first
    asked = answer_times(book.page, keys(book, handle, "ArrowRight", "ArrowLeft"), PANEL, "keydown")
    return [("trait weights over training", over, None), ("what if: a weight is moved", asked, None)]


def counter(book: Notebook) -> list[Row]:
    """A trait of the new product is chosen."""
    menu = book.cell(1).locator(".widget-dropdown select").first
    values = menu.locator("option").count()
    choices = [lambda n=n: menu.select_option(index=n % values) for n in range(1, N + 1)]
    status = "p[role=status]:not(.said)"
    return [("cold item: a trait is chosen", answer_times(book.page, choices, status, "change"), None)]


def table(rows: list[Row]) -> str:
    """The rows in Markdown."""
    lines = ["| what | median, ms | p95, ms | n | bars |", "|---|---:|---:|---:|---|"]
    for what, times, bars in rows:
        middle, high = statistics.median(times), p95(times)
        verdict = ""
        if bars is not None:
            verdict = f"{bars[0]} and {bars[1]}: {'met' if middle <= bars[0] and high <= bars[1] else 'MISSED'}"
        lines.append(f"| {what} | {middle:.0f} | {high:.0f} | {len(times)} | {verdict} |")
    return "\n".join(lines)


def measured(server: Server, browser, train: str, cells: list[str], of: Callable[[Notebook], list[Row]]) -> list[Row]:
    """The rows of one notebook."""
    with watched(browser) as page:
        rows = of(
            Notebook(page, server, notebook(server.root / f"{of.__name__}.ipynb", train, *cells)).run_all(seconds=600)
        )
    server.forget()
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--dataset", default="groceries", choices=["groceries", "planted"])
    parser.add_argument("--method", default="tsne", choices=["pca", "tsne", "umap"], help="of the explorer's map")
    given = parser.parse_args()
    train = TRAIN.format(dataset=given.dataset)
    maps = [CACHE.format(method=given.method), EXPLORER.format(method=given.method)]
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        server = Server(Path(folder))
        try:
            rows = measured(server, browser, train, maps, explorer)
            rows += measured(server, browser, train, ["mt.show_trait_weights(model, history, split)"], weights)
            rows += measured(server, browser, train, ["mt.cold_item(model)"], counter)
        finally:
            server.close()
    print(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
