"""The commands `serve` and `store`: a process that answers and ends what it began; versions; a sentence a mistake."""

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

import numpy as np
import pytest
import requests

import mtsgns_lite as mt
import mtsgns_lite.__main__ as cli
from mtsgns_lite.__main__ import main
from mtsgns_lite.serving import Embeddings, Store

pytest.importorskip("fastapi_offline", reason="fastapi-offline is not installed")
pytest.importorskip("uvicorn", reason="uvicorn is not installed")

STOPPED = {signal.SIGINT: 130, signal.SIGTERM: -signal.SIGTERM}


@pytest.fixture(scope="module")
def model(trained, tmp_path_factory):
    return str(mt.save_model(trained, tmp_path_factory.mktemp("serve") / "model"))


@pytest.fixture
def store(trained, planted_split, tmp_path):
    made = Store(tmp_path / "shop")
    made.choose(made.publish(Embeddings.of(trained, planted_split.dataset), index=False))
    return made


@pytest.fixture
def serve():
    """A function: arguments -> a process of the command and its address; it is ended with the test."""
    started = []

    def start(*arguments):
        command = [sys.executable, "-m", "mtsgns_lite", "serve", *map(str, arguments), "--port", "0"]
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        )  # fmt: skip
        started.append(process)
        line = process.stdout.readline()
        assert " on http://127.0.0.1:" in line, line + process.stderr.read()
        return process, line.split(" on ")[1].split()[0]

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals to send")
@pytest.mark.parametrize("by", STOPPED)
def test_a_store_is_served_until_a_signal_and_what_was_begun_is_answered(by, serve, store):
    process, address = serve(store.folder, "--index", "exact", "--every", "0.05")
    found = requests.get(f"{address}/health", timeout=20).json()
    assert (found["status"], found["version"], found["index"]) == ("ok", "0001", "exact")
    assert found["users"] > 0
    body, answers = json.dumps({"baskets": [["item 0001"]]}).encode(), []
    under_way = threading.Event()

    def slowly():
        def parts():
            yield body[:5]
            under_way.set()
            time.sleep(1)
            yield body[5:]

        head = {"content-type": "application/json"}
        answers.append(requests.post(f"{address}/recommend", data=parts(), headers=head, timeout=20))

    thread = threading.Thread(target=slowly)
    thread.start()
    assert under_way.wait(10)
    time.sleep(0.2)
    process.send_signal(by)
    thread.join()
    assert [answer.status_code for answer in answers] == [200]
    assert len(answers[0].json()["found"]) == 10
    assert process.wait(20) == STOPPED[by]
    assert "Traceback" not in process.stderr.read()
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{address}/health", timeout=2)


def test_what_is_chosen_meanwhile_is_taken_up_and_said(serve, store):
    process, address = serve(store.folder, "--index", "exact", "--every", "0.05")
    store.choose(store.publish(store.open(), index=False))
    patience = time.monotonic() + 30
    while requests.get(f"{address}/health", timeout=10).json()["version"] != "0002":
        assert time.monotonic() < patience
        time.sleep(0.05)
    process.terminate()
    assert "version 0002 taken up" in process.communicate(timeout=20)[1]


