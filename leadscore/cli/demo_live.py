"""The live part of the demo: a lead becomes SQL, sales says no, the lead comes back, and a loop is stopped.

Every sentence is printed only after the portal, or `leadscore status`, has shown that it is so; else Untrue is raised.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from sqlalchemy import Engine

from leadscore.cli.bars import step_bar
from leadscore.cli.clock import now
from leadscore.cli.demo_portal import Lead, PortalView, Seen, Untrue, standing
from leadscore.cli.demo_service import LOOK, Service, service
from leadscore.cli.demo_words import tell
from leadscore.cli.show import clean
from leadscore.jobs.scheduler import POLL
from leadscore.jobs.status import Status
from leadscore.jobs.status import status as look
from scoring.model import ScoringModel

_SITE = "https://www.example.com"
_REP, _OWNER = 9501, "501"
_TITLE = "VP Operations"
_HUBSPOTS = {"mql": "marketingqualifiedlead", "sql": "salesqualifiedlead"}
_TASK_PATIENCE = 30.0
_NOTE = "Nice talk, but no budget before spring."
_ROUNDS = 120
_LOOP_PATIENCE = 240.0
_START_PATIENCE = 60.0
_PAUSE = 0.1
_SHOWN = 160


@dataclass(frozen=True, slots=True)
class _Stage:
    """What the acts play on."""

    out: Console
    portal: PortalView
    store: Engine
    service: Service

    def status(self) -> Status:
        """What `leadscore status` would say now."""
        return look(self.store, now())


def play_live(
    out: Console, portal: PortalView, store: Engine, folder: Path, models: tuple[ScoringModel, ...], text: str
) -> None:
    """All acts, on the store `demo.db` in the folder, whose first apply is done. Raises Untrue."""
    chosen = sorted(filter(_is_ripe, portal.leads()), key=lambda lead: (-lead.points("score_fit"), int(lead.id)))
    if len(chosen) < 2:
        raise Untrue("nobody of these people is ripe for the live part; ask for more of them with --contacts")
    lead, victim = chosen[0], chosen[1]
    _chapter(out, "Live: `leadscore serve` takes over")
    with service(portal, folder, models, text) as running:
        stage = _Stage(out, portal, store, running)
        _begin(stage)
        _asks_for_a_demo(stage, lead)
        _is_not_ready(stage, lead)
        _comes_back(stage, lead)
        _runs_in_circles(stage, victim, lead)
        seconds = running.stop()
    out.print(f"\nSIGTERM: leadscore serve ended its work and stopped in {seconds:.1f} s.", style="dim")


def _chapter(out: Console, title: str) -> None:
    out.print(f"\n== {title}", style="bold cyan")


def _is_ripe(lead: Lead) -> bool:
    """Somebody who could be sold to, does little as yet, and whom no rule shuts out."""
    shut = lead.shown.get("hs_email_optout") == "true" or not lead.shown.get("firstname")
    young = lead.shown.get("lifecyclestage") == "lead" and not lead.ours("stage")
    return young and not shut and lead.points("score_fit") >= 5 and lead.points("total") < 40


def _begin(stage: _Stage) -> None:
    running = stage.service
    tell(stage.out, f"It answers at {running.url}; the portal signs {running.told} sorts of notices and sends them.")
    tell(
        stage.out,
        "HubSpot sends no notice of forms and page views: leadscore looks for them by itself, here with a pause of "
        f"{LOOK} s (usually 30).",
    )
    until = time.monotonic() + _START_PATIENCE
    while not _looks_around(stage.status()):
        if time.monotonic() > until:
            raise Untrue("leadscore serve looks into the portal: it has not yet done so")
        time.sleep(_PAUSE)


def _looks_around(found: Status) -> bool:
    return found.leader is not None and any(chore.name == POLL and chore.outcome == "done" for chore in found.chores)


def _asks_for_a_demo(stage: _Stage, lead: Lead) -> None:
    who = f"{clean(lead.name)} ({clean(lead.shown.get('company') or lead.shown['email'])})"
    _chapter(stage.out, f"{who} looks at prices and asks for a demo")
    pull = stage.portal.pull
    pull("people/edit", {"id": lead.id, "properties": {"hubspot_owner_id": _OWNER}, "user": _REP})
    before = stage.portal.lead(lead.id)
    for page in ("/pricing", "/customers/harbor-foods", "/pricing?plan=team", "/pricing"):
        pull("people/view-page", {"contact": lead.id, "url": _SITE + page})
    form = {"email": lead.shown["email"], "jobtitle": _TITLE, "message": "Can you show us the planner?"}
    since = time.monotonic()
    pull("people/submit-form", {"form": "Request a demo", "values": form, "page_url": f"{_SITE}/demo"})
    seen = stage.portal.watch(lead.id, since, _is_sql, f"{lead.name} became SQL")
    _path(stage.out, before, seen)
    tell(stage.out, seen[-1].lead.ours("reason"), "dim")
    _moved(stage, before, seen[-1].lead)
    _told(stage, lead, 1)
    if lead.shown.get("jobtitle") != _TITLE:
        _by_webhook(stage, lead, "jobtitle", f"the title typed into the form ({_TITLE})")
    tell(stage.out, "Found by looking: the pages, and the form itself.")


def _is_not_ready(stage: _Stage, lead: Lead) -> None:
    _chapter(stage.out, "A rep answers in the portal: MQL, not ready for sales")
    before = stage.portal.lead(lead.id)
    answer = {"leadscore_feedback_note": _NOTE, "leadscore_feedback": "not_ready"}
    since = time.monotonic()
    stage.portal.pull("people/edit", {"id": lead.id, "properties": answer, "user": _REP})
    seen = stage.portal.watch(lead.id, since, _has_fallen, f"{lead.name} fell to MQL")
    _path(stage.out, before, seen)
    fallen = seen[-1].lead
    _moved(stage, before, fallen)
    if "" not in stage.portal.past(lead.id, "lifecyclestage")[-2:]:
        raise Untrue("the stage was cleared before it was set lower")
    tell(stage.out, "HubSpot lets no stage fall, so it was cleared and then set in a second call.")
    tell(stage.out, f"{fallen.points('adjustment'):+d} points by sales; whatever comes from now on counts in full.")
    _by_webhook(stage, lead, "leadscore_feedback", f"the answer of {fallen.ours('last_feedback_by')}")


def _comes_back(stage: _Stage, lead: Lead) -> None:
    _chapter(stage.out, f"{clean(lead.name)} comes back: a webinar, and the technical guide")
    before = stage.portal.lead(lead.id)
    since = time.monotonic()
    for form, page in (("Webinar registration", "/webinar"), ("Technical guide", "/resources/technical-guide")):
        sent = {"form": form, "values": {"email": lead.shown["email"]}, "page_url": _SITE + page}
        stage.portal.pull("people/submit-form", sent)
    seen = stage.portal.watch(lead.id, since, _is_asked_anew, f"{lead.name} became SQL again, the answer emptied")
    _path(stage.out, before, seen)
    _moved(stage, before, seen[-1].lead)
    _told(stage, lead, 2)
    tell(stage.out, "The old answer is kept in the store; its field is empty again for a new one.")


def _runs_in_circles(stage: _Stage, victim: Lead, other: Lead) -> None:
    _chapter(stage.out, f"A workflow answers to each new score of {clean(victim.name)} with another job title")
    flow = {"when": "leadscore_total", "set": "jobtitle", "values": ["CEO", "Student"], "at_most": _ROUNDS}
    stage.portal.pull("workflows", flow)
    stage.portal.pull("people/edit", {"id": victim.id, "properties": {"jobtitle": "Trainee"}, "user": _REP})
    rounds = _until_caught(stage)
    stage.portal.drop("workflows")
    tell(stage.out, f"A loop without an end: after {rounds} rounds leadscore stopped it.")
    for command in ("status", "quarantine list"):
        for line in stage.service.run(*command.split()).splitlines():
            if "quarantine" in line or victim.id in line.split():
                tell(stage.out, f"$ leadscore {command}", "dim")
                tell(stage.out, line.strip(), "dim")
    before, since = stage.portal.lead(other.id), time.monotonic()
    stage.portal.pull("people/edit", {"id": other.id, "properties": {"jobtitle": "Intern"}, "user": _REP})
    total = before.ours("total")
    seen = stage.portal.watch(other.id, since, lambda lead: lead.ours("total") != total, "others are scored as ever")
    tell(stage.out, f"Others are scored as ever. A colleague makes {other.name} an intern:")
    _path(stage.out, before, seen)


def _until_caught(stage: _Stage) -> int:
    """Waits until somebody is in quarantine; returns how often the workflow ran until then."""
    until = time.monotonic() + _LOOP_PATIENCE
    with step_bar("rounds") as bar:
        while True:
            caught = stage.status().backlog.quarantined
            rounds = sum(flow["runs"] for flow in stage.portal.pull("workflows")["workflows"])
            if caught:
                return int(rounds)
            if rounds >= _ROUNDS or time.monotonic() > until:
                raise Untrue(f"leadscore stopped the loop; it still ran after {rounds} rounds")
            bar(rounds, _ROUNDS)
            time.sleep(_PAUSE)


def _is_sql(lead: Lead) -> bool:
    told = lead.ours("reason")
    return _stands(lead, "sql") and "demo" in told and "prices" in told


def _has_fallen(lead: Lead) -> bool:
    return _stands(lead, "mql") and lead.points("adjustment") < 0 and lead.ours("last_feedback") != ""


def _is_asked_anew(lead: Lead) -> bool:
    return _stands(lead, "sql") and lead.ours("feedback") == "" and lead.ours("last_feedback") != ""


def _stands(lead: Lead, stage: str) -> bool:
    """By our field and by HubSpot's own."""
    return lead.ours("stage") == stage and lead.shown["lifecyclestage"] == _HUBSPOTS[stage]


