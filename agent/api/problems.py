"""Errors of the API as problem+json (RFC 9457): what was wrong, where, what would be
accepted; never a traceback.
"""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from agent.api.requests import HEADER
from agent.words.checks import field_of, sentence
from knowledge.errors import CompassError

log = logging.getLogger("agent")
MEDIA_TYPE = "application/problem+json"


class FieldProblem(BaseModel):
    """One value that can't be."""

    field: str
    text: str


class ApiProblem(BaseModel):
    """`title` names the status, `detail` says what was wrong; `fields` each value that can't be.

    `approve` and `live` are what a deletion is to be sent with.
    """

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    fields: list[FieldProblem] = []
    approve: str | None = None
    live: str | None = None


class Wrong(Exception):
    """A problem with a status of its own."""

    def __init__(
        self, status: int, title: str, detail: str, headers: dict[str, str] | None = None, **more: str
    ) -> None:
        """`more` are further members of the problem."""
        super().__init__(detail)
        self.problem = ApiProblem.model_validate({"title": title, "status": status, "detail": detail, **more})
        self.headers = headers


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For a route's `responses`: these statuses answer with a problem."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ApiProblem"}}}
    return {status: {"description": TITLES[status], "content": content} for status in statuses}


TITLES = {
    400: "Bad request",
    401: "No valid token",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    408: "Too slow",
    409: "Conflict",
    410: "No longer there",
    413: "Too large",
    415: "Not JSON",
    422: "Can't be done as asked",
    428: "An idempotency key is needed",
    429: "Too many requests",
    500: "Internal error",
    502: "The endpoint failed",
    503: "Not available",
}


def answer(problem: ApiProblem, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse(
        problem.model_dump(exclude_none=True),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers=headers,
    )


def install(app: FastAPI) -> None:
    """Let every error of the application be answered as a problem, and its OpenAPI document say so."""
    plain = app.openapi

    def with_problems() -> dict[str, Any]:
        document = plain()
        schemas = ApiProblem.model_json_schema(ref_template="#/components/schemas/{model}")
        document["components"]["schemas"] |= schemas.pop("$defs", {}) | {"ApiProblem": schemas}
        return document

    app.openapi = with_problems  # type: ignore[method-assign]

    @app.exception_handler(CompassError)
    async def of_ours(request: Request, error: CompassError) -> JSONResponse:
        return answer(ApiProblem(title=TITLES[422], status=422, detail=str(error)))

    @app.exception_handler(Wrong)
    async def with_status(request: Request, error: Wrong) -> JSONResponse:
        return answer(error.problem, error.headers)

    @app.exception_handler(RequestValidationError)
    async def of_values(request: Request, error: RequestValidationError) -> JSONResponse:
        fields = [
            FieldProblem(
                field=".".join(str(p) for p in e["loc"]), text=sentence(e) if field_of(e) else str(e["msg"])
            )
            for e in error.errors()[:20]
        ]
        return answer(
            ApiProblem(
                title=TITLES[422], status=422, detail=f"{fields[0].field}: {fields[0].text}", fields=fields
            )
        )

    @app.exception_handler(HTTPException)
    async def of_http(request: Request, error: HTTPException) -> JSONResponse:
        title = TITLES.get(error.status_code, "Error")
        return answer(
            ApiProblem(title=title, status=error.status_code, detail=str(error.detail)),
            dict(error.headers or {}),
        )

    @app.exception_handler(Exception)
    async def of_ours_to_mend(request: Request, error: Exception) -> JSONResponse:
        log.exception("%s %s failed", request.method, request.url.path)
        # Answered outside of what puts the id into all other answers.
        headers = {HEADER: request.state.request_id} if hasattr(request.state, "request_id") else None
        detail = f"Something went wrong inside Compass ({type(error).__name__})."
        return answer(ApiProblem(title=TITLES[500], status=500, detail=detail), headers)
