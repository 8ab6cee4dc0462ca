"""`leadscore plan`: who would change in the CRM and why, before anything is written."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from sqlalchemy import Engine

from config.problems import ConfigError, Problem
from connectors.plan import RecordPlan, WritePlan, dump
from leadscore.cli.bars import say
from leadscore.cli.clock import now
from leadscore.cli.show import clean, console, json_line
from leadscore.jobs.plan import PlanReport, make_plan
from leadscore.jobs.process import process_name
from leadscore.jobs.rule_counts import RuleCount
from leadscore.jobs.stage_view import Outlook, outlook
from leadscore.jobs.stages import StageMover
from leadscore.wiring import Parts, parts
from scoring.values import read_instant, write_instant

PENDING = 2


def plan(
    out: Annotated[Path | None, typer.Option(help="Keep the plan in this file, for `leadscore apply FILE`.")] = None,
    as_of: Annotated[str | None, typer.Option(help="Plan for this instant (ISO 8601, UTC); default: now.")] = None,
    top: Annotated[int, typer.Option(min=0, help="How many of the records that move to list.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a record, after one for the plan.")] = False,
) -> None:
    """Show whom the scores would move in the CRM, rule by rule. Writes nothing into the CRM.

    Exit codes: 0 nothing to do, 2 changes are pending, or somebody could not be scored.
    """
    made = parts()
    instant = _instant(as_of)
    with made.store() as store:
        report = make_plan(store, made.reader, made.rulebook, instant, made.policy)
        ahead = _outlook(made, store) if as_of is None else Outlook({}, {})
    if out is not None:
        with out.open("wb") as file:
            dump(report.plan, file)
    if as_json:
        _print_json(report, ahead)
    else:
        show_plan(console(), report, top)
        _show_outlook(console(), ahead)
        _say_next(report, out)
    if report.plan.rows or ahead.moves or report.parked:
        raise typer.Exit(PENDING)


def _outlook(made: Parts, store: Engine) -> Outlook:
    name = f"{process_name()}:plan"
    return outlook(store, StageMover(store, made.crm.stages, made.rulebook, name=name), now())


def _show_outlook(out: Console, ahead: Outlook) -> None:
    for what, moves in (("", ahead.moves), (" would be (the model only observes)", ahead.wishes)):
        for (value, stage), count in moves.items():
            out.print(f"  lifecycle stage{what}: {clean(value) or 'none'} -> {stage}: {count:,}")


def _instant(text: str | None) -> int:
    if text is None:
        return now()
    instant = read_instant(text)
    if instant is None:
        raise ConfigError([Problem("--as-of", f"`{text}` is no time", "write it like 2027-03-10T09:00:00Z")])
    return instant


def show_plan(out: Console, report: PlanReport, top: int) -> None:
    """The plan for people: whose portal, how much changes, who moves, and what each rule does."""
    head = report.plan
    out.print(f"Plan for {head.crm} account {clean(head.account_name)} ({head.account}, {head.account_kind})")
    out.print(f"as of {write_instant(head.as_of)}, {head.known:,} people known\n")
    kind = " (the first apply: our fields only; no lifecycle stage is set, nobody is notified)" if head.baseline else ""
    out.print(f"{len(head.rows):,} records to write in {report.calls:,} calls{kind}", soft_wrap=True)
    _show_moves(out, "band", report.bands)
    _show_moves(out, "stage", report.stages)
    if report.missing:
        out.print(f"{len(report.missing):,} records are gone from the CRM and are left out")
    if report.parked:
        out.print(f"{report.parked:,} people could not be scored and were put aside: `leadscore deadletter list`")
    _show_rows(out, head.rows, top)
    _show_rules(out, report.rules)
    for rule, reason in report.mute.items():
        out.print(f"mute: {clean(rule)}: {clean(reason)}", style="yellow", soft_wrap=True)


def _show_moves(out: Console, word: str, moves: Mapping[tuple[str, str], int]) -> None:
    for (old, new), count in sorted(moves.items(), key=lambda item: -item[1]):
        out.print(f"  {word}: {old or 'none'} -> {new or 'none'}: {count:,}")


def _show_rows(out: Console, rows: Sequence[RecordPlan], top: int) -> None:
    if not rows or not top:
        return
    out.print(
        f"\nWho moves most (the first {min(top, len(rows))} of {len(rows):,})" if len(rows) > top else "\nWho moves"
    )
    for row in sorted(rows, key=_by_move, reverse=True)[:top]:
        total, reason = row.change("total"), row.change("reason")
        moved = f"{total.old or 'none'} -> {total.new or 'none'}" if total else "same total"
        others = [c for word in ("grade_band", "stage") if (c := row.change(word)) is not None]
        shown = "; ".join(f"{c.old or 'none'} -> {c.new or 'none'}" for c in others)
        out.print(f"  {row.object} {row.id}: {moved}" + (f"; {shown}" if shown else ""), style="bold", soft_wrap=True)
        if reason is not None and reason.new:
            out.print(f"    {clean(reason.new)}", soft_wrap=True)


def _by_move(row: RecordPlan) -> tuple[int, str]:
    total = row.change("total")
    if total is None:
        return 0, row.id
    return abs(_number(total.new) - _number(total.old)), row.id


def _number(text: str) -> int:
    return int(text) if text else 0


def _show_rules(out: Console, rules: Sequence[RuleCount]) -> None:
    flags = {"never": "  <- nobody: a typo, or no such data?", "nearly all": "  <- nearly all: tells nobody apart"}
    out.print("\nWhat each rule does (people, share of all, rule)")
    for rule in rules:
        share = f"{100 * rule.subjects / rule.of:.0f} %" if rule.of else "-"
        name = clean(f"{rule.score} / {rule.group} / {rule.rule}")
        flag = flags.get(rule.flag or "", "")
        out.print(f"{rule.subjects:>9,} {share:>6}  {name}{flag}", style="yellow" if flag else None, soft_wrap=True)


def _print_json(report: PlanReport, ahead: Outlook) -> None:
    write = console().file.write
    lifecycle = {
        "lifecycle_moves": [{"from": value, "to": stage, "records": n} for (value, stage), n in ahead.moves.items()],
        "lifecycle_observed": [
            {"from": value, "to": stage, "records": n} for (value, stage), n in ahead.wishes.items()
        ],
    }
    write(json_line(_head(report) | lifecycle).decode())
    for row in report.plan.rows:
        changes = {change.word: {"old": change.old, "new": change.new} for change in row.changes}
        write(json_line({"object": row.object, "id": row.id, "changes": changes}).decode())


def _head(report: PlanReport) -> dict[str, object]:
    head: WritePlan = report.plan
    return {
        "crm": head.crm,
        "account": head.account,
        "account_name": head.account_name,
        "account_kind": head.account_kind,
        "as_of": write_instant(head.as_of),
        "baseline": head.baseline,
        "sample": head.sample,
        "known": head.known,
        "records": len(head.rows),
        "calls": report.calls,
        "parked": report.parked,
        "bands": [{"from": old, "to": new, "records": n} for (old, new), n in report.bands.items()],
        "stages": [{"from": old, "to": new, "records": n} for (old, new), n in report.stages.items()],
        "rules": [
            {"model": r.model, "score": r.score, "group": r.group, "rule": r.rule, "people": r.subjects, "of": r.of}
            | {"flag": r.flag}
            for r in report.rules
        ],
        "mute": dict(report.mute),
    }


def _say_next(report: PlanReport, out: Path | None) -> None:
    if not report.plan.rows:
        say("Nothing to do: the CRM shows every score as it is.")
    elif report.plan.sample:
        say("This rests on a sample and cannot be applied. Run `leadscore sync`, then `leadscore plan` again.")
    else:
        say(f"Next: `leadscore apply {out}` writes exactly this." if out else "Next: `leadscore apply` writes this.")
