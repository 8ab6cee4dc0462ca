"""A portal whose contacts only ever rise by levels: what it must show at the end is plain, and nothing may go back."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from random import Random
from typing import Any

import requests

from config.model_file import parse_model
from connectors.budget import LocalBudget
from connectors.http import Time
from connectors.hubspot.connect import HubSpot, connect
from connectors.hubspot.fields import property_name
from leadscore.cli.clock import now
from leadscore.jobs.apply import apply_plan
from leadscore.jobs.plan import make_plan
from leadscore.jobs.rulebook import Rulebook
from leadscore.jobs.sync import sync
from leadscore.jobs.writing_policy import WritePolicy
from leadscore.sandbox import Sandbox
from leadscore.store.database import open_store
from scoring.values import Tables

FIRST, NEAR, SQL, TOP = 36, 60, 65, 100
RISING = 45
"""So many may rise into SQL: were there more than fifty in a day, the fuse would stop them before sales is flooded."""
OWNERS = ("501", "502")
TOTAL = property_name("total")
MODEL = (
    """
name: levels
fields:
  level: {type: number, hubspot: level}
scores:
  fit:
    groups:
      - name: Level
        rules:
"""
    + "".join(
        f"          - {{name: Level {step}, when: {{level: {{at_least: {step}}}}}, points: 1}}\n"
        for step in range(1, TOP + 1)
    )
    + """
bands: {cold: null, warm: 35, hot: 65}
lifecycle:
  mode: write
  field: {hubspot: lifecyclestage}
  stages: {lead: {hubspot: lead}, mql: {hubspot: marketingqualifiedlead}, sql: {hubspot: salesqualifiedlead}}
  enter:
    - {stage: sql, when: {total: {at_least: 65}}}
    - {stage: mql, when: {total: {at_least: 35}}}
notify:
  - {on: {enters: sql}, by: [crm_task], text: "{name} is ready"}
