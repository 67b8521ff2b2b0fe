"""Sealed secrets (AES-256-GCM envelope bound to its place), hashed tokens, and signatures (Ed25519)."""

import base64
import hashlib
import hmac
import os
import secrets

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kametrix.errors import Misconfigured
from kametrix.settings import settings

VERSION = "v1"


def new_id() -> str:
    """A random text id, 24 hexadecimal characters (96 bits)."""
    return secrets.token_hex(12)


def new_token() -> str:
    """A bearer token: 32 random bytes, URL-safe text."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What the database keeps of a token: SHA-256, hexadecimal."""
    return hashlib.sha256(token.encode()).hexdigest()


def seal(secret: str, *, place: str) -> str:
    """Encrypt for one place, named `table.column.row`: `v1.<key id>.<nonce>.<ciphertext>`."""
    key_id, key = next(iter(settings().keys().items()))
    nonce = os.urandom(12)
    sealed = AESGCM(key).encrypt(nonce, secret.encode(), place.encode())
    return ".".join((VERSION, key_id, _text(nonce), _text(sealed)))


def unseal(envelope: str, *, place: str) -> str:
    """Decrypt. Raises Misconfigured when the key is missing or the envelope was moved or altered."""
    try:
        version, key_id, nonce, sealed = envelope.split(".")
        key = settings().keys()[key_id]
        if version != VERSION:
            raise ValueError(version)
        return AESGCM(key).decrypt(_bytes(nonce), _bytes(sealed), place.encode()).decode()
    except (KeyError, ValueError, InvalidTag) as error:
        raise Misconfigured(f"The stored secret at {place} cannot be opened with the configured keys.") from error


def seal_of(text: str, *, purpose: str) -> str:
    """A proof that we wrote `text` for this purpose: HMAC-SHA256 with a key derived from the newest sealing key, URL-safe."""
    return _signed(next(iter(settings().keys().values())), text, purpose)


def is_seal_of(text: str, proof: str, *, purpose: str) -> bool:
    """Whether `proof` is such a signature, by any of the configured keys."""
    found = [hmac.compare_digest(_signed(key, text, purpose).encode(), proof.encode()) for key in settings().keys().values()]
    return any(found)


def _signed(key: bytes, text: str, purpose: str) -> str:
    own = hmac.digest(key, f"sign:{purpose}".encode(), "sha256")
    return _text(hmac.digest(own, text.encode(), "sha256"))


def sign(message: bytes) -> tuple[str, bytes]:
    """The newest signing key's id and its signature, 64 bytes. The same message gives the same signature."""
    key_id, seed = next(iter(settings().signers().items()))
    return key_id, Ed25519PrivateKey.from_private_bytes(seed).sign(message)


def public_keys() -> dict[str, bytes]:
    """By id, newest first: the 32 bytes with which anyone checks a signature."""
    signers = settings().signers().items()
    return {key_id: Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw() for key_id, seed in signers}


def is_signed(message: bytes, signature: bytes, public_key: bytes) -> bool:
    """Whether the holder of the key signed exactly this."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
