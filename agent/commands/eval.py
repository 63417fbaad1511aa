"""`compass eval`: scripted conversations, graded."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agent.commands.told import told_in_words


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
    with told_in_words(as_json):
        from importlib.resources import files

        from rich.console import Console

        from evals import table
        from evals.html import page
        from evals.report import Report, difference
        from evals.run import default_jobs, run
        from evals.scenario import CATEGORIES, load_scenarios
        from knowledge.errors import CompassError
        from knowledge.settings import load_settings

        settings = load_settings()
        settings = settings.model_copy(update={"model": model or "builtin"})
        scenarios = load_scenarios(paths or [Path(str(files("evals") / "scenarios"))])
        unknown = set(category or []) - set(CATEGORIES)
        if unknown:
            raise CompassError(
                f"There is no category {', '.join(sorted(unknown))}; there are {', '.join(CATEGORIES)}."
            )
        scenarios = [s for s in scenarios if not category or s.category in category]
        if not scenarios:
            raise CompassError("None of the scenarios is of these categories.")
        before = None
        if baseline is not None:
            try:
                before = Report.model_validate_json(baseline.read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                raise CompassError(
                    f"{baseline} is no report of `compass eval --report`:"
                    f" {' '.join(str(error).split())[:200]}"
                ) from error
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
