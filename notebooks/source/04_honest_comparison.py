# %% [markdown]
# # 04 · An honest comparison

# %% [markdown]
# You will
#
# - rebuild the table of a published study row by row, all rows on one split, and read its figures beside yours
# - see what an AUC says when the false pairs are drawn evenly, and what popularity alone gets
# - take a win apart: how much of it is the model, and how much is the data it was shown?
# - move a result by deciding what an item without training is worth
# - test the study's own open question: why does a model "forget" when its learning rate starts again?
# - write down what can be concluded from it all, and what can't
#
# About 60 minutes, two of them computing, and half an hour or more for the exercises at the end, which check your
# answers. Prerequisites: lessons 01 to 03, so you know matrix factorisation, skip-gram, traits, and the AUC of held-out
# pairs.

# %% tags=["setup"]
import importlib.util

if importlib.util.find_spec("mtsgns_lite") is None:
    raise ModuleNotFoundError("The course is not installed here: the README says how, in two commands.")

# %% [markdown]
# The parameters, as in every lesson. `SMOKE = True` makes everything small and quick; `DATASET` may also be
# `"planted"`, the path of your own CSV, or an Amazon file such as `meta_Video_Games.json.gz`.

# %% tags=["parameters"]
SMOKE = False
SEED = 0
DATASET = "groceries"
DEVICE = None

# %%
import math
from collections import Counter

import numpy as np
import pandas as pd
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, normalize

import mtsgns_lite as mt
from mtsgns_lite import lesson
from mtsgns_lite.data.corpus import AsPairs, Corpus, Rows
from mtsgns_lite.methods import METHODS, lacking
from mtsgns_lite.views.comparing import dots, tradeoff
from mtsgns_lite.views.figures import bars, grouped_bars, histogram, learning_curve, show

# %% [markdown]
# ## Nine comparisons by hand
#
# Everything below is measured by one number, so let us have it in our fingers. A model scored three true pairs and
# three false ones. Hold each true score against each false one: a win counts one, a tie one half. **Predict:** how
# many of the nine points does it get?

# %% tags=["deterministic"]
true, false = [0.9, 0.6, 0.3], [0.8, 0.3, 0.1]
points = [1.0 if t > f else 0.5 if t == f else 0.0 for t in true for f in false]
print("points:", points)
print(f"by hand {sum(points) / 9:.4f}, mt.auc {mt.auc(np.array(true), np.array(false)):.4f}")

# %% [markdown]
# The AUC is the share of comparisons won. It never asks how good a score is, only whether it is better than that of
# *a false pair*. So the false pairs are half of every AUC. Who draws them?
#
# ## A shop with nothing to learn
#
# Invent a shop in which everybody buys at random: the item of rank r sells in proportion to 1/r, and no two items
# belong together. There is nothing to know but who is popular. The score of a pair is the product of its two
# popularities.

# %%
rng = np.random.default_rng(0)
sells = 1 / np.arange(1, 1001)
sells /= sells.sum()
bought = rng.choice(1000, size=(20_000, 2), p=sells)  # true pairs, by pure chance
evenly = rng.integers(1000, size=(20_000, 2))  # false pairs: any two items
alike = rng.choice(1000, size=(20_000, 2), p=sells)  # false pairs: items as popular

# %% [markdown]
# **Predict, then run:** what AUC does popularity get against each of the two?

# %% tags=["deterministic"]
score = [sells[pairs].prod(axis=1) for pairs in (bought, evenly, alike)]
print(f"false pairs drawn evenly:        AUC {mt.auc(score[0], score[1]):.2f}")
print(f"false pairs drawn by popularity: AUC {mt.auc(score[0], score[2]):.2f}")

# %% [markdown]
# Against evenly drawn pairs a model of nothing looks excellent. The same score against equally popular items is a
# coin. Keep the two numbers in mind while you read the next table.
#
# ## The claim
#
# A study in two articles compared matrix factorisation, gensim and skip-gram on "also bought" graphs of Amazon
# products (E. Yan, *recsys-nlp-graph*, 2020). A third of the edges was held out, false pairs were drawn evenly over
# products. These are its own figures, on its own graphs. "All" counts products without training, "seen" leaves them
# out.

# %%
STUDY = {  # row here: the study's name for it, (all, seen, minutes) of Electronics, and of Books
    "mf-bias": ("matrix factorisation", (0.7951, None, 45), (0.4996, None, 1353.12)),
    "gensim-cbow": ("gensim word2vec", (0.9082, 0.9735, 2.58), (0.9701, 0.9892, 16.24)),
    "sgns": ("PyTorch word2vec", (0.9554, 0.9855, 23.63), (0.9775, None, 122.66)),
    "mf-bias-walks": ("factorisation with sequences", (0.9320, None, 70.39), (0.7196, None, 1393.08)),
}
head = ["Electronics: all", "seen", "minutes", "Books: all", "seen ", "minutes "]
table = [[*electronics, *books] for _, electronics, books in STUDY.values()]
table = [["-" if value is None else value for value in line] for line in table]
pd.DataFrame(table, [name for name, *_ in STUDY.values()], head)

# %% [markdown]
# Its further rows have no figure: node2vec ran out of memory, and side information "didn't work out". The paper that
# it took side information from has one for it (Wang et al., KDD 2018, on an Amazon Electronics graph and one of
# Taobao).

