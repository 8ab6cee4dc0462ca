"""The one way out to a CRM: every call goes through here, with its timeout, its retries and its place in the budget."""

import email.utils
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import msgspec
import requests
from requests.adapters import HTTPAdapter
from tenacity import RetryCallState, Retrying, retry_if_exception_type

from connectors.budget import BURST, Budget
from connectors.errors import AccessDenied, ConnectorError, RetryLater

LONGEST_WAIT = 3600.0
LOOPBACK = "127.0.0.1,localhost,::1"
_UNREACHED_TRIES = 3


@dataclass(frozen=True, slots=True)
class Time:
    """Where time comes from: `wall` in ms UTC, `tick` in seconds that never run backwards, and how to wait."""

    wall: Callable[[], int] = lambda: time.time_ns() // 1_000_000
    tick: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `path` begins with a slash; `body` is JSON already, unless the `headers` of this call name another
    Content-Type; `kind` says which budget it uses up. One that is `once` is not sent again after an error that leaves
    open whether it was carried out."""

    method: str
    path: str
    query: Sequence[tuple[str, str]] = ()
    body: bytes | None = None
    kind: str = BURST
    once: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever its status. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Raises ValueError when the body is no JSON (a proxy's page, half an answer)."""
        return msgspec.json.decode(self.body)


class Told(RetryLater):
    """The CRM itself named the seconds to wait; they are kept to exactly."""


class Unreached(RetryLater):
    """The request never arrived, so that a few tries tell all there is to tell."""


Judge = Callable[[Call, Answer], ConnectorError | None]
"""A vendor's reading of an answer: the error to raise (RetryLater: the session tries again), or None if it is good."""


@dataclass(frozen=True, slots=True)
class Patience:
    """`connect` and `read` time out one try, `total` all tries with their waits; seconds."""

    connect: float = 10.0
    read: float = 60.0
    total: float = 120.0


@dataclass(slots=True)
class Session:
    """One kept-alive connection pool to one host. Threads may share it.

    `headers` is asked before every try, so that a fresh token is used at once. Every call that is not
    `once` may be sent more than once: a time-out after sending says nothing about what arrived.
    """

    base: str
    headers: Callable[[], Mapping[str, str]]
    judge: Judge
    budget: Budget
    time: Time = field(default_factory=Time)
    patience: Patience = field(default_factory=Patience)
    connections: int = 16
    _http: requests.Session = field(init=False)
    _proxies: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        """Raises ValueError when `base` is not a web address."""
        if urlsplit(self.base).scheme not in ("http", "https") or not urlsplit(self.base).hostname:
            raise ValueError(f"{self.base!r} is not an address such as https://api.hubapi.com")
        self._http = requests.Session()
        self._http.auth = _keep_headers
        # A proxy of the environment never stands between us and a server on this machine.
        self._proxies = {"no_proxy": LOOPBACK} if urlsplit(self.base).hostname in LOOPBACK.split(",") else {}
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=self.connections, max_retries=0, pool_block=True)
        self._http.mount("https://", adapter)
        self._http.mount("http://", adapter)

    @property
    def host(self) -> str:
        return urlsplit(self.base).netloc

    def send(self, call: Call) -> Answer:
        """The good answer. Raises RetryLater once patience is over, and at once what `judge` says of other answers."""
        deadline = self.time.tick() + self.patience.total

        def over(state: RetryCallState) -> bool:
            unreached = isinstance(_error(state), Unreached)
            if unreached and state.attempt_number >= _UNREACHED_TRIES:
                return True
            return (call.once and not unreached) or self.time.tick() + state.upcoming_sleep > deadline

        retrying = Retrying(
            retry=retry_if_exception_type(RetryLater), wait=_wait, stop=over, sleep=self.time.sleep, reraise=True
        )
        return retrying(self._try, call, deadline)

    def close(self) -> None:
        self._http.close()

    def _try(self, call: Call, deadline: float) -> Answer:
        # Before the budget: what may not be sent uses up nothing.
        headers = dict(self.headers())
        while (wait := self.budget.take(call.kind)) > 0:
            if self.time.tick() + wait > deadline:
                raise Told(f"{self.host} asked us to wait; try again in {wait:.0f} s.", wait)
            self.time.sleep(wait)
        answer = self._exchange(call, headers)
        error = self.judge(call, answer)
        if error is None:
            return answer
        if isinstance(error, Told):
            self.budget.pause(call.kind, error.seconds)
        raise error

    def _exchange(self, call: Call, headers: dict[str, str]) -> Answer:
        if call.body is not None:
            headers["Content-Type"] = "application/json"
        headers |= call.headers
        try:
            response = self._http.request(
                call.method,
                self.base.rstrip("/") + call.path,
                params=list(call.query),
                data=call.body,
                headers=headers,
                proxies=self._proxies,
                timeout=(self.patience.connect, self.patience.read),
                allow_redirects=False,
            )
        except (requests.RequestException, OSError) as error:
            raise _network_error(self.host, error) from error
        return Answer(response.status_code, {k.lower(): v for k, v in response.headers.items()}, response.content)


def retry_after(value: str | None, wall_ms: int) -> float | None:
    """The seconds that a Retry-After header asks for, from digits or an HTTP date, at most an hour; None: no or no
    readable header."""
    if value is None:
        return None
    text = value.strip()
    try:
        seconds = float(text) if text.replace(".", "", 1).isdigit() else _until(text, wall_ms)
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT)


def told_time(answer: Answer) -> int | None:
    """The server's own time when it answered (ms UTC, whole seconds); None: not told."""
    try:
        return round(email.utils.parsedate_to_datetime(answer.headers.get("date", "")).timestamp()) * 1000
    except (TypeError, ValueError, OverflowError):
        return None


def _until(http_date: str, wall_ms: int) -> float:
    return email.utils.parsedate_to_datetime(http_date).timestamp() - wall_ms / 1000


def _keep_headers(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keeps requests from putting a password of ~/.netrc in the place of our token."""
    return request


def _error(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome is not None else None


def _wait(state: RetryCallState) -> float:
    """The CRM's own seconds, else a wait that grows with each try; always a little longer, so that callers spread."""
    error = _error(state)
    seconds = error.seconds if isinstance(error, RetryLater) else 1.0
    if isinstance(error, Told):
        return seconds + random.uniform(0.05, 0.25)
    return seconds * state.attempt_number * random.uniform(1.0, 1.25)


def _network_error(host: str, error: Exception) -> ConnectorError:
    text = str(error)
    if isinstance(error, requests.exceptions.SSLError) and "CERTIFICATE" in text.upper():
        return AccessDenied(
            f"The certificate of {host} cannot be trusted from here. Look at this machine's clock, and if a company "
            "proxy inspects traffic, give its certificate in REQUESTS_CA_BUNDLE."
        )
    if isinstance(error, requests.exceptions.ProxyError):
        return Unreached(f"The proxy in the way to {host} refuses. Look at HTTPS_PROXY and NO_PROXY.", 1.0)
    if isinstance(error, requests.exceptions.ReadTimeout):
        return RetryLater(f"{host} did not answer in time; nothing is lost. Run the same command again later.", 1.0)
    if isinstance(error, requests.exceptions.ConnectTimeout) or "NewConnectionError" in text or "resolve" in text:
        return Unreached(
            f"{host} cannot be reached. Look at the network (and HTTPS_PROXY, if you need one); nothing is lost, "
            "run the same command again.",
            1.0,
        )
    return RetryLater(f"The connection to {host} broke; nothing is lost. Run the same command again later.", 1.0)
