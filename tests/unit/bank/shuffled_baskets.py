"""Answers to shuffled_baskets that learners give: right ones, and wrong ones with words that their hint must have."""

import random

import numpy as np
import torch


def heap(baskets):
    return [item for basket in baskets for item in basket]


def refilled(items, baskets):
    left = iter(items)
    return [[int(next(left)) for _ in basket] for basket in baskets]


def by_randperm(baskets, generator):
    purchases = torch.tensor(heap(baskets), dtype=torch.long)
    order = torch.randperm(len(purchases), generator=generator)
    return [part.tolist() for part in purchases[order].split([len(basket) for basket in baskets])]


def by_sorting_noise(baskets, generator):
    purchases = heap(baskets)
    order = torch.rand(len(purchases), generator=generator, dtype=torch.double).argsort().tolist()
    return refilled([purchases[place] for place in order], baskets)


def by_drawing_one_by_one(baskets, generator):
    left, shuffled = heap(baskets), []
    for basket in baskets:
        row = []
        for _ in basket:
            row.append(left.pop(int(torch.randint(len(left), (), generator=generator))))
        shuffled.append(row)
    return shuffled


def by_numpy(baskets, generator):
    seed = int(torch.randint(2**31, (), generator=generator))
    mixed = np.random.default_rng(seed).permutation(np.array(heap(baskets), dtype=int))
    return np.split(mixed, np.cumsum([len(basket) for basket in baskets])[:-1]) if baskets else []


def by_random(baskets, generator):
    items = heap(baskets)
    random.Random(generator.initial_seed()).shuffle(items)
    return refilled(items, baskets)


def by_swaps(baskets, generator):
    items = heap(baskets)
    for last in range(len(items) - 1, 0, -1):
        place = int(torch.randint(last + 1, (), generator=generator))
        items[last], items[place] = items[place], items[last]
    return tuple(sorted(row) for row in refilled(items, baskets))


RIGHT = [by_randperm, by_sorting_noise, by_drawing_one_by_one, by_numpy, by_random, by_swaps]


def permuted(rows, generator):
    return [rows[place] for place in torch.randperm(len(rows), generator=generator).tolist()]


def within(baskets, generator):
    return [permuted(basket, generator) for basket in baskets]


def alike_in_size(baskets, generator):
    shuffled = [[]] * len(baskets)
    for size in {len(basket) for basket in baskets}:
        places = [place for place, basket in enumerate(baskets) if len(basket) == size]
        new = by_randperm([baskets[place] for place in places], generator)
        for place, row in zip(places, new):
            shuffled[place] = row
    return shuffled


def relabelled(baskets, generator):
    items = sorted({*heap(baskets)})
    new = dict(zip(items, permuted(items, generator)))
    return [[new[item] for item in basket] for basket in baskets]


def whole_alike_in_size(baskets, generator):
    sizes = {len(basket) for basket in baskets}
    rows = {size: permuted([row for row in baskets if len(row) == size], generator) for size in sizes}
    return [rows[len(basket)].pop() for basket in baskets]


def rotated(baskets, generator):
    items = heap(baskets)
    by = int(torch.randint(1, max(len(items), 2), (), generator=generator))
    return refilled(items[by:] + items[:by], baskets)


def column_by_column(baskets, generator):
    widest = max(map(len, baskets), default=0)
    columns = [permuted([row[place] for row in baskets if len(row) > place], generator) for place in range(widest)]
    return [[columns[place].pop() for place in range(len(row))] for row in baskets]


def with_replacement(baskets, generator):
    items = heap(baskets)
    drawn = torch.randint(max(len(items), 1), (len(items),), generator=generator).tolist()
    return refilled([items[place] for place in drawn], baskets)


def from_all_items(baskets, generator):
    items = sorted({*heap(baskets)})
    return [[items[int(torch.randint(len(items), (), generator=generator))] for _ in basket] for basket in baskets]


