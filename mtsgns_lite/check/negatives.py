"""Negatives drawn in proportion to a power of the counts. Answers are random, so shares are judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from .comparing import as_tensor, close
from .exercise import Case, Exercise, Finding, Mistake, check, generator
from .running import shown
from .verdict import Verdict


@dataclass(frozen=True)
class Draws:
    """`n` items, each drawn with its share of the probability (items,)."""

    n: int
    share: np.ndarray

    def __repr__(self) -> str:
        return f"{self.n} items, in shares of {shares(self.share)}"


def shares(share: np.ndarray) -> str:
    """The shares in a line."""
    few = ", ".join(f"{x:.3f}" for x in share[:8])
    return f"[{few}{', ...' if len(share) > 8 else ''}]"


def show_draws(got: object) -> str:
    """The shares that were drawn."""
    drawn = as_tensor(got)
    if drawn is None or drawn.ndim != 1 or drawn.is_floating_point() or not len(drawn) or drawn.min() < 0:
        return shown(got)
    count = np.bincount(drawn.cpu().numpy())
    return f"{len(drawn)} items, in shares of {shares(count / len(drawn))}"


def likely(got: object, expected: object) -> bool | str:
    """Are these draws from those shares? Pearson's chi-square; right draws fail once in hundreds of millions."""
    assert isinstance(expected, Draws)
    kind = close(got, np.zeros(expected.n, dtype=np.int64))
    if isinstance(kind, str):
        return kind
    drawn = as_tensor(got)
    assert drawn is not None
    if drawn.is_floating_point():
        return f"The answer is of type {drawn.dtype}, where item numbers are due: whole numbers."
    items = drawn.cpu().numpy()
    if len(items) and (items.min() < 0 or items.max() >= len(expected.share)):
        return "A number was drawn that no item has: items are numbered from 0 to items - 1."
    count = np.bincount(items, minlength=len(expected.share))
    if count[expected.share == 0].any():
        return False
    return _strays(count, expected.share * expected.n) < 1


def _strays(count: np.ndarray, due: np.ndarray) -> float:
    """Chi-square over what is still credible; items that are due less than 10 times are taken together."""
    rare = due < 10
    count = np.append(count[~rare], count[rare].sum())
    due = np.append(due[~rare], due[rare].sum())
    count, due = count[due > 0], due[due > 0]
    freedom = max(len(due) - 1, 1)
    square = ((count - due) ** 2 / np.maximum(due, 1)).sum()
    return float(square / (freedom + 8 * np.sqrt(2 * freedom) + 35))


def same_seed(draw) -> str:
    """What is wrong with how the generator is used, found by drawing twice from one seed, and once from another."""
    counts = torch.tensor([4, 3, 2, 1, 5])
    one, again, other = (draw(counts, 40, 0.75, torch.Generator().manual_seed(seed)) for seed in (7, 7, 8))
    if list(map(int, one)) != list(map(int, again)):
        return "Two generators with the same seed draw differently: the randomness must come from `generator` alone."
    if list(map(int, one)) == list(map(int, other)):
        return "Two generators with different seeds draw the same: the randomness must come from `generator`."
    return ""


