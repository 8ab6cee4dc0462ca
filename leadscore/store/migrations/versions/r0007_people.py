"""Records that move: merged, restored, erased."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing was merged or erased by an older version, so the new columns are empty."""
    told = "records.id of what it was merged into, dead for good; NULL: it was not"
    op.add_column("records", sa.Column("merged_into", sa.BigInteger, nullable=True, comment=told))
    op.drop_table("erased_salt")
    op.create_table(
        "erased_salt",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
            comment="ours; a restored store may bring a second one",
        ),
        sa.Column("salt", sa.Text, nullable=False, comment="random, made once"),
        sa.Column(
            "scrubbed_at",
            sa.BigInteger,
            autoincrement=False,
            nullable=True,
            comment="when the file was last cleared of what was deleted; NULL: never",
        ),
        sa.PrimaryKeyConstraint("id"),
        comment="the salts of the hashes in erased",
    )