# %%
EGES = {"BGE, no side information": (0.9327, 0.8797), "LINE": (0.9554, 0.9100)}
EGES |= {"GES, equal weights": (0.9575, 0.9704), "EGES, learned weights": (0.9700, 0.9746)}
pd.DataFrame(EGES, ["Amazon Electronics, AUC", "Taobao, AUC"]).T

# %% [markdown]
# Read the first table as a reviewer. Walks beat pairs, skip-gram beats factorisation. Which row is missing, that
# would cost a minute and tell you what 0.9 is worth?
#
# ## One split for all
#
# Now our own. One split: everything that follows is asked the same held-out pairs.

# %%
shop = lesson.shop(DATASET, SMOKE, SEED)
split = mt.split(shop, seed=SEED)
names, kinds = split.catalogue.names, list(split.negatives)
split

# %% [markdown]
# Each true pair comes with a false one of each kind. Here is one, with names. Which of the false ones would you have
# been able to tell?

# %%
regions = split.regions()
row = int(np.flatnonzero(regions["seen"])[0])
lines = {"true": split.pairs[row], **{kind: split.negatives[kind][row] for kind in kinds}}
table = [[names[a], names[b], *split.counts[[a, b]]] for a, b in lines.values()]
pd.DataFrame(table, list(lines), ["one", "other", "count", "count "])

# %% [markdown]
# ## Popularity first
#
# The missing row. It is three lines, knows no pairs at all, and belongs at the head of every such table.


# %%
def auc_by(score, kind, region="seen", on=split):
    """The AUC of a score: true pairs of a region against false ones of a kind; nan without any."""
    rows = on.regions()[region] & (on.negatives[kind][:, 0] >= 0)
    found = mt.auc(score(on.pairs[rows]), score(on.negatives[kind][rows]))
    return math.nan if found is None else found


# %%
def popular(pairs):
    return split.counts[pairs].astype(float).prod(axis=1)


# %% [markdown]
# **Predict:** it will score one half against one of the kinds. Against which? And the others: above or below?

# %%
alone = {kind: auc_by(popular, kind) for kind in kinds}
for kind, value in alone.items():
    print(f"popularity alone, {kind} negatives: AUC {value:.3f}")

# %% [markdown]
# To see why, look at the items that a true pair and a false pair end with. How often does each of them occur in
# training?

# %%
ends = {"true": split.pairs[regions["seen"], 1]}
ends |= {kind: split.negatives[kind][regions["seen"], 1] for kind in ("uniform", "degree")}
often = {kind: split.counts[items[items >= 0]] for kind, items in ends.items()}
middle = {kind: np.median(counts) for kind, counts in often.items()}

# %% tags=["picture"]
title = (
    f"The middle item of a true pair occurs {middle['true']:.0f} times, of a uniform false one "
    f"{middle['uniform']:.0f}, of a degree-matched one {middle['degree']:.0f}"
)
logs = {kind: np.log10(np.maximum(counts, 1)) for kind, counts in often.items()}
show(histogram(logs, title, x="log10 of how often the item occurs"), title)

# %% [markdown]
# Where true and false ends differ in popularity, popularity is an answer. Uniform negatives leave that difference in,
# degree-matched ones take it out. Same-category ones ask something else again: *which* of the like items.

# %%
lesson.headline("popularity, uniform negatives", float(alone["uniform"]), "AUC of seen pairs, nothing learned")
lesson.headline("popularity, degree-matched", float(alone["degree"]), "the same score, an honest question")

# %% [markdown]
# ## One corpus for all
#
# The split alone is not enough. If each method draws walks or cuts baskets for itself, a difference may be luck. So
# they are drawn once, and every row reads the same numbers. The fingerprint tells whether it did.

# %%
corpus = Corpus.draw(split.train, SEED)
print("passes, rows, places:", corpus.rows.shape, " window:", corpus.window)
print("fingerprint:", corpus.fingerprint)
corpus.rows[0, :3]

# %% [markdown]
# Skip-gram reads such a row as it is. Factorisation wants pairs, so `AsPairs` takes the pairs out of the rows as they
# go by, and never holds them all. Is it the same data? Take a few rows, and count the pairs by hand.

# %%
few_rows = Corpus(corpus.rows[:, :50], corpus.window)
by_hand = Counter()
for line in few_rows.lists[0]:
    for i in range(len(line)):
        for j in range(i + 1, min(len(line), i + 1 + corpus.window)):
            by_hand[tuple(sorted((line[i], line[j])))] += 1

# %%
streamed = Counter()
pairs = AsPairs(Rows(few_rows, len(names)), negatives=1)
for batch in pairs.batches(torch.Generator().manual_seed(SEED), torch.device("cpu")):
    true = batch.value == 1
    drawn = zip(batch.first[true].tolist(), batch.second[true].tolist())
    streamed.update(tuple(sorted(pair)) for pair in drawn)
print(f"{by_hand.total():,} by hand, {streamed.total():,} streamed, the same: {by_hand == streamed}")

# %% [markdown]
# ## The table, row by row
#
# `mt.compare` fits each row in a process of its own, on this split and one corpus, and takes down time and memory.
# One epoch each, to keep you waiting for a minute only. **Predict** the order by degree-matched AUC before you run.

