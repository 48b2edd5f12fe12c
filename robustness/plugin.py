"""pytest: the checks of a configuration as test items, and the fixture `robustness_check`.

Silent and idle until asked: by `--robustness`, by a configuration file among the arguments
(`pytest robustness.toml`) or by the fixture. Then each attack and severity is one item:

    PASS       passes
    FAIL       fails, with the most telling items; an xfail while it is a known failure
    UNDECIDED  is its own outcome, an xfail to exit code and JUnit (`undecided = "pass" | "fail"`)
    INVALID    is an error: not measured
    no limit   is skipped: there is nothing to judge

The suite is built and scored once, at the first item that runs, whatever the number of workers.
Nothing of ours but this file and the hook specifications is imported on an idle start.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from robustness.domain import Model
    from robustness.gates import Gate
    from robustness.reports.summary import AttackSummary
    from robustness.session import Session

__all__ = [
    "Check",
    "ConfigurationFile",
    "RobustnessCheck",
    "pytest_addhooks",
    "pytest_addoption",
    "pytest_collect_file",
    "pytest_configure",
    "pytest_configure_node",
    "pytest_report_teststatus",
    "pytest_terminal_summary",
    "pytest_unconfigure",
    "robustness_check",
    "robustness_data",
    "robustness_model",
]

_ASKED = pytest.StashKey[Path]()
"""The configuration file whose checks are items."""
_SESSION = pytest.StashKey["Session"]()
"""Configuration and runs, from the moment that one of them is needed."""
_RUNS = pytest.StashKey[Path]()
"""The folder of this session's runs, shared by all workers, made when first needed."""

