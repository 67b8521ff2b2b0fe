"""What Vapi tells us, in our words, and the key by which a message delivered twice is known."""

import hashlib
import json
from typing import Any

from kametrix.integrations.vapi.conversation import Turn
from kametrix.integrations.vapi.messages import Message, Parties, StatusUpdate, parse, parties, status
from kametrix.integrations.vapi.redaction import redact
from kametrix.integrations.vapi.reports import Report, call_report, fingerprint, report
from kametrix.integrations.vapi.tool_calls import ToolCall, tool_calls

__all__ = [
    "Message",
    "Parties",
    "Report",
    "StatusUpdate",
    "ToolCall",
    "Turn",
    "call_report",
    "dedupe_key",
    "parse",
    "parties",
    "report",
    "status",
    "tool_calls",
]


def dedupe_key(message: Message) -> str:
    """`<call id>:<type>:<digest of what it says>`, at most 200 characters.

    A redelivery has fresh presigned addresses and perhaps a fresh timestamp, so neither a report, a status nor a tool call
    is told apart by them. Anything else is its timestamp and its redacted body.
    """
    told = json.dumps([message.type, message.call_id, _told(message)], sort_keys=True, default=str)
    digest = hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:40]
    return f"{message.call_id or '-'}:{message.type}:{digest}"


def _told(message: Message) -> Any:
    body = message.body
    if message.call_id and message.type == "end-of-call-report":
        return fingerprint(body)
    if message.call_id and message.type == "status-update":
        update = status(body)
        return [update.status, update.ended_reason, update.transferred_to]
    if message.call_id and message.type == "tool-calls":
        asked = [call.id for call in tool_calls(body)]
        if asked and all(asked):
            return asked
    return [message.timestamp, redact(body)]
