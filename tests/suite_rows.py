"""A row in every table of the suite: leads, calendars, CRMs, webhooks, subscriptions, keys, exports, clean-ups, rehearsal."""

from datetime import timedelta
from typing import Any

from sqlmodel import Session

from kametrix import clock
from kametrix.crypto import new_id
from kametrix.models import (
    AddOnPurchase,
    AddOnType,
    Agent,
    AlertSeverity,
    ApiKey,
    AutoRecharge,
    CalendarBooking,
    CalendarIntegration,
    CalendarProvider,
    Call,
    CleanupDataType,
    CleanupLog,
    CleanupStatus,
    CleanupType,
    ConversationSession,
    CreditDispute,
    CreditHold,
    CreditPack,
    CreditPurchase,
    CreditRefund,
    CrmIntegration,
    CrmProvider,
    CrmSyncLog,
    CrmSyncType,
    DataExportRequest,
    ExportFormat,
    ExportType,
    GoogleSheetLog,
    Invitation,
    Invoice,
    InvoiceStatus,
    Lead,
    LedgerCheckpoint,
    MailKind,
    MailMessage,
    Message,
    MessageRole,
    Plan,
    PlanTerms,
    PurchaseKind,
    QuotaPreset,
    RefundStatus,
    RehearsalUsageLog,
    Scenario,
    StreamType,
    UsageAlert,
    UsageLog,
    UsageType,
    UsageUnit,
    WebhookDelivery,
    WebhookEndpoint,
)

QUOTA = {"tokens": 100000, "label": "Short conversation"}


def of_everybody(session: Session) -> None:
    """A plan and a preset, which belong to no organization."""
    terms = {"price_in_cents": 9900, "call_minutes": 1000, "ai_minutes": 300, "max_users": 2, "max_phone_numbers": 1}
    overage = {"overage_cap_cents": 2500, "overage_call_cents": 3, "overage_ai_cents": 8}
    session.add_all(
        [
            PlanTerms(name=Plan.STARTER, max_concurrent_calls=1, recording_days=30, **terms, **overage),
            QuotaPreset(name="short-conversation", label="Short conversation", quota=QUOTA, is_default=True),
        ]
    )
    session.flush()


def booking(agent: Agent, **columns: Any) -> CalendarBooking:
    """Half an hour from now in the built-in calendar."""
    start, minutes = columns.pop("scheduled_at", clock.now()), columns.pop("duration", 30)
    given = {"calendar_id": "built-in", "caller_name": "Robin", "timezone": "UTC", "organization_id": agent.organization_id, **columns}
    return CalendarBooking(agent_id=agent.id, scheduled_at=start, duration=minutes, ends_at=start + timedelta(minutes=minutes), **given)


def of_a_tenant(session: Session, agent: Agent, call: Call) -> None:
    """One of each for the organization of `agent`."""
    mine = {"organization_id": agent.organization_id}
    session.add(Lead(**mine, call_id=call.id, name="Robin", phone="+14155550147"))
    _integrations(session, agent, call, mine)
    _subscription(session, agent, mine)
    _money(session, call, mine)
    _rehearsal(session, agent, mine)


def _integrations(session: Session, agent: Agent, call: Call, mine: dict[str, str]) -> None:
    calendar = CalendarIntegration(**mine, provider=CalendarProvider.GOOGLE, refresh_token="sealed")
    crm = CrmIntegration(**mine, provider=CrmProvider.WEBHOOK, api_key="sealed")
    endpoint = WebhookEndpoint(**mine, url="https://example.com/hook", events=["call.completed"], secret="sealed")
    session.add_all([calendar, crm, endpoint])
    session.flush()
    session.add_all(
        [
            booking(agent, calendar_integration_id=calendar.id, call_id=call.id),
            GoogleSheetLog(**mine, calendar_integration_id=calendar.id, spreadsheet_id="sheet-1"),
            CrmSyncLog(**mine, crm_integration_id=crm.id, sync_type=CrmSyncType.CALL, entity_id=call.id),
            WebhookDelivery(
                **mine, webhook_endpoint_id=endpoint.id, event="call.completed", event_id=call.id, payload={}, next_at=clock.now()
            ),
        ]
    )
    session.flush()


