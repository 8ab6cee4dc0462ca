"""`leadscore score`: scores an export without any credentials, and shows the best leads and how scores spread."""

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from config.model_file import read_models
from config.tables import load_tables
from connectors.files.activities import find_activity_columns
from connectors.files.columns import find_columns
from connectors.files.join import Progress, Sources, people
from connectors.files.rejects import FileProblem, Reject
from connectors.files.rows import open_sheet
from connectors.files.workbench import Workbench, workbench
from leadscore.cli.compare import Comparison, show_comparison
from leadscore.cli.meter import Meter, meter
from leadscore.cli.reject_file import keep_rejects
from leadscore.cli.show import clean, console, json_line, score_record, show_leads
from leadscore.cli.tally import Tally, show_distribution
from scoring.engine import compile_models
from scoring.model import ScoringModel
from scoring.values import read_instant, write_instant

FAILED, PARTLY, USAGE, INTERRUPTED, PIPE_CLOSED = 1, 2, 64, 130, 141


class Crm(StrEnum):
    """Whose names head the columns of the contacts file."""

    hubspot = "hubspot"
    salesforce = "salesforce"


@dataclass(slots=True)
class Run:
    """One run: what was asked for, and what has come of it so far."""

    models: Sequence[ScoringModel]
    sources: Sources
    as_of: int
    as_json: bool
    compare: str | None
    tally: Tally
    comparison: Comparison
    people: int = 0
    activities: int = 0


def score(
    model: Annotated[list[Path], typer.Option(help="Model file; several are asked in this order.")],
    contacts: Annotated[Path, typer.Option(help="Contacts as CSV or CSV.gz, with a column id.")],
    activities: Annotated[
        Path | None, typer.Option(help="Activities as CSV or CSV.gz: contact_id,type,occurred_at and details.")
    ] = None,
    as_of: Annotated[str | None, typer.Option(help="Score as things stood then (ISO 8601, UTC); default: now.")] = None,
    crm: Annotated[Crm | None, typer.Option(help="The columns are headed as this CRM exports them.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a contact, in the file's order.")] = False,
    compare: Annotated[str | None, typer.Option(help="A column with an old score, to compare ranks with.")] = None,
    rejects: Annotated[Path | None, typer.Option(help="Write the rows that could not be used here (CSV).")] = None,
    top: Annotated[int, typer.Option(min=0, help="How many of the best leads to list.")] = 20,
) -> None:
    """Score contacts from a file; show the best with their reasons, and how the scores spread.

    Exit codes: 0 all scored, 2 some rows were rejected and the others scored, 64 the files or options are wrong.
    """
    run: Run | None = None
    rejected = 0
    try:
        models = read_models(model)
        moment = _instant(as_of)
        sources = _sources(models, contacts, activities, crm, compare)
        run = Run(models, sources, moment, as_json, compare, Tally(0 if as_json else top), Comparison())
        with workbench() as bench:
            with (
                meter(quiet=as_json and sys.stdout.isatty()) as bars,
                keep_rejects(rejects, (contacts, activities), bars) as kept,
            ):
                _say_columns(run, bars)
                _score_all(run, bench, bars, kept.add)
            rejected = kept.count
            _show(run, bench)
        _summarise(run, rejected, rejects)
    except FileProblem as error:
        _stop(str(error), USAGE)
    except BrokenPipeError:
        # Whoever read our output (head, less) has seen enough.
        _close_stdout()
        raise typer.Exit(PIPE_CLOSED) from None
    except OSError as error:
        _close_stdout()
        said = f"{error.strerror or error}; mend that and run it again."
        _stop(f"Stopped after {run.people if run else 0:,} contacts: {said}", FAILED)
    except KeyboardInterrupt:
        _stop(f"Stopped after {run.people if run else 0:,} contacts; run it again to score them all.", INTERRUPTED)
    if rejected:
        raise typer.Exit(PARTLY)


def _instant(as_of: str | None) -> int:
    if as_of is None:
        return time.time_ns() // 1_000_000
    instant = read_instant(as_of)
    if instant is None:
        _stop(f'--as-of "{as_of}" is no time; write it as 2027-03-10 or 2027-03-10T14:30:00Z.', USAGE)
    return instant


