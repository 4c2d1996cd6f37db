"""The tables of this project. `rota deploy` applies these migrations, with the rest of it."""

from pgrota.migration import run_environment

run_environment()
