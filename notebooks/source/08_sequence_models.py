# %% [markdown]
# # 08 · Sequence models: from the last item to several interests

# %% [markdown]
# You will
#
# - ask what comes next, over the whole catalogue, and meet the plain rows that are hard to beat;
# - build a recurrent network by hand, train GRU4Rec, and let one model look ahead to see what a leak looks like;
# - split a history into several interests, by attention and by routing, and say when one vector is not enough;
# - see a household's interests as clouds, and which of its items each of them is made of;
# - move a slider between a list that hits and a list that is mixed, and serve interests through an index.
#
# About 90 minutes, two of them computing, and an hour for the exercises at the end, which check your answers.
# Prerequisites: lesson 02, so you know skip-gram and cosines; lesson 09 only for the cell about serving.

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
import json
from collections import Counter

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F

import mtsgns_lite as mt
from mtsgns_lite import lesson
from mtsgns_lite import sequence_evaluation as rows_to_beat
from mtsgns_lite.serving.index import make_index
from mtsgns_lite.views import figures
from mtsgns_lite.views.projection import Plane
from mtsgns_lite.views.sequences import attention_map, interest_clouds, tradeoff_slider

# %% [markdown]
# ## What came next?
#
# Until now a basket was a bag, and a household a pile of baskets. Now time comes in: each household's baskets stand in
# order, all but the last are known, and the question is **what is in the last one**. (`"planted"` takes generated users
# who want two things each; a file without users is asked how its last baskets end.)

# %%
data = lesson.next_items(DATASET, SMOKE, SEED)
asked, catalogue, kind = data.asked, data.train.catalogue, data.kind
names, kinds = catalogue.names, catalogue.traits[kind].text if kind else lambda item: ""
print(data.train)
print(asked)

# %% [markdown]
# One of them: the end of what was known, and what came next. Within a basket there is no order, though its file has one
# (by item, more often than not); a model would learn that, so the items of a basket were shuffled.

