"""A real Jupyter on this machine, and a notebook as a person has it before them.

`Server` runs JupyterLab and Notebook with all their folders under one that is given. `watched` is a page that must not
complain, and `Notebook` a notebook that is opened in it and run.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
LESSONS = ROOT / "notebooks"
SCREENSHOTS = ROOT / "build" / "browser"
SIZE = {"width": 1280, "height": 720}
OPEN, ACT = 90_000, 20_000  # ms to wait for a page to open, and for what a person does there
END = "THE LAST CELL HAS RUN"

SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True},
    "docmanager-extension/plugin": {"autosave": False},
    "notebook-extension/tracker": {"windowingMode": "none"},  # else an output that is out of sight is not in the page
}

# What the browser complains of though nothing is wrong with the notebook.
ALLOWED = {
    r"GPU stall due to ReadPixels": "drawing without a graphics card",
    r"reading 'schema'\)\s+at \S+/static/notebook/notebook_core": "Notebook 7.6 itself, while it starts",
    r"\[anywidget\] Failed to initialize model.*timed out": "a machine slower than anywidget's two seconds",
}

READY = "window.jupyterapp && window.jupyterapp.commands.hasCommand('notebook:run-all-cells')"
RUN = """async command => {
  const app = window.jupyterapp;
  await app.restored;
  const panel = app.shell.currentWidget;
  await panel.context.ready;
  await panel.sessionContext.ready;
  await panel.sessionContext.session.kernel.info;
  app.commands.execute(command).catch(() => {});  // it would wait until all cells are done
}"""


# A model that is trained in three seconds, with all that a view may want to know of its training.
SHOP = """\
import mtsgns_lite as mt
shop = mt.load("planted", items=400, baskets=8000)
split = mt.split(shop, cold_items=0.1)
model = mt.MultiTraitSGNS(shop.catalogue, dim=32)
history = mt.fit(model, split.train, epochs=2, probe=mt.trait_weights, snapshots=12, progress=False)"""

# "done" once the last cell has said so, or the message of the first cell that failed
STATE = """end => {
  const cells = window.jupyterapp.shell.currentWidget.content.model.cells;
  for (let i = 0; i < cells.length; i++) {
    const outputs = cells.get(i).outputs;
    for (let j = 0; outputs && j < outputs.length; j++) {
      const said = outputs.get(j).toJSON();
      if (said.output_type === 'error') return `${said.ename}: ${said.evalue}`;
    }
  }
  return [...document.querySelectorAll('.jp-OutputArea-output')].some(o => o.textContent.includes(end)) && 'done';
}"""


def notebook(path: Path, *cells: str) -> Path:
    """Write the cells as a notebook, and one more that says when all is done."""
    source = [nbformat.v4.new_code_cell(cell) for cell in cells]
    return write(path, nbformat.v4.new_notebook(cells=source))


def lesson(path: Path, name: str, **parameters: object) -> Path:
    """A copy of the lesson whose file begins with `name`, with other parameters."""
    (source,) = LESSONS.glob(f"{name}_*.ipynb")
    copy = nbformat.read(source, 4)
    (cell,) = [cell for cell in copy.cells if "parameters" in cell.metadata.get("tags", [])]
    cell.source += "\n" + "\n".join(f"{key} = {value!r}" for key, value in parameters.items())
    return write(path, copy)


def write(path: Path, book: nbformat.NotebookNode) -> Path:
    """Save a notebook with a last cell that says when all is done; old outputs would say so too early."""
    words = END.split(" ", 1)
    book.cells.append(nbformat.v4.new_code_cell(f"print({words[0]!r}, {words[1]!r})"))
    for cell in book.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    book.metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(book, path)
    return path


class Server:
    """JupyterLab, and Notebook where it is installed, on a free port of the loopback."""

    def __init__(self, folder: Path, python: str | Path = sys.executable, dark: bool = False):
        self.root = folder / "notebooks"
        self.root.mkdir(parents=True)
        for name, values in SETTINGS.items():
            self._set(folder, name, values)
        if dark:
            self._set(folder, "apputils-extension/themes", {"theme": "JupyterLab Dark"})
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url, self._log = f"http://127.0.0.1:{port}", (folder / "log").open("w")
        self._process = subprocess.Popen(
            [python, "-m", "jupyterlab", *self._options(port)],
            env=self._environment(folder), cwd=folder, stdout=self._log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self._wait()

    @staticmethod
    def _set(folder: Path, name: str, values: dict) -> None:
        file = folder / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))

    def _options(self, port: int) -> list[str]:
        """A server without a password, for this machine alone and while a test runs."""
        return [
            "--no-browser",
            "--allow-root",
            "--ip=127.0.0.1",
            f"--port={port}",
            "--ServerApp.port_retries=0",
            "--IdentityProvider.token=",
            "--ServerApp.token=",
            "--ServerApp.password=",
            "--ServerApp.disable_check_xsrf=True",  # so that `forget` may end kernels
            f"--ServerApp.root_dir={self.root}",
            "--LabApp.expose_app_in_browser=True",
            "--JupyterNotebookApp.expose_app_in_browser=True",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        ]

    @staticmethod
    def _environment(folder: Path) -> dict[str, str]:
        """Where Jupyter, IPython and the course keep their things: nothing of a person's own is read or written."""
        places = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime"}
        places |= {"JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "workspaces"}
        places |= {"IPYTHONDIR": "ipython", "XDG_CACHE_HOME": "cache"}
        kept = {key: value for key, value in os.environ.items() if not key.startswith("JUPYTER")}
        return kept | {key: str(folder / name) for key, name in places.items()} | {"OMP_NUM_THREADS": "1"}

    def _wait(self) -> None:
        until = time.monotonic() + 90
        while self._process.poll() is None and time.monotonic() < until:
            try:
                self._ask("/api/status")
                return
            except OSError:
                time.sleep(0.2)
        self.close()
        raise RuntimeError(f"JupyterLab did not start:\n{Path(self._log.name).read_text()[-2000:]}")

    def _ask(self, path: str, method: str = "GET") -> bytes:
        with urllib.request.urlopen(urllib.request.Request(self.url + path, method=method), timeout=10) as answer:
            return answer.read()

    def forget(self) -> None:
        """End all kernels, or the next page would come up with the widgets of the last."""
        for session in json.loads(self._ask("/api/sessions")):
            self._ask(f"/api/sessions/{session['id']}", "DELETE")

    def close(self) -> None:
        """Stop, with all kernels."""
        if self._process.poll() is None:
            self.forget()
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._log.close()


@contextmanager
def watched(browser, allowed: Sequence[str] = tuple(ALLOWED), **options) -> Iterator:
    """A fresh page of the browser; at the end of it the test fails if the page complained of anything."""
    context = browser.new_context(viewport=SIZE, **options)
    page, complaints = context.new_page(), []
    page.set_default_timeout(ACT)
    page.set_default_navigation_timeout(OPEN)
    page.on("pageerror", lambda error: complaints.append(error.stack or str(error)))
    page.on(
        "console",
        lambda said: complaints.append(f"{said.text} ({said.location['url']})") if said.type == "error" else None,
    )
    try:
        yield page
        page.wait_for_timeout(100)
    finally:
        context.close()
    wrong = [words for words in complaints if not any(re.search(pattern, words) for pattern in allowed)]
    assert not wrong, "the browser's console:\n" + "\n".join(wrong)


class Notebook:
    """A notebook opened in the browser. `page` is playwright's."""

    def __init__(self, page, server: Server, path: Path, lab: bool = True):
        self.page, self.lab = page, lab
        where = f"/lab/tree/{path.name}?reset" if lab else f"/notebooks/{path.name}"
        page.goto(server.url + where)
        page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=OPEN)
        page.wait_for_function(READY, timeout=OPEN)

    def command(self, name: str) -> None:
        """What a menu of Jupyter would do, once the kernel is there."""
        self.page.evaluate(RUN, name)

    def run_all(self, wait: bool = True, seconds: float = 90) -> Notebook:
        """Run all cells; with `wait`, until the last one is done. A cell that fails fails the test."""
        self.command("notebook:run-all-cells")
        if wait:
            self.wait(seconds)
        return self

    def wait(self, seconds: float = 90) -> None:
        """Until the last cell has run."""
        found = self.page.wait_for_function(STATE, arg=END, timeout=1000 * seconds, polling=200).json_value()
        if found != "done":
            pytest.fail(f"a cell failed:\n{found}")

    def cell(self, number: int):
        """The outputs of a code cell, counted from 0."""
        return self.page.locator(".jp-CodeCell").nth(number).locator(".jp-OutputArea-output")

    def showing(self, source: str):
        """The outputs of the one code cell in which this stands."""
        cell = self.page.locator(".jp-CodeCell").filter(has=self.page.locator(".jp-InputArea", has_text=source))
        cell.first.scroll_into_view_if_needed()
        return cell.locator(".jp-OutputArea-output")

    def interrupt(self) -> None:
        """Press the button with the square."""
        self.page.locator('.jp-NotebookPanel-toolbar [data-command="notebook:interrupt-kernel"]').first.click()


def picture(page, name: str, of=None) -> Path:
    """What is on the screen, with the top of an element `of` the page in view, as build/browser/NAME.png."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    if of is not None:
        of.first.evaluate("element => element.scrollIntoView({block: 'start'})")
        page.wait_for_timeout(200)
    file = SCREENSHOTS / f"{name}.png"
    page.screenshot(path=file)
    with suppress(ImportError):  # a third of the bytes, and no difference to the eye
        from PIL import Image

        whole, rare_too = Image.open(file).convert("RGB"), Image.Quantize.MAXCOVERAGE
        whole.quantize(128, rare_too, kmeans=3, dither=Image.Dither.NONE).save(file, optimize=True)
    return file
