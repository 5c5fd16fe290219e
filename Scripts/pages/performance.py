"""docs/performance.md, its pictures, and docs/notes/speed-goals.md: Espalier and other runtimes."""
import pathlib
import sys

from . import charts, markdown
from .markdown import interval, listed, number

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "Tests/Performance/peers"))
import goals  # noqa: E402

PATTERNS = [variant.name for variant in goals.VARIANTS]


class Found:
    """The tables of the page by what they tell."""

    def __init__(self, sections):
        self.sections = sections
        self.facts = markdown.facts(sections)
        two = next((i for i, s in enumerate(sections) if s.heading == "Two threads"), len(sections))
        self.networks = {s.heading: s for s in sections[:two]
                         if len(s.tables) == 2 and s.tables[1].header[0] == "Espalier"}
        self.two_threads = {s.heading: s.tables[0] for s in sections[two:] if s.level == 3}
        self.memory = self.only("Memory")
        self.chains = next((s for s in sections if s.heading.startswith("Fully connected")), None)

    def only(self, heading):
        return next((s.tables[0] for s in self.sections if s.heading == heading), None)

    def ratio(self, network, pattern):
        """(ratio, low, high) on one thread; None where there is none."""
        table = self.networks[network].tables[1]
        cell = table.cell(pattern, "ratio")
        if cell is None or number(cell) is None:
            return None
        return number(cell), *(interval(table.cell(pattern, "95 %")) or (None, None))

    def span(self, pattern):
        """The least and the greatest ratio of a pattern, as words."""
        found = [ratio[0] for name in self.networks if (ratio := self.ratio(name, pattern))]
        return " to ".join(dict.fromkeys(
            f"{end:.2f}" for end in (min(found), max(found)))) if found else "no"


def conclusion(found):
    not_faster = [f"{network} {pattern}" for network in found.networks for pattern in PATTERNS
                  if (ratio := found.ratio(network, pattern)) and ratio[1] and ratio[1] < 1]
    slower_chains = [
        f"{row[0]} on {table.header[0]} ({ms:.2f} ms, ours {ours:.2f})"
        for table in (found.chains.tables if found.chains else [])
        for ours in [number(table.cell("Espalier, dense", "ms"))]
        for row in table.rows if not row[0].startswith("Espalier")
        for ms in [number(row[1])] if ms is not None and ms < ours]
    gains = [(number(row[table.column("speed-up")]), f"{name} {row[0]}")
             for name, table in found.two_threads.items() for row in table.rows
             if number(row[table.column("speed-up")]) is not None]
    not_faster_on_two = [
        f"{name} {row[0]}" for name, table in found.two_threads.items() for row in table.rows
        if (span := interval(row[-1])) and span[0] < 1]
    text = f"""**What this shows.** On one core of this machine
({found.facts["machine"].split(",")[0]}, {found.facts["kernels"]}), over {len(found.networks)} networks, Espalier's dense models run
{found.span("dense")} times as fast as the fastest dense peer; models with zeros in patterns that
the kernels use, {found.span("block 16x8 70 %")} times (blocks of 16x8 at 70 %),
{found.span("vnm 8:2:4")} times (vector-wise 2:4) and {found.span("unstructured 90 %")} times (90 %
without a pattern). Weights are random, so this tells latency and never accuracy."""
    weak = []
    if not_faster:
        weak.append(f"The interval of {listed(not_faster)} reaches below 1: no faster than the peer.")
    if not_faster_on_two:
        weak.append(f"On two threads that of {listed(not_faster_on_two)} does.")
    if slower_chains:
        weak.append(f"Faster than our dense layers of one token: {listed(slower_chains)}.")
    if gains:
        least, most = min(gains), max(gains)
        weak.append(f"A second thread gains between {least[0]:.2f} ({least[1]}) and {most[0]:.2f} "
                    f"times ({most[1]}).")
    weak.append("Other instruction sets are not in these tables: on machines that have AVX2 alone, "
                "half the lanes and half the registers, dense models may be behind the fastest dense "
                "peer, and NEON was never timed. `make bench-peers` says it of the machine at hand.")
    return text + "\n\n**Where it is weak.** " + " ".join(weak)


MEASURED = """Batch 1, f32 throughout. Every engine holds its model in a process of its own, pinned to
one core or two and stopped while others run; in each of {rounds} rounds every engine runs a burst
of about {burst}, in shuffled order, so that what disturbs the machine disturbs all alike. Times
are medians over all rounds, in milliseconds, and vary with what else the host does: **ratios** are
what to read. A ratio is the time of the fastest dense peer over Espalier's, on as many threads;
above 1, Espalier is faster. Intervals are 95 % bootstrap intervals of the ratio of medians, over
rounds. A time counts only where no output is further from onnxruntime's than {tolerance} of the
output's range ({peers} for peers); *error* is the largest found. *Load* is milliseconds to
load the model. Written by `make bench-peers`; what was aimed at is in
[notes/speed-goals.md](notes/speed-goals.md)."""

PARTS = """In the tables of the networks, *sparse part* is the share of Espalier's time in layers
whose zeros are left out; the rest stays dense. *At peak* is the ratio if that part ran what is left
of it at the measured peak of the core."""

