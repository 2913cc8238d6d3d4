# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---
# %% [raw]
# # ASSIGNMENT CONFIG
# name: 2_side_information
# init_cell: true
# export_cell:
#   pdf: false
#   run_tests: true
#   instructions: Save the notebook first. Then run this cell; it makes the zip that you hand in.
# generate: {print_summary: false}
# tests: {files: false, ok_format: false}
# show_question_points: true

# %% [markdown]
# # Assignment 2 · Side information: traits of your own
#
# A shop that knows little of its items: who makes them, and what they are called. You build the vector of an item
# that nobody has bought, make a trait of your own out of the names, and find out whether it is worth having: on the
# course's groceries, or on a file of your own.
#
# - **Before:** lesson 03, side information. **Time:** about three hours, one minute of them computing.
# - **Points:** 40 in all. Seven questions (30 points) are graded by tests. Some tests you see: `grader.check("q1")`
#   runs them, and says what is wrong. The others are run when you have handed in, on data that are not in this
#   notebook, so an answer that only fits the examples gets few of its points. The last question (10 points) is read
#   by a person; what each point is for stands there.
# - **Hand in** the zip that the last cell makes, or this notebook.
# - Write your code where the dots `...` are, leave the names of the functions as they are, and add cells as you like.
#   Cells that need an answer wait for it, so Run All works at any time. Whether you may work together, your
#   instructor says.
#
# If the very first cell says that `otter` is missing: run `%pip install -q otter-grader`, and then that cell again.

# %%
import copy
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from IPython.display import display
from scipy.cluster.vq import kmeans2

import mtsgns_lite as mt
from mtsgns_lite import lesson

# %% [markdown]
# `FILE` is for data of your own: a CSV or Excel table of baskets, or `"amazon:Video_Games"` once you have run `python
# -m mtsgns_lite data get amazon --category Video_Games`. Where the file is not found, as when you are graded, the
# notebook takes the course's groceries, and says so; your functions are asked on other data anyhow.

# %% tags=["parameters"]
SMOKE = False  # True: a small generated shop, and everything in seconds
FILE = ""  # such as "my_orders.csv" or "amazon:Video_Games"
COLUMNS = {}  # of your file, if not recognised: {"basket": "order", "item": "sku", "name": "title"}
KEEP = ["brand", "manufacturer_id"]  # the traits to start with, where the shop has them; else all it has
ITEMS, BASKETS = 2_000, 40_000  # the most bought items, in the last baskets: more of them take longer
EPOCHS, SEEDS = 1, 3

# %% [markdown]
# A generated shop as well: what is bought together there depends on the first word of an item's name (and on traits
# B, C and D as in lesson 03). You can always ask it what a trait that is worth having would do.

# %%
WORDS = "almond barley candle date egg flour ginger honey icing jam kale lentil milk noodle oat"
WORDS += " pea quinoa rice soap tea udon vinegar walnut yeast butter cocoa fig grape herb olive"


def talking_shop(items, baskets, seed):
    """A planted shop whose names say the trait A, which is not in its catalogue.

    Such as `LENTIL RED, 12 OZ`; UNNAMED where A is unknown.
    """
    shop, rng = mt.load("planted", items=items, baskets=baskets, seed=seed), np.random.default_rng(seed)
    known = shop.catalogue.traits["A"]
    names = ["UNNAMED"] * len(shop.catalogue)
    for item in np.flatnonzero(known.known):
        kind = WORDS.split()[int(known.text(item)[1:])]
        names[item] = f"{kind} {rng.choice(['fine', 'red', 'large'])}, {rng.integers(4, 40)} oz".upper()
    others = [shop.catalogue.traits[name] for name in "BCD"]
    return replace(shop, catalogue=mt.Catalogue(shop.catalogue.ids, names, others), main_trait=None)


# %%
def opened(file):
    """The data set of FILE; where there is no such file the groceries, or with SMOKE the generated shop."""
    amazon = file.startswith("amazon:")
    if amazon or Path(file).is_file():
        try:
            table = pd.read_excel(file, engine="openpyxl") if file.endswith(".xlsx") else file
            found = mt.load(table, traits=None if amazon else "auto", **COLUMNS)
            return lesson.with_traits(found.as_baskets())
        except FileNotFoundError as error:
            print(error)
    if file:
        print(f"{file} is not here, so this runs on the course's own data.")
    return talking_shop(400, 4_000, seed=0) if SMOKE else mt.load("groceries")


def cut(shop):
    """Its most bought items (a catalogue lists them first) and last baskets, with the traits in KEEP.

    None of them there: all, less the words of the names, which are left to you.
    """
    items = min(ITEMS, len(shop.catalogue))
    parts = {"catalogue": shop.catalogue.take(np.arange(items)), "users": None, "main_trait": None}
    there = list(parts["catalogue"].traits)
    kept = [name for name in there if name in KEEP] or [name for name in there if name != "words"] or there
    parts["catalogue"] = parts["catalogue"].select(*kept)
    if shop.baskets is not None:
        last = shop.baskets.take(np.arange(max(0, len(shop.baskets) - BASKETS), len(shop.baskets)))
        parts["baskets"] = last.keep(last.values < items)
    if shop.edges is not None:
        ends = shop.edges
        inside = (ends.source < items) & (ends.target < items)
        parts["edges"] = type(ends)(ends.source[inside], ends.target[inside], ends.weight[inside])
    return replace(shop, **parts)


shop = cut(opened(FILE))
shop

# %% [markdown]
# The split of lesson 03: a tenth of the items is *cold*, so nothing that is trained on tells of them. All models
# below are trained and asked by these two functions, on the target vectors and by the degree-matched AUC.


# %%
def fitted(catalogue, split, seed):
    """A trait model of this catalogue, trained on the split."""
    model = mt.MultiTraitSGNS(catalogue, seed=seed)
    mt.fit(model, split.train, epochs=EPOCHS, seed=seed, progress=False, device="cpu")
    return model


def asked(model, split):
    """{"seen": AUC of pairs of trained items, "cold": AUC of pairs with one cold item}, degree-matched."""
    found = mt.evaluate(model, split, baselines=False)[0].auc["degree"]
    return {region: found[region] for region in ("seen", "cold")}


def waits(*answers):
    """Is one of the answers that a cell needs still missing? Then a line says so."""
    missing = any(answer is None or answer is ... for answer in answers)
    if missing:
        print("This cell waits for an answer above.")
    return missing


