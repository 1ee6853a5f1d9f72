"""The only code that knows typer, rich and exit codes."""
