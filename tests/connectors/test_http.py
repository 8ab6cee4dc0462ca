"""Waits, retries and broken connections: the server's own wait wins, and giving up says what to do."""

import contextlib
import socket
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from pathlib import Path

import pytest

from connectors.errors import AccessDenied, QuotaExhausted, RetryLater
from connectors.http import LONGEST_WAIT, Patience, retry_after
from connectors.hubspot.connect import connect
from connectors.protocol import RecordWrite
from tests.connectors.portal import NOW, Clock, Portal, portal

QUICK = Patience(read=0.4)


def test_retry_after_is_read_as_seconds_and_as_a_date_and_capped() -> None:
    assert retry_after("7", NOW) == 7
    assert retry_after(formatdate(NOW / 1000 + 12, usegmt=True), NOW) == pytest.approx(12)
    assert retry_after(formatdate(NOW / 1000 - 12, usegmt=True), NOW) == 0
    assert retry_after("999999999", NOW) == LONGEST_WAIT
    assert retry_after("soon", NOW) is None
    assert retry_after(None, NOW) is None


def test_no_request_is_sent_before_retry_after_is_over(portal: Portal) -> None:
    portal.fault(kind="burst", retry_after=7, count=2)
    portal.open().reader.forms()
    assert portal.clock.seconds >= 14
    assert portal.requests("/marketing/v3/forms") == 1
    assert portal.requests("(fault)") == 2


def test_a_wait_longer_than_our_patience_is_told_at_once(portal: Portal) -> None:
    portal.fault(kind="burst", retry_after=600, count=1)
    hubspot = portal.open(patience=Patience(total=60))
    for _ in range(2):
        with pytest.raises(RetryLater) as told:
            hubspot.reader.forms()
        assert told.value.seconds == pytest.approx(600)
    assert portal.clock.slept == []
    assert portal.get("requests")["total"] == 1


@pytest.mark.parametrize(("kind", "least", "most"), [("burst", 10, 13), ("search", 1, 1.3)])
def test_without_retry_after_the_limit_that_was_met_decides(
    portal: Portal, kind: str, least: float, most: float
) -> None:
    portal.fault(kind=kind, count=1)
    portal.open().reader.forms()
    assert least <= portal.clock.seconds <= most


def test_the_daily_limit_stops_at_once_and_says_when_the_day_ends(portal: Portal) -> None:
    hubspot = portal.open()
    hubspot.reader.account()
    portal.fault(kind="daily", count=0)
    with pytest.raises(QuotaExhausted, match="calls of today") as stopped:
        hubspot.reader.forms()
    assert portal.requests("(fault)") == 1
    assert portal.clock.slept == []
    assert stopped.value.resets_at is not None
    assert NOW < stopped.value.resets_at <= NOW + 86_400_000


def test_a_day_that_is_used_up_is_not_asked_about_again_before_it_ends(portal: Portal) -> None:
    hubspot = portal.open()
    hubspot.reader.account()
    portal.fault(kind="daily", count=1)
    for _ in range(3):
        with pytest.raises(QuotaExhausted) as stopped:
            hubspot.reader.forms()
    assert portal.requests("(fault)") == 1
    assert stopped.value.resets_at is not None
    portal.clock.seconds += (stopped.value.resets_at - NOW) / 1000
    assert len(hubspot.reader.forms()) == 8


@pytest.mark.parametrize("status", [423, 477, 500, 502, 503, 504, 521, 524])
def test_a_busy_server_is_asked_again(portal: Portal, status: int) -> None:
    portal.fault(status=status, count=2)
    assert len(portal.open().reader.forms()) == 8


def test_a_locked_record_waits_two_seconds_at_least(portal: Portal) -> None:
    portal.fault(status=423, count=1)
    portal.open().reader.forms()
    assert portal.clock.seconds >= 2


def test_a_server_that_stays_down_ends_in_one_clear_sentence(portal: Portal) -> None:
    portal.fault(status=503, count=0)
    with pytest.raises(RetryLater, match="HTTP 503"):
        portal.open(patience=Patience(total=30)).reader.forms()
    assert portal.clock.seconds <= 30


