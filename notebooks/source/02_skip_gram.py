# %% [markdown]
# # 02 · Skip-gram: known by the company it keeps

# %% [markdown]
# You will
#
# - take random walks on a graph, cut them into windows and pairs, and draw negatives to go with them
# - say what p and q do, what the window does, and why negatives are drawn by popularity to the power of 0.75
# - write the loss of skip-gram as a plain loop, and prove that a few matrix products give the same number
# - train on real baskets, read the table of results with popularity in it, and look at neighbours and a map
# - break the model on purpose, twice, and then race it against gensim
# - write four of these steps yourself, each with a check that says what is not right yet
#
# About 90 minutes with the exercises, two of them computing. Prerequisites: lesson 01, so you know what an embedding, a
# dot product and an AUC are.

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
import torch
from IPython.display import display
from torch.nn.functional import normalize, softplus

import mtsgns_lite as mt
from mtsgns_lite import lesson
from mtsgns_lite.views.figures import bars, graph_drawing, grouped_bars, heatmap, item_map, learning_curve, show

# %% [markdown]
# ## Three numbers by hand
#
# Skip-gram gives every item two vectors: a **target** vector, for when we ask about the item, and a **context**
# vector, for when it turns up beside another. Here is one target `u`, the context `v` of an item that was seen with
# it, and the context `n` of one drawn at random.

# %%
u = torch.tensor([1.0, 0.5])
v = torch.tensor([0.8, -0.2])
n = torch.tensor([-0.4, 1.0])

# %% [markdown]
# The score of a pair is a dot product, and the sigmoid σ turns it into a probability: "were these two seen
# together?" For `u` and `v` the answer should be yes, for `u` and `n` no. **Predict:** which of the two is the
# model more wrong about?

# %% tags=["deterministic"]
yes, no = u @ v, u @ n
print(f"u.v = {yes:.2f}, so yes with probability {yes.sigmoid():.3f}")
print(f"u.n = {no:.2f}, so yes with probability {no.sigmoid():.3f}")

# %% [markdown]
# The loss adds up how surprised the model is by both truths, −log σ(u·v) for the yes and −log σ(−u·n) for the no.
# And −log σ(x) is `softplus(-x)`, which is how we shall write it from now on.

# %% tags=["deterministic"]
print(f"by the definition: {-yes.sigmoid().log() - (-no).sigmoid().log():.6f}")
print(f"with softplus:     {softplus(-yes) + softplus(no):.6f}")

# %% [markdown]
# That is the whole model. A step of training moves `u` towards `v` and away from `n`, by as much as it was surprised.
# What is left is to say where the pairs come from, and how to do this for millions of them.
#
# ## From a graph to walks
#
# In lesson 01 a pair was two items that share an edge. Here is such a graph, small enough to see whole. The numbers
# say in how many baskets two things lay together. Breakfast and barbecue meet in one place only.

# %%
toy = [
    ("milk", "coffee", 5), ("milk", "cereal", 6), ("coffee", "cereal", 3), ("cereal", "banana", 3),
    ("milk", "banana", 2), ("milk", "bread", 2), ("bread", "sausage", 4), ("bread", "mustard", 3),
    ("sausage", "mustard", 6), ("sausage", "charcoal", 4), ("mustard", "charcoal", 2),
]  # fmt: skip
names = list(dict.fromkeys(name for *ends, _ in toy for name in ends))

# %%
meeting = [f"{a} and {b}" for a, b, _ in toy if {a, b} == {"milk", "bread"}][0]
title = f"Two kinds of shopping, joined only by {meeting}"
show(graph_drawing(toy, title), "A graph of eight foods; the numbers say how often two are bought together.")

# %% [markdown]
# A **random walk** goes from node to node along the edges, heavier edges more often: the chance of a step is the
# edge's weight over the sum of the node's weights. **Predict:** from milk, where does the next step lead most often?

# %%
ends = np.array([[names.index(a), names.index(b)] for a, b, _ in toy])
weight = np.array([w for *_, w in toy], dtype=float)
W = np.zeros((len(names), len(names)))
W[ends[:, 0], ends[:, 1]] = W[ends[:, 1], ends[:, 0]] = weight
chance = W / W.sum(axis=1, keepdims=True)

# %%
likely = names[chance[names.index("milk")].argmax()]
title = f"The chances of a step, a row for each start: from milk most often to {likely}"
show(heatmap(chance, names, names, title), title)

# %% [markdown]
# Each row adds up to one. A walk is then a loop of three lines: stand somewhere, draw the next node from the row of
# the node you stand on, go there.

# %% tags=["deterministic"]
rng = np.random.default_rng(1)
walk = [names.index("milk")]
for _ in range(7):
    walk.append(int(rng.choice(len(names), p=chance[walk[-1]])))
print(" -> ".join(names[node] for node in walk))

# %%
title = f"One walk of {len(walk)} nodes sees {len(set(walk))} of the {len(names)} foods"
show(graph_drawing(toy, title, highlight=[names[node] for node in walk]), title)

# %% [markdown]
# The library walks too, all walkers at once: it keeps a running total of the weights and looks random numbers up in
# it. Does it follow the same chances? Let many walkers take one step from each node, and count.

# %%
toy_graph = mt.Graph.from_edges(mt.Edges(ends[:, 0], ends[:, 1], weight), len(names))
starts = torch.arange(len(names)).repeat(5_000)
steps = toy_graph.walks(starts, length=2, generator=torch.Generator().manual_seed(SEED))
steps.shape

# %%
counted = np.zeros_like(chance)
np.add.at(counted, tuple(steps.T.numpy()), 1 / 5_000)
print(f"largest difference between counted and computed chance: {abs(counted - chance).max():.3f}")

# %% [markdown]
# ## Two dials: p and q
#
# node2vec (Grover and Leskovec, 2016) adds a memory of one step. Coming from t and standing on v, a step to x has its
# weight multiplied by **1/p** if it goes back to t, by 1 if x is a neighbour of t, and by **1/q** if it leads away
# from t.


