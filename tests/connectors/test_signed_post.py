"""A post goes to the address that was checked and to no other, and the receiver can tell that it is ours."""

import base64
import ssl
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from connectors.signed_post import Message, Poster, key_of, signed_headers
from tests.connectors.portal import NOW
from tests.notices.hooks import Hooks, hooks

KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()
MESSAGE = Message("msg_1", b'{"test": 2432232314}', NOW)
CERTIFICATE = Path(__file__).with_name("hooks_example.pem")
"""Made for this name, which leads nowhere, and signed by itself."""


def here(_host: str, _port: int) -> Sequence[str]:
    return ["127.0.0.1"]


@pytest.fixture
def secure() -> Iterator[Hooks]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    with hooks(context) as made:
        yield made


def test_a_signature_is_that_of_the_published_example() -> None:
    """The example with which libraries for Standard Webhooks test themselves."""
    key = key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    example = Message("msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}', 1_614_265_330_000)
    assert signed_headers(example, [key]) == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_AAAA", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_no base64!"])
def test_what_is_no_secret_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match="whsec_ and then 24 to 64"):
        key_of(secret)


def test_over_tls_the_certificate_must_be_that_of_the_name_though_the_checked_address_is_called(secure: Hooks) -> None:
    poster = Poster([KEY], allow_loopback=True, resolve=here, trusted=str(CERTIFICATE))
    assert poster.post(f"https://hooks.example:{secure.port}/x", MESSAGE).outcome == "taken"
    (came,) = secure.came
    assert came.headers["host"] == f"hooks.example:{secure.port}"
    assert came.signed_with(SECRET)
    other = poster.post(f"https://other.example:{secure.port}/x", MESSAGE)
    assert (other.outcome, len(secure.came)) == ("later", 1)


def test_a_certificate_that_nobody_trusts_gets_nothing(secure: Hooks) -> None:
    poster = Poster([KEY], allow_loopback=True, resolve=here)
    answer = poster.post(f"https://hooks.example:{secure.port}/x", MESSAGE)
    assert (answer.outcome, secure.came) == ("later", [])
    assert "SSL" in answer.words


def test_a_name_that_leads_inside_is_refused_before_anything_is_sent() -> None:
    with hooks() as made:
        answer = Poster([KEY], resolve=here).post(f"https://hooks.example:{made.port}/secret-path", MESSAGE)
        assert (answer.outcome, made.came) == ("never", [])
        assert answer.words.startswith("hooks.example leads to 127.0.0.1")
        assert "secret-path" not in answer.words


def test_without_encryption_nothing_is_sent() -> None:
    with hooks() as made:
        answer = Poster([KEY], resolve=here).post(made.url, MESSAGE)
        assert (answer.outcome, made.came) == ("never", [])


def test_a_redirect_inwards_is_not_followed() -> None:
    with hooks() as inside, hooks() as made:
        made.answers = [(307, {"Location": inside.url})]
        answer = Poster([KEY], allow_loopback=True).post(made.url, MESSAGE)
        assert (answer.outcome, inside.came) == ("later", [])
        assert "Redirects are not followed" in answer.words


def test_the_name_is_asked_for_once_so_that_it_cannot_lead_elsewhere_later() -> None:
    asked: list[str] = []

    def resolve(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    with hooks() as made:
        poster = Poster([KEY], allow_loopback=True, resolve=resolve)
        assert poster.post(f"http://hooks.example:{made.port}/x", MESSAGE).outcome == "taken"
    assert asked == ["hooks.example"]


def test_where_one_address_is_silent_the_next_one_is_called() -> None:
    with hooks() as made:
        poster = Poster([KEY], allow_loopback=True, resolve=lambda _host, _port: ["::1", "127.0.0.1"])
        assert poster.post(f"http://hooks.example:{made.port}/x", MESSAGE).outcome == "taken"


def test_a_name_that_nobody_knows_is_tried_later() -> None:
    def unknown(_host: str, _port: int) -> Sequence[str]:
        raise OSError("unknown")

    assert Poster([KEY], resolve=unknown).post("https://hooks.example/x", MESSAGE).outcome == "later"
