"""Where requests come from: our own pages or elsewhere, and which address."""

from urllib.parse import urlsplit

from starlette.requests import Request

from kametrix.settings import settings


def own_origins() -> list[str]:
    """The origins our pages are opened from: the public address, on one machine also spelled by its loopback number."""
    parts = urlsplit(settings().public_url)
    origin = f"{parts.scheme}://{parts.netloc}"
    if parts.hostname != "localhost" or settings().is_production:
        return [origin]
    return [origin, origin.replace("://localhost", "://127.0.0.1")]


def is_own(request: Request) -> bool:
    """Whether a browser sent this from our pages. A request without Origin (no browser, or a very old one) is not."""
    return request.headers.get("origin") in own_origins()


def client_address(request: Request) -> str:
    """The caller's IP address; taken from X-Forwarded-For only behind the configured number of our own proxies."""
    hops = settings().trusted_proxy_hops
    lines = request.headers.getlist("x-forwarded-for")  # some proxies add a line of their own below the one the sender wrote
    forwarded = [part.strip() for part in ",".join(lines).split(",") if part.strip()]
    if hops and len(forwarded) >= hops:
        return forwarded[-hops][:64]
    return request.client.host if request.client else ""


def own_path(target: str | None, *, default: str = "/dashboard") -> str:
    """`target` when it is a path of ours a browser cannot read as another site's address, else `default`."""
    text = target or ""
    unsafe = not text.startswith("/") or text.startswith("//") or "\\" in text or len(text) > 500
    if unsafe or any(ord(character) <= 0x20 or 0x7F <= ord(character) <= 0xA0 for character in text):
        return default
    parts = urlsplit(text)
    leaves = parts.scheme or parts.netloc or text.startswith(("/auth/", "/login", "/signup"))
    return default if leaves else text
