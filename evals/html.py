"""A report as one HTML page: the figures, and each failed conversation up to where it first diverged."""

from __future__ import annotations

from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from evals.report import Difference, Report


def page(report: Report, against: Difference | None) -> str:
    """The whole page; nothing is loaded from elsewhere, and every text is escaped."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string((files("evals") / "report.html.j2").read_text(encoding="utf-8"))
    return template.render(report=report, against=against)
