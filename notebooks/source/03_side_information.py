# %% [markdown]
# # 03 · Side information: an item that nobody has bought yet

# %% [markdown]
# You will
#
# - see why skip-gram has nothing to say about a new item, and how a random vector hides that;
# - build an item's vector from its traits: by hand, from scratch, then with the library, and check that all three
#   agree;
# - let the model learn how much each trait counts, and tell a weight from an importance;
# - put items that nobody has bought on the right shelf, one of your own invention among them;
# - break the model on purpose, so that you know it could have failed.
#
# About 60 minutes, two of them computing, and an hour for the exercises at the end, which check your answers.
# Prerequisites: lesson 02, so you know skip-gram, its loss and the degree-matched AUC.

# %% tags=["setup"]
import importlib.util

if importlib.util.find_spec("mtsgns_lite") is None:
    raise ModuleNotFoundError("The course is not installed here: the README says how, in two commands.")

# %% [markdown]
# The parameters, as in every lesson. `SMOKE = True` makes everything small and quick; `DATASET` may also be
# `"planted"` or the path of your own CSV; `DEVICE = None` picks for you.

# %% tags=["parameters"]
SMOKE = False
SEED = 0
DATASET = "groceries"
DEVICE = None

# %%
import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F

import mtsgns_lite as mt
from mtsgns_lite import lesson
from mtsgns_lite.views import figures

# %% [markdown]
# ## What is known of an item before it is sold
#
# A shop knows more of its items than who bought them: what they are, who makes them, how large the pack is. Such
# columns are called traits, or side information. Which of them do you expect to say most about what is bought
# together?

# %%
shop = lesson.with_traits(lesson.shop(DATASET, SMOKE, SEED))
shop

# %% [markdown]
# The split plays a trick that shops play every week: some items are taken out of training altogether. They are
# *cold*. Later we ask which items they were bought with, as if they had just arrived on the shelf.

# %%
split = mt.split(shop, cold_items=0.1, seed=SEED)
split

# %% [markdown]
# Two names for later: the traits, and the *aisle*, the one trait by which we judge whether an item landed in the
# right place. `newcomers` are cold items worth asking about, `familiar` ones were in training.

# %%
traits = shop.catalogue.traits
aisle = shop.main_trait or next(iter(traits))
cold = np.flatnonzero(split.cold)
examples = lesson.examples(shop, k=200)
newcomers = [item for item in examples if split.cold[item]] + cold.tolist()
newcomers = list(dict.fromkeys(newcomers))[:5]
familiar = [item for item in examples if split.counts[item] > 0]

# %% [markdown]
# ## Why skip-gram fails on them
#
# First the model of lesson 02. The helper trains any model on the same split; the other one keeps the degree-matched
# AUC, so that popularity alone scores a half.


# %%
def train(model, epochs=1):
    mt.fit(model, split.train, epochs=epochs, device=DEVICE, seed=SEED, progress=False)
    return model


def auc(model, **options):
    found = mt.evaluate(model, split, baselines=False, **options)[0].auc["degree"]
    return {region: float("nan") if value is None else value for region, value in found.items()}


# %% [markdown]
# **Predict, then run:** a true pair is a cold item and what was really bought with it; a false one is the cold item
# and something else. How often will skip-gram score the true one higher?

# %%
EPOCHS = 1 if SMOKE else 3
plain = train(mt.SGNS(shop.catalogue, seed=SEED), EPOCHS)
plain_auc = auc(plain)
pd.Series(plain_auc, name="skip-gram, AUC").round(3).to_frame()

# %% [markdown]
# A coin toss, and exactly one: nothing in training ever moved the vector of a cold item, so the model gives it none.
# Against a zero vector every score is a tie, and a tie counts half.

# %%
lengths = plain.embeddings().norm(dim=1).cpu()
print(f"longest vector of a cold item: {lengths[cold].max():.2f}")
print(f"middle vector of the others:   {lengths[split.counts > 0].median():.2f}")

# %% [markdown]
# Much published code skips this step and hands out the row that the table started with. Then the new item has
# neighbours, with similarities that look like an answer. Are they one?

# %%
mt.neighbours(plain, newcomers[0], k=5, unseen="random")

# %% [markdown]
# The cosines look sober, and they are noise. Over many cold items the AUC gives it away: an untrained row is a coin
# toss too, only dressed up. (Over a handful the coin may fall to either side.)

# %%
random_auc = auc(plain, unseen="random")
print(f"cold AUC with zero vectors: {plain_auc['cold']:.3f}")
print(f"cold AUC with random rows:  {random_auc['cold']:.3f}")

# %% [markdown]
# ## Three items by hand
#
# The way out is old and simple: **an item is the sum of its features.** Take three items in two dimensions. Each has
# a row of its own, a row for what it is, and a row for its maker; the maker's row is the same for all its items.

# %%
rows = torch.tensor(
    [  # own row,    what it is,  its maker
        [[0.4, 0.0], [2.0, 0.2], [0.0, 1.0]],  # oat bread by Mill
        [[0.0, 0.3], [2.0, 0.2], [0.6, -1.0]],  # rye bread, whose maker nobody wrote down
        [[9.9, 9.9], [-0.5, 1.5], [0.0, 1.0]],  # a new soap by Mill, its own row untrained
    ]
)
print("items, sources, dimensions:", tuple(rows.shape))
print(rows.sum(dim=1))

# %% [markdown]
# The sources need not count alike. Suppose that we think what a thing is matters three times as much as who made it.
# Weights that add up to one turn the sum into a mixture.

# %%
weights = torch.tensor([0.2, 0.6, 0.2])
parts = weights[None, :, None] * rows  # (3 items, 3 sources, 2)
print(parts.sum(dim=1))

# %% [markdown]
# Two rows went in that should not have: the second item's maker is unknown, and the new soap's own row is noise.
# **Predict:** if an unknown source is left out, what should happen to the weights of the others?

