"""Wrong and partly right answers to assignment 2, with the points that each deserves."""

from __future__ import annotations

Q1_EXAMPLE = """
def coverage(codes):
    return 5 / 6


def lift(codes, pairs, strangers):
    return 2.0
"""
Q1_FIRST_VALUE = """
def coverage(codes):
    return (codes > 0).mean()


def lift(codes, pairs, strangers):
    def alike(rows):
        one, other = codes[rows[:, 0], 0], codes[rows[:, 1], 0]
        return (one == other)[(one > 0) & (other > 0)].mean()

    return alike(pairs) / alike(strangers)
"""
Q1_UNKNOWN_IS_A_VALUE = """
def coverage(codes):
    return (codes > 0).any(axis=1).mean()


def lift(codes, pairs, strangers):
    return (codes[pairs[:, 0]] == codes[pairs[:, 1]]).mean() / (codes[strangers[:, 0]] == codes[strangers[:, 1]]).mean()
"""

Q2_EXPONENTIALS = """
def trait_embedding(rows, known, logits):
    power = logits.exp() * known
    return (known.sum(1, keepdim=True) * power / power.sum(1, keepdim=True)).unsqueeze(2).mul(rows).sum(1)
"""
Q2_NO_MASK = """
def trait_embedding(rows, known, logits):
    return rows.shape[1] * torch.einsum("s,usd->ud", logits.softmax(0), rows)
"""
Q2_NOT_SCALED = """
def trait_embedding(rows, known, logits):
    return torch.einsum("us,usd->ud", logits.masked_fill(~known, -1e9).softmax(1), rows)
"""
Q2_ZEROS = """
def trait_embedding(rows, known, logits):
    return torch.zeros(rows.shape[0], rows.shape[2])
"""

Q3_NAN = """
def cold_embedding(rows, known, logits):
    weights = logits[1:].masked_fill(~known[:, 1:], -torch.inf).softmax(1)
    return known[:, 1:].sum(1, keepdim=True) * torch.einsum("us,usd->ud", weights, rows[:, 1:])
"""
Q3_ZEROS = """
def cold_embedding(rows, known, logits):
    return torch.zeros(rows.shape[0], rows.shape[2])
"""
Q3_OWN_ROW = """
def cold_embedding(rows, known, logits):
    weights = logits.masked_fill(~known, -torch.inf).softmax(1)
    return known.sum(1, keepdim=True) * torch.einsum("us,usd->ud", weights, rows)
"""

Q4_NOT_CENTRED = """
def contribution_share(parts):
    whole = parts.sum(1)
    return torch.einsum("usd,ud->s", parts, whole) / whole.square().sum()
"""
Q4_EVEN = """
def contribution_share(parts):
    return torch.full((parts.shape[1],), 1 / parts.shape[1])
"""
Q4_LENGTHS = """
def contribution_share(parts):
    length = parts.norm(dim=2).sum(0)
    return length / length.sum()
"""

Q5_WEIGHT_ONLY = """
def disguise(rows, logits, source, weight):
    p = logits.softmax(0)
    q = p * (1 - weight) / (1 - p[source])
    q[source] = weight
    return rows, q.log()
"""
Q5_IN_ONE_SOURCE = """
def disguise(rows, logits, source, weight):
    p = logits.softmax(0)
    q = p * (1 - weight) / (1 - p[source])
    q[source] = weight
    made = rows.clone()
    made[:, source] += ((p - q)[:, None] * rows).sum(1) / weight
    return made, q.log()
"""
Q5_IN_PLACE = """
def disguise(rows, logits, source, weight):
    p = logits.softmax(0)
    q = p * (1 - weight) / (1 - p[source])
    q[source] = weight
    return rows.mul_((p / q)[:, None]), q.log()
"""
Q5_NOTHING = """
def disguise(rows, logits, source, weight):
    return rows, logits
"""

