"""One module a command; importing this package registers them all."""

from poise.cli.commands import analyze, demo, doctor, exercises, history, models, serve

__all__ = ["analyze", "demo", "doctor", "exercises", "history", "models", "serve"]
