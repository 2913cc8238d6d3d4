"""Answers to sgns_gradient that learners give: right ones, and wrong ones with words that their hint must have."""

import numpy as np
import torch
import torch.nn.functional as F


def slopes(u, v, noise):
    """(P, 1) and (P, k, 1): of the mean loss, in the scores of pairs and of negatives."""
    a = (torch.sigmoid((u * v).sum(1)) - 1) / len(u)
    b = torch.sigmoid((noise * u[:, None]).sum(2)) / len(u)
    return a[:, None], b[:, :, None]


def plain(u, v, noise):
    a, b = slopes(u, v, noise)
    return a * v + (b * noise).sum(1), a * u, b * u[:, None]


def by_einsum(u, v, noise):
    pull = -torch.sigmoid(-torch.einsum("pd,pd->p", u, v)) / len(u)
    push = torch.einsum("pd,pkd->pk", u, noise).sigmoid() / len(u)
    du = torch.einsum("p,pd->pd", pull, v) + torch.einsum("pk,pkd->pd", push, noise)
    return [du, torch.einsum("p,pd->pd", pull, u), torch.einsum("pk,pd->pkd", push, u)]


def by_loop(u, v, noise):
    du, dv, dnoise = torch.zeros_like(u), torch.zeros_like(v), torch.zeros_like(noise)
    for p in range(len(u)):
        a = (torch.sigmoid(u[p] @ v[p]) - 1) / len(u)
        du[p] += a * v[p]
        dv[p] += a * u[p]
        for j in range(noise.shape[1]):
            b = torch.sigmoid(u[p] @ noise[p, j]) / len(u)
            du[p] += b * noise[p, j]
            dnoise[p, j] += b * u[p]
    return du, dv, dnoise


def by_numpy(u, v, noise):
    u, v, noise = (part.numpy().astype(np.float64) for part in (u, v, noise))
    a = 0.5 * (np.tanh((u * v).sum(1) / 2) - 1) / len(u)
    b = 0.5 * (np.tanh((noise @ u[:, :, None])[:, :, 0] / 2) + 1) / len(u)
    return a[:, None] * v + (b[:, :, None] * noise).sum(1), a[:, None] * u, b[:, :, None] * u[:, None]


def one_product(u, v, noise):
    """The true context as one more row, with a label of its own."""
    rows = torch.cat([v[:, None], noise], dim=1)
    label = torch.zeros(rows.shape[:2]).index_fill(1, torch.tensor([0]), 1.0)
    slope = ((rows @ u[:, :, None])[:, :, 0].sigmoid() - label)[:, :, None] / len(u)
    of_rows = slope * u[:, None]
    return (slope * rows).sum(1), of_rows[:, 0], of_rows[:, 1:]


def by_autograd(u, v, noise):
    rows = [part.clone().requires_grad_() for part in (u, v, noise)]
    yes, no = F.softplus(-(rows[0] * rows[1]).sum(1)), F.softplus((rows[2] @ rows[0][:, :, None])[..., 0])
    return torch.autograd.grad((yes + no.sum(1)).mean(), rows)


def by_sizes(u, v, noise):
    a, b = 1 / (1 + torch.exp((u * v).sum(1))), 1 / (1 + torch.exp(-(noise @ u[:, :, None])))
    du = (-a[:, None] * v + (b * noise).sum(1)) / len(u)
    return du, -a[:, None] * u / len(u), b * u[:, None] / len(u)


RIGHT = [plain, by_einsum, by_loop, by_numpy, one_product, by_autograd, by_sizes]


def wrong(positive=lambda s: s.sigmoid() - 1, negative=torch.sigmoid, mean=len, parts=None):
    def gradient(u, v, noise):
        a = (positive((u * v).sum(1)) / mean(u))[:, None]
        b = (negative((noise * u[:, None]).sum(2)) / mean(u))[:, :, None]
        if parts:
            return parts(u, v, noise, a, b)
        return a * v + (b * noise).sum(1), a * u, b * u[:, None]

    return gradient


def averaged(u, v, n, a, b):
    return a * v + (b * n).mean(1), a * u, b * u[:, None]


def overflowing(u, v, noise):
    s, t = (u * v).sum(1, keepdim=True), noise @ u[:, :, None]
    a, b = -1 / (1 + s.exp()) / len(u), t.exp() / (1 + t.exp()) / len(u)
    return a * v + (b * noise).sum(1), a * u, b * u[:, None]


def no_axis(u, v, noise):
    a, b = slopes(u, v, noise)
    return a[:, 0] * v + (b * noise).sum(1), a[:, 0] * u, b * u[:, None]


