"""Logos of organizations: taken from our own pages, drawn anew, and served for ever under the digest of what was drawn.

Not by Reflex's upload: that endpoint knows a client token only, checks no permission and keeps files as they came.
"""

from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kametrix import db
from kametrix.api.access import route
from kametrix.services import branding
from kametrix.services.access import PUBLIC

DRAWING: Final = db.Lane("logos", threads=1, waiting=8)
"""One picture at a time, so that large ones never fill the memory."""


async def upload(request: Request) -> Response:
    """Make the body, a picture file, the logo of the sender's organization. Answers its address; 422 says what is wrong with it."""
    file = await request.body()
    image = await DRAWING.run(branding.drawn, file)
    address = await db.run(branding.save_logo, request.state.principal.actor, image)
    return JSONResponse({"logo": address})


async def logo(request: Request) -> Response:
    """The picture: always a PNG of our own making, and never another under the same address."""
    digest = str(request.path_params["digest"])
    image = await db.run_platform(db.PAGES, branding.image_of, digest)
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "ETag": f'"{digest}"'}
    return Response(image, media_type="image/png", headers=headers)


routes = (
    route("/api/logos", upload, ["POST"], access="organization:write"),
    route("/api/logos/{digest}", logo, ["GET"], access=PUBLIC),
)
