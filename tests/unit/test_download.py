"""Fetching over a bad network: the file is there whole and checked, or not at all. No test leaves this machine."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import random
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import bad_server as answers
import pytest
from bad_server import Site

import mtsgns_lite as mt
from mtsgns_lite.__main__ import main
from mtsgns_lite.data import download, sources, transfer
from mtsgns_lite.data.download import fetch
from mtsgns_lite.data.sources import AMAZON_CATEGORIES, OTHERS, Source, find_source, local_file
from mtsgns_lite.data.transfer import Patience
from mtsgns_lite.data.unpack import unpack

ROOT = Path(__file__).resolve().parents[2]
HASTE = Patience(connect=1, read=0.25, tries=3, pause=0.01)


def packed(seed: int, size: int = 300_000) -> bytes:
    """A gzip file that does not shrink."""
    return gzip.compress(random.Random(seed).randbytes(size), mtime=0)


CONTENT, ANOTHER = packed(0), packed(1)
assert len(CONTENT) == len(ANOTHER)
HALF = len(CONTENT) // 2


@pytest.fixture
def site(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Site(CONTENT) as running:
        yield running


@pytest.fixture
def source(site) -> Source:
    digest = hashlib.sha256(CONTENT).hexdigest()
    return Source("a", "Things", f"{site.address}/file.json.gz", "Be kind.", "X 2015.", len(CONTENT), digest)


@pytest.fixture
def strict(source) -> Source:
    return replace(source, strict=True)


def get(source: Source, folder: Path, said: list[str] | None = None, patience: Patience = HASTE) -> Path:
    return fetch(source, folder, patience, (said if said is not None else []).append)


def fails(kind, source: Source, folder: Path, pattern: str, patience: Patience = HASTE) -> None:
    """Fetching raises one sentence of that kind and leaves nothing that bears the file's name."""
    with pytest.raises(kind, match=pattern) as caught:
        get(source, folder, patience=patience)
    one_sentence(str(caught.value))
    assert not (folder / source.file).exists()


def one_sentence(text: str) -> None:
    assert re.fullmatch(r"[^\n]+\.", text), text
    assert not re.search(r"[.!?]\s", text), text


def names(folder: Path) -> set[str]:
    """What lies in a folder, but for the lock."""
    return {path.name for path in folder.iterdir() if path.suffix != ".lock"}


# ---------------------------------------------------------------- when all goes well


def test_a_file_arrives_whole_under_its_own_name_and_leaves_nothing_else(source, site, tmp_path):
    path = get(source, tmp_path / "new" / "folder")
    assert path.read_bytes() == CONTENT
    assert os.listdir(path.parent) == ["file.json.gz"]
    assert len(site.asked) == 1


def test_terms_citation_and_size_are_said_before_anything_is_asked_for(source, site, tmp_path):
    said = []
    fetch(source, tmp_path, HASTE, lambda text: said.append((text, len(site.asked))))
    (first, asked), *_ = said
    assert asked == 0
    for part in ("Be kind.", "X 2015.", "0.3 MB", source.url, str(tmp_path), "second-hand"):
        assert part in first


def test_what_is_there_and_whole_is_not_fetched_again(strict, site, tmp_path):
    get(strict, tmp_path)
    said = []
    get(strict, tmp_path, said)
    assert "already" in said[-1]
    assert len(site.asked) == 1


def test_a_progress_bar_shows_the_size(source, tmp_path, capsys):
    get(source, tmp_path)
    assert "300k/300k" in capsys.readouterr().err


def test_a_redirect_is_followed(strict, site, tmp_path):
    site.answers = [answers.moved]
    assert get(strict, tmp_path).read_bytes() == CONTENT


def test_bytes_stay_as_they_are_when_the_server_calls_them_encoded(strict, site, tmp_path):
    site.answers = [answers.properly(Content_Encoding="gzip")]
    assert get(strict, tmp_path).read_bytes() == CONTENT
    assert site.asked[0]["Accept-Encoding"] == "identity"


# ---------------------------------------------------------------- broken transfers go on


def test_a_transfer_that_breaks_off_goes_on_where_it_stopped(source, site, tmp_path):
    site.answers = [answers.breaking_off(HALF)]
    said = []
    assert get(source, tmp_path, said).read_bytes() == CONTENT
    assert site.asked[1]["Range"] == f"bytes={HALF}-"
    assert site.sent == len(CONTENT)  # no byte twice
    assert said[1].strip() == "the connection was lost at 0.2 MB: trying again"


