"""Trait weights beside what they lead to: over training, against the truth, and set by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from ..data.splits import Split
from ..models.traits import MultiTraitSGNS
from ..neighbours import TraitWeights
from ..training import History
from .lists import beside, cell, name_cell, near_list, status, table
from .style import OTHER, PALETTE, clipped
from .svg import bar, drawing, text
from .view import View, described, guarded
from .what_if import Answer, WhatIf

_WEIGHT, _SHARE = PALETTE[:2]
_LEARNED, _ASK = "what was learned", "what if?"
_COMBOBOX = 500  # names suggested


def show_trait_weights(
    model: MultiTraitSGNS,
    history: History | None = None,
    split: Split | None = None,
    truth: Mapping[str, float] | None = None,
    which: str = "target",
) -> WeightsView:
    """The learned weight of each source beside its contribution share, and sliders that set the weights by hand.

    Parameters
    ----------
    history : of a run with ``probe=mt.trait_weights``: adds a slider over the steps of training. Its weights are the
        target side's, and left aside for another.
    split : adds the AUC to what the weights lead to, and the planted shares where its data set knows them.
    truth : each source's planted share, if it is known from elsewhere.
    which : the side whose weights these are, "target" or "context".
    Raises ``ValueError`` for a model without traits on that side, or one that was not trained yet.
    """
    if truth is None and split is not None:
        truth = split.dataset.truth.get("shares")
    ask = WhatIf(model, split, which)
    probes: list[tuple[int, TraitWeights]] = []
    if history is not None and which == "target":
        probes = [(step, found) for step, found in history.probes if isinstance(found, TraitWeights)]
        if probes and probes[-1][0] < history.steps:
            probes.append((history.steps, ask.summary))  # the last probe need not be the last step
    return WeightsView(ask, probes, truth)


class WeightsView(View):
    """Bars of every recorded step, and the neighbours and AUC that other weights would give."""

    def __init__(
        self,
        ask: WhatIf,
        probes: Sequence[tuple[int, TraitWeights]] = (),
        truth: Mapping[str, float] | None = None,
    ):
        planted = None if truth is None else dict(truth)
        self.ask = ask
        self.steps = [step for step, _ in probes]
        self.weights = [replace(found, truth=planted or found.truth) for _, found in probes]
        if not probes:
            self.weights = [replace(ask.summary, truth=planted)]
        self.longest = max([1e-9, *(self._reach(found) for found in self.weights)])

    def _reach(self, weights: TraitWeights) -> float:
        tops = [w + s for w, s in zip(weights.weight, weights.spread)] if self.ask.per_item else weights.weight
        return max([*tops, *weights.share, *(weights.truth or {}).values()])

    def bars(self, number: int = -1) -> str:
        """The bars of one recorded step, the last if not told otherwise; all steps have the same scale."""
        weights = self.weights[number]
        caption = f"after step {self.steps[number]:,} of {self.steps[-1]:,}" if self.steps else "as learned"
        heavy, telling = (max(zip(row, weights.sources)) for row in (weights.weight, weights.share))
        said = f"The largest weight {caption} is that of {heavy[1]}, {heavy[0]:.3f}; "
        said += f"the largest contribution share that of {telling[1]}, {telling[0]:.3f}."
        return bars_svg(weights, caption, self.longest, self.ask.per_item) + status(said)

    def html(self) -> str:
        """The last bars, and what would follow if all weights were the same."""
        equal = [1.0] * len(self.ask.sources)
        return self.bars() + self.answer(self.ask.start, equal, "with equal weights")

    def answer(self, item: object, weights: Sequence[float] | None, title: str = "by hand") -> str:
        """Neighbours and AUC with these weights (None: the learned ones) beside those as learned."""
        learned = self.ask.answer(item)
        other = learned if weights is None else self.ask.answer(item, weights)
        known = {near.item for near in learned.near}
        new = sum(near.item not in known for near in other.near)
        changed = "the same items" if not new else f"{new} of {len(other.near)} are new, in bold"
        said = f"{self._said(weights)} Nearest to {other.near.asked}" + (":" if weights is None else f": {changed}.")
        lists = beside(near_list("as learned", learned.near), near_list(title, other.near, known=known))
        return status(said) + (_auc_table(learned, other, title) if self.ask.pairs else "") + lists

    def _said(self, weights: Sequence[float] | None) -> str:
        if weights is None:
            own = "Every item has its own; the sliders show their mean. " if self.ask.per_item else ""
            return f"The weights are as learned. {own}Move a slider, and all items get the weights that you set."
        total = sum(weights) or 1
        parts = ", ".join(f"{source} {weight / total:.2f}" for source, weight in zip(self.ask.sources, weights))
        return f"All items have the weights {parts}, made to add up to 1."

    def _widget(self, widgets):
        choice = widgets.ToggleButtons(options=[_LEARNED, _ASK])
        panels = {_LEARNED: self._learned_panel(widgets), _ASK: None}
        box = widgets.VBox([choice, panels[_LEARNED]])

        def turn(change):
            panels[change["new"]] = panels[change["new"]] or _Sliders(self, widgets).panel
            box.children = (choice, panels[change["new"]])

        choice.observe(turn, names="value")
        return box

    def _learned_panel(self, widgets):
        picture = widgets.HTML(self.bars())
        if len(self.weights) == 1:
            return picture
        last = len(self.weights) - 1
        slider = widgets.IntSlider(
            value=last, min=0, max=last, description="training", readout=False, layout=widgets.Layout(width="420px")
        )
        play = widgets.Play(value=last, min=0, max=last, interval=250)
        widgets.jslink((play, "value"), (slider, "value"))
        slider.observe(lambda change: setattr(picture, "value", self.bars(change["new"])), names="value")
        return widgets.VBox([widgets.HBox([play, slider]), picture])

    @cached_property
    def suggestions(self) -> list[str]:
        """The names of the items that occurred most often in training."""
        order = self.ask.model.counts.argsort(descending=True, stable=True)[:_COMBOBOX].tolist()
        return list(dict.fromkeys(self.ask.model.catalogue.names[order]))

    def __repr__(self) -> str:
        step = f"after step {self.steps[-1]:,}\n" if self.steps else ""
        return f"{step}{self.weights[-1]!r}"


class _Sliders:
    """The controls of "what if": one slider for each source, the item asked about, and two buttons."""

    def __init__(self, view: WeightsView, widgets):
        self.view, self.by_hand, self.quiet = view, False, False
        self.learned = [round(weight, 2) for weight in view.ask.summary.weight]
        self.out = widgets.HTML(layout=widgets.Layout(width="505px", margin="0 0 0 12px"))
        wide = {"description_width": "120px"}
        self.sliders = [
            widgets.FloatSlider(
                value=weight, min=0, max=1, step=0.01, description=described(widgets, clipped(source, 17)), style=wide,
                layout=widgets.Layout(width="315px"),
            )
            for source, weight in zip(view.ask.sources, self.learned)
        ]  # fmt: skip
        self.first = str(view.ask.model.catalogue.names[view.ask.start])  # perhaps the name of others too
        self.item = widgets.Combobox(
            value=self.first, options=view.suggestions,
            description="neighbours of", continuous_update=False, style=wide, layout=widgets.Layout(width="315px"),
        )  # fmt: skip
        learned = widgets.Button(description="as learned", layout=widgets.Layout(width="110px"))
        equal = widgets.Button(description="all equal", layout=widgets.Layout(width="110px"))
        self.answer = guarded(self._show)(self._answer)
        for slider in self.sliders:
            slider.observe(lambda change: self.moved(), names="value")
        self.item.observe(lambda change: self.answer(), names="value")
        learned.on_click(lambda button: self.put(self.learned, by_hand=False))
        equal.on_click(lambda button: self.put([1 / len(self.sliders)] * len(self.sliders), by_hand=True))
        column = widgets.VBox(self.sliders, layout=widgets.Layout(max_height="330px", overflow="auto"))
        left = widgets.VBox([self.item, column, widgets.HBox([learned, equal])])
        self.panel = widgets.HBox([left, self.out], layout=widgets.Layout(flex_flow="row wrap"))
        self.answer()

    def moved(self) -> None:
        if not self.quiet:  # a page may only have rounded a value, when it drew the slider
            self.by_hand = [round(slider.value, 2) for slider in self.sliders] != self.learned
            self.answer()

    def put(self, weights: Sequence[float], by_hand: bool) -> None:
        """Move all sliders at once, and answer once."""
        self.quiet = True
        for slider, weight in zip(self.sliders, weights):
            slider.value = weight
        self.quiet, self.by_hand = False, by_hand
        self.answer()

    def _show(self, words: str) -> None:
        self.out.value = words

    def _answer(self) -> None:
        weights = [slider.value for slider in self.sliders] if self.by_hand else None
        item = self.view.ask.start if self.item.value == self.first else self.item.value
        self._show(self.view.answer(item, weights))


def _auc_table(learned: Answer, other: Answer, title: str) -> str:
    rows = []
    for region, before in learned.auc.items():
        after = other.auc[region]
        numbers = [before, after, None if before is None or after is None else after - before]
        shown = ["-" if n is None else f"{n:{kind}}" for n, kind in zip(numbers, (".3f", ".3f", "+.3f"))]
        rows.append([name_cell(f"{region} held-out pairs"), *(cell(number) for number in shown)])
    return beside(table("", ["AUC, degree-matched", "as learned", title, "change"], rows))


def bars_svg(weights: TraitWeights, caption: str, longest: float, whiskers: bool = False) -> str:
    """Two bars for each source, its weight and its share, and a mark at the planted share, as one SVG.

    `longest` is the value at the right end of the scale; `whiskers` shows the spread of the weights over the items.
    """
    line, left, room = 46 if len(weights.sources) <= 8 else 36, 170, 480  # px
    height = 58 + line * len(weights.sources)
    parts = [text(0, 18, caption, 600), _key(left + 60, bool(weights.truth), whiskers)]
    for row, source in enumerate(weights.sources):
        top = 50 + line * row
        parts.append(text(left - 12, top + 21, clipped(source, 22), anchor="end"))
        mark = left + room * weights.truth[source] / longest if weights.truth and source in weights.truth else None
        spread = weights.spread[row] if whiskers else None
        for offset, value, colour in ((0, weights.weight[row], _WEIGHT), (17, weights.share[row], _SHARE)):
            if line < 46:
                offset = offset * 14 // 17
            end = left + room * max(value, 0) / longest
            parts.append(bar(left, top + offset, end - left, line // 3 - 1, colour))
            words = f"{value:.3f}"
            if spread is not None and not offset:
                reach = room * spread / longest
                parts.append(_whisker(max(end - reach, left), end + reach, top + line // 6))
                words, end = f"{words} ± {spread:.3f}", end + reach
            free = end + 8
            if mark is not None and free - 8 <= mark <= free + 7.5 * len(words):  # the number would be struck through
                free = mark + 6
            parts.append(text(free, top + offset + 12, words))
        if mark is not None:
            parts.append(f'<path d="M{mark:.1f} {top - 3}v{line - 9}" stroke="{OTHER}" stroke-width="3"/>')
    words = ", ".join(f"{s} {w:.3f} and {c:.3f}" for s, w, c in zip(weights.sources, weights.weight, weights.share))
    return drawing(parts, 770, height, f"Weight and contribution share {caption}: {words}")


def _whisker(left: float, right: float, y: float) -> str:
    caps = "".join(f"M{x:.1f} {y - 4}v8" for x in (left, right))
    return f'<path d="M{left:.1f} {y}H{right:.1f}{caps}" stroke="currentColor" stroke-width="1.3" fill="none"/>'


def _key(left: int, planted: bool, whiskers: bool) -> str:
    """What the two colours mean, and the marks."""
    key = bar(left, 7, 14, 14, _WEIGHT) + text(left + 20, 18, "weight")
    key += bar(left + 90, 7, 14, 14, _SHARE) + text(left + 110, 18, "contribution share")
    if planted:
        key += f'<path d="M{left + 257} 5v18" stroke="{OTHER}" stroke-width="3"/>'
        key += text(left + 266, 18, "planted share")
    if whiskers:
        place = left + (370 if planted else 257)
        key += _whisker(place, place + 26, 14) + text(place + 32, 18, "spread over items")
    return key
