"""Answers to recall_at_k that learners give: right ones, and wrong ones with words that their hint must have."""

import numpy as np
import torch


def by_topk(scores, wanted, k):
    best = scores.topk(min(k, scores.shape[1]), dim=1).indices.tolist()
    shares = [len(set(row) & set(items)) / len(items) for row, items in zip(best, wanted) if items]
    return sum(shares) / len(shares)


def by_argsort(scores, wanted, k):
    best = scores.argsort(dim=1, descending=True)[:, :k]
    shares = [torch.isin(torch.tensor(items), row).float().mean() for row, items in zip(best, wanted) if len(items) > 0]
    return torch.stack(shares).mean()


def by_numpy(scores, wanted, k):
    order = np.argsort(-scores.numpy(), axis=1)
    return np.mean([np.isin(items, row[:k]).mean() for row, items in zip(order, wanted) if items])


def by_ranks(scores, wanted, k):
    rank = scores.argsort(dim=1, descending=True).argsort(dim=1)
    found = [(rank[q, items] < k).double().mean().item() for q, items in enumerate(wanted) if items]
    return torch.tensor(found).mean()


def by_matrix(scores, wanted, k):
    target = torch.zeros_like(scores)
    for row, items in zip(target, wanted):
        row[items] = 1.0
    hit = torch.zeros_like(scores).scatter_(1, scores.topk(min(k, scores.shape[1])).indices, 1.0)
    number = target.sum(1)
    share = (target * hit).sum(1) / number.clamp(min=1)
    return share.sum() / (number > 0).sum()


def by_counting_better(scores, wanted, k):
    shares = []
    for row, items in zip(scores.tolist(), wanted):
        if not items:
            continue
        order = sorted(range(len(row)), key=row.__getitem__, reverse=True)
        shares.append(sum(order.index(item) < k for item in items) / len(items))
    return float(np.mean(shares))


def by_threshold(scores, wanted, k):
    total = count = 0
    for row, items in zip(scores, wanted):
        if items:
            last = row.sort(descending=True).values[min(k, len(row)) - 1]
            total += (row[items] >= last).sum().item() / len(items)
            count += 1
    return total / count


RIGHT = [by_topk, by_argsort, by_numpy, by_ranks, by_matrix, by_counting_better, by_threshold]


def first(scores, k):
    return scores.argsort(dim=1, descending=True)[:, :k].tolist()


def with_list(best):
    def answer(scores, wanted, k):
        shares = [len(set(row) & set(items)) / len(items) for row, items in zip(best(scores, k), wanted) if items]
        return sum(shares) / len(shares)

    return answer


def with_share(share, left_out=True):
    def answer(scores, wanted, k):
        rows = [(len(set(row) & set(items)), items) for row, items in zip(first(scores, k), wanted)]
        return float(
            np.mean([share(hits, items, k) if items else 0.0 for hits, items in rows if items or not left_out])
        )

    return answer


def unlimited_topk(scores, wanted, k):
    best = scores.topk(k, dim=1).indices.tolist()
    shares = [len(set(row) & set(items)) / len(items) for row, items in zip(best, wanted) if items]
    return sum(shares) / len(shares)


def over_all_wanted(scores, wanted, k):
    hits = sum(len(set(row) & set(items)) for row, items in zip(first(scores, k), wanted))
    return hits / sum(len(items) for items in wanted)


def summed(scores, wanted, k):
    return sum(len(set(row) & set(items)) / len(items) for row, items in zip(first(scores, k), wanted) if items)


def nothing_is_nan(scores, wanted, k):
    rows = zip(scores.argsort(dim=1, descending=True)[:, :k], wanted)
    return torch.stack([torch.isin(torch.tensor(items), row).float().mean() for row, items in rows]).mean()


def nothing_is_one(scores, wanted, k):
    rows = zip(first(scores, k), wanted)
    return sum(len(set(row) & set(items)) / len(items) if items else 1.0 for row, items in rows) / len(wanted)


def nothing_divides(scores, wanted, k):
    rows = zip(first(scores, k), wanted)
    return sum(len(set(row) & set(items)) / len(items) for row, items in rows) / len(wanted)


def ranks_of_places(scores, wanted, k):
    order = scores.argsort(dim=1, descending=True)
    shares = [(order[q, items] < k).float().mean().item() for q, items in enumerate(wanted) if items]
    return sum(shares) / len(shares)


def ranks_from_one(scores, wanted, k):
    rank = 1 + scores.argsort(dim=1, descending=True).argsort(dim=1)
    shares = [(rank[q, items] < k).float().mean().item() for q, items in enumerate(wanted) if items]
    return sum(shares) / len(shares)


