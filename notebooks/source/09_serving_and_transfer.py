# %% [markdown]
# # 09 · Serving and transfer: vectors at work

# %% [markdown]
# You will
#
# - answer "what is like this?" and "what for this household?" from vectors that were computed beforehand: by looking at
#   all of them, and through a graph that looks at few; and measure what the graph misses, and what it gains;
# - step into the trap of filtering too late, and out of it;
# - keep versions of a model in a store, serve one over HTTP, and change it while a client keeps asking;
# - mix up two versions on purpose, and see that nothing crashes;
# - take the vectors to another task, with ten, a hundred and a thousand labels, and see where plain counts win.
#
# About 75 minutes, two of them computing, and an hour for the exercises at the end, which check your answers.
# Prerequisites: lessons 02 and 03, so you know skip-gram, and how traits make a vector for a new item.

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
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

import mtsgns_lite as mt
from mtsgns_lite import lesson, serving
from mtsgns_lite.transfer import learn_labels, starts
from mtsgns_lite.views import figures
from mtsgns_lite.views.serving import label_curves, recall_curves, walk_figure

# %% [markdown]
# Four packages serve, and `make setup` has installed them. Elsewhere (Colab, Binder, conda) the next cell says how.
# Without them the lesson runs too: the cells that need one say so.

# %%
packages = ("voyager", "fastapi", "fastapi_offline", "uvicorn")
missing = [name for name in packages if lesson.peer(name) is None]
GRAPH, HTTP = "voyager" not in missing, not {*missing} - {"voyager"}
install = "%pip install " + " ".join(missing).replace("_", "-")
print(f"Run {install} in a new cell, then restart the kernel." if missing else "All there.")

# %% [markdown]
# ## Three numbers by hand
#
# A trained model answers two questions: what is like this item, and what goes with this person's past? Both come to
# the same: one vector asks, and the nearest items answer. Here are three items and a query. **Predict:** which item
# has the largest dot product with the query, and which the largest cosine?

# %% tags=["deterministic"]
three, query = np.array([[3.0, 4.0], [0.5, 0.0], [8.0, 6.0]]), np.array([1.0, 0.0])
lengths = np.linalg.norm(three, axis=1)
print("dot products:", three @ query)
print("lengths:     ", lengths)
print("cosines:     ", three @ query / lengths)

# %% [markdown]
# The long vector wins the first contest, the one that points the right way the second. A cosine divides by lengths; so
# bring all items to length 1 **once, beforehand**. From then on a cosine is a dot product.

# %% tags=["deterministic"]
three_unit = three / lengths[:, None]
print("the same:", np.allclose(three_unit @ query, three @ query / lengths))

# %% [markdown]
# ## Everything that can be done beforehand
#
# Training takes seconds or days, an answer may take milliseconds. So a service never asks the model: it keeps the
# vectors. Here is the shop, its last tenth in time held back, and a few items left out as if they were new.

# %%
shop = lesson.with_traits(lesson.with_baskets(lesson.shop(DATASET, SMOKE, SEED)))
split = mt.split(shop, cold_items=0.1, seed=SEED)
history = split.dataset  # what the shop knows today
shop

# %% [markdown]
# Where nobody wrote down whose a basket is, let each be a person's only one, so that there is somebody to recommend
# to.

# %%
KNOWN = history.users is not None
if not KNOWN:
    print(f"{shop.name} does not say whose the baskets are, so each is taken for a person's only one.")
    history = replace(history, users=np.arange(len(history.baskets)))


# %%
def train(model, epochs=1 if SMOKE else 3):
    mt.fit(model, split.train, epochs=epochs, device=DEVICE, seed=SEED, progress=False)
    return model.cpu()


plain = train(mt.SGNS(shop.catalogue, seed=SEED))
vectors = plain.embeddings().numpy()
print("items, d:", vectors.shape, f"  {vectors.nbytes / 1e6:.1f} MB")
print("items without a vector, a row of zeros:", int((~vectors.any(axis=1)).sum()))

# %% [markdown]
# ## Exact search, from scratch
#
# Unit vectors, one product of a matrix and a vector, and the scores of **all** items are there. A row of zeros stays
# as it is: it has no direction.


# %%
def unit(rows):
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1)


items, names = unit(vectors), shop.catalogue.names
example = next(item for item in lesson.examples(shop, k=200) if plain.counts[item] > 0)
scores = items @ items[example]  # (items,)
best = np.argsort(-scores)[:6]
pd.DataFrame({"item": names[best], "cosine": scores[best].round(3)})

# %% [markdown]
# Who is first in the list, and should be? Later we filter it out. First, the sorting: it put thousands of items in
# order, and we looked at six. `argpartition` parts the best from the rest without ordering either. **Predict:** how
# many times as many queries does that answer in a second?


# %%
def by_sorting(query, k=10):
    return np.argsort(-(items @ query))[:k]


def by_parting(query, k=10):
    scores = items @ query
    best = np.argpartition(-scores, k)[:k]  # the k best, in no order
    return best[np.argsort(-scores[best])]


# %%
def rate(search, queries):
    """Queries per second of one processor's time, the best of three: other programs don't count."""
    seconds = []
    with threadpool_limits(1):
        for _ in range(3):
            began = time.process_time()
            for query in queries:
                search(query)
            seconds.append(time.process_time() - began)
    return len(queries) / max(min(seconds), 1e-6)


queries = items[plain.counts.numpy() > 0][:500]
for search in (by_sorting, by_parting):
    print(f"{search.__name__}: {rate(search, queries):,.0f} queries per second")

# %% [markdown]
# The library's `ExactIndex` is this, with filters. It must give the same answers, and leave out the rows of zeros.

# %% tags=["deterministic"]
exact = serving.ExactIndex(vectors)
same = [np.array_equal(by_parting(query), exact.search(query, 10)[0]) for query in queries[:100]]
print("same answers:", all(same))

