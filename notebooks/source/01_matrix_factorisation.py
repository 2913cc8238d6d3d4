# %% [markdown]
# # 01 · Matrix factorisation

# %% [markdown]
# You will
#
# - write matrix factorisation as two tables of short vectors and a dot product
# - compute its loss by hand for three pairs, and prove that the fast version says the same
# - read a learning curve, and precision and recall against a threshold; find the cliff near 0.5 and explain it
# - swap the loss and the regulariser in one line each
# - tell what a model has learned from what popularity alone would have scored
#
# About 45 minutes, and half an hour for questions and exercises. Prerequisites: [00 · Start here](00_start_here.ipynb),
# and knowing what a dot product is.

# %% tags=["setup"]
import importlib.util

if importlib.util.find_spec("mtsgns_lite") is None:
    raise ModuleNotFoundError("The course is not installed here: the README says how, in two commands.")

# %% [markdown]
# The parameters of this run. `SMOKE = True` makes everything small and quick; `DATASET` may be `"planted"` or the path
# of your own CSV.

# %% tags=["parameters"]
SMOKE = False
SEED = 0
DATASET = "groceries"
DEVICE = None

# %%
import math

import numpy as np
import torch
from IPython.display import display
from scipy.sparse import csr_array
from scipy.stats import spearmanr

import mtsgns_lite as mt
from mtsgns_lite import lesson
from mtsgns_lite.data.samples import PairBatch
from mtsgns_lite.views import figures
from mtsgns_lite.views.figures import show

# %% [markdown]
# ## Three numbers by hand
#
# Say that two numbers describe a person: how much she cooks, how much she snacks. Two numbers describe an item: how
# much it is for cooks, how much for snackers. Multiply and add: that is the score.

# %% tags=["deterministic"]
people_toy = {"Ann": [1.0, 0.0], "Ben": [0.5, 0.5], "Cleo": [0.0, 2.0]}
items_toy = {"flour": [2.0, 0.0], "milk": [1.0, 1.0], "crisps": [0.0, 1.5]}
bought = [("Ann", "flour", 2.0), ("Ben", "milk", 1.0), ("Cleo", "crisps", 2.0)]  # who, what, how much
for who, what, times in bought:
    score = sum(a * b for a, b in zip(people_toy[who], items_toy[what]))
    print(f"{who:5} {what:7} score {score:.1f}   bought {times:.1f}   error {score - times:+.1f}")

# %% [markdown]
# One of the three scores is off. The mean squared error (MSE) makes one number of the three errors: square them so that
# signs don't matter, then average. **Predict it** before you run the cell.

# %% tags=["deterministic"]
errors = [sum(a * b for a, b in zip(people_toy[who], items_toy[what])) - times for who, what, times in bought]
sum(error**2 for error in errors) / len(errors)

# %% [markdown]
# ## Shapes
#
# The same with tensors. Each side is a table, one row a person or an item. To score three pairs, look up three rows on
# each side, multiply, and add along the second dimension.

# %% tags=["deterministic"]
P, Q = torch.tensor(list(people_toy.values())), torch.tensor(list(items_toy.values()))
who, what = torch.tensor([0, 1, 2]), torch.tensor([0, 1, 2])
scores = (P[who] * Q[what]).sum(dim=1)
print(P.shape, P[who].shape, scores.shape, scores.tolist())

# %% [markdown]
# All people with all items at once is a matrix product. This is where the name comes from: the big matrix of who likes
# what is written as a product of two thin ones. Do both ways agree?

# %% tags=["deterministic"]
every = P @ Q.T  # (people, items)
slow = [[sum(a * b for a, b in zip(p, q)) for q in items_toy.values()] for p in people_toy.values()]
assert torch.allclose(every, torch.tensor(slow))
assert torch.allclose(every.diagonal(), scores)
every

# %% [markdown]
# ## A shop as a matrix
#
# Now real data. The usage matrix has a row for each customer and a column for each item; a cell says how often the one
# bought the other. **Predict:** which part of its cells is not empty?

# %%
shop = lesson.shop(DATASET, SMOKE, SEED)
people = lesson.with_users(shop)
usage = people.usage()
users, items = int(usage.user.max()) + 1, len(people.catalogue)
print(f"{users:,} customers x {items:,} items: {len(usage) / (users * items):.1%} of the cells are filled")

# %% [markdown]
# A corner of it can be looked at: the ten busiest customers, and the ten items that most customers bought. Counts run
# from one to many, so we take their logarithm: each step up is a doubling. Ratings stay as they are.

# %%
value = usage.value if people.ratings is not None else np.log2(1 + usage.value)
busy = np.argsort(-np.bincount(usage.user), kind="stable")[:10]
liked = np.argsort(-np.bincount(usage.item, minlength=items), kind="stable")[:10]
corner = csr_array((value, (usage.user, usage.item)), shape=(users, items))[busy][:, liked].toarray()

