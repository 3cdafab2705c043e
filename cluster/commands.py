"""`huetune cluster`: check."""

import typer

from cluster.check.command import check
from cluster.drain_command import drain
from cluster.launch.cloud_command import cloud
from cluster.launch.kuberay_command import kuberay
from cluster.launch.slurm_command import slurm
from cluster.stage.command import stage
from cluster.submit.command import submit

app = typer.Typer(no_args_is_help=True)

app.command()(check)
app.command()(stage)
app.command()(slurm)
app.command()(submit)
app.command()(kuberay)
app.command()(cloud)
app.command()(drain)
