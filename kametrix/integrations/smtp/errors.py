"""What can go wrong with a mail server, in words an operator may read. Neither password nor content is in them."""

import re
from collections.abc import Sequence
from typing import Final

import aiosmtplib

from kametrix.errors import ProviderError

LONGEST: Final = 200
ADDRESS_SAID_NO: Final = 500
"""Replies from here on are final (RFC 5321 section 4.2.1); 4xx asks to try again."""


class SmtpFailure(ProviderError):
    """The server did not take the message. `code`: its three digits, 0 without an answer.

    `retryable` also where the operator has to mend something (password, sender, TLS): the message waits, it is not its fault.
    """

    def __init__(self, message: str, *, retryable: bool, code: int = 0) -> None:
        super().__init__(message, retryable=retryable, provider_status=code or None)
        self.code = code


class Unaddressable(SmtpFailure):
    """The message cannot be written: an address or a header is not one."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The message cannot be written: {_short(reason)}", retryable=False)


def failure(error: aiosmtplib.SMTPException | OSError) -> SmtpFailure:
    """The failure this exception means."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return _recipient(error.recipients)
    if isinstance(error, aiosmtplib.SMTPDataError):
        return SmtpFailure(f"The mail server refused the message: {_said(error)}", retryable=error.code < ADDRESS_SAID_NO, code=error.code)
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return SmtpFailure("The mail server refused SMTP_USERNAME and SMTP_PASSWORD.", retryable=True, code=error.code)
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return SmtpFailure(f"The mail server refused: {_said(error)}", retryable=True, code=error.code)
    return SmtpFailure(f"The mail server cannot be reached ({type(error).__name__}).", retryable=True)


def _recipient(refused: Sequence[aiosmtplib.SMTPRecipientRefused]) -> SmtpFailure:
    first = refused[0]  # every message has one recipient
    words = f"The mail server refused the address: {_said(first)}"
    return SmtpFailure(words, retryable=first.code < ADDRESS_SAID_NO, code=first.code)


def _said(error: aiosmtplib.SMTPResponseException) -> str:
    return _short(f"{error.code} {error.message}")


def _short(text: str) -> str:
    return re.sub(r"[\s\x00-\x1f\x7f]+", " ", text).strip()[:LONGEST]
