"""Tokens: client credentials, the JWT bearer and the old username with password; none of them tells when it expires."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from urllib.parse import parse_qs

import msgspec

from leadscore.sandbox.salesforce.answers import Answer, Request
from leadscore.sandbox.salesforce.org import Org
from leadscore.sandbox.salesforce.setup import organization_id, people

PATHS = ("/services/oauth2/token", "/services/oauth2/userinfo")
_JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def token(org: Org, request: Request, url: str) -> Answer:
    """A new token. The signature of a JWT is not checked here, its claims are."""
    form = {name: values[-1] for name, values in parse_qs(request.body.decode("utf-8", "replace")).items()}
    basic = _basic(request)
    client = form.get("client_id") or (basic[0] if basic else "")
    secret = form.get("client_secret") or (basic[1] if basic else "")
    match form.get("grant_type"):
        case "client_credentials" | "password":
            if not (_same(client, org.settings.client_id) and _same(secret, org.settings.client_secret)):
                return _refused("invalid_client", "invalid client credentials")
        case grant if grant == _JWT:
            claims = _claims(form.get("assertion", ""))
            if claims.get("iss") != org.settings.client_id or claims.get("sub") != org.settings.username:
                return _refused("invalid_grant", "user hasn't approved this consumer")
        case _:
            return _refused("unsupported_grant_type", "grant type not supported")
    organization, user = organization_id(org), people(org).integration
    number = org.next_number("token")
    made = f"{organization[:15]}!{hashlib.sha256(f'{organization} {number}'.encode()).hexdigest()}"
    org.db.execute("INSERT INTO tokens VALUES (?,?)", (made, org.now() + org.settings.token_seconds * 1000))
    secure = "https" + url.removeprefix("http").removeprefix("s")
    return Answer(
        200,
        {
            "access_token": made, "instance_url": secure, "id": f"{secure}/id/{organization}/{user}",
            "token_type": "Bearer", "issued_at": str(org.now()), "scope": "api pardot_api", "signature": "c2FuZGJveA==",
        },
    )  # fmt: skip


def user_info(org: Org, url: str) -> Answer:
    """Who the token belongs to."""
    return Answer(
        200,
        {
            "sub": f"{url}/id/{organization_id(org)}/{people(org).integration}", "user_id": people(org).integration,
            "organization_id": organization_id(org), "preferred_username": org.settings.username,
            "email": org.settings.username, "active": True, "user_type": "STANDARD", "zoneinfo": "America/New_York",
        },
    )  # fmt: skip


def holds(org: Org, request: Request) -> bool:
    """Whether the request carries a token that is good now."""
    kind, _, given = (request.headers.get("Authorization") or "").partition(" ")
    if kind not in ("Bearer", "OAuth") or not given:
        return False
    row = org.db.execute("SELECT expires_at FROM tokens WHERE token=?", (given,)).fetchone()
    return row is not None and org.now() < row[0]


def _refused(error: str, words: str) -> Answer:
    return Answer(400, {"error": error, "error_description": words})


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode(), right.encode())


def _basic(request: Request) -> tuple[str, str] | None:
    kind, _, text = (request.headers.get("Authorization") or "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return user, password


def _claims(assertion: str) -> dict[str, str]:
    parts = assertion.split(".")
    if len(parts) != 3:
        return {}
    try:
        padded = parts[1] + "=" * (-len(parts[1]) % 4)
        found = msgspec.json.decode(base64.urlsafe_b64decode(padded))
    except (binascii.Error, ValueError):
        return {}
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}
