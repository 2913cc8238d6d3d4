"""How much of the spread of the items' vectors each source makes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch

from .exercise import Case, Exercise, Mistake, check, generator
from .verdict import Verdict


def share_by_hand(parts: torch.Tensor) -> torch.Tensor:
    """(s,) how much of the items' spread each source makes, a number at a time."""
    items, sources, dim = parts.shape
    c = parts.double().tolist()
    mean = [[sum(c[v][s][x] for v in range(items)) / items for x in range(dim)] for s in range(sources)]
    along, spread = [0.0] * sources, 0.0
    for item in c:
        away = [[item[s][x] - mean[s][x] for x in range(dim)] for s in range(sources)]
        moved = [sum(away[s][x] for s in range(sources)) for x in range(dim)]
        along = [along[s] + sum(away[s][x] * moved[x] for x in range(dim)) for s in range(sources)]
        spread += sum(x * x for x in moved)
    return torch.tensor(along, dtype=torch.float64) / spread


LARGER = "It is right on small inputs only: does anything in it count on there being so many items or dimensions?"


def share_cases() -> list[Case]:
    """The vectors of a case are never all the same: then there would be no spread to share out."""

    def case(name: str, parts: list) -> Case:
        return Case(name, (torch.tensor(parts),))

    three = [
        [[1.0, 2.0], [0.0, 1.0], [3.0, 0.0]],
        [[0.5, -1.0], [2.0, 1.0], [1.0, 1.0]],
        [[4.0, 0.0], [0.0, 0.5], [2.0, 5.0]],
    ]
    return [
        case("two items, one source", [[[1.0]], [[4.0]]]),
        case("two items, two sources, one dimension", [[[1.0], [5.0]], [[2.0], [9.0]]]),
        case("a source that says the same of every item", [[[1.0, 0.0], [9.0, 9.0]], [[4.0, 2.0], [9.0, 9.0]]]),
        case("a source that pulls against the other", [[[0.0], [1.0]], [[4.0], [0.0]], [[9.0], [-2.0]]]),
        case("three items, three sources, two dimensions", three),
        *(replace(one, hint=LARGER) for one in parts_drawn(0)),
    ]


def parts_drawn(seed: int) -> list[Case]:
    """Sources of different lengths, each around a place of its own."""
    more = 1 + seed % 5 if seed else 0  # of another size than the example, which is that of seed 0
    random, items, dim = generator(seed), 30 + more, 6 + more
    length = torch.tensor([1.0, 3.0, 0.5, 2.0])[:, None]
    parts = length * torch.randn(items, 4, dim, generator=random) + torch.randn(4, dim, generator=random)
    return [Case(f"{items} items, four sources", (parts,))]


def of(covariance: Callable, spread: Callable) -> Callable:
    """(parts) -> covariance (c, H) over spread (c, H), without centring."""
    return lambda parts: covariance(parts, parts.sum(dim=1)) / spread(parts, parts.sum(dim=1))


def centred(answer: Callable, axis: int | None = 0) -> Callable:
    """`answer` of the parts less their mean over an axis, or over all axes."""

    def wrong(parts: torch.Tensor) -> torch.Tensor:
        return answer(parts - (parts.mean() if axis is None else parts.mean(dim=axis, keepdim=True)))

    return wrong


