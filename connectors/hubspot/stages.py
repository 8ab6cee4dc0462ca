"""Reads and writes lifecycle stages in HubSpot, which takes them forward only and says nothing when it does not."""

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.hubspot.answers import rows_of
from connectors.hubspot.batches import update_records
from connectors.hubspot.client import Client
from connectors.hubspot.instants import instant
from connectors.hubspot.records import BATCH, PLURAL, Raw, Wanted, history, read_batch
from connectors.hubspot.sources import stage_setter
from connectors.protocol import Capability
from connectors.stages import StageAnswer, StageMove, StageSeen, Written

_ENTERED = "hs_v2_date_entered_"
_LIFECYCLE = "lifecyclestage"


class HubSpotStageWriter:
    """A `connectors.stages.StageWriter`. Threads may share it. HubSpot has no write that depends on the present
    value: between our look and our write, one call later, somebody's edit can still be lost."""

    batch = BATCH

    def __init__(self, client: Client) -> None:
        self._client = client

    def stage_order(self, field: str) -> tuple[str, ...]:
        raw = self._client.call(self._client.properties.get_by_name, "contacts", field)
        options = sorted(raw.get("options") or (), key=lambda option: option.get("displayOrder") or 0)
        return tuple(str(option["value"]) for option in options)

    def stage_facts(self, field: str) -> tuple[Capability, ...]:
        """What clearing does to the dates is documented nowhere; nor can the account's settings be read that move
        stages from companies to contacts."""
        if field != _LIFECYCLE:
            return ()
        found = self._client.call(self._client.properties.get_all, "contacts", archived=False)
        names = {str(raw["name"]) for raw in rows_of(found)}
        dated = [stage for stage in self.stage_order(field) if _ENTERED + stage in names]
        dates = Capability(
            "stage dates",
            bool(dated),
            f"HubSpot keeps the date of entering ({_ENTERED}...) of: {', '.join(dated)}."
            if dated
            else "HubSpot has no date fields for stages; when a stage was entered is told by its history only.",
        )
        lowering = Capability(
            "lowering stages",
            True,
            "To lower a stage leadscore empties the field and sets it anew in a second call. HubSpot's 'became a ... "
            "date' of that stage may be emptied or overwritten by this, workflows may start on the empty field, and if "
            "company stages are synced (Settings > Objects > Companies) the next change of the company's stage raises "
            "its contacts again.",
            remedy="Keep `down: false` in the model if reports or workflows rest on these dates.",
        )
        return dates, lowering

    def read_stages(
        self, object: str, field: str, ids: Sequence[str], written: Mapping[str, Written]
    ) -> Mapping[str, StageSeen]:
        raws = read_batch(self._client, Wanted(object, (field,), (field,)), ids)
        return {str(raw["id"]): _seen(raw, field, written.get(str(raw["id"]))) for raw in raws}

    def write_stages(self, field: str, moves: Sequence[StageMove]) -> tuple[StageAnswer, ...]:
        """A look and at most one write for every object, and the order of the stages. Raises ValueError for more than
        `batch` moves or an id that comes twice."""
        if len(moves) > self.batch:
            raise ValueError(f"{len(moves)} records in one call; HubSpot takes {self.batch}")
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
        shown = self._shown(field, object, [move.id for move in moves])
        answers, writes = [], {}
        for move in moves:
            answer = _judged(move, shown.get(move.id), order)
            if answer is None:
                writes[move.id] = {field: "" if move.step == "clear" else move.to}
            else:
                answers.append(answer)
        told = update_records(self._client, object, writes) if writes else {}
        for id, row in told.items():
            if row.outcome == "written":
                answers.append(StageAnswer(id, "done", writes[id][field]))
            else:
                answers.append(StageAnswer(id, row.outcome, shown.get(id), row.words))
        return answers

    def _shown(self, field: str, object: str, ids: Sequence[str]) -> dict[str, str]:
        body = {"properties": [field], "propertiesWithHistory": [], "inputs": [{"id": id} for id in ids]}
        answer = self._client.call(self._client.batches.read, PLURAL[object], body)
        return {str(raw["id"]): _value(raw, field) for raw in rows_of(answer)}


def _seen(raw: Raw, field: str, written: Written | None) -> StageSeen:
    value, past = _value(raw, field), history(raw, field)
    if not past or past[-1].value != value:
        return StageSeen(value)
    who = stage_setter(past, instant((raw.get("properties") or {}).get("createdate")), written)
    return StageSeen(value, past[-1].at, who, past[-1].by if who == "person" else "")


def _value(raw: Mapping[str, Any], field: str) -> str:
    return str((raw.get("properties") or {}).get(field) or "")


def _judged(move: StageMove, shown: str | None, order: Sequence[str]) -> StageAnswer | None:
    """The answer that needs no write; None: write."""
    if shown is None:
        return StageAnswer(move.id, "missing", None, "HubSpot has no such record; merged or deleted?")
    if shown == move.to or (move.step == "clear" and not shown):
        return StageAnswer(move.id, "done", shown)
    match move.step:
        case "write" | "clear" if shown == move.before:
            return None
        case "set" if not shown:
            return None
        case "set" | "confirm" if shown in ("", move.before):
            return _not_taken(move, shown)
        case "clear":
            return _moved(move, shown)
    return _passed(move, shown, order) or _moved(move, shown)


def _passed(move: StageMove, shown: str, order: Sequence[str]) -> StageAnswer | None:
    if shown not in order or move.to not in order or order.index(shown) < order.index(move.to):
        return None
    return StageAnswer(move.id, "passed", shown, f"Somebody raised the stage to {shown}, above {move.to}; it stays.")


def _moved(move: StageMove, shown: str) -> StageAnswer:
    now, then = shown or "empty", move.before or "empty"
    return StageAnswer(
        move.id, "moved", shown, f"The stage was {then} when {move.to} was decided and is {now} now; it was left alone."
    )


def _not_taken(move: StageMove, shown: str) -> StageAnswer:
    words = (
        f"HubSpot said yes to the change from {move.before or 'no stage'} to {move.to} and shows "
        f"{shown or 'an empty field'} all the same. Look at the record's history, and at workflows and settings that "
        "set stages."
    )
    return StageAnswer(move.id, "not_taken", shown, words)
