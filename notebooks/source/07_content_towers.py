# %% [markdown]
# # 07 · Content towers: an item that can be read

# %% [markdown]
# You will
#
# - cut what is written on an item into pieces of words, with a tokenizer made of this very catalogue;
# - build a text CNN by hand, as sliding dot products, and prove that the fast version says the same;
# - train text and behaviour together, and see how much of an item's vector each of them makes;
# - place products that nobody has bought, and misspelt ones, by what is written on them;
# - exchange the encoder, see where plain codes or counted letters do as well, and break it with shuffled texts.
#
# About 75 minutes, two of them computing, and an hour for the exercises at the end, which check your answers.
# Prerequisites: lesson 03, so you know the mixture of sources, its weights and its shares.

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

# %% [markdown]
# Two more, for this lesson alone. `TEXT` says what is read: `"name"`, a trait, or several, as `("brand", "name")`;
# `None` chooses below. `SENTENCE_MODEL` may be the folder of a sentence-transformers model that you have; nothing is
# downloaded.

# %%
TEXT = None
SENTENCE_MODEL = None

# %%
import random
import re
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F

import mtsgns_lite as mt
from mtsgns_lite import lesson
from mtsgns_lite.data.text import WordPieces, item_texts, letter_grams
from mtsgns_lite.views import figures

# %% [markdown]
# ## What is written on an item
#
# In lesson 03 a trait was a code: *yogurt* was a number, *yogurt, frozen* another one, and that both say yogurt was
# lost. A name or a title can't be coded at all, for nearly every item has its own. Now we read. (Names such as
# *item 0042* say nothing; then the traits are read as if they were words.)


# %%
def words_of(text):
    return {*re.findall(r"[^\W\d_]{3,}", text.casefold())}


shop = lesson.shop(DATASET, SMOKE, SEED)
catalogue, traits = shop.catalogue, shop.catalogue.traits
telling = "name" if len(words_of(" ".join(catalogue.names))) > 30 or not traits else tuple(traits)
TEXT = TEXT or {"groceries": ("product_category", "product_type")}.get(shop.name, telling)
print("what is read of an item:", TEXT)

# %% [markdown]
# The groceries have no names of their own, only the shop's two columns of descriptors, in capitals and cut off where
# the till had no room. Real item texts look like that. How many different texts are there, and for how many items?

# %%
texts = item_texts(catalogue, [TEXT] if isinstance(TEXT, str) else TEXT)
distinct = sorted({text for text in texts if text})
print(f"{len(catalogue):,} items, {len(distinct):,} different texts")
examples = [item for item in lesson.examples(shop, k=200) if texts[item]]
examples = examples or [item for item, text in enumerate(texts) if text]
[texts[item] for item in examples[:6]]

# %% [markdown]
# The split is that of lesson 03: the last baskets are held out, and a tenth of the items are *cold*, gone from
# training. A cold item's text is known all the same, as that of a product which arrives tomorrow.

# %%
split = mt.split(shop, cold_items=0.1, seed=SEED)
cold = np.flatnonzero(split.cold)
split

# %% [markdown]
# ## Pieces of words
#
# A table of whole words has no row for a word it never saw, and a misspelt word is one. A table of letters always has,
# but letters say little. Between them lie pieces: a frequent word is one piece, a rare one falls into several.
#
# SentencePiece (Kudo and Richardson, 2018) finds the pieces that make this catalogue's texts most likely. It needs no
# list of words and no language.

# %%
READY = lesson.peer("sentencepiece") is not None
ENCODER = "cnn" if READY else "ngrams"
if not READY:
    print("Word pieces need one more package, `pip install sentencepiece`; without it letter n-grams take their place.")

# %%
pieces = WordPieces.learn(distinct).pieces if READY else str.split
for item in examples[:5]:
    print(texts[item], "->", pieces(texts[item]))

# %% [markdown]
# The sign ▁ stands where a word begins; letter case is gone, because people don't agree on it. **Predict, then run:**
# what becomes of a text from which one letter was dropped? And of a word that is in no text at all?


# %%
def one_letter_off(text, draw):
    at = draw.choice([at for at in range(1, len(text) - 1) if text[at].isalpha()] or [0])
    swapped = text[:at] + text[at + 1 : at + 2] + text[at] + text[at + 2 :]
    return draw.choice([text[:at] + text[at + 1 :], text[:at] + text[at] + text[at:], swapped])


draw = random.Random(SEED)
for text in [*(one_letter_off(texts[item], draw) for item in examples[:3]), "kombucha"]:
    print(text, "->", pieces(text))

# %% [markdown]
# Nothing is unknown, but a letter can cost several pieces: the misspelt word shares few of them with the right one, if
# any. Keep that in mind. How much of the cold items' texts has training seen, as wholes, as words, as pieces?


# %%
def share_unseen(parts):
    trained = {part for item in np.flatnonzero(split.counts) for part in parts(texts[item])}
    asked = [part for item in cold for part in parts(texts[item])]
    return np.mean([part not in trained for part in asked]) if asked else 0.0


