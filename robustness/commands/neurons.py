"""`robustness neurons`: what single units and heads do to clean and attacked answers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple, NoReturn

import typer

from robustness import options as flag
from robustness.commands.asked import typed
from robustness.commands.ending import settle, tell
from robustness.commands.neurons_compared import compare_neurons
from robustness.errors import UsageError
from robustness.progress import bar

if TYPE_CHECKING:
    from robustness.domain import Suite
    from robustness.models.huggingface import HuggingFaceModel
    from robustness.models.options import ModelOptions
    from robustness.neurons.cube import Exact
    from robustness.neurons.engine import Settings
    from robustness.neurons.sites import Kind
    from robustness.neurons.summary import NeuronSummary
    from robustness.neurons.verify import Budget

__all__ = ["neurons"]


def neurons(
    context: typer.Context,
    model: flag.ModelSpec = None,
    frozen: flag.Frozen = None,
    units: Annotated[
        str, typer.Option("--units", help="ffn, out, head or all; several with commas between.")
    ] = "ffn,head",
    exact: Annotated[bool, typer.Option("--exact", help="Compute every unit exactly: slow.")] = False,
    screen: Annotated[
        bool, typer.Option("--screen", help="Estimate every unit to first order, verify none: fast.")
    ] = False,
    layers: Annotated[int, typer.Option("--layers", min=0, help="Top layers to compute whole.")] = 2,
    budget: Annotated[
        float | None,
        typer.Option("--budget", min=0.05, help="Minutes: verify as far as they reach, and say how far."),
    ] = None,
    value: Annotated[
        str, typer.Option("--value", help="What units are set to: mean-by-role, mean, zero, resample.")
    ] = "mean-by-role",
    compare: Annotated[
        tuple[Path, Path] | None,
        typer.Option("--compare", help="Two neuron folders: which units carry it in both, which moved."),
    ] = None,
    report: Annotated[
        list[str] | None,
        typer.Option("--report", help="With --compare, also write FORMAT:PATH (html, md, json); repeatable."),
    ] = None,
    output: flag.Output = None,
    seed: flag.Seed = 0,
    device: flag.Device = "auto",
    max_length: flag.MaxLength = None,
    threads: flag.Threads = None,
    model_arg: flag.ModelArg = None,
    dry_run: flag.DryRun = False,
    json: flag.Json = False,
    quiet: flag.Quiet = False,
) -> None:
    """Ablate units of a checkpoint on a frozen suite: which carry what an attack exploits?

    Writes neurons.json, report.md, report.html and the cube of logits to -o. A killed analysis goes on
    where it ended when the same command is given again. With --compare two finished analyses of the
    same suite are laid beside each other, without a model.
    """
    settle(quiet=quiet)
    if compare is not None:
        _refuse_beside(context)
        compare_neurons(*compare, report=report or (), json=json)
        return
    if report:
        raise UsageError(
            "neurons: --report came, but an analysis writes report.md and report.html to -o; give it with "
            "--compare, or use robustness report RUN --neurons"
        )
    if model is None or frozen is None or (output is None and not dry_run):
        raise UsageError(
            "neurons: --model, --frozen and -o are needed; say what to analyse and where to write"
        )
    if exact and screen:
        raise UsageError("neurons: --exact and --screen came, but they are opposites; leave one out")
    from robustness.models.options import ModelOptions, with_arguments
    from robustness.neurons.engine import Settings
    from robustness.neurons.sites import kinds_named
    from robustness.neurons.values import Ablation, Value
    from robustness.suites.store import thaw

    kinds, suite = kinds_named(units), thaw(frozen)
    wanted = _budget(budget, seed, screen=screen)
    # One thread unless asked: the blocks are cut for one core's cache.
    settings = Settings(ablation=Ablation(Value.named(value), seed=seed), threads=threads or 1)
    options = ModelOptions(device=device, max_length=max_length, threads=threads or 1)
    loaded = _checkpoint(model, with_arguments(options, model_arg or ()))
    depth: Exact = "all" if exact else 0 if screen else min(layers, _layers(loaded))
    if dry_run:
        _foretell(loaded, suite, (kinds, wanted, depth), json=json)
    assert output is not None
    plan = _Plan(kinds, wanted, depth, settings)
    _tell(_analysed(loaded, suite, plan, output), output, json=json)


def _refuse_beside(context: typer.Context) -> None:
    """Refuse a flag that a comparison has no use for, rather than pass it over."""
    of_an_analysis = sorted(set(context.params) - {"compare", "report", "json", "quiet"})
    if came := typed(context, of_an_analysis):
        names = {str(one.name): one.opts[0] for one in context.command.params}
        raise UsageError(
            f"neurons: --compare came with {', '.join(names[one] for one in came)}, but it takes two "
            "finished neuron folders alone; write neurons --compare A B, with --report FORMAT:PATH for files"
        )


class _Plan(NamedTuple):
    kinds: tuple[Kind, ...]
    budget: Budget
    exact: Exact
    settings: Settings


def _budget(minutes: float | None, seed: int, *, screen: bool) -> Budget:
    from robustness.neurons.verify import Budget

    if screen:
        return Budget(verify=0, calibrate=0, audit=0, heads=False, patch=False, minutes=minutes, seed=seed)
    # With an end of time, the time and not a number says how many units are verified.
    return (
        Budget(minutes=minutes, seed=seed) if minutes is None else Budget(10**6, minutes=minutes, seed=seed)
    )


def _checkpoint(spec: str, options: ModelOptions) -> HuggingFaceModel:
    """Return the multiple-choice checkpoint of a `--model`.

    Raises `UsageError` for an untrained one, and for a model of another kind: there is nothing to ablate
    in it, or not yet.
    """
    from robustness.models.huggingface import HuggingFaceModel
    from robustness.models.resolve import resolve
    from robustness.results import EXPLORATORY

    found = resolve(spec, options=options)
    if not isinstance(found, HuggingFaceModel):
        raise UsageError(
            f"neurons: --model {spec!r} came, but a checkpoint of a ...ForMultipleChoice network is needed; "
            "units of other models are not addressed"
        )
    if told := found.environment().get(EXPLORATORY):
        raise UsageError(
            f"neurons: --model {spec!r} is exploratory ({told}), but what units do to random numbers is no "
            "finding, and the report could not tell; fine-tune the model first"
        )
    return found


def _layers(model: HuggingFaceModel) -> int:
    """Return how many layers a model has."""
    from robustness.neurons.sites import anatomy

    return anatomy(model.network.config).layers


def _analysed(model: HuggingFaceModel, suite: Suite, plan: _Plan, folder: Path) -> NeuronSummary:

    from robustness.neurons.analyse import analyse
    from robustness.neurons.portrait import portrait_of, write_portrait
    from robustness.neurons.store import check_folder
    from robustness.reports.neuron_folder import write_neurons

    check_folder(folder)
    with bar(desc="neurons", unit="cell", unit_scale=True, delay=1) as shown:

        def progress(step: str, cells: int) -> None:
            shown.set_description(step, refresh=False)
            shown.update(cells)

        made = analyse(
            model,
            suite,
            sites=plan.kinds,
            budget=plan.budget,
            exact=plan.exact,
            settings=plan.settings,
            folder=folder,
            progress=progress,
        )
    write_portrait(folder, portrait_of(model, suite, plan.kinds))
    write_neurons(folder, made)
    return made


def _tell(made: NeuronSummary, folder: Path, *, json: bool) -> None:
    from robustness.neurons.summary import to_json
    from robustness.reports.neuron_wording import certified, headline

    if json:
        typer.echo(to_json(made), nl=False)
    else:
        for line in (headline(made), *certified(made)):
            typer.echo(line)
    tell(f"neurons: {folder}")


def _foretell(
    model: HuggingFaceModel, suite: Suite, plan: tuple[tuple[Kind, ...], Budget, Exact], *, json: bool
) -> NoReturn:
    from robustness.neurons.estimate import as_json, as_text, estimate, rate

    kinds, budget, exact = plan
    cost = estimate(model, suite, sites=kinds, budget=budget, exact=exact)
    speed = rate(model, suite)
    typer.echo(as_json(cost, speed) if json else as_text(cost, speed))
    raise typer.Exit
