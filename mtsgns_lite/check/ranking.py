"""The AUC against degree-matched pairs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
import torch.nn.functional as F

from .exercise import Case, Exercise, Mistake, check, generator, mistakes
from .recall import recall_at_k
from .verdict import Verdict

__all__ = ["degree_matched_auc", "recall_at_k"]

Pairs = tuple[torch.Tensor, torch.Tensor]


def auc_by_hand(vectors: torch.Tensor, pairs: torch.Tensor, negatives: torch.Tensor) -> float:
    """Every true pair against every false one, one comparison at a time."""
    kept = [row for row, pair in enumerate(negatives.tolist()) if -1 not in pair]
    true = [_cosine(vectors, pairs[row].tolist()) for row in kept]
    false = [_cosine(vectors, negatives[row].tolist()) for row in kept]
    won = sum(1.0 if abs(t - f) > 1e-9 and t > f else 0.5 if abs(t - f) <= 1e-9 else 0.0 for t in true for f in false)
    return won / (len(true) * len(false))


def _cosine(vectors: torch.Tensor, pair: list[int]) -> float:
    first, second = vectors[pair[0]].double(), vectors[pair[1]].double()
    length = float(first.norm() * second.norm())
    return float(first @ second) / length if length else 0.0


TIE = "Two scores that are the same are a tie, which counts half: it is neither lost nor won."
ZERO = "A zero vector has no direction: it scores 0 with everything, and a division by its length gives NaN."
LARGER = "It is right on small inputs only: does anything in it count on there being so many items or pairs?"


def auc_cases() -> list[Case]:
    """In each case at least one pair is left. Equal cosines are equal to the last digit, however they are computed:
    zero, or of the same two vectors."""

    def case(name: str, vectors: list, pairs: list, negatives: list, hint: str = "") -> Case:
        return Case(name, (torch.tensor(vectors), torch.tensor(pairs), torch.tensor(negatives)), hint)

    five = [[1.0, 0.0], [4.0, 3.0], [0.0, 9.0], [0.0, 0.0], [-2.0, 0.5]]
    return [
        case("one pair, and a false one that is longer but points elsewhere", five, [[0, 1]], [[1, 2]]),
        case("one pair that scores below the false one", five, [[0, 4]], [[0, 1]]),
        case("one pair that scores the same as the false one", five, [[0, 1]], [[1, 0]], TIE),
        case("a zero vector in the true pair", five, [[3, 1]], [[0, 4]], ZERO),
        case("all scores equal", [[0.0, 2.0]] * 4, [[0, 1], [1, 2], [0, 2]], [[0, 3], [1, 3], [2, 3]], TIE),
        case("two pairs, each against both false ones", five, [[0, 1], [0, 2]], [[0, 4], [1, 2]]),
        case("three pairs, no negative for the second", five, [[0, 1], [1, 4], [1, 2]], [[0, 2], [-1, -1], [2, 4]]),
        case(
            "four pairs, two of them without a negative",
            five,
            [[4, 2], [0, 1], [1, 4], [3, 0]],
            [[-1, -1], [0, 4], [2, 1], [-1, -1]],
        ),
        *(replace(one, hint=LARGER) for one in auc_drawn(0)),
    ]


def auc_drawn(seed: int) -> list[Case]:
    """Vectors of different lengths, pairs that are all different, and ten of them without a negative."""
    more = 1 + seed % 5 if seed else 0  # of another size than the example, which is that of seed 0
    random, items, number = generator(seed), 30 + more, 60 + more
    length = 0.2 + 3 * torch.rand(items, 1, generator=random)
    vectors = length * (torch.randn(items, 4, generator=random) + torch.tensor([1.0, 0.0, 0.0, 0.0]))
    every = torch.combinations(torch.arange(items))
    pairs, negatives = every[torch.randperm(len(every), generator=random)[: 2 * number]].split(number)
    negatives[torch.randperm(number, generator=random)[:10]] = -1
    return [Case(f"{items} items, {number} pairs", (vectors, pairs, negatives))]


def cosine(vectors: torch.Tensor, pairs: torch.Tensor) -> torch.Tensor:
    """(P,) from (P, 2)."""
    unit = F.normalize(vectors.double(), dim=1)
    return (unit[pairs[:, 0]] * unit[pairs[:, 1]]).sum(dim=1)


def dot(vectors: torch.Tensor, pairs: torch.Tensor) -> torch.Tensor:
    """(P,) the dot products."""
    return (vectors[pairs[:, 0]] * vectors[pairs[:, 1]]).double().sum(dim=1)


def distance(vectors: torch.Tensor, pairs: torch.Tensor) -> torch.Tensor:
    """(P,) how near the ends are."""
    return -(vectors[pairs[:, 0]] - vectors[pairs[:, 1]]).double().norm(dim=1)


def undefined(vectors: torch.Tensor, pairs: torch.Tensor) -> torch.Tensor:
    """(P,) the cosine, NaN for a zero vector."""
    ends = vectors[pairs].double()
    return ends.prod(dim=1).sum(dim=1) / ends.norm(dim=2).prod(dim=1)


def there(pairs: torch.Tensor, negatives: torch.Tensor) -> Pairs:
    """The pairs that have a negative, and these."""
    kept = negatives[:, 0] >= 0
    return pairs[kept], negatives[kept]


def half(true: torch.Tensor, false: torch.Tensor) -> torch.Tensor:
    """The right comparison: ties count half."""
    return ((true[:, None] > false).double() + (true[:, None] >= false).double()).mean() / 2


def auc_of(score: Callable, keep: Callable, compare: Callable) -> Callable:
    """The answer made of these three."""

    def wrong(vectors: torch.Tensor, pairs: torch.Tensor, negatives: torch.Tensor) -> float:
        true, false = keep(pairs, negatives)
        return float(compare(score(vectors, true), score(vectors, false)))

    return wrong


SCORES = [
    (cosine, ""),
    (dot, "The score is the dot product, in which long vectors win: a cosine is due."),
    (distance, "The score is a distance between the vectors: a cosine looks at their directions only."),
    (undefined, "A zero vector has no direction: its cosine comes out as NaN, and should count as 0."),
    (lambda v, pairs: cosine(v, pairs).abs(), "The sign of the cosine is lost: opposite vectors are not alike."),
    (
        lambda v, pairs: dot(F.normalize(v, dim=0), pairs),
        "The vectors are normalised over the wrong axis: each item's vector gets length 1, not each dimension.",
    ),
]
LAST = "A negative of -1 is scored like a pair of items (as an index, -1 is the last one): it means that there is none."

KEPT = [
    (there, ""),
    (lambda true, false: (true, false), LAST),
    (lambda true, false: (true, false.clamp(min=0)), LAST),
    (
        lambda true, false: (true, there(true, false)[1]),
        "Where there is no negative (-1), the true pair has to be left out with it; here it stays.",
    ),
]
COMPARED = [
    (half, ""),
    (lambda true, false: (true[:, None] > false).double().mean(), "Ties are not counted: each counts half."),
    (lambda true, false: (true[:, None] >= false).double().mean(), "A tie counts as won: it should count half."),
    (lambda true, false: half(false, true), "True and false pairs are swapped: a good model would get 0, not 1."),
    (
        lambda true, false: ((true > false).double() + (true >= false).double()).mean() / 2,
        "Each true pair is compared with its own false one only: all are compared with all.",
    ),
    (
        lambda true, false: (true > false).double().mean(),
        "Each true pair is compared with its own false one only: all are compared with all, and ties count half.",
    ),
    (
        lambda true, false: (true >= false).double().mean(),
        "Each true pair is compared with its own false one only: all are compared with all, and ties count half.",
    ),
    (lambda true, false: 2 * half(true, false) - 1, "From -1 to 1: a chance lies between 0 and 1, a half for a guess."),
    (
        lambda true, false: half(true, false) * len(true) * len(false),
        "The comparisons that were won are counted: a chance is their share of all comparisons.",
    ),
    (
        lambda true, false: half(true, false) * len(true),
        "It is divided by the number of false pairs only: there are true times false comparisons.",
    ),
    (
        lambda true, false: true.mean() - false.mean(),
        "A difference of mean scores: AUC only asks which of two scores is the larger.",
    ),
]


def zero_for_none(vectors: torch.Tensor, pairs: torch.Tensor, negatives: torch.Tensor) -> torch.Tensor:
    """Where there is no negative, a false pair that scores 0."""
    return half(cosine(vectors, pairs), cosine(vectors, negatives) * (negatives[:, 0] >= 0))


DECIDED = "A share of right decisions at a threshold: AUC has no threshold, it compares pairs with pairs."
THRESHOLDS = [
    (half, ""),
    (lambda true, false: torch.cat([true > 0, false <= 0]).double().mean(), DECIDED),
    (lambda true, false: torch.cat([true > 0.5, false <= 0.5]).double().mean(), DECIDED),
]

DEGREE_MATCHED_AUC = Exercise(
    name="degree_matched_auc",
    signature="degree_matched_auc(vectors, pairs, negatives): (N, d), (P, 2) items, (P, 2) items or -1 -> a number",
    oracle=auc_by_hand,
    cases=auc_cases,
    drawn=auc_drawn,
    mistakes=mistakes(auc_of, SCORES, KEPT, COMPARED, most=3)
    + mistakes(auc_of, SCORES[:1], KEPT, THRESHOLDS)
    + (Mistake(zero_for_none, LAST),),
    hints=(
        "Every true pair is compared with every false one, and nothing is drawn by chance: "
        "with 2 and 2 of them there are 4 comparisons.",
        "What should a model get that gives all pairs the same score? And one of which every vector is zero?",
        "Rows of `negatives` that are -1 go first, from both lists; then come the scores, then the comparisons.",
        "Set the true scores in a column against the false ones in a row: the answer is the mean of a table of 1, 0 "
        "and, where the two are the same, a half.",
    ),
)


def degree_matched_auc(answer: object) -> Verdict:
    """Check degree_matched_auc(vectors, pairs, negatives): the chance that a true pair scores above a false one."""
    return check(DEGREE_MATCHED_AUC, answer)
