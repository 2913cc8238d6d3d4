"""Answers to precision_recall that learners give: right ones, and wrong ones with words that their hint must have."""

import numpy as np
import torch
from sklearn.metrics import precision_score, recall_score


def four(scores, labels, threshold):
    """True positives, false positives, false negatives, true negatives."""
    shown, true = scores >= threshold, labels == 1
    sides = ((shown, true), (shown, ~true), (~shown, true), (~shown, ~true))
    return [int((one & other).sum()) for one, other in sides]


def over(above, below, nothing=0.0):
    return above / below if below else nothing


def by_counts(scores, labels, threshold):
    tp, fp, fn, _ = four(scores, labels, threshold)
    return over(tp, tp + fp), over(tp, tp + fn)


def by_sums(scores, labels, threshold):
    shown = (scores >= threshold).float()
    hits = (shown * labels).sum()
    return hits / shown.sum().clamp(min=1), hits / labels.sum().clamp(min=1)


def by_dot(scores, labels, threshold):
    shown = (scores >= threshold).to(labels.dtype)
    return torch.stack([shown @ labels / (shown.sum() + 1e-12), shown @ labels / (labels.sum() + 1e-12)])


def by_numpy(scores, labels, threshold):
    shown, true = scores.numpy() >= threshold, labels.numpy().astype(bool)
    return np.array([np.sum(shown & true) / max(shown.sum(), 1), np.sum(shown & true) / max(true.sum(), 1)])


def by_means(scores, labels, threshold):
    shown = scores >= threshold
    precision = labels[shown].float().mean() if shown.any() else torch.tensor(0.0)
    recall = shown[labels.bool()].float().mean() if labels.any() else torch.tensor(0.0)
    return precision, recall


def by_loop(scores, labels, threshold):
    hits = shown = true = 0
    for score, label in zip(scores, labels):
        shown += bool(score >= threshold)
        true += bool(label)
        hits += bool(score >= threshold and label)
    return [hits / shown if shown > 0 else 0, hits / true if true > 0 else 0]


def by_nan_to_num(scores, labels, threshold):
    shown = scores >= threshold
    hits = labels[shown].sum()
    return torch.nan_to_num(hits / shown.sum()), torch.nan_to_num(hits / labels.sum())


def by_bits(scores, labels, threshold):
    hits, shown, true = ((scores >= threshold) & labels).sum(), (scores >= threshold).sum(), labels.sum()
    return hits / max(shown, 1), hits / max(true, 1)


def by_scikit_learn(scores, labels, threshold):
    shown = (scores >= threshold).int()
    return precision_score(labels, shown, zero_division=0), recall_score(labels, shown, zero_division=0)


RIGHT = [by_counts, by_sums, by_dot, by_numpy, by_means, by_loop, by_nan_to_num, by_bits, by_scikit_learn]


def of(precision, recall):
    """Of true positives, false positives, false negatives and true negatives."""

    def answer(scores, labels, threshold):
        counts = four(scores, labels, threshold)
        return precision(*counts), recall(*counts)

    return answer


def p(tp, fp, fn, tn):
    return over(tp, tp + fp)


def r(tp, fp, fn, tn):
    return over(tp, tp + fn)


def accuracy(tp, fp, fn, tn):
    return (tp + tn) / (tp + fp + fn + tn)


def of_all(tp, fp, fn, tn):
    return tp / (tp + fp + fn + tn)


def shown_part(tp, fp, fn, tn):
    return (tp + fp) / (tp + fp + fn + tn)


def f1(tp, fp, fn, tn):
    return over(2 * tp, 2 * tp + fp + fn)


def above(scores, labels, threshold):
    shown = scores > threshold
    hits = int((shown & (labels == 1)).sum())
    return over(hits, int(shown.sum())), over(hits, int(labels.sum()))


def unguarded(scores, labels, threshold):
    tp, fp, fn, _ = four(scores, labels, threshold)
    return tp / (tp + fp), tp / (tp + fn)


def unguarded_torch(scores, labels, threshold):
    shown = (scores >= threshold).float()
    return (shown * labels).sum() / shown.sum(), (shown * labels).sum() / labels.sum()


def nothing(precision, recall):
    def answer(scores, labels, threshold):
        tp, fp, fn, _ = four(scores, labels, threshold)
        return over(tp, tp + fp, precision), over(tp, tp + fn, recall)

    return answer


