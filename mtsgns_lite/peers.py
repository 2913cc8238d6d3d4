"""Other libraries on the same rows, to compare against: gensim's word2vec."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

from .data.corpus import Corpus
from .device import usable_cpus


def fit_gensim(
    corpus: Corpus,
    items: int,
    skip_gram: bool,
    dim: int,
    epochs: int,
    seed: int,
    note: Callable[[Callable[[], torch.Tensor]], object],
) -> tuple[torch.Tensor, float]:
    """The (items, dim) vectors of gensim's skip-gram or CBOW, and its seconds.

    The window, five negatives and the exponent of 0.75 are ours; no item is left out for being rare, and none is
    sub-sampled. All else is gensim's own, its shrinking windows included, with which it sees fewer pairs and is faster.
    It gets a worker for each processor. The seconds are those of `build_vocab` and `train`; turning rows into lists
    beforehand, and `note`, which is given a function that returns the vectors so far, are left out.
    """
    from gensim.models import Word2Vec
    from gensim.models.callbacks import CallbackAny2Vec

    def vectors() -> torch.Tensor:
        found = torch.zeros(items, dim)
        found[torch.tensor(model.wv.index_to_key)] = torch.from_numpy(model.wv.vectors.copy())
        return found

    class Noting(CallbackAny2Vec):
        def on_epoch_end(self, model) -> None:
            clock.stop()
            note(vectors)
            clock.start()

    sentences = corpus.lists
    clock = _Clock()
    model = Word2Vec(
        vector_size=dim, window=corpus.window, sg=int(skip_gram), negative=5, ns_exponent=0.75, min_count=1, sample=0,
        workers=usable_cpus(), seed=seed,
    )  # fmt: skip
    model.build_vocab(sentences[0])  # every pass holds every item
    clock.stop()
    note(vectors)
    clock.start()
    model.train(_Passes(sentences), total_examples=len(sentences[0]), epochs=epochs, callbacks=[Noting()])
    clock.stop()
    return vectors(), clock.seconds


class _Clock:
    def __init__(self) -> None:
        self.seconds = 0.0
        self.start()

    def start(self) -> None:
        self.since = time.perf_counter()

    def stop(self) -> None:
        self.seconds += time.perf_counter() - self.since


class _Passes:
    """Sentences that gensim goes through once an epoch: each time those of the next pass."""

    def __init__(self, passes: list[list[list[int]]]):
        self.passes, self.read = passes, 0

    def __iter__(self):
        self.read += 1
        return iter(self.passes[(self.read - 1) % len(self.passes)])
