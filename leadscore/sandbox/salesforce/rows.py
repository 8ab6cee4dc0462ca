"""Writes single records as Salesforce does: checks, rules of the org, history, times, and who did it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from leadscore.sandbox.salesforce import ids
from leadscore.sandbox.salesforce.catalogue import LEAD, LEAD_STATUSES, READ_ONLY, STAGES, TASK_STATUSES
from leadscore.sandbox.salesforce.checking import kept
from leadscore.sandbox.salesforce.errors import Refused
from leadscore.sandbox.salesforce.fields import Field
from leadscore.sandbox.salesforce.org import Org, Row
from leadscore.sandbox.salesforce.sight import UserSight
from leadscore.sandbox.salesforce.soql.run import day_text

_CONVERTED = frozenset(name for name, converted in LEAD_STATUSES if converted)


@dataclass(frozen=True)
class Write:
    """Who writes, how: `assign` is the header Sforce-Auto-Assign (absent: true; Bulk jobs name no rule: false).
    `unchecked`: the org's own doing, which no permission or rule stops. `at`: another time than now."""

    user: str
    assign: bool = True
    unchecked: bool = False
    at: int | None = None


@dataclass
class Changed:
    """What a write changed: told to the journal, to flows and their messages."""

    object: str
    id: str
    created: bool
    before: Row
    after: Row
    fields: list[str] = field(default_factory=list)


def create(org: Org, object: str, values: Mapping[str, Any], write: Write) -> Changed:
    """Adds a record. Raises Refused."""
    _must_be_writable(object, write)
    row: Row = {one.name: _default(one) for one in org.fields(object).values()}
    given = _values(org, object, values, write, new=True)
    row |= given
    missing = [
        one.name
        for one in org.fields(object).values()
        if not one.nillable and one.createable and row[one.name] is None and one.type != "boolean"
    ]
    if missing and not write.unchecked:
        raise Refused("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", *missing)
    at = org.stamp() if write.at is None else write.at // 1000 * 1000
    row |= {"Id": org.next_id(object), "IsDeleted": 0, "CreatedDate": at, "CreatedById": write.user}
    if "OwnerId" in row and row["OwnerId"] is None:
        row["OwnerId"] = write.user
    return _save(org, object, {}, row, list(given), write, at)


def update(org: Org, object: str, id: str, values: Mapping[str, Any], write: Write) -> Changed:
    """Changes a record. Raises Refused; what it has already counts as written, and moves its times."""
    _must_be_writable(object, write)
    before = living(org, object, id)
    _stopped(org, object, before, values, write)
    given = _values(org, object, values, write, new=False)
    at = org.stamp() if write.at is None else write.at // 1000 * 1000
    return _save(org, object, before, before | given, list(given), write, at)


def delete(org: Org, object: str, id: str, write: Write, *, master: str | None = None) -> Changed:
    """Into the recycle bin; `master`: it lost a merge to that record."""
    before = living(org, object, id)
    at = org.stamp()
    after = before | {"IsDeleted": 1, "SystemModstamp": at, "LastModifiedDate": at, "LastModifiedById": write.user}
    if master is not None:
        after["MasterRecordId"] = master
    org.put(object, after)
    org.note("delete", object, id, {})
    return Changed(object, id, False, before, after, ["IsDeleted"])


def living(org: Org, object: str, id: str) -> Row:
    """A record that is not deleted. Raises Refused with Salesforce's words for each way of not being there."""
    found = ids.full(id)
    if found is None or not found.startswith(ids.PREFIXES.get(object, "a00")):
        raise Refused("MALFORMED_ID", f"{object} ID: id value of incorrect type: {id}", "Id")
    row = org.get(object, found)
    if row is None:
        raise Refused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    if row["IsDeleted"]:
        raise Refused("ENTITY_IS_DELETED", "entity is deleted", status=org.settings.deleted_status)
    return row


def _must_be_writable(object: str, write: Write) -> None:
    if object in READ_ONLY and not write.unchecked:
        raise Refused("INVALID_TYPE_FOR_OPERATION", f"entity type {object} does not support this operation")


def _default(of: Field) -> Any:
    if of.type == "boolean":
        return int(bool(of.default))
    return of.default


def _values(org: Org, object: str, values: Mapping[str, Any], write: Write, *, new: bool) -> Row:
    sight = UserSight(org, write.user)
    found: Row = {}
    for name, value in values.items():
        if name in ("attributes", "Id", "id"):
            continue
        one = org.field_named(object, name)
        if one is None or not (write.unchecked or sight.may_read(object, one)):
            raise Refused("INVALID_FIELD", f"No such column '{name}' on sobject of type {object}")
        allowed = one.createable if new else one.updateable
        if not write.unchecked and not (allowed and (not one.custom or sight.may_edit(object, one))):
            raise Refused(
                "INVALID_FIELD_FOR_INSERT_UPDATE",
                f"Unable to create/update fields: {one.name}. Please check the security settings of this field and "
                "verify that it is read/write for your profile or permission set.",
                one.name,
            )
        found[one.name] = kept(one, value)
    return found


