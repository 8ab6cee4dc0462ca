"""The strings behind the stage: `/_sandbox/...`, without a token, for tests and demos.

GET  /_sandbox                        summary: organisation id, client id and secret, clock, counts of records
GET  /_sandbox/clock, POST            {"now": ms|ISO} stands still; {"advance_ms"|"advance_days": n}; {"run": true}
GET  /_sandbox/settings, POST         any of org.Settings
GET  /_sandbox/limits, POST           limits.Limits and used, bulk_used, pardot_used
GET  /_sandbox/faults, POST, DELETE   one faults.Fault, or {"faults": [...]}
GET  /_sandbox/journal?since=0        every write that was taken, oldest first
GET  /_sandbox/requests               {"GET query": n, ...} and "total"
POST /_sandbox/fields                 {object, fields: [fields.Field]}: makes custom fields, seen by nobody yet
POST /_sandbox/grant                  {object, fields: [names], edit?: true}: our user may see and edit them
POST /_sandbox/generate               {contacts, seed?}: the people of the local HubSpot, as of the org's clock
POST /_sandbox/engage                 {email, type, at?, url?, formId?, ...}: an activity in Account Engagement
POST /_sandbox/people/make            {object, values, user?: username, at?} -> {"id"}: in the app, by a person
POST /_sandbox/people/edit            {object, id, values, user?, at?}
POST /_sandbox/people/delete          {object, id, user?}
POST /_sandbox/people/convert         {id, account?, contact?, deal?: name, user?} -> {"contact", "account"}
POST /_sandbox/people/merge           {object, master, losers: [ids], user?}
POST /_sandbox/people/undelete        {object, id, user?}
POST /_sandbox/flows                  flows.Flow: sends an outbound message when a watched field changes
GET  /_sandbox/messages               those that were not acknowledged yet
POST /_sandbox/messages/again         sends all of the last day once more, as after a lost Ack
POST /_sandbox/mapping                {Lead field: Contact field, ...}: what a conversion carries over
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import msgspec

from leadscore.sandbox import faults as fault_words
from leadscore.sandbox.clock import DAY_MS, instant, iso
from leadscore.sandbox.faults import Fault
from leadscore.sandbox.salesforce import engagement, flows, messages, people_acts, rows
from leadscore.sandbox.salesforce.answers import Answer, Json, Request
from leadscore.sandbox.salesforce.catalogue import OBJECTS
from leadscore.sandbox.salesforce.errors import Refused
from leadscore.sandbox.salesforce.fields import Field, restored
from leadscore.sandbox.salesforce.generator import generate
from leadscore.sandbox.salesforce.org import Org
from leadscore.sandbox.salesforce.rows import Changed, Write
from leadscore.sandbox.salesforce.setup import USERS, organization_id, people

_Act = Callable[[Org, list[Fault], Request], Any]
_GRANTED = "Granted in the sandbox"


def answer(org: Org, faults: list[Fault], asked: Request) -> Answer:
    """Carries a control request out; a mistake in it is a 400 with a sentence."""
    act = _ACTS.get((asked.method, asked.path.removeprefix("/_sandbox").strip("/")))
    if act is None:
        words = f"there is no {asked.method} {asked.path}; see leadscore.sandbox.salesforce.control"
        return Answer(404, {"message": words})
    try:
        with org.transaction():
            return Answer(200, act(org, faults, asked))
    except Refused as refused:
        return Answer(400, {"message": str(refused), "code": refused.fault.code})
    except (ValueError, TypeError, KeyError, msgspec.ValidationError) as error:
        return Answer(400, {"message": f"{type(error).__name__}: {error}"})


def _summary(org: Org, faults: list[Fault], asked: Request) -> Json:
    counts = {
        name: org.db.execute(f'SELECT COUNT(*) FROM "o_{name}" WHERE "IsDeleted"=0').fetchone()[0]  # noqa: S608 - known names
        for name in OBJECTS
    }
    return {
        "organizationId": organization_id(org),
        "clientId": org.settings.client_id,
        "clientSecret": org.settings.client_secret,
        "username": org.settings.username,
        "businessUnit": org.settings.business_unit if org.settings.pardot else None,
        "clock": _clock(org, faults, asked),
        "records": {name: count for name, count in counts.items() if count},
        "calls": [f"{method} /_sandbox/{path}".rstrip("/") for method, path in _ACTS],
    }


def _clock(org: Org, _faults: list[Fault], _asked: Request) -> Json:
    return {"now": org.now(), "iso": iso(org.now()), "standing": org.clock.fixed is not None}


def _set_clock(org: Org, faults: list[Fault], asked: Request) -> Json:
    given = asked.json()
    if "now" in given:
        org.clock.freeze(instant(given["now"]))
    if given.get("run"):
        org.clock.run()
    org.clock.advance(round(given.get("advance_ms", 0) + given.get("advance_days", 0) * DAY_MS))
    return _clock(org, faults, asked)


def _settings(org: Org, _faults: list[Fault], _asked: Request) -> Json:
    return asdict(org.settings)


def _set_settings(org: Org, _faults: list[Fault], asked: Request) -> Json:
    org.settings.change(**asked.json())
    org.save_settings()
    return asdict(org.settings)


def _limits(org: Org, _faults: list[Fault], _asked: Request) -> Json:
    shown: Json = msgspec.to_builtins(org.limiter.limits)
    limiter = org.limiter
    return shown | {"used": limiter.used, "bulk_used": limiter.bulk_used, "pardot_used": limiter.pardot_used}


def _set_limits(org: Org, faults: list[Fault], asked: Request) -> Json:
    org.limiter.change(asked.json())
    return _limits(org, faults, asked)


def _faults(_org: Org, faults: list[Fault], _asked: Request) -> Json:
    return {"faults": msgspec.to_builtins(faults)}


def _add_faults(org: Org, faults: list[Fault], asked: Request) -> Json:
    given = asked.json()
    made = [fault_words.fault(document) for document in given.get("faults", [given])]
    for fault in made:
        fault.id = org.next_number("fault")
    faults.extend(made)
    return {"faults": msgspec.to_builtins(made)}


def _clear_faults(_org: Org, faults: list[Fault], _asked: Request) -> Json:
    faults.clear()
    return {"faults": []}


def _journal(org: Org, _faults: list[Fault], asked: Request) -> Json:
    query = "SELECT seq, at, act, object, id, doc FROM journal WHERE seq>? ORDER BY seq"
    names = ("seq", "at", "act", "object", "id")
    found = org.db.execute(query, (int(asked.text("since") or 0),)).fetchall()
    return {"entries": [dict(zip(names, r, strict=False)) | {"values": msgspec.json.decode(r[5])} for r in found]}


def _requests(org: Org, _faults: list[Fault], _asked: Request) -> Json:
    return {**dict(org.requests), "total": org.requests.total()}


def _make_fields(org: Org, _faults: list[Fault], asked: Request) -> Json:
    given = asked.json()
    made: list[Field] = []
    for document in given["fields"]:
        made.append(restored({"values": (), "to": (), **document}))
        org.add_field(given["object"], made[-1])
    return {"made": [one.name for one in made]}


def _grant(org: Org, _faults: list[Fault], asked: Request) -> Json:
    given = asked.json()
    write = Write(people(org).admin, unchecked=True)
    row = org.db.execute('SELECT "Id" FROM "o_PermissionSet" WHERE "Label"=?', (_GRANTED,)).fetchone()
    if row is None:
        made = rows.create(org, "PermissionSet", {"Name": "Granted", "Label": _GRANTED}, write)
        assigned = {"PermissionSetId": made.id, "AssigneeId": people(org).integration}
        rows.create(org, "PermissionSetAssignment", assigned, write)
        row = (made.id,)
    for name in given["fields"]:
        grant = {"ParentId": row[0], "SobjectType": given["object"], "Field": f"{given['object']}.{name}"}
        edit = bool(given.get("edit", True))
        rows.create(org, "FieldPermissions", {**grant, "PermissionsRead": True, "PermissionsEdit": edit}, write)
    return {"done": True}


def _write(org: Org, given: Json) -> Write:
    username = given.get("user", USERS[1][0])
    row = org.db.execute('SELECT "Id" FROM "o_User" WHERE "Username"=?', (username,)).fetchone()
    if row is None:
        raise ValueError(f"there is no user {username}")
    return Write(row[0], unchecked=True, at=None if given.get("at") is None else instant(given["at"]))


def _told(org: Org, made: Changed) -> Json:
    """Flows start for what people do, too."""
    flows.follow(org, [made])
    return {"id": made.id}


def _make(org: Org, _faults: list[Fault], asked: Request) -> Json:
    given = asked.json()
    return _told(org, rows.create(org, given["object"], given["values"], _write(org, given)))


def _edit(org: Org, _faults: list[Fault], asked: Request) -> Json:
    given = asked.json()
    return _told(org, rows.update(org, given["object"], given["id"], given["values"], _write(org, given)))


def _delete(org: Org, _faults: list[Fault], asked: Request) -> Json:
    given = asked.json()
    return {"id": rows.delete(org, given["object"], given["id"], _write(org, given)).id}


def _convert(org: Org, _faults: list[Fault], asked: Request) -> Json:
    given = asked.json()
    ends = {name: given.get(name) for name in ("account", "contact", "deal")}
    made = people_acts.convert(org, given["id"], _write(org, given), **ends)
    flows.follow(org, made)
    return {"contact": made[-1].after["ConvertedContactId"], "account": made[-1].after["ConvertedAccountId"]}


def _merge(org: Org, _faults: list[Fault], asked: Request) -> Json:
    given = asked.json()
    people_acts.merge(org, given["object"], given["master"], given["losers"], _write(org, given))
    return {"id": given["master"]}


def _undelete(org: Org, _faults: list[Fault], asked: Request) -> Json:
    given = asked.json()
    return {"id": people_acts.undelete(org, given["object"], given["id"], _write(org, given)).id}


def _generate(org: Org, _faults: list[Fault], asked: Request) -> Json:
    given = asked.json()
    return generate(org, int(given["contacts"]), int(given.get("seed", 1)))


def _engage(org: Org, _faults: list[Fault], asked: Request) -> Json:
    return engagement.act(org, asked.json())


def _flow(org: Org, _faults: list[Fault], asked: Request) -> Json:
    made = msgspec.convert(asked.json(), flows.Flow)
    flows.keep(org, made)
    return {"name": made.name}


def _messages(org: Org, _faults: list[Fault], _asked: Request) -> Json:
    return {"messages": messages.waiting(org)}


def _messages_again(org: Org, _faults: list[Fault], _asked: Request) -> Json:
    done = org.db.execute("UPDATE messages SET state='waiting', attempt=0, due=0")
    return {"again": done.rowcount}


def _mapping(org: Org, _faults: list[Fault], asked: Request) -> Json:
    for name, to in asked.json().items():
        org.db.execute("INSERT OR REPLACE INTO metadata VALUES ('LeadMapping', ?, ?)", (name, to))
    return {"done": True}


_ACTS: dict[tuple[str, str], _Act] = {
    ("GET", ""): _summary,
    ("GET", "clock"): _clock,
    ("POST", "clock"): _set_clock,
    ("GET", "settings"): _settings,
    ("POST", "settings"): _set_settings,
    ("GET", "limits"): _limits,
    ("POST", "limits"): _set_limits,
    ("GET", "faults"): _faults,
    ("POST", "faults"): _add_faults,
    ("DELETE", "faults"): _clear_faults,
    ("GET", "journal"): _journal,
    ("GET", "requests"): _requests,
    ("POST", "fields"): _make_fields,
    ("POST", "grant"): _grant,
    ("POST", "generate"): _generate,
    ("POST", "engage"): _engage,
    ("POST", "people/make"): _make,
    ("POST", "people/edit"): _edit,
    ("POST", "people/delete"): _delete,
    ("POST", "people/convert"): _convert,
    ("POST", "people/merge"): _merge,
    ("POST", "people/undelete"): _undelete,
    ("POST", "flows"): _flow,
    ("GET", "messages"): _messages,
    ("POST", "messages/again"): _messages_again,
    ("POST", "mapping"): _mapping,
}
