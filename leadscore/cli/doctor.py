"""`leadscore doctor`: is everything there that scores need? Each line says OK, or what to do."""

import difflib
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Annotated, Literal

import typer

from connectors.errors import ConnectorError
from connectors.protocol import InstallStep, Needs, PropertyInfo, Quota, Reader
from leadscore.cli.clock import now
from leadscore.cli.show import clean, console, json_line
from leadscore.jobs.rule_counts import mute_rules
from leadscore.jobs.stage_standing import words_of
from leadscore.store.database import reading
from leadscore.store.people import activity_types
from leadscore.wiring import Parts, parts
from scoring.decide import contradictions
from scoring.values import write_instant

FAILED = 1
_CLOCK_NEAR, _CLOCK_SKEW = 60_000, 5 * 60_000
_HARDLY = 0.05
_LEFT_LOW = 0.1

Verdict = Literal["OK", "look", "fault"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor. A `fault` keeps leadscore from its work; a `look` is worth one."""

    verdict: Verdict
    what: str
    remedy: str = ""


def doctor(as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False) -> None:
    """Check token, scopes, limits, tier, fields and clock. Needs read scopes only and changes nothing.

    Exit codes: 0 nothing is broken, 1 something is.
    """
    made = parts()
    out = console()
    broken = False
    for found in _examine(made):
        broken |= found.verdict == "fault"
        if as_json:
            record = {"verdict": found.verdict, "what": found.what, "remedy": found.remedy}
            out.file.write(json_line(record).decode())
        else:
            style = {"OK": "green", "look": "yellow", "fault": "red"}[found.verdict]
            out.print(f"{found.verdict:<5} {clean(found.what)}", style=style, soft_wrap=True)
            if found.remedy:
                out.print(f"      {clean(found.remedy)}", soft_wrap=True)
    if broken:
        raise typer.Exit(FAILED)


def _examine(made: Parts) -> Iterator[Finding]:
    models = made.rulebook.models
    files = ", ".join(str(path) for path in made.model_paths)
    yield Finding("OK", f"models: {', '.join(model.name for model in models)} ({files})")
    try:
        reader = made.reader
        account = reader.account()
    except ConnectorError as error:
        yield Finding("fault", "token", str(error))
        return
    yield Finding("OK", f"token: opens {account.crm} account {account.name} ({account.id}, {account.kind})")
    needs = reader.needs(models)
    yield _clock(reader)
    yield _quota(reader.quota())
    yield from _abilities(made, needs)
    steps = made.installer.plan(made.rulebook.models)
    yield from _properties(reader, needs, {step.name for step in steps})
    yield from _stages(made)
    yield from _notices(made)
    yield _installed(steps)


def _clock(reader: Reader) -> Finding:
    skew = now() - reader.clock()
    if abs(skew) <= _CLOCK_NEAR:
        return Finding("OK", "clock: agrees with the CRM's to a minute")
    way = "ahead of" if skew > 0 else "behind"
    remedy = "Set it right (NTP): ages, windows and what counts as new depend on it."
    verdict: Verdict = "fault" if abs(skew) > _CLOCK_SKEW else "look"
    return Finding(verdict, f"clock: {abs(skew) // 1000:,} seconds {way} the CRM's", remedy)


def _quota(quota: Quota) -> Finding:
    if quota.limit is None or quota.used is None:
        return Finding("OK", "limits: the CRM tells no daily limit for this token")
    left = quota.limit - quota.used
    resets = "" if quota.resets_at is None else f", starts anew {write_instant(quota.resets_at)}"
    text = f"limits: {left:,} of {quota.limit:,} calls left today{resets}"
    if left < quota.limit * _LEFT_LOW:
        return Finding("look", text, "Other apps use them up; a sync may have to wait until they start anew.")
    return Finding("OK", text)


def _abilities(made: Parts, needs: Needs) -> Iterator[Finding]:
    abilities = made.reader.capabilities(needs)
    for ability in abilities:
        if ability.available:
            yield Finding("OK", f"reads {ability.name}")
        else:
            yield Finding("look", f"{ability.name}: {ability.detail}", ability.remedy)
    with made.store() as store, reading(store) as connection:
        imported = activity_types(connection)
    mute = mute_rules(made.rulebook.models, abilities, imported)
    for rule in mute:
        yield Finding("look", f"mute rule: {rule} can give no points here", "See above for what is missing.")


def _properties(reader: Reader, needs: Needs, ours: AbstractSet[str]) -> Iterator[Finding]:
    for object, wanted in needs.properties.items():
        names = [name for name in wanted if name not in ours]
        try:
            known = {info.name: info for info in reader.properties(object)}
        except ConnectorError as error:
            yield Finding("look", f"{object} properties", str(error))
            continue
        lacking = [name for name in names if name not in known and not name.startswith("$")]
        for name in lacking:
            yield Finding("look", f"the portal has no {object} property {name}", _guess(name, tuple(known.values())))
        yield Finding("OK", f"{len(names) - len(lacking)} {object} properties that the models name are there")
        yield from _filled(reader, object, [name for name in names if name in known and known[name].type != "bool"])


def _guess(name: str, known: Sequence[PropertyInfo]) -> str:
    labels = {info.label.casefold(): info.name for info in known}
    close = difflib.get_close_matches(name, [info.name for info in known], 1)
    close = close or [labels[c] for c in difflib.get_close_matches(name.casefold(), list(labels), 1)]
    meant = f"Did you mean {close[0]}? " if close else ""
    return f"{meant}Correct the model, or create it; until then the field is unknown for everybody."


def _filled(reader: Reader, object: str, names: Sequence[str]) -> Iterator[Finding]:
    for name in names:
        filled, total = reader.filled(object, name)
        if total and filled < total * _HARDLY:
            share = f"{100 * filled / total:.1f} %"
            remedy = "Rules on it move hardly anybody; is it the right property?"
            yield Finding("look", f"{object} property {name} is filled for {filled:,} of {total:,} ({share})", remedy)


def _stages(made: Parts) -> Iterator[Finding]:
    """Whether the lifecycle of each model fits the CRM's own stages and their order, and what writing them touches."""
    crm, facts = made.reader.crm, dict[str, bool]()
    for model in made.rulebook.models:
        lifecycle = model.lifecycle
        if lifecycle is None or crm not in lifecycle.field:
            continue
        name = lifecycle.field[crm]
        try:
            words = words_of(lifecycle, crm, made.crm.stages.stage_order(name))
        except ConnectorError as error:
            yield Finding("fault", f"{model.name}: the stages of {name}", str(error))
            continue
        said = contradictions(lifecycle, words.order, model.feedback)
        for sentence in said:
            yield Finding("fault", f"{model.name}: {sentence}", "Until then no lifecycle stage is written.")
        if not said:
            yield Finding("OK", f"{model.name}: its stages fit the CRM's order; mode {lifecycle.mode}")
        answers = model.feedback.answers if model.feedback else ()
        lowers = lifecycle.down or any(spec.hold or spec.drop_to is not None for spec in answers)
        facts[name] = facts.get(name, False) or lowers
    for name, lowers in facts.items():
        yield from _stage_facts(made, name, lowers=lowers)


def _stage_facts(made: Parts, field: str, *, lowers: bool) -> Iterator[Finding]:
    """What an admin should know before stages are written; that of lowering only where a model lowers any."""
    for fact in made.crm.stages.stage_facts(field):
        if fact.name != "lowering stages":
            yield Finding("OK" if fact.available else "look", f"{fact.name}: {fact.detail}", fact.remedy)
        elif lowers:
            yield Finding("look", f"{fact.name}: {fact.detail}", fact.remedy)


def _notices(made: Parts) -> Iterator[Finding]:
    """Whether what the models want sales to be told can be told."""
    chosen = made.settings
    ways = {by for model in made.rulebook.models for one in model.notify for by in one.by}
    if "webhook" in ways and not chosen.notify_url:
        remedy = "Set it and NOTIFY_SECRETS, or take `webhook` out of the models' `by`; nothing is posted until then."
        yield Finding("look", "notify: webhook, but LEADSCORE_NOTIFY_URL is empty", remedy)
    if "crm_task" in ways and chosen.notify_fallback:
        try:
            owners = made.messenger.tasks.owners().values()
        except ConnectorError as error:
            yield Finding("look", "notify: it is not known who owns leads", str(error))
            return
        if any(one.active and one.email == chosen.notify_fallback for one in owners):
            yield Finding("OK", f"notify: {chosen.notify_fallback} gets the tasks about leads without an active owner")
        else:
            remedy = (
                "Tasks about leads without an active owner will belong to nobody. Correct LEADSCORE_NOTIFY_FALLBACK."
            )
            yield Finding("look", f"notify: no active owner has the address {chosen.notify_fallback}", remedy)


def _installed(steps: Sequence[InstallStep]) -> Finding:
    todo = [step for step in steps if step.action != "keep"]
    if not todo:
        return Finding("OK", "our fields are in the CRM")
    names = ", ".join(step.name for step in todo[:5]) + (", ..." if len(todo) > 5 else "")
    remedy = "Run `leadscore install`; it shows what it would do first."
    return Finding("look", f"{len(todo)} of our fields are missing or differ in the CRM: {names}", remedy)
