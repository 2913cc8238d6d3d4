"""An item's vector from its traits, and that of an item never seen."""

from __future__ import annotations

import math
from dataclasses import replace

import torch

from .contribution import contribution_share
from .exercise import Case, Exercise, Mistake, check, generator, mistakes
from .mixing import along, factor_faults, itself, mixture_of, over, traits, weight_faults, whole
from .verdict import Verdict

__all__ = ["cold_embedding", "contribution_share", "trait_embedding"]


def mixture_by_hand(rows: torch.Tensor, known: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
    """(U, d) sum over the known sources of m * exp(a_s) / sum exp(a) * row, a number at a time; 0 without any."""
    answer = []
    for item, mask in zip(rows.double().tolist(), known.tolist()):
        sources = [s for s in range(len(mask)) if mask[s]]
        power = {s: math.exp(float(logits[s])) for s in sources}
        share = {s: len(sources) * power[s] / sum(power.values()) for s in sources}
        answer.append([sum(share[s] * item[s][axis] for s in sources) for axis in range(rows.shape[2])])
    return torch.tensor(answer, dtype=torch.float64)


def traits_by_hand(rows: torch.Tensor, known: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
    """The same without the item's own row."""
    return mixture_by_hand(rows[:, 1:], known[:, 1:], logits[1:])


def mixture_with_gradient(rows: torch.Tensor, known: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
    """The same in torch, with the item itself."""
    power = logits.exp() * known
    share = known.sum(dim=1, keepdim=True) * power / power.sum(dim=1, keepdim=True)
    return torch.einsum("us,usd->ud", share, rows)


NOTHING = (
    "An item of which no trait is known gets the zero vector: a softmax over nothing is NaN, a loop over nothing may "
    "fail, its own row was never trained, and an unknown row means nothing."
)
LARGER = "It is right on small inputs only: does anything in it count on there being so many items or sources?"


def mixture_cases(nothing: str = "") -> list[Case]:
    """The item itself is always marked as known; a row that is not known holds numbers that mean nothing."""

    def case(name: str, rows: list, known: list, logits: list, hint: str = "") -> Case:
        return Case(name, (torch.tensor(rows), torch.tensor(known) > 0, torch.tensor(logits)), hint)

    one, two, logits = [[2.0], [5.0], [9.0]], [[1.0, 0.0], [0.5, 2.0], [3.0, 1.0]], [0.5, -1.0, 1.0]
    return [
        case("one item and one trait", [one[:2]], [[1, 1]], logits[:2]),
        case("two items of which all is known", [two, two[::-1]], [[1, 1, 1], [1, 1, 1]], logits),
        case("one item, its second trait unknown", [one], [[1, 1, 0]], logits),
        case("one item, its first trait unknown", [one], [[1, 0, 1]], logits),
        case("one item of which no trait is known", [two], [[1, 0, 0]], logits, nothing),
        case("two items, no trait known of the second", [two, two[::-1]], [[1, 1, 1], [1, 0, 0]], logits, nothing),
        case("two items, another trait unknown of each", [two, two[::-1]], [[1, 1, 0], [1, 0, 1]], logits),
        case("all logits equal", [two, two[::-1]], [[1, 1, 0], [1, 1, 1]], [0.0, 0.0, 0.0]),
        *(replace(one, hint=LARGER) for one in mixtures_drawn(0)),
    ]


def mixtures_drawn(seed: int) -> list[Case]:
    """Of each item a trait is known, and of the first one is not."""
    random, cases = generator(seed), []
    more = 1 + seed % 5 if seed else 0  # of another size than the example, which is that of seed 0
    for items, sources, dim in [(9 + more, 5, 3), (40, 7, 4 + more)]:
        known = torch.rand(items, sources, generator=random) < 0.6
        known[:, 0], known[0, 1], known[:, 2] = True, False, known[:, 2] | ~known[:, 1:].any(dim=1)
        rows, logits = torch.randn(items, sources, dim, generator=random), torch.randn(sources, generator=random)
        cases.append(Case(f"{items} items, {sources - 1} traits", (rows, known, logits)))
    return cases


TRAIT_EMBEDDING = Exercise(
    name="trait_embedding",
    signature="trait_embedding(rows, known, logits): (U, s, d), (U, s) True where known, (s,) -> (U, d)",
    oracle=mixture_by_hand,
    reference=mixture_with_gradient,
    gradient=(0, 2),
    cases=mixture_cases,
    drawn=mixtures_drawn,
    mistakes=along(whole)
    + mistakes(
        mixture_of(whole),
        [
            *weight_faults(whole),
            (
                lambda mask, a: over(traits(mask), a).nan_to_num(0.0),
                "The item's own row is left out: it is source 0, and counts like the others.",
            ),
        ],
        [
            *factor_faults(whole),
            (lambda mask: traits(mask).sum(dim=1, keepdim=True), "m counts the traits, but not the item itself."),
        ],
        [(lambda rows, mixed: mixed, "")],
    ),
    hints=(
        "Start with one item and two sources, by hand: what are the two weights, and what is m?",
        "What is not known must change nothing: with another number in its row the answer should stay the same.",
        "The weights of an item's known sources add up to 1, and to m once they are multiplied by m.",
        "An unknown source needs a logit whose exponential is 0, before the softmax over the sources; the weights "
        "times m times the rows are then added up over the sources.",
    ),
)


FILLED = [
    (lambda rows, mixed: torch.zeros_like(mixed), ""),
    (lambda rows, mixed: mixed.nan_to_num(0.0), ""),
    (lambda rows, mixed: mixed, NOTHING),
    (lambda rows, mixed: rows[:, 0], NOTHING),
]

COLD_EMBEDDING = Exercise(
    name="cold_embedding",
    signature="cold_embedding(rows, known, logits): (U, s, d), (U, s) True where known, (s,) -> (U, d), "
    "for items that were never seen; the zero vector where no trait is known",
    oracle=traits_by_hand,
    cases=lambda: mixture_cases(NOTHING),
    drawn=mixtures_drawn,
    mistakes=along(traits)
    + (Mistake(lambda rows, known, logits: rows[:, 0], "It is the item's own row, which was never trained."),)
    + mistakes(
        mixture_of(traits),
        [
            *weight_faults(traits),
            (lambda mask, a: over(mask, a.roll(1)), "The logits are shifted by one: each source has its own."),
            (
                lambda mask, a: over(itself(mask), a),
                "The item's own row is kept: it was never trained, so what it says is noise.",
            ),
            (
                lambda mask, a: over(torch.ones_like(mask), a),
                "The mask is forgotten: unknown traits are treated as values, and so is the item's own row.",
            ),
            (
                lambda mask, a: over(itself(mask), a) * mask,
                "The own row is dropped after the softmax: what it took is lost, so the weights of the traits have "
                "to be renormalised.",
            ),
            (
                lambda mask, a: over(torch.ones_like(mask), a) * mask,
                "The softmax runs over all sources, and what the unknown ones and the own row took is lost: the "
                "weights have to be renormalised.",
            ),
        ],
        [
            *factor_faults(traits),
            (
                lambda mask: itself(mask).sum(dim=1, keepdim=True),
                "m counts the item itself: here it is the number of known traits.",
            ),
        ],
        FILLED,
    ),
    hints=(
        "What does the own row of an item hold that nobody has bought yet? Put another number there: the answer stays.",
        "It is `trait_embedding` with another mask. Which sources count, how many are they, and do their weights add "
        "up to 1?",
        "What should come out for an item of which no trait is known? Look at what your softmax gives there.",
        "Mark source 0 as unknown for every item, before the softmax and before m is counted; then see to the rows of "
        "weights that are empty.",
    ),
)


def trait_embedding(answer: object) -> Verdict:
    """Check trait_embedding(rows, known, logits): items' vectors, mixed of the sources that are known."""
    return check(TRAIT_EMBEDDING, answer)


def cold_embedding(answer: object) -> Verdict:
    """Check cold_embedding(rows, known, logits): the same for items that were never seen, from their traits alone."""
    return check(COLD_EMBEDDING, answer)
