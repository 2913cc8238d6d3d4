"""Models against the closed forms of their gradients, and against oracles in plain loops."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import mtsgns_lite as mt
from mtsgns_lite.data.samples import PairBatch, SkipGramBatch
from mtsgns_lite.models.sgns import SgnsLoss


def sigma(x):
    return 1 / (1 + np.exp(-x))


def loop_loss(target, context, noise, pairs, negatives):
    """Skip-gram's loss pair by pair: the mean over pairs of -log s(u.v) - sum over negatives of log s(-u.n)."""
    rows_per_set, total, count = len(target) // len(noise), 0.0, 0
    for b, i, j in np.argwhere(pairs > 0):
        u, v = target[b, i], context[b, j]
        drawn = noise[b // rows_per_set]
        total += -np.log(sigma(u @ v)) - negatives / len(drawn) * sum(np.log(sigma(-u @ n)) for n in drawn)
        count += 1
    return total / max(count, 1)


def loop_pairs(batch):
    """(B, L, L) by the definition of a window."""
    rows, length = batch.items.shape
    pairs = np.zeros((rows, length, length))
    for b in range(rows):
        for i in range(length):
            for j in range(length):
                near = i != j and abs(i - j) <= batch.window
                pairs[b, i, j] = near and batch.present[b, i] and batch.present[b, j]
    return pairs


def sources_of(catalogue, item):
    """The known sources of an item, by name and value: [(source number, [row of each value])], rows counted through
    all traits' values, 'unknown' included."""
    known, first = [(0, [item])], 0
    for number, trait in enumerate(catalogue.traits.values(), start=1):
        values = [] if trait.text(item) == "unknown" else trait.text(item).split(" | ")
        if values:
            known.append((number, [first + trait.values.index(value) for value in values]))
        first += len(trait.values)
    return known


def loop_mixture(side, catalogue, item, scale=True):
    """c_s of each known source by the definition, and the softmax weights."""
    known = sources_of(catalogue, item)
    logits = side.logits.weight[item if side.per_item else 0].numpy()
    weights = np.exp([logits[s] for s, _ in known])
    weights /= weights.sum()
    factor = len(known) if scale else 1
    tables = [side.items.weight, *[side.values.weight] * (len(known) - 1)]
    rows = [np.mean([table[v].numpy() for v in values], axis=0) for table, (_, values) in zip(tables, known)]
    return [factor * w * row for w, row in zip(weights, rows)], weights, rows, known


# --- the loss -------------------------------------------------------------------------------------------------------


def test_the_matrix_form_of_the_loss_is_the_sum_over_pairs(a_batch):
    rng = np.random.default_rng(0)
    target, context, noise = (rng.normal(size=s) for s in ((4, 4, 3), (4, 4, 3), (2, 3, 3)))
    pairs = loop_pairs(a_batch)
    assert np.array_equal(a_batch.pairs().numpy(), pairs)
    found = mt.sgns_loss(*map(torch.from_numpy, (target, context, noise, pairs)), negatives=5)
    assert float(found) == pytest.approx(loop_loss(target, context, noise, pairs, 5))


def test_the_loss_stays_finite_where_a_sigmoid_underflows():
    far = torch.tensor([[[300.0], [300.0]]])
    loss = mt.sgns_loss(far, -far, far[:, :1], torch.tensor([[[0.0, 1.0], [0.0, 0.0]]]), negatives=5)
    assert float(loss) == pytest.approx(6 * 300.0**2)  # -log s(x) is -x far below 0


@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize("sets", [1, 2, 6])
def test_the_gradient_written_by_hand_is_that_of_autograd(sets, held):
    """Some places absent, one row empty, one alone; context rows held, as the traits' own loss holds them."""
    generator = torch.Generator().manual_seed(sets)
    rows = [
        torch.randn(shape, generator=generator, dtype=torch.float64) for shape in ((6, 5, 3), (6, 5, 3), (sets, 4, 3))
    ]
    present = torch.rand(6, 5, generator=generator) < 0.7
    present[0], present[1] = False, torch.arange(5) == 2
    pairs = SkipGramBatch(torch.zeros(6, 5), present, 2, rows[2], 5).pairs().double()
    found = []
    for loss_of in (mt.sgns_loss, lambda *parts: SgnsLoss.apply(*parts, pairs.sum())):
        leaves = [part.clone().requires_grad_(not held or number == 0) for number, part in enumerate(rows)]
        loss = loss_of(*leaves, pairs, 5)
        (3 * loss).backward()
        found.append([loss.detach(), *(leaf.grad for leaf in leaves if leaf.requires_grad)])
    for ours, theirs in zip(*found):
        assert torch.allclose(ours, theirs, rtol=1e-9)


@pytest.mark.parametrize("kind", ["sgns", "traits", "traits on both sides"])
def test_padding_changes_neither_the_loss_nor_the_gradients(kind, wardrobe, a_batch, random_weights, gradient_of):
    def answer(batch):
        make = mt.SGNS if kind == "sgns" else mt.MultiTraitSGNS
        options = {"context_traits": True} if kind == "traits on both sides" else {}
        model = random_weights(make(wardrobe, dim=4, **options))
        loss = model.loss(batch)
        loss.backward()
        return loss.detach(), [gradient_of(m) for m in model.modules() if isinstance(m, mt.Table)]

    columns = torch.full((4, 3), 5)  # an item that would matter
    rows = torch.full((2, 7), 4)
    wide = replace(
        a_batch,
        items=torch.cat([torch.cat([a_batch.items, columns], 1), rows]),
        present=torch.cat([torch.cat([a_batch.present, columns < 0], 1), rows < 0]),
        noise=torch.cat([a_batch.noise, a_batch.noise[:1]]),
    )
    (loss, gradients), (padded_loss, padded_gradients) = answer(a_batch), answer(wide)
    assert torch.allclose(loss, padded_loss)
    assert all(torch.allclose(g, p) for g, p in zip(gradients, padded_gradients))


def test_a_batch_without_any_pair_has_no_loss_and_moves_nothing(wardrobe, a_batch):
    model = mt.MultiTraitSGNS(wardrobe, dim=4)
    before = model.embeddings(unseen="random")
    loss = model.loss(replace(a_batch, present=torch.zeros_like(a_batch.present)))
    loss.backward()
    for table in (m for m in model.modules() if isinstance(m, mt.Table)):
        table.update()
    assert float(loss.detach()) == 0
    assert torch.equal(model.embeddings(unseen="random"), before)


def test_skip_gram_starts_at_ln2_for_each_of_its_terms(wardrobe, a_batch):
    assert float(mt.SGNS(wardrobe, dim=8).loss(a_batch).detach()) == pytest.approx(6 * np.log(2), rel=1e-3)


# --- the mixture of traits ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize("weights", ["global", "item"])
@pytest.mark.parametrize("label", [0, 1])
@pytest.mark.parametrize("item", range(6))  # all traits, an unknown one, several values, none
def test_gradients_are_the_closed_forms(scale, weights, label, item, wardrobe, random_weights, gradient_of):
    model = random_weights(mt.MultiTraitSGNS(wardrobe, dim=5, weights=weights, scale=scale), seed=item)
    side = model.target
    parts, softmax, rows, known = loop_mixture(side, wardrobe, item, scale)
    m, h = (len(known) if scale else 1), np.sum(parts, axis=0)
    z = torch.randn(5, generator=torch.Generator().manual_seed(9), dtype=torch.float64, requires_grad=True)

    found = side(torch.tensor([item]))[0]
    assert np.allclose(found.detach().numpy(), h)
    torch.nn.functional.binary_cross_entropy_with_logits(found @ z, torch.tensor(float(label)).double()).backward()

    error, zn = sigma(h @ z.detach().numpy()) - label, z.detach().numpy()
    assert np.allclose(z.grad.numpy(), error * h)  # dL/dZ
    items = np.zeros_like(side.items.weight.numpy())
    values = np.zeros_like(side.values.weight.numpy())
    logits = np.zeros_like(side.logits.weight.numpy())
    for w, row, (source, places) in zip(softmax, rows, known):
        table = items if source == 0 else values
        table[places] += m * w * error * zn / len(places)  # dL/dW^s, a mean passing each value its part
        logits[item if weights == "item" else 0, source] = error * w * zn @ (m * row - h)  # dL/da^s
    assert np.allclose(gradient_of(side.items).numpy(), items)
    assert np.allclose(gradient_of(side.values).numpy(), values)
    assert np.allclose(gradient_of(side.logits).numpy(), logits)


@pytest.mark.parametrize("weights", ["uniform", "global", "item"])
@pytest.mark.parametrize("context_traits", [False, True])
@pytest.mark.parametrize("auxiliary", [0.0, 0.2])
@pytest.mark.parametrize("scale", [True, False])
def test_the_loss_is_that_of_a_plain_loop(weights, context_traits, auxiliary, scale, wardrobe, a_batch, random_weights):
    options = dict(weights=weights, context_traits=context_traits, auxiliary=auxiliary, scale=scale)
    model = random_weights(mt.MultiTraitSGNS(wardrobe, dim=5, **options))
    if weights == "uniform":  # its logits never leave 0
        for side in (model.target, model.context):
            if isinstance(side, type(model.target)):
                side.logits.weight.zero_()

    mixed = [loop_mixture(model.target, wardrobe, v, scale)[0] for v in range(6)]
    whole = np.array([np.sum(parts, axis=0) for parts in mixed])
    alone = np.array([np.sum(parts[1:], axis=0) if len(parts) > 1 else np.zeros(5) for parts in mixed])
    if context_traits:
        context = np.array([np.sum(loop_mixture(model.context, wardrobe, v, scale)[0], axis=0) for v in range(6)])
    else:
        context = model.context.weight.numpy()
    items, noise, pairs = a_batch.items.numpy(), a_batch.noise.numpy(), loop_pairs(a_batch)
    expected = loop_loss(whole[items], context[items], context[noise], pairs, 5)
    with_trait = pairs * wardrobe.has_traits[items][:, :, None]
    expected += auxiliary * loop_loss(alone[items], context[items], context[noise], with_trait, 5)
    assert float(model.loss(a_batch).detach()) == pytest.approx(expected)


def test_the_auxiliary_loss_moves_neither_context_rows_nor_the_items_own(
    wardrobe, a_batch, random_weights, gradient_of
):
    def gradients(auxiliary):
        model = random_weights(mt.MultiTraitSGNS(wardrobe, dim=4, auxiliary=auxiliary))
        model.loss(a_batch).backward()
        return {
            "context": gradient_of(model.context),
            "items": gradient_of(model.target.items),
            "values": gradient_of(model.target.values),
        }

    without, with_it = gradients(0.0), gradients(1.0)
    assert torch.allclose(without["context"], with_it["context"])
    assert torch.allclose(without["items"], with_it["items"])
    assert not torch.allclose(without["values"], with_it["values"])


def test_weights_are_a_softmax_over_the_known_sources_only(wardrobe, random_weights):
    side = random_weights(mt.MultiTraitSGNS(wardrobe, dim=2)).target
    weights = side.weights(torch.arange(6))
    assert torch.allclose(weights.sum(dim=1), torch.ones(6, dtype=torch.float64))
    for item in range(6):
        known = [source for source, _ in sources_of(wardrobe, item)]
        assert set(np.flatnonzero(weights[item].detach() > 0)) == set(known)
        raw = side.logits.weight[0][known].softmax(dim=0)
        assert torch.allclose(weights[item][known], raw)  # renormalised over what is known
    assert side.count[0].tolist() == [0, 1, 1, 2]  # how many values each trait has


def test_an_items_weights_do_not_depend_on_the_rest_of_the_batch(wardrobe, random_weights):
    side = random_weights(mt.MultiTraitSGNS(wardrobe, dim=2, weights="item")).target
    together = side(torch.arange(6))
    alone = torch.cat([side(torch.tensor([item])) for item in range(6)])
    assert torch.allclose(together, alone)


def test_unknown_is_not_a_value_that_is_trained(planted_small, quiet_fit):
    shop = mt.planted(items=100, baskets=500, missing=0.4, seed=3)
    model = mt.MultiTraitSGNS(shop.catalogue, dim=8, context_traits=True)
    quiet_fit(model, mt.split(shop, cold_items=0).train)
    for side in (model.target, model.context):
        first = 0
        for trait in shop.catalogue.traits.values():
            rows = side.values.weight[first : first + len(trait.values)]
            assert not rows[0].any()  # "unknown" stays where it began
            assert rows[1:].any(dim=1).all()
            first += len(trait.values)


def test_uniform_weights_stay_equal(planted_split, quiet_fit):
    model = mt.MultiTraitSGNS(planted_split.catalogue, dim=8, weights="uniform")
    quiet_fit(model, planted_split.train)
    items = torch.arange(len(planted_split.catalogue))
    weights, known = model.target.weights(items), model.target.known(items)
    assert torch.allclose(weights, known / known.sum(dim=1, keepdim=True))


def test_contributions_add_up_to_the_embedding_of_seen_items(trained):
    parts = trained.contributions("target")
    seen = trained.seen
    assert torch.allclose(parts.sum(dim=1)[seen], trained.embeddings("target")[seen], atol=1e-5)


# --- cold items, unseen items, sides --------------------------------------------------------------------------------


@pytest.mark.parametrize("cold", ["weights", "mean"])
def test_a_cold_items_vector_is_its_traits_renormalised(cold, wardrobe, random_weights):
    model = random_weights(mt.MultiTraitSGNS(wardrobe, dim=3, cold=cold))
    logits = model.target.logits.weight[0].numpy()
    for item in range(5):
        known = sources_of(wardrobe, item)[1:]
        rows = [np.mean([model.target.values.weight[v].numpy() for v in values], axis=0) for _, values in known]
        weights = np.exp([logits[s] for s, _ in known]) if cold == "weights" else np.ones(len(known))
        expected = len(known) * np.average(rows, axis=0, weights=weights)
        assert np.allclose(model.cold_embeddings(torch.tensor([item]))[0].numpy(), expected)
    assert not model.cold_embeddings(torch.tensor([5])).any()  # no traits, nothing to say


def test_a_seen_items_vector_uses_the_learned_weights_not_their_mean(wardrobe, random_weights):
    model = random_weights(mt.MultiTraitSGNS(wardrobe, dim=3, cold="mean"))
    model.observe(torch.ones(6))
    expected = [np.sum(loop_mixture(model.target, wardrobe, item)[0], axis=0) for item in range(6)]
    assert np.allclose(model.embeddings("target").numpy(), expected)


def test_unseen_items_get_what_was_asked_for(wardrobe, random_weights):
    model = random_weights(mt.MultiTraitSGNS(wardrobe, dim=3))
    model.observe(torch.tensor([1.0, 1, 1, 1, 0, 1]))
    assert not model.embeddings(unseen="zero")[4].any()
    assert torch.allclose(model.embeddings(unseen="traits")[4], model.cold_embeddings(torch.tensor([4]))[0])
    assert not torch.allclose(model.embeddings(unseen="random")[4], model.embeddings(unseen="traits")[4])
    seen = model.seen
    assert torch.equal(model.embeddings(unseen="random")[seen], model.embeddings(unseen="zero")[seen])


@pytest.mark.parametrize("make", [mt.SGNS, mt.MatrixFactorization])
def test_without_traits_an_unseen_item_is_a_zero_vector(make, wardrobe):
    model = make(wardrobe, dim=3)
    model.observe(torch.tensor([1.0, 1, 1, 1, 0, 1]))
    assert not model.embeddings()[4].any()
    assert model.embeddings()[0].any()
    assert model.embeddings(unseen="random")[4].any()


def test_the_context_of_a_cold_item_needs_traits_on_that_side(wardrobe):
    model = mt.MultiTraitSGNS(wardrobe, dim=3)
    model.observe(torch.tensor([1.0, 1, 1, 1, 0, 1]))
    for which in ("context", "mean"):
        with pytest.raises(ValueError, match="context_traits=True"):
            model.embeddings(which)
        assert model.embeddings(which, unseen="zero").shape == (6, 3)
    both = mt.MultiTraitSGNS(wardrobe, dim=3, context_traits=True)
    both.observe(model.counts)
    assert both.embeddings("mean").shape == (6, 3)


@pytest.mark.parametrize("options", [{}, {"context_traits": True}])
def test_mean_embeddings_are_the_mean_of_both_sides(options, wardrobe, random_weights):
    model = random_weights(mt.MultiTraitSGNS(wardrobe, dim=3, **options))
    model.observe(torch.ones(6))
    mean = (model.embeddings("target") + model.embeddings("context")) / 2
    assert torch.allclose(model.embeddings("mean"), mean)
    assert not torch.allclose(model.embeddings("target"), model.embeddings("context"))


def test_the_context_side_has_tables_of_its_own(wardrobe, a_batch, random_weights, gradient_of):
    model = random_weights(mt.MultiTraitSGNS(wardrobe, dim=3, context_traits=True))
    target = model.embeddings("target", unseen="random")
    for table in (model.context.items, model.context.values, model.context.logits):
        table.weight.add_(1.0)
    assert torch.equal(model.embeddings("target", unseen="random"), target)
    model.loss(a_batch).backward()
    assert gradient_of(model.context.values).any()
    assert gradient_of(model.context.logits).any()


@pytest.mark.parametrize(
    ("options", "says"),
    [({"weights": "best"}, "uniform, global, item"), ({"cold": "warm"}, "weights"), ({"dim": 0}, "dimension")],
)
def test_a_choice_that_does_not_exist_is_refused(options, says, wardrobe):
    with pytest.raises(ValueError, match=says):
        mt.MultiTraitSGNS(wardrobe, **{"dim": 3, **options})


def test_a_trait_model_of_a_catalogue_without_traits_is_refused():
    with pytest.raises(ValueError, match="has no traits"):
        mt.MultiTraitSGNS(mt.Catalogue(["a", "b"]))


@pytest.mark.parametrize(("which", "unseen"), [("centre", "zero"), ("target", "guess")])
def test_an_embedding_that_does_not_exist_is_refused(which, unseen, wardrobe):
    for model in (mt.SGNS(wardrobe), mt.MultiTraitSGNS(wardrobe), mt.MatrixFactorization(wardrobe)):
        with pytest.raises(ValueError, match="choose"):
            model.embeddings(which, unseen)


# --- matrix factorisation -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("users", [None, 4])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("loss", ["bce", "mse"])
def test_factorisation_is_its_formula_and_its_gradient(users, bias, loss, wardrobe, random_weights, gradient_of):
    model = random_weights(mt.MatrixFactorization(wardrobe, dim=3, users=users, bias=bias, loss=loss))
    if bias:
        model.bias.data.fill_(0.3)
    first, second, value = torch.tensor([0, 3, 0]), torch.tensor([1, 5, 2]), torch.tensor([1.0, 0, 1]).double()
    p_table = (model.items if users is None else model.users).weight.numpy()
    p, q = p_table[first], model.items.weight.numpy()[second]
    score = (p * q).sum(axis=1)
    if bias:
        b_table = (model.item_bias if users is None else model.user_bias).weight.numpy()[:, 0]
        score += b_table[first] + model.item_bias.weight.numpy()[:, 0][second] + 0.3
    assert np.allclose(model.score(first, second).detach().numpy(), score)

    for table in (m for m in model.modules() if isinstance(m, mt.Table)):
        table.forget()
    model.loss(PairBatch(first, second, value)).backward()
    error = (sigma(score) - value.numpy() if loss == "bce" else 2 * (score - value.numpy())) / 3
    expected = np.zeros((6, 3))
    np.add.at(expected, second.numpy(), error[:, None] * p)
    if users is None:
        np.add.at(expected, first.numpy(), error[:, None] * q)
    assert np.allclose(gradient_of(model.items).numpy(), expected)
    if bias:
        assert float(model.bias.grad) == pytest.approx(error.sum())


def test_a_score_of_two_items_is_the_same_from_either_end(wardrobe, random_weights):
    model = random_weights(mt.MatrixFactorization(wardrobe, dim=3, bias=True))
    one, other = torch.tensor([0, 1, 2]), torch.tensor([3, 4, 5])
    assert torch.allclose(model.score(one, other), model.score(other, one))


@pytest.mark.parametrize("bias", [False, True])
def test_two_tables_are_two(bias, wardrobe, random_weights, gradient_of):
    """The first item is looked up in one, the second in the other, and each alone gets that side's gradient."""
    model = random_weights(mt.MatrixFactorization(wardrobe, dim=3, tables=2, bias=bias))
    first, second, value = torch.tensor([0, 3, 0]), torch.tensor([1, 5, 2]), torch.tensor([1.0, 0, 1]).double()
    p, q = model.items.weight.numpy()[first], model.context.weight.numpy()[second]
    b = model.item_bias.weight.numpy()[:, 0] if bias else np.zeros(6)
    score = (p * q).sum(axis=1) + b[first] + b[second]
    assert np.allclose(model.score(first, second).detach().numpy(), score)

    for table in (m for m in model.modules() if isinstance(m, mt.Table)):
        table.forget()
    model.loss(PairBatch(first, second, value)).backward()
    error = (sigma(score) - value.numpy()) / 3
    for table, ends, other in ((model.items, first, q), (model.context, second, p)):
        expected = np.zeros((6, 3))
        np.add.at(expected, ends.numpy(), error[:, None] * other)
        assert np.allclose(gradient_of(table).numpy(), expected)


def test_two_tables_give_target_context_and_their_mean(wardrobe, random_weights):
    model = random_weights(mt.MatrixFactorization(wardrobe, dim=3, tables=2))
    model.observe(torch.tensor([1.0, 1, 1, 1, 0, 1]))
    target, context, mean = (model.embeddings(which) for which in ("target", "context", "mean"))
    assert not torch.allclose(target, context)
    assert torch.allclose(mean, (target + context) / 2)
    for vectors in (target, context, mean):
        assert vectors.any(dim=1).tolist() == [True, True, True, True, False, True]
    start = mt.MatrixFactorization(wardrobe, dim=3, tables=2)
    assert not torch.equal(start.items.weight, start.context.weight)
    with pytest.raises(ValueError, match="'context'"):
        mt.MatrixFactorization(wardrobe, dim=3).embeddings("context")


@pytest.mark.parametrize("options", [{"tables": 3}, {"tables": 2, "users": 4}])
def test_more_tables_than_there_are_sides_are_refused(options, wardrobe):
    with pytest.raises(ValueError, match="1 or 2 tables"):
        mt.MatrixFactorization(wardrobe, dim=3, **options)


def test_loss_and_regulariser_are_functions_one_can_swap(wardrobe):
    pairs = PairBatch(torch.tensor([0, 1]), torch.tensor([2, 3]), torch.tensor([1.0, 0.0]))
    absolute = mt.MatrixFactorization(wardrobe, dim=3, loss=lambda score, value: (score - value).abs().mean())
    score = absolute.score(pairs.first, pairs.second)
    assert float(absolute.loss(pairs).detach()) == pytest.approx(float((score - pairs.value).abs().mean().detach()))
    plain = mt.MatrixFactorization(wardrobe, dim=3)
    ridge = mt.MatrixFactorization(wardrobe, dim=3, regulariser=lambda rows: rows.square().sum())
    extra = plain.items.weight[[0, 1, 2, 3]].square().sum()  # the rows of the batch, and no others
    assert float((ridge.loss(pairs) - plain.loss(pairs)).detach()) == pytest.approx(float(extra), rel=1e-5)


def test_an_unknown_loss_is_refused(wardrobe):
    with pytest.raises(ValueError, match="bce, mse"):
        mt.MatrixFactorization(wardrobe, loss="hinge")


def test_the_default_start_saturates_nothing():
    catalogue = mt.Catalogue(range(500))
    model = mt.MatrixFactorization(catalogue, dim=128)
    pairs = torch.randint(500, (2, 2_000), generator=torch.Generator().manual_seed(0))
    score = model.score(*pairs).detach().sigmoid()
    assert float(((score > 0.1) & (score < 0.9)).float().mean()) == 1.0


def test_factorisation_learns_a_checkerboard_of_ratings(quiet_fit):
    users, items = np.meshgrid(np.arange(20), np.arange(20), indexing="ij")
    users, items = users.ravel(), items.ravel()
    value = np.where((users + items) % 2, 5.0, 1.0)
    asked = np.random.default_rng(0).random(len(value)) < 0.2  # cells that training does not see
    samples = mt.Pairs(users[~asked], items[~asked], 20, value[~asked], symmetric=False, batch_size=32)
    model = mt.MatrixFactorization(mt.Catalogue(range(20)), dim=4, users=20, bias=True, loss="mse")
    quiet_fit(model, samples, epochs=30)
    score = model.score(torch.from_numpy(users[asked]), torch.from_numpy(items[asked])).detach().numpy()
    assert mt.auc(score[value[asked] == 5], score[value[asked] == 1]) > 0.95
