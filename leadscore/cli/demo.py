"""`leadscore demo`: the whole job on a local portal, live with webhooks too, leaving nothing behind."""

import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from sqlalchemy import Engine

from config.defaults import shipped
from config.model_file import parse_model
from config.tables import load_tables
from connectors.hubspot.connect import HubSpot, connect
from leadscore.cli.apply import show_report
from leadscore.cli.bars import say, step_bar, sync_bars
from leadscore.cli.clock import now
from leadscore.cli.demo_live import play_live
from leadscore.cli.demo_portal import PortalView, Untrue
from leadscore.cli.demo_service import ended_by_sigterm
from leadscore.cli.demo_words import next_steps, show_fallen, show_movers
from leadscore.cli.explain import show_explanation
from leadscore.cli.show import console, show_leads
from leadscore.cli.tally import Tally, show_distribution
from leadscore.jobs.apply import ApplyReport, apply_plan
from leadscore.jobs.explain import Explanation, explain
from leadscore.jobs.plan import PlanReport, make_plan
from leadscore.jobs.refused import FuseBlown
from leadscore.jobs.rescore import rescore
from leadscore.jobs.rulebook import Rulebook
from leadscore.jobs.status import distribution, status, top
from leadscore.jobs.sync import sync
from leadscore.sandbox import serve
from leadscore.store.database import open_store
from scoring.engine import compile_models
from scoring.values import DAY, write_date

_DAYS_ON = 30
_EARLIER = 20 * 60_000
"""The first part plays so long ago (ms): what was written just now is read once more by every look into the portal."""
_BEST_SHOWN, _FALLEN_SHOWN = 5, 5
_FAILED = 1


@dataclass(frozen=True, slots=True)
class Scene:
    """What the demo plays on: a local portal, a connection to it, an empty store, a model, and the time it is there."""

    out: Console
    folder: Path
    portal: PortalView
    crm: HubSpot
    store: Engine
    rulebook: Rulebook
    now: int


def demo(
    contacts: Annotated[int, typer.Option(min=50, max=100_000, help="How many people live in the portal.")] = 2000,
    seed: Annotated[int, typer.Option(help="The same seed makes the same people.")] = 1,
) -> None:
    """Install, sync, plan and apply on a local HubSpot, go live with webhooks, and let a month pass. Leaves nothing."""
    began = time.monotonic()
    try:
        with ended_by_sigterm(), _scene(contacts, seed) as scene:
            _install(scene)
            _read_and_score(scene)
            _write(scene, "The first plan: every score is new to the CRM", scene.now)
            _show_scores(scene)
            _explain_one(scene)
            scene.portal.pull("clock", {"now": now(), "run": True})
            models, texts = scene.rulebook.models, scene.rulebook.texts
            play_live(scene.out, scene.portal, scene.store, scene.folder, models, texts[0])
            _let_time_pass(scene)
            seconds = time.monotonic() - began
            scene.out.print(f"\nAll of it took {seconds:.0f} s. Portal, service and store are gone again.", style="dim")
            scene.out.print(next_steps(), soft_wrap=True)
    except Untrue as untrue:
        say(f"The demo claims what did not happen: {untrue}.")
        raise typer.Exit(_FAILED) from None


@contextmanager
def _scene(contacts: int, seed: int) -> Iterator[Scene]:
    out = console()
    # The shipped model only shows stages; here it writes them, too.
    text = shipped("b2b").read_text(encoding="utf-8").replace("mode: observe", "mode: write")
    rulebook = Rulebook((parse_model(text, "b2b.yaml"),), (text,), load_tables())
    instant = now() - _EARLIER
    with tempfile.TemporaryDirectory(prefix="leadscore-demo-") as folder, serve(now=instant) as running:
        portal = PortalView(running.url, running.token)
        _chapter(out, f"A local HubSpot with {contacts:,} people (seed {seed})")
        # No machine stands behind this portal that had to be spared; a real one allows 19 calls a second.
        portal.pull("limits", {"burst": 100_000, "search_per_second": 1_000})
        portal.pull("generate", {"contacts": contacts, "seed": seed})
        out.print(f"It answers on {portal.url} as HubSpot would; every call from here on is real HTTP.")
        store = open_store(f"sqlite:///{Path(folder) / 'demo.db'}")
        crm = connect(portal.token, url=portal.url, share=1.0)
        try:
            yield Scene(out, Path(folder), portal, crm, store, rulebook, instant)
        finally:
            crm.close()
            store.dispose()


