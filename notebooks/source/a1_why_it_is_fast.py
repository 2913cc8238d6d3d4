# %% [markdown]
# # A1 · Why it is fast

# %% [markdown]
# You will
#
# - begin with the way skip-gram is mostly written in PyTorch, and make it faster in five steps, timed on your machine
# - prove after every step that the loss is still the same, and say what sharing negatives changes and what it doesn't
# - write the gradient of the loss by hand, and hold it against autograd's
# - measure what your machine could do at best, see how far from it the last step is, and what it waits for
# - do the same for random walks: from a loop over nodes to all walkers at once
#
# An appendix: about 40 minutes, one of them computing, and half an hour for the four exercises at the end.
# Prerequisite: [lesson 02](02_skip_gram.ipynb), for walks, windows, negatives and the loss.

# %% tags=["setup"]
import importlib.util

if importlib.util.find_spec("mtsgns_lite") is None:
    raise ModuleNotFoundError("The course is not installed here: the README says how, in two commands.")

# %% [markdown]
# The parameters, as in every lesson. `DATASET` is not used here: all times are taken on a generated graph, the same for
# everybody. They are taken on the processor, unless you name another `DEVICE`.

# %% tags=["parameters"]
SMOKE = False
SEED = 0
DATASET = "groceries"
DEVICE = None

# %%
import random
import time

import numpy as np
import pandas as pd
import torch
from torch.nn.functional import normalize, softplus

import mtsgns_lite as mt
from mtsgns_lite import lesson
from mtsgns_lite.data.samples import Noise
from mtsgns_lite.views.figures import bars, grouped_bars, show

# %%
device = mt.pick_device(DEVICE or "cpu")
generator = torch.Generator(device).manual_seed(SEED)
print(f"on {device}, torch {torch.__version__}, {torch.get_num_threads()} thread(s)")

# %% [markdown]
# ## A graph for everybody
#
# Nodes have a popularity with a heavy tail, and live in communities of a hundred. An edge starts at a node drawn by
# popularity; its other end is drawn by popularity too, mostly from the same community.

# %%
NODES, COMMUNITY = (2_000 if SMOKE else 50_000), 100
rng = np.random.default_rng(SEED)
reach = np.append(0, (rng.pareto(1.5, NODES) + 1).cumsum())  # a line; each node has a stretch
source = reach.searchsorted(rng.random(5 * NODES) * reach[-1], "right") - 1

# %%
first_of_own = source // COMMUNITY * COMMUNITY
inside = rng.random(len(source)) < 0.8
low = np.where(inside, reach[first_of_own], 0)
high = np.where(inside, reach[first_of_own + COMMUNITY], reach[-1])
target = reach.searchsorted(low + rng.random(len(source)) * (high - low), "right") - 1
graph = mt.Graph.from_edges(mt.Edges(source, target, np.ones(len(source))), NODES).to(device)

# %%
alive = torch.nonzero(graph.degrees > 0).ravel()
print(f"{len(alive):,} nodes with edges, {len(graph.neighbours) // 2:,} edges")
usual, most = int(graph.degrees[alive].median()), int(graph.degrees.max())
print(f"neighbours of a node: median {usual}, most {most:,}")

# %% [markdown]
# ## One batch, and three kinds of noise
#
# All steps learn from batches of walks, ten nodes each, with a window of five and five negatives a pair. What differs
# is how the negatives are drawn: for each pair its own, or one set for a walk, or one set for four walks.

# %%
DIM, LENGTH, WINDOW, NEGATIVES, SET = 128, 10, 5, 5, 20
BATCH = 32 if SMOKE else 128  # walks
distance = (torch.arange(LENGTH)[:, None] - torch.arange(LENGTH)).abs().to(device)
band = ((distance > 0) & (distance <= WINDOW)).float()  # 1 where place j is a context of place i
first, second = band.nonzero().T  # the same as a list of pairs
PAIRS = len(first)

# %%
noise_of = Noise(graph.expected_visits(LENGTH))