cut = {"the whole text": lambda text: [text], "words": str.split, "word pieces": pieces}
pd.Series({name: share_unseen(parts) for name, parts in cut.items()}, name="never seen in training").round(4).to_frame()

# %% [markdown]
# If hardly any text is new, the text is little more than a code, and we should not expect wonders of reading it. We
# will ask that below. Where every title differs, as on Amazon, the first row is close to one, and codes are out.
#
# ## A filter by hand
#
# Pieces become rows of a table, as items do. But *chocolate milk* is no *milk chocolate*, so the mean of the rows is
# not enough. Take three pieces in two dimensions.

# %%
row = {"milk": [1.0, 0.0], "chocolate": [0.0, 1.0], "bar": [-1.0, -1.0]}
drink = torch.tensor([row[piece] for piece in ("chocolate", "milk", "bar")])
sweet = torch.tensor([row[piece] for piece in ("milk", "chocolate", "bar")])
print("same mean:", torch.equal(drink.mean(dim=0), sweet.mean(dim=0)))

# %% [markdown]
# A **filter** of width two holds two rows, and looks for their pattern: here *chocolate*, then *milk*. At each place it
# multiplies its rows with the two pieces that lie there, and adds up. **Predict** its two answers to each text.

# %%
looks_for = torch.tensor([[0.0, 1.0], [1.0, 0.0]])


def slide(text, pattern):
    return [float((text[at : at + len(pattern)] * pattern).sum()) for at in range(len(text) - len(pattern) + 1)]


print("chocolate milk bar:", slide(drink, looks_for))
print("milk chocolate bar:", slide(sweet, looks_for))

# %% [markdown]
# Of all places only the **largest** answer counts: whether the pattern is there, not where. A second filter looks for
# *milk*, then *chocolate*; and a small matrix, the projection, makes of their answers a vector as long as we like.

# %%
patterns = torch.stack([looks_for, looks_for.flip(0)])
projection = torch.tensor([[1.0, 0.0, 0.5], [0.0, 1.0, 0.5]])  # (2 filters, 3 dimensions)
for name, text in {"drink": drink, "sweet": sweet}.items():
    largest = torch.tensor([max(slide(text, pattern)) for pattern in patterns])
    print(name, "largest answers", largest.tolist(), "vector", (largest @ projection).tolist())

# %% [markdown]
# That is all of it: a table, filters, maxima, a projection (Kim, 2014). The slow way is a loop over filters and places;
# libraries call it a convolution, and do all at once. Its axes stand in another order: texts, dimensions, places.

# %% tags=["deterministic"]
layer = torch.nn.Conv1d(in_channels=2, out_channels=2, kernel_size=2, bias=False)
layer.weight.data = patterns.transpose(1, 2)  # (filters, dimensions, places)
fast = layer(torch.stack([drink, sweet]).transpose(1, 2))  # (texts, filters, places)
slow = torch.tensor([[slide(text, pattern) for pattern in patterns] for text in (drink, sweet)])
print("texts, filters, places:", tuple(fast.shape))
print("same numbers:", torch.equal(fast, slow))

# %% [markdown]
# ### The library's encoder
#
# It has filters of width one, two and three, and puts blanks around each text, so that the shortest has a place for the
# widest filter. Here is one, with random numbers in it.
#
# The projection does not get the answers as they come. Each filter's are *standardised* over the batch: less their
# mean, over their spread. All texts together get one common vector, the shift, instead. So from the first step on the
# filters say how texts differ; what they have in common is said once.

