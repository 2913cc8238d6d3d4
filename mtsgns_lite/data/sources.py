"""Where the data sets are that we may not ship, and how a file of theirs is told from a wrong one."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

from ..cache import cache_folder

GET = "python -m mtsgns_lite data get"


@dataclass(frozen=True)
class Source:
    """A file to be had from somebody else.

    url : where it is.
    size, sha256 : its bytes and their checksum; None where nobody has recorded them.
    official : whether whoever publishes the file publishes the checksum, too. One from a third party's copy is worth
        a warning, no more.
    terms, citation : what has to be known before fetching it.
    inside : what local_file() gives when the file is an archive that is unpacked next to itself.
    """

    name: str
    url: str
    terms: str
    citation: str
    size: int | None = None
    sha256: str | None = None
    official: bool = False
    inside: str | None = None

    @property
    def file(self) -> str:
        """The name of the file on disk."""
        return self.url.rsplit("/", 1)[-1]


AMAZON_ADDRESS = "http://snap.stanford.edu/data/amazon/productGraph/categoryFiles/meta_{}.json.gz"
AMAZON_TERMS = "For research, not for commerce: what Amazon's shop showed until July 2014, collected by J. McAuley."
AMAZON_CITATION = (
    "J. McAuley, C. Targett, Q. Shi, A. van den Hengel: Image-based recommendations on styles and substitutes, "
    "SIGIR 2015."
)
# By category, where they are known: bytes and sha256, taken from third parties' copies (data/README.md).
AMAZON_KNOWN = {
    "Cell_Phones_and_Accessories": (93_960_947, "71dd91522ece7d4f18184b15f3110d4c77d909c5475745b6019a91497393bb39"),
    "Electronics": (186_594_679, "4d01fff21369dabed5a893861cd0f72359a77971c69181d680a44faa55d91ac8"),
    "Video_Games": (23_557_720, "b7bf4c724632874b931056e48957775822c6f0c9092f5bbf2d449694bec36180"),
}
AMAZON_CATEGORIES = (
    "Amazon_Instant_Video",
    "Apps_for_Android",
    "Automotive",
    "Baby",
    "Beauty",
    "Books",
    "CDs_and_Vinyl",
    "Cell_Phones_and_Accessories",
    "Clothing_Shoes_and_Jewelry",
    "Digital_Music",
    "Electronics",
    "Grocery_and_Gourmet_Food",
    "Health_and_Personal_Care",
    "Home_and_Kitchen",
    "Kindle_Store",
    "Movies_and_TV",
    "Musical_Instruments",
    "Office_Products",
    "Patio_Lawn_and_Garden",
    "Pet_Supplies",
    "Sports_and_Outdoors",
    "Tools_and_Home_Improvement",
    "Toys_and_Games",
    "Video_Games",
)
SINGLE = {
    "movielens": Source(
        "movielens",
        "https://files.grouplens.org/datasets/movielens/ml-latest-small.zip",
        "Not for commerce without permission of GroupLens, and not to be passed on: read the README inside.",
        "F. M. Harper, J. A. Konstan: The MovieLens Datasets: History and Context, ACM TiiS 5(4), 2015.",
        978_202,
        "696d65a3dfceac7c45750ad32df2c259311949efec81f0f144fdfb91ebc9e436",
        inside="ml-latest-small",
    ),
    "online-retail": Source(
        "online-retail",
        "https://archive.ics.uci.edu/static/public/352/online+retail.zip",
        "CC BY 4.0: use it freely and name the source.",
        "D. Chen, S. L. Sain, K. Guo: Data mining for the online retail industry, Journal of Database Marketing and "
        "Customer Strategy Management 19(3), 2012; UCI Machine Learning Repository, doi 10.24432/C5BW33.",
        inside="Online Retail.xlsx",
    ),
}
NAMES = ("amazon", *SINGLE)


def find_source(name: str, category: str | None = None) -> Source:
    """The source that is called so; amazon has one for each category.

    Raises ``ValueError`` for a name or a category that there isn't, with the nearest one that there is.
    """
    if name not in NAMES:
        raise ValueError(f"There is no source called {name!r}{_nearest(name, NAMES)}: take {', '.join(NAMES)}.")
    if name != "amazon":
        if category is not None:
            raise ValueError(f"{name} has no categories: leave --category out.")
        return SINGLE[name]
    if category is None:
        raise ValueError(f"Amazon's files come by category: add --category, one of {', '.join(AMAZON_CATEGORIES)}.")
    if category not in AMAZON_CATEGORIES:
        nearest = _nearest(category, AMAZON_CATEGORIES)
        raise ValueError(f"Amazon has no category {category!r}{nearest}: `{GET}` lists them.")
    known = AMAZON_KNOWN.get(category, (None, None))
    return Source("amazon", AMAZON_ADDRESS.format(category), AMAZON_TERMS, AMAZON_CITATION, *known)


def command(name: str, category: str | None = None) -> str:
    """What to type to fetch a source."""
    return f"{GET} {name}" + (f" --category {category}" if category else "")


def local_file(name: str, category: str | None = None) -> Path:
    """Where the file (or unpacked folder) of a source lies in the user's cache folder.

    Raises ``FileNotFoundError`` that says how to fetch it when it isn't there; ``ValueError`` as `find_source` does.
    """
    source = find_source(name, category)
    path = cache_folder("downloads") / (source.inside or source.file)
    if not path.exists():
        raise FileNotFoundError(f"{path.name} is not on this machine: fetch it with `{command(name, category)}`.")
    return path


def _nearest(word: str, known: tuple[str, ...]) -> str:
    plain = {name.lower(): name for name in known}
    found = difflib.get_close_matches(word.lower().replace(" ", "_").replace("&", "and"), plain, n=1, cutoff=0.5)
    return f" (did you mean {plain[found[0]]}?)" if found else ""
