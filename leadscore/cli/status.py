"""`leadscore status`: what the store knows, how fresh it is, and what was put aside."""

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import Console

from leadscore.cli.bars import say
from leadscore.cli.clock import now
from leadscore.cli.show import clean, console, json_line
from leadscore.jobs.dead_letters import RETRIED
from leadscore.jobs.status import Status, put_aside
from leadscore.jobs.status import status as look
from leadscore.store.budget import DAY, CallsState, spent
from leadscore.store.parked import Parked
from leadscore.wiring import parts
from scoring.values import write_instant

_SHOWN = 10
_STAGES = {
    "decide": "to be decided",
    "fuse": "stopped by the fuse",
    "day": "put off to another day",
    "parked": "put aside",
}
_WORDS = {
    "deliveries": "events to act upon",
    "refetches": "records to read",
    "due": "people to score",
    "outbox": "scores to write",
    "stage_intents": "stages to decide or write",
    "tellings": "tasks to make",
    "postings": "posts to send",
}
"""The queues, as an operator calls them."""


def status(as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False) -> None:
    """Show what is in the store: people, bands, freshness, what waits, and what was put aside. No network."""
    made = parts()
    with made.store() as store:
        at = now()
        found, aside = look(store, at), put_aside(store)
    if as_json:
        console().file.write(json_line(_record(found, aside, made.settings.api_share)).decode())
        return
    if found.binding is None:
        say("Nothing was read yet. Next: `leadscore sync`.")
        return
    show_status(console(), found, aside, at, made.settings.api_share)


def show_status(out: Console, found: Status, aside: tuple[Parked, ...], at: int, share: float) -> None:
    """The state of the store for people. `share`: our part of the account's calls of a day."""
    bound = found.binding
    if bound is not None:
        out.print(f"{bound.account.crm} account {clean(bound.account.name)} ({bound.account.id}, {bound.account.kind})")
        first = "never" if bound.baseline_at is None else write_instant(bound.baseline_at)
        out.print(f"first applied: {first}" + (", only a sample was read" if bound.sampled else ""))
    counts = ", ".join(f"{count:,} {name}" for name, count in found.records.items())
    out.print(f"known: {counts or 'no records'}, {found.activities:,} activities")
    out.print("bands: " + ", ".join(f"{count:,} {band or 'none'}" for band, count in found.bands.items()))
    out.print(f"to be scored again: {found.due:,}; activities that wait for their person: {found.unmatched:,}")
    for line in _live(found, at, share):
        out.print(line, soft_wrap=True)
    for line in _stages(found):
        out.print(line, soft_wrap=True)
    for run in found.runs[:_SHOWN]:
        ended = "cut, or still at it" if run.ended_at is None else f"{run.outcome} {write_instant(run.ended_at)}"
        why = f": {clean(str(run.trace['error']))}" if "error" in run.trace else ""
        out.print(f"{run.job:<8} {write_instant(run.started_at)}: {ended}{why}", soft_wrap=True)
    if aside:
        out.print(f"\nPut aside: {sum(found.parked.values()):,}")
    for one in aside[:_SHOWN]:
        out.print(f"  {one.job}: {one.object} {clean(one.record_id)}: {clean(one.reason)}", soft_wrap=True)


def _stages(found: Status) -> Iterator[str]:
    """Lifecycle stages on their way, and why they stand still."""
    counts = ", ".join(f"{many:,} {_STAGES.get(state, state)}" for state, many in found.stages.items())
    if counts:
        yield f"lifecycle stages: {counts} (`leadscore stages list`)"
    for said in found.stopped:
        yield f"STAGES STAND STILL: {clean(said)}"