# %% tags=["picture"]
row_names = [f"customer {user}" for user in busy]
column_names = [f"{place} {people.catalogue.names[item]}" for place, item in enumerate(liked, start=1)]
title = f"In this busy corner {np.mean(corner > 0):.0%} of the cells are filled"
show(figures.heatmap(corner, row_names, column_names, title), title)

# %% [markdown]
# ## From scratch
#
# Nobody tells us the two numbers of a customer or an item, so we let them be learned. Start with small random tables;
# score; take the error; ask autograd which way each number should move; move a little; repeat.


# %%
def factorise(table, dim, steps=400):
    """The reconstruction p q' of a small table from `dim` numbers a row and a column."""
    generator = torch.Generator().manual_seed(SEED)
    p = (0.3 * torch.randn(table.shape[0], dim, generator=generator)).requires_grad_()
    q = (0.3 * torch.randn(table.shape[1], dim, generator=generator)).requires_grad_()
    adam = torch.optim.Adam([p, q], lr=0.05)
    for _ in range(steps):
        loss = (p @ q.T - table).square().mean()
        loss.backward()
        adam.step()
        adam.zero_grad()
    return (p @ q.T).detach()


# %% [markdown]
# **Predict, then run.** The corner has a hundred cells. Two numbers for each of its ten rows and ten columns make
# forty. How much of the variation between the cells can forty numbers bring back? (What comes out below zero is drawn
# as zero: nobody buys less than nothing.)

# %% tags=["picture"]
table = torch.tensor(corner, dtype=torch.float32)
variation = (table - table.mean()).square().mean().clamp(min=1e-9)
rebuilt = factorise(table, dim=2)
explained = 1 - (rebuilt - table).square().mean() / variation
title = f"Rebuilt from two numbers a row and a column: {explained:.0%} of the variation is explained"
show(figures.heatmap(rebuilt.clamp(min=0), row_names, column_names, title), title)

# %% [markdown]
# More numbers explain more. **Predict** what happens when each row and column may have ten, as many as the corner is
# wide. Is the last bar good news?

# %%
parts = {}
for dim in (1, 2, 4, 7, 10):
    missed = (factorise(table, dim) - table).square().mean()
    parts[f"dim={dim}"] = 1 - missed / variation
title = f"Ten numbers a row explain {parts['dim=10']:.0%} of what they were shown"
show(figures.bars(parts, title, y="variation explained"), title)

# %% [markdown]
# It is not: with ten numbers a row the model can learn the corner by heart, and has understood nothing. What counts is
# how well it fills cells that it was not shown. So hide a tenth of the filled cells.

# %%
hidden = np.random.default_rng(SEED).random(len(usage)) < 0.1
asked = torch.from_numpy(usage.user[hidden]), torch.from_numpy(usage.item[hidden])
samples = mt.Pairs(
    usage.user[~hidden], usage.item[~hidden], items, value[~hidden], negatives=0, symmetric=False, exponent=0
)

# %% [markdown]
# The library's `MatrixFactorization` is the same two tables. It looks up only the rows that a batch needs, so it can do
# the whole matrix. With `bias=True` it adds one number for each customer, each item and the shop: who buys much, and
# what is bought much.


# %%
def hidden_error(**options):
    """Train on the shown cells; the root of the mean squared error (RMSE) on the hidden ones."""
    model = mt.MatrixFactorization(people.catalogue, users=users, loss="mse", seed=SEED, **options)
    mt.fit(model, samples, epochs=3, device=DEVICE, seed=SEED, progress=False)
    with torch.no_grad():
        score = model.score(asked[0].to(model.device), asked[1].to(model.device)).cpu().numpy()
    return math.sqrt(np.mean((score - value[hidden]) ** 2))


# %% [markdown]
# **Predict the order.** Four rivals: always say the mean; biases only, no dot product; biases and a dot product of 32
# numbers; the same with a regulariser, a price on long vectors. Which makes the smallest error on hidden cells?

# %%
error = {
    "always the mean": math.sqrt(np.mean((value[hidden] - value[~hidden].mean()) ** 2)),
    "biases only": hidden_error(dim=1, bias=True, spread=0.0),
    "biases, 32 numbers": hidden_error(dim=32, bias=True),
    "... with a regulariser": hidden_error(
        dim=32, bias=True, regulariser=lambda rows: 0.1 * rows.square().sum(dim=-1).mean()
    ),
}

# %% tags=["picture"]
best = min(error, key=error.get)
title = f"On hidden cells the smallest error, {error[best]:.3f}, goes to: {best}"
show(figures.bars(error, title, y="RMSE on hidden cells"), title)

# %% [markdown]
# On the groceries you will see the biases do most of the work, and the dot product hurt until it is held back. It is a
# first taste of a theme: ask what the simple thing scores before you admire the clever one.
#
# ## Pairs of items
#
# For "what goes with this?" we don't need the customers. Let both sides be items, and share one table: the score of two
# items is the dot product of their rows. Pairs that were bought together should score high.
#
# First, put some baskets and some items aside, for questions later. Then see which pairs there are. **Predict:** of all
# pairs of items that could be bought together, which part was?

