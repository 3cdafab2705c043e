"""The files that describe clusters, read and typed as sweep files are."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from models.config.section import Section
from search.errors import SpecError
from search.spec.explain import findings, nearest
from search.spec.settings import as_origins, parse_setting, with_setting
from search.spec.sweep_spec import SweepSpec
from search.spec.yaml_file import located, read_file

Description = TypeVar("Description", bound=Section)


def read_description(file: Path, kind: type[Description], settings: Sequence[str] = ()) -> Description:
    """What a YAML file says of a cluster. settings: `KEY=VALUE` each, in place of what the file says.

    Raises:
        SpecError: there is no such file, or it asks for what cannot be; the message names every finding with its line.
    """
    read = read_file(file, "cluster", ", ".join([*kind.model_fields][:3]))
    content = read.content
    for setting in settings:
        content = with_setting(content, setting, kind)
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        raise located(SpecError.of(findings(error, kind)), file, as_origins(settings, read.origins)) from None


def divided(settings: Sequence[str], kind: type[Section]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The settings of the cluster's description, and those of the sweep: no key is in both.

    Raises:
        SpecError: one is no setting, or its key is of neither.
    """
    of_cluster: list[str] = []
    of_sweep: list[str] = []
    for setting in settings:
        key = parse_setting(setting)[0]
        section = key.partition(".")[0]
        if section not in kind.model_fields and section not in SweepSpec.model_fields:
            known = [*kind.model_fields, *SweepSpec.model_fields]
            raise SpecError(f"--set {setting}: unknown key {key}; {nearest(section, known)}")
        (of_cluster if section in kind.model_fields else of_sweep).append(setting)
    return tuple(of_cluster), tuple(of_sweep)
