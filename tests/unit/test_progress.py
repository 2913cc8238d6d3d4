"""What is seen of a training: one light figure in a notebook, a bar in a terminal, nothing where nothing is wanted."""

import base64
import math
import re
import signal
from xml.etree import ElementTree

import numpy as np
import pytest
import torch

import mtsgns_lite as mt
from mtsgns_lite import progress
from mtsgns_lite.training import History

SVG = "{http://www.w3.org/2000/svg}"


class Page:
    """Stands for a notebook's page: takes what is displayed, and what replaces it."""

    def __init__(self):
        self.outputs, self.interrupt_at = [], -1

    def display(self, bundle, raw, display_id):
        assert raw
        assert display_id
        self.outputs.append(bundle)
        return self

    def update(self, bundle, raw):
        if len(self.outputs) == self.interrupt_at:
            self.interrupt_at = -1
            raise KeyboardInterrupt
        self.outputs.append(bundle)

    def svg(self, number=-1) -> ElementTree.Element:
        """The drawing of an output, which must be well-formed: inline, or that of the image it ends as."""
        text = self.outputs[number]["text/html"]
        coded = re.search(r"base64,([^\"]+)", text)
        found = base64.b64decode(coded[1]).decode() if coded else re.search(r"<svg.*</svg>", text)[0]
        return ElementTree.fromstring(found)


@pytest.fixture
def page(monkeypatch):
    display = pytest.importorskip("IPython.display")
    page = Page()
    monkeypatch.setattr(progress, "in_notebook", lambda: True)
    monkeypatch.setattr(progress, "EVERY", 0)
    monkeypatch.setattr(display, "display", page.display)
    return page


def a_training(split, **options):
    model = mt.SGNS(split.catalogue, dim=8)
    return model, mt.fit(model, split.baskets(batch_size=64), **{"device": "cpu", "epochs": 2, **options})


def texts(svg) -> list[str]:
    return ["".join(text.itertext()) for text in svg.iter(f"{SVG}text")]


def lines(svg) -> list[list[tuple[float, float]]]:
    points = [line.get("points").split() for line in svg.iter(f"{SVG}polyline")]
    return [[tuple(map(float, point.split(","))) for point in line] for line in points]


# --- in a notebook --------------------------------------------------------------------------------------------------


def test_the_figure_has_loss_and_probe_with_their_last_values(page, planted_split):
    probe = mt.held_out_auc(planted_split)
    _, history = a_training(planted_split, probe=probe, probes=3)
    svg = page.svg()
    assert f"loss {history.loss[-1][1]:.4g}" in texts(svg)
    assert f"held-out AUC {history.probes[-1][1]:.4g}" in texts(svg)
    loss, auc = lines(svg)
    assert len(auc) == len(history.probes)
    assert loss[0][1] < loss[-1][1]  # it fell, and y counts downwards
    assert auc[0][1] > auc[-1][1]
    assert max(x for x, _ in loss) < min(x for x, _ in auc)  # side by side


def test_the_axis_is_that_of_the_whole_training(page, planted_split):
    _, history = a_training(planted_split, epochs=4)
    ends = [max(x for x, _ in lines(page.svg(number))[0]) for number in range(2, len(page.outputs))]
    assert ends == sorted(ends)
    assert ends[0] < 0.1 * ends[-1]
    assert ends[-1] == pytest.approx(progress.WIDTH - 16)
    assert {"1", "2", "3", "4"} <= {*texts(page.svg())}


def test_nothing_jumps_while_it_is_drawn(page, planted_split):
    a_training(planted_split, probe=mt.held_out_auc(planted_split))
    assert {page.svg(number).get("viewBox") for number in range(len(page.outputs))} == {"0 0 840 176"}


