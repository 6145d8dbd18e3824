"""A revision records how its hash was made, so that what comes to be hashed otherwise leaves it comparable.

Revision: 0012, after 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "revisions",
        sa.Column(
            "hash_version",
            sa.Integer(),
            server_default="1",  # there was no other before
            autoincrement=False,
            nullable=True,
            comment="How content_hash was made: a load compares in the version of the revision that it is compared "
            "with.",
        ),
        schema="survey",
    )


def downgrade() -> None:
    op.drop_column("revisions", "hash_version", schema="survey")