# %% [markdown]
# ## A person's vector
#
# What somebody bought last says most about what comes next. So a person is the mean of what was bought, basket by
# basket, and the weight of a basket halves with every `half_life` baskets that came after it:
#
# $$u = \sum_b 2^{-\mathrm{age}_b / h} \; \frac{1}{|b|} \sum_{i \in b} \frac{e_i}{|e_i|}$$
#
# In the end $u$ is made a unit vector. By hand, with the three items: first a basket with item 0 alone, then one with
# the other two, and $h = 1$. What are the two weights?

# %% tags=["deterministic"]
older, newer = three_unit[0], (three_unit[1] + three_unit[2]) / 2
by_hand = 0.5 * older + 1.0 * newer
print("by hand:    ", by_hand / np.linalg.norm(by_hand))
print("the library:", serving.user_vector(three, [[0], [1, 2]], half_life=1))

# %% [markdown]
# Why unit vectors? So that no item counts more only because its vector is long. Everybody's vector, computed
# beforehand and kept beside the items:

# %%
began = time.perf_counter()
cached = serving.Embeddings.of(plain, history)
print(f"people, d: {cached.users.shape}, in {time.perf_counter() - began:.2f} s")
rng = np.random.default_rng(SEED)
there = np.flatnonzero(cached.users.any(axis=1))
people = rng.choice(there, min(500, len(there)), replace=False)  # to measure with

# %% [markdown]
# ## The trap: a filter that comes too late
#
# Recommend ten items to somebody: the ten nearest to the person's vector. Then leave out what was bought before, for
# the shop wants to show something new. **Predict:** how many of the ten are left?

