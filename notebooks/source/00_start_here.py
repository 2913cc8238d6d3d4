# %% [markdown]
# # 00 · Start here

# %% [markdown]
# You will
#
# - check that this machine is ready for the course
# - meet the baskets that all lessons learn from: how many, how long, what is known of an item
# - learn how a lesson works: predict, run, change a parameter
# - train a first model and see what it thinks belongs together
# - write two small functions that are checked as soon as you run them
#
# About 10 minutes, and as long again for questions and exercises. Prerequisites: some Python. To run a cell, click into
# it and press Shift + Enter.

# %% tags=["setup"]
import importlib.util

if importlib.util.find_spec("mtsgns_lite") is None:
    raise ModuleNotFoundError("The course is not installed here: the README says how, in two commands.")

# %% [markdown]
# Every lesson has a cell of parameters near its top. `SMOKE = True` makes everything small and quick; `DATASET` may
# also be `"planted"` (a shop made up by a program) or the path of your own CSV; `DEVICE = None` picks for you.

# %% tags=["parameters"]
SMOKE = False
SEED = 0
DATASET = "groceries"
DEVICE = None

# %% [markdown]
# Imports: NumPy, the library under its short name, the small things a lesson needs of its surroundings, and the
# figures. Nothing else is hidden from you: the library is short enough to read in an evening.

# %%
import numpy as np

import mtsgns_lite as mt
from mtsgns_lite import doctor, lesson
from mtsgns_lite.views.figures import bars, learning_curve, show

# %% [markdown]
# ## Is this machine ready?
#
# The doctor looks at the packages, the device, the data and the free memory, and says what to do about anything that is
# not well. A graphics card is welcome but not needed in any lesson.

# %%
problems = doctor.run([doctor.packages, doctor.device, doctor.data, doctor.memory, doctor.kernel])

# %% [markdown]
# ## Meet the baskets
#
# Loading takes a few seconds. On the groceries you will see what American households bought in one year, one basket for
# each visit to the till. Below the sizes stand the traits: what is known of the items themselves.

# %%
shop = lesson.with_baskets(lesson.shop(DATASET, SMOKE, SEED))
shop

# %% [markdown]
# A basket is a list of item numbers. Here is one, chosen because it is neither short nor long, with its numbers turned
# into names. Before you run the cell: how many things does a typical visit bring home?

# %% tags=["deterministic"]
lengths = shop.baskets.lengths
typical = abs(lengths - lengths.mean()).argmin()
print(f"Baskets hold {lengths.mean():.1f} items on average, the longest {lengths.max()}. One of them:")
for item in shop.baskets[typical]:
    print("  ", shop.catalogue.names[item])

# %% [markdown]
# The order within a basket means nothing here, and an item counts once however many were bought. That two items lie in
# the same basket is all that the first models will ever hear about them.
#
# An item is more than its name. These are the traits of the first item of that basket. They stay unused in lessons 01
# and 02, and become the whole point of lesson 03.

# %%
shop.catalogue.traits_of(shop.baskets[typical][0])

# %% [markdown]
# ## A few items sell most
#
# **Predict, then run.** Line up all items from the most to the least bought. What share of all purchases falls to the
# first tenth of them: a tenth, a third, a half? Say a number before you run the cell.

