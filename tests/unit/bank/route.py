"""Answers to route that learners give: right ones, and wrong ones with words that their hint must have."""

import numpy as np
import torch
import torch.nn.functional as F

from mtsgns_lite.models import routing


def squash(z):
    square = z.square().sum(dim=-1, keepdim=True)
    return z * square.clamp(min=1e-12).sqrt() / (1 + square)


def by_einsum(votes, present, rounds=3):
    b = torch.zeros(votes.shape[:3], dtype=votes.dtype)
    for _ in range(rounds):
        w = b.softmax(dim=1) * present[:, None]
        u = squash(torch.einsum("bkl,bkld->bkd", w, votes))
        b = b + torch.einsum("bkd,bkld->bkl", u, votes)
    return u


def by_sums(votes, present, rounds=3):
    """The votes of padding are 0, so that they neither vote nor agree."""
    votes = votes * present[:, None, :, None]
    b = votes.new_zeros(votes.shape[:3])
    for turn in range(rounds):
        w = F.softmax(b, dim=1)
        z = (w[..., None] * votes).sum(dim=2)
        length = z.norm(dim=2, keepdim=True)
        u = length**2 / (1 + length**2) * z / (length + 1e-9)
        if turn < rounds - 1:
            b += (u[:, :, None] * votes).sum(dim=3)
    return u


def by_matmul(votes, present, rounds=3):
    b = torch.zeros(*votes.shape[:2], 1, votes.shape[2], dtype=votes.dtype)  # (B, K, 1, L)
    for _ in range(rounds - 1):
        w = torch.softmax(b, 1).masked_fill(~present[:, None, None], 0)
        b = b + (votes @ squash(w @ votes).transpose(2, 3)).transpose(2, 3)
    w = torch.softmax(b, 1).masked_fill(~present[:, None, None], 0)
    return squash(w @ votes)[:, :, 0]


def by_bmm(votes, present, rounds=3):
    users, interests, steps, dim = votes.shape
    flat = votes.reshape(users * interests, steps, dim)
    b = torch.zeros(users, interests, steps, dtype=votes.dtype)
    for _ in range(rounds):
        w = torch.where(present[:, None], b.softmax(dim=1), 0.0).view(users * interests, 1, steps)
        u = squash(torch.bmm(w, flat))  # (B K, 1, d)
        b = b + torch.bmm(flat, u.transpose(1, 2)).view(users, interests, steps)
    return u.view(users, interests, dim)


def by_minus_infinity(votes, present, rounds=3):
    b = torch.zeros(votes.shape[:3], dtype=votes.dtype).masked_fill(~present[:, None], -torch.inf)
    for _ in range(rounds):
        w = b.softmax(dim=1).nan_to_num(0.0)
        u = squash((w.unsqueeze(-1) * votes).sum(dim=2))
        b = b + (votes * u.unsqueeze(2)).sum(dim=-1)
    return u


def by_history(votes, present, rounds=3):
    found = []
    for own, there in zip(votes, present):
        own = own[:, there]  # (K, items, d)
        b = own.new_zeros(own.shape[:2])
        for _ in range(rounds):
            w = b.softmax(dim=0)
            u = torch.stack([squash(w[k] @ own[k]) for k in range(len(own))])
            b = b + torch.stack([own[k] @ u[k] for k in range(len(own))])
        found.append(u)
    return torch.stack(found)


def in_numpy(votes, present, rounds=3):
    v, there = votes.numpy(), present.numpy()[:, None]
    b = np.zeros(v.shape[:3])
    for _ in range(rounds):
        w = np.exp(b) / np.exp(b).sum(axis=1, keepdims=True) * there
        z = (w[..., None] * v).sum(axis=2)
        square = (z**2).sum(axis=2, keepdims=True)
        u = z * np.sqrt(square) / (1 + square)
        b = b + (u[:, :, None] * v).sum(axis=3)
    return torch.from_numpy(u)


def by_detached_rounds(votes, present, rounds=3):
    """As the library: only the last round has a gradient."""
    with torch.no_grad():
        b = votes.new_zeros(votes.shape[:3])
        for turn in range(1, rounds):
            b = b + torch.einsum("bkd,bkld->bkl", by_einsum(votes, present, turn), votes)
    return squash(torch.einsum("bkl,bkld->bkd", b.softmax(dim=1) * present[:, None], votes))


def as_the_library(votes, present, rounds=3):
    return routing.route(votes, present[:, None], votes.new_zeros(votes.shape[1:3]), rounds)[0][:, 0]


RIGHT = [
    by_einsum, by_sums, by_matmul, by_bmm, by_minus_infinity, by_history, in_numpy, by_detached_rounds, as_the_library,
]  # fmt: skip


def shares(b, there):
    return b.softmax(dim=1) * there


def agreement(u, votes):
    return (u[:, :, None] * votes).sum(dim=3)


def grown(b, z, u, votes):
    return b + agreement(u, votes)