# %%
known = torch.tensor([[True, True, True], [True, True, False], [False, True, True]])
masked = weights * known
masked = masked / masked.sum(dim=1, keepdim=True)  # they add up to one again
print(masked)

# %% [markdown]
# A model can't learn weights directly, for they must stay positive and add up to one. It learns free numbers, the
# logits, and a softmax makes weights of them. An unknown source gets minus infinity: the renormalising comes for
# free.

# %% tags=["deterministic"]
logits = weights.log()
soft = logits.masked_fill(~known, -torch.inf).softmax(dim=1)
print(soft)
print("the same:", torch.allclose(soft, masked))

# %% [markdown]
# One more factor. In a mixture of many sources each row gets only its weight's part of the gradient, so an item's own
# row learns slowly. Multiplying by $m_v$, the number of known sources, undoes that:
#
# $$H_v = \sum_s c_s(v), \quad c_s(v) = m_v \, \mathrm{softmax}(a)_s \, W^s_v$$

# %% tags=["deterministic"]
m = known.sum(dim=1, keepdim=True)  # 3, 2, 2
H = (m * soft)[:, :, None] * rows
print(H.sum(dim=1))

# %% [markdown]
# The new soap has a place, made of what it is and who made it. Its own row, however wild, had no say. That is the
# whole idea of this lesson; the rest is finding the rows and the logits.
#
# ## From scratch, on the real catalogue
#
# The formula as a function. `rows` are what the sources say, `known` which of them there are; the answer keeps the
# contributions apart, because we will want to look at them.


# %%
def mixture(rows, known, logits):
    soft = logits.masked_fill(~known, -torch.inf).softmax(dim=-1).nan_to_num(0.0)
    m = known.sum(dim=-1, keepdim=True)
    return (m * soft)[..., None] * rows  # (..., sources, d); the sum over the sources is H


# %%
print("as by hand:", torch.allclose(mixture(rows, known, logits), H))

# %% [markdown]
# In the catalogue a trait is a column of codes, 0 for unknown. Some items carry several values of one trait, say two
# genres; then the trait says the mean of them. So the lookup is one table for the items and one per trait.


# %%
def look_up(items, own, tables):
    rows, known = [own[items]], [torch.ones(len(items), dtype=torch.bool)]
    for trait, table in zip(traits.values(), tables):
        codes = torch.from_numpy(trait.codes)[items]  # (items, values), 0 is unknown or padding
        there = (codes > 0).float()[:, :, None]
        rows.append((table[codes] * there).sum(dim=1) / there.sum(dim=1).clamp(min=1))
        known.append((codes > 0).any(dim=1))
    return torch.stack(rows, dim=1), torch.stack(known, dim=1)


# %% [markdown]
# Shapes before sense. An untrained model of the library lends us its tables; we fill them with random numbers, so
# that a mistake could not hide behind zeros.

# %%
fresh = mt.MultiTraitSGNS(shop.catalogue, dim=8, seed=SEED)
for table in (fresh.target.values, fresh.target.logits, fresh.context):
    table.weight.normal_(generator=torch.Generator().manual_seed(SEED))
own, a = fresh.target.items.weight, fresh.target.logits.weight[0]
tables = fresh.target.values.weight.split([len(trait.values) for trait in traits.values()])

# %%
everything = torch.arange(len(shop.catalogue))
W, there = look_up(everything, own, tables)
print("items, sources, d:", tuple(W.shape))
print("sources:", ["item", *traits])
print("known, on average:", there.float().mean(dim=0).numpy().round(2))

# %% [markdown]
# **Predict:** the library keeps all traits in one table and never makes these big arrays in training. Will its
# contributions be the same as ours, to the last digit that counts?

# %% tags=["deterministic"]
ours, theirs = mixture(W, there, a), fresh.contributions()
print("same shape:", ours.shape == theirs.shape)
print("same numbers:", torch.allclose(ours, theirs, atol=1e-5))

# %% [markdown]
# ### The loss
#
# The rest is lesson 02: $H$ takes the place of the target vector, the context side stays as it was. One batch,
# the mixture of its items, and the skip-gram loss that you know.

# %%
batch = next(split.train.batches(torch.Generator().manual_seed(SEED), torch.device("cpu")))
W, there = look_up(batch.items.ravel(), own, tables)
parts = mixture(W, there, a).unflatten(0, batch.items.shape)  # (rows, places, sources, d)
context, noise = fresh.context.weight[batch.items], fresh.context.weight[batch.noise]
loss = mt.sgns_loss(parts.sum(dim=2), context, noise, batch.pairs(), batch.negatives)
print(f"skip-gram loss of the mixtures: {loss:.3f}")

# %% [markdown]
# A new item will have to do without its own row, so the traits practise that: the same loss once more, on the traits'
# part alone, at a fifth of the strength. It teaches only the traits, so the contexts are held fixed.

# %%
has_traits = torch.from_numpy(shop.catalogue.has_traits)[batch.items]
pairs = batch.pairs() * has_traits[:, :, None]
alone, fixed = parts[:, :, 1:].sum(dim=2), (context.detach(), noise.detach())
auxiliary = mt.sgns_loss(alone, *fixed, pairs, batch.negatives)
print(f"the traits' part alone: {auxiliary:.3f}")

# %% [markdown]
# Our slow, plain version is done. If it is the library's model, the two losses must agree on this batch, and on any
# other that you draw.

# %% tags=["deterministic"]
library = fresh.loss(batch)
print("same loss:", torch.allclose(loss + 0.2 * auxiliary, library, rtol=1e-4))

# %% [markdown]
# ### The gradient of a weight
#
# What makes a weight grow? Take the first bread, one context $Z$ with label $y = 1$, and derive by hand,
# with $\sigma = \sigma(H \cdot Z)$:
#
# $$\frac{\partial L}{\partial a_s} = (\sigma - y) \, \mathrm{softmax}(a)_s \, Z \cdot (m W^s - H)$$

