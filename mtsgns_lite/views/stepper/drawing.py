"""The stepper's picture: graph, noise, the answers of a pair, and the walk; the plane has a module of its own."""

from __future__ import annotations

import html
import math

from ..style import OTHER, clipped
from ..svg import bar, drawing, text
from .marks import CENTRE, CONTEXT, NEGATIVE, SMALL, Box, Place, arrow, heading, line, written
from .model import PairStep, SkipGramSteps
from .plane import plane

WIDTH, HEIGHT = 820, 416
_GRAPH = (145, 184)  # its middle
_MIDDLE, _RIGHT = 300, 526  # the edges of the column in the middle
_WAYS = {"1/p": "back", "1": "near", "1/q": "away"}


def picture(steps: SkipGramSteps, alt: str) -> str:
    """The state as one SVG; `alt` says it in words."""
    parts = [*_graph(steps), *_noise(steps)]
    parts += _answers(steps.pair, steps.graph.names) if steps.pair else _next_step(steps)
    parts += [*plane(steps, left=546, top=32, side=268), *_walk(steps)]
    return drawing(parts, WIDTH, HEIGHT, alt)


def _graph(steps: SkipGramSteps) -> list[str]:
    """Nodes on an ellipse; on the edges their weights, or the probabilities of the walk's next step."""
    names, asked = steps.graph.names, not steps.complete
    turn = 2 * math.pi / len(names)
    around = [turn * (node + 0.5) for node in range(len(names))]  # clockwise from the top
    places = [(_GRAPH[0] + 104 * math.sin(angle), _GRAPH[1] - 138 * math.cos(angle)) for angle in around]
    short = [clipped(name, 9 if len(names) <= 8 else 6) for name in names]
    halves = [(3.7 * len(name) + 8, 11.0) for name in short]
    taken = [(x - wide, y - high, x + wide, y + high) for (x, y), (wide, high) in zip(places, halves)]
    said = "and the next step's probabilities" if asked else "and its weights"
    parts = [heading(0, 14, "Graph", said)]
    edges = [(one, other) for one in range(len(names)) for other in range(one) if steps.graph.weights[one, other]]
    for one, other in sorted(edges, key=lambda edge: asked and steps.walk[-1] in edge, reverse=True):
        if asked and other == steps.walk[-1]:
            one, other = other, one  # the arrow points away from where the walk is
        ends = _between(places[one], halves[one], places[other], halves[other])
        parts += _edge(steps, one, other, *ends, taken)
    lit = _roles(steps)
    for node, name in enumerate(names):
        parts.append(_node(name, short[node], places[node], halves[node], lit.get(node, [])))
    return parts


def _edge(steps: SkipGramSteps, one: int, other: int, start: Place, end: Place, taken: list[Box]) -> list[str]:
    """An arrow with the probability of this next step, or a line with the edge's weight."""
    weights = steps.graph.weights
    if not steps.complete and one == steps.walk[-1]:
        chance = steps.chances[other]
        label, _ = written(f"{chance:.2f}", _beside(start, end, (0.6, 0.5, 0.7, 0.4, 0.3)), taken, 700)
        return [arrow(start, end, CENTRE, 1 + 6 * chance), label]
    width = 1 + 5 * weights[one, other] / weights.max()
    parts = [line(start, end, OTHER, width, 0.5)]
    if len(weights) <= 8:
        parts.append(written(f"{weights[one, other]:g}", _beside(start, end, (0.42, 0.5, 0.6, 0.3, 0.7)), taken)[0])
    return parts


def _roles(steps: SkipGramSteps) -> dict[int, list[str]]:
    """The colours of each node that takes part: that of the centre or current node first."""
    pair, colours = steps.pair, dict[int, list[str]]()
    told = [(steps.walk[-1], CENTRE)] if pair is None else [(pair.centre, CENTRE), (pair.context, CONTEXT)]
    for node, colour in told + [(node, NEGATIVE) for node in (pair.negatives if pair else ())]:
        colours.setdefault(node, []).append(colour)
    return colours