TEXTS = {
    "Two threads": """*Speed-up* is two threads over one. *Ratio* is to the fastest dense peer on
two.""",
    "Memory": """MB. Growth is by how much a process grew at its peak (resident, mapped weights
included) from before loading the dense model to the end of the run on one thread; the arena holds
Espalier's activations.""",
    "Fully connected, batch 1": """One thread. *Gain* is the time of Espalier's dense layers over
that of its sparse ones.""",
}


def overview(found):
    used = [p for p in PATTERNS if any(found.ratio(name, p) for name in found.networks)]
    return markdown.Table(["network", *used], [
        [name, *(f"{ratio[0]:.2f}" if (ratio := found.ratio(name, pattern)) else "–"
                 for pattern in used)] for name in found.networks]).text()


def figure(found):
    panels = [(name, {pattern: found.ratio(name, pattern) for pattern in PATTERNS})
              for name in found.networks]
    return charts.bars(
        "Speed beside other runtimes, one thread",
        "speed: times as fast as the fastest dense peer (higher is better)", panels, 1,
        "1: the fastest dense peer", is_behind=lambda ratio: ratio < 1)


def first_figure(found):
    """README's picture: milliseconds of one network, from the same run as the tables."""
    network = "ResNet-50"
    peers, ours = found.networks[network].tables
    dense = number(ours.cell("dense", "1 thread"))
    bars = {"onnxruntime, dense": number(peers.cell("onnxruntime", "1 thread")),
            "Espalier, dense": dense}
    notes = {}
    for pattern in ("vnm 8:2:4", "block 16x8 70 %"):
        bars[pattern] = number(ours.cell(pattern, "1 thread"))
        notes[pattern] = f"{dense / bars[pattern]:.2f}x our dense"
    return charts.bars(
        f"{network}, one image, one thread, {found.facts['kernels']}", "latency, ms (lower is better)",
        [("", {name: (value, None, None) for name, value in bars.items()})],
        bars["onnxruntime, dense"], "onnxruntime", decimals=1, notes=notes,
        is_behind=lambda value: value >= bars["onnxruntime, dense"])


def speed_goals(found):
    """What each network and pattern was to reach, and whether it does."""
    def cell(name, pattern):
        ratio, goal = found.ratio(name, pattern), goals.goal(models.get(name), pattern)
        return f"{ratio[0]:.2f} / {goal:g}" if ratio and goal else "–"

    models = {title: model for model, title in goals.TITLES.items()}
    reached = missed = 0
    lines = []
    for name in found.networks:
        for column, goal in zip(goals.COLUMNS, goals.GOALS.get(models.get(name), ())):
            ratios = [ratio[0] for p in column if (ratio := found.ratio(name, p))]
            if not ratios:
                continue
            if goals.meets(max(ratios), goal):
                reached += 1
            else:
                missed += 1
                lines.append(f"- {name}, {' or '.join(column)}: {max(ratios):.2f} of {goal:g}")
    for name, table in found.two_threads.items():
        below = [f"{row[0]} {row[table.column('speed-up')]}" for row in table.rows
                 if (gain := number(row[table.column("speed-up")]))
                 and not goals.meets(gain, goals.TWO_THREADS)]
        if below:
            lines.append(f"- {name} on two threads: {', '.join(below)} of {goals.TWO_THREADS:g}")
    for table in found.chains.tables if found.chains else []:
        goal = goals.CHAIN_GOALS[models[table.header[0]]]
        for row in table.rows:
            gain = number(row[table.column("gain")])
            if gain and not goals.meets(gain, goal):
                lines.append(f"- {row[0]} on {table.header[0]}: {gain:.2f} of {goal:g}")
    rows = [[name, *(cell(name, pattern) for pattern in PATTERNS)] for name in found.networks]
    return markdown.page(
        "# Goals of speed", f"""Of the ratios of [performance.md](../performance.md), one thread,
{reached} of the {reached + missed} goals are reached. A goal is how many times as fast as the
fastest dense peer a network was to be; those of vnm 2:4 and vnm 1:4 are for the better of V = 4 and
V = 8. Two threads were to be {goals.TWO_THREADS:g} times as fast as one. Goals stand in
`Tests/Performance/peers/goals.py`; written by `make bench-peers`, as the tables of that page are.
What bounds the missed ones, and what was tried: [kernels.md](kernels.md).""",
        "Ratio / goal:", markdown.Table(["network", *PATTERNS], rows).text(),
        "Missed:" if lines else "", "\n".join(lines))


def render(sections):
    found = Found(sections)
    facts = found.facts
    parts = ["# Espalier beside other runtimes", conclusion(found),
             "## Times as fast as the fastest dense peer, one thread", overview(found),
             "![Bars: speed relative to the fastest dense peer, by network and pattern]"
             "(performance.svg)",
             MEASURED.format(rounds=facts["rounds"], burst=facts["burst"],
                             tolerance=facts["largest error that counts"],
                             peers=facts["largest error of peers that counts"]), PARTS]
    for section in sections:
        known = (section.heading in found.networks or section.heading in TEXTS
                 or section.level == 3)
        if not known:
            continue
        parts += ["#" * section.level + " " + section.heading, TEXTS.get(section.heading, ""),
                  *(table.text() for table in section.tables),
                  "\n".join("- " + point for point in section.points)]
    parts += ["## How it was measured", markdown.facts_table(facts)]
    return {"performance.md": markdown.page(*parts), "performance.svg": figure(found), "resnet50.svg": first_figure(found),
            "notes/speed-goals.md": speed_goals(found)}
