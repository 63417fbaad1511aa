"""What became of deployments, in the terminal: outcomes and the audit log."""

from __future__ import annotations

import textwrap

from rich.console import Group, RenderableType
from rich.text import Text

from agent.terminal.style import columns
from tools.deploying.audit import Audited
from tools.serving.report import Outcome
from tools.wording import METRIC_NAMES, latency, rate


def outcome_list(found: list[Outcome]) -> RenderableType:
    """Predicted and observed p95s, each on a line of its own, so that it fits."""
    table = columns()
    for name in ("Deployment", "Seen by", "Requests", "p95", "Predicted", "Observed", "Error", "Target"):
        table.add_column(
            name,
            overflow="fold",
            justify="right" if name in ("Predicted", "Observed", "Error", "Target") else "left",
        )
    for o in found:
        load = f"{o.requests:,}" + (f", {o.failed:,} failed" if o.failed else "")
        load += f"\n{rate(o.requests_per_second)}/s" if o.requests_per_second is not None else ""
        figures = (
            [METRIC_NAMES[c.metric] for c in o.compared],
            [latency(c.predicted_ms) if c.predicted_ms else "?" for c in o.compared],
            [latency(c.observed_ms) for c in o.compared],
            [f"{c.error:+.0%}" if c.error is not None else "?" for c in o.compared],
            [latency(c.target_ms) for c in o.compared],
        )
        cells = (
            f"{o.name}\n{o.setup}",
            f"{o.kind}: {o.outcome}\n{o.at:%Y-%m-%d %H:%M}",
            load,
            *("\n".join(c) for c in figures),
        )
        table.add_row(*(Text(cell) for cell in cells), end_section=True)
    return table


def audit_list(found: list[Audited]) -> RenderableType:
    table = columns()
    for name in ("When", "What", "Deployment", "Digest"):
        table.add_column(name, no_wrap=True)
    for e in found:
        what = f"{e.event}{' deletion' if e.action == 'delete' else ''}"
        said = f": {e.detail}" if e.detail and e.event not in ("started", "done") else ""
        about = Text("\n".join(textwrap.wrap(f"{e.actor}, {e.cluster}/{e.namespace}{said}", 56)), style="dim")
        when = e.at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
        table.add_row(Text(when), Text(what), Group(Text(e.name), about), Text(e.digest[7:19]))
    return table
