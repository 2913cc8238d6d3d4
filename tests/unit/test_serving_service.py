"""The service keeps to its own schema, refuses what is too much, and takes up a version without a failed request."""

import dataclasses
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import types
from collections import Counter

import numpy as np
import pytest
import requests

from mtsgns_lite import Catalogue, serving
from mtsgns_lite.serving import Embeddings, Live, Store

pytest.importorskip("fastapi_offline", reason="fastapi-offline is not installed")
pytest.importorskip("uvicorn", reason="uvicorn is not installed")

from mtsgns_lite.serving.service import MOST_BYTES  # noqa: E402


class Client(requests.Session):
    """A session that knows the address of the service."""

    def __init__(self, address):
        super().__init__()
        self.address = address

    def request(self, method, url, *args, **options):
        return super().request(method, self.address + url, *args, timeout=20, **options)


@pytest.fixture(scope="module")
def embeddings(trained, planted_split):
    return Embeddings.of(trained, planted_split.dataset)


@pytest.fixture(scope="module")
def client(embeddings):
    with serving.running(embeddings, "exact") as address, Client(address) as made:
        yield made


@pytest.fixture
def store(embeddings, tmp_path):
    made = Store(tmp_path / "store")
    made.choose(made.publish(embeddings, index=False))
    return made


# --- answers --------------------------------------------------------------------------------------------------------


def test_each_question_is_answered_as_the_recommender_would(client, embeddings):
    recommender = serving.Recommender(embeddings, "exact")

    def ids(answer):
        assert answer.status_code == 200, answer.text
        return [item["id"] for item in answer.json()["found"]]

    assert ids(client.get("/similar", params={"item": "item 0003", "k": 5})) == [
        n.id for n in recommender.similar(3, 5)
    ]
    asked = {"baskets": [["item 0001"], ["item 0002", "item 0005"]], "k": 4, "without": ["item 0007"]}
    wanted = [n.id for n in recommender.recommend([[1], [2, 5]], 4, without=[7])]
    assert ids(client.post("/recommend", json=asked)) == wanted
    assert ids(client.get("/recommend", params={"user": 3})) == [n.id for n in recommender.recommend_user(3)]
    value = embeddings.catalogue.traits["A"].values[2]
    for given in (value, [value]):
        assert ids(client.post("/cold", json={"traits": {"A": given}})) == [
            n.id for n in recommender.cold({"A": value})
        ]


def test_a_customer_gets_their_own_list_and_nobody_else_s(embeddings):
    """The ids are numbers, as shops have them, and most are below the number of users."""
    users = len(embeddings.users)
    ids = np.array([str(3 * number) for number in range(users)], dtype=object)
    recommender = serving.Recommender(embeddings, "exact")
    with serving.running(dataclasses.replace(embeddings, user_ids=ids), "exact") as address, Client(address) as client:
        found = client.get("/recommend", params={"user": "6"}).json()["found"]
        assert [item["id"] for item in found] == [near.id for near in recommender.recommend_user(2)]
        nobody = client.get("/recommend", params={"user": "7"})
        assert (nobody.status_code, "no user 7" in nobody.json()["detail"]) == (404, True)
        parameters = client.get("/openapi.json").json()["paths"]["/recommend"]["get"]["parameters"]
        user = next(part for part in parameters if part["name"] == "user")
        assert user["schema"]["type"] == "string"
        assert "shop's own data" in user["description"]


def test_health_says_what_answers(client, embeddings):
    found = client.get("/health").json()
    assert (found["status"], found["items"], found["dim"]) == ("ok", len(embeddings.catalogue), 16)
    assert found["users"] == len(embeddings.users)
    assert found["problem"] is None


@pytest.mark.parametrize(
    ("path", "says"),
    [("/similar?item=zz", "'zz'"), ("/recommend?user=99999", "no user 99999"),
     ("/similar?item=item%200003x", "catalogue")],
)  # fmt: skip
def test_what_is_not_there_is_404_and_says_so(client, path, says):
    answer = client.get(path)
    assert answer.status_code == 404
    assert says in answer.json()["detail"]


def test_unknown_items_of_a_basket_are_left_out_and_named(client):
    whole = client.post("/recommend", json={"baskets": [["item 0001"]], "k": 5}).json()
    more = client.post("/recommend", json={"baskets": [["gone"], ["item 0001", "old"]], "k": 5}).json()
    assert more["unknown"] == ["gone", "old"]
    assert more["found"] == whole["found"]
    none = client.post("/recommend", json={"baskets": [["gone"]]})
    assert none.status_code == 404
    assert "gone" in none.json()["detail"]


