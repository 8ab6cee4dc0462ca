"""Sales answers in the portal, and the score, the stage and the field follow."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from sqlalchemy import Engine

from config.model_file import parse_model
from connectors.hubspot.connect import HubSpot, connect
from leadscore.jobs.apply import apply_plan
from leadscore.jobs.explain import explain
from leadscore.jobs.feedback import heard_answers, precisions, release, sample, waiting_answers
from leadscore.jobs.plan import make_plan
from leadscore.jobs.rulebook import Rulebook
from leadscore.jobs.sync import sync
from leadscore.sandbox import Sandbox, serve
from leadscore.store.database import open_store
from scoring.facts import Answer
from scoring.values import Tables

DAY = 86_400_000
NOW = 1_800_000_000_000
MODEL = """
name: feedback
fields:
  title: {type: text, hubspot: jobtitle}
scores:
  fit: {groups: [{name: Role, rules: [{name: Boss, when: {title: {is: CEO}}, points: 50}]}]}
  engagement:
    groups:
      - name: Forms
        rules:
          - name: Demo
            on: form_submission
            where: {form: {is: Request a demo}}
            points: 50
            decay: {lose: 50%, every: 60 days}
bands: {cold: null, warm: 35, hot: 65}
lifecycle:
  mode: observe
  field: {hubspot: lifecyclestage}
  stages: {lead: {hubspot: lead}, mql: {hubspot: marketingqualifiedlead}, sql: {hubspot: salesqualifiedlead}}
  enter:
    - {stage: sql, when: {total: {at_least: 65}}}
    - {stage: mql, when: {total: {at_least: 35}}}
feedback:
  field: {hubspot: leadscore_feedback}
  answers:
    - {answer: true_sql, label: "True SQL"}
    - {answer: not_ready, label: "MQL: not ready", drop_to: mql}
    - {answer: unqualified, label: "Unqualified", points: -100, hold: lead}
