"""Answers to rowwise_adagrad that learners give: right ones, and wrong ones with words that their hint must have."""

from collections import defaultdict

import numpy as np
import torch

import mtsgns_lite as mt


def by_loop(table, state, rows, gradients, rate):
    table, state = table.clone(), state.clone()
    for row in set(rows.tolist()):
        total = gradients[rows == row].sum(dim=0)
        state[row] += total.square().mean()
        if state[row] > 0:
            table[row] -= rate * total / state[row].sqrt()
    return table, state


def by_unique(table, state, rows, gradients, rate):
    ids, place = rows.unique(return_inverse=True)
    total = torch.zeros(len(ids), table.shape[1]).index_add(0, place, gradients)
    grown = state[ids] + total.square().mean(1)
    step = rate * total / grown.sqrt().clamp(min=1e-10)[:, None]
    return table.index_copy(0, ids, table[ids] - step), state.index_copy(0, ids, grown)


def dense(table, state, rows, gradients, rate):
    total = torch.zeros_like(table).index_add_(0, rows, gradients)
    state = state + total.pow(2).mean(1)
    return table - rate * total / (state.sqrt() + 1e-10)[:, None], state


def by_product(table, state, rows, gradients, rate):
    total = (torch.arange(len(table))[:, None] == rows).float() @ gradients
    state = state + (total * total).sum(1) / total.shape[1]
    return torch.where(state[:, None] > 0, table - rate * total * state.rsqrt()[:, None], table), state


def by_numpy(table, state, rows, gradients, rate):
    table, state = np.array(table), np.array(state)
    total = np.zeros_like(table)
    np.add.at(total, rows.numpy(), gradients.numpy())
    state += (total**2).mean(axis=1)
    return table - rate * total / np.maximum(np.sqrt(state), 1e-10)[:, None], state


def by_dictionary(table, state, rows, gradients, rate):
    sums = defaultdict(lambda: torch.zeros(table.shape[1]))
    for row, gradient in zip(rows.tolist(), gradients):
        sums[row] = sums[row] + gradient
    table, state = table.clone(), state.clone()
    for row, total in sums.items():
        state[row] += (total**2).mean()
        table[row] -= rate * total / (state[row] ** 0.5 + 1e-8)
    return [table, state]


def of_the_library(table, state, rows, gradients, rate):
    rule = mt.Table(*table.shape, rate=rate)
    rule.weight.copy_(table)
    rule.state.copy_(state)
    (rule(rows) * gradients).sum().backward()
    rule.update()
    return rule.weight, rule.state


RIGHT = [by_loop, by_unique, dense, by_product, by_numpy, by_dictionary, of_the_library]


def summed(table, rows, gradients):
    return torch.zeros_like(table).index_add_(0, rows, gradients)


def rooted(total, state):
    return total / state.sqrt().clamp(min=1e-10)[:, None]


def answer(grow=lambda s, g: s + g.square().mean(1), step=rooted, sign=-1, add=summed):
    def wrong(table, state, rows, gradients, rate):
        total = add(table, rows, gradients)
        new = grow(state, total)
        return table + sign * rate * step(total, new), new

    return wrong


def averaged(table, rows, gradients):
    return summed(table, rows, gradients) / torch.bincount(rows, minlength=len(table)).clamp(min=1)[:, None]


def assigned(table, state, rows, gradients, rate):
    table, state = table.clone(), state.clone()
    state[rows] += gradients.square().mean(1)
    table[rows] -= rate * gradients / state[rows].sqrt().clamp(min=1e-10)[:, None]
    return table, state


def one_by_one(table, state, rows, gradients, rate):
    table, state = table.clone(), state.clone()
    for row, gradient in zip(rows, gradients):
        state[row] += gradient.square().mean()
        table[row] -= rate * gradient / state[row].sqrt().clamp(min=1e-10)
    return table, state


def squares_apart(table, state, rows, gradients, rate):
    state = state.index_add(0, rows, gradients.square().mean(1))
    return table.index_add(0, rows, -rate * rooted(gradients, state[rows])), state


def steps_repeated(table, state, rows, gradients, rate):
    ids, place = rows.unique(return_inverse=True)
    total = torch.zeros(len(ids), table.shape[1]).index_add(0, place, gradients)
    grown = state[ids] + total.square().mean(1)
    step = rooted(total, grown)
    return table.index_add(0, rows, -rate * step[place]), state.index_copy(0, ids, grown)


def states_repeated(table, state, rows, gradients, rate):
    total = summed(table, rows, gradients)
    state = state.index_add(0, rows, total.square().mean(1)[rows])
    return table - rate * rooted(total, state), state