def test_each_id_that_is_not_there_is_quoted_by_itself(client):
    """One id could be called 'a, b'."""

    def said(*ids):
        return client.post("/recommend", json={"baskets": [list(ids)]}).json()["detail"]

    assert said("a, b") == "No item has the id 'a, b': ask for one of the catalogue."
    assert said("7", "0", "5") == "No item has the id '0', '5' or '7': ask for one of the catalogue."
    assert said(*"fedcba") == "No item has the id 'a', 'b', 'c' or one of 3 more: ask for one of the catalogue."


def test_the_address_alone_leads_to_the_documentation(client):
    answer = client.get("/")
    assert answer.url == f"{client.address}/docs"
    assert answer.status_code == 200


def test_the_documentation_puts_every_question_under_a_heading(client):
    schema = client.get("/openapi.json").json()
    told = {tag["name"] for tag in schema["tags"]}
    found = [operation["tags"] for path in schema["paths"].values() for operation in path.values()]
    assert len(found) == 5
    assert {tag for tags in found for tag in tags} == told


def test_traits_that_are_not_there_are_404_and_say_so(client):
    for traits, says in (({"smell": "sweet"}, "no trait 'smell'"), ({"A": "A999"}, "No item has the A")):
        answer = client.post("/cold", json={"traits": traits})
        assert answer.status_code == 404
        assert says in answer.json()["detail"]


def test_a_model_without_traits_says_that_it_has_none(embeddings):
    plain = dataclasses.replace(embeddings, traits=None, users=None, bought=None)
    with serving.running(plain, "exact") as address, Client(address) as client:
        assert "MultiTraitSGNS" in client.post("/cold", json={"traits": {"A": "A01"}}).json()["detail"]
        assert client.get("/recommend?user=0").status_code == 404
        assert client.get("/similar", params={"item": "item 0003"}).status_code == 200


# --- limits ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "asked",
    [{"baskets": []}, {"baskets": [[]]}, {"baskets": [["a"]], "k": 0}, {"baskets": [["a"]], "k": 101},
     {"baskets": [["a"] * 201]}, {"baskets": [["a"]] * 51}, {"baskets": [["a" * 201]]}, {"baskets": [[7]]},
     {"baskets": [["a"]], "k": "5"}, {"baskets": [["a"]], "more": 1}, {"baskets": [["a"]], "without": ["a"] * 201},
     [], "text", None],
)  # fmt: skip
def test_what_is_too_much_or_no_question_is_422(client, asked):
    assert client.post("/recommend", json=asked).status_code == 422


@pytest.mark.parametrize("query", ["", "?item=", "?item=a&k=0", "?item=a&k=101", "?item=a&k=x", "?item=" + "a" * 201])
def test_so_is_a_bad_query(client, query):
    assert client.get("/similar" + query).status_code == 422


def test_too_long_a_body_is_413_whether_or_not_it_says_so(store):
    with serving.running(store, "exact") as address:
        long = b'{"baskets": [["' + b"a" * MOST_BYTES + b'"]]}'
        for body in (long, iter([long[:1000], long[1000:]])):  # the second is sent in chunks, without its length
            answer = requests.post(f"{address}/recommend", data=body, timeout=10)
            assert answer.status_code == 413
            assert "At most" in answer.json()["detail"]
        assert requests.get(f"{address}/health", timeout=10).ok


