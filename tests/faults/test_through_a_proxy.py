"""What HubSpot's own client signs comes in through a reverse proxy, and nothing else does."""

import http.client
import json
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hubspot.utils.signature import Signature

from leadscore.cli.clock import now
from leadscore.store import deliveries
from leadscore.store.database import open_store, reading
from tests.serve.service import PUBLIC, SECRET, change, place

PREFIX = urlsplit(PUBLIC).path
ENCODED = "?next=https%3A%2F%2Fb.example%2F%3Fx&w=%22%7B%7D%20%26+%2B&name=Zo%C3%AB%27s"
AS_SIGNED = "?next=https://b.example/?x&w=%22%7B%7D%20%26+%2B&name=Zo%C3%AB's"
"""The same with the escapes decoded that HubSpot's page on validating requests lists, and no others."""


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """The port of the proxy, and where the store is."""
    with place(tmp_path, f"sqlite:///{tmp_path / 'store.db'}") as site:
        site.bind()
        _, said = site.start("serve", "--web-only", "--listen", "127.0.0.1:0")
        command = [sys.executable, str(Path(__file__).with_name("proxy_process.py")), said["url"], PREFIX]
        proxy = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert proxy.stdout is not None
            yield int(proxy.stdout.readline()), tmp_path / "store.db"
        finally:
            proxy.kill()
            proxy.communicate()


def send(
    port: int, body: bytes, stamp: str, signature: str, query: str, path: str = f"{PREFIX}/webhooks/hubspot"
) -> int:
    wire = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        headers = {"X-HubSpot-Signature-v3": signature, "X-HubSpot-Request-Timestamp": stamp}
        wire.request("POST", path + query, body, headers | {"Content-Type": "application/json"})
        return wire.getresponse().status
    finally:
        wire.close()


def signed(body: bytes, stamp: str, query: str, secret: str = SECRET) -> str:
    """By HubSpot's own client, which then finds it valid too."""
    uri, text = f"{PUBLIC}/webhooks/hubspot{query}", body.decode()
    made = Signature.get_signature(secret, text, "v3", http_uri=uri, http_method="POST", timestamp=stamp)
    assert Signature.is_valid(made, secret, text, uri, "POST", "v3", stamp)
    return str(made)


def kept(store: Path) -> int:
    engine = open_store(f"sqlite:///{store}")
    with reading(engine) as connection:
        states = deliveries.count_states(connection)
    engine.dispose()
    return sum(states.values())


def test_what_hubspots_own_client_signs_comes_in_and_any_altered_byte_is_refused(outside: tuple[int, Path]) -> None:
    port, store = outside
    events = [change(100 + number, f"Zoë {number}", number) for number in range(5)]
    body = json.dumps(events, ensure_ascii=False).encode()
    stamp = str(now())
    signature = signed(body, stamp, AS_SIGNED)
    draw = random.Random(5)
    refused: list[int] = []
    for at in range(0, len(body), 7):
        other = body[:at] + bytes([body[at] ^ (1 << draw.randrange(8))]) + body[at + 1 :]
        refused.append(send(port, other, stamp, signature, ENCODED))
    for at in range(len(signature) - 1):
        other_sign = "A" if signature[at] != "A" else "B"
        refused.append(send(port, body, stamp, signature[:at] + other_sign + signature[at + 1 :], ENCODED))
    for at in range(len(stamp)):
        other_stamp = stamp[:at] + str((int(stamp[at]) + 1) % 10) + stamp[at + 1 :]
        refused.append(send(port, body, other_stamp, signature, ENCODED))
    for at in range(1, len(ENCODED)):
        if ENCODED[at].isalnum() and ENCODED[at - 1] not in "%" and ENCODED[at - 2] not in "%":
            query = ENCODED[:at] + ("z" if ENCODED[at] != "z" else "y") + ENCODED[at + 1 :]
            refused.append(send(port, body, stamp, signature, query))
    refused += [
        send(port, body + b" ", stamp, signature, ENCODED),
        send(port, body[:-1], stamp, signature, ENCODED),
        send(port, body, stamp, signature, ""),
        send(port, body, stamp, signature, AS_SIGNED.replace("%20", " ").replace(" ", "+")),
        send(port, body, stamp, signed(body, stamp, AS_SIGNED, "another-secret"), ENCODED),
    ]
    assert set(refused) == {401}
    assert len(refused) > 150
    assert kept(store) == 0
    assert send(port, body, stamp, signature, ENCODED) == 200
    assert send(port, body, stamp, signed(body, stamp, "", "the one before"), "") == 200, "the secret of before"
    assert kept(store) == 5