# %%
split = mt.split(shop, seed=SEED)
edges = split.graph.edges()
trained = split.counts > 0  # (items,) booleans
possible = math.comb(trained.sum(), 2)
print(f"{len(edges):,} pairs were bought together: {len(edges) / possible:.0%} of those that could be")

# %% [markdown]
# Once may be chance. We call a pair true when it belongs to the heaviest tenth of the edges (in a large shop: the
# heaviest half million), which also keeps training short. Those that weigh the same are all kept.

# %%
share = min(0.1, 500_000 / len(edges))
least = np.quantile(edges.weight, 1 - share)
heavy = edges.weight >= least
pairs = mt.Pairs(edges.source[heavy], edges.target[heavy], len(shop.catalogue), negatives=1)
print(f"{heavy.sum():,} pairs, each together at least {least:.0f} times")

# %% [markdown]
# `negatives=1` adds a false pair to every true one: its first item again, with an item drawn at random, more often the
# more it is bought. True pairs are labelled 1, false ones 0. Here are a few of each.

# %%
batch = next(iter(pairs.batches(torch.Generator().manual_seed(SEED), torch.device("cpu"))))
for row in (0, 1, -2, -1):
    one, other = (shop.catalogue.names[int(ends[row])][:34] for ends in (batch.first, batch.second))
    print(f"{batch.value[row]:.0f}  {one:36} {other}")

# %% [markdown]
# ## The loss, by hand
#
# A score can be any number; a chance lies between 0 and 1. The sigmoid turns one into the other. Score 0 becomes a
# half: *no idea*. Large scores come close to 1, and never reach it.


# %% tags=["deterministic"]
def sigmoid(score):
    return 1 / (1 + math.exp(-score))


print({score: round(sigmoid(score), 3) for score in (-4, -1, 0, 1, 4)})

# %% [markdown]
# The loss of a pair is minus the logarithm of the chance that the model gave to what really happened. It is called
# binary cross-entropy (BCE). **Predict:** which of these three pairs costs most?


# %% tags=["deterministic"]
def cost(score, label):
    chance = sigmoid(score) if label else 1 - sigmoid(score)
    return -math.log(chance)


for score, label in [(2.0, 1), (0.0, 1), (2.0, 0)]:
    print(f"score {score:.0f}, label {label}: loss {cost(score, label):.3f}")

# %% [markdown]
# Being sure and wrong is what costs. Now the real thing: a fresh model, and three pairs of the batch, with plain Python
# on one side and the library on the other. They must agree.

# %%
model = mt.MatrixFactorization(split.catalogue, dim=64, seed=SEED).eval()
rows = model.items.weight.tolist()
three = PairBatch(*(part[[0, 1, -1]] for part in (batch.first, batch.second, batch.value)))
by_hand = [
    cost(sum(a * b for a, b in zip(rows[i], rows[j])), label)
    for i, j, label in zip(three.first.tolist(), three.second.tolist(), three.value.tolist())
]

# %%
fast = float(model.loss(three))
print(f"by hand {sum(by_hand) / 3:.6f}, library {fast:.6f}")
assert math.isclose(sum(by_hand) / 3, fast, rel_tol=1e-4)

# %% [markdown]
# The derivative has a famously simple form: for a pair (i, j) the gradient of row i is (chance − label) times row j.
# Autograd should find the same, and it will go on finding it when we change the loss.

# %%
i, j, label = three.first[0], three.second[0], three.value[0]
row_i, row_j = (model.items.weight[item].clone().requires_grad_() for item in (i, j))
mt.bce(row_i @ row_j, label).backward()
formula = (torch.sigmoid(row_i @ row_j) - label) * row_j
assert torch.allclose(row_i.grad, formula, atol=1e-6)
print("autograd and the formula agree on all", len(formula), "numbers")

# %% [markdown]
# ## Train
#
# While it trains we want to know more than the loss. So `fit` calls a probe now and then: here the chance that a
# held-out true pair scores above a false one of equally popular items, the AUC.


# %%
def chances(model, pairs):
    """(P,) the chance that the model gives to each pair."""
    first, second = torch.from_numpy(pairs.T.copy()).to(model.device)
    with torch.no_grad():
        return torch.sigmoid(model.score(first, second)).cpu().numpy()


def held_out_auc(model, kind="degree"):
    """AUC of held-out pairs whose items were both trained on."""
    asked = split.regions()["seen"] & (split.negatives[kind][:, 0] >= 0)
    return mt.auc(chances(model, split.pairs[asked]), chances(model, split.negatives[kind][asked]))


# %% [markdown]
# **Predict** where the loss starts. The rows are small at first, so all scores are close to 0, and the chances close to
# a half.

