"""The links themselves: stored in both directions, with one primary company for each contact and deal.

Type ids per direction [docs copy: associations guide]. The primary link (contact to company: 1) stands beside the
unlabelled one (279). `associatedcompanyid` of a contact follows its primary company.
"""

from __future__ import annotations

from leadscore.sandbox import records
from leadscore.sandbox.catalogue import COMPANY, CONTACT, DEAL, SINGULAR, TASK, TYPE_IDS
from leadscore.sandbox.errors import Refused, bad_request
from leadscore.sandbox.happening import Happening, Source
from leadscore.sandbox.record import as_id, by_api
from leadscore.sandbox.state import Portal
from leadscore.sandbox.wire import Json

UNLABELLED = {
    (CONTACT, COMPANY): 279, (COMPANY, CONTACT): 280, (CONTACT, DEAL): 4, (DEAL, CONTACT): 3,
    (DEAL, COMPANY): 341, (COMPANY, DEAL): 342, (CONTACT, TASK): 203, (TASK, CONTACT): 204, (COMPANY, TASK): 191,
    (TASK, COMPANY): 192, (DEAL, TASK): 215, (TASK, DEAL): 216,
}  # fmt: skip
PRIMARY = {(CONTACT, COMPANY): 1, (COMPANY, CONTACT): 2, (DEAL, COMPANY): 5, (COMPANY, DEAL): 6}
_MIRROR = {
    279: 280, 280: 279, 4: 3, 3: 4, 341: 342, 342: 341, 1: 2, 2: 1, 5: 6, 6: 5, 203: 204, 204: 203, 191: 192, 192: 191,
    215: 216, 216: 215,
}  # fmt: skip
LABELS = {1: "Primary", 2: "Contact with Primary Company", 5: "Primary", 6: "Deal with Primary Company"}


def link(
    portal: Portal, pair: tuple[str, str], from_id: int, to_id: int, types: list[int], source: Source | None = None
) -> None:
    """Adds labels to a link, on both sides; the first company of a contact or deal becomes its primary one.

    Without a `source` it is the API that links.
    """
    wanted = {*types, UNLABELLED[pair]}
    if pair in PRIMARY:
        upward, child = (pair, from_id) if pair[1] == COMPANY else ((pair[1], pair[0]), to_id)
        if _primary_company(portal, upward, child) is None:
            wanted.add(PRIMARY[pair])
        if PRIMARY[pair] in wanted:
            _drop_primary(portal, upward, child)
    is_new = not _has(portal, pair, from_id, to_id)
    for type_id in wanted:
        _insert(portal, pair, from_id, to_id, type_id)
    _refresh(portal, pair, from_id, to_id)
    primary = PRIMARY.get(pair) in wanted
    if is_new or primary:
        _tell(portal, pair, from_id, to_id, source, removed=False, primary=primary, uncertain=not is_new)


def _has(portal: Portal, pair: tuple[str, str], from_id: int, to_id: int) -> bool:
    sql = "SELECT 1 FROM associations WHERE from_type=? AND from_id=? AND to_type=? AND to_id=?"
    return portal.db.execute(sql, (pair[0], from_id, pair[1], to_id)).fetchone() is not None


def _tell(
    portal: Portal, pair: tuple[str, str], from_id: int, to_id: int, source: Source | None, *, removed: bool,
    primary: bool, uncertain: bool = False,
) -> None:  # fmt: skip
    """Once for either side. Whether a new primary company alone is told is [not verified]."""
    for (one, other), here, there in ((pair, from_id, to_id), ((pair[1], pair[0]), to_id, from_id)):
        details = {
            "associationType": f"{SINGULAR[one]}_TO_{SINGULAR[other]}".upper(),
            "fromObjectId": here, "toObjectId": there, "associationRemoved": removed, "isPrimaryAssociation": primary,
            "fromObjectTypeId": TYPE_IDS[one], "toObjectTypeId": TYPE_IDS[other],
            "associationTypeId": UNLABELLED[one, other], "associationCategory": "HUBSPOT_DEFINED",
        }  # fmt: skip
        by = source or by_api(portal)
        news = Happening("associationChange", one, here, portal.now(), by, details=details, uncertain=uncertain)
        portal.tell(news)


def _insert(portal: Portal, pair: tuple[str, str], from_id: int, to_id: int, type_id: int) -> None:
    sql = "INSERT OR IGNORE INTO associations VALUES (?,?,?,?,?)"
    portal.db.execute(sql, (pair[0], from_id, pair[1], to_id, type_id))
    portal.db.execute(sql, (pair[1], to_id, pair[0], from_id, _MIRROR[type_id]))


def _delete(portal: Portal, pair: tuple[str, str], from_id: int, to_id: int, type_id: int) -> None:
    sql = "DELETE FROM associations WHERE from_type=? AND from_id=? AND to_type=? AND to_id=? AND type_id=?"
    portal.db.execute(sql, (pair[0], from_id, pair[1], to_id, type_id))
    portal.db.execute(sql, (pair[1], to_id, pair[0], from_id, _MIRROR[type_id]))


