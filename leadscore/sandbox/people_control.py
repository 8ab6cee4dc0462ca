"""The strings for colleagues: who merge, delete, restore and link records, edit them in bulk, and leave the company.

POST /_sandbox/people/bulk-edit       {object?: contacts, ids, properties, user?, source?, at?}: one time for all
POST /_sandbox/people/merge           {object?, primary, other, user?} -> {"id": of what is left}
POST /_sandbox/people/delete          {object?, id, user?}
POST /_sandbox/people/restore         {object?, id, user?}: out of the recycle bin
POST /_sandbox/people/gdpr-delete     {id, user?}: a contact, for good
POST /_sandbox/people/link|unlink     {from: "contacts", id, to: "companies", to_id, types?: [1], user?}
POST /_sandbox/owners                 {id, archived?, email?, first?, last?}: makes, (de)activates an owner
Records are named by id, contacts also by e-mail.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from leadscore.sandbox import erasing, links, merging, records, visitors
from leadscore.sandbox.catalogue import ALIASES, CONTACT
from leadscore.sandbox.clock import instant, iso
from leadscore.sandbox.errors import Refused, not_found
from leadscore.sandbox.happening import Source
from leadscore.sandbox.record import as_id
from leadscore.sandbox.state import Portal
from leadscore.sandbox.wire import Json, Request


def _kind(given: Json) -> str:
    return ALIASES[given.get("object", CONTACT)]


def _id(portal: Portal, kind: str, named: object) -> int:
    found = as_id(named)
    if found is None and kind == CONTACT:
        return visitors.contact(portal, str(named)).id
    return found or 0


def source(given: Json) -> Source:
    """Who acts: a person (`user`), or `source: {type, id?, user?}` as it stands."""
    if named := given.get("source"):
        return Source(named["type"], named.get("id"), named.get("user"))
    return Source.person(int(given.get("user", 9501)))


def _bulk_edit(portal: Portal, request: Request) -> Json:
    given = request.json()
    kind, at = _kind(given), given.get("at")
    ids = [_id(portal, kind, named) for named in given["ids"]]
    visitors.bulk_edit(portal, kind, ids, given["properties"], source(given), None if at is None else instant(at))
    return {"changed": len(ids)}


def _merge(portal: Portal, request: Request) -> Json:
    given = request.json()
    kind = _kind(given)
    ends = _id(portal, kind, given["primary"]), _id(portal, kind, given["other"])
    return {"id": str(merging.merge(portal, kind, *ends, source(given)).id)}


def _delete(portal: Portal, request: Request) -> Json:
    given = request.json()
    kind = _kind(given)
    item = records.load_one(portal, kind, _id(portal, kind, given["id"]))
    if item is None:
        raise Refused(not_found(f"There is no record {given['id']} in {kind}"))
    records.archive(portal, item, source(given))
    return {"done": True}


def _restore(portal: Portal, request: Request) -> Json:
    given = request.json()
    erasing.restore(portal, _kind(given), as_id(given["id"]) or 0, source(given))
    return {"done": True}


def _gdpr_delete(portal: Portal, request: Request) -> Json:
    given = request.json()
    erasing.erase(portal, _id(portal, CONTACT, given["id"]), source(given))
    return {"done": True}


def _linking(act: Callable[..., None]) -> Callable[[Portal, Request], Json]:
    def link(portal: Portal, request: Request) -> Json:
        given = request.json()
        pair = ALIASES[given["from"]], ALIASES[given["to"]]
        ends = _id(portal, pair[0], given["id"]), _id(portal, pair[1], given["to_id"])
        for kind, record_id in zip(pair, ends, strict=True):
            if records.load_one(portal, kind, record_id) is None:
                raise Refused(not_found(f"There is no record {record_id} in {kind}"))
        act(portal, pair, *ends, list(given.get("types", [])), source(given))
        return {"done": True}

    return link


def _owner(portal: Portal, request: Request) -> Json:
    given = request.json()
    owner_id, now = int(given["id"]), iso(portal.now())
    row = portal.db.execute("SELECT doc FROM owners WHERE id=?", (owner_id,)).fetchone()
    owner: Json = msgspec.json.decode(row[0]) if row else {
        "id": str(owner_id), "email": f"owner{owner_id}@example.com", "type": "PERSON", "firstName": "", "lastName": "",
        "userId": owner_id + 9000, "userIdIncludingInactive": owner_id + 9000, "teams": [], "createdAt": now,
    }  # fmt: skip
    named = {"email": "email", "firstName": "first", "lastName": "last"}
    owner |= {key: given[word] for key, word in named.items() if word in given}
    owner |= {"archived": bool(given.get("archived")), "updatedAt": now}
    text = msgspec.json.encode(owner).decode()
    portal.db.execute("INSERT OR REPLACE INTO owners VALUES (?,?,?)", (owner_id, int(owner["archived"]), text))
    return owner


ACTS: dict[tuple[str, str], Callable[[Portal, Request], Json]] = {
    ("POST", "people/bulk-edit"): _bulk_edit,
    ("POST", "people/merge"): _merge,
    ("POST", "people/delete"): _delete,
    ("POST", "people/restore"): _restore,
    ("POST", "people/gdpr-delete"): _gdpr_delete,
    ("POST", "people/link"): _linking(links.link),
    ("POST", "people/unlink"): _linking(links.unlink),
    ("POST", "owners"): _owner,
}
