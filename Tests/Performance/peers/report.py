"""Writes the results as Markdown whose tables align as plain text as well."""
import goals

PREFACE = """\
# Espalier beside other runtimes

Written by `make bench-peers` on {date}.

- Machine: {machine}; f32 peak {peak:.0f} GFLOP/s per core, measured
- Versions: {versions}

Batch 1, f32 throughout, random weights. Every engine holds its model in a process of its own,
pinned to one core or two and stopped while others run; in each of {rounds} rounds every engine
runs a burst of about {seconds:g} s, in shuffled order, so that what disturbs the machine disturbs
all alike. Times are medians over all rounds, in milliseconds, and vary with what else the host
does: **ratios** are what to read. A ratio is the time of the fastest dense peer over Espalier's,
on as many threads; above 1, Espalier is faster. Intervals are 95 % bootstrap intervals of the
ratio of medians, over rounds. A time counts only where no output is further from onnxruntime's
than {tolerance:g} of the output's range ({peers_tolerance:g} for peers); *error* is the largest
found.
"""

REACHED = """\
## Ratios and goals

One thread: ratio / goal, ✓ where it is reached. The goals of vnm 2:4 and vnm 1:4 are for the
better of V = 4 and V = 8.
"""

BOUNDS = """\
In the tables of the networks, *sparse part* is the share of Espalier's time in layers whose zeros
are left out; the rest stays dense. *At peak* is the ratio if that part ran what is left of it at
the measured peak: a goal above it is out of reach of the sparse kernels, and bound by the rest.
"""

TWO_THREADS = """\
## Two threads

*Speed-up* is two threads over one; its goal is {goal:g}. *Ratio* is to the fastest dense peer on
two.
"""

MEMORY = """\
## Memory

MB. Growth is by how much a process grew at its peak (resident, mapped weights included) from
before loading the dense model to the end of the run on one thread; the arena holds Espalier's
activations.
"""

CHAINS = """\
## Fully connected, batch 1

One thread. *Gain* is the time of Espalier's dense layers over that of its sparse ones.
"""


def document(results, facts, picture):
    """The whole report; `picture` is the name of the plot beside it."""
    networks = [result for result in results if result.model not in goals.CHAINS]
    chains = [result for result in results if result.model in goals.CHAINS]
    parts = [PREFACE.format(**facts)]
    if networks:
        parts += [REACHED, overview(networks), picture, BOUNDS]
        for result in networks:
            parts += [f"## {result.title}", peers(result), ours(result, facts["peak"]),
                      failures(result)]
        if any(result.best_peer(2) for result in networks):
            parts.append(TWO_THREADS.format(goal=goals.TWO_THREADS))
            for result in networks:
                parts += [f"### {result.title}", scaling(result)]
        parts += [MEMORY, memory(networks)]
    if chains:
        parts += [CHAINS, *map(connected, chains)]
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


def overview(networks):
    def cell(result, variant):
        ratio, goal = result.ratio(variant, 1), goals.goal(result.model, variant)
        if not ratio:
            return "–"
        if goal is None:
            return f"{ratio[0]:.2f}"
        return f"{ratio[0]:.2f} / {goal:g} " + ("✓" if goals.meets(ratio[0], goal) else " ")

    names = [variant.name for variant in goals.VARIANTS
             if any(result.find("espalier", variant.name, 1) for result in networks)]
    return table(["", *names], [
        [result.title, *(cell(result, name) for name in names)] for result in networks])


def peers(result):
    header = ["peer", "1 thread", "2 threads", "speed-up", "load", "error"]
    rows = []
    for engine, variant in result.peers:
        one, two = (result.find(engine, variant, threads) for threads in (1, 2))
        some = one or two
        rows.append([
            label(engine, variant), milliseconds(one), milliseconds(two),
            ratio_cells(result.scaling(engine, variant))[0],
            f"{some.loaded['nanoseconds'] / 1e6:.0f}" if some else "–", error(one, two)])
    return table(header, rows)


