"""The embedding table: one Adagrad step for each row that was looked up, however often."""

import torch

import mtsgns_lite as mt


def test_rows_that_repeat_are_summed_before_one_adagrad_step():
    table = mt.Table(3, 2, spread=1.0, rate=0.1)
    before, rates = table.weight.clone(), torch.tensor([1.0, 2, 4, 8])
    (table(torch.tensor([1, 1, 2, 1])) * rates[:, None]).sum().backward()
    table.update()
    gradient = torch.tensor([0.0, 1 + 2 + 8, 4])
    assert torch.allclose(table.state, gradient.square())  # (1 + 2 + 8)^2, not 1^2 + 2^2 + 8^2
    step = 0.1 * gradient / gradient.square().sqrt().clamp(min=1e-10)
    assert torch.allclose(table.weight, before - step[:, None])


def test_a_row_takes_adagrad_steps_and_the_others_do_not_move():
    table = mt.Table(4, 3, spread=1.0, rate=0.5)
    row, state = table.weight[2].clone(), 0.0
    untouched = table.weight[[0, 1, 3]].clone()
    for factor, pull in ((1.0, torch.tensor([1.0, 0, 2])), (0.5, torch.tensor([-3.0, 1, 1]))):
        (table(torch.tensor([2]))[0] * pull).sum().backward()
        table.update(factor)
        state += float(pull.square().mean())
        row = row - factor * 0.5 * pull / state**0.5
        assert torch.allclose(table.weight[2], row)
    assert torch.equal(table.weight[[0, 1, 3]], untouched)


def test_looking_up_without_gradients_leaves_nothing_behind():
    table = mt.Table(4, 3, spread=1.0)
    with torch.no_grad():
        table(torch.tensor([1]))
    table.eval()
    (table(torch.tensor([1])).sum() * 2).backward()
    before = table.weight.clone()
    table.update()
    assert torch.equal(table.weight, before)


def test_tables_of_the_same_seed_are_the_same():
    assert torch.equal(mt.Table(5, 4, 1.0, seed=3).weight, mt.Table(5, 4, 1.0, seed=3).weight)
    assert not torch.equal(mt.Table(5, 4, 1.0, seed=3).weight, mt.Table(5, 4, 1.0, seed=4).weight)
