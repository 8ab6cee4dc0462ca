"""Posts a signed message to an address of the customer's choice, as Standard Webhooks says."""

import base64
import binascii
import hashlib
import hmac
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal
from urllib.parse import urlsplit

import requests.utils
import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from connectors.http import retry_after
from connectors.public_address import NotPublic, Resolve, checked_addresses, resolved

SECRET_PREFIX = "whsec_"  # noqa: S105 (how such secrets begin)
_TIMEOUT = urllib3.Timeout(connect=5.0, read=10.0)
_GONE = 410


@dataclass(frozen=True, slots=True)
class Message:
    """What is posted. `id` is the same on every try, and unlike that of any other message; `at` is the instant of this
    try."""

    id: str
    body: bytes
    at: int


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of a message. `later`: try again, after `seconds` at least if the receiver said so. `never`: trying
    again leads nowhere. `words` say what happened, without the address's path, which may be a secret."""

    outcome: Literal["taken", "later", "never"]
    words: str = ""
    seconds: float | None = None


def key_of(secret: str) -> bytes:
    """The key in a secret such as `whsec_...`. Raises ValueError for anything else."""
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not secret.startswith(SECRET_PREFIX) or not 24 <= len(key) <= 64:
        raise ValueError("is no secret: write whsec_ and then 24 to 64 random bytes in base64")
    return key


def signed_headers(message: Message, keys: Sequence[bytes]) -> dict[str, str]:
    """The headers by which a receiver that holds any one of the keys knows that the message is ours and whole."""
    seconds = str(message.at // 1000)
    content = f"{message.id}.{seconds}.".encode() + message.body
    marks = (base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode() for key in keys)
    signature = " ".join(f"v1,{mark}" for mark in marks)
    return {"webhook-id": message.id, "webhook-timestamp": seconds, "webhook-signature": signature}


@dataclass
class Poster:
    """Posts to public addresses; `allow_loopback` is for tests and development, on this machine only. Redirects are
    not followed, proxies not used, answers not read. Threads may share it."""

    keys: Sequence[bytes] = field(repr=False)
    allow_loopback: bool = False
    resolve: Resolve = resolved
    trusted: str | None = None

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.trusted or requests.utils.DEFAULT_CA_BUNDLE_PATH)

    def post(self, url: str, message: Message) -> Posted:
        """Sends once. Raises nothing: every outcome is told."""
        place = urlsplit(url)
        host, port = place.hostname or "", place.port or (443 if place.scheme == "https" else 80)
        if place.scheme != "https" and not self.allow_loopback:
            return Posted("never", f"{host} would be called unencrypted. Write https:// in LEADSCORE_NOTIFY_URL.")
        try:
            addresses = checked_addresses(host, port, allow_loopback=self.allow_loopback, resolve=self.resolve)
        except NotPublic as refused:
            return Posted("never", str(refused))
        except (OSError, ValueError):
            return Posted("later", f"{host} is not known to the name service.")
        path = (place.path or "/") + (f"?{place.query}" if place.query else "")
        headers = {"Host": place.netloc, "Content-Type": "application/json", "User-Agent": "leadscore"}
        headers |= signed_headers(message, self.keys)
        failure: Exception | None = None
        for address in addresses:
            try:
                with self._pool(place.scheme, address, host, port) as pool:
                    status, told = _send(pool, path, message.body, headers)
                return _judged(host, status, told, message.at)
            except (HTTPError, OSError) as error:
                failure = error
                if not isinstance(error, NewConnectionError | ConnectTimeoutError):
                    break  # it may have arrived: no other address gets it too
        return Posted("later", f"{host} could not be reached or did not answer: {type(failure).__name__}.")

    def _pool(self, scheme: str, address: str, host: str, port: int) -> urllib3.HTTPConnectionPool:
        """Connections to the address that was checked; the certificate must still be that of the host."""
        if scheme == "https":
            return urllib3.HTTPSConnectionPool(
                address, port, ssl_context=self._trust, server_hostname=host, assert_hostname=host, maxsize=1
            )
        return urllib3.HTTPConnectionPool(address, port, maxsize=1)


def _send(
    pool: urllib3.HTTPConnectionPool, path: str, body: bytes, headers: Mapping[str, str]
) -> tuple[int, Mapping[str, str]]:
    answer = pool.urlopen(
        "POST", path, body=body, headers=headers, redirect=False, retries=False, timeout=_TIMEOUT, preload_content=False
    )
    answer.close()
    return answer.status, answer.headers


def _judged(host: str, status: int, headers: Mapping[str, str], now: int) -> Posted:
    if 200 <= status < 300:
        return Posted("taken")
    if status == _GONE:
        return Posted("never", f"{host} answered 410: it wants no more of this. Take it out of LEADSCORE_NOTIFY_URL.")
    wait = next((value for name, value in headers.items() if name.lower() == "retry-after"), None)
    moved = " Redirects are not followed; give the address that they lead to." if 300 <= status < 400 else ""
    return Posted("later", f"{host} answered {status}.{moved}", retry_after(wait, now))
