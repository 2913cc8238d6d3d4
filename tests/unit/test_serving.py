"""Indexes find what is nearest, recommenders leave out what they should and still find k, stores keep versions."""

import dataclasses
import json
import os
import subprocess
import sys
import threading

import numpy as np
import pytest
import torch

import mtsgns_lite as mt
from mtsgns_lite import serving
from mtsgns_lite.serving import ApproximateIndex, Embeddings, ExactIndex, Recommender, Store, recall

KINDS = ["exact", "approximate"]
pytest.importorskip("voyager", reason="voyager is not installed")


def clustered(items, dim=16, clusters=40, seed=0):
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((clusters, dim))
    return (centres[rng.integers(clusters, size=items)] + 0.3 * rng.standard_normal((items, dim))).astype(np.float32)


@pytest.fixture(scope="module")
def vectors():
    """3,000 in clusters, of different length, a hundred of them missing."""
    made = clustered(3_000) * np.random.default_rng(1).uniform(0.1, 9, (3_000, 1)).astype(np.float32)
    made[::30] = 0
    return made


@pytest.fixture(scope="module")
def graph(vectors):
    pytest.importorskip("voyager")
    return ApproximateIndex(vectors)


@pytest.fixture(scope="module")
def both(vectors, graph):
    return {"exact": ExactIndex(vectors), "approximate": graph}


@pytest.fixture(scope="module")
def shop(planted_split):
    return planted_split.dataset


@pytest.fixture(scope="module")
def embeddings(trained, shop):
    return Embeddings.of(trained, shop)


@pytest.fixture(scope="module")
def recommender(embeddings):
    return Recommender(embeddings, "exact")


def test_the_library_is_imported_without_what_serves():
    """mt.serving and mt.transfer come when they are asked for, and the packages of the service later still."""
    code = (
        "import sys, mtsgns_lite as mt; assert 'mtsgns_lite.serving' not in sys.modules; "
        "mt.serving.Store, mt.serving.serve, mt.transfer.transfer; "
        "assert not {'fastapi', 'uvicorn', 'voyager', 'sklearn'} & {*sys.modules}"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# --- indexes --------------------------------------------------------------------------------------------------------


def test_the_exact_index_agrees_with_cosines_by_hand(vectors):
    query = vectors[7] + vectors[8]
    length = np.linalg.norm(vectors.astype(float), axis=1) * np.linalg.norm(query.astype(float))
    cosine = np.divide(vectors.astype(float) @ query, length, out=np.full(len(vectors), -9.0), where=length > 0)
    items, found = ExactIndex(vectors).search(query, 20)
    assert items.tolist() == np.argsort(-cosine)[:20].tolist()
    assert np.allclose(found, np.sort(cosine)[::-1][:20], atol=1e-5)


def test_the_graph_finds_nearly_all_of_what_is_nearest(graph):
    within = graph.unit[1:3_000:10]
    between = within[:-1] + within[1:]  # as the vectors of users are
    assert recall(graph, within) > 0.98
    assert recall(graph, between) > 0.9
    assert recall(graph, clustered(200, seed=2)) > 0.9  # clusters that the index does not hold
    assert recall(ExactIndex(graph.unit), clustered(20, seed=2)) == 1


def test_a_query_that_is_no_item_gets_a_longer_walk(vectors, embeddings):
    """Means of fifteen items of as many clusters, in a graph that is searched narrowly."""
    rng = np.random.default_rng(5)
    graph = ApproximateIndex(vectors, links=6, width=10, far_width=200)
    means = np.stack([graph.unit[rng.choice(3_000, 15)].mean(axis=0) for _ in range(100)])
    assert recall(graph, means) < 0.85
    assert recall(graph, means, far=True) > 0.95
    asked = []

    class Spy(ExactIndex):
        def search(self, query, k=10, allowed=None, far=False):
            asked.append(far)
            return super().search(query, k, allowed, far)

    made = Recommender(embeddings, Spy(embeddings.vectors))
    made.similar(3)
    made.recommend([[3]])
    made.recommend_user(3)
    made.cold({"A": embeddings.catalogue.traits["A"].values[1]})
    assert asked == [False, True, True, True]


def test_similarities_of_both_indexes_are_cosines_from_the_nearest_on(both, vectors):
    for index in both.values():
        items, cosines = index.search(vectors[1] * 3, 10)
        assert items[0] == 1
        assert np.allclose(cosines, index.unit[items] @ index.unit[1], atol=1e-5)
        assert (np.diff(cosines) <= 1e-6).all()


@pytest.mark.parametrize("kind", KINDS)
def test_an_item_without_a_vector_is_never_found(kind, both, vectors):
    items, _ = both[kind].search(vectors[1], 3_000)
    assert len(items) == 2_900 == len(both[kind])
    assert not set(items.tolist()) & set(range(0, 3_000, 30))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.9, 0.3, 0.01, 0.002])
