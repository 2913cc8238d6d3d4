"""The panel beside the map, as HTML: an item, what is near it, what it is made of; what a selection has in common."""

from __future__ import annotations

import html
from collections.abc import Sequence

from ..data.catalogue import Catalogue
from ..neighbours import Neighbour, Neighbours
from .itemspace import Common, ItemSpace
from .style import PALETTE, clipped
from .svg import bar, drawing, text


def framed(body: str) -> str:
    return f'<div class="mtsgns-panel" style="line-height:1.25;max-height:540px;overflow:auto">{body}</div>'


def heading(name: str, words: str) -> str:
    return f'<div style="margin:0 0 6px"><b>{html.escape(name)}</b><br><small>{html.escape(words)}</small></div>'


def near_table(near: Neighbours, catalogue: Catalogue) -> str:
    """Rank (as on the map), name, cosine, and the traits in common."""
    rows = "".join(
        f"<tr><td>{rank}</td><td>{html.escape(clipped(n.name, 34))}<br>"
        f"<small>{html.escape(shared(n, catalogue))}</small></td><td>{n.similarity:.2f}</td></tr>"
        for rank, n in enumerate(near, start=1)
    )
    return f"<table><tr><th></th><th>nearest, and what they share</th><th>cosine</th></tr>{rows}</table>"


def shared(near: Neighbour, catalogue: Catalogue) -> str:
    """The traits that a neighbour shares with the item, in few words."""
    missing = [name for name in catalogue.traits if name not in near.shared]
    if len(missing) < len(near.shared):
        return "all traits" if not missing else f"all but {', '.join(missing)}"
    return ", ".join(near.shared) or "no trait"


def common_table(common: Sequence[Common]) -> str:
    rows = "".join(
        f"<tr><td>{html.escape(c.trait)}</td><td>{html.escape(clipped(c.value, 30))}</td><td>{c.count:,}</td>"
        f"<td>{c.lift:.1f}</td></tr>"
        for c in common
    )
    return f"<table><tr><th>trait</th><th>value</th><th>items</th><th>lift</th></tr>{rows}</table>"


def own_bars(space: ItemSpace, place: int) -> str:
    """An item's traits; with a model of traits their weights, and what each contributes to its vector, as bars."""
    traits, own = space.model.catalogue.traits_of(int(space.items[place])), space.own(place)
    if own is None:
        known = "<br>".join(html.escape(f"{name}: {clipped(value, 40)}") for name, value in traits.items())
        return f"<p><small>{known}</small></p>"
    longest = max(*own.weights, *own.parts, 1e-9)
    parts = [bar(100, 4, 10, 10, PALETTE[0]), text(114, 13, "weight", size=11)]
    parts += [bar(164, 4, 10, 10, PALETTE[1]), text(178, 13, "part of its vector", size=11)]
    for row, (source, weight, part) in enumerate(zip(own.sources, own.weights, own.parts)):
        top = 21 + 25 * row
        parts.append(text(122, top + 8, clipped(source, 20), anchor="end", size=10))
        parts.append(
            text(
                122, top + 19, clipped(traits.get(source, "its own row" if not row else "unknown"), 20), 600, "end", 10
            )
        )
        for low, value, colour in ((1, weight, PALETTE[0]), (11, part, PALETTE[1])):
            width = 130 * max(value, 0) / longest
            parts += [bar(128, top + low, width, 9, colour), text(132 + width, top + low + 8, f"{value:.2f}", size=10)]
    words = ", ".join(f"{s} {w:.2f} and {p:.2f}" for s, w, p in zip(own.sources, own.weights, own.parts))
    return drawing(parts, 290, 24 + 25 * len(own.sources), f"Weight and part of its vector: {words}")