# %%
def moves(p, q):
    """How often the second step of a walk goes back, stays near, or leads away from where the walk began."""
    a, _, c = toy_graph.walks(starts, 3, p, q, torch.Generator().manual_seed(SEED)).T
    back, near = (a == c).float().mean(), (toy_graph.weight_between(a, c) > 0).float().mean()
    return {"back": float(back), "to a shared neighbour": float(near), "away": float(1 - back - near)}


# %% [markdown]
# **Predict, then run.** Which setting goes back most? Which one gets furthest away? Write down the two before you
# look: p and q divide, so it is easy to have them the wrong way round.

# %%
settings = [(1, 1), (0.1, 1), (10, 1), (1, 0.1), (1, 10)]
second = {f"p={p:g} q={q:g}": moves(p, q) for p, q in settings}
back = max(second, key=lambda name: second[name]["back"])
away = max(second, key=lambda name: second[name]["away"])

# %% tags=["picture"]
title = f"{back} turns back most often, {away} leaves most often"
kinds = {kind: {name: moved[kind] for name, moved in second.items()} for kind in second[back]}
show(grouped_bars(kinds, title, y="share of second steps"), title)

# %% [markdown]
# A small p stays at home, a small q explores. With p = q = 1 there is no memory, and that is what we use below: it is
# the first thing to try, and often the last.
#
# ## From walks to pairs
#
# A walk is now read as if it were a sentence. Each node in turn is the target, and the nodes at most `window` places
# from it are its contexts. **Predict:** how many pairs does our walk of eight give with a window of two?

# %% tags=["deterministic"]
window = 2
pairs = [(i, j) for i in range(8) for j in range(8) if 0 < abs(i - j) <= window]
print(len(pairs), "pairs. Those of the first three places:")
for i, j in pairs[:9]:
    print(f"  {names[walk[i]]:>8} : {names[walk[j]]}")

# %% [markdown]
# Some of these pairs share no edge. The walk has paired friends of friends, and that is what a window over walks adds
# to the graph. Here they are:

# %% tags=["deterministic"]
for i, j in pairs:
    if i < j and W[walk[i], walk[j]] == 0:
        print(f"never together, and yet a pair: {names[walk[i]]} : {names[walk[j]]}")

# %% [markdown]
# As a matrix, with a row for each place as target and a column for each place as context, the pairs of any walk are a
# band beside the diagonal. The model will see pairs in this form only.

# %%
place = torch.arange(8)
apart = (place[:, None] - place[None, :]).abs()
band = ((apart > 0) & (apart <= window)).double()
title = f"{int(band.sum())} pairs: a band {window} wide on both sides of the diagonal"
show(heatmap(band, range(8), range(8), title), title)

# %% [markdown]
# ## Negatives, and why 0.75
#
# All these pairs are true. If nothing else were ever said, the model could answer yes to everything. So each pair gets
# some **negatives**, contexts drawn from all items, in proportion to count^exponent. The counts here are those of the
# walks.

# %%
count = toy_graph.expected_visits(length=8).numpy()
noise = {exponent: count**exponent / (count**exponent).sum() for exponent in (0, 0.75, 1)}

# %% tags=["picture"]
most, least = count.argmax(), count.argmin()
ratio = {exponent: share[most] / share[least] for exponent, share in noise.items()}
title = (
    f"For each {names[least]} among the negatives, {names[most]} comes {ratio[0]:.0f}, {ratio[0.75]:.1f} "
    f"or {ratio[1]:.1f} times"
)
shares = {f"exponent {e}": dict(zip(names, share)) for e, share in noise.items()}
show(grouped_bars(shares, title, y="share of the negatives"), title)

# %% [markdown]
# What does the exponent decide? Fully trained, the score of a pair is log P(v | u) − log Pₙ(v) − log k, with k
# negatives drawn from Pₙ (Levy and Goldberg, 2014). Put count^α for Pₙ, and read off what remains of popularity:
#
# - α = 0 subtracts nothing: whatever is popular scores high with everything.
# - α = 1 divides popularity out: only being *more often together than by chance* counts. But rare items are then
#   hardly ever a negative, and a lucky meeting of two rare ones is never corrected.
# - α = 0.75 takes out three quarters, and leaves rare items more negatives than their count. It was found by trying
#   (Mikolov et al., 2013), on text. Further down you can try it on this shop.
#
# ## Baskets: the simpler case
#
# A shop with baskets needs no graph. The basket is the sentence, and as it has no order, every item in it is a context
# of every other: the whole row is the window. Long baskets are shuffled and cut into chunks, here of at most four.

# %%
basket = mt.Ragged.from_rows([range(7)])
samples = mt.Baskets(basket, items=8, chunk=4, batch_size=2)
batch = next(samples.batches(torch.Generator().manual_seed(SEED), torch.device("cpu")))

# %% [markdown]
# A basket of seven becomes a chunk of four and one of three. `present` says which places are filled. **Predict:** how
# many pairs are that in all?

# %%
for row, there in zip(batch.items, batch.present):
    print([names[item] for item, here in zip(row, there) if here])
print(batch.pairs().int())
print("pairs:", int(batch.pairs().sum()), " negatives drawn:", tuple(batch.noise.shape))

# %% [markdown]
# The negatives are not drawn for each pair, but once for a few rows. Can that be right? It is the one trick that makes
# training fast, so we shall prove it.
#
# ## The loss, slowly
#
# For one row of six places, invent target and context vectors, and take the pairs of a window of two. First the
# honest way, just as the formula is written: for every pair its own five negatives, each with a full term.

# %%
rng = np.random.default_rng(3)
target, context = torch.tensor(rng.normal(size=(2, 6, 4)))  # (6, 4) each: six places, four dimensions
shop_window = torch.tensor(rng.normal(size=(500, 4)))  # the context vectors of all 500 items of this shop
pairs = band[:6, :6]


# %%
def honest_loss(rng, negatives=5):
    """The mean over the pairs (u, v) of softplus(-u.v) plus softplus(u.n) of its own five n."""
    total = 0.0
    for i, j in pairs.nonzero():
        total += softplus(-target[i] @ context[j])
        for n in shop_window[rng.integers(500, size=negatives)]:
            total += softplus(target[i] @ n)
    return float(total / pairs.sum())


