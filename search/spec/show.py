"""What `huetune sweep check` prints: the space, the plan, and the cost."""

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from data.manifest import Manifest
from search.spec.cost import TrialCost, share_left
from search.spec.points import enqueued_points
from search.spec.ranges import Choice
from search.spec.rungs import POPULATIONS, longest_training, rung_epochs
from search.spec.space import Space
from search.spec.sweep_spec import SweepSpec

_PACKING = (
    "packing: gpu: auto is measured before the first trial, on a GPU of each kind: copies of the base side by side, "
    "twice as many each time, as long as that gains and the largest trial would fit"
)


def show_space(spec: SweepSpec, console: Console) -> None:
    """A table of the dimensions, and how many points they have."""
    table = Table("PATH", "range", "only if")
    for dimension in spec.parsed_space.dimensions:
        conditions = [f"{parent} is {_alternatives(values)}" for parent, values in dimension.when]
        table.add_row(dimension.path, escape(str(dimension.range)), escape(" and ".join(conditions)))
    console.print(table)
    _say(console, f"{spec.name}: {size_in_words(spec.parsed_space)}")


def size_in_words(space: Space) -> str:
    """`96 points`, or how many dimensions have no end of values."""
    size, combinations = space.size(), space.num_combinations()
    if size is not None:
        return f"{size:,} point{'' if size == 1 else 's'}"
    dimensions = _counted(len(space.continuous), "dimension")
    return f"continuous in {dimensions}, {_counted(combinations, 'combination')} of choices"


def show_plan(spec: SweepSpec, manifests: Mapping[str, Manifest], console: Console) -> None:
    """Data, trials, pruning and budget; manifests: by field, those that are there."""
    for name, path in spec.data.files.items():
        _say(console, f"data.{name}: {_photos(manifests[name]) if name in manifests else f'no file {path} here yet'}")
    named = len(enqueued_points(spec))
    size = spec.parsed_space.size() if spec.search.sampler == "grid" else None
    of_all = f" of its {size:,} points" if size is not None and size > spec.search.trials else ""
    enqueued = f", {named} enqueued" if named else ""
    _say(console, f"trials: {spec.search.trials:,} by {spec.search.sampler}{of_all}{enqueued}")
    photos = manifests["train"].num_samples if "train" in manifests else None
    _say(console, f"pruning: {_pruning(spec, photos)}")
    _say(console, f"budget: {_budget(spec)}")
    if spec.resources.gpu == "auto":
        _say(console, _PACKING)


def show_costs(spec: SweepSpec, costs: Sequence[TrialCost], num_photos: int, where: str, console: Console) -> None:
    """What a trial takes, and the sweep; where: the machine that it was timed on, in words."""
    table = Table("CHOICES", "s a step", "s an epoch", "in full")
    for column in table.columns[1:]:
        column.justify = "right"
    for cost in costs:
        numbers = (_range(value, value) for value in (cost.seconds_per_step, cost.seconds_per_epoch))
        table.add_row(escape(cost.choices), *numbers, _time(cost.hours, cost.hours))
    console.print(table)
    _say(console, f"timed on this machine, {where}; others are faster or slower")
    lowest, highest = min(cost.hours for cost in costs), max(cost.hours for cost in costs)
    num_trials = spec.search.trials + len(spec.search.enqueue)
    _say(console, f"a trial: {_time(lowest, highest)} in full length")
    whole = (lowest * num_trials, highest * num_trials)
    _say(console, f"the sweep: {num_trials} trials, {_time(*whole)} if none is pruned{_at_once(spec, *whole)}")
    share, words = _share(spec, num_photos)
    if share < 1:
        _say(console, f"with pruning at least {_time(share * whole[0], share * whole[1])}: {words}")
    _show_budget(spec, share * whole[0], whole[1], console)


