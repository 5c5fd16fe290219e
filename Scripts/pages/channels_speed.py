"""docs/channels-speed.md: how much faster networks are after channel removal."""
from . import markdown
from .markdown import listed, number


def conclusion(rows):
    def span(variant, name, style):
        found = [number(row[name]) for row in rows if row["variant"] == variant]
        ends = [f"{end:{style}}" for end in (min(found), max(found))]
        return " to ".join(dict.fromkeys(ends))

    channels = "channels"
    both = next(row["variant"] for row in rows if row["variant"].startswith("channels, "))
    blocks = both.partition(", ")[2].replace("blocks 16x8 ", "blocks of 16x8 at ")
    uncertain, name = [], ""
    for row in rows:
        name = row["network"] or name
        low, high = markdown.interval(row["range"])
        if row["variant"] == channels and high > 1.25 * low:
            uncertain.append(f"{name} ({row['range']})")
    doubt = (f" Rounds of {listed(uncertain)} differ by more than a quarter: the machine was not "
             "quiet." if uncertain else "")
    return f"""**What this shows.** With channels removed networks run
{span(channels, "speed-up", ".2f")} times as fast, and of the time that the removed multiplications
should save, {span(channels, "realised", ".0f")} % is saved. With {blocks} on top networks run
{span(both, "speed-up", ".2f")} times as fast, and {span(both, "realised", ".0f")} % is
saved.{doubt} Weights are random: this says
nothing of accuracy, which is in [accuracy.md](accuracy.md)."""


def render(sections):
    table, facts = markdown.results(sections), markdown.facts(sections)
    return {"channels-speed.md": markdown.page(
        "# Speed after channel removal", conclusion(table.records()),
        f"""{facts["times fewer MACs"]} times fewer MACs by channels, then blocks of 16x8 at 70 % on
what is left; {facts["rounds"]} rounds in shuffled order on
{facts["threads"]} thread{"s" * (facts["threads"] != "1")}.
*Speed-up* is the median over rounds of dense time over the variant's in the same round, *range* its
least and greatest. *Theory* counts MACs whose weights are not zero; *realised* is the share of the
time it would save that was saved. Written by `make bench-channels`.""",
        "## Networks", table.text(), "## How it was measured", markdown.facts_table(facts))}