def _moved(stage: _Stage, before: Lead, after: Lead) -> None:
    stages = before.shown["lifecyclestage"], after.shown["lifecyclestage"]
    tell(stage.out, f"Lifecycle stage in HubSpot: {stages[0]} -> {stages[1]}.")


def _told(stage: _Stage, lead: Lead, many: int) -> None:
    """Sales got its task, one for each time that the lead became SQL."""
    until = time.monotonic() + _TASK_PATIENCE
    while len(tasks := stage.portal.tasks(lead.id)) < many and time.monotonic() < until:
        time.sleep(_PAUSE)
    if len(tasks) != many:
        raise Untrue(f"sales has {many} tasks about {lead.name}; the portal shows {len(tasks)}")
    which = "A task" if many == 1 else "A second task"
    tell(stage.out, f"{which} for {tasks[-1].owner}: {_short(tasks[-1].subject)}", "bold")


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN].rstrip()} ..."


def _path(out: Console, before: Lead, seen: Sequence[Seen]) -> None:
    """Each score that the portal showed, with the seconds since it happened."""
    out.print(f"    before   {standing(before)}")
    for one in seen:
        if one.lead.ours("total") != before.ours("total"):
            last = one is seen[-1]
            out.print(f"  +{one.after:4.1f} s   {standing(one.lead)}", style="bold" if last else None)


def _by_webhook(stage: _Stage, lead: Lead, property: str, what: str) -> None:
    taken = stage.portal.notices(lead.id, property)
    if not taken:
        raise Untrue(f"a signed webhook told of {property}: the portal delivered none")
    tell(stage.out, f"Told by a signed webhook, taken in after {taken[-1]:.2f} s: {what}.")