"""
BOOK = Rulebook((parse_model(MODEL, "model"),), (MODEL,), Tables(frozenset(), frozenset(), {}))
EMAIL = "mara@northwind.example"
MARA = "Mara Lindqvist (mara.lindqvist@example.com)"


@dataclass
class Sales:
    """A portal with one lead, its store, and the days that pass."""

    portal: Sandbox
    crm: HubSpot
    store: Engine
    now: int = NOW
    lead: str = ""

    def pull(self, path: str, **body: Any) -> Any:
        answer = requests.post(f"{self.portal.url}/_sandbox/{path}", json=body, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def later(self, ms: int) -> None:
        self.now += ms
        self.pull("clock", now=self.now)

    def demo(self) -> None:
        self.pull("people/submit-form", form="Request a demo", values={"email": EMAIL})

    def answers(self, value: str, user: int = 9501, note: str = "", **source: Any) -> None:
        properties = {"leadscore_feedback": value} | ({"leadscore_feedback_note": note} if note else {})
        who = {"source": source} if source else {"user": user}
        self.pull("people/edit", id=self.lead, properties=properties, **who)

    def turn(self) -> None:
        """sync, plan, apply; afterwards a second plan has nothing to do."""
        self.later(60_000)
        sync(self.store, self.crm.reader, BOOK, self.now)
        plan = make_plan(self.store, self.crm.reader, BOOK, self.now, processes=1).plan
        report = apply_plan(self.store, self.crm.reader, self.crm.writer, plan, BOOK, self.now)
        assert report.complete
        assert make_plan(self.store, self.crm.reader, BOOK, self.now, processes=1).plan.rows == ()

    def shown(self, *words: str) -> dict[str, str | None]:
        return dict(self.crm.reader.outputs([self.lead], words)[self.lead])

    def known(self) -> tuple[Answer, ...]:
        return explain(self.store, BOOK, self.lead, self.now).facts.answers


@pytest.fixture
def sales(database_url: str) -> Iterator[Sales]:
    with serve() as portal:
        crm = connect(portal.token, url=portal.url)
        store = open_store(database_url)
        made = Sales(portal, crm, store)
        made.pull("limits", burst=100_000, search_per_second=1_000)
        made.pull("settings", account_type="SANDBOX")
        made.pull("clock", now=NOW)
        made.pull("forms", name="Request a demo")
        list(crm.installer.carry_out(crm.installer.plan(BOOK.models), BOOK.models))
        (made.lead,) = map(str, made.pull("people/import", rows=[{"email": EMAIL, "jobtitle": "CEO"}])["ids"])
        made.turn()
        yield made
        crm.close()
        store.dispose()


def asked_and_answered(sales: Sales) -> None:
    """Day 0: a demo form makes the lead an SQL, and sales says: not ready."""
    sales.demo()
    sales.turn()
    assert sales.shown("total", "stage") == {"total": "100", "stage": "sql"}
    sales.later(60_000)
    sales.answers("not_ready", note="no budget before spring")
    sales.turn()


def test_not_ready_holds_the_lead_in_the_middle_and_names_who_said_so(sales: Sales) -> None:
    asked_and_answered(sales)
    shown = sales.shown("total", "stage", "adjustment", "feedback", "last_feedback", "last_feedback_by")
    assert shown == {
        "total": "50",
        "stage": "mql",
        "adjustment": "-50",
        "feedback": "not_ready",
        "last_feedback": "MQL: not ready",
        "last_feedback_by": MARA,
    }
    line = explain(sales.store, BOOK, EMAIL, sales.now).score.contributions[-1]
    assert (line.kind, line.points, line.evidence["author"]) == ("adjustment", -50, MARA)
    assert sales.known()[0].note == "no budget before spring"
    assert sales.shown("first_sql_at", "last_mql_at")["first_sql_at"] != ""


def test_after_121_days_of_silence_the_total_is_the_fit_and_not_nothing(sales: Sales) -> None:
    asked_and_answered(sales)
    sales.later(121 * DAY)
    sales.turn()
    assert sales.shown("total", "stage", "adjustment") == {"total": "50", "stage": "mql", "adjustment": "0"}


def test_a_second_demo_form_makes_the_lead_an_sql_again_and_the_field_is_emptied(sales: Sales) -> None:
    asked_and_answered(sales)
    first = sales.shown("first_sql_at", "last_sql_at")
    sales.later(60 * DAY)
    sales.demo()
    sales.turn()
    shown = sales.shown("total", "stage", "feedback", "last_feedback", "first_sql_at", "last_sql_at")
    assert int(shown["total"] or 0) >= 65
    assert (shown["stage"], shown["feedback"], shown["last_feedback"]) == ("sql", "", "MQL: not ready")
    assert shown["first_sql_at"] == first["first_sql_at"]
    assert int(shown["last_sql_at"] or 0) > int(first["last_sql_at"] or 0)
    total = shown["total"]
    sales.later(3_600_000)
    sales.turn()
    assert [one.answer for one in sales.known()] == ["not_ready"], "our own emptying is no answer"
    assert sales.shown("total")["total"] == total
    assert waiting_answers(sales.store) == ()
    sales.answers("true_sql", user=9502)
    sales.turn()
    assert sales.shown("adjustment", "feedback", "last_feedback_by") == {
        "adjustment": "0",
        "feedback": "true_sql",
        "last_feedback_by": "Tomás Ferreira (tomas.ferreira@example.com)",
    }


def test_a_person_who_empties_the_field_withdraws_the_answer(sales: Sales) -> None:
    asked_and_answered(sales)
    sales.later(60_000)
    sales.answers("")
    sales.turn()
    assert sales.shown("total", "adjustment", "last_feedback") == {
        "total": "100",
        "adjustment": "0",
        "last_feedback": "",
    }


@pytest.mark.parametrize("source", ["IMPORT", "AUTOMATION_PLATFORM", "INTEGRATION"])
def test_an_answer_that_no_person_gave_moves_nothing_and_waits_for_a_look(sales: Sales, source: str) -> None:
    sales.answers("unqualified", type=source, id="123")
    sales.turn()
    assert sales.shown("total")["total"] == "50"
    assert [one.record_id for one in waiting_answers(sales.store)] == [sales.lead]


def test_the_operator_releases_a_held_lead_and_the_field_is_emptied(sales: Sales) -> None:
    sales.answers("unqualified")
    sales.turn()
    assert sales.shown("total", "stage") == {"total": "-50", "stage": "lead"}
    (heard,) = heard_answers(sales.store, BOOK)
    assert (heard.current, heard.hold) == (True, "lead")
    sales.later(60_000)
    assert release(sales.store, EMAIL, sales.now).answer == "unqualified"
    sales.turn()
    assert sales.shown("total", "stage", "feedback") == {"total": "50", "stage": "mql", "feedback": ""}
    sales.later(60_000)
    sales.turn()
    assert [one.author for one in sales.known()] == [MARA, "operator"]


def test_a_rule_is_as_right_as_sales_says(sales: Sales) -> None:
    asked_and_answered(sales)
    found = {one.rule: (one.accepted, one.refused, one.small) for one in precisions(sales.store, BOOK)}
    assert found == {"Boss": (0, 1, True), "Demo": (0, 1, True)}
    assert sample(sales.store, BOOK, sales.now, 20) == (), "who was answered about is judged already"


def test_a_sample_shows_those_whom_nobody_has_judged(sales: Sales) -> None:
    sales.demo()
    sales.turn()
    (one,) = sample(sales.store, BOOK, sales.now, 20)
    assert (one.stage, one.person.email, one.since) == ("sql", EMAIL, sales.now)
