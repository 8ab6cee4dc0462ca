"""Whose the stage of a record is: what the CRM shows now, told by what we remember of our own writes."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from connectors.stages import Setter, StageSeen, Written
from leadscore.store.known_stages import KnownStage, Living
from scoring.decide import StageStanding
from scoring.facts import Answer
from scoring.model import Lifecycle

By = Literal["person", "program", "default"]
_BY: Mapping[Setter, By] = {"person": "person", "default": "default"}
_WORDS: Mapping[str | None, By] = {"person": "person", "default": "default", "program": "program"}


class Words(NamedTuple):
    """A model's words for the stages of one CRM: `values` by word, and the CRM's whole order, lowest first, in our
    words, its own values where there is none."""

    field: str
    values: Mapping[str, str]
    words: Mapping[str, str]
    order: tuple[str, ...]

    def word(self, value: str) -> str | None:
        """Our word for the CRM's value, the value itself where there is none; None for an empty field."""
        return self.words.get(value, value) or None

    def value(self, word: str) -> str:
        """The CRM's value for a word, or for a value of its own."""
        return self.values.get(word, word)


def words_of(lifecycle: Lifecycle, crm: str, order: tuple[str, ...]) -> Words:
    """The words of a lifecycle, given the CRM's values in its own order."""
    values = {word: places[crm] for word, places in lifecycle.stages.items() if crm in places}
    words = {value: word for word, value in values.items()}
    return Words(lifecycle.field[crm], values, words, tuple(words.get(value, value) for value in order))


def journal_of(known: KnownStage | None) -> Written | None:
    """What we wrote last into a record, so that the CRM's history can be told from it."""
    if known is None or known.written is None or known.written_at is None:
        return None
    return Written(known.written, known.written_at)


def state_of(record: Living, seen: StageSeen, field: str, now: int) -> KnownStage:
    """What is known of a record's stage now: as we remember it where we emptied the field or wrote the value, else as
    the CRM's history says."""
    before = record.known
    state = KnownStage(
        record=record.record,
        value=seen.value,
        shown=record.document.get(field, seen.value),
        ours=False,
        set_at=None,
        by=None,
        written=before.written if before else None,
        written_at=before.written_at if before else None,
        cleared=None,
        basis="",
        wish=None,
        reason=None,
        at=now,
    )
    if before is not None and before.cleared is not None and not seen.value:
        return state._replace(ours=before.ours, set_at=before.set_at, by=before.by, cleared=before.cleared)
    if before is not None and seen.source == "ours" and seen.value == before.written:
        return state._replace(ours=before.ours, set_at=before.set_at, by=before.by)
    if not seen.value and seen.set_at is None:
        return state
    set_at = seen.set_at
    if set_at is None and before is not None and before.value == seen.value:
        set_at = before.set_at
    return state._replace(set_at=now if set_at is None else set_at, by=_BY.get(seen.source, "program"))


def standing_of(state: KnownStage, words: Words, answer: Answer | None, *, enrolled: bool) -> StageStanding:
    """The question that `decide` answers, but for the crossing."""
    return StageStanding(
        stage=words.word(state.value),
        ours=state.ours,
        set_at=state.set_at,
        by=_WORDS.get(state.by),
        cleared=None if state.cleared is None else words.word(state.cleared),
        enrolled=enrolled,
        answer=answer,
    )


def waits_for_crossing(standing: StageStanding) -> bool:
    """Whether somebody's word stands in the field, over which only a fresh crossing goes."""
    theirs = not standing.ours and standing.by not in (None, "default")
    return theirs and standing.set_at is not None and standing.enrolled