def along(c: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
    """(s,) the sum over items of <c_s, H>."""
    return torch.einsum("usd,ud->s", c, h)


def square(c: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
    """The sum over items of |H| squared."""
    return h.square().sum()


def lengths(parts: torch.Tensor, power: int) -> torch.Tensor:
    """(s,) each source's part of the lengths, or of the squared lengths."""
    length = parts.norm(dim=2).pow(power).sum(dim=0)
    return length / length.sum()


def item_by_item(parts: torch.Tensor) -> torch.Tensor:
    """The mean over items of each item's shares."""
    h = parts.sum(dim=1)
    return (torch.einsum("usd,ud->us", parts, h) / h.square().sum(dim=1, keepdim=True)).mean(dim=0)


def cosines(parts: torch.Tensor) -> torch.Tensor:
    """The mean over items of the cosine of each part with the whole."""
    return torch.cosine_similarity(parts, parts.sum(dim=1, keepdim=True), dim=2).mean(dim=0)


def axis_by_axis(parts: torch.Tensor) -> torch.Tensor:
    """The mean over dimensions of each dimension's shares."""
    h = parts.sum(dim=1)
    return (torch.einsum("usd,ud->sd", parts, h) / h.square().sum(dim=0)).mean(dim=1)


def normalised(values: torch.Tensor) -> torch.Tensor:
    """Values that add up to 1."""
    return values / values.sum()


share = of(along, square)
own = of(lambda c, h: c.square().sum(dim=(0, 2)), square)
root = of(lambda c, h: c.square().sum(dim=(0, 2)).sqrt(), lambda c, h: square(c, h).sqrt())

LENGTHS = "A share of lengths: a long part that is the same for all items, or pulls against the others, counts as well."
ALONE = "Each part's own spread is measured; what counts is how far it goes along with the whole vector H."
UNCENTRED = "Nothing is centred: a source that says the same of every item tells none from another, and has no share."

CONTRIBUTION_SHARE = Exercise(
    name="contribution_share",
    signature="contribution_share(parts): (U, s, d), c of each item and source -> (s,)",
    oracle=share_by_hand,
    cases=share_cases,
    drawn=parts_drawn,
    mistakes=(
        Mistake(share, UNCENTRED),
        Mistake(lambda parts: lengths(parts, 1), LENGTHS),
        Mistake(lambda parts: lengths(parts, 2), LENGTHS),
        Mistake(centred(lambda parts: lengths(parts, 1)), LENGTHS),
        Mistake(centred(lambda parts: lengths(parts, 2)), ALONE),
        Mistake(centred(own), ALONE),
        Mistake(centred(root), ALONE),
        Mistake(
            lambda parts: centred(of(along, lambda c, h: 1.0))(parts) / square(parts, parts.sum(dim=1)),
            "Only the products are centred: the squares they are divided by have to be centred too.",
        ),
        Mistake(
            lambda parts: share(parts) * square(parts, parts.sum(dim=1)) / centred(of(square, lambda c, h: 1.0))(parts),
            "Only the squares are centred: the products above them have to be centred too.",
        ),
        Mistake(
            centred(share, axis=1),
            "Centred over the wrong axis: the mean goes over the items, not over the sources.",
        ),
        Mistake(
            centred(share, axis=2),
            "Centred over the wrong axis: the mean goes over the items, not over the dimensions.",
        ),
        Mistake(
            centred(share, axis=None),
            "Centred over everything at once: each source and dimension has a mean of its own, over the items.",
        ),
        Mistake(
            centred(item_by_item),
            "A mean of the items' shares: add up over the items above and below first, then divide once.",
        ),
        Mistake(item_by_item, f"A mean of the items' shares, and not centred. {UNCENTRED}"),
        Mistake(
            centred(axis_by_axis),
            "A mean of the dimensions' shares: add up over the dimensions above and below first, then divide once.",
        ),
        Mistake(cosines, "A cosine divides by the length of the part, and that length is what a share is about."),
        Mistake(
            centred(cosines),
            "A cosine divides by the length of the part, and that length is what a share is about.",
        ),
        Mistake(
            lambda parts: centred(share)(parts).abs(),
            "The sign is lost: a source that pulls against the others has a negative share.",
        ),
        Mistake(
            lambda parts: normalised(centred(share)(parts).abs()),
            "The sign is lost: a source that pulls against the others has a negative share.",
        ),
        Mistake(
            lambda parts: centred(share)(parts).clamp(min=0),
            "Negative shares are cut off: a source that pulls against the others has one.",
        ),
        Mistake(
            lambda parts: normalised(centred(share)(parts).clamp(min=0)),
            "Negative shares are cut off: a source that pulls against the others has one.",
        ),
        Mistake(
            lambda parts: centred(share)(parts) * parts.shape[1],
            "H is the sum of the parts, not their mean: the shares should add up to 1.",
        ),
        Mistake(
            centred(of(along, lambda c, h: len(c))),
            "It is not divided by the spread of H: these are covariances, and shares add up to 1.",
        ),
        Mistake(
            centred(of(along, lambda c, h: 1.0)),
            "It is not divided by the spread of H: these are covariances, and shares add up to 1.",
        ),
        Mistake(
            centred(of(along, lambda c, h: square(c, h).sqrt())),
            "It is divided by a length: the square below keeps its square.",
        ),
        Mistake(
            centred(of(along, lambda c, h: c.square().sum())),
            "It is divided by the spread of the parts; what is shared out is the spread of their sum, H.",
        ),
        Mistake(
            lambda parts: centred(share)(parts).softmax(dim=0),
            "There is no softmax here: the shares add up to 1 by themselves, and may be negative.",
        ),
        Mistake(lambda parts: centred(share)(parts) * 100, "A share is a part of 1, not of 100."),
    ),
    hints=(
        "Start with two items, two sources and one dimension, by hand. Do the shares add up to 1?",
        "Add the same vector to one source's part of every item: no share should change.",
        "A source's share is how far its parts go along with H from item to item, not how long they are.",
        "Take from each part its mean over the items; then the sum of the parts is centred as well. Inner products of "
        "part and sum, added up over items, are what is to be divided, once, by the same for the sum with itself.",
    ),
)


def contribution_share(answer: object) -> Verdict:
    """Check contribution_share(parts): how much of the spread of the items' vectors each source makes."""
    return check(CONTRIBUTION_SHARE, answer)
