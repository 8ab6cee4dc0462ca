"""Which portal or org the store belongs to: the first sync binds it, and data of another is refused."""

from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from connectors.protocol import Account
from leadscore.store import tables
from leadscore.store.errors import StoreError
from leadscore.store.prepared import Prepared

_ACCOUNT = Prepared(select(tables.account))


@dataclass(frozen=True, slots=True)
class Binding:
    """The account of the store. `sampled`: only a sample was read. `baseline_at`: the instant of the first plan that
    was applied; None: nothing was ever written. `confirmed_at`: when a person confirmed the id of a production account.
    """

    account: Account
    bound_at: int
    sampled: bool
    baseline_at: int | None
    confirmed_at: int | None
    generation: int


def binding(connection: Connection) -> Binding | None:
    """The account of the store; None: nothing was ever read into it."""
    rows = _ACCOUNT.rows(connection)
    if not rows:
        return None
    _, crm, id, name, kind, time_zone, url, bound_at, sampled, baseline_at, confirmed_at, generation, *_ = rows[0]
    account = Account(crm, id, name, kind, time_zone, url)
    return Binding(account, bound_at, bool(sampled), baseline_at, confirmed_at, generation)


def bound(connection: Connection) -> Binding:
    """The account of the store. Raises StoreError if nothing was read yet."""
    found = binding(connection)
    if found is None:
        raise StoreError("The store is empty: nothing was read yet. Run `leadscore sync` first.")
    return found


def bind(connection: Connection, account: Account, now: int) -> None:
    """Binds the store to an account at the first sync, and renews name and kind later.

    Raises StoreError if the store belongs to another account.
    """
    found = binding(connection)
    values = {"name": account.name, "kind": account.kind, "time_zone": account.time_zone, "url": account.url}
    if found is None:
        fresh = {"id": 1, "crm": account.crm, "account": account.id, "bound_at": now, "sampled": 0, "generation": 0}
        connection.execute(insert(tables.account).values(fresh | values))
        return
    require_same(found, account.crm, account.id)
    if found.account != account:
        connection.execute(update(tables.account).values(values))


def require_same(found: Binding, crm: str, account: str) -> None:
    """Raises StoreError unless the store belongs to this account."""
    ours = found.account
    if (ours.crm, ours.id) != (crm, account):
        raise StoreError(
            f"The store belongs to {ours.crm} account {ours.id} ({ours.name}), not to {crm} account {account}. "
            "Use the token of that account, or another DATABASE_URL."
        )


def note(
    connection: Connection,
    *,
    sampled: bool | None = None,
    baseline_at: int | None = None,
    confirmed_at: int | None = None,
    generation: int | None = None,
) -> None:
    """Notes what has become true of the store; None leaves a thing as it is."""
    values: dict[str, int | None] = {
        "sampled": None if sampled is None else int(sampled),
        "baseline_at": baseline_at,
        "confirmed_at": confirmed_at,
        "generation": generation,
    }
    changed = {name: value for name, value in values.items() if value is not None}
    connection.execute(update(tables.account).values(changed))
