"""Random walks of leads, reps, people and time through the stages of a small CRM; what must hold after every step."""

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from scoring.decide import StageChange, StageStanding
from scoring.facts import Activity, Answer, Facts, Value, activity
from scoring.known import answer_at
from tests.scoring.comparing import steady
from tests.scoring.staged import DAY, ORDER, Staged
from tests.scoring.words_for_tests import NOW

RANK = {stage: rank for rank, stage in enumerate(ORDER)}
MINUTE = 60_000
GATED = [
    {"stage": "sql", "when": {"total": {"at_least": 65}, "not": {"band": {"is": "cold"}}}},
    {"stage": "sql", "when": {"grade": {"in": ["A1"]}, "seen": {"within": "20 days"}}},
    {"stage": "mql", "when": {"any": [{"engagement": {"at_least": 40}}, {"fit": {"above": 10}}]}},
]
LIFECYCLES: list[dict[str, Any]] = [
    {"down": down, **more}
    for down in (False, True)
    for more in ({}, {"margin": 0}, {"margin": 20}, {"enter": GATED, "margin": 12}, {"otherwise": None})
]
MODELS = [Staged(**lifecycle) for lifecycle in LIFECYCLES]


@dataclass
class Crm:
    """One record's stage field, who wrote it and when; and what we remember of our own writes."""

    stage: str | None = None
    set_at: int | None = None
    by: str | None = None
    ours: bool = False
    before_clear: StageStanding | None = None
    edits: list[str] = field(default_factory=list)

    def standing(self) -> StageStanding:
        if self.stage is None and self.before_clear is not None:
            return replace(self.before_clear, stage=None, cleared=self.before_clear.stage)
        by: Any = self.by
        return StageStanding(self.stage, ours=self.ours, set_at=self.set_at, by=by)

    def edit(self, stage: str | None, at: int, by: str) -> None:
        self.stage, self.set_at, self.by, self.ours, self.before_clear = stage, at, by, False, None

    def clear(self) -> None:
        self.before_clear, self.stage = self.standing(), None

    def take(self, change: StageChange, at: int) -> None:
        """As a CRM that goes only forward: a lower stage over a higher one is answered well and not taken."""
        if change.put_back and self.before_clear is not None:
            old, self.before_clear = self.before_clear, None
            self.stage, self.set_at, self.by, self.ours = change.to, old.set_at, old.by, old.ours
        elif self.stage is None or RANK[change.to] > RANK[self.stage]:
            self.stage, self.set_at, self.by, self.ours, self.before_clear = change.to, at, None, True, None


RARELY = st.integers(0, 5).map(lambda n: n == 5)
WORDS = st.sampled_from(["not_ready", "not_ready", "not_ready", "not_ready", "true_sql", None, None, "unqualified"])
STAGES = [*ORDER[:5], *ORDER[:5], *ORDER[:5], "opportunity", "evangelist", None]
THEN = st.sampled_from(["write", "write", "write", "cut off", "overtaken", "wait"])
"""What we do about it: decide and write, be cut off between clear and set, be cut off and find when we come back that
what made the stage fall is gone, or not come to it."""


