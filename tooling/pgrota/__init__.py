"""rota: automation inside PostgreSQL. This package deploys, shows and delivers."""

__version__ = "0.1.0"
