"""Random walks of leads, reps, workflows, time and crashes through the whole job; what must hold after every step."""

import itertools
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from leadscore.jobs.rulebook import Rulebook
from leadscore.store.database import open_store, reading, writing
from leadscore.store.leases import give_back_all
from leadscore.store.live_tables import stage_intents
from leadscore.store.stages import count_pending
from tests.jobs.stage_portal import DAY, FIELD, Town, staged, town
from tests.jobs.test_live_kill import Killed, cut

STAGES = ["", "subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer"]
BOOKS = [staged(), staged(), staged(down=False, margin=0), staged(otherwise=None), staged(mode="observe")]


class Walk(RuleBasedStateMachine):
    """Two people under one model, beside a real portal. `seen` counts what happened."""

    numbers: Iterator[int]
    directory: Path
    seen: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()

    @initialize(book=st.sampled_from(BOOKS), title=st.sampled_from(["", "CEO"]), stage=st.sampled_from(STAGES))
    def begin(self, book: Rulebook, title: str, stage: str) -> None:
        store = open_store(f"sqlite:///{self.directory / f'{next(self.numbers)}.db'}", "NORMAL")
        self.open.callback(store.dispose)
        self.place: Town = self.open.enter_context(town(store, book))
        self.place.begin({}, {"jobtitle": title, FIELD: stage})
        self.edits: Counter[str] = Counter()
        self._holds()

    def teardown(self) -> None:
        self.open.close()

    @rule(who=st.integers(0, 1), title=st.sampled_from(["CEO", "CEO", "Clerk"]), kill=st.integers(0, 14))
    def title(self, who: int, title: str, kill: int) -> None:
        self._edit(who, kill, jobtitle=title)

    @rule(who=st.integers(0, 1), good=st.sampled_from([True, True, False]), kill=st.integers(0, 14))
    def industry(self, who: int, good: bool, kill: int) -> None:
        self._edit(who, kill, industry="Software" if good else "")

    @rule(who=st.integers(0, 1), out=st.integers(0, 2))
    def exclusion(self, who: int, out: int) -> None:
        self._edit(who, 0, city="" if out else "Nowhere")

    @rule(who=st.integers(0, 1), answer=st.sampled_from(["not_ready", "not_ready", "unqualified", ""]))
    def sales_answers(self, who: int, answer: str) -> None:
        self._edit(who, 0, leadscore_feedback=answer)

    @rule(who=st.integers(0, 1), stage=st.sampled_from(STAGES), workflow=st.booleans())
    def somebody_sets_the_stage(self, who: int, stage: str, workflow: bool) -> None:
        id = self.place.people[who]
        self.place.later()
        (self.place.automate if workflow else self.place.edit)(id, **{FIELD: stage})
        self._settle(0)

    @rule(who=st.integers(0, 1))
    def demo(self, who: int) -> None:
        self.place.later().submit(self.place.people[who])
        self._settle(0)

    @rule(days=st.sampled_from([1, 31]))
    def time_passes(self, days: int) -> None:
        self.place.later(days * DAY)
        self._settle(0)

    def _edit(self, who: int, kill: int, **properties: str) -> None:
        self.place.later().edit(self.place.people[who], **properties)
        self._settle(kill)

    def _settle(self, kill: int) -> None:
        place = self.place
        before = [place.history(id) for id in place.people]
        moved = len(place.past())
        place.score()
        try:
            with cut(kill, "before" if kill % 2 else "after"):
                place.move()
        except Killed:
            self.seen["killed"] += 1
            with writing(place.store) as connection:
                give_back_all(connection, stage_intents, "m")
        place.settle()
        for id, was in zip(place.people, before, strict=True):
            self._changed_rightly(id, was, moved)
        self._holds()

    def _changed_rightly(self, id: str, was: list[str], moved: int) -> None:
        place = self.place
        now, mine = place.history(id), [one for one in place.past()[moved:] if one.id == id and one.outcome == "done"]
        self.seen["moved"] += len(mine)
        assert now[: len(was)] == was
        last = was[-1] if was else ""
        assert bool(now[len(was) :]) == bool(mine), "what we wrote is in the journal, and nothing else"
        if not mine:
            return
        self.seen["down"] += "" in now[len(was) :]
        assert len(mine) == 1, "a stage flaps"
        assert last != "customer", "a stage that is never left is left"
        assert now[-1] == mine[0].after != "", "a field stays empty"
        assert mine[0].reason.endswith((".", ")."))
        assert place.book.models[0].lifecycle is not None
        assert place.book.models[0].lifecycle.mode == "write", "an observing model writes"
        assert self._shown(id, "city") != "Nowhere", "an excluded person is touched"
        if self._shown(id, "leadscore_feedback") == "unqualified":
            assert now[-1] == "subscriber", "a held person is moved elsewhere"

    def _holds(self) -> None:
        place = self.place
        with reading(place.store) as connection:
            assert count_pending(connection) == {}, "something is left to do"
        told = [one for one in place.past() if one.outcome == "done" and one.stage == "sql"]
        ups = [one for one in told if one.reason.startswith("Entered")]
        assert len(place.told()) == len(ups), "each entry is told once"
        self.seen["told"] += len(ups)

    def _shown(self, id: str, name: str) -> str:
        client = self.place.hubspot.client
        asked = {"properties": [name], "propertiesWithHistory": [], "inputs": [{"id": id}]}
        (raw,) = client.call(client.batches.read, "contacts", asked)["results"]
        return str(raw["properties"].get(name) or "")


def test_no_walk_breaks_what_must_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: Counter[str] = Counter()
    for name, value in (("numbers", itertools.count()), ("directory", tmp_path), ("seen", seen)):
        monkeypatch.setattr(Walk, name, value, raising=False)
    chosen = settings(
        max_examples=20, stateful_step_count=12, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    run_state_machine_as_test(Walk, settings=chosen)
    assert all(seen[what] for what in ("moved", "down", "killed", "told")), seen
