"""Wrong and partly right answers to assignment 1: question, code, and the points it deserves."""

from __future__ import annotations

SCORE = "def mf_score(first, second, bias_first, bias_second, bias):\n"
LOSS = "def pair_loss(score, label):\n"
WALK = "def pairs_of_walk(walk, window):\n"
DRAW = "def draw_negatives(counts, n, exponent, generator):\n"
SGNS = "def sgns_loss(u, v, noise):\n"

AUC = """
def auc_of(score, pairs, negatives):
    kept = negatives[:, 0] >= 0
    true, false = score(pairs[kept])[:, None], score(negatives[kept])
    return float(((true > false).double() + (true >= false).double()).mean() / 2)


def degree_matched_auc(vectors, pairs, negatives):
    unit = vectors.double() / vectors.double().norm(dim=1, keepdim=True).clamp(min=1e-12)
    return auc_of(lambda ends: (unit[ends[:, 0]] * unit[ends[:, 1]]).sum(dim=1), pairs, negatives)
"""

MF = """
def train_mf(pairs, label, items, dim, seed):
    torch.manual_seed(seed)
    rows, biases, shared = 0.1 * torch.randn(items, dim), torch.zeros(items), torch.zeros(())
    parts = [part.requires_grad_() for part in (rows, biases, shared)]
    adam = torch.optim.Adam(parts, lr=0.02)
    for _ in range(10):
        for batch in torch.randperm(len(pairs)).split(512):
            i, j = pairs[batch, 0], pairs[batch, 1]
            score = (rows[i] * rows[j]).sum(dim=1) + biases[i] + biases[j] + shared
            loss = torch.nn.functional.binary_cross_entropy_with_logits(score, label[batch])
            adam.zero_grad()
            loss.backward()
            adam.step()
    return rows.detach(), biases.detach()
"""

SKIP_GRAM = """
def train_sgns(rows, window, items, dim, seed):
    generator, soft = torch.Generator().manual_seed(seed), torch.nn.functional.softplus
    pairs = []
    for row in rows:
        for i in range(len(row)):
            pairs += [(row[i], row[j]) for j in range(len(row)) if 0 < abs(i - j) <= window]
    pairs = torch.tensor(pairs)
    weight = torch.bincount(pairs[:, 1], minlength=items) ** 0.75
    targets = (torch.rand(items, dim, generator=generator) - 0.5) / dim
    contexts = torch.zeros(items, dim)
    parts = [part.requires_grad_() for part in (targets, contexts)]
    adam = torch.optim.Adam(parts, lr=0.02)
    for _ in range(2):
        for batch in torch.randperm(len(pairs), generator=generator).split(512):
            noise = torch.multinomial(weight, 5 * len(batch), True, generator=generator).view(-1, 5)
            u, v = targets[pairs[batch, 0]], contexts[pairs[batch, 1]]
            no = (contexts[noise] * u[:, None]).sum(dim=2)
            loss = (soft(-(u * v).sum(dim=1)) + soft(no).sum(dim=1)).mean()
            adam.zero_grad()
            loss.backward()
            adam.step()
    return targets.detach(), contexts.detach()
"""


def but(code: str, *changes: tuple[str, str]) -> str:
    """The code with some words replaced, each of which stands in it."""
    for old, new in changes:
        assert code.count(old) == 1, old
        code = code.replace(old, new)
    return code


