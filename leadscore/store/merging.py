"""Makes several records of a CRM one: what is known of them belongs to one person, and the old ids are dead."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, update

from connectors.protocol import SeenRecord
from leadscore.store import due
from leadscore.store.batch import chunks
from leadscore.store.erased import erased_keys
from leadscore.store.merged import survivors
from leadscore.store.moving import move_records, move_subjects
from leadscore.store.records import Held, Key, ensure_records, find_records, people_linked
from leadscore.store.refetches import name_records
from leadscore.store.tables import records


def merge(connection: Connection, object: str, into: str, gone: Sequence[str], now: int, *, ask: bool = True) -> None:
    """Records of one object became `into`, in any order of the notices, whether we knew them or not. `gone` begins
    with the one whose values won; `into` may be one of them.

    What is kept of what the CRM shows no more moves to what is left, which is read again (not with `ask` False: the
    caller has read it). Until it was read, the person is not scored. Doing it again changes nothing.
    """
    keys: list[Key] = [(object, id) for id in dict.fromkeys((into, *gone))]
    known = find_records(connection, keys)
    held = known | ensure_records(connection, [key for key in keys if key not in known])
    target = held.get(keys[0])
    if target is None:
        return
    target = _final(connection, object, target)
    losers = [one for key in keys[1:] if (one := held.get(key)) is not None]
    losers = list({one.id: one for one in (_final(connection, object, one) for one in losers)}.values())
    losers = [one for one in losers if one.id != target.id]
    if not losers:
        return
    for chunk in chunks([one.id for one in losers]):
        living = records.c.id.in_(chunk) & records.c.until.is_(None)
        connection.execute(update(records).where(living).values(until=now))
        connection.execute(update(records).where(records.c.id.in_(chunk)).values(merged_into=target.id))
    connection.execute(update(records).where(records.c.id == target.id).values(since=now))
    if ask and target.until is None:
        name_records(connection, [target.id], now)
    fresh = {one.id for key, one in held.items() if key not in known}
    keep = _join(connection, target, losers, fresh, now)
    awaited = target.read_at is None and target.until is None
    if keep is not None:
        (due.hold if awaited else due.mark)(connection, [keep], "merged", now)
    concerned = {} if awaited else people_linked(connection, [target.id])
    for reason in sorted(set(concerned.values())):
        due.mark(connection, (who for who, why in concerned.items() if why == reason and who != keep), reason, now)


def _join(connection: Connection, target: Held, losers: Sequence[Held], fresh: set[int], now: int) -> int | None:
    """Re-points what was kept of the losers (of those that are `fresh` there is nothing), and returns the person whom
    it belongs to now: the one known first."""
    subjects = {one.subject: one.id in fresh for one in (target, *losers) if one.subject is not None}
    keep = min(subjects, default=None)
    if keep is not None:
        moved = sorted(subjects.keys() - {keep})
        for chunk in chunks(moved):
            connection.execute(update(records).where(records.c.subject.in_(chunk)).values(subject=keep))
        move_subjects(connection, [who for who in moved if not subjects[who]], keep)
    move_records(connection, [one.id for one in losers if one.id not in fresh], target.id, now)
    return keep


def follow_merges(connection: Connection, seen: Iterable[SeenRecord], now: int) -> None:
    """Takes over the merges of which these records tell themselves, in case no webhook did."""
    merged = {(one.object, one.id): one.merged_ids for one in seen if one.merged_ids and not one.archived}
    olds: dict[Key, Key] = {(key[0], id): key for key, ids in merged.items() for id in ids}
    if not olds:
        return
    held = find_records(connection, [*olds, *merged])
    done = survivors(connection, {held[old].id for old in olds if old in held})
    gone = erased_keys(connection, [old for old in olds if old not in held])
    for key, ids in sorted(merged.items()):
        target = held.get(key)
        known = {id: done[old.id].record for id in ids if (old := held.get((key[0], id))) is not None}
        here = None if target is None else target.id
        news = [id for id in ids if (key[0], id) not in gone and (here is None or known.get(id) != here)]
        if news:
            merge(connection, key[0], key[1], news, now, ask=False)


def _final(connection: Connection, object: str, one: Held) -> Held:
    """What a record is now: merges are told in any order."""
    if one.merged_into is None:
        return one
    last = survivors(connection, {one.id})[one.id]
    found: Mapping[Key, Held] = find_records(connection, [(object, last.id)])
    return found[object, last.id]
