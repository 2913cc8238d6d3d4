"""What an item's text adds: AUC of seen and of cold items on the groceries, and how near a misspelt text lands.

python tests/benchmarks/content.py           the rows that the bars need, 3 seeds, a quarter of an hour on one core
python tests/benchmarks/content.py more      the others
"""

from __future__ import annotations

import sys
from functools import partial

import numpy as np
import torch
from bars import say

import mtsgns_lite as mt
from mtsgns_lite.data.text import item_texts

TEXT = ("product_category", "product_type")
EPOCHS = 3
content = partial(mt.ContentSGNS, text=TEXT)
ROWS = {
    "sgns": mt.SGNS,
    "traits": mt.MultiTraitSGNS,
    "text alone": partial(content, own=False),
    "text": content,
    "text + traits": partial(content, traits="all"),
    "shuffled texts": lambda catalogue, seed: content(descriptors_of_others(catalogue, seed), seed=seed),
}
MORE = {
    "names": mt.ContentSGNS,
    "4 cuts": partial(content, encoder_options={"cuts": 4}),
    "n-grams": partial(content, encoder="ngrams"),
    "n-grams alone": partial(content, encoder="ngrams", own=False),
    "n-grams + traits": partial(content, traits="all", encoder="ngrams"),
    "siamese": partial(content, siamese=True),
}


def descriptors_of_others(catalogue: mt.Catalogue, seed: int) -> mt.Catalogue:
    """The control: each item has the name and all traits of another."""
    other = np.random.default_rng(seed).permutation(len(catalogue))
    return mt.Catalogue(catalogue.ids, catalogue.names[other], [t.take(other) for t in catalogue.traits.values()])


def typo(text: str, rng: np.random.Generator) -> str:
    """One letter is dropped, doubled, or changes places with the next."""
    at = int(rng.integers(1, len(text) - 1))
    return [text[:at] + text[at + 1 :], text[:at] + text[at] + text[at:],
            text[:at] + text[at + 1] + text[at] + text[at + 2 :]][rng.integers(3)]  # fmt: skip


@torch.no_grad()
def spelling(model: mt.ContentSGNS, seed: int) -> tuple[float, float]:
    """How many misspelt texts have their original as the nearest of all texts, and among the nearest ten."""
    rng = np.random.default_rng(seed)
    texts = sorted({text for text in item_texts(model.catalogue, TEXT) if len(text) > 5})
    right, wrong = (torch.nn.functional.normalize(model.encode(some), dim=1)
                    for some in (texts, [typo(text, rng) for text in texts]))  # fmt: skip
    scores = wrong @ right.T
    rank = (scores > scores.diagonal()[:, None]).sum(dim=1)
    return float((rank < 1).double().mean()), float((rank < 10).double().mean())


def line(name: str, model: mt.ItemModel, auc: dict, seconds: float, seed: int) -> str:
    """What is printed of a row."""
    text = f"seed {seed}  {name:24} seen {auc['seen']:.3f}  cold {auc['cold']:.3f}  {seconds:4.0f} s"
    if not isinstance(model, mt.ContentSGNS):
        return text
    weights, (near, ten) = mt.trait_weights(model), spelling(model, seed)
    text += f"  text: weight {weights.weight[-1]:.2f}, share {weights.share[-1]:.2f}"
    return f"{text}  misspelt: nearest {near:.2f}, of ten {ten:.2f}"


def measured(rows: dict) -> dict[str, list[float]]:
    """One line for each row and seed; the cold AUC of each."""
    shop, cold = mt.load("groceries"), {name: [] for name in rows}
    for seed in range(3):
        split = mt.split(shop, cold_items=0.1, seed=seed)
        for name, make in rows.items():
            model = make(split.catalogue, seed=seed)
            history = mt.fit(model, split.train, EPOCHS, seed=seed, device="cpu", progress=False)
            auc = mt.evaluate(model, split)[-1].auc["degree"]
            cold[name].append(auc["cold"])
            print(line(name, model, auc, history.seconds, seed), flush=True)
    return cold


def bars(cold: dict[str, list[float]]) -> None:
    """What was asked for, in every seed."""
    for name in ("text", "text alone"):
        shown = ", ".join(f"{value:.3f}" for value in cold[name])
        say(f"cold AUC, {name}", shown, "at least 0.60 each", min(cold[name]) >= 0.60)
    gaps = [both - max(alone) for both, *alone in zip(cold["text + traits"], cold["text"], cold["traits"])]
    shown = ", ".join(f"{gap:+.3f}" for gap in gaps)
    say("cold AUC, text + traits less the better of the two", shown, "at least -0.005 each", min(gaps) >= -0.005)
    shown = ", ".join(f"{value:.3f}" for value in cold["shuffled texts"])
    say("cold AUC, shuffled texts", shown, "at most 0.53 each", max(cold["shuffled texts"]) <= 0.53)


if __name__ == "__main__":
    torch.set_num_threads(1)
    if "more" in sys.argv[1:]:
        measured(MORE)
    else:
        bars(measured(ROWS))
