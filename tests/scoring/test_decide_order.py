"""A lifecycle that does not fit the CRM's own order of stages is told in sentences and moves nobody."""

from scoring.decide import StageStanding, contradictions
from tests.scoring.staged import ORDER, Staged, demo, person

FORWARD = Staged()
SQL = person(demo(1), title="CEO")


def test_an_enter_list_against_the_order_of_the_crm_stops_all_changes_and_says_so() -> None:
    lifecycle = FORWARD.model.lifecycle
    assert lifecycle is not None
    assert contradictions(lifecycle, ORDER, FORWARD.model.feedback) == ()
    turned = ("lead", "subscriber", "sql", "mql", "opportunity", "customer")
    (said,) = contradictions(lifecycle, turned)
    assert "`enter` asks for `sql` before `mql`, but the CRM has `mql` above `sql`" in said
    assert FORWARD.decide(SQL, StageStanding(), order=turned) is None


def test_stages_that_the_crm_lacks_are_named() -> None:
    lifecycle = FORWARD.model.lifecycle
    assert lifecycle is not None
    said = contradictions(lifecycle, ("lead", "sql", "customer"), FORWARD.model.feedback)
    assert [sentence.split("`")[1] for sentence in said] == ["mql", "opportunity", "subscriber"]


def test_an_otherwise_above_the_stages_that_leads_enter_is_a_contradiction() -> None:
    lifecycle = Staged(otherwise="opportunity").model.lifecycle
    assert lifecycle is not None
    said = contradictions(lifecycle, ORDER)
    assert len(said) == 2
    assert all("`otherwise` is `opportunity`" in sentence for sentence in said)
