"""Item texts, their encoders, and the model whose vectors are made of them: oracles in loops, and planted truth."""

import copy
import unicodedata
import zlib
from dataclasses import replace

import numpy as np
import pytest
import torch

import mtsgns_lite as mt
from mtsgns_lite.data.text import PAD, WordPieces, item_texts, letter_grams, padded
from mtsgns_lite.models.encoders import CNN, Frozen, NGrams, Tower
from mtsgns_lite.models.tables import Table
from mtsgns_lite.views.what_if import WhatIf

TEXTS = ["red shirt", "red sock", "blue shirt", "blue sock", "green hat"]
ENCODERS = ["cnn", "ngrams", "frozen"]


def letters(texts):
    """(texts, 26) how often each letter stands in a text: somebody's encoder."""
    return np.array([[text.lower().count(chr(97 + place)) for place in range(26)] for text in texts], dtype=float)


def content(catalogue, encoder="cnn", **options):
    """A small model."""
    if encoder == "cnn":
        options = {"encoder_options": {"pieces": 60, "filters": 4}} | options
    return mt.ContentSGNS(catalogue, dim=5, encoder=letters if encoder == "frozen" else encoder, **options)


@pytest.fixture
def shaken():
    """Give a model random numbers everywhere, so that nothing is zero by chance, and let it look trained."""

    def shake(model, seed=0):
        generator = torch.Generator().manual_seed(seed)
        for tensor in [*model.parameters(), *(t.weight for t in model.modules() if isinstance(t, Table))]:
            tensor.data.copy_(torch.randn(tensor.shape, generator=generator) / 2)
        model.counts.fill_(1)
        return model.eval()

    return shake


@pytest.fixture(scope="module")
def tiny_split():
    """Forty items with names of two words, and 150 baskets."""
    shop = mt.planted(items=40, baskets=150, seed=1)
    names = [f"{colour} {thing}" for colour in ("red", "blue", "green", "white") for thing in
             ("hat", "shoe", "sock", "shirt", "scarf", "glove", "coat", "belt", "tie", "skirt")]  # fmt: skip
    named = mt.Catalogue(shop.catalogue.ids, names, shop.catalogue.traits.values())
    return mt.split(replace(shop, catalogue=named), cold_items=0.1, seed=0)


@pytest.fixture(scope="module")
def named_shop():
    """A planted shop whose items are called by their kind, which is nearly all there is to them, and a colour."""
    shop = mt.planted({"kind": 0.9}, items=300, baskets=4_000, strength=4.0, seed=1)
    rng = np.random.default_rng(0)
    word = ["".join(rng.choice(list("aeioubdfgklmnprst"), 7)) for _ in range(21)]
    colours = ["red", "blue", "green", "white", "black"]
    kinds = shop.catalogue.traits["kind"].codes[:, 0]
    names = [f"{colours[place % 5]} {word[kind]}" if kind else "" for place, kind in enumerate(kinds)]
    return replace(shop, catalogue=mt.Catalogue(shop.catalogue.ids, names, shop.catalogue.traits.values()))


# --- texts and tokens -----------------------------------------------------------------------------------------------


def test_an_items_text_is_what_its_columns_say_without_what_is_unknown(wardrobe):
    assert item_texts(wardrobe, ["name"])[:2] == ["Red Shirt", "Red Sock"]
    assert item_texts(wardrobe, ["colour", "size"]) == ["red S", "red", "blue M", "blue S", "green", ""]
    assert item_texts(wardrobe, ["tags", "name"])[0] == "new | sale Red Shirt"
    with pytest.raises(ValueError, match="no text 'title': choose from name, colour, size, tags"):
        item_texts(wardrobe, ["title"])


def test_pieces_put_together_are_the_text_in_one_way_of_writing():
    words = WordPieces.learn(TEXTS, 60)
    for text in [*TEXTS, "RED  Shirt", "ｒｅｄ shirt", "red shrit", "grün"]:
        assert "".join(words.pieces(text)).replace("▁", " ").strip() == " ".join(
            unicodedata.normalize("NFKC", text).casefold().split()
        )
    assert words.pieces("RED shirt") == words.pieces("ｒｅｄ shirt") == words.pieces("red shirt")


def test_the_same_texts_give_the_same_pieces_whatever_their_order():
    one, other = WordPieces.learn(TEXTS, 60), WordPieces.learn([*reversed(TEXTS), *TEXTS, ""], 60)
    assert one.model == other.model
    assert len(one) <= 60
    assert (WordPieces(one.model).ids(TEXTS, 9) == one.ids(TEXTS, 9)).all()