# %%
Z, y = torch.tensor([1.0, -0.5]), torch.tensor(1.0)
a_bread = weights.log().requires_grad_()
h = mixture(rows[0], known[0], a_bread).sum(dim=0)
F.binary_cross_entropy_with_logits(h @ Z, y).backward()

# %% tags=["deterministic"]
by_hand = (torch.sigmoid(h @ Z) - y) * weights * ((m[0] * rows[0] - h) @ Z)
print("by hand: ", [round(value, 4) for value in by_hand.tolist()])
print("autograd:", [round(value, 4) for value in a_bread.grad.tolist()])

# %% [markdown]
# Read it: $m W^s - H$ is how far source $s$ alone would lead away from the mixture. Where that points towards a true
# context, the gradient is negative and the weight grows. **A weight is a vote for the source that agrees best.**
#
# ## Weights by hand, on the shop
#
# Before a model learns weights, guess them yourself. The guess below says: a trait with more values tells more, so
# its weight is the logarithm of how many there are. Put in your own.

# %%
guess = {"item": 1.0}
for name, trait in traits.items():
    guess[name] = round(float(np.log2(1 + len(trait.values))), 1)
guess

# %% [markdown]
# `weights="uniform"` never learns its logits, so what we write into them stays. The rows are learned as always.
# **Predict:** will a guess be enough to lift the new items off the coin toss?

# %%
hand = mt.MultiTraitSGNS(shop.catalogue, weights="uniform", seed=SEED)
hand.target.logits.weight[0] = torch.tensor(list(guess.values())).log()
hand_auc = auc(train(hand))
print(f"cold AUC, skip-gram:       {plain_auc['cold']:.3f}")
print(f"cold AUC, weights by hand: {hand_auc['cold']:.3f}")

# %% [markdown]
# ## Learned weights, first where the truth is known
#
# On real baskets nobody knows the right weights. So we plant them: a generated shop, whose baskets follow from traits
# A, B, C and D in known proportions. One of them, C, has no influence at all.

# %%
size = {"items": 400, "baskets": 6_000} if SMOKE else {}
garden = mt.load("planted", seed=SEED, **size)
garden.truth["shares"]

# %% [markdown]
# **Predict before you run:** C does nothing. Will its learned weight be zero? And will the biggest weight be the
# biggest influence?

# %%
gardener = mt.MultiTraitSGNS(garden.catalogue, seed=SEED)
baskets = mt.split(garden, seed=SEED).train
mt.fit(gardener, baskets, epochs=1, device=DEVICE, seed=SEED, progress=False)
planted = mt.trait_weights(gardener, truth=garden.truth["shares"])
planted

# %% [markdown]
# The weight of C is not zero, and doesn't have to be: its *rows* can stay short instead. Only the product of weight
# and row matters, and there are many ways to write one product.

# %%
one = torch.tensor([[0.5], [0.5]]) * torch.tensor([[2.0, 0.0], [0.0, 2.0]])
other = torch.tensor([[0.8], [0.2]]) * torch.tensor([[1.25, 0.0], [0.0, 5.0]])
print("one model:  ", one.sum(dim=0).tolist())
print("another one:", other.sum(dim=0).tolist())

# %% [markdown]
# Same vector, quite different weights. So measure what arrives: how much of the differences between items does each
# source account for? That is its **contribution share**:
#
# $$\mathrm{share}_s = \frac{\sum_v (c_s(v) - \bar c_s) \cdot (H(v) - \bar H)}{\sum_v |H(v) - \bar H|^2}$$
#
# In one dimension that is a covariance over a variance. Take four items and two sources: one says small numbers that
# differ, the other large ones that hardly do. **Predict:** whose share is larger?

# %% tags=["deterministic"]
quiet = np.array([1.0, -1.0, 1.0, -1.0])
loud = np.array([9.0, 9.0, 9.5, 9.5])
spread = np.cov([quiet, loud, quiet + loud])  # (3, 3): of each with each, the whole comes last
print("shares:", (spread[:2, 2] / spread[2, 2]).round(3))

# %% [markdown]
# What a source says of all items alike has no share. Shares add up to one, over all items and dimensions as well (you
# will write that below), and they can be held against the truth. Compare the three bars of each trait, C's above all.

# %%
idle = min(planted.truth, key=planted.truth.get)
weight, share = (values[planted.sources.index(idle)] for values in (planted.weight, planted.share))
title = f"{idle}, planted without influence: weight {weight:.2f}, share {share:.2f}"
figures.show(figures.trait_bars(planted, title), alt=f"{title}. {planted}")

# %% [markdown]
# Is the order right as well? Kendall's tau compares two rankings pair by pair: 1 if every pair stands in the same
# order, -1 if every pair is reversed.


# %%
def kendall_tau(one, other):
    one, other = torch.tensor(one), torch.tensor(other)
    i, j = torch.triu_indices(len(one), len(one), 1)
    return float((torch.sign(one[i] - one[j]) * torch.sign(other[i] - other[j])).mean())


truth = [planted.truth[source] for source in planted.sources[1:]]
print(f"tau of the weights with the truth: {kendall_tau(planted.weight[1:], truth):.2f}")
print(f"tau of the shares with the truth:  {kendall_tau(planted.share[1:], truth):.2f}")

# %% [markdown]
# ## Learned weights, on the shop
#
# Now the main model. `probe` asks a question all through training, here for the weights, and `fit` keeps the answers;
# it also takes twelve snapshots of the vectors, for the map below. While it runs, write down your order of the traits,
# the most telling first.

# %%
model = mt.MultiTraitSGNS(shop.catalogue, dim=64, weights="global", seed=SEED)
options = {"epochs": EPOCHS, "device": DEVICE, "seed": SEED}
history = mt.fit(model, split.train, probe=mt.trait_weights, snapshots=12, **options)
history

# %% [markdown]
# Compare with your order. Which trait carries most of the embedding and which least, and do the weights tell the two
# apart as clearly as the shares do?

# %%
learned = mt.trait_weights(model)
weight_of = dict(zip(learned.sources, learned.weight))
share_of = dict(zip(learned.sources, learned.share))
top, least = max(traits, key=share_of.get), min(traits, key=share_of.get)

