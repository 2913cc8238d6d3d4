"""The explorer: a map of items to search, click and circle."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..models.base import ItemModel
from ..neighbours import Neighbours
from ..training import History
from . import display, figures
from .itemspace import METHODS, ItemSpace, methods
from .panel import common_table, framed, heading, near_table, own_bars
from .view import View, guarded

FALLBACK = 1_500  # items on the map of a static page
HINT = "Click an item, search for one, or draw a lasso around some: here stands what the model knows of them."


def explore(
    model: ItemModel,
    history: History | None = None,
    colour: str | None = None,
    method: str | None = None,
    most: int = 8_000,
    seed: int = 0,
) -> Explorer:
    """A live map of a model's items, to be shown at the end of a cell.

    Click an item, or search for it by name: its nearest neighbours light up, with what they share, and the item's own
    trait weights. Draw a lasso: what do the items inside have in common? On a page without a kernel a plain map stands.

    Parameters
    ----------
    history : what ``mt.fit(..., snapshots=12)`` returned: then a slider goes through training.
    colour : a trait, "popularity" or "in training"; by default the first trait.
    method : "pca", at once; "tsne" or "umap", which take seconds to minutes the first time, and are kept in a cache.
        By default t-SNE if it is there, else PCA.
    most : how many items the map holds: the most used ones.
    Raises ``ValueError`` for a model that was not trained yet, or a colour or method that does not exist.
    """
    return Explorer(ItemSpace(model, history, most, seed), colour, method)


class Explorer(View):
    """The map with its panel; see `explore`."""

    def __init__(self, space: ItemSpace, colour: str | None = None, method: str | None = None):
        self.space = space
        self.colour = space.colours[0] if colour is None else colour
        self.which = "target"
        self.method = method or ("tsne" if space.is_quick("target", "tsne") else "pca")
        if self.colour not in space.colours:
            raise ValueError(f"The map can't be coloured by {colour!r}: choose from {', '.join(space.colours)}.")
        if self.method not in METHODS.values():
            raise ValueError(f"There is no projection {method!r}: choose from {', '.join(METHODS.values())}.")
        self.place: int | None = None  # what was clicked
        self.snapshot: int | None = None  # None: the model as it is
        self.names = space.model.catalogue.names

    # What is said of an item and of a selection.

    def about_item(self, place: int) -> tuple[str, str, Neighbours]:
        """An item in HTML and in one line, and what is near it: at the snapshot that is shown, if one is."""
        near = self.space.around(place, self.which, self.snapshot)
        item = int(self.space.items[place])
        name, count = self.names[item], self.space.counts[item]
        body = heading(name, f"{count:,.0f} times in training" if count else "never seen in training")
        body += own_bars(self.space, place) + near_table(near, self.space.model.catalogue)
        words = ", ".join(f"{n.name} ({n.similarity:.2f})" for n in near[:3])
        return body, f"{name}: near it {words}." if near else f"{name} has no vector here.", near

    def about_selection(self, places: Sequence[int]) -> tuple[str, str]:
        """What items have in common, in HTML, and in one line."""
        common = self.space.in_common(places)
        head = f"{len(places):,} item{'' if len(places) == 1 else 's'} selected"
        if not common:
            return heading(head, "No value of a trait stands out."), f"{head}; no value of a trait stands out."
        best = common[0]
        line = f"{head}; most of all {best.trait} {best.value}: {best.count:,} items, {best.lift:.1f} times the usual."
        return heading(head, "What they have in common more than others") + common_table(common), line

    # The plain map, for a page without a kernel.

    def html(self) -> str:
        """A plain map of the most used items."""
        return display.to_div(self.figure(), repr(self))

    def forms(self) -> dict[str, object]:
        """The plain map; as plotly's own form too where no live map is to be had, which else would be drawn instead."""
        forms = display.bundle(self.figure(), repr(self))
        if self.widget is not None:
            del forms[display.MIME]
        return forms

    def figure(self):
        """The plain map as a plotly figure: hover, and a menu of colours."""
        rows = np.arange(len(self.space.items))
        if len(rows) > FALLBACK:  # the most used, and some that training never saw
            unseen = rows[self.space.counts[self.space.items] == 0][: FALLBACK // 6]
            rows = np.concatenate([rows[: FALLBACK - len(unseen)], unseen])
        xy = self.space.places("target", self.method)[rows].tolist()
        order = [self.colour, *(name for name in self.space.colours if name != self.colour)]
        texts = {name: self.space.colour(name)[0] for name in order}
        colours = {name: [own[row] for row in rows] for name, own in texts.items()}
        names, sizes = self.names[self.space.items[rows]].tolist(), self.space.counts[self.space.items[rows]].tolist()
        title = self.title(len(rows)) + ("" if self.widget else ". For the live map: pip install anywidget ipywidgets")
        return figures.item_map(xy, names, colours, title, sizes)

    def title(self, shown: int | None = None) -> str:
        """What the map shows."""
        method = next(name for name, method in METHODS.items() if method == self.method)
        shown = len(self.space.items) if shown is None else shown
        whole = len(self.space.model.catalogue)
        part = f"{shown:,} items" if shown == whole else f"{shown:,} of {whole:,} items"
        random = "" if self.method == "pca" else f", seed {self.space.seed}"
        return f"{part}, {self.which} vectors, {method}{random}"

    def __repr__(self) -> str:
        return f"[map] {self.title()}, coloured by {self.colour}"

    # The live map.

    def _widget(self, widgets):
        made = _map_class()
        if made is None:
            return None
        space = self.space
        sizes = space.counts[space.items]
        names = self.names[space.items].tolist()
        self.map = made(names, space.places(self.which, self.method), sizes=sizes, hollow=sizes == 0)
        self.panel = widgets.HTML(framed(HINT), layout=widgets.Layout(width="306px", margin="0 0 0 12px"))
        self._colour()
        self.map.say(self.title() + ".")
        self.map.on_click(guarded(self._show)(self._click))
        self.map.on_select(guarded(self._show)(self._select))
        self.map.layout = widgets.Layout(width="520px", flex="1 1 420px")
        below = widgets.HBox([self.map, self.panel], layout=widgets.Layout(align_items="flex-start"))
        return widgets.VBox([self._controls(widgets), below], layout=widgets.Layout(max_width="1100px"))

    def _controls(self, widgets):
        """The row of menus, and the slider through training where there are snapshots."""

        def menu(label: str, options, value, wide: str):
            width = widgets.Layout(width=wide)
            style = {"description_width": "initial"}
            return widgets.Dropdown(options=options, value=value, description=label, layout=width, style=style)

        self.colour_menu = menu("colour", self.space.colours, self.colour, "230px")
        self.side_menu = menu("vectors", self.space.sides, self.which, "170px")
        self.method_menu = menu("map", list(methods().items()), self.method, "150px")
        for control, answer in (
            (self.colour_menu, self._colour), (self.side_menu, self._side), (self.method_menu, self._move)
        ):  # fmt: skip
            control.observe(guarded(self._show)(lambda change, answer=answer: answer()), names="value")
        row = [self.colour_menu, self.side_menu, self.method_menu]
        if self.space.snapshots:
            row += self._slider(widgets)
        return widgets.HBox(row, layout=widgets.Layout(flex_flow="row wrap"))

    def _slider(self, widgets):
        last = len(self.space.snapshots) - 1
        self.slider = widgets.IntSlider(
            value=last, min=0, max=last, description="training", readout=False, layout=widgets.Layout(width="210px"),
            style={"description_width": "initial"},
        )  # fmt: skip
        play = widgets.Play(value=last, min=0, max=last, interval=700)
        widgets.jslink((play, "value"), (self.slider, "value"))
        self.slider.observe(guarded(self._show)(lambda change: self._then(change["new"])), names="value")
        return [play, self.slider]

    def _show(self, body: str) -> None:
        self.panel.value = framed(body)

    def _colour(self) -> None:
        if hasattr(self, "colour_menu"):
            self.colour = self.colour_menu.value
        values, order, colours = self.space.colour(self.colour)
        self.map.colour(values, order, colours)

    def _side(self) -> None:
        self.which = self.side_menu.value
        self._move()

    def _move(self) -> None:
        """Go to the places that the menus ask for; a line shows while they are computed."""
        self.method, self.snapshot = self.method_menu.value, None
        if not self.space.is_quick(self.which, self.method):
            self.map.busy = f"Computing {self.title()}. It is kept for the next time."
        try:
            self.map.place(self.space.places(self.which, self.method))
        finally:
            self.map.busy = ""
        self._click(self.place)

    def _then(self, snapshot: int) -> None:
        """Show the map as it was at a snapshot, on the plane of the last."""
        self.snapshot, self.which = snapshot, "target"
        last = self.space.places_then(-1)
        self.map.place(self.space.places_then(snapshot), [*last.min(axis=0), *last.max(axis=0)])
        self._click(self.place)
        step, steps = self.space.snapshots[snapshot][0], self.space.snapshots[-1][0]
        self.map.say(f"After step {step:,} of {steps:,}, on the plane (PCA) of the last. {self.map.said}")

    def _click(self, place: int | None) -> None:
        self.place = place
        if place is None:
            self.map.mark()
            self._show(HINT)
            self.map.say("" if self.snapshot is not None else self.title() + ".")
            return
        body, line, near = self.about_item(place)
        self.map.mark(self.space.lit(place, near))
        self._show(body)
        self.map.say(line)

    def _select(self, places: list[int]) -> None:
        self.place = None
        body, line = self.about_selection(places)
        self.map.mark()
        self._show(body)
        self.map.say(line)


def _map_class():
    try:
        from .map import ItemMap
    except ImportError:
        return None
    return ItemMap
