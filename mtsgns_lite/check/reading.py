"""Lesson 08: what a question at each place of a sequence may read."""

from __future__ import annotations

from collections.abc import Callable

import torch

from .comparing import as_tensor, close
from .exercise import Case, Exercise, Mistake, check, generator, mistakes
from .verdict import Verdict

NOT_BOOLEAN = (
    "The answer is of type {}, where True and False are due: `~` and `masked_fill` need booleans. A comparison gives "
    "some, and & joins two."
)
AHEAD = "Question t reads what comes after it, which it is to guess: it may read items up to t."
SWAPPED = "The axes are swapped: the answer's axis 1 is the question, axis 2 the item it reads."
ONE_QUESTION = (
    "This says which items are there, (B, L), as the last question sees it: each place asks a question of its own, so "
    "the answer is (B, L, L)."
)
BROADCAST = (
    "(L, L) and (B, L) are joined as they stand, so sequences are taken for questions, or the batch is lost: give "
    "`present` one more axis."
)


def _lower(steps: int, diagonal: int = 0) -> torch.Tensor:
    return torch.ones(steps, steps, dtype=torch.bool).tril(diagonal)


TRIANGLES: tuple[tuple[Callable, str], ...] = (
    (_lower, ""),
    (lambda steps: _lower(steps).T, AHEAD + " The triangle is the wrong one of the two."),
    (lambda steps: _lower(steps, -1),
     "Strictly before is one too few: question t asks after item t, and reads it too."),
    (lambda steps: _lower(steps, 1),
     "One item too many: question t reads item t + 1, which is the very item that it is to guess."),
    (lambda steps: _lower(steps, -1).T, AHEAD + " It is the triangle above the diagonal."),
    (lambda steps: ~_lower(steps, 0) | _lower(steps, -1), "Only the item at t itself is left out: " + AHEAD),
    (lambda steps: _lower(steps) | True, "All questions read everything that is there. " + AHEAD),
    (lambda steps: torch.eye(steps, dtype=torch.bool),
     "Question t reads item t alone: all those before it are read as well."),
    (lambda steps: _lower(steps) & ~_lower(steps, -2), "Question t reads two items: all those before it are read."),
    (lambda steps: _lower(steps).flip(0), "The order of the questions is turned round: question 0 reads one item."),
    (lambda steps: _lower(steps).flip(1), "The order of the items is turned round: question 0 reads item 0."),
)  # fmt: skip
PADDINGS: tuple[tuple[Callable, str], ...] = (
    (lambda present: present[:, None, :], ""),
    (lambda present: torch.ones_like(present)[:, None, :],
     "`present` has no say: padding is no item, and nobody may read it."),
    (lambda present: present[:, :, None],
     "Questions in the padding, axis 1, are struck out: it is items, axis 2, that are not there. A question in the "
     "padding reads what came before it, like any other; which ones count is chosen later."),
    (lambda present: ~present[:, None, :], "The mask is the wrong way round: True in `present` is an item."),
    (lambda present: present[:1, None, :].expand(len(present), -1, -1),
     "The first sequence's padding is taken for all: each sequence has its own length."),
    (lambda present: present.all(dim=0)[None, None].expand(len(present), -1, -1),
     "Every sequence is cut to the shortest: each sequence has its own length."),
    (lambda present: present.any(dim=0)[None, None].expand(len(present), -1, -1),
     "The longest sequence's padding is taken for all: each sequence has its own length."),
)  # fmt: skip
ENDS: tuple[tuple[Callable, str], ...] = (
    (lambda may: may, ""),
    (lambda may: may.transpose(1, 2), SWAPPED),
    (lambda may: ~may, "The answer is the wrong way round: True is for the items that may be read."),
    (lambda may: may.any(dim=1), ONE_QUESTION),
    (lambda may: may.any(dim=2), ONE_QUESTION),
    (lambda may: may.all(dim=2), ONE_QUESTION),
    (lambda may: may[0], "The batch is lost: each of the B sequences has its own (L, L)."),
    (lambda may: may.any(dim=0), "The batch is lost: each of the B sequences has its own (L, L)."),
    (lambda may: may.squeeze(), "An axis of length 1 is dropped: a batch of one sequence is still (1, L, L)."),
    (lambda may: may[:, None], "There is an axis too many: (B, L, L) is due."),
    (lambda may: may.transpose(0, 1), "The batch comes first: (B, L, L)."),
    (lambda may: may.sum(dim=2), "This is how many items each question reads: say which, (B, L, L)."),
)  # fmt: skip


def _answer(triangle: Callable, padding: Callable, end: Callable) -> Callable:
    return lambda present: end(triangle(present.shape[1]) & padding(present))


def _flat(present: torch.Tensor) -> torch.Tensor:
    return _lower(present.shape[1]) & present


def _oracle(present: torch.Tensor) -> torch.Tensor:
    steps = present.shape[1]
    rows = [[[item <= at and row[item] for item in range(steps)] for at in range(steps)] for row in present.tolist()]
    return torch.tensor(rows, dtype=torch.bool).view(len(present), steps, steps)


def _same(got: object, expected: object) -> bool | str:
    """As `close`; a sentence where the shape is right and the answer is no booleans."""
    given, wanted = as_tensor(got), as_tensor(expected)
    assert wanted is not None
    if given is not None and given.shape == wanted.shape and wanted.dtype == torch.bool != given.dtype:
        return NOT_BOOLEAN.format(given.dtype)
    return close(got, expected)


def _cases() -> list[Case]:
    def case(name: str, *lengths: int, steps: int) -> Case:
        return Case(name, (torch.arange(steps) < torch.tensor(lengths)[:, None],))

    return [
        case("one sequence of three items", 3, steps=3),
        case("one sequence of one item", 1, steps=1),
        case("one sequence of two items, and padding", 2, steps=4),
        case("two sequences, of one item and of three, and padding", 1, 3, steps=4),
        case("three sequences of three items and fewer", 3, 2, 1, steps=3),
        case("a sequence of nothing beside one of two items", 0, 2, steps=2),
        case("nothing but padding", 0, steps=2),
        *_drawn(0),
    ]


def _drawn(seed: int) -> list[Case]:
    draw, steps = generator(8100 + seed), 6 + seed % 5
    lengths = torch.randint(0, steps + 1, (4 + seed % 3, 1), generator=draw)
    return [Case(f"{len(lengths)} sequences of up to {steps} items", (torch.arange(steps) < lengths,))]


SO_FAR = Exercise(
    name="so_far",
    signature="so_far(present): (B, L) booleans, padded at the end -> (B, L, L) booleans",
    oracle=_oracle,
    cases=_cases,
    drawn=_drawn,
    same=_same,
    kept=(0,),
    mistakes=(
        *mistakes(_answer, TRIANGLES, PADDINGS, ENDS, most=1),
        Mistake(_flat, BROADCAST),
        *(one for one in mistakes(_answer, TRIANGLES, PADDINGS, ENDS) if one.faults == 2),
    ),
    hints=(
        "Three items by hand: question 0 reads item 0, question 1 reads two, question 2 reads three. What shape is it?",
        "A triangle (L, L) is the same for all sequences: compare the number of the item with that of the question, "
        "or take `tril` of ones.",
        "`present` (B, L) says which items are there, and must meet the last axis of (B, L, L): where does the new "
        "axis go?",
        "The triangle & present[:, None, :], both of them booleans.",
    ),
)


def so_far(answer: object) -> Verdict:
    """Check so_far(present): which items each place's question may read, those up to it and no padding."""
    return check(SO_FAR, answer)
