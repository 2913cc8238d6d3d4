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
# `"planted"`, `"movielens"` once it is fetched, or the path of your own CSV; `DEVICE = None` picks for you.

# %% tags=["parameters"]
SMOKE = False
SEED = 0
DATASET = "groceries"
DEVICE = None

# %%
import json

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
# who want two things each; a file without users is asked how its last baskets end. Who has a single basket is not
# asked.)

# %%
data = lesson.next_items(DATASET, SMOKE, SEED)
asked, catalogue, kind = data.asked, data.train.catalogue, data.kind
names, kinds = catalogue.names, catalogue.traits[kind].text if kind else lambda item: ""
print(data.train)
print(asked)

# %% [markdown]
# One of them: the end of what was known, and what came next. Within a basket there is no order, though its file has one
# (by item, more often than not); a model would learn that, so the items of a basket were shuffled. A name that
# comes twice among the wanted stands for two products.

# %%
example = int(np.argsort(-asked.wanted.lengths, kind="stable")[len(asked) // 4])
bought = asked.items.take(np.array([example])).values
wanted = asked.wanted.take(np.array([example])).values
print("the last:", "; ".join(names[bought[-8:]]))
print("wanted:  ", "; ".join(names[wanted[:8]]))

# %% [markdown]
# ## The rows to beat
#
# Before a network, the rows that need none. *Popularity* ignores the household. *Item-kNN* counts what stands together,
# once as it is often shown (in whole households, asked with the last item alone), and once as it should be here: within
# baskets, the cosines summed over the last twenty items. *Skip-gram, last item* asks with one item too, and strikes
# that one, though people buy again; *skip-gram, mean* takes the mean of the last twenty items' vectors. *Own items* is
# the household's own list, the most frequent first. **Write down** your order of the six.
#
# Skip-gram is that of lesson 02, on the baskets that are known. What is asked for is in none of them.

# %%
LENGTH, WHOLE = 20, 3_000  # how many items the models read, and more than anybody has
skipgram = mt.SGNS(catalogue, seed=SEED)
together = mt.Baskets(data.together, len(catalogue))
mt.fit(skipgram, together, epochs=1 if SMOKE else 3, device=DEVICE, seed=SEED, progress=False)
vectors = skipgram.cpu().embeddings()

# %%
train = data.train.recent(200)  # the last 200 items of each: less to compute
baskets, own = mt.Sequences(catalogue, data.together), rows_to_beat.own_items(data.train)
plain = {"popularity": rows_to_beat.popularity(data.train)}
plain["item-kNN, last item"] = rows_to_beat.item_knn(data.train)
plain[f"item-kNN, last {LENGTH}"] = rows_to_beat.item_knn(baskets, last=False)
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
# Remember that row; much of what is published about next items never shows it. And remember the two rows of item-kNN:
# the same counting, below popularity or above it. In a shuffled basket the last item is any item. **A row to beat must
# be made as good as it can be**, or it shows nothing. (Where there are no users, histories are short, and the two rows
# of own items are one.)
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
generator, cpu = torch.Generator().manual_seed(SEED), torch.device("cpu")
batch = next(train.samples(length=LENGTH).batches(generator, cpu))
real = f"{batch.present.float().mean():.0%}"
print("histories, places:", tuple(batch.present.shape), "  of them real:", real)
print("questions:", len(batch.wanted), "  candidates for each:", len(batch.candidates))

# %% [markdown]
# All questions of a batch choose among the same candidates: the batch's own items, and some thousand that are drawn.
# The loss is the cross-entropy of the right one:
#
# $$r_j = \tau \cos(u, e_j), \qquad loss = -\log \frac{e^{r_{wanted}}}{\sum_j e^{r_j}}$$
#
# with $u$ the state, and $e_j$ the item's vector, which is also what the network reads, times a constant (`reach`).
# This is **GRU4Rec** (Hidasi et al., 2016) with later parts: cosines times $\tau$ (Gupta et al., 2019), one table for
# what is read and what is answered, cross-entropy over drawn candidates. All networks get the same of the baskets: one
# epoch, the last 200 items of each household, one seed. **Predict** between which of the rows above it comes out.


# %%
def train_on(sequences, model, epochs=1, **options):
    samples = sequences.samples(length=LENGTH)
    history = mt.fit(model, samples, epochs=epochs, device=DEVICE, seed=SEED, progress=False, **options)
    model.cpu()
    return history


recurrent = mt.GRU4Rec(catalogue, dim=64, seed=SEED)
print(f"tau = {recurrent.temperature:g}, reach = {recurrent.reach:g}")
train_on(train, recurrent)
found |= mt.evaluate_next({"GRU4Rec": recurrent.scores}, asked, length=LENGTH).rows
pd.DataFrame(found).T[["recall@20", "recall@50", "ndcg@50", "mrr@20"]].round(3)

# %% [markdown]
# On the groceries it hardly beats popularity, and counting within baskets is ahead of it. A basket is no sequence of
# clicks: what comes next in it is mostly a matter of what the household keeps at home. A state that must pass through
# each item, one by one, is the wrong summary for a pile.
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
first_user, group = planted.items.take(np.array([0])).values, planted.catalogue.traits["group"]
print("the first user wants groups", wants[0].tolist(), "and takes", end=" ")
print(*[group.text(item)[-3:] for item in first_user])


# %%
class Peeks(mt.GRU4Rec):
    def interests(self, inputs, within):
        # question t reads what question t + 1 may
        ahead = torch.cat([within[:, 1:], within[:, -1:]], dim=1)
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
    generator = torch.Generator().manual_seed(SEED)
    groups = F.normalize(torch.randn(draws, 100, dim, generator=generator), dim=2)
    cosines = (groups @ (groups[:, :1] + groups[:, 1:2]).transpose(1, 2))[:, :, 0]  # (draws, groups)
    return float((cosines[:, 2:] > cosines[:, :1]).float().sum(dim=1).mean())


crowd = {dim: in_between(dim) for dim in (2, 4, 8, 16, 64)}
for dim, count in crowd.items():
    print(f"{dim} dimensions: {count:.2f} of 98 groups in between")

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
title = "Two interests instead of one: recall@20 times "
title += ", ".join(f"{times:.2f} at {width}" for width, times in gain.items())
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
# themselves, as in **MIND** (Li et al., 2019, with a matrix common to all), which begins uneven so that interests
# differ: a draw for each place, made once, the same for every user. (The paper's user profile and ReLU layers are not
# in ours.) **ComiRec-DR** gives each place and interest a matrix of its own, and begins even.
#
# MIND also gives short histories fewer interests, $K' = \max(1, \min(K, \lfloor\log_2 n\rfloor))$ for $n$ items:

# %%
fewer = {n: max(1, min(4, int(np.log2(n)))) for n in (1, 2, 4, 8, 16, 20)}
pd.DataFrame([fewer], index=["K' for K = 4"])

# %% [markdown]
# All of them on the planted users, at the narrow width. **Predict** who wins: learned weights, routing, or counting?

# %%
models = {"GRU4Rec": mt.GRU4Rec(planted.catalogue, dim=8, seed=SEED)}
for name, make in {"MIND": mt.MIND, "ComiRec-DR": mt.ComiRecDR, "ComiRec-SA": mt.ComiRecSA}.items():
    models[name] = make(planted.catalogue, dim=8, interests=2, seed=SEED)

# %%
narrow = {"popularity": rows_to_beat.popularity(past)}
narrow["item-kNN, last item"] = rows_to_beat.item_knn(past)
narrow[f"item-kNN, last {LENGTH}"] = rows_to_beat.item_knn(past, last=False)
for name, model in models.items():
    train_on(past, model, epochs=4)
    narrow[name] = model.scores
narrow = mt.evaluate_next(narrow, after, length=LENGTH).rows

# %%
title = "Planted users of two interests, eight dimensions"
recalls = {name: row["recall@20"] for name, row in narrow.items()}
recalls["ComiRec-SA, K = 1"] = one["8 dimensions"]
told = ", ".join(f"{name} {recall:.2f}" for name, recall in recalls.items())
figures.show(figures.bars(recalls, title, "recall@20"), alt=f"{title}: {told}")

# %% [markdown]
# Routing is ahead of attention: it sorts each history afresh, by what agrees in it, while attention must find weights
# that serve all histories. And counting over the whole history is ahead of both: it lets each item speak for itself,
# and has no space that could be narrow. So these users show what one vector loses, not that anybody needs a network.
# Before you conclude anything, look at real baskets.
#
# ## Back to the baskets
#
# The same on the data of this lesson, with 64 dimensions: ComiRec-SA with one interest and with four. (What the others
# make of the same baskets stands further down, among the benchmarks.) **Write down** what you expect of four against
# one, and of both against the household's own list.

# %%
few = asked.take(np.arange(0, len(asked), max(1, len(asked) // 400)))


def recall_of(model):
    found = mt.evaluate_next({"": model.scores}, few, (50,), length=LENGTH, device=model.device)
    return found[""]["recall@50"]


# %%
single = mt.ComiRecSA(catalogue, interests=1, seed=SEED)
train_on(train, single)
model = mt.ComiRecSA(catalogue, interests=4, seed=SEED)
cold_start = train_on(train, model, probe=recall_of, probes=8)

# %%
scorers = {"GRU4Rec": recurrent.scores}
scorers |= {"ComiRec-SA, K = 1": single.scores, "ComiRec-SA, K = 4": model.scores}
found |= mt.evaluate_next(scorers, asked, length=LENGTH).rows

# %% tags=["picture"]
recalls = {name: row["recall@50"] for name, row in found.items()}
best = max(recalls, key=recalls.get)
title = f"What came next: recall@50 is best by {best}, {recalls[best]:.3f}; "
title += f"four interests {recalls['ComiRec-SA, K = 4']:.3f}, one {recalls['ComiRec-SA, K = 1']:.3f}"
figures.show(figures.bars(recalls, title, "recall@50"), alt=title)

# %% [markdown]
# Plainly: on the groceries no network here beats **counting what the household bought before**, not even where both
# read the same twenty items. Attention is well ahead of the recurrent state, because it may look at each item
# directly, and of neighbours by less; four interests are a little ahead of one. More training and more seeds (the
# benchmark below) change no order. If you had shown only the networks and popularity, all of this would look like
# progress.
#
# ### And what is new to them?
#
# A shop may say: what they always buy they will find without us. So ask only for items that the household has **never**
# bought, and strike all it had from every list. The own list is empty now. **Predict** who leads.

# %%
news, new_rows = asked.new(), {}
share_new = len(news.wanted.values) / len(asked.wanted.values)
print(f"{share_new:.0%} of what was wanted is new to the household: {news}")

# %%
if len(news):
    rivals = ("popularity", f"item-kNN, last {LENGTH}", "skip-gram, mean")
    contest = {name: plain[name] for name in rivals} | scorers
    new_rows = mt.evaluate_next(contest, news, length=LENGTH, repeats=False).rows
columns = ["recall@20", "recall@50", "ndcg@50", "mrr@20"]
pd.DataFrame(new_rows).T[columns].round(3) if new_rows else None

# %% [markdown]
# Numbers are small for everybody, and on the groceries nobody is clearly ahead of popularity: among twenty the networks
# find a little more, among fifty most of them don't, and neighbours find as much. What a household buys for the first
# time, its last twenty items hardly tell. On the planted users (`DATASET = "planted"`) they tell most of it.
#
# ## Look at a household
#
# Is a model that doesn't win worth a look? It says **why** it suggests something, which a count can't. We look for the
# household, among some hundred, whose interests differ most; others are less tidy.

# %%
lengths = asked.items.lengths
long = np.flatnonzero(lengths >= min(LENGTH, np.quantile(lengths, 0.9)))[:400]
_, items, present = next(asked.take(long).batches(len(long), LENGTH))
users = F.normalize(model.users(items, present), dim=2)  # (households, interests, d)
cosines = (users @ users.transpose(1, 2)).triu(diagonal=1)
alike = cosines.amax(dim=(1, 2))  # the two most alike of each household
chosen = int(alike.argmin())

# %%
there = int(present[chosen].sum())
items, present = items[chosen, None, :there], present[chosen, None, :there]

# %%
weights = model.attention(items, present)[0]  # (interests, items)
interests = F.normalize(model.users(items, present)[0], dim=1)
top = (interests @ model.units().T).topk(10, dim=1).indices.numpy()

# %%
own_items = items[0].numpy()
most = weights.topk(min(2, len(own_items)), dim=1).indices.numpy()  # (interests, 2) places, most weight first
made = pd.DataFrame(names[own_items[most]], index=range(1, len(top) + 1))
made.columns = ["most weight on", "then on"][: most.shape[1]]
made.assign(**{"suggests": names[top[:, 0]], "and": names[top[:, 1]]})

# %% [markdown]
# An interest has no name: it is what it looks at, and what it suggests, first of all often the same item. The pictures
# call it by what it looks at most and what it suggests besides (*soup → crackers*); don't expect the two to be of one
# kind. Now the whole history: columns add up to one.

# %% tags=["picture"]
short = np.array([name.split(",")[0][:18] for name in names])
seen = short[own_items[most[:, 0]]]
heads = [f"{a} → {next((b for b in short[row] if b != a), a)}" for a, row in zip(seen, top)]
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
of = np.repeat(np.arange(len(top)), top.shape[1])
suggested = (plane(everybody[top.ravel()]), of, names[top.ravel()])

# %% tags=["picture"]
counts = np.bincount(data.train.items.values, minlength=len(catalogue))
usual = np.argsort(-counts, kind="stable")[:1_500]
title = f"One household: what it bought, by the interest that weighs it most, and what all {len(heads)} suggest"
figures.show(interest_clouds(plane(everybody[usual]), mine, suggested, heads, title), alt=title)

# %% [markdown]
# Look for clouds of one colour, and for marks that lie in another's cloud: attention weighs items, it does not sort
# them, so an item may serve several interests or none. Hover to read names. And look at the grey: on the groceries it
# falls into two clumps, though the shop has no such halves. Two interests have shared out the popular items between
# them, because only the nearest learns; what divides them is the training's doing, and no wish that you could name.
#
# ## A list that is less of the same
#
# A list may hit, and tire because it repeats itself. Choose greedily: each next item is the one with the best score
# plus $\lambda$ for every chosen item of another kind (Cen et al., 2020). *Diversity@50* is the share of pairs in the
# list that differ in kind; with few kinds it can't be one. **Predict:** how much recall must be given up for half the
# way to the most mixed list?

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
pd.DataFrame(mixed).T[["recall@50", "diversity@50"]].round(3) if mixed else None


# %%
def list_at(weight):
    scores = mt.interests.reranked(model.scores, catalogue, kind, weight, k=12)(items, present)[0]
    return [(names[item], kinds(item)) for item in scores.topk(12).indices.tolist()]


# %% tags=["picture"]
if kind:
    curve = {weight: (row["diversity@50"], row["recall@50"]) for weight, row in mixed.items()}
    (before, hits), (after_it, hits_after) = curve[LAMBDAS[0]], curve[LAMBDAS[2]]
    most = max(diversity for diversity, _ in curve.values())
    closed = (after_it - before) / max(most - before, 1e-9)
    title = f"At a weight of {LAMBDAS[2]}, {closed:.0%} of the way to the most mixed list; "
    title += f"recall@50 goes from {hits:.3f} to {hits_after:.3f}"
    figures.show(tradeoff_slider(curve, {w: list_at(w) for w in curve}, title), alt=title)

# %% [markdown]
# Move the slider: the point walks down the curve, and the household's list changes beside it. A colour that comes twice
# is a kind that comes twice; grey marks are kinds that come once, where the colours are used up. The first steps are
# cheap, because there is nearly always an item of another kind with almost the same score; the last ones cost dearly.
# Which point is right, no metric says: that is for the shop.
#
# ## Break it on purpose
#
# ComiRec-SA's softmax runs over the items of a history. Let it run over the **interests**, as routing does: the same
# shapes, no error. **Predict** what is left of the model with one interest, and with two.


# %%
class WrongAxis(mt.ComiRecSA):
    def routed(self, inputs, within):
        placed = inputs + self.position[: inputs.shape[1]]
        scores = (torch.tanh(placed @ self.first.T) @ self.second.T).transpose(1, 2)[:, None]
        parts = scores.softmax(dim=2) * within[:, :, None]  # dim=3 is right
        return parts @ inputs[:, None], parts


generator = torch.Generator().manual_seed(SEED)
batch = next(past.samples(length=LENGTH).batches(generator, cpu))
for count in (1, 2):
    broken = WrongAxis(planted.catalogue, dim=16, interests=count, seed=SEED)
    broken.loss(batch).backward()
    untrained = [float(part.grad.norm()) for part in (broken.first, broken.second, broken.position)]
    print(f"K = {count}: gradients of W1, W2, P:", np.round(untrained, 4))

# %% [markdown]
# With one interest, a softmax of one number is 1: every item has weight one, whatever $W_1$, $W_2$ and $P$ are, so none
# of them ever learns and the interest is the plain sum of the history. With two they learn, though something else: to
# which interest an item goes. Nothing crashes, and the loss falls in both cases, for the items' vectors learn.
# What does it cost?

# %%
table, sums = {}, {}
_, read, there = next(after.batches(3, LENGTH))
for name, make in {"over items": mt.ComiRecSA, "over interests": WrongAxis}.items():
    for count in (1, 2):
        checked = make(planted.catalogue, dim=16, interests=count, seed=SEED)
        train_on(past, checked, epochs=2)
        scores = mt.evaluate_next({name: checked.scores}, after, length=LENGTH)[name]
        table.setdefault(f"softmax {name}", {})[f"K = {count}"] = scores["recall@20"]
        sums[f"{name}, K = {count}"] = checked.attention(read, there).sum(dim=2)[0]  # (interests,)
wrong_axis = pd.DataFrame(table).T.round(3)
wrong_axis

# %% [markdown]
# Hardly anything, and that is the point. On these users a plain sum is a good summary, and shares of each item make
# interests about as well as weights over the items do. No score tells that the model is another one. Would a test? That
# gradients reach every parameter catches it with one interest, not with two; another order of the batch passes, as
# nothing mixes the rows. What catches both is the sentence that defines a softmax over items: **the weights of an
# interest add up to one**.

# %%
for name, sum_of in sums.items():
    print(f"softmax {name}: the weights of each interest add up to", sum_of.numpy().round(2))

# %% [markdown]
# Write such tests before you compare methods, or you compare bugs.
#
# ## A warm start
#
# Items need not begin at random: skip-gram has placed them already, in seconds. The directions of lesson 02's or 03's
# vectors, less the mean that all of them share, are given to the model before its first step. **Predict** where it
# begins, and who is ahead at the end.

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
where = f"is there at step {reached:,} first" if reached is not None else "stays below"
title += f"the one from skip-gram {where}"
figures.show(figures.learning_curve(curves, title, "step", "recall@50"), alt=title)

# %% [markdown]
# Even rows at random find something before the first step: an interest is made of the history's own items, so these are
# nearest to it, and people buy again. The warm model knows besides what goes together, and needs fewer steps to the
# same recall (at the first time that the one noisy curve crosses the end of the other; don't read it to the step). It
# goes hardly further: what skip-gram knows, the baskets teach anyway. So a warm start saves time where training is
# dear, and where baskets are few.
#
# ## What else goes in, and how it comes out
#
# All four models read traits as lesson 03 did: `traits="all"` makes an item's vector a learned mixture of its own row
# and of its traits', and nothing else changes. On the planted users, whose groups are the trait:

# %%
informed = mt.ComiRecSA(planted.catalogue, dim=8, interests=2, traits="all", seed=SEED)
train_on(past, informed, epochs=4)
row = mt.evaluate_next({"": informed.scores}, after, length=LENGTH)[""]
print(f"recall@20 with the group as a trait {row['recall@20']:.3f}, without {two['8 dimensions']:.3f}")

# %% [markdown]
# And to serve it: an index of the items, as in lesson 09, is asked once for each interest, and the answers are merged,
# each item by its best cosine. So several interests cost several questions, and nothing else. (The `/recommend` of
# lesson 09 is not that: it compares items' vectors, and knows nothing of interests.)

# %%
graph = lesson.peer("voyager") is not None
index = make_index(model.units().numpy(), "approximate" if graph else "exact")
if not graph:
    print("voyager is not installed here, so the exact index stands in for the graph.")

# %%
part, served = few.take(np.arange(min(len(few), 200))), mt.interests.indexed(model, index, k=50)
pair = {"every item looked at": model.scores, f"{index.kind} index": served}
pair = mt.evaluate_next(pair, part, length=LENGTH).rows
pd.DataFrame(pair).T[["recall@20", "recall@50"]].round(3)

# %% [markdown]
# ## Where order pays
#
# Clicks within a session are another matter than baskets: there the next step hangs on the last ones. *Diginetica* are
# such clicks; *toys*, where they are in the record, are purchases that nobody repeats. Their files are not ours to give
# away, so this table was made by `tests/benchmarks/sequences.py` and is only read here; it has the groceries too, with
# two epochs, three seeds and all models. *Spread* is the standard deviation of recall@50 over the seeds.

# %%
kept = lesson.RECORDED / "sequence_benchmark.json"
record = json.loads(kept.read_text("utf-8")) if kept.is_file() else {}
columns, tables = ["recall@20", "recall@50", "spread", "mrr@20"], {}
for name, part in record.items():
    if "rows" in part:
        spread = [f"{part['spread'][row]:.3f}" if "spread" in part else "" for row in part["rows"]]
        tables[name] = pd.DataFrame(part["rows"]).T.round(3).assign(spread=spread)[columns]
if not tables:
    print("There is no record here: tests/benchmarks/sequences.py makes it, given the data.")
pd.concat(tables) if tables else None

# %% [markdown]
# Where the record is at hand, there are three things to read. On *diginetica* the recurrent network is far ahead of
# neighbours and of popularity: there, order tells. On *toys* attention and routing are ahead of the recurrent state,
# and several interests a little ahead of one in two of three models. On the groceries the own list stays ahead; for
# what is new, the networks are a little ahead of popularity or behind it, and one interest is no worse than four.
# (Diginetica is one run, the others are means. Of clicks and toys, *item-kNN* asks with the last item alone.)
#
# From the same record, three seeds of planted users in eight dimensions: how much do two interests gain in each model?

# %%
pairs = {name: np.mean(runs, axis=0) for name, runs in record.get("interests", {}).items()}
pd.DataFrame(pairs, index=["one interest", "two interests"]).T.round(3) if pairs else None

# %%
lesson.headline("recall@50, four interests", round(recalls["ComiRec-SA, K = 4"], 3))
lesson.headline("recall@50, one interest", round(recalls["ComiRec-SA, K = 1"], 3))
lesson.headline("recall@50, own items", round(recalls["own items, all"], 3))
lesson.headline("recall@50, GRU4Rec", round(recalls["GRU4Rec"], 3))
lesson.headline("planted, 8 dimensions: two interests over one", round(gain["8 dimensions"], 2))
if kind:
    lesson.headline("gap of diversity closed", round(closed, 3), f"recall@50 {hits:.3f} -> {hits_after:.3f}")

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
# it lived on the same items. The GRU loses next to nothing, so it had made nothing of the other fifteen: reading more
# helps only who can use it. With five items attention has no lead left over the recurrent state. So which network is
# ahead depends on how much both were given; when two papers' numbers differ, ask for that first.
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
# worth if you can say how far, and how much that changes with other halves. More to try: `length=50` for model and
# samples; DR or MIND in place of SA; the mixture for what is new, where the own list says nothing.

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


def recall_at_50(weight, questions):
    return mt.evaluate_next({"": mixture(weight)}, questions, (50,), length=WHOLE)[""]["recall@50"]


# %% tags=["solution"]
splits = {}
for seed in range(3):
    shuffled = np.random.default_rng(SEED + seed).permutation(len(asked))
    choose, report = (asked.take(rows) for rows in np.array_split(shuffled, 2))
    weight = max((0, 0.5, 1, 2), key=lambda weight, choose=choose: recall_at_50(weight, choose))
    alone, both = (recall_at_50(one, report) for one in (0, weight))
    splits[seed] = {"weight": weight, "own items": alone, "with the model": both, "gain": both - alone}
split_table = pd.DataFrame(splits).T
split_table.round(4)

# %% tags=["solution"]
gains = split_table["gain"]
print(f"gain in recall@50: {gains.mean():+.4f}, spread over the splits {gains.std():.4f}")

# %% [markdown] tags=["solution"]
# On the groceries the model adds something whatever the halves, and it is very little: a few times the spread, and a
# small part of what the list finds alone. The head of the list is the household's own, and only the last places go to
# items that it never bought, of which the model finds fewer than popularity does, as the table of new items said. On
# the planted users (`DATASET = "planted"`) the same lines change the picture, since there half of what is wanted is new
# to the user and the model knows of which groups it must be.

# %% [markdown]
# ## What we learned
#
# - Next items are asked over the whole catalogue, beside popularity, neighbours, and **the household's own list**,
#   which on the groceries beats every network here. Where nothing is bought twice, or where one click leads to the
#   next, the networks have their day.
# - A recurrent state knows order and pays for it; attention looks at each item directly.
# - Several interests pay where one narrow vector must stand for wishes that are far apart. With room enough, one vector
#   will do, and neighbours counted over the whole history need none.
# - Wrong axes and glances ahead crash nothing. Permute the batch, pad a history, look at gradients, and distrust a loss
#   that is too good.
# - Diversity is nearly free at first. How much of it is wanted, no metric says.
#
# ## Next
#
# [09 · Serving and transfer](09_serving_and_transfer.ipynb) answers questions with such vectors, fast and for many.
# Your own file runs through this lesson as well: `make course DATASET=my.csv LESSONS=08`.