def _subscription(session: Session, agent: Agent, mine: dict[str, str]) -> None:
    now = clock.now()
    period = {"period_start": now, "period_end": now + timedelta(days=30)}
    minutes = {"type": UsageType.CALL_MINUTES, "quantity": 5, "unit": UsageUnit.MINUTES, "unit_cost": 3, "total_cost": 15}
    removed = {"type": CleanupType.SCHEDULED, "data_type": CleanupDataType.CALLS, "status": CleanupStatus.COMPLETED}
    boost = {"type": AddOnType.CALL_MINUTES, "product_id": "CALL_BOOST_1000", "product_name": "1,000 minutes", "price_cents": 3000}
    session.add_all(
        [
            UsageLog(**mine, **minutes, **period),
            Invoice(**mine, stripe_invoice_id=f"in_{new_id()}", amount=9900, currency="USD", status=InvoiceStatus.OPEN, **period),
            AddOnPurchase(**mine, **boost, call_minutes=1000),
            UsageAlert(**mine, type="usage_warning_80", title="80 %", message="Most is used.", severity=AlertSeverity.INFO),
            ApiKey(**mine, name="Sheet", key_hash=new_id(), key_prefix="km_live_", permissions=["read"], created_by_id=agent.user_id),
            DataExportRequest(**mine, type=ExportType.CALLS_ONLY, format=ExportFormat.CSV, requested_by=agent.user_id),
            CleanupLog(**mine, **removed, records_deleted=1000, bytes_freed=2**40, cutoff_date=now),
        ]
    )
    session.flush()


def _money(session: Session, call: Call, mine: dict[str, str]) -> None:
    pack = CreditPack(name=f"Pack {new_id()}", credits=1000, price_in_cents=1000)
    session.add(pack)
    session.flush()
    bought = {"credit_pack_id": pack.id, "pack_name": pack.name, "credits": 1000, "price_in_cents": 1000, "currency": "USD"}
    purchase = CreditPurchase(**mine, kind=PurchaseKind.CHECKOUT, **bought)
    session.add(purchase)
    session.flush()
    signed = {"hash": bytes(32), "signature": bytes(64), "key_id": "local"}
    session.add_all(
        [
            CreditRefund(
                **mine, credit_purchase_id=purchase.id, stripe_refund_id=f"re_{new_id()}", amount=10, status=RefundStatus.SUCCEEDED
            ),
            CreditDispute(**mine, credit_purchase_id=purchase.id, stripe_dispute_id=f"du_{new_id()}", amount=10),
            AutoRecharge(**mine),
            CreditHold(**mine, call_id=call.id, minutes=2, rate_cents=15, amount=30, expires_at=clock.now()),
            LedgerCheckpoint(**mine, day=clock.now().date(), seq=1, balance=30, **signed),
            MailMessage(**mine, to_email="dana@example.com", kind=MailKind.WELCOME, language="en", facts={}, dedupe_key=new_id()),
        ]
    )
    session.flush()


def scenario(agent: Agent | None, **columns: Any) -> Scenario:
    """A conversation to practise: of the organization of `agent`, or a template."""
    texts = {"description": "Somebody in a hurry.", "partner_persona": "Hurried.", "partner_system_prompt": "-", "coach_system_prompt": "-"}
    own = {"organization_id": agent.organization_id, "agent_id": agent.id} if agent else {}
    return Scenario(**{"name": "In a hurry", "slug": new_id(), **texts, **own, **columns})


def _rehearsal(session: Session, agent: Agent, mine: dict[str, str]) -> None:
    practised = scenario(agent)
    session.add(practised)
    session.flush()
    invited = {"expires_at": clock.now() + timedelta(days=30), "created_by_id": agent.user_id, "scenario_id": practised.id}
    invitation = Invitation(**mine, agent_id=agent.id, token_hash=new_id(), quota=QUOTA, **invited)
    session.add(invitation)
    session.flush()
    conversation = ConversationSession(**mine, invitation_id=invitation.id, scenario_id=practised.id)
    session.add(conversation)
    session.flush()
    spoken = {"session_id": conversation.id, "invitation_id": invitation.id, "model": practised.partner_model}
    session.add_all(
        [
            Message(**mine, session_id=conversation.id, role=MessageRole.USER, content="Hello", meta={"simulated": True}),
            RehearsalUsageLog(**mine, **spoken, stream_type=StreamType.PARTNER, input_tokens=10, output_tokens=20),
        ]
    )
    session.flush()
