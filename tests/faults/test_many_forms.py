"""A portal with many forms is polled for a few calls a look, and no submission is missed for long."""

from collections import Counter
from collections.abc import Iterator

import pytest

from connectors.hubspot.connect import HubSpot
from connectors.protocol import Cursor, Needs
from tests.connectors.portal import NOW, Portal, portal

FORMS = 60
NEEDS = Needs({"contact": ()}, {}, activities=frozenset({"form_submission"}))
LOOK = 30_000
MAIL = "ann@forms.example"


@pytest.fixture
def many() -> Iterator[Portal]:
    with portal() as made:
        for number in range(FORMS):
            made.post("forms", name=f"Form {number}", guid=f"form-{number:03}")
        made.import_contacts([{"email": MAIL}])
        yield made


def look(hubspot: HubSpot, cursor: Cursor | None, now: int) -> tuple[Cursor | None, list[str]]:
    """One reading of the stream; the new cursor, and the forms that were submitted."""
    pages = list(hubspot.reader.read("form_submissions", cursor, NEEDS, now))
    return pages[-1].cursor, [one.details["form_id"] for page in pages for one in page.activities]


def test_a_look_costs_a_few_calls_and_every_form_is_read_within_half_an_hour(many: Portal) -> None:
    hubspot = many.open(sparing=True)
    cursor, _ = look(hubspot, None, NOW)
    all_forms = len(hubspot.reader.forms())
    costs: list[int] = []
    found: dict[str, int] = {}
    for number in range(1, 31):
        now = NOW + number * LOOK
        if number == 2:
            for form in ("form-007", "form-042", "form-059"):
                many.post("people/submit-form", form=form, values={"email": MAIL}, at=now)
        before = many.requests("submissions")
        cursor, submitted = look(hubspot, cursor, now)
        costs.append(many.requests("submissions") - before)
        found = dict.fromkeys(submitted, number) | found
    assert max(costs) <= 20
    assert all_forms >= FORMS
    assert found.keys() == {"form-007", "form-042", "form-059"}
    assert max(found.values()) <= 2 + -(-all_forms // 10)
    # Those that were submitted last are read each time from then on.
    many.post("people/submit-form", form="form-042", values={"email": MAIL}, at=NOW + 31 * LOOK)
    cursor, submitted = look(hubspot, cursor, NOW + 31 * LOOK)
    assert Counter(submitted)["form-042"] == 2
    # After a pause everything is read once.
    before = many.requests("submissions")
    look(hubspot, cursor, NOW + 31 * LOOK + 30 * 60_000)
    assert many.requests("submissions") - before == all_forms


def test_who_reads_once_in_a_while_reads_every_form(many: Portal) -> None:
    hubspot = many.open()
    cursor, _ = look(hubspot, None, NOW)
    before = many.requests("submissions")
    look(hubspot, cursor, NOW + LOOK)
    assert many.requests("submissions") - before == len(hubspot.reader.forms())


def test_a_clock_that_is_set_back_hides_no_form(many: Portal) -> None:
    hubspot = many.open(sparing=True)
    cursor, _ = look(hubspot, None, NOW)
    many.post("people/submit-form", form="form-031", values={"email": MAIL}, at=NOW)
    _, submitted = look(hubspot, cursor, NOW - 86_400_000)
    assert submitted == ["form-031"]
