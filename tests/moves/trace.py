"""Somebody who is easy to find again, and looking for every byte of them."""

from pathlib import Path
from typing import Any

import msgspec
import requests
from sqlalchemy import Engine, select

from leadscore.store.database import reading
from leadscore.store.tables import metadata
from tests.moves.town import NOW, PUBLIC, SECRET, Town
from webhooks.signatures import TIMESTAMP, V3, sign_v3, signed_uri

EMAIL, MOVED = "xanthippe.quill@canary-mail.example", "quill.xanthippe@canary-mail.example"
TITLE, PHONE, NOTE = "Chief Xylophone Officer", "+49 170 9876543210", "Quetzalcoatl budget"
WORDS = ("xanthippe", "canary-mail", "xylophone", "9876543210", "quetzalcoatl")


def lives_here(place: Town) -> str:
    """A canary with everything that somebody can have, scored and answered; beside a neighbour. Returns their id."""
    place.person("neighbour@acme.example", "CEO")
    place.demo("neighbour@acme.example")
    who = place.person(EMAIL, TITLE)
    values = {"email": EMAIL, "phone": PHONE}
    place.pull("people/submit-form", form="Request a demo", values=values)
    deal = place.pull("people/import", object="deals", rows=[{"dealname": "One", "dealstage": "closedwon"}])["ids"][0]
    place.pull("people/link", **{"from": "deals"}, id=deal, to="contacts", to_id=who)
    place.begin()
    place.listen()
    place.later()
    answer = {"leadscore_feedback": "unqualified", "leadscore_feedback_note": NOTE}
    place.pull("people/edit", id=who, properties=answer, user=9501)
    place.pull("people/edit", id=who, properties={"jobtitle": f"{TITLE} II", "email": MOVED})
    place.live()
    assert found_in(place.store) == set(WORDS) - {"9876543210"} | kept_phone(place)
    return who


def kept_phone(place: Town) -> set[str]:
    """What a form was sent with is kept if the portal tells it."""
    return {"9876543210"} & found_in(place.store)


def found_in(store: Engine) -> set[str]:
    """Which of the words stand anywhere: in the files of SQLite, in the rows of PostgreSQL."""
    if store.dialect.name == "sqlite":
        assert store.url.database is not None
        base = store.url.database
        parts = [_bytes(f"{base}{end}") for end in ("", "-wal", "-journal", "-shm")]
        haystack = b"\n".join(parts).lower()
    else:
        with reading(store) as connection:
            rows = [row for table in metadata.sorted_tables for row in connection.execute(select(table))]
        haystack = "\n".join(map(_told, rows)).lower().encode()
    return {word for word in WORDS if word.encode() in haystack}


def _bytes(path: str) -> bytes:
    file = Path(path)
    return file.read_bytes() if file.exists() else b""


def _told(row: Any) -> str:
    return " ".join(bytes(v).decode(errors="replace") if isinstance(v, memoryview | bytes) else str(v) for v in row)


def event(place: Town, who: str, kind: str = "propertyChange", number: int = 1, **more: Any) -> dict[str, Any]:
    """What HubSpot says when something happens to a contact."""
    return {
        "eventId": number,
        "subscriptionId": 1,
        "portalId": 147000001,
        "appId": 5,
        "occurredAt": place.now,
        "subscriptionType": f"contact.{kind}",
        "attemptNumber": 0,
        "objectId": int(who),
        **({"propertyName": "jobtitle", "propertyValue": TITLE} if kind == "propertyChange" else {}),
        **more,
    }


def deliver(place: Town, *events: dict[str, Any], raw: bytes | None = None) -> None:
    """Events come through the door, signed."""
    body, stamp = msgspec.json.encode(events) if raw is None else raw, str(place.now).encode()
    signature = sign_v3(SECRET, "POST", signed_uri(PUBLIC, b""), body, stamp)
    headers = {V3: signature.decode(), TIMESTAMP: stamp.decode()}
    assert requests.post(place.door, data=body, headers=headers, timeout=10).status_code == 200


__all__ = ["EMAIL", "MOVED", "NOTE", "NOW", "PHONE", "TITLE", "WORDS", "deliver", "event", "found_in", "lives_here"]
