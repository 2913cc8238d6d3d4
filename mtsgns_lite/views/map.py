"""The live map of items: an anywidget whose drawing is in map.js. It needs the packages ipywidgets and anywidget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import anywidget
import numpy as np
import traitlets

from .style import OTHER, PALETTE, clipped, frequent


class ItemMap(anywidget.AnyWidget):
    """Items as points that can be hovered over, clicked, searched and circled with a lasso.

    Parameters
    ----------
    names : (n,) texts. xy : (n, 2). values : (n,) the text of each item in the trait that colours them.
    sizes : (n,) for instance how often each item is bought; areas follow them. hollow : (n,) booleans, drawn as rings.

    `clicked` and `selected` are set by the page: ``{"item": -1 for none, "count": ...}``, ``{"items": [...], ...}``.
    """

    _esm = Path(__file__).with_suffix(".js")
    _css = Path(__file__).with_suffix(".css")

    names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    xy = traitlets.Bytes().tag(sync=True)  # float32
    bounds = traitlets.List(traitlets.Float()).tag(sync=True)  # left, low, right, high
    radius = traitlets.Bytes().tag(sync=True)  # uint8, tenths of a px
    hollow = traitlets.Bytes().tag(sync=True)  # uint8
    code = traitlets.Bytes().tag(sync=True)  # uint32: the number of an item's value
    values = traitlets.List(traitlets.Unicode()).tag(sync=True)  # of each code
    slots = traitlets.List(traitlets.Int()).tag(sync=True)  # of each code: its place in the legend
    legend = traitlets.List(traitlets.Dict()).tag(sync=True)  # label, colour
    lit = traitlets.List(traitlets.Int()).tag(sync=True)  # the item in question, then its neighbours
    star = traitlets.List(traitlets.Float()).tag(sync=True)  # the place of something that is no item, or nothing
    star_name = traitlets.Unicode("here").tag(sync=True)
    said = traitlets.Unicode().tag(sync=True)
    busy = traitlets.Unicode().tag(sync=True)
    height = traitlets.Int(420).tag(sync=True)
    clicked = traitlets.Dict().tag(sync=True)
    selected = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        names: Sequence[str],
        xy: np.ndarray,
        values: Sequence[str] | None = None,
        sizes: np.ndarray | None = None,
        hollow: np.ndarray | None = None,
        height: int = 420,
    ):
        n = len(names)
        size = np.zeros(n) if sizes is None else np.maximum(np.asarray(sizes, dtype=float), 0)
        ring = np.zeros(n) if hollow is None else np.asarray(hollow)
        crowd = min(1.0, max(0.4, np.sqrt(1_000 / max(n, 1))))  # many points, small points
        radius = crowd * (40 + 80 * np.sqrt(size / max(size.max(initial=0), 1e-12)))
        super().__init__(
            names=[str(name) for name in names],
            radius=radius.astype(np.uint8).tobytes(),
            hollow=ring.astype(np.uint8).tobytes(),
            height=height,
        )
        self.colour(values if values is not None else [""] * n)
        self.place(xy)

    def colour(self, values: Sequence[str], order: Sequence[str] | None = None, colours: Sequence[str] = ()) -> None:
        """Colour the items by the text of a value each.

        `order` names the values of the legend and `colours` their colours; by default the nine most frequent values get
        a colour of the palette, and the rest are "other".
        """
        codes = {value: code for code, value in enumerate(dict.fromkeys(values))}
        if order is None:
            order = frequent(values)
        legend = [{"label": clipped(value or "all", 30), "colour": c} for value, c in zip(order, colours or PALETTE)]
        place = {value: slot for slot, value in enumerate(order)}
        if len(place) < len(codes):
            legend.append({"label": "other", "colour": OTHER})
        with self.hold_sync():
            self.values, self.legend = list(codes), legend
            self.slots = [place.get(value, len(order)) for value in codes]
            self.code = np.array([codes[value] for value in values], dtype=np.uint32).tobytes()

    def place(self, xy: np.ndarray, bounds: Sequence[float] | None = None) -> None:
        """Move the items to (n, 2) places, NaN for one that is nowhere.

        `bounds` (left, low, right, high) fills the map; by default it holds all.
        """
        xy = np.ascontiguousarray(xy, dtype=np.float32)
        if bounds is None:
            there = xy[np.isfinite(xy).all(axis=1)]
            bounds = [*there.min(axis=0), *there.max(axis=0)] if len(there) else [0, 0, 1, 1]
        with self.hold_sync():
            self.bounds, self.xy = [float(end) for end in bounds], xy.tobytes()

    def mark(self, lit: Sequence[int] = (), star: Sequence[float] | None = None, name: str = "here") -> None:
        """Light up an item and its neighbours, in this order, or a place (x, y) that is no item's and has a name."""
        with self.hold_sync():
            self.lit, self.star_name = [int(item) for item in lit], name
            self.star = [] if star is None else [float(end) for end in star]

    def say(self, words: str) -> None:
        """The line under the map, which screen readers read out."""
        self.said = words

    def on_click(self, answer: Callable[[int | None], None]) -> None:
        """Call `answer` with the number of each item that is clicked or found by name, None for a click beside all."""
        self.observe(lambda change: answer(_item(change["new"])), names="clicked")

    def on_select(self, answer: Callable[[list[int]], None]) -> None:
        """Call `answer` with the numbers of the items inside each lasso."""
        self.observe(lambda change: answer([int(item) for item in change["new"].get("items", [])]), names="selected")


def _item(clicked: dict) -> int | None:
    item = int(clicked.get("item", -1))
    return None if item < 0 else item
