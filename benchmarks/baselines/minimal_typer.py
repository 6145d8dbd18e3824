"""What any Typer program pays for its help: two commands, default settings."""

import typer

app = typer.Typer()


@app.command()
def load(folder: str) -> None:
    """Load a folder."""
    typer.echo(folder)


@app.command()
def report(name: str) -> None:
    """Print a report."""
    typer.echo(name)


if __name__ == "__main__":
    app()