# %%
fresh = mt.ContentSGNS(catalogue, dim=16, text=TEXT, encoder=ENCODER, seed=SEED).eval()
tower = fresh.reader.tower
encoder = tower.encoder
tower.project.data.normal_(generator=torch.Generator().manual_seed(SEED))
tower.shift.data.fill_(0.1)
some = distinct[:: max(1, len(distinct) // 6)][:6]
if READY:
    encoder.pieces.weight.normal_(generator=torch.Generator().manual_seed(SEED))
    print({width: tuple(filters.shape) for width, filters in zip(encoder.widths, encoder.filters)})

# %% [markdown]
# The slow way, a text and a filter at a time. **Predict:** the library looks up what each piece says to each filter,
# once for every *distinct* piece, and adds these numbers up. Does it come to the same?


# %%
def read_slowly(text):
    rows = encoder.pieces.weight[torch.from_numpy(encoder.words.ids([text], encoder.length)[0])]
    rows = rows[: len(pieces(text))]
    blanks = torch.zeros(max(encoder.widths), rows.shape[1])
    rows, answers = torch.cat([blanks, rows, blanks]), []
    for filters in encoder.filters:
        answers += [max(slide(rows, filters[:, :, f])) for f in range(filters.shape[2])]
    return tower.standardise(torch.tensor([answers]))[0] @ tower.project + tower.shift


# %%
with torch.no_grad():
    if READY:
        slow = torch.stack([read_slowly(text) for text in some])
        print("same vectors:", torch.allclose(slow, fresh.encode(some), rtol=1e-3, atol=1e-3))
    print("texts, dimensions:", tuple(fresh.encode(some).shape))

# %% [markdown]
# ## One more source
#
# A text's vector takes its place in the mixture of lesson 03, beside the item's own row. How much each says is learned,
# as for traits; one softmax weighs **behaviour**, what was bought with the item, against **content**, what it is:
#
# $$H_v = \sum_s m_v \, \mathrm{softmax}(a)_s \, W^s_v, \qquad W^{text}_v = \mathrm{encoder}(\mathrm{text\ of\ } v)$$

# %%
fresh.target.logits.weight[0] = torch.tensor([0.2, -0.3])
item = examples[0]
with_text = fresh.encode([texts[item]])[0]
rows = torch.stack([fresh.target.items.weight[item], with_text])
by_hand = 2 * fresh.target.logits.weight[0].softmax(dim=0)[:, None] * rows
print("sources:", fresh.sources)

# %% tags=["deterministic"]
theirs = fresh.contributions(items=torch.tensor([item]))[0]
print("same contributions:", torch.allclose(by_hand, theirs, atol=1e-5))

# %% [markdown]
# *End to end* means that no text is ever labelled. The skip-gram loss of a batch asks for a better $H$, and the request
# runs back through projection, maxima and filters to the pieces. **Predict:** which pieces get a gradient?

# %%
fresh.context.weight.normal_(generator=torch.Generator().manual_seed(SEED))
batch = next(split.train.batches(torch.Generator().manual_seed(SEED), torch.device("cpu")))
fresh.train().loss(batch).backward()
length = {name: float(value.grad.norm()) for name, value in fresh.named_parameters() if value.grad is not None}
pd.Series(length, name="length of the gradient").round(4).to_frame()

# %% [markdown]
# Filters, projection and shift all hear of it. So do the pieces of the batch's texts, though not all alike: a maximum
# passes the blame to one place only, and a piece that was nowhere a filter's largest answer hears nothing.
#
# ## Train it
#
# The helper trains any model on the same split; the other one keeps the degree-matched AUC, so that popularity alone
# scores a half.


# %%
def train(model, epochs=1):
    mt.fit(model, split.train, epochs=epochs, device=DEVICE, seed=SEED, progress=False)
    return model


def auc(model):
    found = mt.evaluate(model, split, baselines=False)[0].auc["degree"]
    return {region: float("nan") if value is None else value for region, value in found.items()}


# %%
EPOCHS = 1 if SMOKE else 3
plain = train(mt.SGNS(catalogue, seed=SEED), EPOCHS)
model = train(mt.ContentSGNS(catalogue, text=TEXT, encoder=ENCODER, seed=SEED), EPOCHS)
plain_auc, model_auc = auc(plain), auc(model)
pd.DataFrame({"skip-gram": plain_auc, "with text": model_auc}).T.round(3)

# %% [markdown]
# A cold item is no coin toss any more, though no line of our code says what a word means. Here is what a newcomer's
# text finds; none of these was in a training basket with it.

# %%
newcomers = [item for item in examples if split.cold[item]] + [item for item in cold.tolist() if texts[item]]
newcomers = list(dict.fromkeys(newcomers))[:6]
mt.neighbours(model, newcomers[0], k=6)

# %%
names = catalogue.names
near = {item: mt.neighbours(model, item, k=10) for item in newcomers}
table = pd.DataFrame({"never bought": [texts[item] for item in near]})
for place, word in enumerate(("nearest", "second", "third")):
    table[word] = [found[place].name for found in near.values()]
table

# %% [markdown]
# Newcomers land beside their own kind, and you could say: no wonder, they share the words. So ask for more. For a text,
# which other texts does the model read most alike, among those that have **no word in common** with it?


# %%
@torch.no_grad()
def unlike_words(text):
    own = words_of(text)
    others = [other for other in distinct if own and not own & words_of(other)] or distinct
    alike = F.cosine_similarity(model.encode([text]), model.encode(others), dim=1)
    return [others[place] for place in alike.topk(min(3, len(others))).indices]


asked = list(dict.fromkeys(texts[item] for item in examples))
asked = asked if shop.name != "groceries" else ["BACON PRE-COOKED", "BABY FOODS BABY FOOD - BEGINNER", *asked]
for text in asked[:7]:
    print(text, "->", unlike_words(text))

# %% [markdown]
# What these texts have in common is the company that their items keep; the words had to be tied to it by the baskets.
# It does not always come out: read on before you believe a list that looks clever.
#
# ## Item, text, or both?
#
# Which of the parts does the work? One epoch for each row, on the same baskets: the own row alone, the text alone,
# both; the columns of the text as codes, as in lesson 03, all traits as codes, and text with traits. To save time the
# CNN has half the main model's filters here. **Write down** which row you expect to be best for pairs of seen items,
# and which for cold ones.

# %%
columns = {} if isinstance(TEXT, str) else catalogue.select(*TEXT).traits
reading = {"text": TEXT, "encoder": ENCODER, "encoder_options": {"filters": 32} if READY else {}, "seed": SEED}
makers = {
    "own row (skip-gram)": lambda: mt.SGNS(catalogue, seed=SEED),
    "text alone": lambda: mt.ContentSGNS(catalogue, own=False, **reading),
    "own row + text": lambda: mt.ContentSGNS(catalogue, **reading),
}
if 0 < len(columns) < len(traits):
    makers["own row + its columns as codes"] = lambda: mt.MultiTraitSGNS(catalogue.select(*columns), seed=SEED)
if traits:
    makers["own row + traits"] = lambda: mt.MultiTraitSGNS(catalogue, seed=SEED)
    makers["own row + traits + text"] = lambda: mt.ContentSGNS(catalogue, traits="all", **reading)
else:
    print("This data set has no traits, so the rows with traits are left out.")

# %%
trained, row, seconds = {}, {}, {}
for name, make in makers.items():
    began = time.perf_counter()
    trained[name] = train(make())
    row[name], seconds[name] = auc(trained[name]), time.perf_counter() - began

# %% tags=["picture"]
groups = {region: {name: found[region] for name, found in row.items()} for region in ("seen", "cold")}
both, alone = row["own row + text"], row["text alone"]
title = f"Seen pairs: text alone {alone['seen']:.2f}, own row alone {row['own row (skip-gram)']['seen']:.2f}, "
title += f"both {both['seen']:.2f}. Cold: both {both['cold']:.2f}, coin toss {row['own row (skip-gram)']['cold']:.2f}"
figures.show(figures.grouped_bars(groups, title, "AUC"), alt=title)

# %%
table = pd.DataFrame(row).T.round(3)
table["seconds"] = pd.Series(seconds).round(1)
table

# %% [markdown]
# Three things to read, on the groceries. The text alone does well, and with the own row beside it seen pairs gain a
# little more: the text carries what items share, the row what they don't, and one epoch is short for a row. Cold pairs
# gain less from it, for a new item's own row says nothing.
#
# Hold the text against the same columns as codes. Reading is ahead, though not by much: to a code, two kinds are two
# numbers, while words tell that both are *frozen*. The price is time; compare the seconds.
#
# And all traits as codes, with nothing read at all, do as well: the maker and the size of the pack stand in no text
# here. The last row has everything, and it is not far ahead either. Where items have good codes, begin with these, and
# read where codes end: titles, slips of the pen, new kinds. The last exercise is about those.
#
# ## Behaviour or content?
#
# How much of an item's vector is what it was bought with, how much what is written on it? Weight and contribution
# share, as in lesson 03. **Predict** whether the model leans on the row or on the text.

# %%
learned = mt.trait_weights(model)
learned

# %%
lasting = dict(zip(learned.sources, learned.share))
title = f"The text makes {lasting['text']:.2f} of the vectors, the item's own row {lasting['item']:.2f}"
figures.show(figures.trait_bars(learned, title), alt=f"{title}. {learned}")

# %% [markdown]
# One softmax serves the whole catalogue, so no item has a weight of its own. Shares may differ all the same, because
# rows may be long or short. Sort the items by how often they were bought, in fifths. **Predict:** do rare items lean
# on their text?

# %%
seen = torch.nonzero(model.seen).ravel()
seen = seen[torch.from_numpy(split.counts)[seen.cpu()].argsort(stable=True).to(seen.device)]
parts = model.contributions(items=seen).cpu()  # (U, sources, d)
parts = parts - parts.mean(dim=0)
moved = parts.sum(dim=1)

# %% tags=["picture"]
bins = {}
for rows in torch.arange(len(seen)).tensor_split(5):
    bought = split.counts[seen[rows].cpu().numpy()]
    name = f"{bought.min():,} to {bought.max():,}"
    bins[name] = float((parts[rows, -1] * moved[rows]).sum() / moved[rows].square().sum())
shares = [*bins.values()]
title = f"The text's share: {shares[0]:.2f} for the rarest fifth of the items, {shares[-1]:.2f} for the most bought"
figures.show(figures.bars(bins | {"never bought": 1.0}, title, "the text's share"), alt=title)

# %% [markdown]
# If you expected rare items to lean on their text, look again. A row that is seldom in a basket takes larger steps
# each time (Adagrad sees to that), so it needn't be short. Only where nothing was ever bought is the text alone.
#
# But a share says what moves a vector, not whether it moves it rightly. So ask the parts: the AUC of seen pairs, in
# quarters by how often the rarer of the two was bought. **Predict** in which quarter the text helps most.


# %%
def auc_among(vectors, rows):
    u = F.normalize(vectors, dim=1).cpu()
    true, false = split.pairs[rows], split.negatives["degree"][rows]
    false = false[false[:, 0] >= 0]  # -1 where none was found
    return mt.auc(*((u[pairs[:, 0]] * u[pairs[:, 1]]).sum(dim=1).numpy() for pairs in (true, false)))


rows = np.flatnonzero(split.regions()["seen"])
rows = rows[np.argsort(split.counts[split.pairs[rows]].min(axis=1), kind="stable")]
quarters = dict(zip(["rarest quarter", "second", "third", "most bought"], np.array_split(rows, 4)))
sides = {"skip-gram": plain.embeddings(), "own row + text": model.embeddings()}
sides["of that, the text alone"] = model.contributions()[:, -1]

# %% tags=["picture"]
groups = {name: {q: auc_among(vectors, rows) for q, rows in quarters.items()} for name, vectors in sides.items()}
added = [(groups["own row + text"][q] or 0) - (groups["skip-gram"][q] or 0) for q in quarters]
title = f"The text changes the AUC by {added[0]:+.3f} for rare items, {added[-1]:+.3f} for the most bought"
figures.show(figures.grouped_bars(groups, title, "AUC"), alt=title)

# %% [markdown]
# That is the pattern of lesson 03 again: the less is known from baskets, the more a description helps. It stands in
# the AUC, where it matters, though no weight and no share tells of it.
#
# ## The same in five lines, with another encoder
#
# Any function from texts to numbers may take the CNN's place. `encoder="ngrams"` is the mean of vectors of words and of
# runs of three to five letters, as in fastText (Bojanowski et al., 2017). The five lines are how you would use it all;
# with a file of your own, `text=` names the columns to read.

# %%
data = shop  # or mt.load("my.csv", basket="order", item="sku", name="title")
asked = mt.split(data, cold_items=0.1, seed=SEED)
grams = mt.ContentSGNS(data.catalogue, text=TEXT, encoder="ngrams", seed=SEED)
mt.fit(grams, asked.train, epochs=1, device=DEVICE, seed=SEED, progress=False)
mt.evaluate(grams, asked)

# %% [markdown]
# The sign `<` begins a word and `>` ends it, so a run at a word's edge is another than the same letters inside. What
# does a slip cost here? An exercise below has you write these runs.

# %%
right, wrong = texts[examples[0]], one_letter_off(texts[examples[0]], random.Random(SEED))
kept, whole = ({*letter_grams([text], 2**15)[0]} for text in (wrong, right))
print(f"{wrong!r} keeps {len(kept & whole)} of the {len(whole)} runs of {right!r}")

# %% [markdown]
# The other kind is *frozen*: somebody else's encoder, which stays as it is, with only a projection learned. The one at
# hand needs no download: it counts runs of letters, weighs rare ones up (TF-IDF), and keeps the directions that
# differ most (SVD). If `SENTENCE_MODEL` names a folder, a sentence encoder joins in.

# %%
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline

count = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4))
width = max(1, min(128, len(distinct) - 1))
counted = make_pipeline(count, TruncatedSVD(width, random_state=SEED)).fit(distinct)
counted.transform(some).shape

