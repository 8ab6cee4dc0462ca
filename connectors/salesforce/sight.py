"""Which objects and fields our user may see: what is missing in a describe does not exist for us."""

from collections.abc import Sequence
from typing import Any

from connectors.protocol import PropertyInfo
from connectors.salesforce.answers import Forbidden, Refused
from connectors.salesforce.client import Client
from connectors.salesforce.fields import is_ours

_COMPOUND = frozenset({"address", "location"})


class Sight:
    """Answers from the describes that the client keeps for a while. Threads may share it."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def may_read(self, object: str) -> bool:
        return bool(self._described(object).get("queryable"))

    def readable(self, object: str, names: Sequence[str]) -> dict[str, str]:
        """Those of these fields that we may see, in the order given, with the names that Salesforce has for them:
        capitals do not matter to it."""
        known = {str(raw["name"]).lower(): str(raw["name"]) for raw in self._fields(object)}
        return {name: known[name.lower()] for name in names if name.lower() in known}

    def properties(self, object: str) -> tuple[PropertyInfo, ...]:
        return tuple(_info(object, raw) for raw in self._fields(object))

    def options(self, object: str, name: str) -> tuple[str, ...]:
        """The active values of a picklist, in Salesforce's order."""
        raw = next((raw for raw in self._fields(object) if raw["name"] == name), None)
        values = (raw or {}).get("picklistValues") or ()
        return tuple(str(value["value"]) for value in values if value.get("active"))

    def _fields(self, object: str) -> list[dict[str, Any]]:
        return [raw for raw in self._described(object).get("fields") or () if raw.get("type") not in _COMPOUND]

    def _described(self, object: str) -> dict[str, Any]:
        """{} for an object that is hidden from us; that it is missing is told in the same words."""
        try:
            return self._client.describe(object)
        except (Forbidden, Refused):
            return {}


def _info(object: str, raw: dict[str, Any]) -> PropertyInfo:
    name = str(raw["name"])
    values = [value for value in raw.get("picklistValues") or () if value.get("active")]
    return PropertyInfo(
        object=object,
        name=name,
        label=str(raw.get("label") or name),
        type=str(raw.get("type") or "string"),
        options=tuple((str(value["value"]), str(value.get("label") or value["value"])) for value in values),
        read_only=not raw.get("updateable"),
        ours=is_ours(name),
    )
