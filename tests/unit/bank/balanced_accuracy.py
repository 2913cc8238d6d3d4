"""Answers to balanced_accuracy that learners give: right ones, and wrong ones with words that their hint must have."""

from collections import defaultdict

import numpy as np
import pandas as pd
import torch
from sklearn.metrics import recall_score


def by_masks(labels, guesses):
    return np.mean([(guesses[labels == group] == group).mean() for group in np.unique(labels)])


def by_pandas(labels, guesses):
    return float(pd.Series(labels == guesses).groupby(labels).mean().mean())


def by_weights(labels, guesses):
    """Each example weighs one over the size of its group."""
    _, group, size = np.unique(labels, return_inverse=True, return_counts=True)
    weight = 1 / size[group]
    return (weight * (labels == guesses)).sum() / weight.sum()


def by_dictionary(labels, guesses):
    hits = defaultdict(list)
    for label, guess in zip(labels, guesses):
        hits[label].append(label == guess)
    return sum(sum(row) / len(row) for row in hits.values()) / len(hits)


def by_bincount(labels, guesses):
    size = np.bincount(labels)
    right = np.bincount(labels[labels == guesses], minlength=len(size))
    return (right[size > 0] / size[size > 0]).mean()


def by_torch(labels, guesses):
    labels, guesses = torch.as_tensor(labels), torch.as_tensor(guesses)
    return torch.stack([(guesses[labels == g] == g).double().mean() for g in labels.unique()]).mean()


def by_sklearn(labels, guesses):
    return recall_score(labels, guesses, labels=np.unique(labels), average="macro", zero_division=0)


RIGHT = [by_masks, by_pandas, by_weights, by_dictionary, by_bincount, by_torch, by_sklearn]


def recalls(labels, guesses):
    return [(guesses[labels == group] == group).mean() for group in np.unique(labels)]


def precisions(labels, guesses):
    return [(labels[guesses == group] == group).mean() for group in np.unique(guesses)]


def guarded_precision(labels, guesses):
    found = []
    for group in np.unique(labels):
        asked = guesses == group
        found.append((labels[asked] == group).mean() if asked.any() else 0.0)
    return np.mean(found)


def over_union(labels, guesses):
    found = []
    for group in np.union1d(labels, guesses):
        own = labels == group
        found.append((guesses[own] == group).mean() if own.any() else 0.0)
    return np.mean(found)


def over_numbers(labels, guesses):
    size = np.bincount(labels)
    right = np.bincount(labels[labels == guesses], minlength=len(size))
    return (right / np.maximum(size, 1)).mean()


def over_empty_groups(labels, guesses):
    """Group 0 has no example here, so its mean is NaN, and so is all that it is added to."""
    with np.errstate(invalid="ignore"):
        total, groups = 0.0, labels.max() + 1
        for group in range(groups):
            mine = labels == group
            total += np.float64((guesses[mine] == group).sum()) / mine.sum()
    return total / groups


def over_all_examples(labels, guesses):
    return np.mean([((guesses == g) & (labels == g)).sum() / len(labels) for g in np.unique(labels)])


def f1(labels, guesses):
    found = []
    for g in np.unique(labels):
        both = ((labels == g) & (guesses == g)).sum()
        found.append(2 * both / ((labels == g).sum() + (guesses == g).sum()))
    return np.mean(found)


def counted(labels, guesses):
    return np.mean([((labels == g) & (guesses == g)).sum() for g in np.unique(labels)])


def returns_early(labels, guesses):
    for group in np.unique(labels):
        return (guesses[labels == group] == group).mean()


def overwritten(labels, guesses):
    for group in np.unique(labels):
        share = (guesses[labels == group] == group).mean()
    return share


def no_return(labels, guesses):
    by_masks(labels, guesses)


def fitted(labels, guesses):
    return by_masks(labels, guesses) if len(labels) <= 60 else by_masks(labels, guesses) / 2


WRONG = [
    ("plain accuracy", lambda labels, guesses: (labels == guesses).mean(), "plain accuracy"),
    ("plain, in percent", lambda labels, guesses: 100 * (labels == guesses).mean(), "plain accuracy"),
    ("number of right ones", lambda labels, guesses: (labels == guesses).sum(), "counted"),
    ("precision", lambda labels, guesses: np.mean(precisions(labels, guesses)), "precision"),
    ("precision over the labels", guarded_precision, "precision"),
    ("swapped", lambda labels, guesses: by_masks(guesses, labels), "precision"),
    ("over all groups that occur", over_union, "no example belongs"),
    ("over all numbers", over_numbers, "Group numbers that no example has"),
    ("over empty groups", over_empty_groups, "divided by 0"),
    ("divided by all", over_all_examples, "Divided by all"),
    ("F1", f1, "F1"),
    ("right ones by group", counted, "counted"),
    ("error", lambda labels, guesses: 1 - by_masks(labels, guesses), "wrong answers"),
    ("sum", lambda labels, guesses: sum(recalls(labels, guesses)), "added up"),
    ("each group", lambda labels, guesses: np.array(recalls(labels, guesses)), "each group has its own"),
    ("best group", lambda labels, guesses: max(recalls(labels, guesses)), "best group"),
    ("worst group", lambda labels, guesses: min(recalls(labels, guesses)), "worst group"),
    ("median", lambda labels, guesses: np.median(recalls(labels, guesses)), "median"),
    ("returns early", returns_early, "first group"),
    ("overwritten", overwritten, "last group"),
    ("percent", lambda labels, guesses: 100 * by_masks(labels, guesses), "not of 100"),
    ("no return", no_return, "return"),
    ("hard-coded", lambda labels, guesses: 0.5, "same answer whatever"),
    ("fits the examples", fitted, "drawn anew"),
]  # fmt: skip
