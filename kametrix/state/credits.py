"""The wallet in words: one honest number, what it means, what packs buy, and every cent since."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

import reflex as rx

from kametrix import clock, db
from kametrix.models import WhenEmpty
from kametrix.services import attention_money, credits
from kametrix.services.packs import POPULAR
from kametrix.services.wording import dollars, minutes, moment
from kametrix.services.zones import zone_of
from kametrix.state import live
from kametrix.state.guard import AuthState, allow

DISPUTED = ("Calls are paused", "What you have stays yours, and is used again when the dispute is settled.")


@dataclass(frozen=True)
class LedgerLine:
    """One transaction; `why` explains the amount, `href` opens its page."""

    id: str
    type: str
    at: str
    what: str
    why: str
    amount: str
    is_gain: bool
    balance: str
    href: str


@dataclass(frozen=True)
class Pack:
    """A pack as its card shows it; `settlement` says what grace takes first."""

    id: str
    name: str
    price: str
    credits: str
    minutes: str
    settlement: str
    is_popular: bool


class CreditsState(AuthState):
    """Wallet, packs and one page of the ledger; the place in the ledger stands in the address."""

    balance: str = ""
    buys: str = ""
    headline: str = ""
    meaning: str = ""
    is_low: bool = False
    is_grace: bool = False
    price: str = ""
    packs: rx.Field[list[Pack]] = rx.field(default_factory=list)
    lines: rx.Field[list[LedgerLine]] = rx.field(default_factory=list)
    older: str = ""
    is_first_page: bool = True

    @rx.event
    @allow("credits:read")
    async def load(self) -> None:
        """Show the wallet."""
        live.follow(self, CreditsState.refresh)
        await self._read(db.run)

    @rx.event
    @allow("credits:read")
    async def refresh(self) -> None:
        """Money moved."""
        await self._read(live.shared)

    async def _read(self, run: live.Run) -> None:
        after = self.router.url.query_parameters.get("older") or None
        wallet: credits.Wallet = await run(credits.wallet, self.actor)
        page: credits.Page = await run(credits.transactions, self.actor, after=after)
        on_sale: list[credits.PackRow] = await run(credits.packs, self.actor)
        now = clock.now().astimezone(await run(zone_of, self.actor))
        self.balance = dollars(wallet.balance)
        self.buys = f"(~{wallet.minutes:,} min)" if wallet.balance > 0 else ""
        trouble: attention_money.MoneyTrouble = await run(attention_money.trouble, self.actor)
        self.headline, self.meaning = DISPUTED if trouble.declines_calls else wallet_words(wallet)
        self.is_low, self.is_grace = wallet.is_low, wallet.grace > 0
        self.price = dollars(wallet.rate)
        self.packs = [pack_card(pack) for pack in on_sale]
        self.lines = [ledger_line(row, now) for row in page.rows]
        self.older = f"/credits?{urlencode({'older': page.next})}" if page.next else ""
        self.is_first_page = after is None


def wallet_words(wallet: credits.Wallet) -> tuple[str, str]:
    """What the number means, in a line and in a sentence or two."""
    if wallet.ceiling_cents == 0:
        return _without_grace(wallet)
    if wallet.ceiling_cents is not None and not wallet.has_purchased:
        return _before_first_pack(wallet, wallet.ceiling_cents)
    repaid = "Your next pack pays it back first; the rest is yours."
    if wallet.grace and wallet.ceiling_cents is None:
        return f"{dollars(wallet.grace)} of grace in use", f"Your phone keeps being answered. {repaid}"
    if wallet.grace:
        return (
            f"{dollars(wallet.grace)} of grace in use",
            f"Calls are answered until it reaches {dollars(wallet.ceiling_cents or 0)}. {repaid}",
        )
    if wallet.ceiling_cents is not None:
        return (
            "Your phone is answered",
            f"After this, calls may use {dollars(wallet.ceiling_cents)} of grace. The next pack pays it back first.",
        )
    return "Your phone is answered", "Also when this is used up: no call is turned away, and the next pack pays that back first."


def _without_grace(wallet: credits.Wallet) -> tuple[str, str]:
    """The owner wants no call beyond the credit (Billing)."""
    is_passed_on = wallet.when_empty is WhenEmpty.FORWARD
    if wallet.balance >= wallet.rate:
        then = "callers are connected to your own number" if is_passed_on else "callers hear that nobody can take the call"
        return "Your phone is answered", f"When this is used up, {then}, as you chose in Billing. Calls that are running are finished."
    headline = f"{dollars(wallet.grace)} of grace in use" if wallet.grace else "Your credit is used up"
    repaid = "pays it back first and lets" if wallet.grace else "lets"
    now = "Callers are connected to your own number" if is_passed_on else "Callers hear that nobody can take the call"
    return headline, f"{now}, as you chose in Billing. The next pack {repaid} your agents answer at once."


def _before_first_pack(wallet: credits.Wallet, ceiling: int) -> tuple[str, str]:
    """The welcome ceiling (product.md 4.6-4), told before somebody runs into it."""
    left = max(0, wallet.balance + ceiling)
    limit = f"Before your first pack, calls may use up to {dollars(ceiling)}; {dollars(left)} of that is left."
    if wallet.balance > 0:
        return "Your phone is answered", f"After this and before your first pack, calls may use up to {dollars(ceiling)}."
    headline = f"{dollars(wallet.grace)} used before your first pack" if wallet.grace else "Your phone is answered all the same"
    if not left:
        headline = "Calls are paused until your first pack"
    return headline, f"{limit} Your first pack pays back what they used, and then no call is turned away for want of credit."


def pack_card(pack: credits.PackRow) -> Pack:
    """A pack in words."""
    return Pack(
        id=pack.id,
        name=pack.name,
        price=dollars(pack.price_in_cents).removesuffix(".00"),
        credits=f"{pack.credits:,} credits",
        minutes=f"~{pack.minutes:,} min",
        settlement=pack.settlement,
        is_popular=pack.name == POPULAR,
    )


def ledger_line(row: credits.TransactionRow, now: datetime) -> LedgerLine:
    """One transaction in words; `now` in the organization's zone."""
    parts = [f"{minutes(row.minutes)} × {dollars(row.rate)}"] if row.minutes and row.rate else []
    if row.grace_used:
        parts.append(f"{dollars(row.grace_used)} of it grace")
    if row.grace_repaid:
        parts.append(f"{dollars(row.grace_repaid)} paid back grace")
    parts.append(f"{dollars(row.balance_before)} → {dollars(row.balance_after)}")
    return LedgerLine(
        id=row.id,
        type=row.type,
        at=moment(row.created_at.astimezone(now.tzinfo), now),
        what=f"{row.description}: {row.note}" if row.note else row.description,
        why=", ".join(parts),
        amount=dollars(row.amount, signed=True),
        is_gain=row.amount > 0,
        balance=dollars(row.balance_after),
        href=f"/credits/transactions/{row.id}",
    )
