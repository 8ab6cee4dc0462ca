"""What we write comes back to us: as an echo it causes nothing, and a workflow that answers to it is stopped."""

from collections import Counter

from sqlalchemy import func, select

from leadscore.metrics import Metrics
from leadscore.store.database import reading
from leadscore.store.live_tables import quarantine
from leadscore.store.loops import in_quarantine
from tests.faults.rig import TOTAL, Rig, people
from tests.serve.service import PORTAL, post
from webhooks.blueprint import PATH

MOST_AN_HOUR = 30


def test_an_echo_of_each_write_causes_no_other_write(made: Rig) -> None:
    """With and without a word of who changed it, and whoever subscribed to our own fields by mistake."""
    made.hear(
        "contact.propertyChange:level", f"contact.propertyChange:{TOTAL}", "contact.propertyChange:lastmodifieddate"
    )
    for id in made.ids:
        made.edit(id, level="9")
    made.settle()
    assert Counter(id for id, _ in made.journal()) == dict.fromkeys(made.ids, 1)
    bare = {"subscriptionId": 1, "portalId": PORTAL, "appId": 9, "subscriptionType": "contact.propertyChange"}
    told = [{}, {"changeSource": "INTEGRATION", "sourceId": "9"}, {"changeSource": "API", "sourceId": "0"}]
    for number, source in enumerate(told):
        for name in (TOTAL, "hs_lastmodifieddate", "lastmodifieddate"):
            events = [
                bare
                | source
                | {"eventId": number, "objectId": int(id), "propertyName": name, "occurredAt": made.clock()}
                for id in made.ids
            ]
            assert post(made.url.removesuffix(PATH), events).status_code == 200
    made.settle()
    made.chores()
    made.settle()
    assert Counter(id for id, _ in made.journal()) == dict.fromkeys(made.ids, 1)
    with reading(made.store) as connection:
        assert connection.execute(select(func.count()).select_from(quarantine)).scalar_one() == 0


def test_a_workflow_that_answers_each_write_is_stopped_and_told_of_and_its_neighbours_go_on(made: Rig) -> None:
    made.control("workflows", {"when": TOTAL, "set": "level", "values": ["10", "20"]})
    made.hear("contact.propertyChange:level")
    made.edit(made.ids[0], level="5")
    made.settle(400)
    writes = Counter(id for id, _ in made.journal())
    assert set(writes) == {made.ids[0]}
    assert MOST_AN_HOUR - 2 <= writes[made.ids[0]] <= MOST_AN_HOUR
    with reading(made.store) as connection:
        (held,) = in_quarantine(connection)
    assert "workflow" in held.reason
    assert b"leadscore_quarantined 1.0" in Metrics(made.store, made.clock).text()
    made.control("workflows", {}, "DELETE")
    made.edit(made.ids[1], level="30")
    made.edit(made.ids[0], level="31")
    made.settle()
    assert made.totals()[made.ids[1]] == "30"
    assert made.totals()[made.ids[0]] in ("10", "20"), "who is held is left alone"
    assert len(people(1)) == 1
