"""How many calls to the CRM a change of the model costs, counted at a local portal."""

import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import requests

from benchmarks.filling import NOW
from benchmarks.results import Row, Section
from config.defaults import shipped
from config.model_file import parse_model
from config.tables import load_tables
from connectors.hubspot.connect import HubSpot, connect
from leadscore.jobs.apply import apply_plan
from leadscore.jobs.plan import make_plan
from leadscore.jobs.rulebook import Rulebook
from leadscore.jobs.sync import sync
from leadscore.sandbox import Sandbox, serve
from leadscore.store.database import open_store


def run(quick: bool) -> Section:
    """Writes a whole portal once, edits a rule of the shipped model, and counts the calls of the second apply."""
    contacts = 300 if quick else 2_000
    text = shipped("b2b").read_text(encoding="utf-8")
    edited = text.replace("points: 14", "points: 15", 1)
    with tempfile.TemporaryDirectory(prefix="leadscore-bench-") as folder, serve(now=NOW) as portal:
        _ask(portal, "limits", {"burst": 100_000, "search_per_second": 1_000})
        _ask(portal, "generate", {"contacts": contacts, "seed": 5})
        crm = connect(portal.token, url=portal.url, share=1.0)
        try:
            changed, calls = _changes(Path(folder), crm, portal, _rulebook(text), _rulebook(edited))
        finally:
            crm.close()
    writes = sum(n for path, n in calls.items() if path.startswith("POST") and "batch/update" in path)
    least = -(-changed // 100)
    row = Row(
        f"write calls after an edit that moves {changed:,} of {contacts:,} contacts",
        f"{least} = ceil(changed / 100)",
        f"{writes} (and {calls.total() - writes} to read what the CRM holds of these contacts)",
        writes == least,
    )
    how = "One rule of the shipped model gives a point more. Calls are counted by the portal, over real HTTP."
    return Section("Calls after a model change", how, (row,))


def _changes(
    folder: Path, crm: HubSpot, portal: Sandbox, before: Rulebook, after: Rulebook
) -> tuple[int, Counter[str]]:
    store = open_store(f"sqlite:///{folder / 'calls.db'}")
    try:
        list(crm.installer.carry_out(crm.installer.plan(before.models), before.models))
        sync(store, crm.reader, before, NOW)
        first = make_plan(store, crm.reader, before, NOW)
        apply_plan(store, crm.reader, crm.writer, first.plan, before, NOW)
        earlier = Counter(_counts(portal))
        second = make_plan(store, crm.reader, after, NOW)
        apply_plan(store, crm.reader, crm.writer, second.plan, after, NOW, force=True)
        return len(second.plan.rows), Counter(_counts(portal)) - earlier
    finally:
        store.dispose()


def _rulebook(text: str) -> Rulebook:
    return Rulebook((parse_model(text, "b2b.yaml"),), (text,), load_tables())


def _ask(portal: Sandbox, what: str, body: Mapping[str, int]) -> None:
    requests.post(f"{portal.url}/_sandbox/{what}", json=body, timeout=300).raise_for_status()


def _counts(portal: Sandbox) -> dict[str, int]:
    answer = requests.get(f"{portal.url}/_sandbox/requests", timeout=60)
    answer.raise_for_status()
    found: dict[str, int] = answer.json()
    return {path: n for path, n in found.items() if path != "total" and "_sandbox" not in path}
