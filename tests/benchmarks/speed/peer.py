"""The other libraries, timed in their own environment; it knows nothing of ours.

python peer.py JOB.json      {"job": "gensim" | "pecanpy", ...}; answers with one line of JSON
"""

import json
import os
import sys
import time

with open(sys.argv[1], encoding="utf-8") as file:
    JOB = json.load(file)
os.environ["NUMBA_NUM_THREADS"] = str(JOB["workers"])

import numpy as np  # noqa: E402


def gensim(folder, dim, epochs, workers, seed, vectors=None):
    """Seconds of building the vocabulary and of training; the vectors of each epoch are saved if a name is given."""
    from gensim.models import Word2Vec
    from gensim.models.callbacks import CallbackAny2Vec

    rows = np.load(os.path.join(folder, "corpus.npz"))
    sentences, clock = rows["rows"][0].tolist(), [0.0, 0.0]

    class Save(CallbackAny2Vec):
        def __init__(self):
            self.epoch = 0

        def on_epoch_end(self, model):
            clock[0] += time.perf_counter() - clock[1]
            self.epoch += 1
            seconds.append(clock[0])
            if vectors:
                np.savez(f"{vectors}{self.epoch}.npz", keys=model.wv.index_to_key, vectors=model.wv.vectors)
            clock[1] = time.perf_counter()

    seconds = []
    model = Word2Vec(
        vector_size=dim, window=int(rows["window"]), sg=1, negative=5, ns_exponent=0.75, min_count=1, sample=0,
        workers=workers, seed=seed,
    )  # fmt: skip
    start = time.perf_counter()
    model.build_vocab(sentences)
    vocabulary = time.perf_counter() - start
    clock[1] = time.perf_counter()
    model.train(sentences, total_examples=len(sentences), epochs=epochs, callbacks=[Save()])
    return {
        "vocabulary": vocabulary,
        "seconds": seconds,
        "tokens": epochs * sum(map(len, sentences)),
    }


def pecanpy(graph, p, q, length, per_node, workers):
    """Seconds of `simulate_walks`, after a first call that compiles; and of its compiled loop alone."""
    from numba_progress import ProgressBar
    from pecanpy import pecanpy as library

    stored = np.load(graph)
    kind = library.PreCompFirstOrder if p == q == 1 else library.SparseOTF
    walker = kind(p=p, q=q, workers=workers)
    walker.indptr = stored["starts"].astype(np.uint32)
    walker.indices = stored["neighbours"].astype(np.uint32)
    walker.data = stored["weights"].astype(np.float32)
    walker.set_node_ids([str(node) for node in range(len(walker.indptr) - 1)])
    walker.simulate_walks(1, length - 1)
    start = time.perf_counter()
    walks = walker.simulate_walks(per_node, length - 1)
    seconds = time.perf_counter() - start
    nodes = np.concatenate([np.arange(walker.num_nodes, dtype=np.uint32)] * per_node)
    forward, neighbours = walker.get_move_forward(), walker.get_has_nbrs()
    with ProgressBar(total=len(nodes), disable=True) as progress:
        for _ in range(2):  # it is compiled anew for each graph: the second time is without
            start = time.perf_counter()
            walker._random_walks(len(nodes), length - 1, 0, nodes, neighbours, forward, progress)
            alone = time.perf_counter() - start
    return {"seconds": seconds, "alone": alone, "tokens": sum(map(len, walks))}


job = JOB.pop("job")
print(json.dumps({"gensim": gensim, "pecanpy": pecanpy}[job](**JOB)))