def _node(name: str, short: str, place: Place, half: Place, colours: list[str]) -> str:
    """A pill with the name; of several roles the first fills it and the last is its rim."""
    (x, y), (wide, high) = place, half
    paint = f'fill="{OTHER}" fill-opacity="0.22"'
    if colours:
        paint = f'fill="{colours[0]}" stroke="{colours[-1]}" stroke-width="3"'
    return (
        f'<g><title>{html.escape(name)}</title><rect x="{x - wide:.1f}" y="{y - high:.1f}" width="{2 * wide:.1f}" '
        f'height="{2 * high:g}" rx="{high:g}" {paint}/>' + _inside(x, y + 4, short, bool(colours)) + "</g>"
    )


def _between(start: Place, half: Place, end: Place, other_half: Place) -> tuple[Place, Place]:
    """The ends of an edge: where it leaves one pill and reaches the other."""
    dx, dy = end[0] - start[0], end[1] - start[1]

    def out(half: Place) -> float:
        return min((half[0] + 3) / max(abs(dx), 1e-9), (half[1] + 3) / max(abs(dy), 1e-9), 0.45)

    first, last = out(half), 1 - out(other_half)
    return (start[0] + first * dx, start[1] + first * dy), (start[0] + last * dx, start[1] + last * dy)


def _beside(start: Place, end: Place, shares: tuple[float, ...]) -> list[Place]:
    """Places for words beside an edge, first on the side away from the middle of the graph."""
    (x0, y0), (x1, y1) = start, end
    length = math.hypot(x1 - x0, y1 - y0) or 1
    across = ((y1 - y0) / length, (x0 - x1) / length)
    outwards = 1 if across[0] * (x0 + x1 - 2 * _GRAPH[0]) + across[1] * (y0 + y1 - 2 * _GRAPH[1]) >= 0 else -1
    away = 10 + 8 * abs(across[0])
    return [
        (x0 + share * (x1 - x0) + side * away * across[0], y0 + share * (y1 - y0) + side * away * across[1])
        for side in (outwards, -outwards)
        for share in shares
    ]


def _noise(steps: SkipGramSteps) -> list[str]:
    """A bar for each node, as often as it is drawn as a negative; those just drawn are lit."""
    noise, counts, pair = steps.noise, steps.graph.counts, steps.pair
    height = min(18.0, 152 / len(noise))
    parts = [
        heading(_MIDDLE, 14, "Noise", "in proportion to f", f"{steps.settings.exponent:g}"),
        text(_MIDDLE, 32, "f: a node's weights, added up", size=SMALL),
        text(_RIGHT, 32, "f", anchor="end", size=SMALL),
    ]
    for node, name in enumerate(steps.graph.names):
        y = 40 + height * node
        drawn = pair.negatives.count(node) if pair else 0
        colour, opacity = (NEGATIVE, 1) if drawn else (OTHER, 0.6)
        if pair and node == pair.context:
            colour, opacity = CONTEXT, 0.35
        share, base, weight = 80 * noise[node] / noise.max(), y + 0.72 * height, 600 if drawn else 400
        parts += [
            text(_MIDDLE + 70, base, clipped(name, 9), weight, "end", SMALL),
            bar(_MIDDLE + 76, y + 1, share, height - 3, colour, opacity),
            text(_MIDDLE + 81 + share, base, f"{noise[node]:.2f}", weight, size=SMALL),
            text(_RIGHT, base, f"{counts[node]:.4g}", anchor="end", size=SMALL),
        ]
    if pair:
        words = f"{clipped(steps.graph.names[pair.context], 9)}, the context, isn't drawn"
        parts.append(text(_MIDDLE, 54 + height * len(noise), words, size=SMALL))
    return parts


def _answers(pair: PairStep, names: list[str]) -> list[str]:
    """sigma before and after the step for the context and each negative, and the loss."""
    before, after = pair.probabilities(pair.before), pair.probabilities(pair.after)
    parts = [
        heading(_MIDDLE, 234, "Loss", f"{pair.loss(pair.before):.3f} → {pair.loss(pair.after):.3f}"),
        text(_MIDDLE, 251, f"Seen near {clipped(names[pair.centre], 9)}? Probability:", size=SMALL),
    ]
    for row, node in enumerate((pair.context, *pair.negatives)):
        y = 269 + 16.5 * row
        parts += [
            bar(_MIDDLE, y - 9, 9, 9, NEGATIVE if row else CONTEXT),
            text(_MIDDLE + 15, y, clipped(names[node], 9), 600, size=SMALL),
            text(_MIDDLE + 88, y, "σ(u·n)" if row else "σ(u·v)", size=SMALL),
            text(_RIGHT, y, f"{before[row]:.3f} → {after[row]:.3f}", anchor="end", size=SMALL),
        ]
    return parts


