"""A model comes back from its folder as it went in; what is damaged, newer or not a model is refused."""

import json

import numpy as np
import pandas as pd
import pytest
import torch

import mtsgns_lite as mt


def same_model(one, other):
    first, second = one.state_dict(), other.state_dict()
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


@pytest.fixture
def shop(wardrobe):
    rng = np.random.default_rng(0)
    rows = [rng.permutation(5)[: rng.integers(2, 5)] for _ in range(60)]  # item 5 is never bought
    return mt.Dataset("wardrobe", wardrobe, mt.Ragged.from_rows(rows))


MODELS = {
    "sgns": lambda c: mt.SGNS(c, dim=4),
    "global": lambda c: mt.MultiTraitSGNS(c, dim=4, scale=False, auxiliary=0.5),
    "item": lambda c: mt.MultiTraitSGNS(c, dim=4, weights="item", context_traits=True, cold="mean"),
    "mf": lambda c: mt.MatrixFactorization(c, dim=np.int64(4), bias=True, loss="mse"),
    "mf two": lambda c: mt.MatrixFactorization(c, dim=4, tables=2),
    "users": lambda c: mt.MatrixFactorization(c, dim=4, users=np.int64(7), bias=True),  # as usage.user.max() + 1 is
}


@pytest.mark.parametrize("kind", MODELS)
def test_a_model_comes_back_from_its_folder_as_it_was(kind, shop, tmp_path, quiet_fit):
    model = MODELS[kind](shop.catalogue)
    if kind == "users":
        quiet_fit(model, mt.Pairs(np.arange(7), np.arange(7) % 5, 6, symmetric=False))
    else:
        split = mt.split(shop, cold_items=0)
        quiet_fit(model, split.edges() if kind.startswith("mf") else split.train)
    folder = mt.save_model(model, tmp_path / "deep" / "model", dataset="wardrobe", note="mine")
    back = mt.load_model(folder)
    assert type(back) is type(model)
    assert back.options == model.options
    assert same_model(back, model)
    assert torch.equal(back.embeddings(), model.embeddings())
    assert not back.training
    assert back.seen.tolist() == [True] * 5 + [False]
    for name, trait in model.catalogue.traits.items():
        assert np.array_equal(back.catalogue.traits[name].codes, trait.codes)
        assert back.catalogue.traits[name].values == trait.values
    assert back.catalogue.names.tolist() == model.catalogue.names.tolist()
    if kind == "item":
        items = torch.arange(6)
        assert torch.equal(back.target.weights(items), model.target.weights(items))


def test_others_may_read_what_they_may_read_of_other_files(shop, tmp_path):
    mt.save_model(mt.SGNS(shop.catalogue, dim=4), tmp_path / "model")
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "model").iterdir()}
    assert len(set(modes.values())) == 1, modes


def test_a_model_can_be_trained_on_after_it_was_loaded(shop, tmp_path, quiet_fit):
    model, split = mt.MultiTraitSGNS(shop.catalogue, dim=4, weights="item"), mt.split(shop, cold_items=0)
    quiet_fit(model, split.train)
    back = mt.load_model(mt.save_model(model, tmp_path))
    for one in (model, back):
        quiet_fit(one, split.train, seed=1)
    assert same_model(back, model)


def test_a_folder_says_what_is_in_it(shop, tmp_path):
    mt.save_model(mt.SGNS(shop.catalogue, dim=4), tmp_path, dataset="wardrobe", seed=3)
    about = json.loads((tmp_path / "model.json").read_text())
    assert about["dataset"] == "wardrobe"
    assert about["traits"] == ["colour", "size", "tags"]
    assert about["options"]["dim"] == 4
    assert about["about"] == {"seed": 3}
    assert about["versions"]["mtsgns_lite"] == mt.__version__
    assert not list(tmp_path.glob("*.part"))


def test_a_folder_from_a_newer_version_is_refused(shop, tmp_path):
    mt.save_model(mt.SGNS(shop.catalogue, dim=4), tmp_path)
    about = json.loads((tmp_path / "model.json").read_text())
    about |= {"format": about["format"] + 1, "versions": {"mtsgns_lite": "99.0"}}
    (tmp_path / "model.json").write_text(json.dumps(about))
    with pytest.raises(ValueError, match=r"newer version \(99.0\): update"):
        mt.load_model(tmp_path)


