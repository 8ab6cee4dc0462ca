"""What every CRM connector offers for tasks: who can be given one, about whom, and making it exactly once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Owner:
    """A colleague who can own records. `user` is the id under which the CRM names who edited a value."""

    email: str
    active: bool
    name: str = ""
    user: str = ""


@dataclass(frozen=True, slots=True)
class Lead:
    """Who a record shows, in the CRM's own fields as they are now; "" is empty. `owner`: the id of the colleague who
    owns it, None: nobody does."""

    owner: str | None
    name: str = ""
    company: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class TaskDraft:
    """A task on a record. Texts are plain, the connector makes them safe to show; `due` is an instant. `marker` is a
    short word of letters, digits, `-` and `_`, unique to this task, by which it is found again."""

    record: str
    owner: str | None
    subject: str
    body: str
    due: int
    marker: str
    object: str = "contact"


@dataclass(frozen=True, slots=True)
class TaskAnswer:
    """`found`: it was there already. `rejected` is final, with the CRM's words (a deactivated owner, a record that is
    gone): give the task to another, or tell a person."""

    outcome: Literal["created", "found", "rejected"]
    task: str = ""
    words: str = ""


class TaskWriter(Protocol):
    """Makes tasks for sales. All methods raise RetryLater, QuotaExhausted, AccessDenied."""

    def owners(self) -> Mapping[str, Owner]:
        """Everybody who can or could own records, by owner id, deactivated ones too."""
        ...

    def leads(self, object: str, ids: Sequence[str]) -> Mapping[str, Lead]:
        """These records by id, any number; those that do not exist, or were archived, are missing."""
        ...

    def create_task(self, draft: TaskDraft, *, maybe_sent: bool) -> TaskAnswer:
        """Makes the task; sends it once. `maybe_sent`: an earlier call may have made it (it raised, or we were cut
        before its answer was kept), so it is looked for first. After an error call again with `maybe_sent`. Raises
        ValueError for a marker of other characters."""
        ...
