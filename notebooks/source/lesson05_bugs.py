"""The cases of lesson 05: for each a suspect, which holds a real defect, and the same code sound; and their controls.

The lesson must run without a clone (on Colab the package is installed alone), and the library must hold no defects. So
they stand here, beside the lesson's source, and the build copies them into the notebook: a line ``from lesson05_bugs
import suspect_3`` becomes the code of `suspect_3`, and ``import suspect_3 as mine_3`` the same under another name, for
the learner to mend. Names tell nothing of the defects, and neither do the comments.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from lesson05_bag import Case, trained
from torch.optim.lr_scheduler import CosineAnnealingLR, CosineAnnealingWarmRestarts

import mtsgns_lite as mt
from mtsgns_lite.data.samples import Noise
from mtsgns_lite.models.traits import TraitMixture

# -- 0 ---------------------------------------------------------------------------------------------------------------


def suspect_0(price, edges=(10, 25, 50, 100)):
    """The number of a price's band: 0 for the cheapest, 4 for the dearest."""
    if price < edges[0]:
        return 0
    for band, (low, high) in enumerate(zip(edges, edges[1:]), start=1):
        if low < price < high:
            return band
    return len(edges)


def sound_0(price, edges=(10, 25, 50, 100)):
    """The number of a price's band: 0 for the cheapest, 4 for the dearest."""
    if price < edges[0]:
        return 0
    for band, (low, high) in enumerate(zip(edges, edges[1:]), start=1):
        if low <= price < high:
            return band
    return len(edges)


case_0 = Case(
    0, "a", suspect_0, sound_0, 0, 0,
    "A price on an edge is neither above it nor below, falls through every band, and lands in the last one. "
    "Say to which side an edge belongs.",
    "the preparation of product data",
)  # fmt: skip


def control_0(band):
    """Prices that rise a cent at a time: how often does the band fall?"""
    bands = np.array([band(cents / 100) for cents in range(1, 12_001)])
    return (np.diff(bands) < 0).sum()


# -- 1 ---------------------------------------------------------------------------------------------------------------


def suspect_1(ranks, k=10):
    """NDCG@k, each list having one right item, at the given rank (from 1)."""
    total = 0.0
    for rank in ranks:
        hits = [place for place in range(1, k + 1) if place == rank]
        total += sum(1 / math.log2(1 + place) for place, _ in enumerate(hits, start=1))
    return total / len(ranks)


def sound_1(ranks, k=10):
    """NDCG@k, each list having one right item, at the given rank (from 1)."""
    total = 0.0
    for rank in ranks:
        hits = [place for place in range(1, k + 1) if place == rank]
        total += sum(1 / math.log2(1 + place) for place in hits)
    return total / len(ranks)


case_1 = Case(
    1, "c", suspect_1, sound_1, 0.28, 0.3,
    "The discount numbers the hits, not the places of the list, so that the one hit counts in full wherever it is. "
    "What is left is the hit rate under another name.",
    "evaluation scripts",
)  # fmt: skip


def control_1(ndcg):
    """Every right item at the end of its list, against every right item at its top."""
    return ndcg([10] * 20) / ndcg([1] * 20)


# -- 2 ---------------------------------------------------------------------------------------------------------------


def suspect_2(walk, window=2):
    """(target, context) for any two places of a walk that lie at most `window` apart."""
    pairs = []
    for place, target in enumerate(walk):
        for other in range(place - window, place + window + 1):
            if 0 < other < len(walk) and other != place:
                pairs.append((target, walk[other]))
    return pairs


def sound_2(walk, window=2):
    """(target, context) for any two places of a walk that lie at most `window` apart."""
    pairs = []
    for place, target in enumerate(walk):
        for other in range(place - window, place + window + 1):
            if 0 <= other < len(walk) and other != place:
                pairs.append((target, walk[other]))
    return pairs


case_2 = Case(
    2, "k", suspect_2, sound_2, 1, 1,
    "The test was meant to keep places before the walk out, and keeps the first place out as well.",
    "skip-gram on walks",
)  # fmt: skip


def control_2(pairs_of):
    """Of all pairs (a, b) in a walk of ten, the fraction that is there as (b, a) too."""
    pairs = pairs_of([*"abcdefghij"])
    return np.mean([(b, a) in pairs for a, b in pairs]) if pairs else math.nan


# -- 3 ---------------------------------------------------------------------------------------------------------------


def suspect_3(model, item):
    """(items,) how alike the item is to every other: the cosine of their vectors."""
    vectors = model.target.weight
    unit = F.normalize(vectors, dim=1)
    return unit @ unit[item]


