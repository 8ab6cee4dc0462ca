"""`leadscore status`: what the store knows, how fresh it is, and what was put aside."""

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import Console

from leadscore.cli.bars import say
from leadscore.cli.clock import now
from leadscore.cli.show import clean, console, json_line
from leadscore.jobs.status import Status, put_aside
from leadscore.jobs.status import status as look
from leadscore.store.parked import Parked
from leadscore.wiring import parts
from scoring.values import write_instant

_SHOWN = 10


def status(as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False) -> None:
    """Show what is in the store: people, bands, freshness, what waits, and what was put aside. No network."""
    with parts().store() as store:
        at = now()
        found, aside = look(store, at), put_aside(store)
    if as_json:
        console().file.write(json_line(_record(found, aside)).decode())
        return
    if found.binding is None:
        say("Nothing was read yet. Next: `leadscore sync`.")
        return
    show_status(console(), found, aside, at)


def show_status(out: Console, found: Status, aside: tuple[Parked, ...], at: int) -> None:
    """The state of the store for people."""
    bound = found.binding
    if bound is not None:
        out.print(f"{bound.account.crm} account {clean(bound.account.name)} ({bound.account.id}, {bound.account.kind})")
        first = "never" if bound.baseline_at is None else write_instant(bound.baseline_at)
        out.print(f"first applied: {first}" + (", only a sample was read" if bound.sampled else ""))
    counts = ", ".join(f"{count:,} {name}" for name, count in found.records.items())
    out.print(f"known: {counts or 'no records'}, {found.activities:,} activities")
    out.print("bands: " + ", ".join(f"{count:,} {band or 'none'}" for band, count in found.bands.items()))
    out.print(f"to be scored again: {found.due:,}; activities that wait for their person: {found.unmatched:,}")
    for line in _live(found, at):
        out.print(line, soft_wrap=True)
    for run in found.runs[:_SHOWN]:
        ended = "cut, or still at it" if run.ended_at is None else f"{run.outcome} {write_instant(run.ended_at)}"
        why = f": {clean(str(run.trace['error']))}" if "error" in run.trace else ""
        out.print(f"{run.job:<8} {write_instant(run.started_at)}: {ended}{why}", soft_wrap=True)
    if aside:
        out.print(f"\nPut aside: {sum(found.parked.values()):,}")
    for one in aside[:_SHOWN]:
        out.print(f"  {one.job}: {one.object} {clean(one.record_id)}: {clean(one.reason)}", soft_wrap=True)


def _live(found: Status, at: int) -> Iterator[str]:
    """How the service stands; nothing where none ever ran."""
    queues = found.backlog
    if found.leader is None and not found.chores:
        return
    yield "service: " + (f"{clean(found.leader.owner)} leads" if found.leader else "nobody leads; is it running?")
    waiting = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in queues.waiting.items() if count)
    oldest = "" if queues.oldest is None else f"; the oldest for {max(0, at - queues.oldest) // 1000:,} s"
    yield f"waiting: {waiting or 'nothing'}{oldest}"
    synced = "never" if queues.synced_at is None else write_instant(queues.synced_at)
    yield f"last read from the CRM: {synced}"
    if any((queues.dead, queues.parked, queues.quarantined)):
        yield f"dead letters: {queues.dead:,}, parked: {queues.parked:,}, in quarantine: {queues.quarantined:,}"
    for chore in found.chores:
        if chore.outcome not in (None, "done"):
            yield f"{chore.name}: {clean(chore.outcome or '')}"


def _record(found: Status, aside: tuple[Parked, ...]) -> dict[str, object]:
    bound = found.binding
    return {
        "account": None
        if bound is None
        else {"crm": bound.account.crm, "id": bound.account.id, "name": bound.account.name, "kind": bound.account.kind},
        "baseline_at": None if bound is None or bound.baseline_at is None else write_instant(bound.baseline_at),
        "sample": bound is not None and bound.sampled,
        "records": dict(found.records),
        "activities": found.activities,
        "unmatched": found.unmatched,
        "due": found.due,
        "leader": found.leader.owner if found.leader else None,
        "waiting": dict(found.backlog.waiting),
        "oldest_waiting_since": None if found.backlog.oldest is None else write_instant(found.backlog.oldest),
        "last_sync": None if found.backlog.synced_at is None else write_instant(found.backlog.synced_at),
        "dead_letters": found.backlog.dead,
        "waiting_for_a_person": found.backlog.parked,
        "quarantined": found.backlog.quarantined,
        "calls": {kind: {"used": used, "limit": limit} for kind, (used, limit) in found.backlog.calls.items()},
        "bands": {band or "": count for band, count in found.bands.items()},
        "models": [{"name": model.name, "digest": model.digest} for model in found.models.models],
        "runs": [
            {"job": run.job, "started_at": write_instant(run.started_at), "outcome": run.outcome}
            | {"ended_at": None if run.ended_at is None else write_instant(run.ended_at)}
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