def test_a_filter_leaves_k_and_they_are_the_nearest_that_are_allowed(kind, share, both, vectors):
    allowed = np.random.default_rng(3).random(len(vectors)) < share
    wanted = min(10, int((allowed & both["exact"].there).sum()))
    hits = 0
    for query in vectors[1:20]:
        items, _ = both[kind].search(query, 10, allowed)
        assert allowed[items].all()
        assert len(items) == len(set(items.tolist())) == (wanted if query.any() else len(items))
        hits += len(np.intersect1d(items, both["exact"].search(query, 10, allowed)[0]))
    assert hits > 0.95 * 19 * wanted


@pytest.mark.parametrize("kind", KINDS)
def test_a_filter_that_forbids_the_whole_neighbourhood_still_leaves_k(kind, both, vectors):
    nearest, _ = both["exact"].search(vectors[1], 500)
    allowed = np.ones(len(vectors), dtype=bool)
    allowed[nearest] = False
    items, _ = both[kind].search(vectors[1], 10, allowed)
    assert items.tolist() == both["exact"].search(vectors[1], 10, allowed)[0].tolist()


def test_a_graph_comes_back_from_its_file(graph, vectors, tmp_path):
    graph.save(tmp_path / "g")
    back = ApproximateIndex.load(tmp_path / "g", vectors)
    for query in vectors[1:9]:
        assert np.array_equal(back.search(query)[0], graph.search(query)[0])
    with pytest.raises(ValueError, match="other vectors"):
        ApproximateIndex.load(tmp_path / "g", vectors[:-1])
    (tmp_path / "g").write_bytes(b"no graph")
    with pytest.raises(ValueError, match="damaged"):
        ApproximateIndex.load(tmp_path / "g", vectors)


def test_many_threads_may_search_at_once(graph, vectors):
    expected = [graph.search(query)[0].tolist() for query in vectors[:300]]
    wrong = []

    def work():
        wrong.extend(q for q in range(300) if graph.search(vectors[q])[0].tolist() != expected[q])

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_without_voyager_one_sentence_says_what_to_do(vectors, monkeypatch):
    monkeypatch.setitem(sys.modules, "voyager", None)
    with pytest.raises(ModuleNotFoundError, match="pip install voyager"):
        ApproximateIndex(vectors)
    assert len(ExactIndex(vectors).search(vectors[1])[0]) == 10


# --- embeddings and users -------------------------------------------------------------------------------------------


def test_the_vector_of_a_new_item_is_the_models_own(trained, embeddings):
    traits = embeddings.catalogue.traits
    cold = np.flatnonzero(~trained.seen.numpy() & embeddings.catalogue.has_traits)
    assert len(cold) > 10
    for item in cold:
        values = {n: [t.values[code] for code in t.codes[item] if code] for n, t in traits.items()}
        assert np.allclose(embeddings.cold_vector(values), embeddings.vectors[item], atol=1e-5)