def _next_step(steps: SkipGramSteps) -> list[str]:
    """The reckoning of the walk's next step, the most probable first."""
    names, here, before = steps.graph.names, steps.walk[-1], steps.previous
    if steps.complete:
        words = f"next: its {len(steps.pairs)} pairs"
        return [heading(_MIDDLE, 234, "The walk is complete,", words)]
    by = "weight, divided by their sum" if before is None else "weight × α, divided by their sum"
    parts = [heading(_MIDDLE, 234, "Next step", f"from {clipped(names[here], 12)}"), text(_MIDDLE, 251, by, size=SMALL)]
    likely, kinds = steps.likely_steps, steps.graph.kinds(before)
    shown = likely if len(likely) <= 6 else likely[:5]
    for row, (node, chance) in enumerate(shown):
        y, weight = 269 + 16.5 * row, f"{steps.graph.weights[here, node]:.4g}"
        parts += [
            text(_MIDDLE + 15, y, clipped(names[node], 9), 600, size=SMALL),
            text(_MIDDLE + 88, y, weight if before is None else f"{weight} × {kinds[node]}", size=SMALL),
            text(_MIDDLE + 190, y, "" if before is None else _WAYS[kinds[node]], anchor="end", size=SMALL),
            text(_RIGHT, y, f"{chance:.2f}", anchor="end", size=SMALL),
        ]
    if len(shown) < len(likely):
        parts.append(text(_MIDDLE + 15, 269 + 16.5 * 5, f"and {len(likely) - 5} more", size=SMALL))
    return parts


def _walk(steps: SkipGramSteps) -> list[str]:
    """The walk as a row of boxes, with the window around the centre."""
    pair, window = steps.pair, int(steps.settings.window)
    room = WIDTH / steps.length
    said = f"{len(steps.walk)} of {steps.length} nodes"
    if pair:
        said = f"pair {steps.done} of {len(steps.pairs)} within window {window}"
    parts = [heading(0, 362, f"Walk {steps.walks}:", said)]
    if pair:
        first, last = max(pair.places[0] - window, 0), min(pair.places[0] + window, steps.length - 1)
        parts.append(
            f'<rect x="{room * first:.1f}" y="369" width="{room * (last + 1 - first):.1f}" height="34" rx="6" '
            f'fill="{CENTRE}" fill-opacity="0.16" stroke="{CENTRE}"/>'
        )
    parts += [_box(steps, place, room) for place in range(steps.length)]
    if pair:
        for place, word in zip(pair.places, ("centre", "context")):
            parts.append(text(room * (place + 0.5), 415, word, 400, "middle", SMALL))
    return parts


def _box(steps: SkipGramSteps, place: int, room: float) -> str:
    """One place of the walk: lit, known, or still open."""
    known = place < len(steps.walk)
    name = steps.graph.names[steps.walk[place]] if known else ""
    current = {len(steps.walk) - 1: CENTRE}
    colour = (dict(zip(steps.pair.places, (CENTRE, CONTEXT))) if steps.pair else current).get(place)
    paint = f'fill="{colour}"' if colour else f'fill="{OTHER}" fill-opacity="{0.22 if known else 0.06}"'
    short = clipped(name, int((room - 12) / 7.5))
    return (
        f'<g><title>{html.escape(name)}</title><rect x="{room * place + 4:.1f}" y="373" width="{room - 8:.1f}" '
        f'height="26" rx="4" {paint}/>' + _inside(room * (place + 0.5), 390.5, short, bool(colour)) + "</g>"
    )


def _inside(x: float, y: float, words: str, lit: bool) -> str:
    return text(x, y, words, 600 if lit else 400, "middle", SMALL, "#fff" if lit else "currentColor")