def sound_3(model, item):
    """(items,) how alike the item is to every other: the cosine of their vectors."""
    vectors = model.embeddings()
    unit = F.normalize(vectors, dim=1)
    return unit @ unit[item]


case_3 = Case(
    3, "n", suspect_3, sound_3, 0, 0.001,
    "The raw table has a row for every item, trained or not. Ask the model for its vectors: it knows what it has seen, "
    "and has none for the others.",
    "evaluations on product graphs",
)  # fmt: skip


def control_3(likeness):
    """Two models that differ in their seed: how far apart are they on an item nobody bought?"""
    split = mt.split(mt.load("planted", items=300, baskets=2_000), seed=0)
    fresh = [mt.SGNS(split.catalogue, dim=16, seed=seed) for seed in (0, 1)]
    models = [trained(model, split, seed=seed) for seed, model in enumerate(fresh)]
    never, often = int(np.flatnonzero(split.cold)[0]), int(split.counts.argmax())
    if not likeness(models[0], often).abs().sum() > 1:
        return math.nan  # of an item that was bought often it must say something
    one, other = (likeness(model, never) for model in models)
    return (one - other).abs().mean()


# -- 4 ---------------------------------------------------------------------------------------------------------------


def suspect_4(optimiser, step, epochs, steps):
    """Train, and pause after each epoch. The rate falls by a cosine, anew in every epoch."""
    for _ in range(epochs):
        schedule = CosineAnnealingLR(optimiser, T_max=steps)
        for _ in range(steps):
            step()
            schedule.step()
        yield


def sound_4(optimiser, step, epochs, steps):
    """Train, and pause after each epoch. The rate falls by a cosine, anew in every epoch."""
    schedule = CosineAnnealingWarmRestarts(optimiser, T_0=steps)
    for _ in range(epochs):
        for _ in range(steps):
            step()
            schedule.step()
        yield


case_4 = Case(
    4, "d", suspect_4, sound_4, 0.05, 1,
    "This schedule computes each rate from the one before. The first ends at nought, the next one starts from there, "
    "and nought stays nought. Make one schedule, before the loop, of the kind that knows how to restart.",
    "training scripts",
)  # fmt: skip


def control_4(training):
    """How far do the parameters go in the second epoch, as a part of that in the first?"""
    goal, place = torch.linspace(-1, 1, 20), torch.zeros(20, requires_grad=True)
    optimiser = torch.optim.SGD([place], lr=0.02)

    def step():
        optimiser.zero_grad()
        (place - goal).square().sum().backward()
        optimiser.step()

    stops = [place.detach().clone() for _ in training(optimiser, step, 2, 20)]
    return (stops[1] - stops[0]).norm() / stops[0].norm()


# -- 5 ---------------------------------------------------------------------------------------------------------------


def suspect_5(name, column):
    """A trait from a column of texts, where None stands for what nobody wrote down."""
    texts = [str(value) for value in column]
    values = ["unknown", *sorted({*texts})]
    return mt.Trait(name, tuple(values), np.array([[values.index(text)] for text in texts]))


def sound_5(name, column):
    """A trait from a column of texts, where None stands for what nobody wrote down."""
    texts = ["unknown" if value is None else str(value) for value in column]
    values = ["unknown", *sorted({*texts} - {"unknown"})]
    return mt.Trait(name, tuple(values), np.array([[values.index(text)] for text in texts]))


case_5 = Case(
    5, "g", suspect_5, sound_5, 0, 0.001,
    "str(None) is a text like any other, so it becomes a value with a row of its own, which pulls together all "
    "items of which nothing is known. Code 0 is left for them, and the model leaves it out.",
    "models with side information",
)  # fmt: skip


def control_5(trait_of):
    """Twenty items that nobody bought, and of which nothing is known: how alike are they?"""
    column, baskets = half_hidden(new=20)
    catalogue = mt.Catalogue(range(300), traits=[trait_of("A", column)])
    split = mt.split(mt.Dataset("half hidden", catalogue, baskets), cold_items=0)
    model = trained(mt.MultiTraitSGNS(catalogue, dim=16), split)
    new = F.normalize(model.embeddings()[:20], dim=1)
    return (new @ new.T).fill_diagonal_(0).sum() / (20 * 19)


def half_hidden(new=0):
    """A planted shop's trait, hidden for half of the items by coin, and its baskets without the first `new` items."""
    shop = mt.load("planted", items=300, baskets=2_000, traits={"A": 0.6}, missing=0)
    hidden = np.random.default_rng(0).random(300) < 0.5
    hidden[:new] = True
    texts = map(shop.catalogue.traits["A"].text, range(300))
    return [None if gone else text for gone, text in zip(hidden, texts)], shop.baskets.keep(shop.baskets.values >= new)