# %%
history = mt.fit(model, pairs, epochs=4, device=DEVICE, seed=SEED, probe=held_out_auc, probes=5)
history

# %% tags=["picture"]
coin, last = math.log(2), np.mean([loss for _, loss in history.loss[-20:]])
title = f"The loss starts at a coin's {coin:.3f} and falls to {last:.3f}"
curves = {"loss": history.loss, "a coin": [(0, coin), (history.steps, coin)]}
show(figures.learning_curve(curves, title), title)

# %% [markdown]
# On the groceries you will see it rise above the coin before it falls, for the first steps are the longest. Then it
# goes down in steps, one an epoch: the second time round the model meets true pairs that it has met before. Whether
# that holds elsewhere, only held-out pairs can say.

# %%
title = f"Held-out pairs: the AUC goes from {history.probes[0][1]:.2f} to {history.probes[-1][1]:.2f}"
show(figures.learning_curve({"AUC": history.probes}, title, y="AUC, degree-matched"), title)

# %% [markdown]
# ## Precision, recall, and a cliff
#
# To recommend, one has to draw a line: pairs above this chance are shown. Precision: of those shown, how many are true?
# Recall: of the true ones, how many are shown? First, the held-out pairs, true and false.

# %%
there = split.negatives["uniform"][:, 0] >= 0
true, false = split.pairs[there], split.negatives["uniform"][there]
judged = {"no bias": (chances(model, true), chances(model, false))}
plain = mt.precision_recall(*judged["no bias"])  # thresholds, precision, recall

# %% [markdown]
# **Predict.** At 0 everything is shown, so recall is 1 and precision a half. As the line moves to 1, does recall fall
# evenly, or all at once somewhere? Then move the slider. Each small dot is one of its steps: a cliff is a long way from
# one dot to the next.


# %% tags=["picture"]
def cliff(curve, low=0.45, high=0.55):
    """How much recall is lost when the line moves from `low` to `high`."""
    thresholds, _, recall = curve
    return float(recall[thresholds >= low].max(initial=0) - recall[thresholds >= high].max(initial=0))


title = f"From 0.45 to 0.55, a tenth of the way, recall loses {cliff(plain):.0%}"
show(figures.threshold_comparison(judged, title), title)

# %% [markdown]
# A pair that is shown counts as a *positive*, a true or a false one; a true pair that is not shown is a *false
# negative*. Precision and recall are made of these four counts: try it with the numbers under the curve.
#
# In January 2020 Eugene Yan published precision and recall against the threshold for this kind of model (*Building a
# Strong Baseline Recommender in PyTorch*, on Amazon products). There they change abruptly at 0.5, and less so with a
# bias. An even fall would lose a tenth of the recall here. Why does so much of it go just there?
#
# **Predict** the cliff of a model that was never trained. Its rows are small and random, and so are their dot products.
# What does the sigmoid make of nearly nothing?

# %%
fresh = mt.MatrixFactorization(split.catalogue, dim=64, seed=SEED)
untrained = mt.precision_recall(chances(fresh, true), chances(fresh, false))
print(f"recall lost from 0.45 to 0.55: never trained {cliff(untrained):.0%}, trained {cliff(plain):.0%}")

# %% [markdown]
# Among our held-out pairs are some that no training could help: those with a cold item, whose row was never touched.
# **Predict** where their chances lie, and where those of the other true pairs do.


# %% tags=["picture"]
def near_half(chance):
    return float(np.mean(abs(chance - 0.5) < 0.05)) if len(chance) else 0.0


seen, cold = (chances(model, split.pairs[split.regions()[region]]) for region in ("seen", "cold"))
title = f"Within 0.05 of a half: {near_half(cold):.0%} of pairs with a cold item, {near_half(seen):.0%} of the others"
groups = {"both items trained": seen, "one item never trained": cold}
show(figures.histogram(groups, title, x="chance of a true pair"), title)

# %% [markdown]
# So the cliff is not a discovery about the items. It is the pile of pairs about which the model has little or nothing
# to say, and which it can put nowhere else: a dot product without a bias is centred at 0.
#
# ## One change: a bias
#
# A bias for each item gives the model somewhere else to put them: `score = row · row + bias + bias + bias of the shop`.
# **Predict:** does the pile near a half grow or shrink? Which items get the largest biases?

# %%
biased = mt.MatrixFactorization(split.catalogue, dim=64, bias=True, seed=SEED)
mt.fit(biased, pairs, epochs=4, device=DEVICE, seed=SEED)

# %% tags=["picture"]
judged["with a bias"] = chances(biased, true), chances(biased, false)
soft = mt.precision_recall(*judged["with a bias"])
word = "softens" if cliff(soft) < cliff(plain) else "does not soften"
title = f"The bias {word} the cliff: recall loses {cliff(soft):.0%} there, without it {cliff(plain):.0%}"
show(figures.threshold_comparison(judged, title), title)

