"""Whether a request really comes from the CRM, and just now: the signatures of HubSpot, checked over bytes.

The algorithms are those of HubSpot's page "Validating requests": v3 is base64(HMAC-SHA256(secret, method + URI + body
+ timestamp)), v1 is hex(SHA-256(secret + body)) and knows neither address nor time.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence

V3, TIMESTAMP = "X-HubSpot-Signature-v3", "X-HubSpot-Request-Timestamp"
V1, VERSION = "X-HubSpot-Signature", "X-HubSpot-Signature-Version"
HEADERS = (V3, TIMESTAMP, V1, VERSION)
OLDEST = 300_000
"""How far a timestamp may lie from our clock, before or after, in ms: HubSpot's own five minutes."""

_DECODED = {
    b"%3A": b":", b"%2F": b"/", b"%3F": b"?", b"%40": b"@", b"%21": b"!", b"%24": b"$",
    b"%27": b"'", b"%28": b"(", b"%29": b")", b"%2A": b"*", b"%2C": b",", b"%3B": b";",
}  # fmt: skip
_ENCODED = re.compile(b"|".join(_DECODED), re.IGNORECASE)
_INSTANT = re.compile(rb"[0-9]{13}")


class Refused(Exception):
    """The request is not to be trusted: answer 401. The message may be shown to the caller."""


def signed_uri(public_url: str, query: bytes) -> bytes:
    """The address as HubSpot signs it: twelve escapes are decoded, once, and all others stay as they came.

    `public_url` is where the world reaches the door, path prefix included, and not what a proxy made of it; `query`
    is the query string as received, without its question mark.
    """
    uri = public_url.encode() + (b"?" + query if query else b"")
    return _ENCODED.sub(lambda found: _DECODED[found[0].upper()], uri)


def sign_v3(secret: str, method: str, uri: bytes, body: bytes, timestamp: bytes) -> bytes:
    """The value of the v3 header. `uri` is a `signed_uri`, `timestamp` 13 digits of ms UTC."""
    message = method.encode() + uri + body + timestamp
    return base64.b64encode(hmac.new(secret.encode(), message, hashlib.sha256).digest())


def sign_v1(secret: str, body: bytes) -> bytes:
    """The value of the v1 header."""
    return hashlib.sha256(secret.encode() + body).hexdigest().encode()


def check(
    headers: Mapping[str, str],
    body: bytes,
    *,
    uri: bytes,
    secrets: Sequence[str],
    now: int,
    accept_v1: bool = False,
    method: str = "POST",
) -> None:
    """Returns when one of the secrets signed exactly these bytes for this address within five minutes of `now`.

    Raises Refused otherwise, always when there is no secret. `uri` is a `signed_uri`; `headers` has those of
    HEADERS that came, under these names. v1 counts only with `accept_v1` and where no v3 header came: it can be
    replayed at any time.
    """
    if not secrets or not all(secrets):
        raise Refused("no client secret is configured")
    sent = headers.get(V3)
    if sent is not None:
        timestamp = _bytes(headers.get(TIMESTAMP, ""))
        _check_time(timestamp, now)
        expected = [sign_v3(secret, method, uri, body, timestamp) for secret in secrets]
    elif accept_v1 and headers.get(VERSION) == "v1":
        sent = headers.get(V1, "")
        expected = [sign_v1(secret, body) for secret in secrets]
    else:
        raise Refused(f"the header {V3} is missing")
    # Every secret is compared, so that the time taken does not tell which of them was near.
    if not sum([hmac.compare_digest(_bytes(sent), one) for one in expected]):
        raise Refused("the signature does not fit the address, the body and a configured secret")


def _check_time(timestamp: bytes, now: int) -> None:
    if not _INSTANT.fullmatch(timestamp):
        raise Refused(f"the header {TIMESTAMP} is not a time of 13 digits")
    if abs(now - int(timestamp)) > OLDEST:
        raise Refused("the timestamp is more than five minutes away from this machine's clock")


def _bytes(header: str) -> bytes:
    """Strings beyond ASCII cannot be compared in constant time; bytes can."""
    return header.encode("utf-8", "replace")
