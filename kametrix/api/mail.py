"""What links in e-mails do: confirm an address, ask for a new password, turn warnings and statements off.

Opening a link (GET) changes nothing: programs that scan mail open links. Only RFC 8058's one-click POST, which mail programs send
by themselves for a person, comes without our page.
"""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from kametrix import db
from kametrix.api import forms
from kametrix.api.access import SIGNED, route
from kametrix.api.auth import FOREIGN
from kametrix.api.origin import is_own
from kametrix.api.responses import page
from kametrix.errors import KametrixError
from kametrix.services import email_confirmation, password_requests, unsubscribing
from kametrix.services.access import PUBLIC

LONGEST_TOKEN = 200


async def confirm(request: Request) -> Response:
    """The address is theirs; back to the page with why not otherwise."""
    if not is_own(request):
        return page("Nothing was done", FOREIGN, status=403)
    sent, browser = await forms.sent(request), forms.browser(request)
    token = sent.get("token", "")[:LONGEST_TOKEN]
    try:
        await db.run_platform(db.PAGES, email_confirmation.count, browser)
        await db.run_platform(db.PAGES, email_confirmation.confirm, token, browser)
    except KametrixError as error:
        return forms.back("/confirm", {}, error, token=token)
    return RedirectResponse(f"/confirm?{urlencode({'token': token})}", 303)


async def forgotten(request: Request) -> Response:
    """Note the request; the answer is the same whether the address has an account or not."""
    if not is_own(request):
        return page("Nothing was done", FOREIGN, status=403)
    sent, browser = await forms.sent(request), forms.browser(request)
    email = sent.get("email", "")
    try:
        await db.run_platform(db.PAGES, password_requests.count, email, browser)
        await db.run_platform(db.PAGES, password_requests.ask, email, browser)
    except KametrixError as error:
        return forms.back("/forgot", {"email": email}, error)
    return RedirectResponse("/forgot?sent=1", 303)


async def unsubscribe(request: Request) -> Response:
    """The page's button: no more warnings and statements for the person of the link."""
    if not is_own(request):
        return page("Nothing was done", FOREIGN, status=403)
    token = (await forms.sent(request)).get("token", "")[:LONGEST_TOKEN]
    try:
        await db.run_platform(db.PAGES, unsubscribing.unsubscribe, token)
    except KametrixError as error:
        return forms.back("/unsubscribe", {}, error, token=token)
    return RedirectResponse(f"/unsubscribe?{urlencode({'token': token, 'done': '1'})}", 303)


async def one_click(request: Request) -> Response:
    """A mail program unsubscribes its person (RFC 8058). 401 for a link that is not ours."""
    await db.run_platform(db.PAGES, unsubscribing.unsubscribe, request.query_params.get("token", ""))
    return JSONResponse({"unsubscribed": True})


async def to_page(request: Request) -> Response:
    """A person who opened the same address: the page with the button."""
    token = request.query_params.get("token", "")[:LONGEST_TOKEN]
    return RedirectResponse(f"/unsubscribe?{urlencode({'token': token})}", 303)


routes: tuple[Route, ...] = (
    route("/auth/confirm", confirm, ["POST"], access=PUBLIC),
    route("/auth/forgot", forgotten, ["POST"], access=PUBLIC),
    route("/auth/unsubscribe", unsubscribe, ["POST"], access=PUBLIC),
    route("/api/mail/unsubscribe", one_click, ["POST"], access=SIGNED),
    route("/api/mail/unsubscribe", to_page, ["GET"], access=PUBLIC),
)
