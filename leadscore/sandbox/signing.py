"""HubSpot's signatures under a webhook, made as its page "validating requests" describes them.

v3 is the base64 of HMAC-SHA256 over method, address, body and time; v1 the hexadecimal SHA-256 of secret and body.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Collection

# Only these are decoded in the address before it is signed; %20, %26, %3D and %2B stay as they are.
_DECODED = re.compile("%(3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)


def v3(secret: str, method: str, url: str, body: bytes, at: int) -> str:
    readable = _DECODED.sub(lambda found: chr(int(found[1], 16)), url)
    message = method.encode() + readable.encode() + body + str(at).encode()
    return base64.b64encode(hmac.new(secret.encode(), message, hashlib.sha256).digest()).decode()


def v1(secret: str, body: bytes) -> str:
    return hashlib.sha256(secret.encode() + body).hexdigest()


def headers(secret: str, url: str, body: bytes, at: int, versions: Collection[str]) -> dict[str, str]:
    """The signature headers of a POST at the instant `at` (ms)."""
    made = {"X-HubSpot-Request-Timestamp": str(at)}
    if "v3" in versions:
        made["X-HubSpot-Signature-v3"] = v3(secret, "POST", url, body, at)
    if "v1" in versions:
        made |= {"X-HubSpot-Signature": v1(secret, body), "X-HubSpot-Signature-Version": "v1"}
    return made