def test_the_figure_is_drawn_at_most_twice_a_second(page, planted_split, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(progress, "EVERY", 0.5)
    monkeypatch.setattr(progress.time, "perf_counter", lambda: now[0])
    history = History(steps_per_epoch=100, device="cpu")
    figure = progress.Figure(history, 1, lambda: now[0], "")
    for _ in range(100):
        now[0] += 0.1
        history.steps += 1
        figure.step()
    assert 18 <= len(page.outputs) <= 21  # ten seconds


def test_the_line_says_how_far_it_is(page):
    now = [0.0]
    history = History(steps_per_epoch=100, device="cpu")
    figure = progress.Figure(history, 3, lambda: now[0], "")
    now[0], history.steps = 30.0, 150
    figure.step()
    assert page.outputs[-1]["text/plain"] == "epoch 2/3 · 150 of 300 steps · 30 s, about 30 s left · 5 steps/s · cpu"
    history.seconds, history.steps = 60.0, 300
    figure.close()
    assert page.outputs[-1]["text/plain"] == "3 epochs, 300 steps in 60 s · 5 steps/s · cpu"


def test_a_training_that_goes_on_counts_its_speed_from_there(page):
    now = [100.0]
    history = History(steps=500, steps_per_epoch=100, device="cpu")
    figure = progress.Figure(history, 10, lambda: now[0], "")
    now[0], history.steps = 110.0, 520
    figure.step()
    assert "about 4 min left · 2 steps/s" in page.outputs[-1]["text/plain"]


def test_what_stays_is_light_and_needs_no_trust(page, planted_split):
    """Of an SVG in an untrusted notebook JupyterLab leaves the letters alone."""
    names = {f"<b>{number}": float for number in range(9)}
    _, history = a_training(planted_split, epochs=20, probes=50, probe=lambda model: {n: 0.5 for n in names})
    assert len(history.loss) > 300
    assert len(page.outputs[-1]["text/html"]) < 8_000
    assert "<svg" in page.outputs[-2]["text/html"]
    assert "<svg" not in page.outputs[-1]["text/html"]
    assert "<b>" not in page.outputs[-1]["text/html"] + page.outputs[-2]["text/html"]
    assert len(lines(page.svg())) == 1 + progress.MOST_LINES


@pytest.mark.parametrize("answer", [None, "text", [1, 2], math.nan, {"a": None}, object()])
def test_a_probe_without_numbers_has_no_curve(answer, page, planted_split):
    _, history = a_training(planted_split, probe=lambda model: answer, epochs=1)
    assert len(history.probes) > 2
    assert len(lines(page.svg())) == 1


@pytest.mark.parametrize("value", [1, 0.5, np.float32(0.5), np.array(0.5), torch.tensor(0.5), -1e30, 1e-300])
def test_numbers_of_any_make_are_drawn(value, page, planted_split):
    a_training(planted_split, probe=lambda model: {"a name": value, "none": math.inf}, epochs=1)
    assert len(lines(page.svg())) == 2
    assert f"a name {float(value):.4g}" in texts(page.svg())


def test_no_figure_where_none_is_wanted(page, planted_split, capsys):
    a_training(planted_split, progress=False)
    assert not page.outputs
    assert capsys.readouterr() == ("", "")


# --- stopped --------------------------------------------------------------------------------------------------------


def test_an_interrupt_while_the_figure_is_drawn_keeps_the_model(page, planted_split):
    page.interrupt_at = 5
    model, history = a_training(planted_split)
    assert history.interrupted
    assert 0 < history.steps < 2 * history.steps_per_epoch
    assert not model.training
    assert len(mt.neighbours(model, int(model.seen.nonzero()[0]))) == 10
    told = page.outputs[-1]["text/plain"]
    assert told.startswith(f"interrupted after {history.steps} of {2 * history.steps_per_epoch} steps, in epoch 1 of 2")
    assert "the model keeps what it has learned" in told


def test_an_interrupt_when_all_is_done_is_none(page, planted_split):
    _, whole = a_training(planted_split)
    page.interrupt_at = 2 * len(page.outputs) - 1
    _, history = a_training(planted_split)
    assert page.interrupt_at == -1  # it did come
    assert not history.interrupted
    assert history.loss == whole.loss


def test_a_training_that_diverges_says_where_it_stopped(page, planted_split):
    model = mt.MatrixFactorization(planted_split.catalogue, dim=8, rate=1e30, loss="mse")
    with pytest.raises(mt.TrainingDiverged):
        mt.fit(model, planted_split.edges(), device="cpu")
    assert page.outputs[-1]["text/plain"].startswith("stopped after")


# --- in a terminal, and in a kernel ---------------------------------------------------------------------------------


def test_in_a_terminal_a_bar_shows_epoch_and_loss(planted_split, capsys):
    _, history = a_training(planted_split)
    out, bar = capsys.readouterr()
    assert out == "training on cpu\n"
    last = bar.replace("\r", "\n").strip().splitlines()[-1]
    assert last.startswith("epoch 2/2: 100%")
    assert f"loss={history.loss[-1][1]:.3f}" in last


def test_a_kernel_keeps_one_output_and_the_model_of_an_interrupted_training():
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    cells = [
        "import signal, mtsgns_lite as mt\nfrom mtsgns_lite import progress\nprogress.EVERY = 0\n"
        "shop = mt.planted(items=60, baskets=900)\nmodel = mt.SGNS(shop.catalogue, dim=4)\ncalls = []",
        "def probe(model):\n    calls.append(len(calls))\n    if len(calls) == 4:\n"
        f"        signal.raise_signal({int(signal.SIGINT)})\n    return calls[-1]",
        'history = mt.fit(model, mt.split(shop).train, device="cpu", epochs=50, probe=probe)',
        "print(history.interrupted, len(mt.neighbours(model, 0)))",
    ]
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbclient.NotebookClient(made, kernel_name="python3", timeout=120).execute()
    assert made.cells[3].outputs[0].text == "True 10\n"
    (output,) = made.cells[2].outputs
    assert output.output_type == "display_data"
    assert {*output.data} == {"text/html", "text/plain"}
    assert "interrupted after" in output.data["text/html"]


# --- ticks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0.31, 0.69), (-3, 700), (1e-9, 3e-9), (2.5, 5.0), (-1e30, 1e20)])
def test_ticks_are_few_round_and_within(low, high):
    found = progress.ticks(low, high)
    assert 2 <= len(found) <= 6
    edge = 1e-9 * (high - low)
    assert low - edge <= min(found) <= max(found) <= high + edge
    digits = {f"{tick / 10 ** math.floor(math.log10(high - low)):.6g}" for tick in found}
    assert all(len(text.lstrip("-").replace(".", "").strip("0")) <= 4 for text in digits)
