"""Which sections the page has, in reading order."""

from analysis.report.section import MakeSection
from analysis.report.sections.certainty import certainty_section
from analysis.report.sections.choices import choices_section
from analysis.report.sections.comparison import comparison_section
from analysis.report.sections.configurations import configurations_section
from analysis.report.sections.cost import cost_section
from analysis.report.sections.curves import curves_section
from analysis.report.sections.final_check import final_check_section
from analysis.report.sections.hypervolume import hypervolume_section
from analysis.report.sections.importance import importance_section
from analysis.report.sections.marginals import marginals_section
from analysis.report.sections.objectives import objectives_section
from analysis.report.sections.parallel import parallel_section
from analysis.report.sections.photos import photos_section
from analysis.report.sections.pruning import pruning_section
from analysis.report.sections.published import published_section
from analysis.report.sections.ranked_table import ranking_section
from analysis.report.sections.reading import reading_section
from analysis.report.sections.reproduce import reproduce_section
from analysis.report.sections.stopping import stopping_section
from analysis.report.sections.timeline import timeline_section
from analysis.report.sections.trajectories import trajectories_section
from analysis.report.sections.unranked import unranked_section

_WHO_IS_BEST: tuple[MakeSection, ...] = (
    ranking_section,
    objectives_section,
    photos_section,
    certainty_section,
    final_check_section,
    published_section,
)
_WHAT_MATTERED: tuple[MakeSection, ...] = (
    importance_section,
    marginals_section,
    choices_section,
    comparison_section,
    parallel_section,
)
_HOW_IT_WENT: tuple[MakeSection, ...] = (
    curves_section,
    trajectories_section,
    hypervolume_section,
    stopping_section,
    pruning_section,
    timeline_section,
    cost_section,
)
_WHAT_IT_RESTS_ON: tuple[MakeSection, ...] = (
    unranked_section,
    configurations_section,
    reproduce_section,
    reading_section,
)
SECTIONS = (*_WHO_IS_BEST, *_WHAT_MATTERED, *_HOW_IT_WENT, *_WHAT_IT_RESTS_ON)
