"""Sign up, log in, log out: native form posts, answered with a cookie and a full page load (sockets read cookies when they connect)."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from kametrix import db
from kametrix.api import forms
from kametrix.api.access import route
from kametrix.api.origin import is_own, own_path
from kametrix.api.responses import page
from kametrix.errors import Busy, KametrixError
from kametrix.services import password_resets, sessions, sign_in
from kametrix.services.access import PUBLIC
from kametrix.services.accounts import SignUp
from kametrix.settings import settings

CHECKS = db.Lane("sign-up", threads=1, waiting=20)
"""Measuring a password is slow and, so that typing errors cost nobody an attempt, not counted: it must not hold up log-ins."""
FOREIGN = "This form was sent from another site, so nothing was done. Open the page here and try again."
STILL_IN = "We could not log you out: our server is very busy. You are still logged in. Please go back and try again."


async def sign_up(request: Request) -> Response:
    """Make an account and enter it; back to the form with what is wrong otherwise."""
    if not is_own(request):
        return page("Nothing was done", FOREIGN, status=403)
    sent, browser = await forms.sent(request), forms.browser(request)
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
        return forms.back("/signup", sent, error)
    return forms.enter(token, own_path(sent.get("redirect")))


async def log_in(request: Request) -> Response:
    """Open a session and go where the person wanted; back to the form with one sentence for every reason otherwise."""
    if not is_own(request):
        return page("Nothing was done", FOREIGN, status=403)
    sent, browser = await forms.sent(request), forms.browser(request)
    email, password = sent.get("email", ""), sent.get("password", "")
    try:
        await db.run_platform(db.PAGES, sign_in.count_log_in, email, browser)
        token = await db.run_platform(db.SIGN_IN, sign_in.by_password, email, password, browser)
    except KametrixError as error:
        return forms.back("/login", sent, error)
    return forms.enter(token, own_path(sent.get("redirect")))


async def log_out(request: Request) -> Response:
    """End this browser's session. The cookie goes only when the session has ended."""
    if not is_own(request):
        return page("Nothing was done", FOREIGN, status=403)
    if (browser := forms.browser(request)).session:
        try:
            await db.run_platform(db.PAGES, sign_in.log_out, browser)
        except Busy:
            return page("Still logged in", STILL_IN, status=503)
    sent = await forms.sent(request)
    answer = RedirectResponse(own_path(sent.get("redirect"), default="/login"), 303)
    answer.delete_cookie(sessions.COOKIE, path="/", httponly=True, samesite="lax", secure=settings().is_production)
    return answer


async def reset(request: Request) -> Response:
    """Set a new password with the token of a link, and end every session; back to the form with what is wrong otherwise."""
    if not is_own(request):
        return page("Nothing was done", FOREIGN, status=403)
    sent, browser = await forms.sent(request), forms.browser(request)
    token = sent.get("token", "")[: password_resets.LONGEST_TOKEN]
    try:
        await db.run_platform(db.PAGES, password_resets.count, browser)
        await db.run_platform(db.SIGN_IN, password_resets.redeem, token, sent.get("password", ""), browser)
    except KametrixError as error:
        return forms.back("/reset", sent, error, token=token)
    answer = RedirectResponse("/reset?done=1", 303)
    answer.delete_cookie(sessions.COOKIE, path="/", httponly=True, samesite="lax", secure=settings().is_production)
    return answer


routes: list[Route] = [
    route("/auth/signup", sign_up, ["POST"], access=PUBLIC),
    route("/auth/login", log_in, ["POST"], access=PUBLIC),
    route("/auth/logout", log_out, ["POST"], access=PUBLIC),
    route("/auth/reset", reset, ["POST"], access=PUBLIC),
]
