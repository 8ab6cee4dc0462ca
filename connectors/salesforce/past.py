"""What fields held before, where the org tracks their history; and who of the org's users changed them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from connectors.protocol import Hand, PastValue
from connectors.salesforce.answers import Forbidden, Refused
from connectors.salesforce.client import Client, Row
from connectors.salesforce.fields import plain_text
from connectors.salesforce.instants import instant
from connectors.salesforce.soql import among, ids_of, select

_HISTORIES = {"Lead": "LeadHistory", "Contact": "ContactHistory", "Account": "AccountHistory"}
_USER = ("Id", "Name", "Email", "UserType")
_AGAIN = 600.0
_MOST_NAMED = 20
_MACHINES = frozenset({"AutomatedProcess", "CloudIntegrationUser"})

Pasts = Mapping[str, Mapping[str, tuple[Row, ...]]]
"""Rows of history by record id and field, oldest first."""


@dataclass(frozen=True, slots=True)
class User:
    """`hand`: a person, a program (we ourselves) or a workflow (Salesforce's own user)."""

    label: str
    hand: Hand


@dataclass(slots=True)
class Past:
    """Reads histories. One that is hidden from us is asked for every ten minutes at most. Threads may share it."""

    client: Client
    _hidden: dict[str, float] = field(default_factory=dict)
    _users: dict[str, User] = field(default_factory=dict)

    def read(self, object: str, ids: Iterable[str], names: Sequence[str]) -> Pasts:
        """Of fields without tracking, and of what was before it was switched on, there is nothing."""
        if not names or object not in _HISTORIES or self._is_hidden(object):
            return {}
        found: dict[str, dict[str, list[Row]]] = {}
        wanted, parent = {name.lower(): name for name in names}, f"{object}Id"
        named = among("Field", list(names)) if len(names) <= _MOST_NAMED else ""
        columns = ("Id", parent, "Field", "OldValue", "NewValue", "CreatedById", "CreatedDate")
        for batch in ids_of(ids):
            soql = select(columns, _HISTORIES[object], among(parent, batch), named, more="ORDER BY CreatedDate")
            try:
                rows = list(self.client.rows(soql))
            except (Refused, Forbidden):
                self._hidden[object] = self.client.time.tick()
                return {}
            for row in rows:
                name = wanted.get(str(row["Field"]).lower())
                if name is not None:
                    found.setdefault(str(row[parent]), {}).setdefault(name, []).append(row)
        return {
            id: {name: tuple(sorted(rows, key=in_order)) for name, rows in pasts.items()} for id, pasts in found.items()
        }

    def tracks(self, object: str) -> bool:
        """Whether any change of any record of this object was ever tracked, as far as we may see."""
        try:
            return bool(self.client.query(select(["Id"], _HISTORIES[object], more="LIMIT 1"))["records"])
        except (Refused, Forbidden):
            return False

    def _is_hidden(self, object: str) -> bool:
        at = self._hidden.get(object)
        return at is not None and self.client.time.tick() - at < _AGAIN

    def users(self, ids: Iterable[str]) -> Mapping[str, User]:
        """These users, as far as we may see them."""
        missing = [id for id in dict.fromkeys(ids) if id not in self._users]
        for batch in ids_of(missing):
            try:
                for row in self.client.rows(select(_USER, "User", among("Id", batch))):
                    self._users[str(row["Id"])] = self._user(row)
            except (Refused, Forbidden):
                break
        return self._users

    def _user(self, row: Row) -> User:
        name, email = str(row.get("Name") or ""), str(row.get("Email") or "").lower()
        label = f"{name} ({email})" if name and email else name or email
        if row["Id"] == self.client.own_user():
            return User(label, "program")
        return User(label, "workflow" if row.get("UserType") in _MACHINES else "person")


def in_order(row: Row) -> tuple[str, str]:
    """Rows of history by time and, inside a second, by id: Salesforce promises no order there, but counts ids up."""
    return str(row["CreatedDate"]), str(row["Id"])


def values_of(rows: Sequence[Row], created_at: int | None, now: str | None) -> tuple[PastValue, ...]:
    """The values that a field took, oldest first. What it held before its first tracked change counts from the
    record's creation on, since nothing tells more. A long text is tracked without its words, which is no history."""
    if not rows or any(row["OldValue"] is None and row["NewValue"] is None for row in rows):
        return ()
    past: list[PastValue] = []
    first = plain_text(rows[0]["OldValue"]) or ""
    if created_at is not None:
        past.append(PastValue(first, created_at))
    for row in rows:
        at = instant(row["CreatedDate"])
        if at is not None:
            past.append(PastValue(plain_text(row["NewValue"]) or "", at, "HISTORY", str(row.get("CreatedById") or "")))
    return tuple(past) if past and past[-1].value == (now or "") else ()
