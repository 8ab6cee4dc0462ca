"""`leadscore feedback`: what sales answered, the release of a held lead, and which rules sales disagrees with."""

from typing import Annotated

import typer
from rich.table import Table

from leadscore.cli.clock import now
from leadscore.cli.show import clean, console, json_line, score_record
from leadscore.jobs.feedback import (
    Heard,
    RulePrecision,
    Sampled,
    heard_answers,
    precisions,
    sample,
    waiting_answers,
)
from leadscore.jobs.feedback import release as release_person
from leadscore.store.parked import Parked
from leadscore.wiring import parts
from scoring.values import write_instant

app = typer.Typer(no_args_is_help=True, help="What sales says about leads: see it, release a lead, judge the rules.")


@app.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False) -> None:
    """List every answer, newest first, and those that were put aside. No network."""
    made = parts()
    with made.store() as store:
        heard, aside = heard_answers(store, made.rulebook), waiting_answers(store)
    out = console()
    if as_json:
        for record in (*map(_heard_record, heard), *map(_aside_record, aside)):
            out.file.write(json_line(record).decode())
        return
    if not heard:
        out.print("Sales has not answered yet.")
    for one in heard:
        given = one.given
        who = clean(given.email or given.id)
        state = f", held in {one.hold}" if one.hold else "" if one.current else ", past"
        note = f": {clean(given.note)}" if given.note else ""
        by = f" by {clean(given.author)}" if given.author else ""
        out.print(f"{write_instant(given.at)}  {who}  {clean(one.label)}{state}{by}{note}", soft_wrap=True)
    if aside:
        out.print(f"\nNot applied: {len(aside):,}")
    for parked in aside:
        out.print(f"  {parked.object} {clean(parked.record_id)}: {clean(parked.reason)}", soft_wrap=True)


@app.command()
def release(
    contact: Annotated[str, typer.Argument(help="Record id or e-mail address.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Withdraw the answer about a lead, and the hold that it put them in. No network."""
    made = parts()
    with made.store() as store:
        given = release_person(store, contact, now())
    if as_json:
        record = {"id": given.id, "released": given.answer, "answered_at": write_instant(given.at)}
        console().file.write(json_line(record).decode())
        return
    text = f"Released: `{clean(given.answer or '')}` of {write_instant(given.at)} counts no more."
    console().print(f"{text} A running service, or the next `leadscore apply`, empties the field.", soft_wrap=True)


@app.command()
def report(
    take: Annotated[int, typer.Option("--sample", min=0, help="Draw so many MQLs and SQLs to be judged instead.")] = 0,
    seed: Annotated[int, typer.Option(help="Another number draws other people.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show for each rule how often sales accepted the leads that it scored, worst first. No network."""
    made = parts()
    out = console()
    with made.store() as store:
        drawn = sample(store, made.rulebook, now(), take, seed) if take else ()
        rules = () if take else precisions(store, made.rulebook)
    if as_json:
        for record in (*map(_sampled_record, drawn), *map(_rule_record, rules)):
            out.file.write(json_line(record).decode())
        return
    for one in drawn:
        since = f" since {write_instant(one.since)}" if one.since else ""
        out.print(
            f"{one.stage}{since}  {one.person.id}  {clean(one.person.email or '')}  {one.score.total}", soft_wrap=True
        )
        out.print(f"  {clean(one.score.reason or '')}", soft_wrap=True)
    if take and not drawn:
        out.print("Nobody without an answer is MQL or SQL.")
    if not take:
        out.print(_table(rules) if rules else "Sales has not answered about a lead that a rule scored.")


def _table(rules: tuple[RulePrecision, ...]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("right", "95 % between", "accepted", "refused"):
        table.add_column(name, justify="right")
    table.add_column("rule")
    for one in rules:
        small = " (small number)" if one.small else ""
        between = f"{one.low:.0%} and {one.high:.0%}"
        counts = (f"{one.accepted:,}", f"{one.refused:,}")
        table.add_row(f"{one.precision or 0:.0%}", between, *counts, f"{clean(one.score)}: {clean(one.rule)}{small}")
    return table


def _heard_record(one: Heard) -> dict[str, object]:
    given = one.given
    return {
        "id": given.id,
        "email": given.email,
        "at": write_instant(given.at),
        "answer": given.answer,
        "label": one.label,
        "author": given.author,
        "note": given.note,
        "current": one.current,
        "hold": one.hold,
        "applied": True,
    }


def _aside_record(one: Parked) -> dict[str, object]:
    return {"id": one.record_id, "applied": False, "reason": one.reason, "at": write_instant(one.at)}


def _rule_record(one: RulePrecision) -> dict[str, object]:
    return {
        "model": one.model,
        "score": one.score,
        "group": one.group,
        "rule": one.rule,
        "accepted": one.accepted,
        "refused": one.refused,
        "precision": one.precision,
        "interval": [one.low, one.high],
        "small": one.small,
    }


def _sampled_record(one: Sampled) -> dict[str, object]:
    since = None if one.since is None else write_instant(one.since)
    return {**score_record(one.person.id, one.score), "email": one.person.email, "entered": one.stage, "since": since}