def noise(kind, walks=BATCH):
    """Node numbers: (walks, pairs, 5) for "own", (walks, 20) for "walk", (walks / 4, 20) for "four"."""
    shapes = {"own": (walks, PAIRS, NEGATIVES), "walk": (walks, SET), "four": (walks // 4, SET)}
    return noise_of.draw(shapes[kind], generator)


# %%
def draw(kind):
    """A batch: (BATCH, LENGTH) nodes, and noise of a kind."""
    starts = alive[torch.randint(len(alive), (BATCH,), generator=generator, device=device)]
    return graph.walks(starts, LENGTH, generator=generator), noise(kind)


# %% [markdown]
# ## Three numbers by hand
#
# A **token** is one node of a walk; speed is tokens per second. Before anything is timed, count the rows that are
# fetched from the tables. A pair spelled out needs its target, its context and five negatives. **Predict:** how many
# rows is that per token?

# %% tags=["deterministic"]
print("pairs in a walk:", PAIRS)
print("rows per token, each pair spelled out:  ", PAIRS * (2 + NEGATIVES) / LENGTH)
print("rows per token, each row of a walk once:", 2 + PAIRS * NEGATIVES / LENGTH)
print("rows per token, twenty negatives shared by four walks:", 2 + SET / (4 * LENGTH))

# %% [markdown]
# If fetching rows were all, you could read the factors off these numbers. It is not all, which is why we measure.
#
# ## How to take the time
#
# Batches are drawn beforehand. Two steps to warm up, then at least five that count, and the median of them: a mean
# would remember every moment in which the machine did something else.

# %%
SECONDS = 0.05 if SMOKE else 1.5
speed = {}


def tokens_per_second(step, kind):
    batches, times = [draw(kind) for _ in range(8)], []
    for batch in batches[:2]:
        step(*batch)
    while len(times) < 5 or sum(times) < SECONDS:
        started = time.perf_counter()
        step(*batches[len(times) % 8]).item()
        times.append(time.perf_counter() - started)
    return BATCH * LENGTH / np.median(times)


# %%
def measure(name, step, kind):
    """Time a step, and compare it with the one measured before."""
    speed[name] = tokens_per_second(step, kind)
    place = list(speed).index(name)
    print(f"{name}: {speed[name]:,.0f} tokens a second")
    if place:
        before = list(speed)[place - 1]
        print(f"{speed[name] / speed[before]:.2f} times as fast as {before}")


# %% [markdown]
# And how to prove that two steps do the same: the same tables, the same walks, the same noise, so the same loss, up to
# the rounding of 32-bit numbers.


# %%
def prove(what, one, other, tolerance=1e-5):
    """Are two tensors the same, measured by the largest number in them?"""
    difference = ((one - other).abs().max() / one.abs().max()).item()
    assert difference < tolerance, f"{what}: they differ by {difference:.1e}"
    print(f"OK: {what}")


# %% [markdown]
# On fresh tables every score is nearly zero, and a proof would be cheap. So the library trains a pair of tables for an
# epoch. By the end of the lesson you will have written what happens in this cell.

# %%
catalogue = mt.Catalogue([f"node {number}" for number in range(NODES)])
model = mt.SGNS(catalogue, dim=DIM, seed=SEED)
samples = mt.Walks(graph, LENGTH, per_node=1, batch_size=BATCH)
history = mt.fit(model, samples, device=device, seed=SEED, progress=False)
start = model.target.weight, model.context.weight
history

# %%
walks, own_noise = draw("own")  # the batch of all proofs


def copies():
    return [table.clone() for table in start]


# %% [markdown]
# ## 1 · The published way
#
# Write down the formula for one pair, then let PyTorch do many. u, v and n are rows: of the target, its context, and
# the negatives. The mean over the negatives times five is their sum, and stays right for any other number of them.


# %%
def pair_loss(u, v, n):
    """u, v (P, d), n (P, k, d): the mean over pairs, each counting five negatives."""
    yes = softplus(-(u * v).sum(dim=1))
    no = softplus((n @ u[:, :, None])[:, :, 0]).mean(dim=1) * NEGATIVES
    return (yes + no).mean()


# %% [markdown]
# The tables are `nn.Embedding(sparse=True)`: their gradient names only the rows that were asked for. `SparseAdam` is
# the optimiser for such gradients. Most published code for skip-gram and node2vec in PyTorch reads like this.


# %%
def sparse(tables):
    """Two embedding tables, and their optimiser."""
    embedding = torch.nn.Embedding.from_pretrained
    made = [embedding(table, freeze=False, sparse=True) for table in tables]
    return *made, torch.optim.SparseAdam([table.weight for table in made], lr=0.01)


def by_pairs(tables):
    target, context, adam = sparse(tables)

    def step(walks, noise):
        u, v = target(walks[:, first].flatten()), context(walks[:, second].flatten())
        loss = pair_loss(u, v, context(noise.flatten(0, 1)))
        adam.zero_grad()
        loss.backward()
        adam.step()
        return loss.detach()

    return step


# %%
loss = by_pairs(copies())(walks, own_noise)  # of the first step, before it changes anything
print(f"loss {loss:.4f}")
measure("pairs", by_pairs(copies()), "own")

# %% [markdown]
# This is what everything below is compared with. It is a fair opponent: the pairs come as arrays, and a large batch
# suits it. Loaders that make pairs one by one in Python are slower still.
#
# ## 2 · A walk is a matrix product
#
# A node is the target of up to ten pairs, and its row is fetched for each of them. So fetch every row of a walk once.
# All scores between its places are then one product, T Cᵀ, and the band picks those within the window.


# %%
def walk_loss(t, c, n):
    """t, c (B, L, d), n (B, P, k, d): the same mean over the same pairs."""
    yes = (softplus(-t @ c.transpose(1, 2)) * band).sum()
    of_pair = t.index_select(1, first)  # (B, P, d) the target of each pair
    no = softplus((n @ of_pair[..., None])[..., 0]).mean(dim=2).sum() * NEGATIVES
    return (yes + no) / (len(t) * PAIRS)


# %%
def by_walks(tables, loss_of=walk_loss):
    target, context, adam = sparse(tables)

    def step(walks, noise):
        loss = loss_of(target(walks), context(walks), context(noise))
        adam.zero_grad()
        loss.backward()
        adam.step()
        return loss.detach()

    return step


# %% [markdown]
# **Predict:** is the loss the same? And how much faster is it? Remember the counts above: how many of the rows were
# negatives?

# %%
prove("matrices give the loss of pairs", by_walks(copies())(walks, own_noise), loss)
measure("matrices", by_walks(copies()), "own")

# %% [markdown]
# The product spares the rows of targets and contexts, but each pair still has five negatives, and they are most of
# what is fetched. The idea is right; it has to wait for the step that makes it count.
#
# ## 3 · Only the rows that were asked for
#
# A sparse gradient is a list of row numbers and rows, which PyTorch must sort and merge, and which Adam reads several
# times, with two more numbers for each number of a row. We can do without all that.
#
# **Gather** the rows, and let them be what is differentiated. **Scatter** the step back: add up the gradients of a row
# that came more than once, divide by the root of what the row has seen so far, subtract. That is Adagrad with one
# number per row.


# %%
class Rows:
    """A table with row-wise Adagrad, which changes only the rows that were asked for."""

    def __init__(self, weight, rate=0.2):
        self.weight, self.rate, self.state = weight, rate, weight.new_zeros(len(weight))

    def gather(self, ids):
        return self.weight.index_select(0, ids.flatten()).view(*ids.shape, -1)

    def scatter(self, ids, gradients):
        ids, place = torch.cat([part.flatten() for part in ids]).unique(return_inverse=True)
        parts = torch.cat([part.flatten(0, -2) for part in gradients])
        total = parts.new_zeros(len(ids), parts.shape[1])
        total.scatter_add_(0, place[:, None].expand_as(parts), parts)  # a row's gradients, summed
        state = self.state.index_select(0, ids) + total.square().mean(dim=1)
        self.state.index_copy_(0, ids, state)
        total *= (-self.rate / state.sqrt().clamp(min=1e-10))[:, None]
        self.weight.scatter_add_(0, ids[:, None].expand_as(total), total)


# %% [markdown]
# The gradient is still autograd's. Only that it now stops at the gathered rows, and never hears of tables.


# %%
def autograd(loss_of):
    """Rows -> the loss and the gradient of each."""

    def both(*rows):
        loss = loss_of(*[row.requires_grad_() for row in rows])
        return loss.detach(), torch.autograd.grad(loss, rows)

    return both


# %%
def gathered(tables, loss_and_gradients, table_of=Rows):
    target, context = [table_of(table) for table in tables]

    def step(walks, noise):
        rows = target.gather(walks), context.gather(walks), context.gather(noise)
        loss, (of_target, of_context, of_noise) = loss_and_gradients(*rows)
        target.scatter([walks], [of_target])
        context.scatter([walks, noise], [of_context, of_noise])
        return loss

    return step


# %%
prove("gathered rows give the same loss", gathered(copies(), autograd(walk_loss))(walks, own_noise), loss)
measure("gathered rows", gathered(copies(), autograd(walk_loss)), "own")

# %% [markdown]
# To be exact about what changed: the loss and its gradient are the same, the optimiser is another. Adagrad was not
# chosen for speed alone; rare rows keep large steps with it. The last exercise takes Adam along.
#
# This class is the library's `mt.Table`, which also remembers by itself which rows it has handed out. Give both the
# same three steps: do they hold the same numbers?

# %%
ours, table = Rows(start[0].clone()), mt.Table(NODES, DIM, rate=0.2).to(device)
table.weight.copy_(start[0])
for ids in (walks, walks[:4], walks[2:]):
    ours.scatter([ids], [ours.gather(ids).cos()])
    table(ids).sin().sum().backward()  # the slope of the sine is the cosine
    table.update()
prove("Rows and mt.Table hold the same numbers", ours.weight, table.weight)

# %% [markdown]
# ## 4 · Negatives in company
#
# Lesson 02 proved on one small row that negatives may be shared. Here a set of twenty serves all places of a walk, each
# weighted by 5/20. The noise scores become a matrix product as well, and a place counts them once for each context.

# %%
contexts = band.sum(dim=1)  # (L,) of each place


def shared_loss(t, c, n):
    """n (G, N, d): each of the G sets serves B / G walks."""
    yes = (softplus(-t @ c.transpose(1, 2)) * band).sum()
    noise_scores = t.reshape(len(n), -1, DIM) @ n.transpose(1, 2)  # (G, B/G * L, N)
    no = (softplus(noise_scores).mean(dim=2).view(-1, LENGTH) * contexts).sum() * NEGATIVES
    return (yes + no) / (len(t) * PAIRS)


# %% [markdown]
# What is there to prove? That this is the loss of pairs for *these* negatives. So spell it out once more in the
# published way: every pair is given the whole set of its walk, and the mean over it counts as five. A few walks
# will do.


# %%
def spelled_out(noise):
    """(G, N) sets -> (walks, PAIRS, N): for each pair the whole set that serves its walk."""
    return noise.repeat_interleave(len(some) // len(noise), dim=0)[:, None].expand(len(some), PAIRS, SET)


# %%
some = walks[:32]
for kind in ("walk", "four"):
    shared = noise(kind, len(some))
    short = gathered(copies(), autograd(shared_loss))(some, shared)
    long = by_pairs(copies())(some, spelled_out(shared))
    prove(f'"{kind}": shared noise gives the loss of pairs', short, long)

# %%
measure("noise of a walk", gathered(copies(), autograd(shared_loss)), "walk")

# %%
measure("noise of four walks", gathered(copies(), autograd(shared_loss)), "four")

# %% [markdown]
# Now the tables are asked for few rows, and both products are large enough to be worth a processor's while. What does
# it cost? **Sharing changes which negatives are drawn.** Each is still drawn by popularity, so the loss has the same
# mean. But there are fewer of them, and the estimate varies more.
#
# Don't take it on trust: keep these walks and draw their noise anew many times, in each of the three ways.

# %%
t, c = start[0][some], start[1][some]


def estimates(kind, loss_of, draws=20 if SMOKE else 200):
    """The loss of the same walks, with fresh noise each time."""
    return np.array([loss_of(t, c, start[1][noise(kind, len(some))]).item() for _ in range(draws)])


# %%
found = {"own": estimates("own", walk_loss)}
found |= {kind: estimates(kind, shared_loss) for kind in ("walk", "four")}
noisy = pd.DataFrame({"mean": {kind: values.mean() for kind, values in found.items()}})
noisy["standard error"] = [values.std(ddof=1) / len(values) ** 0.5 for values in found.values()]
noisy["spread"] = [values.std(ddof=1) for values in found.values()]
noisy.round(5)

# %% [markdown]
# Do the means agree? Their difference should be a few standard errors at most, and the standard error of a difference
# is the root of the sum of both squares.

# %%
for kind in ("walk", "four"):
    error = np.hypot(noisy.loc["own", "standard error"], noisy.loc[kind, "standard error"])
    apart = (noisy.loc[kind, "mean"] - noisy.loc["own", "mean"]) / error
    print(f"{kind}: the mean differs by {apart:+.1f} standard errors of the difference")
    assert abs(apart) < 5

# %% [markdown]
# And is the larger spread a worry? Compare it with one that training has anyhow: take other walks, and the loss changes
# as well.

# %%
parts = [draw("own")[0][:32] for _ in range(20)]
own = [start[1][noise("own", len(part))] for part in parts]
losses = [walk_loss(start[0][p], start[1][p], n).item() for p, n in zip(parts, own)]
spreads = {"other walks": np.std(losses, ddof=1)}
spreads |= {f"other noise: {kind}": noisy.loc[kind, "spread"] for kind in found}
ratio = spreads["other noise: four"] / spreads["other walks"]
title = f"Other noise for four walks moves the loss {ratio:.2f} times as much as other walks do"

# %% tags=["picture"]
show(bars(spreads, title, f"spread of the loss of {len(some)} walks"), title)

# %% [markdown]
# The first bar is there whatever we do about negatives. While the others are short beside it, sharing costs nothing you
# could notice; where they are as long, each step is a little noisier, and the time saved pays for many more steps.
# Which of the two wins is seen further down, in what is learned in the same time.
#
# ## 5 · The gradient by hand
#
# Autograd records what we do, and plays it backwards, one small operation after the other. The loss is short enough to
# do that on paper. The slope of softplus(x) is σ(x), so each score has a slope of its own:
#
# - of a true pair, −log σ(x): the slope is σ(x) − 1, where the band is 1;
# - of a negative, counted by c contexts and weighted by 5/N: the slope is σ(x) · 5c/N.
#
# And a score is a product of rows: what goes back to one of them is the slope times the other. In matrices: if
# X = T Cᵀ has the slopes D, then T's gradient is D C, and C's is Dᵀ T.


# %%
def by_hand(t, c, n):
    """`shared_loss` and its gradients, without autograd."""
    scores, groups = t @ c.transpose(1, 2), t.reshape(len(n), -1, DIM)
    noise_scores = groups @ n.transpose(1, 2)
    weight = band / (len(t) * PAIRS)
    noise_weight = (NEGATIVES / n.shape[1] * weight.sum(dim=1)).repeat(len(t) // len(n))[:, None]
    loss = (softplus(-scores) * weight).sum() + (softplus(noise_scores) * noise_weight).sum()

    slope = (scores.sigmoid() - 1) * weight
    noise_slope = noise_scores.sigmoid() * noise_weight
    of_target = slope @ c + (noise_slope @ n).view_as(t)
    return loss, (of_target, slope.transpose(1, 2) @ t, noise_slope.transpose(1, 2) @ groups)


# %% [markdown]
# Derived on paper, so trust it only so far. Autograd is right there to be asked: are the three gradients the same, and
# the loss?

# %%
shared = noise("four")
rows = start[0][walks], start[1][walks], start[1][shared]
loss, slopes = by_hand(*rows)
expected, expected_slopes = autograd(shared_loss)(*[row.clone() for row in rows])
prove("the loss", loss, expected)
for name, slope, wanted in zip(("target", "context", "noise"), slopes, expected_slopes):
    prove(f"the gradient of {name} rows", slope, wanted)

# %%
measure("gradient by hand", gathered(copies(), by_hand), "four")

# %% [markdown]
# This is the one step with a price for the reader: a second form of the same thing, to be kept in tune with the first.
# The rule of this house is to leave a trick out if it gains less than some 15 per cent, and to keep the proof beside
# it if it stays. It is in the library, where walks share forty negatives and it gains more than here: as `SgnsLoss`,
# beside `sgns_loss`. Any other loss still has autograd.
#
# ## All steps
#
# Side by side: rows fetched for a token, tokens a second, and the factor of each step on the one before.

# %%
own, of_walk, of_four = PAIRS * NEGATIVES / LENGTH, SET / LENGTH, SET / (4 * LENGTH)  # noise
fetched = [2 * PAIRS / LENGTH + own, 2 + own, 2 + own, 2 + of_walk, 2 + of_four, 2 + of_four]
rate = pd.Series(speed)
factor = rate / rate.shift()

# %%
steps = pd.DataFrame({"rows a token": fetched}, list(speed))
steps["tokens a second"] = rate.map("{:,.0f}".format)
steps["times the one before"] = factor.map("{:.2f}".format).where(factor.notna(), "")
steps["times the first"] = (rate / rate["pairs"]).round(1)
steps

# %% tags=["picture"]
whole = rate.iloc[-1] / rate["pairs"]
title = f"{whole:.0f} times as fast in all; the largest single factor is “{factor.idxmax()}”"
show(bars((rate / rate["pairs"]).to_dict(), title, "times as fast as the first"), title)

# %%
lesson.headline("the last step against the published way", f"{whole:.0f} times", "tokens a second")

# %% [markdown]
# A factor depends on its place in the order: a step gains little while another bottleneck stands. So ask the other way
# round, too. Take the last way, and take **one** idea out of it. First the matrix product: score the true pairs one by
# one again, on gathered rows and shared noise.


# %%
def pairwise_shared_loss(t, c, n):
    """`shared_loss`, its true pairs one by one."""
    yes = softplus(-(t.index_select(1, first) * c.index_select(1, second)).sum(dim=2)).sum()
    noise_scores = t.reshape(len(n), -1, DIM) @ n.transpose(1, 2)
    no = (softplus(noise_scores).mean(dim=2).view(-1, LENGTH) * contexts).sum() * NEGATIVES
    return (yes + no) / (len(t) * PAIRS)


# %%
ways = {
    "matrices": lambda: gathered(copies(), autograd(pairwise_shared_loss)),
    "gathered rows": lambda: by_walks(copies(), shared_loss),
}
loss = shared_loss(start[0][walks], start[1][walks], start[1][shared])
for name, make in ways.items():
    prove(f"without {name}, still the same loss", make()(walks, shared), loss)
without = {name: tokens_per_second(make(), "four") for name, make in ways.items()}

# %% [markdown]
# The other two were measured on the way. Wherever an idea is missing, the gradient is autograd's again, since by hand
# it was derived for the form that has them all. **Predict:** which one is missed most?

# %%
without |= {"shared noise": speed["gathered rows"], "gradient by hand": speed["noise of four walks"]}
left = {f"without {name}": rate / speed["gradient by hand"] for name, rate in without.items()}
missed = min(left, key=left.get)

# %% tags=["picture"]
title = f"Most missed: {missed} the last way keeps {left[missed]:.0%} of its speed"
show(bars({"the last way": 1.0, **left}, title, "share of the speed of the last way"), title)

# %% [markdown]
# ## How far is the limit?
#
# A factor says how slow the first step was, not how good the last one is. For that, ask what the machine can do: how
# many bytes a second it copies, and how many multiply-adds a second a large matrix product does.


# %%
def shortest(do, repeats=7):
    """Seconds of the quickest of several runs."""
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        do().view(-1)[0].item()  # waits until it is done, on any device
        times.append(time.perf_counter() - started)
    return min(times)


# %%
def copy_rate(numbers):
    """Bytes a second, read and written, of a copy too large for most caches."""
    block = torch.ones(numbers, device=device)
    copied = torch.empty_like(block)
    return 2 * block.nbytes / shortest(lambda: copied.copy_(block))


# %%
bandwidth = copy_rate(2_000_000 if SMOKE else 16_000_000)
square = torch.ones(256 if SMOKE else 1_024, 256 if SMOKE else 1_024, device=device)
multiply_adds = len(square) ** 3 / shortest(lambda: square @ square)
print(f"memory {bandwidth / 1e9:.1f} GB/s, matrices {multiply_adds / 1e9:.0f} billion multiply-adds a second")

# %% [markdown]
# Now the least that a token of the last step needs. Its rows must be read once and written once. Its scores, with ten
# places and twenty negatives, take a product of `DIM` numbers each, and their gradients two more of the same size.

# %%
row_bytes = DIM * 4
least = {
    "rows, read and written once": 2 * fetched[-1] * row_bytes / bandwidth,
    "multiply-adds": 3 * (LENGTH + SET) * DIM / multiply_adds,
}
needed = max(least.values())
taken = 1 / speed["gradient by hand"]
for name, seconds in least.items():
    print(f"{name}: {seconds * 1e9:,.0f} ns, so at most {1 / seconds:,.0f} tokens a second")
print(f"the last step takes {taken * 1e9:,.0f} ns: {needed / taken:.0%} of the lower limit")

# %% [markdown]
# Where does the rest go? Listen to PyTorch while it takes one step: a *dispatch mode* sees every operation. We note how
# often each is called, how long it takes, and how many bytes it reads and writes, tables left out.

# %%
from torch.utils._python_dispatch import TorchDispatchMode


def tensors(given):
    if isinstance(given, torch.Tensor):
        yield given
    elif isinstance(given, (list, tuple)):
        for part in given:
            yield from tensors(part)


# %%
class Listener(TorchDispatchMode):
    """Notes every operation: its name, its seconds, and the bytes that go in and out."""

    def __init__(self):
        super().__init__()
        self.heard = []

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        started = time.perf_counter()
        result = operation(*args, **(kwargs or {}))
        seconds = time.perf_counter() - started
        if not operation.is_view:  # a view moves no numbers
            parts = [part for part in tensors([args, result]) if not part.dim() or len(part) < NODES]
            moved = sum(min(part.nbytes, part.untyped_storage().nbytes()) for part in parts)
            self.heard.append((operation.overloadpacket.__name__, seconds, moved))
        return result


# %%
def listen(step, times=20):
    """Calls, seconds and bytes of each operation, the mean over some steps."""
    batches, listener = [draw("four") for _ in range(times)], Listener()
    step(*batches[0])
    with listener:
        for batch in batches:
            step(*batch)
    heard = pd.DataFrame(listener.heard, columns=["operation", "seconds", "bytes"]).assign(calls=1)
    return heard.groupby("operation").sum() / times


# %%
by_operation = listen(gathered(copies(), by_hand)).sort_values("seconds", ascending=False)
calls, moved = by_operation["calls"].sum(), by_operation["bytes"].sum()
share = (by_operation["seconds"] / by_operation["seconds"].sum()).head(8)
dearest, part = share.index[0], share.iloc[0]
title = f"{calls:.0f} operations a step; the dearest is {dearest}, with {part:.0%} of the time"

# %% tags=["picture"]
show(bars(share.to_dict(), title, "share of the time inside operations"), title)

# %% [markdown]
# Each operation is quick. But each reads its input from memory, or from a cache, and writes its output back, where a
# loop in C would keep a number in a register and go on with it. And each call has a fixed price, which the smallest
# possible operation shows.

# %%
dot, calls_of = torch.ones(1, device=device), 1_000
fixed = shortest(lambda: [dot.add_(1) for _ in range(calls_of)][-1]) / calls_of
autograd_calls = listen(gathered(copies(), autograd(shared_loss)))["calls"].sum()
moved_by_token = moved / (BATCH * LENGTH)
print(f"bytes in and out of operations: {moved_by_token:,.0f} a token")
print(f"that is {moved_by_token / (2 * fetched[-1] * row_bytes):.1f} times the least")
print(f"a call costs {fixed * 1e6:.1f} µs at least")
print(f"calls in a step: {calls:.0f}, with autograd {autograd_calls:.0f}")

# %% tags=["picture"]
account = {
    "rows, once each way": least["rows, read and written once"],
    "multiply-adds, at best": least["multiply-adds"],
    "all bytes of all operations": moved_by_token / bandwidth,
    "fixed price of the calls": calls * fixed / (BATCH * LENGTH),
    "the last step, as timed": taken,
}
title = f"A token takes {taken * 1e9:,.0f} ns, and would need {needed * 1e9:,.0f} ns at the least"
nanoseconds = {name: seconds * 1e9 for name, seconds in account.items()}
show(bars(nanoseconds, title, "nanoseconds a token"), title)

# %% [markdown]
# Read it like this. The longer of the first two bars is the limit: what the step needs of memory or of arithmetic, at
# the best rates we saw. The third is what it moves as a chain of operations, as if nothing ever stayed in a cache. The
# fourth is paid even for empty operations. Sorting row numbers, exponentials, and products of small matrices, which
# run below the rate of a large one, take the rest.
#
# So one could still go on: a compiled loop that keeps a walk in cache and fuses everything would come nearer to the
# limit. It would also be a few hundred lines of another language. This library stops here on purpose.
#
# ## What a factor buys
#
# Fresh tables and the same few seconds for the first way, for gathered rows with their own negatives, and for the last
# way, drawing included. Then take some nodes and look at the nearest other node of each. How often is it from the same
# community?


# %%
def after(make, kind, seconds=0.3 if SMOKE else 5):
    """Train for some seconds: tokens seen, and how often the nearest node is of the own community."""
    target = (torch.rand(NODES, DIM, generator=generator, device=device) - 0.5) / DIM
    step, done, started = make([target, torch.zeros_like(target)]), 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        step(*draw(kind)).item()
        done += BATCH * LENGTH
    unit = normalize(target)
    asked = alive[:: max(1, len(alive) // 250)]
    alike = (unit[asked] @ unit.T).scatter_(1, asked[:, None], -1.0)  # not itself
    return done, (alike.argmax(dim=1) // COMMUNITY == asked // COMMUNITY).float().mean().item()


# %%
seen, right = {}, {"by chance": (COMMUNITY - 1) / (NODES - 1)}
for name, make, kind in (
    ("the first way", by_pairs, "own"),
    ("gathered rows", lambda tables: gathered(tables, autograd(walk_loss)), "own"),
    ("the last way", lambda tables: gathered(tables, by_hand), "four"),
):
    seen[name], right[name] = after(make, kind)
    print(f"{name}: {seen[name]:,} tokens, {right[name]:.1%} of nearest nodes are of the own community")

# %% tags=["picture"]
first_way, last_way = right["the first way"], right["the last way"]
title = f"In the same time: {first_way:.0%} right with the first way, {last_way:.0%} with the last"
show(bars(right, title, "nearest node is of the own community"), title)

# %% [markdown]
# Between the first way and the others the optimiser differs too; between the last two only the speed and the sharing.
# A factor in tokens is worth what is learned from them. So in the end measure the time until a quality is reached, as
# `make bench` does against other libraries.
#
# ## Walks
#
# The same story, once more. The published loop stands on a node, asks `random.choices` for one neighbour by weight,
# goes there, and does so for one walker after the other.

# %%
place, weights = graph.starts.tolist(), graph.weights.tolist()
neighbours = graph.neighbours.tolist()
near = [(neighbours[a:b], weights[a:b]) for a, b in zip(place, place[1:])]


def walk_loop(node):
    walk = [node]
    while len(walk) < LENGTH:
        walk.append(random.choices(*near[walk[-1]])[0])
    return walk


# %% [markdown]
# `graph.walks` keeps one running total of all weights, row after row. A node's edges are a stretch of it, so a random
# point in that stretch is a random edge, by weight. All walkers draw their points at once, and one `searchsorted` finds
# all edges. (The library also remembers where in a row to begin looking, so that few points need the search at all.) In
# short:


# %%
def step_of_all(nodes):
    """(walkers,) nodes -> their next nodes."""
    begin, end = graph.starts[nodes], graph.starts[nodes + 1] - 1
    low, high = torch.where(begin > 0, graph.reach[begin - 1], 0.0), graph.reach[end]
    point = torch.rand(len(nodes), generator=generator, device=device, dtype=torch.float64)
    edge = torch.searchsorted(graph.reach, low + point * (high - low), right=True)
    return graph.neighbours[edge.clamp(begin, end)]  # against rounding


# %%
starts = alive[torch.randperm(len(alive), generator=generator, device=device)[:20_000]]
written_here = [starts]
for _ in range(LENGTH - 1):
    written_here.append(step_of_all(written_here[-1]))
written_here = torch.stack(written_here, dim=1).cpu()

# %% [markdown]
# The same nodes to start from, for the loop and for `graph.walks`. **Predict** the factor: a step of the loop is one
# call of a Python function, a step of all is a handful of operations for thousands of walkers.

# %%
random.seed(SEED)
from_here, tokens = starts.tolist(), len(starts) * LENGTH
looped = torch.tensor([walk_loop(node) for node in from_here])
loop_rate = tokens / shortest(lambda: torch.tensor([walk_loop(node) for node in from_here]), 3)
all_rate = tokens / shortest(lambda: graph.walks(starts, LENGTH, generator=generator), 3)

# %%
print(f"loop {loop_rate:,.0f} tokens a second, all at once {all_rate:,.0f}")
lesson.headline("walks all at once against the loop", f"{all_rate / loop_rate:.0f} times", "tokens a second")

# %% [markdown]
# Are they the same walks? Not number by number, since the dice fall differently. But the visits must be spread alike.
# Sort the nodes by how many neighbours they have, and see how often each way comes by.

# %%
group = graph.degrees.clamp(min=1).log2().long().clamp(max=6).cpu()  # 1, 2 to 3, 4 to 7, ...
names = ["1 neighbour", *[f"{2**k} to {2 * 2**k - 1} neighbours" for k in range(1, 6)], "64 and more"]


def visits(paths):
    """(walks, 7): the share of each walk that each group has."""
    return torch.nn.functional.one_hot(group[paths.cpu()], len(names)).double().mean(dim=1)


# %%
library = graph.walks(starts, LENGTH, generator=generator)
came_by = {"loop": visits(looped), "written here": visits(written_here), "graph.walks": visits(library)}
shares = {name: own.mean(dim=0) for name, own in came_by.items()}
error = (2 * came_by["loop"].var(dim=0) / len(starts)).sqrt()  # of the difference of two means
furthest = max(((shares["loop"] - own) / error).abs().max().item() for own in shares.values())
assert furthest < 6
title = f"Visits: no group differs from the loop's by more than {furthest:.1f} standard errors"

# %% tags=["picture"]
by_group = {name: dict(zip(names, own.tolist())) for name, own in shares.items()}
show(grouped_bars(by_group, title, "share of visits"), title)

# %% [markdown]
# The same distribution. The loop has to build a running total of a node's weights each time it stands there, and pays
# for Python at every step; the array version pays for Python once for all walkers.
#
# ## The library call
#
# All of it together is one line, `mt.fit(mt.SGNS(...), mt.Walks(...))`, the one that trained our tables at the start:
# walks, noise, steps, and a schedule for the step size.

# %%
whole_rate = len(alive) * LENGTH / history.seconds
print(f"mt.fit, walks and noise included: {whole_rate:,.0f} tokens a second")
print(f"our last step alone:              {speed['gradient by hand']:,.0f} tokens a second")

# %% [markdown]
# ## Check yourself
#
# Predict first; then run the lines in a new cell below the question, and only then open the answer.

# %% [markdown]
# **1.** A batch of eight walks is a small part of `BATCH`. What becomes of the time for a token?
#
# ```python
# step, few = gathered(copies(), by_hand), noise("four")
# for part in (8, BATCH):
#     seconds = shortest(lambda: step(walks[:part], few[: part // 4]), 30)
#     print(f"{part} walks: {seconds / (part * LENGTH) * 1e9:,.0f} ns a token")
# ```
#
# <details><summary>Answer</summary>
#
# It is clearly longer. A step makes as many calls for eight walks as for all of them, and each call has its fixed
# price. With fewer tokens in a batch, fewer share that price. In the account of a token above, its bar would grow.
# </details>

# %% [markdown]
# **2.** Let all these walks share *one* set of twenty negatives. Is the mean of the loss still right? And its spread,
# beside that of sets for four walks?
#
# ```python
# one = [shared_loss(t, c, start[1][noise_of.draw((1, SET), generator)]).item() for _ in range(200)]
# print(f"all: mean {np.mean(one):.3f}, spread {np.std(one, ddof=1):.3f}")
# print(noisy[["mean", "spread"]].round(3))
# ```
#
# <details><summary>Answer</summary>
#
# The mean agrees, up to its own standard error, which is the spread over the root of the number of draws. Each
# negative is drawn as before. The spread is by far the widest. All walks have the same luck now, where eight sets
# used to even it out; eight times fewer draws spread about √8 times as far.
# </details>

# %% [markdown]
# **3.** Somebody shares twenty negatives and forgets the weight 5/20. What does that change in the scores that
# training is after? Take a pair that is as frequent in walks as in noise, and look where its loss is least.
#
# ```python
# score = torch.linspace(-6, 6, 1_201)
# for k in (NEGATIVES, SET):
#     best = (softplus(-score) + k * softplus(score)).argmin()
#     print(f"{k} negatives that count in full: the loss is least at {score[best]:.2f}")
# ```
#
# <details><summary>Answer</summary>
#
# All scores are to be lower by log 20 − log 5 = log 4. It is the loss of twenty negatives a pair: another model, not
# a faster form of the same.
# </details>

# %% [markdown]
# **4.** A row is asked for twice in a batch, with the same gradient. Which moves it further: the sum in one step, or
# the two gradients one after the other?
#
# ```python
# once, twice = Rows(torch.zeros(1, DIM)), Rows(torch.zeros(1, DIM))
# ids, ones = torch.zeros(2, dtype=torch.long), torch.ones(2, DIM)  # row 0, two times
# once.scatter([ids], [ones])
# twice.scatter([ids[:1]], [ones[:1]])
# twice.scatter([ids[1:]], [ones[1:]])
# print(f"summed: {once.weight[0, 0]:.3f}, one after the other: {twice.weight[0, 0]:.3f}")
# ```
#
# <details><summary>Answer</summary>
#
# One after the other, by a factor of 1 + 1/√2. Summed, the row takes one step, and Adagrad's first step has the size
# of the rate, however large the gradient. One after the other it takes that step too, and then a second, of rate/√2,
# since the state holds two equal squares by then. A row that comes often would run far ahead; the sum is what its
# gradient *is*.
# </details>

# %% [markdown]
# **5.** In a copy of `by_hand` the − 1 is forgotten in what goes to the target. Would the proof of the *loss* notice?
# Give both the same batch again and again: what does its loss do?
#
# ```python
# def careless(t, c, n):
#     loss, (of_target, *others) = by_hand(t, c, n)
#     return loss, (of_target + band @ c / (len(t) * PAIRS), *others)
# for way in (by_hand, careless):
#     step = gathered(copies(), way)
#     print(way.__name__, [round(step(walks, shared).item(), 2) for _ in range(8)])
# ```
#
# <details><summary>Answer</summary>
#
# The first loss is the same to the last digit: a loss proves nothing about its gradient. Only the proof of the
# target's gradient notices, and so does the same batch. With the right gradient it is soon known by heart, and its
# loss goes towards 0; with the wrong one it falls too, but stays well above, and jumps about.
# </details>

# %% [markdown]
# ## Exercises
#
# Write each function, then run the cell below it: it says whether the answer is right, and if not, gives a hint. Ask
# as often as you like.
#
# ### 1. Rows, counted
#
# The lesson counted the rows of a token for its own batch. Count those that a step gathers for any batch: each row of a
# walk once, as from step 2 on, and the negatives. `company` is the number of walks that share a set; 0 says that none
# do, and each pair has its own. Places near the ends of a walk have fewer contexts, and the last set may serve fewer
# walks. Such a count tells what a change can gain, before you write it.


# %% tags=["exercise"]
def rows_fetched(walks, length, window, negatives, company):
    """Rows gathered for a batch: five whole numbers -> one.

    negatives : for each pair of places if company is 0, else for each `company` walks.
    """
    # How many contexts has the first place of a walk, and how many has the second?
    pairs = 2 * sum(min(window, place) for place in range(length))  # as many after a place as before one
    users = -(-walks // company) if company else walks * pairs
    return 2 * walks * length + users * negatives


# %%
mt.check.rows_fetched(rows_fetched)

# %% [markdown]
# ### 2. The gradient of pairs
#
# Step 5 has it for whole walks. Go back to pairs, as in step 1: a pair's loss is softplus(−u·v) plus the *sum* of
# softplus(u·n) over its negatives n, and all pairs are averaged. Write the three gradients of that mean, without
# autograd. u stands in several scores, v and each n in one. With a slope for each score, three lines are enough. Who
# can do this can say what a step of training does to each row.


# %% tags=["exercise"]
def sgns_gradient(u, v, noise):
    """u, v (P, d), noise (P, k, d) -> du, dv, dnoise, of the same shapes.

    The gradients of the mean loss of P pairs, each with k negatives.
    """
    # First the slopes: of each pair's score, and of each negative's.
    slope = ((u * v).sum(dim=1, keepdim=True).sigmoid() - 1) / len(u)  # (P, 1)
    slope_of_noise = (noise @ u[:, :, None]).sigmoid() / len(u)  # (P, k, 1)
    return slope * v + (slope_of_noise * noise).sum(dim=1), slope * u, slope_of_noise * u[:, None]


# %%
mt.check.sgns_gradient(sgns_gradient)

# %% [markdown]
# ### 3. A step to hold others against
#
# `Rows.scatter` of step 3 is quick, and not easy to read. Write its rule as plainly as you can, say with a loop over
# the distinct rows. The gradients of a row that comes more than once are summed. Its state gains the mean of the
# squares of that sum. The row moves against the sum, by rate · sum / √state, with the new state; where the state is
# still 0, it stays. Return new tensors, and leave those you were given as they are: only then can two programs start
# from the same tables and be compared.


# %% tags=["exercise"]
def rowwise_adagrad(table, state, rows, gradients, rate):
    """One step for some rows: table (N, d), state (N,) -> both, new.

    rows (R,) : numbers of rows, which may repeat.
    gradients (R, d) : one for each of them.
    """
    table, state = table.clone(), state.clone()
    for row in set(rows.tolist()):
        gradient = gradients[rows == row].sum(dim=0)
        state[row] += gradient.square().mean()
        if state[row] > 0:
            table[row] -= rate * gradient / state[row].sqrt()
    return table, state


# %%
mt.check.rowwise_adagrad(rowwise_adagrad)

# %% [markdown]
# ### 4. A step of your own
#
# An open question. Change *one* thing in a step, and find out what it is worth. Say first what you expect, and from
# which count. It worked if three things hold:
#
# - after a few batches `prove` finds its tables equal to those of a step you trust
# - `tokens_per_second`, taken in turns (yours, the other, yours again), differs by more than it does between turns
# - the gain is some 15 per cent or more; else the trick goes
#
# Three to choose from:
#
# - *Adam, gathered.* Step 3 left the sparse tensor and Adam behind at once. Which of the two was it? Write a class
#   like `Rows` with Adam's two moments, hold it against `by_walks`, and give it to `gathered` as `table_of`.
# - *More company.* Sixteen walks to a set, then all walks of a batch. Where does the speed stop growing, and is the
#   spread of the loss worth it by then?
# - *Two at a time.* Take two ideas out of the last way instead of one. Is what is left the product of the two shares?

# %% [markdown] tags=["solution"]
# One answer among many: Adam, gathered. What to expect? Adam reads and writes three tables where Adagrad has one and a
# number a row, so the optimiser should matter. The sparse tensor must be sorted and merged, but `unique` sorts our row
# numbers too.


# %% tags=["solution"]
class AdamRows(Rows):
    """Adam for the rows that were asked for, and no others, which is what `SparseAdam` does."""

    def __init__(self, weight, rate=0.01):
        super().__init__(weight, rate)
        self.mean, self.square, self.steps = torch.zeros_like(weight), torch.zeros_like(weight), 0

    def scatter(self, ids, gradients):
        ids, place = torch.cat([part.flatten() for part in ids]).unique(return_inverse=True)
        parts = torch.cat([part.flatten(0, -2) for part in gradients])
        total = parts.new_zeros(len(ids), parts.shape[1])
        total.scatter_add_(0, place[:, None].expand_as(parts), parts)  # a row's gradients, summed
        self.steps += 1
        mean, square = self.mean[ids].lerp_(total, 0.1), self.square[ids].lerp_(total.square(), 0.001)
        self.mean.index_copy_(0, ids, mean)
        self.square.index_copy_(0, ids, square)
        warm = (1 - 0.999**self.steps) ** 0.5 / (1 - 0.9**self.steps)  # both moments start at 0
        self.weight.index_add_(0, ids, mean / (square.sqrt_() + 1e-8), alpha=-self.rate * warm)


# %% [markdown] tags=["solution"]
# Is it Adam at all? Three steps of torch's own, and three of this one, from the same tables.

# %% tags=["solution"]
theirs, mine = copies(), copies()
for step in (by_walks(theirs), gathered(mine, autograd(walk_loss), AdamRows)):
    for some_of in (slice(None), slice(0, BATCH // 2), slice(BATCH // 2, None)):
        step(walks[some_of], own_noise[some_of])
prove("the targets of SparseAdam and of AdamRows", theirs[0], mine[0])
prove("their contexts", theirs[1], mine[1])

# %% tags=["solution"]
contest = {
    "SparseAdam": lambda: by_walks(copies()),
    "Adam, gathered": lambda: gathered(copies(), autograd(walk_loss), AdamRows),
    "Adagrad, gathered": lambda: gathered(copies(), autograd(walk_loss)),
}
turns = pd.DataFrame([{name: tokens_per_second(make(), "own") for name, make in contest.items()} for _ in range(3)])
turns.agg(["min", "median", "max"]).T.round(-2)

# %% tags=["solution"]
for before, after_it in zip(list(contest), list(contest)[1:]):
    one, other = turns[before], turns[after_it]
    clear = other.min() > one.max() or other.max() < one.min()
    print(f"{after_it}: {other.median() / one.median():.2f} times as fast as {before}", "" if clear else "(not clear)")

# %% [markdown] tags=["solution"]
# The two factors multiply to about that of step 3; the one further from 1 had the larger part in it. "Not clear" is
# said where turns of one are within the turns of the other: there the machine had more to say than the change, and one
# should wait until it is quiet. A gathered Adam still has its three tables to go through, which no way of gathering
# can spare it.
#
# Speed is not all that differs. The same seconds with either, as in "What a factor buys", would say which of the two
# finds the communities first.

# %% [markdown]
# ## What we learned
#
# - Count what is fetched, then measure. The first shows where the time may go, the second where it goes.
# - A walk is one matrix product, and so is its noise once it is shared; then hardly any row is fetched twice.
# - Gather rows, differentiate them, scatter the step: no gradient of a table's size, and no sparse tensor.
# - Shared negatives keep the mean of the loss and widen its spread.
# - Each step was proved equal to the one before. Speed without that proof is only a different program.
# - The limit is measured, not guessed: bytes over bandwidth, multiply-adds over the rate of a large product.
#
# ## Next
#
# Back to [lesson 02](02_skip_gram.ipynb) with other eyes: `mt.sgns_loss` and `mt.Table` are what you have just written.
# `make bench` measures them against other libraries.
