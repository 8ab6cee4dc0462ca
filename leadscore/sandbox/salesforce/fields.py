"""Fields of Salesforce's objects: their types, how they are kept, shown and described."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

Json = dict[str, Any]

_NUMBERS = {"int", "double", "currency", "percent"}
_KEPT_AS = {"boolean": "INTEGER", "int": "INTEGER", "double": "REAL", "currency": "REAL", "percent": "REAL"}
_SOAP = {
    "id": "tns:ID", "reference": "tns:ID", "boolean": "xsd:boolean", "int": "xsd:int", "double": "xsd:double",
    "currency": "xsd:double", "percent": "xsd:double", "date": "xsd:date", "datetime": "xsd:dateTime",
}  # fmt: skip


@dataclass(frozen=True)
class Field:
    """`to` and `relation`: the objects that a reference leads to, and its name in queries (`Account` for AccountId).
    `values` of a picklist; only a `restricted` one refuses others. `system`: nobody may write it, and nobody needs a
    permission to read it. `length` in characters; `precision` and `scale` of numbers, in digits."""

    name: str
    type: str = "string"
    length: int = 0
    precision: int = 0
    scale: int = 0
    nillable: bool = True
    createable: bool = True
    updateable: bool = True
    system: bool = False
    values: tuple[str, ...] = ()
    restricted: bool = False
    to: tuple[str, ...] = ()
    relation: str | None = None
    label: str = ""
    external_id: bool = False
    history: bool = False
    default: str | int | bool | None = None
    help: str = ""
    extra: Json = field(default_factory=dict)

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")

    @property
    def column(self) -> str:
        """Its column in SQLite. Texts are compared without case, as Salesforce does; ids with it."""
        if self.type == "datetime":
            return "INTEGER"
        kept = _KEPT_AS.get(self.type)
        if kept is not None:
            return kept
        return "TEXT" if self.type in ("id", "reference", "date") else "TEXT COLLATE NOCASE"

    @property
    def longest(self) -> int | None:
        """How many characters it takes; None: no text."""
        if self.type in ("string", "textarea", "email", "phone", "url", "picklist", "multipicklist"):
            return self.length or {"email": 80, "phone": 40, "textarea": 32_000}.get(self.type, 255)
        return None

    def described(self, *, updateable: bool, createable: bool) -> Json:
        """Its part of a describe: all keys that clients look for."""
        number = self.type in _NUMBERS
        return {
            "name": self.name, "label": self.label or self.name.removesuffix("__c").replace("_", " "),
            "type": self.type, "length": self.longest or (18 if self.type in ("id", "reference") else 0),
            "byteLength": 3 * (self.longest or 0), "precision": self.precision if number else 0,
            "digits": self.precision if self.type == "int" else 0, "scale": self.scale, "nillable": self.nillable,
            "createable": createable, "updateable": updateable, "custom": self.custom, "calculated": False,
            "autoNumber": False, "caseSensitive": False, "defaultValue": self.default, "defaultValueFormula": None,
            "defaultedOnCreate": self.default is not None, "dependentPicklist": False, "controllerName": None,
            "deprecatedAndHidden": False, "externalId": self.external_id, "unique": self.external_id,
            "filterable": self.type != "textarea", "sortable": self.type != "textarea",
            "groupable": self.type not in ("textarea", "datetime", "double"), "htmlFormatted": False,
            "idLookup": self.type == "id" or self.external_id or self.name == "Email",
            "inlineHelpText": self.help or None, "nameField": self.name == "Name", "namePointing": len(self.to) > 1,
            "picklistValues": [
                {"active": True, "defaultValue": value == self.default, "label": value, "validFor": None,
                 "value": value} for value in self.values
            ],
            "restrictedPicklist": self.restricted, "referenceTo": list(self.to), "relationshipName": self.relation,
            "relationshipOrder": None, "soapType": _SOAP.get(self.type, "xsd:string"), "calculatedFormula": None,
            "writeRequiresMasterRead": False,
        }  # fmt: skip

    def document(self) -> Json:
        """For keeping custom fields; `Field(**document)` makes it again, with tuples from lists."""
        return asdict(self)


def restored(document: Json) -> Field:
    """A field from its kept document."""
    tuples = {name: tuple(document[name]) for name in ("values", "to")}
    return Field(**(document | tuples))
