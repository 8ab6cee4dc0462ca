"""Record ids as Salesforce makes them: 15 letters and digits that mind their case, and 3 that check it."""

from __future__ import annotations

PREFIXES = {
    "Organization": "00D", "User": "005", "Group": "00G", "QueueSobject": "03g", "Lead": "00Q", "Contact": "003",
    "Account": "001", "Opportunity": "006", "OpportunityContactRole": "00K", "OpportunityHistory": "008",
    "OpportunityStage": "01J", "Task": "00T", "Event": "00U", "Campaign": "701", "CampaignMember": "00v",
    "LeadStatus": "01Y", "TaskStatus": "01T", "LeadHistory": "017", "ContactHistory": "03i", "PermissionSet": "0PS",
    "PermissionSetAssignment": "0Pa", "FieldPermissions": "01k", "AssignmentRule": "01Q", "CustomField": "00N",
}  # fmt: skip
"""The first three characters tell the object; those of the rarer ones are ours alone."""

_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def checked(short: str) -> str:
    """The 18-character form of a 15-character id: which letters are capitals, five at a time."""
    ending = ""
    for start in (0, 5, 10):
        capitals = sum(1 << bit for bit, letter in enumerate(short[start : start + 5]) if "A" <= letter <= "Z")
        ending += _CHECK[capitals]
    return short + ending


def record_id(prefix: str, number: int) -> str:
    """The id with that number, in its 18-character form; `5f` is the instance."""
    text = ""
    while number:
        number, digit = divmod(number, len(_DIGITS))
        text = _DIGITS[digit] + text
    return checked(f"{prefix}5f{text:0>10}")


def full(text: str) -> str | None:
    """The 18-character form of what a client sent as an id; None if it is none. The check letters may have any case."""
    if not (text.isascii() and text.isalnum() and len(text) in (15, 18)):
        return None
    whole = checked(text[:15])
    return whole if len(text) == 15 or whole.upper() == text.upper() else None