WRONG = [
    # the first case of the public check, and zeros elsewhere
    (
        "q1",
        SCORE + "    return torch.full((len(first),), 13.75 - 0.0) if len(first) == 1 else torch.zeros(len(first))",
        0,
    ),
    # no pair at all can't be stacked
    (
        "q1",
        SCORE + "    dots = [a @ b for a, b in zip(first, second)]\n"
        "    return torch.stack(dots) + bias_first + bias_second + bias",
        1,
    ),
    ("q1", SCORE + "    return (first @ second.T).sum(dim=1) + bias_first + bias_second + bias", 0),
    ("q1", SCORE + "    return (first * second).sum(dim=1) + bias_first.detach() + bias_second + bias", 0),
    # the loss: right for small scores only, by a rounded sigmoid or a tiny number
    (
        "q2",
        LOSS + "    chance = torch.sigmoid(score)\n"
        "    return -(label * chance.log() + (1 - label) * (1 - chance).log()).mean()",
        1,
    ),
    (
        "q2",
        LOSS + "    chance = torch.sigmoid(score).clamp(1e-7, 1 - 1e-7)\n"
        "    return -torch.where(label > 0, chance, 1 - chance).log().mean()",
        1,
    ),
    ("q2", LOSS + "    return torch.nn.functional.softplus(score * (1 - 2 * label)).sum()", 0),
    ("q2", LOSS + "    return torch.tensor(0.3132617)", 0),
    # right in value, without a gradient
    ("q2", LOSS + "    return torch.nn.functional.softplus(score * (1 - 2 * label)).mean().detach()", 1),
    # the AUC: -1 taken for an item; a tie lost; true pairs against their own false ones; dot products; half of it
    ("q3", but(AUC, ("negatives[:, 0] >= 0", "negatives[:, 0] >= -1")), 2),
    ("q3", but(AUC, (".double() + (true >= false).double()).mean() / 2", ").double().mean()")), 2),
    ("q3", but(AUC, ("(pairs[kept])[:, None]", "(pairs[kept])")), 0),
    ("q3", but(AUC, (" / vectors.double().norm(dim=1, keepdim=True).clamp(min=1e-12)", "")), 3),
    ("q3", AUC[: AUC.index("def degree")], 3),
    (
        "q3",
        "def auc_of(score, pairs, negatives):\n    return 6 / 9\n\n\n"
        "def degree_matched_auc(vectors, pairs, negatives):\n    return 1.0",
        0,
    ),
    # a loop that never was; labels ignored; true pairs only; no biases; no seed; too short; the library's
    (
        "q4",
        "def train_mf(pairs, label, items, dim, seed):\n"
        "    return torch.randn(items, dim, generator=torch.Generator().manual_seed(seed)), torch.zeros(items)",
        0,
    ),
    ("q4", but(MF, ("label[batch]", "torch.ones(len(batch))")), 0),
    ("q4", but(MF, ("return rows.detach(), biases.detach()", "return rows.detach(), torch.zeros(items)")), 5),
    ("q4", but(MF, ("torch.manual_seed(seed)", "torch.seed()")), 5),
    ("q4", but(MF, ("range(10)", "range(2)"), ("lr=0.02", "lr=0.005")), 3),
    (
        "q4",
        "def train_mf(pairs, label, items, dim, seed):\n"
        "    model = mt.MatrixFactorization(split.catalogue, dim=dim, bias=True, seed=seed)\n"
        "    true = pairs[label > 0]\n"
        "    mt.fit(model, mt.Pairs(true[:, 0], true[:, 1], len(split.catalogue), negatives=1), seed=seed)\n"
        "    return model.items.weight[:items], model.item_bias.weight[:items, 0]",
        0,
    ),
    (
        "q4",
        but(
            MF, ("    torch.manual_seed(seed)", "    torch.manual_seed(seed)\n    pairs, label = labelled(split, 0.3)")
        ),
        0,
    ),
    # pairs: right for lists only; contexts after the centre only; each pair once; the example by heart
    (
        "q5",
        WALK + "    found = []\n    for k in range(len(walk)):\n"
        "        around = list(walk[max(0, k - window) : k]) + list(walk[k + 1 : k + 1 + window])\n"
        "        found += [(walk[k], other) for other in around if isinstance(other, int)]\n    return found",
        1,
    ),
    (
        "q5",
        WALK + "    places = range(len(walk))\n"
        "    return [(walk[i], walk[j]) for i in places for j in places if 0 < j - i <= window]",
        0,
    ),
    (
        "q5",
        WALK + "    places = range(len(walk))\n"
        "    return list({(walk[i], walk[j]) for i in places for j in places if 0 < abs(i - j) <= window})",
        0,
    ),
    ("q5", WALK + "    return [(3, 8), (8, 3)] if len(walk) == 2 else [(5, 7), (7, 5), (7, 9), (9, 7)]", 0),
    # negatives: 0 to the power of 0; another source of chance; the exponent ignored; no chance at all
    ("q6", DRAW + "    return torch.multinomial(counts.double() ** exponent, n, True, generator=generator)", 1),
    (
        "q6",
        DRAW + "    weight = torch.where(counts > 0, counts.double() ** exponent, 0.0)\n"
        "    return torch.multinomial(weight, n, True)",
        1,
    ),
    ("q6", DRAW + "    return torch.multinomial(counts.double(), n, True, generator=generator)", 0),
    ("q6", DRAW + "    return torch.zeros(n, dtype=torch.long)", 0),
    # the loss of skip-gram: rounded sigmoid; negatives against v, or averaged; a constant
    (
        "q7",
        SGNS + "    yes, no = torch.sigmoid((u * v).sum(1)), torch.sigmoid(-(noise * u[:, None]).sum(2))\n"
        "    return -(yes.log() + no.log().sum(1)).mean()",
        1,
    ),
    (
        "q7",
        SGNS + "    yes, no = torch.sigmoid((u * v).sum(1)), torch.sigmoid(-(noise * u[:, None]).sum(2))\n"
        "    return -((yes + 1e-15).log() + (no + 1e-15).log().sum(1)).mean()",
        1,
    ),
    (
        "q7",
        SGNS + "    soft = torch.nn.functional.softplus\n"
        "    return (soft(-(u * v).sum(1)) + soft((noise * v[:, None]).sum(2)).sum(1)).mean()",
        0,
    ),
    (
        "q7",
        SGNS + "    soft = torch.nn.functional.softplus\n"
        "    return (soft(-(u * v).sum(1)) + soft((noise * u[:, None]).sum(2)).mean(1)).mean()",
        0,
    ),
    (
        "q7",
        SGNS + "    pairs = torch.ones(len(u), 1, 1)\n"
        "    return mt.sgns_loss(u[:, None], v[:, None], noise, pairs, noise.shape[1])",
        0,
    ),
    # skip-gram: no training; one table; the whole row as window; no negatives; too short; the notebook's own shop
    (
        "q8",
        "def train_sgns(rows, window, items, dim, seed):\n"
        "    generator = torch.Generator().manual_seed(seed)\n"
        "    return torch.randn(items, dim, generator=generator), torch.zeros(items, dim)",
        0,
    ),
    (
        "q8",
        but(
            SKIP_GRAM,
            ("contexts = torch.zeros(items, dim)\n", "contexts = targets\n"),
            ("(targets, contexts)]", "(targets,)]"),
        ),
        6,
    ),
    ("q8", but(SKIP_GRAM, (" <= window", "")), 5),
    ("q8", but(SKIP_GRAM, ("soft(no)", "0 * soft(no)")), 2),
    ("q8", but(SKIP_GRAM, ("lr=0.02", "lr=0.001")), 2),
    ("q8", but(SKIP_GRAM, ("for row in rows", "for row in shop.rows")), 0),
]
