"""Sign up, log in, log out: native form posts, answered with a cookie and a full page load (sockets read cookies when they connect)."""

from urllib.parse import urlencode

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from kametrix import db
from kametrix.api.access import route
from kametrix.api.origin import client_address, is_own, own_path
from kametrix.api.responses import page
from kametrix.crypto import token_hash
from kametrix.errors import Busy, KametrixError
from kametrix.services import kept_forms, sessions, sign_in
from kametrix.services.access import PUBLIC
from kametrix.services.accounts import SignUp
from kametrix.services.sign_in import Browser
from kametrix.settings import settings

CHECKS = db.Lane("sign-up", threads=1, waiting=20)
"""Measuring a password is slow and, so that typing errors cost nobody an attempt, not counted: it must not hold up log-ins."""
FOREIGN = "This form was sent from another site, so nothing was done. Open the page here and try again."
BUSY = "Our server is very busy at the moment. What you typed is still here, except the password: please try again."
STILL_IN = "We could not log you out: our server is very busy. You are still logged in. Please go back and try again."


async def sign_up(request: Request) -> Response:
    """Make an account and enter it; back to the form with what is wrong otherwise."""
    if not is_own(request):
        return page("Nothing was done", FOREIGN, status=403)
    sent, browser = await _sent(request), _browser(request)
    form = SignUp(
        name=sent.get("name", ""),
        business=sent.get("business", ""),
        email=sent.get("email", ""),
        password=sent.get("password", ""),
        timezone=sent.get("timezone", ""),
    )
    try:
        checked = await CHECKS.run(form.checked)
        await db.run_platform(db.PAGES, sign_in.count_sign_up, browser)
        token = await db.run_platform(db.SIGN_IN, sign_in.by_sign_up, checked, browser)
    except KametrixError as error:
        return _back("/signup", sent, error)
    return _enter(token, own_path(sent.get("redirect")))


async def log_in(request: Request) -> Response:
    """Open a session and go where the person wanted; back to the form with one sentence for every reason otherwise."""
    if not is_own(request):
        return page("Nothing was done", FOREIGN, status=403)
    sent, browser = await _sent(request), _browser(request)
    email, password = sent.get("email", ""), sent.get("password", "")
    try:
        await db.run_platform(db.PAGES, sign_in.count_log_in, email, browser)
        token = await db.run_platform(db.SIGN_IN, sign_in.by_password, email, password, browser)
    except KametrixError as error:
        return _back("/login", sent, error)
    return _enter(token, own_path(sent.get("redirect")))


async def log_out(request: Request) -> Response:
    """End this browser's session. The cookie goes only when the session has ended."""
    if not is_own(request):
        return page("Nothing was done", FOREIGN, status=403)
    if hashed := _browser(request).session:
        try:
            await db.run_platform(db.PAGES, sessions.end, hashed)
        except Busy:
            return page("Still logged in", STILL_IN, status=503)
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(sessions.COOKIE, path="/", httponly=True, samesite="lax", secure=settings().is_production)
    return answer


async def _sent(request: Request) -> dict[str, str]:
    form = await request.form(max_files=0, max_fields=20)
    return {name: "" if isinstance(value, UploadFile) else value for name, value in form.items()}


def _browser(request: Request) -> Browser:
    token = request.cookies.get(sessions.COOKIE, "")
    return Browser(
        address=client_address(request),
        user_agent=request.headers.get("user-agent", "")[:400],
        session=token_hash(token) if token else "",
    )


def _enter(token: str, target: str) -> Response:
    answer = RedirectResponse(target, 303)
    answer.set_cookie(
        sessions.COOKIE, token, max_age=int(sessions.LONGEST.total_seconds()), path="/",
        httponly=True, samesite="lax", secure=settings().is_production,
    )  # fmt: skip
    answer.delete_cookie(kept_forms.COOKIE, path="/")
    return answer


def _back(form: str, sent: dict[str, str], error: KametrixError) -> Response:
    """To the form, with the reason and everything typed but the password."""
    values = {name: sent[name] for name in ("name", "business", "email") if sent.get(name)}
    message = BUSY if isinstance(error, Busy) else "" if error.errors else error.message
    kept = kept_forms.KeptForm(message=message, errors=error.errors, values=values)
    query = {"try": kept.key} | ({"redirect": own_path(sent["redirect"])} if sent.get("redirect") else {})
    answer = RedirectResponse(f"{form}?{urlencode(query)}", 303)
    answer.set_cookie(
        kept_forms.COOKIE, kept.sealed(), max_age=kept_forms.SECONDS, path="/",
        httponly=True, samesite="lax", secure=settings().is_production,
    )  # fmt: skip
    return answer


routes: list[Route] = [
    route("/auth/signup", sign_up, ["POST"], access=PUBLIC),
    route("/auth/login", log_in, ["POST"], access=PUBLIC),
    route("/auth/logout", log_out, ["POST"], access=PUBLIC),
]