def ours(result, peak):
    header = ["Espalier", "1 thread", "ratio", "95 %", "goal", "reached", "sparse part", "at peak",
              "load", "error"]
    rows = []
    for variant, one, two in variants(result):
        ratio, goal = result.ratio(variant, 1), goals.goal(result.model, variant)
        share, bound = "–", "–"
        if one and variant != "dense":
            part, left = one.sparse_part()
            share = f"{part:.0%}"
            if ratio:
                least = one.median * (1 - part) + 2 * left / peak / 1e6
                bound = f"{ratio[0] * one.median / least:.2f}"
        some = one or two
        rows.append([
            variant, milliseconds(one), *ratio_cells(ratio), f"{goal:g}" if goal else "–",
            reached(ratio, goal), share, bound,
            f"{some.loaded['nanoseconds'] / 1e6:.0f}" if some else "–", error(one, two)])
    return table(header, rows)


def failures(result):
    return "\n".join(
        f"- No time of {label(engine, variant)} on {threads} thread{'s' * (threads > 1)}: {reason}."
        for (engine, variant, threads), reason in result.failures.items())


def scaling(result):
    header = ["", "1 thread", "2 threads", "speed-up", "95 %", "goal", "reached", "ratio", "95 %"]
    rows = []
    for variant, one, two in variants(result):
        gain = result.scaling("espalier", variant)
        rows.append([
            variant, milliseconds(one), milliseconds(two), *ratio_cells(gain),
            f"{goals.TWO_THREADS:g}", reached(gain, goals.TWO_THREADS),
            *ratio_cells(result.ratio(variant, 2))])
    return table(header, rows)


def memory(networks):
    header = ["", "arena", "growth", "growth of onnxruntime", "of openvino"]
    rows = []
    for result in networks:
        here, *there = (result.find(engine, "dense", 1)
                        for engine in ("espalier", "onnxruntime", "openvino"))
        if here:
            grown = (f"{one.growth / 1e6:.0f}" if one else "–" for one in (here, *there))
            rows.append([result.title, f"{here.loaded['arena'] / 1e6:.1f}", *grown])
    return table(header, rows)


def connected(result):
    header = [result.title, "ms", "gain", "95 %", "goal", "reached", "error"]
    rows = []
    for variant, one, _ in variants(result):
        gain = result.gain(variant) if variant != "dense" else None
        goal = goals.CHAIN_GOALS[result.model] if gain else None
        rows.append([
            f"Espalier, {variant}", milliseconds(one), *ratio_cells(gain),
            f"{goal:g}" if goal else "–", reached(gain, goal), error(one)])
    for engine, variant in result.peers:
        peer = result.find(engine, variant, 1)
        rows.append([label(engine, variant), milliseconds(peer), "–", "–", "–", "–", error(peer)])
    return "\n\n".join(filter(None, [table(header, rows), failures(result)]))


def variants(result):
    """Each pattern that Espalier ran, with its contenders on one and two threads."""
    for variant in goals.VARIANTS:
        pair = [result.find("espalier", variant.name, threads) for threads in (1, 2)]
        if any(pair):
            yield variant.name, *pair


def table(header, rows):
    """A Markdown table; columns after the first are flush right."""
    lines = [[str(cell) for cell in line] for line in [header, *rows]]
    widths = [max(3, *(len(line[column]) for line in lines)) for column in range(len(header))]

    def row(cells):
        texts = [cell.rjust(width) for cell, width in zip(cells, widths)]
        texts[0] = cells[0].ljust(widths[0])
        return "| " + " | ".join(texts) + " |"

    rule = ["-" * (widths[0] + 2)] + ["-" * (width + 1) + ":" for width in widths[1:]]
    return "\n".join([row(lines[0]), "|" + "|".join(rule) + "|", *map(row, lines[1:])])


def label(engine, variant):
    return engine if variant == "dense" else f"{engine}, {variant}"


def milliseconds(contender):
    return f"{contender.median:.2f}" if contender else "–"


def ratio_cells(found):
    return [f"{found[0]:.2f}", f"{found[1]:.2f}–{found[2]:.2f}"] if found else ["–", "–"]


def reached(ratio, goal):
    """Whether a goal is reached, or by how much it is missed."""
    if not ratio or goal is None:
        return "–"
    return "yes" if goals.meets(ratio[0], goal) else f"−{1 - ratio[0] / goal:.0%}"


def error(*contenders):
    found = [contender.error for contender in contenders if contender]
    return f"{max(found):.1e}" if found else "–"