# %% [markdown]
# Move the slider again: one line, two models. The same chance need not mean the same thing in both, so compare how the
# points move, not where they stand.
#
# What went into the biases? Compare each with the number of baskets that the item is in. A rank correlation of 1 would
# mean that the bias sorts the items exactly as the till does.

# %%
bias = biased.item_bias.weight[:, 0].cpu().numpy()
correlation = spearmanr(bias[trained], split.counts[trained]).statistic
print(f"rank correlation of bias and popularity: {correlation:.2f}")

# %% [markdown]
# On the groceries you will see that the bias learned what sells. That is how it softens the cliff: a pair moves up or
# down with the popularity of its items, even where the dot product is silent. Without the thresholds, precision against
# recall:

# %% tags=["picture"]
sold = [split.counts[ends].astype(float).prod(axis=1) for ends in (true, false)]
curves = {"no bias": plain, "bias": soft, "popularity alone": mt.precision_recall(*sold)}
half = [f"{name} {curve[1][np.argmax(curve[2] >= 0.5)]:.2f}" for name, curve in curves.items()]
title = "Precision where half of the true pairs are found: " + ", ".join(half)
show(figures.precision_recall_curve(curves, title), title)

# %% [markdown]
# ## What popularity alone scores
#
# The last curve is no model at all: it multiplies the two items' counts. With false pairs drawn evenly, many contain an
# item that hardly sells, and counting exposes them. **Predict:** what is left of each when the false pairs are as
# popular as the true ones?

# %%
results = mt.evaluate(model, split, name="no bias") + mt.evaluate(biased, split, name="bias", baselines=False)
auc = {"uniform": {}, "degree": {}}
for row in results:
    for kind in auc:
        auc[kind][row.method] = (row.own or row.auc)[kind]["seen"]

# %% tags=["picture"]
easy, strict = (auc[kind]["popularity"] for kind in ("uniform", "degree"))
title = f"Popularity's AUC: {easy:.2f} against uniform negatives, {strict:.2f} against degree-matched ones"
show(figures.grouped_bars(auc, title, y="AUC, both items trained"), title)

# %%
lesson.headline("matrix factorisation, AUC", auc["degree"]["no bias"], "degree-matched, own score, no bias")
lesson.headline("the same with a bias, AUC", auc["degree"]["bias"], "degree-matched, own score")
lesson.headline("popularity alone, AUC", auc["degree"]["popularity"], "degree-matched")
lesson.headline("the cliff: recall lost from 0.45 to 0.55", cliff(plain), f"with a bias {cliff(soft):.3f}")

# %% [markdown]
# Degree-matched negatives are the stricter question, and the one this course goes by. On the groceries you will see the
# bias gain much on the easy question and nothing on the strict one: what it knows, popularity knows too.
#
# One more question, the hardest: given one item of a held-out pair, put all others in order. How often is its true
# partner among the first ten (the hit rate, HR@10)? **Predict** who wins, with raw co-occurrence as a rival: plain
# counts of what was bought together.

# %%
hits = {row.method: row.ranking.get("hr@10") for row in results}
title = f"Hit rate at ten: popularity {hits['popularity']:.3f}, with a bias {hits['bias']:.3f}"
show(figures.bars(hits, title, y="HR@10"), title)

# %% [markdown]
# On the groceries you will see both models lose to counting. An embedding has to pay its way in other coin: it is
# small, it can be compared and drawn, and in lesson 03 it will speak of items that have never been counted.

# %% [markdown]
# ## Break it on purpose
#
# `nn.Embedding`, as most people use it, starts from a standard normal distribution, and 128 numbers a row are common.
# **Predict:** what do the scores look like before the first step? What share of the chances is under 0.01 or over 0.99?

# %%
generator = torch.Generator().manual_seed(SEED)
one, other = torch.randn(2, 20_000, 128, generator=generator)
score = (one * other).sum(dim=1)
sure = ((torch.sigmoid(score) - 0.5).abs() > 0.49).float().mean()
print(f"scores spread by {score.std():.1f}; {sure:.0%} of the chances are under 0.01 or over 0.99")

# %% [markdown]
# A sum of 128 products of such numbers spreads by the square root of 128. The model starts out sure of everything, and
# wrong half of the time. Let us train it so, for one epoch, with rows of that same spread.

# %%
wide = mt.MatrixFactorization(split.catalogue, dim=128, spread=math.sqrt(3), seed=SEED)  # uniform, variance 1
wide_history = mt.fit(wide, pairs, epochs=1, device=DEVICE, seed=SEED, progress=False)

# %%
epoch = [point for point in history.loss if point[0] <= history.steps_per_epoch]
wide_end, small_end = wide_history.loss[-1][1], epoch[-1][1]
title = f"After one epoch the loss is {wide_end:.2f} from a wide start, {small_end:.2f} from a small one"
show(figures.learning_curve({"rows of variance 1": wide_history.loss, "small rows": epoch}, title), title)