# %%
split = mt.split(shop, cold_items=0.1, hold_out=0.2, seed=0)
pairs = split.pairs
strangers = np.tile(pairs, (20, 1))
strangers[:, 1] = np.random.default_rng(0).permutation(strangers[:, 1])
split

# %% [raw]
# # BEGIN QUESTION
# name: q1
# points: 3

# %% [markdown]
# ## 1 · Before any model: coverage and lift
#
# A trait's codes are a table: an item a row, as many columns as an item may have values, 0 for unknown and for places
# left over. Two numbers say what to expect of a trait. Its **coverage** is the fraction of items with a value. Its
# **lift** says how many times as often the two items of a pair are alike as two strangers are. Two items are alike if
# they share a value; a pair counts only if something is known of both its items.

# %% [raw]
# # BEGIN SOLUTION


# %%
def coverage(codes):
    """The fraction of items with at least one value, a number.

    codes : (items, m) integers, 0 if unknown.
    """
    # BEGIN SOLUTION
    return float((codes > 0).any(axis=1).mean())
    # END SOLUTION


def lift(codes, pairs, strangers):
    """The share of alike ones among the pairs, divided by that among the strangers, a number.

    codes : (items, m) integers, 0 if unknown.
    pairs, strangers : (P, 2) and (Q, 2) item numbers.
    """

    # BEGIN SOLUTION
    def share_alike(rows):
        one, other = codes[rows[:, 0]], codes[rows[:, 1]]
        both = (one > 0).any(axis=1) & (other > 0).any(axis=1)
        same = (one[:, :, None] == other[:, None, :]) & (one[:, :, None] > 0)
        return same.any(axis=(1, 2))[both].mean()

    return float(share_alike(pairs) / share_alike(strangers))
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
"""  # END TEST CONFIG


def test_one_value_each(coverage, lift):
    import numpy as np

    codes = np.array([[1], [1], [2], [0], [2], [3]])
    together, apart = np.array([[0, 1], [2, 4], [0, 2], [4, 5]]), np.array([[0, 1], [0, 2], [1, 4], [2, 5]])
    got = coverage(codes), coverage(codes[:4])
    assert None not in got, "coverage() gives back nothing"
    assert abs(got[0] - 5 / 6) < 1e-6, f"five of six items have a value, coverage() says {got[0]}"
    assert abs(got[1] - 3 / 4) < 1e-6, f"three of four items have a value, coverage() says {got[1]}"
    got = lift(codes, together, apart), lift(codes, apart, together)
    assert None not in got, "lift() gives back nothing"
    assert abs(got[0] - 2) < 1e-6, f"half the pairs are alike, a quarter of the strangers: 2, not {got[0]}"
    assert abs(got[1] - 0.5) < 1e-6, f"a quarter of the pairs are alike, half the strangers: 0.5, not {got[1]}"


# %%
""" # BEGIN TEST CONFIG
hidden: true
points: 1
"""  # END TEST CONFIG


def test_pairs_of_which_one_is_unknown_do_not_count(lift):
    # for answers that take 0 for a value, or count such pairs as different
    import numpy as np

    rng = np.random.default_rng()
    codes = rng.integers(0, 4, (60, 1))
    pairs, strangers = rng.integers(0, 60, (300, 2)), rng.integers(0, 60, (400, 2))
    pairs[::3, 1] = pairs[::3, 0]

    def share(rows):
        known = [(codes[a, 0], codes[b, 0]) for a, b in rows if codes[a, 0] and codes[b, 0]]
        return sum(a == b for a, b in known) / len(known)

    got, due = lift(codes, pairs, strangers), share(pairs) / share(strangers)
    assert abs(got - due) < 1e-6, f"with unknown items the lift is {due:.4f}, not {got}"


# %%
""" # BEGIN TEST CONFIG
hidden: true
points: 1
"""  # END TEST CONFIG


def test_several_values_each(coverage, lift):
    # for answers that look at the first column only, count cells instead of items, or find places left over alike
    import numpy as np

    rng = np.random.default_rng()
    codes = rng.integers(0, 9, (50, 4)) * (rng.random((50, 4)) < 0.5) * (rng.random((50, 1)) < 0.8)
    values = [{int(code) for code in row if code} for row in codes]
    pairs, strangers = rng.integers(0, 50, (200, 2)), rng.integers(0, 50, (300, 2))

    def share(rows):
        known = [(values[a], values[b]) for a, b in rows if values[a] and values[b]]
        return sum(bool(a & b) for a, b in known) / len(known)

    got, due = coverage(codes), sum(map(bool, values)) / 50
    assert abs(got - due) < 1e-6, f"coverage with several values is {due:.4f}, not {got}"
    got, due = lift(codes, pairs, strangers), share(pairs) / share(strangers)
    assert abs(got - due) < 1e-6, f"lift with several values is {due:.4f}, not {got}"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION


# %% [markdown]
# What the shop knows of its items, measured by your functions. Which trait would you lean on?


# %%
def described(catalogue):
    """A row for each trait: how many values, coverage, lift; None while these wait for an answer."""
    rows = {}
    for name, trait in catalogue.traits.items():
        found = coverage(trait.codes), lift(trait.codes, pairs, strangers)
        if None in found:
            return None
        rows[name] = {"values": len(trait.values) - 1, "coverage": found[0], "lift": found[1]}
    return pd.DataFrame(rows).T.round(3)


table = described(shop.catalogue)
if not waits(table):
    display(table)

# %% [raw]
# # BEGIN QUESTION
# name: q2
# points: 4

# %% [markdown]
# ## 2 · The mixture
#
# An item's vector is the sum of what its sources say: its own row, source 0, and a row for each trait,
#
# $$H_v = m_v \sum_s \mathrm{softmax}(a)_s \, W^s_v,$$
#
# the softmax over the known sources only, $m_v$ of them. Logits may be large, in the hundreds: their exponentials are
# not numbers any more. A row of a source that is not known holds numbers that mean nothing. Training needs the
# gradient.

# %% [raw]
# # BEGIN SOLUTION


# %%
def trait_embedding(rows, known, logits):
    """The vectors of U items, (U, d).

    rows : (U, s, d), what each source says of each item; source 0 is the item's own row.
    known : (U, s) booleans; the own row is always known.
    logits : (s,)
    """
    # BEGIN SOLUTION
    weights = logits.masked_fill(~known, -torch.inf).softmax(dim=1)
    return (known.sum(dim=1, keepdim=True) * weights)[:, :, None].mul(rows).sum(dim=1)
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
"""  # END TEST CONFIG