def whole(scores, labels, threshold):
    tp, fp, fn, _ = four(scores, labels, threshold)
    return tp // max(tp + fp, 1), tp // max(tp + fn, 1)


def early(scores, labels, threshold):
    for score, label in zip(scores, labels):
        hit = float(score >= threshold and label == 1)
        return hit, hit


def fitted(scores, labels, threshold):
    precision, recall = by_counts(scores, labels, threshold)
    return (precision, recall) if len(scores) in (1, 2, 5, 60) else (precision / 2, recall)


WRONG = [
    ("above only", above, "has reached it"),
    ("below", lambda s, y, t: by_counts(-s, y, -t), "below the threshold"),
    ("strictly below", lambda s, y, t: above(-s, y, -t), "below the threshold"),
    ("at 0.5", lambda s, y, t: by_counts(s, y, 0.5), "`threshold` is not used"),
    ("at 0", lambda s, y, t: above(s, y, 0), "`threshold` is not used"),
    ("sigmoid", lambda s, y, t: by_counts(torch.sigmoid(s), y, t), "sigmoid"),
    ("labels flipped", lambda s, y, t: by_counts(s, 1 - y, t), "wrong way round"),
    ("swapped", lambda s, y, t: by_counts(s, y, t)[::-1], "swapped"),
    ("precision twice", of(p, p), "second number is precision too"),
    ("recall twice", of(r, r), "first number is recall too"),
    ("accuracy first", of(accuracy, r), "accuracy"),
    ("accuracy second", of(p, accuracy), "accuracy"),
    ("true among all, first", of(of_all, r), "divided by all pairs"),
    ("true among all, second", of(p, of_all), "divided by all pairs"),
    ("over false positives", of(lambda tp, fp, fn, tn: over(tp, fp), r), "false pairs that were found"),
    ("over false negatives", of(p, lambda tp, fp, fn, tn: over(tp, fn)), "true pairs that were missed"),
    ("share shown", of(shown_part, r), "share of pairs found, true or not"),
    ("share shown second", of(p, shown_part), "share of pairs found, true or not"),
    ("count first", of(lambda tp, *_: tp, r), "is a count"),
    ("counts", of(lambda tp, *_: tp, lambda tp, *_: tp), "is a count"),
    ("false discovery", of(lambda tp, fp, *_: over(fp, tp + fp), r), "found pairs that are false"),
    ("specificity", of(p, lambda tp, fp, fn, tn: over(tn, tn + fp)), "false pairs that are not found"),
    ("false positive rate", of(p, lambda tp, fp, fn, tn: over(fp, tn + fp)), "false pairs that are found"),
    ("missed", of(p, lambda tp, fp, fn, tn: over(fn, tp + fn)), "true pairs that are missed"),
    ("F1", of(p, f1), "F1"),
    ("precision alone", lambda s, y, t: by_counts(s, y, t)[0], "Precision alone"),
    ("recall alone", lambda s, y, t: by_counts(s, y, t)[1], "Recall alone"),
    ("percent", lambda s, y, t: tuple(100 * one for one in by_counts(s, y, t)), "not of 100"),
    ("whole division", whole, "drops what stands after"),
    ("nothing found is 1", nothing(1.0, 0.0), "nothing is found"),
    ("nothing true is 1", nothing(0.0, 1.0), "no pair is true"),
    ("both are 1", nothing(1.0, 1.0), "nothing is found"),
    ("nothing found is NaN", nothing(float("nan"), 0.0), "nothing is found"),
    ("no guard", unguarded, "nothing is found"),
    ("no guard in torch", unguarded_torch, "nothing is found"),
    ("guard for precision only", nothing(0.0, float("nan")), "no pair is true"),
    ("swapped, no guard", lambda s, y, t: nothing(float("nan"), float("nan"))(s, y, t)[::-1], "swapped"),
    ("above only, swapped", lambda s, y, t: above(s, y, t)[::-1], "swapped"),
    ("mean of whole numbers", lambda s, y, t: (y[s >= t].mean(), (s >= t)[y == 1].mean()), ".float()"),
    ("returns early", early, "by hand"),
    ("a dictionary", lambda s, y, t: dict(zip("pr", by_counts(s, y, t))), "shape (2,)"),
    ("hard-coded", lambda s, y, t: (0.5, 0.5), "same answer whatever"),
    ("fits the examples", fitted, "drawn anew"),
    ("no return", lambda s, y, t: None, "return"),
]  # fmt: skip
