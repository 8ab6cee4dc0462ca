"""Remembers who was erased, as salted hashes of ids and addresses, so that nothing brings them back unseen."""

import hashlib
import secrets
from collections.abc import Collection, Iterable

from sqlalchemy import Connection, func, select

from leadscore.store.batch import chunks, insert_new
from leadscore.store.live_tables import erased, erased_salt
from leadscore.store.prepared import Prepared

Key = tuple[str, str]


def remember(connection: Connection, keys: Iterable[Key], emails: Iterable[str], now: int) -> None:
    """Adds records (object and the CRM's id) and addresses (lower case) to those that were erased."""
    known = salts(connection)
    if not known:
        known = (secrets.token_hex(16),)
        insert_new(connection, erased_salt, ("id", "salt"), [(1, known[0])])
    hashes = [_id_hash(known[0], key) for key in keys] + [_address_hash(known[0], email) for email in emails]
    insert_new(connection, erased, ("hash", "at"), [(one, now) for one in sorted(set(hashes))])


def salts(connection: Connection) -> tuple[str, ...]:
    """The salts of the hashes, oldest first; none: nobody was ever erased."""
    return tuple(row[0] for row in _SALTS.rows(connection))


_SALTS = Prepared(select(erased_salt.c.salt).order_by(erased_salt.c.id))


def add_salts(connection: Connection, found: Iterable[str]) -> None:
    """Takes over the salts of another store, for its hashes."""
    known = salts(connection)
    last = connection.execute(select(func.coalesce(func.max(erased_salt.c.id), 0))).scalar_one()
    fresh = [salt for salt in dict.fromkeys(found) if salt not in known]
    insert_new(connection, erased_salt, ("id", "salt"), [(last + n, salt) for n, salt in enumerate(fresh, 1)])


def erased_keys(connection: Connection, keys: Collection[Key]) -> set[Key]:
    """Those of these records that were erased. Costs one short look where nobody ever was."""
    known = salts(connection) if keys else ()
    hashes = {_id_hash(salt, key): key for salt in known for key in keys}
    return {hashes[one] for one in _found(connection, hashes)}


def erased_addresses(connection: Connection, emails: Collection[str]) -> dict[str, int]:
    """Those of these addresses (lower case) whose owner was erased, and when."""
    known = salts(connection) if emails else ()
    hashes = {_address_hash(salt, email): email for salt in known for email in emails}
    return {hashes[one]: at for one, at in _found(connection, hashes).items()}


def _found(connection: Connection, hashes: Collection[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for chunk in chunks(sorted(hashes)):
        rows = connection.execute(select(erased.c.hash, erased.c.at).where(erased.c.hash.in_(chunk)))
        found |= {row.hash: row.at for row in rows}
    return found


def _id_hash(salt: str, key: Key) -> str:
    return hashlib.sha256("\n".join((salt, "record", *key)).encode()).hexdigest()


def _address_hash(salt: str, email: str) -> str:
    return hashlib.sha256("\n".join((salt, "address", email)).encode(errors="replace")).hexdigest()
