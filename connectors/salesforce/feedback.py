"""What sales answered about a record, read from the tracked history of the field that they answer in."""

from collections.abc import Mapping, Sequence

from connectors.protocol import PastValue, SeenAnswer, SeenFeedback
from connectors.salesforce.fields import field_name, note_of
from connectors.salesforce.past import Past

_SOON = 3_600_000
"""A note that is typed so long (ms) after an answer still belongs to it."""


def read_feedback(
    fields: Sequence[str],
    values: Mapping[str, str | None],
    history: Mapping[str, tuple[PastValue, ...]],
    past: Past,
) -> SeenFeedback | None:
    """Answers in all of these fields, oldest first; None where none of them was read. Without history tracking of the
    field nobody knows when it was answered or by whom: then only what it holds is told."""
    if not fields:
        return None
    users = past.users(entry.by for name in fields for entry in history.get(name, ()) if entry.by)
    found: list[SeenAnswer] = []
    for name in fields:
        before = ""
        for entry in history.get(name, ()):
            if entry.value != before:
                user = users.get(entry.by)
                hand = user.hand if user is not None else "unknown"
                author = (user.label if user is not None else "") or entry.by
                note = _note(history.get(note_of(name), ()), values.get(note_of(name)), entry)
                found.append(SeenAnswer(entry.value, entry.at, hand, author, note if entry.value else "", before))
            before = entry.value
    ours = field_name("feedback")
    held = (values[ours] or "") if ours in fields else None
    return SeenFeedback(tuple(sorted(found, key=lambda answer: answer.at)), held)


def _note(past: Sequence[PastValue], now: str | None, answer: PastValue) -> str:
    """The note as it was at the answer, or came soon after; an untracked note is the latest there is."""
    if not past:
        return now or ""
    known = [entry.value for entry in past if entry.at <= answer.at + _SOON]
    return known[-1] if known else ""
