"""RecBole's GRU4Rec in an environment of its own, an epoch whenever it is asked for one; it knows nothing of ours.

python sequences_recbole.py FOLDER OPTIONS        OPTIONS is JSON, of RecBole's own settings, such as '{"epochs": 9}'

FOLDER holds clicks/clicks.inter, RecBole's own form of file, and questions.npz: `items` (Q, L), padded with -1 at the
end. When it is ready it says how many places it trains on, a line of JSON. For each line that it reads it then trains
an epoch, writes the state after each question and the items' vectors to the file that the line names, and answers with
the seconds of training.
"""

import json
import logging
import os
import sys
import time

import numpy as np
import torch
from recbole.config import Config
from recbole.data import create_dataset, get_dataloader
from recbole.model.sequential_recommender import GRU4Rec
from recbole.utils import get_trainer, init_seed


class Peer:
    """RecBole's data set, model and trainer, made as its quick start makes them; all rows are trained on."""

    def __init__(self, folder, options):
        settings = {
            "data_path": folder, "checkpoint_dir": os.path.join(folder, "saved"), "use_gpu": False,
            "train_neg_sample_args": None, "load_col": {"inter": ["user_id", "item_id", "timestamp"]},
            "eval_args": {"split": {"RS": [1.0, 0.0, 0.0]}, "group_by": None, "order": "TO", "mode": "full"},
        }  # fmt: skip
        config = Config(model="GRU4Rec", dataset="clicks", config_dict=settings | options)
        init_seed(config["seed"], config["reproducibility"])
        dataset = create_dataset(config)
        train = dataset.build()[0]
        self.data = get_dataloader(config, "train")(config, train, None, shuffle=config["shuffle"])
        self.model = GRU4Rec(config, train).to(config["device"])
        self.trainer = get_trainer(config["MODEL_TYPE"], config["model"])(config, self.model)
        number = dataset.field2token_id["item_id"]  # 0 is its padding
        self.own = torch.tensor([number[str(item)] for item in range(len(number) - 1)])
        self.places = len(train)

    def epoch(self):
        """Seconds."""
        start = time.perf_counter()
        self.trainer.epochs = self.trainer.start_epoch + 1
        self.trainer.fit(self.data, verbose=False, saved=False)
        self.trainer.start_epoch += 1
        return time.perf_counter() - start

    @torch.no_grad()
    def states(self, questions):
        """(Q, L) our items -> (Q, d) states and (items, d) vectors, whose products are `full_sort_predict`."""
        self.model.eval()
        found = []
        for part in torch.from_numpy(questions).split(1024):
            there = part >= 0
            sequence = torch.where(there, self.own[part.clamp(min=0)], 0)
            found.append(self.model(sequence, there.sum(dim=1).clamp(min=1)))
        return torch.cat(found).numpy(), self.model.item_embedding.weight[self.own].numpy()


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    folder, options = sys.argv[1], json.loads(sys.argv[2])
    sys.argv[1:] = []  # RecBole reads settings from there, too
    answers, sys.stdout = sys.stdout, sys.stderr
    peer = Peer(folder, options)
    questions = np.load(os.path.join(folder, "questions.npz"))["items"]
    print(json.dumps({"places": peer.places}), file=answers, flush=True)
    for line in sys.stdin:
        seconds = peer.epoch()
        states, items = peer.states(questions)
        np.savez(line.strip(), states=states, items=items)
        print(json.dumps({"seconds": seconds}), file=answers, flush=True)