def _sources(
    models: Sequence[ScoringModel], contacts: Path, activities: Path | None, crm: Crm | None, compare: str | None
) -> Sources:
    """The files with their columns found. Raises FileProblem."""
    sheet = open_sheet(contacts)
    columns = find_columns(sheet, models, crm.value if crm else None, [compare] if compare else [])
    if compare and sheet.column(compare) is None:
        raise FileProblem(
            f'--compare: {contacts} has no column "{compare}"; its columns are {", ".join(sheet.header)}.'
        )
    if activities is None:
        return Sources(sheet, columns)
    done = open_sheet(activities)
    return Sources(sheet, columns, done, find_activity_columns(done, models))


def _say_columns(run: Run, bars: Meter) -> None:
    """What the files have that no model reads, and what the models read that the files do not have."""
    contacts, columns = run.sources.contacts, run.sources.columns
    if columns.ignored:
        bars.say(f"{contacts.path}: columns that no model reads: {', '.join(columns.ignored)}")
    if columns.missing:
        bars.say(f"{contacts.path}: no column for {', '.join(columns.missing)}: unknown for everybody (a flag: false)")
    if columns.lists and columns.members is None:
        bars.say(f'{contacts.path}: no column "lists": who is on {", ".join(columns.lists)} is unknown')
    activities, found = run.sources.activities, run.sources.activity_columns
    if activities and found and found.ignored:
        bars.say(f"{activities.path}: columns that no model reads: {', '.join(found.ignored)}")


def _score_all(run: Run, bench: Workbench, bars: Meter, reject: Reject) -> None:
    scorer = compile_models(run.models, load_tables())
    contacts, activities = run.sources.contacts, run.sources.activities
    progress = Progress(
        contacts=bars.task("contacts", contacts.size),
        activities=bars.task("activities", activities.size) if activities else None,
        order=bars.task("looking at the order", activities.size) if activities else None,
    )
    compare_at = contacts.column(run.compare) if run.compare else None
    fields = [(name, field) for model in run.models for name, field in model.fields.items()]
    email_field = next((name for name, field in fields if field.type == "email"), "")
    stdout = sys.stdout.buffer
    for person in people(run.sources, bench, reject, progress):
        facts = person.facts
        result = scorer(facts, run.as_of)
        run.people += 1
        run.activities += len(facts.activities)
        email = facts.current.get(email_field, "")
        run.tally.add(f"{facts.id}  {email}" if email else facts.id, result)
        if compare_at is not None:
            run.comparison.add(person.ordinal, person.cells[compare_at], result.total)
        if run.as_json:
            stdout.write(json_line(score_record(facts.id, result)))
            stdout.flush()


def _show(run: Run, bench: Workbench) -> None:
    """The list, the picture and the comparison; beside JSON lines the comparison goes to stderr."""
    if not run.people:
        return
    if not run.as_json:
        out = console()
        show_leads(out, run.tally.best())
        show_distribution(out, run.tally, run.models)
    if run.compare:
        if not run.comparison.old and run.comparison.not_numbers:
            raise FileProblem(
                f'--compare: the column "{run.compare}" holds no numbers (the first value: '
                f'"{run.comparison.first_not_number}"); name the column with the old score.'
            )
        show_comparison(console(sys.stderr if run.as_json else None), run.comparison, run.compare, bench.id_of)
    sys.stdout.flush()


def _summarise(run: Run, rejected: int, rejects: Path | None) -> None:
    name = run.sources.contacts.path
    if not run.people and not rejected:
        sys.stderr.write(f"{name} has a header and no contacts: there is nothing to score.\n")
        return
    parts = [f"{run.tally.scored:,} scored"]
    if run.tally.unscored:
        parts.append(f"{run.tally.unscored:,} that no model is for")
    parts.append(f"{rejected:,} rows rejected" + (f" (see {rejects})" if rejected and rejects else ""))
    if run.sources.activities:
        parts.append(f"{run.activities:,} activities")
    sys.stderr.write(f"{name}: {', '.join(parts)}, as of {write_instant(run.as_of)}\n")


def _close_stdout() -> None:
    """What is still to be written goes nowhere; else Python would try once more at the end, and complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _stop(message: str, code: int) -> NoReturn:
    sys.stderr.write(f"{clean(message)}\n")
    raise typer.Exit(code)