def test_a_transfer_that_stalls_is_given_up_and_goes_on(source, site, tmp_path):
    site.answers = [answers.stalling(HALF), answers.stalling(0)]
    start = time.monotonic()
    assert get(source, tmp_path).read_bytes() == CONTENT
    for again in site.asked[1:]:
        assert HALF - transfer.CHUNK < int(again["Range"].strip("bytes=-")) <= HALF
    assert len(site.asked) == 3
    assert time.monotonic() - start < 2


def test_one_that_always_breaks_off_says_so_and_the_next_command_goes_on(source, site, tmp_path):
    site.answers = [answers.breaking_off(1000)] * HASTE.tries
    fails(
        ConnectionError,
        source,
        tmp_path,
        "3 tries .the connection was lost at 3,000 bytes.: run the same command again",
    )
    assert get(source, tmp_path).read_bytes() == CONTENT
    assert site.asked[-1]["Range"] == "bytes=3000-"
    assert site.sent == len(CONTENT)


def test_tries_are_not_counted_as_long_as_it_gets_on(source, site, tmp_path):
    site.answers = [answers.breaking_off(len(CONTENT) // 20)] * 15
    assert get(source, tmp_path).read_bytes() == CONTENT
    assert len(site.asked) == 16


def test_a_server_without_ranges_sends_it_anew(source, site, tmp_path):
    site.answers = [answers.without_ranges(HALF), answers.without_ranges()]
    assert get(source, tmp_path).read_bytes() == CONTENT


def test_without_a_mark_of_the_file_it_starts_over(source, site, tmp_path):
    site.answers = [answers.breaking_off(HALF, ETag=None)]
    assert get(source, tmp_path).read_bytes() == CONTENT
    assert "Range" not in site.asked[1]


@pytest.mark.parametrize("header", ["ETag", "Last-Modified"])
def test_the_rest_is_asked_for_only_of_the_same_file(source, site, tmp_path, header):
    given = {"ETag": '"one"'} if header == "ETag" else {"ETag": 'W/"weak"', "Last_Modified": "Mon, 06 Jul 2015"}
    site.answers = [answers.breaking_off(HALF, **given)]
    assert get(source, tmp_path).read_bytes() == CONTENT
    assert site.asked[1]["If-Range"] == ('"one"' if header == "ETag" else "Mon, 06 Jul 2015")


def test_a_file_that_changes_between_two_parts_is_fetched_anew(strict, site, tmp_path):
    site.content, site.answers = ANOTHER, [answers.breaking_off(1000)] * HASTE.tries
    fails(ConnectionError, strict, tmp_path, "connection was lost")
    site.content = CONTENT
    assert get(strict, tmp_path).read_bytes() == CONTENT


def test_the_same_from_a_server_that_does_not_know_if_range(strict, site, tmp_path):
    site.content, site.answers = ANOTHER, [answers.breaking_off(HALF)] + [answers.status(503)] * (HASTE.tries - 1)
    fails(ConnectionError, strict, tmp_path, "answered 503")
    site.content, site.answers = CONTENT, [answers.properly(if_range=False)] * 2
    said = []
    assert get(strict, tmp_path, said).read_bytes() == CONTENT
    assert "another file now" in said[1]
    assert "Range" not in site.asked[-1]


@pytest.mark.parametrize("trusted", [True, False])
def test_pieces_of_two_files_with_the_same_mark_do_not_pass_for_one(source, site, tmp_path, trusted):
    marked = dict(ETag='"always"')
    site.content, site.answers = ANOTHER, [answers.breaking_off(HALF, **marked)] + [answers.status(503)] * 2
    fails(ConnectionError, replace(source, strict=trusted), tmp_path, "answered 503")
    site.content, site.answers = CONTENT, [answers.properly(if_range=False, **marked)]
    said = []
    assert get(replace(source, strict=trusted), tmp_path, said).read_bytes() == CONTENT
    assert any("do not fit together" in text for text in said)


def test_a_range_that_begins_elsewhere_is_not_taken(strict, site, tmp_path):
    elsewhere = f"bytes {HALF - 5}-{len(CONTENT) - 1}/{len(CONTENT)}"
    site.answers = [answers.breaking_off(HALF), answers.properly(Content_Range=elsewhere)]
    said = []
    assert get(strict, tmp_path, said).read_bytes() == CONTENT
    assert "another file now" in said[2]


def test_what_is_left_of_another_address_is_not_gone_on_from(source, site, tmp_path):
    site.answers = [answers.breaking_off(1000)] * HASTE.tries
    fails(ConnectionError, source, tmp_path, "connection was lost")
    assert get(replace(source, url=f"{site.address}/b/file.json.gz"), tmp_path).read_bytes() == CONTENT
    assert "Range" not in site.asked[-1]


@pytest.fixture
def listening_for_ctrl_c():
    """A shell has what it runs in the background ignore Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("listening_for_ctrl_c")
def test_ctrl_c_keeps_what_came_and_the_next_command_goes_on(source, site, tmp_path):
    def press_ctrl_c() -> None:
        while not (tmp_path / "file.json.gz.part").exists():
            time.sleep(0.01)
        time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGINT)

    site.answers = [answers.stalling(HALF, press_ctrl_c)]
    said = []
    with pytest.raises(KeyboardInterrupt):
        get(source, tmp_path, said, Patience(1, 5, 1, 0))
    assert "stopped at" in said[-1]
    assert names(tmp_path) == {"file.json.gz.part", "file.json.gz.part.mark"}
    assert get(source, tmp_path).read_bytes() == CONTENT
    assert 0 < int(site.asked[1]["Range"].strip("bytes=-")) <= HALF


# ---------------------------------------------------------------- servers that lie or fail


def test_a_length_that_is_too_large_does_not_hide_a_whole_file(strict, site, tmp_path):
    site.answers = [answers.properly(Content_Length=len(CONTENT) + 500)]
    assert get(strict, tmp_path).read_bytes() == CONTENT
    assert len(site.asked) == 1


@pytest.mark.parametrize("trusted", [True, False])
def test_a_length_that_is_too_small_gives_no_file(source, site, tmp_path, trusted):
    site.answers = [answers.properly(Content_Length=HALF)]
    fails(ValueError, replace(source, strict=trusted), tmp_path, "deleted: it has .* expected were")
    assert names(tmp_path) == set()


def test_a_missing_length_does_not_pass_for_an_end(strict, site, tmp_path):
    site.answers = [answers.breaking_off(HALF, Content_Length=None)]
    assert get(strict, tmp_path).read_bytes() == CONTENT
    assert len(site.asked) == 2


@pytest.mark.parametrize("answer", [answers.properly(Content_Length=None), answers.in_chunks()])
def test_a_missing_length_is_no_harm(strict, site, tmp_path, answer):
    site.answers = [answer]
    assert get(strict, tmp_path).read_bytes() == CONTENT
    assert len(site.asked) == 1


def test_the_end_of_chunks_is_an_end(source, site, tmp_path):
    site.content = packed(2, size=1000)
    site.answers = [answers.in_chunks()]
    said = []
    get(source, tmp_path, said)
    assert said[-1].startswith("warning: ")  # smaller than the one on record, and whole
    assert len(site.asked) == 1


def test_chunks_that_break_off_go_on(strict, site, tmp_path):
    site.answers = [answers.in_chunks(HALF)]
    assert get(strict, tmp_path).read_bytes() == CONTENT
    assert site.asked[1]["Range"] == f"bytes={HALF}-"


@pytest.mark.parametrize("trusted", [True, False])
def test_an_answer_without_end_is_cut_short(source, site, tmp_path, trusted):
    site.answers = [answers.endless]
    fails(ValueError, replace(source, strict=trusted), tmp_path, "does not end after")
    assert names(tmp_path) == set()


def test_a_wrong_file_of_the_right_size_is_refused_where_the_checksum_counts(strict, site, tmp_path):
    site.content = ANOTHER
    fails(ValueError, strict, tmp_path, "is not the file that is known and was deleted")
    assert names(tmp_path) == set()


def test_it_is_kept_with_a_warning_where_the_checksum_is_second_hand(source, site, tmp_path):
    site.content = ANOTHER
    said = []
    path = get(source, tmp_path, said)
    assert path.read_bytes() == ANOTHER
    assert said[-1].startswith("warning: ")
    assert hashlib.sha256(ANOTHER).hexdigest() in said[-1]
    assert get(source, tmp_path) == path  # and is there from then on
    assert len(site.asked) == 1


@pytest.mark.parametrize("broken", [ANOTHER[:-9], ANOTHER[:-9] + b"123456789", b"\x1f\x8b" + ANOTHER[2:][::-1], b""])
def test_a_damaged_file_is_refused_even_then(source, site, tmp_path, broken):
    site.answers = [answers.other(broken)]
    fails(ValueError, source, tmp_path, "is damaged and was deleted")
    assert names(tmp_path) == set()


@pytest.mark.parametrize("trusted", [True, False])
def test_a_web_page_is_not_taken_for_the_file(source, site, tmp_path, trusted):
    site.answers = [answers.other(b"<!doctype html><title>Log in</title>")]
    fails(ValueError, replace(source, strict=trusted), tmp_path, "something else than a .gz file: a page")
    assert names(tmp_path) == set()


@pytest.mark.parametrize("code", [429, 500, 503])
def test_a_server_in_trouble_is_asked_again(strict, site, tmp_path, code):
    site.answers = [answers.status(code)] * (HASTE.tries - 1)
    assert get(strict, tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("code", [403, 404, 410])
def test_a_server_that_says_no_is_not(strict, site, tmp_path, code):
    site.answers = [answers.status(code)] * 2
    fails(ConnectionError, strict, tmp_path, f"127.0.0.1 answered {code} .*: look there with a browser")
    assert len(site.asked) == 1


def test_off_line_is_said_at_once(strict, tmp_path):
    with socket.socket() as taken:  # bound and not listening: nobody answers
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/file.json.gz"
        fails(ConnectionError, replace(strict, url=address), tmp_path, "no connection to 127.0.0.1", Patience(pause=60))


def test_a_name_that_is_not_found_is_off_line_too(strict, tmp_path, monkeypatch):
    def not_found(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", not_found)
    url = "http://nowhere.invalid/file.json.gz"
    fails(ConnectionError, replace(strict, url=url), tmp_path, "no connection to nowhere.invalid", Patience(pause=60))


def test_an_address_that_speaks_no_tls_is_said_at_once(strict, site, tmp_path):
    url = strict.url.replace("http:", "https:")
    fails(ConnectionError, replace(strict, url=url), tmp_path, "SSLError", Patience(pause=60))


@pytest.mark.parametrize("seed", range(12))
def test_whatever_goes_wrong_the_file_is_whole_or_not_there(strict, site, tmp_path, seed):
    draw = random.Random(seed)
    troubles = [
        lambda: answers.breaking_off(draw.randrange(HALF)),
        lambda: answers.without_ranges(draw.randrange(HALF)),
        lambda: answers.in_chunks(draw.randrange(1, HALF)),
        lambda: answers.breaking_off(draw.randrange(HALF), Content_Length=None),
        lambda: answers.breaking_off(draw.randrange(HALF), ETag='"x"'),
        lambda: answers.properly(Content_Length=draw.randrange(1, HALF)),
        lambda: answers.status(draw.choice([404, 416, 503])),
        lambda: answers.other(b"<html>" * draw.randrange(9)),
    ]
    for _ in range(40):
        site.answers = [draw.choice(troubles)() for _ in range(draw.randrange(HASTE.tries))]
        try:
            get(strict, tmp_path)
        except (ConnectionError, ValueError) as error:
            one_sentence(str(error))
            assert names(tmp_path) <= {"file.json.gz.part", "file.json.gz.part.mark"}
        else:
            break
    assert (tmp_path / "file.json.gz").read_bytes() == CONTENT


# ---------------------------------------------------------------- this machine


def test_two_processes_at_once_fetch_it_once(strict, site, tmp_path):
    site.answers = [answers.slowly(1.0), answers.slowly(1.0)]
    code = "from mtsgns_lite.data.sources import Source\nfrom mtsgns_lite.data.download import fetch\n"
    code += f"fetch({strict!r}, {str(tmp_path)!r})"
    running = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=60)[1] for process in running]
    assert [process.returncode for process in running] == [0, 0], said
    assert (tmp_path / "file.json.gz").read_bytes() == CONTENT
    assert len(site.asked) == 1


def test_a_full_disk_is_said_before_the_transfer(strict, site, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=len(CONTENT) - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)
    fails(OSError, strict, tmp_path, "no space left in .*: make room")
    assert not site.asked


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_disk_that_fills_up_on_the_way_is_said(strict, tmp_path, monkeypatch):
    monkeypatch.setattr(transfer, "open", lambda *_: io.FileIO("/dev/full", "ab"), raising=False)
    fails(OSError, strict, tmp_path, "no space left")


def test_a_folder_that_can_not_be_written_to_is_said(strict, tmp_path):
    (tmp_path / "file").write_text("in the way")
    for folder in (tmp_path / "file", tmp_path / "file" / "folder"):
        with pytest.raises(OSError, match="can't be written to .* --folder") as caught:
            get(strict, folder)
        one_sentence(str(caught.value))


def test_a_file_of_that_name_that_is_another_is_left_alone(strict, site, tmp_path):
    (tmp_path / "file.json.gz").write_bytes(b"mine")
    with pytest.raises(FileExistsError, match="move it away") as caught:
        get(strict, tmp_path)
    one_sentence(str(caught.value))
    assert (tmp_path / "file.json.gz").read_bytes() == b"mine"
    assert not site.asked


def test_without_a_known_checksum_nothing_is_asked_for(source, site, tmp_path):
    unknown = replace(source, size=None, sha256=None)
    fails(ValueError, unknown, tmp_path, 'by hand from http.*mt.load."file.json.gz".* or give --sha256 and --size')
    assert not site.asked


# ---------------------------------------------------------------- archives


def archive(folder: Path, **files: str) -> Path:
    path = folder / "films.zip"
    with zipfile.ZipFile(path, "w") as content:
        for name, text in files.items():
            content.writestr(name.replace("__", "/"), text)
    return path


def test_an_archive_is_unpacked_beside_itself(tmp_path):
    path = archive(tmp_path, films__ratings="1,2,3", films__more__README="terms", elsewhere="not asked for")
    assert unpack(path, "films") == tmp_path / "films"
    assert (tmp_path / "films" / "more" / "README").read_text() == "terms"
    assert names(tmp_path) == {"films.zip", "films"}
    assert unpack(path, "films") == tmp_path / "films"  # and once more is no harm


@pytest.mark.parametrize("name", ["films/../../evil", "films/../evil", "films/link"])
def test_an_archive_that_reaches_out_is_refused(tmp_path, name):
    (tmp_path / "a").mkdir()
    path = tmp_path / "a" / "films.zip"
    member = zipfile.ZipInfo(name)
    member.external_attr = (stat.S_IFLNK if "link" in name else stat.S_IFREG) << 16
    with zipfile.ZipFile(path, "w") as content:
        content.writestr("films/ratings", "1")
        content.writestr(member, "/etc")
    with pytest.raises(ValueError, match="wants to write to") as caught:
        unpack(path, "films")
    one_sentence(str(caught.value))
    assert names(tmp_path) == {"a"}
    assert names(tmp_path / "a") == {"films.zip"}


def test_an_archive_that_grows_without_measure_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("mtsgns_lite.data.unpack.MOST", 1000)
    with pytest.raises(ValueError, match="would unpack to more"):
        unpack(archive(tmp_path, films__ratings="1" * 1001), "films")
    assert names(tmp_path) == {"films.zip"}


def test_an_archive_without_the_folder_is_refused(tmp_path):
    with pytest.raises(ValueError, match="holds no films"):
        unpack(archive(tmp_path, books__ratings="1"), "films")


def test_a_damaged_archive_leaves_no_half_folder(tmp_path):
    path = archive(tmp_path, films__a="1" * 5000, films__b="2" * 5000)
    path.write_bytes(path.read_bytes().replace(b"2" * 5000, b"2" * 4999 + b"3"))
    with pytest.raises(ValueError, match="can't be unpacked"):
        unpack(path, "films")
    assert names(tmp_path) == {"films.zip"}


def test_a_folder_of_that_name_that_is_another_is_left_alone(tmp_path):
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "ratings").write_text("mine")
    with pytest.raises(FileExistsError, match="move it away"):
        unpack(archive(tmp_path, films__ratings="1"), "films")
    assert (tmp_path / "films" / "ratings").read_text() == "mine"


# ---------------------------------------------------------------- the sources, and the command


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setattr(sources, "cache_folder", lambda part: tmp_path / "cache" / part)
    return tmp_path / "cache" / "downloads"


KNOWN = [*OTHERS.values(), *(find_source("amazon", name) for name, known in AMAZON_CATEGORIES.items() if known)]


@pytest.mark.parametrize("source", KNOWN, ids=lambda source: source.file)
def test_every_source_is_described_and_stands_in_the_readme(source):
    assert re.fullmatch("[0-9a-f]{64}", source.sha256)
    assert source.url.startswith("https://")
    assert source.terms
    assert source.citation
    readme = (ROOT / "data" / "README.md").read_text()
    (row,) = [line for line in readme.splitlines() if source.sha256 in line]
    assert f"{source.size:,}" in row
    assert source.file in row


@pytest.mark.parametrize("name", AMAZON_CATEGORIES)
def test_every_category_is_in_the_readme_and_the_listing(name):
    assert name in (ROOT / "data" / "README.md").read_text()
    assert name in sources.listing()


@pytest.mark.parametrize(
    ("asked", "pattern"),
    [
        (("amazn",), "did you mean amazon"),
        (("amazon",), "add one, as in `python -m mtsgns_lite data get amazon --category Video_Games`"),
        (("amazon", "video games"), "did you mean Video_Games"),
        (("amazon", "Cell Phones"), "did you mean Cell_Phones_and_Accessories"),
        (("amazon", "Clothing, Shoes & Jewelry"), "did you mean Clothing_Shoes_and_Jewelry"),
        (("amazon", "Xylophones"), r"no category 'Xylophones'"),
        (("movielens", "Drama"), "no categories"),
        (("movielens", None, "ab" * 32), "go together"),
        (("movielens", None, "xy" * 32, 5), "not a sha256"),
    ],
)
def test_a_source_that_there_is_not_is_said(asked, pattern):
    with pytest.raises(ValueError, match=pattern) as caught:
        find_source(*asked)
    one_sentence(str(caught.value))


def test_a_checksum_of_ones_own_counts():
    mine = find_source("amazon", "Books", "AB" * 32, 5)
    assert (mine.sha256, mine.size, mine.strict) == ("ab" * 32, 5, True)


@pytest.mark.parametrize(("name", "category"), [("movielens", None), ("online-retail", None), ("amazon", "Books")])
def test_a_file_that_is_not_here_comes_with_the_command_that_fetches_it(cache, name, category):
    with pytest.raises(FileNotFoundError, match=f"`{sources.command(name, category)}`") as caught:
        local_file(name, category)
    one_sentence(str(caught.value))
    cache.mkdir(parents=True)
    there = cache / find_source(name, category).result
    there.touch()
    assert local_file(name, category) == there


@pytest.fixture
def films(site, tmp_path, monkeypatch) -> Source:
    """The source "movielens", served on this machine."""
    ratings = "userId,movieId,rating,timestamp\n1,10,5,100\n1,20,3,200\n2,10,4,300\n"
    movies = "movieId,title,genres\n10,Jaws (1975),Action|Horror\n20,Heat (1995),Action\n"
    (tmp_path / "made").mkdir()
    path = archive(
        tmp_path / "made", **{"ml-latest-small__ratings.csv": ratings, "ml-latest-small__movies.csv": movies}
    )
    site.content = path.read_bytes()
    made = replace(
        OTHERS["movielens"],
        url=f"{site.address}/ml-latest-small.zip",
        size=len(site.content),
        sha256=hashlib.sha256(site.content).hexdigest(),
    )
    monkeypatch.setitem(OTHERS, "movielens", made)
    return made


def test_the_command_fetches_films_that_load_by_name_from_then_on(films, cache, capsys):
    assert main(["data", "get", "movielens"]) == 0
    shown = capsys.readouterr()
    assert 'mt.load("movielens")' in shown.out
    assert films.terms[:30] in shown.err
    data = mt.load("movielens")
    assert list(data.catalogue.names) == ["Jaws (1975)", "Heat (1995)"]
    assert names(cache) == {"ml-latest-small.zip", "ml-latest-small"}


def test_the_command_puts_it_where_it_is_told_to(films, cache, tmp_path, capsys):
    assert main(["data", "get", "movielens", "--folder", str(tmp_path / "mine")]) == 0
    assert f'mt.load("movielens", path="{tmp_path / "mine" / "ml-latest-small"}")' in capsys.readouterr().out
    assert not cache.exists()


def test_the_command_takes_a_checksum_and_refuses_what_differs(films, cache, capsys):
    assert main(["data", "get", "movielens", "--sha256", "0" * 64, "--size", "1000000"]) == 2
    assert "error: What came from" in capsys.readouterr().err
    assert not (cache / films.file).exists()


def test_the_command_without_a_name_lists_what_there_is(cache, capsys):
    assert main(["data", "get"]) == 0
    shown = capsys.readouterr().out
    assert "movielens        1.0 MB" in shown
    assert "Video_Games                 23.6 MB" in shown
    assert max(map(len, shown.splitlines()[:-1])) <= 80


def test_what_is_said_fits_the_terminal(source, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    about = download.about(find_source("movielens"), Path("folder"))
    assert max(len(line) for line in about.splitlines() if "http" not in line) <= 60
