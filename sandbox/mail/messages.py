"""What a message says: taken apart once, when it arrives."""

import uuid
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Final

from sandbox.store import Json

KIND: Final = "mail"
"""Of the store's documents."""


def read(raw: bytes, sender: str, recipients: list[str], at: str) -> Json:
    """A document of the store: envelope, headers, both texts and the source."""
    message = message_from_bytes(raw, policy=policy.default)
    return {
        "id": f"sbx-{uuid.uuid4()}",
        "createdAt": at,
        "updatedAt": at,
        "envelope": {"from": sender, "to": recipients},
        "subject": str(message["Subject"] or ""),
        "from": str(message["From"] or ""),
        "to": str(message["To"] or ""),
        "message_id": str(message["Message-ID"] or "").strip(),
        "headers": [[name, str(value)] for name, value in message.items()],
        "html": _part(message, "html"),
        "text": _part(message, "plain"),
        "source": raw.decode("utf-8", "replace"),
    }


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return str(part.get_content()) if part else ""
