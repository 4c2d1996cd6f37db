"""The tables of the sample application. Applied by `rota deploy --recipe`."""

from pgrota.migration import run_environment

run_environment()
