# %% [markdown]
# # 00 · Start here

# %% [markdown]
# You will
#
# - check that this machine is ready for the course
# - meet the baskets that all lessons learn from: how many, how long, what is known of an item
# - learn how a lesson works: predict, run, change a parameter
# - train a first model and see what it thinks belongs together
#
# About 10 minutes. Prerequisites: some Python. To run a cell, click into it and press Shift + Enter.

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
# - **Predict, then run.** A guess costs ten seconds and makes the answer stick. Wrong guesses work best.
# - **Run All never fails** and no cell waits for a click. Figures, menus and sliders are there to play with, not to
#   pass.
# - **One change at a time.** Change a number, run the cell again, look. Restart the kernel if you get lost; nothing is
#   kept outside the notebook.
# - **The same seed gives the same numbers** on the same machine. Another seed shows how much of a result is luck.
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
# **1.** A model finds for every item that the most bought item of the shop goes with it. Is it a bad model?
#
# <details><summary>Answer</summary>
# Not by every measure: popular items are in many baskets, so it is often right. That is why each lesson scores
# popularity beside its models, and asks again with false pairs that are as popular as the true ones. There, this model
# is no better than a coin.
# </details>
#
# **2.** Why are the baskets put aside the last ones in time, not random ones?
#
# <details><summary>Answer</summary>
# Because that is how a model is used: it learns from the past and is asked about the future. Random ones would let it
# peek at next month's fashions.
# </details>
#
# **3.** You run a notebook twice with the same seed and get the same numbers. Does that make them right?
#
# <details><summary>Answer</summary>
# It makes them repeatable. How far they depend on luck shows only when the seed changes: set <code>SEED = 1</code> and
# run all cells again.
# </details>
#
# ## Exercises
#
# 1. Set `SMOKE = True` in the parameters and run all cells. Which of the numbers above change much, and which hardly?
# 2. Train for three epochs instead of one. Do the five neighbours change? Does the AUC?
# 3. Take a table of your own with a column of baskets and a column of items, and set `DATASET` to its path. Columns
#    that describe the items are found and become traits.
# 4. How much of the purchases does the *least* bought half of the items make up? Change one line of the cell that
#    computes `tenth`.
#
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
