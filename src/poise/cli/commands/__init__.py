"""One module a command, named after it; see `poise.cli.app.load`."""
