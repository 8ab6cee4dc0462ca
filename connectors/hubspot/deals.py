"""Deals with their contacts: open, won or lost by the pipeline's own rules, and what that means for each contact."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connectors.hubspot.answers import rows_of
from connectors.hubspot.client import Client
from connectors.hubspot.instants import instant
from connectors.hubspot.links import linked
from connectors.hubspot.needs import DEAL, DEAL_ACTIVITIES
from connectors.hubspot.records import Raw, Wanted, history, seen
from connectors.hubspot.windows import changed
from connectors.protocol import DEAL_STATUS, Cursor, Needs, Page, PastValue, SeenActivity, SeenRecord

OPEN, WON, LOST = "open", "won", "lost"


@dataclass(frozen=True, slots=True)
class Stage:
    """A deal stage: its names, and what reaching it means for the deal ("": the pipeline does not say)."""

    label: str
    pipeline: str
    status: str


def read_deals(client: Client, cursor: Cursor | None, needs: Needs, now: int, limit: int | None) -> Iterator[Page]:
    wanted = wanted_deals(needs)
    stages = read_stages(client)
    for piece in changed(client, wanted, cursor, now, limit):
        records = told_deals(client, piece.raws, wanted, stages)
        activities = deals_activities(piece.raws, records, stages, needs)
        yield Page(piece.cursor, records, activities, last=piece.last, remaining=piece.remaining)


def wanted_deals(needs: Needs) -> Wanted:
    return Wanted(DEAL, needs.properties.get(DEAL, ()), needs.watched.get(DEAL, ()))


def read_stages(client: Client) -> dict[str, Stage]:
    """Every stage of every deal pipeline by its id; ids are unique across pipelines."""
    answer = client.call(client.pipelines.get_all, "deals")
    return {
        str(stage["id"]): Stage(str(stage.get("label") or ""), str(pipeline.get("label") or ""), _status(stage))
        for pipeline in rows_of(answer)
        for stage in pipeline.get("stages") or ()
    }


def told_deals(client: Client, raws: list[Raw], wanted: Wanted, stages: Mapping[str, Stage]) -> tuple[SeenRecord, ...]:
    """Deals in our words, with `$status` and its history, and their contacts as links."""
    contacts = linked(client, "deals", "contacts", [str(raw["id"]) for raw in raws]) if raws else {}
    return tuple(_told(raw, wanted, stages, contacts.get(str(raw["id"]), ())) for raw in raws)


def deals_activities(
    raws: Sequence[Raw], records: Sequence[SeenRecord], stages: Mapping[str, Stage], needs: Needs
) -> tuple[SeenActivity, ...]:
    """What the models ask for of what happened to these deals; `records` are the same deals in the same order."""
    types = needs.activities & DEAL_ACTIVITIES
    return tuple(
        activity
        for raw, record in zip(raws, records, strict=True)
        for activity in deal_activities(raw, record, stages)
        if activity.type in types
    )


def deal_activities(raw: Raw, record: SeenRecord, stages: Mapping[str, Stage]) -> Iterator[SeenActivity]:
    """What happened to a deal, once for each of its contacts. A win counts at the date that HubSpot calls the won
    date, since an imported deal entered its stage on the day of the import."""
    values = raw.get("properties") or {}
    amount = str(values.get("amount") or "")
    won_at = instant(values.get("hs_closed_won_date"))
    before = ""
    for past in history(raw, "dealstage"):
        stage = stages.get(past.value)
        if stage is None:
            continue
        details = {"stage": stage.label, "pipeline": stage.pipeline} | ({"amount": amount} if amount else {})
        yield from _each("deal_stage", past.at, past.at, details, record)
        if stage.status in (WON, LOST) and stage.status != before:
            at = won_at if stage.status == WON and won_at is not None else past.at
            yield from _each(f"deal_{stage.status}", past.at, at, details, record)
        before = stage.status


def _each(type: str, entered: int, at: int, details: Mapping[str, str], record: SeenRecord) -> Iterator[SeenActivity]:
    what = type.removeprefix("deal_")
    for contact in record.links.get("contact", ()):
        id = f"deal:{record.id}:{what}:{entered}:{contact}"
        yield SeenActivity(type, at, details, id, record_id=contact)


def _told(raw: Raw, wanted: Wanted, stages: Mapping[str, Stage], contacts: tuple[str, ...]) -> SeenRecord:
    record = seen(raw, wanted, {"contact": contacts})
    past: list[PastValue] = []
    for entry in history(raw, "dealstage"):
        stage = stages.get(entry.value)
        status = stage.status if stage is not None else ""
        if not past or past[-1].value != status:
            past.append(replace(entry, value=status))
    status = current_status(raw.get("properties") or {}, stages)
    if past and past[-1].value != status:
        past[-1] = replace(past[-1], value=status)
    history_of = dict(record.history) | ({DEAL_STATUS: tuple(past)} if past else {})
    return replace(record, values={**record.values, DEAL_STATUS: status}, history=history_of)


def current_status(values: Mapping[str, Any], stages: Mapping[str, Stage]) -> str:
    """open, won or lost: by HubSpot's own flags, else by the stage. A deal in a stage that no pipeline has (any more)
    and without flags has no status; never by a stage's name or by the close date, which open deals have too."""
    if str(values.get("hs_is_closed_won")).lower() == "true":
        return WON
    if str(values.get("hs_is_closed_lost")).lower() == "true":
        return LOST
    stage = stages.get(str(values.get("dealstage")))
    return stage.status if stage is not None else ""


def _status(stage: Mapping[str, Any]) -> str:
    """By the stage's metadata, texts in the answers seen; JSON's own types are read too."""
    metadata = stage.get("metadata") or {}
    closed = str(metadata.get("isClosed")).lower()
    try:
        probability = float(metadata.get("probability") or 0)
    except ValueError:
        return ""
    if closed != "true":
        return OPEN if closed == "false" or probability < 1 else ""
    return {1.0: WON, 0.0: LOST}.get(probability, "")