# %%
towers = {"word pieces, CNN" if READY else "letter n-grams": trained["own row + text"], "letter n-grams": grams}
towers["counted letters, frozen"] = train(mt.ContentSGNS(catalogue, text=TEXT, encoder=counted.transform, seed=SEED))
library = lesson.peer("sentence_transformers") if SENTENCE_MODEL else None
if library:
    sentences = library.SentenceTransformer(SENTENCE_MODEL, local_files_only=True)
    towers["sentence encoder, frozen"] = train(
        mt.ContentSGNS(catalogue, text=TEXT, encoder=sentences.encode, seed=SEED)
    )
elif SENTENCE_MODEL:
    print("A sentence encoder needs the package sentence-transformers; without it this row is left out.")

# %%
encoder_auc = {name: auc(tower) for name, tower in towers.items()}
pd.DataFrame(encoder_auc).T.round(3)

# %% [markdown]
# The rows lie close together. Counting letters, done before the first basket was seen, is about as good here as filters
# or runs that were trained on the baskets. So the gain comes from having the text at all, not from a clever encoder:
# try the cheap one first, and let the others beat it.
#
# ## A slip of the pen
#
# Somebody types a product's text with a letter dropped, doubled or swapped. Does the vector land nearest its original,
# of all texts in the shop? Then one more slip, and one more. **Predict** which encoder holds out longest; you have
# seen what a slip does to word pieces.


