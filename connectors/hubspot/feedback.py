"""What sales answered about a contact, read from the history of the field that they answer in."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from connectors.hubspot.fields import property_name
from connectors.protocol import Hand, PastValue, SeenAnswer, SeenFeedback

_PROGRAMS = frozenset({"INTEGRATION", "API"})


def read_feedback(
    fields: Sequence[str], values: Mapping[str, str | None], history: Mapping[str, tuple[PastValue, ...]]
) -> SeenFeedback | None:
    """Answers in all of these fields, oldest first; None where none of them was read. A note belongs to the answer that
    is nearest to it in time, whether it was typed before or after; of several the latest counts."""
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
            found.append(SeenAnswer(entry.value, entry.at, hand_of(entry.source, entry.by), entry.by, "", before))
        before = entry.value
    given = [answer.at for answer in found if answer.value]
    noted: dict[int, str] = {}
    for note in notes:
        if given and note.value:
            # Typed just between two answers, it is the later one's: people write first and choose then.
            noted[min(given, key=lambda at: (abs(at - note.at), -at))] = note.value
    return [replace(answer, note=noted.get(answer.at, "")) if answer.value else answer for answer in found]