Q6_NOTHING = """
def engineer(catalogue):
    return catalogue
"""
Q6_PLACES = """
def engineer(catalogue):
    return catalogue.with_trait("shelf", [str(place // 20) for place in range(len(catalogue))])
"""
Q6_WHOLE_NAME = """
def engineer(catalogue):
    return catalogue.with_trait("called", list(catalogue.names))
"""
Q6_READY_MADE = """
def engineer(catalogue):
    return catalogue.with_name_words(name="mine")
"""
Q6_AS_WRITTEN = """
def engineer(catalogue):
    return catalogue.with_trait("kind", [(name.split() or [None])[0] for name in catalogue.names])
"""
Q6_PACK = """
def engineer(catalogue):
    return catalogue.with_trait("pack", [" ".join(name.upper().partition(",")[2].split()) for name in catalogue.names])
"""

Q7 = """
def experiment(shop, engineer, seed=0):
    old, made = shop.catalogue, engineer(shop.catalogue)
    split = {split}
    nonsense = made.shuffle_traits(seed)
    half = mt.Catalogue(old.ids, old.names, [old.traits.get(name, nonsense.traits[name]) for name in made.traits])
    four = {{"without": old, "with": made, "new shuffled": {new}, "all shuffled": {everything}}}
    return pd.DataFrame({{name: asked(fitted(one, split, {seed}), split) for name, one in four.items()}}).T
"""
RIGHT = {
    "split": "mt.split(shop, cold_items=0.1, hold_out=0.2, seed=seed)",
    "new": "half",
    "everything": "nonsense",
    "seed": "seed",
}
OF_MADE = "mt.split(replace(shop, catalogue=made), cold_items=0.1, hold_out=0.2, seed=seed)"
SEED_0 = {"split": "mt.split(shop, cold_items=0.1, hold_out=0.2, seed=0)", "seed": "0"}
Q7_TABLE = """
def experiment(shop, engineer, seed=0):
    rows = ["without", "with", "new shuffled", "all shuffled"]
    return pd.DataFrame({"seen": [0.58, 0.61, 0.58, 0.5], "cold": [0.58, 0.6, 0.58, 0.5]}, index=rows)
"""

WRONG = [
    ("q1", Q1_EXAMPLE, 0),
    ("q1", Q1_FIRST_VALUE, 2),
    ("q1", Q1_UNKNOWN_IS_A_VALUE, 1),
    ("q2", Q2_EXPONENTIALS, 3),
    ("q2", Q2_NO_MASK, 1),
    ("q2", Q2_NOT_SCALED, 0),
    ("q2", Q2_ZEROS, 0),
    ("q3", Q3_NAN, 1),
    ("q3", Q3_ZEROS, 0),
    ("q3", Q3_OWN_ROW, 0),
    ("q4", Q4_NOT_CENTRED, 1),
    ("q4", Q4_EVEN, 0),
    ("q4", Q4_LENGTHS, 0),
    ("q5", Q5_WEIGHT_ONLY, 1),
    ("q5", Q5_IN_ONE_SOURCE, 2),
    ("q5", Q5_IN_PLACE, 3),
    ("q5", Q5_NOTHING, 0),
    ("q6", Q6_NOTHING, 0),
    ("q6", Q6_PLACES, 1),
    ("q6", Q6_WHOLE_NAME, 2),
    ("q6", Q6_READY_MADE, 5),
    ("q6", Q6_AS_WRITTEN, 5),
    ("q6", Q6_PACK, 5),
    ("q7", Q7_TABLE, 0),
    ("q7", Q7.format(**RIGHT | {"new": "nonsense"}), 4),  # nothing says what the new trait's meaning is worth
    ("q7", Q7.format(**RIGHT | {"new": "made"}), 4),  # no control
    ("q7", Q7.format(**RIGHT | {"everything": "half"}), 4),  # the old traits keep their meaning
    ("q7", Q7.format(**RIGHT | {"split": OF_MADE}), 4),  # whose items may be cold depends on the new trait
    ("q7", Q7.format(**RIGHT | SEED_0), 4),
]
