"""What comes next in real click sessions: GRU4Rec beside popularity, item-kNN and skip-gram, over the whole catalogue.

python tests/benchmarks/sequences.py diginetica        the given split, 8 epochs, about 10 minutes on one core
python tests/benchmarks/sequences.py diginetica 10     the last tenth of the training sessions and questions: a try-out

The files are not the project's to give away: they are read from the folder that MTSGNS_TEST_DATA names.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import numpy as np
import torch
from bars import say

import mtsgns_lite as mt
from mtsgns_lite.data.samples import Baskets
from mtsgns_lite.data.sequences import Prefixes, Sequences
from mtsgns_lite.models.gru4rec import GRU4Rec
from mtsgns_lite.sequence_evaluation import evaluate_next, item_knn, nearest_to_last, nearest_to_mean, popularity

EPOCHS = 8
FILES = "train.txt.gz", "test.txt.gz"


def diginetica(part: int = 1) -> None:
    """Recall@20 and MRR@20 of GRU4Rec, and the rows that it has to beat."""
    folder = Path(os.environ.get("MTSGNS_TEST_DATA", "")) / "diginetica"
    if not all((folder / file).is_file() for file in FILES):
        print(f"[SKIPPED] diginetica: MTSGNS_TEST_DATA names no folder with diginetica/{' and '.join(FILES)}")
        return
    past = Sequences.from_file(folder / FILES[0])
    asked = Prefixes.from_file(folder / FILES[1], past.catalogue)
    past, asked = (some.take(np.arange(len(some) - len(some) // part, len(some))) for some in (past, asked))
    print(f"{past}\n{asked}", flush=True)

    sgns = mt.SGNS(past.catalogue, dim=64)
    mt.fit(sgns, Baskets(past.items, len(past.catalogue)), 3, device="cpu", progress=False)
    methods = {
        "popularity": popularity(past), "item-kNN": item_knn(past),
        "SGNS, last item": nearest_to_last(sgns.embeddings()), "SGNS, mean": nearest_to_mean(sgns.embeddings()),
    }  # fmt: skip
    print(evaluate_next(methods, asked, length=20), flush=True)

    few = asked.take(np.random.default_rng(0).choice(len(asked), min(2_000, len(asked)), replace=False))

    def recall(model: GRU4Rec) -> float:
        found = evaluate_next({"": model.scores}, few, length=20)[""]
        print(
            f"  Recall@20 {found['recall@20']:.4f}, MRR@20 {found['mrr@20']:.4f} of {len(few):,} questions", flush=True
        )
        return found["recall@20"] or 0.0

    before, model = time.process_time(), GRU4Rec(past.catalogue)
    history = mt.fit(model, past.samples(), EPOCHS, device="cpu", probe=recall, probes=1, progress=False)
    print(f"{history}; {time.process_time() - before:.0f} s of the processor's, probes included", flush=True)
    found = evaluate_next({"GRU4Rec": model.scores}, asked, length=20)
    print(found)
    for name, bar in (("recall@20", 0.495), ("mrr@20", 0.173)) if part == 1 else ():
        value = found["GRU4Rec"][name] or 0.0
        met = value >= bar and history.seconds <= 1200
        say(f"diginetica: GRU4Rec, {name}", f"{value:.4f} in {history.seconds:.0f} s", f"{bar} in 1200 s", met)


if __name__ == "__main__":
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))
    if sys.argv[1:2] != ["diginetica"]:
        sys.exit(__doc__)
    diginetica(*map(int, sys.argv[2:3]))
