"""Writes the results as Markdown whose tables align as plain text as well."""
import goals
import intervals

PREFACE = """\
# Espalier beside other runtimes

Written by `make bench-peers` on {date}; {machine}.
Versions: {versions}.

Batch 1, f32 throughout, random weights. Every engine holds its model in a process of its own,
pinned to one core or two, and is stopped while others run; in each of {rounds} rounds every engine
runs a burst of about {seconds:g} s, in shuffled order, so that what disturbs the machine disturbs all
alike. Times are medians over all rounds; intervals are 95 % bootstrap intervals of the ratio of
medians, over rounds. A time counts only where the largest error against onnxruntime's output is
below {tolerance:g} of that output's range ({peers_tolerance:g} for peers). *Ratio* is the time of the fastest dense peer over
Espalier's, on as many threads: above 1, Espalier is faster. Other work on the host makes single
milliseconds uncertain; ratios are what to read.
"""


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


def milliseconds(contender):
    return f"{contender.median:.2f}" if contender else "–"


def document(results, facts):
    parts = [PREFACE.format(**facts), summary(results)]
    parts += [section(result) for result in results]
    parts.append(memory(results))
    return "\n\n".join(part.strip() for part in parts) + "\n"


def summary(results):
    """The goals' table, with what was reached."""
    def cell(result, variant):
        found = result.ratio(variant, 1)
        if not found:
            return "–"
        goal = goals.goal(result.model, variant)
        if goal is None:
            return f"{found[0]:.2f}"
        return f"{found[0]:.2f} / {goal:g}" + (" ✓" if found[0] >= goal else "")

    header = ["one thread", *(variant.name for variant in goals.VARIANTS)]
    rows = [[result.title, *(cell(result, variant.name) for variant in goals.VARIANTS)]
            for result in results]
    return "## Ratios and goals\n\nRatio / goal; ✓ where it is reached. The goal of vnm 2:4 and of\n" \
        "vnm 1:4 is for the better of V = 4 and V = 8.\n\n" + table(header, rows)


def section(result):
    parts = [f"## {result.title}", peers(result), ours(result)]
    if result.failures:
        parts.append("\n".join(
            f"- No time of {engine}, {variant}, threads {threads}: {reason}"
            for (engine, variant, threads), reason in result.failures.items()))
    return "\n\n".join(parts)


def peers(result):
    header = ["peer", "1 thread ms", "2 threads ms", "load ms", "growth MB", "largest error"]
    rows = []
    for engine, variant in result.peers:
        one, two = (result.find(engine, variant, threads) for threads in (1, 2))
        name = engine if variant == "dense" else f"{engine}, {variant}"
        some = one or two
        rows.append([
            name, milliseconds(one), milliseconds(two),
            f"{some.loaded['nanoseconds'] / 1e6:.0f}" if some else "–",
            f"{some.growth / 1e6:.0f}" if some else "–", f"{some.error:.1e}" if some else "–"])
    return table(header, rows)


def ours(result):
    header = ["Espalier", "ms", "ratio", "95 %", "goal", "reached", "2 threads ms", "ratio",
              "2 over 1", "95 %", "largest error"]
    rows = []
    for variant in goals.VARIANTS:
        one, two = (result.find("espalier", variant.name, threads) for threads in (1, 2))
        ratio, both = result.ratio(variant.name, 1), result.ratio(variant.name, 2)
        gain = intervals.ratio(one.rounds, two.rounds) if one and two else None
        goal = goals.goal(result.model, variant.name)
        rows.append([
            variant.name, milliseconds(one), *ratio_cells(ratio), f"{goal:g}" if goal else "–",
            reached(ratio, goal), milliseconds(two), ratio_cells(both)[0], *ratio_cells(gain),
            f"{max(c.error for c in (one, two) if c):.1e}" if one or two else "–"])
    return table(header, rows)


def ratio_cells(found):
    if not found:
        return ["–", "–"]
    return [f"{found[0]:.2f}", f"{found[1]:.2f}–{found[2]:.2f}"]


def reached(ratio, goal):
    if not ratio or goal is None:
        return "–"
    return "yes" if ratio[0] >= goal else f"{ratio[0] / goal - 1:+.0%}".replace("-", "−")


def memory(results):
    header = ["MB, one thread", "Espalier's arena", "Espalier's growth", "onnxruntime's growth"]
    rows = []
    for result in results:
        here, there = (result.find(engine, "dense", 1) for engine in ("espalier", "onnxruntime"))
        if here and there:
            rows.append([result.title, f"{here.loaded['arena'] / 1e6:.1f}",
                         f"{here.growth / 1e6:.0f}", f"{there.growth / 1e6:.0f}"])
    return "## Memory\n\nGrowth is by how much a process grew at its peak (resident, mapped weights\n" \
        "included) from before loading the dense model to the end of the run.\n\n" + table(header, rows)
