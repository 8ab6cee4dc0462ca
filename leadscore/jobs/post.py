"""Tells sales by posts to the customer's own addresses: signed, each address by itself, for a day if need be."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, Engine, delete

from connectors.errors import ConnectorError
from connectors.protocol import Account
from connectors.signed_post import Message, Posted
from connectors.tasks import Lead
from leadscore.jobs.lease_owner import new_owner
from leadscore.jobs.lent_notices import LEASE, LentNotices, Lost, wait_until
from leadscore.jobs.messenger import Messenger
from leadscore.jobs.notice_words import PERSONAL, fill, lead_words, mapped_words, places_in
from leadscore.jobs.rulebook import Rulebook
from leadscore.store import leases
from leadscore.store.account import bound
from leadscore.store.database import one_writer, reading, writing
from leadscore.store.errors import StoreError
from leadscore.store.live_tables import notices, postings
from leadscore.store.notices import (
    DEAD,
    DONE,
    VOID,
    Crossing,
    Notice,
    anything_ready,
    claimed,
    keep_text,
    leave_queues,
    put,
    settle,
)
from scoring.values import write_instant

BACKOFF = (5_000, 30_000, 120_000, 600_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000)
"""How long after each failed try the next one comes, ms; the last of them repeats."""
GIVEN_UP = 24 * 3_600_000
"""After so long, and at least LEAST tries, a post that nobody took is given up, ms."""
LEAST = 5
_NEXT_TURN = 60_000
_NOWHERE = "No address is set, so nothing was posted. Set LEADSCORE_NOTIFY_URL."
_TAKEN_OUT = "Its address was taken out of LEADSCORE_NOTIFY_URL."
_GONE = "No record shows this person any more, so nothing was posted."


@dataclass(slots=True)
class PostReport:
    """`spread`: notices handed to the addresses; `posted`: taken by one; `later`: to be tried again; `void`: of nobody
    any more, or for no address; `dead`: given up."""

    spread: int = 0
    posted: int = 0
    later: int = 0
    void: int = 0
    dead: int = 0

    @property
    def all(self) -> int:
        return self.spread + self.posted + self.later + self.void + self.dead


class _Batch(NamedTuple):
    found: list[Notice]
    account: Account
    mapped: Mapping[int, Mapping[str, str]]


def post(
    store: Engine, messenger: Messenger, book: Rulebook, clock: Callable[[], int], worker: str, *, many: int = 20
) -> PostReport:
    """Posts up to `many` notices; nothing to report: none is ready.

    A post whose outcome is unknown is sent again with the same id, by which the receiver knows it. The CRM is asked
    only about leads of whom the text tells more than the store knows; where it cannot be asked those wait, the others
    are posted, and the error is raised then: RetryLater, QuotaExhausted or AccessDenied.
    """
    report, now = PostReport(), clock()
    with reading(store) as connection:
        account = bound(connection).account
        if not anything_ready(connection, postings, now):
            return report
    with writing(store) as connection:
        one_writer(connection)
        claims = leases.claim(connection, postings, now, new_owner(worker), many=many, lease=LEASE)
        found = claimed(connection, claims)
        leave_queues(connection, sorted({one.key for one in claims} - {one.number for one in found}))
        ready = [one for one in found if not _spread(connection, one, messenger, now, report)]
        mapped = mapped_words(connection, book, [one.subject for one in ready if one.text is None], now)
    if ready:
        _Poster(store, messenger, book, clock, report).post_all(_Batch(ready, account, mapped))
    return report


def _spread(connection: Connection, notice: Notice, messenger: Messenger, now: int, report: PostReport) -> bool:
    """Puts a notice that has no address yet into one for each; True: this one itself is done with."""
    places = messenger.places()
    reason = _GONE if notice.record_id is None else None
    if reason is None and notice.place:
        reason = None if notice.place in places else _TAKEN_OUT
    elif reason is None and not places:
        reason = _NOWHERE
    if reason is not None:
        settle(connection, notice.number, VOID, now, reason=reason)
        report.void += 1
        return True
    if notice.place:
        return False
    one = Crossing(
        notice.subject, notice.record, notice.event, notice.at, notice.by, notice.model, notice.template, notice.figures
    )
    put(connection, [replace(one, place=place) for place in places], now)
    leave_queues(connection, [notice.number])
    connection.execute(delete(notices).where(notices.c.number == notice.number))
    report.spread += 1
    return True


class _Poster:
    """Posts the notices of one claim, one after the other."""

    def __init__(
        self, store: Engine, messenger: Messenger, book: Rulebook, clock: Callable[[], int], report: PostReport
    ) -> None:
        self._messenger, self._book, self._clock, self._report = messenger, book, clock, report
        self._lent = LentNotices(store, postings, clock)

    def post_all(self, batch: _Batch) -> None:
        ready, failure = self._texts(batch)
        silent: set[str] = set()
        for notice in ready:
            if notice.place in silent:
                # Who does not answer is not asked twenty times over while others wait.
                self._lent.give_back([notice], self._clock() + _NEXT_TURN)
            elif not self._post(notice, batch.account):
                silent.add(notice.place)
        if failure is not None:
            raise failure

    def _texts(self, batch: _Batch) -> tuple[list[Notice], ConnectorError | None]:
        """The notices with their texts; those of which the CRM must be asked, and cannot be, are given back."""
        unknown = [one for one in batch.found if one.text is None and not _enough(one, batch.mapped)]
        leads: dict[tuple[str, str], Lead] = {}
        failure: ConnectorError | None = None
        try:
            for object in sorted({one.object for one in unknown}):
                ids = [one.record_id or "" for one in unknown if one.object == object]
                told = self._messenger.tasks.leads(object, ids)
                leads |= {(object, id): lead for id, lead in told.items()}
        except ConnectorError as error:
            failure = error
            self._lent.give_back(unknown, wait_until(error, self._clock()))
        known = [one for one in batch.found if failure is None or one not in unknown]
        return [one._replace(text=one.text or self._text(one, leads, batch)) for one in known], failure

    def _text(self, notice: Notice, leads: Mapping[tuple[str, str], Lead], batch: _Batch) -> str:
        lead = leads.get((notice.object, notice.record_id or ""))
        own, link = batch.mapped.get(notice.subject, {}), _link(notice, batch.account)
        return fill(notice.template, lead_words(notice, lead, own, link, self._book.tables.free_domains))

    def _post(self, notice: Notice, account: Account) -> bool:
        """False: the address gave no answer that ends the matter."""
        try:
            with self._lent.hold(notice) as connection:
                keep_text(connection, notice.number, notice.text or "")
            self._lent.begun.add(notice.number)
            message = Message(f"msg_{notice.id[:32]}", body_of(notice, account), self._clock())
            answer = self._messenger.poster.post(self._messenger.places()[notice.place], message)
            return self._note(notice, answer)
        except StoreError:
            raise
        except Lost:
            return True
        except Exception as error:  # noqa: BLE001 (whatever is wrong with one notice, the neighbours go on)
            self._report.dead += self._lent.failed(notice, error)
            return True

    def _note(self, notice: Notice, answer: Posted) -> bool:
        if answer.outcome == "taken":
            self._lent.end(notice, DONE)
            self._report.posted += 1
            return True
        now, tries = self._clock(), notice.claim.tries
        if answer.outcome == "never" or (tries + 1 >= LEAST and now - notice.put_at >= GIVEN_UP):
            self._lent.end(notice, DEAD, reason=answer.words)
            self._report.dead += 1
            return answer.outcome == "never"
        wait = BACKOFF[min(tries, len(BACKOFF) - 1)] * random.uniform(1.0, 1.1)
        self._lent.give_back([notice], now + round(max(wait, (answer.seconds or 0.0) * 1000)))
        self._report.later += 1
        return False


def body_of(notice: Notice, account: Account) -> bytes:
    """What is posted: ids, what the score said, and the text; of the lead's own words only those that the text has."""
    figures, (happening, _, what) = notice.figures, notice.event.partition(":")
    data: dict[str, object] = {
        "crm": account.crm,
        "account": account.id,
        "object": notice.object,
        "record": notice.record_id,
        "subject": notice.subject,
        "model": notice.model,
        "stage": figures.stage,
        "total": figures.total,
        "grade": figures.grade,
        "band": figures.band,
        "reason": figures.reason,
        "link": _link(notice, account),
        "text": notice.text,
    }
    if happening == "rises_to":
        data["rises_to"] = int(what)
    sort = "lead.entered_stage" if happening == "enters" else "lead.rose_to"
    return msgspec.json.encode({"type": sort, "timestamp": write_instant(notice.at), "data": data})


def _enough(notice: Notice, mapped: Mapping[int, Mapping[str, str]]) -> bool:
    """Whether the text asks for nothing about the lead that only the CRM knows."""
    asked: Sequence[str] = sorted(places_in(notice.template) & set(PERSONAL))
    return all(name in mapped.get(notice.subject, {}) for name in asked)


def _link(notice: Notice, account: Account) -> str:
    return account.url.replace("{id}", notice.record_id or "")