# %%
shares = f"{top} has a share of {share_of[top]:.2f}, {least} of {share_of[least]:.2f}"
title = f"{shares}; their weights are {weight_of[top]:.2f} and {weight_of[least]:.2f}"
figures.show(figures.trait_bars(learned, title), alt=f"{title}. {learned}")

# %% [markdown]
# Move the slider from the start of training to its end. All weights begin equal. Which source leads early, and does
# it still lead at the end?
#
# Then press **what if?** and set the weights yourself. The model stays as it is; its rows are only mixed anew. Can you
# find weights that beat the learned ones? And what happens to the new items if one trait gets everything?

# %%
mt.show_trait_weights(model, history=history, split=split)

# %% [markdown]
# ### Do the baskets agree?
#
# The model should lean on traits in which things bought together are alike. That can be counted without any model:
# how often do the two items of a held-out pair share a value, and how often if the partners are shuffled?


# %%
def alike(pairs, codes):
    one, other = codes[pairs[:, 0], :, None], codes[pairs[:, 1], None, :]
    known = (one > 0).any(axis=(1, 2)) & (other > 0).any(axis=(1, 2))
    same = ((one == other) & (one > 0)).any(axis=(1, 2))
    return np.where(known, same, np.nan)  # 1, 0, or nan where one of the two is unknown


def lift(codes):
    return np.nanmean(alike(split.pairs, codes)) / np.nanmean(alike(strangers, codes))


# %%
strangers = np.tile(split.pairs, (20, 1))
strangers[:, 1] = np.random.default_rng(SEED).permutation(strangers[:, 1])
lifts = {name: lift(trait.codes) for name, trait in traits.items()}
table = pd.DataFrame({"lift": lifts, "share": share_of, "weight": weight_of}).loc[list(traits)]
table.sort_values("lift", ascending=False).round(3)

# %% [markdown]
# A lift of one means that the trait says nothing about what goes together. Read the table from the top: the shares
# should fall with the lift. Should the weights?

# %%
tau = {kind: kendall_tau(table[kind].tolist(), table["lift"].tolist()) for kind in table}
print(f"tau with the lift: contribution shares {tau['share']:.2f}, weights {tau['weight']:.2f}")
lesson.headline("top trait by share", top, f"share {share_of[top]:.2f}, lift {lifts[top]:.1f}")

# %% [markdown]
# A tau below one need not be a fault. The lift looks at one trait at a time; the model sees them all at once, and
# where two traits say the same it may lean on either.
#
# ## One set of weights, or one for each item?
#
# EGES (Wang et al., KDD 2018) gives every item its own weights. An old favourite could then lean on its own row, a
# rare item on its traits. To compare fairly we train both for one epoch.

# %%
shared = train(mt.MultiTraitSGNS(shop.catalogue, weights="global", seed=SEED))
own_weights = train(mt.MultiTraitSGNS(shop.catalogue, weights="item", seed=SEED))
shared_auc, own_auc = auc(shared), auc(own_weights)
pd.DataFrame({"one for all": shared_auc, "one for each item": own_auc}).T.round(3)

# %% [markdown]
# The ± is the spread over the items; with one set for all it came from unknown traits alone. **Predict:** an item
# occurs in few baskets, the catalogue in all of them. Which weights had time to move far from where they began?

# %%
single = mt.trait_weights(own_weights)
spread = max(single.spread)
low, high = min(single.weight), max(single.weight)
title = f"Weights per item: means from {low:.2f} to {high:.2f}, spread up to {spread:.2f}"
figures.show(figures.trait_bars(single, title), alt=f"{title}. {single}")

# %% [markdown]
# All these weights began equal, and each learns only from the baskets of its own item. What they leave undone, the
# rows can do. Compare how far the weights lie apart with how far the shares do: once more, a weight is not an
# importance.
#
# ### Without the practice
#
# The auxiliary loss made the traits practise to stand alone. **Predict:** switch it off. Will the item's own row take
# more of the embedding, and what will the new items pay for it?

# %%
lazy = train(mt.MultiTraitSGNS(shop.catalogue, auxiliary=0, seed=SEED))
lazy_auc = auc(lazy)
with_it, without = mt.trait_weights(shared), mt.trait_weights(lazy)
shares = {"with auxiliary loss": with_it.share, "without": without.share}
groups = {name: dict(zip(with_it.sources, share)) for name, share in shares.items()}

# %%
shares_moved = f"item's own share from {with_it.share[0]:.2f} to {without.share[0]:.2f}"
auc_moved = f"cold AUC from {shared_auc['cold']:.3f} to {lazy_auc['cold']:.3f}"
title = f"Without the auxiliary loss: {shares_moved}, {auc_moved}"
figures.show(figures.grouped_bars(groups, title, "contribution share"), alt=title)

# %% [markdown]
# If little moved, the traits had learned to stand alone without practice: many items share them, so they learn sooner
# than any item's own row. Then the loss is an insurance. The last exercise says how to let the traits learn slowly.
#
# ## Cold items, in the right aisle
#
# Now the point of it all. A cold item's vector is its traits', with the weights renormalised over them, as the soap's
# was. Here is the newcomer again that skip-gram could only guess about.

# %%
mt.neighbours(model, newcomers[0], k=6)

# %% [markdown]
# One item could be luck. For each newcomer, take its nearest ten and count how many stand in its own aisle.

# %%
unit = F.normalize(model.embeddings(), dim=1).cpu()
bought = unit * model.seen.cpu()[:, None]  # only these can be an answer
K = min(10, int(model.seen.sum()))


def nearest_bought(items):
    return (unit[items] @ bought.T).topk(K).indices.numpy()  # (items, K)


def in_own_aisle(items):
    pairs = np.stack([np.repeat(items, K), nearest_bought(items).ravel()], axis=1)
    return alike(pairs, traits[aisle].codes).reshape(-1, K)


