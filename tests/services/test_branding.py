"""Logos are drawn anew whatever the file says of itself; colours are colours."""

import struct
import zlib
from contextlib import suppress
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from sqlmodel import Session, select

from kametrix.errors import Invalid, NotFound
from kametrix.models import AuditLog, Organization, OrganizationLogo
from kametrix.services import branding
from kametrix.services.branding import SIDE, drawn
from tests.factories import create_member


def picture(form: str = "PNG", size: tuple[int, int] = (40, 20), color: Any = (200, 30, 30, 255), **more: Any) -> bytes:
    image, out = Image.new("RGBA", size, color), BytesIO()
    (image.convert("RGB") if form == "JPEG" else image).save(out, form, **more)
    return out.getvalue()


def opened(png: bytes) -> Image.Image:
    image = Image.open(BytesIO(png))
    assert image.format == "PNG"
    return image


def told(file: bytes) -> str:
    with pytest.raises(Invalid) as refused:
        drawn(file)
    return refused.value.message


def png_that_claims(width: int, height: int) -> bytes:
    """A small file that unpacks to a huge picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF"])
def test_every_kind_becomes_a_small_png_of_the_same_shape(form: str) -> None:
    image = opened(drawn(picture(form, (1000, 500))))
    assert (image.size, image.mode) == ((SIDE, SIDE // 2), "RGB")
    assert abs(image.getpixel((5, 5))[0] - 200) < 12  # type: ignore[index]  # the mode says it is a tuple


def test_a_small_picture_is_not_blown_up() -> None:
    assert opened(drawn(picture(size=(40, 20)))).size == (40, 20)


def test_only_pixels_survive() -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    exif[0x0112] = 6  # turned by a quarter
    image = opened(drawn(picture("JPEG", (80, 20), exif=exif.tobytes(), icc_profile=b"a profile", comment="a comment")))
    assert image.size == (20, 80)
    assert image.info == {}
    assert b"taken at home" not in drawn(picture("JPEG", exif=exif.tobytes()))


def test_what_is_drawn_twice_is_drawn_alike() -> None:
    assert drawn(picture("WEBP")) == drawn(picture("WEBP"))


@pytest.mark.parametrize(
    ("color", "ground"), [((255, 255, 255, 255), branding.DARK), ((20, 20, 20, 255), branding.WHITE), ((255, 0, 0, 255), branding.WHITE)]
)
def test_a_transparent_picture_stands_on_what_it_is_seen_on(color: tuple[int, ...], ground: tuple[int, ...]) -> None:
    image, out = Image.new("RGBA", (40, 40), (0, 0, 0, 0)), BytesIO()
    ImageDraw.Draw(image).ellipse((10, 10, 30, 30), fill=color)
    image.save(out, "PNG")
    assert opened(drawn(out.getvalue())).getpixel((0, 0)) == ground
    assert opened(drawn(out.getvalue())).getpixel((20, 20)) == color[:3]


def test_an_invisible_picture_is_no_error() -> None:
    assert opened(drawn(picture(color=(255, 255, 255, 0)))).getpixel((0, 0)) == branding.WHITE


def test_of_moving_pictures_the_first_frame_is_kept() -> None:
    frames = [Image.new("RGB", (10, 10), color) for color in ("red", "blue")]
    out = BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:] * 50)
    assert opened(drawn(out.getvalue())).getpixel((5, 5)) == (254, 0, 0) or opened(drawn(out.getvalue())).getpixel((5, 5)) == (255, 0, 0)


@pytest.mark.parametrize("size", [(4001, 4000), (16_000_001, 1), (50_000, 50_000), (2**31 - 1, 2**31 - 1)])
def test_a_bomb_is_refused_before_it_is_unpacked(size: tuple[int, int]) -> None:
    assert "too many pixels" in told(png_that_claims(*size)) or "no picture" in told(png_that_claims(*size))


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (b"", "empty"),
        (b"x" * 2_000_001, "larger than 2 MB"),
        (b'<?xml version="1.0"?><svg onload="alert(1)"/>', "SVG"),
        (b"  \n<!DOCTYPE html><script>", "SVG"),
        (b"GIF89a<script>alert(1)</script>", "no picture"),
        (b"%PDF-1.7", "no picture"),
        (b"BM" + bytes(200), "no picture"),
        (picture()[:60], "no picture"),
        (picture("JPEG")[:300], "no picture"),
    ],
)
def test_what_is_no_picture_is_refused_in_words(file: bytes, words: str) -> None:
    assert words in told(file)


@settings(max_examples=150)
@given(st.sampled_from(["PNG", "JPEG", "WEBP", "GIF"]), st.data())
def test_a_damaged_file_is_refused_or_drawn_and_nothing_else(form: str, data: st.DataObject) -> None:
    file = bytearray(picture(form, (30, 30)))
    for _ in range(data.draw(st.integers(1, 8))):
        file[data.draw(st.integers(0, len(file) - 1))] = data.draw(st.integers(0, 255))
    with suppress(Invalid):
        assert opened(drawn(bytes(file))).width <= SIDE


def test_a_logo_replaces_the_one_before_and_can_be_removed(session: Session) -> None:
    actor = create_member(session)
    first, second = drawn(picture()), drawn(picture("GIF", color=(0, 0, 255, 255)))
    address = branding.save_logo(session, actor, first)
    assert branding.branding(session, actor).logo == address
    assert branding.image_of(session, address.removeprefix("/api/logos/")) == first
    assert branding.save_logo(session, actor, second) != address
    with pytest.raises(NotFound):
        branding.image_of(session, address.removeprefix("/api/logos/"))
    branding.remove_logo(session, actor)
    branding.remove_logo(session, actor)
    assert branding.branding(session, actor).logo == ""
    assert session.exec(select(OrganizationLogo).where(OrganizationLogo.organization_id == actor.organization_id)).all() == []
    noted = session.exec(select(AuditLog.action).where(AuditLog.organization_id == actor.organization_id)).all()
    assert noted == ["ORGANIZATION_LOGO"] * 3


def test_another_organization_s_logo_stays_when_one_is_removed(session: Session) -> None:
    actor, other = create_member(session), create_member(session)
    same = drawn(picture())
    branding.save_logo(session, actor, same)
    address = branding.save_logo(session, other, same)
    branding.remove_logo(session, actor)
    assert branding.image_of(session, address.removeprefix("/api/logos/")) == same


def test_a_colour_is_kept_in_one_spelling_and_can_be_taken_back(session: Session) -> None:
    actor = create_member(session)
    assert branding.save_color(session, actor, " #FF5733 ") == "#ff5733"
    assert session.get_one(Organization, actor.organization_id).primary_color == "#ff5733"
    assert branding.save_color(session, actor, "") == ""
    assert branding.branding(session, actor).color == ""
    noted = session.exec(select(AuditLog.new_values).where(AuditLog.action == "ORGANIZATION_COLOR")).all()
    assert {"primary_color": "#ff5733"} in noted


@pytest.mark.parametrize("wrong", ["red", "#fff", "#12345g", "#1234567", "#ff5733;background:url(x)", "ff5733", "#ff5733\n#000000"])
def test_what_is_no_colour_is_refused_at_the_field(session: Session, wrong: str) -> None:
    with pytest.raises(Invalid) as refused:
        branding.save_color(session, create_member(session), wrong)
    assert refused.value.errors.keys() == {"color"}
