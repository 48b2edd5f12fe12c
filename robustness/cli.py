"""The command line: the commands by name, and how each end becomes an exit code."""

from __future__ import annotations

import faulthandler
import sys
from contextlib import suppress

import typer

from robustness.commands.attacks import attacks
from robustness.commands.audit import audit
from robustness.commands.build import build
from robustness.commands.check import check
from robustness.commands.compare import compare
from robustness.commands.demo import demo
from robustness.commands.doctor import doctor
from robustness.commands.edit import edit
from robustness.commands.ending import INTERRUPTED, tell
from robustness.commands.merge import merge
from robustness.commands.neurons import neurons
from robustness.commands.report import report
from robustness.commands.runs import runs
from robustness.commands.search import search
from robustness.commands.train import train
from robustness.errors import RobustnessError
from robustness.reports.escape import log_lines
from robustness.reports.privacy import public_text
from robustness.store.stopping import Stopped, heeding_sigterm

__all__ = ["app", "main"]

app = typer.Typer(
    name="robustness",
    help="Does a multiple-choice reading comprehension model read, or does it match keywords?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in (
    demo, check, merge, audit, build, search, attacks, report, compare, runs, neurons, edit, train, doctor,
):  # fmt: skip
    app.command()(command)


def main() -> None:
    """Run the command line; a fault of the user's is one paragraph, a fault of ours keeps its stack."""
    if not faulthandler.is_enabled():
        with suppress(OSError, ValueError):  # stderr is no file, as in a notebook
            faulthandler.enable()  # a crash in native code, such as a kernel's, leaves a stack
    try:
        with heeding_sigterm():
            app(prog_name="robustness")
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