# %%
WANTED = ["popularity", "cooccurrence", *STUDY, "mf-bias-walks-two", "gensim-sg", "traits-global"]
reasons = {name: lacking(name, shop) for name in WANTED}
live = [name for name in METHODS if name in WANTED and not reasons[name]]
print("\n".join(filter(None, reasons.values())) or "Every row can be had here.")

# %%
found = mt.compare(shop, live, seeds=[SEED], epochs=1, device=DEVICE)
found

# %%
rows = {row["model"]: row for row in found.rows}
assert len({row["corpus"] for row in rows.values()} - {None}) == 1  # they read the same


def column(kind, region="seen"):
    """Each method's AUC, where it has one."""
    values = {name: row["auc"][kind][region] for name, row in rows.items()}
    return {name: value for name, value in values.items() if value is not None}


# %% tags=["picture"]
matched, evenly = column("degree"), column("uniform")
best = max(matched, key=matched.get)
title = f"Against degree-matched negatives {best} leads with {matched[best]:.3f}, popularity has "
title += f"{matched['popularity']:.3f}; against uniform ones it had {evenly['popularity']:.3f}"
words = {"uniform": "uniform", "degree": "degree-matched", "category": "same category"}
series = {words[k]: {name: (value, 0.0) for name, value in column(k).items()} for k in kinds}
show(dots(series, title, "AUC, seen pairs", chance=0.5), title)

# %% [markdown]
# Go down one colour at a time. Do the three colours agree on the order? The next cell counts for each pair of methods
# whether two kinds of negatives rank them alike.


# %%
def agreement(one, other):
    """The share of pairs of methods that both columns put in the same order."""
    both = [name for name in one if name in other]
    sides = [(one[a] - one[b]) * (other[a] - other[b]) > 0 for a in both for b in both if a < b]
    return np.mean(sides)


for kind in kinds[1:]:
    same = agreement(evenly, column(kind))
    print(f"uniform and {words[kind]} agree on {same:.0%} of the pairs of methods")

# %% [markdown]
# Now the study's figures beside ours. They share no graph, no split and no machine: read each side down, never
# across.

# %%
beside = pd.DataFrame(index=[f"{name} ({STUDY[name][0]})" for name in STUDY])
beside["study, Electronics: all"] = [STUDY[name][1][0] for name in STUDY]
beside["minutes"] = [STUDY[name][1][2] for name in STUDY]
uniform_all = column("uniform", "all")
beside[f"{shop.name}: uniform, all"] = [uniform_all.get(name) for name in STUDY]
beside["degree-matched, seen"] = [matched.get(name) for name in STUDY]
beside["seconds"] = [rows[name]["fit_seconds"] if name in rows else None for name in STUDY]
beside.round(4)

# %% [markdown]
# Does your order agree with theirs? Where it doesn't, there are many suspects: another graph, other negatives, one
# epoch, and four models that were never tuned alike. A difference between two tables is a question, not a finding.
#
# ## Is it the model, or the data?
#
# The study asked this itself, and gave the sequences to factorisation. Between `mf-bias` and `mf-bias-walks` only the
# data differs; between `mf-bias-walks` and `sgns` the model and its negatives. **Predict:** which step is longer?

# %%
steps = [name for name in ("mf-bias", "mf-bias-walks", "sgns") if name in rows]
data_step = matched["mf-bias-walks"] - matched["mf-bias"]
model_step = matched["sgns"] - matched["mf-bias-walks"]
longer = "data" if abs(data_step) > abs(model_step) else "model"

# %% tags=["picture"]
title = f"The data moves the AUC by {data_step:+.3f}, the model by {model_step:+.3f}: "
title += f"the longer step is the {longer}"
show(bars({name: matched[name] - 0.5 for name in steps}, title, y="AUC above one half"), title)

# %%
text = f"data {data_step:+.3f}, model {model_step:+.3f}, degree-matched AUC, 1 epoch"
lesson.headline("longer step from mf-bias to sgns", longer, text)

# %% [markdown]
# What is in the data that edges don't have? An edge is there or not, and counts once an epoch. In baskets a pair
# bought fifty times comes by fifty times; in walks a heavy edge is walked often, and friends of friends become pairs
# too. Here is how unequal that is.

