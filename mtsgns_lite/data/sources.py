"""Where the data sets are that we do not ship, and how the right file is told from a wrong one."""

from __future__ import annotations

import difflib
import re
import textwrap
from dataclasses import dataclass, replace
from pathlib import Path

from ..cache import cache_folder

GET = "python -m mtsgns_lite data get"


@dataclass(frozen=True)
class Source:
    """A file to be had from somebody else.

    name, title : how it is asked for, and what it holds.
    url : where it is.
    terms, citation : what has to be known before it is fetched.
    size, sha256 : its bytes and their checksum; None where nobody has recorded them.
    strict : whether a file that differs is refused. Where the checksum is only known from a third party's copy,
        it is kept with a warning instead.
    inside : what is unpacked from it, if it is an archive: a folder or a file, put beside it.
    """

    name: str
    title: str
    url: str
    terms: str
    citation: str
    size: int | None = None
    sha256: str | None = None
    strict: bool = False
    inside: str | None = None

    @property
    def file(self) -> str:
        """The file's name on disk."""
        return self.url.rsplit("/", 1)[-1]

    @property
    def result(self) -> str:
        """The name of what is read in the end: the file, or what is unpacked from it."""
        return self.inside or self.file


AMAZON = Source(
    name="amazon",
    title="products of Amazon until 2014, and what goes with what",
    url="https://snap.stanford.edu/data/amazon/productGraph/categoryFiles/meta_{}.json.gz",
    terms="No licence comes with it: J. McAuley collected it from Amazon for research. Use it for that, and do not "
    "pass it on.",
    citation="J. McAuley, C. Targett, Q. Shi, A. van den Hengel: Image-based Recommendations on Styles and "
    "Substitutes, SIGIR 2015.",
)
# Bytes and sha256 of those that somebody has recorded (who: data/README.md); the other categories have none.
AMAZON_CATEGORIES: dict[str, tuple[int, str] | None] = {
    "Amazon_Instant_Video": None,
    "Apps_for_Android": None,
    "Automotive": None,
    "Baby": None,
    "Beauty": (99_156_148, "c7977dc0e0ead14ac7df8c1c6de74da00e4bebfad87a0f0c5763d4c5bc9b53a0"),
    "Books": None,
    "CDs_and_Vinyl": (146_331_112, "81f7c941bd1fcce57125a277b4974573436fff68be705c47968edb7a6f3be4a2"),
    "Cell_Phones_and_Accessories": (93_960_947, "71dd91522ece7d4f18184b15f3110d4c77d909c5475745b6019a91497393bb39"),
    "Clothing_Shoes_and_Jewelry": (280_989_093, "5c3eb997cae891aeb646acaa05550b927cb205e5a3ead9d771d3f529110009c0"),
    "Digital_Music": None,
    "Electronics": (186_594_679, "4d01fff21369dabed5a893861cd0f72359a77971c69181d680a44faa55d91ac8"),
    "Grocery_and_Gourmet_Food": None,
    "Health_and_Personal_Care": None,
    "Home_and_Kitchen": (152_367_034, "49f303659700943526c39ab3aaa7e9efdd591e0edd69da0ad273f36976d4e684"),
    "Kindle_Store": (166_661_277, "53ae0ea244fc2457736239e018bc351f7230cba4e3e754d56f46d45a1f548acd"),
    "Movies_and_TV": None,
    "Musical_Instruments": None,
    "Office_Products": None,
    "Patio_Lawn_and_Garden": None,
    "Pet_Supplies": None,
    "Sports_and_Outdoors": (183_143_051, "677108a0fe0f47cce08885a348879a5a89dd69e75fbc5d66410ae436750df086"),
    "Tools_and_Home_Improvement": None,
    "Toys_and_Games": None,
    "Video_Games": (23_557_720, "b7bf4c724632874b931056e48957775822c6f0c9092f5bbf2d449694bec36180"),
}
OTHERS = {
    "movielens": Source(
        name="movielens",
        title="100,836 ratings of 9,742 films with genres (2018)",
        url="https://files.grouplens.org/datasets/movielens/ml-latest-small.zip",
        terms="Research only: no commerce without GroupLens' permission, passed on only under the same terms; read "
        "the README inside.",
        citation="F. M. Harper, J. A. Konstan: The MovieLens Datasets: History and Context, ACM TiiS 5(4), 2015.",
        size=978_202,
        sha256="696d65a3dfceac7c45750ad32df2c259311949efec81f0f144fdfb91ebc9e436",
        strict=True,
        inside="ml-latest-small",
    ),
    "online-retail": Source(
        name="online-retail",
        title="541,909 invoice lines of a British gift shop (2011)",
        url="https://archive.ics.uci.edu/static/public/352/online+retail.zip",
        terms="CC BY 4.0: free to use for anything, with the source named.",
        citation="D. Chen, S. L. Sain, K. Guo: Data mining for the online retail industry, Journal of Database "
        "Marketing & Customer Strategy Management 19(3), 2012; UCI Machine Learning Repository, doi 10.24432/C5BW33.",
        size=23_715_478,
        sha256="f5385cbb54bbebf7196389109c6b0621faab0c304e3702548165e71c84aede8b",
        inside="Online Retail.xlsx",
    ),
}
NAMES = (AMAZON.name, *OTHERS)


