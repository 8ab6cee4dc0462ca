"""An answer of sales that a notice brings moves the score at once, and our own emptying of it moves nothing."""

import pytest
from sqlalchemy import Engine

from connectors.protocol import SeenAnswer, SeenFeedback, SeenRecord
from leadscore.jobs.explain import explain
from tests.jobs.live import MINUTE, Live, notice
from tests.jobs.models import rulebook
from tests.jobs.portal import Portal
from tests.store.seen import NOW

MODEL = """
name: small
fields:
  title: {type: text, hubspot: jobtitle}
  industry: {type: text, hubspot: industry}
scores:
  fit:
    groups:
      - name: Who
        rules:
          - {name: Boss, when: {title: {is: CEO}}, points: 70}
          - {name: Software, when: {industry: {is: Software}}, points: 30}
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
    - {answer: not_ready, label: "MQL: not ready", drop_to: 40}
    - {answer: accepted, label: "True SQL"}
"""


def lead(industry: str, *given: SeenAnswer) -> SeenRecord:
    held = given[-1].value if given else ""
    values = {"jobtitle": "CEO", "industry": industry, "leadscore_feedback": held}
    return SeenRecord("contact", "1", values, feedback=SeenFeedback(given, held))


@pytest.fixture
def live(store: Engine, portal: Portal) -> Live:
    return Live(store, portal, rulebook(MODEL))


def test_an_answer_takes_the_lead_down_and_new_evidence_brings_it_back_and_empties_the_field(live: Live) -> None:
    answer = SeenAnswer("not_ready", NOW + MINUTE, "person", "7")
    live.begin(lead(""))
    live.portal.show("contacts", lead("", answer))
    live.tell(notice("a", "1"))
    live.settle(NOW + 2 * MINUTE)
    held = live.portal.outputs_held["1"]
    assert (held["total"], held["stage"], held["last_feedback_by"]) == ("40", "mql", "7")
    assert "feedback" not in held, "what the reps answered is left alone"
    live.portal.show("contacts", lead("Software", answer))
    live.tell(notice("b", "1"))
    live.settle(NOW + 10 * MINUTE)
    held = live.portal.outputs_held["1"]
    assert (held["total"], held["stage"], held["feedback"]) == ("70", "sql", "")
    assert held["first_sql_at"] == held["last_sql_at"] == str(NOW + 10 * MINUTE)


def test_the_echo_of_our_emptying_withdraws_nothing_and_causes_no_write(live: Live) -> None:
    answer = SeenAnswer("not_ready", NOW + MINUTE, "person", "7")
    live.begin(lead(""))
    live.portal.show("contacts", lead("", answer))
    live.tell(notice("a", "1"))
    live.settle(NOW + 2 * MINUTE)
    live.portal.show("contacts", lead("Software", answer))
    live.tell(notice("b", "1"))
    live.settle(NOW + 10 * MINUTE)
    written = len(live.portal.writes)
    echo = SeenAnswer("", NOW + 10 * MINUTE + 300, "program", before="not_ready")
    live.portal.show("contacts", lead("Software", answer, echo))
    live.tell(notice("c", "1"))
    live.settle(NOW + 20 * MINUTE)
    assert len(live.portal.writes) == written
    assert [one.answer for one in explain(live.store, live.book, "1", NOW + 20 * MINUTE).facts.answers] == ["not_ready"]


def test_an_answer_that_a_rep_gives_while_we_empty_the_field_stays_and_counts(live: Live) -> None:
    answer = SeenAnswer("not_ready", NOW + MINUTE, "person", "7")
    live.begin(lead(""))
    live.portal.show("contacts", lead("", answer))
    live.tell(notice("a", "1"))
    live.settle(NOW + 2 * MINUTE)
    live.portal.show("contacts", lead("Software", answer))
    live.portal.outputs_held["1"]["feedback"] = "accepted"
    live.tell(notice("b", "1"))
    live.settle(NOW + 10 * MINUTE)
    held = live.portal.outputs_held["1"]
    assert (held["total"], held["stage"], held["feedback"]) == ("70", "sql", "accepted")
    newer = SeenAnswer("accepted", NOW + 9 * MINUTE, "person", "8", before="not_ready")
    live.portal.show("contacts", lead("Software", answer, newer))
    live.tell(notice("c", "1"))
    live.settle(NOW + 11 * MINUTE)
    held = live.portal.outputs_held["1"]
    assert (held["total"], held["feedback"], held["last_feedback_by"]) == ("100", "accepted", "8")