class Walk(RuleBasedStateMachine):
    """One subject under one model. `seen` counts what happened, so that a walk that tests nothing is noticed."""

    def __init__(self, seen: Counter[str]):
        super().__init__()
        self.seen = seen
        self.now = NOW
        self.crm = Crm()
        self.acts: list[Activity] = []
        self.history: list[Value] = []
        self.answers: list[Answer] = []

    @initialize(staged=st.sampled_from(MODELS), default=st.booleans())
    def begin(self, staged: Staged, default: bool) -> None:
        self.staged = staged
        if default:
            self.crm.edit("lead", self.now, "default")

    @property
    def facts(self) -> Facts:
        return Facts("one", NOW, {}, tuple(self.history), tuple(self.acts), (), tuple(self.answers))

    @rule(type=st.sampled_from(["page_view", "form_submission"]), count=st.integers(1, 7), late=RARELY, then=THEN)
    def act(self, type: str, count: int, late: bool, then: str) -> None:
        for _ in range(count):
            self.now += MINUTE
            occurred = self.now - 3 * DAY if late else self.now
            self.acts.append(activity(type, occurred, {"form": "Demo"}, learned_at=self.now if late else None))
        self._then(then)

    @rule(name=st.sampled_from(["title", "seen"]), good=st.booleans(), then=THEN)
    def change_a_field(self, name: str, good: bool, then: str) -> None:
        self.now += MINUTE
        value = {"title": "CEO", "seen": str(self.now)}[name] if good else ""
        self.history.append(Value(name, value, self.now))
        self._then(then)

    @rule(out=RARELY, then=THEN)
    def opt_out_or_in(self, out: bool, then: str) -> None:
        self.now += MINUTE
        self.history.append(Value("out", "true" if out else "", self.now))
        self._then(then)

    @rule(days=st.sampled_from([1, 10, 31, 61, 121]), then=THEN)
    def time_passes(self, days: int, then: str) -> None:
        self.now += days * DAY
        self._then(then)

    @rule(word=WORDS, hours=st.integers(0, 30), then=THEN)
    def sales_answers(self, word: str | None, hours: int, then: str) -> None:
        """The answer may reach us only hours later, when the stage may have moved."""
        self.now += MINUTE
        learned = self.now + hours * 3_600_000 if hours > 20 else None
        self.answers.append(Answer(word, self.now, "ann", learned_at=learned))
        self._then(then)

    @rule(stage=st.sampled_from(STAGES), by=st.sampled_from(["person", "program"]), then=THEN)
    def somebody_sets_the_stage(self, stage: str | None, by: str, then: str) -> None:
        self.now += MINUTE
        self.crm.edit(stage, self.now, by)
        self._then(then)

    def _then(self, then: str) -> None:
        if then == "write":
            self.decide_and_write()
        elif then == "cut off":
            self._cut_off()
        elif then == "overtaken" and self._cut_off():
            self.now += MINUTE
            self.answers.append(Answer(None, self.now, "ann"))
            self.acts += [activity("page_view", self.now, {}) for _ in range(7)]
            self.decide_and_write()

    def _cut_off(self) -> bool:
        change = self._decided()
        if change is None or not change.clear:
            return False
        self.crm.clear()
        self.seen["cut off"] += 1
        return True

    @rule()
    def decide_and_write(self) -> None:
        change = self._decided()
        if change is None:
            return
        if change.clear:
            self.crm.clear()
            again = self._decided()
            assert again is not None
            assert (again.to, again.direction, again.clear) == (change.to, change.direction, False)
        self.crm.take(change, self.now)
        assert self.crm.stage == change.to, "the CRM did not take it"
        assert self._decided() is None, "a stage flaps without new facts"
        self.now += MINUTE

    @precondition(lambda self: self.crm.stage is None and self.crm.before_clear is not None)
    @rule()
    def a_half_made_change_is_finished(self) -> None:
        self.decide_and_write()
        assert self.crm.stage is not None, "a field that we emptied stays empty"

    def _decided(self) -> StageChange | None:
        standing = self.crm.standing()
        change = self.staged.decide(self.facts, standing, self.now)
        assert change == self.staged.decide(self.facts, standing, self.now)
        self._must_hold(standing, change)
        return change

    def _must_hold(self, standing: StageStanding, change: StageChange | None) -> None:
        present, answer = standing.present, answer_at(self.facts, self.now)
        word = None if answer is None else answer.answer
        if present is not None and present not in RANK:
            assert change is None, "a stage that nobody knows is nobody's to touch"
            return
        if change is None:
            self._must_be_due_nothing(present, word)
            return
        assert change.reason.endswith((".", ")."))
        assert change.put_back == (change.to == present)
        if change.put_back:
            assert standing.cleared == present, "only an emptied field gets its stage again"
            self.seen["put back"] += 1
            return
        assert not self._excluded(), "an excluded subject is touched"
        assert present not in ("opportunity", "customer"), "a stage that is never left is left"
        assert (change.direction == "down") == (present is not None and RANK[change.to] < RANK[present])
        assert change.clear == (change.direction == "down" and standing.stage is not None)
        if word == "unqualified":
            assert change.to == "subscriber", "a held subject moves"
            assert not change.entered
            self.seen["held"] += 1
        elif change.direction == "down":
            self._may_fall(standing, change, answer)
        else:
            self._may_rise(standing, change)

    def _must_be_due_nothing(self, present: str | None, word: str | None) -> None:
        if self._excluded():
            self.seen["excluded"] += 1
        elif present in ("opportunity", "customer"):
            self.seen["never left"] += 1
        elif word == "unqualified":
            assert present == "subscriber", "a held subject is not in its stage"
        else:
            self.seen["nothing"] += 1

    def _may_fall(self, standing: StageStanding, change: StageChange, answer: Answer | None) -> None:
        assert not change.entered
        assert standing.present is not None
        stood_for = self.staged.score(self.facts, self.now).stage
        assert stood_for is None or RANK[stood_for] <= RANK[change.to], "lower than the score stands for"
        if answer is not None and answer.answer == "not_ready":
            known = max(answer.at, answer.learned_at or answer.at) if standing.ours else answer.at
            if standing.set_at is None or known > standing.set_at:
                self.seen["refused" if standing.ours else "refused theirs"] += 1
                return
        assert standing.ours, "a stage of somebody else's falls though sales said nothing"
        assert self._lifecycle("down"), "a stage falls though the model does not go down"
        self.seen["fell"] += 1

    def _may_rise(self, standing: StageStanding, change: StageChange) -> None:
        score = self.staged.score(self.facts, self.now)
        assert change.entered
        assert change.to == score.stage, "not what the score stands for"
        if standing.ours or standing.by == "default" or (standing.present is None and standing.set_at is None):
            self.seen["rose"] += 1
            return
        set_at = standing.set_at
        assert set_at is not None
        fresh = [a for a in self.acts if a.occurred_at > set_at]
        befores = [self.staged.score(self.facts, (a.learned_at or a.occurred_at) - 1).stage for a in fresh]
        assert any(b is None or RANK[b] < RANK[change.to] for b in befores), "raised without fresh activity"
        self.seen["rose over theirs"] += 1

    def _excluded(self) -> bool:
        outs = [value.value for value in self.history if value.field == "out"]
        return bool(outs) and outs[-1] == "true"

    def _lifecycle(self, name: str) -> Any:
        return getattr(self.staged.model.lifecycle, name)


def test_no_walk_of_facts_answers_and_edits_breaks_what_must_hold() -> None:
    seen: Counter[str] = Counter()

    class Counted(Walk):
        def __init__(self) -> None:
            super().__init__(seen)

    run_state_machine_as_test(Counted, settings=settings(steady(200), stateful_step_count=40))
    moves = ("rose", "rose over theirs", "fell", "refused", "refused theirs", "held", "put back", "cut off")
    rare = {kind: seen[kind] for kind in (*moves, "excluded", "never left", "nothing") if seen[kind] < 3}
    assert not rare, f"walks met too little of {rare}: {seen}"
