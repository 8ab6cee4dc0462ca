"""What ends a record, and what brings it back: the recycle bin, restoring, deletion for privacy."""

from __future__ import annotations

from leadscore.sandbox import journal, records
from leadscore.sandbox.catalogue import CONTACT, SINGULAR
from leadscore.sandbox.errors import Refused, bad_request, not_found
from leadscore.sandbox.happening import Happening, Source
from leadscore.sandbox.record import Record, as_id, by_api
from leadscore.sandbox.state import Portal
from leadscore.sandbox.wire import Request, Response


def restore(portal: Portal, kind: str, record_id: int, source: Source) -> Record:
    """Brings a record back out of the recycle bin; only people can, there is no API for it.

    Raises Refused: 404 when it is not there, 409 when another record has taken its address meanwhile.
    """
    item = records.load_one(portal, kind, record_id, archived=True)
    if item is None:
        raise Refused(not_found(f"There is no deleted {SINGULAR[kind]} {record_id}"))
    records.claim_all(portal, item)
    records.hide_from_search(portal, item, item)
    item.archived, item.modified = False, portal.now()
    sql = "UPDATE objects SET archived=0, modified=? WHERE type=? AND id=?"
    portal.db.execute(sql, (item.modified, kind, record_id))
    portal.tell(Happening("restore", kind, record_id, portal.now(), source))
    return item


def over_http(portal: Portal, request: Request) -> Response:
    """POST .../contacts/gdpr-delete {objectId, idProperty?: email}: 204, also for an address that nobody has."""
    given = request.json()
    text, named = str(given.get("objectId") or ""), given.get("idProperty")
    if not text or named not in (None, "", "email", "hs_object_id"):
        raise Refused(bad_request("gdpr-delete needs an objectId, and takes email as its only idProperty"))
    record_id = records.find_email(portal, text) if named == "email" else as_id(text)
    if record_id is not None:
        erase(portal, record_id, by_api(portal))
    elif named != "email":
        raise Refused(not_found(f"Object not found. (contact {text})"))
    journal.note(portal, request, CONTACT, record_id, None, 204)
    return Response(204)


def erase(portal: Portal, contact_id: int, source: Source) -> None:
    """Deletes a contact for good, whether it lies in the recycle bin or not, with everything known of it.

    Told as a deletion and as a privacyDeletion, in no promised order. Raises Refused (404).
    """
    row = portal.db.execute("SELECT archived FROM objects WHERE type=? AND id=?", (CONTACT, contact_id)).fetchone()
    if row is None:
        raise Refused(not_found(f"Object not found. (contact {contact_id})"))
    for table in ("objects", "stale", "changes", "unique_values"):
        portal.db.execute(f"DELETE FROM {table} WHERE type=? AND id=?", (CONTACT, contact_id))  # noqa: S608 - constant names
    for side in ("from", "to"):
        sql = f"DELETE FROM associations WHERE {side}_type=? AND {side}_id=?"  # noqa: S608 - constant names
        portal.db.execute(sql, (CONTACT, contact_id))
    for table in ("submissions", "page_views"):
        portal.db.execute(f"DELETE FROM {table} WHERE contact=?", (contact_id,))  # noqa: S608 - constant names
    sql = "DELETE FROM memberships WHERE record=? AND list IN (SELECT id FROM lists WHERE object_type='0-1')"
    portal.db.execute(sql, (contact_id,))
    for what in ("deletion", "privacyDeletion")[row[0] :]:
        portal.tell(Happening(what, CONTACT, contact_id, portal.now(), source))
