"""The engine's tables. `rota deploy` applies these; alembic alone cannot."""

from pgrota.migration import run_environment

run_environment()
