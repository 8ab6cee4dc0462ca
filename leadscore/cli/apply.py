"""`leadscore apply`: writes a plan into the CRM, exactly as it was shown."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Engine

from config.problems import ConfigError, Problem
from connectors.plan import PlanUnreadable, WritePlan, load
from leadscore.cli.bars import going_on_later, say, step_bar
from leadscore.cli.clock import now
from leadscore.cli.plan import show_plan
from leadscore.cli.show import clean, console, json_line
from leadscore.jobs.apply import ApplyReport, apply_plan
from leadscore.jobs.follow_up import FollowUp, follow_up
from leadscore.jobs.plan import make_plan
from leadscore.jobs.process import process_name
from leadscore.jobs.refused import ConfirmationNeeded
from leadscore.jobs.tell_everything import ToldReport
from leadscore.wiring import Parts, parts

PARTLY = 2
_SHOWN = 10


def apply(
    file: Annotated[Path | None, typer.Argument(help="A plan that `leadscore plan --out FILE` kept.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Go on although the fuse has blown.")] = False,
    account: Annotated[
        str | None, typer.Option(help="The id of the production account, asked for before the first write to it.")
    ] = None,
    enrol_current: Annotated[
        bool,
        typer.Option(
            "--enrol-current", help="Also move who stood for a lifecycle stage before the first apply, and tell sales."
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Write a plan into the CRM; without FILE, make one now and show it first.

    Rows whose CRM value somebody changed meanwhile are left alone and reported. Then lifecycle stages are moved and
    sales is told, as a running service does. Cut short, the same command goes on.
    Exit codes: 0 all written, 2 not done or only partly.
    """
    made = parts()
    with made.store() as store, going_on_later():
        plan = _read(file) if file is not None else _fresh(made, store, yes=yes, as_json=as_json)
        report = _apply(made, store, plan, force=force, account=account, as_json=as_json)
        after = follow_up(
            store, made.crm.stages, made.messenger, made.rulebook, now,
            name=f"{process_name()}:apply",
            baseline=plan.baseline, enrol_current=enrol_current, most_entries=made.settings.max_entries_per_day,
        )  # fmt: skip
    if as_json:
        console().file.write(json_line(_record(report) | _record_after(after)).decode())
    else:
        show_report(report)
        _show_after(after)
    if not report.complete or after.stages.steps.parked:
        raise typer.Exit(PARTLY)


def _read(file: Path) -> WritePlan:
    try:
        with file.open("rb") as source:
            return load(source)
    except OSError as error:
        raise ConfigError(
            [Problem(str(file), f"cannot be read: {error.strerror}", "give the file of a plan")]
        ) from None
    except PlanUnreadable as error:
        again = "make a new one with `leadscore plan --out FILE`"
        raise ConfigError([Problem(str(file), str(error), again)]) from None


def _fresh(made: Parts, store: Engine, *, yes: bool, as_json: bool) -> WritePlan:
    report = make_plan(store, made.reader, made.rulebook, now(), made.policy)
    if report.plan.sample:
        return report.plan
    if not as_json:
        show_plan(console(), report, _SHOWN)
    asks = sys.stdin.isatty() and not as_json
    if report.plan.rows and not yes and not (asks and typer.confirm("Write this?", err=True)):
        say("Nothing was written. Run it again with --yes, or keep the plan with `leadscore plan --out FILE`.")
        raise typer.Exit(PARTLY)
    return report.plan


def _apply(
    made: Parts, store: Engine, plan: WritePlan, *, force: bool, account: str | None, as_json: bool
) -> ApplyReport:
    confirmed = account
    while True:
        try:
            with step_bar("writing") as progress:
                return apply_plan(
                    store,
                    made.reader,
                    made.writer,
                    plan,
                    made.rulebook,
                    now(),
                    force=force,
                    confirmed_account=confirmed,
                    progress=progress,
                )
        except ConfirmationNeeded as needed:
            if confirmed is not None or as_json or not sys.stdin.isatty():
                say(f"{needed} (`leadscore apply --account {needed.account} ...`)")
                raise typer.Exit(PARTLY) from None
            confirmed = typer.prompt(f"{needed} Its id", err=True)


def show_report(report: ApplyReport) -> None:
    """What was written, for people."""
    out = console()
    already = f" ({report.already:,} were there already)" if report.already else ""
    out.print(f"{report.written:,} records written{already}")
    for one in report.skipped[:_SHOWN]:
        found, planned = clean(one.found) or "empty", clean(one.planned) or "empty"
        out.print(
            f"left alone: {one.id}: {one.word} is {found} now, not {planned}",
            soft_wrap=True,
        )
    for id, words in report.rejected[:_SHOWN]:
        out.print(f"refused by the CRM: {id}: {clean(words)}", soft_wrap=True)
    for id in report.missing[:_SHOWN]:
        out.print(f"gone from the CRM: {id}")
    left = len(report.skipped) + len(report.rejected) + len(report.missing)
    if left > _SHOWN:
        out.print(f"{left:,} records were not written in all; `leadscore status` lists those that the CRM refused.")


def _show_after(after: FollowUp) -> None:
    out, stages = console(), after.stages
    if after.enrolled:
        out.print(f"{after.enrolled:,} records were asked for their lifecycle stage")
    moved = {
        "moved": stages.steps.done,
        "put aside (see `leadscore stages list`)": stages.steps.parked,
        "held back by the fuse (see `leadscore stages list`)": stages.admission.fused,
        "put off to another day": stages.admission.put_off,
        "only shown, as the model observes": stages.decisions.wishes,
    }
    said = ", ".join(f"{many:,} {what}" for what, many in moved.items() if many)
    if said:
        out.print(f"lifecycle stages: {said}", soft_wrap=True)
    told = after.told
    if told != ToldReport():
        out.print(f"sales: {told.tasks:,} tasks, {told.posts:,} posts, {told.digested:,} for the next morning's digest")
    if told.dead or told.later:
        out.print(f"not told: {told.dead:,} given up, {told.later:,} to be tried again; see `leadscore notices list`")


def _record_after(after: FollowUp) -> dict[str, object]:
    stages = after.stages
    return {
        "stages": {
            "enrolled": after.enrolled,
            "moved": stages.steps.done,
            "parked": stages.steps.parked,
            "held_by_fuse": stages.admission.fused,
            "put_off": stages.admission.put_off,
            "observed": stages.decisions.wishes,
        },
        "told": asdict(after.told),
    }


def _record(report: ApplyReport) -> dict[str, object]:
    return {
        "written": report.written,
        "already": report.already,
        "skipped": [
            {"id": one.id, "field": one.word, "planned": one.planned, "found": one.found} for one in report.skipped
        ],
        "rejected": [{"id": id, "words": words} for id, words in report.rejected],
        "missing": list(report.missing),
    }
