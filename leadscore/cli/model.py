"""`leadscore model ...`: checks a model file, tests it, describes it to editors, and shows the ways into a stage."""

import json
import time
from pathlib import Path
from typing import Annotated

import typer

from config.country_check import unknown_countries
from config.golden_check import GoldenResult, check_golden
from config.model_file import LoadedModel, clashes, open_model, read_model
from config.model_schema import model_schema
from config.problems import ConfigError, Problem, dotted
from config.settings import load_settings
from config.tables import load_tables
from leadscore.cli.show import clean
from scoring.ledger import Contribution
from scoring.linter import lint
from scoring.minimum_profile import Profile, StagePaths, stage_paths
from scoring.model import digest

FAILED, USAGE = 1, 64

app = typer.Typer(no_args_is_help=True, help="Check, test and explain scoring models.")

File = Annotated[Path, typer.Argument(help="A model file (YAML).", show_default=False)]
Files = Annotated[list[Path], typer.Argument(help="Model files (YAML), in their order.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


@app.command()
def check(files: Files, as_json: Json = False) -> None:
    """Show every fault of model files with its place, and what looks odd in the models that are sound.

    Exit code 0: all can be used, warnings or not; 64: one cannot.
    """
    opened: list[LoadedModel] = []
    faults: list[Problem] = []
    for file in files:
        try:
            opened.append(open_model(file))
        except ConfigError as error:
            faults += error.problems
    faults += clashes(opened)
    warnings = [warning for loaded in opened for warning in _warnings(loaded)]
    if as_json:
        models = [{"file": one.document.file, "name": one.model.name, "digest": digest(one.model)} for one in opened]
        shown = {"models": models, "errors": _plain(faults), "warnings": _plain(warnings)}
        typer.echo(json.dumps(shown, ensure_ascii=False, indent=2))
    else:
        for fault in faults:
            typer.echo(clean(str(fault)))
        for warning in warnings:
            typer.echo(clean(f"{_place(warning)}: warning: {warning.message}"))
        typer.echo(_summary(files, faults, warnings), err=True)
    raise typer.Exit(USAGE if faults else 0)


@app.command()
def schema() -> None:
    """Print the JSON Schema of model files, for editors that complete and check while one types."""
    typer.echo(json.dumps(model_schema(), ensure_ascii=False, indent=2))


@app.command()
def test(file: File, as_json: Json = False) -> None:
    """Score the golden leads of a model and show each that came out otherwise than expected, line by line.

    Exit code 0: all as expected; 1: some are not; 64: the file cannot be used.
    """
    settings = load_settings()
    tables = load_tables(settings.free_domains, settings.disposable_domains, settings.business_domains)
    results = check_golden(read_model(file), tables, time.time_ns() // 1_000_000)
    misses = [found for found in results if not found.holds]
    if as_json:
        shown = {"leads": len(results), "misses": [_miss(found) for found in misses]}
        typer.echo(json.dumps(shown, ensure_ascii=False, indent=2))
    else:
        for found in misses:
            typer.echo(_told(found))
        if not results:
            typer.echo(f"{file} has no golden leads; add some under `golden:` so that a change cannot break it unseen")
        else:
            typer.echo(f"{len(results) - len(misses)} of {len(results)} golden leads as expected", err=True)
    raise typer.Exit(FAILED if misses else 0)


@app.command()
def paths(file: File, as_json: Json = False) -> None:
    """Show the cheapest ways into each stage: which few rules together carry a lead there."""
    found = stage_paths(read_model(file))
    if as_json:
        typer.echo(json.dumps([_stage(stage) for stage in found], ensure_ascii=False, indent=2))
        return
    if not found:
        typer.echo(f"{file} has no stages to enter (`lifecycle.enter`)")
    for stage in found:
        typer.echo(_ways(stage))


def _warnings(loaded: LoadedModel) -> list[Problem]:
    odd = [(finding.path, finding.message) for finding in lint(loaded.model)]
    odd += unknown_countries(loaded.model, load_tables())
    found = [loaded.document.problem(path, message) for path, message in odd]
    return sorted(found, key=lambda problem: (problem.line, problem.column))


def _place(problem: Problem) -> str:
    return f"{problem.file}:{problem.line}:{problem.column}"


def _plain(problems: list[Problem]) -> list[dict[str, str | int]]:
    return [
        {
            "file": problem.file,
            "line": problem.line,
            "column": problem.column,
            "path": dotted(problem.path),
            "message": problem.message,
            "hint": problem.hint,
        }
        for problem in problems
    ]


def _summary(files: list[Path], faults: list[Problem], warnings: list[Problem]) -> str:
    warned = f"{len(warnings)} warning{'s' * (len(warnings) != 1)}"
    if faults:
        return f"{len(faults)} error{'s' * (len(faults) != 1)}, {warned}; repair the errors, then check again"
    return f"{', '.join(str(file) for file in files)}: no errors, {warned}"


def _miss(found: GoldenResult) -> dict[str, object]:
    lines = [
        {"kind": one.kind, "score": one.score, "group": one.group, "rule": one.rule, "points": one.points}
        for one in found.score.contributions
    ]
    return {"lead": found.number, "expected": dict(found.lead.expect), "got": dict(found.got), "contributions": lines}


def _told(found: GoldenResult) -> str:
    who = found.lead.lead.get("email") or next(iter(found.lead.lead.values()), "")
    lines = [f"golden lead {found.number}" + (f" ({who})" if who else "")]
    for name, expected in found.lead.expect.items():
        if found.got[name] != expected:
            lines.append(f"  {name}: expected {_shown(expected)}, got {_shown(found.got[name])}")
    lines += [f"  {one.points:+6d}  {_called(one)}" for one in found.score.contributions]
    lines.append(f"  {_shown(found.score.total):>6}  total")
    return "\n".join(clean(line) for line in lines)


def _shown(value: int | str | None) -> str:
    return "none" if value is None else str(value)


def _called(line: Contribution) -> str:
    if line.kind == "adjustment":
        return "adjustment by sales"
    if line.kind == "limit":
        return f"limit of {line.score}" + (f" / {line.group}" if line.group else "")
    return f"{line.score} / {line.group} / {line.rule}"


def _stage(stage: StagePaths) -> dict[str, object]:
    return {
        "stage": stage.stage,
        "without_points": stage.free,
        "asks_for_facts": stage.asks,
        "paths": [{"total": way.total, "steps": way.steps, "rules": _rules(way)} for way in stage.profiles],
    }


def _rules(way: Profile) -> list[dict[str, str | int]]:
    return [{"score": score, "group": group, "rule": rule, "times": times} for score, group, rule, times in way.rules]


def _ways(stage: StagePaths) -> str:
    if stage.free:
        return f"{stage.stage}: needs no points, only the facts that its line under `enter` names"
    if not stage.profiles:
        return f"{stage.stage}: no few rules lead here; `leadscore model check` says whether any can"
    lines = [f"{stage.stage}" + (", if the facts that its line under `enter` names are given" if stage.asks else "")]
    for way in stage.profiles:
        parts = [rule + (f" x{times}" if times > 1 else "") for _, _, rule, times in way.rules]
        lines.append(f"  {way.total:4d}  {' + '.join(parts)}")
    return "\n".join(clean(line) for line in lines)
