"""The front door: every command of huetune, each in the package that does the work."""

import sys

import typer

import cluster.commands
import data.commands
import search.commands
import search.single.commands
from analysis.commands import dashboard, report
from analysis.trained.commands import colorize, evaluate, export
from data.errors import HuetuneError
from search.interruption import Interrupted

app = typer.Typer(
    help="Hyperparameter search for image colorization and multi-task GANs, on one machine or a GPU cluster.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(data.commands.app, name="data", help="Photos to .beton files, and checks of them.")
app.add_typer(search.commands.app, name="sweep", help="Run a search, resume it, see how far it is.")
app.command()(search.single.commands.train)
app.command()(search.single.commands.presets)
app.command()(report)
app.command()(dashboard)
app.command()(colorize)
app.command()(evaluate)
app.command()(export)
app.add_typer(cluster.commands.app, name="cluster", help="See whether a cluster will run a sweep.")


def main() -> None:
    """Run the command line; an error that the user can mend is one line on stderr, and an exit status above 0."""
    try:
        app()
    except Interrupted as interrupted:
        typer.secho("huetune: interrupted", fg="red", err=True)
        sys.exit(interrupted.exit_status)
    except HuetuneError as error:
        typer.secho(f"huetune: {error}", fg="red", err=True)
        sys.exit(error.exit_status)


if __name__ == "__main__":
    main()
