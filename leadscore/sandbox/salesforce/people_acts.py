"""What people do with records in the app: convert a Lead, merge two records, take one out of the recycle bin."""

from __future__ import annotations

from collections.abc import Sequence

from leadscore.sandbox.salesforce import rows
from leadscore.sandbox.salesforce.errors import Refused
from leadscore.sandbox.salesforce.org import Org, Row
from leadscore.sandbox.salesforce.rows import Changed, Write
from leadscore.sandbox.salesforce.soql.run import day_text

MOST_MERGED = 3
_MAPPED = {"FirstName", "LastName", "Salutation", "Title", "Email", "Phone", "MobilePhone", "LeadSource",
           "HasOptedOutOfEmail", "DoNotCall", "OwnerId", "Description"}  # fmt: skip
_CHILDREN = (("Task", "WhoId"), ("Event", "WhoId"))


def convert(
    org: Org,
    lead_id: str,
    write: Write,
    *,
    account: str | None = None,
    contact: str | None = None,
    deal: str | None = None,
) -> list[Changed]:
    """Makes an Account and a Contact of a Lead (or takes those given), and an Opportunity of that name.

    Custom fields go along where `lead_mapping` in the org's metadata maps them, into empty fields alone. Activities and
    campaign members move to the Contact. Raises Refused.
    """
    lead = rows.living(org, "Lead", lead_id)
    if lead["IsConverted"]:
        raise Refused("CANNOT_UPDATE_CONVERTED_LEAD", "lead already converted")
    changed: list[Changed] = []
    if account is None:
        values = {"Name": lead["Company"], "Industry": lead["Industry"], "Website": lead["Website"]}
        values |= {"NumberOfEmployees": lead["NumberOfEmployees"], "BillingCountry": lead["Country"]}
        changed.append(rows.create(org, "Account", _known(values), write))
        account = changed[-1].id
    values = _shown(org, "Lead", _known({name: lead[name] for name in _MAPPED}))
    if contact is None:
        changed.append(rows.create(org, "Contact", {**values, "AccountId": account}, write))
        contact = changed[-1].id
    _carry_over(org, lead, contact, write, changed)
    if deal is not None:
        wanted = {"Name": deal, "AccountId": account, "StageName": "Prospecting", "CloseDate": day_text(org.now())}
        changed.append(rows.create(org, "Opportunity", wanted, write))
        role = {"OpportunityId": changed[-1].id, "ContactId": contact, "IsPrimary": True}
        opportunity = changed[-1].id
        changed.append(rows.create(org, "OpportunityContactRole", role, write))
    else:
        opportunity = None
    _move_children(org, lead["Id"], contact, write)
    at = org.stamp()
    after = lead | {
        "IsConverted": 1, "ConvertedDate": day_text(at), "ConvertedAccountId": account, "ConvertedContactId": contact,
        "ConvertedOpportunityId": opportunity, "Status": "Closed - Converted", "SystemModstamp": at,
        "LastModifiedDate": at, "LastModifiedById": write.user,
    }  # fmt: skip
    org.put("Lead", after)
    org.note("convert", "Lead", lead["Id"], {"ContactId": contact})
    return [*changed, Changed("Lead", lead["Id"], False, lead, after, ["IsConverted"])]


def merge(org: Org, object: str, master: str, losers: Sequence[str], write: Write) -> list[Changed]:
    """The losers go into the recycle bin and name their winner, to which their children move; they fill it up."""
    if not 1 <= len(losers) < MOST_MERGED:
        raise Refused("INVALID_NUMBER_OF_RECORDS", f"a merge takes up to {MOST_MERGED} records")
    winner = rows.living(org, object, master)
    changed: list[Changed] = []
    for id in losers:
        lost = rows.living(org, object, id)
        filling = {
            name: lost[name]
            for name, one in org.fields(object).items()
            if one.updateable and winner[name] is None and lost[name] is not None
        }
        changed.append(rows.update(org, object, master, _shown(org, object, filling), write))
        winner = changed[-1].after
        changed.append(rows.delete(org, object, id, write, master=winner["Id"]))
        _move_children(org, lost["Id"], winner["Id"], write)
    return changed


def undelete(org: Org, object: str, id: str, write: Write) -> Changed:
    """Out of the recycle bin; what moved away in a merge does not come back."""
    row = org.get(object, id)
    if row is None or not row["IsDeleted"]:
        raise Refused("UNDELETE_FAILED", "Entity is not in the recycle bin")
    at = org.stamp()
    after = row | {"IsDeleted": 0, "SystemModstamp": at, "LastModifiedDate": at, "LastModifiedById": write.user}
    if "MasterRecordId" in after:
        after["MasterRecordId"] = None
    org.put(object, after)
    org.note("undelete", object, id, {})
    return Changed(object, id, False, row, after, ["IsDeleted"])


def _known(values: Row) -> Row:
    return {name: value for name, value in values.items() if value is not None}


def _shown(org: Org, object: str, values: Row) -> Row:
    """Kept values as a client would send them."""
    kinds = org.fields(object)
    return {name: bool(value) if kinds[name].type == "boolean" else value for name, value in values.items()}


def _carry_over(org: Org, lead: Row, contact: str, write: Write, changed: list[Changed]) -> None:
    query = "SELECT name, doc FROM metadata WHERE type='LeadMapping'"
    target = org.get("Contact", contact) or {}
    values = {to: lead.get(name) for name, to in org.db.execute(query) if target.get(to) is None}
    given = _shown(org, "Contact", _known(values))
    if given:
        changed.append(rows.update(org, "Contact", contact, given, write))


def _move_children(org: Org, old: str, new: str, write: Write) -> None:
    at = org.stamp()
    stamp = '"SystemModstamp"=?, "LastModifiedById"=?'
    for table, column in _CHILDREN:
        query = f'UPDATE "o_{table}" SET "{column}"=?, {stamp} WHERE "{column}"=?'  # noqa: S608 - constant names
        org.db.execute(query, (new, at, write.user, old))
    column = "ContactId" if new.startswith("003") else "LeadId"
    for own in ("LeadId", "ContactId"):
        query = f'UPDATE "o_CampaignMember" SET "{column}"=?, "LeadOrContactId"=?, {stamp} WHERE "{own}"=?'  # noqa: S608 - constant names
        org.db.execute(query, (new, new, at, write.user, old))
    roles = f'UPDATE "o_OpportunityContactRole" SET "ContactId"=?, {stamp} WHERE "ContactId"=?'  # noqa: S608 - constant names
    org.db.execute(roles, (new, at, write.user, old))
