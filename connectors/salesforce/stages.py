"""Reads and writes stages in Salesforce: in a field of our own on Lead and Contact, or in one that the model names."""

from collections.abc import Mapping, Sequence

from connectors.protocol import Capability
from connectors.salesforce.client import Client, Row
from connectors.salesforce.collections import MOST, update_rows
from connectors.salesforce.fields import plain_text
from connectors.salesforce.instants import instant
from connectors.salesforce.needs import LEAD, PEOPLE, PREFIXES
from connectors.salesforce.past import Past
from connectors.salesforce.sight import Sight
from connectors.salesforce.soql import among, ids_of, select
from connectors.stages import StageAnswer, StageMove, StageSeen, Written

_STATUS = "Status"


class SalesforceStageWriter:
    """A `connectors.stages.StageWriter`. Threads may share it. Salesforce takes stages in any direction, so that none
    is ever emptied on its way down. Between our look and our write somebody's edit can still be lost."""

    batch = MOST

    def __init__(self, client: Client) -> None:
        self._client = client
        self._sight = Sight(client)
        self._past = Past(client)

    def stage_order(self, field: str) -> tuple[str, ...]:
        """Of `Lead.Status` without those that mean converted: only a conversion may set them."""
        if field == _STATUS:
            rows = self._client.rows(select(["ApiName", "IsConverted"], "LeadStatus", more="ORDER BY SortOrder"))
            return tuple(str(row["ApiName"]) for row in rows if not row["IsConverted"])
        found = (self._sight.options(object, field) for object in PEOPLE)
        return next((options for options in found if options), ())

    def stage_facts(self, field: str) -> tuple[Capability, ...]:
        untracked = [object for object in PEOPLE if not self._past.tracks(object)]
        known = Capability(
            "who set a stage",
            not untracked,
            f"No history of {' and '.join(untracked)} is tracked: who set {field}, and when, is not known, so that a "
            "stage that is not ours is never written over."
            if untracked
            else f"The history of {field} tells who set it, where it is tracked.",
            remedy=f"Set History Tracking for {field}." if untracked else "",
        )
        if field != _STATUS:
            return (known,)
        status = Capability(
            "Lead Status",
            True,
            "Only Leads have a Status; those that mean converted are never written. Flows and assignment rules of the "
            "org may start when it changes.",
        )
        return known, status

    def read_stages(
        self, object: str, field: str, ids: Sequence[str], written: Mapping[str, Written]
    ) -> Mapping[str, StageSeen]:
        """Where nothing is tracked, a value of ours counts as set when we wrote it, and any other as nobody's."""
        rows = self._shown(field, object, ids)
        pasts = self._past.read(object, rows, [field])
        found: dict[str, StageSeen] = {}
        for id, row in rows.items():
            found[id] = self._seen(_value(row, field), pasts.get(id, {}).get(field, ()), written.get(id))
        return found

    def write_stages(self, field: str, moves: Sequence[StageMove]) -> tuple[StageAnswer, ...]:
        """A look and at most one write for every object, and the order of the stages. Raises ValueError for more than
        `batch` moves or an id that comes twice."""
        if len(moves) > self.batch:
            raise ValueError(f"{len(moves)} records in one call; Salesforce takes {self.batch}")
        if len({(move.object, move.id) for move in moves}) < len(moves):
            raise ValueError("a record comes twice in one call")
        if not moves:
            return ()
        order = self.stage_order(field)
        answers: list[StageAnswer] = []
        for object in dict.fromkeys(move.object for move in moves):
            answers += self._step_all(field, object, [move for move in moves if move.object == object], order)
        return tuple(answers)

    def _step_all(self, field: str, object: str, moves: Sequence[StageMove], order: Sequence[str]) -> list[StageAnswer]:
        rows = self._shown(field, object, [move.id for move in moves])
        answers: list[StageAnswer] = []
        writes: dict[str, dict[str, str | None]] = {}
        for move in moves:
            shown = _value(rows[move.id], field) if move.id in rows else None
            answer = _judged(move, shown, order)
            if answer is None:
                writes[move.id] = {field: move.to or None}
            else:
                answers.append(answer)
        for id, row in (update_rows(self._client, object, writes) if writes else {}).items():
            if row.outcome == "written":
                answers.append(StageAnswer(id, "done", writes[id][field] or ""))
            else:
                answers.append(StageAnswer(id, row.outcome, _value(rows[id], field), row.words))
        return answers

    def _shown(self, field: str, object: str, ids: Sequence[str]) -> dict[str, Row]:
        prefix = next(prefix for prefix, name in PREFIXES.items() if name == object)
        names = ["Id", field, *(["IsConverted"] if object == LEAD else [])]
        batches = (select(names, object, among("Id", batch)) for batch in ids_of(ids, prefix))
        return {
            str(row["Id"]): row for soql in batches for row in self._client.rows(soql) if not row.get("IsConverted")
        }

    def _seen(self, value: str, past: Sequence[Row], written: Written | None) -> StageSeen:
        ours = written is not None and written.value == value
        last = past[-1] if past else None
        if last is None or (plain_text(last["NewValue"]) or "") != value:
            return StageSeen(value, written.at, "ours") if ours and written is not None else StageSeen(value)
        by = str(last.get("CreatedById") or "")
        user = self._past.users([by]).get(by)
        hand = user.hand if user is not None else "unknown"
        at = instant(last["CreatedDate"])
        if hand == "program":
            return StageSeen(value, at, "ours" if ours else "program")
        if hand in ("person", "workflow"):
            return StageSeen(value, at, "person" if hand == "person" else "workflow", by if hand == "person" else "")
        return StageSeen(value, at)


def _value(row: Row, field: str) -> str:
    return plain_text(row.get(field)) or ""


def _judged(move: StageMove, shown: str | None, order: Sequence[str]) -> StageAnswer | None:
    """The answer that needs no write; None: write."""
    if shown is None:
        words = "Salesforce has no such record; merged, deleted, or a Lead that was converted?"
        return StageAnswer(move.id, "missing", None, words)
    if shown == move.to:
        return StageAnswer(move.id, "done", shown)
    if move.to and move.to not in order:
        words = f"{move.to!r} is no value of this field that leadscore may write; look at the model's stages."
        return StageAnswer(move.id, "rejected", shown, words)
    if shown == move.before:
        if move.step == "clear":
            return StageAnswer(move.id, "done", shown)
        return _not_taken(move, shown) if move.step == "confirm" else None
    if (
        shown in order
        and move.to in order
        and order.index(shown) > order.index(move.to)
        and move.step in ("write", "confirm")
    ):
        words = f"Somebody raised the stage to {shown}, above {move.to}; it stays."
        return StageAnswer(move.id, "passed", shown, words)
    now, then = shown or "empty", move.before or "empty"
    words = f"The stage was {then} when {move.to} was decided and is {now} now; it was left alone."
    return StageAnswer(move.id, "moved", shown, words)


def _not_taken(move: StageMove, shown: str) -> StageAnswer:
    words = (
        f"Salesforce said yes to the change from {move.before or 'no stage'} to {move.to} and shows "
        f"{shown or 'an empty field'} all the same. Look at flows and other automation that set this field."
    )
    return StageAnswer(move.id, "not_taken", shown, words)
