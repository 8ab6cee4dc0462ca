"""The token endpoint: a refresh token becomes an access token that lives half an hour of the portal's time.

Parameters come form-encoded in the body. `oauth_rotate` gives a new refresh token with each answer and ends the old
one; HubSpot's own stays the same. Changing `oauth_refresh_token` in the settings revokes what was handed out. The
static token of the settings goes on working beside it.
"""

from __future__ import annotations

import uuid
from urllib.parse import parse_qs

from leadscore.sandbox.errors import Failure
from leadscore.sandbox.state import Portal
from leadscore.sandbox.wire import Json, Request, Response

PATHS = ("/oauth/v1/token", "/oauth/v3/token", "/oauth/2026-03/token", "/oauth/2026-09/token")


def answer(portal: Portal, request: Request) -> Response:
    """200 with both tokens, or 400 with HubSpot's word for what is wrong."""
    if request.method != "POST":
        return _refused("unsupported_method", "HTTP method not allowed", "METHOD_NOT_ALLOWED", 405)
    given = {name: values[-1] for name, values in parse_qs(request.body.decode("utf-8", "replace")).items()}
    settings = portal.settings
    if given.get("grant_type") != "refresh_token":
        return _refused("unsupported_grant_type", "grant_type must be refresh_token", "BAD_GRANT_TYPE")
    if given.get("client_id") != settings.oauth_client_id:
        return _refused("invalid_client", "missing or unknown client id", "BAD_CLIENT_ID")
    if given.get("client_secret") != settings.oauth_client_secret:
        return _refused("invalid_client", "missing or invalid client secret", "BAD_CLIENT_SECRET")
    if given.get("refresh_token") != settings.oauth_refresh_token:
        words = "refresh token is invalid, expired or revoked"
        return _refused("invalid_grant", words, "BAD_REFRESH_TOKEN")
    return Response(200, _granted(portal, request))


def _granted(portal: Portal, request: Request) -> Json:
    settings = portal.settings
    token = f"CJ-{uuid.uuid4()}{uuid.uuid4().hex}"
    with portal.transaction() as db:
        expires_at = portal.now() + settings.oauth_expires_in * 1000
        db.execute("INSERT INTO tokens VALUES (?,?)", (token, expires_at))
        if settings.oauth_rotate:
            settings.change(oauth_refresh_token=f"na1-{uuid.uuid4()}")
            portal.save_settings()
    granted: Json = {
        "access_token": token,
        "refresh_token": settings.oauth_refresh_token,
        "expires_in": settings.oauth_expires_in,
        "token_type": "bearer",
    }
    if not request.path.startswith("/oauth/v1/"):
        granted |= {"hub_id": settings.portal_id, "user_id": 9501, "scopes": settings.scopes}
    return granted


def _refused(error: str, description: str, status: str, code: int = 400) -> Response:
    payload = {"error": error, "error_description": description, "status": status, "message": description}
    return Response(code, Failure(code, payload).payload)


def expiry(portal: Portal, token: str) -> int | None:
    """When an access token ends (ms); None for one that was never given out."""
    row = portal.db.execute("SELECT expires_at FROM tokens WHERE token=?", (token,)).fetchone()
    return row[0] if row else None
