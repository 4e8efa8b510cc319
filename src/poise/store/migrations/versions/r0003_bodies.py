"""What of somebody's body exercises."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Everybody's is whole until they say otherwise."""
    op.add_column("profiles", sa.Column("body", sa.String(24), nullable=False, server_default="whole"))