def test_long_texts_are_cut_off_and_short_ones_padded():
    words = WordPieces.learn(TEXTS, 60)
    rows = words.ids(["red shirt", ""], 12)
    assert rows.shape == (2, 12)
    assert (rows[0] != PAD).sum() == len(words.pieces("red shirt"))
    assert not rows[1].any()
    assert (words.ids(["red shirt"], 2) == rows[:1, :2]).all()


def test_other_cuts_are_cuts_of_the_same_text_and_follow_their_seed():
    words = WordPieces.learn(TEXTS * 3, 60)
    many = [words.ids(TEXTS, 20, seed=seed) for seed in range(6)]
    assert any((many[0] != other).any() for other in many[1:])
    assert (many[3] == words.ids(TEXTS, 20, seed=3)).all()
    whole = {words._cutter.decode([int(piece) for piece in row if piece]) for cut in many for row in cut}
    assert whole == set(TEXTS)


@pytest.mark.parametrize("texts", [[], [""], [" ", "\t"]])
def test_texts_without_a_letter_teach_no_pieces(texts):
    with pytest.raises(ValueError, match="No item has a text to learn word pieces from"):
        WordPieces.learn(texts)


def test_without_sentencepiece_the_way_out_is_said(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "sentencepiece", None)
    with pytest.raises(ModuleNotFoundError, match='pip install sentencepiece, or take encoder="ngrams"'):
        WordPieces.learn(TEXTS)


def test_letter_grams_are_words_and_runs_of_letters_within_their_marks():
    (found,) = letter_grams(["Hat ox"], 1_000)
    grams = ["<hat>", "<ox>", "<ha", "hat", "at>", "<hat", "hat>", "<hat>", "<ox", "ox>", "<ox>"]
    assert sorted(found) == sorted(1 + zlib.crc32(gram.encode()) % 1_000 for gram in grams)
    assert letter_grams([""], 10) == [[]]
    assert padded([[], [3, 4]]).tolist() == [[PAD, PAD], [3, 4]]


# --- encoders -------------------------------------------------------------------------------------------------------


def test_the_cnn_is_a_convolution_and_its_largest_answers_and_the_tower_standardises_and_projects():
    model = CNN(TEXTS, 5, pieces=60, filters=4, widths=(1, 2, 3)).train()
    features = model.features(TEXTS)
    found = model(features)
    rows = model.pieces.weight[features[:, 0]] * (features[:, 0] != PAD)[:, :, None]  # (texts, T, 5)
    answers = []
    for filters in model.filters:
        slid = torch.nn.functional.conv1d(rows.mT, filters.permute(2, 1, 0), padding=filters.shape[0] - 1)
        answers.append(slid.amax(dim=2).relu())
    answers = torch.cat(answers, dim=1)
    assert torch.allclose(found, answers, atol=1e-6)
    tower = Tower(model, 5).train()
    torch.nn.init.normal_(tower.shift)
    standard = (answers - answers.mean(dim=0)) / (answers.var(dim=0, correction=0) + 1e-5).sqrt()
    assert torch.allclose(tower(features), standard @ tower.project + tower.shift, atol=1e-5)


def test_one_text_alone_is_no_batch_to_standardise(a_batch, shaken):
    model = shaken(content(mt.Catalogue("abcdef", ["hat"] * 6))).train()
    model.loss(a_batch).backward()
    assert all(torch.isfinite(parameter.grad).all() for parameter in model.parameters())
    assert model.reader.tower.shift.grad.any()


@pytest.mark.parametrize("make", [CNN, NGrams])
def test_a_texts_vector_depends_neither_on_the_batch_nor_on_padding(make):
    encoder = make(TEXTS, 5)
    tower = Tower(encoder, 5).train()
    tower(encoder.features(TEXTS))  # so that means and variances are not those of the start
    tower.eval()
    together = tower(encoder.features([*TEXTS, "a very long text about a shirt and a sock and a hat of any colour"]))
    for text, vector in zip(TEXTS, together):
        assert torch.allclose(tower(encoder.features([text]))[0], vector, atol=1e-5)


