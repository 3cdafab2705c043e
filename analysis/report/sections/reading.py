"""What a reader must know before believing any of it."""

from analysis.display import val_count
from analysis.report.section import Section, Subject


def reading_section(subject: Subject) -> Section:
    return Section("reading", "How to read this", {"num_fid_images": val_count(subject.sweep.record, "fid_images")})
