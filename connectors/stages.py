"""What every CRM connector offers for stages: reading who set them, and moving a record to another, step by step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from connectors.protocol import Capability

Setter = Literal["person", "program", "workflow", "import", "default", "ours", "unknown"]
"""Who set a value. `default`: the CRM by itself, on a new record or for a form's sender; `unknown`: the CRM's word says
nothing to us, so that nobody may overwrite it as if it were a machine's."""


@dataclass(frozen=True, slots=True)
class Written:
    """What our own journal says that we last wrote, and when (ms UTC)."""

    value: str
    at: int


@dataclass(frozen=True, slots=True)
class StageSeen:
    """The stage (the CRM's value, "" is empty) of a record now. `set_at` is the CRM's time; None: it tells none, or
    nobody ever set it. `by` is the CRM's user id, if a person did."""

    value: str
    set_at: int | None = None
    source: Setter = "unknown"
    by: str = ""


Step = Literal["write", "clear", "set", "confirm"]

NEXT_STEP: Mapping[Step, Step | None] = {"write": "confirm", "clear": "set", "set": "confirm", "confirm": None}
"""Up is write, confirm. Down is clear, set, confirm: a CRM may take stages forward only, and in one request the order
of the two is not certain."""


@dataclass(frozen=True, slots=True)
class StageMove:
    """One step of a record's way from the stage `before` to the stage `to`, both the CRM's values ("" is empty)."""

    object: str
    id: str
    before: str
    to: str
    step: Step


@dataclass(frozen=True, slots=True)
class StageAnswer:
    """What became of one step; `value` is what the CRM showed last (None: nothing).

    `done`: go on with the next step; after confirm the stage is there. `passed`: somebody raised it to a higher stage
    meanwhile, which is final and counts as taken. `moved`: somebody set something else meanwhile, nothing was written
    over it; decide anew. `not_taken`: the CRM said yes and did not do it. `rejected` and `missing` are final.
    `words` is a sentence for all but `done`.
    """

    id: str
    outcome: Literal["done", "passed", "moved", "not_taken", "rejected", "missing"]
    value: str | None = None
    words: str = ""


class StageWriter(Protocol):
    """Reads and writes the stages of one account. `field` is the CRM's property that keeps the stage. All methods raise
    RetryLater, QuotaExhausted, AccessDenied."""

    batch: int

    def stage_order(self, field: str) -> tuple[str, ...]:
        """All stages (the CRM's values) in the CRM's own order, lowest first, hidden ones too."""
        ...

    def stage_facts(self, field: str) -> tuple[Capability, ...]:
        """What an admin should know before stages are written: dates that the CRM keeps, what lowering touches."""
        ...

    def read_stages(
        self, object: str, field: str, ids: Sequence[str], written: Mapping[str, Written]
    ) -> Mapping[str, StageSeen]:
        """The stages of any number of records by id; records that do not exist are missing. `written` tells what is
        `ours`: a value of ours, set when we wrote it."""
        ...

    def write_stages(self, field: str, moves: Sequence[StageMove]) -> tuple[StageAnswer, ...]:
        """One step for each of at most `batch` records, no id twice; one answer for each, in any order. Every step
        looks first, so that doing it again is safe, after an error too."""
        ...
