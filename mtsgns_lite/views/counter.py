"""The cold-start counter: choose the traits of a product that nobody has bought, and see where it lands."""

from __future__ import annotations

import html

from ..models.base import ItemModel
from .lists import PAGE, beside, cell, name_cell, near_list, status, table
from .newcomer import Newcomer, Values
from .style import clipped
from .view import View, described, guarded, live_map

_SUGGESTED = 500  # names
_TIE = (
    "Without traits the model has no vector for it: every score is 0, a tie. All that is left is what is most frequent."
)
_CLICK = "Click an item, or name one, to take over its traits."
_SEVERAL = "Where an item may have several values, Ctrl or Cmd and a click choose more than one."
_ROUGH = "On this kind of map the place is a rough one, between the places of the nearest items."


def cold_item(
    model: ItemModel,
    method: str = "pca",
    values: Values | None = None,
    which: str = "target",
    most: int = 8_000,
    seed: int = 0,
) -> CounterView:
    """Menus for the traits of a new product, the place where it lands, and its neighbours beside those without traits.

    Parameters
    ----------
    method : the map, "pca", "tsne" or "umap" (see `mt.explore`); also `most` and `seed`.
    values : the traits to begin with, such as ``{"brand": "Acme"}``; by default the more telling half of those of a
        well-known item.
    which : the side whose vectors are compared, "target" or "context".
    Raises ``ValueError`` for a model without traits, one that was not trained yet, or a trait or value that is not
    there.
    """
    newcomer = Newcomer(model, which, method, most, seed)
    return CounterView(newcomer, _begin(newcomer) if values is None else values)