def test_all_known(trait_embedding):
    import torch

    rows, known = torch.tensor([[[1.0, 0.0], [0.0, 4.0]], [[2.0, 2.0], [4.0, 0.0]]]), torch.ones(2, 2).bool()
    rows = rows * (1.5 + torch.rand(2, 1, 1))
    got = trait_embedding(rows, known, torch.tensor([1.0, 3.0]).log())
    assert isinstance(got, torch.Tensor), "it has to give back a tensor"
    assert got.shape == (2, 2), f"two items in two dimensions: (2, 2), not {tuple(got.shape)}"
    due = 0.5 * rows[:, 0] + 1.5 * rows[:, 1]
    assert got.allclose(due, atol=1e-4), f"two sources, weights 1/4 and 3/4: {due.tolist()}, not {got.tolist()}"


# %%
""" # BEGIN TEST CONFIG
points: 1
"""  # END TEST CONFIG


def test_check(trait_embedding):
    import mtsgns_lite as mt

    verdict = mt.check.trait_embedding(trait_embedding)
    assert verdict, verdict


# %%
""" # BEGIN TEST CONFIG
hidden: true
points: 1
"""  # END TEST CONFIG


def test_large_logits(trait_embedding):
    # for answers that take exponentials by hand: they are infinite, or all zero, and so is what is made of them
    import torch

    rows, logits = torch.randn(30, 4, 5), 40 * torch.randn(4)
    known = torch.rand(30, 4) < 0.6
    known[:, 0] = True
    for shift in (0.0, 500.0, -500.0):
        power = logits.double().expand(30, 4).masked_fill(~known, -torch.inf)
        power = (power - power.max(dim=1, keepdim=True).values).exp()
        due = known.sum(1, keepdim=True) * torch.einsum("us,usd->ud", power / power.sum(1, keepdim=True), rows.double())
        got = trait_embedding(rows, known, logits + shift)
        assert got.double().allclose(due, atol=1e-3), f"wrong for logits around {shift:.0f}"


# %%
""" # BEGIN TEST CONFIG
hidden: true
points: 1
"""  # END TEST CONFIG


def test_as_the_library(trait_embedding):
    # for answers that are right on small inputs only: the model of a shop of its own, whose rows are drawn anew
    import torch

    import mtsgns_lite as mt

    shop = mt.load("planted", items=300, baskets=50, seed=23, missing=0.3)
    model, items = mt.MultiTraitSGNS(shop.catalogue, dim=12), torch.arange(300)
    for table in (model.target.items, model.target.values, model.target.logits):
        torch.nn.init.normal_(table.weight)
    traits = [torch.from_numpy(trait.codes[:, 0]) for trait in shop.catalogue.traits.values()]
    tables = model.target.values.weight.split([len(trait.values) for trait in shop.catalogue.traits.values()])
    rows = torch.stack([model.target.items.weight, *(t[c] for t, c in zip(tables, traits))], dim=1).detach()
    known = torch.stack([torch.ones(300), *traits], dim=1) > 0
    with torch.no_grad():
        got, due = trait_embedding(rows, known, model.target.logits.weight[0]), model.target(items)
    assert got.allclose(due, atol=1e-4), "the library's model makes other vectors of the same rows"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: q3
# points: 3

# %% [markdown]
# ## 3 · An item that nobody has bought
#
# Its own row was never trained: it may hold anything, and must not count. What is left are the traits, with weights
# that add up to one again. And if no trait is known of it? Then nothing can be said, and the vector is zero.

# %% [raw]
# # BEGIN SOLUTION


# %%
def cold_embedding(rows, known, logits):
    """The vectors of U items that were never seen, (U, d); zero where no trait is known.

    rows, known, logits : (U, s, d), (U, s), (s,) as in question 2.
    """
    # BEGIN SOLUTION
    there = known.clone()
    there[:, 0] = False
    weights = logits.masked_fill(~there, -torch.inf).softmax(dim=1).nan_to_num(0.0)
    return (there.sum(dim=1, keepdim=True) * weights)[:, :, None].mul(rows).sum(dim=1)
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
"""  # END TEST CONFIG


def test_items_with_traits(cold_embedding):
    import torch

    rows = torch.tensor([[[9.0, 9.0], [1.0, 0.0], [0.0, 4.0]], [[-7.0, 0.0], [2.0, 1.0], [8.0, 8.0]]])
    known = torch.tensor([[True, True, True], [True, True, False]])
    size = 1.5 + float(torch.rand(()))
    got = cold_embedding(size * rows, known, torch.tensor([2.0, 0.0, 0.0]))
    assert isinstance(got, torch.Tensor), "it has to give back a tensor"
    due = size * torch.tensor([[1.0, 4.0], [2.0, 1.0]])
    assert got.shape == due.shape, f"the shape should be {tuple(due.shape)}, not {tuple(got.shape)}"
    assert got.allclose(due, atol=1e-4), f"expected {due.tolist()}, not {got.tolist()}"


# %%
""" # BEGIN TEST CONFIG
points: 1
"""  # END TEST CONFIG


def test_check_cold(cold_embedding):
    import mtsgns_lite as mt

    verdict = mt.check.cold_embedding(cold_embedding)
    assert verdict, verdict


# %%
""" # BEGIN TEST CONFIG
hidden: true
points: 1
"""  # END TEST CONFIG


def test_cold_as_the_library(cold_embedding):
    # for answers that let a wild own row through, or leave NaN where nothing is known, among many items
    import torch

    import mtsgns_lite as mt

    shop = mt.load("planted", items=300, baskets=50, seed=29, missing=0.6)
    model = mt.MultiTraitSGNS(shop.catalogue, dim=12)
    for table in (model.target.values, model.target.logits):
        torch.nn.init.normal_(table.weight)
    traits = [torch.from_numpy(trait.codes[:, 0]) for trait in shop.catalogue.traits.values()]
    tables = model.target.values.weight.split([len(trait.values) for trait in shop.catalogue.traits.values()])
    rows = torch.stack([1e6 * torch.randn(300, 12), *(t[c] for t, c in zip(tables, traits))], dim=1).detach()
    known = torch.stack([torch.ones(300), *traits], dim=1) > 0
    assert not known[:, 1:].any(dim=1).all()
    with torch.no_grad():
        got = cold_embedding(rows, known, model.target.logits.weight[0])
    assert not got.isnan().any(), "some vectors are NaN"
    due = model.cold_embeddings(torch.arange(300))
    assert got.allclose(due, atol=1e-4), "the library gives cold items other vectors"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: q4
# points: 3

# %% [markdown]
# ## 4 · What carries the vectors
#
# How much of the differences between items does each source account for? With $c_s(v)$ what source $s$ adds to
# $H(v)$, and a bar for the mean over the items,
#
# $$\mathrm{share}_s = \frac{\sum_v (c_s(v) - \bar c_s) \cdot (H(v) - \bar H)}{\sum_v |H(v) - \bar H|^2}.$$

# %% [raw]
# # BEGIN SOLUTION


# %%
def contribution_share(parts):
    """The share of each source, (s,); they add up to 1.

    parts : (U, s, d), what each source adds to each item's vector.
    """
    # BEGIN SOLUTION
    apart = parts - parts.mean(dim=0)
    vector = apart.sum(dim=1)
    return torch.einsum("usd,ud->s", apart, vector) / vector.pow(2).sum()
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
"""  # END TEST CONFIG


