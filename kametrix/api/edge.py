"""The outermost ASGI layer: proxy scheme, security and cache headers, body limits, request ids."""

import base64
import hashlib
import re
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kametrix.api.origin import own_origins
from kametrix.crypto import new_id
from kametrix.settings import settings

PAGE_LIMIT = 1_000_000
"""Bytes of a request body."""
LOGO_LIMIT = 2_100_000
"""Bytes of a picture that is sent as a logo: a little more than we take, so that the answer says so in words."""
WEBHOOK_LIMIT = 5_000_000
"""Bytes of a provider's message: end-of-call reports carry whole transcripts."""
WEBHOOKS = "/api/webhooks/"
INLINE_SCRIPT = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)
FONTS = "/fonts/"
OTHER_POLICY = "default-src 'none'; frame-ancestors 'none'"
"""For what is no page: nothing of it runs, should a browser open it as one."""


class EdgeMiddleware:
    """Wraps the whole application. `front_end` is the folder of the built pages; their inline scripts are allowed by hash."""

    def __init__(self, app: ASGIApp, *, front_end: Path | None = None) -> None:
        self.app, self.front_end = app, front_end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or socket."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        scope = behind_proxy(scope)
        if scope["type"] == "websocket":
            await self.app(scope, receive, send)
            return
        request_id = new_id()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            await self._answer(scope, receive, self._with_headers(scope, send, request_id))

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if "\x00" in scope["path"]:  # no text of the database and no file is called so
            await JSONResponse({"error": "There is nothing at this address.", "errors": {}}, status_code=404)(scope, receive, send)
            return
        limit = limit_of(scope["path"])
        limited = await within(limit, scope, receive)
        if limited is None:
            refusal = JSONResponse({"error": f"The request is larger than {limit // 1_000_000} MB.", "errors": {}}, status_code=413)
            await refusal(scope, receive, send)
        else:
            await self.app(scope, limited, send)

    def _with_headers(self, scope: Scope, send: Send, request_id: str) -> Send:
        async def out(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._fixed_headers.items():
                    headers.setdefault(name, value)
                headers["X-Request-Id"] = request_id
                if target := headers.get("location"):
                    headers["Location"] = at_home(target, scope)
                is_page = headers.get("content-type", "").startswith("text/html")
                if message["status"] != 304:  # it has no type, and its headers would replace those the browser keeps with the file
                    headers.setdefault("Content-Security-Policy", self._page_policy if is_page else OTHER_POLICY)
                _cache(scope["path"], message["status"], headers, is_page=is_page)
            await send(message)

        return out

    @cached_property
    def _page_policy(self) -> str:
        """Computed at the first page: the front end is built after this module is imported."""
        return content_policy(self.front_end, settings().public_url)

    @cached_property
    def _fixed_headers(self) -> dict[str, str]:
        headers = {
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Referrer-Policy": "strict-origin-when-cross-origin",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=(self), payment=()",
            "Cross-Origin-Opener-Policy": "same-origin",
        }
        if settings().is_production:
            headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
        return headers


def limit_of(path: str) -> int:
    """Bytes a request to this path may carry."""
    if path.startswith(WEBHOOKS):
        return WEBHOOK_LIMIT
    return LOGO_LIMIT if path == "/api/logos" else PAGE_LIMIT


def behind_proxy(scope: Scope) -> Scope:
    """The scheme our proxy was asked with; the header is believed only behind a configured proxy, as anyone can send it."""
    if not settings().trusted_proxy_hops or Headers(scope=scope).get("x-forwarded-proto") != "https":
        return scope
    return {**scope, "scheme": "https" if scope["type"] == "http" else "wss"}


def at_home(target: str, scope: Scope) -> str:
    """A redirect within the product, at an address of ours: the requested host is whatever the sender wrote."""
    asked = f"{scope['scheme']}://{Headers(scope=scope).get('host', '')}"
    if asked in own_origins() or not target.startswith(f"{asked}/"):
        return target
    return own_origins()[0] + target.removeprefix(asked)


async def within(limit: int, scope: Scope, receive: Receive) -> Receive | None:
    """`receive` for a body of at most `limit` bytes; none when it is larger.

    A declared length is enough (the server holds the sender to it); a body without one is read first: HTTP/1 marks it as
    chunked, HTTP/2 does not mark it.
    """
    headers = Headers(scope=scope)
    declared = headers.get("content-length", "")
    if declared.isdigit():
        return receive if int(declared) <= limit else None
    if "transfer-encoding" not in headers and scope["http_version"].startswith("1"):
        return receive
    messages: list[Message] = []
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        if size > limit:
            return None
        messages.append(message)
        more = message["type"] == "http.request" and message.get("more_body", False)

    async def replay() -> Message:
        return messages.pop(0) if messages else await receive()

    return replay


def content_policy(front_end: Path | None, public_url: str) -> str:
    """The Content-Security-Policy of our pages.

    Reflex sends toasts and script calls as text to evaluate, hence 'unsafe-eval'; Radix sets style attributes, hence
    'unsafe-inline' for styles alone. Inline scripts run only when they are in the build.
    """
    parts = urlsplit(public_url)
    socket = f"{'wss' if parts.scheme == 'https' else 'ws'}://{parts.netloc}"
    scripts = " ".join(f"'{digest}'" for digest in inline_scripts(front_end)) if front_end else ""
    rules = (
        "default-src 'self'",
        f"script-src 'self' 'unsafe-eval' {scripts}".strip(),
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "media-src 'self' blob:",
        f"connect-src 'self' {socket}",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
    )
    return "; ".join(rules)


def inline_scripts(front_end: Path) -> list[str]:
    """SHA-256 sources of every inline script of the built pages, each once."""
    scripts = {script for page in front_end.rglob("*.html") for script in INLINE_SCRIPT.findall(page.read_text())}
    return sorted(f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}" for script in scripts)


def _cache(path: str, status: int, headers: MutableHeaders, *, is_page: bool) -> None:
    """Hashed assets are kept for a year, fonts for a month; the rest is asked for anew. Pages are not kept: a kept one keeps its policy."""
    if path.startswith("/assets/") and status == 200:
        headers["Cache-Control"] = "public, max-age=31536000, immutable"
    elif path.startswith(FONTS) and status == 200:
        headers["Cache-Control"] = "public, max-age=2592000"
    elif is_page:
        headers["Cache-Control"] = "no-store"
    else:
        headers.setdefault("Cache-Control", "no-store" if path.startswith(("/api/", "/auth/")) else "no-cache")