def made(weigh=shares, squash=squash, update=grown, count=lambda rounds: rounds, end=lambda z, u: u):
    def answer(votes, present, rounds=3):
        b = votes.new_zeros(votes.shape[:3])
        for _ in range(count(rounds)):
            z = (weigh(b, present[:, None])[..., None] * votes).sum(dim=2)
            u = squash(z)
            b = update(b, z, u, votes)
        return end(z, u)

    return answer


def by_length(z):
    return z.norm(dim=2, keepdim=True)


def published(z):
    """The formula word by word."""
    length = z.norm(dim=2, keepdim=True)
    return length**2 / (1 + length**2) * z / length


def whole(z):
    return z * z.norm() / (1 + z.norm() ** 2)


def without_a_direction(z):
    square = z.square().sum(dim=2, keepdim=True)
    return square / (1 + square) * z


def upside_down(z):
    square = z.square().sum(dim=2, keepdim=True)
    return (1 + square) / square * z / square.sqrt()


def returned_early(votes, present, rounds=3):
    b = votes.new_zeros(votes.shape[:3])
    for _ in range(rounds):
        u = squash((shares(b, present[:, None])[..., None] * votes).sum(dim=2))
        b = grown(b, None, u, votes)
        return u


def weights_go_on(votes, present, rounds=3):
    w = votes.new_full(votes.shape[:3], 1 / votes.shape[1])
    for _ in range(rounds):
        u = squash(((w * present[:, None])[..., None] * votes).sum(dim=2))
        w = (w + agreement(u, votes)).softmax(dim=1)
    return u


def from_the_weights(votes, present, rounds=3):
    b = votes.new_zeros(votes.shape[:3])
    for _ in range(rounds):
        w = b.softmax(dim=1)
        u = squash(((w * present[:, None])[..., None] * votes).sum(dim=2))
        b = w + agreement(u, votes)
    return u


def random_start(votes, present, rounds=3):
    b = torch.randn(votes.shape[:3], dtype=votes.dtype)
    for _ in range(rounds):
        u = squash((shares(b, present[:, None])[..., None] * votes).sum(dim=2))
        b = grown(b, None, u, votes)
    return u


def filling(number, once=False, weigh=lambda b, there: b.softmax(dim=1), end=lambda u: u):
    """b is filled where there is padding: at the start, or in each round."""

    def answer(votes, present, rounds=3):
        b = votes.new_zeros(votes.shape[:3]).masked_fill(~present[:, None], number)
        for _ in range(rounds):
            b = b if once else b.masked_fill(~present[:, None], number)
            u = squash((weigh(b, present[:, None])[..., None] * votes).sum(dim=2))
            b = grown(b, None, u, votes)
        return end(u)

    return answer


def random_start_of_a_seed(votes, present, rounds=3):
    b = torch.randn(votes.shape[:3], generator=torch.Generator().manual_seed(0)).to(votes)
    for _ in range(rounds):
        u = squash((shares(b, present[:, None])[..., None] * votes).sum(dim=2))
        b = grown(b, None, u, votes)
    return u


def cosine(b, z, u, votes):
    return b + F.cosine_similarity(u[:, :, None], votes, dim=3)


def cosine_by_hand(b, z, u, votes):
    return b + agreement(u / by_length(u), votes / votes.norm(dim=3, keepdim=True))


def written(votes, present, rounds=3):
    votes *= present[:, None, :, None]
    return by_einsum(votes, present, rounds)


def off_on_large_batches(votes, present, rounds=3):
    return by_einsum(votes, present, rounds) + 1e-3 * (len(votes) > 4)


def over_items_present(b, there):
    return b.masked_fill(~there, -torch.inf).softmax(dim=2).nan_to_num(0.0)


