"""What the service may be asked, and what it answers, as types: they are its checks and its documentation at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

MOST_FOUND, MOST_BASKETS, MOST_ITEMS, MOST_TRAITS = 100, 50, 200, 50
MOST_BYTES = 1 << 18

Id = Annotated[str, Field(min_length=1, max_length=200, description="an item's id")]
User = Annotated[
    str,
    Field(
        min_length=1, max_length=200,
        description="the user's id, as the shop's own data has it; where that names no users, their number from 0 on",
    ),
]  # fmt: skip
Text = Annotated[str, Field(min_length=1, max_length=200)]
K = Annotated[int, Field(ge=1, le=MOST_FOUND, description="how many items to find")]
KInBody = Annotated[K, BeforeValidator(lambda k: int(k) if isinstance(k, float) and k.is_integer() else k)]  # 5.0: JSON
Basket = Annotated[list[Id], Field(min_length=1, max_length=MOST_ITEMS)]


class Asked(BaseModel):
    """What all questions share: a field that is not known is a mistake, not something to skip."""

    model_config = ConfigDict(extra="forbid", strict=True)
    k: KInBody = 10


class Baskets(Asked):
    """A user's baskets, the oldest first."""

    baskets: Annotated[list[Basket], Field(min_length=1, max_length=MOST_BASKETS)]
    again: Annotated[bool, Field(description="may what was bought be recommended again?")] = False
    without: Annotated[list[Id], Field(max_length=MOST_ITEMS, description="items not to recommend")] = []


class NewItem(Asked):
    """A new item's traits, such as {"brand": "Acme", "tags": ["new", "sale"]}."""

    traits: Annotated[
        dict[Text, Text | Annotated[list[Text], Field(min_length=1, max_length=20)]],
        Field(min_length=1, max_length=MOST_TRAITS),
    ]


class Item(BaseModel):
    """An item that was found, its cosine similarity, and the traits it shares with the item asked for."""

    id: str
    name: str
    similarity: float
    shared: dict[str, str] = {}


class Answer(BaseModel):
    """The items found, from the nearest on, by which version; `unknown` are ids that it does not hold."""

    version: str
    found: list[Item]
    unknown: list[str] = []


class Health(BaseModel):
    """What answers, since when; `problem` says why a newer version was not taken up."""

    status: str
    version: str
    since: str
    items: int
    dim: int
    index: str
    users: int
    problem: str | None


class Problem(BaseModel):
    """What was wrong, as a sentence."""

    detail: str


NOT_THERE: dict[int | str, dict] = {
    404: {"model": Problem, "description": "An item, user or trait that is not there"},
    422: {"model": Problem, "description": "Not a question, or too much of one"},
}
TOO_LONG: dict[int | str, dict] = {
    413: {"model": Problem, "description": f"A question of more than {MOST_BYTES:,} bytes"},
    400: {"model": Problem, "description": "A question that can't be read"},
}


def sentence(errors: Sequence[Any]) -> str:
    """The first of pydantic's errors as a sentence, such as ``k: Input should be less than or equal to 100.``

    What was sent is not repeated: a NaN or half a surrogate pair in it could not be sent back as JSON.
    """
    if errors[0]["type"] == "json_invalid":
        return "The body is not JSON."
    place = [str(part) for part in errors[0]["loc"] if part != "constrained-str" and not str(part).startswith("list[")]
    where = ".".join(place[1:] or place)[:200].encode("utf-8", "backslashreplace").decode()
    return f"{where}: {errors[0]['msg']}."
