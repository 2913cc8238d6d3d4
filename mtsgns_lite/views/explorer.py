"""The explorer: a map of items to search, click and circle."""

from __future__ import annotations

import numpy as np

from ..models.base import ItemModel
from ..training import History
from . import display, figures
from .itemspace import METHODS, ItemSpace, methods
from .panel import about_item, about_selection, framed
from .view import View, guarded, live_map

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

    A view that was shown stays in memory, its model with it, until ``view.widget.close()`` or the kernel's end.
    Raises ``ValueError`` for a model that was not trained yet, or a colour or method that does not exist.
    """
    return Explorer(ItemSpace(model, history, most, seed), colour, method)


class Explorer(View):
    """The map with its panel; see `explore`. `live` holds the widgets, once it was shown."""

    def __init__(self, space: ItemSpace, colour: str | None = None, method: str | None = None):
        self.space = space
        self.colour = space.colours[0] if colour is None else colour
        self.method = method or ("tsne" if space.is_quick("target", "tsne") else "pca")
        if self.colour not in space.colours:
            raise ValueError(f"The map can't be coloured by {colour!r}: choose from {', '.join(space.colours)}.")
        if self.method not in METHODS.values():
            raise ValueError(f"There is no projection {method!r}: choose from {', '.join(METHODS.values())}.")

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
        counts = self.space.counts[self.space.items]
        seen, unseen = np.flatnonzero(counts), np.flatnonzero(counts == 0)
        unseen = unseen[: max(FALLBACK // 6, FALLBACK - len(seen))]
        rows = np.concatenate([seen[: FALLBACK - len(unseen)], unseen])
        xy = self.space.places("target", self.method)[rows].tolist()
        order = [self.colour, *(name for name in self.space.colours if name != self.colour)]
        texts = {name: self.space.colour(name)[0] for name in order}
        colours = {name: [own[row] for row in rows] for name, own in texts.items()}
        title = self.space.title("target", self.method, len(rows))
        title += "" if self.widget else ". For the live map: pip install anywidget ipywidgets"
        names = self.space.model.catalogue.names[self.space.items[rows]].tolist()
        return figures.item_map(xy, names, colours, title, counts[rows].tolist())

    def __repr__(self) -> str:
        return f"[map] {self.space.title('target', self.method)}, coloured by {self.colour}"

    def _widget(self, widgets):
        kind = live_map()
        if kind is None:
            return None
        self.live = _Live(self, widgets, kind)
        return self.live.whole


class _Live:
    """The widgets, and what they show: a state of training or a choice of vectors, and an item or a selection."""

    def __init__(self, view: Explorer, widgets, kind):
        self.space, space = view.space, view.space
        self.which, self.method = "target", view.method
        self.snapshot: int | None = None  # None: the model as it is
        self.place: int | None = None  # what was clicked
        self.chosen: list[int] = []  # what was circled
        self.quiet = False
        sizes = space.counts[space.items]
        names = space.model.catalogue.names[space.items].tolist()
        self.map = kind(names, space.places(self.which, self.method), sizes=sizes, hollow=sizes == 0)
        self.map.colour(*space.colour(view.colour))
        self.map.layout = widgets.Layout(width="520px", flex="1 1 420px")
        self.panel = widgets.HTML(layout=widgets.Layout(width="306px", margin="0 0 0 12px"))
        answered = guarded(self._show)
        self.map.on_click(answered(self.click))
        self.map.on_select(answered(self.select))
        row = self._menus(widgets, view.colour, answered) + self._slider(widgets, answered)
        controls = widgets.HBox(row, layout=widgets.Layout(flex_flow="row wrap"))
        below = widgets.HBox([self.map, self.panel], layout=widgets.Layout(align_items="flex-start"))
        self.whole = widgets.VBox([controls, below], layout=widgets.Layout(max_width="1100px"))
        self._answer()

    def _menus(self, widgets, colour: str, answered) -> list:
        def menu(label: str, options, value, wide: str, answer):
            style, width = {"description_width": "initial"}, widgets.Layout(width=wide)
            made = widgets.Dropdown(options=options, value=value, description=label, layout=width, style=style)
            made.observe(answered(lambda change: answer(change["new"])), names="value")
            return made

        self.colour_menu = menu(
            "colour", self.space.colours, colour, "230px", lambda name: self.map.colour(*self.space.colour(name))
        )
        self.side_menu = menu("vectors", self.space.sides, self.which, "170px", lambda _: self._of_menus())
        self.method_menu = menu("map", list(methods().items()), self.method, "150px", lambda _: self._of_menus())
        return [self.colour_menu, self.side_menu, self.method_menu]

    def _slider(self, widgets, answered) -> list:
        """The way through training, where there are snapshots."""
        if not self.space.snapshots:
            return []
        last = len(self.space.snapshots) - 1
        self.slider = widgets.IntSlider(
            value=last, min=0, max=last, description="training", readout=False, layout=widgets.Layout(width="210px"),
            style={"description_width": "initial"},
        )  # fmt: skip
        play = widgets.Play(value=last, min=0, max=last, interval=700)
        widgets.jslink((play, "value"), (self.slider, "value"))
        self.slider.observe(answered(lambda change: self._of_slider(change["new"])), names="value")
        return [play, self.slider]

    def _of_menus(self) -> None:
        """Show the vectors and the map that the menus ask for; a line shows while they are computed."""
        if self.quiet:
            return
        self.which, self.method, self.snapshot = self.side_menu.value, self.method_menu.value, None
        if self.space.snapshots:
            self._put(self.slider, len(self.space.snapshots) - 1)
        if not self.space.is_quick(self.which, self.method):
            self.map.busy = f"Computing {self.space.title(self.which, self.method)}. It is kept for the next time."
        try:
            self.map.place(self.space.places(self.which, self.method))
        finally:
            self.map.busy = ""
        self._answer()

    def _of_slider(self, snapshot: int) -> None:
        """Show a snapshot of training, on the plane of the last."""
        if self.quiet:
            return
        self.which, self.method, self.snapshot = "target", "pca", snapshot
        self._put(self.side_menu, self.which)
        self._put(self.method_menu, self.method)
        ends = self.space.ends_then
        self.map.place(self.space.places_then(snapshot), ends)
        self._answer()

    def _put(self, control, value) -> None:
        """Set a control, which then is not asked."""
        self.quiet = True
        control.value = value
        self.quiet = False

    def click(self, place: int | None) -> None:
        """An item was chosen, or none."""
        self.place, self.chosen = place, []
        self._answer()

    def select(self, places: list[int]) -> None:
        """Items were circled."""
        self.place, self.chosen = None, places
        self._answer()

    def _answer(self) -> None:
        """Say what there is to say of the item, or the selection, as shown."""
        lit: list[int] = []
        body, line = HINT, ""
        if self.place is not None:
            near = self.space.around(self.place, self.which, self.snapshot)
            lit = [self.place, *self.space.places_of(n.item for n in near)]
            body, line = about_item(self.space, self.place, near, self.which == "target" and self.snapshot is None)
        elif self.chosen:
            body, line = about_selection(self.space, self.chosen)
        self.map.mark(lit)
        self._show(body)
        self.map.say(self._shown(line))

    def _shown(self, line: str) -> str:
        """What is said: after the step of training, if a snapshot is shown; of the map, if there is nothing else."""
        if self.snapshot is None:
            return line or f"{self.space.title(self.which, self.method)}."
        step, steps = self.space.snapshots[self.snapshot][0], self.space.snapshots[-1][0]
        return f"After step {step:,} of {steps:,}, on the last step's plane (PCA). {line}".rstrip()

    def _show(self, body: str) -> None:
        self.panel.value = framed(body)
