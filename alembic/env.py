"""What Alembic runs: every path to the schema goes through jumelage.migrate."""

from alembic import context

from jumelage.database.migrate import run_environment
from jumelage.loading.recorded import unfit

run_environment(context, unfit)