# %% tags=["deterministic"]
counts = np.sort(shop.popularity)[::-1]  # (items,) how many baskets each item is in, the most bought first
share = counts.cumsum() / counts.sum()
tenth = share[len(share) // 10]
print(f"The most bought tenth of the items makes up {tenth:.0%} of all purchases.")

# %% [markdown]
# The whole curve tells more than one point of it. If every item sold alike it would be the straight diagonal; the
# further it bulges to the upper left, the more a few items rule the shop.

# %% tags=["picture"]
percent = np.linspace(0, 100, len(share))
points = {"this shop": list(zip(percent, share)), "all alike": [(0, 0), (100, 1)]}
title = f"A tenth of the items makes up {tenth:.0%} of the purchases"
show(learning_curve(points, title, x="% of the items, from the most bought on", y="share of purchases"), title)

# %% [markdown]
# Keep this curve in mind. A model that only knows what is popular can look clever, because popular items are often the
# right answer. Each lesson therefore scores popularity alone beside its models.
#
# ## How the lessons work
#
# - **Predict, then run.** A guess costs ten seconds and makes the answer stick. Wrong guesses work best. A lesson comes
#   with the outputs of our run; *Kernel → Restart Kernel and Clear Outputs* hides what you want to guess.
# - **Run All never fails** and no cell waits for a click. Figures, menus and sliders are there to play with, not to
#   pass.
# - **One change at a time.** Change a number, run the cell again, look. Restart the kernel if you get lost; nothing is
#   kept outside the notebook.
# - **The same seed gives the same numbers** on the same machine. Another seed shows how much of a result is luck.
# - **Questions and exercises** stand at the end. The questions want a few lines run, the exercises a function written;
#   a check says what is wrong with it.
# - **Write into a copy** (*File → Save Notebook As*) if the course will be updated under you: `git pull` stops at files
#   that you changed.
#
# Try it now: change the 4 below and run the cell again. Each line of its output is one of the most bought items, after
# the number of baskets it is in.

# %%
for item in np.argsort(-shop.popularity)[:4]:
    print(f"{shop.popularity[item]:7,}  {shop.catalogue.names[item]}")

# %% [markdown]
# ## A taste of what is to come
#
# First the data is split: the last tenth of the baskets is put aside to ask questions with, and so are all traces of
# some items, which lesson 03 will call cold. The model sees the rest.

# %%
split = mt.split(shop, seed=SEED)
split

# %% [markdown]
# The model is skip-gram, the subject of lesson 02. It gives every item a vector of 64 numbers. At first they are
# random, so an item's neighbours are random too. Here is one of the popular items and its five nearest; "never bought"
# says that the model has read no basket yet.

# %%
model = mt.SGNS(split.catalogue, dim=64, seed=SEED)
example = lesson.examples(split.dataset)[-1]
mt.neighbours(model, example, k=5, unseen="random", others="all")

# %% [markdown]
# **Predict, then run.** Now the model reads every training basket once. It is told no names and no traits, only which
# numbers lie together. Which items would you put beside the one above? Write down three.

# %%
history = mt.fit(model, split.train, epochs=1, device=DEVICE, seed=SEED)
history

# %%
mt.neighbours(model, example, k=5)

# %% [markdown]
# The last column names the traits that an item shares with the one that was asked. The model was never told any of
# them. Where they appear, the baskets alone have given away what kind of thing an item is.
#
# One example proves little, and a good one is easily picked. So ask about every basket that was put aside: two items
# from it are a true pair, one of them with an item drawn by popularity a false one. How often does the true pair score
# higher? A coin would be right half of the time.

# %% tags=["picture"]
right = {row.method: row.auc["degree"]["seen"] for row in mt.evaluate(model, split)}
title = f"Skip-gram finds the true pair {right['SGNS']:.0%} of the time, popularity {right['popularity']:.0%}"
show(bars(right, title, y="true pair scored higher"), title)

# %%
lesson.headline("one epoch of skip-gram, AUC", right["SGNS"], "true pairs against degree-matched false ones")

# %% [markdown]
# That figure is called the AUC, and you will meet it in every lesson. The middle bar counts how often two items were
# bought together, with no model at all; a model earns its keep where it says more than that.
#
# ## Check yourself
#
# Predict first; then run the lines in a new cell below the question, and only then open the answer. The answers speak
# of the whole groceries; with `SMOKE = True` much of what you see is luck.

# %% [markdown]
# **1.** You know how many items a basket holds on average. Which part of the baskets holds more than that: a half?
#
# ```python
# print(f"{np.mean(lengths > lengths.mean()):.0%} of the baskets; a typical one holds {np.median(lengths):.0f} items")
# ```
#
# <details><summary>Answer</summary>
#
# On the groceries well under a half. A few very long baskets pull the average up, and most baskets stay below it. The
# same is true of the items: most sell less than the average item. Where the baskets are of much the same length it
# comes to about a half.
# </details>

# %% [markdown]
# **2.** The bars compared popularity, raw counts and the model on false pairs whose items are as popular as those of
# the true ones (`degree`). Draw the false items evenly instead (`uniform`). Which of the three gains most?
#
# ```python
# for row in mt.evaluate(model, split):
#     print(f"{row.method:14}", {kind: round(row.auc[kind]["seen"], 2) for kind in ("uniform", "degree")})
# ```
#
# <details><summary>Answer</summary>
#
# Popularity. An item drawn evenly is mostly one that hardly sells, so *the one that sells more is the true one* is a
# good rule. Against false items that are as popular it is no better than a coin. On the groceries the model gains
# least: little of what it knows is popularity. Raw counts lie between.
# </details>

# %% [markdown]
# **3.** And the model before it has read a single basket, when all its vectors are random?
#
# ```python
# untrained = mt.SGNS(split.catalogue, dim=64, seed=SEED)
# mt.evaluate(untrained, split, unseen="random", baselines=False)
# ```
#
# <details><summary>Answer</summary>
#
# About a half in every column of AUC, whatever the false pairs are: random vectors know nothing, not even what is
# popular. What the trained model has above a half it owes to the baskets. The fewer pairs are asked about, the further
# from a half luck can take it.
# </details>

# %% [markdown]
# **4.** The baskets put aside are the last ones in time. Would random ones do? Take the fifty most bought items of the
# first tenth of all baskets, and those of the last tenth. How many are the same? And if the baskets are shuffled first?
#
# ```python
# def bestsellers(rows):
#     return {*np.argsort(-np.bincount(shop.baskets.take(rows).values))[:50].tolist()}
#
# in_time, shuffled = np.arange(len(shop.baskets)), np.random.default_rng(SEED).permutation(len(shop.baskets))
# for name, rows in {"in time": in_time, "shuffled": shuffled}.items():
#     first, *_, last = np.array_split(rows, 10)
#     print(f"{name}: {len(bestsellers(first) & bestsellers(last))} of the fifty are the same")
# ```
#
# <details><summary>Answer</summary>
#
# On the groceries: shuffled, nearly all of them; in time clearly fewer, for what sells changes within the year. A model
# is asked about the future, so it must be tested on one; random baskets would let it peek at next month's fashions. In
# a made-up shop, or a table in no order, time makes no difference.
# </details>

# %% [markdown]
# **5.** Train the same model with another seed. Does its AUC change? Do the five neighbours?
#
# ```python
# again = mt.SGNS(split.catalogue, dim=64, seed=SEED + 1)
# mt.fit(again, split.train, epochs=1, device=DEVICE, seed=SEED + 1, progress=False)
# (row,) = mt.evaluate(again, split, baselines=False)
# print(f"AUC {row.auc['degree']['seen']:.3f}, it was {right['SGNS']:.3f}")
# mt.neighbours(again, example, k=5)
# ```
#
# <details><summary>Answer</summary>
#
# On the groceries the AUC hardly moves, but several of the five neighbours are new. An average over thousands of pairs
# is steady; a list of five names is not, after one epoch. A seed makes a run repeatable, not right: before you believe
# a detail, run it with another one.
# </details>

# %% [markdown]
# ## Exercises
#
# Each exercise is a function to write: put your lines in place of `return ...`, run the cell, then the cell below it.
# The check tries your function on small inputs and shows the smallest one that fails. Each further try tells you more.
# An exercise that is not answered stops nothing.
#
# **1. The share of the top.** The lesson said what share of all purchases falls to the most bought tenth of the items.
# Make it a function, for any part of the items. `counts` is a tensor of shape (N,), in no order; the result is one
# number. Rounding matters: a tenth of 25 items are three items here. Popularity is the rival in all lessons, and this
# is how strong it is in a shop: when yours passes, try `share_of_top(torch.from_numpy(shop.popularity), 0.1)` after
# `import torch`.

# %% tags=["exercise"]
import math


def share_of_top(counts, part):
    """The share of all purchases that falls to the most bought items.

    counts: (N,) how often each item was bought, in no order;
    part: which part of the N items to take, rounded up.
    """
    # math.ceil rounds up
    number = math.ceil(part * len(counts))
    best = counts.sort(descending=True).values[:number]
    return best.sum() / counts.sum()


# %%
mt.check.share_of_top(share_of_top)

# %% [markdown]
# **2. More than chance.** Two popular items share many baskets by chance alone. Their *lift* takes that out: the share
# of baskets with both, divided by the share that chance would give, which is the product of the two items' own shares.
# It is 1 where they have nothing to do with each other. `baskets` is a list of lists of items; an item counts once in a
# basket; where one of the two is never bought the lift is 0. This is the question behind `degree`: what is left when
# popularity is taken out?


# %% tags=["exercise"]
def lift(baskets, first, second):
    """How many times as often two items are in a basket together as chance would have it.

    baskets: a list of lists of items; first, second: two items; 0.0 where one of them is never bought.
    """
    # `item in basket` is True or False, and True counts as 1 in a sum
    with_first = sum(first in basket for basket in baskets)
    with_second = sum(second in basket for basket in baskets)
    if not with_first or not with_second:
        return 0.0
    together = sum(first in basket and second in basket for basket in baskets)
    return together * len(baskets) / (with_first * with_second)


# %%
mt.check.lift(lift)

# %% [markdown]
# **3. A table of your own** (open). Any table with a column of baskets and a column of items will do: orders,
# playlists, films by viewer, words by sentence. Load it with `mt.load(frame, basket=..., item=...)`, or set `DATASET`
# to its path and run the lesson again. Before you train, write down three pairs of items that you are sure belong
# together.
#
# It worked if those pairs have a lift well above 1, and if the model finds the true pair more often than popularity
# does with more than one seed. Where counting does better than the model, say why: too few baskets, or too few items in
# each?
#
# More: train for three epochs instead of one. Do the five neighbours settle when the seed changes?

# %% [markdown] tags=["solution"]
# One answer among many. There is a table on every machine that runs this: the files of Python's own library are the
# baskets, the modules that a file imports are its items. `socket` and `ssl`, say, should belong together, and `os` and
# `sys` should be together often and mean little.

# %% tags=["solution"]
import re
import sys
import sysconfig
from pathlib import Path

import pandas as pd

library = Path(sysconfig.get_paths()["stdlib"])
foreign = re.compile(r"-packages|\btests?\b")
files = [path for path in sorted(library.rglob("*.py")) if not foreign.search(str(path.relative_to(library)))]
rows = []
for number in np.random.default_rng(SEED).permutation(len(files)):  # files have no order in time
    text = files[number].read_text("utf-8", errors="ignore")
    words = {*re.findall(r"^\s*(?:import|from) (\w+)", text, re.MULTILINE)}
    rows += [(number, module) for module in sorted(words & sys.stdlib_module_names)]
imports = mt.load(pd.DataFrame(rows, columns=["file", "module"]), basket="file", item="module", min_count=3)
imports

# %% tags=["solution"]
index, baskets_of_modules = imports.catalogue.index, [basket.tolist() for basket in imports.baskets]
for one, other in [("os", "sys"), ("re", "sys"), ("socket", "select"), ("socket", "ssl")]:
    print(f"{one:7} {other:7} lift {lift(baskets_of_modules, index(one), index(other)):5.1f}")

# %% tags=["solution"]
for seed in (SEED, SEED + 1):
    of_files = mt.split(imports, seed=seed)
    of_modules = mt.SGNS(of_files.catalogue, dim=16, seed=seed)
    mt.fit(of_modules, of_files.train, epochs=20, device=DEVICE, seed=seed, progress=False)
    found = {row.method: round(row.auc["degree"]["seen"], 2) for row in mt.evaluate(of_modules, of_files)}
    print(f"{len(of_files.pairs)} true pairs were held out, and found: {found}")
mt.neighbours(of_modules, "socket", k=5)

# %% [markdown] tags=["solution"]
# With the Python that ran this, the lifts are as expected: everybody imports `os` and `sys`, so that they meet says
# little; `socket` and `ssl` meet many times as often as chance has it. But the model does not beat counting, and beside
# relatives of `socket` it puts strangers: there are far fewer baskets than in the shop. So few pairs are held out, too,
# that the seeds differ as much as the methods do. On a table of this size trust the lift, and call no AUC better.

# %% [markdown]
# ## What we learned
#
# - A shop is a catalogue of items with traits, and a list of baskets.
# - A few items make up much of what is bought, so popularity is a strong opponent and is always scored too.
# - Which items lie together is enough for a model to find out a good deal of what they are.
#
# ## Next
#
# [01 · Matrix factorisation](01_matrix_factorisation.ipynb) builds the simplest embedding there is, from a dot product
# of two short vectors to a model of the whole shop.