# -- 6 ---------------------------------------------------------------------------------------------------------------


def suspect_6(model):
    """(items, d) the vectors of a trained trait model, for its evaluation."""
    traits = model.catalogue.traits.values()
    tables = model.target.values.weight.split([len(trait.values) for trait in traits])
    rows = [table[trait.codes[:, 0]] for trait, table in zip(traits, tables)]
    rows = torch.stack([model.target.items.weight, *rows], dim=1)  # (items, sources, d)
    return rows.mean(dim=1)


def sound_6(model):
    """(items, d) the vectors of a trained trait model, for its evaluation."""
    traits = model.catalogue.traits.values()
    tables = model.target.values.weight.split([len(trait.values) for trait in traits])
    rows = [table[trait.codes[:, 0]] for trait, table in zip(traits, tables)]
    rows = torch.stack([model.target.items.weight, *rows], dim=1)  # (items, sources, d)
    weights = model.target.logits.weight.softmax(dim=1)  # (1, sources)
    return (weights[:, :, None] * rows).sum(dim=1)


case_6 = Case(
    6, "f", suspect_6, sound_6, 0.1, 10,
    "The weights were learned, and then the evaluation took the plain mean: it judged a model that nobody trained.",
    "models with learned trait weights",
)  # fmt: skip


def control_6(vectors):
    """Turn the learned weights round, the heaviest to be the lightest. How far do the vectors move?"""
    shop = mt.load("planted", items=300, baskets=2_000, missing=0)
    split = mt.split(shop, cold_items=0)
    model = trained(mt.MultiTraitSGNS(shop.catalogue, dim=16), split)
    with torch.no_grad():
        before = vectors(model)
        model.target.logits.weight.neg_()
        return (vectors(model) - before).norm() / before.norm()


# -- 7 ---------------------------------------------------------------------------------------------------------------


def weighed_by(mixture, catalogue, dim=16):
    """A model with trait weights of each item's own, which go through `mixture`."""
    model = mt.MultiTraitSGNS(catalogue, dim=dim, weights="item")
    model.target.__class__ = mixture  # the same tables, asked in another way
    return model


class Suspect7(TraitMixture):
    """(U, sources) the weights of each item's sources; an unknown source gets none."""

    def weights(self, items, own=True, learned=True):
        logits = self.logits(items).masked_fill(~self.known(items, own), -torch.inf)
        return logits.softmax(dim=0).nan_to_num(0.0)


class Sound7(TraitMixture):
    """(U, sources) the weights of each item's sources; an unknown source gets none."""

    def weights(self, items, own=True, learned=True):
        logits = self.logits(items).masked_fill(~self.known(items, own), -torch.inf)
        return logits.softmax(dim=1).nan_to_num(0.0)


case_7 = Case(
    7, "e", Suspect7, Sound7, 0, 0.001,
    "The sources of one item should share its weight; here the items of a batch share it, for each source. So an item "
    "depends on its company, and shrinks as the batch grows.",
    "models with trait weights, and with several interests per user",
)  # fmt: skip


@torch.no_grad()
def control_7(mixture):
    """Each item's vector in a batch of all items, and in a batch of one: how far apart?"""
    catalogue = mt.load("planted", items=50, baskets=300).catalogue
    side = weighed_by(mixture, catalogue).target
    side.values.weight.normal_(generator=torch.Generator().manual_seed(0))
    items = torch.arange(50)
    together, alone = side(items), torch.cat([side(item) for item in items.split(1)])
    return (together - alone).norm() / alone.norm()


# -- 8 ---------------------------------------------------------------------------------------------------------------


class Suspect8(Noise):
    """Negatives in proportion to count ^ 0.75."""

    def __init__(self, counts, slots=500):
        share = counts**0.75 / (counts**0.75).sum()
        self.table = torch.repeat_interleave(torch.arange(len(counts)), (slots * share).long())

    def draw(self, shape, generator):
        return self.table[torch.randint(len(self.table), shape, generator=generator)]


class Sound8(Noise):
    """Negatives in proportion to count ^ 0.75."""

    def __init__(self, counts):
        self.share = counts**0.75 / (counts**0.75).sum()

    def draw(self, shape, generator):
        draws = torch.multinomial(self.share, math.prod(shape), replacement=True, generator=generator)
        return draws.view(shape)


case_8 = Case(
    8, "m", Suspect8, Sound8, 0, 0,
    "An item whose share is less than one slot of the table gets none. It is never pushed away, only pulled, and ends "
    "up in everybody's list.",
    "skip-gram with a table of negatives",
)  # fmt: skip