def test_the_bag_of_ngrams_is_a_mean():
    encoder = NGrams(TEXTS, 5, buckets=50).eval()
    numbers = letter_grams(["blue hat"], 50)[0]
    assert torch.allclose(
        encoder(encoder.features(["blue hat"]))[0], encoder.grams.weight[torch.tensor(numbers)].mean(0), atol=1e-7
    )
    assert not encoder(encoder.features([""])).any()


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("siamese", [False, True])
def test_gradients_reach_every_parameter_and_every_piece_that_was_read(encoder, siamese, wardrobe, a_batch, shaken):
    model = shaken(content(wardrobe, encoder, siamese=siamese)).train()
    model.loss(a_batch).backward()
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in model.parameters())
    for name, table in model.named_modules():
        if isinstance(table, Table) and len(table.weight):
            assert table._looked_up, name
            assert any(rows.grad is not None and rows.grad.any() for _, rows in table._looked_up), name


def test_training_goes_through_the_ways_of_cutting_and_asking_takes_the_likeliest():
    model = CNN(TEXTS * 2, 5, pieces=60, cuts=3).train()
    features = model.features(TEXTS)
    assert features.shape[:2] == (5, 3)
    assert [model._cut() for _ in range(6)] == [1, 2, 0, 1, 2, 0]
    model.eval()
    assert [model._cut() for _ in range(2)] == [0, 0]
    assert (features[:, 0] == torch.from_numpy(model.words.ids(TEXTS, features.shape[2]))).all()


def test_a_frozen_encoder_must_give_a_row_to_each_text():
    with pytest.raises(ValueError, match=r"made \(3,\) of 1 texts: it must give one row"):
        Frozen(TEXTS, 5, encode=lambda texts: np.ones(3))


# --- the mixture ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("scale", [True, False])
def test_a_vector_is_the_mixture_of_row_traits_and_text(encoder, scale, wardrobe, shaken):
    model = shaken(content(wardrobe, encoder, traits=["size", "tags"], scale=scale))
    vectors, logits = model.embeddings(), model.target.logits.weight[0]
    size = len(wardrobe.traits["size"].values)
    for item, name in enumerate(wardrobe.names):
        parts = {0: model.target.items.weight[item], 3: model.encode([name])[0]}
        for source, (trait, first) in enumerate([("size", 0), ("tags", size)], start=1):
            codes = [code for code in wardrobe.traits[trait].codes[item] if code]
            if codes:
                parts[source] = model.target.values.weight[first + torch.tensor(codes)].mean(dim=0)
        weights = torch.stack([logits[source] for source in parts]).softmax(dim=0) * (len(parts) if scale else 1)
        expected = sum(weight * part for weight, part in zip(weights, parts.values()))
        assert torch.allclose(vectors[item], expected, atol=1e-5), name
    parts = model.contributions()
    assert parts.shape == (6, 4, 5)
    assert torch.allclose(parts.sum(dim=1), vectors, atol=1e-5)
    whole, described = model.target.whole_and_traits(torch.arange(6))
    assert torch.allclose(whole, vectors, atol=1e-5)
    assert torch.allclose(described, parts[:, 1:].sum(dim=1), atol=1e-5)
    assert mt.trait_weights(model).sources == ["item", "size", "tags", "text"]
    assert list(model.traits) == ["size", "tags"]


def test_text_alone_knows_no_item_from_another_of_the_same_text(wardrobe, shaken):
    twins = mt.Catalogue(wardrobe.ids, ["hat", "hat", "sock", "", "shirt", "hat"])
    model = shaken(content(twins, own=False))
    vectors = model.embeddings()
    assert (vectors[0] == vectors[1]).all()
    assert (vectors[0] == vectors[5]).all()
    assert not (vectors[0] == vectors[2]).all()
    assert not vectors[3].any()  # no text, no row: nothing to say
    model.target.items.weight.normal_()
    assert (model.embeddings() == vectors).all()


def test_text_alone_can_leave_the_start(wardrobe, a_batch):
    """Context rows start at 0: were the texts' vectors 0 as well, no gradient would ever come."""
    for encoder in ENCODERS:
        model = content(wardrobe, encoder, own=False).train()
        model.loss(a_batch).backward()
        assert any(rows.grad.any() for _, rows in model.context._looked_up), encoder


def test_an_item_without_a_text_is_its_row_and_when_cold_nothing(wardrobe, shaken):
    some = mt.Catalogue(wardrobe.ids, ["hat", "", "sock", "scarf", "shirt", "shoe"])
    model = shaken(content(some))
    assert torch.allclose(model.embeddings()[1], model.target.items.weight[1])
    assert not model.has_traits[1]
    assert model.has_traits.sum() == 5
    model.counts[:2] = 0
    cold = model.embeddings()
    assert not cold[1].any()
    assert torch.allclose(cold[0], model.encode(["hat"])[0])
    assert not model.embeddings(unseen="zero")[0].any()


