"""Leads and Contacts are told with their company, their past and what became of them."""

from collections.abc import Iterable

import pytest

from connectors.errors import AccessDenied, Rejected
from connectors.protocol import Needs, Page, PastValue, SeenRecord
from connectors.salesforce.reader import SalesforceReader
from tests.connectors.portal import NOW
from tests.connectors.salesforce.org import HOUR, Org

TITLES = Needs({"Lead": ("Title",), "Contact": ("Title",)}, {"Lead": ("Title",), "Contact": ("Title",)})
COMPANIES = Needs({"Lead": ("Industry",), "Contact": (), "Account": ("Industry", "NumberOfEmployees")}, {})


@pytest.fixture
def reader(org: Org) -> SalesforceReader:
    return SalesforceReader(org.client())


def records(pages: Iterable[Page]) -> dict[str, SeenRecord]:
    return {record.id: record for page in pages for record in page.records}


def read(
    org: Org, reader: SalesforceReader, stream: str, needs: Needs = TITLES, cursor: str | None = None
) -> list[Page]:
    return list(reader.read(stream, cursor, needs, org.now()))


def test_a_contact_is_told_with_its_company_which_has_a_stream_of_its_own(org: Org, reader: SalesforceReader) -> None:
    account = org.make("Account", Name="Acme", Industry="Technology", NumberOfEmployees=250)
    inside = org.make("Contact", LastName="In", AccountId=account, Email="In@Acme.example")
    outside = org.make("Contact", LastName="Out")
    found = records(read(org, reader, "contacts", COMPANIES))
    assert (found[inside].links, found[inside].email) == ({"Account": (account,)}, "in@acme.example")
    assert found[outside].links == {"Account": ()}
    (company,) = records(read(org, reader, "accounts", COMPANIES)).values()
    assert (company.object, company.values) == ("Account", {"Industry": "Technology", "NumberOfEmployees": "250"})
    assert reader.fetch("Account", [account], COMPANIES) == (company,)


def test_values_are_told_as_plain_texts(org: Org, reader: SalesforceReader) -> None:
    needs = Needs({"Lead": ("HasOptedOutOfEmail", "AnnualRevenue", "NumberOfEmployees", "Title", "Rating")}, {})
    id = org.lead(AnnualRevenue=1_500_000, NumberOfEmployees=12, HasOptedOutOfEmail=True, Title="Größe <5 🚀")
    assert reader.fetch("Lead", [id], needs)[0].values == {
        "HasOptedOutOfEmail": "true",
        "AnnualRevenue": "1500000",
        "NumberOfEmployees": "12",
        "Title": "Größe <5 🚀",
        "Rating": None,
    }


def test_fields_of_leads_alone_and_hidden_ones_are_left_out(org: Org, reader: SalesforceReader) -> None:
    needs = Needs({"Lead": ("Industry", "Hidden__c"), "Contact": ("Industry", "MailingCountry")}, {})
    org.post("fields", object="Lead", fields=[{"name": "Hidden__c", "type": "string"}])
    lead, contact = org.lead(Industry="Media"), org.make("Contact", LastName="Ode", MailingCountry="Peru")
    assert reader.fetch("Lead", [lead], needs)[0].values == {"Industry": "Media"}
    assert reader.fetch("Contact", [contact], needs)[0].values == {"MailingCountry": "Peru"}


def test_a_field_that_a_model_spells_otherwise_is_found(org: Org, reader: SalesforceReader) -> None:
    id = org.lead(Title="CEO")
    assert reader.fetch("Lead", [id], Needs({"Lead": ("title",)}, {}))[0].values == {"title": "CEO"}


def test_a_converted_lead_names_its_contact(org: Org, reader: SalesforceReader) -> None:
    lead, other = org.lead(Title="CEO"), org.lead()
    org.advance(HOUR)
    cursor = read(org, reader, "leads")[-1].cursor
    org.advance(HOUR)
    contact = org.post("people/convert", id=lead)["contact"]
    found = records(read(org, reader, "leads", cursor=cursor))
    assert {id: record.became for id, record in found.items()} == {lead: ("Contact", contact)}
    assert reader.fetch("Lead", [other], TITLES)[0].became is None
    assert records(read(org, reader, "contacts"))[contact].values == {"Title": "CEO"}


def test_deleted_records_are_archived_once(org: Org, reader: SalesforceReader) -> None:
    org.lead()
    gone = org.lead()
    org.post("people/delete", object="Lead", id=gone)
    org.advance(HOUR)
    pages = read(org, reader, "archived")
    assert {id: record.archived for id, record in records(pages).items()} == {gone: True}
    org.advance(HOUR)
    assert records(read(org, reader, "archived", cursor=pages[-1].cursor)) == {}
    assert reader.fetch("Lead", [gone], TITLES) == ()


def test_an_undeleted_record_is_a_changed_one(org: Org, reader: SalesforceReader) -> None:
    id = org.lead()
    org.post("people/delete", object="Lead", id=id)
    cursor = read(org, reader, "leads")[-1].cursor
    org.advance(HOUR)
    org.post("people/undelete", object="Lead", id=id)
    assert list(records(read(org, reader, "leads", cursor=cursor))) == [id]


