"""Tells sales by tasks in the CRM: each notice once, to the right colleague, and never too many on one day."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import tzinfo

from sqlalchemy import Engine

from connectors.errors import ConnectorError, Rejected
from connectors.tasks import Lead, TaskAnswer, TaskDraft
from leadscore.jobs.lease_owner import new_owner
from leadscore.jobs.lent_notices import LEASE, LentNotices, Lost, wait_until
from leadscore.jobs.messenger import Messenger, day_of, last_told_day, written_day, zone_of
from leadscore.jobs.notice_words import fill, lead_words, mapped_words
from leadscore.jobs.rulebook import Rulebook
from leadscore.store import leases
from leadscore.store.account import bound
from leadscore.store.database import one_writer, reading, writing
from leadscore.store.digests import (
    Member,
    choose,
    choose_owner,
    digests_due,
    given,
    keep_for_digest,
    make_digests,
    members_of,
    move_digest,
)
from leadscore.store.errors import StoreError
from leadscore.store.live_tables import tellings
from leadscore.store.notices import DEAD, DONE, VOID, Notice, anything_ready, claimed, leave_queues, settle

DUE = 3_600_000
"""How long after it was made a task is due, ms: who asked for sales waits now."""
GONE = "No record in the CRM shows this person any more, so nobody was told."
_UNREADABLE = "The CRM refuses to show the record: "
_LONGEST_SUBJECT = 200

_Key = tuple[str, str]


@dataclass(slots=True)
class TellReport:
    """`told`: tasks that were made or found; `digested`: left to the digest of the day; `void`: about nobody any more;
    `dead`: refused for good."""

    told: int = 0
    digested: int = 0
    void: int = 0
    dead: int = 0

    @property
    def all(self) -> int:
        return self.told + self.digested + self.void + self.dead


def tell(
    store: Engine, messenger: Messenger, book: Rulebook, clock: Callable[[], int], worker: str, *, many: int = 20
) -> TellReport:
    """Makes the tasks of up to `many` notices; nothing to report: none is ready.

    A task whose making was cut is looked for before it is made. When the CRM cannot be asked, the notices wait as long
    as it says, and the error is raised: RetryLater, QuotaExhausted or AccessDenied.
    """
    now = clock()
    with reading(store) as connection:
        account = bound(connection).account
        zone = zone_of(account.time_zone)
        last_day = last_told_day(now, zone)
        if not (anything_ready(connection, tellings, now) or digests_due(connection, last_day)):
            return TellReport()
    with writing(store) as connection:
        one_writer(connection)
        make_digests(connection, last_day, now)
        claims = leases.claim(connection, tellings, now, new_owner(worker), many=many, lease=LEASE)
        found = claimed(connection, claims)
        leave_queues(connection, sorted({one.key for one in claims} - {one.number for one in found}))
        mapped = mapped_words(connection, book, [one.subject for one in found if one.subject], now)
    teller = _Teller(store, messenger, clock, zone, account.url, book.tables.free_domains, mapped)
    if found:
        teller.tell_all(found)
    return teller.report


class _Teller:
    """Tells the notices of one claim, one after the other."""

    def __init__(
        self,
        store: Engine,
        messenger: Messenger,
        clock: Callable[[], int],
        zone: tzinfo,
        url: str,
        free_domains: frozenset[str],
        mapped: Mapping[int, Mapping[str, str]],
    ) -> None:
        self._messenger, self._clock, self._zone, self._url = messenger, clock, zone, url
        self._free_domains, self._mapped = free_domains, mapped
        self._lent = LentNotices(store, tellings, clock)
        self.report = TellReport()

    def tell_all(self, found: list[Notice]) -> None:
        left = list(found)
        try:
            keys = dict.fromkeys((one.object, one.record_id) for one in found if one.subject and one.record_id)
            leads, refused = self._leads(keys)
            while left:
                words = refused.get((left[0].object, left[0].record_id or ""))
                if words is None:
                    self._tell(left[0], leads)
                else:
                    self._give_up(left[0], words)
                del left[0]
        except ConnectorError as error:
            self._lent.give_back(left, wait_until(error, self._clock()))
            raise

    def _leads(self, keys: Iterable[_Key]) -> tuple[dict[_Key, Lead], dict[_Key, str]]:
        """Who these records show, and the CRM's words on those that it refuses to read. Asked now: many a workflow
        gives a lead its owner in the very moment in which it becomes interesting."""
        ids: dict[str, list[str]] = {}
        for object, id in keys:
            ids.setdefault(object, []).append(id)
        leads: dict[_Key, Lead] = {}
        refused: dict[_Key, str] = {}
        for object, some in ids.items():
            self._read(object, some, leads, refused)
        return leads, refused

    def _read(self, object: str, ids: list[str], leads: dict[_Key, Lead], refused: dict[_Key, str]) -> None:
        """Reads some leads; those that the CRM refuses are found by halves."""
        try:
            leads |= {(object, id): lead for id, lead in self._messenger.tasks.leads(object, ids).items()}
        except Rejected as error:
            if len(ids) == 1:
                refused[object, ids[0]] = error.words
                return
            for half in (ids[: len(ids) // 2], ids[len(ids) // 2 :]):
                self._read(object, half, leads, refused)

    def _give_up(self, notice: Notice, words: str) -> None:
        with suppress(Lost):
            self._lent.end(notice, DEAD, reason=_UNREADABLE + words)
            self.report.dead += 1

    def _tell(self, notice: Notice, leads: Mapping[_Key, Lead]) -> None:
        try:
            draft = self._digest(notice) if not notice.subject else self._single(notice, leads)
            if draft is not None:
                self._make(notice, draft)
        except (ConnectorError, StoreError):
            raise
        except Lost:
            return
        except Exception as error:  # noqa: BLE001 (whatever one lead's words do, the neighbours go on)
            self.report.dead += self._lent.failed(notice, error)

    def _single(self, notice: Notice, leads: Mapping[_Key, Lead]) -> TaskDraft | None:
        """The task about one lead, with its owner noted; None: no task is to be made now."""
        lead = leads.get((notice.object, notice.record_id or ""))
        if lead is None or notice.record_id is None:
            self._lent.end(notice, VOID, reason=GONE)
            self.report.void += 1
            return None
        now = self._clock()
        owner = notice.owner if notice.owner is not None else self._messenger.owner_for(lead.owner, now)
        own, link = self._mapped.get(notice.subject, {}), self._link(notice.record_id)
        words = lead_words(notice, lead, own, link, self._free_domains)
        text = notice.text or fill(notice.template, words)
        with self._lent.hold(notice) as connection:
            if notice.owner is None:
                day = day_of(now, self._zone)
                if given(connection, owner, day) >= self._messenger.a_day:
                    named = text if words["name"] in text else f"{words['name']}: {text}"
                    keep_for_digest(connection, notice.number, owner, day, named)
                    self.report.digested += 1
                    return None
                choose(connection, notice.number, owner, day, text)
        why = [words["reason"]] if notice.figures.reason and notice.figures.reason not in text else []
        body = "\n".join([text, *why, *([] if words["link"] in text else [words["link"]])])
        return self._draft(notice, owner, text, body)

    def _digest(self, notice: Notice) -> TaskDraft | None:
        """The task about everybody who was too much on one day."""
        with self._lent.hold(notice) as connection:
            members, gone = members_of(connection, notice.number)
        leads, refused = self._leads((one.object, one.id) for one in members)
        living = [one for one in members if (one.object, one.id) in leads]
        with self._lent.hold(notice) as connection:
            for one in [one for one in members if (one.object, one.id) in refused]:
                reason = _UNREADABLE + refused[one.object, one.id]
                settle(connection, one.number, DEAD, self._clock(), reason=reason, record=(one.object, one.id))
                members.remove(one)
                self.report.dead += 1
            for number in (*gone, *(one.number for one in members if one not in living)):
                settle(connection, number, VOID, self._clock(), reason=GONE)
                self.report.void += 1
            if not living:
                settle(connection, notice.number, VOID, self._clock(), reason=GONE)
                return None
            place = next((one for one in living if one.record == notice.record), living[0])
            move_digest(connection, notice.number, place.record)
        day = written_day(int(notice.event.split(":")[1]))
        subject = f"{len(living)} more lead{'s' if len(living) > 1 else ''} of {day}"
        body = "\n".join([f"More than {self._messenger.a_day} on {day}:", *(self._line(one) for one in living)])
        moved = notice._replace(object=place.object, record_id=place.id)
        return self._draft(moved, notice.owner or "", subject, body)

    def _line(self, member: Member) -> str:
        link = self._link(member.id)
        return f"- {member.text}" if link in member.text else f"- {member.text} {link}"

    def _link(self, id: str) -> str:
        return self._url.replace("{id}", id)

    def _draft(self, notice: Notice, owner: str, subject: str, body: str) -> TaskDraft:
        line = " ".join(subject.split())
        short = line if len(line) <= _LONGEST_SUBJECT else f"{line[: _LONGEST_SUBJECT - 1].rstrip()}…"
        marker = f"ls-{notice.id[:24]}"
        return TaskDraft(notice.record_id or "", owner or None, short, body, self._clock() + DUE, marker, notice.object)

    def _make(self, notice: Notice, draft: TaskDraft) -> None:
        """Makes the task; where the CRM refuses its owner, the fallback gets it, and at last nobody."""
        answer, wanted = self._send(notice, draft), [draft.owner or ""]
        while answer.outcome == "rejected" and wanted[-1]:
            fallback = self._messenger.owner_for(None, self._clock())
            wanted.append(fallback if fallback not in wanted else "")
            with self._lent.hold(notice) as connection:
                choose_owner(connection, notice.number, wanted[-1])
            answer = self._send(notice, replace(draft, owner=wanted[-1] or None))
        if answer.outcome == "rejected":
            self._lent.end(notice, DEAD, reason=f"The CRM refuses the task: {answer.words}")
            self.report.dead += 1
        else:
            self._lent.end(notice, DONE, task=answer.task)
            self.report.told += 1

    def _send(self, notice: Notice, draft: TaskDraft) -> TaskAnswer:
        self._lent.begun.add(notice.number)
        return self._messenger.tasks.create_task(draft, maybe_sent=notice.claim.tries > 0)
