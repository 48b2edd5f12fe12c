"""The command line: the commands by name, and how each end becomes an exit code."""

from __future__ import annotations

import faulthandler
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import Final

import typer

from robustness.commands.ending import INTERRUPTED, tell
from robustness.errors import RobustnessError
from robustness.reports.escape import log_lines
from robustness.reports.privacy import public_text
from robustness.store.stopping import Stopped, heeding_sigterm

__all__ = ["COMMANDS", "main"]

COMMANDS: Final = (
    "demo", "check", "merge", "audit", "build", "search", "attacks", "report", "compare", "runs", "neurons",
    "edit", "train", "doctor",
)  # fmt: skip
"""In the order of `--help`; each is the function of its name in the module of its name in `commands/`."""


def _app(asked: Sequence[str]) -> typer.Typer:
    """Return the command line with the commands of these names alone: laying out all of them costs each."""
    app = typer.Typer(
        name="robustness",
        help="Does a multiple-choice reading comprehension model read, or does it match keywords?",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_anything)
    for name in asked:
        app.command()(getattr(import_module(f"robustness.commands.{name}"), name))
    return app


def _anything() -> None:
    # Without a callback, a command line of one command does not ask for its name.
    return None


def main() -> None:
    """Run the command line; a fault of the user's is one paragraph, a fault of ours keeps its stack."""
    if not faulthandler.is_enabled():
        with suppress(OSError, ValueError):  # stderr is no file, as in a notebook
            faulthandler.enable()  # a crash in native code, such as a kernel's, leaves a stack
    try:
        with heeding_sigterm():
            known = [name for name in sys.argv[1:2] if name in COMMANDS]
            _app(known or COMMANDS)(prog_name="robustness")
    except RobustnessError as error:
        # What a message quotes is the user's, the data's or a server's: it may hold anything.
        tell(f"error: {log_lines(public_text(str(error)))}")
        sys.exit(error.exit_code)
    except Stopped as end:
        tell(f"error: {end.line}")
        sys.exit(end.code)
    except (KeyboardInterrupt, SystemExit) as end:
        # typer turns Ctrl-C inside a command into a silent exit
        if isinstance(end, SystemExit) and end.code != INTERRUPTED:
            raise
        tell("error: interrupted, so what was not finished has not been written; start it again")
        sys.exit(INTERRUPTED)
