"""Answers to goal_loss that learners give: right ones, and wrong ones with words that their hint must have."""

import torch
import torch.nn.functional as F


def plain(clicks, bought, noise):
    return (F.softplus(-clicks @ bought) + F.softplus(clicks @ noise.T).sum(dim=1)).mean()


def with_logsigmoid(clicks, bought, noise):
    return -F.logsigmoid(clicks @ bought).mean() - F.logsigmoid(-clicks @ noise.T).sum(1).mean()


def with_loop(clicks, bought, noise):
    total = 0
    for u in clicks:
        total = total + F.softplus(-(u * bought).sum())
        for n in noise:
            total = total + F.softplus(u.dot(n))
    return total / len(clicks)


def with_bce(clicks, bought, noise):
    scores = clicks @ torch.cat([bought[None], noise]).T
    label = torch.zeros_like(scores)
    label[:, 0] = 1
    return F.binary_cross_entropy_with_logits(scores, label, reduction="sum") / len(clicks)


def with_signs(clicks, bought, noise):
    return F.softplus(clicks @ torch.cat([-bought[None], noise]).T).sum() / clicks.shape[0]


def with_einsum(clicks, bought, noise):
    goal, other = torch.einsum("ld,d->l", clicks, bought), torch.einsum("ld,md->lm", clicks, noise)
    return torch.logaddexp(-goal, torch.zeros_like(goal)).mean() + F.softplus(other).mean(0).sum()


RIGHT = [plain, with_logsigmoid, with_loop, with_bce, with_signs, with_einsum]


def log_of_sigmoid(clicks, bought, noise):
    each = -torch.log(torch.sigmoid(clicks @ bought)) - torch.log(torch.sigmoid(-clicks @ noise.T)).sum(1)
    return each.mean()


def with_epsilon(clicks, bought, noise):
    true, false = torch.sigmoid(clicks @ bought), torch.sigmoid(-clicks @ noise.T)
    return -(torch.log(true + 1e-8) + torch.log(false + 1e-8).sum(1)).mean()


def against_bought(clicks, bought, noise):
    return F.softplus(-clicks @ bought).mean() + F.softplus(noise @ bought).sum()


def next_click_only(clicks, bought, noise):
    return F.softplus(-clicks[-1] @ bought) + F.softplus(noise @ clicks[-1]).sum()


def early(clicks, bought, noise):
    for u in clicks:
        return F.softplus(-u @ bought) + F.softplus(noise @ u).sum()


def with_item(clicks, bought, noise):
    return plain(clicks, bought, noise).item()


def no_graph(clicks, bought, noise):
    return plain(clicks, bought.detach(), noise)


def cosine(clicks, bought, noise):
    u, b, n = F.normalize(clicks, dim=1), F.normalize(bought, dim=0), F.normalize(noise, dim=1)
    return plain(u, b, n)


WRONG = [
    ("sum", lambda u, b, n: plain(u, b, n) * len(u), "mean over the clicks is missing"),
    ("not reduced", lambda u, b, n: F.softplus(-u @ b) + F.softplus(u @ n.T).sum(1), "mean over the clicks is missing"),
    ("negatives averaged", lambda u, b, n: (F.softplus(-u @ b) + F.softplus(u @ n.T).mean(1)).mean(), "averaged"),
    ("no negatives", lambda u, b, n: F.softplus(-u @ b).mean(), "negatives' term is missing"),
    ("no bought item", lambda u, b, n: F.softplus(u @ n.T).sum(1).mean(), "positive term is missing"),
    ("sign of the goal", lambda u, b, n: plain(u, -b, n), "true pair should score high"),
    ("sign of the negatives", lambda u, b, n: plain(u, b, -n), "sign"),
    ("negatives subtracted", lambda u, b, n: (F.softplus(-u @ b) - F.softplus(u @ n.T).sum(1)).mean(), "subtracted"),
    ("sign", lambda u, b, n: -plain(u, b, n), "never negative"),
    ("against the bought item", against_bought, "false contexts of the clicks"),
    ("last click only", next_click_only, "every click"),
    ("returned early", early, "click"),
    ("clicks averaged", lambda u, b, n: plain(u.mean(0, keepdim=True), b, n), "before they are scored"),
    ("clicks added", lambda u, b, n: plain(u.sum(0, keepdim=True), b, n), "before they are scored"),
    ("inside the logarithm", lambda u, b, n: (F.softplus(-u @ b) + F.softplus((u @ n.T).sum(1))).mean(), "inside"),
    ("mean of everything", lambda u, b, n: plain(u, b, n) / (1 + len(n)), "only over the clicks"),
    ("no logarithm", lambda u, b, n: ((1 - (u @ b).sigmoid()) + F.softplus(u @ n.T).sum(1)).mean(), "logarithm"),
    ("cosine", cosine, "cosine"),
    ("log of sigmoid", log_of_sigmoid, "logarithm"),
    ("epsilon", with_epsilon, "scores of 1000"),
    ("item", with_item, "no gradient"),
    ("detached", no_graph, "no gradient reaches `bought`"),
    ("matrix of clicks", lambda u, b, n: plain(u, b[None], n), "shape"),
    ("no return", lambda u, b, n: None, "return"),
]  # fmt: skip
