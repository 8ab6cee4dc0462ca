"""Gets our session at Salesforce, with a client secret or with a key that signs, and a new one when it is over."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from jwt.exceptions import PyJWTError
from simple_salesforce.login import SalesforceLogin

from connectors.errors import AccessDenied, RetryLater, TokenRefused
from connectors.http import Answer, Call, Session

_FORM = "application/x-www-form-urlencoded"
_ANY_HOST = "my"


@dataclass(frozen=True, slots=True)
class Credentials:
    """An External Client App: with its `client_secret` (client credentials), or with a `private_key` (PEM) that signs
    for `username` (JWT bearer)."""

    client_id: str
    client_secret: str = field(default="", repr=False)
    username: str = ""
    private_key: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        """Raises ValueError when neither way is complete."""
        if not self.client_id or not (self.client_secret or (self.username and self.private_key)):
            raise ValueError("Salesforce needs a client id with a client secret, or with a username and a private key")


@dataclass(frozen=True, slots=True)
class Reply:
    """A good answer in the form in which the package looks at it."""

    answer: Answer

    @property
    def status_code(self) -> int:
        return self.answer.status

    @property
    def headers(self) -> Mapping[str, str]:
        return {}

    @property
    def text(self) -> str:
        return self.answer.body.decode("utf-8", "replace")

    @property
    def content(self) -> bytes:
        return self.answer.body

    def json(self, **_: Any) -> Any:
        """Raises RetryLater for a body that is no JSON."""
        try:
            return self.answer.json()
        except ValueError as error:
            raise RetryLater(
                "Salesforce's answer is no JSON; a proxy may stand in between. Try again later."
            ) from error


class Login:
    """The token of one app, shared by all threads. `session` leads to the host that gives tokens."""

    def __init__(self, credentials: Credentials, session: Session) -> None:
        self._credentials = credentials
        self._session = session
        self._lock = threading.Lock()
        self._token = ""
        self.instance = ""
        """The host of the org, once there was a login."""
        self.user = ""
        """The id of the user as whom we work, once there was a login that told."""

    def token(self) -> str:
        """The token as it is now; asks for one if there is none. Raises TokenRefused, RetryLater."""
        with self._lock:
            if not self._token:
                self._token, self.instance = self._ask()
            return self._token

    def drop(self, token: str) -> None:
        """Salesforce does not take this token any more; one that another thread has renewed meanwhile stays."""
        with self._lock:
            if self._token == token:
                self._token = ""

    def post(self, url: str, data: Mapping[str, Any], headers: Mapping[str, str] | None = None, **_: Any) -> Reply:
        """What the package calls to send a form. Of the address only the path counts: the host is ours to choose, as
        the package knows salesforce.com only."""
        sent = {"Content-Type": _FORM, **(headers or {})}
        call = Call("POST", urlsplit(url).path, body=urlencode(data).encode(), headers=sent)
        reply = Reply(self._session.send(call))
        self.user = _user(reply.json())
        return reply

    def _ask(self) -> tuple[str, str]:
        one = self._credentials
        # Typed as a whole library for HTTP, of which the package uses one method.
        session: Any = self
        try:
            if one.private_key:
                found = SalesforceLogin(
                    session=session, username=one.username, consumer_key=one.client_id, privatekey=one.private_key,
                    domain=_audience(self._session.host), instance_url=_ANY_HOST,
                )  # fmt: skip
            else:
                found = SalesforceLogin(
                    session=session, consumer_key=one.client_id, consumer_secret=one.client_secret, domain=_ANY_HOST
                )
        except AttributeError as error:
            raise AccessDenied(
                f"{self._session.host} answered a request for a session with something else. Is the address in the "
                "settings that of the org's My Domain, and no proxy's?"
            ) from error
        except (ValueError, TypeError, PyJWTError) as error:
            raise TokenRefused(
                f"The private key for Salesforce cannot be used ({type(error).__name__}). It must be a PEM text with "
                "BEGIN PRIVATE KEY and END PRIVATE KEY, whole and not encrypted."
            ) from error
        token, instance = found
        if not token:
            raise AccessDenied(f"{self._session.host} gave a session without a token. Is the address right?")
        return str(token), str(instance)


def _user(answer: Any) -> str:
    """From the address of the identity, `https://.../id/ORG/USER`, which the package drops."""
    found = str(answer.get("id") or "") if isinstance(answer, dict) else ""
    user = found.rpartition("/")[2]
    return user if user.startswith("005") else ""


def _audience(host: str) -> str:
    """For whom a JWT is signed: the login host of production, or that of sandboxes. (That an org takes its own My
    Domain there is not documented.)"""
    return "test" if ".sandbox." in host or host.startswith("test.") else "login"
