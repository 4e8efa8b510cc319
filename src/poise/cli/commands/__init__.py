"""One module a command; importing this package registers them all."""

from poise.cli.commands import analyze, demo, desk, doctor, exercises, history, models, serve

__all__ = ["analyze", "demo", "desk", "doctor", "exercises", "history", "models", "serve"]