# %%
sample = Corpus(corpus.rows[:, :: max(1, corpus.rows.shape[1] // 20_000)], corpus.window)
counted = Counter()
pairs = AsPairs(Rows(sample, len(names)), negatives=0)
for batch in pairs.batches(torch.Generator(), torch.device("cpu")):
    low, high = torch.minimum(batch.first, batch.second), torch.maximum(batch.first, batch.second)
    counted.update((low * len(names) + high).tolist())
often = np.sort(np.array([*counted.values()]))[::-1]
top = often[: len(often) // 100 + 1].sum() / often.sum()
print(f"In a sample of rows, 1% of the distinct pairs make up {top:.0%} of all that are seen.")

# %% [markdown]
# So "skip-gram beats factorisation" was two claims in one. Whoever compares models on different data compares data.
#
# ## CBOW or skip-gram?
#
# The row that the study calls gensim is CBOW, gensim's default: it predicts an item from the *mean* of its window.
# With `sg=1` it is skip-gram. The two share window, negatives and corpus here, so only that differs.

# %%
peers = [name for name in ("gensim-cbow", "gensim-sg", "sgns") if name in matched]
if len(peers) == 3:
    cbow, skip_gram, ours = (matched[name] for name in peers)
    title = f"gensim's CBOW {cbow:.3f}, its skip-gram {skip_gram:.3f}, ours {ours:.3f}, one epoch each"
    show(bars({name: matched[name] - 0.5 for name in peers}, title, y="AUC above one half"), title)
else:
    print("gensim is not installed here (pip install gensim): see the recorded table below.")

# %% [markdown]
# If CBOW is behind after one epoch, is it slow, or is it worse? A mean of many items is a blunt question, and gets
# one answer a window where skip-gram gets many. The recorded table below has three epochs. In the study's table it
# stood for gensim as a whole.
#
# ## Seen, unseen, cold
#
# In the study both word2vec rows gain when products without training are left out. So some policy was at work on
# those that were left in. Let one trained model meet the same pairs under each policy.

# %%
model = mt.SGNS(split.catalogue, seed=SEED)
mt.fit(model, split.train, epochs=1, device=DEVICE, seed=SEED, progress=False)
share = {region: inside.mean() for region, inside in regions.items()}
print(f"{share['seen']:.0%} of the pairs are seen, in {share['cold']:.0%} one end is cold")


# %%
def cosine(vectors):
    """A score: the cosine of a pair's vectors."""
    unit = normalize(vectors.detach().cpu(), dim=1).numpy()
    return lambda pairs: (unit[pairs[:, 0]] * unit[pairs[:, 1]]).sum(axis=1)


# %% [markdown]
# `drop` asks about seen pairs only. `zero` gives an unseen item a vector of zeros, so that it ties with everything;
# `random` the row that its table began with. **Predict:** which gives the highest figure, and which the least?

# %%
scored = {policy: cosine(model.embeddings(unseen=policy)) for policy in ("zero", "random")}
asked = {"drop": ("zero", "seen"), "zero": ("zero", "all"), "random": ("random", "all")}
by_policy = {"uniform": {}, "degree": {}}
for kind, values in by_policy.items():
    for policy, (which, region) in asked.items():
        values[policy] = auc_by(scored[which], kind, region)

# %% tags=["picture"]
title = "One model, three policies: degree-matched AUC "
title += ", ".join(f"{value:.3f} with {policy}" for policy, value in by_policy["degree"].items())
above = {words[k]: (pd.Series(values) - 0.5).to_dict() for k, values in by_policy.items()}
show(grouped_bars(above, title, y="AUC above one half"), title)

# %% [markdown]
# No policy is wrong, but a table that doesn't name its own can't be read. A tie counts half, so `zero` pulls the
# figure towards one half by the share of unseen pairs. `random` looks like an answer, and is a lottery (lesson 03).
#
# A fourth policy needs another model: let the traits speak for the item. These are the live rows again, cold pairs
# alone.

# %%
cold = column("degree", "cold")
for name in ("popularity", "sgns", "traits-global"):
    print(f"{name:16} {f'cold {cold[name]:.3f}' if name in cold else 'no such pairs, or no such row'}")

# %% [markdown]
# ## The open question: forgetting
#
# The study restarted its learning rate with each epoch, high again, then down along a cosine. At each restart the AUC
# of *factorisation* fell, and climbed back. Skip-gram's hardly did. Its author wondered whether that came from using
# one table for both sides, where skip-gram has two. We can ask: each model with one table and with two.
#
# This takes a smaller shop: the last baskets or the first edges of ours, and only the items in them.

# %%
small = lesson.compact(lesson.small(shop, baskets=20_000, edges=100_000))
part = mt.split(small, seed=SEED)
small_rows = Rows(Corpus.draw(part.train, SEED, passes=3), len(part.catalogue))
small_pairs = AsPairs(small_rows)
part


# %% [markdown]
# Factorisation with two tables is in the library. Skip-gram with one takes a line, as you saw in lesson 02.


# %%
class OneTable(mt.SGNS):
    """Skip-gram whose contexts are looked up among the targets."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.context = self.target


# %%
items = part.catalogue
factorise = [mt.MatrixFactorization(items, bias=True, tables=n, seed=SEED) for n in (1, 2)]
runs = {
    "factorisation, one table": (factorise[0], small_pairs),
    "factorisation, two tables": (factorise[1], small_pairs),
    "skip-gram, one table": (OneTable(items, seed=SEED), small_rows),
    "skip-gram, two tables": (mt.SGNS(items, seed=SEED), small_rows),
}

# %% [markdown]
# And one control, without which a fall means nothing: factorisation with one table, whose rate falls once and never
# restarts. Its AUC wavers too. That much is noise.

# %%
runs["no restart, one table"] = (mt.MatrixFactorization(items, bias=True, seed=SEED), small_pairs)


def watched(vectors):
    return auc_by(cosine(vectors), "degree", on=part)


# %%
curves = {}
for name, (one, samples) in runs.items():
    restart = None if name.startswith("no") else 1
    history = mt.fit(
        one, samples, epochs=3, schedule="cosine", restart_every=restart, device=DEVICE,
        seed=SEED, probe=lambda one: watched(one.embeddings()), probes=8, progress=False,
    )  # fmt: skip
    curves[name] = [(step / history.steps_per_epoch, value) for step, value in history.probes]

# %% [markdown]
# How far does the AUC fall within half an epoch after a restart? Take the larger of the two restarts.


# %%
def fall(curve):
    """The largest drop below the AUC at the end of an epoch, within the first half of the next."""
    drops = []
    for restart in (1, 2):
        before = [value for when, value in curve if when <= restart + 1e-9][-1]
        after = [value for when, value in curve if restart < when <= restart + 0.5]
        drops.append(before - min(after, default=before))
    return max(0.0, *drops)


# %%
falls = {name: fall(curve) for name, curve in curves.items()}
for name, value in falls.items():
    print(f"{name:28} falls by {value:.4f}")

# %% tags=["picture"]
one, two, noise = (falls[name] for name in list(falls)[:2] + list(falls)[-1:])
title = f"After a restart factorisation falls by {one:.3f} with one table, {two:.3f} with two; "
title += f"without a restart by {noise:.3f}"
show(learning_curve(curves, title, x="epoch", y="degree-matched AUC"), title)

# %% [markdown]
# If the falls are no larger than the control's, there was nothing to forget here, with one table or two. Before you
# call the question closed: what else is different from the study?
#
# Our tables take steps by Adagrad, which remembers all gradients so far. A row that has moved much moves little,
# however high the rate starts again. The study used Adam, whose memory is short. So rebuild that too, from scratch.


# %%
def with_adam(tables, restart=True, rate=0.01, epochs=3):
    """Factorisation with biases, by Adam: (epoch, AUC) eight times an epoch."""
    generator, steps = torch.Generator().manual_seed(SEED), len(small_pairs)
    start = (torch.rand(tables, len(items), 64, generator=generator) - 0.5) / 4
    sides = [table.clone().requires_grad_() for table in start]
    bias = torch.zeros(len(items), requires_grad=True)
    adam = torch.optim.Adam([*sides, bias], lr=rate)
    curve = [(0.0, watched(sides[0]))]
    for epoch in range(epochs):
        for step, batch in enumerate(small_pairs.batches(generator, torch.device("cpu")), start=1):
            done = (step - 1) / steps if restart else (epoch * steps + step - 1) / (epochs * steps)
            adam.param_groups[0]["lr"] = rate * (1 + math.cos(math.pi * done)) / 2
            p, q = sides[0].index_select(0, batch.first), sides[-1].index_select(0, batch.second)
            logit = (p * q).sum(dim=1) + bias[batch.first] + bias[batch.second]
            binary_cross_entropy_with_logits(logit, batch.value).backward()
            adam.step()
            adam.zero_grad()
            if step % max(1, steps // 8) == 0:
                curve.append((epoch + step / steps, watched(sides[0])))
    return curve


# %%
adam = {"Adam, one table": with_adam(1), "Adam, two tables": with_adam(2)}
adam["Adam, no restart, one table"] = with_adam(1, restart=False)
falls |= {name: fall(curve) for name, curve in adam.items()}

# %% tags=["picture"]
one, two, control = (falls[name] for name in adam)
title = f"With Adam the falls are {one:.3f} with one table, {two:.3f} with two; "
title += f"without a restart {control:.3f}"
show(learning_curve(adam, title, x="epoch", y="degree-matched AUC"), title)

# %%
restarted = {name: value for name, value in falls.items() if "no restart" not in name}
worst = max(restarted, key=restarted.get)
text = f"{worst}; without a restart {max(noise, control):.3f}"
lesson.headline("largest fall after a restart", float(restarted[worst]), text)

# %% [markdown]
# Three suspects, and now a measurement for each: the number of tables, the model, the optimiser. Which of them moves
# the fall most on your data, and is it more than the control wavers? One seed and a small shop can't settle it for
# other graphs. But the question is now one that a table can answer.
#
# ## Time and memory
#
# A method is only better *for its price*. Left is quicker, up is better. The dotted line joins the methods that
# nothing cheaper beats.

# %% tags=["picture"]
seconds = {name: row["fit_seconds"] for name, row in rows.items() if row["fit_seconds"]}
points = {name: (seconds[name], matched[name]) for name in seconds if name in matched}
quick = min(seconds, key=seconds.get)
title = f"One epoch each: {quick} is quickest, {seconds[quick]:.1f} s; {best} best, {matched[best]:.3f}"
families = {name: METHODS[name].family for name in points}
show(tradeoff(points, families, title, "seconds of training", "degree-matched AUC"), title)

# %%
memory = {name: round(row["peak_mb"]) for name, row in rows.items() if row["peak_mb"] is not None}
title = f"The fit takes from {min(memory.values())} to {max(memory.values())} MB, beyond the data"
show(bars(memory, title, y="MB"), title)

# %% [markdown]
# The study's factorisation took far longer than its skip-gram: for each batch it moved the whole table by Adam, where
# a few rows were asked for (lesson 02 has the cure). A ratio of run times compares two *implementations*. Never quote
# it for two models.
#
# ## Three seeds
#
# One seed is one throw of the dice. For the groceries the repository keeps the output of a longer run, every method
# with three epochs on three seeds. `make record` makes it anew; the command is part of what it keeps.

# %%
kept = lesson.recorded(shop)
evidence = kept or found
if kept is None:
    print(f"Nothing is recorded of {shop.name} as it is here: the rest stands on the one seed above.")
else:
    print(kept.settings["command"])
    print(kept.versions, kept.settings["system"], kept.settings["cpus"], "processors")
evidence

# %% [markdown]
# Every seed makes another split. A method may be lucky on one of them, but luck falls on all methods of a split
# alike, so compare within a seed: take the difference of two rows, then ask if it has the same sign on every seed.


# %%
def difference(one, other, kind="degree", region="seen"):
    """One method's AUC less another's, for each seed on which both have one."""
    seeds = {}
    for row in evidence.rows:
        seeds.setdefault(row["seed"], {})[row["model"]] = row["auc"][kind][region]
    both = [(own.get(one), own.get(other)) for own in seeds.values()]
    return np.array([a - b for a, b in both if a is not None and b is not None])


# %%
CLAIMS = {
    "the pairs of the corpus are better data than edges": ("mf-bias-walks", "mf-bias"),
    "skip-gram beats factorisation on the same pairs": ("sgns", "mf-bias-walks"),
    "factorisation wants two tables": ("mf-bias-walks-two", "mf-bias-walks"),
    "skip-gram beats CBOW": ("gensim-sg", "gensim-cbow"),
    "traits help items that were seen": ("traits-global", "sgns"),
    "learned trait weights beat equal ones": ("traits-global", "traits-uniform"),
    "it is what the traits say that helps": ("traits-global", "traits-shuffled"),
    "walks steered by p and q beat the plain corpus": ("node2vec", "sgns"),
}


# %%
def verdict(change):
    """What the seeds say of a claim."""
    if not len(change):
        return "not measured here"
    seeds = f"{len(change)} seed{'s' * (len(change) > 1)}"
    if len(change) == 1:
        return f"{'yes' if change[0] > 0 else 'no'}, on one seed, which is not enough"
    if min(change) <= 0 <= max(change):
        return "the seeds differ"
    return f"{'yes' if change[0] > 0 else 'no'}, on all {seeds}"


# %% [markdown]
# **Predict** each answer before you run. Which of them would you have bet on?

# %%
measured = {claim: difference(*pair) for claim, pair in CLAIMS.items()}
verdicts = pd.DataFrame(index=list(CLAIMS))
verdicts["of the two"] = [" against ".join(pair) for pair in CLAIMS.values()]
verdicts["difference"] = [f"{d.mean():+.3f}" if len(d) else "" for d in measured.values()]
verdicts["verdict"] = [verdict(change) for change in measured.values()]
verdicts

# %%
sure = verdicts["verdict"].str.contains("on all").sum()
lesson.headline("claims that all seeds decide", int(sure), f"of {len(CLAIMS)}, {evidence.dataset}")

# %% tags=["picture"]
matched_rows = pd.DataFrame(
    {"model": row["model"], "auc": row["auc"]["degree"]["seen"]} for row in evidence.rows
).dropna()
by_model = matched_rows.groupby("model", sort=False)["auc"].agg(["mean", "std"]).fillna(0.0)
first, seeds = by_model["mean"].idxmax(), len({row["seed"] for row in evidence.rows})

# %% tags=["picture"]
title = f"First over {seeds} seed(s): {first}, {by_model['mean'].max():.3f}; a whisker is one standard "
title += f"deviation, {by_model['std'].max():.3f} at the most"
spread = {name: (row["mean"], row["std"]) for name, row in by_model.iterrows()}
show(dots({"degree-matched": spread}, title, "AUC, seen pairs", chance=0.5), title)

# %% [markdown]
# Remember ranking, from lesson 02: a vector is not the only thing one can do with pairs. Who is first there?

# %%
hits = pd.DataFrame({"model": row["model"], "hr@10": row["hr@10"]} for row in evidence.rows).dropna()
winner = hits.groupby("model")["hr@10"].mean().idxmax() if len(hits) else "nobody"
print(f"First by degree-matched AUC: {first}. First by hit rate at 10: {winner}.")

# %% [markdown]
# ## What can be concluded, and what can't
#
# **It can:** which row is better on *this* data, split this way, asked this question, when all seeds say so. That
# popularity is in the table or the table is not readable. That a gain has to be taken apart before it gets a name:
# the data, the model, the policy for unseen items, the optimiser, the implementation.
#
# **It can't:** that the study was wrong. Its graphs are other graphs, and its figures may be quite right for the
# question it asked. Nor that one of the models is better everywhere: run the lesson on an Amazon file or on your own,
# and some verdicts above will turn round. And no AUC says whether a shop sells more. For that one has to ask the
# shop's customers.
#
# ## The library call
#
# All of it is one command, with a page of figures to send to a colleague:
#
# ```
# python -m mtsgns_lite compare groceries --models all --report comparison.html
# ```
#
# ## Check yourself
#
# Predict first; then run the lines in a new cell below the question, and only then open the answer. The answers speak
# of the whole groceries; with `SMOKE = True` much of what you see is luck.

# %% [markdown]
# **1.** Popularity's score is a product of two counts. Take its logarithm, its root, its negative: what happens to the
# AUC?
#
# ```python
# for change in (np.log1p, np.sqrt, np.negative):
#     print(auc_by(lambda pairs: change(popular(pairs)), "uniform"))
# ```
#
# <details><summary>Answer</summary>
#
# The first two give the very figure of the lesson: they keep the order, and an AUC asks for nothing else. The third
# turns every comparison round, so the two kinds of figures add up to one. Whoever scores far below one half has a
# good score with the wrong sign.
# </details>

# %% [markdown]
# **2.** One row of a table is fitted on a corpus drawn with one seed, the next row on another's. The purchases are the
# same. Would you notice?
#
# ```python
# for seed in (SEED, SEED, SEED + 1):
#     print(seed, Corpus.draw(split.train, seed).fingerprint)
# ```
#
# <details><summary>Answer</summary>
#
# By the fingerprint, and by nothing else: the same seed gives the lesson's own, another seed another. Nothing is
# wrong with the third corpus, but a difference between two rows would then hold the luck of two corpora.
# </details>

# %% [markdown]
# **3.** Ask for pairs with a cold end only. What does each policy get?
#
# ```python
# for policy, score in scored.items():
#     print(policy, auc_by(score, "degree", "cold"))
# ```
#
# <details><summary>Answer</summary>
#
# `zero` gets exactly one half: the cold item is in the true pair and in the false one, its vector is zero, and every
# comparison is a tie. `random` gets about one half: each comparison is decided, but by nothing. (A shop without such
# pairs prints nan.)
# </details>

# %% [markdown]
# **4.** The figures above rest on thousands of pairs. How far would they waver with a hundred?
#
# ```python
# usable = np.flatnonzero(regions["seen"] & (split.negatives["degree"][:, 0] >= 0))
# few, score = [np.random.default_rng(n).choice(usable, 100) for n in range(20)], cosine(model.embeddings())
# found_by = [mt.auc(score(split.pairs[some]), score(split.negatives["degree"][some])) for some in few]
# print("spread of one model:", np.std(found_by).round(3))
# print("steps between models:", np.diff(sorted(matched.values())).round(3))
# ```
#
# <details><summary>Answer</summary>
#
# By a few hundredths, with the same model on the same shop. On the groceries that is more than most of the steps from
# one method to the next, so a hundred pairs could not put them in order. The spread falls with the root of the number
# of pairs: ten times less takes a hundred times as many.
# </details>

# %% [markdown]
# **5.** Two methods vary from seed to seed, as the first line shows. Their difference, taken within each seed: does it
# vary more, or less?
#
# ```python
# print(by_model.loc[["mf-bias-walks", "sgns"], "std"])
# print("difference:", pd.Series(difference("sgns", "mf-bias-walks")).std())
# ```
#
# <details><summary>Answer</summary>
#
# Less than either, on the recorded groceries. Were the two independent it would vary more than each of them. But a
# seed is a split, and a hard split is hard for both, which the difference takes out. So a step smaller than both
# whiskers may still be sure. (A single seed shows nothing: nan.)
# </details>

# %% [markdown]
# ## Exercises
#
# Three functions to write, and a question. The check below each says whether it is right, and if not, in what way;
# worked answers are in the [solved lesson](solutions/04_honest_comparison.ipynb).
#
# **1. What do the seeds say?** (easy) Two methods have a score each on the same seeds, (S,) and (S,). Give 1 where the
# first is better on every seed, -1 where it is worse on every seed, and 0 where they differ. A tie is not better, nor
# worse. It is the last table's `verdict` in a number, and keeps a lucky seed from becoming a finding.


# %% tags=["exercise"]
def seed_verdict(first, second):
    """1 if the first method is better on every seed, -1 if it is worse on every seed, else 0; from (S,) and (S,)."""
    # Luck falls on both alike within a seed: what is left when one is taken from the other?
    change = np.asarray(first) - np.asarray(second)
    return int((change > 0).all()) - int((change < 0).all())


# %%
mt.check.seed_verdict(seed_verdict)

# %% [markdown]
# **2. Recall at k.** The AUC asks about pairs. A shop shows a list. Each of Q queries has a row of scores, (Q, N), and
# a list of the items it wants; recall is the share of these that is among its k best. The answer is the mean over the
# queries; one that wants nothing is left out, and k may be larger than N. The hit rate above has one wanted item a
# query; here there may be many.


# %% tags=["exercise"]
def recall_at_k(scores, wanted, k):
    """The mean share of wanted items among the k best, from scores (Q, N) and a list of Q lists of items."""
    # Which k items has each query the highest scores for? And which of those did it want?
    best = scores.argsort(dim=1, descending=True)[:, :k].tolist()
    shares = [len({*row} & {*items}) / len(items) for row, items in zip(best, wanted) if items]
    return sum(shares) / len(shares)


# %%
mt.check.recall_at_k(recall_at_k)

# %% [markdown]
# **3. The honest AUC, from nothing.** The nine comparisons by hand, for vectors (N, d): each true pair's cosine is
# held against each false one's, and a tie counts half. `negatives` has a false pair in each row, or -1, -1 where none
# was found: that row is left out, with its true pair. A zero vector scores 0 with everything. Every figure of this
# lesson is made like this, so make one yourself once.


# %% tags=["exercise"]
def degree_matched_auc(vectors, pairs, negatives):
    """The share of comparisons that true pairs win, from (N, d), (P, 2) items and (P, 2) items or -1."""
    # Three steps: the rows that stay, a cosine for each pair that is left, and all true ones against all false ones.
    there, unit = negatives[:, 0] >= 0, normalize(vectors, dim=1)
    true, false = (unit[ends[there]].prod(dim=1).sum(dim=1) for ends in (pairs, negatives))
    return ((true[:, None] > false).double() + (true[:, None] >= false).double()).mean() / 2


# %%
mt.check.degree_matched_auc(degree_matched_auc)

# %% [markdown]
# **4. A row of your own.** (open) Everything in the table but two rows is trained. How far does one come by counting?
# Make a vector for each item of the small shop, in any way you like, from the same rows as the others
# (`Rows(Corpus.draw(...))`, and `AsPairs(..., negatives=0)` for its pairs). You know that it worked when
# `seed_verdict` says 1 against `mt.SGNS` on three splits, with degree-matched negatives, and when you can say what the
# comparison leaves open.
#
# More: bring the forgetting out with `with_adam(1, rate=0.1)`, and find the rate at which two tables fall by as much.
# Or run the lesson on a graph (`python -m mtsgns_lite data get amazon --category Video_Games`): which verdicts turn
# round?

# %% [markdown] tags=["solution"]
# **One answer: counts, and no training.** How much more often are two items together than their counts say? The
# logarithm of that ratio, zero where it is below one, is called PPMI. It is a large table with few entries, and an SVD
# cuts it down to `dim` numbers an item. Skip-gram is known to come close to such a factorisation (Levy and Goldberg,
# 2014), so it is a fair rival.

# %% tags=["solution"]
from scipy.sparse import coo_array
from sklearn.decomposition import TruncatedSVD


def counted_vectors(rows, items, dim=64):
    """(items, dim) from how often two items are together in the rows, against how often they would be by chance."""
    pairs = AsPairs(rows, negatives=0).batches(torch.Generator().manual_seed(SEED), torch.device("cpu"))
    ends = torch.cat([torch.stack([batch.first, batch.second]) for batch in pairs], dim=1).numpy()
    ends = np.concatenate([ends, ends[::-1]], axis=1)  # each end is the other's company
    seen = coo_array((np.ones(ends.shape[1]), tuple(ends)), shape=(items, items)).tocsr().tocoo()
    count = np.bincount(ends[0], minlength=items)
    ratio = seen.data * count.sum() / (count[seen.row] * count[seen.col])
    seen.data = np.maximum(np.log(ratio), 0)
    svd = TruncatedSVD(dim, random_state=SEED)
    vectors = svd.fit_transform(seen.tocsr())
    return torch.from_numpy(vectors / np.sqrt(np.maximum(svd.singular_values_, 1e-9)))


# %% [markdown] tags=["solution"]
# One split and one corpus for each seed, the row of popularity first, and the verdict of exercise 1.


# %% tags=["solution"]
def rivals(own, seed, epochs=1):
    """Three scores for a split, of methods that read the same rows."""
    rows = Rows(Corpus.draw(own.train, seed), len(own.catalogue))
    skip_gram = mt.SGNS(own.catalogue, seed=seed)
    mt.fit(skip_gram, rows, epochs=epochs, device=DEVICE, seed=seed, progress=False)
    return {
        "popularity": lambda pairs: own.counts[pairs].astype(float).prod(axis=1),
        "skip-gram": cosine(skip_gram.embeddings()),
        "counted": cosine(counted_vectors(rows, len(own.catalogue))),
    }


# %% tags=["solution"]
on_seeds = pd.DataFrame(columns=["popularity", "skip-gram", "counted"])
for seed in range(3):
    own = mt.split(small, seed=seed)
    on_seeds.loc[seed] = {name: auc_by(score, "degree", on=own) for name, score in rivals(own, seed).items()}
on_seeds.round(3)

# %% tags=["solution"]
answers = {1: "better on every seed", -1: "worse on every seed", 0: "the seeds differ"}
print("counted against skip-gram:", answers[seed_verdict(on_seeds["counted"], on_seeds["skip-gram"])])

# %% [markdown] tags=["solution"]
# On the groceries the counts win on every seed, and not narrowly. A fine headline. But a count is done after one pass,
# and skip-gram was given no more than one. Is it the method, then, or the training? One change, on the last split:

# %% tags=["solution"]
longer = {name: auc_by(score, "degree", on=own) for name, score in rivals(own, seed, epochs=5).items()}
print(f"five epochs of skip-gram: {longer['skip-gram']:.3f}, counted: {longer['counted']:.3f}")

# %% [markdown] tags=["solution"]
# On the groceries most of the lead is gone, or all of it. So the finding is "as good after a single pass", not
# "better", and three agreeing seeds could not tell the two apart: they show that a difference is no luck, never what it
# is due to. What is left open is the whole shop, and whether either is ahead once both are done learning.

# %% [markdown]
# ## What we learned
#
# - An AUC is a comparison with false pairs, so it is no better than they are. Popularity comes first in every table.
# - One split, one corpus, one process each: then a difference belongs to the methods.
# - Take a win apart, one change at a time. "Skip-gram beats factorisation" was two claims, and one was of the data.
# - Say what you do with items that were never seen, or leave them out and say that.
# - A difference counts when every seed agrees on its sign. The rest is for the next experiment.
#
# ## Next
#
# [05 · Find the bug](05_find_the_bug.ipynb): figures that look too good, and the controls that find out why.
