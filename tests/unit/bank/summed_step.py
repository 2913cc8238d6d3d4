"""Answers to summed_step that learners give: right ones, and wrong ones with words that their hint must have."""

import numpy as np
import torch


def one_step(table, state, total, rate):
    state = state + total.square().mean(dim=1)
    return table - rate * total / state.sqrt().clamp(min=1e-10)[:, None], state


def summed(table, pieces, weight=None):
    weight = weight or (lambda pairs, whole, count: pairs / whole)
    whole, total = sum(piece[2] for piece in pieces), torch.zeros_like(table)
    for rows, gradients, pairs in pieces:
        total.index_add_(0, rows, gradients * weight(pairs, whole, len(pieces)))
    return total


def by_sum(table, state, pieces, rate):
    return one_step(table, state, summed(table, pieces), rate)


def by_cat(table, state, pieces, rate):
    rows = torch.cat([piece[0] for piece in pieces])
    gradients = torch.cat([gradients * pairs for _, gradients, pairs in pieces])
    total = torch.zeros_like(table).index_add(0, rows, gradients) / sum(piece[2] for piece in pieces)
    return one_step(table, state, total, rate)


def by_loop(table, state, pieces, rate):
    table, state = table.clone(), state.clone()
    whole = sum(pairs for _, _, pairs in pieces)
    for row in range(len(table)):
        g = 0
        for rows, gradients, pairs in pieces:
            g = g + (gradients[rows == row] * pairs / whole).sum(0)
        state[row] += g.pow(2).mean()
        if state[row] > 0:
            table[row] -= rate * g / state[row].sqrt()
    return table, state


def by_numpy(table, state, pieces, rate):
    total, whole = np.zeros(table.shape), sum(pairs for _, _, pairs in pieces)
    for rows, gradients, pairs in pieces:
        np.add.at(total, rows.numpy(), gradients.numpy() * pairs / whole)
    new = state.numpy() + (total**2).mean(1)
    return table.numpy() - rate * total / np.maximum(np.sqrt(new), 1e-10)[:, None], new


def asked_rows_alone(table, state, pieces, rate):
    table, state, total = table.clone(), state.clone(), summed(table, pieces)
    rows = torch.cat([piece[0] for piece in pieces]).unique()
    state[rows] += total[rows].square().mean(1)
    table[rows] -= rate * total[rows] / state[rows].clamp(min=1e-20).sqrt()[:, None]
    return [table, state]


RIGHT = [by_sum, by_cat, by_loop, by_numpy, asked_rows_alone]


def weighted(weight):
    return lambda table, state, pieces, rate: one_step(table, state, summed(table, pieces, weight), rate)


def own_steps(table, state, pieces, rate):
    table, state = table.clone(), state.clone()
    for rows, gradients, _ in pieces:
        state[rows] += gradients.square().mean(1)
        table[rows] -= rate * gradients / state[rows].sqrt().clamp(min=1e-10)[:, None]
    return table, state


def own_weighted_steps(table, state, pieces, rate):
    whole = sum(pairs for _, _, pairs in pieces)
    return own_steps(table, state, [(rows, gradients * pairs / whole, 0) for rows, gradients, pairs in pieces], rate)


def squares_apart(table, state, pieces, rate):
    whole, state = sum(pairs for _, _, pairs in pieces), state.clone()
    for rows, gradients, pairs in pieces:
        state[rows] += (gradients * pairs / whole).square().mean(1)
    return table - rate * summed(table, pieces) / state.sqrt().clamp(min=1e-10)[:, None], state


def assigned(table, state, pieces, rate):
    total, whole = torch.zeros_like(table), sum(pairs for _, _, pairs in pieces)
    for rows, gradients, pairs in pieces:
        total[rows] = gradients * pairs / whole
    return one_step(table, state, total, rate)


def plain_descent(table, state, pieces, rate):
    return table - rate * summed(table, pieces), state + summed(table, pieces).square().mean(1)


def summed_squares(table, state, pieces, rate):
    total = summed(table, pieces)
    state = state + total.square().sum(1)
    return table - rate * total / state.sqrt().clamp(min=1e-10)[:, None], state


def no_root(table, state, pieces, rate):
    total = summed(table, pieces)
    state = state + total.square().mean(1)
    return table - rate * total / state.clamp(min=1e-10)[:, None], state


def old_state(table, state, pieces, rate):
    total = summed(table, pieces)
    new = state + total.square().mean(1)
    return table - rate * total / state.sqrt().clamp(min=1e-10)[:, None], new


def zero_by_zero(table, state, pieces, rate):
    total = summed(table, pieces)
    state = state + total.square().mean(1)
    return table - rate * total / state.sqrt()[:, None], state


def uphill(table, state, pieces, rate):
    new, state = by_sum(table, state, pieces, rate)
    return 2 * table - new, state


def in_place(table, state, pieces, rate):
    new, grown = by_sum(table, state, pieces, rate)
    return table.copy_(new), state.copy_(grown)


def first_alone(table, state, pieces, rate):
    for rows, gradients, _ in pieces:
        return one_step(table, state, torch.zeros_like(table).index_add(0, rows, gradients), rate)


def table_alone(table, state, pieces, rate):
    return by_sum(table, state, pieces, rate)[0]


def no_return(table, state, pieces, rate):
    by_sum(table, state, pieces, rate)


WRONG = [
    ("sum of means", weighted(lambda pairs, whole, count: 1), "share of all pairs"),
    ("mean of means", weighted(lambda pairs, whole, count: 1 / count), "mean over the processes"),
    ("not divided", weighted(lambda pairs, whole, count: pairs), "not divided"),
    ("divided twice", weighted(lambda pairs, whole, count: pairs / whole / count), "once more"),
    ("divided by all alone", weighted(lambda pairs, whole, count: 1 / whole), "not multiplied by its own"),
    ("divided by its own", weighted(lambda pairs, whole, count: 1 / max(pairs, 1)), "was a mean already"),
    ("own steps", own_steps, "step of its own"),
    ("own steps, weighted", own_weighted_steps, "step of its own"),
    ("squares apart", squares_apart, "each process's part"),
    ("assigned", assigned, "assignment"),
    ("first alone", first_alone, "first process"),
    ("plain descent", plain_descent, "not divided by the root"),
    ("summed squares", summed_squares, "mean over the row"),
    ("no root", no_root, "root is missing"),
    ("old state", old_state, "old state"),
    ("0 by 0", zero_by_zero, "no number"),
    ("uphill", uphill, "sign"),
    ("in place", in_place, "`table`"),
    ("state forgotten", lambda table, state, pieces, rate: (by_sum(table, state, pieces, rate)[0], state), "state"),
    ("turned round", lambda table, state, pieces, rate: by_sum(table, state, pieces, rate)[::-1], "table"),
    ("table alone", table_alone, "tuple"),
    ("no return", no_return, "return"),
]