# %% [markdown]
# Where the sigmoid is flat, the loss has hardly a slope for the pairs that are right by luck, and a full one for those
# that are wrong, so the epoch goes into taking back what chance had put there. Small rows have nothing to take back.
#
# ## Swap the loss, swap the regulariser
#
# This is the reason to use autograd at all: nobody has to derive anything again. A loss is any function of score and
# value. This one, the hinge, is content as soon as a pair is on the right side by a margin of 1.


# %%
def hinge(score, value):
    return torch.relu(1 - (2 * value - 1) * score).mean()


# %% [markdown]
# Each variant differs from the first in one argument. **Predict** which loss gives the best order of held-out pairs,
# and what the regulariser does to the length of the rows.

# %%
variants = {
    "BCE": {},
    "MSE": dict(loss="mse"),
    "hinge": dict(loss=hinge),
    "BCE, short rows": dict(regulariser=lambda rows: 0.03 * rows.square().sum(dim=-1).mean()),
}

# %%
scored, length = {}, {}
for name, change in variants.items():
    variant = mt.MatrixFactorization(split.catalogue, dim=64, seed=SEED, **change)
    mt.fit(variant, pairs, epochs=2, device=DEVICE, seed=SEED, progress=False)
    scored[name] = held_out_auc(variant)
    length[name] = float(variant.items.weight[trained].norm(dim=1).mean())

# %%
spread = max(scored.values()) - min(scored.values())
title = f"Two epochs each: {max(scored, key=scored.get)} is best, and all lie within {spread:.3f}"
show(figures.bars(scored, title, y="AUC, degree-matched"), title)
print("mean length of a row:", ", ".join(f"{name} {mean:.2f}" for name, mean in length.items()))

# %% [markdown]
# On the groceries you will see the bars look alike, and they are: the choice between reasonable losses matters less
# than what the model is asked. That it took one line each to find out is the point.
#
# ## Similar items
#
# The rows are embeddings: two items whose rows point the same way go with the same things. Here are popular items of
# different kinds, chosen from the data, and their nearest by cosine. **Predict** a few before you look.

# %%
examples = [item for item in lesson.examples(split.dataset, k=9) if model.seen[item]][:3]
for item in examples:
    display(mt.neighbours(model, item, k=5))

# %% [markdown]
# Do the same names come up again and again? Count it: of the five nearest of every one of the fifty most bought items,
# how many are among those fifty themselves? Were popularity no matter, hardly any would be.

# %%
top = np.argsort(-split.counts * model.seen.cpu().numpy())[:50]
top = top[model.seen.cpu().numpy()[top]]
inside = np.mean([near.item in top for item in top for near in mt.neighbours(model, item, k=5)])
print(f"bestsellers among the neighbours of bestsellers: {inside:.0%}; by chance {len(top) / model.seen.sum():.1%}")

# %% [markdown]
# On the groceries you will see that milk is near bananas is near eggs: the model has put what sells into one corner.
# Every popular item was a true pair with every other, and how often did not count. Lesson 02 changes what a pair is,
# and you can count again there.
#
# ## The library call
#
# All of the lesson in three lines. On your own table, `mt.load("my.csv")` comes before them.

# %%
final = mt.MatrixFactorization(split.catalogue, dim=64, bias=True, seed=SEED)
mt.fit(final, pairs, epochs=1, device=DEVICE, seed=SEED, progress=False)
mt.evaluate(final, split, name="one epoch, bias", baselines=False)

# %% [markdown]
# ## Check yourself
#
# Predict first; then run the lines in a new cell below the question, and only then open the answer. The answers speak
# of the whole groceries; with `SMOKE = True` much of what you see is luck.

# %% [markdown]
# **1.** Make all rows of the trained model twice as long, and train nothing: every score becomes four times as large.
# What happens to the AUC? And to the cliff?
#
# ```python
# scores = [np.log(chance / (1 - chance)) for chance in judged["no bias"]]
# longer = [1 / (1 + np.exp(-4 * score)) for score in scores]
# print("AUC", mt.auc(*judged["no bias"]), "longer", mt.auc(*longer))
# print("cliff", cliff(plain), "longer", cliff(mt.precision_recall(*longer)))
# ```
#
# <details><summary>Answer</summary>
#
# The AUC stays, but for rounding: it asks only which of two pairs scores higher, and four times as much is no other
# order. The cliff shrinks: scores move away from 0, so chances move away from a half. Nothing has been learned by it.
# How steep a cliff is says as much of the length of the rows as of what the model knows.
# </details>

