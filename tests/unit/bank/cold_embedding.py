"""Answers to cold_embedding that learners give: right ones, and wrong ones with words that their hint must have."""

import numpy as np
import torch

INF = float("inf")


def by_loop(rows, known, logits):
    out = torch.zeros(len(rows), rows.shape[2])
    for v in range(len(rows)):
        there = [s for s in range(1, rows.shape[1]) if known[v, s]]
        if there:
            weights = logits[there].softmax(dim=0)
            out[v] = len(there) * (weights @ rows[v, there])
    return out


def by_numpy(rows, known, logits):
    rows, known, logits = rows.numpy()[:, 1:], known.numpy()[:, 1:], logits.numpy()[1:]
    power = np.exp(logits) * known
    weights = power / np.maximum(power.sum(axis=1, keepdims=True), 1e-12)
    return (known.sum(axis=1)[:, None, None] * weights[:, :, None] * rows).sum(axis=1)


def by_mask(rows, known, logits):
    known = known.clone()
    known[:, 0] = False
    weights = logits.masked_fill(~known, -INF).softmax(dim=1).nan_to_num(0.0)
    return torch.einsum("us,usd->ud", weights * known.sum(dim=1, keepdim=True), rows)


def by_large_number(rows, known, logits):
    known[:, 0] = False
    weights = torch.where(known, logits, -1e9).softmax(dim=1)  # even where nothing is known, and there m is 0
    return (known.sum(1)[:, None] * weights)[:, None, :].matmul(rows)[:, 0]


def by_renormalising(rows, known, logits):
    weights = logits.softmax(0) * known
    weights[:, 0] = 0
    total = weights.sum(1, keepdim=True)
    weights = torch.where(total > 0, weights / total, torch.zeros_like(weights))
    m = known.sum(1) - 1
    return m[:, None] * (weights[..., None] * rows).sum(1)


def only_the_known(rows, known, logits):
    answer = torch.zeros_like(rows[:, 0])
    some = known[:, 1:].any(dim=1)
    mask = known[some][:, 1:]
    weights = logits[1:].expand(mask.shape).masked_fill(~mask, -INF).softmax(1)
    answer[some] = mask.sum(1)[:, None] * (weights[:, :, None] * rows[some][:, 1:]).sum(1)
    return answer


def as_list(rows, known, logits):
    return by_loop(rows, known, logits).tolist()


RIGHT = [by_loop, by_numpy, by_mask, by_large_number, by_renormalising, only_the_known, as_list]


def mix(rows, weights, m=1.0):
    return ((m * weights)[:, :, None] * rows).sum(dim=1)


def number(known):
    return known.sum(dim=1, keepdim=True)


def soft(known, logits):
    return logits.masked_fill(~known, -INF).softmax(dim=1)


def traits(known):
    known = known.clone()
    known[:, 0] = False
    return known


def with_the_own_row(rows, known, logits):
    return mix(rows, soft(known, logits), number(known))


def own_kept(rows, known, logits):
    return mix(rows, soft(known, logits), number(known) - 1)


def own_row_zeroed(rows, known, logits):
    rows[:, 0] = 0
    return mix(rows, soft(known, logits), number(known))


def not_renormalised(rows, known, logits):
    return mix(rows, soft(known, logits) * traits(known), number(known) - 1)


def dropped_from_all(rows, known, logits):
    weights = logits.softmax(0)[1:]
    return known[:, 1:].sum(1)[:, None] * ((weights * known[:, 1:])[:, :, None] * rows[:, 1:]).sum(1)


def traits_renormalised_late(rows, known, logits):
    weights = logits[1:].softmax(0)
    return known[:, 1:].sum(1)[:, None] * ((weights * known[:, 1:])[:, :, None] * rows[:, 1:]).sum(1)


def no_mask(rows, known, logits):
    return (rows.shape[1] - 1) * (logits[1:].softmax(0)[None, :, None] * rows[:, 1:]).sum(1)


def mask_in_m_only(rows, known, logits):
    return known[:, 1:].sum(1)[:, None] * (logits[1:].softmax(0)[None, :, None] * rows[:, 1:]).sum(1)


def m_with_the_item(rows, known, logits):
    return mix(rows, soft(traits(known), logits).nan_to_num(0.0), number(known))


def no_m(rows, known, logits):
    return mix(rows, soft(traits(known), logits).nan_to_num(0.0))


def not_a_number(rows, known, logits):
    return mix(rows, soft(traits(known), logits), number(traits(known)))


def zero_by_zero(rows, known, logits):
    power = logits.exp() * traits(known)
    return mix(rows, power / power.sum(1, keepdim=True), number(traits(known)))


