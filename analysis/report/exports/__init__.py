"""The ranking for other programs and for papers: CSV, JSON, Markdown and LaTeX."""

from analysis.report.exports.columns import names_in_order
from analysis.report.exports.csv import ranking_csv
from analysis.report.exports.json import evaluated_json, ranking_json
from analysis.report.exports.latex import ranking_latex
from analysis.report.exports.markdown import ranking_markdown

__all__ = ["evaluated_json", "names_in_order", "ranking_csv", "ranking_json", "ranking_latex", "ranking_markdown"]
