"""One client for all of Salesforce: its session is kept and renewed, and errors mean what their code says."""

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from connectors.budget import LocalBudget
from connectors.errors import QuotaExhausted, RetryLater, TokenRefused
from connectors.http import Patience
from connectors.salesforce.answers import Forbidden, Refused
from connectors.salesforce.client import Client
from connectors.salesforce.connect import connect
from connectors.salesforce.login import Credentials
from tests.connectors.salesforce.org import HOUR, Org

TOKENS = "oauth2/token"
COUNT = "SELECT COUNT() FROM Lead"


def key() -> str:
    made = rsa.generate_private_key(65537, 2048)
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def test_a_client_secret_opens_the_org_once_for_many_calls(org: Org) -> None:
    org.lead()
    client = org.client()
    assert [client.query(COUNT)["totalSize"] for _ in range(3)] == [1, 1, 1]
    assert org.requests(TOKENS) == 1


def test_a_signed_key_opens_the_org_too(org: Org) -> None:
    settings = org.sandbox.org.settings
    client = org.client(Credentials(settings.client_id, username=settings.username, private_key=key()))
    assert client.query(COUNT)["totalSize"] == 0


@pytest.mark.parametrize(
    ("credentials", "words"),
    [
        (Credentials("3MVG9sandbox.consumer.key", "wrong"), "invalid_client"),
        (Credentials("other", username="leadscore@acme.example", private_key=key()), "invalid_grant"),
        (Credentials("3MVG9sandbox.consumer.key", username="a@b.example", private_key="-"), "BEGIN PRIVATE KEY"),
    ],
)
def test_credentials_that_open_nothing_are_told_at_once(org: Org, credentials: Credentials, words: str) -> None:
    with pytest.raises(TokenRefused, match=words):
        org.client(credentials).query(COUNT)
    assert org.clock.slept == []


def test_credentials_that_are_not_whole_are_refused_before_any_call() -> None:
    with pytest.raises(ValueError, match="client secret, or with a username"):
        Credentials("id", username="someone@acme.example")


def test_a_secret_is_not_shown() -> None:
    assert "hidden" not in repr(Credentials("id", "hidden", "me", "hidden"))


def test_a_session_that_is_over_is_renewed_without_a_word(org: Org) -> None:
    client = org.client()
    client.query(COUNT)
    org.advance(3 * HOUR)
    assert client.query(COUNT)["totalSize"] == 0
    assert org.requests(TOKENS) == 2


def test_sessions_that_are_never_taken_end_after_one_new_one(org: Org) -> None:
    org.post("faults", kind="expired_token", path="/services/data", count=100)
    with pytest.raises(TokenRefused, match="does not take them"):
        org.client().query(COUNT)
    assert org.requests(TOKENS) == 2


def test_calls_of_the_day_are_counted_from_the_answers_and_a_share_is_left(org: Org) -> None:
    org.post("limits", daily=1_000, used=890)
    client = org.client()
    for _ in range(10):
        client.query(COUNT)
    with pytest.raises(QuotaExhausted, match="last tenth free"):
        for _ in range(10):
            client.query(COUNT)
    assert org.get("limits")["used"] <= 902


def test_the_org_saying_no_more_calls_today_stops_all(org: Org) -> None:
    client = org.client()
    client.query(COUNT)
    org.post("limits", used=100_000)
    with pytest.raises(QuotaExhausted):
        client.query(COUNT)
    before = org.get("requests")["total"]
    with pytest.raises(QuotaExhausted):
        client.query(COUNT)
    assert org.get("requests")["total"] == before


def test_too_many_at_once_is_waited_for(org: Org) -> None:
    org.post("faults", kind="burst", path="/query", count=2)
    assert org.client().query(COUNT)["totalSize"] == 0
    assert len(org.clock.slept) == 2


@pytest.mark.parametrize("status", [406, 420, 429, 500, 503])
def test_what_passes_is_tried_again(org: Org, status: int) -> None:
    org.post("faults", kind="status", status=status, path="/query", count=2)
    assert org.client().query(COUNT)["totalSize"] == 0


def test_what_does_not_pass_ends_with_a_sentence(org: Org) -> None:
    org.post("faults", kind="status", status=503, path="/query", count=1_000)
    with pytest.raises(RetryLater, match="nothing is lost"):
        org.client(patience=Patience(total=10)).query(COUNT)


def test_a_refusal_carries_its_code_and_words(org: Org) -> None:
    with pytest.raises(Refused, match="No such column 'Nothing'") as told:
        org.client().query("SELECT Nothing FROM Lead")
    assert (told.value.code, told.value.status) == ("INVALID_FIELD", 400)


def test_what_our_user_may_not_is_no_bad_token(org: Org) -> None:
    body = {"errorCode": "INSUFFICIENT_ACCESS", "message": "insufficient access rights"}
    org.post("faults", kind="status", status=400, body=body, path="/query")
    with pytest.raises(Forbidden, match="insufficient access rights"):
        org.client().query(COUNT)


def test_half_an_answer_and_a_page_of_somebody_else_are_asked_again(org: Org) -> None:
    org.post("faults", kind="half_body", path="/query")
    assert org.client().query(COUNT)["totalSize"] == 0
    org.post("faults", kind="status", status=200, body={}, path="/query")
    with pytest.raises(RetryLater, match="not in its form"):
        org.client().query(COUNT)


def test_all_rows_come_whatever_the_pages(org: Org) -> None:
    org.post("settings", page_size=4, short_pages=True)
    ids = [org.lead() for _ in range(11)]
    assert [row["Id"] for row in org.client().rows("SELECT Id FROM Lead ORDER BY Id")] == sorted(ids)


def test_an_address_that_can_be_none_is_refused(org: Org) -> None:
    budget = LocalBudget(tick=lambda: 0.0, wall=lambda: 0)
    with pytest.raises(ValueError, match="API version"):
        Client(org.credentials, budget, org.sandbox.url, version="v66")
    with pytest.raises(ValueError, match="not the address of an org"):
        Client(org.credentials, budget, "http://acme.my.salesforce.com")


def test_one_call_opens_all_that_reads_and_writes(org: Org) -> None:
    opened = connect(org.credentials, org.sandbox.url, batch=10_000)
    try:
        assert opened.reader.account().id == org.sandbox.organization_id
        assert opened.writer.batch == 10_000
        assert opened.stages.stage_order("Status")[0] == "Open - Not Contacted"
        assert opened.tasks.owners()
    finally:
        opened.close()
