"""The tables of our own work: cursors, models, scores, what is due, what was written and what was put aside."""

from sqlalchemy import BigInteger, Column, Index, PrimaryKeyConstraint, Table

from leadscore.store.tables import metadata, number, text


def _zero(name: str, comment: str) -> Column[int]:
    """A count that the database itself begins at 0."""
    return Column(name, BigInteger, nullable=False, server_default="0", comment=comment)


streams = Table(
    "streams",
    metadata,
    text("name", "the connector's name of the stream", key=True),
    text("cursor", "where it goes on; NULL: from the start", null=True),
    text("needs", "what was asked for when the present pass began, as JSON"),
    text("objects", "which objects its pages have held, as a JSON list"),
    number("passes", "how many passes came to their end"),
    number("read_at", "when its last page was kept", null=True),
    number("finished_at", "when its last pass ended", null=True),
    comment="how far each stream of the CRM was read",
)

models = Table(
    "models",
    metadata,
    number("generation", "counts up with every change of the models in force"),
    number("place", "order of the models; the first that is for a subject scores it"),
    text("name", "name of the model"),
    text("digest", "SHA-256 of what it means"),
    text("text", "the file as it was written"),
    number("since", "from when this generation is in force, until the next one"),
    PrimaryKeyConstraint("generation", "place"),
    comment="the models in force, over time",
)

scores = Table(
    "scores",
    metadata,
    number("subject", "whose", key=True),
    number("generation", "the models that scored it"),
    number("scored_at", "the instant it was scored for"),
    text("model", "name of the model that is for the subject; NULL: none is", null=True),
    number("total", "sum of the scores that count, and the adjustment", null=True),
    text("scores", "JSON object of each score's points"),
    number("adjustment", "what sales feedback moved"),
    text("band", "of the total", null=True),
    text("grade", "letter and digit", null=True),
    text("stage", "our word", null=True),
    number("next_change_at", "the next instant at which it differs if nothing new arrives", null=True),
    number("wake_at", "when to score again: next_change_at, or when a known fact of the future arrives", null=True),
    number("touched", "1: a rule ever gave it points"),
    number("moved", "1: facts or models moved it since it was last written; 0: only time did"),
    text("fired", "the rules that gave points, by their number in the model, with spaces between"),
    Index("scores_by_wake", "wake_at"),
    comment="the current score of each subject",
)

ledgers = Table(
    "ledgers",
    metadata,
    number("subject", "whose", key=True),
    text("lines", "JSON list of [kind, score, group, rule, points, evidence]"),
    text("unreadable", "JSON list of the fields that could not be read"),
    comment="the lines that add up to each current score",
)

stage_changes = Table(
    "stage_changes",
    metadata,
    number("subject", "whose"),
    number("at", "when"),
    text("before", "our word for the stage left", null=True),
    text("after", "our word for the stage entered", null=True),
    PrimaryKeyConstraint("subject", "at"),
    comment="when the stage of a score changed",
)

due = Table(
    "due",
    metadata,
    number("subject", "whom to score", key=True),
    number("since", "the first notice that is still open"),
    number("mark", "counts the notices, so that one that comes while scoring is not lost"),
    text("reason", "what came first: record, company, deal, list, activity"),
    text("owner", "who scores it now", null=True),
    number("until", "when the owner's lease ends", null=True),
    _zero("fence", "counts the leases: an older one may save nothing"),
    _zero("tries", "how many times it was begun without an end"),
    _zero("not_before", "wait until then"),
    Index("due_by_since", "since"),
    comment="subjects to score again, one row for each however often they were named",
)

written = Table(
    "written",
    metadata,
    number("record", "records.id", key=True),
    text("values", "JSON object of what our fields hold in the CRM, as last written or seen"),
    number("at", "when"),
    comment="what the CRM holds of ours, so that only differences are written",
)

stage_writes = Table(
    "stage_writes",
    metadata,
    number("record", "records.id"),
    number("at", "when"),
    text("before", "stage left"),
    text("after", "stage entered"),
    PrimaryKeyConstraint("record", "at"),
    Index("stage_writes_by_time", "at"),
    comment="stage changes that went to the CRM, for the fuse",
)

runs = Table(
    "runs",
    metadata,
    number("id", "ours", key=True),
    text("job", "sync or apply"),
    number("started_at", "when it began"),
    number("ended_at", "when it ended; NULL: it was cut or goes on", null=True),
    text("outcome", "one word: done, refused, stopped", null=True),
    text("trace", "JSON object: counts, and what a person decided"),
    comment="what was done when",
)

parked = Table(
    "parked",
    metadata,
    text("digest", "SHA-256 of job, object, record_id and reason", key=True),
    text("job", "who put it aside: sync or apply"),
    text("object", "CRM object or activity type"),
    text("record_id", "the CRM's id"),
    text("reason", "a sentence; the CRM's own words where it refused"),
    text("content", "JSON of what could not be used"),
    number("at", "when it was first put aside"),
    comment="what could not be used, with the reason; its neighbours went on",
)
