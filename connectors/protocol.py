"""What every CRM connector offers: reading what is known, writing what was scored, installing our fields.

Values are the CRM's raw strings under the CRM's property names. Objects are named as the model file prefixes them:
on HubSpot `contact`, `company`, `deal`; on Salesforce `Lead`, `Contact`, `Account`, `Opportunity`. Instants are ms UTC.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from scoring.model import ScoringModel

Cursor = str
"""Where a stream goes on; opaque to the caller, who stores it in the transaction that stores the page."""

DEAL_STATUS = "$status"
"""A property of our own on deals, with its history: `open`, `won` or `lost`, as the pipeline's metadata says."""


@dataclass(frozen=True, slots=True)
class Account:
    """Whose data this is. `kind` is production, sandbox, developer or test; `url` opens a record with `{id}`."""

    crm: str
    id: str
    name: str
    kind: str
    time_zone: str
    url: str


@dataclass(frozen=True, slots=True)
class Capability:
    """Something that the account may or may not offer. `activities` are the types that fall mute without it;
    `remedy` says what an admin can do."""

    name: str
    available: bool
    detail: str = ""
    activities: tuple[str, ...] = ()
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class PropertyInfo:
    """A property as the CRM describes it. `options` are (value, label) pairs in the CRM's order."""

    object: str
    name: str
    label: str
    type: str
    options: tuple[tuple[str, str], ...] = ()
    read_only: bool = False
    ours: bool = False


@dataclass(frozen=True, slots=True)
class PastValue:
    """A value that a property took at `at`; `source` is the CRM's word for who wrote it, `by` the person if one did."""

    value: str
    at: int
    source: str = ""
    by: str = ""


Hand = Literal["person", "program", "import", "workflow", "bulk", "unknown"]
"""Who wrote a value. `bulk` is a change of many records at once."""


@dataclass(frozen=True, slots=True)
class SeenAnswer:
    """What the field for sales feedback became at `at`; "" is emptied. `author` is the person, by name and address
    where the CRM tells them, else by its id, "" if nobody is known; `before` is what the field held until then."""

    value: str
    at: int
    hand: Hand
    author: str = ""
    note: str = ""
    before: str = ""


@dataclass(frozen=True, slots=True)
class SeenFeedback:
    """All answers that the CRM remembers, oldest first. `held` is what our own field holds now; None: sales answers in
    a field of the customer's, which we only read."""

    answers: tuple[SeenAnswer, ...]
    held: str | None


@dataclass(frozen=True, slots=True)
class SeenRecord:
    """One record as the CRM shows it now. A property with None or "" is empty; a property not asked for is absent.

    `history` (oldest first, the current value included) is there for watched properties only. `links` names the
    records it belongs to by object: a contact its primary company, a deal its contacts. `other_emails` are further
    addresses of the same person, in lower case. `merged_ids` are records of its object that became this one. `became`
    is the object and the id in which it lives on, when that is of another object: a converted Lead's Contact.
    """

    object: str
    id: str
    values: Mapping[str, str | None]
    created_at: int | None = None
    modified_at: int | None = None
    email: str | None = None
    other_emails: tuple[str, ...] = ()
    history: Mapping[str, tuple[PastValue, ...]] = field(default_factory=dict)
    links: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    archived: bool = False
    feedback: SeenFeedback | None = None
    merged_ids: tuple[str, ...] = ()
    became: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class SeenActivity:
    """Something that a person did. Who: `record_id` (of `object`), or only an `email` in lower case, or neither.

    `id` is unique within the account and the type; the same activity read again has the same id.
    """

    type: str
    occurred_at: int
    details: Mapping[str, str]
    id: str
    object: str = "contact"
    record_id: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class SeenList:
    """The whole membership of one CRM list at the time of reading."""

    name: str
    id: str
    members: frozenset[str]
    object: str = "contact"


@dataclass(frozen=True, slots=True)
class SeenForm:
    """The name that a form has now. Names change; submissions keep the one that they had."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Page:
    """A piece of a stream, small enough for one transaction. `cursor` goes on after it; on the `last` page it is
    where the next run starts. `remaining` is the CRM's or our estimate of records still to come (None: unknown)."""

    cursor: Cursor
    records: tuple[SeenRecord, ...] = ()
    activities: tuple[SeenActivity, ...] = ()
    lists: tuple[SeenList, ...] = ()
    forms: tuple[SeenForm, ...] = ()
    last: bool = False
    remaining: int | None = None