# %% [markdown]
# **2.** Call all true pairs of a batch false, and all false ones true. What does that do to the loss of a model that
# was never trained, and of the trained one?
#
# ```python
# swapped = PairBatch(batch.first, batch.second, 1 - batch.value)
# for name, one in {"never trained": fresh, "trained": model}.items():
#     one = one.cpu()
#     print(f"{name:14} as labelled {float(one.loss(batch)):.3f}, swapped {float(one.loss(swapped)):.3f}")
# ```
#
# <details><summary>Answer</summary>
#
# A fresh model says *a half* to every pair, so it pays log 2 for either label. The trained one has taken sides: it pays
# less than log 2 where the labels are right, and more where they are wrong. It loses more by the swap than training had
# gained it: minus the logarithm is steeper for small chances, so being wrong costs more than being right saves.
# </details>

# %% [markdown]
# **3.** Take the dot product out of the model with a bias, and score pairs by their two biases alone. What is left of
# its AUC against uniform negatives, and against degree-matched ones?
#
# ```python
# for kind in ("uniform", "degree"):
#     asked = split.regions()["seen"] & (split.negatives[kind][:, 0] >= 0)
#     alone = [bias[ends[asked]].sum(axis=1) for ends in (split.pairs, split.negatives[kind])]
#     print(f"{kind:8} biases alone {mt.auc(*alone):.2f}, whole model {auc[kind]['bias']:.2f}")
# ```
#
# <details><summary>Answer</summary>
#
# On the groceries the biases alone do most of what the whole model does on the easy question, and no better than a coin
# on the strict one. They have learned what popularity knows and nothing else; what the model knows of this item and
# that one is in its rows.
# </details>

# %% [markdown]
# **4.** There was one false pair for each true one. A shop has many more false pairs than true ones. With ten for each,
# what becomes of the precision where half of the true pairs are found? And of the AUC?
#
# ```python
# ten = judged["no bias"][0], np.repeat(judged["no bias"][1], 10)
# for name, pair in {"one false": judged["no bias"], "ten false": ten}.items():
#     _, precision, recall = mt.precision_recall(*pair)
#     print(f"{name}: precision {precision[np.argmax(recall >= 0.5)]:.2f}, AUC {mt.auc(*pair):.2f}")
# ```
#
# <details><summary>Answer</summary>
#
# The precision falls to a fraction: at each threshold ten times as many false pairs are shown with the same true ones.
# The AUC and the recall do not change, for neither mixes the two kinds. So a precision says nothing until you know how
# many false pairs there were to a true one, and a fine AUC promises no fine precision.
# </details>

# %% [markdown]
# **5.** Draw the false items evenly, not by how much they are bought (`exponent=0`). What happens to the two AUCs, and
# to the bestsellers among the neighbours of bestsellers?
#
# ```python
# evenly = mt.Pairs(edges.source[heavy], edges.target[heavy], len(shop.catalogue), negatives=1, exponent=0)
# even = mt.MatrixFactorization(split.catalogue, dim=64, seed=SEED)
# mt.fit(even, evenly, epochs=4, device=DEVICE, seed=SEED, progress=False)
# near_top = np.mean([near.item in top for item in top for near in mt.neighbours(even, item, k=5)])
# for name, one, share in (("by count", model, inside), ("evenly", even, near_top)):
#     print(name, held_out_auc(one, "uniform"), held_out_auc(one, "degree"), f"bestsellers {share:.0%}")
# ```
#
# <details><summary>Answer</summary>
#
# On the groceries the AUC goes up on the easy question and down on the strict one, and more bestsellers stand beside
# bestsellers. A popular item is then in many true pairs and in few false ones, so the best the model can do is to score
# popular items high. A model learns to tell apart what it is shown: the negatives are half of the question.
# </details>

# %% [markdown]
# ## Exercises
#
# Put your lines in place of `return ...`, run the cell, then the check below it.
#
# **1. The score with biases.** Write the score of *One change: a bias* for a batch of P pairs: the rows of the first
# and the second item are (P, d), their biases (P,), the bias of the shop is a single number; the result is (P,). Watch
# over which axis you add up: with one pair many mistakes are not seen.


# %% tags=["exercise"]
def mf_score(first, second, bias_first, bias_second, bias):
    """(P,) the scores of P pairs.

    first, second: (P, d) rows; bias_first, bias_second: (P,) biases of the items;
    bias: one number, that of the shop.
    """
    # (P, d) times (P, d) is (P, d), and has to become (P,) before a bias is added
    dot = (first * second).sum(dim=1)
    return dot + bias_first + bias_second + bias


# %%
mt.check.mf_score(mf_score)

# %% [markdown]
# **2. The loss.** `cost` of *The loss, by hand* takes one pair, in plain Python. Write it for a batch, without a loop
# and without `mt.bce`: rows (P, d) and (P, d), labels (P,) of 0 and 1, and one number as the result, the mean over the
# pairs. Gradients must reach both rows. And it has to stay finite where the model is very sure and wrong, or a single
# pair can ruin a training run: look for what `torch.nn.functional` has for the logarithm of a sigmoid.


