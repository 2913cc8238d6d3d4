"""The table of methods that `compare` knows, and how each is fitted on a split and a corpus drawn once."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec

import numpy as np
import torch
from torch.nn.functional import normalize

from .data.catalogue import Catalogue
from .data.corpus import AsPairs, Corpus, Rows
from .data.dataset import Dataset
from .data.samples import Pairs, SkipGramSamples
from .data.sequence_samples import SequenceSamples
from .data.sequences import Sequences
from .data.splits import Split
from .evaluation import auc
from .models import KINDS, SGNS, ContentSGNS, ItemModel, MatrixFactorization, MultiTraitSGNS
from .peers import fit_gensim
from .training import History, fit

P, Q = 0.5, 2.0  # of node2vec: walks that turn back and stay near, as its authors took for what items have in common
PROBES = 5  # points of a learning curve in each epoch


@dataclass(frozen=True)
class Method:
    """One row of the comparison.

    Attributes
    ----------
    family : rows of one kind, which the report shows in one colour.
    about : what it is, in a line.
    model : (catalogue, dim=, seed=) -> the model; None for what is counted rather than fitted, and for gensim.
    samples : (split, rows) -> what it trains on; by default the rows that all share.
    reads_corpus : does it learn from those rows?
    needs : "traits", "text", "baskets", "gensim", or nothing.
    core : is it among the rows that `compare` makes unless told otherwise?
    """

    family: str
    about: str
    model: Callable[..., ItemModel] | None = None
    samples: Callable[[Split, SkipGramSamples], object] = lambda split, rows: rows
    needs: str = ""
    core: bool = False
    skip_gram: bool | None = None  # of gensim
    reads_corpus: bool = True

    @property
    def fitted(self) -> bool:
        """Is there anything to train?"""
        return self.model is not None or self.skip_gram is not None


def _factorisations() -> dict[str, Method]:
    """Matrix factorisation on edges, on their weights, and on the pairs of the corpus; with one table and with two."""
    kinds: dict[str, tuple[str, dict]] = {
        "mf": ("a dot product, on the training edges", {}),
        "mf-bias": ("a dot product and biases, on the training edges", {"bias": True}),
        "mf-weights": ("squared error on the weights of the training edges", {"loss": "mse"}),
        "mf-walks": ("a dot product, on the pairs that sgns sees", {}),
        "mf-bias-walks": ("a dot product and biases, on the pairs that sgns sees", {"bias": True}),
    }
    table = {}
    for name, (about, options) in kinds.items():
        walks = name.endswith("-walks")
        samples = _row_pairs if walks else _weighted_edges if name == "mf-weights" else _edges
        for tables, ending in ((1, ""), (2, "-two")):
            model = partial(MatrixFactorization, **options, tables=tables)
            words = about + ", two tables" * (tables - 1)
            core = name + ending in ("mf", "mf-bias")
            table[name + ending] = Method("factorisation", words, model, samples, core=core, reads_corpus=walks)
    return table


def _edges(split: Split, rows: SkipGramSamples) -> Pairs:
    return split.edges()


def _weighted_edges(split: Split, rows: SkipGramSamples) -> Pairs:
    return split.edges(weighted=True)


def _row_pairs(split: Split, rows: SkipGramSamples) -> AsPairs:
    return AsPairs(rows)


def _traits(weights: str) -> Method:
    model = partial(MultiTraitSGNS, weights=weights)
    return Method("traits", f"skip-gram with traits, weights {weights}", model, needs="traits", core=True)


def _shuffled(catalogue: Catalogue, seed: int, **options) -> MultiTraitSGNS:
    return MultiTraitSGNS(catalogue.shuffle_traits(seed), seed=seed, **options)


def _node2vec_rows(split: Split, rows: SkipGramSamples) -> Rows:
    """Second-order walks, as many as the other rows are; on baskets, walks on the co-occurrence graph."""
    per_node = max(1, round(rows.rows / max(1, int((split.graph.degrees > 0).sum()))))
    walks = split.walks(p=P, q=Q, per_node=per_node, noise_size=rows.noise_size)  # as many as the others have
    return Rows(Corpus.draw(walks, split.seed), len(split.catalogue))


def _content(traits: str | tuple[str, ...], words: str) -> Method:
    model = partial(ContentSGNS, traits=traits)
    return Method("content", f"skip-gram that reads the items' names{words}", model, needs="text")


def _next_item(kind: str, what: str) -> Method:
    about = f"{what}, trained on each user's next item"
    return Method("sequences", about, KINDS[kind], _sequences, needs="baskets", reads_corpus=False)


def _sequences(split: Split, rows: SkipGramSamples) -> SequenceSamples:
    return Sequences.from_dataset(split.dataset, seed=split.seed).samples()


METHODS: dict[str, Method] = {
    "popularity": Method("counting", "the product of the two items' counts", core=True, reads_corpus=False),
    "cooccurrence": Method("counting", "the weight of their edge in training", core=True, reads_corpus=False),
    **_factorisations(),
    "sgns": Method("skip-gram", "skip-gram with negative sampling", SGNS, core=True),
    "node2vec": Method(
        "skip-gram", f"skip-gram on walks with p={P:g} and q={Q:g}", SGNS, _node2vec_rows, reads_corpus=False
    ),
    "gensim-sg": Method("gensim", "gensim's skip-gram", needs="gensim", skip_gram=True),
    "gensim-cbow": Method("gensim", "gensim's CBOW, which is its default", needs="gensim", skip_gram=False),
    "traits-uniform": _traits("uniform"),
    "traits-global": _traits("global"),
    "traits-item": _traits("item"),
    "text": _content((), ""),
    "text-traits": _content("all", " and knows their traits"),
    "gru4rec": _next_item("GRU4Rec", "a recurrent network"),
    "mind": _next_item("MIND", "interests by routing, one matrix for all"),
    "comirec-dr": _next_item("ComiRecDR", "interests by routing, a matrix for each place and interest"),
    "comirec-sa": _next_item("ComiRecSA", "interests by self-attention"),
    "traits-shuffled": Method("traits", "the control: traits that mean nothing", _shuffled, needs="traits", core=True),
}


def parse(name: str) -> tuple[str, int | None]:
    """A method and the epochs it carries: ``sgns@1`` is sgns with one epoch whatever the others have.

    Raises ``ValueError`` for a method that is not known, or epochs that are no number.
    """
    method, at, epochs = name.partition("@")
    if method not in METHODS:
        raise ValueError(f"There is no method {method!r}: choose from {', '.join(METHODS)}.")
    if not at:
        return method, None
    if not METHODS[method].fitted:
        raise ValueError(f"{method} is not trained, so it takes no epochs: write {method} without {at}{epochs}.")
    if not epochs.isdecimal() or int(epochs) < 1:
        raise ValueError(f"{name!r}: after the @ stands a number of epochs, such as {method}@1.")
    return method, int(epochs)


def lacking(name: str, dataset: Dataset) -> str:
    """Why a method can't be used here, in one sentence; nothing if it can."""
    needs = METHODS[name].needs
    if needs == "traits" and not dataset.catalogue.traits:
        return f"{name} needs traits, and {dataset.name!r} has none: name some with traits=."
    if name == "text-traits" and not dataset.catalogue.traits:
        return f"{name} needs traits, and {dataset.name!r} has none: name some with traits=, or take text."
    if needs == "text" and find_spec("sentencepiece") is None:
        return f"{name} needs sentencepiece, which is not installed: pip install sentencepiece."
    if needs == "text" and (dataset.catalogue.names == dataset.catalogue.ids).all():
        return f"{name} needs names, and the items of {dataset.name!r} have only ids: name the column with name=."
    if needs == "baskets" and dataset.kind == "edges":
        return f"{name} needs what users took one after another, and {dataset.name!r} has edges: load baskets."
    if needs == "gensim" and find_spec("gensim") is None:
        return f"{name} needs gensim, which is not installed: pip install gensim."
    return ""


