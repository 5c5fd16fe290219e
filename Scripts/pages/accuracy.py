"""docs/accuracy.md and its picture: what is left of accuracy after channel pruning."""
import math
import re

from . import charts, markdown
from .markdown import number

METHODS = ["random", "l1", "l2", "wanda", "one-shot obs", "obspa"]
NETWORKS = {"ResNet-14": "Digits ResNet-14", "MobileNet": "Digits MobileNet", "MiniLM": "MiniLM"}


def points(table, method, repair):
    """[(times fewer MACs, mean, half width of the interval)] of a row."""
    row = next(row for row in table.rows if row[:2] == [method, repair])
    found = []
    for budget, cell in zip(table.header[2:], row[2:]):
        if number(cell) is not None:
            _, _, half = cell.partition(" ± ")
            found.append((number(budget), number(cell), float(half or 0)))
    return found


def figure_of(table, method, budget):
    """The mean of a refitted method at a budget."""
    row = next(row for row in table.rows if row[:2] == [method, "refit"])
    return number(row[table.column(budget)])


def best(table, repair, budget):
    """(mean as written, method) of the best method at a budget."""
    column = table.column(budget)
    row = max((row for row in table.rows if row[1] == repair), key=lambda row: number(row[column]))
    return row[column].split(" ±")[0], row[0]


class Found:
    """The tables by heading, and the dense figures in the headings."""

    def __init__(self, sections):
        self.tables = {section.heading: section.tables[0] for section in sections if section.tables}

    def table(self, begin):
        return next(table for heading, table in self.tables.items() if heading.startswith(begin))

    def dense(self, network):
        """(mean, whole interval) of a network of the digits."""
        heading = next(h for h in self.tables if h.startswith(f"{NETWORKS[network]}: "))
        found = re.search(r"dense (([\d.]+)( ± [\d.]+)?)", heading)
        return float(found[2]), found[1]


def conclusion(found, facts):
    words = []
    for network in ("ResNet-14", "MobileNet"):
        table, (dense, _) = found.table(f"{NETWORKS[network]}: "), found.dense(network)
        losses = []
        for budget in ("2x", "4x", "6x"):
            losses.append(f"{dense - figure_of(table, 'obspa', budget):.2f} at {budget}")
        words.append(f"{network} ({dense:.2f} % dense) loses {markdown.listed(losses)}")
    text = found.table("MiniLM: mean cosine")
    own, own_15 = (f"{figure_of(text, 'obspa', budget):.3f}" for budget in ("2x", "1.5x"))
    unrepaired = [best(found.table(f"{NETWORKS[n]}: "), "none", "2x")[0]
                  for n in ("ResNet-14", "MobileNet")]
    noise = [best(found.table(f"{NETWORKS[n]} calibrated with smooth noise"), "refit", "2x")[0]
             for n in ("ResNet-14", "MobileNet")]
    tokens, templates = (
        best(found.table(f"MiniLM calibrated with {what}: mean cosine"), "refit", "1.5x")[0]
        for what in ("random tokens", "sentences from templates"))
    return f"""**What this shows.** What is left of accuracy when multiplications go and nothing is
trained. By `--method obspa`, with {facts["pictures to calibrate with"]} unlabelled pictures of its
own and in percentage points of test accuracy, {words[0]}; {words[1]}. A sentence encoder, given {facts["texts to calibrate with"]} texts, keeps a cosine similarity of {own} to its dense
embeddings at 2x.

**And what it warns of.** Without a repair the best ranking leaves {unrepaired[0]} % and
{unrepaired[1]} % of test pictures read rightly at 2x. Without data, the best of three methods
refitted to smooth noise leaves {noise[0]} % and {noise[1]} % at 2x. MiniLM keeps {own_15} at 1.5x with texts of its own, at best {tokens} with random tokens and {templates} with
sentences from templates. These are small networks on small pictures, and one encoder; nothing here was
measured on ImageNet."""


def figure(found):
    def panel(network, axis, begin, baseline, name):
        table = found.table(begin)
        series = {method: points(table, method, "refit") for method in METHODS}
        budgets = [number(budget) for budget in table.header[2:]]
        least = min(mean - half for row in series.values() for _, mean, half in row)
        space = 0.1 if baseline <= 1 else 2 if least > 90 else 10
        lowest = math.floor(least / space) * space
        highest = math.ceil(baseline / space) * space
        return {"heading": network, "axis": axis, "lowest": lowest, "highest": highest,
                "baseline": baseline, "baseline_name": name, "marks": [1, *budgets],
                "series": {method: [(1, baseline, 0), *row] for method, row in series.items()}}

    panels = [panel(network, "test accuracy, %", f"{NETWORKS[network]}: ", found.dense(network)[0],
                    f"dense, {found.dense(network)[0]} %") for network in ("ResNet-14", "MobileNet")]
    panels.append(panel("MiniLM", "mean cosine similarity to dense", "MiniLM: mean cosine", 1,
                        "dense, 1"))
    return charts.lines("After channel pruning and a refit, without training",
                        "MACs: times fewer than dense", panels, METHODS)


def render(sections):
    found = Found(sections)
    facts = markdown.facts(sections)
    parts = [
        "# Accuracy after channel pruning, without fine-tuning", conclusion(found, facts),
        "![Accuracy after refit: lines per method over times fewer MACs](accuracy.svg)",
        f"""Figures of test data after `espalier prune --pattern channel` at 1.25 to 6 times fewer
MACs: the mean over {facts["seeds"]} seeds and the 95 % t interval of that mean.
Digits: scikit-learn's, 16 x 16 with random shift, contrast and noise;
each seed trains networks anew and draws its own splits of what is not test data (797 test pictures,
the same for all seeds, 150 for validation, {facts["pictures to calibrate with"]} training pictures
to calibrate with). MiniLM: all-MiniLM-L6-v2 at 32 tokens, {facts["texts to calibrate with"]}
calibration texts that each seed draws anew, 256 test texts of other documents; there is one
network, so that its intervals are over calibration texts and chance only; a method without either
has none, nor has one that is calibrated with texts of another kind, of which there is one draw.""",
        """Repair: *BN* takes the statistics of batch norms anew, *refit* fits each layer that lost
inputs to the dense network's outputs by least squares. On digits, wanda takes the same share of
every group, which serves it better than its default. Written by `make study-accuracy`."""]
    for section in sections:
        if section.tables and section.tables[0].header != ["measured", ""]:
            parts += [f"## {section.heading}", section.tables[0].text()]
        elif section.points:
            parts += [f"## {section.heading}", "\n".join("- " + point for point in section.points)]
    parts += ["## How it was measured", markdown.facts_table(facts)]
    return {"accuracy.md": markdown.page(*parts), "accuracy.svg": figure(found)}
