"""Models, scores, what is due, what was written, and what was put aside."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _number(name: str, comment: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, autoincrement=False, nullable=null, comment=comment)


def _key(name: str, comment: str) -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column(name, kind, autoincrement=False, nullable=False, comment=comment)


def _text(name: str, comment: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=null, comment=comment)


def upgrade() -> None:
    op.create_table(
        "streams",
        _text("name", "the connector's name of the stream"),
        _text("cursor", "where it goes on; NULL: from the start", null=True),
        _text("needs", "what was asked for when the present pass began, as JSON"),
        _text("objects", "which objects its pages have held, as a JSON list"),
        _number("passes", "how many passes came to their end"),
        _number("read_at", "when its last page was kept", null=True),
        _number("finished_at", "when its last pass ended", null=True),
        sa.PrimaryKeyConstraint("name"),
        comment="how far each stream of the CRM was read",
    )
    op.create_table(
        "models",
        _number("generation", "counts up with every change of the models in force"),
        _number("place", "order of the models; the first that is for a subject scores it"),
        _text("name", "name of the model"),
        _text("digest", "SHA-256 of what it means"),
        _text("text", "the file as it was written"),
        _number("since", "from when this generation is in force, until the next one"),
        sa.PrimaryKeyConstraint("generation", "place"),
        comment="the models in force, over time",
    )
    op.create_table(
        "scores",
        _key("subject", "whose"),
        _number("generation", "the models that scored it"),
        _number("scored_at", "the instant it was scored for"),
        _text("model", "name of the model that is for the subject; NULL: none is", null=True),
        _number("total", "sum of the scores that count, and the adjustment", null=True),
        _text("scores", "JSON object of each score's points"),
        _number("adjustment", "what sales feedback moved"),
        _text("band", "of the total", null=True),
        _text("grade", "letter and digit", null=True),
        _text("stage", "our word", null=True),
        _number("next_change_at", "the next instant at which it differs if nothing new arrives", null=True),
        _number(
            "wake_at", "when to score again: next_change_at, or when a known fact of the future arrives", null=True
        ),
        _number("touched", "1: a rule ever gave it points"),
        _number("moved", "1: facts or models moved it since it was last written; 0: only time did"),
        _text("fired", "the rules that gave points, by their number in the model, with spaces between"),
        sa.PrimaryKeyConstraint("subject"),
        comment="the current score of each subject",
    )
    op.create_index("scores_by_wake", "scores", ["wake_at"])
    op.create_table(
        "ledgers",
        _key("subject", "whose"),
        _text("lines", "JSON list of [kind, score, group, rule, points, evidence]"),
        _text("unreadable", "JSON list of the fields that could not be read"),
        sa.PrimaryKeyConstraint("subject"),
        comment="the lines that add up to each current score",
    )
    op.create_table(
        "stage_changes",
        _number("subject", "whose"),
        _number("at", "when"),
        _text("before", "our word for the stage left", null=True),
        _text("after", "our word for the stage entered", null=True),
        sa.PrimaryKeyConstraint("subject", "at"),
        comment="when the stage of a score changed",
    )
    op.create_table(
        "due",
        _key("subject", "whom to score"),
        _number("since", "the first notice that is still open"),
        _number("mark", "counts the notices, so that one that comes while scoring is not lost"),
        _text("reason", "what came first: record, company, deal, list, activity"),
        sa.PrimaryKeyConstraint("subject"),
        comment="subjects to score again, one row for each however often they were named",
    )
    op.create_table(
        "written",
        _key("record", "records.id"),
        _text("values", "JSON object of what our fields hold in the CRM, as last written or seen"),
        _number("at", "when"),
        sa.PrimaryKeyConstraint("record"),
        comment="what the CRM holds of ours, so that only differences are written",
    )
    op.create_table(
        "stage_writes",
        _number("record", "records.id"),
        _number("at", "when"),
        _text("before", "stage left"),
        _text("after", "stage entered"),
        sa.PrimaryKeyConstraint("record", "at"),
        comment="stage changes that went to the CRM, for the fuse",
    )
    op.create_index("stage_writes_by_time", "stage_writes", ["at"])
    op.create_table(
        "runs",
        _key("id", "ours"),
        _text("job", "sync or apply"),
        _number("started_at", "when it began"),
        _number("ended_at", "when it ended; NULL: it was cut or goes on", null=True),
        _text("outcome", "one word: done, refused, stopped", null=True),
        _text("trace", "JSON object: counts, and what a person decided"),
        sa.PrimaryKeyConstraint("id"),
        comment="what was done when",
    )
    op.create_table(
        "parked",
        _text("digest", "SHA-256 of job, object, record_id and reason"),
        _text("job", "who put it aside: sync or apply"),
        _text("object", "CRM object or activity type"),
        _text("record_id", "the CRM's id"),
        _text("reason", "a sentence; the CRM's own words where it refused"),
        _text("content", "JSON of what could not be used"),
        _number("at", "when it was first put aside"),
        sa.PrimaryKeyConstraint("digest"),
        comment="what could not be used, with the reason; its neighbours went on",
    )
