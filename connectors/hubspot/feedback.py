"""What sales answered about a contact, read from the history of the field that they answer in."""

from collections.abc import Mapping, Sequence

from connectors.hubspot.fields import property_name
from connectors.protocol import Hand, PastValue, SeenAnswer, SeenFeedback

_PROGRAMS = frozenset({"INTEGRATION", "API"})


def read_feedback(
    fields: Sequence[str], values: Mapping[str, str | None], history: Mapping[str, tuple[PastValue, ...]]
) -> SeenFeedback | None:
    """Answers in all of these fields, oldest first; None where none of them was read. The note of an answer is what
    the note field held when the answer was given."""
    read = [name for name in fields if name in values]
    if not read:
        return None
    found = [answer for name in read for answer in _answers(history.get(name, ()), history.get(f"{name}_note", ()))]
    ours = property_name("feedback")
    held = (values[ours] or "") if ours in read else None
    return SeenFeedback(tuple(sorted(found, key=lambda answer: answer.at)), held)


def hand_of(source: str, by: str) -> Hand:
    """Who wrote a value, from HubSpot's open set of source words. Imports, workflows and programs may carry a user id
    too, so they are looked for first."""
    word = source.upper()
    if word == "IMPORT":
        return "import"
    if "AUTOMATION" in word or "WORKFLOW" in word:
        return "workflow"
    if word == "BATCH_UPDATE":
        return "bulk"
    if word in _PROGRAMS:
        return "program"
    return "person" if word == "CRM_UI" or by else "unknown"


def _answers(past: Sequence[PastValue], notes: Sequence[PastValue]) -> list[SeenAnswer]:
    found: list[SeenAnswer] = []
    before = ""
    for entry in past:
        if entry.value != before:
            note = next((one.value for one in reversed(notes) if one.at <= entry.at), "")
            hand = hand_of(entry.source, entry.by)
            found.append(SeenAnswer(entry.value, entry.at, hand, entry.by, note if entry.value else "", before))
        before = entry.value
    return found
