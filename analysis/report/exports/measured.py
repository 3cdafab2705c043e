"""How the values of a ranking came about, in sentences."""

from collections.abc import Iterator, Mapping
from typing import Any

from analysis.certainty.final_check import final_check
from analysis.certainty.repeats import groups
from analysis.ranking.comparable import measured_as
from analysis.report.section import Subject

NEW_SEEDS = (
    "New seeds: mean ± standard deviation over runs of the same configuration with other seeds, their number in "
    "brackets. The trial itself is not among them: it was chosen because its values were good."
)


def how_measured(subject: Subject) -> list[str]:
    """What counts, on which photos, by which settings, with which versions."""
    record, ranking = subject.sweep.record, subject.ranking
    sentences = [ranking.statement, *_seeds(subject), *(_photos(part, facts) for part, facts in record.data.items())]
    if ranking.ranked:
        measured = measured_as(ranking.ranked[0].trial, record, ranking.objectives)
        sentences.append(f"Measured with {', '.join(f'{what} {how}' for what, how in measured.items())}.")
    versions = ", ".join(f"{name} {version}" for name, version in record.versions.items())
    return [*sentences, f"Run with {versions}."] if versions else sentences


def _seeds(subject: Subject) -> Iterator[str]:
    ranking = subject.ranking
    shown = {one.trial.number for one in (*ranking.ranked[: subject.top], *ranking.front)}
    repeated = [group for group in groups(subject.sweep, ranking) if group.number in shown and group.chosen]
    if repeated:
        yield NEW_SEEDS
    if check := final_check(repeated, ranking.objectives):
        found = check.photos
        yield (
            f"Test photos: {found.file}, {found.num_photos:,} photos, SHA-256 {found.sha256[:12]}, "
            f"N of FID {found.num_costly:,}; no trial of the search has seen them."
        )


def _photos(part: str, facts: Mapping[str, Any]) -> str:
    """A recorded file; whatever a record lacks is left out."""
    count, digest = facts.get("num_samples"), facts.get("sha256")
    said = [str(facts.get("file", "file not recorded"))]
    said += [f"{count:,} photos"] if isinstance(count, int) else []
    said += [f"SHA-256 {str(digest)[:12]}"] if digest else []
    return f"Data, {part}: {', '.join(said)}."