"""
)


@dataclass
class Levels:
    """The portal, and the level that each contact was raised to: it is also the score that it must show."""

    sandbox: Sandbox
    levels: dict[str, int] = field(default_factory=dict)
    _tops: dict[str, int] = field(default_factory=dict)
    _draw: Random = field(default_factory=lambda: Random(5))

    def begin(self, people: int, database: str) -> None:
        """The property, the contacts, and a store that was synced and applied once."""
        self.control("limits", {"burst": 100_000, "search_per_second": 1_000})
        made = {"name": "level", "label": "Level", "type": "number", "fieldType": "number"}
        self.api("POST", "/crm/v3/properties/contacts", made | {"groupName": "contactinformation"})
        levels = [NEAR if number < RISING else FIRST for number in range(people)]
        rows = [
            {"email": f"p{n}@crash.example", "level": str(level), "hubspot_owner_id": OWNERS[n % len(OWNERS)]}
            for n, level in enumerate(levels)
        ]
        ids = map(str, self.control("people/import", {"rows": rows})["ids"])
        self.levels = dict(zip(ids, levels, strict=True))
        self._tops = {id: TOP if level == NEAR else SQL - 1 for id, level in self.levels.items()}
        book = Rulebook((parse_model(MODEL, "levels"),), (MODEL,), Tables(frozenset(), frozenset(), {}))
        store = open_store(database)
        with closing(self.hubspot()) as hubspot:
            for _ in hubspot.installer.carry_out(hubspot.installer.plan(book.models), book.models):
                pass
            sync(store, hubspot.reader, book, now())
            plan = make_plan(store, hubspot.reader, book, now(), WritePolicy()).plan
            apply_plan(store, hubspot.reader, hubspot.writer, plan, book, now())
        store.dispose()

    def hubspot(self) -> HubSpot:
        """A connection without a budget to wait for."""
        clock = Time()
        free = LocalBudget(tick=clock.tick, wall=clock.wall, burst=1_000_000, searches_per_second=1e9, share=1.0)
        return connect(self.sandbox.token, url=self.sandbox.url, budget=free)

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """Calls the portal as an app does."""
        headers = {"Authorization": f"Bearer {self.sandbox.token}"}
        answer = requests.request(method, f"{self.sandbox.url}{path}", json=body, headers=headers, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def control(self, path: str, body: Any = None) -> Any:
        """Pulls a string behind the stage of the portal."""
        method = "GET" if body is None else "POST"
        answer = requests.request(method, f"{self.sandbox.url}/_sandbox/{path}", json=body, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def tell(self, url: str, signed: str, secret: str, **faults: float) -> None:
        """From now on the portal calls this address, again and again until it is answered."""
        hooks = {"target_url": url, "signed_url": signed, "client_secret": secret, "back_off_ms": [200] * 600}
        wanted = ["contact.propertyChange:level", "contact.creation"]
        self.control("webhooks", hooks | {"subscriptions": wanted, "faults": faults, "clock": "real"})

    def raise_one(self, *, over_the_line: bool = False) -> str:
        """A contact that is not at its top yet rises by a few levels, or from below SQL into it; its id."""
        tops = {id: SQL if top == TOP else 0 for id, top in self._tops.items()} if over_the_line else self._tops
        id = self._draw.choice([id for id, level in self.levels.items() if level < tops[id]])
        by = SQL if over_the_line else self._draw.randint(1, 9)
        self.levels[id] = min(tops[id], self.levels[id] + by)
        self.control("people/edit", {"id": int(id), "properties": {"level": str(self.levels[id])}})
        return id

    def shown(self) -> dict[str, int]:
        """The score that the portal shows of each contact; nothing shown counts as 0."""
        return self.totals_of(sorted(self.levels))

    def totals_of(self, ids: Sequence[str]) -> dict[str, int]:
        """The score that the portal shows of these contacts."""
        with closing(self.hubspot()) as hubspot:
            held = hubspot.reader.outputs(ids, ["total"])
        return {id: int(values["total"] or 0) for id, values in held.items()}

    def written(self) -> dict[str, list[int]]:
        """Every total that was written into each contact, in the order in which the portal took them."""
        found: dict[str, list[int]] = {}
        since = 0
        while entries := self.control(f"journal?since={since}&limit=10000")["entries"]:
            since = entries[-1]["seq"]
            for entry in entries:
                total = (entry["properties"] or {}).get(TOTAL)
                if entry["id"] in self.levels and total is not None:
                    found.setdefault(entry["id"], []).append(int(total))
        return found

    def misplaced(self) -> list[str]:
        """The contacts whose stage is not the one of their level."""
        shown = self._all("contacts?limit=100&properties=lifecyclestage")
        stages = {one["id"]: one["properties"]["lifecyclestage"] for one in shown}
        return [id for id, level in self.levels.items() if (stages[id] == "salesqualifiedlead") != (level >= SQL)]

    def told_wrongly(self) -> list[str]:
        """The contacts about whom there is not one task, if they rose to SQL, and else none."""
        tasks = Counter(
            linked["id"]
            for task in self._all("tasks?limit=100&associations=contacts")
            for linked in task.get("associations", {}).get("contacts", {}).get("results", ())[:1]
        )
        return [id for id, level in self.levels.items() if tasks[id] != int(level >= SQL)]

    def _all(self, what: str) -> Iterator[dict[str, Any]]:
        after = ""
        while True:
            page = self.api("GET", f"/crm/v3/objects/{what}{after}")
            yield from page["results"]
            if "paging" not in page:
                return
            after = f"&after={page['paging']['next']['after']}"

    def went_back(self) -> list[str]:
        """The contacts in which an older score was written over a newer one."""
        return [id for id, totals in self.written().items() if totals != sorted(totals)]

    def wrong(self) -> dict[str, int]:
        """How many contacts do not look as after an undisturbed run, by what is wrong; empty: all are well."""
        shown = self.shown()
        found = {
            "score": sum(shown[id] != level for id, level in self.levels.items()),
            "stage": len(self.misplaced()),
            "tasks": len(self.told_wrongly()),
        }
        return {what: count for what, count in found.items() if count}

    def open_notices(self) -> int:
        """How many notices the portal still has to deliver; those that it gave up count too."""
        states = self.control("webhooks")
        return int(states["waiting"] + states["sending"] + states["given_up"])


def twice(values: Sequence[object]) -> list[object]:
    """What comes more than once."""
    return sorted({value for value in values if values.count(value) > 1}, key=str)
