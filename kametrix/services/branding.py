"""Logo and colour of an organization. A logo is never served as it came: it is drawn anew, small, without anything else in the file."""

import hashlib
import re
import struct
import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from PIL import Image, ImageOps, ImageStat
from sqlmodel import Session, col, select

from kametrix import clock
from kametrix.errors import Invalid, NotFound
from kametrix.models import Organization, OrganizationLogo
from kametrix.services import audit
from kametrix.services.access import PUBLIC, Actor, allows, open_to, scoped

MAX_BYTES: Final = 2_000_000
MAX_PIXELS: Final = 16_000_000
"""Pixels of a picture we open: 4000 by 4000. Drawing so large a one takes 320 MB for a moment (WebP; PNG 190, GIF 150, JPEG 15)."""
SIDE: Final = 256
FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF")
COLOR: Final = re.compile("#[0-9a-f]{6}")
DIGEST: Final = re.compile("[0-9a-f]{64}")
ADDRESS: Final = "/api/logos/"
DAMAGED: Final = (OSError, ValueError, SyntaxError, EOFError, OverflowError, IndexError, KeyError, TypeError, struct.error, zlib.error)
"""What Pillow raises for files that are not what they say."""
TOO_LARGE: Final = "This picture has too many pixels. Please make it smaller than 4000 by 4000."
WHITE, DARK = (255, 255, 255), (24, 23, 26)


@dataclass(frozen=True)
class Branding:
    """`logo` is an address on our own server or empty, `color` like #5b4bd6 or empty."""

    name: str
    logo: str
    color: str


@allows("organization:read")
def branding(session: Session, actor: Actor) -> Branding:
    """How the organization shows itself."""
    organization = _organization(session, actor)
    return Branding(organization.name, organization.logo_url or "", organization.primary_color or "")


@allows("organization:write")
def save_color(session: Session, actor: Actor, color: str) -> str:
    """Save the colour, empty for none. Returns it as stored. Raises Invalid."""
    color = color.strip().lower()
    if color and not COLOR.fullmatch(color):
        raise Invalid.fields({"color": "Write the color as # and six digits or letters from a to f, like #5b4bd6."})
    organization = _organization(session, actor, lock=True)
    before, organization.primary_color = organization.primary_color, color or None
    if before != organization.primary_color:
        _noted(session, actor, organization, "ORGANIZATION_COLOR", {"primary_color": before}, {"primary_color": color or None})
    return color


@allows("organization:write")
def save_logo(session: Session, actor: Actor, image: bytes) -> str:
    """Make `image`, a picture of `drawn`, the organization's logo in place of any other. Returns its address."""
    organization = _organization(session, actor, lock=True)
    digest = hashlib.sha256(image).hexdigest()
    logo = session.exec(scoped(actor, OrganizationLogo)).one_or_none()
    if logo is None:
        logo = OrganizationLogo(organization_id=organization.id, digest=digest, content_type="image/png", image=image)
    logo.digest, logo.image, logo.updated_at = digest, image, clock.now()
    session.add(logo)
    before, organization.logo_url = organization.logo_url, f"{ADDRESS}{digest}"
    if before != organization.logo_url:
        _noted(session, actor, organization, "ORGANIZATION_LOGO", {"logo_url": before}, {"logo_url": organization.logo_url})
    return organization.logo_url


@allows("organization:write")
def remove_logo(session: Session, actor: Actor) -> None:
    """Show the first letter of the name instead."""
    organization = _organization(session, actor, lock=True)
    logo = session.exec(scoped(actor, OrganizationLogo)).one_or_none()
    if logo is not None:
        session.delete(logo)
    before, organization.logo_url = organization.logo_url, None
    if before is not None:
        _noted(session, actor, organization, "ORGANIZATION_LOGO", {"logo_url": before}, {"logo_url": None})


@open_to(PUBLIC)
def image_of(session: Session, digest: str) -> bytes:
    """The logo with this digest: whoever is invited sees it before logging in. Raises NotFound."""
    known = DIGEST.fullmatch(digest) is not None
    image = session.exec(select(OrganizationLogo.image).where(col(OrganizationLogo.digest) == digest).limit(1)).first() if known else None
    if image is None:
        raise NotFound("There is no such picture.")
    return image


def drawn(file: bytes) -> bytes:
    """`file` (PNG, JPEG, WebP or GIF) drawn anew as a PNG of at most SIDE by SIDE, on white, or on dark when it is light itself.

    Only pixels survive: no metadata, no colour profile, no second frame. Raises Invalid with what to do.
    """
    if not file:
        raise Invalid("The file is empty. Please choose a picture.")
    if len(file) > MAX_BYTES:
        raise Invalid("The picture is larger than 2 MB. Please save it smaller.")
    if b"<svg" in file[:1000].lower() or file.lstrip().startswith(b"<"):
        raise Invalid("SVG pictures can carry programs, so we do not take them. Please save it as PNG.")
    try:
        with Image.open(BytesIO(file), formats=FORMATS) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise Invalid(TOO_LARGE)
            picture.draft("RGB", (2 * SIDE, 2 * SIDE))
            small = ImageOps.exif_transpose(picture).convert("RGBA")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Invalid(TOO_LARGE) from error
    except DAMAGED as error:
        raise Invalid("This file is no picture we can read. Please choose a PNG, JPEG, WebP or GIF.") from error
    small.thumbnail((SIDE, SIDE))
    ground = Image.new("RGB", small.size, _ground(small))
    ground.paste(small, mask=small.getchannel("A"))
    out = BytesIO()
    ground.save(out, "PNG", optimize=True)
    return out.getvalue()


def _ground(picture: Image.Image) -> tuple[int, int, int]:
    """What to draw the picture on, so that it is seen on every page: dark for what is nearly white and partly transparent."""
    mask = picture.getchannel("A")
    if mask.getextrema()[0] == 255:
        return WHITE
    visible = ImageStat.Stat(picture.convert("L"), mask=mask.point([0] * 32 + [255] * 224))
    return DARK if visible.count[0] and visible.mean[0] > 200 else WHITE


def _organization(session: Session, actor: Actor, *, lock: bool = False) -> Organization:
    query = select(Organization).where(Organization.id == actor.organization_id)
    return session.exec(query.with_for_update(key_share=True).execution_options(populate_existing=True) if lock else query).one()


def _noted(
    session: Session, actor: Actor, organization: Organization, action: str, old: dict[str, str | None], new: dict[str, str | None]
) -> None:
    organization.updated_at = clock.now()
    session.add(organization)
    audit.record(session, actor, action, entity="organization", entity_id=organization.id, old=old, new=new)