def test_a_body_that_says_it_is_too_long_is_refused_before_it_comes(client):
    port = int(client.address.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as raw:
        raw.sendall(f"POST /cold HTTP/1.1\r\nHost: x\r\nContent-Length: {MOST_BYTES + 1}\r\n\r\n".encode())
        assert raw.recv(100).startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize(
    "body",
    [b"{", b"", b"\xff\xfe", b"[" * 50_000, b'{"baskets": [["a"]], "k": ' + b"9" * 5_000 + b"}",
     b'{"baskets": [["a"]], "k": NaN}', b'{"baskets": [["a"]], "k": 1e999}', b'{"baskets": [["\\ud800"]]}',
     b'{"baskets": [["a"]], "\\ud800": 1}', b'{"baskets": [["a"]], "without": [NaN]}'],
    ids=["half", "empty", "no UTF-8", "deep", "long number", "NaN", "infinity", "half a letter", "as a name", "inside"],
)  # fmt: skip
def test_what_can_t_be_read_is_refused_in_a_sentence(client, body):
    """Nothing of it is an error of the service, even where it could not be sent back as JSON."""
    for path in ("/recommend", "/cold"):
        answer = client.post(path, data=body, headers={"content-type": "application/json"})
        assert answer.status_code in (400, 422)
        assert isinstance(answer.json()["detail"], str)


def test_a_refusal_says_what_is_wrong_and_where(client):
    assert "k: Input should be less than or equal to 100" in client.get("/similar?item=a&k=101").json()["detail"]
    assert client.get("/similar").json()["detail"].startswith("item: ")
    assert client.post("/recommend", json={"baskets": [[7]]}).json()["detail"].startswith("baskets.0.0: ")
    assert client.post("/recommend", data=b"{", headers={"content-type": "application/json"}).json()["detail"] == (
        "The body is not JSON."
    )


def test_an_id_may_hold_any_letter():
    ids = ["a/b", "ü ß", "猫", "50%&k=1#x?", "a+b", "..", "\U0001f600", "'\"\n", "x" * 200]
    rng = np.random.default_rng(0)
    shop = Embeddings(Catalogue(ids), rng.standard_normal((9, 4)).astype(np.float32), np.ones(9))
    with serving.running(shop, "exact") as address, Client(address) as client:
        for item in ids:
            found = client.get("/similar", params={"item": item, "k": 100}).json()["found"]
            assert {near["id"] for near in found} == {*ids} - {item}
            again = client.post("/recommend", json={"baskets": [[item]], "k": 100}).json()["found"]
            assert [near["id"] for near in again] == [near["id"] for near in found]


# --- documentation --------------------------------------------------------------------------------------------------


def test_the_documentation_needs_no_network(client):
    """Every address on the page is one of the service's own, and is there."""
    page = client.get("/docs").text
    assert "http:" not in page
    assert "https:" not in page
    own = re.findall(r"""(?:href|src|url)[=:]\s*["']([^"']+)["']""", page)
    assert len(own) >= 3
    for path in own:
        assert client.get(path).status_code == 200, path
    assert '"validatorUrl": null' in page  # which would be asked, elsewhere, what it thinks of the schema


# --- its own schema -------------------------------------------------------------------------------------------------


def test_the_service_keeps_to_its_own_schema(client):
    schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")
    from hypothesis import HealthCheck, Phase, given, settings

    schema = schemathesis.openapi.from_dict(client.get("/openapi.json").json())
    tried = Counter()
    for found in schema.get_all_operations():
        operation = found.ok()
        modes = (
            list(schemathesis.GenerationMode) if operation.path != "/health" else [schemathesis.GenerationMode.POSITIVE]
        )
        for mode in modes:  # what fits the schema, and what doesn't

            @given(case=operation.as_strategy(generation_mode=mode))
            @settings(
                max_examples=25, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )  # fmt: skip
            def keeps(case):
                case.call_and_validate(base_url=client.address)
                tried[case.operation.label] += 1

            keeps()
    assert len(tried) == 5
    assert all(number >= 25 for label, number in tried.items() if "health" not in label)


def test_the_documentation_names_every_answer_that_is_given(client):
    paths = client.get("/openapi.json").json()["paths"]
    assert set(paths) == {"/health", "/similar", "/recommend", "/cold"}
    assert set(paths["/recommend"]["post"]["responses"]) == {"200", "400", "404", "413", "422"}
    assert set(paths["/similar"]["get"]["responses"]) == {"200", "404", "422"}


# --- versions -------------------------------------------------------------------------------------------------------


def test_no_request_fails_while_versions_are_taken_up(store, embeddings):
    """Versions with other vectors, under requests without a pause; the answers come from each of them, unmixed."""
    rng = np.random.default_rng(0)
    for _ in range(5):
        vectors = rng.standard_normal(embeddings.vectors.shape).astype(np.float32)
        store.publish(dataclasses.replace(embeddings, vectors=vectors, users=None, bought=None), index=False)
    names = [version.name for version in store.list()]
    right = {}
    for name in names:
        recommender = serving.Recommender(store.open(name), "exact")
        right[name] = [n.id for n in recommender.similar("item 0003", 10)]
    answers, failed, stop = Counter(), [], threading.Event()

    def ask():
        with requests.Session() as session:
            while not stop.is_set():
                try:
                    answer = session.get(f"{address}/similar", params={"item": "item 0003"}, timeout=10)
                    found = answer.json()
                    if answer.status_code != 200 or [i["id"] for i in found["found"]] != right[found["version"]]:
                        failed.append(answer.text)
                    answers[found.get("version")] += 1
                except Exception as error:
                    failed.append(repr(error))

    with serving.running(store, "exact", every=0.02) as address:
        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for name in [*names[1:], names[0]]:  # and back to the first
            store.choose(name)
            seen, patience = answers[name], time.monotonic() + 30
            while answers[name] <= seen + 3 and time.monotonic() < patience:
                time.sleep(0.01)
        stop.set()
        for thread in threads:
            thread.join()
    assert not failed
    assert set(answers) == set(names)


@pytest.mark.parametrize("kind", ["exact", "approximate"])
def test_many_who_ask_at_once_are_each_answered_right(kind, store, embeddings):
    """All questions by turns, from twelve connections: no failure, and each answer is the recommender's own."""
    recommender = serving.Recommender(embeddings, "exact")
    seen = np.flatnonzero(embeddings.counts > 0)[:40].tolist()
    ids, value = embeddings.catalogue.ids, embeddings.catalogue.traits["A"].values[2]
    failed, answered = [], Counter()

    def ask(number):
        item, user = seen[number % len(seen)], number % len(embeddings.users)
        other = seen[(number * 7 + 1) % len(seen)]
        yield ("GET", "/similar", {"params": {"item": ids[item]}}), recommender.similar(item)
        yield ("GET", "/recommend", {"params": {"user": user, "k": 7}}), recommender.recommend_user(user, 7)
        asked = {"baskets": [[ids[item]], [ids[other]]], "k": 20}
        yield ("POST", "/recommend", {"json": asked}), recommender.recommend([[item], [other]], 20)
        yield ("POST", "/cold", {"json": {"traits": {"A": value}}}), recommender.cold({"A": value})

    def work(first):
        with Client(address) as session:
            for number in range(first, 240, 12):
                for (method, path, options), right in ask(number):
                    answer = session.request(method, path, **options)
                    found = [item["id"] for item in answer.json().get("found", [])]
                    answered[path] += 1
                    if answer.status_code != 200 or found != [near.id for near in right]:
                        failed.append((path, options, answer.text))

    if kind == "approximate":
        pytest.importorskip("voyager", reason="voyager is not installed")
    with serving.running(store, kind, every=0.05) as address:
        threads = [threading.Thread(target=work, args=(first,)) for first in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not failed
    assert answered == {"/similar": 240, "/recommend": 480, "/cold": 240}


def test_a_version_is_taken_up_with_the_graph_that_was_built_for_it(embeddings, tmp_path):
    pytest.importorskip("voyager", reason="voyager is not installed")
    store = Store(tmp_path)
    for vectors in (embeddings.vectors, -embeddings.vectors[::-1].copy()):
        store.publish(dataclasses.replace(embeddings, vectors=vectors, users=None, bought=None))
    store.choose("0001")
    live = Live(store)
    store.choose("0002")
    assert live.look()
    assert (live.current.version, live.current.recommender.index.kind) == ("0002", "approximate")
    exact = serving.Recommender(store.open("0002"), "exact")
    assert [n.item for n in live.current.recommender.similar(3, 5)] == [n.item for n in exact.similar(3, 5)]


def test_a_damaged_version_is_not_taken_up_and_health_says_why(store, embeddings):
    live = Live(store, "exact")
    other = store.publish(embeddings, index=False)
    store.choose(other)
    path = store.folder / "versions" / other.name / "vectors.safetensors"
    whole = path.read_bytes()
    path.write_bytes(b"")
    for _ in range(2):
        assert not live.look()
        assert live.current.version == "0001"
        assert "not what was published" in live.problem
    path.write_bytes(whole)
    assert not live.look()  # it is not read again and again
    _choose_anew(store, other)
    assert live.look()
    assert (live.current.version, live.problem) == (other.name, None)
    path.write_bytes(b"")
    with pytest.raises(ValueError, match="not what was published"):
        store.choose(other)
    with pytest.raises(ValueError, match="not what was published"):
        Live(store, "exact")


def _choose_anew(store, version):
    """Choose, at a time of its own, however coarse the clock of the disk is."""
    store.choose(version)
    os.utime(store.folder / "chosen", ns=(time.time_ns(), time.time_ns()))


def test_what_failed_is_tried_again_after_a_while(store, embeddings, monkeypatch):
    live = Live(store, "exact")
    other = store.publish(embeddings, index=False)
    store.choose(other)
    opened = Store.open
    monkeypatch.setattr(Store, "open", lambda *_: (_ for _ in ()).throw(OSError("the disk is away")))
    assert not live.look()
    assert "the disk is away" in live.problem
    monkeypatch.setattr(Store, "open", opened)
    assert not live.look()
    later = time.monotonic() + serving.live.AGAIN + 1
    monkeypatch.setattr(serving.live, "time", types.SimpleNamespace(monotonic=lambda: later))
    assert live.look()
    assert live.current.version == other.name


def test_a_stock_file_that_is_away_keeps_no_version_away(store, embeddings, tmp_path):
    stock = tmp_path / "stock.txt"
    ids = embeddings.catalogue.ids[embeddings.counts > 0][:30]
    stock.write_text("\n".join(ids))
    live = Live(store, "exact", stock=stock)
    stock.unlink()
    store.choose(store.publish(embeddings, index=False))
    assert live.look()
    assert live.current.version == "0002"
    assert {n.id for n in live.current.recommender.similar("item 0003", 50)} <= set(ids)  # as they were last known
    assert "no stock file" in live.problem
    stock.write_bytes(b"\xff\xfe\x00")
    assert not live.look()
    assert "UTF-8" in live.problem


def test_stock_is_read_again_when_its_file_changes(store, embeddings, tmp_path):
    stock = tmp_path / "stock.txt"
    ids = embeddings.catalogue.ids[embeddings.counts > 0][:30]
    stock.write_text("\n".join(ids[:20]) + "\nnot an item\n")
    live = Live(store, "exact", stock=stock)
    before = live.current
    assert not live.look()
    stock.write_text("\n".join(ids[20:]))
    assert live.look()
    assert {n.id for n in live.current.recommender.similar("item 0003", 50)} <= set(ids[20:])
    assert {n.id for n in before.recommender.similar("item 0003", 50)} <= set(ids[:20])
    assert live.current.recommender.index is before.recommender.index  # not built anew
    stock.unlink()
    kept = live.current
    assert not live.look()  # nor does it end the thread that looks
    assert live.current is kept
    assert "no stock file" in live.problem
    with pytest.raises(FileNotFoundError, match="no stock file"):
        Live(store, "exact", stock=stock)


def test_a_model_folder_is_served_too_and_nothing_is_told(trained, tmp_path):
    from mtsgns_lite import save_model

    folder = save_model(trained, tmp_path / "model")
    live = Live(folder, "exact")
    assert not live.look()
    assert live.current.recommender.similar(3)
    with pytest.raises(FileNotFoundError, match="neither a store nor a model"):
        Live(tmp_path / "nothing")


# --- a process of its own -------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to answer")
def test_a_service_that_is_stopped_ends_what_it_began(store):
    code = (
        "import sys; from mtsgns_lite import serving; "
        "serving.serve(sys.argv[1], port=0, index='exact', every=0.05)"
    )  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", code, str(store.folder)], stdout=subprocess.PIPE, text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    try:
        line = process.stdout.readline()
        assert "http://127.0.0.1:" in line
        address = line.split(" on ")[1].split()[0]
        for _ in range(200):
            try:
                assert requests.get(f"{address}/health", timeout=10).json()["status"] == "ok"
                break
            except requests.ConnectionError:
                time.sleep(0.05)
        # a request whose body has not all come yet when the signal does
        body = json.dumps({"baskets": [["item 0001"]]}).encode()
        answers = []

        def slowly():
            def parts():
                yield body[:5]
                under_way.set()
                time.sleep(1)
                yield body[5:]

            answers.append(requests.post(f"{address}/recommend", data=parts(), timeout=20,
                                         headers={"content-type": "application/json"}).status_code)  # fmt: skip

        under_way = threading.Event()
        thread = threading.Thread(target=slowly)
        thread.start()
        under_way.wait(10)
        time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        thread.join()
        assert answers == [200]
        assert process.wait(20) in (0, -signal.SIGTERM)
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{address}/health", timeout=2)
    finally:
        process.kill()
        process.wait()


def test_a_port_that_is_taken_is_told(store):
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="choose another"):
        serving.serve(store.folder, port=taken.getsockname()[1], index="exact")
