"""The REST API as an application: routes by what they are about, one way to fail, and
what a server is asked by others.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from fastapi import FastAPI, Request, Response
from starlette.responses import JSONResponse

from agent.api import conversations, deploying, knowing, planning, problems, uploading
from agent.api.access import Access
from agent.api.describing import describe
from agent.api.guard import Guard
from agent.api.requests import PREFIX, Requests
from agent.runtime import Runtime
from agent.telemetry import exposition
from knowledge.database import Database
from knowledge.errors import CompassError
from tools.deploying.cut import cut_off

DESCRIPTION = """Planning and deployment of LLM inference, by the same engine and the same approvals as the
conversation.

Errors are `application/problem+json`. What changes a cluster needs an `Idempotency-Key`: the same
key again is the same request.
Times are in ms, rates in requests/s, costs in USD a month, unless a name says otherwise."""


def build_api(runtime: Runtime, host: str) -> FastAPI:
    """The application for a server that listens on `host`. Raises CompassError where
    that would let everybody in.
    """
    app = FastAPI(
        title="Compass",
        version="1",
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
    )
    app.state.runtime = runtime
    app.state.access = access = Access(runtime.settings, host)
    problems.install(app)
    for routes in (knowing, planning, uploading, deploying, conversations):
        app.include_router(routes.router, prefix=PREFIX)
    _health(app)
    describe(app, "/api/docs")
    app.add_middleware(Guard, access=access)
    app.add_middleware(Requests)
    return app


def _health(app: FastAPI) -> None:
    """Nothing here waits for the threads that other requests keep busy."""
    own = ThreadPoolExecutor(max_workers=2, thread_name_prefix="readiness")

    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> Response:
        """The process answers."""
        return JSONResponse({"status": "ok"})

    @app.get("/readyz", include_in_schema=False)
    async def readyz(request: Request) -> Response:
        """Its database answers as well. Where that is, and what is wrong with it, is for users alone.

        `cut_off` counts the applies that died half way and nobody has finished yet.
        """
        try:
            left = await asyncio.get_running_loop().run_in_executor(
                own, _cut_off, request.app.state.runtime.database
            )
        except CompassError as error:
            detail = (
                str(error) if request.app.state.access.is_user(request) else "The database doesn't answer."
            )
            return problems.answer(problems.ApiProblem(title=problems.TITLES[503], status=503, detail=detail))
        return JSONResponse({"status": "ready", "cut_off": left})

    @app.get("/metrics", include_in_schema=False)
    async def metrics(request: Request) -> Response:
        """For Prometheus; behind the same tokens as all else."""
        request.app.state.access.user(request)
        return Response(exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")


def _cut_off(database: Database) -> int:
    database.answer()
    return len(cut_off(database))
