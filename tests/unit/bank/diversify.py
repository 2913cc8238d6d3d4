"""Answers to diversify that learners give: right ones, and wrong ones with words that their hint must have."""

from collections import Counter

import numpy as np
import torch

from mtsgns_lite import interests


def by_adding(scores, category, weight, k):
    worth, chosen = scores.clone(), []
    for _ in range(k):
        best = int(worth.argmax())
        chosen.append(best)
        worth += weight * (category != category[best])
        worth[best] = -torch.inf
    return torch.tensor(chosen)


def by_recounting(scores, category, weight, k):
    chosen = []
    for _ in range(k):
        best, most = None, -float("inf")
        for item in range(len(scores)):
            if item in chosen:
                continue
            worth = scores[item] + weight * sum(category[other] != category[item] for other in chosen)
            if worth > most:
                best, most = item, worth
        chosen.append(best)
    return chosen


def by_subtracting(scores, category, weight, k):
    """How many differ is how many are chosen, less those that don't: the order is the same."""
    chosen, taken = [], torch.zeros(len(scores), dtype=torch.bool)
    for _ in range(k):
        alike = (category[:, None] == category[taken]).sum(dim=1)
        chosen.append(int((scores - weight * alike).masked_fill(taken, -torch.inf).argmax()))
        taken[chosen[-1]] = True
    return torch.tensor(chosen)


def by_counter(scores, category, weight, k):
    seen, left, chosen = Counter(), list(range(len(scores))), []
    for step in range(k):
        best = max(left, key=lambda i: float(scores[i]) + weight * (step - seen[int(category[i])]))  # noqa: B023
        left.remove(best)
        seen[int(category[best])] += 1
        chosen.append(best)
    return np.array(chosen)


def by_table(scores, category, weight, k):
    differ = (category[:, None] != category[None]).to(scores.dtype)
    chosen = torch.zeros(len(scores), dtype=scores.dtype)
    places = []
    for _ in range(k):
        worth = scores + weight * (differ @ chosen)
        worth[chosen > 0] = -torch.inf
        places.append(worth.argmax())
        chosen[places[-1]] = 1
    return torch.stack(places)


def in_numpy(scores, category, weight, k):
    worth, names = scores.numpy().copy(), category.numpy()
    places = np.zeros(k, dtype=np.int64)
    for step in range(k):
        places[step] = worth.argmax()
        worth = worth + weight * (names != names[places[step]])
        worth[places[step]] = -np.inf
    return torch.from_numpy(places)


def as_the_library(scores, category, weight, k):
    return interests.diversify(scores[None], category[None, :, None], weight, k)[0]


RIGHT = [by_adding, by_recounting, by_subtracting, by_counter, by_table, in_numpy, as_the_library]


def differing(category, chosen):
    return (category[:, None] != category[chosen]).sum(dim=1)


def added(scores, count, weight):
    return scores + weight * count


def banned(worth, chosen):
    worth = worth.clone().float()
    worth[chosen] = -torch.inf
    return worth


def made(count=differing, worth=added, ban=banned, end=lambda chosen, scores: chosen, best=torch.argmax):
    def answer(scores, category, weight, k):
        chosen = []
        for _ in range(k):
            now = worth(scores, count(category, torch.tensor(chosen, dtype=torch.long)), weight)
            chosen.append(int(best(ban(now, chosen))))
        return end(torch.tensor(chosen), scores)

    return answer


def plain(scores, category, weight, k):
    return scores.topk(k).indices


def over_k(scores, category, weight, k):
    return made(count=lambda c, chosen: differing(c, chosen) / k)(scores, category, weight, k)


def last_of_equals(worth):
    return len(worth) - 1 - worth.flip(0).argmax()


def at_zero(worth, chosen):
    worth = worth.clone()
    worth[chosen] = 0
    return worth


def shortened(scores, category, weight, k):
    left, names, chosen = scores.tolist(), category.tolist(), []
    for _ in range(k):
        best = max(range(len(left)), key=lambda i: left[i])  # noqa: B023
        chosen.append(best)
        name = names.pop(best)
        left.pop(best)
        left = [x + weight * (other != name) for x, other in zip(left, names)]
    return chosen


def recounted(scores, category, weight, k):
    worth, chosen = scores.clone(), []
    for _ in range(k):
        chosen.append(int(worth.argmax()))
        worth[chosen[-1]] = -torch.inf
        for one in chosen:
            worth = worth + weight * (category != category[one])
    return torch.tensor(chosen)


def all_at_once(scores, category, weight, k):
    return (scores + weight * (category[:, None] != category).sum(dim=1)).topk(k).indices


def written(scores, category, weight, k):
    chosen = []
    for _ in range(k):
        best = int(scores.argmax())
        chosen.append(best)
        scores += weight * (category != category[best])
        scores[best] = -torch.inf
    return torch.tensor(chosen)