@pytest.mark.parametrize("options", [{"weights": "item"}, {"scale": False}, {"cold": "mean"}])
def test_so_it_is_for_every_kind_of_trait_model(options, wardrobe, quiet_fit):
    model = mt.MultiTraitSGNS(wardrobe, dim=4, **options)
    baskets = mt.Ragged.from_rows([[0, 1, 2], [1, 2, 3], [0, 3]] * 20)  # the hat, item 4, is never bought
    quiet_fit(model, mt.split(mt.Dataset("w", wardrobe, baskets), cold_items=0).train, epochs=3)
    hat = model.embeddings()[4].numpy()
    assert hat.any()
    made = Embeddings.of(model).cold_vector({"colour": "green", "tags": ["new", "sale", "last"], "size": None})
    assert np.allclose(made, hat, atol=1e-6)


def test_a_new_item_is_told_what_is_wrong_with_its_traits(embeddings, trained):
    with pytest.raises(KeyError, match="no trait 'smell'"):
        embeddings.cold_vector({"smell": "sweet"})
    with pytest.raises(KeyError, match="No item has the A 'A999'"):
        embeddings.cold_vector({"A": "A999"})
    with pytest.raises(ValueError, match="at least one trait"):
        embeddings.cold_vector({"A": "unknown"})
    with pytest.raises(ValueError, match="MultiTraitSGNS"):
        dataclasses.replace(embeddings, traits=None).cold_vector({"A": "A01"})


def test_a_users_vector_is_the_weighted_mean_of_baskets():
    vectors = np.array([[2.0, 0], [0, 5], [-3, 0], [0, 0]])
    user = serving.user_vector(vectors, [[0], [1]], half_life=1)
    assert np.allclose(user, np.array([0.5, 1]) / 1.25**0.5)  # the earlier basket counts half
    alone = serving.user_vector(vectors, [[0, 1]])
    assert np.allclose(alone, np.array([1, 1]) / 2**0.5)  # length does not matter
    many = serving.user_vector(vectors, [[0], [1]]), serving.user_vector(vectors, [[0], [1, 1, 1]])
    assert np.allclose(*many)  # nor how much is in a basket
    with pytest.raises(ValueError, match="empty"):
        serving.user_vector(vectors, [[], []])
    with pytest.raises(ValueError, match="No item of the baskets"):
        serving.user_vector(vectors, [[3]])


def test_all_users_at_once_are_each_user_alone(embeddings, shop):
    for user in (0, 5, 17):
        rows = [shop.baskets[row].tolist() for row in np.flatnonzero(shop.users == user)]
        rows = [row for row in rows if row]
        assert np.allclose(embeddings.users[user], serving.user_vector(embeddings.vectors, rows), atol=1e-5)
        assert set(embeddings.bought[user].tolist()) == {item for row in rows for item in row}


def test_vectors_that_do_not_fit_or_are_no_numbers_are_refused(embeddings):
    with pytest.raises(ValueError, match="do not fit"):
        dataclasses.replace(embeddings, vectors=embeddings.vectors[1:])
    broken = embeddings.vectors.copy()
    broken[3, 2] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        dataclasses.replace(embeddings, vectors=broken)
    with pytest.raises(ValueError, match="NaN or infinity"):
        dataclasses.replace(embeddings, users=np.full_like(embeddings.users, 1e30))  # whose square is infinite
    with pytest.raises(ValueError, match="Each user"):
        dataclasses.replace(embeddings, users=embeddings.users[1:])


def test_users_of_other_items_are_refused(trained, shop):
    other = dataclasses.replace(shop, catalogue=shop.catalogue.take(np.arange(len(shop.catalogue))[::-1].copy()))
    with pytest.raises(ValueError, match="other items"):
        Embeddings.of(trained, other)


# --- the recommender ------------------------------------------------------------------------------------------------


def test_similar_and_recommend_agree_with_the_model_s_own(recommender, trained):
    for item in (0, 3, 40):
        assert [n.item for n in recommender.similar(item, 10)] == [n.item for n in mt.neighbours(trained, item, 10)]
    basket = ["item 0001", 7, 20]
    assert [n.item for n in recommender.recommend([basket], 10)] == [n.item for n in mt.recommend(trained, basket, 10)]


