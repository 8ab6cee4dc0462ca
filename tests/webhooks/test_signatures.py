"""Only what the CRM signed, for this address and just now, comes in."""

import hashlib
import json
import random
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from tests.webhooks.door import NOW, OLD_SECRET, PUBLIC, SECRET, Door, event, open_door, serving, signature, signed
from webhooks.signatures import Refused, check, sign_v1, sign_v3, signed_uri

# HubSpot's own vectors, from the tests of its API clients.
_VECTOR_SECRET = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
_VECTOR_BODY = b"{'example_field':'example_value'}"
_VECTOR_URI = b"https://www.example.com/webhook_uri"
_VECTOR_V3 = "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y="
_VECTOR_V1 = "69fc6631a867edd4f9e9e627fc5c1148e3fbdd8b21837b6d2b8901c1fa57f750"
BODY = json.dumps([event()]).encode()


def test_hubspots_published_vectors_hold() -> None:
    assert sign_v3(_VECTOR_SECRET, "POST", _VECTOR_URI, _VECTOR_BODY, b"1693657560000").decode() == _VECTOR_V3
    assert sign_v1(_VECTOR_SECRET, _VECTOR_BODY).decode() == _VECTOR_V1
    headers = {"X-HubSpot-Signature-v3": _VECTOR_V3, "X-HubSpot-Request-Timestamp": "1693657560000"}
    check(headers, _VECTOR_BODY, uri=_VECTOR_URI, secrets=[_VECTOR_SECRET], now=1693657560000)


def test_twelve_escapes_are_decoded_once_and_no_other() -> None:
    all_twelve = b"%3A%2F%3F%40%21%24%27%28%29%2A%2C%3B"
    assert signed_uri("https://a.example/x", all_twelve) == b"https://a.example/x?:/?@!$'()*,;"
    others = b"a=%20%26%3D%2B%22%7B%25%252F&b=+"
    assert signed_uri("https://a.example/x", others) == b"https://a.example/x?" + others
    assert signed_uri("https://a.example/x", b"") == b"https://a.example/x"


@pytest.mark.parametrize("away", [-300_000, 0, 300_000])
def test_a_timestamp_within_five_minutes_is_taken(door: Door, away: int) -> None:
    assert door.post(BODY, signed(BODY, timestamp=str(NOW + away))).status == 200


@pytest.mark.parametrize(
    "timestamp",
    [
        *(str(NOW - 300_001), str(NOW + 300_001), str(NOW + 3_600_000), "nan", "1e999", "inf", "-1800000000000", ""),
        *(
            "1800000000",
            "18000000000000",
            "1800000000000.0",
            " 1800000000 00",
            "１８０００００００００００",
            "180000000000²",
        ),
    ],
)
def test_any_other_timestamp_is_refused_though_rightly_signed(door: Door, timestamp: str) -> None:
    assert door.post(BODY, signed(BODY, timestamp=timestamp)).status == 401
    assert not door.inbox.kept


def _forgeries() -> Iterable[tuple[bytes, list[tuple[str, str]]]]:
    right = signature(BODY)
    name, when = "X-HubSpot-Signature-v3", ("X-HubSpot-Request-Timestamp", str(NOW))
    wrong = ["", right[:-1], right[:10], right + "=", right.swapcase(), right.lower(), "ü" * 44, "\u00b2" + right[1:]]
    wrong += [
        right.rstrip("="),
        right.replace("=", "%3D"),
        "null",
        hashlib.sha256(BODY).hexdigest(),
        f"{right},{right}",
    ]
    wrong += [signature(BODY, secret=secret) for secret in ("other", "", SECRET.upper(), SECRET + " ", OLD_SECRET)]
    for uri in (
        "http" + PUBLIC[5:],
        PUBLIC + "/",
        PUBLIC + "?",
        PUBLIC + "?a=1",
        PUBLIC.replace("/leads", ""),
        "",
        "/",
    ):
        wrong.append(signature(BODY, uri))
    for one in wrong:
        yield BODY, [(name, one), when]
    yield BODY, []
    yield BODY, [(name, right)]
    yield BODY, [when]
    yield BODY, [(name, right), (name, right), when]
    yield BODY, [(name, "forged"), (name, right), when]
    yield BODY, [(name, right), when, when]
    yield BODY, [(name, right), ("X-HubSpot-Request-Timestamp", str(NOW - 1))]
    yield BODY, [("X-HubSpot-Signature", right), when]
    v1 = hashlib.sha256(SECRET.encode() + BODY).hexdigest()
    yield BODY, [("X-HubSpot-Signature", v1), ("X-HubSpot-Signature-Version", "v1"), when]
    for other in (json.dumps(json.loads(BODY), separators=(",", ":")).encode(), BODY + b"\n", b"", BODY.upper()):
        yield other, [(name, right), when]
    rng = random.Random(3)
    # Every byte of the body counts, and every sign of the signature.
    for at in range(len(BODY)):
        yield BODY[:at] + bytes([BODY[at] ^ (1 << rng.randrange(8))]) + BODY[at + 1 :], [(name, right), when]
    for at in range(len(right) - 1):
        for sign in rng.sample("ABCDwxyz0189+/", 4):
            if sign != right[at]:
                yield BODY, [(name, right[:at] + sign + right[at + 1 :]), when]


