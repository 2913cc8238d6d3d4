"""Answers to step_chances that learners give: right ones, and wrong ones with words that their hint must have."""

import numpy as np
import torch


def by_mask(weight, before, here, p, q):
    factor = np.full(len(weight), 1 / q)
    factor[weight[before] > 0] = 1
    factor[before] = 1 / p
    steps = weight[here] * factor
    return steps / steps.sum()


def by_where(weight, before, here, p, q):
    steps = weight[here] * np.where(weight[before] > 0, 1, 1 / q)
    steps[before] = weight[here, before] / p
    return steps / steps.sum()


def by_loop(weight, before, here, p, q):
    steps = []
    for node, w in enumerate(weight[here]):
        if node == before:
            w = w / p
        elif weight[before][node] == 0:
            w = w / q
        steps.append(w)
    return [w / sum(steps) for w in steps]


def by_torch(weight, before, here, p, q):
    weight = torch.tensor(weight)
    steps = torch.where(weight[before] > 0, weight[here], weight[here] / q)
    steps[before] = weight[here, before] / p
    return steps / steps.sum()


def by_select(weight, before, here, p, q):
    nodes = np.arange(len(weight))
    factor = np.select([nodes == before, weight[:, before] > 0], [1 / p, 1.0], 1 / q)
    return factor * weight[:, here] / (factor * weight[:, here]).sum()


def in_place(weight, before, here, p, q):
    steps = weight[here]
    steps[weight[before] == 0] /= q
    steps[before] *= q / p
    steps /= steps.sum()
    return steps


def by_sums(weight, before, here, p, q):
    near = (weight[before] > 0).astype(float)
    back = np.eye(len(weight))[before]
    steps = weight[here] * (back / p + near + (1 - near - back) / q)
    return steps / sum(steps)


RIGHT = [by_mask, by_where, by_loop, by_torch, by_select, in_place, by_sums]


def built(weight, before, here, p, q, back=None, near=1.0, away=None, row=None):
    """Not yet divided by the sum."""
    steps = np.where(weight[before] > 0, near, 1 / q if away is None else away)
    steps[before] = 1 / p if back is None else back
    return (weight[here] if row is None else row) * steps


def chances(steps):
    return steps / steps.sum()


def back_last(weight, before, here, p, q):
    factor = np.ones(len(weight))
    factor[before] = 1 / p
    factor[weight[before] == 0] = 1 / q
    return chances(weight[here] * factor)


def neighbours_of_here(weight, before, here, p, q):
    factor = np.where(weight[here] > 0, 1, 1 / q)
    factor[before] = 1 / p
    return chances(weight[here] * factor)


def back_to_here(weight, before, here, p, q):
    factor = np.where(weight[before] > 0, 1, 1 / q)
    factor[here] = 1 / p
    return chances(weight[here] * factor)


def whole_numbers(weight, before, here, p, q):
    factor = np.ones(len(weight), dtype=int)
    factor[weight[before] == 0] = 1 / q
    factor[before] = 1 / p
    return chances(weight[here] * factor)


def only_neighbours(weight, before, here, p, q):
    steps = built(weight, before, here, p, q)
    return chances(steps[weight[here] > 0])


def by_index(weight, before, here, p, q):
    return {node: chance for node, chance in enumerate(by_mask(weight, before, here, p, q)) if chance}


def no_sum(weight, before, here, p, q):
    return built(weight, before, here, p, q)


def forgot_return(weight, before, here, p, q):
    chances(built(weight, before, here, p, q))


def if_on_arrays(weight, before, here, p, q):
    return weight[here] if weight[before] > 0 else weight[here] / q


def truth(weight, before, here, p, q):
    return chances(built(weight, before, here, p, q, near=weight[before]))


def draws(weight, before, here, p, q):
    return np.random.default_rng(0).choice(len(weight), p=by_mask(weight, before, here, p, q))


def hard_coded(weight, before, here, p, q):
    return by_mask(weight, before, here, p, q) if len(weight) < 6 else chances(weight[here] ** 2)


WRONG = [
    ("p and q swapped", lambda w, t, v, p, q: by_mask(w, t, v, q, p), "wrong way round"),
    ("multiplied", lambda w, t, v, p, q: by_mask(w, t, v, 1 / p, 1 / q), "divided by them"),
    ("p multiplied", lambda w, t, v, p, q: by_mask(w, t, v, 1 / p, q), "back is multiplied by p"),
    ("q multiplied", lambda w, t, v, p, q: by_mask(w, t, v, p, 1 / q), "multiplied by q"),
    ("swapped and multiplied", lambda w, t, v, p, q: by_mask(w, t, v, 1 / q, 1 / p), "round, and multiply"),
    ("no memory", lambda w, t, v, p, q: chances(w[v]), "ignored"),
    ("no q", lambda w, t, v, p, q: by_mask(w, t, v, p, 1), "q has no effect"),
    ("no p", lambda w, t, v, p, q: by_mask(w, t, v, 1, q), "p is ignored"),
    ("back as one that leads away", back_last, "divided by q"),
    ("q at neighbours", lambda w, t, v, p, q: chances(built(w, t, v, p, q, near=1 / q, away=1)), "that are none"),
    ("q everywhere", lambda w, t, v, p, q: chances(built(w, t, v, p, q, near=1 / q)), "all but the way back"),
    ("neighbours of here", neighbours_of_here, "neighbour of `before`"),
    ("before and here swapped", lambda w, t, v, p, q: by_mask(w, v, t, p, q), "mixed up"),
    ("back to here", back_to_here, "a factor of its own"),
    ("from before", lambda w, t, v, p, q: chances(built(w, t, v, p, q, row=w[t])), "stands on `here`"),
    ("edges alike", lambda w, t, v, p, q: chances(built(w, t, v, p, q, row=(w[v] > 0) * 1.0)), "weights are forgotten"),
    ("no weights", lambda w, t, v, p, q: chances(built(w, t, v, p, q, row=np.ones(len(w)))), "has no edge to"),
    ("no sum", no_sum, "add up to 1"),
    ("summed too early", lambda w, t, v, p, q: built(w, t, v, p, q, row=w[v] / w[v].sum()), "add up to 1"),
    ("largest", lambda w, t, v, p, q: no_sum(w, t, v, p, q) / no_sum(w, t, v, p, q).max(), "largest"),
    ("softmax", lambda w, t, v, p, q: chances(np.exp(no_sum(w, t, v, p, q))), "softmax"),
    ("weight of the edge", truth, "whether there is one"),
    ("whole numbers", whole_numbers, "NaN"),
    ("neighbours only", only_neighbours, "of shape"),
    ("a dict", by_index, "dict"),
    ("a draw", draws, "one node"),
    ("no return", forgot_return, "return"),
    ("if", if_on_arrays, "torch.where"),
    ("hard-coded", hard_coded, "drawn anew"),
]  # fmt: skip
