"""Which record belongs to which: a contact's primary company, a deal's contacts."""

from collections.abc import Iterable
from typing import Any

from connectors.hubspot.answers import rows_of
from connectors.hubspot.client import Client

PRIMARY_COMPANY_TYPE = 1
_INPUTS = 1000


def linked(
    client: Client, source: str, target: str, ids: Iterable[str], *, type_id: int | None = None
) -> dict[str, tuple[str, ...]]:
    """The targets of each source, by source id; sources without any are missing. `type_id` keeps only associations
    that HubSpot defines under that number. The direction matters: a contact's primary company is 1."""
    found: dict[str, dict[str, None]] = {}
    waiting: list[dict[str, str]] = [{"id": id} for id in dict.fromkeys(ids)]
    while waiting:
        now, waiting = waiting[:_INPUTS], waiting[_INPUTS:]
        answer = client.call(client.associations.get_page, source, target, {"inputs": now})
        for result in rows_of(answer):
            id = str(result["from"]["id"])
            targets = (str(to["toObjectId"]) for to in result.get("to") or () if _fits(to, type_id))
            found.setdefault(id, {}).update(dict.fromkeys(targets))
            after = ((result.get("paging") or {}).get("next") or {}).get("after")
            if after:
                waiting.append({"id": id, "after": str(after)})
    return {id: tuple(targets) for id, targets in found.items() if targets}


def _fits(target: dict[str, Any], type_id: int | None) -> bool:
    """By category and number, never by label: labels differ between answers for the same type."""
    return type_id is None or any(
        entry.get("category") == "HUBSPOT_DEFINED" and entry.get("typeId") == type_id
        for entry in target.get("associationTypes") or ()
    )
