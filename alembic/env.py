"""What Alembic runs: every path to the schema goes through jumelage.migrate."""

from alembic import context

from jumelage.database.migrate import run_environment

run_environment(context)
