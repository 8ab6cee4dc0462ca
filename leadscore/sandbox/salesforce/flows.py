"""Record-triggered flows that send an outbound message when a watched field of a record changes."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import msgspec

from leadscore.sandbox.clock import real_now
from leadscore.sandbox.salesforce.org import Org
from leadscore.sandbox.salesforce.rows import Changed
from leadscore.sandbox.salesforce.setup import people

_BYPASS = 'SELECT 1 FROM "o_UserSetupEntityAccess" WHERE "DeveloperName"=? AND "CreatedById"=? AND "IsDeleted"=0'


@dataclass(frozen=True)
class Flow:
    """Starts when a record is created (`on_create`) or one of `watched` changes; sends `sent` (Id always) to
    `endpoint`. Who holds the custom permission `bypass` starts none."""

    name: str
    object: str
    endpoint: str
    watched: tuple[str, ...] = ()
    sent: tuple[str, ...] = ("Id",)
    on_create: bool = True
    bypass: str = ""


def keep(org: Org, flow: Flow) -> None:
    """Makes a flow active, in the place of one of its name."""
    text = msgspec.json.encode(asdict(flow)).decode()
    org.db.execute("INSERT OR REPLACE INTO metadata VALUES ('Flow', ?, ?)", (flow.name, text))


def active(org: Org) -> list[Flow]:
    rows = org.db.execute("SELECT doc FROM metadata WHERE type='Flow' ORDER BY name").fetchall()
    return [msgspec.json.decode(row[0], type=Flow) for row in rows]


def follow(org: Org, changed: list[Changed]) -> int:
    """Puts a message on its way for every change that starts a flow; returns how many."""
    flows = active(org)
    if not flows or not changed:
        return 0
    own = people(org).integration
    made = 0
    for one in changed:
        for flow in flows:
            if flow.object == one.object and _starts(org, flow, one, own):
                _put(org, flow, one.id)
                made += 1
    return made


def _starts(org: Org, flow: Flow, one: Changed, own: str) -> bool:
    if not (flow.on_create if one.created else any(name in flow.watched for name in one.fields)):
        return False
    mine = one.after.get("LastModifiedById") == own
    return not (mine and flow.bypass and org.db.execute(_BYPASS, (flow.bypass, own)).fetchone())


def _put(org: Org, flow: Flow, id: str) -> None:
    number = org.next_number("message")
    document = {"flow": flow.name, "id": id, "notification": f"04l5f{number:010d}AAA"}
    row = (msgspec.json.encode(document).decode(), real_now())
    org.db.execute("INSERT INTO messages (doc, due) VALUES (?,?)", row)