def test_later_baskets_count_more(recommender):
    first = [n.item for n in recommender.recommend([[1], [2], [3]], 10)]
    assert [n.item for n in recommender.recommend([[3], [2], [1]], 10)] != first
    near = [n.item for n in recommender.recommend([[1], [200]], 10, half_life=0.01)]
    assert near == [n.item for n in recommender.recommend([[200]], 10, without=[1])]


def test_what_was_bought_is_left_out_and_others_take_its_place(recommender, embeddings):
    user = int(np.argmax(embeddings.bought.lengths))
    bought = set(embeddings.bought[user].tolist())
    assert len(bought) > 30
    found = recommender.recommend_user(user, 10)
    assert len(found) == 10
    assert not bought & {n.item for n in found}
    assert bought & {n.item for n in recommender.recommend_user(user, 10, again=True)}


@pytest.mark.parametrize("kind", KINDS)
def test_only_what_is_in_stock_is_found(kind, embeddings):
    stock = list(range(0, 300, 25))
    made = Recommender(embeddings, kind, in_stock=stock)
    sold = {n.item for n in made.similar(1, 20)}
    assert sold == {item for item in stock if embeddings.counts[item] > 0}
    assert len(made.with_stock(None).similar(1, 20)) == 20
    assert {n.item for n in made.similar(1, 20)} == sold  # which with_stock left as it was
    assert (made.quick, made.with_stock(None).quick) == (False, kind == "approximate")


def test_unseen_items_are_not_offered_but_may_be_asked_about(recommender, embeddings):
    unseen = set(np.flatnonzero(embeddings.counts == 0).tolist())
    assert unseen
    asked = next(item for item in unseen if embeddings.vectors[item].any())
    assert not unseen & {n.item for n in recommender.similar(asked, 300)}


def test_what_can_t_be_answered_is_told(recommender):
    with pytest.raises(KeyError, match="No item is called"):
        recommender.similar("nonsense")
    with pytest.raises(ValueError, match="k=0"):
        recommender.similar(1, 0)
    with pytest.raises(KeyError, match="no user 99999"):
        recommender.recommend_user(99_999)


def test_a_user_is_asked_for_by_the_shop_s_own_id(embeddings):
    """Ids that look like other users' numbers: a text is an id and nothing else, a number is a row."""
    users = len(embeddings.users)
    ids = np.array([str(users - 1 - number) for number in range(users)], dtype=object)
    named = Recommender(dataclasses.replace(embeddings, user_ids=ids), "exact")
    plain = Recommender(embeddings, "exact")
    for row in (0, 3, users - 1):
        own = [n.item for n in plain.recommend_user(row)]
        assert [n.item for n in named.recommend_user(ids[row])] == own == [n.item for n in named.recommend_user(row)]
        assert [n.item for n in plain.recommend_user(str(row))] == own  # where nobody named them
    with pytest.raises(KeyError, match=f"no user {users}: {embeddings.known_users} have a vector"):
        named.recommend_user(str(users))


def test_the_ids_of_users_come_from_the_data_and_are_one_for_each(trained, shop, embeddings):
    ids = np.array([f"customer {number}" for number in range(len(embeddings.users) + 2)], dtype=object)
    made = Embeddings.of(trained, dataclasses.replace(shop, user_ids=ids))  # two of them came later
    assert made.user_ids.tolist() == ids[:-2].tolist()
    for wrong in (ids, ids[:5], np.full(len(embeddings.users), "a", dtype=object)):
        with pytest.raises(ValueError, match="one id"):
            dataclasses.replace(embeddings, user_ids=wrong)


def test_a_user_of_whom_training_saw_nothing_has_no_vector_and_is_not_counted(embeddings):
    users = embeddings.users.copy()
    users[[2, 4]] = 0
    made = dataclasses.replace(embeddings, users=users)
    assert made.known_users == embeddings.known_users - 2
    with pytest.raises(ValueError, match="no vector for user 2: .* Send baskets"):
        Recommender(made, "exact").recommend_user("2")