# %%
bought_often = np.argsort(-cached.bought.lengths)
person = int(bought_often[len(bought_often) // 10])  # somebody who buys a lot
found, cosines = exact.search(cached.users[person], 10)
before = np.isin(found, cached.bought[person])
pd.DataFrame({"item": names[found], "cosine": cosines.round(3), "bought before": before})

# %% [markdown]
# A person's vector is made of the items that were bought, so it lies among them. The better it describes the person,
# the fewer of its nearest are news. Everybody:


# %%
def left_of_ten(person):
    found = exact.search(cached.users[person], 10)[0]
    return 10 - np.isin(found, cached.bought[person]).sum()


left = np.array([left_of_ten(person) for person in people])
print(f"left of ten, on average: {left.mean():.1f}; nothing at all for {(left == 0).mean():.0%} of them")

# %% [markdown]
# Two ways out: filter **before** the best are chosen, by giving what is not allowed a score of minus infinity; or ask
# for more than ten. How many more? As deep as the tenth allowed item lies, and that differs from person to person.


# %%
def allowed_for(person, in_stock):
    allowed = in_stock.copy()
    allowed[cached.bought[person]] = False
    return allowed


def depth(person, in_stock, k=10):
    order = np.argsort(-(items @ cached.users[person]))
    passed = np.cumsum(allowed_for(person, in_stock)[order])
    return int(np.searchsorted(passed, min(k, passed[-1]))) + 1


# %%
offered = plain.counts.numpy() > 0
few = offered & (rng.random(len(offered)) < 0.1)  # a tenth of the items can be had today
for words, stock in {"not bought before": offered, "and one item of ten in stock": few}.items():
    depths = [depth(person, stock) for person in people]
    print(f"{words}: for ten, half of the people need {np.median(depths):,.0f}, one needs {max(depths):,}")

# %% [markdown]
# So a fixed "ask for more, that will do" fails for somebody, some day. The exact search takes a mask instead, and
# always returns ten, if ten there are. Are they allowed, and new?

# %%
full = [exact.search(cached.users[person], 10, allowed_for(person, few))[0] for person in people]
print("answers of ten:", sum(len(found) == 10 for found in full), "of", len(people))
wrong = [(~allowed_for(person, few)[found]).sum() for person, found in zip(people, full)]
print("not allowed, all in all:", sum(wrong))

# %% [markdown]
# ## Is near what they want?
#
# An honest look, before we make it fast. Take people's next baskets, which were held back, and of each the items that
# are new to the person. Which share of them is among our ten? The row that is never left out: the ten that sell best.

# %%
later = shop.baskets.take(np.arange(len(history.baskets), len(shop.baskets)))
buyers = shop.users[len(history.baskets) :] if KNOWN else np.zeros(0, int)
nexts = {}
for basket, buyer in zip(later, buyers):
    if buyer < len(cached.users) and cached.users[buyer].any():
        nexts.setdefault(int(buyer), basket[offered[basket]])
wanted = {buyer: basket[~np.isin(basket, cached.bought[buyer])] for buyer, basket in nexts.items()}
wanted = {buyer: basket for buyer, basket in wanted.items() if len(basket)}

# %%
counts = plain.counts.numpy()


def near_then_popular(person, among=200):
    near = exact.search(cached.users[person], among, allowed_for(person, offered))[0]
    return near[np.argsort(-counts[near])][:10]


def popular(person):
    return np.argsort(-np.where(allowed_for(person, offered), counts, -1))[:10]


def near(person):
    return exact.search(cached.users[person], 10, allowed_for(person, offered))[0]


# %%
def found_by(recommend):
    shares = [np.isin(basket, recommend(buyer)).mean() for buyer, basket in wanted.items()]
    return float(np.mean(shares))


share = {}
if wanted:
    ways = {"the ten that sell best": popular, "the ten nearest": near}
    ways["200 nearest, best sellers first"] = near_then_popular
    share = {name: found_by(way) for name, way in ways.items()}

# %% tags=["picture"]
if share:
    best_way = max(share, key=share.get)
    title = f"New items of {len(wanted):,} next baskets: {share[best_way]:.1%} are found by {best_way}"
    figures.show(figures.bars(share, title, "share of the new items that are among the ten"), alt=title)
else:
    print("Nobody's next basket is known here.")

# %% [markdown]
# Read it twice. A cosine doesn't know what sells, and the nearest items may be ones that hardly anybody buys. So
# services work in two stages: **vectors find candidates, something else puts them in order.** Here that something is
# merely a count; in a large shop it is a model of its own.
#
# And keep the size of the prize in view. How much of a next basket is new at all?

# %%
if wanted:
    filled = {buyer: basket for buyer, basket in nexts.items() if len(basket)}
    repeated = [np.isin(basket, cached.bought[buyer]).mean() for buyer, basket in filled.items()]
    print(f"of the next basket, {np.mean(repeated):.0%} was bought by the same person before")

# %% [markdown]
# Where that is much, a list of somebody's own favourites is the first thing to build, and it needs no vectors.
#
# ## A graph that looks at few
#
# With a million items the product takes long. Idea: link every item to some near ones, start anywhere, and always go
# on to the linked item that is nearest to the query, until none is nearer. A toy: three hundred points in the plane.

# %%
points = np.random.default_rng(1).random((300, 2))
apart = np.linalg.norm(points[:, None] - points[None], axis=2)  # (300, 300)
links = np.argsort(apart, axis=1)[:, 1:6].tolist()  # five near ones for each


def walk_to(query, start):
    away = np.linalg.norm(points - query, axis=1)
    walk = [start]
    while True:
        step = min(links[walk[-1]], key=lambda item: away[item])
        if away[step] >= away[walk[-1]]:
            return walk
        walk.append(step)


# %% tags=["picture"]
goal = np.array([0.92, 0.9])
walk = walk_to(goal, start=int(np.argmin(points.sum(axis=1))))
looked = {item for stop in walk for item in links[stop]} | {*walk}
title = f"A walk of {len(walk) - 1} steps looked at {len(looked)} of {len(points)} items"
figures.show(walk_figure(points, links, walk, goal, title), alt=title)

# %% [markdown]
# Does it arrive? **Predict**, then ask for a thousand random goals from random starts: how often is the end of the
# walk the nearest item of all?

# %%
draws = np.random.default_rng(2)
goals, begins = draws.random((1_000, 2)), draws.integers(len(points), size=1_000)
nearest = np.linalg.norm(points[None] - goals[:, None], axis=2).argmin(axis=1)
ends = np.array([walk_to(goal, begin)[-1] for goal, begin in zip(goals, begins)])
print(f"arrived: {(ends == nearest).mean():.0%}")

# %% [markdown]
# A walk that only ever goes closer gets stuck where all links lead away. So keep several candidates at hand, the
# `width`, and go on from the nearest one that was not visited yet; stop when it is farther than the worst kept.


# %%
def search_graph(query, start, width):
    away = np.linalg.norm(points - query, axis=1)
    kept, waiting, seen = [start], [start], {start}
    while waiting:
        here = min(waiting, key=lambda item: away[item])
        if away[here] > away[kept[-1]]:
            break
        waiting.remove(here)
        new = [item for item in links[here] if item not in seen]
        seen.update(new)
        waiting += new
        kept = sorted(kept + new, key=lambda item: away[item])[:width]
    return kept[0], len(seen)


# %%
for width in (1, 2, 4, 16):
    answers = [search_graph(goal, begin, width) for goal, begin in zip(goals, begins)]
    right = np.mean([item == true for (item, _), true in zip(answers, nearest)])
    looked = np.mean([seen for _, seen in answers])
    print(f"width {width:2}: right {right:.0%}, looked at {looked:.0f} items")

# %% [markdown]
# That is the bargain of every such index: **one knob between looking at more and missing less.** HNSW (Malkov and
# Yashunin, 2018), the method behind most libraries, adds two things: links in different directions, not only to the
# nearest, so that clusters stay connected; and layers of fewer and fewer items with longer links, so that a walk
# crosses the map in a few leaps before it looks closely.
#
# ### Which library?
#
# We take [voyager](https://spotify.github.io/voyager/python/), for reasons you can weigh anew for your own case:
#
# - **voyager**: HNSW in a small wheel for every system; its files hold numbers only, and one thread builds the same
#   graph each time. Nothing but HNSW, and no filters inside. We can live with both.
# - **hnswlib**: the original that voyager grew out of. It comes without wheels, so installing it takes a compiler.
# - **usearch**: small and quick, with many kinds of numbers and distances, and files that need not fit into memory.
#   More than this course needs, and a good second choice.
# - **faiss-cpu**: many kinds of index, compressed vectors, GPUs; the one for hundreds of millions. A much larger
#   wheel, and on macOS its OpenMP and torch's may crash each other.
#
# How fast each is on your machine, `python tests/benchmarks/ann.py` says of those that are installed. **Recall@10** is
# the share of the true ten nearest that the graph finds. **Predict:** will it be higher when an item asks, or a person?

# %%
approximate = serving.ApproximateIndex(vectors) if GRAPH else exact
if not GRAPH:
    print("voyager is not installed here, so the exact index stands in for the graph.")
else:
    some = cached.users[people[:200]]
    print(f"recall@10, items asking:  {serving.recall(approximate, queries[:200]):.3f}")
    print(f"recall@10, people asking: {serving.recall(approximate, some):.3f}")
    print(f"the same, searched wider: {serving.recall(approximate, some, far=True):.3f}")

# %% [markdown]
# An item lies where its neighbours are. People lie *between* the clusters of items, so what is nearest to them is in
# many directions, and harder to walk to; the library searches wider for them. **Measure recall with the queries that
# will be asked.**
#
# ### What it gains
#
# Your shop may be too small to need a graph. For comparison we make a large one: each of its items is a variant of one
# of ours, its vector a little moved. (Vectors from nowhere would be unfair: without clusters there is nothing to walk
# along.)

# %%
MANY = 3_000 if SMOKE else 50_000


def variants(number):
    copies = items[rng.choice(np.flatnonzero(offered), number)]
    return unit(copies + 0.1 * rng.standard_normal(copies.shape)).astype(np.float32)


ours, many = f"{offered.sum():,} items", f"{MANY:,} variants"
catalogues = {ours: vectors, many: variants(MANY)}

# %% [markdown]
# Who asks? Five hundred further variants ask both catalogues, as somebody does who looks at an item. Then the people
# ask the large one.

# %%
WIDTHS = (10, 20, 40, 80, 160, 320)


def curve(index, asking):
    points = []
    for width in WIDTHS:
        index.width = width
        points.append((width, rate(index.search, asking[:300]), serving.recall(index, asking[:300])))
    return points


# %%
asking, curves, everything = variants(500), {}, {}
for name, rows in catalogues.items():
    everything[name] = rate(serving.ExactIndex(rows).search, asking[:200])
    if GRAPH:
        graph = serving.ApproximateIndex(rows)
        curves[name] = curve(graph, asking)
if GRAPH:
    curves[f"{many}, people asking"] = curve(graph, cached.users[people])


# %% [markdown]
# **Predict** before you look: for which of the two catalogues does the graph pay, if you want nineteen of twenty?


# %%
def gain(name, least=0.95):
    """How many times as many queries as the exact search, where the line crosses this recall."""
    _, speeds, found = zip(*curves[name])
    return float(np.interp(least, found, speeds)) / everything[name]


gains = {name: gain(name) for name in catalogues if GRAPH}

# %% tags=["picture"]
title = "Looking at everything: " + ", ".join(f"{n:,.0f} queries a second" for n in everything.values())
if GRAPH:
    title = "At a recall of 95% the graph is " + ", ".join(
        f"{n:.1f} times as fast on {name}" for name, n in gains.items()
    )
figures.show(recall_curves(curves, everything, title), alt=title)

# %% [markdown]
# Numbers beside the line are widths. The exact search gets slower with every item, the graph hardly: that is what it
# is for. In a small shop the plain product is hard to beat, and it misses nothing. And see how far the line of the
# people lies below that of the items: for the same recall they need a wider search. On a quiet machine,
# `python tests/benchmarks/serving.py search` measures a larger catalogue.
#
# ### Filters in a graph
#
# A graph knows of no filter. So the library asks it for as many as should leave ten, and for twice as many while too
# few pass; where that would be a large part of everything, it looks at everything. An answer is always full. What does
# that cost?

# %%
asking, rows = cached.users[people[:200]], []
for part in (1.0, 0.5, 0.1, 0.01):
    mask = offered & (np.random.default_rng(SEED).random(len(offered)) < part)
    row = {"items allowed": int(mask.sum())}
    for index in (exact, approximate):
        search = partial(index.search, k=10, allowed=mask)
        row[f"{index.kind}, a second"] = round(rate(search, asking))
    answers = [approximate.search(query, 10, mask)[0] for query in asking]
    row["full answers"] = np.mean([len(found) == min(10, mask.sum()) for found in answers])
    rows.append(row)
pd.DataFrame(rows)

# %% [markdown]
# ## A store of versions
#
# A model is trained again every night. The store keeps each version in a folder of its own: vectors of items **and**
# people, the catalogue, what it was trained on (as a hash), how good it was. A version is never changed, and one small
# file says which is in use.

# %%
folder = tempfile.TemporaryDirectory()
store = serving.Store(folder.name)


def auc(model):
    found = mt.evaluate(model, split, baselines=False)[0].auc["degree"]
    return {f"{region} AUC": found[region] for region in ("seen", "cold") if found[region] is not None}


first = store.publish(cached, history, auc(plain), note="skip-gram", index=GRAPH)

# %% [markdown]
# Then somebody trains a model that knows the traits (lesson 03). Is it better? The table says what was measured; the
# comparison, how much customers would notice.

# %%
rich = train(mt.MultiTraitSGNS(shop.catalogue, seed=SEED))
informed = serving.Embeddings.of(rich, history)
second = store.publish(informed, history, auc(rich), note="with traits", index=GRAPH)
store.choose(first)
store.list()

# %%
changed = store.compare(first, second)
print("trained on the same data:", changed["same_data"])
print(f"of an item's ten nearest, {changed['same_neighbours']:.0%} stay the same")

# %% [markdown]
# ## A service
#
# `serving.running` serves the store on a free port of this machine for as long as a `with` block lasts. We want it
# over several cells, so an `ExitStack` holds the door open. Elsewhere: `python -m mtsgns_lite serve STORE`.

# %%
door = ExitStack()
address = None
if HTTP:
    kind = "approximate" if GRAPH else "exact"
    address = door.enter_context(serving.running(store, index=kind, every=0.2))
print("It answers." if address else "No service here: fastapi or uvicorn is missing. What asks it is skipped.")


# %%
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # to this machine, without a proxy


def ask(path, body=None):
    """The status and the answer of the service; (None, {}) where there is none."""
    if address is None:
        return None, {}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address + path, data, {"Content-Type": "application/json"})
    try:
        with direct.open(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        said = refused.read()
        return refused.code, json.loads(said) if said.startswith(b"{") else {"detail": said.decode()}
    except OSError as lost:
        return 0, {"detail": f"no answer: {lost}"}


def table(answer):
    return pd.DataFrame(answer.get("found", []), columns=["name", "similarity"])


# %%
ask("/health")

# %% [markdown]
# Four questions: `/similar` to an item, `/recommend` for a person or for baskets that are sent along, `/cold` for a new
# item, and `/health`. Items and people go by their ids, texts as they stand in the shop's data; in an address they must
# be quoted. Row numbers such as our `person` stay inside: after one new customer they may be somebody else's.

# %%
ids = [str(key) for key in shop.catalogue.ids]
similar = "/similar?" + urllib.parse.urlencode({"item": ids[example], "k": 5})
status, answer = ask(similar)
table(answer)

# %% [markdown]
# What goes with two baskets that the service has never seen? Nothing that is in them may come back.

# %%
sent = [[ids[item] for item in basket if offered[item]] for basket in list(later)[:2]]
status, answer = ask("/recommend", {"baskets": [basket for basket in sent if basket], "k": 5})
known = {key for basket in sent for key in basket}
print("bought already:", [found["name"] for found in answer.get("found", []) if found["id"] in known])
table(answer)

# %% [markdown]
# ### What if the question is wrong?
#
# Clients make mistakes, and a stack of Python is no answer. **Predict** what each of these gets: 200, 404 (that isn't
# there) or 422 (that is no question)?

# %%
wrong = {
    "an item that isn't there": ("/similar?item=no-such-thing", None),
    "a thousand items": ("/similar?" + urllib.parse.urlencode({"item": ids[example], "k": 1000}), None),
    "no baskets": ("/recommend", {"baskets": []}),
    "a word too much": ("/recommend", {"baskets": [[ids[example]]], "colour": "red"}),
    "a new item, to skip-gram": ("/cold", {"traits": {next(iter(shop.catalogue.traits)): "new"}}),
}
for words, question in wrong.items():
    status, answer = ask(*question)
    said = answer.get("detail", "")
    print(status, words, "->", said if isinstance(said, str) else said[0]["msg"])

# %% [markdown]
# ### A new version, while a client keeps asking
#
# The last answer was right: skip-gram has nothing to say of a new item. The version with traits has. A client asks
# without a pause in a thread; meanwhile we choose the other version, go back, and choose it again. **Predict:** how
# many requests fail, and which versions answer?

# %%
seen, stop = Counter(), threading.Event()


def client():
    while not stop.is_set():
        status, answer = ask(similar)
        seen[status, answer.get("version")] += 1


# %%
def wait_for(version, seconds=20):
    """Until the service answers by this version."""
    end = time.perf_counter() + seconds
    while ask("/health")[1].get("version") != version.name and time.perf_counter() < end:
        time.sleep(0.1)


# %%
thread = threading.Thread(target=client)
if address:
    thread.start()
    for version in (second, first, second):
        store.choose(version)
        wait_for(version)
        time.sleep(0.5)
    stop.set()
    thread.join()
failed = sum(number for (status, _), number in seen.items() if status != 200)
print(f"{seen.total():,} requests, {failed} failed; (status, version):", dict(seen))

# %% [markdown]
# The service looks at the store every moment. It opens a new version beside the old one, and only then changes **one
# reference**; each request reads it once, so no answer is half of each. Going back is choosing an older version.
#
# Now the question that was refused. This item was left out of training: here is what the service says it is like.

# %%
newcomer = int(np.flatnonzero(split.cold)[0]) if split.cold.any() else example
known = {name: trait for name, trait in shop.catalogue.traits.items() if trait.codes[newcomer].any()}
told = {name: trait.text(newcomer) for name, trait in known.items()}
status, answer = ask("/cold", {"traits": told, "k": 5})
print(f"{names[newcomer]}:", told)
table(answer)

# %% [markdown]
# `address + "/docs"` documents the service to people, `/openapi.json` to programs, and the tests ask it all that this
# document allows. How fast is it? Not a question for this notebook, where client and service share an interpreter:
# `python tests/benchmarks/serving.py service` puts it under load from another process. It stops with the kernel, or
# with `door.close()`.
#
# ## Break it on purpose: two versions mixed
#
# Suppose that people's vectors are computed at night and items' in the morning, after a training. Both have as many
# numbers, so nothing complains. We train the same model on the same baskets with another seed, and ask the new items
# with the old people. **Predict:** of ten, how many recommendations stay the same?

# %%
again = train(mt.SGNS(shop.catalogue, seed=SEED + 1))
newer = serving.Embeddings.of(again, history)


def lists(people_rows, item_rows, k=10):
    scores = people_rows @ unit(item_rows).T  # (people, items)
    scores[:, ~offered] = -np.inf
    return np.argpartition(-scores, k, axis=1)[:, :k]


def overlap(one, other):
    return float(np.mean([np.isin(mine, theirs).mean() for mine, theirs in zip(one, other)]))


# %%
asking, k = cached.users[people], min(10, int(offered.sum()) - 1)
today = lists(asking, cached.vectors, k)
after = lists(newer.users[people], newer.vectors, k)
same = {"new people, new items": overlap(today, after)}
same["old people, new items"] = overlap(today, lists(asking, newer.vectors, k))

# %% [markdown]
# Is the second training simply different? The other row says how different: with both sides new, some of each list
# changes, as it will with every training. Then the purest control: **the same vectors, turned.** A rotation changes no
# length and no angle, so a turned version is exactly as good. Turn both sides, then only the items.

# %%
turn = np.linalg.qr(rng.standard_normal((vectors.shape[1],) * 2))[0]  # (d, d)
same["both turned"] = overlap(today, lists(asking @ turn, cached.vectors @ turn, k))
same["only the items turned"] = overlap(today, lists(asking, cached.vectors @ turn, k))
same["chance"] = k / float(offered.sum())

# %% tags=["picture"]
skew = same["old people, new items"]
title = f"Old people, new items: {skew:.1%} of each list is as it was, by chance {same['chance']:.1%}"
figures.show(figures.bars(same, title, "part of the ten that stays the same"), alt=title)

# %% [markdown]
# No error, full lists, proud cosines, and rubbish. The loss of skip-gram holds dot products of targets and contexts,
# nothing else; turn both tables and it stays as it was. So the axes mean nothing, and every training ends in axes of
# its own.

# %%
target, context = plain.embeddings()[:50].numpy(), plain.embeddings("context")[:50].numpy()
print("same scores:", np.allclose((target @ turn) @ (context @ turn).T, target @ context.T, atol=1e-4))

# %% [markdown]
# The cure is housekeeping: **vectors that meet must come from one version.** That is why the store keeps people beside
# items, in one folder, and why the service takes up both with one reference. The last exercise looks for a second
# cure.
#
# ## Transfer: the vectors in another job
#
# Somebody wants to sort new articles into the groups of the catalogue, and has labelled only a few. The vectors have
# never seen a label. Do they help? The trait with few values is the coarse question, the shop's main trait the fine
# one.

# %%
traits = shop.catalogue.traits
sizes = {name: len(trait.values) - 1 for name, trait in traits.items()}
several = [name for name in sizes if sizes[name] >= 5] or [*traits]
coarse = min(several, key=sizes.get)
fine = shop.main_trait if shop.main_trait not in (None, coarse) else max(several, key=sizes.get)
print({name: sizes[name] for name in (coarse, fine)})

# %% [markdown]
# A fair start from nothing knows the same baskets: for each item, how often it shared one with every other item,
# thousands of numbers, nothing learned; and these brought to as many numbers as the vectors have. And the control: the
# very same vectors, dealt out to the wrong items.

# %%
features = starts(plain, split.dataset.baskets, SEED)
dealt = np.flatnonzero(offered)
features["embeddings, shuffled"] = vectors.copy()
features["embeddings, shuffled"][dealt] = vectors[rng.permutation(dealt)]
features.pop("random")  # a vector drawn for each item: the shuffled ones are that, and likelier
{name: rows.shape for name, rows in features.items()}

# %% [markdown]
# Three articles of four may be of one group, and then "always this one" is right three times of four. So we take the
# **balanced accuracy**: the share of right answers within each group, averaged over the groups.


# %%
def labels_of(trait):
    """The codes, 0 where unknown, or where too few items share the value to learn or to ask."""
    codes = traits[trait].codes[:, 0]
    least = 5 if len(codes) < 2_000 else 50
    return np.where(np.bincount(codes)[codes] >= least, codes, 0)


def with_labels(trait):
    codes = labels_of(trait)
    most = int(((codes > 0) & offered).sum()) // 3
    asked = [number for number in (10, 100, 1_000) if number <= most]
    found = learn_labels(features, codes, asked, seeds=(0, 1, 2)) if asked else {}
    return found, 1 / max(1, len(np.unique(codes[codes > 0])))


# %% [markdown]
# **Predict:** with ten labels, a hundred, a thousand, who is ahead? And will the fine question end like the coarse one?

# %%
accuracy, guess = with_labels(coarse)
accuracy_fine, guess_fine = with_labels(fine) if fine != coarse else ({}, 0)
if not accuracy:
    print("Too few labelled items to learn from.")


# %%
def ahead(found):
    """Who leads with how many labels, in words."""
    means = {start: {n: np.mean(values) for n, values in of.items()} for start, of in found.items()}
    numbers = next(iter(means.values()))
    first = {n: max(means, key=lambda start, n=n: means[start][n]) for n in numbers}
    return ", ".join(f"{start} with {n:,}" for n, start in first.items()) + " labels"


# %% tags=["picture"]
if accuracy:
    title = f"{coarse}, ahead: {ahead(accuracy)}"
    figures.show(label_curves(accuracy, guess, title), alt=title)

# %% tags=["picture"]
if accuracy_fine:
    title = f"{fine}, ahead: {ahead(accuracy_fine)}"
    figures.show(label_curves(accuracy_fine, guess_fine, title), alt=title)

# %% [markdown]
# The vectors are a summary of the baskets, and a summary is worth most to those who have few labels: with a handful,
# nobody can weigh thousands of counts. With many labels, the counts hold details that a short vector has dropped, and
# for fine groups details decide. Brought to the same length without learning, the counts lose much of it: the training
# did something. And the shuffled vectors stay at guessing, so it was not the classifier.
#
# ### People too
#
# Of some households of the groceries we know whether there are children. Their vectors have heard nothing of that. We
# start from the mean of everything they bought, from the recent baskets that served for recommending, and from counts
# of what they bought. **Predict:** will it take a long memory to see a child?


# %%
def children():
    """(people,) codes: 0 unknown, 1 none, 2 some. Only of the whole groceries."""
    from mtsgns_lite.data.households import households

    kids = households().kids_count
    return np.where(kids.isna(), 0, 1 + (kids.astype(str) != "0"))


ASKED = DATASET == "groceries" and not SMOKE

# %%
if ASKED:
    bought = np.zeros((len(cached.users), len(items)), dtype=np.float32)
    np.add.at(bought, (history.users[history.baskets.row_of], history.baskets.values), 1)
    lasting = serving.user_vectors(vectors, history.baskets, history.users, half_life=1e6)
    of_people = {"all their baskets": lasting, "recent baskets": cached.users}
    of_people["counts"] = np.log1p(bought)
    of_people["all their baskets, shuffled"] = lasting[rng.permutation(len(lasting))]
    kids = learn_labels(of_people, children(), (10, 100, 300), seeds=range(5))

# %% tags=["picture"]
if ASKED:
    title = f"Children in the household, ahead: {ahead(kids)}"
    figures.show(label_curves(kids, 0.5, title), alt=title)
else:
    print("Only of the groceries' households, all of them, do we know such a thing.")

# %% [markdown]
# Better than guessing, though not by much: a till doesn't see a family. Between a long memory and a short one there is
# little to choose, the counts are close behind, and with ten labels everything is within the spread. A result of this
# size is worth saying, with its spread, and not worth more.
#
# One warning. Had the model been trained with the very trait that is asked for, it would have seen the answers; the
# library's `mt.transfer.transfer` refuses that. Nor should it know a trait that gives the answer away.
#
# ## The same in five lines
#
# What a night's work would be, and what you would type in a terminal afterwards: `python -m mtsgns_lite serve STORE`.

# %%
model = mt.SGNS(shop.catalogue, seed=SEED)
mt.fit(model, split.train, epochs=1, device=DEVICE, progress=False)
vectors_of_tonight = serving.Embeddings.of(model, history)
store.choose(store.publish(vectors_of_tonight, history, auc(model), note="tonight", index=GRAPH))
serving.Recommender(vectors_of_tonight, approximate.kind).recommend_user(person, k=5)

# %%
found = {"failed requests while versions changed": failed if address else "no service here"}
found["lists that stay, old people among new items"] = skew
if GRAPH:
    found["queries, graph against exact, large catalogue"] = gains[many]
for start in ("embeddings", "companions") if accuracy else ():
    for number, values in accuracy[start].items():
        found[f"{coarse} from {start}, {number} labels"] = float(np.mean(values))
for name, value in found.items():
    lesson.headline(name, round(value, 3) if isinstance(value, float) else value)

# %% [markdown]
# ## Check yourself
#
# Predict first; then run the lines in a new cell below the question, and only then open the answer. The answers speak
# of the whole groceries; with `SMOKE = True` much of what you see is luck.

# %% [markdown]
# **1.** A person's vector forgets with a half-life of three baskets. With a shorter one, and with an endless one: how
# near does it lie to the very last basket, and how near to the mean of all that was bought?
#
# ```python
# last = np.stack([unit(items[history.baskets[np.flatnonzero(history.users == p)[-1]]].mean(axis=0)) for p in people])
# whole = serving.user_vectors(vectors, history.baskets, history.users, half_life=1e6)[people]
# for half_life in (0.5, 3, 30):
#     made = serving.user_vectors(vectors, history.baskets, history.users, half_life)[people]
#     print(half_life, "last basket", round(float((made * last).sum(1).mean()), 2), end=", ")
#     print("all baskets", round(float((made * whole).sum(1).mean()), 2))
# ```
#
# <details><summary>Answer</summary>
#
# The half-life is a dial between the two: a short one makes the vector that of the last basket, a long one that of the
# whole past. Neither is right as such. For the next basket the recent past may tell more, for a lasting trait all of
# it; only held-back baskets can say which to take.
# </details>

# %% [markdown]
# **2.** Bring back the dot product: let a vector's length count, and ask for the ten best of each person. How often was
# an item in them bought, compared with the ten of the cosine? (Counts of the middle item.)
#
# ```python
# by_cosine, by_dot = items @ cached.users[people].T, vectors @ cached.users[people].T  # (items, people)
# for name, scores in {"cosine": by_cosine, "dot product": by_dot}.items():
#     scores[~offered] = -np.inf
#     best = np.argpartition(-scores, 10, axis=0)[:10]
#     print(name, np.median(counts[best]))
# print("all items", np.median(counts[offered]))
# ```
#
# <details><summary>Answer</summary>
#
# The two lists are quite different, and so is how well their items sell. Lengths come from the training: how often a
# vector was moved, and whether always towards the same side. So a dot product lets popularity in by the back door,
# upwards or downwards, in a dose that nobody chose. Better a cosine, and popularity in a second stage, where you see
# it.
# </details>

# %% [markdown]
# **3.** Half of the items are out of stock, drawn by lot. Somebody filters late, but is clever and asks for twice as
# many. Which share of the people still gets fewer than ten, and is it the same every day? (Five days, five draws.)
#
# ```python
# twenty = [exact.search(cached.users[p], 20)[0] for p in people]
# for day in range(5):
#     half = offered & (np.random.default_rng(day).random(len(offered)) < 0.5)
#     print(f"{np.mean([half[found].sum() < 10 for found in twenty]):.0%}", end="  ")
# ```
#
# <details><summary>Answer</summary>
#
# Twice as many is right *on average*, and about half of the people are below an average. A fair coin shows fewer than
# ten heads in twenty throws for about four people of ten. But these are not fair coins: people's lists share many
# items, and when those are out, nearly everybody misses them on the same day. So the share swings from day to day, and
# the worst day is the one that counts.
# </details>

# %% [markdown]
# **4.** The store notices what a client can't. Ask it for a version that isn't there, then damage a file of one that
# is. What does each say? And what would a service do that was told to take up the damaged one?
#
# ```python
# hurt = store.publish(cached, history, note="to be damaged", index=False)
# path = store.folder / "versions" / hurt.name / "vectors.safetensors"
# path.write_bytes(path.read_bytes()[:-1] + b"!")
# for name in ("9999", hurt):
#     try:
#         store.open(name)
#     except (FileNotFoundError, ValueError) as error:
#         print(type(error).__name__, str(error).replace(str(store.folder), "STORE"))
# ```
#
# <details><summary>Answer</summary>
#
# Each says in a sentence what is wrong: the version's own record holds the hash of every file, so one changed byte is
# noticed. A service would log that sentence, show it in `/health` under `problem`, and go on with the version it has:
# yesterday's answers are better than none.
# </details>

# %% [markdown]
# **5.** Somebody reports that nine of ten guesses at the coarse trait are right. What would always saying the commonest
# value get, by plain and by balanced accuracy?
#
# ```python
# codes = labels_of(coarse)
# codes = codes[(codes > 0) & offered]
# print("plain:   ", (codes == np.bincount(codes).argmax()).mean())
# print("balanced:", 1 / len(np.unique(codes)))
# ```
#
# <details><summary>Answer</summary>
#
# By plain accuracy it already does well, without looking at anything: it is as good as the commonest value is common.
# By balanced accuracy it is right in one group and wrong in all the others, which is what guessing gets. Ask which of
# the two was reported before you are impressed.
# </details>

# %% [markdown]
# ## Exercises
#
# Write each function, then run the cell below it: it says whether the answer is right, and if not, gives a hint. A
# wrong answer costs nothing, so ask often.
#
# ### 1. Somebody's vector
#
# *A person's vector* did it by hand for two baskets. Now for any number: `vectors` (N, d), of any lengths, and the
# baskets as lists of items, the oldest first. Somebody who bought nothing gets a row of zeros: no direction, no
# recommendation, and no NaN. The lesson's `unit` may help. Then ask it about `person`: is that the cached vector?


# %% tags=["exercise"]
def user_vector(vectors, baskets, half_life):
    """What somebody bought, newer baskets counting more.

    (N, d), a list of lists of items, a number -> (d,) of length 1, or zeros without a basket.
    """
    # 1. a basket's age and weight  2. the mean of its unit vectors  3. the sum, made a unit vector
    total = np.zeros(vectors.shape[1])
    for age, basket in enumerate(reversed(baskets)):
        total += 2 ** (-age / half_life) * unit(vectors[basket]).mean(axis=0)
    return unit(total)


# %%
mt.check.user_vector(user_vector)

# %% tags=["solution"]
past = [history.baskets[number].tolist() for number in np.flatnonzero(history.users == person)]
mine = user_vector(vectors, [basket for basket in past if basket], 3.0)
print("as the cached one:", np.allclose(mine, cached.users[person], atol=1e-3))

# %% [markdown]
# ### 2. The nearest that may be shown
#
# `by_parting` finds the nearest of all. A shop needs the nearest **allowed** ones, and has rows of zeros, which must
# never be found. Return the numbers of the items, the nearest first; fewer than `k` only where fewer may be found.
# Neither `vectors` nor `query` is made of unit vectors. Where does the filter go?


# %% tags=["exercise"]
def top_k(vectors, query, k, allowed):
    """The k allowed items of the highest cosine, the nearest first.

    (N, d), (d,), a number, (N,) booleans -> (k,) numbers of items.
    """
    # Which items may be found at all?
    candidates = np.flatnonzero(allowed & vectors.any(axis=1))
    cosines = unit(vectors[candidates]) @ unit(query)
    return candidates[np.argsort(-cosines)[:k]]


# %%
mt.check.top_k(top_k)

# %% tags=["solution"]
mask = allowed_for(person, few)
found = exact.search(asking[0], 10, mask)[0]
print("as the library:", np.array_equal(top_k(vectors, asking[0], 10, mask), found))

# %% [markdown]
# ### 3. Right in every group
#
# The number on the transfer figures. `labels` and `guesses` are whole numbers, one for each example. The share that is
# right within each group of the labels; then the mean of these shares. Groups that no example belongs to don't count,
# even where somebody guesses them.


# %% tags=["exercise"]
def balanced_accuracy(labels, guesses):
    """The share that is guessed right, each group counting the same: (n,), (n,) -> a number."""
    # Begin with one group: which examples are in it?
    shares = [np.mean(guesses[labels == group] == group) for group in set(labels.tolist())]
    return sum(shares) / len(shares)


# %%
mt.check.balanced_accuracy(balanced_accuracy)

# %% [markdown]
# ### 4. Can two versions be made to agree? (open)
#
# Two trainings end in different axes. But if they found the same neighbourhoods, then one is nearly a **turned** copy
# of the other, and the turn can be found: the orthogonal matrix $R$ that makes $\sum_i |e_i R - e'_i|^2$ smallest,
# over the items that both have. (Look up *orthogonal Procrustes*: it takes one singular value decomposition.) Turn
# yesterday's people, and ask today's items.
#
# How one would know that it worked: the lists agree with those of today's own people much better than unturned, and
# much better than with two controls, an $R$ found from items that were dealt out wrongly, and a random one. How few
# items suffice to find the turn? Does it hold between models of different kinds, `plain` and `rich`? And would you
# serve it, or is the store's way, one version for both, still better?
#
# More to try: a half-life for each person; a second stage that learns what to put first; people's vectors with their
# favourites left out; `serving.ApproximateIndex(vectors, links=4)`, and what fewer links cost.

# %% [markdown] tags=["solution"]
# One way. The turn is found from all items that both versions know, then from fewer and fewer of them.


# %% tags=["solution"]
def turn_between(old, new):
    """(d, d) orthogonal, by which the rows of `old` come nearest to those of `new`."""
    left, _, right = np.linalg.svd(old.T @ new)
    return left @ right


today_items, yesterday_items = unit(newer.vectors)[offered], unit(cached.vectors)[offered]
wrongly = np.random.default_rng(SEED).permutation(len(today_items))
turns = {"unturned": np.eye(vectors.shape[1]), "turned at random": turn}
turns["turned, items dealt out wrongly"] = turn_between(yesterday_items, today_items[wrongly])
for number in (len(today_items), 256, 64, 16):
    turns[f"turned, {min(number, len(today_items)):,} items"] = turn_between(
        yesterday_items[wrongly[:number]], today_items[wrongly[:number]]
    )

# %% tags=["solution"]
own = lists(newer.users[people], newer.vectors, k)
turned = {name: cached.users[people] @ found for name, found in turns.items()}
rows = {name: overlap(own, lists(asking, newer.vectors, k)) for name, asking in turned.items()}
pd.Series(rows, name="agrees with today's own lists").round(3).to_frame()

# %% [markdown] tags=["solution"]
# Turned, yesterday's people get most of the lists that today's would get, and a random turn gives nothing. Items that
# were dealt out wrongly do a little better than chance: all vectors of a version share a common direction, and that
# much of the turn shows in any pairs. (With little training they share little else; then this control does well, and
# says so.) A few hundred items are enough; with fewer than there are dimensions the turn is not determined.
#
# So the two trainings did find nearly the same thing, in other axes. It is a cure for an emergency: still not the same
# list, to be found anew for each training, and nothing tells a client when it was forgotten. One version for both
# costs nothing.

# %% [markdown]
# ## What we learned
#
# - A service asks cached vectors, not the model. Make them unit vectors once, and a search is one product.
# - A graph looks at few items, for a small loss of recall. It pays when the product gets slow, and not before; measure
#   it with the queries that will come.
# - Filter before you choose the best, or ask until there are enough. Near is not yet wanted: a second stage puts
#   candidates in order, and the best sellers belong in the table.
# - A version is whole: people, items, catalogue, metrics. Versions that are mixed give no error and no sense.
# - Vectors learned without labels help where labels are few. Where there are many, plain counts may win: show both.
#
# ## Next
#
# [10 · Beyond one machine](10_beyond_one_machine.ipynb) trains what no machine can hold, by several processes. Your own
# file runs through this lesson as well: `make course DATASET=my.csv LESSONS=09`.