def test_around_zero(contribution_share):
    import torch

    size = 1.5 + float(torch.rand(()))
    parts = torch.tensor([[[size, 0.0], [0.0, 1.0]], [[-size, 0.0], [0.0, -1.0]]])
    got = contribution_share(parts)
    assert isinstance(got, torch.Tensor), "it has to give back a tensor"
    due = torch.tensor([size**2, 1.0]) / (size**2 + 1)
    assert got.shape == due.shape, f"the shape should be {tuple(due.shape)}, not {tuple(got.shape)}"
    assert got.allclose(due, atol=1e-5), f"expected {due.tolist()}, not {got.tolist()}"


# %%
""" # BEGIN TEST CONFIG
points: 1
"""  # END TEST CONFIG


def test_check_share(contribution_share):
    import mtsgns_lite as mt

    verdict = mt.check.contribution_share(contribution_share)
    assert verdict, verdict


# %%
""" # BEGIN TEST CONFIG
hidden: true
points: 1
"""  # END TEST CONFIG


def test_share_of_a_trained_model(contribution_share):
    # for answers that measure lengths, or each part alone, and for constants: a model of a shop of its own
    import torch

    import mtsgns_lite as mt

    shop = mt.load("planted", items=300, baskets=1_500, seed=31)
    model = mt.MultiTraitSGNS(shop.catalogue, dim=16, seed=31)
    split = mt.split(shop, seed=31)
    mt.fit(model, split.train, seed=31, progress=False, device="cpu")
    parts = model.contributions(items=torch.nonzero(model.seen).ravel())
    got, due = contribution_share(parts), torch.tensor(mt.trait_weights(model).share)
    assert got.allclose(due, atol=1e-3), "a trained model's shares are others, as mt.trait_weights has them"
    got = contribution_share(parts + 10 * torch.randn(1, *parts.shape[1:]))
    assert got.allclose(due, atol=1e-2), "what a source says of every item alike must not change a share"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# A first model of the shop as it is, with weights and shares side by side.

# %%
model = fitted(shop.catalogue, split, seed=0)
learned = mt.trait_weights(model)
share = contribution_share(model.contributions(items=torch.nonzero(model.seen).ravel()))
if not waits(share):
    display(pd.DataFrame({"weight": learned.weight, "share": share.tolist()}, index=learned.sources).round(3))

# %% [raw]
# # BEGIN QUESTION
# name: q5
# points: 4

# %% [markdown]
# ## 5 · A weight can say anything
#
# Prove that a weight alone is no importance: change the weights at will, and leave every contribution as it was.
# `disguise` gives the chosen source the softmax weight that is asked for. The weights of the others keep their
# proportions to one another. In return the rows of each source are multiplied by one number, the same for all items,
# such that for an item of which all sources are known each contribution $m \, \mathrm{softmax}(a)_s W^s$ stays what
# it was. The tensors given in must not be changed.

# %% [raw]
# # BEGIN SOLUTION


