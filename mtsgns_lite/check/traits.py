"""The lift of a trait: how much more often the two items of a pair share its value than chance has it."""

from __future__ import annotations

from collections.abc import Callable

import torch

from .exercise import Case, Exercise, Mistake, check, generator, mistakes
from .verdict import Verdict


def lift_by_hand(first: torch.Tensor, second: torch.Tensor) -> float:
    """The share of alike ones among pairs of known items, over that among all meetings of a first with a second."""
    pairs = [(a, b) for a, b in zip(first.tolist(), second.tolist()) if a and b]
    together = sum(a == b for a, b in pairs) / len(pairs)
    by_chance = sum(a == b for a, _ in pairs for _, b in pairs) / len(pairs) ** 2
    return together / by_chance


def lift_cases() -> list[Case]:
    """From a few pairs by hand to many; there are always known pairs, and firsts that meet their like by chance."""

    def case(name: str, pairs: list[tuple[int, int]]) -> Case:
        first, second = torch.tensor(pairs).T.clone()
        return Case(name, (first, second))

    known = [(1, 1), (2, 2), (1, 3), (1, 1), (3, 2)]
    return [
        case("five pairs of three values", known),
        case("a trait that says nothing of what goes together", [(1, 1), (1, 2), (2, 1), (2, 2)]),
        case("pairs that are never alike", [(1, 2), (2, 1), (1, 2)]),
        case("one more pair, of which nothing is known", [*known, (0, 0)]),
        case("some items are unknown", with_unknown(known)),
        case("values that are far apart", [(70, 70), (4, 70), (4, 4), (90, 4), (30, 30), (4, 4)]),
        *lifts_drawn(0),
    ]