# %%
names, nearest = shop.catalogue.names, nearest_bought(newcomers)
table = pd.DataFrame({"never bought": names[newcomers]})
table[aisle] = [traits[aisle].text(item) for item in newcomers]
table["nearest"], table["second"] = names[nearest[:, 0]], names[nearest[:, 1]]
table[f"of {K}, in its aisle"] = np.nansum(in_own_aisle(newcomers), axis=1).astype(int)
table

# %% [markdown]
# And over all of them? Chance is how often an item drawn at random from those that were bought stands in the same
# aisle. Items whose aisle is unknown are left out.

# %%
drawn = np.random.default_rng(SEED).choice(np.flatnonzero(split.counts), 50 * len(cold))
chance = np.nanmean(alike(np.stack([np.repeat(cold, 50), drawn], axis=1), traits[aisle].codes))
landed = np.nanmean(in_own_aisle(cold))
title = f"{landed:.0%} of a new item's {K} nearest are of its own {aisle}; chance gives {chance:.1%}"
both = {"nearest items": landed, "chance": chance}
figures.show(figures.bars(both, title, f"same {aisle}"), alt=title)

# %% [markdown]
# Landing in the aisle is a sanity check, no proof: the model was told the aisle. The AUC is harder, because it asks
# what was really *bought* with the new item, and the model was never told that.

# %%
model_auc = auc(model)
gain = model_auc["seen"] - plain_auc["seen"]
pd.DataFrame({"skip-gram": plain_auc, "with traits": model_auc}).T.round(3)

# %% [markdown]
# ### The plain mean
#
# The EGES paper gives a new item the plain mean of its traits, though it learned weights for them. No training is
# needed to try that: the switch is in the same model. How much do you expect to lose?

# %%
model.cold = "mean"
mean_auc = auc(model)
model.cold = "weights"
print(f"cold AUC: learned weights {model_auc['cold']:.4f}, plain mean {mean_auc['cold']:.4f}")

# %% [markdown]
# If the two hardly differ, think of what the rows do: a trait that says little has short rows, and a larger weight
# doesn't make it say more. Where weights alone do the sorting, the plain mean is an evaluation of another model.
#
# ### An item of your own
#
# A vector needs only values. Invent an item: the half of the traits with the larger shares from one familiar item (of
# the fullest aisle), the rest from another. Change any value to another of its trait; `"unknown"` leaves it out.