# %% [markdown]
# The second way draws twenty negatives once, and all pairs of the row share them. Twenty terms must count as five, so
# each is **weighted by 5/20**. It is still a loop, and still slow.


# %%
def shared_loss(noise, negatives=5):
    """The same with one set of noise vectors (N, 4) for the whole row."""
    total = 0.0
    for i, j in pairs.nonzero():
        total += softplus(-target[i] @ context[j])
        for n in noise:
            total += softplus(target[i] @ n) * negatives / len(noise)
    return float(total / pairs.sum())


# %% [markdown]
# **Predict:** compute each many times, with fresh negatives every time. Do the two have the same mean? And how many
# noise vectors does each of them fetch for this one row?

# %% tags=["deterministic"]
rng = np.random.default_rng(4)
honest = [honest_loss(rng) for _ in range(100)]
shared = [shared_loss(shop_window[rng.integers(500, size=20)]) for _ in range(100)]
print(f"own negatives:    mean {np.mean(honest):.1f}, spread {np.std(honest):.1f}, vectors {int(pairs.sum()) * 5}")
print(f"shared negatives: mean {np.mean(shared):.1f}, spread {np.std(shared):.1f}, vectors 20")

# %% [markdown]
# On average they are the same, and the average is what training follows. The spread doesn't suffer either: each
# shared vector is held against the target of every place, so it is used six times instead of once.
#
# ### Play with it
#
# All of this lesson so far, one step at a time: a walk grows, a pair lights up, negatives are drawn, and one step of
# gradient moves the vectors, here in a plane. Press play, and **predict** before you move a dial: what will a small q
# do to the walk? What will an exponent of 0 do to the negatives? Which vectors does one pair move? (A negative that
# happens to be the context is drawn again here, as word2vec does; among thousands of items it hardly matters.)

# %% tags=["picture"]
mt.sgns_stepper(seed=SEED)

# %% [markdown]
# ## The loss, fast
#
# Now the loops go. All scores of the row are one matrix product, `target @ context.T`, and the pairs mask picks those
# that count. The noise scores are another; a place with c contexts uses them c times.


# %%
def matrix_loss(target, context, noise, pairs, negatives):
    yes = (softplus(-target @ context.T) * pairs).sum()
    per_place = softplus(target @ noise.T).mean(dim=1) * negatives  # the mean over N times 5 is the weight 5/N
    no = (per_place * pairs.sum(dim=1)).sum()
    return (yes + no) / pairs.sum()


# %% [markdown]
# Same noise, three ways: our loop, our matrices, and the library's `mt.sgns_loss`, which does a whole batch of rows at
# once. **Predict:** to how many digits do they agree?

# %% tags=["deterministic"]
noise = shop_window[:20]
print(f"loop      {shared_loss(noise):.10f}")
print(f"matrices  {matrix_loss(target, context, noise, pairs, 5):.10f}")
print(f"library   {mt.sgns_loss(target[None], context[None], noise[None], pairs[None], 5):.10f}")

# %% [markdown]
# The fast version is the slow version. A little further down it trains a model.
#
# ## From scratch
#
# Two tables of numbers, a loss, a loop. Target rows start small and random, context rows at zero, as word2vec does it.
# Two dimensions must do for eight foods.

# %%
generator = torch.Generator().manual_seed(SEED)
walks = mt.Walks(toy_graph, length=8, window=2, per_node=20)
targets = (torch.rand(8, 2, generator=generator) - 0.5).requires_grad_()
contexts = torch.zeros(8, 2, requires_grad=True)

# %% [markdown]
# Now 60 rounds of fresh walks: look the rows up, compute the loss, let PyTorch find the gradients, take a step against
# them. Saying "one half" to a pair and its five negatives costs 6 log 2. How soon is that beaten?

# %%
rounds = []
for _ in range(60):
    for batch in walks.batches(generator, torch.device("cpu")):
        rows = targets[batch.items], contexts[batch.items], contexts[batch.noise]
        loss = mt.sgns_loss(*rows, batch.pairs(), batch.negatives)
        loss.backward()
        for table in (targets, contexts):
            table.data -= 2.0 * table.grad
            table.grad = None
    rounds.append(loss.item())
print(f"one half to all: {6 * np.log(2):.3f}, after round 1: {rounds[0]:.3f}, after round 60: {rounds[-1]:.3f}")

# %% [markdown]
# **Predict, then run.** The model was told node numbers, nothing else. Whose target vectors should point the same way?
# What about milk and bread, which hold the two worlds together?

# %% tags=["picture"]
cosine = normalize(targets.detach()) @ normalize(targets.detach()).T
nearest = (cosine - 2 * torch.eye(8)).argmax(dim=1)
partner = names[nearest[names.index("sausage")]]
title = f"Cosines of the target vectors, learned from node numbers alone: nearest to sausage is {partner}"
show(heatmap(cosine, names, names, title), title)

# %% [markdown]
# ## Only the rows that are used
#
# The toy has eight rows. A shop has thousands, and a batch looks up a few. A plain `nn.Embedding` nevertheless
# makes a gradient of the size of the table. See for yourself:

# %%
table = torch.nn.Embedding(50_000, 64)
table(torch.tensor([7, 7, 42])).square().sum().backward()
table.weight.grad.shape, int(table.weight.grad.any(dim=1).sum())  # all rows; those that are not 0

# %% [markdown]
# The cure is three lines: **gather** the distinct rows and let them be what we differentiate; run any loss on them;
# **scatter** the step back. Row 7 was asked for twice, and its two gradients arrive as one sum.

# %% tags=["deterministic"]
weight, ids = torch.ones(50_000, 64), torch.tensor([7, 7, 42])
distinct, place = ids.unique(return_inverse=True)
rows = weight[distinct].requires_grad_()  # (2, 64)
rows[place].square().sum().backward()
weight[distinct] -= 0.1 * rows.grad
print("gradient", tuple(rows.grad.shape), {row: round(weight[row, 0].item(), 2) for row in (7, 42, 0)})

