"""`leadscore explain`: why one person has their score, what comes next, and what would raise it."""

from collections.abc import Callable, Sequence
from typing import Annotated

import typer
from rich.console import Console

from config.model_file import parse_model
from config.problems import ConfigError, Problem
from leadscore.cli.clock import now
from leadscore.cli.show import clean, console, json_line, score_record, show_ledger
from leadscore.jobs.explain import Explanation
from leadscore.jobs.explain import explain as explain_person
from leadscore.jobs.stage_told import StageTold
from leadscore.wiring import parts
from scoring.engine import compile_models
from scoring.ledger import Score
from scoring.values import read_instant, write_instant

_STEPS_AHEAD = 3


def explain(
    contact: Annotated[str, typer.Argument(help="Record id or e-mail address.")],
    at: Annotated[
        str | None, typer.Option(help="As things stood then, with the model of then (ISO 8601, UTC); default: now.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Show the ledger of one person's score, rules that are not met, what comes next, and what would raise it most."""
    made = parts()
    instant = now() if at is None else read_instant(at)
    if instant is None:
        raise ConfigError([Problem("--at", f"`{at}` is no time", "write it like 2027-03-10T09:00:00Z")])
    with made.store() as store:
        found = explain_person(store, made.rulebook, contact, instant, past=at is not None, load=parse_model)
    scorer = compile_models(made.rulebook.models, made.rulebook.tables)
    ahead = [] if at is not None else _ahead(found, lambda when: scorer(found.facts, when))
    if as_json:
        console().file.write(json_line(_record(found, ahead)).decode())
    else:
        show_explanation(console(), found, ahead)


def _ahead(found: Explanation, scored_at: Callable[[int], Score]) -> list[Score]:
    ahead: list[Score] = []
    score = found.score
    while score.next_change_at is not None and len(ahead) < _STEPS_AHEAD:
        score = scored_at(score.next_change_at)
        ahead.append(score)
    return ahead


def show_explanation(out: Console, found: Explanation, ahead: Sequence[Score]) -> None:
    """One person's score for people."""
    score, person = found.score, found.person
    out.print(f"{person.object} {person.id}  {clean(person.email or '')}", style="bold")
    out.print(f"as of {write_instant(score.as_of)}" + (f", model {score.model}" if score.model else "") + "\n")
    show_ledger(out, score)
    if score.reason:
        out.print(f"\nIn the CRM: {clean(score.reason)}", soft_wrap=True)
    for stage in found.stages:
        _show_stage(out, stage)
    if ahead:
        out.print("\nIf nothing new arrives")
        for later in ahead:
            standing = " ".join(part for part in (later.grade, later.band, later.stage) if part)
            out.print(f"  from {write_instant(later.as_of)}: {later.total} {standing}")
    if found.raises:
        out.print("\nWhat would raise it most")
        for one in found.raises:
            out.print(f"  {one.gain:+d}  {clean(one.rule)} ({one.points} of at most {one.most} points)")
    if found.unmet:
        out.print("\nRules that give nothing")
        out.print("  " + ", ".join(clean(rule or "") for _score, _group, rule in found.unmet), soft_wrap=True)


def _show_stage(out: Console, one: StageTold) -> None:
    by = {"person": "a person", "program": "a program", "default": "the CRM itself"}.get(one.set_by or "", "")
    who = "leadscore" if one.ours else by
    when = f" at {write_instant(one.set_at)}" if one.set_at is not None else ""
    out.print(f"\nLifecycle stage: {clean(one.value) or 'none'}" + (f", set by {who}{when}" if who else ""))
    if one.pending is not None:
        step = one.pending.waits or one.pending.step
        out.print(f"  on its way to {clean(one.pending.after)} ({step}): {clean(one.pending.reason)}", soft_wrap=True)
    if one.wish is not None:
        out.print(f"  the model only observes; it would set {one.wish}: {clean(one.reason or '')}", soft_wrap=True)
    if one.stays is not None:
        out.print(f"  stays: {clean(one.stays)}", soft_wrap=True)


def _stage(one: StageTold) -> dict[str, object]:
    coming = one.pending
    return {
        "value": one.value,
        "set_by": "leadscore" if one.ours else one.set_by,
        "set_at": None if one.set_at is None else write_instant(one.set_at),
        "pending": coming and {"to": coming.after, "step": coming.step, "waits": coming.waits, "reason": coming.reason},
        "observed": None if one.wish is None else {"to": one.wish, "reason": one.reason},
        "stays": one.stays,
    }


def _record(found: Explanation, ahead: Sequence[Score]) -> dict[str, object]:
    return {
        **score_record(found.person.id, found.score),
        "email": found.person.email,
        "unmet": [{"score": s, "group": g, "rule": r} for s, g, r in found.unmet],
        "ahead": [
            {"at": write_instant(s.as_of), "total": s.total, "band": s.band, "grade": s.grade, "stage": s.stage}
            for s in ahead
        ],
        "lifecycle": [_stage(one) for one in found.stages],
        "raises": [
            {"score": r.score, "group": r.group, "rule": r.rule, "points": r.points, "most": r.most, "gain": r.gain}
            for r in found.raises
        ],
    }
