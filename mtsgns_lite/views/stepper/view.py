"""Skip-gram that can be played with: a walk on a small graph, its pairs, and a step of gradient for each."""

from __future__ import annotations

import html
from collections.abc import Sequence

from ..style import clipped
from ..view import View, guarded
from .drawing import picture
from .graph import EXAMPLE, SmallGraph
from .model import MOST_NEGATIVES, Leap, Settings, SkipGramSteps

CHOICES = (0.25, 0.5, 1.0, 2.0, 4.0)  # of p and q
_SAID = "margin:2px 0;min-height:2.7em;line-height:1.35"  # two lines, so that nothing jumps
PAUSE = 700  # ms between the steps that play


def sgns_stepper(
    edges: Sequence[tuple[str, str, float]] | None = None,
    seed: int = 0,
    window: int = 2,
    negatives: int = 2,
    exponent: float = 0.75,
    p: float = 1.0,
    q: float = 1.0,
    rate: float = 0.5,
    length: int = 8,
) -> SgnsStepper:
    """Skip-gram with negative sampling on a small graph, one step at a time.

    Parameters
    ----------
    edges : (one end, other end, weight) of a graph of at most 12 nodes; a small shop if not given.
    window : a pair is two places in a walk at most this far apart. negatives : drawn for each pair, from f^exponent.
    p, q : of node2vec's walks. rate : first step size; it falls from walk to walk. length : nodes in a walk, 2 to 12.
    Raises ``ValueError`` for a graph that can't be walked on, and for a setting out of range.
    """
    graph = SmallGraph.from_edges(EXAMPLE if edges is None else edges)
    settings = Settings(window, negatives, exponent, p, q)
    return SgnsStepper(SkipGramSteps(graph, settings, seed, rate, length))


class SgnsStepper(View):
    """The picture, a sentence on what just happened, and buttons; `steps` is the state and can be moved from code too.

    It opens on the first pair of the first walk, so that a page without buttons has a step of gradient to show.
    """

    def __init__(self, steps: SkipGramSteps):
        self.steps, self.note = steps, ""
        while steps.pair is None:
            steps.advance()

    def html(self) -> str:
        return self._said() + picture(self.steps, sentence(self.steps))

    def __repr__(self) -> str:
        return sentence(self.steps)

    def turn(self, **settings: float) -> None:
        """Change settings; `note` says from when on they hold."""
        self.steps.change(**settings)
        self.note = " ".join(_holds(name, value, self.steps) for name, value in settings.items())

    def _said(self) -> str:
        words = html.escape(f"{sentence(self.steps)} {self.note}".strip())
        return f'<p role="status" aria-live="polite" style="{_SAID}">{words}</p>'

    def _widget(self, ipywidgets):
        said, drawn = ipywidgets.HTML(), ipywidgets.HTML()

        def show() -> None:
            said.value, drawn.value = self._said(), picture(self.steps, sentence(self.steps))

        @guarded(lambda words: setattr(said, "value", words))
        def act(action) -> None:
            self.note = ""
            action()
            show()

        show()
        sliders, menus = self._settings(ipywidgets, act)
        rows = [[*self._buttons(ipywidgets, act), *menus], sliders]
        wrap = ipywidgets.Layout(flex_flow="row wrap", align_items="center")
        return ipywidgets.VBox([*(ipywidgets.HBox(row, layout=wrap) for row in rows), said, drawn])

    def _buttons(self, ipywidgets, act) -> list:
        steps = self.steps
        play = ipywidgets.Play(value=0, min=0, max=100_000, interval=PAUSE)
        if play.has_trait("show_repeat"):
            play.show_repeat = False
        play.observe(lambda change: change["new"] > change["old"] and act(steps.advance), names="value")
        buttons = [play]
        for words, action, meaning in (
            ("One step", steps.advance, "One more node of the walk, or one more pair"),
            ("Finish walk", steps.finish, "All pairs of this walk, and on to the next"),
            ("10 walks", lambda: steps.finish(10), "The rest of this walk and nine more at once"),
            ("Start again", steps.restart, "The first walk and the first vectors again"),
        ):
            button = ipywidgets.Button(description=words, tooltip=meaning, layout=ipywidgets.Layout(width="108px"))
            button.on_click(lambda _, action=action: act(action))
            buttons.append(button)
        return buttons

    def _settings(self, ipywidgets, act) -> tuple[list, list]:
        now = self.steps.settings
        wide = {"layout": ipywidgets.Layout(width="268px"), "style": {"description_width": "76px"}}
        narrow = {"layout": ipywidgets.Layout(width="92px"), "style": {"description_width": "18px"}}
        controls = {
            "window": ipywidgets.IntSlider(now.window, 1, max(5, now.window), description="window", **wide),
            "negatives": ipywidgets.IntSlider(now.negatives, 0, MOST_NEGATIVES, description="negatives", **wide),
            "exponent": ipywidgets.FloatSlider(now.exponent, min=0, max=1, step=0.05, description="exponent", **wide),
        }
        for name in ("p", "q"):
            given = getattr(now, name)
            options = [(f"{value:g}", value) for value in sorted({*CHOICES, given})]
            controls[name] = ipywidgets.Dropdown(options=options, value=given, description=name, **narrow)
        for name, control in controls.items():
            control.observe(lambda change, name=name: act(lambda: self.turn(**{name: change["new"]})), names="value")
        every = list(controls.values())
        return every[:3], every[3:]