def test_no_forgery_comes_in(door: Door) -> None:
    forgeries = list(_forgeries())
    assert len(forgeries) >= 500
    statuses = [door.post(body, headers).status for body, headers in forgeries]
    assert set(statuses) <= {400, 401}
    assert not door.inbox.kept
    assert door.post(BODY, signed(BODY)).status == 200


def test_a_call_replayed_later_is_refused() -> None:
    headers = signed(BODY)
    check(headers, BODY, uri=PUBLIC.encode(), secrets=[SECRET], now=NOW + 299_000)
    with pytest.raises(Refused, match="five minutes"):
        check(headers, BODY, uri=PUBLIC.encode(), secrets=[SECRET], now=NOW + 300_001)


@pytest.mark.parametrize("secrets", [(), ("",), (SECRET, "")])
def test_a_missing_secret_refuses_and_never_skips_the_check(secrets: tuple[str, ...]) -> None:
    for secret in ("", SECRET):
        with pytest.raises(Refused, match="no client secret"):
            check(signed(BODY, secret=secret), BODY, uri=PUBLIC.encode(), secrets=secrets, now=NOW)


def test_old_and_new_secret_count_while_they_are_changed() -> None:
    with open_door(secrets=(SECRET, OLD_SECRET)) as door:
        for secret in (SECRET, OLD_SECRET):
            assert door.post(BODY, signed(BODY, secret=secret)).status == 200
        assert door.post(BODY, signed(BODY, secret="third")).status == 401


def test_v1_counts_only_where_it_is_configured_and_never_beside_v3() -> None:
    v1 = hashlib.sha256(SECRET.encode() + BODY).hexdigest()
    headers = {"X-HubSpot-Signature": v1, "X-HubSpot-Signature-Version": "v1"}
    with open_door() as door:
        assert door.post(BODY, headers).status == 401
    with open_door(accept_v1=True) as door:
        assert door.post(BODY + b" ", headers).status == 401
        assert door.post(BODY, {**headers, "X-HubSpot-Signature-Version": "v2"}).status == 401
        assert door.post(BODY, {**headers, "X-HubSpot-Signature-v3": "forged"}).status == 401
        assert not door.inbox.kept
        assert door.post(BODY, headers).status == 200


def _without_prefix(prefix: str, to: Callable[[bytes, list[tuple[str, str]], str], Any]) -> Any:
    """A reverse proxy that takes `prefix` off the path, renames the host and passes the query as it came."""

    def proxy(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        path = environ["PATH_INFO"].removeprefix(prefix)
        if environ["QUERY_STRING"]:
            path += "?" + environ["QUERY_STRING"]
        names = ("HTTP_X_HUBSPOT_SIGNATURE_V3", "HTTP_X_HUBSPOT_REQUEST_TIMESTAMP")
        headers = [(name[5:].replace("_", "-"), environ[name]) for name in names]
        answer = to(environ["wsgi.input"].read(), headers, path)
        start(f"{answer.status} .", [("Content-Length", str(len(answer.body)))])
        return [answer.body]

    return proxy


def test_behind_a_proxy_with_a_path_prefix_and_an_encoded_query_what_is_signed_comes_in(door: Door) -> None:
    queries = [
        "",
        "a=1",
        "next=https%3A%2F%2Fb.example%2F%3Fx&w=%22%7B%7D%20%26+%2B",
        "q=%C3%BC&r=%2C%3B%27%28%29%2A%21%24%40",
    ]
    plain = ["", "a=1", "next=https://b.example/?x&w=%22%7B%7D%20%26+%2B", "q=%C3%BC&r=,;'()*!$@"]
    with serving(_without_prefix("/leads", door.post)) as port:
        outside = Door(port, door.inbox, [])
        for number, (query, decoded) in enumerate(zip(queries, plain, strict=True)):
            body = json.dumps([event(eventId=number)]).encode()
            headers = signed(body, uri=PUBLIC + ("?" + decoded if decoded else ""))
            path = "/leads/webhooks/hubspot" + ("?" + query if query else "")
            assert outside.post(body, headers, path).status == 200
            assert outside.post(body, headers, path + ("&z" if query else "?z")).status == 401
    assert len(door.inbox.deliveries) == 4