def choose(models, dataset: Dataset) -> list[str]:
    """The methods asked for; None for the core, "all" for whatever the data set and the installed packages allow.

    Raises ``ValueError`` for one that is not known or can't be used.
    """
    everything = models == "all" or (models is not None and list(models) == ["all"])
    if models is None or everything:
        there = [name for name, method in METHODS.items() if method.core or everything]
        return [name for name in there if not lacking(name, dataset)]
    for name in models:
        reason = lacking(parse(name)[0], dataset)
        if reason:
            raise ValueError(reason)
    return list(models)


class Watch:
    """A probe that notes the AUC against the seconds of training, its own time left out.

    Held-out seen pairs against degree-matched ones, at most 20,000 of them. It does its sums within `aside()`, so that
    whoever measures something else may look away.
    """

    def __init__(self, split: Split, aside: Callable[[], AbstractContextManager] = nullcontext, at_most: int = 20_000):
        self.aside = aside
        false = split.negatives["degree"]
        asked = np.flatnonzero(split.regions()["seen"] & (false[:, 0] >= 0))
        if len(asked) > at_most:
            asked = np.random.default_rng(split.seed).choice(asked, at_most, replace=False)
        self.true, self.false = (torch.from_numpy(pairs[asked].T.copy()) for pairs in (split.pairs, false))
        self.seconds: list[float] = []
        self.auc: list[float | None] = []
        self.own = 0.0  # seconds spent here
        self.began: float | None = None

    def __call__(self, model: ItemModel) -> float | None:
        """Note the AUC of a model's vectors."""
        if model.device.type == "cuda":
            torch.cuda.synchronize()
        return self.note(lambda: model.embeddings().cpu())

    def note(self, vectors: Callable[[], torch.Tensor]) -> float | None:
        """Note the AUC of vectors that are made when asked for; the clock starts with the first note."""
        now = time.perf_counter()
        self.began = now if self.began is None else self.began
        self.seconds.append(round(now - self.began - self.own, 3))
        with self.aside():
            unit = normalize(vectors(), dim=1)
            scores = [(unit[first] * unit[second]).sum(dim=1).numpy() for first, second in (self.true, self.false)]
            found = auc(*scores)
            del unit
        self.auc.append(None if found is None else round(found, 4))
        self.own += time.perf_counter() - now
        return found

    def curve(self, loss: list | None = None) -> dict[str, list]:
        """What was noted, as lists of one length; `loss` is what the trainer knows."""
        return {"seconds": self.seconds, "auc": self.auc, "loss": loss or [None] * len(self.auc)}