def _live(found: Status, at: int, share: float) -> Iterator[str]:
    """How the service stands; nothing where none ever ran."""
    queues = found.backlog
    if found.leader is None and not found.chores:
        return
    yield "service: " + (f"{clean(found.leader.owner)} leads" if found.leader else "nobody leads; is it running?")
    waiting = ", ".join(f"{count:,} {_WORDS.get(name, name)}" for name, count in queues.waiting.items() if count)
    oldest = "" if queues.oldest is None else f"; the oldest for {max(0, at - queues.oldest) // 1000:,} s"
    yield f"waiting: {waiting or 'nothing'}{oldest}"
    synced = "never" if queues.synced_at is None else write_instant(queues.synced_at)
    yield f"last read from the CRM: {synced}"
    day = queues.calls.get(DAY)
    if day is not None:
        yield f"calls today: {_calls(day, found.binding.account.time_zone if found.binding else '')}"
        if why := spent(day, share):
            until = "" if day.ends is None else f" Paused until {write_instant(day.ends)}."
            yield f"CALLS ARE PAUSED: {why}{until}"
    for trouble in found.troubles:
        yield f"TROUBLE since {write_instant(trouble.since)}, {trouble.work}: {clean(trouble.said)}"
    for chore in found.chores:
        if chore.outcome not in (None, "done"):
            again = f" Next try {write_instant(chore.next_at)}." if chore.asked_at is None else ""
            yield f"{chore.name} was not done: {clean(chore.outcome or '')}{again}"
    yield from _for_a_person(found)


def _for_a_person(found: Status) -> Iterator[str]:
    """What goes on only when somebody decides, and with which command."""
    given_up = {job: count for job, count in found.parked.items() if job in RETRIED}
    if found.backlog.dead:
        given_up = {"event": found.backlog.dead} | given_up
    if given_up:
        what = ", ".join(f"{count:,} {job}" for job, count in given_up.items())
        yield f"given up: {what}. See `leadscore deadletter list`, then `leadscore deadletter retry`."
    if found.backlog.quarantined:
        yield f"in quarantine: {found.backlog.quarantined:,}. See `leadscore quarantine list`."


def _calls(day: CallsState, zone: str) -> str:
    limit = f" of {day.limit:,} that the account has" if day.limit else ""
    left = "" if day.left is None else f"; all its apps have left {day.left:,}"
    ends = "" if day.ends is None else f"; its day ({clean(zone)}) ends {write_instant(day.ends)}"
    return f"{day.used:,} by us{limit}{left}{ends}"


def _record(found: Status, aside: tuple[Parked, ...], share: float) -> dict[str, object]:
    bound = found.binding
    return {
        "account": None
        if bound is None
        else {"crm": bound.account.crm, "id": bound.account.id, "name": bound.account.name, "kind": bound.account.kind},
        "baseline_at": _instant(bound.baseline_at if bound else None),
        "sample": bound is not None and bound.sampled,
        "records": dict(found.records),
        "activities": found.activities,
        "unmatched": found.unmatched,
        "due": found.due,
        "leader": found.leader.owner if found.leader else None,
        "waiting": dict(found.backlog.waiting),
        "oldest_waiting_since": _instant(found.backlog.oldest),
        "last_sync": _instant(found.backlog.synced_at),
        "dead_letters": found.backlog.dead,
        "given_up": {job: count for job, count in found.parked.items() if job in RETRIED},
        "quarantined": found.backlog.quarantined,
        "calls": {kind: _calls_record(kind, calls, share) for kind, calls in found.backlog.calls.items()},
        "troubles": [
            {"work": one.work, "error": one.error, "said": one.said, "since": write_instant(one.since)}
            for one in found.troubles
        ],
        "chores": [
            {"name": one.name, "ran_at": _instant(one.ran_at), "next_at": write_instant(one.next_at)}
            | {"outcome": one.outcome}
            for one in found.chores
        ],
        "stages": dict(found.stages),
        "stages_stopped": list(found.stopped),
        "bands": {band or "": count for band, count in found.bands.items()},
        "models": [{"name": model.name, "digest": model.digest} for model in found.models.models],
        "runs": [
            {"job": run.job, "started_at": write_instant(run.started_at), "outcome": run.outcome}
            | {"ended_at": _instant(run.ended_at)}
            for run in found.runs
        ],
        "parked": [
            {
                "job": one.job,
                "object": one.object,
                "id": one.record_id,
                "reason": one.reason,
                "at": write_instant(one.at),
            }
            for one in aside
        ],
    }


def _calls_record(kind: str, calls: CallsState, share: float) -> dict[str, object]:
    spent_until = calls.ends if kind == DAY and spent(calls, share) else None
    until = max((at for at in (spent_until, calls.paused_until) if at is not None), default=None)
    return {
        "used": calls.used,
        "limit": calls.limit or None,
        "left": calls.left,
        "ends": _instant(calls.ends),
        "paused_until": _instant(until),
    }


def _instant(at: int | None) -> str | None:
    return None if at is None else write_instant(at)