_FILES = ("robustness.toml", "pyproject.toml")
_FLAGS = {
    "model": "checkpoint folder or Hub id, stub:NAME, predictions:FILE, module:factory",
    "data": "FORMAT:PATH, such as jsonl:FILE or dream:test.json",
    "suite": "plan: core, si2019, shortcuts, abstain, or a .toml file",
    "frozen": "a suite frozen by `robustness build`, instead of data",
    "seed": "seed of the suite",
    "limit": "first N items, in file order",
    "device": "auto, cpu, cuda or cuda:N",
    "undecided": "what an undecided check counts as: xfail, pass or fail",
    "output": "run folder to keep; new or empty",
    "model_arg": "how a checkpoint is asked, NAME=VALUE, as --model-arg of `robustness check`; repeatable",
    "baseline": "an earlier run of the same suite: a run folder, a tag or auto",
    "on_missing_baseline": "where no baseline is found: fail or skip",
    "slices": "kinds of question that every limit is held on too, such as question-word; with commas",
    "regression": "largest loss against the baseline, as a fraction",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the flags, all with one prefix; each outranks environment and file."""
    group = parser.getgroup("robustness", "robustness of a reading comprehension model")
    group.addoption(
        "--robustness", action="store_true", help="also run the checks of the root folder's configuration"
    )
    for key, text in _FLAGS.items():
        flag = f"--robustness-{key.replace('_', '-')}"
        action = "append" if key == "model_arg" else "store"
        group.addoption(flag, action=action, metavar=key.rpartition("_")[2].upper(), help=text)
    group.addoption("--robustness-no-text", action="store_const", const="true", help="ids and numbers only")


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare the hooks of `robustness.hookspecs`."""
    from robustness import hookspecs

    pluginmanager.add_hookspecs(hookspecs)


def pytest_configure(config: pytest.Config) -> None:
    """Register the mark; read the configuration if, and only if, it was asked for.

    Raises:
        pytest.UsageError: the configuration is missing or wrong.
    """
    config.addinivalue_line("markers", "robustness: a check of a model's robustness; set by the plugin")
    named = _named(config)
    if not named and not config.getoption("robustness"):
        return
    from robustness.errors import RobustnessError

    try:
        asked = _session(config, named).asked()
    except RobustnessError as error:
        raise pytest.UsageError(f"robustness: {error}") from None
    config.stash[_ASKED] = asked
    if not named:
        config.args.append(str(asked))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist where the runs lie."""
    node.workerinput["robustness_runs"] = str(_runs(node.config))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the session's runs; what `output` names stays."""
    runs = config.stash.get(_RUNS, None)
    if runs is not None and runs.is_dir():
        from shutil import rmtree

        rmtree(runs, ignore_errors=True)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> ConfigurationFile | None:
    """Return the checks of the configuration that was asked for; no other file is ours."""
    asked = parent.config.stash.get(_ASKED, None)
    if asked is None or asked.name != file_path.name or not asked.samefile(file_path):
        return None
    return ConfigurationFile.from_parent(parent, path=file_path)


class ConfigurationFile(pytest.File):
    """A configuration file: one item per attack and severity. Neither data nor model is read."""

    def collect(self) -> Iterator[Check]:
        """Yield the checks in the order of the plan."""
        for attack, severity in _session(self.config).checks():
            # The id as text: pytest 9.2 else takes the brackets for the name, and --lf misses the item.
            name = f"{attack}[{severity}]"
            check: Check = Check.from_parent(
                self, name=name, nodeid=f"{self.nodeid}::{name}", check=(attack, severity)
            )
            check.add_marker("robustness")
            yield check


class Check(pytest.Item):
    """One attack at one severity."""

    def __init__(self, *, check: tuple[str, int], **rest: Any) -> None:
        super().__init__(**rest)
        self.check = check
        self.gate: Gate | None = None

    def setup(self) -> None:
        """Judge the check; the first one that runs has the suite built and scored."""
        session = _session(self.config)
        told = session.told(self, self.check)
        if isinstance(told, str):
            self.user_properties[:] = session.unmeasured(self.name, told)
            pytest.fail(f"INVALID {self.name}: {told}", pytrace=False)
        self.gate, self.user_properties[:] = told, told.properties
        if self.gate.status is None:
            pytest.skip(self.gate.line)
        if self.gate.status == "invalid":
            pytest.fail(self.gate.message, pytrace=False)

    def runtest(self) -> None:
        """Pass, fail or xfail as the verdict and the configuration say."""
        assert self.gate is not None
        if _session(self.config).falls_short(self, self.gate):
            pytest.fail(self.gate.message, pytrace=False)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Return where the check stands, and its name."""
        return self.path, None, f"robustness: {self.name}"


class RobustnessCheck(Protocol):
    """What the fixture `robustness_check` gives."""

    def __call__(self, attack: str, *, severity: int = 1, **limits: float) -> AttackSummary:
        """Return what was measured if it keeps the limits; those of the configuration if none is given.

        Raises:
            AssertionError: a limit is missed (or the check is undecided, where that fails).
            pytest.fail.Exception: not measured, an unknown attack or limit, or no limit; without a stack.
        """
        ...


@pytest.fixture(scope="session")
def robustness_model() -> Model | str | None:
    """The model that `robustness_check` asks, or its name; None for the configuration's. Override it."""


@pytest.fixture(scope="session")
def robustness_data() -> str | None:
    """The data that `robustness_check` uses, as FORMAT:PATH; None for the configuration's. Override it."""


@pytest.fixture
def robustness_check(
    request: pytest.FixtureRequest, robustness_model: Model | str | None, robustness_data: str | None
) -> RobustnessCheck:
    """Check one attack inside a test: `robustness_check("no-passage", max_margin_retained=0.25)`.

    An attack of the configured suite is read from the suite's one run; any other has one of its own.
    """

    def check(attack: str, *, severity: int = 1, **limits: float) -> AttackSummary:
        __tracebackhide__ = True
        from robustness.session import Own

        own = Own(robustness_model, robustness_data, limits)
        gate = _session(request.config).told(request.node, (attack, severity), own)
        if isinstance(gate, str):
            pytest.fail(f"robustness_check: {gate}", pytrace=False)
        request.node.user_properties.extend(gate.properties)
        if gate.status in {None, "invalid"}:
            hint = gate.message if gate.status else f"{gate.line}; give one, such as max_drop=0.1"
            pytest.fail(f"robustness_check: {hint}", pytrace=False)
        if _session(request.config).falls_short(request.node, gate):
            raise AssertionError(gate.message)
        return gate.found

    return check


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(
    report: pytest.CollectReport | pytest.TestReport,
) -> tuple[str, str, tuple[str, Mapping[str, bool]]] | None:
    """Call an xfail that stands for an undecided check by its name."""
    if not (hasattr(report, "wasxfail") and report.skipped and isinstance(report, pytest.TestReport)):
        return None
    if dict(report.user_properties).get("robustness_status") != "undecided":
        return None
    return "undecided", "u", ("UNDECIDED", {"yellow": True})


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Write one line per check, the gravest first; nothing where no check ran."""
    found = ((category, one) for category, reports in terminalreporter.stats.items() for one in reports)
    told = {
        report.nodeid: report.user_properties
        for category, report in found
        if category and isinstance(report, pytest.TestReport)  # "" holds set-up and tear-down that passed
        if any(name == "robustness_check" for name, _ in report.user_properties)
    }
    if not told:
        return
    from robustness.gates import summary_lines

    terminalreporter.section("robustness", sep="=")
    for line in summary_lines(told.values()):
        terminalreporter.line(line)


def _named(config: pytest.Config) -> Path | None:
    """Return the configuration file among the arguments."""
    here = config.invocation_params.dir
    named = {here / argument.partition("::")[0] for argument in config.args}
    files = sorted(path for path in named if path.name in _FILES and path.is_file() and _ours(path))
    if len(files) > 1:
        shown = " and ".join(map(str, files))
        raise pytest.UsageError(f"robustness: {shown} both came, but one configuration is needed; give one")
    return files[0] if files else None


def _ours(path: Path) -> bool:
    return path.name == _FILES[0] or b"[tool.robustness" in path.read_bytes()


def _session(config: pytest.Config, path: Path | None = None) -> Session:
    if _SESSION not in config.stash:
        from robustness.session import Session

        given = {key: config.getoption(f"robustness_{key}") for key in (*_FLAGS, "no_text")}
        flags = {key: "\n".join(v) if isinstance(v, list) else v for key, v in given.items()}
        config.stash[_SESSION] = Session.of(config, path, runs=_runs(config), flags=flags)
    return config.stash[_SESSION]


def _runs(config: pytest.Config) -> Path:
    """Return the folder of this session's runs: its name cannot be guessed, it is made when needed."""
    if "robustness_runs" in getattr(config, "workerinput", {}):
        return Path(config.workerinput["robustness_runs"])  # type: ignore[attr-defined]  # of xdist
    if _RUNS not in config.stash:
        from secrets import token_hex
        from tempfile import gettempdir

        config.stash[_RUNS] = Path(gettempdir(), f"robustness-{token_hex(16)}")
    return config.stash[_RUNS]
