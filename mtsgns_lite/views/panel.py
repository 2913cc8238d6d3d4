"""The panel beside the map, as HTML: an item, what is near it, what it is made of; what a selection has in common."""

from __future__ import annotations

import html
from collections.abc import Sequence

from ..data.catalogue import Catalogue
from ..neighbours import Neighbour, Neighbours
from .itemspace import Common, ItemSpace, Own
from .style import PALETTE, clipped
from .svg import bar, drawing, text


def framed(body: str) -> str:
    return f'<div class="mtsgns-panel" style="line-height:1.25;max-height:540px;overflow:auto">{body}</div>'


_TABLE = 'style="font-size:12px;margin:4px 0"'


def about_item(space: ItemSpace, place: int, near: Neighbours, made: bool) -> tuple[str, str]:
    """An item as HTML and in one line: its traits, if asked what its target vector is made of, and what is near it."""
    item = int(space.items[place])
    name, count, catalogue = space.model.catalogue.names[item], space.counts[item], space.model.catalogue
    body = _heading(name, f"{count:,.0f} times in training" if count else "never seen in training")
    own = space.own(place) if made else None
    body += _traits(catalogue.traits_of(item)) if own is None else _own_bars(own, catalogue.traits_of(item))
    words = ", ".join(f"{n.name} ({n.similarity:.2f})" for n in near[:3])
    return body + _near_table(near, catalogue), f"{name}: near it {words}." if near else f"{name} has no vector here."


def about_selection(space: ItemSpace, places: Sequence[int]) -> tuple[str, str]:
    """What items have in common, as HTML and in one line."""
    common = space.in_common(places)
    head = f"{len(places):,} item{'' if len(places) == 1 else 's'} selected"
    if not common:
        return _heading(head, "No value of a trait stands out."), f"{head}; no value of a trait stands out."
    best = common[0]
    line = f"{head}; most of all {best.trait} {best.value}: {best.count:,} items, {best.lift:.1f} times the usual."
    return _heading(head, "What they have in common more than others") + _common_table(common), line


def _heading(name: str, words: str) -> str:
    return f'<div style="margin:0 0 6px"><b>{html.escape(name)}</b><br><small>{html.escape(words)}</small></div>'


def _near_table(near: Neighbours, catalogue: Catalogue) -> str:
    """Rank (as on the map), name, cosine, and the traits in common."""
    rows = "".join(
        f"<tr><td>{rank}</td><td>{html.escape(clipped(n.name, 34))}<br>"
        f"<small>{html.escape(_shared(n, catalogue))}</small></td><td>{n.similarity:.2f}</td></tr>"
        for rank, n in enumerate(near, start=1)
    )
    return f"<table {_TABLE}><tr><th></th><th>nearest, and what they share</th><th>cosine</th></tr>{rows}</table>"


def _shared(near: Neighbour, catalogue: Catalogue) -> str:
    """The traits that a neighbour shares with the item, in few words."""
    missing = [name for name in catalogue.traits if name not in near.shared]
    if len(missing) < len(near.shared):
        return "all traits" if not missing else f"all but {', '.join(missing)}"
    return ", ".join(near.shared) or "no trait"


def _common_table(common: Sequence[Common]) -> str:
    rows = "".join(
        f"<tr><td>{html.escape(c.trait)}</td><td>{html.escape(clipped(c.value, 30))}</td><td>{c.count:,}</td>"
        f"<td>{c.lift:.1f}</td></tr>"
        for c in common
    )
    return f"<table {_TABLE}><tr><th>trait</th><th>value</th><th>items</th><th>lift</th></tr>{rows}</table>"


def _traits(traits: dict[str, str]) -> str:
    known = "<br>".join(html.escape(f"{name}: {clipped(value, 40)}") for name, value in traits.items())
    return f"<p><small>{known}</small></p>"


def _own_bars(own: Own, traits: dict[str, str]) -> str:
    """An item's sources: their weights, and what each contributes to its vector."""
    longest = max(*own.weights, *own.parts, 1e-9)
    parts = [bar(100, 4, 10, 10, PALETTE[0]), text(114, 13, "weight", size=11)]
    parts += [bar(164, 4, 10, 10, PALETTE[1]), text(178, 13, "part of its vector", size=11)]
    for row, (source, weight, part) in enumerate(zip(own.sources, own.weights, own.parts)):
        top = 21 + 25 * row
        parts.append(text(138, top + 8, clipped(source, 24), anchor="end", size=10))
        value_of = traits.get(source, "unknown") if row else "its own row"
        parts.append(text(138, top + 19, clipped(value_of, 18), 600, "end", 10))
        for low, value, colour in ((1, weight, PALETTE[0]), (11, part, PALETTE[1])):
            width = 118 * max(value, 0) / longest
            parts += [bar(144, top + low, width, 9, colour), text(148 + width, top + low + 8, f"{value:.2f}", size=10)]
    words = ", ".join(f"{s} {w:.2f} and {p:.2f}" for s, w, p in zip(own.sources, own.weights, own.parts))
    return drawing(parts, 290, 24 + 25 * len(own.sources), f"Weight and part of its vector: {words}")