def _show_budget(spec: SweepSpec, lowest: float, highest: float, console: Console) -> None:
    gpu = 0.0 if spec.resources.gpu == "auto" else spec.resources.gpu
    if gpu:
        _say(console, f"GPU-hours, with {gpu:g} of one a trial: {_range(gpu * lowest, gpu * highest)}")
    limits = [
        ("GPU-hours", spec.budget.gpu_hours, gpu),
        ("hours", spec.budget.hours, 1 / (spec.resources.concurrent or 1)),
    ]
    for name, limit, factor in limits:
        if limit is None or not factor:
            continue
        verdict = (
            "enough" if limit >= factor * highest else "too little" if limit < factor * lowest else "perhaps enough"
        )
        alone = ", one trial at a time" if name == "hours" and spec.resources.concurrent is None else ""
        _say(console, f"the budget of {limit:g} {name} is {verdict}{alone}")


def _share(spec: SweepSpec, num_photos: int) -> tuple[float, str]:
    pruning, longest = spec.pruning, longest_training(spec.corner_configs, num_photos)
    if pruning.kind not in ("pareto-asha", "asha", "hyperband") or longest is None:
        return 1.0, ""
    rungs = rung_epochs(pruning.grace, pruning.reduction, longest)
    share = share_left(rungs, pruning.reduction, longest)
    return share, (
        f"{share:.0%} of all epochs, if each rung lets exactly one trial in {pruning.reduction} through; "
        "who comes first always goes on, so it will be more"
    )


def _at_once(spec: SweepSpec, lowest: float, highest: float) -> str:
    at_once = spec.resources.concurrent
    if at_once is None or at_once == 1:
        return ", one after the other"
    return f", {_time(lowest / at_once, highest / at_once)} with {at_once} at once"


def _pruning(spec: SweepSpec, num_photos: int | None) -> str:
    pruning, longest = spec.pruning, longest_training(spec.corner_configs, num_photos)
    if pruning.kind == "none":
        return "none"
    if longest is None:
        return f"{pruning.kind}; how many epochs a trial has depends on data.train"
    if pruning.kind in POPULATIONS:
        return f"{pruning.kind}, exchanges every {_counted(pruning.interval, 'epoch')} of {longest}"
    if pruning.kind == "median":
        return f"median, from epoch {pruning.grace} of {longest} on"
    rungs = ", ".join(map(str, rung_epochs(pruning.grace, pruning.reduction, longest)))
    return f"{pruning.kind}, after {rungs} of {_counted(longest, 'epoch')}"


def _budget(spec: SweepSpec) -> str:
    budget = spec.budget
    limits = [
        f"{budget.hours:g} hours" if budget.hours else "",
        f"{budget.gpu_hours:g} GPU-hours" if budget.gpu_hours else "",
        "until " + " and ".join(f"{name} {value:g}" for name, value in budget.target.items()) if budget.target else "",
        f"until {budget.stagnation} trials in a row improve nothing" if budget.stagnation else "",
    ]
    return ", ".join(filter(None, limits)) or "none"


def _photos(manifest: Manifest) -> str:
    return (
        f"{manifest.num_samples:,} photos of {manifest.size} px, {_counted(len(manifest.classes), 'class', 'classes')}"
    )


def _alternatives(values: tuple[object, ...]) -> str:
    return str(Choice(values)) if len(values) > 1 else str(Choice(values))[1:-1]


def _counted(count: int, one: str, many: str | None = None) -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _time(lowest: float, highest: float) -> str:
    """Of hours."""
    return f"{_range(lowest, highest)} h" if highest >= 1 else f"{_range(60 * lowest, 60 * highest)} min"


def _range(lowest: float, highest: float) -> str:
    low, high = (f"{value:,.0f}" if value >= 100 else f"{value:.3g}" for value in (lowest, highest))
    return low if low == high else f"{low} to {high}"


def _say(console: Console, text: str) -> None:
    console.print(text, highlight=False, markup=False, soft_wrap=True)
