"""What an item's text adds: AUC of seen and of cold items on the groceries, and how near a misspelt text lands.

python tests/benchmarks/content.py [SEEDS]      3 seeds unless you say how many; about 7 minutes each on one core
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
    "text, names": mt.ContentSGNS,
    "text, 4 cuts": partial(content, encoder_options={"cuts": 4}),
    "text, n-grams": partial(content, encoder="ngrams"),
    "text, n-grams alone": partial(content, encoder="ngrams", own=False),
    "text, siamese": partial(content, siamese=True),
    "text + traits": partial(content, traits="all"),
    "text + traits, n-grams": partial(content, traits="all", encoder="ngrams"),
    "shuffled texts": lambda catalogue, seed: content(descriptors_of_others(catalogue, seed), seed=seed),
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


def main(seeds: int) -> None:
    """One line for each row and seed, then the bars."""
    shop, cold = mt.load("groceries"), {}
    for seed in range(seeds):
        split = mt.split(shop, cold_items=0.1, seed=seed)
        for name, make in ROWS.items():
            model = make(split.catalogue, seed=seed)
            history = mt.fit(model, split.train, EPOCHS, seed=seed, device="cpu", progress=False)
            auc = mt.evaluate(model, split)[-1].auc["degree"]
            cold[name, seed] = auc["cold"]
            print(line(name, model, auc, history.seconds, seed), flush=True)

    def each(name: str) -> list[float]:
        return [cold[name, seed] for seed in range(seeds)]

    shown = ", ".join(f"{value:.3f}" for value in each("text"))
    say("cold AUC, text", shown, "at least 0.60 each", min(each("text")) >= 0.60)
    for name, alone in (("text + traits", "text"), ("text + traits, n-grams", "text, n-grams")):
        gaps = [both - max(one, other) for both, one, other in zip(each(name), each(alone), each("traits"))]
        say(f"cold AUC, {name} less the better alone", ", ".join(f"{gap:+.3f}" for gap in gaps),
            "at least -0.005 each", min(gaps) >= -0.005)  # fmt: skip
    shown = ", ".join(f"{value:.3f}" for value in each("shuffled texts"))
    say("cold AUC, shuffled texts", shown, "at most 0.53 each", max(each("shuffled texts")) <= 0.53)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(int(sys.argv[1]) if sys.argv[1:] else 3)