def test_to_read_a_text_leaves_a_model_in_training_as_it_was(wardrobe, a_batch, shaken):
    model = shaken(content(wardrobe)).train()
    model.loss(a_batch)
    means, before = model.reader.tower.standardise.running_mean.clone(), model.encode(["a hat"])
    assert model.reader.tower.training
    assert torch.equal(model.reader.tower.standardise.running_mean, means)
    model.eval()
    assert torch.equal(model.encode(["a hat", "a coat"])[0], before[0])


def test_siamese_reads_both_sides_with_one_encoder(wardrobe, shaken):
    model = shaken(content(wardrobe, siamese=True, own=False))
    assert sum(isinstance(module, CNN) for module in model.modules()) == 1
    assert torch.allclose(model.embeddings("target"), model.embeddings("context"))
    model.counts[0] = 0
    assert model.embeddings("mean", unseen="traits")[0].any()  # which takes a text on both sides
    names = list(model.state_dict())
    assert sum("project" in name for name in names) == 1


def test_a_copy_reads_with_its_own_encoder(wardrobe, shaken):
    model = shaken(content(wardrobe))
    other = copy.deepcopy(model)
    for parameter in other.reader.parameters():
        parameter.data.zero_()
    assert not other.target.read(torch.arange(6)).any()
    assert model.target.read(torch.arange(6)).any()


# --- training, saving -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoder", ["cnn", "ngrams"])
def test_what_nobody_bought_lands_by_its_text_and_shuffled_texts_say_nothing(encoder, named_shop, quiet_fit):
    split = mt.split(named_shop, cold_items=0.2, seed=0, hold_out=0.3)
    found = {}
    for kind in ("right", "shuffled"):
        catalogue = split.catalogue
        if kind == "shuffled":
            names = np.random.default_rng(3).permutation(catalogue.names)
            catalogue = mt.Catalogue(catalogue.ids, names, catalogue.traits.values())
        model = mt.ContentSGNS(catalogue, dim=16, encoder=encoder)
        quiet_fit(model, split.train, epochs=3)
        found[kind] = mt.evaluate(model, split)[-1].auc["degree"]
    assert found["right"]["cold"] > 0.65
    assert abs(found["shuffled"]["cold"] - 0.5) < 0.1


@pytest.mark.parametrize(("options", "most"), [({"encoder": "ngrams"}, 0.95), ({"encoder_options": {"cuts": 4}}, 0.6)])
def test_a_misspelt_text_lands_with_its_kind(options, most, named_shop, quiet_fit):
    split = mt.split(named_shop, cold_items=0.1, seed=0)
    model = mt.ContentSGNS(split.catalogue, dim=16, **options)
    quiet_fit(model, split.train, epochs=2)
    texts = model.reader.distinct
    right, wrong = (torch.nn.functional.normalize(model.encode(some), dim=1)
                    for some in (texts, [text[:-3] + text[-2:] for text in texts]))  # fmt: skip
    nearest = [texts[place] for place in (wrong @ right.T).argmax(dim=1)]
    assert np.mean([near.split()[1] == text.split()[1] for near, text in zip(nearest, texts)]) > most