def no_item_twice(baskets, generator):
    purchases = [len({*basket}) < len(basket) for basket in baskets]
    shuffled = by_randperm(baskets, generator)
    for _ in range(0 if any(purchases) else 30):
        if all(len({*row}) == len(row) for row in shuffled):
            break
        shuffled = by_randperm(baskets, generator)
    return shuffled


def a_few_swaps(baskets, generator):
    items = heap(baskets)
    for _ in range(len(items) // 3):
        one, other = torch.randint(len(items), (2,), generator=generator).tolist()
        items[one], items[other] = items[other], items[one]
    return refilled(items, baskets)


def neighbours_swapped(baskets, generator):
    items = heap(baskets)
    for place in range(0, len(items) - 1, 2):
        if torch.rand((), generator=generator) < 0.5:
            items[place : place + 2] = items[place : place + 2][::-1]
    return refilled(items, baskets)


def never_at_its_place(baskets, generator):
    items = heap(baskets)
    for last in range(len(items) - 1, 0, -1):
        place = int(torch.randint(last, (), generator=generator))
        items[last], items[place] = items[place], items[last]
    return refilled(items, baskets)


def own_seed(baskets, generator):
    return by_randperm(baskets, torch.Generator().manual_seed(0))


def global_seed(baskets, generator):
    items = heap(baskets)
    random.shuffle(items)
    return refilled(items, baskets)


def sizes_by_lot(baskets, generator):
    return by_randperm(permuted(baskets, generator), generator)


def last_lost(baskets, generator):
    return by_randperm(baskets, generator)[:-1]


def equal_sizes(baskets, generator):
    items = permuted(heap(baskets), generator)
    return [items[place :: len(baskets)] for place in range(len(baskets))]


def empty_dropped(baskets, generator):
    return [row for row in by_randperm(baskets, generator) if row]


def sorted_heap(baskets, generator):
    return refilled(sorted(heap(baskets)), baskets)


WRONG = [
    ("nothing done", lambda baskets, generator: baskets, "stay as they were"),
    ("within baskets", within, "stays in its basket"),
    ("whole baskets", permuted, "right sizes in another order"),
    ("baskets of a size", lambda b, g: [permuted([r for r in b if len(r) == len(row)], g)[0] for row in b],
     "every purchase has to stay"),
    ("items alike in size", alike_in_size, "small baskets stay"),
    ("relabelled", relabelled, "every purchase has to stay"),
    ("whole baskets alike in size", whole_alike_in_size, "Whole baskets change places"),
    ("rotated", rotated, "that were together still are"),
    ("column by column", column_by_column, "never meet"),
    ("with replacement", with_replacement, "every purchase has to stay"),
    ("from all items", from_all_items, "every purchase has to stay"),
    ("no item twice", no_item_twice, "never comes twice"),
    ("a few swaps", a_few_swaps, "stay in their baskets"),
    ("neighbours swapped", neighbours_swapped, "stay in their baskets"),
    ("never at its place", never_at_its_place, "Some orders come more often"),
    ("own seed", own_seed, "different seeds shuffle alike"),
    ("global seed", global_seed, "same seed shuffle differently"),
    ("sorted", sorted_heap, "different seeds shuffle alike"),
    ("sizes by lot", sizes_by_lot, "another order"),
    ("last basket lost", last_lost, "one may stay empty"),
    ("empty baskets dropped", empty_dropped, "one may stay empty"),
    ("dealt like cards", equal_sizes, "sizes"),
    ("flat", lambda baskets, generator: permuted(heap(baskets), generator), "list of baskets"),
    ("sets", lambda baskets, generator: [{*row} for row in by_randperm(baskets, generator)], "Purchases are lost"),
    ("text", lambda baskets, generator: [str(row) for row in by_randperm(baskets, generator)], "can't be read"),
    ("no return", lambda baskets, generator: random.shuffle(baskets), "return"),
]  # fmt: skip