def test_whoever_lost_a_merge_is_told_by_the_last_winner(org: Org, reader: SalesforceReader) -> None:
    first, second, third, alone = (org.lead(Title=str(number)) for number in range(4))
    org.post("people/merge", object="Lead", master=second, losers=[first])
    org.post("people/merge", object="Lead", master=third, losers=[second])
    org.post("people/delete", object="Lead", id=alone)
    found = records(read(org, reader, "archived"))
    assert set(found) == {third, alone}
    assert set(found[third].merged_ids) == {first, second}
    assert (found[third].archived, found[third].values, found[alone].archived) == (False, {"Title": "2"}, True)


def test_losers_of_a_winner_that_is_gone_are_gone_too(org: Org, reader: SalesforceReader) -> None:
    loser, winner = org.lead(), org.lead()
    org.post("people/merge", object="Lead", master=winner, losers=[loser])
    org.post("people/delete", object="Lead", id=winner)
    found = records(read(org, reader, "archived"))
    assert {id: record.archived for id, record in found.items()} == {loser: True, winner: True}


def test_a_walk_through_the_bin_can_be_cut_anywhere(org: Org, reader: SalesforceReader) -> None:
    gone = [org.lead() for _ in range(3)] + [org.make("Contact", LastName="Ode")]
    for id in gone:
        org.post("people/delete", object="Lead" if id.startswith("00Q") else "Contact", id=id)
    pages = read(org, reader, "archived")
    for number, page in enumerate(pages[:-1]):
        rest = read(org, reader, "archived", cursor=page.cursor)
        assert set(records([*pages[: number + 1], *rest])) == set(gone)


def test_without_tracking_there_is_no_past(org: Org, reader: SalesforceReader) -> None:
    id = org.lead(Title="Cook")
    org.edit("Lead", id, Title="CEO")
    assert reader.fetch("Lead", [id], TITLES)[0].history == {}


def test_a_tracked_field_tells_who_changed_it_and_what_was_before(org: Org, reader: SalesforceReader) -> None:
    org.post("settings", tracked={"Lead": ["Title"]})
    id = org.lead(Title="Cook")
    org.advance(HOUR)
    org.post("people/edit", object="Lead", id=id, values={"Title": "CEO"}, user="rita.rep@acme.example")
    (record,) = reader.fetch("Lead", [id], TITLES)
    first, second = record.history["Title"]
    assert first == PastValue("Cook", NOW)
    assert (second.value, second.at, second.by[:3]) == ("CEO", NOW + HOUR, "005")


def test_answers_of_sales_come_with_their_author_and_note(org: Org, reader: SalesforceReader) -> None:
    names = ("Lead_Score_Feedback__c", "Lead_Score_Feedback_Note__c")
    org.install("Lead", ["feedback", "feedback_note"])
    org.post("settings", tracked={"Lead": [names[0]]})
    id = org.lead()
    org.advance(HOUR)
    values = {names[0]: "true_sql", names[1]: "Wants a demo"}
    org.post("people/edit", object="Lead", id=id, values=values, user="rita.rep@acme.example")
    needs = Needs({"Lead": names}, {"Lead": names}, feedback=names[:1])
    feedback = reader.fetch("Lead", [id], needs)[0].feedback
    assert feedback is not None
    (answer,) = feedback.answers
    assert (answer.value, answer.at, answer.hand, answer.note) == ("true_sql", NOW + HOUR, "person", "Wants a demo")
    assert (answer.author, feedback.held) == ("Rita Rep (rita.rep@acme.example)", "true_sql")


def test_what_we_ourselves_wrote_is_a_programs(org: Org, reader: SalesforceReader) -> None:
    org.install("Lead", ["feedback"])
    org.post("settings", tracked={"Lead": ["Lead_Score_Feedback__c"]})
    id = org.lead(Lead_Score_Feedback__c="true_sql")
    org.advance(HOUR)
    ours = org.sandbox.org.settings.username
    org.post("people/edit", object="Lead", id=id, values={"Lead_Score_Feedback__c": None}, user=ours)
    needs = Needs({"Lead": ("Lead_Score_Feedback__c",)}, {"Lead": ("Lead_Score_Feedback__c",)},
                  feedback=("Lead_Score_Feedback__c",))  # fmt: skip
    feedback = reader.fetch("Lead", [id], needs)[0].feedback
    assert feedback is not None
    assert [(one.value, one.before, one.hand) for one in feedback.answers] == [
        ("true_sql", "", "unknown"), ("", "true_sql", "program"),
    ]  # fmt: skip


def test_an_answer_of_which_nothing_is_tracked_is_only_held(org: Org, reader: SalesforceReader) -> None:
    org.install("Lead", ["feedback"])
    id = org.lead(Lead_Score_Feedback__c="true_sql")
    needs = Needs({"Lead": ("Lead_Score_Feedback__c",)}, {}, feedback=("Lead_Score_Feedback__c",))
    feedback = reader.fetch("Lead", [id], needs)[0].feedback
    assert feedback is not None
    assert (feedback.answers, feedback.held) == ((), "true_sql")


