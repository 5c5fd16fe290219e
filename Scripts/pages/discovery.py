"""docs/discovery.md: how long coupling groups take to find."""
import re

from . import markdown
from .markdown import number


def conclusion(rows):
    real = [row for row in rows if "nodes" not in row["network"]]
    sizes = sorted((int(re.search(r"([\d,]+) nodes", row["network"])[1].replace(",", "")),
                    number(row["median ms"])) for row in rows if "nodes" in row["network"])
    slowest = max(real, key=lambda row: number(row["median ms"]))
    (small, first), (large, last) = sizes[0], sizes[-1]
    return f"""**What this shows.** Finding what must be pruned together takes at most
{slowest["median ms"]} ms of the networks here ({slowest["network"]}). How it grows with the graph:
{large / small:.1f} times the nodes ({large:,} for {small:,}) take {last / first:.1f}
times as long, {last:.0f} ms."""


def render(sections):
    table, facts = markdown.results(sections), markdown.facts(sections)
    return {"discovery.md": markdown.page(
        "# Time to find coupling groups", conclusion(table.records()),
        f"""Of a graph that has been read: {facts["processes each"]} processes each, in turns. The
*blocks* repeat residual, dense, gated depthwise and attention blocks. Written by `make
bench-discovery`.""",
        "## Graphs", table.text(), "## How it was measured", markdown.facts_table(facts))}
