# %% [markdown]
# # 10 · Beyond one machine: one model, several processes

# %% [markdown]
# You will
#
# - say what outgrows a machine first, and how many processes a catalogue of a given size takes, before anything is
#   trained;
# - cut a table over processes by hand, with questions, answers and gradients that travel, and prove that nothing is
#   lost;
# - break it in two ways that look harmless, and see what they cost;
# - train the model of lesson 03 by two processes on TorchRec's tables, kill one of them, and get the same bits;
# - say when all this pays, with measured numbers, and when it is only slower.
#
# About 75 minutes, two of them computing, and an hour for the exercises at the end, which check your answers.
# Prerequisites: lessons 02 and 03; appendix A1 helps, for its one step of row-wise Adagrad is used here.

# %% tags=["setup"]
import importlib.util

if importlib.util.find_spec("mtsgns_lite") is None:
    raise ModuleNotFoundError("The course is not installed here: the README says how, in two commands.")

# %% [markdown]
# The parameters, as in every lesson. `SMOKE = True` makes everything small and quick; `DATASET` may also be `"planted"`
# or the path of your own CSV; `DEVICE = None` picks for you.

# %% tags=["parameters"]
SMOKE = False
SEED = 0
DATASET = "groceries"
DEVICE = None

# %%
import json
import os
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import torch
import torch.nn.functional as F
from safetensors.torch import load_file

import mtsgns_lite as mt
from mtsgns_lite import lesson, manual, scale
from mtsgns_lite.data.disk_graph import open_graph
from mtsgns_lite.scale.addresses import generator_at
from mtsgns_lite.scale.budget import size, size_of
from mtsgns_lite.scale.rows import open_rows
from mtsgns_lite.scale.traffic import counted
from mtsgns_lite.views import figures
from mtsgns_lite.views.scale import cost_curves, growth_curves, plan_bars

# %% [markdown]
# Training by several processes needs TorchRec, which runs on Linux; `make setup-scale` installs it. Without it the
# lesson runs too: what must be live says so, and shows what was recorded where there is a record.

# %%
LIVE = find_spec("torchrec") is not None
MISSING = "TorchRec is not here (`make setup-scale` installs it, on Linux), so this is not run."
record_path = lesson.RECORDED / "scale_benchmark.json"
record = json.loads(record_path.read_text("utf-8")) if record_path.is_file() else {}
print("TorchRec is there." if LIVE else MISSING)
passing = tempfile.TemporaryDirectory(prefix="lesson10-")  # it goes with the kernel
work = Path(passing.name)  # jobs and graphs come here

# %% [markdown]
# ## Three numbers by hand
#
# A table of six rows is too large for one process, so it is cut: the first three rows live on process 0, the others on
# process 1. **Predict:** who has row 4, and where does it lie there?

