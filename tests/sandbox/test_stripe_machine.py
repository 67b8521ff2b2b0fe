"""Whatever payers, banks and the shop do in whatever order: the sandbox's books agree with themselves and with its events."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sandbox.stripe_parts import Shop

OUTCOMES = ("pay", "pay_later", "decline", "authenticate", "confirm", "fail")
STEPS = st.one_of(
    st.tuples(st.just("choose"), st.sampled_from(OUTCOMES)),
    st.tuples(st.just("settle"), st.booleans()),
    st.tuples(st.just("expire"), st.none()),
    st.tuples(st.just("refund"), st.integers(1, 1200)),
    st.tuples(st.just("pending_refund"), st.integers(1, 1200)),
    st.tuples(st.just("settle_refund"), st.booleans()),
    st.tuples(st.just("dispute"), st.integers(1, 1200)),
    st.tuples(st.just("close"), st.booleans()),
)


class Life:
    """One session and what happens to it; steps that make no sense are refused, never half done."""

    def __init__(self, shop: Shop) -> None:
        shop.box.control("/reset")
        self.shop = shop
        self.id = shop.session().id

    def objects(self, kind: str) -> list[dict[str, Any]]:
        return self.shop.box.state(f"/stripe/objects/{kind}")

    def post(self, path: str, body: dict[str, Any]) -> None:
        reply = self.shop.box.http.post(f"/_control/stripe{path}", json=body)
        assert reply.status_code in (200, 400, 404), reply.text

    def step(self, what: str, value: Any) -> None:
        intent = next((one["id"] for one in self.objects("payment_intent")), "pi_none")
        refund = next((one["id"] for one in self.objects("refund")), "re_none")
        dispute = next((one["id"] for one in self.objects("dispute")), "du_none")
        match what:
            case "choose":
                self.post(f"/sessions/{self.id}/pay", {"outcome": value})
            case "settle":
                self.post(f"/sessions/{self.id}/settle", {"ok": value})
            case "expire":
                self.post(f"/sessions/{self.id}/expire", {})
            case "refund" | "pending_refund":
                self.post(f"/payments/{intent}/refund", {"amount": value, "pending": what == "pending_refund"})
            case "settle_refund":
                self.post(f"/refunds/{refund}/settle", {"ok": value})
            case "dispute":
                self.post(f"/payments/{intent}/dispute", {"amount": value})
            case _:
                self.post(f"/disputes/{dispute}/close", {"won": value})

    def check(self) -> None:
        session = self.objects("checkout.session")[0]
        intents, charges = self.objects("payment_intent"), self.objects("charge")
        succeeded = [charge for charge in charges if charge["status"] == "succeeded"]
        assert len(intents) <= 1
        assert len(succeeded) == (1 if session["payment_status"] == "paid" else 0)
        assert [intent["status"] for intent in intents if intent["status"] == "succeeded"] == ["succeeded"] * len(succeeded)
        refunds = [refund for refund in self.objects("refund") if refund["status"] != "failed"]
        given_back = sum(refund["amount"] for refund in refunds)
        assert given_back == sum(charge["amount_refunded"] for charge in charges) <= sum(charge["amount"] for charge in succeeded)
        disputed = sum(dispute["amount"] for dispute in self.objects("dispute"))
        assert disputed <= 1000
        self.check_events(session, intents, succeeded)

    def check_events(self, session: dict[str, Any], intents: list[Any], succeeded: list[Any]) -> None:
        events = self.objects("event")
        count = [event["type"] for event in events].count
        assert count("checkout.session.completed") == (1 if session["status"] == "complete" else 0)
        assert count("checkout.session.expired") == (1 if session["status"] == "expired" else 0)
        assert count("payment_intent.succeeded") == count("charge.succeeded") == len(succeeded)
        assert count("charge.failed") == sum(charge["status"] == "failed" for charge in self.objects("charge"))
        assert count("refund.created") == count("charge.refunded") == len(self.objects("refund"))
        assert count("charge.dispute.created") == len(self.objects("dispute")) <= 1
        newest = {event["data"]["object"]["id"]: event["data"]["object"] for event in reversed(events)}
        assert all(newest[intent["id"]] == intent for intent in intents if intent["id"] in newest)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, max_size=12))
def test_the_books_agree(shop: Shop, steps: list[tuple[str, Any]]) -> None:
    life = Life(shop)
    for what, value in steps:
        life.step(what, value)
        life.check()