# %% [markdown]
# `mt.Table` is this, with a step size for each row (Adagrad: rows that have moved a lot move less). You ask it for
# rows, you differentiate, you say `update`.

# %%
table = mt.Table(50_000, 64, spread=1.0, rate=0.1)
before = table.weight.clone()
table(ids).square().sum().backward()
table.update()
(table.weight != before).any(dim=1).nonzero().ravel()

# %% [markdown]
# ## The shop
#
# Enough toys. Load the data, hold some of it out for questions, and look at one batch before training on any. It has
# the same four parts as the toy's: items, which of them are there, the pairs, the noise.

# %%
shop = lesson.shop(DATASET, SMOKE, SEED)
split = mt.split(shop, seed=SEED)
split

# %%
samples = split.train
batch = next(samples.batches(torch.Generator().manual_seed(SEED), torch.device("cpu")))
print(type(samples).__name__, "items", tuple(batch.items.shape), "noise", tuple(batch.noise.shape))
print(f"{int(batch.pairs().sum()):,} pairs in a batch, {len(samples)} batches in an epoch")

# %% [markdown]
# Read the shapes. Each row of `items` is a chunk of a basket, or a walk if your data has edges. Each set of noise
# serves two rows.
#
# ## Train
#
# One figure to watch during training: take a true pair from the held-out part, and a false one whose second item is
# drawn as often as it is bought. How often does the true one have the larger cosine? That is the degree-matched AUC.

# %%
seen = split.regions()["seen"]


def watched_auc(vectors, negatives="degree"):
    unit = normalize(vectors.detach().cpu(), dim=1).numpy()
    true, false = split.pairs[seen], split.negatives[negatives][seen]
    false = false[false[:, 0] >= 0]
    score = [(unit[ends[:, 0]] * unit[ends[:, 1]]).sum(axis=1) for ends in (true, false)]
    return float(np.float64(mt.auc(*score)))  # nan where there are no such pairs


# %% [markdown]
# `mt.SGNS` is two tables and the loss you have just proved; its `loss` has two lines. `mt.fit` is the loop you wrote:
# batch, loss, backward, step. Three epochs; `probe` is asked all the while, and drawn beside the loss; twelve
# snapshots are kept for the map.


# %%
def degree_matched_auc(model):
    return watched_auc(model.embeddings())


# %%
model = mt.SGNS(split.catalogue, dim=64, seed=SEED)
options = {"epochs": 3, "device": DEVICE, "seed": SEED}
history = mt.fit(model, samples, probe=degree_matched_auc, snapshots=12, **options)
history

# %% [markdown]
# ## Is it any good?
#
# A number means nothing without its neighbours in the table. The row `popularity` scores a pair by the product of its
# counts, `cooccurrence` by how often it was together in training. **Predict:** where will popularity do well, and where
# can't it?

# %%
results = mt.evaluate(model, split)
results

# %% tags=["picture"]
kinds = ("uniform", "degree")
columns = {row.method: {kind: np.float64(row.auc[kind]["seen"]) for kind in kinds} for row in results}
by_degree = {method: figures["degree"] for method, figures in columns.items()}
best = max(by_degree, key=by_degree.get)
uniform = columns["popularity"]["uniform"]
title = (
    f"Against equally popular items {best} is best, with {by_degree[best]:.2f}; "
    f"popularity has {by_degree['popularity']:.2f} there, and {uniform:.2f} against uniform ones"
)
show(grouped_bars(columns, title, y="AUC, seen pairs"), title)

# %%
lesson.headline("SGNS, degree-matched AUC", by_degree["SGNS"], "seen pairs, 3 epochs")

# %% [markdown]
# Three things to read off. Uniform negatives mostly ask who is popular, so degree-matched ones are the honest question.
# A cold item, which training never saw, has no vector here: where there are such pairs, every row stands at one half
# (lesson 03 is about that). And the winner may be another one in ranking:

# %%
ranking = {row.method: row.ranking.get("hr@10") for row in results}
winner = max((method for method in ranking if ranking[method] is not None), key=ranking.get, default="nobody")
print(f"First by hr@10: {winner}. First by degree-matched AUC: {best}.")

# %% [markdown]
# A vector of 64 numbers has to forget details; plain counting forgets nothing it has seen, and knows nothing else.
# Whoever builds a recommender should keep the counting row in the table, too.
#
# ## Look at it
#
# Which items lie nearest? The examples are chosen from the data: often bought, and of different kinds. **Predict** a
# neighbour or two before you run, from the name alone.

# %%
examples = [item for item in lesson.examples(split.dataset, 6) if model.seen[item]][:3]
print([split.catalogue.names[item] for item in examples])

# %%
for item in examples:
    display(mt.neighbours(model, item, k=5))

# %% [markdown]
# Where the last column is filled, two items share something that nobody told the model.
#
# Now the whole map. PCA turns 64 dimensions into the two in which the items differ most, and it is done in a
# moment. Click an item or search for one; draw a lasso around some at the rim: what do they have in common? The slider
# goes through training: the rows begin at random, and find each other.

# %%
mt.explore(model, history, method="pca", seed=SEED)

# %%
from mtsgns_lite.views.projection import project

shown = np.argsort(-split.counts, kind="stable")[:2000]  # the most used
shown = shown[model.seen.cpu().numpy()[shown]]
vectors = model.embeddings().cpu()
flat = project(vectors[shown], "pca")
kept = flat.var(axis=0).sum() / normalize(vectors[shown], dim=1).numpy().var(axis=0).sum()
print(f"PCA: two of 64 dimensions hold {kept:.0%} of the differences between the {len(flat):,} most used items")

# %% [markdown]
# Two straight directions can't hold much of it. t-SNE bends the plane: it tries to keep near what was near, and gives
# up on the rest, so read neighbourhoods and not distances. `METHOD = "umap"` is the other favourite; it takes a minute
# the first time.