# %%
def disguise(rows, logits, source, weight):
    """Two tensors: new rows (U, s, d), new logits (s,).

    rows, logits : (U, s, d), (s,) as in question 2.
    source, weight : the number of a source, and the softmax weight that it is to have, between 0 and 1.
    """
    # BEGIN SOLUTION
    old = logits.softmax(dim=0)
    new = old * (1 - weight) / (1 - old[source])
    new[source] = weight
    return rows * (old / new)[:, None], new.log()
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
"""  # END TEST CONFIG


def test_the_weight_is_as_asked(disguise):
    import torch

    for weight in (0.6, 0.2):
        answer = disguise(torch.ones(1, 3, 2), torch.tensor([0.5, 0.3, 0.2]).log(), 2, weight)
        assert isinstance(answer, tuple | list), "it has to give back two tensors: rows, logits"
        got = answer[1].softmax(dim=0)
        due = torch.tensor([(1 - weight) * 5 / 8, (1 - weight) * 3 / 8, weight])
        assert got.allclose(due, atol=1e-5), f"from weights 0.5, 0.3, 0.2: {due.tolist()}, not {got.tolist()}"


# %%
""" # BEGIN TEST CONFIG
points: 1
"""  # END TEST CONFIG


def test_the_vector_stays(disguise):
    import torch

    rows, logits = torch.randint(-3, 4, (1, 3, 2)).float(), torch.tensor([0.5, 0.3, 0.2]).log()
    answer = disguise(rows.clone(), logits.clone(), 2, 0.6)
    assert isinstance(answer, tuple | list), "it has to give back two tensors: rows, logits"
    assert not answer[1].softmax(dim=0).allclose(logits.softmax(dim=0)), "the weights are what they were"
    got = (answer[1].softmax(dim=0)[:, None] * answer[0][0]).sum(dim=0)
    due = (logits.softmax(dim=0)[:, None] * rows[0]).sum(dim=0)
    assert got.allclose(due, atol=1e-5), f"the mixture was {due.tolist()}, and is {got.tolist()}"


# %%
""" # BEGIN TEST CONFIG
hidden: true
points: 1
"""  # END TEST CONFIG


def test_each_contribution_stays(disguise):
    # for answers that know the example, put it all into one source, or write into what they are given
    import torch

    for sources in (2, 5):
        rows, logits, source = torch.randn(20, sources, 6), torch.randn(sources), int(torch.randint(sources, ()))
        before, a, weight = rows.clone(), logits.clone(), float(torch.rand(()) * 0.8 + 0.1)
        made, b = disguise(rows, logits, source, weight)
        assert rows.equal(before), "the rows that were given in are changed"
        assert logits.equal(a), "the logits that were given in are changed"
        old, new = a.softmax(dim=0), b.softmax(dim=0)
        assert abs(float(new[source]) - weight) < 1e-4, f"source {source} has weight {float(new[source]):.3f}"
        others = torch.arange(sources) != source
        assert (new / old)[others].std(correction=0) < 1e-3, "the others' weights lost their proportions"
        assert (new[:, None] * made).allclose(old[:, None] * before, atol=1e-4), "a contribution has changed"


# %%
""" # BEGIN TEST CONFIG
hidden: true
points: 1
"""  # END TEST CONFIG


def test_direction_with_unknown_traits(disguise):
    # for answers that work for the items in the table only: each source's rows are multiplied by one number, so that
    # an item of which something is unknown, or a cold one, keeps its direction
    import torch

    rows, logits = torch.randn(40, 4, 6), torch.randn(4)
    made, b = disguise(rows.clone(), logits.clone(), 1, 0.85)
    assert abs(float(b.softmax(dim=0)[1]) - 0.85) < 1e-4, "source 1 was to have a weight of 0.85"
    known = torch.rand(40, 4) < 0.6
    known[:, 3] = True
    directions = []
    for r, a in ((rows, logits), (made, b)):
        weights = a.masked_fill(~known, -torch.inf).softmax(dim=1)
        directions.append(torch.nn.functional.normalize((weights[:, :, None] * r).sum(dim=1), dim=1))
    assert directions[0].allclose(directions[1], atol=1e-3), "items with unknown traits point elsewhere now"
    factors = made / rows
    assert (factors - factors[:1, :, :1]).abs().max() < 1e-2, "a source's rows are multiplied by different numbers"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# Your disguise on the trained model: the trait with the smallest share gets nine tenths of the weight. The shares are
# those of items of which all traits are known; where one is unknown, a vector keeps its direction, not its length.
# What do the shares say now, and what the AUC?

# %%
everything = torch.from_numpy(np.all([trait.known for trait in shop.catalogue.traits.values()], axis=0))
complete = torch.nonzero(model.seen & everything).ravel()
least = 1 + int(np.argmin(learned.share[1:]))  # source 0 is the item itself
answer = disguise(torch.ones(1, len(learned.sources), 1), model.target.logits.weight[0].detach(), least, 0.9)
if not waits(answer, share):
    factor, disguised = answer[0].ravel(), copy.deepcopy(model)
    with torch.no_grad():
        disguised.target.logits.weight[0] = answer[1]
        disguised.target.items.weight.mul_(factor[0])
        values = torch.tensor([len(trait.values) for trait in shop.catalogue.traits.values()])
        disguised.target.values.weight.mul_(factor[1:].repeat_interleave(values)[:, None])
    found = pd.DataFrame(index=learned.sources)
    for name, one in {"as trained": model, "in disguise": disguised}.items():
        found[f"weight, {name}"] = mt.trait_weights(one).weight
        found[f"share, {name}"] = contribution_share(one.contributions(items=complete)).tolist()
        print(f"{name}: cold AUC {asked(one, split)['cold']:.3f}")
    display(found.round(3))

# %% [markdown]
# Some names of your shop, and some of the generated one.

# %%
generated = talking_shop(600, 8_000, seed=1)
for names in (shop.catalogue.names, generated.catalogue.names):
    print(*np.random.default_rng(1).choice(names, 10, replace=False), sep="\n", end="\n\n")

# %% [raw]
# # BEGIN QUESTION
# name: q6
# points: 7

# %% [markdown]
# ## 6 · A trait of your own
#
# What do the names say that the traits don't? Write `engineer`, which adds a trait that you make out of the names, or
# several. (What your own file has besides, in other traits, may come on top, where it is there.) These rules make it
# a trait:
#
# 1. every item keeps its place, name and old traits, value by value; what is new has a new name;
# 2. more than one value; at least half of the items have one, and a value is carried by three items or more on
#    average: the whole name is a second number for the item, not a trait;
# 3. same name, same values, whatever the place in the catalogue: that place says how often an item is bought, in the
#    baskets that are held out too. Nor does the order of the items matter;
# 4. upper or lower case and spaces in the name make no difference;
# 5. an item whose name says nothing, because it is empty, has no letters or is `UNNAMED`, is unknown;
# 6. it is worth something where it can be: a generated shop has names like those of `talking_shop`, other words in
#    the same places. Cold items must gain there at least half of what the telling word itself would give.
#
# Do it with `catalogue.with_trait(name, values)`, in which an item's value is a text, a list of texts, or None.
# `with_name_words` does not count: leave it as a yardstick for yours.

# %% [raw]
# # BEGIN SOLUTION


# %%
def engineer(catalogue):
    """A new catalogue: the same items and traits, and one or more traits made out of the names."""
    # BEGIN SOLUTION
    parts = [str(name).casefold().partition(",") for name in catalogue.names]
    said = [[] if before == "unnamed" else re.findall(r"[^\W\d_]{3,}", before) for before, _, _ in parts]
    said = [sorted({word.removesuffix("s") for word in words}) for words in said]
    times = Counter(word for words in said for word in words)
    return catalogue.with_trait("said", [[word for word in words if times[word] >= 4] for words in said])
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
"""  # END TEST CONFIG


def test_all_keeps_its_place(engineer, shop):
    from unittest import mock

    import numpy as np

    import mtsgns_lite as mt

    old = shop.catalogue
    with mock.patch.object(mt.Catalogue, "with_name_words", side_effect=AssertionError("with_name_words is taken")):
        made = engineer(old)
    assert isinstance(made, mt.Catalogue), f"it has to give back a Catalogue, not a {type(made).__name__}"
    assert list(made.ids) == list(old.ids), "items have moved"
    assert list(made.names) == list(old.names), "names have changed"
    for name, trait in old.traits.items():
        assert name in made.traits, f"the trait {name} is gone"
        now = made.traits[name]
        same = now.values == trait.values and np.array_equal(now.codes, trait.codes)
        assert same, f"the trait {name} is not what it was: give yours another name"
    assert len(made.traits) > len(old.traits), "no trait is new"


# %%
""" # BEGIN TEST CONFIG
points: 1
"""  # END TEST CONFIG