def test_a_model_s_folder_is_served_with_what_is_in_stock(serve, model, tmp_path):
    stock = tmp_path / "stock.txt"
    stock.write_text("item 0001\nitem 0002\n")
    _, address = serve(model, "--index", "exact", "--stock", stock)
    assert requests.get(f"{address}/health", timeout=20).json()["version"] == "-"
    found = requests.get(f"{address}/similar?item=item 0003", timeout=10).json()["found"]
    assert {item["id"] for item in found} == {"item 0001", "item 0002"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["nothing"], "neither a store nor a model"), (["MODEL", "--stock", "no.txt"], "no stock file"),
     (["MODEL", "--every", "0"], "every=0"), (["MODEL", "--every", "nan"], "every=nan")],
)  # fmt: skip
def test_a_mistake_gets_one_sentence_and_code_2(arguments, said, model, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    arguments = [model if part == "MODEL" else part for part in arguments]
    assert main(["serve", *arguments, "--index", "exact", "--port", "0"]) == 2
    error = capsys.readouterr().err.splitlines()
    assert len(error) == 1
    assert error[0].startswith("error: ")
    assert said in error[0]


def test_a_port_that_is_taken_is_said_before_anything_is_loaded(model, monkeypatch, capsys):
    monkeypatch.setattr("mtsgns_lite.serving.server.Live", lambda *_: pytest.fail("loaded"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["serve", model, "--port", str(taken.getsockname()[1])]) == 2
        assert main(["serve", "nothing", "--port", str(taken.getsockname()[1])]) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert re.search(r"Port \d+ of 127.0.0.1 is taken by another program; choose another with --port", first)
    assert "neither a store nor a model" in second  # of two mistakes the one that another port won't mend
    for port in ("65536", "-1", "x"):
        with pytest.raises(SystemExit):
            main(["serve", model, "--port", port])


@pytest.mark.parametrize("package", ["fastapi", "uvicorn", "fastapi_offline"])
def test_without_a_package_one_sentence_says_what_to_install(package, model, monkeypatch, capsys):
    monkeypatch.delitem(sys.modules, "mtsgns_lite.serving.service", raising=False)
    monkeypatch.setitem(sys.modules, package, None)
    assert main(["serve", model, "--port", "0"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert 'pip install "mtsgns_lite[serving]"' in error


def test_versions_are_published_listed_compared_and_chosen(model, planted_split, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(cli, "load", lambda *_, **__: planted_split.dataset)
    shop = str(tmp_path / "shop")
    publish = ["store", "publish", shop, model, "planted", "--exact-only"]
    assert main([*publish, "--metric", "auc=0.67", "--note", "first"]) == 0
    assert main(["store", "list", shop]) == 0
    out = capsys.readouterr().out
    assert f"{planted_split.dataset.sizes()['users']} users" in out
    assert "none is chosen" in out
    assert main([*publish, "--metric", "auc=0.68", "--choose"]) == 0
    assert main(["store", "list", shop]) == 0
    first, second = capsys.readouterr().out.splitlines()[-2:]
    assert "0.67" in first
    assert "first" in first
    assert second.startswith("0002 *")
    assert main(["store", "choose", shop, "0001"]) == 0
    assert Store(shop).chosen == "0001"
    assert main(["store", "compare", shop, "0001", "0002"]) == 0
    out = capsys.readouterr().out
    assert "0.67" in out
    assert "0.68" in out
    assert "same neighbours" in out
    assert main(["store"]) == 0
    assert "list | publish" in capsys.readouterr().out


def test_versions_go_by_their_numbers_and_mistakes_name_the_command(store, trained, planted_split, capsys):
    """What the library would say of its own functions helps nobody on a command line."""
    shop = str(store.folder)
    rng, one = np.random.default_rng(0), store.open()
    other = dataclasses.replace(one, vectors=rng.standard_normal(one.vectors.shape).astype(np.float32))
    store.publish(other, metrics={"auc": 2 / 3}, index=False)
    assert main(["store", "compare", shop, "1", "2"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"same neighbours: 0\.0\d{1,4} of an item's ten nearest, on the mean$", out, re.MULTILINE)
    assert "0.6667" in out
    assert re.search(r"0001 +0002", out)
    assert main(["store", "compare", shop, "1", "7"]) == 2
    assert "choose 0001 or 0002" in capsys.readouterr().err
    assert main(["store", "choose", shop, "2"]) == 0
    assert Store(shop).chosen == "0002"
    (store.folder / "chosen").unlink()
    assert main(["store", "list", shop]) == 0
    assert f"python -m mtsgns_lite store choose {shop} VERSION" in capsys.readouterr().out
    assert main(["serve", shop, "--port", "0"]) == 2
    assert f"python -m mtsgns_lite store choose {shop} VERSION" in capsys.readouterr().err


def test_publish_tells_users_from_those_with_a_vector(model, planted_split, tmp_path, monkeypatch, capsys):
    """Somebody who bought what training never saw."""
    shop = planted_split.dataset
    number, seen = shop.sizes()["users"], np.bincount(shop.baskets.values, minlength=len(shop.catalogue)) > 0
    unseen = np.flatnonzero(~seen & ~shop.catalogue.has_traits)[:1]
    rows = [*shop.baskets, unseen.tolist()]
    more = dataclasses.replace(shop, baskets=mt.Ragged.from_rows(rows), users=np.append(shop.users, number))
    monkeypatch.setattr(cli, "load", lambda *_, **__: more)
    assert main(["store", "publish", str(tmp_path / "shop"), model, "planted", "--exact-only"]) == 0
    assert f"{number + 1} users, {number} with a vector" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["list", "SHOP"], "no store"), (["choose", "SHOP", "0001"], "no store"),
     (["publish", "SHOP", "nowhere", "planted"], "no model")],
)  # fmt: skip
def test_a_store_that_is_not_there_is_said_and_not_made(arguments, said, tmp_path, capsys):
    shop = tmp_path / "shop"
    assert main(["store", *(str(shop) if part == "SHOP" else part for part in arguments)]) == 2
    assert said in capsys.readouterr().err
    assert not shop.exists()
    with pytest.raises(SystemExit):
        main(["store", "publish", str(shop), "model", "planted", "--metric", "good"])
    assert "auc=0.67" in capsys.readouterr().err