@dataclass(frozen=True, slots=True)
class Quota:
    """Calls of the day: `limit` and `used` by all apps of the account, and when it starts anew. None: not told."""

    limit: int | None
    used: int | None
    resets_at: int | None


@dataclass(frozen=True, slots=True)
class Needs:
    """What the models make us read: properties by object (the CRM's names), those of them whose history is watched,
    lists by name, activity types, and the properties of a person in which sales answers."""

    properties: Mapping[str, tuple[str, ...]]
    watched: Mapping[str, tuple[str, ...]]
    lists: tuple[str, ...] = ()
    activities: frozenset[str] = frozenset()
    feedback: tuple[str, ...] = ()


class Reader(Protocol):
    """Reads one account. All methods but `needs` and `supplied` may raise RetryLater, QuotaExhausted, AccessDenied."""

    crm: str

    def needs(self, models: Sequence[ScoringModel]) -> Needs:
        """What these models make us read; touches no network."""
        ...

    def account(self) -> Account: ...

    def capabilities(self, needs: Needs) -> tuple[Capability, ...]: ...

    def supplied(self) -> frozenset[str]:
        """The activity types that this CRM can supply at all, whatever the tier; touches no network. All others come
        by import."""
        ...

    def clock(self) -> int:
        """The CRM's own time now (ms UTC), for a comparison with ours."""
        ...

    def quota(self) -> Quota: ...

    def properties(self, object: str) -> tuple[PropertyInfo, ...]: ...

    def forms(self) -> tuple[SeenForm, ...]: ...

    def stages(self, property: str) -> tuple[str, ...]:
        """The CRM's lifecycle stages (values) in the CRM's own order, lowest first."""
        ...

    def streams(self, needs: Needs) -> tuple[str, ...]:
        """The streams to read, in this order: what others refer to comes first. Includes only what the account may."""
        ...

    def read(
        self, stream: str, cursor: Cursor | None, needs: Needs, now: int, limit: int | None = None
    ) -> Iterator[Page]:
        """Pages of a stream after `cursor` (None: everything). A record may come twice, never not at all.
        `limit` cuts after about so many records, for samples. Ends with a page that is `last`."""
        ...

    def fetch(self, object: str, ids: Sequence[str], needs: Needs) -> tuple[SeenRecord, ...]:
        """These records as they are now, any number, with history; those that do not exist are missing."""
        ...

    def fetch_with_activities(self, object: str, ids: Sequence[str], needs: Needs) -> Page:
        """As `fetch`, on one page (without a cursor) with the activities that `read` tells along with these records.
        Activities that have a stream of their own are not there."""
        ...

    def filled(self, object: str, property: str) -> tuple[int, int]:
        """How many records have a value in this property, and how many records there are; archived ones not counted.
        Raises Rejected for a property that the CRM does not have."""
        ...

    def outputs(self, ids: Sequence[str], words: Sequence[str]) -> Mapping[str, Mapping[str, str | None]]:
        """What our own fields hold now, by record id and output word, in the very text of `outputs.output_values`;
        "" is empty, None a field that the CRM does not have. Records that do not exist are missing."""
        ...


@dataclass(frozen=True, slots=True)
class RecordWrite:
    """New raw values for the fields of one record, by output word (see `outputs.py`); "" empties a field."""

    object: str
    id: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class WriteAnswer:
    """What became of one RecordWrite. `rejected` is final, with the CRM's own words; `missing`: no such record."""

    id: str
    outcome: Literal["written", "rejected", "missing"]
    words: str = ""


class Writer(Protocol):
    """Writes scores into one account."""

    batch: int

    def write(self, writes: Sequence[RecordWrite]) -> tuple[WriteAnswer, ...]:
        """Writes at most `batch` records, no id twice; one answer for each, in any order. A write whose outcome was
        unknown was sent again. Raises RetryLater, QuotaExhausted, AccessDenied: then any of them may have landed,
        and sending all again is safe."""
        ...


@dataclass(frozen=True, slots=True)
class InstallStep:
    """One thing that install or uninstall would do. `what` is a sentence for a person."""

    action: Literal["create", "update", "remove", "keep"]
    object: str
    name: str
    what: str


class Installer(Protocol):
    """Creates and removes our fields in one account. Doing it again changes nothing."""

    def plan(self, models: Sequence[ScoringModel]) -> tuple[InstallStep, ...]: ...

    def removal(self) -> tuple[InstallStep, ...]: ...

    def carry_out(self, steps: Iterable[InstallStep], models: Sequence[ScoringModel]) -> Iterator[InstallStep]:
        """Does each step in order and yields it when done. Raises as `Writer.write` does; a second call goes on."""
        ...