def _begin(newcomer: Newcomer) -> Values:
    return newcomer.values_of(newcomer.example, (len(newcomer.traits) + 1) // 2)


LENGTH = 6  # of the lists


class CounterView(View):
    """What stands on the counter: the new product's traits, and two lists; see `cold_item`."""

    def __init__(self, newcomer: Newcomer, values: Values):
        self.newcomer, self.values = newcomer, dict(values)
        self.newcomer.codes(values)  # is all of it there?

    def said(self) -> str:
        """In one sentence, what was chosen and what is nearest."""
        codes = self.newcomer.codes(self.values)
        chosen = ", ".join(f"{name} = {self._text(name, row)}" for name, row in codes.items() if row)
        if not chosen:
            return "Nothing is known of the new product, so it has no vector."
        near = self.newcomer.neighbours(self.values, 1)
        if not near:
            return f"With {chosen} the new product has no vector: no item that was bought has these values."
        return f"With {chosen} the new product is nearest to {near[0].name} (cosine {near[0].similarity:.2f})."

    def lists(self) -> str:
        """The neighbours by its traits beside what there is without them."""
        near, popular = self.newcomer.neighbours(self.values, LENGTH), self.newcomer.popular(LENGTH)
        bought = table("without traits: the most frequent", ["name", "times in training"],
                       [[name_cell(name), cell(f"{count:,}")] for name, count in popular])  # fmt: skip
        known = near_list("with its traits", near, shares=True) if near else f"<b>with its traits</b><br>{_none()}"
        return beside(known, bought, least=300) + f'<p style="margin:4px 0;{PAGE}">{_TIE}</p>'

    def recipe(self) -> str:
        """The traits chosen and how much each counts, as HTML."""
        codes, weights = self.newcomer.codes(self.values), self.newcomer.weights(self.values)
        rows = [[name_cell(f"{name}: {self._text(name, row) or 'unknown'}"), cell(f"{weights[name]:.2f}", not row)]
                for name, row in codes.items()]  # fmt: skip
        recipe = beside(table("the new product", ["trait", "weight"], rows))
        return f'<div style="max-width:420px">{recipe}</div>{_note(self.rule())}'

    def html(self) -> str:
        """The product's traits, and both lists."""
        return status(self.said()) + self.recipe() + self.lists()

    def __repr__(self) -> str:
        return f"{self.said()}\n{self.newcomer.neighbours(self.values, LENGTH)!r}"

    def rule(self) -> str:
        """By which weights the traits of a new product are mixed."""
        if self.newcomer.side.per_item:
            return (
                "Here each item has weights of its own. A new one has learned none yet, so its traits count the same."
            )
        if self.newcomer.model.cold == "mean":
            return 'Here, with cold="mean", the known traits of a new item count the same.'
        return "Learned weights, adding up to 1 over what is known."

    def _text(self, name: str, codes: list[int]) -> str:
        return " | ".join(self.newcomer.traits[name].values[code] for code in codes)

    def _widget(self, widgets):
        return _Counter(self, widgets).panel


class _Counter:
    """The controls: a menu for each trait, an item to take traits from, and the map where it can be shown."""

    def __init__(self, view: CounterView, widgets):
        self.view, self.newcomer, self.quiet = view, view.newcomer, False
        self.style, self.wide = {"description_width": "120px"}, widgets.Layout(width="310px")
        self.menus = {name: self._menu(widgets, name) for name in self.newcomer.traits}
        self.like = widgets.Combobox(
            description="traits like", placeholder="the name of an item", continuous_update=False, style=self.style,
            layout=self.wide, options=list(dict.fromkeys(name for name, _ in self.newcomer.popular(_SUGGESTED))),
        )  # fmt: skip
        clear = widgets.Button(description="all unknown", layout=widgets.Layout(width="110px"))
        begin = widgets.Button(description="start over", layout=widgets.Layout(width="110px"))
        start = dict(view.values)
        self.note, self.said, self.out = widgets.HTML(layout=self.wide), widgets.HTML(), widgets.HTML()
        show = guarded(lambda words: setattr(self.said, "value", words))
        self.answer = show(self._answer)
        self.map = self._map(widgets, show)
        put = show(self.put)
        for menu in self.menus.values():
            menu.observe(lambda change: self.answer(), names="value")
        self.like.observe(show(lambda change: self._take(change["new"])), names="value")
        clear.on_click(lambda button: put({}))
        begin.on_click(lambda button: put(start))
        column = widgets.VBox(list(self.menus.values()), layout=widgets.Layout(max_height="270px", overflow="auto"))
        left = widgets.VBox([self.like, column, widgets.HBox([clear, begin]), self.note])
        rows = [self.said, self.out]
        wrap = widgets.Layout(flex_flow="row wrap")
        if self.map is None:
            right = widgets.VBox(rows, layout=widgets.Layout(width="505px", margin="0 0 0 12px"))
            self.panel = widgets.HBox([left, right], layout=wrap)
        else:
            self.panel = widgets.VBox([widgets.HBox([left, self.map], layout=wrap), *rows])
        self.put(start)

    def _menu(self, widgets, name: str):
        """One value, or several where items have several; code 0 is unknown."""
        trait = self.newcomer.traits[name]
        values = sorted(((text, code) for code, text in enumerate(trait.values) if code), key=lambda v: v[0].casefold())
        about = dict(description=described(widgets, clipped(name, 17)), style=self.style, layout=self.wide)
        if trait.codes.shape[1] > 1:
            return widgets.SelectMultiple(options=values, rows=4, **about)
        return widgets.Dropdown(options=[("unknown", 0), *values], **about)

    def _map(self, widgets, show):
        kind = live_map()
        if kind is None:
            return None
        space, colour = self.newcomer.space, next(iter(self.newcomer.traits))
        counts, names = space.counts[space.items], self.newcomer.model.catalogue.names
        places = space.places(self.newcomer.which, self.newcomer.method)
        made = kind(names[space.items].tolist(), places, sizes=counts, hollow=counts == 0, height=210)
        made.colour(*space.colour(colour))
        made.layout = widgets.Layout(width="500px", flex="1 1 420px", margin="0 0 0 12px")
        made.on_click(show(self._clicked))
        return made

    def _clicked(self, place: int | None) -> None:
        if place is not None:
            self.like.value = ""  # the traits are no longer those of what is named there
            self.put(self.newcomer.values_of(int(self.newcomer.space.items[place])))

    def _take(self, name: str) -> None:
        if name.strip():
            self.put(self.newcomer.values_of(name))

    def put(self, values: Values) -> None:
        """Set all menus at once, and answer once."""
        chosen = self.newcomer.codes(values)
        self.quiet = True
        for name, codes in chosen.items():
            several = isinstance(self.menus[name].value, tuple)
            self.menus[name].value = tuple(codes) if several else (codes[0] if codes else 0)
        self.quiet = False
        self.answer()

    def _answer(self) -> None:
        if self.quiet:
            return
        view, traits = self.view, self.newcomer.traits
        chosen = {name: menu.value for name, menu in self.menus.items()}
        view.values = {
            name: [traits[name].values[code] for code in (codes if isinstance(codes, tuple) else [codes])]
            for name, codes in chosen.items()
        }
        self.said.value, self.out.value = status(view.said()), view.lists()
        shares = ", ".join(f"{name} {w:.2f}" for name, w in self.newcomer.weights(view.values).items() if w)
        several = any(isinstance(menu.value, tuple) for menu in self.menus.values())
        self.note.value = _note(f"{view.rule()} {shares}") + (_note(_SEVERAL) if several else "")
        if self.map is None:
            self.note.value += _note("For a map of where it lands: pip install anywidget.")
        else:
            self._mark()

    def _mark(self) -> None:
        """A star where it lands, and its neighbours lit."""
        space, place = self.newcomer.space, self.newcomer.place(self.view.values)
        near = [item.item for item in self.newcomer.neighbours(self.view.values, LENGTH)]
        self.map.mark(space.places_of(near), place, "new product")
        rough = "" if self.newcomer.method == "pca" or place is None else f" {_ROUGH}"
        self.map.say(
            ("No vector, no place." if place is None else "The star is the new product.") + rough + " " + _CLICK
        )


def _none() -> str:
    return "No vector, no neighbours: every score is 0."


def _note(words: str) -> str:
    return f'<p style="margin:4px 0;opacity:.8;{PAGE}">{html.escape(words)}</p>'