def _stopped(org: Org, object: str, before: Row, values: Mapping[str, Any], write: Write) -> None:
    """What an org holds against an update: converted Leads, locks, flows that fail, validation rules."""
    if write.unchecked:
        return
    if before.get("IsConverted"):
        raise Refused("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
    settings, id = org.settings, before["Id"]
    if settings.lock_rows.get(id, 0) > 0:
        settings.lock_rows[id] -= 1
        raise Refused("UNABLE_TO_LOCK_ROW", f"unable to obtain exclusive access to this record or 1 records: {id}")
    if settings.flow_errors.get(id, 0) > 0:
        settings.flow_errors[id] -= 1
        raise Refused(
            "CANNOT_EXECUTE_FLOW_TRIGGER",
            "We can't save this record because a process failed. Give your Salesforce admin these details.",
        )
    for rule in settings.validation:
        if rule["object"] == object and rule["field"] in values and rule.get("id", id) == id:
            raise Refused("FIELD_CUSTOM_VALIDATION_EXCEPTION", rule["words"], rule["field"])


def _save(org: Org, object: str, before: Row, after: Row, given: list[str], write: Write, at: int) -> Changed:
    derived = _derived(org, object, after, before, write)
    after |= derived
    after |= {"LastModifiedDate": at, "SystemModstamp": at, "LastModifiedById": write.user}
    org.put(object, after)
    changed = [name for name in {*given, *derived} if before.get(name) != after.get(name)]
    if before:
        _keep_history(org, object, before, after, changed, write.user, at)
    org.note("update" if before else "create", object, after["Id"], {name: after[name] for name in given})
    return Changed(object, after["Id"], not before, before, after, sorted(changed))


def _derived(org: Org, object: str, after: Row, before: Row, write: Write) -> Row:
    """Fields that follow from others."""
    found: Row = {}
    if object in ("Lead", "Contact", "User"):
        parts = [after.get("FirstName"), after.get("LastName")]
        found["Name"] = " ".join(part for part in parts if part) or None
    if object == LEAD:
        if after["Status"] in _CONVERTED and not after["IsConverted"] and not write.unchecked:
            found["Status"] = after["Status"] if org.settings.converted_status_stored else before.get("Status")
        if org.settings.assignment_rule and write.assign and not write.unchecked:
            found["OwnerId"] = _rule_owner(org)
    if object == "Opportunity":
        closed, won = next(((c, w) for name, c, w in STAGES if name == after["StageName"]), (False, False))
        found |= {"IsClosed": int(closed), "IsWon": int(won)}
        if not before or any(before[name] != after[name] for name in ("StageName", "Amount", "CloseDate")):
            _keep_stage(org, after, write)
    if object == "Task":
        closed = dict(TASK_STATUSES).get(after["Status"], False)
        done = after.get("CompletedDateTime") or (org.stamp() if write.at is None else write.at)
        found |= {"IsClosed": int(closed), "CompletedDateTime": done if closed else None}
    if object == "CampaignMember":
        found["LeadOrContactId"] = after["ContactId"] or after["LeadId"]
        responded = after["Status"] == "Responded"
        first = after.get("FirstRespondedDate") or day_text(org.now() if write.at is None else write.at)
        found |= {"HasResponded": int(responded), "FirstRespondedDate": first if responded else None}
    return found


def _rule_owner(org: Org) -> str:
    row = org.db.execute("""SELECT "Id" FROM "o_User" WHERE "Username" LIKE 'rule.owner%' LIMIT 1""").fetchone()
    return str(row[0])


def _keep_stage(org: Org, opportunity: Row, write: Write) -> None:
    at = org.stamp() if write.at is None else write.at // 1000 * 1000
    line = {name: opportunity[name] for name in ("StageName", "Amount", "CloseDate")}
    stamps = {"CreatedDate": at, "LastModifiedDate": at, "SystemModstamp": at}
    ends = {"Id": org.next_id("OpportunityHistory"), "OpportunityId": opportunity["Id"], "IsDeleted": 0}
    org.put("OpportunityHistory", line | stamps | ends | {"CreatedById": write.user})


def _keep_history(org: Org, object: str, before: Row, after: Row, changed: list[str], user: str, at: int) -> None:
    """A row a change of a tracked field; of long texts only that they changed."""
    tracked = org.settings.tracked.get(object, [])
    if object not in ("Lead", "Contact"):
        return
    for name in changed:
        one = org.fields(object)[name]
        if name not in tracked:
            continue
        short = one.type != "textarea"
        history = f"{object}History"
        org.put(
            history,
            {
                "Id": org.next_id(history), "IsDeleted": 0, f"{object}Id": after["Id"], "Field": name,
                "DataType": "Text", "OldValue": before.get(name) if short else None,
                "NewValue": after.get(name) if short else None, "CreatedDate": at, "LastModifiedDate": at,
                "SystemModstamp": at, "CreatedById": user,
            },
        )  # fmt: skip
