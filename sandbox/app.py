"""Composition: one Starlette app over one store, one clock and one switchboard."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox import control, control_stripe
from sandbox.clock import Clock
from sandbox.config import Config
from sandbox.console import pages
from sandbox.faults import Faults
from sandbox.mail.server import Handler, MailFaults, listen
from sandbox.store import Store
from sandbox.stripe import api as stripe_api
from sandbox.stripe import page as checkout_page
from sandbox.stripe.account import Account
from sandbox.vapi import api
from sandbox.vapi.delivery import Courier
from sandbox.vapi.recording import Recordings
from sandbox.vapi.resources import Resources, seed
from sandbox.vapi.switchboard import Switchboard

LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}


class Sandbox:
    """Everything a request handler may need."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.clock = Clock()
        self.store = Store(config.data)
        self.faults = Faults(self.clock)
        self.mail_faults = MailFaults()
        self.resources = Resources(self.store, self.clock)
        self.recordings = Recordings(config.data, config.public, self.store, self.clock)
        self.courier = Courier(self.store, self.clock)
        self.caller = Switchboard(self.store, self.clock, self.courier, self.recordings, config.llm, config.public)
        self.stripe = Account(self.store, self.clock, config)
        self.prepare()

    def prepare(self) -> None:
        """Numbers, and the credential and webhook endpoint of the environment."""
        seed(self.store, self.resources)
        if self.config.credential_id:
            facts = {"id": self.config.credential_id, "type": "bearer", "token": self.config.credential_token}
            self.store.put("credential", facts)
        self.stripe.prepare()

    async def reset(self) -> None:
        """As new: no assistants, calls, payments, faults; five numbers; real time."""
        await self.caller.close()
        await self.courier.stop()
        await self.stripe.reset()
        self.faults.clear()
        self.mail_faults.clear()
        self.clock.thaw()
        self.clock.set_speed(1.0)
        self.store.clear()
        self.prepare()


class LoopbackOnly:
    """Refuses requests under foreign host names and from foreign pages: no web site may drive the sandbox."""

    def __init__(self, app: ASGIApp, hosts: set[str]) -> None:
        self._app, self._hosts = app, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what comes from this machine's own pages and programs."""
        if scope["type"] == "http":
            request = Request(scope)
            origin = request.headers.get("origin")
            if not self._known(request.headers.get("host", "")) or (origin and not self._known(urlsplit(origin).netloc)):
                await PlainTextResponse("The sandbox answers this machine only.", 403)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _known(self, host: str) -> bool:
        return (host if host.endswith("]") else host.rsplit(":", 1)[0]) in self._hosts


def create_app(config: Config) -> Starlette:
    """The application; its state lives as long as its lifespan."""
    sandbox = Sandbox(config)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        sandbox.caller.close_interrupted()
        sandbox.courier.resume()
        sandbox.stripe.start()
        handler = Handler(sandbox.store, sandbox.clock, sandbox.mail_faults)
        mail = await listen(handler, config.smtp_port) if config.smtp_port else None
        yield
        if mail:
            mail.close()
        await sandbox.caller.close()
        await sandbox.courier.close()
        await sandbox.stripe.close()
        sandbox.store.close()

    async def recording(request: Request) -> Response:
        call_id, query = request.path_params["id"], request.query_params
        if not sandbox.recordings.is_signed(call_id, query.get("expires", ""), query.get("signature", "")):
            return PlainTextResponse("The signature is wrong or has expired.", 403)
        path = sandbox.recordings.file(call_id)
        return FileResponse(path, media_type="audio/wav") if path else PlainTextResponse("No such recording.", 404)

    async def storage(_: Request) -> Response:
        return PlainTextResponse("InvalidArgument: Authorization", 400)

    routes: list[BaseRoute] = [
        *api.routes(sandbox),
        *stripe_api.routes(sandbox),
        *checkout_page.routes(sandbox),
        *control.routes(sandbox),
        *control_stripe.routes(sandbox),
        Route("/recordings/{id}.wav", recording),
        Route("/storage/{name}", storage),
        *pages.routes(sandbox),
    ]
    hosts = LOOPBACK | {urlsplit(config.public).hostname or "localhost"}
    return Starlette(routes=routes, lifespan=lifespan, middleware=[Middleware(LoopbackOnly, hosts=hosts)])
