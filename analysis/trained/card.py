"""The model card of an exported model: Markdown that opens with what the Hugging Face Hub reads, in YAML."""

from collections.abc import Iterable
from pathlib import PurePath

import yaml

from analysis.display import LABELS, duration_text, listed, value_text
from analysis.trained.card_metrics import Measured, measured
from analysis.trained.card_seeds import new_seeds
from analysis.trained.exported import CARD, CONFIG, WEIGHTS
from analysis.trained.markdown import code, table
from analysis.trained.source import classes_of
from models.config.trial import TrialConfig
from search.records import Sweep, Trial, epoch_text
from search.single.kind import is_single_training

_LICENCE = "# license: none is chosen; put yours here before you publish, and mind the terms of the photos\n"


def model_card(sweep: Sweep, trial: Trial, config: TrialConfig, num_parameters: int) -> str:
    """The text of README.md: use, limits, data, metrics and training. The same records give the same text.

    config: what the weights were trained as; num_parameters: of the generator.
    """
    found = measured(sweep, trial)
    sections = {
        "Use": _use(),
        "Intended use and limits": _limits(sweep, config),
        "Data": _data(sweep),
        "Metrics": "\n\n".join([*(_metrics(sweep, one) for one in found), _how_measured(sweep, trial, config)]),
        "New seeds": new_seeds(sweep, trial),
        "Training": _training(sweep, trial, config),
        "Files": _files(),
    }
    text = "".join(f"\n## {heading}\n\n{body}\n" for heading, body in sections.items() if body)
    title = f"# {_title(sweep, trial, ', trial ')}\n\n{_summary(sweep, config, num_parameters)}\n"
    return f"---\n{_LICENCE}{_front_matter(sweep, trial, config, found)}---\n\n{title}{text}"


def _front_matter(sweep: Sweep, trial: Trial, config: TrialConfig, found: Iterable[Measured]) -> str:
    colorizes = "colorization" in config.tasks
    task = "image-to-image" if colorizes else "image-classification"
    results = [one.result(task) for one in found]
    content = {
        "library_name": "huetune",
        "pipeline_tag": task,
        "tags": [*(["image-colorization"] if colorizes else []), config.model.backbone],
        "metrics": list(sweep.record.objectives),
        "model-index": [{"name": _title(sweep, trial, "-"), "results": results}],
    }
    text: str = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
    return text


def _title(sweep: Sweep, trial: Trial, between: str) -> str:
    """A single training has no other trial to tell it from."""
    name = sweep.record.name
    return name if is_single_training(sweep.record) else f"{name}{between}{trial.number}"


def _summary(sweep: Sweep, config: TrialConfig, num_parameters: int) -> str:
    how = "trained by huetune" if is_single_training(sweep.record) else "found by a search over hyperparameters"
    does = {"colorization": "colorizes gray photos", "classification": "names what they show"}
    return (
        f"A {code(config.model.backbone)} generator of {num_parameters:,} parameters that "
        f"{listed(does[task] for task in config.tasks)}, "
        f"{how} and written by `huetune export`."
    )


def _use() -> str:
    return (
        "```\n"
        "huetune colorize photo.jpg --from ./FOLDER\n"
        "huetune evaluate ./FOLDER --data photos.beton\n"
        "```\n\n"
        "```python\n"
        "from pathlib import Path\n"
        "import torch\n"
        "from analysis.trained.exported import read_export\n"
        "from data.images import decode\n"
        "from models.colorize import colorize\n\n"
        'exported, trained = read_export(Path("FOLDER"), torch.device("cpu"))\n'
        'colorize(decode(Path("photo.jpg").read_bytes()), trained).save("colour.png")\n'
        "```\n\n"
        "FOLDER is the one that this file is in, and huetune must be installed. Nothing in it is executed when it is "
        "read: there is no pickle."
    )


def _limits(sweep: Sweep, config: TrialConfig) -> str:
    classes = classes_of(sweep.record)
    of_classes = f" of {len(classes)} classes ({', '.join(map(code, classes[:20]))}{' ...' * (len(classes) > 20)})"
    lines = [
        "Colours are guesses that look plausible, and no evidence of what was really there.",
        f"It has learned from photos{of_classes if classes else ''} alone; of others the values below say nothing.",
    ]
    if not is_single_training(sweep.record):
        lines.append(
            "The validation photos chose this model among the trials of its search, so its values on them are too good "
            "rather than too bad."
        )
    if "colorization" in config.tasks:
        lines.append("Photos of any size keep their own lightness; the colours are predicted at the size of training.")
    return "\n".join(f"- {line}" for line in lines)


def _data(sweep: Sweep) -> str:
    rows = [
        (split, code(PurePath(known.get("file", "")).name), f"{known.get('num_samples', 0):,}", code(known["sha256"]))
        for split, known in sweep.record.data.items()
        if "sha256" in known
    ]
    return table(("split", "file", "photos", "SHA-256"), rows)


def _metrics(sweep: Sweep, found: Measured) -> str:
    photos = "test photos, which had no part in the search" if found.split == "test" else "validation photos"
    rows = list(found.rows(sweep.record.objectives))
    return f"On the {photos}:\n\n" + table(("metric", "value", "better", "N"), rows)


def _how_measured(sweep: Sweep, trial: Trial, config: TrialConfig) -> str:
    how = config.evaluation
    weights = f", Inception weights {code(trial.state.fid_weights)}" if trial.state.fid_weights else ""
    objectives = listed(LABELS.get(name, name) for name in sweep.record.objectives)
    return (
        f"Images as {how.metric_space}, generator in {how.eval_mode} mode{weights}. FID and KID of another N, or with "
        f"other weights, do not compare. Objectives: {objectives}."
    )


def _training(sweep: Sweep, trial: Trial, config: TrialConfig) -> str:
    end = trial.final
    epochs = f"{epoch_text(end.epoch)} epoch{'s' if end.epoch != 1 else ''}" if end else ""
    trained = f", {epochs} in {duration_text(end.seconds)}" if end else ""
    rows = [(code(path), code(value_text(value))) for path, value in trial.params.items()]
    searched = f"\n\nValues that the search chose:\n\n{table(('key', 'value'), rows)}" if rows else ""
    versions = listed(f"{name} {version}" for name, version in sweep.record.versions.items())
    return (
        f"{code(_title(sweep, trial, ', trial '))} ({trial.state.state}), seed {config.seed}{trained}. "
        f"Versions: {versions}. "
        f"Pretrained weights to begin with: {'yes' if config.model.pretrained else 'none'}.{searched}"
    )


def _files() -> str:
    rows = [
        (code(WEIGHTS), "weights and buffers of the generator; the discriminator is not among them"),
        (code(CONFIG), "the whole configuration, with the paths that its files had, and what it takes to load"),
        (code(CARD), "this card"),
    ]
    return table(("file", "what it is"), rows)
