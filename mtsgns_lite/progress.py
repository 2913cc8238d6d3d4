"""What is seen of a training while it runs: in a notebook a small figure, in a terminal a bar.

The figure is HTML with a drawing in SVG, replaced in place: it needs no widget, and stays in the notebook afterwards.
"""

from __future__ import annotations

import base64
import contextlib
import html
import math
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

if TYPE_CHECKING:
    from .training import History

EVERY = 0.5  # seconds between two drawings
MOST_POINTS = 90  # of a panel's lines together: the whole figure stays below 6 kB
MOST_LINES = 6  # of a panel
COLOURS = ["#1A80C4", "#D55E00", "#009E73", "#B21B80", "#D9A300", "#8250E6"]
GREY, FONT = "#7A7A7A", "system-ui,sans-serif"
WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 840, 176, 46, 30, 26  # px of the drawing, and of the room around its panels

Lines = Mapping[str, Sequence[tuple[float, float]]]


class Progress:
    """Nothing is seen. What is seen is a subclass: it is told of every step, and closed at the end."""

    def step(self) -> None:
        """Another step is done, and in the history."""

    def close(self) -> None:
        """The training is over."""


def progress_of(
    history: History, epochs: int, seconds: Callable[[], float], probe: str = "", shown: bool = True
) -> Progress:
    """The figure, the bar or nothing, as suits the place.

    Parameters
    ----------
    seconds : asked for the seconds of training so far. probe : its name, empty without one.
    """
    if not shown:
        return Progress()
    return Figure(history, epochs, seconds, probe) if in_notebook() else Bar(history, epochs)


def in_notebook() -> bool:
    """Is this a kernel, with a page in front of it?"""
    if "IPython" not in sys.modules:
        return False
    from IPython import get_ipython

    return getattr(get_ipython(), "kernel", None) is not None


class Bar(Progress):
    """A bar in the terminal, after a line that says which device."""

    def __init__(self, history: History, epochs: int):
        self.history, self.epochs, self.told = history, epochs, -1
        print(f"training on {history.device}")
        total = history.steps_per_epoch * epochs
        self.bar = tqdm(total=total, initial=history.steps, unit=" steps", mininterval=EVERY)

    def step(self) -> None:
        loss = self.history.loss
        if len(loss) != self.told:
            self.told = len(loss)
            self.bar.set_description(f"epoch {_epoch(self.history)}/{self.epochs}", refresh=False)
            if loss:
                self.bar.set_postfix(loss=f"{loss[-1][1]:.3f}", refresh=False)
        self.bar.update()

    def close(self) -> None:
        self.bar.close()


class Figure(Progress):
    """The loss and the probe's numbers as curves, under a line of text; drawn at most twice a second."""

    def __init__(self, history: History, epochs: int, seconds: Callable[[], float], probe: str):
        from IPython.display import display

        self.history, self.epochs, self.seconds, self.probe = history, epochs, seconds, probe
        self.first, self.began, self.over = history.steps, seconds(), False
        self.next = time.perf_counter() + EVERY
        self.handle = display(self._bundle(), raw=True, display_id=True)

    def step(self) -> None:
        if time.perf_counter() >= self.next:
            self._draw()
            self.next = time.perf_counter() + EVERY

    def close(self) -> None:
        self.over = True
        with contextlib.suppress(KeyboardInterrupt):  # of a training that is over there is nothing left to stop
            self._draw()

    def _draw(self) -> None:
        self.handle.update(self._bundle(), raw=True)

    def _bundle(self) -> dict[str, str]:
        history, words = self.history, self.words()
        probes = _lines_of(history.probes, self.probe) if self.probe else {}
        if self.probe and not history.probes:
            probes = {self.probe: []}  # its place is kept free
        lines: Lines = {"loss": history.loss, **probes}
        last = [(name, points[-1][1]) for name, points in lines.items() if points]
        plain = " · ".join([words, *(f"{name} {value:.4g}" for name, value in last)])
        drawn = curves([{"loss": history.loss}, probes], history.steps_per_epoch, self.epochs, plain)
        if self.over:
            drawn = _image(drawn, plain)
        style = f"font:13px {FONT};color:var(--jp-ui-font-color1,inherit);max-width:{WIDTH}px"
        line = f'<div style="min-height:20px">{html.escape(words)}</div>'
        return {"text/html": f'<div style="{style}">{line}{drawn}</div>', "text/plain": plain}

    def words(self) -> str:
        """How far it is, in a line."""
        history, seconds = self.history, self.history.seconds if self.over else self.seconds()
        total, done = history.steps_per_epoch * self.epochs, history.steps - self.first
        speed = done / (seconds - self.began) if seconds > self.began else 0.0
        rate = f" · {speed:,.0f} steps/s" if speed else ""
        if self.over and history.steps >= total:
            epochs = f"{self.epochs} epoch{'s' * (self.epochs != 1)}"
            return f"{epochs}, {total:,} steps in {_time(seconds)}{rate} · {history.device}"
        if self.over:
            how = "interrupted" if history.interrupted else "stopped"
            keeps = " · the model keeps what it has learned" if history.interrupted else ""
            where = f"{history.steps:,} of {total:,} steps, in epoch {_epoch(history)} of {self.epochs}"
            return f"{how} after {where} · {_time(seconds)} · {history.device}{keeps}"
        left = f", about {_time((total - history.steps) / speed)} left" if speed else ""
        where = f"epoch {_epoch(history)}/{self.epochs} · {history.steps:,} of {total:,} steps"
        return f"{where} · {_time(seconds)}{left}{rate} · {history.device}"