def with_unknown(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The pairs, and again with the first, the second or both unknown.

    So the known firsts are shared out among the values as in the pairs of which both are known, and chance is the
    same whichever of the two it is counted over: either is a right answer.
    """
    return [*pairs, *((a, 0) for a, _ in pairs), *((0, b) for _, b in pairs), (0, 0)]


def lifts_drawn(seed: int) -> list[Case]:
    """Many pairs; some values are common, more so among the firsts, and a third of the pairs are alike on purpose."""
    random, cases = generator(seed), []
    more = 1 + seed % 5 if seed else 0  # of another size than the example, which is that of seed 0
    for size, values in [(30 + more, 4), (80 + more, 9 + more)]:
        first = (torch.rand(size, generator=random).square() * values).long() + 1
        second = (torch.rand(size, generator=random).sqrt() * values).long() + 1
        second = torch.where(torch.rand(size, generator=random) < 0.33, first, second)
        pairs = with_unknown(list(zip(first.tolist(), second.tolist())))
        order = torch.randperm(len(pairs), generator=random)
        one, other = torch.tensor(pairs)[order].T.clone()
        cases.append(Case(f"{len(pairs)} pairs, {values} values", (one, other)))
    return cases


def alike(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Which have the same value, and a known one; the shapes are those of a comparison."""
    return (first == second) & (first > 0)


def together(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """The share of pairs that are alike."""
    return alike(first, second).double().mean()


def meeting(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """The share of all meetings of a first with a second that are alike."""
    return alike(first[:, None], second[None, :]).double().mean()


def _known(first, second):
    both = (first > 0) & (second > 0)
    return first[both], second[both]


def _all(first, second):
    return first, second


def _value(first, second):
    return first + 1, second + 1


def _either(first, second):
    return first[(first > 0) | (second > 0)], second[(first > 0) | (second > 0)]


def _either_value(first, second):
    return _value(*_either(first, second))


VALUE = "Unknown (0) is taken for a value: two items of which nothing is known have nothing in common."
APART = "Pairs with an unknown item are counted as not alike: they say neither, so they are left out."
HALF = "A pair is left out only where both items are unknown: one unknown item is enough."
CHANCE = "Chance is counted over the unknown items too: it needs the same known ones as the pairs."
PAIRS = (  # (pairs that are counted, pairs whose items meet by chance)
    ((_known, _known), ""),
    ((_value, _value), VALUE),
    ((_all, _all), APART),
    ((_all, _known), APART),
    ((_value, _known), VALUE),
    ((_known, _all), CHANCE),
    ((_known, _value), CHANCE),
    ((_either, _either), HALF),
    ((_either, _either_value), HALF),
)
EVEN = "Chance is not one over the number of values: common values meet each other more often than rare ones."
SIDE = "Chance is taken from one side only: a first is drawn from the firsts, its partner from the seconds."
MEETINGS = (
    (meeting, ""),
    (lambda a, b: 1 / len(torch.cat([a, b]).unique()), EVEN),
    (lambda a, b: 1 / int(torch.cat([a, b]).max()), EVEN),
    (lambda a, b: meeting(a, a), SIDE),
    (lambda a, b: meeting(b, b), SIDE),
    (
        lambda a, b: meeting(torch.cat([a, b]), torch.cat([a, b])),
        "Firsts and seconds are thrown together: a first is drawn from the firsts, its partner from the seconds.",
    ),
    (
        lambda a, b: (meeting(a, b) * len(a) - together(a, b)) / (len(a) - 1),
        "The pairs themselves are left out of chance: each first may meet every second, its own among them.",
    ),
    (
        lambda a, b: meeting(a, b) * len(a) ** 2,
        "Chance is a number of meetings: it has to be their share, so divide by how many there are.",
    ),
    (
        lambda a, b: meeting(a, b) * len(a),
        "Chance is divided by the number of pairs once: each first meets each second, so there are more meetings.",
    ),
    (lambda a, b: together(a, b.roll(1)), "One moved column is one draw: chance takes all meetings together."),
    (lambda a, b: together(a, b.flip(0)), "One turned column is one draw: chance takes all meetings together."),
)
RATIOS = (
    (lambda o, c, size: o / c, ""),
    (lambda o, c, size: c / o, "The ratio is upside down: a trait that brings items together has a lift above 1."),
    (lambda o, c, size: o - c, "This is a difference: the lift says how many times as often, so it is a ratio."),
    (lambda o, c, size: o, "This is how often the pairs are alike: it has to be held against chance."),
    (lambda o, c, size: c, "This is chance alone: the pairs' own share has to be held against it."),
    (lambda o, c, size: o / c - 1, "One is taken off: a lift of 1 is chance, and a lift of 0 means never."),
    (lambda o, c, size: (o / c).log(), "The logarithm is taken: the lift is the ratio itself."),
    (lambda o, c, size: (o / c).log2(), "The logarithm is taken: the lift is the ratio itself."),
    (lambda o, c, size: 100 * o / c, "The lift is a ratio, not a percentage."),
    (lambda o, c, size: o * size / c, "The pairs that are alike are counted: it has to be their share."),
)


def _lift(pairs: tuple[Callable, Callable], meet: Callable, ratio: Callable) -> Callable:
    def wrong(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        counted, met = pairs[0](first, second), pairs[1](first, second)
        return ratio(together(*counted), torch.as_tensor(meet(*met)), len(counted[0]))

    return wrong


def value_by_value(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """The mean of the values' own lifts."""
    a, b = _known(first, second)
    both = [value for value in a.unique() if (b == value).any()]
    at = [(a == value).double().mean() * (b == value).double().mean() for value in both]
    found = [((a == value) & (b == value)).double().mean() / chance for value, chance in zip(both, at)]
    return torch.stack(found).mean()


TRAIT_LIFT = Exercise(
    name="trait_lift",
    signature="trait_lift(first, second): (P,), (P,) codes of the two items of each pair, 0 if unknown -> one number",
    oracle=lift_by_hand,
    cases=lift_cases,
    drawn=lifts_drawn,
    mistakes=(
        *mistakes(_lift, PAIRS, MEETINGS, RATIOS),
        Mistake(value_by_value, "A mean of the values' lifts: add up over the values first, then divide once."),
    ),
    hints=(
        "Chance needs no draw, and a shuffle comes only near it: let each first item meet each second one, and take "
        "the share of these meetings that are alike.",
        "Do it by hand for the pairs (1, 1), (1, 2), (2, 2): two of three are alike; how many of the nine meetings?",
        "Three steps: leave out the pairs with a 0, take the share that is alike, divide it by chance.",
        "Chance is a sum over the values: the share of firsts that have it, times the share of seconds that have it.",
    ),
)


def trait_lift(answer: object) -> Verdict:
    """Check trait_lift(first, second): how much more often the items of a pair are alike than chance has it."""
    return check(TRAIT_LIFT, answer)