def test_without_a_vector_there_is_no_answer(embeddings):
    """A zero vector is as near to everything: what came first would be found."""
    vectors, users = embeddings.vectors.copy(), embeddings.users.copy()
    vectors[5], users[2] = 1e-30, 0  # whose square is 0
    traits = dataclasses.replace(embeddings.traits, rows=np.zeros_like(embeddings.traits.rows))
    made = Recommender(dataclasses.replace(embeddings, vectors=vectors, users=users, traits=traits), "exact")
    for ask in (
        lambda: made.similar(5), lambda: made.recommend_user(2), lambda: made.recommend([[5]]),
        lambda: made.cold({"A": embeddings.catalogue.traits["A"].values[1]}),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="no vector|none has a vector"):
            ask()


# --- the store ------------------------------------------------------------------------------------------------------


@pytest.fixture
def store(embeddings, shop, tmp_path):
    made = Store(tmp_path / "store")
    made.publish(embeddings, shop, {"auc": 0.7}, note="first", index=False)
    return made


def test_a_version_comes_back_as_it_went_in(store, embeddings):
    back = store.open("0001")
    for name in ("vectors", "counts", "users"):
        assert np.array_equal(getattr(back, name), getattr(embeddings, name))
    assert np.array_equal(back.bought.values, embeddings.bought.values)
    assert np.array_equal(back.traits.rows, embeddings.traits.rows)
    assert back.catalogue.ids.tolist() == embeddings.catalogue.ids.tolist()
    values = {"A": embeddings.catalogue.traits["A"].values[1]}
    assert np.array_equal(back.cold_vector(values), embeddings.cold_vector(values))


def test_the_ids_of_users_come_back_and_a_store_without_them_still_opens(store, embeddings):
    ids = np.array([f"Käufer {number}" for number in range(len(embeddings.users))], dtype=object)
    named = store.publish(dataclasses.replace(embeddings, user_ids=ids), index=False)
    assert store.open(named).user_ids.tolist() == ids.tolist()
    assert (named.schema["user_ids"], store.about("0001").schema["user_ids"]) == (True, False)
    assert store.open("0001").user_ids is None  # as written before ids were kept
    path = store.folder / "versions" / named.name / "users.json"
    path.write_text("[]")
    with pytest.raises(ValueError, match="not what was published"):
        store.open(named)


def test_a_version_says_what_it_is(store, embeddings, shop):
    about = store.about("0001")
    assert about.metrics == {"auc": 0.7}
    assert about.source == {"name": "planted", "sha256": serving.source_hash(shop)}
    assert about.schema["arrays"]["items"] == {"dtype": "float32", "shape": [300, 16]}
    assert about.schema["users"] == len(embeddings.users)
    assert about.created.endswith("+00:00")
    assert "first" in repr(store.list())


def test_the_source_s_hash_changes_with_any_part_of_it(shop):
    whole = serving.source_hash(shop)
    assert serving.source_hash(dataclasses.replace(shop)) == whole
    fewer = mt.Ragged(shop.baskets.values.copy(), shop.baskets.offsets)
    fewer.values[0] = (fewer.values[0] + 1) % 300
    others = [
        dataclasses.replace(shop, baskets=fewer),
        dataclasses.replace(shop, users=np.roll(shop.users, 1)),
        dataclasses.replace(shop, catalogue=shop.catalogue.shuffle_traits()),
    ]
    assert len({whole, *(serving.source_hash(other) for other in others)}) == 4


def test_versions_are_chosen_and_chosen_back(store, embeddings):
    with pytest.raises(FileNotFoundError, match="publish"):
        Store(store.folder / "empty").open()
    with pytest.raises(FileNotFoundError, match="No version is chosen"):
        store.open()
    second = store.publish(dataclasses.replace(embeddings, users=None, bought=None), index=False)
    assert second.name == "0002"
    assert store.chosen is None  # to publish is not to choose
    store.choose(second)
    assert store.open().users is None
    store.choose("0001")
    assert store.open().users is not None
    assert store.list().chosen == "0001"
    assert store.choose("2").name == store.chosen == "0002"
    assert store.open("1").users is not None
    with pytest.raises(FileNotFoundError, match=r"no version '9' .*: choose 0001 or 0002\.$"):
        store.choose("9")
    for name in ("0003", "../versions/0001", "chosen", "9" * 30):
        with pytest.raises(FileNotFoundError, match="no version"):
            store.choose(name)


