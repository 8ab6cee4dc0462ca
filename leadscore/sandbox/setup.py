"""A fresh account: HubSpot's own properties and groups, three owners, two deal pipelines, eight forms, one list.

The pipelines are chosen for their traps: text ids in the first, numeric ones in the second, and several won stages, of
which only one is called "closedwon". The newsletter is a form of the type `flow` (a pop-up), not `hubspot`.
"""

from __future__ import annotations

from typing import Any

import msgspec

from leadscore.sandbox.catalogue import CONTACT, Field
from leadscore.sandbox.clock import iso
from leadscore.sandbox.fields import CUSTOM_CONTACT_FIELDS, FIELDS, GROUPS
from leadscore.sandbox.state import Portal

_NAMED = ("email", "firstname", "lastname")
FORMS = (
    ("3a5b8c1e-0001-4d6f-9a01-6f1d2e3c4b01", "Request a demo", "/demo",
     (*_NAMED, "company", "jobtitle", "numemployees", "message")),
    ("3a5b8c1e-0002-4d6f-9a02-6f1d2e3c4b02", "Request a quote", "/quote", (*_NAMED, "company", "message")),
    ("3a5b8c1e-0003-4d6f-9a03-6f1d2e3c4b03", "Contact sales", "/contact", (*_NAMED, "message")),
    ("3a5b8c1e-0004-4d6f-9a04-6f1d2e3c4b04", "Checklist", "/resources/checklist", ("email", "firstname")),
    ("3a5b8c1e-0005-4d6f-9a05-6f1d2e3c4b05", "White paper", "/resources/white-paper",
     ("email", "firstname", "company", "jobtitle")),
    ("3a5b8c1e-0006-4d6f-9a06-6f1d2e3c4b06", "Webinar registration", "/webinar",
     (*_NAMED, "jobtitle", "product_interest")),
    ("3a5b8c1e-0007-4d6f-9a07-6f1d2e3c4b07", "Technical guide", "/resources/technical-guide",
     ("email", "jobtitle", "company")),
    ("3a5b8c1e-0008-4d6f-9a08-6f1d2e3c4b08", "Newsletter", "/newsletter", ("email",)),
)  # fmt: skip
OWNERS = (
    (501, "mara.lindqvist@example.com", "Mara", "Lindqvist", False),
    (502, "tomas.ferreira@example.com", "Tomás", "Ferreira", False),
    (503, "june.okafor@example.com", "June", "Okafor", True),
)
_STAGES = {
    "default": (
        "Sales Pipeline",
        (
            ("appointmentscheduled", "Appointment Scheduled", "0.2"), ("qualifiedtobuy", "Qualified To Buy", "0.4"),
            ("contractsent", "Contract Sent", "0.9"), ("closedwon", "Closed Won", "1.0"),
            ("wonwithpilot", "Won, starts as a pilot", "1.0"), ("closedlost", "Closed Lost", "0.0"),
        ),
    ),
    "75e28846": (
        "Partner Pipeline",
        (("90310001", "Introduced", "0.3"), ("90310002", "Signed", "1.0"), ("90310003", "Declined", "0.0")),
    ),
}  # fmt: skip
DO_NOT_SCORE = "Do not score"


def prepare(portal: Portal) -> None:
    """Fills an empty store; one that is already in use stays as it is."""
    with portal.transaction():
        if portal.db.execute("SELECT 1 FROM properties LIMIT 1").fetchone():
            return
        now = portal.now()
        portal.save_settings()
        for kind, fields in FIELDS.items():
            _properties(portal, kind, fields, now)
            for order, (name, label) in enumerate(GROUPS[kind]):
                document = {"name": name, "label": label, "displayOrder": order, "archived": False}
                _put(portal, "groups (type, name, doc)", (kind, name, _text(document)))
        _properties(portal, CONTACT, CUSTOM_CONTACT_FIELDS, now)
        portal.forget_definitions()
        _people_and_pipelines(portal, now)
        for guid, name, page, asked in FORMS:
            form_type = "flow" if page == "/newsletter" else "hubspot"
            form = (guid, name, form_type, now, now, _text(list(asked)))
            _put(portal, "forms (guid, name, form_type, created, updated, fields)", form)
        listed = (portal.next_id("list"), DO_NOT_SCORE, "0-1", "MANUAL", "COMPLETE", now, now, 1)
        _put(portal, "lists (id, name, object_type, processing, status, created, updated, version)", listed)


def _properties(portal: Portal, kind: str, fields: tuple[Field, ...], now: int) -> None:
    for field in fields:
        document = field.document() | {"createdAt": iso(now), "updatedAt": iso(now)}
        _put(portal, "properties (type, name, doc)", (kind, field.name, _text(document)))


def _people_and_pipelines(portal: Portal, now: int) -> None:
    stamp = {"createdAt": iso(now), "updatedAt": iso(now)}
    for owner_id, email, first, last, archived in OWNERS:
        owner = {
            "id": str(owner_id), "email": email, "type": "PERSON", "firstName": first, "lastName": last,
            "userId": owner_id + 9000, "userIdIncludingInactive": owner_id + 9000, "archived": archived, "teams": [],
        }  # fmt: skip
        _put(portal, "owners (id, archived, doc)", (owner_id, int(archived), _text(owner | stamp)))
    for position, (pipeline_id, (label, stages)) in enumerate(_STAGES.items()):
        pipeline = {
            "id": pipeline_id, "label": label, "displayOrder": position, "archived": False, **stamp,
            "stages": [_stage(order, stage) | stamp for order, stage in enumerate(stages)],
        }  # fmt: skip
        _put(portal, "pipelines (type, id, position, doc)", ("deals", pipeline_id, position, _text(pipeline)))


def _stage(order: int, stage: tuple[str, str, str]) -> dict[str, Any]:
    """`isClosed` and `probability` are texts in HubSpot's answers [docs copy: pipelines guide]."""
    closed = str(stage[2] in ("1.0", "0.0")).lower()
    return {
        "id": stage[0], "label": stage[1], "displayOrder": order, "archived": False,
        "metadata": {"isClosed": closed, "probability": stage[2]}, "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
    }  # fmt: skip


def _put(portal: Portal, into: str, row: tuple[Any, ...]) -> None:
    marks = ",".join("?" * len(row))
    portal.db.execute(f"INSERT INTO {into} VALUES ({marks})", row)  # noqa: S608 - constant tables, bound values


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()