def _chapter(out: Console, title: str) -> None:
    out.print(f"\n== {title}", style="bold cyan")


def _install(scene: Scene) -> None:
    _chapter(scene.out, "Our fields: five for sales reps, the rest in a group for admins")
    steps = [step for step in scene.crm.installer.plan(scene.rulebook.models) if step.action != "keep"]
    done = list(scene.crm.installer.carry_out(steps, scene.rulebook.models))
    names = [step.name for step in done]
    scene.out.print(f"{len(done)} created, among them {', '.join(names[:8])} ...", soft_wrap=True)


def _read_and_score(scene: Scene) -> None:
    _chapter(scene.out, "Reading the portal, and scoring everybody")
    with sync_bars() as progress:
        report = sync(scene.store, scene.crm.reader, scene.rulebook, scene.now, progress=progress)
    for stream in report.streams:
        name = stream.name.replace("_", " ")
        scene.out.print(f"{name:<17} {stream.records:>7,} records {stream.activities:>7,} activities")
    began = time.monotonic()
    scored = rescore(scene.store, scene.rulebook, scene.now)
    scene.out.print(f"scored {scored.scored:,} people in {time.monotonic() - began:.1f} s")


def _write(scene: Scene, title: str, instant: int) -> PlanReport:
    _chapter(scene.out, title)
    report = make_plan(scene.store, scene.crm.reader, scene.rulebook, instant)
    show_movers(scene.out, report)
    try:
        show_report(_apply(scene, report, instant))
    except FuseBlown as blown:
        scene.out.print(f"The fuse: {blown}", style="yellow", soft_wrap=True)
        scene.out.print("Nothing was written yet. A month in one leap is just what this is, so: --force.")
        show_report(_apply(scene, report, instant, force=True))
    return report


def _apply(scene: Scene, report: PlanReport, instant: int, *, force: bool = False) -> ApplyReport:
    with step_bar("writing") as bar:
        crm, plan = scene.crm, report.plan
        return apply_plan(scene.store, crm.reader, crm.writer, plan, scene.rulebook, instant, force=force, progress=bar)


def _show_scores(scene: Scene) -> None:
    _chapter(scene.out, "How the scores spread")
    tally = Tally(keep=0)
    tally.totals = Counter(distribution(scene.store))
    tally.scored = tally.totals.total()
    bands = status(scene.store, scene.now).bands
    tally.bands = Counter({band: count for band, count in bands.items() if band})
    show_distribution(scene.out, tally, scene.rulebook.models)
    _chapter(scene.out, "Whom to call first, and why")
    best = top(scene.store, scene.rulebook, scene.now, _BEST_SHOWN)
    show_leads(scene.out, [(person.email or person.id, score) for person, score in best])


def _explain_one(scene: Scene) -> None:
    best = top(scene.store, scene.rulebook, scene.now)
    # A lead whose score has the most to tell: something it did, something that fades, something against it.
    person, _score = max(best, key=lambda found: (len(found[1].contributions), found[0].id))
    _chapter(scene.out, f"Why {person.email}? (leadscore explain {person.email})")
    found = explain(scene.store, scene.rulebook, person.id, scene.now)
    scorer = compile_models(scene.rulebook.models, scene.rulebook.tables)
    change = found.score.next_change_at
    show_explanation(scene.out, found, [] if change is None else [scorer(found.facts, change)])


def _let_time_pass(scene: Scene) -> None:
    before = now()
    scene.portal.pull("clock", {"advance_days": _DAYS_ON})
    later = before + _DAYS_ON * DAY
    report = _write(scene, f"A month passes: it is {write_date(later)}, and nobody did anything", later)
    rows = [row for row in report.plan.rows if (band := row.change("band")) is not None and band.old]
    _chapter(scene.out, f"Who fell, and why ({min(_FALLEN_SHOWN, len(rows))} of {len(rows):,} that left their band)")
    for row in rows[:_FALLEN_SHOWN]:
        show_fallen(scene.out, _at(scene, row.id, before), _at(scene, row.id, later))


def _at(scene: Scene, id: str, instant: int) -> Explanation:
    return explain(scene.store, scene.rulebook, id, instant)