def old_state(table, state, rows, gradients, rate):
    total = summed(table, rows, gradients)
    return table - rate * rooted(total, state), state + total.square().mean(1)


def unguarded(table, state, rows, gradients, rate):
    table, state = table.clone(), state.clone()
    for row in rows.unique():
        total = gradients[rows == row].sum(0)
        state[row] += total.square().mean()
        table[row] -= rate * total / state[row].sqrt()
    return table, state


def unguarded_everywhere(table, state, rows, gradients, rate):
    total = summed(table, rows, gradients)
    state = state + total.square().mean(1)
    return table - rate * total / state.sqrt()[:, None], state


def in_place(table, state, rows, gradients, rate):
    for row in set(rows.tolist()):
        total = gradients[rows == row].sum(dim=0)
        state[row] += total.square().mean()
        table[row] -= rate * total / state[row].sqrt().clamp(min=1e-10)
    return table, state


def state_in_place(table, state, rows, gradients, rate):
    total = summed(table, rows, gradients)
    state += total.square().mean(1)
    return table - rate * rooted(total, state), state


def gradients_in_place(table, state, rows, gradients, rate):
    result = by_loop(table, state, rows, gradients, rate)
    gradients *= rate
    return result


def through_numpy(table, state, rows, gradients, rate):
    return in_place(torch.from_numpy(table.numpy()), state.clone(), rows, gradients, rate)[0], by_loop(
        torch.zeros_like(table), state, rows, gradients, rate
    )[1]


def elementwise(table, state, rows, gradients, rate):
    total = summed(table, rows, gradients)
    state = state[:, None] + total.square()
    return table - rate * total / state.sqrt().clamp(min=1e-10), state


def swapped(table, state, rows, gradients, rate):
    return by_loop(table, state, rows, gradients, rate)[::-1]


def only_rows(table, state, rows, gradients, rate):
    table, state = by_loop(table, state, rows, gradients, rate)
    return table[rows], state[rows]


def no_return(table, state, rows, gradients, rate):
    by_loop(table, state, rows, gradients, rate)


def decayed(table, state, rows, gradients, rate):
    total = summed(table, rows, gradients)
    ids = rows.unique()
    state = state.index_copy(0, ids, 0.9 * state[ids] + 0.1 * total[ids].square().mean(1))
    return table - rate * rooted(total, state), state


WRONG = [
    ("the last counts", assigned, "an assignment does not add"),
    ("one by one", one_by_one, "a step for each of its gradients"),
    ("squares apart", squares_apart, "gains the squares of each gradient"),
    ("steps repeated", steps_repeated, "takes the step of its sum each time"),
    ("states repeated", states_repeated, "adds the square of the sum each time"),
    ("averaged", answer(add=averaged), "averaged"),
    ("sum of squares", answer(lambda s, g: s + g.square().sum(1)), "mean over the row"),
    ("square of the mean", answer(lambda s, g: s + g.mean(1).square()), "square of the mean"),
    ("no square", answer(lambda s, g: s + g.abs().mean(1)), "mean of the sizes"),
    ("mean of all", answer(lambda s, g: s + g.square().mean()), "number of its own"),
    ("state not added", answer(lambda s, g: g.square().mean(1)), "old state is lost"),
    ("state as it was", answer(lambda s, g: s), "stays as it was"),
    ("decayed", decayed, "RMSProp"),
    ("no root", answer(step=lambda g, s: g / s.clamp(min=1e-10)[:, None]), "root is missing"),
    ("no state", answer(step=lambda g, s: g), "plain gradient descent"),
    ("multiplied", answer(step=lambda g, s: g * s.sqrt()[:, None]), "multiplied by the root"),
    ("sign", answer(sign=1), "against the gradient"),
    ("old state", old_state, "old state"),
    ("epsilon of 1", answer(step=lambda g, s: g / (s.sqrt() + 1)[:, None]), "1 is added"),
    ("0 / 0", unguarded, "0 divided by 0"),
    ("0 / 0 everywhere", unguarded_everywhere, "not asked for"),
    ("two faults", answer(lambda s, g: s + g.square().sum(1), sign=1), "The sign"),
    ("in place", in_place, "`state`, `table`"),
    ("state in place", state_in_place, "writes into its arguments (`state`)"),
    ("gradients in place", gradients_in_place, "(`gradients`)"),
    ("through NumPy", through_numpy, "(`table`)"),
    ("a state for each number", elementwise, "`state` is of shape"),
    ("swapped", swapped, "state comes first"),
    ("only the table", lambda *given: by_loop(*given)[0], "2 is due: table, state"),
    ("only its rows", only_rows, "all N are due"),
    ("no return", no_return, "return"),
    ("numbers of rows as they are", lambda table, state, rows, gradients, rate: (table, state), "stay"),
]
