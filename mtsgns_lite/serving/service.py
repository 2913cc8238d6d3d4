"""A small HTTP service on a `Live` version: /similar, /recommend, /cold, /health, and /docs.

What is asked is checked by types before it is looked at (see `questions`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated, NoReturn

from fastapi import Body, FastAPI, HTTPException, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from fastapi.routing import APIRoute
from fastapi_offline import FastAPIOffline
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..neighbours import Neighbours
from ..storage import library_version
from .live import Current, Live
from .questions import (
    MOST_BYTES,
    NOT_THERE,
    TOO_LONG,
    Answer,
    Baskets,
    Health,
    Id,
    Item,
    K,
    NewItem,
    User,
    sentence,
)  # fmt: skip
from .recommender import Recommender

ABOUT = """What is like an item, and what to offer a user, from vectors that were learned before.

404 is the answer to something that is not there (an item, a user, a trait), 422 to something that is not a question,
413 to too long a one; `detail` says in a sentence what was wrong.
"""

TAGS = [
    {"name": "Items", "description": "What is like an item, or would be like a new one."},
    {"name": "Users", "description": "What to offer a user."},
    {"name": "Service", "description": "Which version answers."},
]


def make_app(live: Live) -> FastAPI:
    """The service; it looks for new versions from its start to its end."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        live.start()
        yield
        live.stop()

    app = FastAPIOffline(
        docs_url="/docs", redoc_url=None, title="mtsgns_lite", version=library_version(), description=ABOUT,
        openapi_tags=TAGS, lifespan=lifespan,
        swagger_ui_parameters={"validatorUrl": None},  # which would be asked on the network
    )  # fmt: skip
    app.add_middleware(BodyLimit)
    app.add_exception_handler(RequestValidationError, _refused)

    @app.get("/", include_in_schema=False)
    async def root() -> RedirectResponse:
        return RedirectResponse("docs")  # relative: a proxy may have put the service under another path

    # Plain functions run in threads: a search that looks at every item holds nobody else up. A quick one is over before
    # a thread would have been woken for it, and again for what it found.
    @app.get("/health", tags=["Service"])
    def health() -> Health:
        """What answers, and since when."""
        now, embeddings = live.current, live.current.recommender.embeddings
        return Health(
            status="ok", version=now.version, since=now.since, items=len(now.recommender.index),
            dim=embeddings.vectors.shape[1], index=now.recommender.index.kind,
            users=0 if embeddings.users is None else len(embeddings.users), problem=live.problem,
        )  # fmt: skip

    @app.get("/similar", tags=["Items"], responses=NOT_THERE)
    async def similar(item: Annotated[Id, Query()], k: Annotated[K, Query()] = 10) -> Answer:
        """The items most like one."""
        now = live.current
        number = now.recommender.number(item)
        if number is None:
            _not_there([item])
        find = partial(_answer, now, lambda: now.recommender.similar(number, k))
        return find() if now.recommender.quick else await run_in_threadpool(find)

    @app.get("/recommend", tags=["Users"], responses=NOT_THERE)
    def recommend_user(user: Annotated[User, Query()], k: Annotated[K, Query()] = 10, again: bool = False) -> Answer:
        """What to offer a user whose vector is cached. `user` is the shop's own id, not a number of this service."""
        now = live.current
        return _answer(now, lambda: now.recommender.recommend_user(user, k, again))

    @app.post("/recommend", tags=["Users"], responses=NOT_THERE | TOO_LONG)
    def recommend(asked: Annotated[Baskets, Body()]) -> Answer:
        """What to offer a user who bought these baskets. Ids that are not known are left out, and named."""
        now = live.current
        known = [_known(now.recommender, basket) for basket in asked.baskets]
        unknown = sorted({item for _, missing in known for item in missing})
        rows = [numbers for numbers, _ in known if numbers]
        if not rows:
            _not_there(unknown)
        without = _known(now.recommender, asked.without)[0]
        return _answer(
            now, lambda: now.recommender.recommend(rows, asked.k, asked.again, without), unknown
        )  # fmt: skip

    @app.post("/cold", tags=["Items"], responses=NOT_THERE | TOO_LONG)
    def cold(asked: Annotated[NewItem, Body()]) -> Answer:
        """The items most like a new one, by its traits alone."""
        now = live.current
        return _answer(now, lambda: now.recommender.cold(asked.traits, asked.k))

    for route in app.routes:
        if isinstance(route, APIRoute) and route.include_in_schema:
            route.summary = route.description.partition(".")[0]
    return app


def _known(recommender: Recommender, items: list[str]) -> tuple[list[int], list[str]]:
    """The numbers of items, and the ids that are not there."""
    numbers = {item: recommender.number(item) for item in items}
    found = [number for number in numbers.values() if number is not None]
    return found, [item for item, number in numbers.items() if number is None]


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return JSONResponse({"detail": sentence(error.errors())}, 422)


def _not_there(items: list[str]) -> NoReturn:
    first, last = [repr(item) for item in items[:3]], f"one of {len(items) - 3} more"
    if len(items) <= 3:
        *first, last = first
    ids = f"{', '.join(first)} or {last}" if first else last
    raise HTTPException(404, f"No item has the id {ids}: ask for one of the catalogue.")


def _answer(now: Current, find: Callable[[], Neighbours], unknown: list[str] | None = None) -> Answer:
    try:
        found = find()
    except (KeyError, ValueError) as error:  # sentences for people, all on something that is not there
        raise HTTPException(404, str(error.args[0])) from error
    items = [Item(id=n.id, name=n.name, similarity=n.similarity, shared=n.shared) for n in found]
    return Answer(version=now.version, found=items, unknown=unknown or [])


class BodyLimit:
    """Refuses a body that is too long, by what it says of itself, and by what really comes."""

    def __init__(self, app: ASGIApp, most: int = MOST_BYTES):
        self.app, self.most = app, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        said = dict(scope["headers"]).get(b"content-length", b"0")
        if not said.isdigit() or int(said) > self.most:
            refusal = JSONResponse({"detail": f"At most {self.most:,} bytes may be sent."}, 413)
            return await refusal(scope, receive, send)
        come = 0

        async def counted() -> Message:
            nonlocal come
            message = await receive()
            come += len(message.get("body", b""))
            if come > self.most:
                raise HTTPException(413, f"At most {self.most:,} bytes may be sent.")
            return message

        await self.app(scope, counted, send)