def one_of_each(scores, category, weight, k):
    """Round robin over the categories."""
    chosen, seen = [], set()
    for item in scores.argsort(descending=True).tolist():
        if int(category[item]) not in seen:
            seen.add(int(category[item]))
            chosen.append(item)
    return torch.tensor((chosen + scores.argsort(descending=True).tolist())[:k])


def as_mask(scores, category, weight, k):
    mask = torch.zeros(len(scores), dtype=torch.bool)
    mask[by_adding(scores, category, weight, k)] = True
    return mask


def with_a_return_inside(scores, category, weight, k):
    for _ in range(k):
        return scores.argmax()


def categories(scores, category, weight, k):
    return category[by_adding(scores, category, weight, k)]


def in_floats(scores, category, weight, k):
    return by_adding(scores, category, weight, k).float()


def alike(category, chosen):
    return (category[:, None] == category[chosen]).sum(dim=1)


def any_new(category, chosen):
    return (category[:, None] != category[chosen]).all(dim=1) & (len(chosen) > 0)


def mean_of_chosen(category, chosen):
    return differing(category, chosen) / max(1, len(chosen))


WRONG = [
    ("plain", plain, "plain order"),
    ("never updated", made(count=lambda c, chosen: 0 * c), "plain order"),
    ("adds for the same", made(count=alike), "more of the same"),
    ("subtracts for another", made(count=lambda c, chosen: -differing(c, chosen)), "subtracted"),
    ("all candidates", made(count=lambda c, chosen: (c[:, None] != c).sum(dim=1)), "all candidates"),
    ("all candidates, at once", all_at_once, "all candidates"),
    ("the last only", made(count=lambda c, chosen: differing(c, chosen[-1:])), "chosen last"),
    ("the first only", made(count=lambda c, chosen: differing(c, chosen[:1])), "chosen first"),
    ("any", made(count=lambda c, chosen: (c[:, None] != c[chosen]).any(dim=1)), "whether any"),
    ("a new category", made(count=any_new), "a new one"),
    ("different categories", made(count=lambda c, s: (c[:, None] != c[s].unique()).sum(1)), "how many categories"),
    ("normalised by the chosen", made(count=mean_of_chosen), "how many are chosen"),
    ("normalised by k", over_k, "divided by k"),
    ("normalised by N", made(count=lambda c, chosen: differing(c, chosen) / len(c)), "divided by"),
    ("counted twice", made(count=lambda c, chosen: 2 * differing(c, chosen)), "twice"),
    ("recounted", recounted, "added again"),
    ("numbers subtracted", made(count=lambda c, s: (c[:, None] - c[s]).abs().sum(dim=1)), "names"),
    ("no weight", made(worth=lambda s, count, weight: s + count), "weight is not used"),
    ("no scores", made(worth=lambda s, count, weight: weight * count), "scores are not used"),
    ("product", made(worth=lambda s, count, weight: s * weight * count), "multiplied"),
    ("score grown", made(worth=lambda s, count, weight: s * (1 + weight * count)), "multiplied"),
    ("mixed", made(worth=lambda s, count, weight: (1 - weight) * s + weight * count), "1 - weight"),
    ("weight on the scores", made(worth=lambda s, count, weight: weight * s + count), "score that is weighed"),
    ("again", made(ban=lambda worth, chosen: worth), "chosen twice"),
    ("the same k times", lambda scores, category, weight, k: scores.argmax().repeat(k), "chosen twice"),
    ("the same k times, adds for the same", made(alike, ban=lambda worth, chosen: worth), "chosen twice"),
    ("set to 0", made(ban=at_zero), "below 0"),
    ("shortened", shortened, "taken out of the list"),
    ("least", made(ban=lambda worth, chosen: -banned(-worth, chosen), best=torch.argmin), "least worthy"),
    ("last of equals", made(best=last_of_equals), "the first counts"),
    ("sorted", made(end=lambda chosen, scores: chosen.sort().values), "order chosen"),
    ("sorted by score", made(end=lambda c, scores: c[scores[c].argsort(descending=True)]), "sorted by score"),
    ("turned round", made(end=lambda chosen, scores: chosen.flip(0)), "upside down"),
    ("scores returned", made(end=lambda chosen, scores: scores[chosen]), "these are the scores"),
    ("categories returned", categories, "these are the categories"),
    ("mask returned", as_mask, "whether it is chosen"),
    ("from 1", made(end=lambda chosen, scores: chosen + 1), "from 0"),
    ("one too few", made(end=lambda chosen, scores: chosen[:-1]), "too few"),
    ("return inside", with_a_return_inside, "return inside"),
    ("floats", in_floats, "whole numbers"),
    ("written into", written, "writes into `scores`"),
    ("one of each", one_of_each, "by hand"),
    ("adds for the same, sorted", made(alike, end=lambda c, scores: c.sort().values), "more of the same"),
    ("no return", lambda scores, category, weight, k: None, "return"),
    ("hard-coded", lambda scores, category, weight, k: torch.tensor([1]), "same answer whatever"),
]  # fmt: skip
UNSAID = {"the same k times": "more of the same", "the same k times, adds for the same": "more of the same"}