@pytest.mark.parametrize("part", ["weights.safetensors", "catalogue.safetensors", "catalogue.json", "model.json"])
@pytest.mark.parametrize("keep", [0, 0.5, 0.9])
def test_a_truncated_folder_is_refused(part, keep, shop, tmp_path):
    mt.save_model(mt.MultiTraitSGNS(shop.catalogue, dim=4), tmp_path)
    whole = (tmp_path / part).read_bytes()
    (tmp_path / part).write_bytes(whole[: int(keep * len(whole))])
    with pytest.raises(ValueError, match="damaged"):
        mt.load_model(tmp_path)


@pytest.mark.parametrize(
    ("change", "says"),
    [({"kind": "BERT4Rec"}, "does not have"), ({"options": {"dim": 5}}, "damaged"), ({"options": {"x": 1}}, "damaged"),
     ({"options": None}, "damaged"), ({"format": "one"}, "damaged")],
)  # fmt: skip
def test_a_folder_whose_parts_do_not_fit_is_refused(change, says, shop, tmp_path):
    mt.save_model(mt.SGNS(shop.catalogue, dim=4), tmp_path)
    about = json.loads((tmp_path / "model.json").read_text()) | change
    (tmp_path / "model.json").write_text(json.dumps(about))
    with pytest.raises(ValueError, match=says):
        mt.load_model(tmp_path)


def test_a_folder_without_a_model_is_told(tmp_path):
    with pytest.raises(FileNotFoundError, match="no model in"):
        mt.load_model(tmp_path)
    (tmp_path / "model.json").write_text("[]")
    with pytest.raises(ValueError, match="damaged"):
        mt.load_model(tmp_path)


# --- export ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def model():
    """Ids with blanks, names with tabs and line breaks: what files must survive."""
    catalogue = mt.Catalogue(["a 1", "b", "ç"], ["Tab\tbed", "Line\nbreak", "Plain"]).with_trait(
        "kind", ["x", None, "y"]
    )
    made = mt.MultiTraitSGNS(catalogue, dim=3)
    made.observe(torch.ones(3))
    return made


def test_gensim_reads_the_word2vec_file(model, tmp_path):
    models = pytest.importorskip("gensim.models", reason="gensim is not installed")
    (path,) = mt.export_vectors(model, tmp_path / "v.txt")
    vectors = models.KeyedVectors.load_word2vec_format(str(path))
    assert vectors.index_to_key == ["a_1", "b", "ç"]
    assert np.allclose(vectors.vectors, model.embeddings(), rtol=1e-4)


def test_the_word2vec_file_is_a_header_and_a_line_for_each_item(model, tmp_path):
    (path,) = mt.export_vectors(model, tmp_path / "v.vec")
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "3 3"
    assert [line.split(" ")[0] for line in lines[1:]] == ["a_1", "b", "ç"]
    assert np.allclose([list(map(float, line.split(" ")[1:])) for line in lines[1:]], model.embeddings(), rtol=1e-4)


def test_the_parquet_file_holds_ids_names_and_vectors(model, tmp_path):
    (path,) = mt.export_vectors(model, tmp_path / "v.parquet")
    frame = pd.read_parquet(path)
    assert frame["item"].tolist() == ["a 1", "b", "ç"]
    assert frame["name"].tolist() == model.catalogue.names.tolist()
    assert np.array_equal(np.stack(frame["vector"]), model.embeddings().numpy())


def test_the_projectors_pair_has_a_line_for_each_item(model, tmp_path):
    vectors, metadata = mt.export_vectors(model, tmp_path / "v.tsv")
    assert np.allclose(np.loadtxt(vectors, delimiter="\t"), model.embeddings(), rtol=1e-4)
    rows = [line.split("\t") for line in metadata.read_text(encoding="utf-8").rstrip("\n").split("\n")]
    assert rows == [["name", "kind"], ["Tab bed", "x"], ["Line break", "unknown"], ["Plain", "y"]]


def test_a_lone_column_of_metadata_has_no_header(tmp_path):
    """The Embedding Projector takes a header of one column for an item."""
    model = mt.SGNS(mt.Catalogue("abc"), dim=2)
    _, metadata = mt.export_vectors(model, tmp_path / "v.tsv", unseen="random")
    assert metadata.read_text().split() == ["a", "b", "c"]


def test_another_ending_is_refused(model, tmp_path):
    with pytest.raises(ValueError, match=r"\.parquet, \.txt"):
        mt.export_vectors(model, tmp_path / "v.npy")