def control_8(noise):
    """In a hundred thousand draws, how many of three hundred items do not come once?"""
    counts = 1_000 / torch.arange(1, 301)
    drawn = noise(counts).draw((100_000,), torch.Generator().manual_seed(0))
    return 300 - len(drawn.unique())


# -- 9 ---------------------------------------------------------------------------------------------------------------


class Suspect9(mt.SGNS):
    """Skip-gram: one target and one context vector per item."""

    def side(self, items):
        """(..., d) the context vectors of items."""
        return self.target(items)

    def loss(self, batch):
        target = self.target(batch.items)
        context, noise = self.side(batch.items), self.side(batch.noise)
        return mt.sgns_loss(target, context, noise, batch.pairs(), batch.negatives)


class Sound9(mt.SGNS):
    """Skip-gram: one target and one context vector per item."""

    def side(self, items):
        """(..., d) the context vectors of items."""
        return self.context(items)

    def loss(self, batch):
        target = self.target(batch.items)
        context, noise = self.side(batch.items), self.side(batch.noise)
        return mt.sgns_loss(target, context, noise, batch.pairs(), batch.negatives)


case_9 = Case(
    9, "i", Suspect9, Sound9, 0, 0.05,
    "With one table an item's score with itself is a square, and no score grows more easily. What is bought together "
    "with an item and what is like it become one thing.",
    "skip-gram in public repositories",
)  # fmt: skip


@torch.no_grad()
def control_9(kind):
    """Baskets of one item from the left shelf and one from the right: how often is the best partner on one's own?"""
    rng = np.random.default_rng(0)
    theme, left, right = (rng.integers(high, size=3_000) for high in (8, 5, 5))
    baskets = np.stack([5 * theme + left, 40 + 5 * theme + right], axis=1)  # 8 themes on both shelves
    shop = mt.Dataset("two shelves", mt.Catalogue(range(80)), mt.Ragged.from_rows(baskets))
    with torch.enable_grad():
        model = trained(kind(shop.catalogue, dim=16), mt.split(shop, cold_items=0), epochs=2)
    every = torch.arange(80)
    best = (model.target(every) @ model.side(every).T).argmax(dim=1)
    return ((best < 40) == (every < 40)).float().mean()


# -- 10 --------------------------------------------------------------------------------------------------------------


class Suspect10(mt.MultiTraitSGNS):
    """Skip-gram with traits on both sides, pair by pair."""

    def loss(self, batch):
        row, one, two = batch.pairs().nonzero(as_tuple=True)
        centre, other = batch.items[row, one], batch.items[row, two]
        target, negative = self.target(centre), self.context(batch.noise.ravel())
        own, traits = self.context.items(other), self.context.whole_and_traits(centre)[1]
        positive = F.softplus(-(target * (own + traits)).sum(dim=1)).mean()
        return positive + batch.negatives * F.softplus(target @ negative.T).mean()


class Sound10(mt.MultiTraitSGNS):
    """Skip-gram with traits on both sides, pair by pair."""

    def loss(self, batch):
        row, one, two = batch.pairs().nonzero(as_tuple=True)
        centre, other = batch.items[row, one], batch.items[row, two]
        target, negative = self.target(centre), self.context(batch.noise.ravel())
        own, traits = self.context.items(other), self.context.whole_and_traits(other)[1]
        positive = F.softplus(-(target * (own + traits)).sum(dim=1)).mean()
        return positive + batch.negatives * F.softplus(target @ negative.T).mean()


case_10 = Case(
    10, "b", Suspect10, Sound10, 0.9, 1.1,
    "The context was given the traits of the centre. In a true pair both sides then show the same traits, in a false "
    "one they do not: the model compares the two, and needs no baskets to tell which is which.",
    "models with traits on both sides",
)  # fmt: skip


def control_10(kind):
    """Baskets filled by lot: the loss after training, as a part of what knowing nothing costs."""
    rng = np.random.default_rng(0)
    rows = [rng.choice(200, size=4, replace=False) for _ in range(3_000)]
    catalogue = mt.Catalogue(range(200)).with_trait("code", range(200))
    catalogue = catalogue.with_trait("twin", np.arange(200) // 2)
    shop = mt.Dataset("by lot", catalogue, mt.Ragged.from_rows(rows))
    model = kind(catalogue, dim=8, weights="uniform", context_traits=True, trait_rate=0.1)
    history = mt.fit(model, mt.split(shop, cold_items=0).train, device="cpu", progress=False)
    nothing = math.log(6) + 5 * math.log(6 / 5)  # one true pair among six
    return history.loss[-1][1] / nothing