# %% tags=["deterministic"]
ROWS, PROCESSES = 6, 2
share = -(-ROWS // PROCESSES)  # rounded up
row = 4
print("process", row // share, "has row", row, "as its row", row % share)

# %% [markdown]
# Both processes have seen row 4 in their part of the batch, and each has a gradient for it: 3 and 1. Row-wise Adagrad
# (A1) adds the gradient's square to the row's state, and divides the step by the state's root. **Predict:** is the step
# of the sum the same as two steps, one after the other?

# %% tags=["deterministic"]
first, second, rate = 3.0, 1.0, 1.0
one_step = rate * (first + second) / ((first + second) ** 2) ** 0.5
two_steps = rate * first / (first**2) ** 0.5 + rate * second / (first**2 + second**2) ** 0.5
print(f"the sum, one step: {one_step:.3f}    each its own step: {two_steps:.3f}")

# %% [markdown]
# Two steps are another model, and which one depends on who came first. So gradients must **meet where the row lives, be
# summed, and take one step**. That sentence is what the rest of this lesson does.
#
# ## What outgrows what
#
# First, whether you need it. Skip-gram has two tables, target and context; a number takes four bytes, and Adagrad keeps
# one more number for each row. By hand, for a million items:

# %% tags=["deterministic"]
items, dim = 1_000_000, 64
print(f"{2 * items * (dim + 1) * 4 / 2**30:.2f} GB")

# %% [markdown]
# The library's calculator knows all tables of a model, those of traits among them, and answers before anybody starts
# anything. Here are your items, on two processes:

# %%
shop = lesson.with_traits(lesson.shop(DATASET, SMOKE, SEED))
split = mt.split(shop, cold_items=0.1, seed=SEED)
shop

# %%
untrained = mt.MultiTraitSGNS(shop.catalogue, seed=SEED)
print(size_of(untrained, split.train, processes=2))

# %% [markdown]
# Megabytes: nothing here needs a second machine, and the lesson uses this shop only because it can be checked. Where
# does that end? **Predict:** what grows fastest with the number of items: the vectors, the traits' weights of each item
# (EGES), the values of the traits, or the graph?


# %%
def growth(part, **options):
    return {n: part(size(n, **options)) for n in np.geomspace(1e4, 1e10, 13)}


def tables(*names):
    return lambda found: sum(found.held[0, i] for i, spec in enumerate(found.specs) if spec.name in names)


eges = {"dim": 160, "traits": 12, "weights": "item"}
lines = {
    "items' rows, d = 160": growth(tables("target.items", "context"), **eges),
    "items' rows, d = 64": growth(tables("target.items", "context"), **(eges | {"dim": 64})),
    "graph, 10 edges an item": {n: size(n, edges=10 * n).graph for n in np.geomspace(1e4, 1e10, 13)},
    "a weight for each item and trait": growth(tables("target.logits"), **eges),
    "traits' values": growth(tables("target.values"), **eges),
}
limits = {"a laptop, 16 GB": 16 * 2**30, "a large GPU, 80 GB": 80 * 2**30}

# %% tags=["picture"]
rows_of_items = lines["items' rows, d = 160"]
fits = max(n for n, found in rows_of_items.items() if found <= limits["a laptop, 16 GB"])
title = f"Rows of items outgrow a machine first: at d = 160 a laptop ends soon after {fits:,.0f} items"
figures.show(growth_curves(lines, limits, title), alt=title)

# %% [markdown]
# The values of traits stay small however many items there are; the graph is large, but it may stay on a disk. Tables
# can't: each step needs rows from anywhere in them.
#
# ### The published case, on paper
#
# Wang et al. ([KDD 2018](https://arxiv.org/abs/1803.02349), the EGES of lesson 03) say of Taobao: how many items
# (introduction), how many kinds of side information, the dimension and the length of a walk in their experiments
# (section 3.1); the size of their sub-graphs, how many walks and GPUs, and in how many hours at most all of their
# offline work is done (section 4). What they don't say: the memory of a GPU, and how many values a trait has. 32 GB and
# the calculator's usual thousand are our guess.

# %%
paper = {"items": 2e9, "traits": 12, "dim": 160, "length": 10}
paper |= {"nodes of a sub-graph": 50e6, "walks": 150e9, "GPUs": 100, "hours": 6}
whole = size(paper["items"], paper["dim"], paper["traits"], weights="item", memory="32GB")
print(whole)

# %% [markdown]
# So one catalogue with all its weights needs this many GPUs for its tables alone. They did another thing, which is
# worth knowing before one builds a cluster: they **split the graph** into sub-graphs that are worked on side by side.
# How many GPUs would the tables of one sub-graph take?

# %%
piece = size(paper["nodes of a sub-graph"], paper["dim"], paper["traits"], weights="item", memory="32GB")
print(f"the whole: {whole.needed} GPUs of 32 GB; a sub-graph: {piece.needed}; they had {paper['GPUs']}")
tokens_per_second = paper["walks"] * paper["length"] / (paper["hours"] * 3600) / paper["GPUs"]
print(f"at least {tokens_per_second:,.0f} tokens a second on each GPU")

# %% [markdown]
# (At least, for the hours are for all modules, from reading the logs to the lists of similar items. Hold it against the
# speed of one processor, further down.)
#
# ## Two processes in one kernel
#
# Now by hand. Two "processes" are two tensors here; nothing else is shared but what is *sent*. The six rows again, cut,
# and a question of each process: which rows does it need for its part of the batch?

# %%
table = torch.arange(12.0).view(6, 2)  # (rows, d)
parts = table.split(share)  # what lives on process 0, and on process 1
asked = [torch.tensor([0, 4]), torch.tensor([4, 5])]  # by process 0, and by process 1
print([tuple(part.shape) for part in parts])

# %% [markdown]
# **Ask:** a process sorts the numbers of its rows by owner, and sends each owner its list. **Predict:** how many
# numbers leave process 0, how many process 1?

# %%
letters = [[ids[ids // share == owner] for owner in range(PROCESSES)] for ids in asked]
for sender, own in enumerate(letters):
    print("process", sender, "asks", {owner: ids.tolist() for owner, ids in enumerate(own)})

# %% [markdown]
# **Answer:** the owner looks the rows up in its part, and sends them back. Together they are what the whole table would
# have given.

# %% tags=["deterministic"]
answers = [torch.cat([parts[owner][ids - owner * share] for owner, ids in enumerate(own)]) for own in letters]
print(answers[0], answers[1])
print("as the whole table:", all(torch.equal(got, table[ids]) for got, ids in zip(answers, asked)))

# %% [markdown]
# After the backward pass gradients go the same way back, and the owner sums them. All of it in one small class: `fetch`
# is the question and the answer, `update` the way back and the step.


# %%
class Cut:
    """A table in pieces, one for each process, with row-wise Adagrad where the rows live."""

    def __init__(self, table, processes):
        self.share, self.dim = -(-len(table) // processes), table.shape[1]
        self.parts = [part.clone() for part in table.split(self.share)]
        self.states = [torch.zeros(len(part)) for part in self.parts]

    def fetch(self, ids):
        rows = torch.empty(len(ids), self.dim)
        for owner, part in enumerate(self.parts):
            theirs = ids // self.share == owner
            rows[theirs] = part[ids[theirs] - owner * self.share]
        return rows.requires_grad_()

    def update(self, sent, rate):
        for owner, (part, state) in enumerate(zip(self.parts, self.states)):
            gathered = torch.zeros_like(part)
            for ids, gradients in sent:  # from every process
                mine = ids // self.share == owner
                gathered.index_add_(0, ids[mine] - owner * self.share, gradients[mine])
            state += gathered.pow(2).mean(1)
            part -= rate * gathered / state.sqrt().clamp(min=1e-10)[:, None]


# %% [markdown]
# A step: each process has its pairs of the batch, fetches the rows that they need, and computes the loss of these
# pairs. It divides by the number of pairs of **all** processes, so that the sum of the losses is the mean over the
# batch.


# %%
def step(cut, batch, rate=0.1):
    pairs, sent = sum(len(label) for *_, label in batch), []
    for first, second, label in batch:  # one process after the other here, in truth all at once
        ids = torch.cat([first, second]).unique()
        rows = cut.fetch(ids)
        u, v = rows[torch.searchsorted(ids, first)], rows[torch.searchsorted(ids, second)]
        loss = F.binary_cross_entropy_with_logits((u * v).sum(1), label, reduction="sum") / pairs
        loss.backward()
        sent.append((ids, rows.grad))
    cut.update(sent, rate)


# %% [markdown]
# The proof: a table of 60 rows, batches of random pairs, a hundred steps; once on one process, then on 2, 3 and 7.
# **Predict:** the same table? To the last bit?

# %%
generator = torch.Generator().manual_seed(SEED)
start = torch.randn(60, 8, generator=generator)
batches = [
    (*torch.randint(60, (2, 42), generator=generator), (torch.rand(42, generator=generator) < 0.3).float())
    for _ in range(100)
]


def trained_on(processes):
    cut = Cut(start, processes)
    for batch in batches:
        step(cut, list(zip(*(part.chunk(processes) for part in batch))))
    return torch.cat(cut.parts)


# %%
by_itself = trained_on(1)
for processes in (2, 3, 7):
    away = (trained_on(processes) - by_itself).abs().max()
    print(f"{processes} processes: at most {away:.0e} away")
print(f"and so far the training has moved a number: {(by_itself - start).abs().max():.1f}")

# %% [markdown]
# The same up to rounding, and rounding there must be: a sum in another order is another sum in its last digit. And the
# one process is what the library does on one machine:

# %%
whole_table = mt.Table(60, 8, rate=0.1).train()
whole_table.weight.copy_(start)
for first, second, label in batches:
    scores = (whole_table(first) * whole_table(second)).sum(1)
    F.binary_cross_entropy_with_logits(scores, label).backward()
    whole_table.update()
print("as mt.Table:", torch.allclose(whole_table.weight, by_itself, atol=1e-5))

# %% [markdown]
# ## The same batch, however many share it
#
# We cut the *batches* by hand, too. In a real run each process must draw its own part, or one of them would draw for
# all. But a generator's numbers depend on what was drawn before. The way out: **random numbers by address**. Not the
# next number of a stream, but the number that belongs to (seed, epoch, block, stripe), whoever asks for it.

# %% tags=["deterministic"]
asked_first = torch.rand(3, generator=generator_at(0, 1, 5, 2))
elsewhere = torch.rand(3, generator=generator_at(0, 1, 5, 3))
asked_later = torch.rand(3, generator=generator_at(0, 1, 5, 2))
print("the same address, the same numbers:", torch.equal(asked_first, asked_later))
print("another address, others:           ", not torch.equal(asked_first, elsewhere))

# %% [markdown]
# A *job* is a folder with all that the processes need: baskets or walks as arrays that are mapped, not read, the
# traits, the settings. Each opens its share of the rows. **Predict:** put the shares of three processes one below the
# other: are they the batch of one process?

# %%
baskets_job = scale.write_job(work / "batches", mt.SGNS(shop.catalogue, dim=32), split.train, seed=SEED)


def part_of(rank, processes, job=baskets_job):
    return open_rows(job.folder / "rows", job.settings["rows"], job.settings["seed"], rank, processes)


for processes in (1, 2, 3):
    first_batches = [next(part_of(rank, processes).batches(0)) for rank in range(processes)]
    items_read = torch.cat([batch.items for batch in first_batches])
    print([tuple(batch.items.shape) for batch in first_batches], "sum of all items:", int(items_read.sum()))

# %% tags=["deterministic"]
one, two = next(part_of(0, 1).batches(0)), [next(part_of(rank, 2).batches(0)) for rank in range(2)]
print("the same items:    ", torch.equal(one.items, torch.cat([batch.items for batch in two])))
print("the same negatives:", torch.equal(one.noise, torch.cat([batch.noise for batch in two])))

# %% [markdown]
# That buys two things: a run on ten processes can be compared with a run on one, and after a failure there is no state
# of a generator to recover. The address says it all.
#
# ## Break it on purpose
#
# Two shortcuts look harmless. **All draw with the same seed:** each process has a generator, and somebody forgot to
# give each its own. **Own copies:** each process trains a model on its part, nothing travels, and at the end the tables
# are averaged. First the right way, on real baskets: gradients summed, as above.


# %%
def trained(streams):
    model, steps = mt.SGNS(shop.catalogue, dim=32, seed=SEED).train(), len(streams[0])
    model.observe(split.train.counts)
    for number, batch in enumerate(zip(*(stream.batches(0) for stream in streams))):
        pairs = [part.pairs().sum() for part in batch]
        for part, count in zip(batch, pairs):  # each has the mean over its own pairs
            (model.loss(part) * count / sum(pairs)).backward()
        for table in (model.target, model.context):
            table.update(1 - number / steps)
    return model.eval()


def judged(model):
    return mt.evaluate(model, split, baselines=False)[0].auc["degree"]["seen"] or float("nan")


# %%
by_one = trained([part_of(0, 1)])
by_two = trained([part_of(0, 2), part_of(1, 2)])
away = (by_one.target.weight - by_two.target.weight).abs().max()
found = {"one process": judged(by_one), "two, gradients summed": judged(by_two)}
print(f"the tables of one and of two differ by {away:.0e} at most")

# %% [markdown]
# **Predict** for each of the two shortcuts: does it cost nothing, a little, or much? And would you have noticed? No
# error is raised, and the loss falls in both.

# %%
found["two, which draw the same"] = judged(trained([part_of(0, 2), part_of(0, 2)]))
copies = [trained([part_of(rank, 2)]) for rank in range(2)]
averaged = copies[0]
for own, other in ((averaged.target, copies[1].target), (averaged.context, copies[1].context)):
    own.weight.copy_((own.weight + other.weight) / 2)
found["two copies, averaged at the end"] = judged(averaged)
pd.Series(found, name="AUC, seen pairs").round(4).to_frame()

# %% [markdown]
# Two that draw the same do the work of two, and learn from half of the batch. Copies that never speak don't agree on
# where things are: skip-gram may turn its space as it likes, and the mean of two maps that are turned differently is a
# map of neither. (On a small or an easy shop half of the data may be enough; then the first shortcut hides.)
#
# ## Two processes, live
#
# `scale.fit` is `mt.fit` by several processes: it writes a job, torchrun starts the processes, TorchRec holds the
# tables and does what `Cut` does, with all tables at once. It prints its *sharding plan*, what is cut and who has it,
# then a line at each checkpoint. First, one machine alone, to have something to compare with.

# %%
DIM, EPOCHS = 64, 1


def fresh():
    return mt.MultiTraitSGNS(shop.catalogue, dim=DIM, seed=SEED)


alone = fresh()
alone_history = mt.fit(alone, split.train, EPOCHS, device="cpu", seed=SEED, progress=False)
tokens = size_of(alone, split.train).traffic.tokens * alone_history.steps
print(f"fit: {alone_history.seconds:.1f} s, {tokens / alone_history.seconds:,.0f} tokens a second")

# %%
SETTINGS = {"seed": SEED, "sharding": "row_wise", "checkpoints": 10}
spread = fresh()
if LIVE:
    began = time.perf_counter()
    history = scale.fit(spread, split.train, EPOCHS, processes=2, folder=work / "whole", **SETTINGS)
    waited = time.perf_counter() - began
else:
    print(MISSING)

# %% [markdown]
# Does each process hold what the calculator foretold? To the byte, if the calculator is any good.

# %%
foretold = size_of(fresh(), split.train, processes=2)
if LIVE:
    print("held:    ", scale.Job.open(work / "whole").progress()["table_bytes"])
print("foretold:", foretold.per_process)

# %% [markdown]
# The plan, drawn: a bar is a process, a block a table, and an area so many bytes. Cut row-wise, every table lies on
# both, and a third process would make all bars lower. Table-wise, each table lies on one; then the largest table
# decides, and more processes than tables don't help. **Which would you take for a billion items?**

# %% tags=["picture"]
bars = {"one machine": size_of(fresh(), split.train).held}
for way in ("row_wise", "table_wise"):
    bars[way.replace("_", "-")] = size_of(fresh(), split.train, processes=2, sharding=way).held
most = {name: held.sum(axis=1).max() / bars["one machine"].sum() for name, held in bars.items()}
title = f"Row-wise each process holds {most['row-wise']:.0%} of the tables, "
title += f"table-wise up to {most['table-wise']:.0%}"
figures.show(plan_bars(bars, [spec.name for spec in foretold.specs], title), alt=title)

# %% [markdown]
# ### The same model?
#
# `fit` draws its batches from one stream, the processes theirs by address. So the rows differ, as with another seed,
# and the model can't be the same to the bit. It should be as good, and trust the same traits.


# %%
def side_by_side(models):
    weights = {name: mt.trait_weights(model) for name, model in models.items()}
    shown = pd.DataFrame({name: dict(zip(found.sources, found.weight)) for name, found in weights.items()})
    scores = pd.DataFrame({name: {"AUC, seen pairs": judged(model)} for name, model in models.items()})
    return pd.concat([scores, shown]).round(3)


side_by_side({"fit": alone, "two processes": spread} if LIVE else {"fit": alone})

# %% [markdown]
# One seed is one draw. The record has three, for one and two processes and both ways to cut; here is the mean and
# spread of the AUC, for each data set that it has.

# %%
quality = pd.DataFrame(record.get("quality", []), columns=["data", "seed", "engine", "auc"])
if quality.empty:
    print("There is no record of several seeds here: tests/benchmarks/scale.py makes it.")
by_engine = quality.groupby(["data", "engine"], sort=False)["auc"].agg(["mean", "std", "count"]).round(4)
None if quality.empty else by_engine

# %% [markdown]
# ## What it costs
#
# Now the honest part. Two processes did the same work as one. **Predict:** were they twice as fast?

# %%
if LIVE:
    relative = alone_history.seconds / history.seconds
    print(f"training: fit {alone_history.seconds:.1f} s, two processes {history.seconds:.1f} s")
    print(f"two processes are {relative:.2f} times as fast as one")
    print(f"to start them and to gather the model takes {waited - history.seconds:.1f} s more")
    print(f"processors that they may use: {len(psutil.Process().cpu_affinity())}")
else:
    print(MISSING)

# %% [markdown]
# Slower, unless your machine surprises us. A look-up in memory has become a question, an answer and a gradient, each
# step waits for both, and where processes share a processor there is no second one to gain. How much travels, the
# calculator foretold from the popularity of your items; we can also count it, on what two processes really read.

# %%
live_job = scale.write_job(work / "traffic", fresh(), split.train, EPOCHS, **SETTINGS)
really, expected = counted(live_job, processes=2, steps=30), foretold.traffic
rows_asked = [sum(found.asked.values()) for found in (expected, really)]
print("rows asked for in a step: foretold {:,.0f}, counted {:,.0f}".format(*rows_asked))
print(f"bytes a token: foretold {expected.per_token:,.0f}, counted {really.per_token:,.0f}")

# %% [markdown]
# Counting is not measuring. The record has both: two processes in a network of their own, and the bytes that crossed
# it.

# %%
measured = pd.DataFrame(record.get("traffic", []), columns=["items", "predicted", "measured"])
if measured.empty:
    print("There is no record of a network here: tests/benchmarks/scale.py makes it.")
None if measured.empty else measured.round().set_index("items").add_suffix(", bytes a token")

# %% [markdown]
# What would that take on a network between two hosts? Each sends half of it, and the wire takes its time:

# %%
speed = tokens / alone_history.seconds  # of one process
for name, bits in {"1 Gb/s": 1e9, "10 Gb/s": 1e10, "100 Gb/s": 1e11}.items():
    wire = really.per_token / 2 * 8 / bits
    print(f"{name:>9}: {1e6 * wire:6.2f} microseconds a token on the wire")
print(f"on one process it takes {1e6 / speed:.2f} to compute")

# %% [markdown]
# And larger tables? The record trains on graphs of growing size. If several processes were faster from some size on,
# their line would cross that of `fit`.

# %% tags=["picture"]
sizes = [entry for entry in record.get("sizes", []) if "fit" in entry and "2" in entry]
if sizes:
    ratios = [entry["2"]["tokens_per_second"] / entry["fit"]["tokens_per_second"] for entry in sizes]
    words = "faster than" if max(ratios) > 1 else "never as fast as"
    title = f"On one machine two processes were {words} fit: "
    title += f"{min(ratios):.2f} to {max(ratios):.2f} times its speed"
    figures.show(cost_curves(record["sizes"], title), alt=title)
else:
    print("There is no record of growing sizes yet: tests/benchmarks/scale.py makes it.")

# %%
columns = {"items": [entry["items"] for entry in sizes]}
columns["MB, fit"] = [entry["fit"]["table_mb"] for entry in sizes]
columns["MB, each of two"] = [entry["2"]["table_mb"] for entry in sizes]
columns["speed of two / fit"] = [round(ratio, 2) for ratio in ratios] if sizes else []
pd.DataFrame(columns) if sizes else None

# %% [markdown]
# So it pays when one machine **can't**: half of the memory on each is what two processes buy on one machine, and a row
# of machines is the only way once the tables are larger than any. Until then, a larger machine or a smaller `dim` is
# cheaper, and so is what Taobao did, cutting the graph. A second host adds processors too, and whether that outweighs
# the wire is a question of your network: exercise 4 asks it.
#
# ## A kill, and a resume
#
# The more machines, the surer that one of them fails. What is lost then? The line below is what `scale.fit` runs, and
# what you would type; the variable lets processes find each other again though the lost one kept their list. We start
# it, wait until a third of the steps is done, and kill one of the two processes, with a signal that it can't catch.


# %%
def torchrun(job, processes=2):
    line = f"-m torch.distributed.run --standalone --nproc-per-node {processes} --max-restarts 3"
    around = os.environ | {"TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, *line.split(), "-m", "mtsgns_lite.scale", str(job.folder)]
    return subprocess.Popen(command, env=around, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def kill_one(running):
    worker = psutil.Process(running.pid).children()[-1]
    worker.kill()  # SIGKILL
    print(">>> one of the two processes is killed")


# %% [markdown]
# **Predict:** what does the other process do, which waits for an answer that will never come? And at which step does
# the training go on?

# %%
if LIVE:
    job, struck = scale.write_job(work / "killed", fresh(), split.train, EPOCHS, **SETTINGS), None
    with torchrun(job) as running:
        for line in running.stdout:
            print(line, end="")
            done = int(line.split()[1].replace(",", "")) if line.startswith("step ") else 0
            if struck is None and done >= job.steps / 3:
                struck = time.perf_counter()
                kill_one(running)
    print(f"{time.perf_counter() - struck:.1f} s from the kill to the end")
else:
    print(MISSING)

# %% [markdown]
# The survivor gave up, torchrun started both anew, and they went on from the last checkpoint, which is whole or is not
# there at all. The steps since then were done a second time. **Predict:** is the model the same as that of the run that
# nobody disturbed? To the last bit?

# %%
if LIVE:
    for name in ("whole", "killed"):
        scale.Job.open(work / name).weights(work / f"{name}.safetensors")
    undisturbed, disturbed = load_file(work / "whole.safetensors"), load_file(work / "killed.safetensors")
    same_bits = all(torch.equal(undisturbed[name], disturbed[name]) for name in undisturbed)
    print(f"{len(undisturbed)} tensors, the same to the last bit: {same_bits}")
else:
    print(MISSING)

# %% [markdown]
# It can be, because nothing is drawn from a stream whose place was lost: the batch after step $n$ has an address. A
# checkpoint needs the tables, Adagrad's states, and the number of the step. It may even be read by another number of
# processes: each reads the rows that it needs, whoever wrote them.
#
# ## Walks, and edges out of logs
#
# Two more things outgrow a machine: the graph, and the log that it is made of. Here is a log as a shop has it, one row
# for each event, written from the baskets or edges at hand. Edges are pairs of items that follow one another in a
# session (EGES, section 2); in memory that is one comparison of neighbours.

# %%
if shop.baskets is not None:
    events = shop.baskets.take(np.arange(min(5_000, len(shop.baskets))))
    item, session = events.values, events.row_of
else:
    pairs = np.stack([shop.edges.source, shop.edges.target], axis=1)[:20_000]
    item, session = pairs.ravel(), np.repeat(np.arange(len(pairs)), 2)
log = pd.DataFrame({"user": session, "item": [f"i{number}" for number in item]})
log["time"] = 1_700_000_000 + np.arange(len(log))  # seconds; sessions are told apart by their user here
log.to_csv(work / "log.csv", index=False)
log.head(3)

# %%
follows = (session[1:] == session[:-1]) & (item[1:] != item[:-1])
ends = np.sort(np.stack([item[:-1][follows], item[1:][follows]]), axis=0)
_, times = np.unique(ends, axis=1, return_counts=True)
print(f"in memory: {len(times):,} edges, which stand for {times.sum():,} steps")

# %% [markdown]
# The same from a file that need not fit into memory: DuckDB counts, a lot of users at a time, and the graph is written
# to a folder.

# %%
DUCK = find_spec("duckdb") is not None
if DUCK:
    from mtsgns_lite.data.session_log import graph_of_log

    made = graph_of_log(work / "log.csv", work / "graph", memory="500MB")
    print(f"by DuckDB: {made.edges:,} edges, of {made.sessions:,} sessions")
else:
    print("DuckDB is not here (`make setup-scale` installs it), so the log is not counted this way.")

# %% [markdown]
# `open_graph` reads nothing: the arrays are *mapped*, pages come in when a walk steps on them, and all processes of a
# host share them. A job leaves such a graph where it is, and walkers are dealt out like baskets: by address.

# %%
if DUCK:
    mapped = open_graph(work / "graph")
    print("the same edges:  ", len(mapped.neighbours) // 2 == len(times))
    print("the same weights:", mapped.reach[-1].item() / 2 == times.sum())
    ids = mt.Catalogue([str(number) for number in range(len(mapped.degrees))])
    walks = scale.write_job(work / "walks", mt.SGNS(ids, dim=32), mt.Walks(mapped), seed=SEED)
    read = [torch.cat([next(part_of(r, n, walks).batches(0)).items for r in range(n)]) for n in (1, 2)]
    print(f"{len(read[0])} walks in a batch, the same on one process and on two:", torch.equal(*read))

# %% [markdown]
# ## Two hosts
#
# Nothing new is needed for machines that are far apart: the same line on each host, with the address of one of them.

# %%
print(manual.TORCHRUN)

# %% [markdown]
# - **What must be shared:** the job's folder, JOB, on a file system that all hosts can write to. Rows and traits are
#   mapped from there, and checkpoints go there. Each host needs the same versions of the packages. Nothing else.
# - **`--nnodes 1:2`** says: two hosts, or one where the other is gone. One that comes back is taken in again.
# - **A link is cut:** each side waits for an answer, gives the other up after a while, and its torchrun looks for hosts
#   that it can reach. The side with HOST goes on alone, from the last checkpoint, and holds all rows by itself: **its
#   memory must be enough for that**. The other side finds no meeting place, and ends. The model is then the same up to
#   rounding, not to the bit: one process sums in another order than two.
# - **HOST itself is lost:** nobody finds a meeting place. Start the line again with another HOST, and it goes on from
#   the last checkpoint. What to add where hosts don't find each other says `python -m mtsgns_lite scale --help`.
# - **Two masters?** If both sides went on with one folder, each would overwrite the other. So a run claims the folder
#   when it starts, and a run that finds another's claim at its next checkpoint ends, and leaves the files alone.

# %%
from mtsgns_lite.scale.worker import PATIENCE

print(f"A process waits {PATIENCE} s for another before it gives it up.")

# %% [markdown]
# ## The library, and the command line
#
# A model that was trained here is a model like any other: it loads, explains itself, and goes into a service.

# %%
if LIVE:
    scale.Job.open(work / "whole").save_model(work / "model", dataset=shop.name)
else:
    mt.save_model(alone, work / "model")  # the one of `fit`, in its place
mt.neighbours(mt.load_model(work / "model"), lesson.examples(shop, k=1)[0], k=5)

# %% [markdown]
# In a terminal, from the question to the model:
#
# ```
# python -m mtsgns_lite scale size --items 1e9 --dim 160 --traits 12 --memory 32GB
# python -m mtsgns_lite train groceries --engine torchrec --processes 2 --out model
# python -m mtsgns_lite scale edges "events/*.parquet" --out graph
# python -m mtsgns_lite scale prepare groceries --out job    # then torchrun on each host
# python -m mtsgns_lite scale model job --out model
# ```

# %%
headlines = {"part of the tables on each of two processes": round(most["row-wise"], 2)}
headlines["bytes a token, foretold / counted"] = round(expected.per_token / really.per_token, 2)
if LIVE:
    headlines["speed of two processes / fit"] = round(relative, 2)
    headlines["AUC of two processes less fit's"] = round(judged(spread) - judged(alone), 3)
    headlines["killed and resumed, the same bits"] = str(same_bits)
else:
    headlines["killed and resumed, the same bits"] = "no TorchRec here"
for name, value in headlines.items():
    lesson.headline(name, value)

# %% [markdown]
# ## Check yourself
#
# Predict first; then run the lines in a new cell below the question, and only then open the answer. None of them needs
# TorchRec.

# %% [markdown]
# **1.** Each doubling of the processes: what becomes of the bytes that a process holds, and of those that travel in a
# step?
#
# ```python
# for processes in (1, 2, 4, 8, 16):
#     found = size(1e8, 64, processes=processes)
#     gb, mb = max(found.per_process) / 2**30, found.traffic.bytes / 2**20
#     print(processes, f"{gb:6.2f} GB each, {mb:5.2f} MB a step")
# ```
#
# <details><summary>Answer</summary>
#
# What is held halves each time, near enough: that is what one buys. What travels grows, though the batch is the same.
# At first because less and less of what a process needs is its own: a half, a quarter, an eighth. And also because a
# popular row is asked for by every process that meets it: the more processes, the less often two tokens share a
# question. The second effect doesn't end.
# </details>

# %% [markdown]
# **2.** TorchRec divides gradients by the number of processes, unless it is told not to. Suppose that somebody forgot:
# the mean instead of the sum, so all gradients are half of what they should be. What becomes of the table?
#
# ```python
# def halved(sent):
#     return [(ids, gradients / 2) for ids, gradients in sent]
#
# cut = Cut(start, 2)
# usual, cut.update = cut.update, lambda sent, rate: usual(halved(sent), rate)
# for batch in batches:
#     step(cut, list(zip(*(part.chunk(2) for part in batch))))
# print(f"at most {(torch.cat(cut.parts) - trained_on(1)).abs().max():.0e} away")
# ```
#
# <details><summary>Answer</summary>
#
# Nothing, up to rounding! Adagrad divides a step by the root of the squares that it has gathered, and these are a
# quarter of what they were: the half cancels out. So a test on this table would have passed. It cancels only where the
# state starts at zero: the trait weights' state starts above it, to keep their first steps small, and there it would
# show. With plain gradient descent it would halve every step.
# </details>

# %% [markdown]
# **3.** The same catalogue, and three worlds: everything is equally popular, popularity as $1 / \mathrm{rank}$, and
# more extreme still. In which does most travel?
#
# ```python
# for exponent in (0.0, 1.0, 1.3):
#     found = size(1e6, 64, processes=2, popularity=exponent, rows=4096)
#     print(exponent, f"{found.traffic.per_token:,.0f} bytes a token")
# ```
#
# <details><summary>Answer</summary>
#
# Where all are alike. A process asks for a row once, however often its part of the batch needs it; so a few best
# sellers, met again and again, make the batch cheap. The same holds for a large batch: try `rows=512`. But larger
# batches make fewer steps of an epoch, and that is paid in quality.
# </details>

# %% [markdown]
# **4.** A job's batches are drawn in stripes, which the processes divide among themselves. What if the same job is
# written with half as many?
#
# ```python
# stripes = baskets_job.settings["rows"]["stripes"]
# model = mt.SGNS(shop.catalogue, dim=32)
# fewer = scale.write_job(work / "half", model, split.train, seed=SEED, stripes=stripes // 2)
# drawn = [next(part_of(0, 1, job).batches(0)) for job in (baskets_job, fewer)]
# print("the same baskets:  ", torch.equal(drawn[0].items, drawn[1].items))
# print("the same negatives:", torch.equal(drawn[0].noise, drawn[1].noise))
# ```
#
# <details><summary>Answer</summary>
#
# The same baskets, for their order has an address without a stripe; other negatives, for theirs has one. (Walks would
# be others too.) So the number of stripes belongs to the job, as the seed does, and the number of processes does not.
# It is also the most processes that a job can have.
# </details>

# %% [markdown]
# ## Exercises
#
# Write each function, then run the cell below it: it says whether the answer is right, and if not, gives a hint. A
# wrong answer costs nothing, so ask often.
#
# ### 1. Who holds how much
#
# TorchRec cuts a table row-wise into shares of equal size, rounded up; so the last process may have fewer rows than the
# others, and with many processes and few rows some may have none. How many has each? That decides whether a table fits,
# for memory is asked of the process that has most.


# %% tags=["exercise"]
def rows_held(rows, processes):
    """How many rows each process holds.

    Two whole numbers -> a list of whole numbers, one for each process.
    """
    each, counts = -(-rows // processes), []
    for process in range(processes):
        left = max(rows - process * each, 0)
        counts.append(min(left, each))
    return counts


# %%
mt.check.rows_held(rows_held)

# %% tags=["solution"]
billion = rows_held(1_000_000_000, 48)
print(f"a billion rows over 48 processes: {billion[0]:,} each, the last has {billion[-1]:,}")

# %% [markdown]
# ### 2. One step of all processes
#
# In `step` every process knew the number of all pairs. Suppose it doesn't: each computes the mean over **its own**
# pairs, and sends, beside its rows (R,) and their gradients (R, d), how many pairs these were. The owner has to make
# the gradient of the mean over *all* pairs out of that, and take one step of row-wise Adagrad. Leave `table` and
# `state` as they are, and return new ones.


# %% tags=["exercise"]
def summed_step(table, state, pieces, rate):
    """One step for the gradients of all processes.

    (N, d), (N,), a list of (rows (R,), gradients (R, d), pairs), a number -> (table, state), both new.
    """
    # 1. one gradient (N, d), in which each process counts as much as it has pairs  2. the state  3. the table
    everyone = sum(count for _, _, count in pieces)
    gradient = torch.zeros_like(table)
    for rows, own, count in pieces:
        gradient.index_add_(0, rows, own * (count / everyone))
    squares = state + gradient.square().mean(dim=1)
    return table - rate * gradient / squares.sqrt().clamp(min=1e-10).unsqueeze(1), squares


# %%
mt.check.summed_step(summed_step)

# %% [markdown]
# ### 3. What travels
#
# `asked` holds, for each process, the numbers of the rows that its tokens need, some of them twice. A process asks for
# a row once, and only if the row lives elsewhere: 8 bytes there for its number, $d$ floats of 4 bytes back, and as many
# there again for the gradient. How many bytes in all? `rows` is the length of the table; how it is cut you know.
#
# Then hold your function against `counted`, for the table of target rows alone.


# %% tags=["exercise"]
def traffic(asked, rows, dim):
    """Bytes that travel between the processes in a step.

    A list of tensors of row numbers, one for each process; two whole numbers -> one number.
    """
    each, total = -(-rows // len(asked)), 0
    for process, needed in enumerate(asked):
        away = [one for one in set(needed.tolist()) if one // each != process]
        total += len(away) * 8 * (1 + dim)
    return total


# %%
mt.check.traffic(traffic)

# %% tags=["solution"]
first_parts = [list(islice(part_of(rank, 2, live_job).batches(0), 30)) for rank in range(2)]
both_ask = [[batch.items.ravel() for batch in parts] for parts in zip(*first_parts)]
sent_bytes = [traffic(asked, len(shop.catalogue), DIM) for asked in both_ask]
print(f"target rows: {np.mean(sent_bytes) / really.tokens:,.0f} of the {really.per_token:,.0f} bytes a token")

# %% [markdown]
# ### 4. When does it pay? (open)
#
# On one machine two processes bought memory, not speed. Between hosts each process has a processor of its own, and a
# wire. Build a model of the time of a step: what a process computes (you know `speed`, the tokens a second of one
# process), and what it sends (you know `size(...).traffic`, for any number of processes, batch and popularity). From
# how many hosts on, and over which wire, are they faster than one machine that has memory enough? And what happens to
# the answer if the batch grows with the number of hosts?
#
# It worked if it foretells something that was not put in: take the record's sizes, or your own two processes on this
# machine, and see how far off you are, and in which direction. What did you leave out?
#
# More to try: rows as 16-bit floats on the wire (what does lesson 09 say of rounding vectors?), a table cut by columns,
# rows of best sellers on every process.

# %% [markdown] tags=["solution"]
# One way, on paper: computing and sending take turns, each process computes its part of the batch at the speed that was
# measured here, and its wire carries its part of the bytes.


# %% tags=["solution"]
def tokens_a_second(processes, bits, rows=512):
    found = size(1e8, DIM, traits=6, processes=processes, rows=rows).traffic
    computing = found.tokens / processes / speed
    sending = found.bytes / processes * 8 / bits
    return found.tokens / (computing + sending)


# %% tags=["solution"]
wires = {"1 Gb/s": 1e9, "10 Gb/s": 1e10, "100 Gb/s": 1e11}
hosts = (1, 2, 4, 8, 16, 32)
gain = {name: [tokens_a_second(n, bits) / speed for n in hosts] for name, bits in wires.items()}
gain["10 Gb/s, batch grows"] = [tokens_a_second(n, 1e10, rows=512 * n) / speed for n in hosts]
pd.DataFrame(gain, index=pd.Index(hosts, name="hosts")).round(2)

# %% [markdown] tags=["solution"]
# Read a column downwards: above one, several hosts are faster than a large one. The slower the wire, the further the
# gain stays below the number of hosts. A batch that grows with the hosts lets tokens share questions, but it is another
# training, with fewer steps.
#
# What was left out makes it worse: a step waits for the slowest, each message has a delay of its own whatever its size,
# and the serving of other processes' rows is work too. Hold it against this machine:

# %% tags=["solution"]
if LIVE:
    print(f"two processes here: {relative:.2f} times the speed of fit; this model, with an endless wire, says 2")
    print("processors are shared with whatever else runs; the rest is what the model leaves out")

# %% [markdown]
# ## What we learned
#
# - Rows of items outgrow a machine first. Bytes, processes and traffic can be foretold before anything is started.
# - A table can be cut: ask, answer, send gradients back, sum where the row lives, one step. It is the same model up to
#   rounding, if the batch is the same; random numbers by address make it the same.
# - Copies that are averaged, or processes that draw alike, raise no error and cost quality.
# - On one machine it buys memory, and survival, not speed. A process may be killed at any moment: the result is the
#   same to the bit.
#
# ## Next
#
# [A1 · Why it is fast](a1_why_it_is_fast.ipynb) makes one process faster, which is what most catalogues need. Your own
# file runs through this lesson as well: `make course DATASET=my.csv LESSONS=10`.
