"""What this product stores, for how long, and who else sees it. Numbers and names come from the code that acts on them."""

import reflex as rx

from kametrix.components.legal import address, legal_page, mail, not_filled
from kametrix.components.page import page
from kametrix.components.prose import bullets, heading, link, paragraph
from kametrix.integrations.vapi.payloads import MODEL_PROVIDER, TRANSCRIBER_PROVIDER
from kametrix.models import Organization
from kametrix.services import kept_forms, sessions
from kametrix.services.clean_up import LIMITS_KEPT
from kametrix.services.inbox import KEPT_DAYS
from kametrix.services.wording import counted
from kametrix.settings import settings
from kametrix.state.landing import LandingState

MAKERS = {"openai": "OpenAI", "deepgram": "Deepgram"}
"""Names people know, of those behind the voice."""
PERIODS = (("Calls", "call"), ("Transcripts", "transcript"), ("Recordings", "recording"), ("Closed leads", "lead"), ("Audit log", "audit"))


@page("/privacy", "Privacy", public=True, on_load=LandingState.load)
def privacy() -> rx.Component:
    """The page."""
    return legal_page("Privacy", *_who(), *_visiting(), *_accounts(), *_buying(), *_calls(), *_how_long(), *_rights())


def _who() -> list[rx.Component]:
    known = settings()
    missing = known.missing_of_operator
    contact = [paragraph("Write to ", mail(known), " about anything on this page.")] if known.operator_email.strip() else []
    return [
        not_filled(missing) if missing else rx.fragment(),
        paragraph("This page says what is stored when you visit, when you have an account, and when you call a business that uses it."),
        heading("Who is responsible"),
        address(known),
        *contact,
        paragraph(
            "For telephone calls the business you call is responsible; the operator of this installation handles them on its behalf. "
            "Details of the operator are in the ",
            link("imprint", "/imprint"),
            ".",
        ),
    ]


def _visiting() -> list[rx.Component]:
    return [
        heading("When you visit"),
        paragraph(
            "Looking around sets no cookie. There is no advertising, no analytics, and nothing is loaded from other companies: "
            "fonts, pictures and scripts come from this server. That is why there is no cookie banner."
        ),
        bullets(
            [
                "Your browser sends its network address with every request; without it no page could be delivered.",
                "Your browser remembers whether you prefer light or dark, and a number that tells its tabs apart. Both stay on your device "
                "but for the number, which comes with what you click.",
                "The sample calls on the front page are read by a voice of your own device. Their words go nowhere.",
            ]
        ),
        heading("Cookies"),
        bullets(
            [
                f"{sessions.COOKIE}: keeps you logged in. It is set when you log in or sign up and ends {_log_in_ends()}.",
                f"{kept_forms.COOKIE}: when a form is refused, what you typed (never a password) is kept, encrypted, for "
                f"{kept_forms.SECONDS // 60} minutes, so that you need not type it again.",
            ]
        ),
        paragraph("Both are needed for what you asked for; there are no others."),
    ]


def _log_in_ends() -> str:
    return f"{sessions.IDLE.days} days after your last visit, at the latest after {sessions.LONGEST.days} days"


def _accounts() -> list[rx.Component]:
    return [
        heading("When you have an account"),
        bullets(
            [
                "Your name, your e-mail address, your time zone and the business you belong to. Of your password only a hash (bcrypt).",
                "Each place you are logged in: when, from which network address, with which browser. You see and end them in the settings.",
                "Wrong log-ins are counted by account and network address, so that nobody can guess passwords.",
                "What members do in an organization, for example changing an agent, is written to its audit log with their e-mail address.",
                "What you tell about your business, and each movement of your credits. Entries in the credit ledger are never changed.",
            ]
        ),
    ]


def _buying() -> list[rx.Component]:
    return [
        heading("When you buy credits"),
        bullets(
            [
                "Stripe (Ireland and USA) takes the payment on its own page. The number of your card goes to Stripe alone, never to us.",
                "From us Stripe gets the pack, its price, and numbers that stand for you and your organization. What else its page asks "
                "for, for example your e-mail address, you give to Stripe.",
                "Stored here are what was bought, when and by whom, Stripe’s number of the payment, and what became of it. If you save a "
                "card: its kind, its last four digits and when it ends, to show you which one it is.",
                "If a payment is given back or disputed, Stripe tells us so and why.",
            ]
        ),
        heading("E-mail"),
        paragraph(
            "Receipts, warnings about your credits, statements and links you ask for are sent to your e-mail address through the mail "
            "provider of the operator, who carries each message with its address. What is not essential you can switch off in every such "
            "message."
        ),
    ]


def _calls() -> list[rx.Component]:
    return [
        heading("When you call a business"),
        paragraph(
            "An AI answers. Unless the business has switched it off, the agent says so at the start, and also that the call is recorded "
            "when recording is on. Stored are:"
        ),
        bullets(
            [
                "Your telephone number, when the call began and ended, and how it ended.",
                "What was said, as text, and a summary. What you say may contain anything: tell the agent only what the business needs.",
                "The recording, when it is on. It stays with the voice provider and is played through this server; who listened is noted.",
            ]
        ),
        heading("Who else is involved"),
        bullets(
            [
                "Vapi (USA) carries the conversation: it hears the call, speaks, and sends us what was said.",
                f"On Vapi’s behalf: {MAKERS[TRANSCRIBER_PROVIDER]} turns speech into text, {MAKERS[MODEL_PROVIDER]} words the answers.",
                "The telephone companies of caller and business carry the call.",
            ]
        ),
        paragraph("Nobody gets data to advertise with, and none is sold."),
    ]


def _how_long() -> list[rx.Component]:
    defaults = Organization(name="", slug="")
    periods = [f"{what}: {getattr(defaults, f'retention_{name}_days')} days" for what, name in PERIODS]
    return [
        heading("How long"),
        bullets(
            [
                f"Log-ins: they end {_log_in_ends()}.",
                f"Counts of wrong log-ins: {counted(LIMITS_KEPT.days, 'day')}.",
                f"Messages of the voice and the payment provider: {KEPT_DAYS} days after they were worked off.",
                "The credit ledger: as long as the law asks for accounts to be kept.",
            ]
        ),
        paragraph("A business has a period for each kind of data, at first:"),
        bullets(periods),
        paragraph("This version does not yet delete by these periods on its own: ask the business or the operator to delete, and they do."),
    ]


def _rights() -> list[rx.Component]:
    return [
        heading("What you can ask for"),
        paragraph(
            "You can ask what is stored about you, have it corrected, deleted or handed over, object to its use, and complain to a data "
            "protection authority. As a caller, ask the business you called; as a user, the operator."
        ),
        heading("Why this is allowed"),
        paragraph(
            "Accounts and calls are handled to do what you asked for (in the EU: Art. 6 (1) b GDPR); protection against abuse is a "
            "legitimate interest (Art. 6 (1) f GDPR). Recordings rest on what the business tells its callers."
        ),
    ]