def find_source(name: str, category: str | None = None, sha256: str | None = None, size: int | None = None) -> Source:
    """The source of that name, and of that category for amazon; `sha256` and `size` stand in for those known here.

    Raises ``ValueError`` for a name, category or checksum that can't be, with the nearest one that there is.
    """
    if name not in NAMES:
        raise ValueError(f"There is no source called {name!r}{_nearest(name, NAMES)}: take {', '.join(NAMES)}.")
    if name != AMAZON.name and category is not None:
        raise ValueError(f"{name} has no categories: leave --category out.")
    source = OTHERS[name] if name != AMAZON.name else _amazon(category)
    if (sha256 is None) != (size is None):
        raise ValueError("A checksum and a size go together: give both --sha256 and --size, or neither.")
    if sha256 is None or size is None:
        return source
    if not re.fullmatch(r"[0-9a-fA-F]{64}", sha256):
        raise ValueError(f"{sha256!r} is not a sha256: that has 64 digits of 0-9 and a-f.")
    return replace(source, sha256=sha256.lower(), size=size, strict=True)


def _amazon(category: str | None) -> Source:
    if category is None:
        raise ValueError(f"Amazon's files come by category: add one, as in `{command('amazon', 'Video_Games')}`.")
    if category not in AMAZON_CATEGORIES:
        nearest = _nearest(category, AMAZON_CATEGORIES)
        raise ValueError(f"Amazon has no category {category!r}{nearest}: `{GET}` lists them.")
    size, sha256 = AMAZON_CATEGORIES[category] or (None, None)
    return replace(AMAZON, url=AMAZON.url.format(category), size=size, sha256=sha256)


def command(name: str, category: str | None = None) -> str:
    """What to type to fetch a source."""
    return f"{GET} {name}" + (f" --category {category}" if category else "")


def megabytes(size: int) -> str:
    """A size as people say it."""
    return f"{size / 1e6:,.1f} MB" if size >= 50_000 else f"{size:,} bytes"


def downloads_folder() -> Path:
    """Where downloads land when no other folder is asked for."""
    return cache_folder("downloads")


def local_file(name: str, category: str | None = None) -> Path:
    """Where a source's file (or what was unpacked from it) is in the user's cache folder.

    Raises ``FileNotFoundError`` that says how to fetch it when it isn't there; ``ValueError`` as `find_source` does.
    """
    path = downloads_folder() / find_source(name, category).result
    if not path.exists():
        raise FileNotFoundError(f"{path.name} is not on this machine: fetch it with `{command(name, category)}`.")
    return path


def load_call(name: str, category: str | None = None, path: Path | None = None) -> str:
    """The line of Python that loads a source once it is here; `path` where it is not in the user's cache folder."""
    if name == AMAZON.name:
        return f'mt.load("{path}")' if path else f'mt.load("amazon", category="{category}")'
    return f'mt.load("{name}"' + (f', path="{path}")' if path else ")")


def listing() -> str:
    """Everything that can be fetched, with sizes."""
    rows = [f"{name:<15}{megabytes(source.size or 0):>8}   {source.title}" for name, source in OTHERS.items()]
    known = {category: entry for category, entry in AMAZON_CATEGORIES.items() if entry}
    rows.append(f"{AMAZON.name + ' --category':<26}{AMAZON.title}")
    rows += [f"  {category:<27}{megabytes(size):>8}" for category, (size, _) in known.items()]
    others = ", ".join(category for category in AMAZON_CATEGORIES if category not in known)
    text = f"No checksum is recorded of {others}: these want your own --sha256 and --size, or fetching by hand."
    return "\n".join([*rows, *textwrap.wrap(text, 76, initial_indent="  ", subsequent_indent="  ")])


def _nearest(word: str, known) -> str:
    plain = {name.lower(): name for name in known}
    found = difflib.get_close_matches(re.sub(r"\W+", "_", word.lower().replace("&", "and")), plain, n=1, cutoff=0.5)
    return f" (did you mean {plain[found[0]]}?)" if found else ""