WRONG = [
    ("over items", made(lambda b, there: b.softmax(dim=2) * there), "over the items"),
    ("over items, -inf", made(over_items_present), "over the items"),
    ("over the batch", made(lambda b, there: b.softmax(dim=0) * there), "over the batch"),
    ("no softmax", made(lambda b, there: b * there), "b itself"),
    ("exponentials", made(lambda b, there: b.exp() * there), "not normalised"),
    ("sigmoid", made(lambda b, there: b.sigmoid() * there), "sigmoid"),
    ("padding votes", made(lambda b, there: b.softmax(dim=1)), "padding votes"),
    ("mask turned round", made(lambda b, there: b.softmax(dim=1) * ~there), "wrong way round"),
    ("no squash", made(squash=lambda z: z), "nothing is squashed"),
    ("unit vectors", made(squash=lambda z: F.normalize(z, dim=2)), "of length 1"),
    ("divided by the length", made(squash=lambda z: z / by_length(z)), "of length 1"),
    ("length not squared", made(squash=lambda z: z / (1 + by_length(z))), "not squared"),
    ("length squared once", made(squash=lambda z: z * by_length(z) / (1 + by_length(z))), "below the line"),
    ("no direction", made(squash=without_a_direction), "times the direction"),
    ("no factor", made(squash=lambda z: z / (1 + by_length(z) ** 2)), "above the line"),
    ("upside down", made(squash=upside_down), "upside down"),
    ("number by number", made(squash=lambda z: z * z.abs() / (1 + z**2)), "each number is squashed alone"),
    ("over the interests", made(squash=lambda z: squash(z.mT).mT), "over the interests"),
    ("one length", made(squash=whole), "whole batch"),
    ("tanh", made(squash=torch.tanh), "tanh"),
    ("0 by 0", made(squash=published), "zeros are due"),
    ("0 by 0, padding votes", made(lambda b, there: b.softmax(dim=1), published), "padding votes"),
    ("not accumulated", made(update=lambda b, z, u, v: agreement(u, v)), "set anew"),
    ("unsquashed agreement", made(update=lambda b, z, u, v: b + agreement(z, v)), "the squashed u"),
    ("never updated", made(update=lambda b, z, u, v: b), "does b stay"),
    ("minus b", made(lambda b, there: (-b).softmax(dim=1) * there), "minus b"),
    ("b falls", made(update=lambda b, z, u, v: b - agreement(u, v)), "b falls"),
    ("shared over the batch", made(update=lambda b, z, u, v: b + agreement(u, v).sum(0)), "over the batch"),
    ("mean over the batch", made(update=lambda b, z, u, v: b + agreement(u, v).mean(0)), "over the batch"),
    ("shared by items", made(update=lambda b, z, u, v: b + agreement(u, v).sum(2, True)), "by the items"),
    ("shared by interests", made(update=lambda b, z, u, v: b + agreement(u, v).sum(1, True)), "alike"),
    ("weights go on", from_the_weights, "in place of b"),
    ("softmax of the weights", weights_go_on, "in place of b"),
    ("one round", returned_early, "only the first round"),
    ("always three", made(count=lambda rounds: 3), "always three"),
    ("a round more", made(count=lambda rounds: rounds + 1), "too many"),
    ("a round fewer", made(count=lambda rounds: max(1, rounds - 1)), "too few"),
    ("no round", made(count=lambda rounds: rounds - 1), "not defined"),
    ("z returned", made(end=lambda z, u: z), "not squashed"),
    ("squashed at the end again", made(end=lambda z, u: squash(u)), "once too often"),
    ("unit vectors at the end", made(end=lambda z, u: F.normalize(u, dim=2)), "length 1"),
    ("squeezed", made(end=lambda z, u: u.squeeze()), "axis of length 1"),
    ("one vector", made(end=lambda z, u: u.sum(dim=1)), "added up"),
    ("axes swapped", made(end=lambda z, u: u.mT), "swapped"),
    ("over items, no squash", made(lambda b, there: b.softmax(dim=2) * there, lambda z: z), "nothing is squashed"),
    ("rounds asked for", lambda votes, present, rounds: by_einsum(votes, present, rounds), "three are meant"),
    ("two by default", lambda votes, present, rounds=2: by_einsum(votes, present, rounds), "three are meant"),
    ("random start", random_start, "drawn at random"),
    ("random start of a seed", random_start_of_a_seed, "drawn at random"),
    ("minus infinity at the start", filling(-torch.inf, once=True), "after the softmax"),
    ("minus infinity in each round", filling(-torch.inf), "after the softmax"),
    ("minus infinity, and struck out", filling(-torch.inf, weigh=shares), "after the softmax"),
    ("minus infinity, zeros at the end", filling(-torch.inf, end=lambda u: u.nan_to_num(0.0)), "after the softmax"),
    ("-1e9 at the start", filling(-1e9, once=True), "after the softmax"),
    ("-1e9 in each round", filling(-1e9), "after the softmax"),
    ("b of 0 in each round", filling(0.0), "after the softmax"),
    ("minus infinity, over items", filling(-torch.inf, weigh=lambda b, there: b.softmax(dim=2)), "over the items"),
    ("cosine", made(update=cosine), "cosine"),
    ("cosine by hand", made(update=cosine_by_hand), "cosine"),
    ("u of length 1", made(update=lambda b, z, u, v: b + agreement(F.normalize(u, dim=2), v)), "of length 1"),
    ("votes of length 1", made(update=lambda b, z, u, v: b + agreement(u, F.normalize(v, dim=3))), "of length 1"),
    ("mask without an axis", made(lambda b, there: b.softmax(dim=1) * there[:, 0]), "shapes"),
    ("written into", written, "writes into `votes`"),
    ("wrong on large batches", off_on_large_batches, "one round by hand"),
    ("no return", lambda votes, present, rounds=3: None, "return"),
    ("hard-coded", lambda votes, present, rounds=3: torch.zeros(1, 2, 3), "same answer whatever"),
]  # fmt: skip
UNSAID = {"minus infinity, over items": "without items", "cosine by hand": "without items"}