def fallback(choose):
    def answer(rows, known, logits):
        found, none = by_mask(rows, known, logits), ~known[:, 1:].any(dim=1)
        found[none] = choose(rows)[none]
        return found

    return answer


def plain_mean(rows, known, logits):
    known = traits(known)
    return mix(rows, known / number(known).clamp(min=1))


def plain_sum(rows, known, logits):
    return (rows * traits(known)[:, :, None]).sum(1)


def shifted(rows, known, logits):
    weights = logits[:-1].expand(known[:, 1:].shape).masked_fill(~known[:, 1:], -INF).softmax(1).nan_to_num(0.0)
    return known[:, 1:].sum(1)[:, None] * (weights[:, :, None] * rows[:, 1:]).sum(1)


def over_items(rows, known, logits):
    known = traits(known)
    return mix(rows, logits.expand(known.shape).masked_fill(~known, -INF).softmax(0).nan_to_num(0.0), number(known))


def zero_for_all(rows, known, logits):
    if not known[:, 1:].any(dim=1).all():
        return torch.zeros_like(rows[:, 0])
    return by_mask(rows, known, logits)


def zero_logits(rows, known, logits):
    known = traits(known)
    return mix(rows, (logits * known).softmax(1) * known, number(known))


def dropped_items(rows, known, logits):
    some = known[:, 1:].any(dim=1)
    return by_mask(rows[some], known[some], logits)


def empty_list(rows, known, logits):
    out = []
    for v in range(len(rows)):
        there = [s for s in range(1, rows.shape[1]) if known[v, s]]
        weights = logits[there].softmax(dim=0)
        out.append(torch.stack([w * rows[v, s] for w, s in zip(weights, there)]).sum(0) * len(there))
    return torch.stack(out)


def fitted(rows, known, logits):
    right = by_loop(rows, known, logits)
    return right if rows.shape in [(1, 2, 1), (2, 3, 2), (1, 3, 1), (1, 3, 2), (9, 5, 3), (40, 7, 4)] else -right


WRONG = [
    ("trait_embedding", with_the_own_row, "own row is kept"),
    ("own row kept, m right", own_kept, "own row is kept"),
    ("own row zeroed", own_row_zeroed, "renormalised"),
    ("not renormalised", not_renormalised, "renormalised"),
    ("softmax over all, then dropped", dropped_from_all, "renormalised"),
    ("softmax over traits before the mask", traits_renormalised_late, "softmax comes before the mask"),
    ("no mask", no_mask, "mask is forgotten"),
    ("mask in m only", mask_in_m_only, "mask is forgotten in the softmax"),
    ("no mask at all", lambda r, k, a: r.shape[1] * (a.softmax(0)[None, :, None] * r).sum(1), "mask is forgotten"),
    ("m with the item", m_with_the_item, "m counts the item itself"),
    ("m counts all traits",
     lambda r, k, a: mix(r, soft(traits(k), a).nan_to_num(0.0), r.shape[1] - 1), "m counts all sources"),
    ("no m", no_m, "factor m is missing"),
    ("NaN where nothing is known", not_a_number, "zero vector"),
    ("0 by 0", zero_by_zero, "zero vector"),
    ("own row where nothing is known", fallback(lambda rows: rows[:, 0]), "its own row was never trained"),
    ("mean of rows where nothing is known", fallback(lambda rows: rows[:, 1:].mean(1)), "zero vector"),
    ("ones where nothing is known", fallback(lambda rows: torch.ones_like(rows[:, 0])), "zero vector"),
    ("mean of the batch where nothing is known", fallback(lambda rows: rows.mean((0, 1)).expand(rows[:, 0].shape)),
     "zero vector"),
    ("no m and NaN", lambda r, k, a: mix(r, soft(traits(k), a)), "factor m is missing"),
    ("plain mean", plain_mean, "logits have no say"),
    ("plain sum", plain_sum, "logits have no say"),
    ("shifted logits", shifted, "shifted"),
    ("softmax over items", over_items, "wrong axis"),
    ("zero for the whole batch", zero_for_all, "zero vector"),
    ("logits of the unknown 0", zero_logits, "exp(0) is 1"),
    ("items without traits dropped", dropped_items, "zero vector"),
    ("fails where nothing is known", empty_list, "zero vector"),
    ("own row only", lambda r, k, a: r[:, 0], "never trained"),
    ("mask inverted", lambda r, k, a: mix(r[:, 1:], soft(~k[:, 1:], a[1:]).nan_to_num(0.0), number(k[:, 1:])),
     "wrong way round"),
    ("fits the examples", fitted, "drawn anew"),
    ("logits as weights", lambda r, k, a: mix(r, a * traits(k), number(traits(k))), "logits are used as weights"),
]  # fmt: skip