# %%
METHOD = "tsne"
xy = project(vectors[shown], METHOD, seed=SEED)

# %% [markdown]
# Does the map show anything true? Take each item's nearest point on the map. How often does it have the same main
# trait, compared with a point taken at random? Where nothing is known of the items, ask how often it is as popular.

# %%
labels = third = np.array(["often", "sometimes", "seldom"])[np.arange(len(shown)) * 3 // len(shown)]
if split.catalogue.traits:
    trait = split.catalogue.traits[split.category or next(iter(split.catalogue.traits))]
    labels = trait.codes[shown, 0]
distance = torch.cdist(torch.tensor(xy), torch.tensor(xy)).fill_diagonal_(torch.inf)
same = (labels == labels[distance.argmin(dim=1)]).mean()
by_chance = (labels == np.random.default_rng(SEED).permutation(labels)).mean()

# %% tags=["picture"]
what = trait.name if split.catalogue.traits else "popularity"
title = f"{METHOD}: nearest points share their {what} {same:.0%} of the time, random ones {by_chance:.0%}"
traits = split.catalogue.traits
first = {split.category: None} if split.category else {}  # the main trait leads the menu
colours = {name: [traits[name].text(item) for item in shown] for name in {**first, **traits}}
colours["how often"] = third
show(item_map(xy, split.catalogue.names[shown], colours, title, sizes=split.counts[shown]), title)

# %% [markdown]
# ## Baskets or walks?
#
# Every shop with baskets has a graph too: join two items by how often they were bought together. So one could walk on
# it, as many do. **Predict:** will walks be better than the baskets they were made from, or worse?
#
# Before the answer, one measurement. After k steps, how far are a walker's whereabouts from those of any walker in the
# long run? 1 means it still knows where it came from, 0 that it might have started anywhere.

# %%
from scipy.sparse import csr_array


def memory(graph, items, steps=5):
    """Half the sum of |P(where after k steps) - P(where in the long run)|, the mean over some starts."""
    parts = graph.weights.numpy(), graph.neighbours.numpy(), graph.starts.numpy()
    links = csr_array(parts, shape=(len(graph), len(graph)))
    total = np.maximum(links.sum(axis=1), 1e-12)
    here, left = np.zeros((len(items), len(graph))), []
    here[range(len(items)), items] = 1
    for _ in range(steps):
        here = (here / total) @ links
        left.append(abs(here - total / total.sum()).sum(axis=1).mean() / 2)
    return {f"step {k}": value for k, value in enumerate(left, start=1)}


# %%
left = {"toy": memory(toy_graph, range(8)), shop.name: memory(split.graph, examples)}
title = (
    f"After two steps a walk in {shop.name} remembers {left[shop.name]['step 2']:.2f} of its start, "
    f"in the toy {left['toy']['step 2']:.2f}"
)
show(grouped_bars(left, title, y="distance from the long run"), title)

# %% [markdown]
# In a dense graph nearly everything is a friend of a friend. The second step of a walk then lands where any walk
# lands, on what is popular, and the pair it makes says little. Pairs from the same basket were really bought together.
#
# So compare, one epoch each. The walks get more visits than the baskets have items, so that they can't complain. The
# third run uses walks of the same kind but a **window of 1**: only direct steps make pairs.


# %%
def one_epoch(samples, kind=mt.SGNS):
    """A fresh model after one epoch, and the history of its training."""
    fresh = kind(split.catalogue, dim=64, seed=SEED)
    return fresh, mt.fit(fresh, samples, epochs=1, device=DEVICE, seed=SEED, progress=False)


# %%
plain, plain_history = one_epoch(samples)  # the samples of the main model: baskets, where there are any
nodes = int((split.graph.degrees > 0).sum())
per_node = max(2, 2 * int(split.counts.sum()) // (10 * nodes))
walkers = {f"walks (window {window})": split.walks(per_node=per_node, window=window) for window in (5, 1)}

# %%
aucs = {name: watched_auc(one_epoch(walks)[0].embeddings()) for name, walks in walkers.items()}
if split.dataset.baskets is None:
    print(f"{shop.name} has no baskets, so only the two kinds of walks are compared.")
else:
    aucs = {"baskets": watched_auc(plain.embeddings()), **aucs}

# %%
ordered = sorted(aucs, key=aucs.get, reverse=True)
title = "After one epoch: " + ", ".join(f"{name} {aucs[name]:.2f}" for name in ordered)
show(bars(aucs, title, y="degree-matched AUC"), title)

# %%
text = "1 epoch; " + ", ".join(f"{name} {value:.3f}" for name, value in aucs.items())
lesson.headline("walks with window 5, degree-matched AUC", aucs["walks (window 5)"], text)

# %% [markdown]
# Compare the figure with the one before it. The faster a walk forgets its start, the more a narrow window should gain
# over a wide one. On a sparse graph, such as "customers also bought" lists, longer walks earn their keep: there,
# friends of friends are few and worth knowing.
#
# ## Break it on purpose: one table for both sides
#
# Why two vectors per item? It is tempting to save half of the memory and use the target table for contexts too. It
# takes one line. **Predict:** better, worse, or no different?


# %%
class OneTable(mt.SGNS):
    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.context = self.target


# %%
broken, broken_history = one_epoch(samples, OneTable)
print(f"loss of knowing nothing: {6 * np.log(2):.3f}")
print(f"loss with two tables:    {plain_history.loss[-1][1]:.3f}")
print(f"loss with one table:     {broken_history.loss[-1][1]:.3f}")

# %% [markdown]
# With one table the loss stays near that of knowing nothing. The reason is a line of algebra. Most items are *not*
# together, so most scores should be negative. But the mean score of all pairs is the mean target times the mean
# context, and with one table that is a length squared.

# %%
for name, one in {"two tables": plain, "one table": broken}.items():
    target, context = one.embeddings("target").mean(dim=0), one.embeddings("context").mean(dim=0)
    print(f"{name}: mean score {target @ context:+.3f}, degree-matched AUC {watched_auc(one.embeddings()):.3f}")

# %% [markdown]
# A length squared is never negative: such a model can't say no to most pairs, whatever it learns. The neighbours may
# still look plausible, which is why a bug like this lives long.
#
# ## Break it on purpose: log(sigmoid(x) + ε)
#
# Published code often writes the loss of a negative as `-log(1 - sigmoid(x) + 1e-15)`; the tiny number is there
# against log 0. Both curves look the same. **Predict:** a negative has the score 20, so the model is very wrong. How
# large should the gradient be, and how large is it?

# %% tags=["deterministic"]
for score in (-5.0, 0.0, 5.0, 10.0, 20.0):
    x, y = torch.tensor([score, score]).requires_grad_()
    slope = [torch.autograd.grad(loss, at)[0].item() for loss, at in (
        (-torch.log(1 - x.sigmoid() + 1e-15), x), (softplus(y), y))]  # fmt: skip
    print(f"score {score:5.1f}: gradient as published {slope[0]:.4f}, with softplus {slope[1]:.4f}")

# %%
x = torch.linspace(-10, 30, 400, requires_grad=True)
published = torch.autograd.grad(-torch.log(1 - x.sigmoid() + 1e-15).sum(), x)[0]
stable = torch.autograd.grad(softplus(x).sum(), x)[0]
cut = x[(published < 0.5) & (x > 1)].min().item()

# %% tags=["picture"]
curves = {
    name: list(zip(x.tolist(), slope.tolist()))
    for name, slope in {"as published": published, "softplus": stable}.items()
}
title = f"Above a score of {cut:.0f} the published loss has no gradient: the worst mistakes are never mended"
show(learning_curve(curves, title, x="score of a negative", y="gradient"), title)

# %% [markdown]
# In 32-bit numbers σ(x) rounds to exactly 1, and a constant has no slope. Softplus never forms the sigmoid, so nothing
# is lost. Small rates hide the bug; a larger rate, or a longer training, brings it out.
#
# ## Your turn: window, negatives, exponent
#
# Change the three constants and run the two cells again. Each is tried alone, the others at their defaults, one epoch
# each. On baskets the window is the size of a chunk. **Predict** first which of them matters most.

# %%
WINDOW = 3  # default: chunks of 10, or 5 steps of a walk
NEGATIVES = 1  # default: 5
EXPONENT = 0.0  # default: 0.75

# %%
has_baskets = split.dataset.baskets is not None
sampler = split.baskets if has_baskets else split.walks
tries = {
    f"window {WINDOW}": {"chunk" if has_baskets else "window": WINDOW},
    f"negatives {NEGATIVES}": {"negatives": NEGATIVES},
    f"exponent {EXPONENT:g}": {"exponent": EXPONENT},
}
tried = {"defaults": plain} | {name: one_epoch(sampler(**options))[0] for name, options in tries.items()}

# %%
scores = {kind: {name: watched_auc(own.embeddings(), kind) for name, own in tried.items()} for kind in kinds}
change = {name: scores["degree"][name] - scores["degree"]["defaults"] for name in tried if name != "defaults"}
most = max(change, key=lambda name: abs(change[name]))
title = f"{most} changes the degree-matched AUC most, by {change[most]:+.3f}"
show(grouped_bars(scores, title, y="AUC, seen pairs"), title)

# %% [markdown]
# One epoch favours what learns fast, so a setting that loses here may win after three. And one seed is one throw of the
# dice: before you believe a difference of a hundredth, change `SEED` and see if it stays.
#
# ## A race with gensim
#
# gensim is what most people reach for. It gets the same rows as sentences, the same window, negatives and exponent, and
# two workers. Mind its default: `sg=0` is CBOW, another model, which predicts an item from the mean of its window.
# Skip-gram is `sg=1`.

# %%
import time


def race_gensim(gensim, rows, sg, epochs):
    """Seconds of training and the degree-matched AUC."""
    started = time.perf_counter()
    w2v = gensim.models.Word2Vec(
        rows, vector_size=64, window=samples.window, shrink_windows=False, negative=5, ns_exponent=0.75,
        min_count=1, sg=sg, epochs=epochs, workers=2, seed=SEED,
    )  # fmt: skip
    seconds = time.perf_counter() - started
    vectors = torch.zeros(len(split.catalogue), 64)
    vectors[torch.tensor(w2v.wv.index_to_key)] = torch.tensor(w2v.wv.vectors)
    return {"seconds": seconds, "AUC": watched_auc(vectors)}


# %%
race = {"mtsgns_lite, 1 epoch": {"seconds": plain_history.seconds, "AUC": watched_auc(plain.embeddings())}}
race["mtsgns_lite, 3 epochs"] = {"seconds": history.seconds, "AUC": by_degree["SGNS"]}

# %% [markdown]
# Where gensim is not installed, its rows are those of an earlier run of these very cells on the whole groceries, on
# another machine, and say so. Beside any other run they would mean nothing, so there they are left out.

# %%
RECORDED = {
    "gensim sg=1, 1 epoch": {"seconds": 2.0, "AUC": 0.578},
    "gensim sg=1, 3 epochs": {"seconds": 5.4, "AUC": 0.636},
    "gensim sg=0, 1 epoch": {"seconds": 0.5, "AUC": 0.498},
}  # gensim 4.4.0, groceries, SEED = 0, 2 cores; to record anew, copy what is printed below

# %%
gensim = lesson.peer("gensim")
if gensim is None:
    whole = DATASET == "groceries" and not SMOKE
    race |= {f"{name}, recorded": row for name, row in RECORDED.items() if whole}
else:
    draws = samples.batches(torch.Generator().manual_seed(SEED), torch.device("cpu"))
    rows = [row[there].tolist() for batch in draws for row, there in zip(batch.items, batch.present)]
    for sg, epochs in ((1, 1), (1, 3), (0, 1)):
        race[f"gensim sg={sg}, {epochs} epoch{'s' * (epochs > 1)}"] = race_gensim(gensim, rows, sg, epochs)

# %%
for name, row in race.items():
    print(f"{name:32} {row['seconds']:6.1f} s   AUC {row['AUC']:.3f}")

# %%
run_here = [name for name in race if "recorded" not in name]
first = max(run_here, key=lambda name: race[name]["AUC"])
title = f"Best of those run here: {first}, AUC {race[first]['AUC']:.2f} in {race[first]['seconds']:.1f} s"
finish = {f"{name.replace('mtsgns_lite', 'ours')}, {row['seconds']:.1f} s": row["AUC"] for name, row in race.items()}
show(bars(finish, title, y="AUC"), title)

# %%
auc = {name: row["AUC"] for name, row in race.items()}
ours, theirs = auc["mtsgns_lite, 1 epoch"], auc.get("gensim sg=1, 1 epoch")
if theirs is not None:
    lesson.headline(
        "AUC gained on gensim in one epoch", ours - theirs, f"{ours:.3f} against {theirs:.3f}, degree-matched"
    )

# %% [markdown]
# Two things decide such a race: how many pairs a second, and how much is learned from each. gensim is compiled C, and
# quick. Adagrad is meant to help with the second: a rare item, seen a few times, takes large steps, where gensim gives
# every item the same.
#
# ## The library call
#
# The whole lesson was three lines, `mt.split`, `mt.SGNS` and `mt.fit`. A shop wants one more: put two items in a
# basket, and ask what goes with them. This takes the mean of their vectors and looks for what lies near it.

# %%
print("In the basket:", ", ".join(split.catalogue.names[item] for item in examples[:2]))
mt.recommend(model, examples[:2], k=5)

# %% [markdown]
# ## Check yourself
#
# Predict first; then run the lines in a new cell below the question, and only then open the answer. The answers speak
# of the whole groceries; with `SMOKE = True` much of what you see is luck.

# %% [markdown]
# **1.** Of all the negatives, what share falls on the most bought tenth of the items, with each of the three exponents?
# Is 0.75 nearer to 0 or to 1?
#
# ```python
# counts = np.sort(split.counts)[::-1].astype(float)
# for exponent in (0, 0.75, 1):
#     share = counts**exponent / (counts**exponent).sum()
#     print(f"exponent {exponent}: {share[: len(counts) // 10].sum():.0%}")
# ```
#
# <details><summary>Answer</summary>
#
# With 0 it is a tenth, for all items are drawn alike. With 1 it is their share of all that is bought, several times as
# much. 0.75 lies nearer to 1: it takes from the most popular and gives to the rare, but who is popular still decides.
# </details>

# %% [markdown]
# **2.** On the toy, p and q both steered the walk. Which of the two dials does the shop's own graph obey?
#
# ```python
# some = torch.tensor(shown[:200]).repeat_interleave(50)
# for p, q in ((1, 1), (0.1, 1), (1, 0.1)):
#     a, _, c = split.graph.walks(some, 3, p, q, torch.Generator().manual_seed(SEED)).T
#     away = (a != c) & (split.graph.weight_between(a, c) == 0)
#     print(f"p={p} q={q}: back {(a == c).float().mean():.1%}, away {away.float().mean():.1%}")
# ```
#
# <details><summary>Answer</summary>
#
# In a dense graph such as that of the groceries, q. The way back is one edge among hundreds, and ten times next to
# nothing is little. But q holds for every node that is no neighbour of the last one, and ten times all of those
# is most of the steps. In a sparse graph the way back is one edge of a few, and p counts too.
# </details>

# %% [markdown]
# **3.** A row shares 5 noise vectors, or 20, or 80. What happens to the mean of the loss, and what to its spread?
#
# ```python
# torch.manual_seed(SEED)
# (u, v), items = torch.randn(2, 6, 4), torch.randn(500, 4)
# for size in (5, 20, 80):
#     losses = [matrix_loss(u, v, items[torch.randint(500, (size,))], pairs, 5) for _ in range(300)]
#     print(f"{size:2} vectors: mean {np.mean(losses):.2f}, spread {np.std(losses):.2f}")
# ```
#
# <details><summary>Answer</summary>
#
# The mean stays, for each vector is weighted by 5 over their number. The spread about halves each time: the mean of
# four times as many draws varies half as much. To change the loss itself, change <code>negatives</code>.
# </details>

# %% [markdown]
# **4.** An item has two vectors. Do its own two point the same way? More than those of any two items?
#
# ```python
# u, v = (normalize(model.embeddings(which).cpu()[model.seen.cpu()]) for which in ("target", "context"))
# print(f"an item's own two vectors: mean cosine {(u * v).sum(dim=1).mean():+.2f}")
# print(f"those of any two items:    mean cosine {u.mean(dim=0) @ v.mean(dim=0):+.2f}")
# ```
#
# <details><summary>Answer</summary>
#
# They don't: a basket has each item once, so no item was ever shown as its own context. But its company is also that of
# items like it, and so the two are less opposed than those of any two items. These are below zero on average, because
# most items are not together. A model with one table can't say that.
# </details>

# %% [markdown]
# **5.** Training made u·v high for true pairs, and we judged by the cosine of two target vectors. Score the pairs by
# u·v instead: against which negatives does that help?
#
# ```python
# u, v = (model.embeddings(which).cpu().numpy() for which in ("target", "context"))
# for kind in kinds:
#     parts = [part[part[:, 0] >= 0].T for part in (split.pairs[seen], split.negatives[kind][seen])]
#     scores = [(u[a] * v[b] + v[a] * u[b]).sum(axis=1) for a, b in parts]
#     print(f"{kind}: u.v {np.float64(mt.auc(*scores)):.3f}, cosine {watched_auc(model.embeddings(), kind):.3f}")
# ```
#
# <details><summary>Answer</summary>
#
# Against uniform ones only. An exponent of 0.75 takes three quarters of popularity out of u·v, and the last quarter
# helps wherever the question is who is popular. Against equally popular items it says nothing, and there the cosine
# is as good or better.
# </details>

# %% [markdown]
# ## Exercises
#
# Four steps of this lesson, to be written by you. The cell below each says whether it is right, and if not, in
# what way. The last exercise is a question that nobody has answered for your data.
#
# **1. Pairs of a walk.** The lesson had eight places and one window. Write it for the items of any walk, without trying
# all places with all others: a walk of a thousand has a million of those. A walk may come back to an item, and
# then its pairs count again. What is off by one here is off in every pair that the model sees.


# %% tags=["exercise"]
def pairs_of_walk(walk, window):
    """All pairs (centre, context) of a walk, which is a list or tensor of items: a list, in any order."""
    # from which place to which does the window of a place reach, near the ends of the walk?
    found = []
    for place, centre in enumerate(walk):
        for other in range(max(place - window, 0), min(place + window + 1, len(walk))):
            if other != place:
                found.append((centre, walk[other]))
    return found


# %%
mt.check.pairs_of_walk(pairs_of_walk)

# %% [markdown]
# **2. Negatives.** Draw `n` items in proportion to count^exponent, as under "Negatives, and why 0.75". All that is
# random comes from `generator`, so that a run can be repeated. Mind the items that never occur, above all with
# exponent 0.


# %% tags=["exercise"]
def draw_negatives(counts, n, exponent, generator):
    """`n` items (n,), drawn by counts (items,) to the power of the exponent; one that never occurs is never drawn."""
    # a weight for each item (items,), then a draw
    weight = counts.double() ** exponent
    weight[counts == 0] = 0
    return torch.multinomial(weight, n, replacement=True, generator=generator)


# %%
mt.check.draw_negatives(draw_negatives)

# %% [markdown]
# **3. A step with a memory.** A walk came from `before` and stands on `here`. What are the chances of its next step,
# with p and q as under "Two dials"? `weight` is a matrix as `W` was for the toy. It is easy to have the two dials
# the wrong way round, in a talk as in code; the check will say.


# %% tags=["exercise"]
def step_chances(weight, before, here, p, q):
    """The chances (n,) of all nodes to be the next, from the weights (n, n) of the edges, as arrays of NumPy."""
    # a factor for each node (n,), times the weights of the edges from `here`
    factor = np.where(weight[before] > 0, 1, 1 / q)
    factor[before] = 1 / p
    steps = weight[here] * factor
    return steps / steps.sum()


# %%
mt.check.step_chances(step_chances)

# %% [markdown]
# **4. The loss without a loop.** `honest_loss` gave every pair its own negatives, one at a time. Write it for a batch
# of pairs as a few lines of tensors: u and v are (P, d), noise is (P, k, d), and out comes the mean over the pairs. The
# gradient is checked too, and scores so large that a rounded sigmoid would hide them.


# %% tags=["exercise"]
def sgns_loss(u, v, noise):
    """The mean over the pairs of -log σ(u·v) - Σ log σ(-u·n), where the sum is over a pair's own negatives."""
    # the scores of the pairs are (P,), those of their negatives (P, k)
    score = (u * v).sum(dim=1)
    against = (noise @ u[:, :, None]).squeeze(2)
    return (softplus(-score) + softplus(against).sum(dim=1)).mean()


# %%
mt.check.sgns_loss(sgns_loss)

# %% [markdown]
# **5. Is training needed?** If a trained score is log P(v | u) − log Pₙ(v) − log k, one could count the first, put what
# is positive into a matrix, and factorise that: vectors without a single step of training. Do it with the weights of
# `split.graph`, and compare by `watched_auc`. It worked if the vectors come near `model` on three seeds, with k,
# exponent and size chosen on a fourth. Then ask what is lost: rare items, or new data that keep coming?
#
# More: `subsample=1e-3` in `split.baskets(...)` drops frequent items at random. Predict both AUCs before you look.

# %% [markdown] tags=["solution"]
# One answer among many. A row of the graph's weights, divided by its sum, is P(v | u). Where the score is positive it
# goes into a sparse matrix, and a singular value decomposition gives the vectors: those on the left, times the square
# root of what they weigh.

# %% tags=["solution"]
from sklearn.utils.extmath import randomized_svd


def counted_vectors(k=1, exponent=0.75, dim=64):
    graph = split.graph
    parts = graph.weights.double().numpy(), graph.neighbours.numpy(), graph.starts.numpy()
    together = csr_array(parts, shape=(len(graph), len(graph))).tocoo()
    count = together.sum(axis=1)
    noise_share = count**exponent / (count**exponent).sum()
    score = np.log(together.data / count[together.row] / noise_share[together.col] / k)
    cells = np.maximum(score, 0).astype("float32"), (together.row, together.col)
    left, size, _ = randomized_svd(csr_array(cells, shape=together.shape), min(dim, len(graph)), random_state=SEED)
    return torch.tensor(left * size**0.5)


# %% tags=["solution"]
print(f"counted, factorised: {watched_auc(counted_vectors()):.3f}")
print(f"trained, 1 epoch:    {watched_auc(plain.embeddings()):.3f}")
print(f"trained, 3 epochs:   {by_degree['SGNS']:.3f}")
print(f"counted only:        {by_degree['cooccurrence']:.3f}")

# %% [markdown] tags=["solution"]
# On the groceries the factorised counts come close to the trained model, and both are far above the counts they are
# made from. So it is less the training that finds so much than the squeeze into 64 numbers: it makes items alike that
# have company in common. With k = 5, as in training, far more of the scores are negative and cut off, and the AUC
# falls; try it. What training has for it: it needs no matrix of all pairs, and goes on with new baskets.

# %% [markdown]
# ## What we learned
#
# - Graph, walk, window, pair, negative: five steps from data to something a dot product can learn.
# - p and q steer a walk; on a dense graph the walk forgets its start so fast that direct neighbours are the better
#   pairs. Baskets need no walks.
# - The exponent decides how much popularity stays in the score.
# - Negatives may be shared by a row if each is weighted by negatives / N, and then the loss is two matrix products.
# - Two tables, because one can't say no. Softplus, because a rounded sigmoid has no slope.
#
# ## Next
#
# [03 · Side information](03_side_information.ipynb): an item that nobody has bought yet has no company to be known by.
# Its brand, its kind and its size are known all the same.