def test_it_is_a_trait(engineer, shop):
    import numpy as np

    made = engineer(shop.catalogue)
    assert made is not None, "it has to give back a Catalogue"
    new = [trait for name, trait in made.traits.items() if name not in shop.catalogue.traits]
    assert new, "no trait is new"
    covered = np.any([trait.known for trait in new], axis=0).mean()
    assert covered >= 0.5, f"only {covered:.0%} of the items have a value"
    for trait in new:
        carried = np.bincount(trait.codes.ravel(), minlength=2)[1:]
        assert (carried > 0).sum() > 1, f"{trait.name} has one value only"
        carried = carried[carried > 0].mean()
        assert carried >= 3, f"a value of {trait.name} is carried by {carried:.1f} items on average: 3 or more are due"
        of_name = {}
        for name, codes in zip(shop.catalogue.names, trait.codes):
            of_name.setdefault(name, set()).add(tuple(sorted(codes)))
        assert max(map(len, of_name.values())) == 1, f"items of the same name have different values of {trait.name}"


# %%
""" # BEGIN TEST CONFIG
hidden: true
points: 1
"""  # END TEST CONFIG


def test_the_order_of_items_does_not_matter(engineer):
    # for row numbers in disguise (bands of places, parity), and for counting from the first item on
    import numpy as np

    import mtsgns_lite as mt

    rng = np.random.default_rng()
    words = ["ROPE", "HOSE", "LAMP", "NAIL", "DRILL", "GLUE", "SAW", "TAPE", "BRUSH", "PAINT"]
    names = [f"{rng.choice(words)} {rng.choice(['LONG', 'SHORT'])}, {rng.integers(1, 9)} CT" for _ in range(200)]
    maker = mt.Trait.from_values("maker", rng.integers(0, 6, 200).tolist())
    catalogue, order = mt.Catalogue(range(200), names, [maker]), rng.permutation(200)

    def alike(made):
        new = [trait.codes for name, trait in made.traits.items() if name != "maker"]
        assert new, "no trait is new"
        assert all(len(np.unique(codes[codes > 0])) > 1 for codes in new), "a new trait has one value only"
        same = [((c[:, None, :, None] == c[None, :, None, :]) & (c[:, None, :, None] > 0)).any((2, 3)) for c in new]
        return np.stack(same)

    first, second = alike(engineer(catalogue)), alike(engineer(catalogue.take(order)))
    assert (first[:, order][:, :, order] == second).all(), "in another order of the items, other items are alike"


# %%
""" # BEGIN TEST CONFIG
hidden: true
points: 1
"""  # END TEST CONFIG


def test_same_text_same_value(engineer):
    # for case and spaces, and for the whole name as a value: each name stands here once, but for such differences
    import mtsgns_lite as mt

    words = ["rope", "hose", "lamp", "nail", "drill", "glue", "saw", "tape", "brush", "paint"]
    names = [f"{word} {look}, {size} OZ" for word in words for look in ("long", "short") for size in range(2, 10)]
    same = [name.upper() for name in names] + [name.replace(" ", "  ").title() + " " for name in names]
    made = engineer(mt.Catalogue(range(3 * len(names)), names + same, []))
    assert made.traits, "no trait is new"
    for trait in made.traits.values():
        rows = [tuple(sorted(codes)) for codes in trait.codes.tolist()]
        assert len(set(rows)) > 1, f"{trait.name} has one value only"
        assert len(set(rows)) < len(names) / 2, f"{trait.name} has a value for nearly each name"
        for place, name in enumerate(names):
            three = {rows[place + k * len(names)] for k in range(3)}
            assert len(three) == 1, f"{name!r} has another value of {trait.name} in upper case or with more spaces"


# %%
""" # BEGIN TEST CONFIG
hidden: true
points: 1
"""  # END TEST CONFIG


def test_what_is_not_said_is_unknown(engineer):
    # for answers that make a value of missing text, which would bring such items together
    import numpy as np

    import mtsgns_lite as mt

    words = ["rope", "hose", "lamp", "nail", "drill", "glue", "saw", "tape", "brush", "paint"]
    names = [f"{word} {look}, {size} OZ".upper() for word in words for look in ("long", "short") for size in (2, 4, 6)]
    silent = ["", "  ", "-", "1234", "UNNAMED"] * 6
    made = engineer(mt.Catalogue(range(len(names) + len(silent)), silent + names, []))
    assert made.traits, "no trait is new"
    for trait in made.traits.values():
        assert len(np.unique(trait.codes[trait.codes > 0])) > 1, f"{trait.name} has no two values"
        for name, known in zip(silent, trait.known):
            assert not known, f"an item called {name!r} has a value of {trait.name}"
    covered = np.any([trait.known for trait in made.traits.values()], axis=0)[len(silent) :].mean()
    assert covered > 0.5, f"only {covered:.0%} of the items whose names say something have a value"


# %%
""" # BEGIN TEST CONFIG
hidden: true
points: 2
"""  # END TEST CONFIG


def test_cold_items_gain(engineer):
    # for traits that keep all rules and say nothing (the name's length, its last letter, the size of the pack)
    import numpy as np

    import mtsgns_lite as mt

    shares = {"A": 0.6, "C": 0.1, "D": 0.1}
    shop = mt.load("planted", traits=shares, cardinalities={"A": 30}, items=500, baskets=8_000, strength=3.0, seed=42)
    rng = np.random.default_rng(41)
    telling, others = shop.catalogue.traits["A"], [shop.catalogue.traits[name] for name in "CD"]
    words = [
        f"{a}{b}" for a in ("BAL", "TOR", "MIN", "SEL", "KUR") for b in ("ADO", "ENA", "IGO", "OLU", "USKI", "YRE")
    ]
    said = [words[int(telling.text(i)[1:])] if telling.known[i] else "" for i in range(500)]
    names = [f"{w} {rng.choice(['OLD', 'NEW'])}, {rng.integers(4, 40)} OZ" if w else "UNNAMED" for w in said]
    before = mt.Catalogue(shop.catalogue.ids, names, others)
    split = mt.split(shop, seed=41, hold_out=0.2)

    def cold(catalogue):
        model = mt.MultiTraitSGNS(catalogue, seed=41)
        mt.fit(model, split.train, seed=41, progress=False, device="cpu")
        return mt.evaluate(model, split, baselines=False)[0].auc["degree"]["cold"]

    without, most = cold(before), cold(before.with_trait("telling", [word or None for word in said]))
    made = engineer(before)
    assert len(made.traits) > len(others), "no trait is new"
    gain = (cold(made) - without) / (most - without)
    assert gain > 0.5, f"cold items gain {gain:.0%} of what the telling word gives them"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# Your trait beside the old ones, before any model.

