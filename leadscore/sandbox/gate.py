"""The way of one request: faults, token, limits, scopes, handler; everything that a write needs in one transaction."""

from __future__ import annotations

import re
from dataclasses import dataclass

from leadscore.sandbox import account, oauth, routes
from leadscore.sandbox.clock import iso
from leadscore.sandbox.errors import (
    Failure,
    Refused,
    envelope,
    expired_token,
    malformed_token,
    rate_limited,
    unknown_token,
)
from leadscore.sandbox.faults import Fault
from leadscore.sandbox.state import Portal
from leadscore.sandbox.wire import Request, Response

_WELL_FORMED = re.compile(r"^[A-Za-z0-9_.+/=-]{12,}$")


@dataclass(frozen=True)
class Verdict:
    """`fault` is set when the connection itself has to misbehave while answering."""

    response: Response
    fault: Fault | None = None


def pass_through(portal: Portal, request: Request) -> Verdict:
    with portal.lock:
        fault = next((fault for fault in portal.faults if fault.strikes(request.method, request.raw_path)), None)
        if fault is None or fault.kind == "slow":
            return Verdict(_answer(portal, request), fault)
        if fault.when == "after" or fault.kind == "half_body":
            response = _answer(portal, request)
        else:
            _count(portal, request.method + " (fault)")
            response = Response(200)
        if fault.kind in ("hang", "reset", "half_body"):
            return Verdict(response, fault)
        return Verdict(_as_response(fault.failure(iso(portal.now()))))


def _answer(portal: Portal, request: Request) -> Response:
    """Carries a request out. A refusal leaves nothing behind."""
    headers: dict[str, str] = {}
    try:
        if request.path in oauth.PATHS:
            _count(portal, f"{request.method} /oauth/token")
            return oauth.answer(portal, request)
        route, request = routes.match(request)
        _count(portal, route.name)
        if failure := _token_failure(portal, request):
            return _as_response(failure)
        searching = request.path.startswith("/crm/v3/objects/") and request.path.endswith("/search")
        if failure := _limit_failure(portal, searching):
            return _as_response(failure, {} if searching else portal.limiter.headers(portal.settings.tier))
        if not searching:
            headers = portal.limiter.headers(portal.settings.tier)
        if failure := routes.scope_failure(portal, route, request):
            return _as_response(failure, headers)
        with portal.transaction():
            response = route.handler(portal, request)
        return Response(response.status, response.payload, {**headers, **response.headers})
    except Refused as refused:
        return _as_response(refused.failure, headers)
    except Exception as error:  # noqa: BLE001 - a server answers whatever happens; the words lead to the fault
        return _as_response(envelope(500, "INTERNAL_ERROR", f"{type(error).__name__}: {error}"), headers)


def _count(portal: Portal, name: str) -> None:
    portal.requests[name] += 1


def _as_response(failure: Failure, headers: dict[str, str] | None = None) -> Response:
    return Response(failure.status, failure.payload, {**(headers or {}), **failure.headers})


def _token_failure(portal: Portal, request: Request) -> Failure | None:
    settings = portal.settings
    kind, _, token = (request.headers.get("Authorization") or "").partition(" ")
    if not token:
        return unknown_token()
    if kind.lower() != "bearer" or not _WELL_FORMED.match(token):
        return malformed_token()
    expires = settings.token_expires_at if token == settings.token else oauth.expiry(portal, token)
    if token != settings.token and expires is None:
        return unknown_token()
    if expires is not None and portal.now() >= expires:
        return expired_token(iso(expires), (portal.now() - expires) // 1000)
    return None


def _limit_failure(portal: Portal, searching: bool) -> Failure | None:
    limiter = portal.limiter
    limiter.turn_day(account.local_day(portal))
    broken = limiter.admit(portal.settings.tier, searching)
    if broken is None:
        return None
    policy, seconds = broken
    return rate_limited(policy, seconds if limiter.limits.retry_after else None)