def _primary_company(portal: Portal, pair: tuple[str, str], child: int) -> int | None:
    sql = "SELECT to_id FROM associations WHERE from_type=? AND from_id=? AND to_type=? AND type_id=?"
    row = portal.db.execute(sql, (pair[0], child, pair[1], PRIMARY[pair])).fetchone()
    return row[0] if row else None


def _drop_primary(portal: Portal, pair: tuple[str, str], child: int) -> None:
    company = _primary_company(portal, pair, child)
    if company is not None:
        _delete(portal, pair, child, company, PRIMARY[pair])


def unlink(
    portal: Portal, pair: tuple[str, str], from_id: int, to_id: int, types: list[int], source: Source | None = None
) -> None:
    """Takes labels away; none named, or the unlabelled one, takes the whole link."""
    had_link = _has(portal, pair, from_id, to_id)
    if not types or UNLABELLED[pair] in types:
        sql = "SELECT type_id FROM associations WHERE from_type=? AND from_id=? AND to_type=? AND to_id=?"
        types = [row[0] for row in portal.db.execute(sql, (pair[0], from_id, pair[1], to_id))]
    for type_id in types:
        _delete(portal, pair, from_id, to_id, type_id)
    _refresh(portal, pair, from_id, to_id)
    if had_link and not _has(portal, pair, from_id, to_id):
        _tell(portal, pair, from_id, to_id, source, removed=True, primary=PRIMARY.get(pair) in types)


def _refresh(portal: Portal, pair: tuple[str, str], from_id: int, to_id: int) -> None:
    """What HubSpot keeps on the records about their links."""
    for kind, record_id, other in ((pair[0], from_id, pair[1]), (pair[1], to_id, pair[0])):
        changes: dict[str, str | None] = {}
        if (kind, other) == (CONTACT, TASK):
            changes["num_notes"] = str(_count(portal, kind, record_id, other))
        elif (kind, other) == (CONTACT, COMPANY):
            company = _primary_company(portal, (CONTACT, COMPANY), record_id)
            changes["associatedcompanyid"] = str(company) if company is not None else None
        elif other in (CONTACT, DEAL):
            changes[f"num_associated_{other}"] = str(_count(portal, kind, record_id, other))
        known = portal.definitions(kind)
        item = records.load_one(portal, kind, record_id)
        changes = {name: value for name, value in changes.items() if name in known}
        if item is not None and any(item.doc.get(name) != value for name, value in changes.items()):
            records.change(portal, item, changes, Source("CALCULATED"))


def _count(portal: Portal, kind: str, record_id: int, other: str) -> int:
    sql = "SELECT COUNT(DISTINCT to_id) FROM associations WHERE from_type=? AND from_id=? AND to_type=?"
    count: int = portal.db.execute(sql, (kind, record_id, other)).fetchone()[0]
    return count


def from_create(portal: Portal, kind: str, record_id: int, wanted: list[Json]) -> None:
    """The `associations` block of a create call."""
    for entry in wanted:
        target = as_id((entry.get("to") or {}).get("id"))
        for type_id in type_ids(entry.get("types") or []):
            pair = next((pair for pair in UNLABELLED if pair[0] == kind and type_id in ids_of(pair)), None)
            if pair is None or target is None or records.load_one(portal, pair[1], target) is None:
                raise Refused(bad_request(f"Invalid association from {SINGULAR[kind]} of type {type_id} to {target}"))
            link(portal, pair, record_id, target, [type_id])


def ids_of(pair: tuple[str, str]) -> set[int]:
    return {UNLABELLED[pair], PRIMARY.get(pair, UNLABELLED[pair])}


def type_ids(types: list[Json]) -> list[int]:
    return [int(entry["associationTypeId"]) for entry in types if "associationTypeId" in entry]


def targets(
    portal: Portal, pair: tuple[str, str], from_id: int, after: int, limit: int
) -> tuple[list[Json], str | None]:
    sql = (
        "SELECT to_id, type_id FROM associations WHERE from_type=? AND from_id=? AND to_type=? AND to_id>? "
        "ORDER BY to_id, type_id LIMIT ?"
    )
    rows = portal.db.execute(sql, (pair[0], from_id, pair[1], after, 2 * limit + 2)).fetchall()
    merged: dict[int, list[Json]] = {}
    for to_id, type_id in rows:
        entry = {"category": "HUBSPOT_DEFINED", "typeId": type_id, "label": LABELS.get(type_id)}
        merged.setdefault(to_id, []).append(entry)
    shown = [{"toObjectId": to_id, "associationTypes": types} for to_id, types in list(merged.items())[:limit]]
    return shown, str(shown[-1]["toObjectId"]) if len(merged) > limit else None
