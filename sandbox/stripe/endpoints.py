"""Webhook endpoints: the environment's own, and those made by the API."""

import secrets

from sandbox.config import Config
from sandbox.store import Json
from sandbox.stripe.errors import wrong
from sandbox.stripe.events import API_VERSION
from sandbox.stripe.records import Records
from sandbox.stripe.rules import merged

OWN = "we_sbxenvironment"


class Endpoints:
    """Where events go."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def prepare(self, config: Config) -> None:
        """The endpoint of the environment, with its secret; without an address there is none."""
        self._records.delete("webhook_endpoint", OWN)
        if config.stripe_webhook_url:
            self._add(config.stripe_webhook_url, ["*"], config.stripe_webhook_secret, id=OWN, description="From the environment")

    def create(self, params: Json) -> Json:
        """POST /v1/webhook_endpoints: the only answer that shows the secret."""
        if params.get("api_version", API_VERSION) != API_VERSION:
            raise wrong(f"Invalid API version: this sandbox sends {API_VERSION} only.", "api_version")
        secret = f"whsec_sbx{secrets.token_hex(16)}"
        given = {name: params[name] for name in ("description", "metadata") if name in params}
        return {**self._add(params["url"], params["enabled_events"], secret, **given), "secret": secret}

    def update(self, key: str, params: Json) -> Json:
        """POST /v1/webhook_endpoints/ID."""
        old, given = self._records.need("webhook_endpoint", key), dict(params)
        if "disabled" in given:
            given["status"] = "disabled" if given.pop("disabled") else "enabled"
        if "metadata" in given:
            given["metadata"] = merged(old["metadata"], given["metadata"])
        return self._records.save({**old, **given})

    def delete(self, key: str) -> Json:
        """DELETE /v1/webhook_endpoints/ID."""
        self._records.need("webhook_endpoint", key)
        self._records.delete("webhook_endpoint", key)
        return {"id": key, "object": "webhook_endpoint", "deleted": True}

    def _add(self, url: str, enabled: list[str], secret: str, **given: object) -> Json:
        body: Json = {"api_version": API_VERSION, "application": None, "description": None, "metadata": {}, "status": "enabled"}
        return self._records.add("webhook_endpoint", {**body, "url": url, "enabled_events": enabled, **given}, secret=secret)
