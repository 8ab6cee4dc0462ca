"""Who set a value, from the words of HubSpot's property history."""

from collections.abc import Sequence

from connectors.hubspot.feedback import hand_of
from connectors.protocol import PastValue
from connectors.stages import Setter, Written

NEW = 60_000
"""A value set so soon (ms) after the record was made came with it."""

OUR_CALL = 600_000
"""How far (ms) HubSpot's time of a write of ours may be from our own: clocks differ, a call is tried for minutes."""


def setter(past: PastValue) -> Setter:
    """By the rule of `feedback.hand_of`; a batch of writes is a program's, and a form's sender gets the stage that the
    form or the account gives everybody."""
    hand = hand_of(past.source, past.by)
    if hand == "unknown" and past.source.upper() == "FORM":
        return "default"
    return "program" if hand == "bulk" else hand


def stage_setter(past: Sequence[PastValue], created_at: int | None, written: Written | None) -> Setter:
    """Who set the last of these values, oldest first, at least one. What a record has had from its first moment without
    a person, an import or a workflow is HubSpot's default stage."""
    last = past[-1]
    if written is not None and _is_ours(past, written):
        return "ours"
    who = setter(last)
    born = len(past) == 1 and created_at is not None and abs(last.at - created_at) <= NEW
    return "default" if born and who in ("program", "unknown") else who


def _is_ours(past: Sequence[PastValue], written: Written) -> bool:
    """HubSpot does not name us for certain (a key has no id of its own there), so ours is what has our value at our
    time and no other author. Of several such values ours is the one nearest to our time: one that came back later,
    after somebody else's, is theirs."""
    same = [entry for entry in past if entry.value == written.value and setter(entry) in ("program", "unknown")]
    if not same:
        return False
    ours = min(same, key=lambda entry: abs(entry.at - written.at))
    return ours is past[-1] and abs(ours.at - written.at) <= OUR_CALL