def above_the_last(scores, wanted, k):
    shares = []
    for row, items in zip(scores, wanted):
        if items:
            last = row.sort(descending=True).values[min(k, len(row)) - 1]
            shares.append((row[items] > last).float().mean().item())
    return sum(shares) / len(shares)


def over_queries(scores, wanted, k):
    best = scores.argsort(dim=0, descending=True)[:k].T.tolist()
    shares = [len(set(row) & set(items)) / len(items) for row, items in zip(best, wanted) if items]
    return sum(shares) / len(shares)


def first_query(scores, wanted, k):
    best = set(scores[0].argsort(descending=True)[:k].tolist())
    shares = [len(best & set(items)) / len(items) for items in wanted if items]
    return sum(shares) / len(shares)


def returns_early(scores, wanted, k):
    for row, items in zip(first(scores, k), wanted):
        return len(set(row) & set(items)) / len(items)


def reciprocal(scores, wanted, k):
    rank = 1 + scores.argsort(dim=1, descending=True).argsort(dim=1)
    return float(np.mean([1 / rank[q, items].min().item() for q, items in enumerate(wanted) if items]))


def set_of_tensors(scores, wanted, k):
    best = scores.topk(min(k, scores.shape[1])).indices
    return sum(len(set(row) & set(items)) / max(len(items), 1) for row, items in zip(best, wanted)) / len(wanted)


def f_measure(hits, items, k):
    return 2 * hits / (k + len(items))


def fitted(scores, wanted, k):
    right = by_topk(scores, wanted, k)
    return right if len(scores) <= 3 or k == 5 else right / 2


WRONG = [
    ("precision", with_share(lambda hits, items, k: hits / k), "precision"),
    ("precision, queries without wants as 0", with_share(lambda hits, items, k: hits / k, False), "precision"),
    ("hit rate", with_share(lambda hits, items, k: float(hits > 0)), "hit rate"),
    ("hit rate over all queries", with_share(lambda hits, items, k: float(hits > 0), False), "hit rate"),
    ("everything found", with_share(lambda hits, items, k: float(hits == len(items))), "all it wants"),
    ("number of hits", with_share(lambda hits, items, k: hits), "Hits are counted"),
    ("capped at k", with_share(lambda hits, items, k: hits / min(k, len(items))), "no more than k"),
    ("percent", with_share(lambda hits, items, k: 100 * hits / len(items)), "not of 100"),
    ("F1", with_share(f_measure), "by hand"),
    ("reciprocal rank", reciprocal, "by hand"),
    ("ascending", with_list(lambda s, k: s.argsort(dim=1)[:, :k].tolist()), "upside down"),
    ("ascending NumPy", with_list(lambda s, k: np.argsort(s.numpy(), axis=1)[:, :k].tolist()), "upside down"),
    ("last k of descending", with_list(lambda s, k: s.argsort(dim=1, descending=True)[:, -k:].tolist()), "upside down"),
    ("k - 1", with_list(lambda s, k: first(s, k - 1)), "One item too few"),
    ("k + 1", with_list(lambda s, k: first(s, k + 1)), "One item too many"),
    ("from the second", with_list(lambda s, k: [row[1:] for row in first(s, k + 1)]), "best item is skipped"),
    ("from the second to the k-th", with_list(lambda s, k: [row[1:] for row in first(s, k)]), "best item is skipped"),
    ("ranks from 1, < k", ranks_from_one, "One item too few"),
    ("above the k-th score", above_the_last, "One item too few"),
    ("places for items", with_list(lambda s, k: s.argsort(dim=1, descending=True).argsort(dim=1)[:, :k].tolist()),
     "mixed up"),
    ("items for places", ranks_of_places, "mixed up"),
    ("over the queries", over_queries, "axis"),
    ("first query's ranking", first_query, "first query's ranking"),
    ("returns early", returns_early, "first query"),
    ("mean over all wanted", over_all_wanted, "mean over all wanted items"),
    ("sum", summed, "added up"),
    ("nothing wanted is 0", with_share(lambda hits, items, k: hits / len(items), False), "wants nothing"),
    ("nothing wanted is 1", nothing_is_one, "wants nothing"),
    ("nothing wanted is NaN", nothing_is_nan, "wants nothing"),
    ("nothing wanted divides", nothing_divides, "wants nothing"),
    ("topk of more than there are", unlimited_topk, "k may be larger"),
    ("one per query",
     lambda s, w, k: [len(set(row) & set(items)) / max(len(items), 1) for row, items in zip(first(s, k), w)], "shape"),
    ("set of tensors", set_of_tensors, "same as a number"),
    ("hard-coded", lambda s, w, k: 1.0, "same answer whatever"),
    ("fits the examples", fitted, "drawn anew"),
]  # fmt: skip
