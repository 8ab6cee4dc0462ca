"""The tables about stages in the CRM: what we know of each record's stage, what we did to it, and what stops us."""

from sqlalchemy import Index, PrimaryKeyConstraint, Table

from leadscore.store.tables import metadata, number, text

known_stages = Table(
    "known_stages",
    metadata,
    number("record", "records.id", key=True),
    text("value", "the CRM's value when we last looked; empty: none"),
    text("shown", "the value that the record was last read with when we decided"),
    number("ours", "1: it was our decision, and nobody changed it since"),
    number("set_at", "of ours: the as_of of the decision; else the CRM's time of the edit", null=True),
    text("by", "not of ours: person, program, default", null=True),
    text("written", "the value that we wrote last", null=True),
    number("written_at", "when, by the CRM's clock", null=True),
    text("cleared", "the value that we emptied the field of and have not followed by another yet", null=True),
    text("basis", "what the last decision rested on: another one is due when it differs"),
    text("wish", "our word for the stage that an observing model would set", null=True),
    text("reason", "why it would, as a sentence", null=True),
    number("at", "when it was decided"),
    comment="whose the stage of each record is, as far as stages were ever to be decided",
)

stage_moves = Table(
    "stage_moves",
    metadata,
    number("record", "records.id"),
    number("at", "when it ended"),
    number("subject", "whose stage it is"),
    text("before", "the CRM's value for the stage left; empty: none"),
    text("after", "the CRM's value for the stage to be entered"),
    text("stage", "our word for the stage to be entered"),
    text("reason", "why, as a sentence; why not, where it was not taken"),
    number("entered", "1: the score rose into the stage"),
    number("released", "1: a person let it go on, so the fuse does not count it"),
    text("outcome", "done, passed, moved, not_taken, rejected, missing; observed: only shown"),
    PrimaryKeyConstraint("record", "at"),
    Index("stage_moves_by_time", "at"),
    comment="changes of stages in the CRM that we made or tried",
    sqlite_with_rowid=False,
)

stage_notes = Table(
    "stage_notes",
    metadata,
    text(
        "name",
        "fuse: why changes stand still; models: why none is made; enrol: who stood there before counts",
        key=True,
    ),
    number("at", "since when"),
    text("said", "a sentence"),
    comment="what holds for all changes of stages",
)