def last_of_a_loop(u, v, noise):
    a, b = slopes(u, v, noise)
    for j in range(noise.shape[1]):
        du = a * v + b[:, j] * noise[:, j]
    return du, a * u, b * u[:, None]


def divided_by_all(u, v, noise):
    a, b = slopes(u, v, noise)
    k = noise.shape[1]
    return (a * v + (b * noise).sum(1)) / (1 + k), a * u / (1 + k), b * u[:, None] / (1 + k)


def only_the_loss(u, v, noise):
    return (F.softplus(-(u * v).sum(1)) + F.softplus((noise * u[:, None]).sum(2)).sum(1)).mean()


def a_list_of_two(u, v, noise):
    return plain(u, v, noise)[:2]


def no_return(u, v, noise):
    plain(u, v, noise)


def something_else(u, v, noise):
    du, dv, dnoise = plain(u, v, noise)
    return du, dv * 3.7, dnoise


WRONG = [
    ("without -1", wrong(torch.sigmoid), "that of a negative"),
    ("sign of the pair", wrong(lambda s: 1 - s.sigmoid()), "wrong sign"),
    ("sigma of s", wrong(lambda s: -s.sigmoid()), "sigma(-s)"),
    ("negatives as pairs", wrong(negative=lambda s: s.sigmoid() - 1), "that of a true pair"),
    ("sign of the negatives", wrong(negative=lambda s: -s.sigmoid()), "negatives' slope has the wrong sign"),
    ("negatives 1 - sigma", wrong(negative=lambda s: 1 - s.sigmoid()), "1 - sigma"),
    ("slope of the sigmoid", wrong(negative=lambda s: s.sigmoid() * (1 - s.sigmoid())), "slope of the sigmoid"),
    ("loss instead of slope", wrong(negative=F.softplus), "multiplies by the loss"),
    ("no sigmoid", wrong(negative=lambda s: s), "sigmoid is missing"),
    ("no sigmoid in the pair", wrong(lambda s: s - 1), "sigmoid is missing"),
    ("the sum", wrong(mean=lambda u: 1), "mean over the pairs is missing"),
    ("downhill", wrong(mean=lambda u: -len(u)), "where the loss falls"),
    ("over all numbers", wrong(mean=torch.numel), "all numbers of u"),
    ("over negatives too", divided_by_all, "pairs and negatives"),
    ("averaged negatives", wrong(negative=lambda s: s.sigmoid() / s.shape[1]), "averaged"),
    ("du without noise", wrong(parts=lambda u, v, n, a, b: (a * v, a * u, b * u[:, None])), "lacks the negatives"),
    ("du of noise", wrong(parts=lambda u, v, n, a, b: ((b * n).sum(1), a * u, b * u[:, None])), "lacks the true pair"),
    ("own row", wrong(parts=lambda u, v, n, a, b: (a * u + (b * n).sum(1), a * v, b * u[:, None])), "`du` has v"),
    ("dv has v", wrong(parts=lambda u, v, n, a, b: (a * v + (b * n).sum(1), a * v, b * u[:, None])), "`dv` has u"),
    ("dnoise has noise", wrong(parts=lambda u, v, n, a, b: (a * v + (b * n).sum(1), a * u, b * n)), "so u stays"),
    ("dnoise has v",
     wrong(parts=lambda u, v, n, a, b: (a * v + (b * n).sum(1), a * u, b * v[:, None])), "scored against u"),
    ("mean in du", wrong(parts=averaged), "negatives are averaged"),
    ("last in du", last_of_a_loop, "last negative"),
    ("subtracted",
     wrong(parts=lambda u, v, n, a, b: (a * v - (b * n).sum(1), a * u, b * u[:, None])), "subtracted"),
    ("swapped", wrong(parts=lambda u, v, n, a, b: (a * u, a * v + (b * n).sum(1), b * u[:, None])), "swapped"),
    ("dnoise summed",
     wrong(parts=lambda u, v, n, a, b: (a * v + (b * n).sum(1), a * u, (b * u[:, None]).sum(1))), "of its own"),
    ("two faults", wrong(lambda s: 1 - s.sigmoid(), mean=lambda u: 1), "mean over the pairs is missing"),
    ("slopes alone", wrong(parts=lambda u, v, n, a, b: (a + b.sum(1) + 0 * u, a + 0 * v, b + 0 * n)), "other row"),
    ("overflow", overflowing, "as one function"),
    ("no axis", no_axis, "one more axis"),
    ("the loss", only_the_loss, "tuple of 3 is due"),
    ("two of three", a_list_of_two, "3 is due: du, dv, dnoise"),
    ("dv odd", something_else, "`du` and `dnoise` are right, `dv` is not"),
    ("no return", no_return, "return"),
]  # fmt: skip
