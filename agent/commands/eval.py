"""`compass eval`: scripted conversations, graded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.commands.errors import errors_in_words

if TYPE_CHECKING:
    from evals.report import Report
    from evals.scenario import Scenario


def evaluate(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Scenario files or folders; without any, those that come with Compass."),
    ] = None,
    model: Annotated[str | None, typer.Option(help="Who reads the words, as in COMPASS_MODEL.")] = None,
    trials: Annotated[int, typer.Option(min=1, max=100, help="How often each is played.")] = 1,
    jobs: Annotated[int | None, typer.Option(min=1, max=64, help="Processes side by side.")] = None,
    category: Annotated[list[str] | None, typer.Option(help="Only these categories.")] = None,
    report: Annotated[Path | None, typer.Option(help="A folder for report.json and report.html.")] = None,
    baseline: Annotated[Path | None, typer.Option(help="A report.json to compare with.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable output.")] = False,
) -> None:
    """Play scripted conversations and grade them. Exit code 1 if one fails, or a
    write happens without an approval.
    """
    with errors_in_words(as_json):
        from rich.console import Console

        from evals import table
        from evals.html import page
        from evals.report import difference
        from evals.run import default_jobs, run
        from knowledge.settings import load_settings

        settings = load_settings()
        settings = settings.model_copy(update={"model": model or "builtin"})
        scenarios = _chosen(paths, category or [])
        before = _report(baseline) if baseline else None
        console = Console(highlight=False, markup=False, stderr=as_json)
        with table.Progress(console, len(scenarios) * trials) as progress:
            found = run(scenarios, settings, trials, jobs or default_jobs(settings), progress.graded)
        against = difference(before, found) if before else None
        if as_json:
            print(found.model_dump_json(indent=2))
        else:
            for part in table.tables(found, against):
                console.print(part)
        if report is not None:
            report.mkdir(parents=True, exist_ok=True)
            (report / "report.json").write_text(found.model_dump_json(indent=2), encoding="utf-8")
            (report / "report.html").write_text(page(found, against), encoding="utf-8")
            if not as_json:
                console.print(f"{report / 'report.html'}")
    raise typer.Exit(0 if found.clean else 1)


def _chosen(paths: list[Path] | None, categories: list[str]) -> list[Scenario]:
    """Those of `paths`, or those that come with Compass; of these categories, or of all."""
    from importlib.resources import files

    from evals.scenario import CATEGORIES, load_scenarios
    from knowledge.errors import CompassError

    scenarios = load_scenarios(paths or [Path(str(files("evals") / "scenarios"))])
    if unknown := set(categories) - set(CATEGORIES):
        raise CompassError(
            f"There is no category {', '.join(sorted(unknown))}; there are {', '.join(CATEGORIES)}."
        )
    chosen = [s for s in scenarios if not categories or s.category in categories]
    if not chosen:
        raise CompassError("None of the scenarios is of these categories.")
    return chosen


def _report(file: Path) -> Report:
    from evals.report import Report
    from knowledge.errors import CompassError

    try:
        return Report.model_validate_json(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        why = " ".join(str(error).split())[:200]
        raise CompassError(f"{file} is no report of `compass eval --report`: {why}") from error
