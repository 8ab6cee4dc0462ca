"""Salesforce's well-known client, carried by our own session: its words and paths, our timeouts, retries and budget.

The package by itself waits for ever, never retries, and calls itself without end when a token stays bad. Here every
request of it goes through `connectors.http.Session`, and writes use its `restful` only.
"""

import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import msgspec
from simple_salesforce.api import Salesforce

from connectors.budget import Budget, Limits
from connectors.errors import ConnectorError, QuotaExhausted, RetryLater, TokenRefused
from connectors.http import LOOPBACK, Answer, Call, Patience, Session, Time, told_time
from connectors.salesforce.answers import Expired, judge, judge_login
from connectors.salesforce.login import Credentials, Login, Reply

VERSION = "66.0"
_USAGE = re.compile(r"(?<![\w-])api-usage=(\d+)/(\d+)")
_DESCRIBED = 600.0
_WRITING = {
    # Without it an active assignment rule may give a Lead to another owner on every write of a score.
    "Sforce-Auto-Assign": "FALSE",
    "Sforce-Duplicate-Rule-Header": "allowSave=true; includeRecordDetails=false; runAsCurrentUser=true",
    "Sforce-Mru": "updateMru=false",
}

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Carrier:
    """Stands where the package keeps its HTTP library, of which it asks for its proxies too."""

    send: Callable[[Call], Answer]
    proxies: Mapping[str, str] = field(default_factory=dict)

    def request(self, method: str, url: str, **given: Any) -> Reply:
        query = [(str(name), str(value)) for name, value in (given.get("params") or {}).items()]
        body = given.get("json")
        raw = given.get("data") if body is None else msgspec.json.encode(body)
        parts = urlsplit(url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        return Reply(self.send(Call(method, path, query, raw.encode() if isinstance(raw, str) else raw)))


@dataclass(slots=True)
class Client:
    """One org behind one app. All methods raise what `answers.judge` says. Threads may share it.

    `base` is the org's My Domain; after a login at another host, the one that Salesforce named is used. A server on
    this machine is called as `base` says, whatever it calls itself.
    """

    credentials: Credentials
    budget: Budget
    base: str
    version: str = VERSION
    time: Time = field(default_factory=Time)
    patience: Patience = field(default_factory=Patience)
    session: Session = field(init=False)
    login: Login = field(init=False)
    sf: Any = field(init=False)
    usage: Limits = field(init=False, default_factory=Limits)
    """What the last answer told of the org's calls."""
    _gate: Session = field(init=False)
    _here: threading.local = field(init=False, default_factory=threading.local)
    _described: dict[str, tuple[float, Row]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Raises ValueError for an address or a version that cannot be one."""
        if not re.fullmatch(r"\d{2}\.0", self.version):
            raise ValueError(f"{self.version!r} is no API version of Salesforce; write one such as {VERSION}")
        parts = urlsplit(self.base)
        if parts.scheme != "https" and parts.hostname not in LOOPBACK.split(","):
            raise ValueError(f"{self.base!r} is not the address of an org, such as https://acme.my.salesforce.com")
        self.session = Session(self.base, self._headers, self._judge, self.budget, self.time, self.patience)
        self._gate = Session(self.base, dict, self._judge_login, self.budget, self.time, self.patience, connections=1)
        self.login = Login(self.credentials, self._gate)
        # Typed as a whole library for HTTP, of which the package uses one method.
        carrier: Any = Carrier(self.send)
        host = urlsplit(self.base).netloc
        self.sf = Salesforce(session_id="carried", instance=host, version=self.version, session=carrier)

    def send(self, call: Call) -> Answer:
        """One request; a session that is over is renewed once."""
        self._here.renewed = False
        return self.session.send(call)

    def query(self, soql: str, *, deleted: bool = False) -> Row:
        """One page of an answer, which may hold fewer rows than there are. `deleted`: the recycle bin and archived
        activities too."""
        return _of_rows(self.sf.query(soql, include_deleted=deleted))

    def rows(self, soql: str, *, deleted: bool = False) -> Iterator[Row]:
        """All rows of an answer. The end is where Salesforce says so, never a short page."""
        page = self.query(soql, deleted=deleted)
        yield from page["records"]
        while not page.get("done", True):
            page = _of_rows(self.sf.query_more(page["nextRecordsUrl"], identifier_is_url=True))
            yield from page["records"]

    def describe(self, object: str) -> Row:
        """What our user may see of an object; asked every ten minutes at most."""
        tick = self.time.tick()
        at, found = self._described.get(object, (0.0, None))
        if found is None or tick - at > _DESCRIBED:
            found = self.sf.restful(f"sobjects/{object}/describe")
            self._described[object] = (tick, found)
        return found

    def forget_fields(self) -> None:
        """Fields were made or taken away: the next describe asks anew."""
        self._described.clear()

    def rest(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON at a path below `/services/data/vNN.N/`; None where the answer has no body."""
        return self.sf.restful(path, method=method, json=body)

    def post_once(self, path: str, body: Any) -> Any:
        """The JSON of a request that must not be carried out twice. After RetryLater it may have been carried out."""
        whole = f"/services/data/v{self.version}/{path}"
        return Reply(self.send(Call("POST", whole, body=msgspec.json.encode(body), once=True))).json()

    def raw(self, method: str, path: str, body: bytes | None = None, query: Sequence[tuple[str, str]] = ()) -> Answer:
        """The answer at a path below `/services/data/vNN.N/` as it is; a body is CSV."""
        headers = {} if body is None else {"Content-Type": "text/csv; charset=UTF-8"}
        return self.send(Call(method, f"/services/data/v{self.version}/{path}", query, body, headers=headers))

    def server_time(self) -> int | None:
        """Salesforce's own time (ms UTC, whole seconds); None: not told."""
        return told_time(self.send(Call("GET", "/services/data/")))

    def own_user(self) -> str:
        """The id of the user as whom we work; "" where Salesforce does not tell."""
        self.login.token()
        return self.login.user

    def close(self) -> None:
        self.session.close()
        self._gate.close()

    def _headers(self) -> Mapping[str, str]:
        token = self._here.token = self.login.token()
        if urlsplit(self.base).hostname not in LOOPBACK.split(",") and self.login.instance:
            self.session.base = f"https://{self.login.instance}"
        return {"Authorization": f"Bearer {token}", "Accept": "application/json", "User-Agent": "leadscore", **_WRITING}

    def _judge(self, call: Call, answer: Answer) -> ConnectorError | None:
        told = _limits(answer)
        self.budget.learn(told)
        if told.day is not None:
            self.usage = told
        error = judge(call, answer, wall=self.time.wall(), day_ends=self.budget.day_ends())
        if isinstance(error, QuotaExhausted):
            self.budget.learn(Limits(day_left=0))
        if isinstance(error, Expired):
            self.login.drop(self._here.token)
            if self._here.renewed:
                return TokenRefused(
                    "Salesforce gives leadscore sessions and does not take them. Look at the policies of its External "
                    "Client App and at the login hours and IP ranges of its user."
                )
            self._here.renewed = True
        return error

    def _judge_login(self, call: Call, answer: Answer) -> ConnectorError | None:
        return judge_login(call, answer, wall=self.time.wall())


def _limits(answer: Answer) -> Limits:
    """`Sforce-Limit-Info: api-usage=18/5000`: calls of the last 24 hours by all apps, and how many the org has."""
    found = _USAGE.search(answer.headers.get("sforce-limit-info", ""))
    if found is None:
        return Limits()
    used, day = int(found[1]), int(found[2])
    return Limits(day=day, day_left=max(day - used, 0))


def _of_rows(answer: Any) -> Row:
    """Raises RetryLater for an answer that does not speak of rows: to take it for "nothing there" would lose some."""
    if not isinstance(answer, dict) or not isinstance(answer.get("records"), list):
        raise RetryLater("Salesforce's answer is not in its form; a proxy may stand in between. Try again later.")
    return answer
