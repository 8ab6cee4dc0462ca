"""Object types and what a property definition is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

CONTACT, COMPANY, DEAL, TASK = "contacts", "companies", "deals", "tasks"
TYPE_IDS = {CONTACT: "0-1", COMPANY: "0-2", DEAL: "0-3", TASK: "0-27"}
SINGULAR = {CONTACT: "contact", COMPANY: "company", DEAL: "deal", TASK: "task"}
MODIFIED = {
    CONTACT: "lastmodifieddate", COMPANY: "hs_lastmodifieddate", DEAL: "hs_lastmodifieddate",
    TASK: "hs_lastmodifieddate",
}  # fmt: skip
CREATED = {CONTACT: "createdate", COMPANY: "createdate", DEAL: "createdate", TASK: "hs_createdate"}
DEFAULTS = {
    CONTACT: ("createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"),
    COMPANY: ("createdate", "domain", "hs_lastmodifieddate", "hs_object_id", "name"),
    DEAL: (
        "amount",
        "closedate",
        "createdate",
        "dealname",
        "dealstage",
        "hs_lastmodifieddate",
        "hs_object_id",
        "pipeline",
    ),
    TASK: ("hs_createdate", "hs_lastmodifieddate", "hs_object_id"),
}
ALIASES = {
    alias: name
    for name in TYPE_IDS
    for alias in (name, SINGULAR[name], TYPE_IDS[name], SINGULAR[name].upper(), name.upper())
}


@dataclass(frozen=True)
class Field:
    """A property definition; `options` are the allowed values (their labels are derived)."""

    name: str
    label: str
    type: str
    field_type: str
    group: str
    read_only: bool = False
    calculated: bool = False
    hidden: bool = False
    unique: bool = False
    options: tuple[str, ...] = field(default=())
    hubspot: bool = True

    def document(self) -> dict[str, Any]:
        """The definition as the properties API shows it."""
        return {
            "name": self.name,
            "label": self.label,
            "type": self.type,
            "fieldType": self.field_type,
            "description": "",
            "groupName": self.group,
            "options": [option(value, order) for order, value in enumerate(self.options)],
            "displayOrder": -1,
            "calculated": self.calculated,
            "externalOptions": self.name == "hubspot_owner_id",
            "hasUniqueValue": self.unique,
            "hidden": self.hidden,
            "hubspotDefined": self.hubspot,
            "formField": not self.read_only,
            "dataSensitivity": "non_sensitive",
            "modificationMetadata": {
                "archivable": not self.hubspot,
                "readOnlyDefinition": self.hubspot,
                "readOnlyValue": self.read_only,
            },
        }


@dataclass(frozen=True)
class Definition:
    """A live property definition, prepared for checking values against it."""

    document: dict[str, Any]
    name: str
    type: str
    field_type: str
    read_only: bool
    unique: bool
    values: tuple[str, ...]

    @classmethod
    def of(cls, document: dict[str, Any]) -> Definition:
        options = sorted(document["options"], key=lambda item: item.get("displayOrder", -1))
        return cls(
            document,
            document["name"],
            document["type"],
            document["fieldType"],
            document["modificationMetadata"]["readOnlyValue"],
            document["hasUniqueValue"],
            tuple(item["value"] for item in options),
        )


def option(value: str, order: int, label: str | None = None) -> dict[str, Any]:
    shown = label if label is not None else _label(value)
    return {"label": shown, "value": value, "displayOrder": order, "hidden": False, "description": ""}


def _label(value: str) -> str:
    named = {
        "marketingqualifiedlead": "Marketing Qualified Lead", "salesqualifiedlead": "Sales Qualified Lead",
        "true": "Yes", "false": "No", "AIRLINES_AVIATION": "Airlines/Aviation", "FOOD_BEVERAGES": "Food & Beverages",
    }  # fmt: skip
    if value in named:
        return named[value]
    return value.replace("_", " ").title() if value.isupper() or value.islower() else value