# %%
mine = engineer(shop.catalogue)
if not waits(mine, table):
    display(described(mine))
    for item in np.random.default_rng(0).choice(len(mine), 8, replace=False):
        told = mine.traits_of(item)
        print(mine.names[item], {name: told[name] for name in told if name not in shop.catalogue.traits})

# %% [raw]
# # BEGIN QUESTION
# name: q7
# points: 6

# %% [markdown]
# ## 7 · The experiment
#
# Four models that differ in their catalogue only: they stand on one split of the shop as it is, `mt.split(shop,
# cold_items=0.1, hold_out=0.2, seed=seed)`, and are trained and asked by `fitted` and `asked`, with the same `seed`.
#
# - `without`: the traits that the shop has; `with`: those that `engineer` makes of them;
# - `new shuffled`: all of them, but each new trait's column permuted over the items, so that it means nothing; the
#   old ones stay. It says what more parameters do, and chance;
# - `all shuffled`: the old ones permuted as well. Here cold items should be near a half.
#
# `catalogue.shuffle_traits(seed)` permutes the column of each trait, each in its own way.

# %% [raw]
# # BEGIN SOLUTION


# %%
def experiment(shop, engineer, seed=0):
    """A DataFrame of four rows, named and in the order as above; its columns are "seen" and "cold".

    shop : a data set, such as `shop` or `talking_shop(600, 8_000, seed=1)`.
    engineer : any function from a catalogue to one with more traits.
    """
    # BEGIN SOLUTION
    old, made = shop.catalogue, engineer(shop.catalogue)
    ruled = mt.split(shop, cold_items=0.1, hold_out=0.2, seed=seed)
    nonsense = made.shuffle_traits(seed)
    half = [old.traits.get(name, nonsense.traits[name]) for name in made.traits]
    catalogues = {"without": old, "with": made, "new shuffled": mt.Catalogue(old.ids, old.names, half)}
    catalogues["all shuffled"] = nonsense
    rows = {name: asked(fitted(catalogue, ruled, seed), ruled) for name, catalogue in catalogues.items()}
    return pd.DataFrame.from_dict(rows, orient="index")
    # END SOLUTION


