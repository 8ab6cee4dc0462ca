"""The door for Salesforce: the address that its outbound messages call. It checks, keeps and acknowledges.

Salesforce signs nothing: a secret token in the address and the organisation's id stand in for a signature, and what a
message says is only a hint. One Ack covers all notifications of a message; without it the whole message comes again,
for 24 hours.
"""

import hashlib
import hmac
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from flask import Blueprint, Response, request
from werkzeug.exceptions import HTTPException, NotFound

from webhooks.blueprint import Outcome
from webhooks.delivery import Inbox, InboxUnavailable, Receipt
from webhooks.outbound_message import SOURCE, Unreadable, read_message, take_apart

PATH = "/webhooks/salesforce"
_RETRY_AFTER = 60
_SHORTEST = 24
_ACK = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
    '<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse>'
    "</soapenv:Body></soapenv:Envelope>\n"
)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SalesforceDoorSettings:
    """What the door must know.

    `organization` is the org's id, 15 or 18 characters; of it the first 15 are compared, with their case. `tokens` are
    the secret ends of the address that count now, several while one is being replaced; with none every call is put
    off with 503, since the fault is ours. A body of more than `max_bytes` is refused for good.
    Raises ValueError for an id or a token that cannot work.
    """

    organization: str
    tokens: tuple[str, ...] = field(repr=False)
    max_bytes: int = 5 * 2**20

    def __post_init__(self) -> None:
        known = self.organization
        if len(known) not in (15, 18) or not known.startswith("00D") or not (known.isascii() and known.isalnum()):
            raise ValueError(
                "the organisation's id has 15 or 18 characters and starts with 00D: "
                "copy it from Setup, Company Information"
            )
        for token in self.tokens:
            if len(token) < _SHORTEST or not token.isascii() or not token.replace("-", "").replace("_", "").isalnum():
                raise ValueError(
                    f"a token of the Salesforce address must have at least {_SHORTEST} letters, digits, - or _: "
                    "make one with `openssl rand -hex 32`"
                )


class _NotHere(Exception):
    """The address is not ours: nothing tells it from any other that does not exist."""


def salesforce_door(
    settings: SalesforceDoorSettings,
    inbox: Inbox,
    now: Callable[[], int],
    tell: Callable[[Outcome], None] | None = None,
) -> Blueprint:
    """A blueprint with `POST /webhooks/salesforce/TOKEN`; `now` gives ms UTC, `tell` hears of every answer.

    404 for a wrong token, 400 and 413 for a request that is no message, 503 with Retry-After for trouble of our own,
    200 with an Ack for everything else, once the inbox has it. Messages of another organisation are acknowledged and
    dropped, so that a refreshed sandbox does not call for ever: `tell` hears how many in `elsewhere`.
    """
    door = Blueprint("salesforce_door", __name__)

    @door.post(f"{PATH}/<token>", strict_slashes=False)
    def receive(token: str) -> Response:
        try:
            outcome = _take_in(settings, token, inbox, now())
        except _NotHere:
            outcome = Outcome(404, "the token is wrong")
        except HTTPException as error:
            outcome = Outcome(error.code or 400, "the request cannot be read")
        except Unreadable as error:
            outcome = Outcome(400, str(error))
        except InboxUnavailable as error:
            outcome = Outcome(503, "the inbox cannot keep it now", retry_after=max(1, error.retry_after))
        except Exception as error:  # noqa: BLE001 - any fault of ours must make Salesforce send again
            # Messages of drivers may quote the data, and this is the CRM's personal data: the class must do.
            _log.error("a message could not be kept (%s): Salesforce will send it again", type(error).__name__)
            outcome = Outcome(503, "the inbox failed", retry_after=_RETRY_AFTER)
        if tell is not None:
            tell(outcome)
        return _answer(outcome)

    return door


def _take_in(settings: SalesforceDoorSettings, token: str, inbox: Inbox, now: int) -> Outcome:
    if not settings.tokens:
        return Outcome(503, "no token is configured", retry_after=_RETRY_AFTER)
    # All are compared, so that the time tells nothing about which one was close.
    if not sum(_same(token, known) for known in settings.tokens):
        raise _NotHere
    request.max_content_length = settings.max_bytes
    message = read_message(request.get_data(cache=True))
    if not _same(message.organization[:15], settings.organization[:15]):
        return Outcome(200, "messages of another organisation", elsewhere=len(message.notifications))
    taken = take_apart(message, settings.organization, now)
    new = 0
    if taken.deliveries or taken.rejected:
        new = inbox.put(Receipt(SOURCE, now, taken.deliveries, taken.rejected))
    return Outcome(
        200,
        new=new,
        deliveries=len(taken.deliveries),
        rejected=len(taken.rejected),
        not_for_us=taken.not_for_us,
    )


def _same(given: str, right: str) -> bool:
    """In constant time, whatever the lengths."""
    one, other = (hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in (given, right))
    return hmac.compare_digest(one, other)


def _answer(outcome: Outcome) -> Response:
    if outcome.status == 404:
        missing = NotFound().get_response(request.environ)
        return Response(missing.get_data(), 404, mimetype=missing.mimetype)
    if outcome.status == 200:
        return Response(_ACK, 200, content_type="text/xml; charset=utf-8")
    answer = Response(f"{outcome.reason}\n", outcome.status, content_type="text/plain; charset=utf-8")
    if outcome.retry_after:
        answer.headers["Retry-After"] = str(outcome.retry_after)
    return answer