# %%
main = traits[aisle].codes[:, 0]
one = max(familiar, key=lambda item: (main == main[item]).sum() * (main[item] > 0))
other = familiar[-1] if one == familiar[0] else familiar[0]
heavy = sorted(traits, key=share_of.get, reverse=True)[: (len(traits) + 1) // 2]
parent = {name: one if name in heavy else other for name in traits}
recipe = {name: trait.values[trait.codes[parent[name], 0]] for name, trait in traits.items()}
print(f"{', '.join(heavy)} of {names[one]}, the rest of {names[other]}:")
recipe

# %% [markdown]
# Our own `mixture` from scratch is all it takes: the rows of these values, no row of its own, and the learned logits.
# **Predict:** which of the two parents will decide where it lands?

# %%
a, table = model.target.logits.weight[0].cpu(), model.target.values.weight.cpu()
tables = table.split([len(trait.values) for trait in traits.values()])
values = [table[traits[name].values.index(recipe[name])] for name, table in zip(recipe, tables)]
rows = torch.stack([torch.zeros(model.dim), *values])
there = torch.tensor([False, *(value != "unknown" for value in recipe.values())])
invented = mixture(rows, there, a).sum(dim=0)

# %%
best = (bought @ F.normalize(invented, dim=0)).topk(K)
table = pd.DataFrame({"near your item": names[best.indices]})
table["cosine"] = best.values.numpy().round(3)
table[aisle] = [traits[aisle].text(item) for item in best.indices.tolist()]
table

# %% [markdown]
# ### The counter
#
# The same with menus. Choose what the new product is, leave unknown what you don't know, and look where the star lands
# and what lies around it; beside it stands all that a model without traits could offer. Type an item's name to start
# from its traits. **Try:** how many traits can you take away before it leaves its aisle?

# %%
mt.cold_item(model)

# %% [markdown]
# ## Half cold: rare items
#
# An item with few baskets is half cold. Sort the held-out pairs by how often their rarer end was bought, and cut them
# into quarters. **Predict:** in which quarter will the traits help most?


# %%
def auc_among(model, rows):
    u = F.normalize(model.embeddings(), dim=1).cpu()
    true, false = split.pairs[rows], split.negatives["degree"][rows]
    false = false[false[:, 0] >= 0]  # -1 where none was found
    scores = [(u[pairs[:, 0]] * u[pairs[:, 1]]).sum(dim=1).numpy() for pairs in (true, false)]
    return mt.auc(*scores)


# %%
rows = np.flatnonzero(split.regions()["seen"])
rows = rows[np.argsort(split.counts[split.pairs[rows]].min(axis=1), kind="stable")]
quarters = dict(zip(["rarest quarter", "second", "third", "most bought"], np.array_split(rows, 4)))
groups = {"skip-gram": {}, "with traits": {}}
for name, rows in quarters.items():
    groups["skip-gram"][name] = auc_among(plain, rows)
    groups["with traits"][name] = auc_among(model, rows)

# %%
added = [(groups["with traits"][q] or 0) - (groups["skip-gram"][q] or 0) for q in quarters]
title = f"Traits change the AUC by {added[0]:+.3f} for rare items, {added[-1]:+.3f} for the most bought"
figures.show(figures.grouped_bars(groups, title, "AUC"), alt=title)

# %% [markdown]
# Now one of them. We take rarely bought items with all traits known, and of these the one over which the two models
# disagree most: skip-gram on the left, traits on the right.

# %%
complete = np.all([trait.known for trait in traits.values()], axis=0)
by_count = np.argsort(split.counts, kind="stable")
rare = by_count[(split.counts > 1)[by_count] & complete[by_count]].tolist() or familiar
rare = rare[: len(rare) // 4 + 1 : len(rare) // 120 + 1]  # of the rarer quarter, thirty or so


def around(model, item):
    return {near.item for near in mt.neighbours(model, item, k=10)}


item = min(rare, key=lambda item: len(around(plain, item) & around(model, item)))

# %%
left, right = mt.neighbours(plain, item, k=6), mt.neighbours(model, item, k=6)
print(f"{names[item]}, in {split.counts[item]} training {shop.kind}")
print(shop.catalogue.traits_of(item))
table = pd.DataFrame({"skip-gram": [near.name for near in left]})
table["traits in common"] = [len(near.shared) for near in left]
table["with traits"] = [near.name for near in right]
table["in common"] = [len(near.shared) for near in right]
table

# %% [markdown]
# Which list would you rather put on a page? And is "alike" always what a page needs? Try items of your own, in both
# models: the beginning of a name is enough. On the groceries, ask for `mt.neighbours(model, "BABY DIAPERS", k=15)`, and
# look for what stands beside the diapers.
#
# ## Break it on purpose
#
# A good number proves little until a bad model gets a bad one. The control keeps everything but the meaning: each
# trait's column is shuffled over the items. **Predict** the cold AUC, and whether the shares of the traits will
# vanish.

# %%
nonsense = train(mt.MultiTraitSGNS(shop.catalogue.shuffle_traits(SEED), seed=SEED))
nonsense_auc = auc(nonsense)

# %%
row = {"skip-gram": plain_auc, "random rows": random_auc, "shuffled traits": nonsense_auc}
row |= {"by hand": hand_auc, "learned, one epoch": shared_auc, "the main model": model_auc}
cold_auc = {name: found["cold"] for name, found in row.items()}
true, false = cold_auc["the main model"], cold_auc["shuffled traits"]
title = f"Cold items: AUC {false:.2f} with shuffled traits, {true:.2f} with the true ones"
figures.show(figures.bars(cold_auc, title, "cold AUC"), alt=title)

# %% [markdown]
# If shuffled traits scored well here, something would leak, and every number above would be worthless. Now look at
# what the broken model says of itself.

# %%
broken = mt.trait_weights(nonsense)
shares = {"true traits": mt.trait_weights(shared).share, "shuffled": broken.share}
pd.DataFrame(shares, index=broken.sources).round(3)

# %% [markdown]
# Shuffled traits may still hold shares: a trait with many values is nearly a second name for each item, and serves to
# learn it by heart. A share says what moves the vector, the control says whether that means anything. You need both.
#
# ## Target, context, or both
#
# So far only the target side had traits. `context_traits=True` gives the context side traits and weights of its own;
# then a new item has two vectors, and their mean.

# %%
both = train(mt.MultiTraitSGNS(shop.catalogue, context_traits=True, seed=SEED))
sides = {which: auc(both, which=which) for which in ("target", "context", "mean")}
pd.DataFrame({"target only, as before": shared_auc, **sides}).T.round(3)

# %%
best_side = max(sides, key=lambda which: sides[which]["seen"])
best_auc = sides[best_side]["seen"]
title = f"For pairs that were seen, the {best_side} embedding does best: AUC {best_auc:.3f}"
groups = {region: {which: sides[which][region] for which in sides} for region in ("seen", "cold")}
figures.show(figures.grouped_bars(groups, title, "AUC"), alt=title)

# %% [markdown]
# Target and context answer different questions: $u \cdot v$ across the two sides says what is bought *together with*
# an item, a cosine within one side what is bought *in the same company*. Do both sides trust the same traits?

# %%
on_target, on_context = mt.trait_weights(both, "target"), mt.trait_weights(both, "context")
table = pd.DataFrame(index=on_target.sources)
table["target weight"], table["target share"] = on_target.weight, on_target.share
table["context weight"], table["context share"] = on_context.weight, on_context.share
table.round(3)

# %% [markdown]
# ## The map
#
# Two thousand items, the most bought and some that were never bought (rings, where the map is live). t-SNE keeps
# neighbours together, so read the islands, not the distances between them. Click an item, or search for one: the panel
# shows what its vector is made of, and its nearest items. Circle an island with the lasso: what do its items share?
#
# The slider goes back through training, on a flat map (PCA). **Look** at the rings: when do the new items find their
# places, though nobody ever buys them? Colour by `in training` to see them better.

# %%
METHOD = "pca" if SMOKE else "tsne"  # or "umap", where it is installed

# %% tags=["picture"]
mt.explore(model, history, colour=aisle, method=METHOD, most=2_000, seed=SEED)

# %% [markdown]
# ## The same in five lines
#
# All you did above, as you would use it. With a file of your own, say which column holds the baskets and which the
# items; `traits="auto"` takes the columns that describe the items.

# %%
data = shop  # or mt.load("my.csv", basket="order", item="sku", traits="auto")
asked = mt.split(data, cold_items=0.1, seed=SEED)
mine = mt.MultiTraitSGNS(data.catalogue)
mt.fit(mine, asked.train, epochs=1, device=DEVICE, progress=False)
mt.evaluate(mine, asked)

# %%
found = {"cold AUC, with traits": model_auc["cold"], "cold AUC, skip-gram": plain_auc["cold"]}
found |= {"cold AUC, shuffled traits": nonsense_auc["cold"], "gain of traits on seen items": gain}
for name, value in found.items():
    lesson.headline(name, round(value, 3) if np.isfinite(value) else "no such pairs")

# %% [markdown]
# ## Check yourself
#
# Predict first; then run the lines in a new cell below the question, and only then open the answer. The answers speak
# of the whole groceries; with `SMOKE = True` much of what you see is luck.

# %% [markdown]
# **1.** Nothing at all is known of an item, and it has no row of its own. What does the softmax make of its weights,
# and what does `mixture` make of the item?
#
# ```python
# nothing = torch.zeros(3, dtype=torch.bool)
# print(torch.zeros(3).masked_fill(~nothing, -torch.inf).softmax(dim=0))
# print(mixture(torch.ones(3, 2), nothing, torch.zeros(3)).sum(dim=0))
# ```
#
# <details><summary>Answer</summary>
#
# The softmax says NaN: every exponential is 0, so it divides 0 by 0. `mixture` turns these into zeros, and the item
# gets the zero vector: the model says nothing of it, as skip-gram does. Without that, one such item would make the
# loss of its whole batch NaN.
# </details>

# %% [markdown]
# **2.** Divide each trained vector by its item's $m_v$. Whose nearest items change? And the AUC?
#
# ```python
# count = 1 + sum(trait.known for trait in traits.values())
# u = model.embeddings().cpu()
# v = u / torch.from_numpy(count)[:, None]
# print("same vectors:   ", torch.allclose(u, v))
# print("same directions:", torch.allclose(F.normalize(u, dim=1), F.normalize(v, dim=1), atol=1e-5))
# ```
#
# <details><summary>Answer</summary>
#
# No item's, and the AUC stays too. $m_v$ is one number for a whole vector, and a cosine doesn't see lengths. The
# factor is there for the training: it gives each row a gradient that is not made small by its weight.
# </details>

# %% [markdown]
# **3.** Give all items one more trait that has the same value everywhere. What weight will the model learn for it, and
# what share will it have?
#
# ```python
# same = shop.catalogue.with_trait("same", ["yes"] * len(shop.catalogue))
# mt.trait_weights(train(mt.MultiTraitSGNS(same, seed=SEED)))
# ```
#
# <details><summary>Answer</summary>
#
# A weight like the others', and a share of zero. Its one row moves all items in the same way, which the loss may well
# have a use for; but it tells no item from another, and only differences count in a share. Whoever reads the weights
# would believe that this trait matters.
# </details>

# %% [markdown]
# **4.** A logit far below the others silences a source, without training anew. Silence the item's own row, the trait
# with the largest share, and the one with the smallest. What does each cost the pairs of items that were seen, and
# what does it cost the new ones?
#
# ```python
# print("with all sources", {kind: round(found, 3) for kind, found in model_auc.items()})
# logits = model.target.logits.weight[0]
# for place in map(learned.sources.index, ("item", top, least)):
#     kept, logits[place] = logits[place].clone(), -1e9
#     print("without", learned.sources[place], {kind: round(found, 3) for kind, found in auc(model).items()})
#     logits[place] = kept
# ```
#
# <details><summary>Answer</summary>
#
# The trait with the largest share costs both kinds of pairs most. The own row is missed where both items were seen, and
# hardly for a new item, which had none: only its partners did. The trait with the smallest share is hardly missed; on
# a small shop, where it is mostly noise, the AUC may even rise without it.
# </details>

# %% [markdown]
# **5.** Somebody mixed up the models with true and with shuffled traits. Both tell you what is near a newcomer. Can you
# see from the cosines which one is broken? And from how often the nearest items have the value that the model was told?
#
# ```python
# for kind, asked in {"true traits": shared, "shuffled": nonsense}.items():
#     near = [found for item in newcomers for found in mt.neighbours(asked, item, k=K)]
#     print(f"{kind}: mean cosine {np.mean([found.similarity for found in near]):.2f},")
#     print(f"    of its own {aisle} {np.mean([aisle in found.shared for found in near]):.2f}")
# print(f"by chance {chance:.2f}")
# ```
#
# <details><summary>Answer</summary>
#
# Not from the cosines: they are high in both, for a cosine is no measure of being right. The other column differs, but
# even the broken model is well above chance there: it puts items together whose shuffled value is the same, for that is
# what it was told. Only what it was *not* told, what was bought with the new item, shows that it knows nothing.
# </details>

# %% [markdown]
# ## Exercises
#
# Write each function, then run the cell below it: it says whether the answer is right, and if not, gives a hint. A
# wrong answer costs nothing, so ask often.
#
# ### 1. Chance, without a draw
#
# *Do the baskets agree?* shuffled the partners, and every shuffle gives a slightly different lift. Chance can be
# counted instead: let each first item meet each second one. `first` and `second` are tensors (P,), a trait's codes for
# the two items of each pair, 0 where unknown. Leave out the pairs with an unknown item. Which share of the rest is
# alike, and which share of all those meetings? The lift is the one over the other.
#
# Then ask it for the aisles. `codes = torch.from_numpy(traits[aisle].codes)[:, 0]` has one for each item, and
# `split.pairs` (P, 2) the items of each pair: does it agree with `lifts`?


# %% tags=["exercise"]
def trait_lift(first, second):
    """How many times as often as by chance the items of a pair are alike.

    (P,), (P,) codes, 0 where unknown -> one number.
    """
    # 1. the pairs of which both are known  2. their share that is alike  3. that of all meetings
    both = (first > 0) & (second > 0)
    first, second = first[both], second[both]
    values = int(torch.cat([first, second]).max()) + 1
    of_first, of_second = (codes.bincount(minlength=values) / len(codes) for codes in (first, second))
    return (first == second).float().mean() / (of_first @ of_second)


# %%
mt.check.trait_lift(trait_lift)

# %% tags=["solution"]
aisle_codes = torch.from_numpy(traits[aisle].codes[split.pairs, 0])  # (P, 2)
print(f"counted {trait_lift(*aisle_codes.T):.2f}, shuffled {lifts[aisle]:.2f}")

# %% [markdown]
# ### 2. An item's vector
#
# The whole lesson in one function: $H$ for U items at once, of `rows` (U, s, d), `known` (U, s) and the `logits` (s,).
# Leave `mixture` and the softmax alone, and see what they do: exponentials, of which those of unknown sources are
# nothing, a division, and the factor $m_v$. Gradients must reach the rows and the logits, or nothing would learn.


# %% tags=["exercise"]
def trait_embedding(rows, known, logits):
    """The sum of the known sources, each at m times its weight.

    (U, s, d), (U, s) booleans, (s,) -> (U, d).
    """
    power = logits.exp() * known  # (U, s), nothing where unknown
    weights = known.sum(dim=1, keepdim=True) * power / power.sum(dim=1, keepdim=True)
    return torch.einsum("us,usd->ud", weights, rows)


# %%
mt.check.trait_embedding(trait_embedding)

# %% [markdown]
# ### 3. An item that nobody has bought
#
# Source 0 is the item's own row, which was never trained for a new item. So it must have no say, neither in the weights
# nor in $m_v$. And an item may come without a single known trait: then the honest answer is the zero vector. Your
# function from exercise 2 does most of it. Then try it on the shop: `look_up` a tensor of the cold items, with `tables`
# and `model.target.items.weight.cpu()`, and hold what comes of it, and of `a`, against `model.embeddings()[cold]`.


# %% tags=["exercise"]
def cold_embedding(rows, known, logits):
    """The same for items without history, from their traits alone; 0 where none is known.

    (U, s, d), (U, s) booleans, (s,) -> (U, d).
    """
    trained = known.clone()
    trained[:, 0] = False
    some = trained.any(dim=1, keepdim=True)  # (U, 1)
    return torch.where(some, trait_embedding(rows, trained, logits), 0.0)


# %%
mt.check.cold_embedding(cold_embedding)

# %% tags=["solution"]
W, there = look_up(torch.from_numpy(cold), model.target.items.weight.cpu(), tables)
print("as the library:", torch.allclose(cold_embedding(W, there, a), model.embeddings()[cold].cpu(), atol=1e-4))

# %% [markdown]
# ### 4. The contribution share
#
# A weight is not an importance. This comes nearer: which part of the differences between items does each source make?
# By hand it was a covariance in one dimension; now there are d of them, and more than two sources. `parts` (U, s, d)
# holds the $c_s(v)$, as `contributions` returns them. Then ask it for those of
# `model.contributions(items=torch.nonzero(model.seen).ravel())`: is that `learned.share`?


# %% tags=["exercise"]
def contribution_share(parts):
    """How much of the spread of H each source makes: (U, s, d) -> (s,), which add up to 1."""
    away = parts - parts.mean(dim=0)
    moved = away.sum(dim=1)  # (U, d), from the mean of H
    return torch.einsum("usd,ud->s", away, moved) / moved.square().sum()


# %%
mt.check.contribution_share(contribution_share)

# %% tags=["solution"]
found = contribution_share(model.contributions(items=torch.nonzero(model.seen).ravel())).cpu()
print("as the library:", torch.allclose(found, torch.tensor(learned.share), atol=1e-4))

# %% [markdown]
# ### 5. What do the new items live on? (open)
#
# Shares, lifts and weights each put the traits in an order. Here is a fourth opinion: take one trait away with
# `catalogue.select(...)`, train again, and see how far the cold AUC falls; the same for each trait in turn. Then keep
# the trait and shuffle its column alone, as the control did with all of them. Does that say the same?
#
# Begin on a planted shop, where the truth is known. It worked if the trait without influence costs about nothing, if
# the order is that of the truth, and if both hold with another `seed`. Then ask your own shop: which of the orders does
# it follow, and what falls least although its share is large? Another trait may say the same.
#
# More to try: the words of the names (`catalogue.with_name_words()`; who gains, the new items or the old?), the aisle a
# second time under another name (who gets its share?), traits that learn slowly (`trait_rate=0.01`, and then with
# `auxiliary=0`), or the papers' average (`scale=False`, without the factor $m_v$).

# %% [markdown] tags=["solution"]
# One way, on a planted shop small enough to train many times. The split holds back a fifth of the items, and every
# model is asked about the same ones.

# %% tags=["solution"]
small = mt.load("planted", items=1_000, baskets=12_000, seed=SEED)
held = mt.split(small, cold_items=0.2, seed=SEED)


def cold_auc_with(catalogue):
    asked = mt.MultiTraitSGNS(catalogue, seed=SEED)
    mt.fit(asked, held.train, epochs=1, device=DEVICE, seed=SEED, progress=False)
    return asked, mt.evaluate(asked, held, baselines=False)[0].auc["degree"]["cold"]


def shuffled_alone(catalogue, name):
    order = np.random.default_rng(SEED).permutation(len(catalogue))
    return catalogue.with_trait(name, [catalogue.traits[name].text(item) for item in order])


# %% tags=["solution"]
complete_model, complete_auc = cold_auc_with(small.catalogue)
found = mt.trait_weights(complete_model)
shares = dict(zip(found.sources, found.share))
table = pd.DataFrame({"truth": small.truth["shares"], "share": shares}).loc[[*small.catalogue.traits]]
for name in table.index:
    others = [other for other in table.index if other != name]
    table.loc[name, "lost without it"] = complete_auc - cold_auc_with(small.catalogue.select(*others))[1]
    table.loc[name, "lost with it shuffled"] = complete_auc - cold_auc_with(shuffled_alone(small.catalogue, name))[1]
table.round(3)

# %% [markdown] tags=["solution"]
# Hold the columns against each other: the losses follow the truth and the shares, and C, planted without influence,
# costs next to nothing. Leaving out and shuffling agree as well: a column is worth what it says of the items. On a real
# shop expect less order: where two traits tell of the same thing, taking away either costs little.

# %% [markdown]
# ## What we learned
#
# - An item without history still has traits, and a vector can be made of them: a mixture, masked where a trait is
#   unknown.
# - The mixture's weights are learned like everything else. A weight grows when its source agrees with the contexts.
# - A weight is not an importance. Look at the contribution share, hold it against a planted truth, and check it with
#   the lift, which needs no model.
# - A control that fails is part of the result. So is the row of skip-gram, which a learned model has to beat.
#
# ## Next
#
# [04 · An honest comparison](04_honest_comparison.ipynb) puts every method of the course on one split, popularity
# included, and counts seconds and megabytes. Your own file runs through this lesson as well:
# `make course DATASET=my.csv LESSONS=03`.