def test_the_org_says_what_it_is(org: Org, reader: SalesforceReader) -> None:
    account = reader.account()
    assert (account.crm, account.id, account.name, account.kind, account.time_zone) == (
        "salesforce", org.sandbox.organization_id, "Acme", "sandbox", "America/New_York",
    )  # fmt: skip
    quota = reader.quota()
    assert (quota.limit, quota.used) == (100_000, 1)


def test_the_calls_of_the_day_are_known_without_a_call_of_its_own(org: Org, reader: SalesforceReader) -> None:
    assert reader.quota().limit == 100_000
    for expected in (2, 3):
        reader.account()
        assert reader.quota().used == expected
    assert org.requests("limits") == 1


def test_streams_are_those_that_the_models_touch(org: Org, reader: SalesforceReader) -> None:
    assert reader.streams(TITLES) == ("leads", "contacts", "archived")
    many = Needs({**TITLES.properties, "Account": ("Industry",), "Opportunity": ("StageName",)}, {},
                 activities=frozenset({"call", "campaign_response"}))  # fmt: skip
    assert reader.streams(many) == (
        "accounts", "leads", "contacts", "opportunities", "contact_roles", "campaign_members", "tasks", "archived",
    )  # fmt: skip
    with pytest.raises(KeyError, match="no stream 'deals'"):
        next(reader.read("deals", None, TITLES, org.now()))


def test_an_org_that_hides_everybody_is_no_empty_one(org: Org, reader: SalesforceReader) -> None:
    org.post("faults", kind="status", status=404, path="describe", count=0, body={"errorCode": "NOT_FOUND"})
    with pytest.raises(AccessDenied, match="Leads and Contacts are hidden"):
        reader.streams(TITLES)


def test_what_falls_mute_is_told(reader: SalesforceReader) -> None:
    needs = Needs({"Lead": ("Title", "Gone__c"), "Contact": ("Title", "Gone__c")}, {},
                  lists=("Hot",), activities=frozenset({"page_view", "unsubscribe"}))  # fmt: skip
    missing = {found.name: found for found in reader.capabilities(needs) if not found.available}
    assert set(missing) == {
        "field Lead and Contact.Gone__c", "activities from elsewhere", "history of Lead", "history of Contact",
        "list Hot",
    }  # fmt: skip
    assert missing["activities from elsewhere"].activities == ("page_view",)
    assert missing["history of Lead"].activities == ("unsubscribe",)


def test_sharing_that_hides_records_without_an_error_is_told(org: Org, reader: SalesforceReader) -> None:
    with org.sandbox.org.transaction():
        org.sandbox.org.db.execute("""UPDATE "o_Organization" SET "DefaultLeadAccess"='None'""")
    (sharing,) = [found for found in reader.capabilities(TITLES) if found.name == "sharing"]
    assert sharing.detail.startswith("Lead records are private")


def test_the_fill_rate_of_a_field_that_nobody_has_is_refused(reader: SalesforceReader) -> None:
    with pytest.raises(Rejected, match="No such column"):
        reader.filled("Lead", "Nothing__c")


def test_the_stages_are_the_values_of_the_field(reader: SalesforceReader) -> None:
    assert reader.stages("Status")[:2] == ("Open - Not Contacted", "Working - Contacted")


def test_thousands_of_one_second_and_short_pages_lose_nobody(org: Org, reader: SalesforceReader) -> None:
    org.post("settings", page_size=300, short_pages=True)
    ids = org.make_all("Lead", [{"LastName": str(number), "Company": "Acme"} for number in range(2_300)])
    pages = read(org, reader, "leads")
    assert sorted(id for page in pages for id in (record.id for record in page.records)) == sorted(ids)
    left = [page.remaining for page in pages if page.remaining is not None]
    assert left == sorted(left, reverse=True)
    assert left[-1] == 0


def test_a_question_that_takes_too_long_is_asked_smaller(org: Org, reader: SalesforceReader) -> None:
    ids = org.make_all("Lead", [{"LastName": str(number), "Company": "Acme"} for number in range(700)])
    slow = {"errorCode": "QUERY_TIMEOUT", "message": "Your query request was running for too long."}
    org.post("faults", kind="status", status=400, body=slow, path="LIMIT(%20|[+])2000", count=0)
    assert sorted(records(read(org, reader, "leads"))) == sorted(ids)
    assert org.get("faults")["faults"][0]["hits"] == 3


def test_one_that_was_committed_late_with_an_older_time_is_seen(org: Org, reader: SalesforceReader) -> None:
    org.advance(HOUR)
    cursor = read(org, reader, "leads")[-1].cursor
    late = org.lead(LastName="Late")
    org.post("people/edit", object="Lead", id=late, values={"Title": "CEO"}, at=NOW + HOUR - 300_000)
    org.advance(HOUR)
    assert list(records(read(org, reader, "leads", cursor=cursor))) == [late]
