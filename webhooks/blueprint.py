"""The door itself: the address that HubSpot calls. It checks, keeps and answers, and leaves the work to others."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from webhooks.delivery import Inbox, InboxUnavailable, Receipt
from webhooks.hubspot import SOURCE, Portal, read_body
from webhooks.signatures import HEADERS, Refused, check, signed_uri

PATH = "/webhooks/hubspot"
_RETRY_AFTER = 60
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DoorSettings:
    """What the door must know.

    `public_url` is the whole address as HubSpot calls it, without a query: proxies may hide it from us. `secrets`
    are the client secrets that count now, several while one is being replaced; with none every call is put off with
    503, since the fault is ours. A body of more than `max_bytes` is refused for good.
    Raises ValueError for an address or a secret that cannot work.
    """

    public_url: str
    portal: Portal
    secrets: tuple[str, ...] = field(repr=False)
    accept_v1: bool = False
    max_bytes: int = 5 * 2**20

    def __post_init__(self) -> None:
        parts = urlsplit(self.public_url)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
            raise ValueError(
                "the public URL of the webhooks must be a whole address without a query, "
                "such as https://score.example.com/webhooks/hubspot: correct it in the settings"
            )
        if not all(secret.strip() for secret in self.secrets):
            raise ValueError("a client secret for webhooks is empty: set it to the one on the app's Auth page")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one request was answered, for counters and logs: nothing in it is personal.

    `new` counts what the inbox had not seen yet; `deliveries` and `rejected` count what it was given; `retry_after` is
    in seconds, 0 where there is nothing to wait for.
    """

    status: int
    reason: str = ""
    new: int = 0
    deliveries: int = 0
    rejected: int = 0
    not_for_us: int = 0
    elsewhere: int = 0
    echoes: int = 0
    retry_after: int = 0


def hubspot_door(
    settings: DoorSettings,
    inbox: Inbox,
    now: Callable[[], int],
    tell: Callable[[Outcome], None] | None = None,
) -> Blueprint:
    """A blueprint with `POST /webhooks/hubspot`; `now` gives ms UTC, `tell` hears of every answer.

    401 for a signature that does not hold, 400 and 413 for a request that cannot be read, 503 with Retry-After for
    trouble of our own, 200 for everything else, once the inbox has it.
    """
    door = Blueprint("hubspot_door", __name__)

    @door.post(PATH, strict_slashes=False)
    def receive() -> Response:
        try:
            outcome = _take_in(settings, inbox, now())
        except HTTPException as error:
            outcome = Outcome(error.code or 400, "the request cannot be read")
        except Refused as error:
            outcome = Outcome(401, str(error))
        except InboxUnavailable as error:
            outcome = Outcome(503, "the inbox cannot keep it now", retry_after=max(1, error.retry_after))
        except Exception as error:  # noqa: BLE001 - any fault of ours must make HubSpot send again
            # Messages of drivers may quote the data, and this is the CRM's personal data: the class must do.
            _log.error("a webhook could not be kept (%s): HubSpot is asked to send it again", type(error).__name__)
            outcome = Outcome(503, "the inbox failed", retry_after=_RETRY_AFTER)
        if tell is not None:
            tell(outcome)
        return _answer(outcome)

    return door


def _take_in(settings: DoorSettings, inbox: Inbox, now: int) -> Outcome:
    request.max_content_length = settings.max_bytes
    body = request.get_data(cache=True)
    if not settings.secrets:
        return Outcome(503, "no client secret is configured", retry_after=_RETRY_AFTER)
    uri = signed_uri(settings.public_url, request.query_string)
    headers = {name: request.headers[name] for name in HEADERS if name in request.headers}
    check(headers, body, uri=uri, secrets=settings.secrets, now=now, accept_v1=settings.accept_v1)
    batch = read_body(body, settings.portal)
    new = 0
    if batch.deliveries or batch.rejected:
        new = inbox.put(Receipt(SOURCE, now, batch.deliveries, batch.rejected))
    return Outcome(
        200,
        new=new,
        deliveries=len(batch.deliveries),
        rejected=len(batch.rejected),
        not_for_us=batch.not_for_us,
        elsewhere=batch.elsewhere,
        echoes=batch.echoes,
    )


def _answer(outcome: Outcome) -> Response:
    answer = jsonify({"error": outcome.reason} if outcome.reason else {"new": outcome.new})
    answer.status_code = outcome.status
    if outcome.retry_after:
        answer.headers["Retry-After"] = str(outcome.retry_after)
    return answer