def sentence(steps: SkipGramSteps) -> str:
    """What just happened, in words."""
    names, pair = _names(steps), steps.pair
    if pair is None:
        return f"{_of_the_leap(steps.leap)} {_of_the_walk(steps)}" if steps.leap else _of_the_walk(steps)
    before, after = pair.probabilities(pair.before)[0], pair.probabilities(pair.after)[0]
    drawn = ", ".join(names[node] for node in pair.negatives) or "none"
    number = f"pair {steps.done} of {len(steps.pairs)}" if pair.places in steps.pairs else "a pair of the wider window"
    return (
        f"Walk {steps.walks}, {number} ({names[pair.centre]}, {names[pair.context]}): "
        f"loss {pair.loss(pair.before):.3f} → {pair.loss(pair.after):.3f}, probability of the pair {before:.2f} → "
        f"{after:.2f}; negatives {drawn}."
    )


def _names(steps: SkipGramSteps) -> list[str]:
    return [clipped(name, 24) for name in steps.graph.names]


def _of_the_walk(steps: SkipGramSteps) -> str:
    names, here = _names(steps), steps.walk[-1]
    if steps.previous is None:
        words = f"Walk {steps.walks} starts at {names[here]}."
    else:
        words = (
            f"Walk {steps.walks}, step {len(steps.walk) - 1}: from {names[steps.previous]} to {names[here]}, which had "
            f"probability {steps.chance:.2f}."
        )
    if steps.complete:
        return f"{words} The walk is complete; its {len(steps.pairs)} pairs come next."
    likely = steps.likely_steps
    told = [f"{names[node]} {chance:.2f}" for node, chance in likely[:4]]
    return f"{words} Next: {', '.join(told)}{f' and {len(likely) - 4} more' if len(likely) > 4 else ''}."


def _of_the_leap(leap: Leap) -> str:
    if len(leap.losses) < 2:
        return (
            f"{leap.pairs} pairs at once" + "".join(f", with a mean loss of {loss:.2f}" for loss in leap.losses) + "."
        )
    return (
        f"{len(leap.losses)} walks at once, {leap.pairs} pairs: the mean loss of a pair was {leap.losses[0]:.2f} in "
        f"the first and {leap.losses[-1]:.2f} in the last."
    )


def _holds(name: str, value: float, steps: SkipGramSteps) -> str:
    """From when on a setting holds."""
    if name == "window":
        return f"With window {value} the walk has {len(steps.pairs)} pairs."
    if name == "negatives":
        return f"From the next pair on, {value} negatives."
    if name == "exponent":
        return f"The next negatives are drawn from f^{value:g}."
    return f"{name} = {value:g} holds for the next {'walk' if steps.complete else 'step'}."