@pytest.mark.parametrize("options", [{}, {"encoder": "ngrams"}, {"siamese": True, "traits": "all"}])
def test_the_same_seed_trains_the_same_model_and_a_checkpoint_goes_on(options, tiny_split, tmp_path, quiet_fit):
    split = tiny_split
    made = []
    for _ in range(2):
        model = mt.ContentSGNS(split.catalogue, dim=8, **options)
        quiet_fit(model, split.train, epochs=2)
        made.append(model.embeddings())
    assert torch.equal(*made)

    class Stop(Exception):
        pass

    def stop(model, seen=[]):  # noqa: B006
        seen.append(0)
        if len(seen) == 15:  # in the second epoch
            raise Stop

    kept = tmp_path / "checkpoint"
    with pytest.raises(Stop):
        quiet_fit(mt.ContentSGNS(split.catalogue, dim=8, **options), split.train, epochs=2, checkpoint=kept, probe=stop)
    model = mt.ContentSGNS(split.catalogue, dim=8, **options)
    quiet_fit(model, split.train, epochs=2, checkpoint=kept)
    assert torch.equal(model.embeddings(), made[0])


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("siamese", [False, True])
def test_a_model_comes_back_with_its_pieces(encoder, siamese, wardrobe, tmp_path, shaken, monkeypatch):
    model = shaken(content(wardrobe, encoder, traits=["tags"], siamese=siamese))
    model.counts[1] = 0
    mt.save_model(model, tmp_path)
    learn = WordPieces.learn  # another version of the tokenizer may learn other pieces
    monkeypatch.setattr(WordPieces, "learn", classmethod(lambda cls, texts, size: learn(["other", "texts"], size)))
    again = mt.load_model(tmp_path)
    assert torch.equal(again.embeddings(), model.embeddings())
    assert again.options == model.options
    if encoder == "frozen":
        with pytest.raises(ValueError, match="frozen encoder was not saved with it: set encoder.encode"):
            again.encode(["blue hat"])
        again.reader.tower.encoder.encode = letters
    assert torch.equal(again.encode(["blue hat"]), model.encode(["blue hat"]))


def test_fit_takes_the_models_own_rate_of_adam(tiny_split, quiet_fit):
    found = []
    for adam in ({}, {"adam": mt.ContentSGNS.adam}, {"adam": 0.01}):
        model = mt.ContentSGNS(tiny_split.catalogue, dim=4)
        quiet_fit(model, tiny_split.train, **adam)
        found.append(model.reader.tower.project.detach())
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])


# --- what is asked of it --------------------------------------------------------------------------------------------


def test_neighbours_of_a_text_are_those_of_a_new_item_with_that_text(named_shop, quiet_fit):
    split = mt.split(named_shop, cold_items=0.1, seed=0)
    model = mt.ContentSGNS(split.catalogue, dim=16, encoder="ngrams")
    quiet_fit(model, split.train, epochs=2)
    cold = int(np.flatnonzero(split.cold & (split.catalogue.names != ""))[0])
    name = split.catalogue.names[cold]
    by_text, by_item = mt.neighbours_of_text(model, name, k=5), mt.neighbours(model, cold, k=5)
    assert [near.item for near in by_text] == [near.item for near in by_item]
    assert f"near {name!r}" in repr(by_text)
    with pytest.raises(ValueError, match="The text is empty"):
        mt.neighbours_of_text(model, " ")
    with pytest.raises(ValueError, match="SGNS reads no texts: use ContentSGNS"):
        mt.neighbours_of_text(mt.SGNS(split.catalogue), "x")


@pytest.mark.parametrize("traits", [(), "all"])
def test_views_know_of_the_text(traits, tiny_split, quiet_fit):
    split = tiny_split
    model = mt.ContentSGNS(split.catalogue, dim=8, traits=traits)
    quiet_fit(model, split.train)
    ask = WhatIf(model, split)
    assert torch.allclose(ask.vectors(), model.embeddings().cpu(), atol=1e-5)
    assert ask.sources[-1] == "text"
    only_text = [0.0] * (len(ask.sources) - 1) + [1.0]
    seen = torch.nonzero(model.seen & model.reader.there).ravel()
    made, read = ask.vectors(only_text)[seen], model.reader(seen).detach()
    assert torch.allclose(torch.nn.functional.cosine_similarity(made, read), torch.ones(len(seen)), atol=1e-5)
    assert sum(mt.trait_weights(model).share) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"encoder": "bert"}, "encoder='bert' is not known: choose cnn, ngrams, or give a function"),
        ({"text": "title"}, "no text 'title'"),
        ({"traits": ["price"]}, "no trait 'price'"),
        ({"weights": "learned"}, "weights='learned' is not known"),
        ({"cold": "none"}, "cold='none' is not known"),
        ({"encoder_options": {"cuts": 0}}, "cuts=0 and widths=.* must be 1 or more"),
    ],
)
def test_what_does_not_exist_is_refused(options, says, wardrobe):
    with pytest.raises(ValueError, match=says):
        mt.ContentSGNS(wardrobe, dim=4, **options)


def test_items_without_any_text_are_refused(wardrobe):
    with pytest.raises(ValueError, match="No item has a text in name: name the columns that hold it with text="):
        mt.ContentSGNS(mt.Catalogue(wardrobe.ids, [""] * 6), dim=4)
    model = content(wardrobe)
    with pytest.raises(ValueError, match=r"Give a list of texts, such as \['hat'\]"):
        model.encode("hat")
