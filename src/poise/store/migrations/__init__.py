"""How the tables came to be as they are: one file in `versions/` for each change, never changed afterwards."""

from __future__ import annotations

from pathlib import Path

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

#: The newest layout.
HEAD = "head"


def _script() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config)


def revisions() -> list[str]:
    """Every layout there has been, the oldest first."""
    return [script.revision for script in _script().walk_revisions()][::-1]


def current(connection: Connection) -> str | None:
    """The layout that a database has; None when it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def upgrade(connection: Connection, to: str = HEAD) -> None:
    """Bring a database to a layout, step by step, keeping what is in it."""
    script = _script()
    with EnvironmentContext(
        Config(), script, fn=lambda revision, _: script._upgrade_revs(to, revision), destination_rev=to
    ) as environment:
        environment.configure(connection=connection, transaction_per_migration=False)
        environment.run_migrations()
