"""The provider's numbers, read over the network between two transactions; an incomplete list never costs an agent its number."""

from typing import Any

from kametrix.integrations.vapi.client import VapiClient
from kametrix.integrations.vapi.errors import VapiNotFound


def listed(client: VapiClient) -> list[dict[str, Any]]:
    """Every number the provider lists. Raises VapiError."""
    return client.list_phone_numbers()


def still_there(client: VapiClient, vapi_phone_ids: list[str]) -> list[dict[str, Any]]:
    """Those of these numbers that the provider has although its list left them out. Raises VapiError."""
    return [found for vapi_phone_id in vapi_phone_ids if (found := _one(client, vapi_phone_id))]


def _one(client: VapiClient, vapi_phone_id: str) -> dict[str, Any] | None:
    try:
        return client.get_phone_number(vapi_phone_id)
    except VapiNotFound:
        return None
