"""Which sections the page has, in reading order."""

from analysis.report.section import MakeSection
from analysis.report.sections.configurations import configurations_section
from analysis.report.sections.curves import curves_section
from analysis.report.sections.objectives import objectives_section
from analysis.report.sections.photos import photos_section
from analysis.report.sections.ranked_table import ranking_section
from analysis.report.sections.reading import reading_section
from analysis.report.sections.reproduce import reproduce_section
from analysis.report.sections.unranked import unranked_section

SECTIONS: tuple[MakeSection, ...] = (
    ranking_section,
    objectives_section,
    curves_section,
    photos_section,
    unranked_section,
    configurations_section,
    reproduce_section,
    reading_section,
)