@dataclass
class Fitted:
    """What came out of a fit: a model, or bare (items, d) vectors; `curve` has seconds, AUC and loss of each point."""

    model: ItemModel | None
    vectors: torch.Tensor | None
    seconds: float
    curve: dict[str, list] = field(default_factory=dict)


def warm_up(name: str, corpus: Corpus) -> None:
    """What is loaded once and for all, before a clock starts: torch's optimiser, or gensim and what it reads."""
    if METHODS[name].skip_gram is not None:
        import gensim.models  # noqa: F401

        _ = corpus.lists
        return
    number = torch.zeros((), requires_grad=True)
    number.sum().backward()
    torch.optim.Adam([number]).step()


def fit_method(
    name: str, split: Split, corpus: Corpus, dim: int, epochs: int, seed: int, device=None, aside=nullcontext
) -> Fitted:
    """Fit one method of the table on the split and the corpus; `aside` is for `Watch`."""
    method, watch = METHODS[name], Watch(split, aside)
    if method.skip_gram is not None:
        items = len(split.catalogue)
        vectors, seconds = fit_gensim(corpus, items, method.skip_gram, dim, epochs, seed, watch.note)
        return Fitted(None, vectors, seconds, watch.curve())
    assert method.model is not None
    model = method.model(split.catalogue, dim=dim, seed=seed)
    samples = method.samples(split, Rows(corpus, len(split.catalogue)))
    history = fit(model, samples, epochs, device=device, seed=seed, probe=watch, probes=PROBES, progress=False)
    if history.probes[-1][0] < history.steps:  # an epoch is seldom a multiple of the probes
        history.probes.append((history.steps, watch(model)))
    return Fitted(model, None, history.seconds, watch.curve(_losses(history)))


def _losses(history: History) -> list[float | None]:
    """The mean loss between each probe and the one before; None for the first, which stands before the first step."""
    steps = [step for step, _ in history.probes]
    between: list[float | None] = []
    for start, stop in zip([-1, *steps], steps):
        values = [loss for step, loss in history.loss if start < step <= stop]
        between.append(round(float(np.mean(values)), 5) if values else None)
    return between
