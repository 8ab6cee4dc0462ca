"""HubSpot's official client, carried by our own session: its words and paths, our timeouts, retries and budget."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

# The one place that touches the untyped package.
from hubspot import HubSpot

from connectors.access import Access, Fixed
from connectors.budget import BURST, SEARCH, Budget, Limits
from connectors.errors import ConnectorError, QuotaExhausted, RetryLater, TokenRefused
from connectors.http import Answer, Call, Patience, Session, Time, told_time
from connectors.hubspot.answers import judge
from connectors.hubspot.paths import Paths

API = "https://api.hubapi.com"


@dataclass(frozen=True, slots=True)
class Carrier:
    """Stands where the official client keeps its HTTP library. Answers come back unread: turning a page of 100 into
    the client's objects costs 13 ms, plain JSON 0.2, and its checks refuse values younger than the client."""

    send: Callable[[str, str, Sequence[tuple[str, str]], Any], Answer]

    def GET(self, url: str, **given: Any) -> Answer:  # noqa: N802 - named by the official client
        return self.send("GET", url, given.get("query_params") or (), None)

    def POST(self, url: str, **given: Any) -> Answer:  # noqa: N802
        return self.send("POST", url, given.get("query_params") or (), given.get("body"))

    def PUT(self, url: str, **given: Any) -> Answer:  # noqa: N802
        return self.send("PUT", url, given.get("query_params") or (), given.get("body"))

    def PATCH(self, url: str, **given: Any) -> Answer:  # noqa: N802
        return self.send("PATCH", url, given.get("query_params") or (), given.get("body"))

    def DELETE(self, url: str, **given: Any) -> Answer:  # noqa: N802
        return self.send("DELETE", url, given.get("query_params") or (), given.get("body"))


@dataclass(slots=True)
class Client:
    """One HubSpot account behind one token. `call` speaks through the official client, `get` where that has no words.
    Both raise what `answers.judge` says. `access` hands out the token, in the place of `token`, where it may be
    replaced while we run. Threads may share it."""

    token: str
    budget: Budget
    base: str = API
    paths: Paths = field(default_factory=Paths)
    time: Time = field(default_factory=Time)
    patience: Patience = field(default_factory=Patience)
    access: Access | None = None
    session: Session = field(init=False)
    objects: Any = field(init=False)
    batches: Any = field(init=False)
    searches: Any = field(init=False)
    properties: Any = field(init=False)
    groups: Any = field(init=False)
    pipelines: Any = field(init=False)
    lists: Any = field(init=False)
    memberships: Any = field(init=False)
    associations: Any = field(init=False)
    owners: Any = field(init=False)
    events: Any = field(init=False)
    forms: Any = field(init=False)
    _access: Access = field(init=False)

    def __post_init__(self) -> None:
        if not self.token:
            raise ValueError("the HubSpot token is empty")
        if not self.token.isascii() or not self.token.isprintable():
            raise ValueError("the HubSpot token has characters that no token has; copy it again, without quotes")
        self._access = self.access or Fixed(self.token)
        self.session = Session(self.base, self._headers, self._judge, self.budget, self.time, self.patience)
        sdk = HubSpot(access_token=self.token, host=self.base, api_factory=self._api)
        self.objects, self.batches = sdk.crm.objects.basic_api, sdk.crm.objects.batch_api
        self.searches = sdk.crm.objects.search_api
        self.properties, self.groups = sdk.crm.properties.core_api, sdk.crm.properties.groups_api
        self.pipelines = sdk.crm.pipelines.pipelines_api
        self.lists, self.memberships = sdk.crm.lists.lists_api, sdk.crm.lists.memberships_api
        self.associations = sdk.crm.associations.v4.batch_api
        self.owners = sdk.crm.owners.owners_api
        self.events, self.forms = sdk.events.events_api, sdk.marketing.forms.forms_api

    def call(self, method: Callable[..., Any], *given: Any, **named: Any) -> Any:
        """The JSON of one call of the official client; None where the answer has no body. Arguments that are None are
        left out."""
        answer: Answer = method(*given, **{k: v for k, v in named.items() if v is not None}, _preload_content=False)
        return _decoded(answer)

    def get(self, path: str, **query: str | int | None) -> Any:
        """The JSON at one of our own `paths`."""
        asked = [(name, str(value)) for name, value in query.items() if value is not None]
        return _decoded(self._send("GET", path, asked, None))

    def post_once(self, path: str, body: Any) -> tuple[int, Any]:
        """The status and the JSON of a request that must not be carried out twice. After RetryLater it may have been
        carried out."""
        encoded = msgspec.json.encode(body)
        answer = self.session.send(Call("POST", self.paths.spell(path), (), encoded, BURST, once=True))
        return answer.status, _decoded(answer)

    def server_time(self, path: str) -> int | None:
        """The server's own time when it answered at one of our `paths` (ms UTC, whole seconds); None: not told."""
        return told_time(self._send("GET", path, (), None))

    def _headers(self) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self._access.token()}",
            "Accept": "application/json",
            "User-Agent": "leadscore",
        }

    def _api(self, package: Any, name: str, config: dict[str, Any]) -> Any:
        configuration = package.Configuration(host=config["host"])
        client = package.ApiClient(configuration=configuration)
        client.rest_client = Carrier(self._send)
        return getattr(package, name)(api_client=client)

    def _send(self, method: str, url: str, query: Sequence[tuple[str, str]], body: Any) -> Answer:
        path = url.removeprefix(self.base.rstrip("/"))
        kind = SEARCH if path.rstrip("/").endswith("/search") else BURST
        encoded = None if body is None else msgspec.json.encode(body)
        return self.session.send(Call(method, self.paths.spell(path), tuple(query), encoded, kind))

    def _judge(self, call: Call, answer: Answer) -> ConnectorError | None:
        self.budget.learn(_limits(answer))
        error = judge(call, answer, wall=self.time.wall(), day_ends=self.budget.day_ends())
        if isinstance(error, QuotaExhausted):
            # Whatever the headers say: no process asks again before the account's day ends.
            self.budget.learn(Limits(day_left=0))
        if isinstance(error, TokenRefused):
            self._access.refused(error)
        elif error is None or answer.status in (400, 403, 404, 409):
            self._access.taken()
        return error


def _decoded(answer: Answer) -> Any:
    if not answer.body:
        return None
    try:
        return answer.json()
    except ValueError as error:
        raise RetryLater("HubSpot's answer is no JSON; a proxy may stand in between. Try again later.") from error


def _limits(answer: Answer) -> Limits:
    """The headers of the burst and the daily limit; searches carry none, apps with OAuth no daily ones."""
    prefix = "x-hubspot-ratelimit-"

    def number(name: str) -> int | None:
        text = answer.headers.get(prefix + name, "")
        return int(text) if text.isdigit() else None

    interval = number("interval-milliseconds")
    return Limits(
        burst=number("max"),
        burst_left=number("remaining"),
        interval=interval / 1000 if interval else None,
        day=number("daily"),
        day_left=number("daily-remaining"),
    )