# %% [raw]
# # END SOLUTION

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
"""  # END TEST CONFIG


def test_the_table(experiment):
    import pandas as pd

    import mtsgns_lite as mt

    shop = mt.load("planted", items=200, baskets=2_000, seed=1)
    handed = []

    def engineer(catalogue):
        handed.append(catalogue)
        return catalogue.with_trait("twin", [int(i) % 7 for i in range(200)])

    got = experiment(shop, engineer, seed=1)
    assert isinstance(got, pd.DataFrame), f"it has to give back a DataFrame, not a {type(got).__name__}"
    assert handed, "the engineer that was given has not been asked"
    rows = ["without", "with", "new shuffled", "all shuffled"]
    assert list(got.index) == rows, f"the rows should be {rows}, not {list(got.index)}"
    assert list(got.columns) == ["seen", "cold"], f"the columns should be seen and cold, not {list(got.columns)}"
    assert ((got > 0) & (got < 1)).all(axis=None), "an AUC lies between 0 and 1"


# %%
""" # BEGIN TEST CONFIG
points: 1
"""  # END TEST CONFIG


def test_without(experiment, EPOCHS):
    import mtsgns_lite as mt

    shop = mt.load("planted", items=200, baskets=2_000, seed=1)
    got = experiment(shop, lambda catalogue: catalogue.with_trait("twin", [int(i) % 7 for i in range(200)]))
    assert got is not None, "it has to give back a DataFrame"
    split = mt.split(shop, cold_items=0.1, hold_out=0.2, seed=0)
    model = mt.MultiTraitSGNS(shop.catalogue, seed=0)
    mt.fit(model, split.train, epochs=EPOCHS, seed=0, progress=False, device="cpu")
    due = mt.evaluate(model, split, baselines=False)[0].auc["degree"]
    for region in ("seen", "cold"):
        found = got[region]["without"]
        assert abs(found - due[region]) < 2e-3, f"without, {region}: mt.evaluate has {due[region]:.3f}, not {found:.3f}"


# %%
""" # BEGIN TEST CONFIG
hidden: true
points: 2
"""  # END TEST CONFIG


def test_the_figures(experiment, EPOCHS):
    # for answers that split anew for each row, overlook the seed or the engineer they are given, or hold numbers ready:
    # another shop, in which many items have no old trait, so that a split of what `engineer` made is another one
    import numpy as np

    import mtsgns_lite as mt

    seed = int(np.random.default_rng().integers(2, 50))
    shop = mt.load("planted", items=400, baskets=3_000, seed=seed, missing=0.5)
    telling = [shop.catalogue.traits["A"].text(item) for item in range(400)]
    shop.catalogue, shop.main_trait = shop.catalogue.select("C", "D"), None

    def engineer(catalogue):
        return catalogue.with_trait("new", telling).with_trait("all", [int(item) % 5 for item in range(400)])

    got = experiment(shop, engineer, seed)
    split = mt.split(shop, cold_items=0.1, hold_out=0.2, seed=seed)
    for row, catalogue in {"without": shop.catalogue, "with": engineer(shop.catalogue)}.items():
        model = mt.MultiTraitSGNS(catalogue, seed=seed)
        mt.fit(model, split.train, epochs=EPOCHS, seed=seed, progress=False, device="cpu")
        due = mt.evaluate(model, split, baselines=False)[0].auc["degree"]
        for region in ("seen", "cold"):
            found = got[region][row]
            assert abs(found - due[region]) < 2e-3, f"{row}, {region}: {due[region]:.3f} is due, not {found:.3f}"


# %%
""" # BEGIN TEST CONFIG
hidden: true
points: 2
"""  # END TEST CONFIG


def test_the_controls(experiment):
    # for controls that are none (nothing, or too much, or too little is shuffled), on a shop with a telling new trait
    # and a telling old one
    import mtsgns_lite as mt

    shares, values = {"A": 0.5, "B": 0.4}, {"A": 8, "B": 8}
    options = {"items": 300, "baskets": 8_000, "strength": 3.0, "missing": 0.0, "seed": 45}
    shop = mt.load("planted", traits=shares, cardinalities=values, **options)
    both, shop.catalogue, shop.main_trait = shop.catalogue, shop.catalogue.select("B"), None
    got = experiment(shop, lambda old: old.with_trait("new", [both.traits["A"].text(item) for item in range(300)]), 3)
    without, gained, new, everything = got["cold"]
    assert gained - without > 0.05, "the new trait is telling here, and does not help: is it used?"
    assert new != without, "new shuffled is the model without: it should have the new trait, permuted"
    assert new < (without + gained) / 2, "new shuffled gains from a trait that should mean nothing"
    assert abs(everything - 0.5) < 0.12, f"all shuffled: cold items have {everything:.3f}, which is not near a half"
    assert new - everything > 0.03, "new shuffled is no better than all shuffled: the old traits should stay"


# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# First on the generated shop. If your trait gains nothing there, it has overlooked what the names say.

# %%
first = None if mine is None else experiment(generated, engineer)
if not waits(mine, first):
    display(first.round(3))

# %% [markdown]
# Now your trait, on your shop, over some seeds; each makes another split. Look at the levels, and at the differences
# to `without` on the same seed: which of the two varies more from seed to seed?

# %%
runs = [] if mine is None else [experiment(shop, engineer, seed) for seed in range(SEEDS)]
if not waits(mine, *runs):
    cold = pd.DataFrame({f"seed {seed}": run["cold"] for seed, run in enumerate(runs)})
    seen = pd.DataFrame({f"seed {seed}": run["seen"] for seed, run in enumerate(runs)})
    shown = {"cold AUC": cold}
    shown["cold AUC above `without`, on the same seed"] = cold.drop(index="without") - cold.loc["without"]
    shown["seen AUC above `without`, on the same seed"] = seen.drop(index="without") - seen.loc["without"]
    for title, table in shown.items():
        print(title)
        display(table.assign(mean=table.mean(axis=1), sd=table.std(axis=1)).round(4))

# %% [markdown]
# Weight and share of your trait in a trained model.

# %%
if not waits(mine):
    display(mt.trait_weights(fitted(mine, split, seed=0)))

# %% [markdown]
# ### A colleague's traits
#
# A colleague needs no names: *segments*, items that are bought in like company, found by clustering the counts of all
# the shop's baskets (or edges), coarsely and finely. A model with them, one with them shuffled, and one without:


# %%
def colleague(catalogue):
    """The same with three traits: segments of items, 10, 50 and 200 of them, by what shares a basket with what."""
    items, baskets = len(catalogue), shop.baskets
    graph = mt.Graph.from_edges(shop.edges, items) if baskets is None else mt.Graph.from_baskets(baskets, items)
    one, other = torch.arange(items).repeat_interleave(graph.degrees), graph.neighbours
    often = torch.zeros(items).index_add(0, one, graph.weights.float())
    lift_of_pair = graph.weights.float() * often.sum() / (often[one] * often[other])
    table = torch.zeros(items, items).index_put((one, other), lift_of_pair.log().clamp(min=0))
    torch.manual_seed(0)
    left, size, _ = torch.svd_lowrank(table, q=32)
    points = torch.nn.functional.normalize(left * size.sqrt(), dim=1).numpy()
    for segments in (size for size in (10, 50, 200) if size < items / 5):
        label = kmeans2(points, segments, minit="points", seed=0)[1]
        catalogue = catalogue.with_trait(f"segment of {segments}", [str(one) for one in label])
    return catalogue


# %%
theirs = colleague(shop.catalogue)
nonsense = [trait for name, trait in theirs.shuffle_traits(0).traits.items() if name not in shop.catalogue.traits]
shuffled = mt.Catalogue(theirs.ids, theirs.names, [*shop.catalogue.traits.values(), *nonsense])
rows = {"without": model, "segments": fitted(theirs, split, 0), "segments shuffled": fitted(shuffled, split, 0)}
pd.DataFrame({name: asked(one, split) for name, one in rows.items()}).T.round(3)

# %% [raw]
# # BEGIN QUESTION
# name: q8
# points: 10
# manual: true

# %% [markdown]
# ## 8 · Is it worth having?
#
# Tell the shop's owner whether your trait should be kept, in fifteen sentences at most, with the figures that this
# notebook has printed. Say first what your trait is. A trait that is not worth having, well argued, gets all points.
#
# - **2 points**, *gain*: what cold items gain by the trait, as differences on the same seed, held against their
#   spread over the seeds, and what seen pairs gain;
# - **2 points**, *controls*: what `new shuffled` and `all shuffled` came to, what each rules out, and what you would
#   do had one of them come out otherwise;
# - **2 points**, *share and weight*: what the trait's share says, whether its weight agrees, and why the weight alone
#   (question 5) says nothing;
# - **1 point**, *coverage and lift*: for how many items it can do anything, and whether the lift made you expect the
#   gain;
# - **2 points**, *leakage*: could your trait know anything of the held-out baskets, and why not; why the colleague's
#   figure can't be believed for a new item, though its shuffled control looks as it should;
# - **1 point**, *decision*: keep it or not, and one finding that would change your mind.

# %% [raw]
# # BEGIN SOLUTION

# %% [markdown]
# *(The figures are those of the groceries, with the settings as given. Other figures, other decision: it is the
# argument that counts.)*
#
# My trait, `said`, is the words in front of the comma of a name, those that four items or more share. Cold items gain
# 0.02 in AUC by it, on each of three seeds; the differences spread by less than 0.005, less than the levels do,
# because both sides of a difference stand on the same split. Seen pairs gain 0.03.
#
# With my trait shuffled the gain is 0.00, once even below: what helps is what the words mean, not more parameters,
# nor chance. With all traits shuffled cold items come to 0.50, so nothing but the traits tells their pairs apart; far
# from a half I would look for a leak before I believed anything else, and had the shuffled trait gained as much as
# mine, I would drop it.
#
# The trait has two thirds of the share, the largest, and the largest weight, 0.43. They agree here, but only the
# share says that it moves vectors: in question 5 the trait with the smallest share got nine tenths of the weight, and
# no share and no AUC moved. It covers 96 % of the items, and its lift of 2.8, against 1.5 for the maker, made me
# expect the gain.
#
# It is made of names, which are there on the day an item arrives; neither baskets nor the place in the catalogue went
# into it. The colleague's segments gain a little more, and lose it when shuffled. But they were counted in all
# baskets, among them the held-out ones of the cold items. Shuffling destroys such a leak together with the meaning,
# so that control can't find it. An item that nobody has bought has no segment.
#
# Keep it. I would change my mind if the gain went away once the shop writes down what each item is, or on other seeds
# than those on which I chose the words.

# %% [raw]
# # END SOLUTION

# %% [raw]
# # END QUESTION