@pytest.mark.parametrize("kind", ["reset", "half_body"])
def test_a_broken_connection_is_tried_again(portal: Portal, kind: str) -> None:
    portal.fault(kind=kind, count=2)
    assert len(portal.open().reader.forms()) == 8


def test_a_write_whose_answer_never_came_is_sent_again(portal: Portal) -> None:
    (id,) = portal.import_contacts([{"email": "a@example.com"}])
    hubspot = portal.open(patience=QUICK)
    list(hubspot.installer.carry_out(hubspot.installer.plan([]), []))
    portal.fault(kind="hang", when="after", method="POST", path="batch/update", seconds=2, count=1)
    (answer,) = hubspot.writer.write([RecordWrite("contact", id, {"total": "42"})])
    assert answer.outcome == "written"
    assert hubspot.reader.outputs([id], ["total"])[id] == {"total": "42"}


def test_nobody_at_home_is_one_sentence_after_three_tries() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    clock = Clock()
    hubspot = connect("pat-na1-0000", url=f"http://127.0.0.1:{port}", time=clock.time())
    with pytest.raises(RetryLater, match=r"cannot be reached\. Look at the network"):
        hubspot.reader.account()
    assert len(clock.slept) == 2
    hubspot.close()


def test_an_address_that_is_none_is_refused_before_any_call() -> None:
    with pytest.raises(ValueError, match="is not an address"):
        connect("pat-na1-0000", url="api.hubapi.com")


def test_a_burst_limit_that_is_enforced_is_never_met_not_even_by_threads() -> None:
    with portal() as limited:
        limited.post("limits", enforce=True, burst=20, interval_ms=1500)
        hubspot = connect(limited.sandbox.token, url=limited.sandbox.url)
        hubspot.reader.account()
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(lambda _: hubspot.reader.account(), range(44)))
        assert limited.requests("details") == 45
        hubspot.close()


def test_a_search_limit_that_is_enforced_is_never_met() -> None:
    with portal() as limited:
        limited.post("limits", enforce=True, search_per_second=5)
        hubspot = connect(limited.sandbox.token, url=limited.sandbox.url, share=0.9)
        for _ in range(4):
            hubspot.reader.filled("contact", "jobtitle")
        assert limited.requests("/search") == 8
        hubspot.close()


def test_half_of_the_day_is_left_to_the_customers_other_apps() -> None:
    with portal() as limited:
        limited.post("limits", enforce=True, daily=30)
        hubspot = connect(limited.sandbox.token, url=limited.sandbox.url, share=0.5)
        with pytest.raises(QuotaExhausted, match="its share of the account's 30"):
            for _ in range(30):
                hubspot.reader.account()
        assert limited.requests("details") == 15
        hubspot.close()


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert portal.open().reader.account().id == str(portal.sandbox.portal_id)


def test_a_certificate_that_cannot_be_trusted_stops_at_once() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(Path(__file__).with_name("untrusted.pem"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=shake_hands, args=(listening, context))
        thread.start()
        clock = Clock()
        hubspot = connect("pat-na1-0000", url=f"https://127.0.0.1:{listening.getsockname()[1]}", time=clock.time())
        with pytest.raises(AccessDenied, match="REQUESTS_CA_BUNDLE"):
            hubspot.reader.account()
        thread.join()
    assert clock.slept == []
    hubspot.close()


def shake_hands(listening: socket.socket, context: ssl.SSLContext) -> None:
    """One TLS greeting, which the other side is expected to break off."""
    connection, _ = listening.accept()
    with connection, contextlib.suppress(ssl.SSLError, ConnectionError):
        context.wrap_socket(connection, server_side=True).close()


def test_a_page_of_a_proxy_in_place_of_an_answer_is_no_crash(portal: Portal) -> None:
    portal.fault(kind="status", status=502, body={"html": "<h1>Bad gateway</h1>"}, count=1)
    assert len(portal.open().reader.forms()) == 8


def test_a_password_in_netrc_never_takes_the_place_of_the_token(
    portal: Portal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password something\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    assert portal.open().reader.account().id == str(portal.sandbox.portal_id)