def _epoch(history: History) -> int:
    """Which epoch the last step was of, from 1."""
    return max(0, history.steps - 1) // max(1, history.steps_per_epoch) + 1


def _time(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def numbers(value: object, name: str) -> dict[str, float]:
    """A probe's answer as named numbers: one, or those of a dict; what is no number is left out."""
    found = {}
    parts: dict[Any, Any] = dict(value) if isinstance(value, Mapping) else {name: value}
    for own, part in parts.items():
        try:
            number = float(part)  # of a tensor too
        except (TypeError, ValueError, RuntimeError):
            continue
        if abs(number) < 1e100 and not isinstance(part, str):  # and no NaN
            found[str(own)] = number
    return found


def _lines_of(probes: Sequence[tuple[int, object]], name: str) -> dict[str, list[tuple[float, float]]]:
    """The probe's answers as a line for each name."""
    lines: dict[str, list[tuple[float, float]]] = {}
    for step, value in probes:
        for own, number in numbers(value, name).items():
            lines.setdefault(own, []).append((step, number))
    return dict(list(lines.items())[:MOST_LINES])


def curves(panels: Sequence[Lines], per_epoch: int, epochs: int, alt: str) -> str:
    """Panels side by side as one SVG, of steps on the whole training's axis; those without a line are left out."""
    panels = [lines for lines in panels if lines]
    room = WIDTH / len(panels)
    parts = [_panel(lines, number * room, room, per_epoch, epochs) for number, lines in enumerate(panels)]
    return (
        f'<svg role="img" aria-label="{html.escape(alt)}" viewBox="0 0 {WIDTH} {HEIGHT}" width="100%" '
        'style="display:block" font-size="12" fill="currentColor" xmlns="http://www.w3.org/2000/svg">'
        + "".join(parts)
        + "</svg>"
    )


def _image(drawn: str, alt: str) -> str:
    """The drawing as an image, for what stays: a page that does not trust its notebook would tear an SVG apart, and
    leave the letters. An image does not know the page's colours, so it has a grey that suits light and dark."""
    coded = base64.b64encode(drawn.replace("<svg ", f'<svg color="{GREY}" font-family="{FONT}" ', 1).encode()).decode()
    return f'<img src="data:image/svg+xml;base64,{coded}" alt="{html.escape(alt)}" width="100%" style="display:block">'


def _panel(lines: Lines, left: float, room: float, per_epoch: int, epochs: int) -> str:
    """Curves with their axes, and above them each one's name and last value."""
    x0, x1, y0, y1 = left + LEFT, left + room - 16, HEIGHT - BOTTOM, TOP
    total = max(1, per_epoch * epochs)
    values = [value for points in lines.values() for _, value in points]
    low, high = min(values, default=0.0), max(values, default=1.0)
    edge = 0.06 * (high - low) or 0.06 * abs(high) or 1.0
    low, high = low - edge, high + edge

    def place(point: Sequence[float]) -> tuple[float, float]:
        return x0 + point[0] / total * (x1 - x0), y0 + (point[1] - low) / (high - low) * (y1 - y0)

    grid, words = "", []
    for tick in ticks(low, high) if values else []:
        y = place((0, tick))[1]
        grid += f"M{x0:.0f} {y:.1f}H{x1:.0f}"
        words.append(f'<text x="{x0 - 6:.0f}" y="{y + 4:.1f}" text-anchor="end">{tick:.6g}</text>')
    apart = max(1, -(-epochs // 6))
    for epoch in range(0, epochs + 1, apart):
        x, name = place((epoch * per_epoch, low))[0], f"epoch {epoch}" if epoch == 0 else f"{epoch}"
        grid += f"M{x:.1f} {y0}v5"
        words.append(f'<text x="{x:.1f}" y="{y0 + 18}" text-anchor="{"middle" if epoch else "start"}">{name}</text>')
    axes = f'<path d="{grid}M{x0:.0f} {y0}H{x1:.0f}" stroke="currentColor" opacity=".25" fill="none"/>'
    most = max(2, MOST_POINTS // len(lines))
    return axes + "".join(words) + _drawn(lines, place, most, x0, x1)


def _drawn(lines: Lines, place: Callable, most: int, x0: float, x1: float) -> str:
    """The lines themselves, of at most so many points each, and their key."""
    parts = []
    for number, (name, points) in enumerate(lines.items()):
        colour, x = COLOURS[number], x0 + number * (x1 - x0) / len(lines)
        last = f" {points[-1][1]:.4g}" if points else ""
        parts.append(f'<path d="M{x:.0f} 12h14" stroke="{colour}" stroke-width="3"/>')
        longest = max(4, int((x1 - x0) / len(lines) / 7) - 9)
        short = name if len(name) <= longest else name[: longest - 1] + "…"
        parts.append(
            f'<text x="{x + 20:.0f}" y="16">{html.escape(short)}<tspan font-weight="600">{last}</tspan></text>'
        )
        spots = [place(point) for point in thinned(points, most)]
        if spots:
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
            end = f'<circle cx="{spots[-1][0]:.1f}" cy="{spots[-1][1]:.1f}" r="3.5" fill="{colour}"/>'
            parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>{end}')
    return "".join(parts)


def thinned(points: Sequence, most: int) -> list:
    """At most so many of the points, evenly over their order, the first and the last among them."""
    if len(points) <= most:
        return list(points)
    return [points[round(number * (len(points) - 1) / (most - 1))] for number in range(most)]


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """About so many round numbers from `low` to `high`, evenly apart."""
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(times * power for times in (1, 2, 5, 10, 20) if times * power >= rough)
    first, last = math.ceil(low / step), math.floor(high / step)
    return [number * step for number in range(first, last + 1)]