# %%
example = int(np.argsort(-asked.wanted.lengths, kind="stable")[len(asked) // 4])
bought, wanted = asked.items.take(np.array([example])).values, asked.wanted.take(np.array([example])).values
print("the last:", "; ".join(names[bought[-8:]]))
print("wanted:  ", "; ".join(names[wanted[:8]]))

# %% [markdown]
# ## The rows to beat
#
# Before a network, the rows that need none. *Popularity* ignores the household. *Item-kNN* and *skip-gram, last item*
# know only what was bought last; *skip-gram, mean* takes the mean of the last twenty items' vectors. *Own items* is the
# household's own list, the most frequent first. **Write down** your order of the five.
#
# Skip-gram is that of lesson 02, on the baskets that are known. What is asked for is in none of them.

# %%
LENGTH, WHOLE = 20, 3_000  # how many items the models read, and more than anybody has
skipgram = mt.SGNS(catalogue, seed=SEED)
together = mt.Baskets(data.together, len(catalogue))
mt.fit(skipgram, together, epochs=1 if SMOKE else 3, device=DEVICE, seed=SEED, progress=False)
vectors = skipgram.cpu().embeddings()

# %%
train = data.train.recent(200)  # the last 200 items of each: less to compute, and nearly as good
own = rows_to_beat.own_items(data.train)
plain = {"popularity": rows_to_beat.popularity(data.train), "item-kNN": rows_to_beat.item_knn(data.train)}
plain["skip-gram, last item"] = rows_to_beat.nearest_to_last(vectors)
plain["skip-gram, mean"] = rows_to_beat.nearest_to_mean(vectors)
plain[f"own items, last {LENGTH}"] = own
found = mt.evaluate_next(plain, asked, length=LENGTH).rows
found |= mt.evaluate_next({"own items, all": own}, asked, length=WHOLE).rows
pd.DataFrame(found).T[["recall@20", "recall@50", "ndcg@50", "mrr@20"]].round(3)

# %% [markdown]
# *Recall@50* is the share of what was wanted that stood among the first fifty of **all** items; *MRR* asks how early
# the first hit came. Against drawn negatives the rows would look better, and could stand in another order (Krichene and
# Rendle, 2020), so nobody is drawn here.
#
# On the groceries the list of what the household always buys is far ahead of everything: people buy the same again.
# Remember that row. Much of what is published about next items never shows it.
#
# ## A summary with an order, by hand
#
# The last item forgets all before it. The mean forgets the order. Three numbers, twice the same ones in another order:

# %% tags=["deterministic"]
first_first, first_last = [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]
print("same means:", np.mean(first_first) == np.mean(first_last))


# %%
def state_after(numbers, keep=0.5):
    state = 0.0
    for number in numbers:
        state = keep * state + (1 - keep) * number
    return state


# %% tags=["deterministic"]
print("states:", state_after(first_first), state_after(first_last))

# %% [markdown]
# A state that keeps a part of itself and takes in a part of what is new: what came late counts for more. A **GRU** (Cho
# et al., 2014) is that, with `keep` no constant: item and state decide it together, for each number of the state by
# itself. A second gate says how much of the old state the new part may look at.

# %%
with torch.random.fork_rng(devices=[]):
    torch.default_generator.manual_seed(SEED)
    gru = torch.nn.GRU(input_size=3, hidden_size=3, batch_first=True)
    some = torch.randn(2, 5, 3)  # two histories of five items


def read_slowly(history):
    state = torch.zeros(3)
    for item in history:
        gate, keep, new = (gru.weight_ih_l0 @ item + gru.bias_ih_l0).chunk(3)
        old_gate, old_keep, old_new = (gru.weight_hh_l0 @ state + gru.bias_hh_l0).chunk(3)
        keep = torch.sigmoid(keep + old_keep)
        new = torch.tanh(new + torch.sigmoid(gate + old_gate) * old_new)
        state = keep * state + (1 - keep) * new
    return state


# %% tags=["deterministic"]
slow = torch.stack([read_slowly(history) for history in some])
fast, _ = gru(some)  # (histories, items, numbers of the state)
print("shapes:", tuple(some.shape), "->", tuple(fast.shape))
print("same last states:", torch.allclose(slow, fast[:, -1], atol=1e-6))

# %% [markdown]
# ### The first trap: time is an axis
#
# `batch_first=True` says which axis is time. Forget it, and the network runs over the **households** instead: each
# one's state goes on to the next. Shapes are the same, nothing fails, and code of this kind has been published.
# **Predict:** swap the two histories; what happens to the answers of each version?

# %% tags=["deterministic"]
wrong = torch.nn.GRU(3, 3)  # takes (items, histories, numbers)
wrong.load_state_dict(gru.state_dict())
for name, network in {"over time": gru, "over households": wrong}.items():
    swapped = network(some.flip(0))[0].flip(0)
    print(f"{name}: same answers after swapping:", torch.allclose(network(some)[0], swapped, atol=1e-6))

# %% [markdown]
# That is a test for any sequence model: another order of the batch must be the same answers in another order. It needs
# no labels and no training, so ask it of every model that you didn't write.
#
# ## Every place asks at once
#
# A history of $n$ items holds $n - 1$ questions: after each item, which was the next? A network that reads from left to
# right answers all of them in one go.

# %%
few_items = names[bought[-4:]].tolist()
for t, answer in enumerate(few_items[1:]):
    print(f"question {t} reads {few_items[: t + 1]} and wants {answer}")

# %% [markdown]
# In a batch the shorter rows are filled up at the end, and `present` says what is real.

# %%
batch = next(train.samples(length=LENGTH).batches(torch.Generator().manual_seed(SEED), torch.device("cpu")))
print("histories, places:", tuple(batch.present.shape), f"  of them real: {batch.present.float().mean():.0%}")
print("questions:", len(batch.wanted), "  candidates for each:", len(batch.candidates))

# %% [markdown]
# All questions of a batch choose among the same candidates: the batch's own items, and some thousand that are drawn.
# The loss is the cross-entropy of the right one:
#
# $$r_j = \tau \cos(u, e_j), \qquad loss = -\log \frac{e^{r_{wanted}}}{\sum_j e^{r_j}}$$
#
# with $u$ the state, and $e_j$ the item's vector, which is also what the network reads. This is **GRU4Rec** (Hidasi et
# al., 2016). **Predict** between which of the rows above it comes out.


# %%
def train_on(sequences, model, epochs=1, **options):
    samples = sequences.samples(length=LENGTH)
    history = mt.fit(model, samples, epochs=epochs, device=DEVICE, seed=SEED, progress=False, **options)
    model.cpu()
    return history


recurrent = mt.GRU4Rec(catalogue, dim=64, seed=SEED)
train_on(train, recurrent)
found |= mt.evaluate_next({"GRU4Rec": recurrent.scores}, asked, length=LENGTH).rows
pd.DataFrame(found).T[["recall@20", "recall@50", "ndcg@50", "mrr@20"]].round(3)

# %% [markdown]
# On the groceries it hardly beats popularity. A basket is no sequence of clicks: what comes next in it is mostly a
# matter of what the household keeps at home. A state that must pass through each item, one by one, is the wrong
# summary for a pile.
#
# ### The second trap: one item ahead
#
# Question $t$ may read items up to $t$, and item $t + 1$ is the answer. Let a model read one place further. **Predict**
# its loss in training, and its recall. For this and for what follows, a small shop of generated users: each wants items
# of two groups out of many, in turns that nobody can foresee.

# %%
options = dict(groups=40, users=800) if SMOKE else dict(groups=100, users=4_000)
planted, wants = mt.planted_interests(**options, seed=SEED)
past, after = planted.leave_last()
planted

# %%
print("the first user wants groups", wants[0].tolist(), "and takes", end=" ")
print(*[planted.catalogue.traits["group"].text(item)[-3:] for item in planted.items.take(np.array([0])).values])


# %%
class Peeks(mt.GRU4Rec):
    def interests(self, inputs, within):
        ahead = torch.cat([within[:, 1:], within[:, -1:]], dim=1)  # question t reads what question t + 1 may
        return super().interests(inputs, ahead)


table = {}
for name, make in {"up to t": mt.GRU4Rec, "up to t + 1": Peeks}.items():
    model = make(planted.catalogue, dim=16, dropout=0.0, seed=SEED)
    losses = train_on(past, model, epochs=4).loss
    recall = mt.evaluate_next({name: model.scores}, after, length=LENGTH)[name]["recall@20"]
    table[name] = {"training loss at the end": losses[-1][1], "recall@20": recall}
leak = pd.DataFrame(table).T.round(3)
leak

# %% [markdown]
# The model that peeks has the better loss by far, and the worse recall: it learned to repeat what it should have
# foretold. When the question is asked in earnest, there is nothing to copy. So **a training loss that looks too good is
# a leak until you know better**; the first exercise has you write the mask that keeps it out.
#
# ## Two wishes, one vector
#
# Somebody wants coffee and cat litter. Here are both as directions, and a third item between them. **Predict** which
# item is nearest to the mean of the two.

# %% tags=["deterministic"]
coffee, litter, pasta = (np.array(place) for place in ([1.0, 0.0], [0.0, 1.0], [0.8, 0.6]))
middle = (coffee + litter) / np.linalg.norm(coffee + litter)
for name, place in {"coffee": coffee, "cat litter": litter, "pasta": pasta}.items():
    larger = max(place @ coffee, place @ litter)
    print(f"{name}: cosine with the mean {place @ middle:.2f}, larger of the two {larger:.2f}")

# %% [markdown]
# The mean recommends pasta, which nobody asked for. Two vectors, and for each item the **larger** of its two cosines,
# put both wishes first. But is that true in any space? Draw a hundred groups as directions. How many others are
# nearer to the middle of two than these two are? **Predict** it for 2, 8 and 64 dimensions.


# %%
def in_between(dim, draws=300):
    groups = F.normalize(torch.randn(draws, 100, dim, generator=torch.Generator().manual_seed(SEED)), dim=2)
    cosines = (groups @ (groups[:, :1] + groups[:, 1:2]).transpose(1, 2))[:, :, 0]  # (draws, groups)
    return float((cosines[:, 2:] > cosines[:, :1]).float().sum(dim=1).mean())


crowd = {dim: in_between(dim) for dim in (2, 4, 8, 16, 64)}
print(*[f"{dim} dimensions: {count:.2f} of 98 groups in between" for dim, count in crowd.items()], sep="\n")

# %% [markdown]
# In a wide space the middle of two directions is near both and near nobody else, so one vector can stand for two
# wishes. In a narrow one it points at strangers. Several interests should pay where the space is crowded: many kinds of
# items for few dimensions.
#
# Now with trained models: **ComiRec-SA** (Cen et al., 2020), whose parts come below, with one interest and with two.
# **Predict** the two bars for each width.

# %%
grid = {}
for dim in (8, 16, 64):
    for count, name in ((1, "one interest"), (2, "two interests")):
        model = mt.ComiRecSA(planted.catalogue, dim=dim, interests=count, seed=SEED)
        train_on(past, model, epochs=4)
        figure_of = mt.evaluate_next({name: model.scores}, after, length=LENGTH)[name]
        grid.setdefault(name, {})[f"{dim} dimensions"] = figure_of["recall@20"]

# %% tags=["picture"]
one, two = grid["one interest"], grid["two interests"]
gain = {width: two[width] / max(one[width], 1e-9) for width in one}
title = "Two interests instead of one: recall@20 times " + ", ".join(f"{g:.2f} at {w}" for w, g in gain.items())
figures.show(figures.grouped_bars(grid, title, "recall@20"), alt=title)

# %% [markdown]
# So it goes: much is gained where the space is narrow, little where it is wide. Large shops are crowded whatever their
# width, for they have millions of items. Ours has few, so expect no wonders further down.
#
# ## Interests by attention
#
# Where does an interest come from? From a weighted mean of the history's items, and the weights are learned. A small
# network gives each item a number, its *logit*; a softmax over the **items** makes weights of them. One history by
# hand: three items, two interests.

# %% tags=["deterministic"]
history = torch.tensor([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]])
logits = torch.tensor([[2.0, 2.0, -1.0], [-1.0, -1.0, 2.0]])  # (interests, items)
weights = logits.exp() / logits.exp().sum(dim=1, keepdim=True)
print("weights", weights.numpy().round(2), "interests", (weights @ history).numpy().round(2), sep="\n")

# %% [markdown]
# Where do logits come from? $A = \mathrm{softmax}(W_2 \tanh(W_1 (H + P)))$, with $H$ the rows of the items and $P$ a
# row for each place, so that *recent* can matter. With one interest that is one pooled vector. An exercise has you
# write it for a whole batch, where padding must not get any weight.
#
# In training an item that came next picks the interest nearest to it, and only this one learns (nobody else is to
# blame). Interests are not told what to be; they drift apart because each gets other items to answer for.
#
# ## Interests by routing
#
# The other way has no network that gives weights. Each item **votes** for what each interest would be, and items that
# agree pull an interest to themselves. First a small tool: *squash* keeps a vector's direction and brings its length
# below one, short ones to nearly nothing.


# %% tags=["deterministic"]
def squash(z):
    square = z.square().sum(dim=-1, keepdim=True)
    return z * square.clamp(min=1e-12).sqrt() / (1 + square)


for length in (0.1, 1.0, 10.0):
    print(f"length {length} -> {float(squash(torch.tensor([length, 0.0])).norm()):.2f}")

# %% [markdown]
# The rounds by hand. Three items vote for two interests; each item shares itself out by a softmax over the
# **interests**, which begins a little uneven. Interests are squashed sums; and where an item's vote agrees with an
# interest, its share of that one grows. (Votes are five times the items here, as all models read them: with short ones
# it takes longer.)

# %% tags=["deterministic"]
says = 5 * history
share = torch.tensor([[0.6, 0.5, 0.5], [0.4, 0.5, 0.5]]).log()  # (interests, items), before the softmax
for turn in range(3):
    part = share.softmax(dim=0)
    pulled = squash(part @ says)
    share = share + pulled @ says.T
    print(f"round {turn + 1}: the first interest has", *[f"{own:.2f}" for own in part[0]], "of the three")

# %% [markdown]
# The two items that point the same way end up in one interest, the third leaves it. Here votes are the items' vectors
# themselves, as in **MIND** (Li et al., 2019, with a matrix common to all), which begins at random so that interests
# differ. **ComiRec-DR** gives each place and interest a matrix of its own, and begins even.
#
# MIND also gives short histories fewer interests, $K' = \max(1, \min(K, \log_2 n))$ for $n$ items:

# %%
pd.Series({n: max(1, min(4, int(np.log2(n)))) for n in (1, 2, 4, 8, 16, 20)}, name="K' for K = 4").to_frame().T

# %% [markdown]
# All of them on the planted users, at the narrow width. **Predict** who wins: learned weights, or routing?

# %%
models = {"GRU4Rec": mt.GRU4Rec(planted.catalogue, dim=8, seed=SEED)}
for name, make in {"MIND": mt.MIND, "ComiRec-DR": mt.ComiRecDR, "ComiRec-SA": mt.ComiRecSA}.items():
    models[name] = make(planted.catalogue, dim=8, interests=2, seed=SEED)

# %%
narrow = {"popularity": rows_to_beat.popularity(past), "item-kNN": rows_to_beat.item_knn(past)}
for name, model in models.items():
    train_on(past, model, epochs=4)
    narrow[name] = model.scores
narrow = mt.evaluate_next(narrow, after, length=LENGTH).rows

# %%
title = "Planted users of two interests, eight dimensions"
recalls = {name: row["recall@20"] for name, row in narrow.items()} | {"ComiRec-SA, K = 1": one["8 dimensions"]}
told = ", ".join(f"{name} {recall:.2f}" for name, recall in recalls.items())
figures.show(figures.bars(recalls, title, "recall@20"), alt=f"{title}: {told}")

# %% [markdown]
# Here routing is ahead: it sorts each history afresh, by what agrees in it, while attention must find weights that
# serve all histories. Before you conclude anything, look at real baskets.
#
# ## Back to the baskets
#
# The same on the data of this lesson, with 64 dimensions: ComiRec-SA with one interest and with four. (What the others
# make of the same baskets stands further down, among the benchmarks.) **Write down** what you expect of four against
# one, and of both against the household's own list.

# %%
few = asked.take(np.arange(0, len(asked), max(1, len(asked) // 400)))


def recall_of(model):
    return mt.evaluate_next({"": model.scores}, few, (50,), length=LENGTH, device=model.device)[""]["recall@50"]


# %%
single = mt.ComiRecSA(catalogue, interests=1, seed=SEED)
train_on(train, single)
model = mt.ComiRecSA(catalogue, interests=4, seed=SEED)
cold_start = train_on(train, model, probe=recall_of, probes=8)

# %%
scorers = {"GRU4Rec": recurrent.scores, "ComiRec-SA, K = 1": single.scores, "ComiRec-SA, K = 4": model.scores}
found |= mt.evaluate_next(scorers, asked, length=LENGTH).rows

# %% tags=["picture"]
recalls = {name: row["recall@50"] for name, row in found.items()}
best = max(recalls, key=recalls.get)
title = f"What came next: {best} find{'' if best.startswith('own') else 's'} the most, {recalls[best]:.3f}; "
title += f"four interests {recalls['ComiRec-SA, K = 4']:.3f}, one {recalls['ComiRec-SA, K = 1']:.3f}"
figures.show(figures.bars(recalls, title, "recall@50"), alt=title)

# %% [markdown]
# Plainly: on the groceries no network here beats **counting what the household bought before**, not even where both
# read the same twenty items. Attention is well ahead of the recurrent state, because it may look at each item
# directly; four interests are a little ahead of one. If you had shown only the networks and popularity, all of this
# would look like progress.
#
# ### And what is new to them?
#
# A shop may say: what they always buy they will find without us. So ask only for items that the household has **never**
# bought, and strike all it had from every list. The own list is empty now. **Predict** who leads.

# %%
news, new_rows = asked.new(), {}
print(f"{len(news.wanted.values) / len(asked.wanted.values):.0%} of what was wanted is new to the household: {news}")

# %%
if len(news):
    contest = {name: plain[name] for name in ("popularity", "item-kNN", "skip-gram, mean")} | scorers
    new_rows = mt.evaluate_next(contest, news, length=LENGTH, repeats=False).rows
pd.DataFrame(new_rows).T.filter(["recall@20", "recall@50", "ndcg@50", "mrr@20"]).round(3)

# %% [markdown]
# Numbers are small for everybody, and on the groceries nobody is clearly ahead of popularity: among twenty the networks
# find a little more, among fifty most of them don't. What a household buys for the first time, its last twenty items
# hardly tell. On the planted users (`DATASET = "planted"`) they tell most of it.
#
# ## Look at a household
#
# Is a model that doesn't win worth a look? It says **why** it suggests something, which a count can't. We look for the
# household, among some hundred, whose interests differ most; others are less tidy.

# %%
long = np.flatnonzero(asked.items.lengths >= min(LENGTH, np.quantile(asked.items.lengths, 0.9)))[:400]
_, items, present = next(asked.take(long).batches(len(long), LENGTH))
users = F.normalize(model.users(items, present), dim=2)  # (households, interests, d)
alike = (users @ users.transpose(1, 2)).triu(diagonal=1).amax(dim=(1, 2))  # the two most alike of each household
chosen = int(alike.argmin())

# %%
items, present = items[chosen : chosen + 1, : int(present[chosen].sum())], present[chosen : chosen + 1]
present = present[:, : items.shape[1]]

# %%
weights = model.attention(items, present)[0]  # (interests, items)
interests = F.normalize(model.users(items, present)[0], dim=1)
top = (interests @ model.units().T).topk(10, dim=1).indices.numpy()

# %%
called = [Counter(kinds(item) if kind else names[item] for item in row) for row in top]
everywhere = sum(called, Counter())
heads = [max(row, key=lambda word, row=row: 2 * row[word] - everywhere[word] + row[word] / 10) for row in called]
pd.DataFrame({f"{k + 1}: {heads[k]}": names[top[k, :5]] for k in range(len(heads))}).T

# %% [markdown]
# Each row is an interest, with the items that it suggests first. Its title is the kind that is frequent among its first
# ten and rare among the others' (a name, no more). Now back to the history: which of its items is each interest made
# of? Columns add up to one.

# %% tags=["picture"]
own_items = items[0].numpy()
largest = names[own_items[int(weights.max(dim=0).values.argmax())]]
title = f"What each interest looks at; most of all, one of them at {largest}"
own_kinds = [kinds(item) for item in own_items] if kind else None
figures.show(attention_map(weights.numpy(), names[own_items], heads, title, own_kinds), alt=title)

# %% [markdown]
# And on the map: the household's items as large marks, coloured by the interest that gives them the most weight, and
# what each interest suggests as small ones. The plane is the one on which these items spread most.

# %%
belongs = weights.argmax(dim=0).numpy()
everybody = model.units()
plane = Plane.of(everybody[np.concatenate([own_items, top.ravel()])])
mine = (plane(everybody[own_items]), belongs, names[own_items])
suggested = (plane(everybody[top.ravel()]), np.repeat(np.arange(len(heads)), 10), names[top.ravel()])

# %% tags=["picture"]
usual = np.argsort(-np.bincount(data.train.items.values, minlength=len(catalogue)), kind="stable")[:1_500]
title = f"One household, {len(heads)} interests: " + ", ".join(dict.fromkeys(heads))
figures.show(interest_clouds(plane(everybody[usual]), mine, suggested, heads, title), alt=title)

# %% [markdown]
# Look for clouds of one colour, and for marks that lie in another's cloud: attention weighs items, it does not sort
# them, so an item may serve several interests or none. Hover to read names. And look at the grey: on the groceries it
# falls into two clumps, though the shop has no such halves. Two interests have shared out the popular items between
# them, because only the nearest learns; what divides them is the training's doing, and no wish that you could name.
#
# ## A list that is less of the same
#
# A list of ten kinds of milk may hit, and is no pleasure. Choose greedily: each next item is the one with the best
# score plus $\lambda$ for every chosen item of another kind (Cen et al., 2020). *Diversity@50* is the share of pairs in
# the list that differ in kind. **Predict:** how much recall must be given up for half the way to full diversity?

# %%
LAMBDAS = (0.0, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
mixed = {}
if kind:
    for weight in LAMBDAS:
        scorer = mt.interests.reranked(model.scores, catalogue, kind, weight)
        part = asked.take(np.arange(0, len(asked), max(1, len(asked) // 800)))
        mixed[weight] = mt.evaluate_next({"": scorer}, part, (50,), catalogue, kind, LENGTH)[""]
else:
    print("Nothing is known of the items' kinds here, so there is no diversity to measure.")
pd.DataFrame(mixed).T.filter(["recall@50", "diversity@50"]).round(3)


# %%
def list_at(weight):
    scores = mt.interests.reranked(model.scores, catalogue, kind, weight, k=12)(items, present)[0]
    return [(names[item], kinds(item)) for item in scores.topk(12).indices.tolist()]


# %% tags=["picture"]
if kind:
    curve = {weight: (row["diversity@50"], row["recall@50"]) for weight, row in mixed.items()}
    (before, hits), (after_it, hits_after) = curve[LAMBDAS[0]], curve[LAMBDAS[2]]
    closed, lost = (after_it - before) / max(1 - before, 1e-9), 1 - hits_after / max(hits, 1e-9)
    title = f"At a weight of {LAMBDAS[2]}, {closed:.0%} of the way to full diversity for {lost:.0%} of the recall"
    figures.show(tradeoff_slider(curve, {w: list_at(w) for w in curve}, title), alt=title)

# %% [markdown]
# Move the slider: the point walks down the curve, and the household's list changes beside it. The first steps are
# cheap, because there is nearly always an item of another kind with almost the same score; the last ones cost dearly.
# Which point is right, no metric says: that is for the shop.
#
# ## Break it on purpose
#
# ComiRec-SA's softmax runs over the items of a history. Let it run over the **interests**, as routing does: one letter
# in the code, same shapes, no error. **Predict** what is left of the model with one interest.


# %%
class WrongAxis(mt.ComiRecSA):
    def routed(self, inputs, within):
        placed = inputs + self.position[: inputs.shape[1]]
        scores = (torch.tanh(placed @ self.first.T) @ self.second.T).transpose(1, 2)[:, None]
        parts = scores.softmax(dim=2) * within[:, :, None]  # dim=3 is right
        return parts @ inputs[:, None], parts


broken = WrongAxis(planted.catalogue, dim=16, interests=1, seed=SEED)
batch = next(past.samples(length=LENGTH).batches(torch.Generator().manual_seed(SEED), torch.device("cpu")))
broken.loss(batch).backward()
print("gradients of W1, W2, P:", [float(part.grad.norm()) for part in (broken.first, broken.second, broken.position)])

# %% [markdown]
# A softmax of one number is 1: every item has weight one, whatever $W_1$ and $W_2$ are, so they never learn and the
# interest is the plain sum of the history. Nothing crashes, and the loss still falls, for the items' vectors learn.
# What does it cost?

# %%
table = {}
for name, make in {"over items": mt.ComiRecSA, "over interests": WrongAxis}.items():
    for count in (1, 2):
        checked = make(planted.catalogue, dim=16, interests=count, seed=SEED)
        train_on(past, checked, epochs=2)
        scores = mt.evaluate_next({name: checked.scores}, after, length=LENGTH)[name]
        table.setdefault(f"softmax {name}", {})[f"K = {count}"] = scores["recall@20"]
wrong_axis = pd.DataFrame(table).T.round(3)
wrong_axis

# %% [markdown]
# Hardly anything, and that is the point. On these users a plain sum is a good summary, and the wrong softmax makes
# interests about as well as the right one does; no score tells that two matrices were never trained. **A test would
# have**: that gradients reach every parameter, that weights of an interest add up to one, that another order of the
# batch changes nothing. Write these before you compare methods, or you compare bugs.
#
# ## A warm start
#
# Items need not begin at random: skip-gram has placed them already, in seconds. The directions of lesson 02's or 03's
# vectors are given to the model before its first step. **Predict** where it begins, and who is ahead at the end.

# %%
warm = mt.ComiRecSA(catalogue, interests=4, seed=SEED)
warm.warm_start(vectors)
warm_start = train_on(train, warm, probe=recall_of, probes=8)

# %%
curves = {"at random": cold_start.probes, "from skip-gram": warm_start.probes}
goal = cold_start.probes[-1][1]
reached = next((step for step, value in warm_start.probes if value >= goal), None)

# %% tags=["picture"]
title = f"The random start ends at {goal:.3f} after {cold_start.steps:,} steps; "
title += f"from skip-gram that is reached at step {reached:,}" if reached is not None else "skip-gram's stays below"
figures.show(figures.learning_curve(curves, title, "step", "recall@50"), alt=title)

# %% [markdown]
# The warm model knows what goes together before its first step, and needs fewer steps to the same recall. It does not
# go further: what skip-gram knows, the baskets teach anyway. So a warm start saves time where training is dear, and
# where baskets are few.
#
# ## What else goes in, and how it comes out
#
# All four models read traits as lesson 03 did: `traits="all"` makes an item's vector a learned mixture of its own row
# and of its traits', and nothing else changes.

# %%
if kind:
    informed = mt.ComiRecSA(planted.catalogue, dim=8, interests=2, traits="all", seed=SEED)
    train_on(past, informed, epochs=4)
    row = mt.evaluate_next({"": informed.scores}, after, length=LENGTH)[""]
    print(f"recall@20 with the group as a trait {row['recall@20']:.3f}, without {two['8 dimensions']:.3f}")

# %% [markdown]
# And to serve it: an index of the items, as in lesson 09, is asked once for each interest, and the answers are merged,
# each item by its best cosine. So several interests cost several questions, and nothing else.

# %%
graph = lesson.peer("voyager") is not None
index = make_index(model.units().numpy(), "approximate" if graph else "exact")
if not graph:
    print("voyager is not installed here, so the exact index stands in for the graph.")

# %%
part, served = few.take(np.arange(min(len(few), 200))), mt.interests.indexed(model, index, k=50)
pair = mt.evaluate_next({"every item looked at": model.scores, f"{index.kind} index": served}, part, length=LENGTH).rows
pd.DataFrame(pair).T[["recall@20", "recall@50"]].round(3)

# %% [markdown]
# ## Where order pays
#
# Clicks within a session are another matter than baskets: there the next step hangs on the last ones. *Diginetica* are
# such clicks; *toys*, where they are in the record, are purchases that nobody repeats. Their files are not ours to give
# away, so this table was made by `tests/benchmarks/sequences.py` and is only read here; it has the groceries too, with
# more training than we took, and all models.

# %%
kept = lesson.RECORDED / "sequence_benchmark.json"
record = json.loads(kept.read_text("utf-8")) if kept.is_file() else {}
tables = {name: pd.DataFrame(part["rows"]).T for name, part in record.items() if "rows" in part}
if not tables:
    print("There is no record of the benchmark here: tests/benchmarks/sequences.py makes it, given the data.")
pd.concat(tables)[["recall@20", "recall@50", "mrr@20"]].round(3) if tables else None

# %% [markdown]
# Two things to read. On *diginetica* the recurrent network is far ahead of neighbours and of popularity: there, order
# tells. On the groceries the own list stays ahead; for what is new, more training puts the networks a little ahead of
# popularity, and one interest is no worse than four there. (All but diginetica are means of three seeds.)
#
# From the same benchmark, three seeds of planted users in eight dimensions: how much do two interests gain in each
# model?

# %%
pairs = {name: np.mean(runs, axis=0) for name, runs in record.get("interests", {}).items()}
pd.DataFrame(pairs, index=["one interest", "two interests"]).T.round(3)

# %%
lesson.headline("recall@50, four interests", round(recalls["ComiRec-SA, K = 4"], 3))
lesson.headline("recall@50, one interest", round(recalls["ComiRec-SA, K = 1"], 3))
lesson.headline("recall@50, own items", round(recalls["own items, all"], 3))
lesson.headline("recall@50, GRU4Rec", round(recalls["GRU4Rec"], 3))
lesson.headline("planted, 8 dimensions: two interests over one", round(gain["8 dimensions"], 2))
if kind:
    lesson.headline("gap of diversity closed", round(closed, 3), f"for {lost:.1%} of the recall")

# %% [markdown]
# ## Check yourself
#
# Predict first; then run the lines in a new cell below the question, and only then open the answer. The answers speak
# of the whole groceries; with `SMOKE = True` much of what you see is luck.

# %% [markdown]
# **1.** Turn each history round, the latest item first. Which methods give the same first fifty, and which don't?
#
# ```python
# _, read, there = next(few.take(np.flatnonzero(few.items.lengths >= 8)).batches(100, 8))
# judges = {"own items": own, "skip-gram, mean": plain["skip-gram, mean"], **scorers}
# for name, judge in judges.items():
#     lists = [judge(rows, there).topk(50).indices.tolist() for rows in (read, read.flip(1))]
#     print(f"{name}: {np.mean([len({*a} & {*b}) / len(a) for a, b in zip(*lists)]):.2f} in common")
# ```
#
# <details><summary>Answer</summary>
#
# The own list and the mean of vectors can't know the order, so nothing changes. The networks could, and hardly change
# either: they looked for an order, and found none worth learning. A basket's items were shuffled, and from one basket
# to the next little follows. A model that can use order is no evidence that there is any; turn the histories round, and
# you know. On clicks the same lines give another picture.
# </details>

# %% [markdown]
# **2.** Which of the four interests finds what was wanted? Count, for each wanted item, the interest nearest to it.
#
# ```python
# numbers, read, there = next(few.batches(len(few), LENGTH))
# near = F.normalize(model.users(read, there), dim=2) @ model.units().T  # (questions, interests, items)
# answers = few.wanted.take(numbers)
# winners = near[answers.row_of, :, answers.values].argmax(dim=1)
# print("found by:", winners.bincount(minlength=4).tolist())
# ```
#
# <details><summary>Answer</summary>
#
# All four have work, but two of them do most of it, those of the two clumps on the map. Only the nearest one learns
# from an item, so an interest that is ahead gets more to learn from. If one took everything, the others would be idle,
# and the model would be one with K = 1 that asks four questions. Look at this count before you believe a large K.
# </details>

# %% [markdown]
# **3.** Give one history alone, then with fifteen padded places, then with the padding taken for items. What changes?
#
# ```python
# history_alone = torch.from_numpy(asked.items.take(np.array([example])).values[-5:])[None]
# padded, there = F.pad(history_alone, (0, 15)), torch.arange(20)[None] < 5
# alone = model.scores(history_alone, there[:, :5])
# print("with a mask: ", float((model.scores(padded, there) - alone).abs().max()))
# print("without one:", float((model.scores(padded, there | True) - alone).abs().max()))
# ```
#
# <details><summary>Answer</summary>
#
# With the mask nothing changes but the last digits. Without it, padding is read as the item number 0, fifteen times
# over, and the scores are others. In the evaluation you would hardly notice: histories of like length come
# together there, so that little is padded. The bug shows when somebody asks with a short history beside a long one.
# </details>

# %% [markdown]
# **4.** Let the models read less: the last five items instead of twenty. Who loses most?
#
# ```python
# judges = {"own items": own, "GRU4Rec": recurrent.scores, "ComiRec-SA, K = 4": model.scores}
# for items_read in (5, 20):
#     told = mt.evaluate_next(judges, few, (50,), length=items_read).rows
#     print(items_read, {name: round(row["recall@50"], 3) for name, row in told.items()})
# ```
#
# <details><summary>Answer</summary>
#
# The own list loses, for an item that it has not seen is one that it can't name, and attention loses at least as much:
# it lived on the same items. The GRU loses next to nothing, so it had made nothing of the other fifteen. How much was
# read explains more here than which network read it; when two papers' numbers differ, ask for that first.
# </details>

# %% [markdown]
# ## Exercises
#
# Write each function, then run the cell below it: it says whether the answer is right, and if not, gives a hint. A
# wrong answer costs nothing, so ask often.
#
# ### 1. What a question may read
#
# The mask that keeps the answer out. `present` (B, L) says which places are items; padding stands at the end. Question
# $t$ may read the present items up to and with $t$, and no later one. (Compare *The second trap*.)


# %% tags=["exercise"]
def so_far(present):
    """What each question may read.

    (B, L) booleans -> (B, L, L) booleans: [b, t, l] says whether question t of row b may read item l.
    """
    # which places are not later than t?
    place = torch.arange(present.shape[1])
    return (place <= place[:, None]) & present[:, None]


# %%
mt.check.so_far(so_far)

# %% [markdown]
# ### 2. Interests by attention
#
# $A = \mathrm{softmax}(W_2 \tanh(W_1 H))$ over the items of each history, and interests are the weighted sums of its
# rows. `inputs` are H for a batch, `first` and `second` are the two matrices; padding gets no weight, and a history
# without any item gets zeros.


# %% tags=["exercise"]
def attend(inputs, present, first, second):
    """Several weighted sums of each history.

    (B, L, d), (B, L) booleans, (h, d), (K, h) -> (B, K, d).
    """
    # (B, L, K) logits first; which axis must add up to one?
    scored = torch.tanh(inputs @ first.T) @ second.T
    closed_out = scored.masked_fill(~present[:, :, None], -torch.inf)
    return closed_out.softmax(dim=1).nan_to_num(0.0).transpose(1, 2) @ inputs


# %%
mt.check.attend(attend)

# %% [markdown]
# ### 3. Interests by routing
#
# The rounds of *Interests by routing*, for a batch: `votes` (B, K, L, d) say what each item thinks each interest is.
# Start even (zeros); each round takes a softmax over the interests, leaves padding out, squashes the sums (`squash` is
# there), and adds to each share how much vote and interest agree. Return the last round's interests.


# %% tags=["exercise"]
def route(votes, present, rounds=3):
    """Interests on which the items' votes agree.

    (B, K, L, d), (B, L) booleans -> (B, K, d).
    """
    leaning = torch.zeros_like(votes[..., 0])  # (B, K, L), before the softmax
    for _ in range(rounds):
        belongs_to = leaning.softmax(dim=1) * present[:, None]
        agreed = squash((belongs_to[..., None] * votes).sum(dim=2))  # (B, K, d)
        leaning = leaning + (votes * agreed[:, :, None]).sum(dim=3)
    return agreed


# %%
mt.check.route(route)

# %% [markdown]
# ### 4. Less of the same
#
# One user's list, greedily: choose `k` of N candidates, each time the one with the largest score plus `weight` times
# the number of already chosen ones of **another** category. Return their places in the order chosen.


# %% tags=["exercise"]
def diversify(scores, category, weight, k):
    """A list that hits and is mixed.

    (N,) scores, (N,) category numbers -> (k,) places among the N.
    """
    worth, order = scores.clone(), []
    for _ in range(k):
        order.append(int(worth.argmax()))
        worth = worth + weight * (category != category[order[-1]])
        worth[order] = -torch.inf  # nothing twice
    return torch.tensor(order)


# %%
mt.check.diversify(diversify)

# %% [markdown]
# ### 5. Can a model add to the list? (open)
#
# On the groceries nothing beat the household's own list. But a model needn't replace it: let it have a say beside it.
# Write a scorer that puts both together, with a weight to choose. Choose the weight on one half of the questions, and
# report the other half, or you will find a gain in anything.
#
# It worked if the mixture is ahead of the own list on questions that had no part in choosing; and you know what it is
# worth if you can say how far. More to try: `length=50` for model and samples; DR or MIND in place of SA; the mixture
# for what is new, where the own list says nothing.

# %% [markdown] tags=["solution"]
# One way: the logarithm of how often the household took the item (the second time says more than the tenth), plus the
# model's best cosine, times a weight.

# %% tags=["solution"]
from mtsgns_lite.models.sequence import last_items


def mixture(weight):
    def scores(items, present):
        cosine = model.scores(*last_items(items, present, LENGTH)) / model.temperature
        return torch.log1p(own(items, present)) + weight * cosine

    return scores


shuffled = np.random.default_rng(SEED).permutation(len(asked))
choose, report = (asked.take(rows) for rows in np.array_split(shuffled, 2))
tried = mt.evaluate_next({f"{w:g}": mixture(w) for w in (0, 0.5, 1, 2, 4)}, choose, (50,), length=WHOLE).rows
pd.DataFrame(tried).T[["recall@50", "ndcg@50"]].round(4)

# %% tags=["solution"]
chosen_weight = float(max(tried, key=lambda weight: tried[weight]["recall@50"]))
both = {"own items, all": own, f"with the model, weight {chosen_weight:g}": mixture(chosen_weight)}
pd.DataFrame(mt.evaluate_next(both, report, (50,), length=WHOLE).rows).T[["recall@50", "ndcg@50"]].round(4)

# %% [markdown] tags=["solution"]
# On the groceries the model adds something, and it is very little: the head of the list is the household's own, and
# only the last places go to items that it never bought, which the model guesses hardly better than popularity does.
# That is what the table of new items said before. On the planted users (`DATASET = "planted"`) the same lines change
# the picture, since there half of what is wanted is new to the user and the model knows of which groups it must be.

# %% [markdown]
# ## What we learned
#
# - Next items are asked over the whole catalogue, beside popularity, neighbours, and **the household's own list**,
#   which on the groceries beats every network here. Where nothing is bought twice, or where one click leads to the
#   next, the networks have their day.
# - A recurrent state knows order and pays for it; attention looks at each item directly.
# - Several interests pay where one narrow vector must stand for wishes that are far apart. With room enough, one vector
#   will do.
# - Wrong axes and glances ahead crash nothing. Permute the batch, pad a history, look at gradients, and distrust a loss
#   that is too good.
# - Diversity is nearly free at first. How much of it is wanted, no metric says.
#
# ## Next
#
# [09 · Serving and transfer](09_serving_and_transfer.ipynb) answers questions with such vectors, fast and for many.
# Your own file runs through this lesson as well: `make course DATASET=my.csv LESSONS=08`.