# %%
@torch.no_grad()
def found_first(tower, asked):
    originals, typed = (F.normalize(tower.encode(some), dim=1) for some in (distinct, asked))
    scores = typed @ originals.T
    return float((scores.argmax(dim=1) == torch.arange(len(distinct), device=scores.device)).double().mean())


slips, draw = [distinct], random.Random(SEED)
for _ in range(4):
    slips.append([one_letter_off(text, draw) for text in slips[-1]])
print(*[typed[len(distinct) // 2] for typed in slips], sep="\n")

# %% tags=["picture"]
curves = {name: [(n, found_first(tower, typed)) for n, typed in enumerate(slips)] for name, tower in towers.items()}
first = {name: curve[1][1] for name, curve in curves.items()}
title = "Found first after one slip: " + ", ".join(f"{name} {share:.0%}" for name, share in first.items())
figure = figures.learning_curve(curves, title, "letters slipped", "share of texts found first")
figures.show(figure.update_xaxes(dtick=1).update_yaxes(rangemode="tozero"), alt=title)

# %% [markdown]
# Chance would find one text in all of them. Runs of letters lose only those that hold the slip; a word that falls into
# other pieces is another word to the CNN, unless training showed it such cuts (`encoder_options={"cuts": 4}` does, by
# drawing several ways to cut each text: Kudo, 2018).
#
# So you may ask with a text that no item has, slips included. Try one of yours.

# %%
typed = one_letter_off("tortilla chips" if shop.name == "groceries" else texts[newcomers[0]], random.Random(SEED))
for name in ("letter n-grams", next(iter(towers))):
    print(name)
    print(mt.neighbours_of_text(towers[name], typed, k=4))

# %% [markdown]
# ## Break it on purpose
#
# The control keeps every text, every basket and every setting, and takes the meaning away: each item gets another
# item's text. **Predict** the AUC of cold pairs, and the text's share of the vectors.

# %%
other = np.random.default_rng(SEED).permutation(len(catalogue))
moved_texts = mt.Catalogue(catalogue.ids, catalogue.names[other], [trait.take(other) for trait in traits.values()])
nonsense = train(mt.ContentSGNS(moved_texts, **reading))
nonsense_auc = auc(nonsense)

# %%
cold_auc = {"own row (skip-gram)": row["own row (skip-gram)"]["cold"], "shuffled texts": nonsense_auc["cold"]}
cold_auc |= {"text alone": alone["cold"], "own row + text": both["cold"], "the main model": model_auc["cold"]}
title = f"Cold items: AUC {nonsense_auc['cold']:.2f} with shuffled texts, {both['cold']:.2f} with their own"
figures.show(figures.bars(cold_auc, title, "cold AUC"), alt=title)

# %% [markdown]
# Cold items are back at the coin toss, so what the text adds is its meaning and no leak. And the weights? Does the
# model notice that its texts are nonsense?

# %%
pd.DataFrame(
    {"own texts": mt.trait_weights(trained["own row + text"]).share, "shuffled": mt.trait_weights(nonsense).share},
    index=nonsense.sources,
).round(3)

# %% [markdown]
# It does not. After one epoch nearly all of the vectors is text, true or not: a text is shared by many items, so it
# learns sooner than any row. A share says what moves the vector, the control whether that means anything. The quiz asks
# what it costs the items that were seen.

# %%
found = {"cold AUC, with text": model_auc["cold"], "cold AUC, shuffled texts": nonsense_auc["cold"]}
found |= {"seen AUC, with text": model_auc["seen"], "seen AUC, skip-gram": plain_auc["seen"]}
found["misspelt texts found first, n-grams"] = first["letter n-grams"]
for name, value in found.items():
    lesson.headline(name, round(value, 3) if np.isfinite(value) else "no such pairs")

# %% [markdown]
# ## Check yourself
#
# Predict first; then run the lines in a new cell below the question, and only then open the answer. The answers speak
# of the whole groceries; with `SMOKE = True` much of what you see is luck.

# %% [markdown]
# **1.** Turn the words of each text round. How far does the vector move, for the CNN and for the letter n-grams?
#
# ```python
# turned = [" ".join(reversed(text.split())) for text in distinct]
# for name, tower in towers.items():
#     cosine = F.cosine_similarity(tower.encode(distinct), tower.encode(turned), dim=1)
#     print(f"{name}: mean cosine {cosine.mean():.3f}, smallest {cosine.min():.3f}")
# ```
#
# <details><summary>Answer</summary>
#
# The n-grams don't move at all: no run crosses from one word to the next, and a mean has no order. Nor do the counted
# letters, for the same reason. The CNN moves, because its filters of width two and three lie across two words. It is
# the only one of them that could tell chocolate milk from milk chocolate. Whether that is worth anything is a question
# for the AUC.
# </details>

# %% [markdown]
# **2.** How many different vectors do the cold items have? And the items that were bought?
#
# ```python
# vectors = model.embeddings().cpu()
# for name, items in {"cold": cold, "bought": np.flatnonzero(split.counts)}.items():
#     print(f"{name}: {len(items):,} items, {len(vectors[items].unique(dim=0)):,} vectors")
# ```
#
# <details><summary>Answer</summary>
#
# Bought items have a vector each, for each has a row of its own. Cold items have only as many as they have texts: two
# newcomers with the same text are the same to the model, and no encoder can change that. Other traits could, such as
# the size of the pack; or the first few baskets.
# </details>

# %% [markdown]
# **3.** Ask with letters that mean nothing. How near is the nearest item, compared with asking by a real text?
#
# ```python
# seen_rows = F.normalize(model.embeddings()[model.seen], dim=1)
# letters = random.Random(SEED)
# rubbish = ["".join(letters.choices("bcdfghjklmnpqrstvwxz", k=len(text))) for text in distinct]
# for name, asked_texts in {"real texts": distinct, "rubbish": rubbish}.items():
#     nearest = (F.normalize(model.encode(asked_texts), dim=1) @ seen_rows.T).amax(dim=1)
#     print(f"{name}: cosine of the nearest item, middle {nearest.median():.2f}")
# ```
#
# <details><summary>Answer</summary>
#
# Less near than by a real text, but still near: something is always nearest, and its cosine looks like an answer. The
# model never says that it does not know. A shop that shows results for whatever is typed needs a limit of its own, and
# the two numbers say where it might lie.
# </details>

# %% [markdown]
# **4.** Cold items had nothing to lose by the shuffled texts. And seen items, whose own rows could tell the truth? Hold
# them against skip-gram, which has the same rows and no texts.
#
# ```python
# print("skip-gram:     ", round(row["own row (skip-gram)"]["seen"], 3))
# print("true texts:    ", round(both["seen"], 3))
# print("shuffled texts:", round(nonsense_auc["seen"], 3))
# ```
#
# <details><summary>Answer</summary>
#
# Wrong texts are worse than none: seen items fall far below skip-gram. Each text is shared by items that have nothing
# to do with each other, and pulls them together; the model leans on it all the same, as its shares said, and in one
# epoch the rows can't make up for it. A wrong description does harm where a missing one does not. So look at your texts
# before you let a model read them.
# </details>

# %% [markdown]
# ## Exercises
#
# Write each function, then run the cell below it: it says whether the answer is right, and if not, gives a hint. A
# wrong answer costs nothing, so ask often.
#
# ### 1. Runs of letters
#
# What makes the n-grams so patient with slips? Write the runs of a text: each word, in lower case and between `<` and
# `>`, gives all runs of `shortest` to `longest` letters (the signs count as letters). No run crosses from one word to
# the next, and one that stands there twice is listed twice.


# %% tags=["exercise"]
def ngrams_of(text, shortest, longest):
    """The runs of letters in the words of a text, as a list in any order.

    ("to", 3, 4) -> ["<to", "to>", "<to>"].
    """
    # 1. the words, wrapped  2. for each word and length, the places where such a run begins
    wrapped = [f"<{word}>" for word in text.lower().split()]
    sizes = range(shortest, longest + 1)
    return [word[at : at + size] for word in wrapped for size in sizes for at in range(len(word) - size + 1)]


# %%
mt.check.ngrams_of(ngrams_of)

# %% tags=["solution"]
runs = ngrams_of(right, 3, 5)
print("as many as the library's:", len(runs) + len(right.split()) == len(letter_grams([right], 2**15)[0]))
print("kept after a slip:", len({*runs} & {*ngrams_of(wrong, 3, 5)}), "of", len({*runs}))

# %% [markdown]
# ### 2. A mean that hears no padding
#
# Texts of unequal length are filled up with 0 to make one array of numbers, `pieces` (U, T). Row 0 of the `table`
# (P, d) belongs to nobody, whatever stands in it. Take each text's mean over the pieces that are there; a text without
# any gets the zero vector, and a NaN would spoil the whole batch. This is the n-gram encoder, so hold it against
# `reader(numbers)`, where `reader` is `grams.reader.tower.encoder`, its table `reader.grams.weight`, and `numbers` are
# `reader.features(some)`.


# %% tags=["exercise"]
def masked_mean(table, pieces):
    """The mean of each text's rows, padding left out.

    (P, d), (U, T) whole numbers, 0 for padding -> (U, d).
    """
    there = (pieces > 0).float()[:, :, None]  # (U, T, 1)
    total = (table[pieces] * there).sum(dim=1)
    return total / there.sum(dim=1).clamp(min=1)


# %%
mt.check.masked_mean(masked_mean)

# %% tags=["solution"]
reader = grams.reader.tower.encoder
numbers = reader.features(some).to(grams.device)
print("as the library:", torch.allclose(masked_mean(reader.grams.weight, numbers), reader(numbers), atol=1e-5))

# %% [markdown]
# ### 3. All filters, all places, all texts
#
# `slide` went through the places of one text with one filter. Now all at once: `rows` (U, T, d) are the pieces' vectors
# of U texts, `filters` (w, d, F) hold F filters of width w. Give each filter's largest answer to each text, plus its
# `bias` (F,), which Kim's filters have and the library's don't: standardising would take it away. No blanks are put
# around the texts here. Loops are fine, at most over the w rows of a filter if you want it fast; gradients must reach
# all three arguments.


# %% tags=["exercise"]
def conv_max(rows, filters, bias):
    """Each filter's largest answer to each text.

    (U, T, d), (w, d, F), (F,) -> (U, F).
    """
    # at how many places does a filter of w rows fit?
    fits = rows.shape[1] - len(filters) + 1
    answers = sum(rows[:, at : at + fits] @ own for at, own in enumerate(filters))  # (U, places, F)
    return answers.amax(dim=1) + bias


# %%
mt.check.conv_max(conv_max)

# %% tags=["solution"]
if READY:
    numbers = encoder.features(some).to(model.device)  # (U, cuts, T)
    margin, first_cut = max(encoder.widths), numbers[:, 0]
    looked_up = encoder.pieces.weight[first_cut] * (first_cut > 0)[:, :, None]
    with_blanks = F.pad(looked_up, (0, 0, margin, margin))
    parts = [conv_max(with_blanks, own, torch.zeros_like(own[0, 0])) for own in encoder.filters]
    print("as the library:", torch.allclose(torch.cat(parts, dim=1), encoder.eval()(numbers), atol=1e-4))

# %% [markdown]
# ### 4. A kind that nobody has sold yet (open)
#
# On the groceries codes say about as much of a new item as its text does. But the cold items are of kinds that the shop
# has long had. Now let whole *kinds* be new: take all items with a tenth of the values of one trait out of training.
# What can a code say of them, what a text?
#
# You need true pairs of a new kind's item with one that was trained on, false ones in which the other end is drawn by
# popularity, and models that are trained without the new kinds. It worked if the codes of a new kind come out at a half
# (they were never trained), and if the texts stay there too once they are shuffled.
#
# More to try: several cuts of each text (`encoder_options={"cuts": 4}`: what do they do for slips, what for cold
# items?); the CNN without standardising (`asked.reader.tower.standardise = torch.nn.Identity()` before the training:
# what becomes of the weights, and why?); the text on the context side as well (`siamese=True`); `TEXT = "name"`, which
# on the groceries brings in the size of the pack.

# %% [markdown] tags=["solution"]
# One way, with the first column of the text, or the first trait, as the kind. Letter n-grams read the texts, for they
# train quickly; the code of the same column is the model of lesson 03.

# %% tags=["solution"]
kind = next(iter(columns or traits), None)
if kind is None:
    print("Without traits nobody says of what kind an item is: try this on another data set.")
else:
    draw, codes = np.random.default_rng(SEED), traits[kind].codes[:, 0]
    values = draw.permutation(np.arange(1, len(traits[kind].values)))
    gone = np.isin(codes, values[: max(1, len(values) // 10)])
    whole = mt.split(shop, cold_items=0, seed=SEED)
    print(f"{gone.sum():,} items of a new {kind}")

# %% [markdown] tags=["solution"]
# What is left of the training data, and the pairs: the new item first, then what it was really bought with, or an item
# drawn by how often it occurs in training.

# %% tags=["solution"]
if kind is not None:
    data, left = whole.dataset, None
    if data.baskets is not None:
        left = replace(data, baskets=data.baskets.keep(~gone[data.baskets.values]))
    else:
        kept = ~(gone[data.edges.source] | gone[data.edges.target])
        left = replace(data, edges=mt.Edges(*(part[kept] for part in vars(data.edges).values())))
    held = replace(whole, dataset=left, cold=gone)
    true = whole.pairs[gone[whole.pairs].sum(axis=1) == 1]
    true = np.where(gone[true[:, :1]], true, true[:, ::-1])
    true = true[held.counts[true[:, 1]] > 0]
    false = true.copy()
    false[:, 1] = draw.choice(len(catalogue), len(true), p=held.counts / held.counts.sum())


# %% tags=["solution"]
def auc_of_new_kinds(asked):
    mt.fit(asked, held.train, epochs=1, device=DEVICE, seed=SEED, progress=False)
    u = F.normalize(asked.embeddings(), dim=1).cpu()
    return mt.auc(*((u[pairs[:, 0]] * u[pairs[:, 1]]).sum(dim=1).numpy() for pairs in (true, false)))


if kind is not None and len(true):
    by_code = auc_of_new_kinds(mt.MultiTraitSGNS(catalogue.select(kind), seed=SEED))
    by_text = auc_of_new_kinds(mt.ContentSGNS(catalogue, text=TEXT, encoder="ngrams", seed=SEED))
    print(f"AUC of items of a new {kind}: by its code {by_code:.3f}, by its text {by_text:.3f}")

# %% [markdown] tags=["solution"]
# A code that no basket trained has nothing to say, and its items have no vector: exactly a half. The text is above it,
# but barely: all it can go by are words and letters which the new kind shares with old ones. The gap to the
# cold items of known kinds, further up, is what had been learned of the kind itself. With another `SEED` other kinds
# are new, and the number moves; a handful of kinds is a small sample.

# %% [markdown]
# ## What we learned
#
# - A text is one more source of an item's vector, and its encoder learns from the same baskets, end to end.
# - A convolution over a text is a dot product that slides, and a maximum that asks whether, not where.
# - Seen items gain from their text, rare ones most; new items live on it. Wrong texts are worse than none.
# - Codes of all that is known do as well here, in less time, and so does counting letters. Reading pays where codes
#   end: titles, slips of the pen, kinds that are new.
# - A share says how much of a vector is content, not whether that content is true. The shuffled texts say it.
#
# ## Next
#
# [08 · Sequence models](08_sequence_models.ipynb) ask what comes next, from what came before; and
# [09 · Serving and transfer](09_serving_and_transfer.ipynb) answers with such vectors, fast and for many. Your own
# file runs through this lesson as well: `make course DATASET=my.csv LESSONS=07`.