def test_versions_are_compared(store, embeddings):
    noise = np.random.default_rng(0).standard_normal(embeddings.vectors.shape).astype(np.float32)
    take = np.arange(250)
    less = Embeddings(embeddings.catalogue.take(take), noise[take], embeddings.counts[take])
    other = store.publish(less, metrics={"auc": 0.5}, index=False)
    found = store.compare("0001", other)
    assert found["metrics"] == {"auc": (0.7, 0.5)}
    assert (found["removed"], found["added"]) == (50, 0)
    assert found["same_neighbours"] < 0.08  # 10 of 249 by chance, 0.04; an item is not its own neighbour
    assert store.compare("0001", "0001")["same_neighbours"] == 1


def test_a_writer_that_is_killed_leaves_no_version(store, embeddings, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "rename", killed)
    with pytest.raises(KeyboardInterrupt):
        store.publish(embeddings, index=False)
    assert [version.name for version in store.list()] == ["0001"]
    left, now = (store.folder / "versions" / name for name in (".part-left", ".part-now"))
    for part in (left, now):  # as after a power cut, and of somebody else who writes
        part.mkdir()
    os.utime(left, (0, 0))
    monkeypatch.undo()
    assert store.publish(embeddings, index=False).name == "0002"
    assert (left.exists(), now.exists()) == (False, True)


def test_writers_at_once_get_a_version_each(store, embeddings):
    less = dataclasses.replace(embeddings, users=None, bought=None)
    threads = [threading.Thread(target=store.publish, args=(less,), kwargs={"index": False}) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [version.name for version in store.list()] == [f"{number:04d}" for number in range(1, 8)]


def test_choosers_at_once_do_not_meet(store, embeddings):
    store.publish(dataclasses.replace(embeddings, users=None, bought=None), index=False)
    wrong, names = [], ("0001", "0002")

    def choose(number):
        try:
            for turn in range(20):
                store.choose(names[(number + turn) % 2])
                assert store.chosen in names
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=choose, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert sorted(path.name for path in store.folder.iterdir()) == ["chosen", "versions"]


def test_what_is_damaged_or_not_a_version_hides_no_other(store, embeddings):
    store.publish(embeddings, metrics={"auc": float("nan")}, index=False)
    versions = store.folder / "versions"
    (versions / "0001.old").mkdir()
    (versions / "0003").mkdir()
    (versions / "0003" / "version.json").write_text('{"format": 1, "created": "-", "schema": {}}')
    found = store.list()
    assert [version.name for version in found] == ["0001", "0002"]
    assert found.damaged == ("0003",)
    assert "damaged" in repr(found).splitlines()[-1]
    assert found[1].metrics == {"auc": None}
    assert "NaN" not in (versions / "0002" / "version.json").read_text()
    assert store.publish(embeddings, index=False).name == "0004"


@pytest.mark.parametrize("name", ["vectors.safetensors", "catalogue.json", "catalogue.safetensors"])
def test_a_version_that_was_changed_is_refused(name, store):
    path = store.folder / "versions" / "0001" / name
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match="not what was published"):
        store.open("0001")
    path.unlink()
    with pytest.raises(ValueError, match="missing"):
        store.open("0001")


def test_a_version_of_a_newer_library_or_a_damaged_one_is_refused(store):
    path = store.folder / "versions" / "0001" / "version.json"
    about = json.loads(path.read_text())
    path.write_text(json.dumps(about | {"format": 99}))
    with pytest.raises(ValueError, match="newer version"):
        store.about("0001")
    path.write_text("{")
    with pytest.raises(ValueError, match="damaged"):
        store.about("0001")


def test_the_graph_is_kept_with_its_version(embeddings, tmp_path):
    pytest.importorskip("voyager")
    store = Store(tmp_path)
    version = store.publish(embeddings)
    assert (tmp_path / "versions" / version.name / "index.voyager").is_file()
    index = store.open_index(version)
    assert recall(index, torch.randn(20, 16).numpy()) > 0.9
