"""Native forms: what was posted, back to a refused one with everything typed, into the product with a cookie."""

from urllib.parse import urlencode

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from kametrix.api.origin import client_address, own_path
from kametrix.crypto import token_hash
from kametrix.errors import Busy, KametrixError
from kametrix.services import kept_forms, sessions
from kametrix.services.browser import Browser
from kametrix.settings import settings

BUSY = "Our server is very busy at the moment. What you typed is still here, except the password: please try again."


async def sent(request: Request) -> dict[str, str]:
    """The fields of a posted form; files are not taken."""
    fields = await request.form(max_files=0, max_fields=20)
    return {name: "" if isinstance(value, UploadFile) else value for name, value in fields.items()}


def browser(request: Request) -> Browser:
    """Where the request comes from."""
    token = request.cookies.get(sessions.COOKIE, "")
    return Browser(
        address=client_address(request),
        user_agent=request.headers.get("user-agent", "")[:400],
        session=token_hash(token) if token else "",
    )


def enter(token: str, target: str) -> Response:
    """Into the product, with the cookie of a new session."""
    answer = RedirectResponse(target, 303)
    answer.set_cookie(
        sessions.COOKIE, token, max_age=int(sessions.LONGEST.total_seconds()), path="/",
        httponly=True, samesite="lax", secure=settings().is_production,
    )  # fmt: skip
    answer.delete_cookie(kept_forms.COOKIE, path="/")
    return answer


def back(form: str, sent: dict[str, str], error: KametrixError, **query: str) -> Response:
    """To the form at this address, with the reason and everything typed but the password. `query` is the form's own."""
    values = {name: sent[name] for name in ("name", "business", "email") if sent.get(name)}
    message = BUSY if isinstance(error, Busy) else "" if error.errors else error.message
    kept = kept_forms.KeptForm(message=message, errors=error.errors, values=values)
    query |= {"try": kept.key} | ({"redirect": own_path(sent["redirect"])} if sent.get("redirect") else {})
    answer = RedirectResponse(f"{form}?{urlencode(query)}", 303)
    answer.set_cookie(
        kept_forms.COOKIE, kept.sealed(), max_age=kept_forms.SECONDS, path="/",
        httponly=True, samesite="lax", secure=settings().is_production,
    )  # fmt: skip
    return answer
