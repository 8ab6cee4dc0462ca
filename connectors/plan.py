"""The list of changes that an apply would make in the CRM, and the fuse that stops it when too many stages move."""

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO

import msgspec

STAGE_WORD = "stage"
FUSE_SHARE_PERCENT = 2
FUSE_FLOOR = 50

_FORMAT = "leadscore plan 1"
_THEN = "Look at who moves with `leadscore plan`; if that is what you want, apply with --force."


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of one record: raw text before and after, by output word; "" is empty."""

    word: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class RecordPlan:
    """All changes of one record; `subject` is our number of the person. Riders are among the changes."""

    object: str
    id: str
    subject: int
    changes: tuple[FieldChange, ...]

    @property
    def values(self) -> dict[str, str]:
        """The new values by output word, as a `RecordWrite` takes them."""
        return {change.word: change.new for change in self.changes}

    def change(self, word: str) -> FieldChange | None:
        return next((change for change in self.changes if change.word == word), None)


@dataclass(frozen=True, slots=True)
class WritePlan:
    """What an apply writes, and exactly that. `as_of` is the instant of the scores; `digests` those of the models in
    their order; `known` the number of subjects in the store; a `sample` may be looked at and never applied."""

    crm: str
    account: str
    account_name: str
    account_kind: str
    as_of: int
    digests: tuple[str, ...]
    baseline: bool
    sample: bool
    known: int
    rows: tuple[RecordPlan, ...]


class PlanUnreadable(ValueError):
    """The file is no plan of ours, or not a whole one. Make a new one with `leadscore plan --out FILE`."""


class _Header(msgspec.Struct):
    format: str
    plan: WritePlan
    rows: int


def dump(plan: WritePlan, out: BinaryIO) -> None:
    """Writes a header line and then one JSON line a row, so that a plan of a million rows can be read with `less`."""
    encoder = msgspec.json.Encoder()
    out.write(encoder.encode(_Header(_FORMAT, replace(plan, rows=()), len(plan.rows))) + b"\n")
    for row in plan.rows:
        out.write(encoder.encode(row) + b"\n")


def load(source: BinaryIO) -> WritePlan:
    """Raises PlanUnreadable with the line at fault; a file cut short is refused, never applied in part."""
    lines = iter(source)
    header = _header(next(lines, b""))
    rows = tuple(_rows(lines))
    if len(rows) != header.rows:
        raise PlanUnreadable(
            f"The plan ends after {len(rows)} of {header.rows} rows. Make a new one with `leadscore plan --out FILE`."
        )
    return replace(header.plan, rows=rows)


def to_bytes(plan: WritePlan) -> bytes:
    buffer = io.BytesIO()
    dump(plan, buffer)
    return buffer.getvalue()


def staleness(plan: WritePlan, *, crm: str, account: str, digests: Sequence[str]) -> str | None:
    """Why this plan must not be applied to this account with these models now; None: it may."""
    if (plan.crm, plan.account) != (crm, account):
        return (
            f"This plan is for {plan.crm} account {plan.account}, but the token opens {crm} account {account}. "
            "Make a plan for this account with `leadscore plan`."
        )
    if plan.sample:
        return (
            "This plan rests on a sample of the contacts. Run `leadscore sync`, then `leadscore plan`, and apply that."
        )
    if tuple(digests) != plan.digests:
        return "The models were changed after this plan was made. Run `leadscore plan` again and look at who moves now."
    return None


def stage_moves(plan: WritePlan) -> int:
    """How many records change stage. A baseline writes scores and no stage, so it moves nobody."""
    if plan.baseline:
        return 0
    moved = (row.change(STAGE_WORD) for row in plan.rows)
    return sum(1 for change in moved if change is not None and change.old != change.new)


def fuse(moves: int, recent: int, known: int, then: str = _THEN) -> str | None:
    """Why `moves` more stage changes, after `recent` ones in the last 24 hours, are too many for `known` subjects;
    None: go on. More than 2 % of the known subjects blow the fuse, but never fewer than 51. `then`: what to do, as a
    sentence."""
    total = moves + recent
    if total <= FUSE_FLOOR or total * 100 <= known * FUSE_SHARE_PERCENT:
        return None
    before = f", {recent:,} of them already in the last 24 hours" if recent else ""
    return (
        f"{total:,} of {known:,} known people would change stage within 24 hours{before}; more than "
        f"{FUSE_SHARE_PERCENT} % (and more than {FUSE_FLOOR}) stops here, before sales is flooded. {then}"
    )


def _header(line: bytes) -> _Header:
    try:
        header = msgspec.json.decode(line, type=_Header)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise PlanUnreadable(f"Line 1 is not the head of a plan: {error}. Was the file edited?") from error
    if header.format != _FORMAT:
        raise PlanUnreadable(f"This is a `{header.format}`, but this version reads `{_FORMAT}`. Make a new plan.")
    return header


def _rows(lines: Iterable[bytes]) -> Iterator[RecordPlan]:
    decoder = msgspec.json.Decoder(RecordPlan)
    for number, line in enumerate(lines, start=2):
        try:
            yield decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise PlanUnreadable(f"Line {number} is not a row of a plan: {error}. Was the file edited?") from error