# %% tags=["exercise"]
def mf_loss(first, second, label):
    """The mean binary cross-entropy of P pairs' dot products, one number.

    first, second: (P, d) rows; label: (P,), 1.0 for a true pair and 0.0 for a false one.
    """
    # what happened had the chance sigmoid(score) if the label is 1, and sigmoid(-score) if it is 0
    score = (first * second).sum(dim=1)
    towards = torch.where(label == 1, score, -score)
    return -torch.nn.functional.logsigmoid(towards).mean()


# %%
mt.check.mf_loss(mf_loss)

# %% [markdown]
# **3. Precision and recall.** The slider of *Precision, recall, and a cliff* showed both for a threshold. Write them:
# scores (P,), labels (P,) of 0 and 1, one threshold, and two numbers as the result. A pair counts as found where its
# score is at or above the threshold. Where nothing is found, precision has nothing to divide by: it is 0 by agreement,
# and so is recall where nothing is true. `precision_score` and `recall_score` of scikit-learn hold it the same way.
# Such corners decide what a table says of a model that shows nothing.


# %% tags=["exercise"]
def precision_recall(scores, labels, threshold):
    """(precision, recall) of the pairs whose scores are at or above the threshold.

    scores, labels: (P,), a label is 1 for a true pair and 0 for a false one.
    Precision is 0 where nothing is found, recall is 0 where nothing is true.
    """
    # three counts are enough: how many are found, how many are true, how many are both
    found, true = scores >= threshold, labels == 1
    hits = (found & true).sum().item()
    return hits / max(found.sum().item(), 1), hits / max(true.sum().item(), 1)


# %%
mt.check.precision_recall(precision_recall)

# %% [markdown]
# **4. A loss of your own** (open). A loss is any function of `score` and `value` that gives one number, and
# `loss=yours` hands it to the model. Write one: let a wrong true pair cost twice as much as a wrong false one, or leave
# pairs in peace that are right by a margin, or something nobody has tried. Two epochs will do.
#
# Does it put held-out pairs in a better order, or only move the chances? It worked if `held_out_auc` is above that of
# BCE with each of three seeds, and by more than BCE's own spread between the seeds. Then use your function of exercise
# 3 at a chance of a half, on `true` and `false`: has the line moved?
#
# More: train with `dim=8` and `dim=128`; is it worth the time? And `split.edges(weighted=True, negatives=0)` gives
# pairs whose value is how often they were bought together: train on them with `loss="mse"`. Would you take the
# logarithm first?

# %% [markdown] tags=["solution"]
# One answer among many: a true pair costs twice. It is trained beside BCE with three seeds, on the same pairs.


# %% tags=["solution"]
def doubled(score, value):
    """BCE in which a true pair counts twice."""
    return (torch.nn.functional.softplus((1 - 2 * value) * score) * (1 + value)).mean()


trained_with = {"BCE": [], "doubled": []}
for seed in range(SEED, SEED + 3):
    for name, loss in {"BCE": "bce", "doubled": doubled}.items():
        one = mt.MatrixFactorization(split.catalogue, dim=64, loss=loss, seed=seed)
        mt.fit(one, pairs, epochs=2, device=DEVICE, seed=seed, progress=False)
        trained_with[name].append(one)
for name, models in trained_with.items():
    print(f"{name:8} AUC", ", ".join(f"{held_out_auc(one):.3f}" for one in models))

# %% tags=["solution"]
labels = torch.cat([torch.ones(len(true)), torch.zeros(len(false))])
given = {
    name: torch.from_numpy(np.concatenate([chances(models[0], ends) for ends in (true, false)]))
    for name, models in trained_with.items()
}
told = {name: precision_recall(scores, labels, 0.5) for name, scores in given.items()}
lower = float(given["BCE"][labels == 1].quantile(1 - told["doubled"][1]))  # where BCE finds as many true pairs
told[f"BCE, at {lower:.2f}"] = precision_recall(given["BCE"], labels, lower)
for name, (precision, recall) in told.items():
    print(f"{name:12} precision {precision:.3f}, recall {recall:.3f}")

# %% [markdown] tags=["solution"]
# On the groceries the AUC of the two losses differs less than that of one loss with two seeds: nothing speaks for a
# better order. At a chance of a half the new loss finds many more true pairs, at a lower precision, and that looks like
# a success. But BCE finds as many if its line is drawn lower, and is then hardly less precise. The loss has moved the
# chances, which moving the line does without any training.

# %% [markdown]
# ## What we learned
#
# - Matrix factorisation is two lookups and a dot product; between items, one table serves both sides.
# - The loss of a pair is minus the logarithm of the chance given to what happened; a fresh model pays log 2.
# - The cliff at 0.5 is the pile of pairs about which a model without a bias has nothing to say.
# - A bias learns popularity. Uniform negatives reward that, degree-matched ones do not.
# - With autograd a new loss or a new regulariser is one line.
#
# ## Next
#
# [02 · Skip-gram](02_skip_gram.ipynb) keeps the dot product and changes the question: not *is this pair true?* but
# *which items does this one keep company with?*
