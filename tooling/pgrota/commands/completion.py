"""rota completion."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_ROTA_COMPLETE"


@click.command(epilog="Example: rota completion bash")
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that lets SHELL complete commands, options and names with Tab.

    \b
    To install it, once:
      bash  rota completion bash > ~/.local/share/bash-completion/completions/rota
            without the package bash-completion, in ~/.bashrc: source <(rota completion bash)
      zsh   rota completion zsh > "${fpath[1]}/_rota"
            or in ~/.zshrc, below compinit: source <(rota completion zsh)
      fish  rota completion fish > ~/.config/fish/completions/rota.fish

    It works in shells that are opened from then on. Names of tasks, schedules, subscriptions and
    watched tables come from the database; where it does not answer at once, none are offered.
    """
    root = context.find_root().command
    script = get_completion_class(shell)(root, {}, "rota", VARIABLE).source()
    # Descriptions hold commas, at which click's function for fish would cut them off.
    click.echo(script.replace('string split ","', 'string split --max 1 ","'))
