"""Views with a slider. They work with ipywidgets 7 and 8, and without: then the last state is shown."""

from __future__ import annotations

from collections.abc import Sequence

from ..neighbours import TraitWeights
from .style import OTHER, PALETTE
from .svg import bar, drawing, text
from .view import View

_WEIGHT, _SHARE = PALETTE[:2]


class WeightsOverTraining(View):
    """The bars of every recorded step, and the slider that goes through them.

    It shows itself at the end of a cell. `html()` is one step's bars; `widget` is None without ipywidgets.
    """

    def __init__(self, probes: Sequence[tuple[int, TraitWeights]]):
        self.probes = list(probes)
        if not self.probes or not all(isinstance(weights, TraitWeights) for _, weights in self.probes):
            raise ValueError("There are no weights to show: train with `mt.fit(..., probe=mt.trait_weights)`.")
        everything = [value for _, w in self.probes for value in (*w.weight, *w.share, *(w.truth or {}).values())]
        self.longest = max([*everything, 1e-9])

    def html(self, number: int = -1) -> str:
        """The bars of one recorded step, the last if not told otherwise; all steps have the same scale."""
        step, weights = self.probes[number]
        return bars_html(weights, f"after step {step:,} of {self.probes[-1][0]:,}", self.longest)

    def _widget(self, ipywidgets):
        last = len(self.probes) - 1
        picture = ipywidgets.HTML(self.html())
        slider = ipywidgets.IntSlider(
            value=last, min=0, max=last, description="training", readout=False, layout=ipywidgets.Layout(width="420px")
        )
        play = ipywidgets.Play(value=last, min=0, max=last, interval=250)
        ipywidgets.jslink((play, "value"), (slider, "value"))
        slider.observe(lambda change: setattr(picture, "value", self.html(change["new"])), names="value")
        return ipywidgets.VBox([ipywidgets.HBox([play, slider]), picture])

    def __repr__(self) -> str:
        return f"after step {self.probes[-1][0]:,}\n{self.probes[-1][1]!r}"


def weights_over_training(history_probes: Sequence[tuple[int, TraitWeights]]) -> WeightsOverTraining:
    """Weights and contribution shares at every recorded step of training, with a slider over the steps.

    Parameters
    ----------
    history_probes : `history.probes` of a run with ``probe=mt.trait_weights``.
    Raises ``ValueError`` when there is nothing to show.
    """
    return WeightsOverTraining(history_probes)


def bars_html(weights: TraitWeights, caption: str, longest: float) -> str:
    """Two bars for each source, its weight and its share, and a mark at the planted share, as one SVG."""
    line, left, room = 46, 170, 480  # px
    height = 58 + line * len(weights.sources)
    parts = [text(0, 18, caption, 600), _key(left + 60, bool(weights.truth))]
    for row, source in enumerate(weights.sources):
        top = 50 + line * row
        name = source if len(source) <= 22 else source[:21] + "…"
        parts.append(text(left - 12, top + 21, name, anchor="end"))
        mark = left + room * weights.truth[source] / longest if weights.truth and source in weights.truth else None
        for offset, value, colour in ((0, weights.weight[row], _WEIGHT), (17, weights.share[row], _SHARE)):
            width = room * max(value, 0) / longest
            parts.append(bar(left, top + offset, width, 14, colour))
            free = left + width + 8
            if mark is not None and free - 8 <= mark <= free + 40:  # the number would be struck through
                free = mark + 6
            parts.append(text(free, top + offset + 12, f"{value:.3f}"))
        if mark is not None:
            parts.append(f'<path d="M{mark:.1f} {top - 3}v37" stroke="{OTHER}" stroke-width="3"/>')
    words = ", ".join(f"{s} {w:.3f} and {c:.3f}" for s, w, c in zip(weights.sources, weights.weight, weights.share))
    return drawing(parts, 720, height, f"Weight and contribution share {caption}: {words}")


def _key(left: int, planted: bool) -> str:
    """What the two colours mean, and the mark."""
    key = bar(left, 7, 14, 14, _WEIGHT) + text(left + 20, 18, "weight")
    key += bar(left + 90, 7, 14, 14, _SHARE) + text(left + 110, 18, "contribution share")
    mark = f'<path d="M{left + 257} 5v18" stroke="{OTHER}" stroke-width="3"/>{text(left + 266, 18, "planted share")}'
    return key + mark if planted else key
