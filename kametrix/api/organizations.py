"""Forms after which a person works elsewhere: a new organization, another one, an accepted invitation. Answered with a full page load."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from kametrix import db
from kametrix.api import forms
from kametrix.api.access import route
from kametrix.api.auth import CHECKS, FOREIGN
from kametrix.api.origin import is_own, own_path
from kametrix.api.responses import page
from kametrix.errors import KametrixError
from kametrix.services import invitations, organizations, sign_in
from kametrix.services.access import PUBLIC, SIGNED_IN
from kametrix.services.accounts import SignUp
from kametrix.services.invitations import LinkState
from kametrix.services.live import announce


async def switch(request: Request) -> Response:
    """Work in another of one's own organizations."""
    sent = await forms.sent(request)
    await db.run_platform(db.PAGES, organizations.switch, request.state.principal.actor, sent.get("organization", ""))
    return RedirectResponse(own_path(sent.get("redirect")), 303)


async def create(request: Request) -> Response:
    """Make an organization and work in it; back to the form with what is wrong otherwise."""
    sent, actor = await forms.sent(request), request.state.principal.actor
    try:
        name = organizations.checked_name(sent.get("name", ""))
        await db.run_platform(db.PAGES, organizations.count_new, actor)
        await db.run_platform(db.PAGES, organizations.create, actor, name, sent.get("timezone", ""))
    except KametrixError as error:
        return forms.back("/organizations/new", sent, error)
    return RedirectResponse("/dashboard", 303)


async def accept(request: Request) -> Response:
    """Join with the account one is logged in with; a link that no longer works is explained on its page."""
    sent = await forms.sent(request)
    token = sent.get("token", "")
    try:
        organization_id = await db.run_platform(db.PAGES, invitations.accept, request.state.principal.actor, token)
    except KametrixError as error:
        return forms.back("/invite", {}, error, token=token[:200])
    announce(organization_id)
    return RedirectResponse("/dashboard", 303)


async def join(request: Request) -> Response:
    """Join with a new account for the invited address."""
    if not is_own(request):
        return page("Nothing was done", FOREIGN, status=403)
    sent, browser = await forms.sent(request), forms.browser(request)
    token = sent.get("token", "")
    try:
        link = await db.run_platform(db.PAGES, invitations.look, token)
        if link.state != LinkState.OPEN:
            return RedirectResponse(f"/invite?token={token}" if link.state != LinkState.GARBLED else "/invite", 303)
        form = SignUp(sent.get("name", ""), "", link.email, sent.get("password", ""), sent.get("timezone", ""))
        checked = await CHECKS.run(form.checked)
        await db.run_platform(db.PAGES, sign_in.count_sign_up, browser)
        session, organization_id = await db.run_platform(db.SIGN_IN, sign_in.by_invitation, token, checked, browser)
    except KametrixError as error:
        return forms.back("/invite", sent, error, token=token[:200])
    announce(organization_id)
    return forms.enter(session, "/dashboard")


routes: list[Route] = [
    route("/auth/organization", switch, ["POST"], access=SIGNED_IN),
    route("/auth/organization/new", create, ["POST"], access=SIGNED_IN),
    route("/auth/invitation", accept, ["POST"], access=SIGNED_IN),
    route("/auth/invitation/new", join, ["POST"], access=PUBLIC),
]