DRAWN = 5_000
ZEROS = "Items that never occur are drawn: an item with count 0 has no share."
_WEIGHTS: tuple[tuple[Callable, str], ...] = (
    (lambda c, a: c, "The exponent is ignored: items are drawn in proportion to the counts themselves."),
    (lambda c, a: c > 0, "All items that occur are drawn equally often: the counts have no say."),
    (lambda c, a: c >= 0, "All items are drawn equally often, those that never occur too: the counts have no say."),
    (lambda c, a: c**a, f"{ZEROS} (0 to the power of 0 is 1.)"),
    (lambda c, a: (c + 1) ** a, f"{ZEROS} 1 was added to every count."),
    (lambda c, a: np.where(c > 0, (c + 1.0) ** a, 0), "1 was added to every count: that changes the shares."),
    (lambda c, a: np.where(c > 0, c**0.75, 0), "The exponent 0.75 is written into the function: it is an argument."),
    (lambda c, a: np.where(c > 0, c**0.5, 0), "A square root is taken, whatever the exponent is."),
    (lambda c, a: np.where(c > 0, np.maximum(c, 1) ** -a, 0), "The sign of the exponent: rare items are drawn most."),
    (lambda c, a: np.where(c > 0, c ** (1 / max(a, 1e-9)), 0), "The counts are raised to 1 / exponent."),
    (lambda c, a: c * a, "The counts are multiplied by the exponent, not raised to it: the shares stay the counts'."),
    (lambda c, a: np.log1p(c), "The logarithm of the counts is used: the counts are raised to a power."),
    (lambda c, a: np.exp(c - c.max()),
     "A softmax of the counts: they are raised to the exponent and divided by the sum."),
    (lambda c, a: np.exp(c**a - (c**a).max()), "A softmax after the power: its exponential changes the shares."),
    (lambda c, a: np.exp(a * (c / c.sum())), "A softmax of the shares: they are shares already."),
    (lambda c, a: c == c.max(), "The most frequent item is drawn every time: draw at random."),
    (lambda c, a: np.roll(np.where(c > 0, np.maximum(c, 1) ** a, 0), 1),
     "Every item stands for the one before it: the numbers are off by one."),
    (lambda c, a: np.roll(np.where(c > 0, np.maximum(c, 1) ** a, 0), -1),
     "Every item stands for the one after it: the numbers are off by one."),
    (lambda c, a: np.where(np.arange(len(c)) < len(c) - 1, c**a * (c > 0), 0), "The last item is never drawn."),
    (lambda c, a: np.where(np.arange(len(c)) > 0, c**a * (c > 0), 0),
     "The first item is never drawn: numbers start at 0."),
)  # fmt: skip


def _shares(weight: Callable) -> Callable:
    def draws(counts, n, exponent, generator) -> Draws:
        count = counts.double().numpy()
        weights = np.asarray(weight(count, exponent), dtype=np.float64)
        return Draws(n, weights / weights.sum())

    return draws


def _draw_oracle(counts, n, exponent, generator) -> Draws:
    weights = np.array([count**exponent if count else 0.0 for count in counts.tolist()])
    return Draws(n, weights / weights.sum())


def _draw(name: str, counts: list[int] | torch.Tensor, exponent: float, n: int = DRAWN, seed: int = 0) -> Case:
    return Case(name, (torch.as_tensor(counts), n, exponent, generator(seed)))


def _draw_cases() -> list[Case]:
    return [
        _draw("two items, exponent 1", [1, 3], 1.0),
        _draw("a single draw from a single item", [2], 0.75, n=1),
        _draw("an item that never occurs", [4, 0, 1], 0.75),
        _draw("counts far apart", [10_000, 300, 1_000, 100, 10], 0.75),
        _draw("exponent 0, and an item that never occurs", [5, 0, 50, 500], 0.0),
        _draw("exponent 0.5", [1, 4, 9, 16, 25], 0.5),
        _draw("two hundred items", 1 + 20_000 // torch.arange(1, 201), 0.75),
    ]


def _draw_anew(seed: int) -> list[Case]:
    counts = torch.randint(1, 400, (5 + seed % 4,), generator=generator(3000 + seed))
    return [_draw("counts drawn anew", counts, 0.3 + 0.1 * (seed % 3), seed=seed)]


def _uses_generator(draw: Callable) -> Finding | None:
    words = same_seed(draw)
    return Finding(words, "the same counts, and generators with known seeds") if words else None


DRAW_NEGATIVES = Exercise(
    name="draw_negatives",
    signature="draw_negatives(counts, n, exponent, generator): (items,), int, float, torch.Generator -> (n,) items",
    oracle=_draw_oracle,
    cases=_draw_cases,
    mistakes=tuple(Mistake(_shares(weight), hint) for weight, hint in _WEIGHTS),
    hints=(
        "Work out the shares of [1, 3] by hand, for the exponents 1 and 0.",
        "Make a weight for each item; an item that never occurs needs weight 0 whatever the exponent is.",
        "torch.multinomial draws in proportion to weights; look up `replacement` and `generator` in its documentation.",
    ),
    same=likely,
    extra=(_uses_generator,),
    show=show_draws,
    drawn=_draw_anew,
)


def draw_negatives(answer: object) -> Verdict:
    """Check draw_negatives(counts, n, exponent, generator): n items, with shares as counts ** exponent."""
    return check(DRAW_NEGATIVES, answer)
