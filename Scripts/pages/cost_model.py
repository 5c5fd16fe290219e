"""docs/cost-model.md: what is lost where layers are not timed."""
import statistics

from . import markdown
from .markdown import number


def losses(table):
    """[(per cent, network, pattern)] of every cell."""
    return [(number(cell), row[0], pattern) for row in table.rows
            for pattern, cell in zip(table.header[1:], row[1:]) if number(cell) is not None]


def conclusion(table, facts):
    found = sorted(losses(table))
    most, network, pattern = found[-1]
    # Pages that the command has written anew have no such row: they are of the code's constants.
    of_others = (f" The figures are not those of the code's own constants: {facts['model']} "
                 f"({facts['date']})." if "model" in facts else "")
    return f"""**What this shows.** `convert` without `--device` chooses how each layer is packed by a
model of the kernels. What that loses: over {len(found)} pairs of network and pattern, the layers
that have a choice take {statistics.median(loss for loss, *_ in found):.1f} % longer in the median
than as the fastest choice was timed, {most:.1f} % at worst ({network}, {pattern}). Where that
matters, and on any other processor than the one the model was fitted to, `--device host` times
every layer instead.{of_others}"""


def render(sections):
    table, facts = markdown.results(sections), markdown.facts(sections)
    return {"cost-model.md": markdown.page(
        "# What the cost model's choices lose", conclusion(table, facts),
        """The model is `converter/Lowering/CostModel.swift`. `convert --device host --explain` sets
its choices beside measured ones, layer by layer. The table has the total of networks and patterns
of the [peer comparison](performance.md): by how much the layers that have a choice are slower as
the model takes them than as they were measured, on one thread. Measured choices are the fastest of
a few noisy times, so that a perfect model would not show zeros either; a layer whose fastest way
was disturbed shows here.""",
        """`make bench-cost-model` times everything and writes this page, for the constants in the
code; `python3 Tests/Performance/cost-model/fit.py .build/cost-model` fits them to the same times and
prints them, how far off they are, and the table that they would give. What the fit gained:
[notes/cost-model.md](notes/cost-model.md).""",
        "## Networks and patterns", table.text(), "## How it was measured",
        markdown.facts_table(facts))}
