"""docs/neon.md: what the NEON kernels' loops cost by llvm-mca."""
from . import markdown

CORES = {"A55": 5, "A72": 8, "A76": 11}
FULL = 90  # per cent of the multiplying units


def use(row, core):
    """Per cent of the multiplying units that a loop keeps busy."""
    return int(row[CORES[core] + 1].split()[0])


def conclusion(rows):
    def full(core):
        return sum(use(row, core) >= FULL for row in rows)

    def spills(row):
        return int(row[4])

    spilling = [row for row in rows if spills(row)]
    worst = max(rows, key=spills)
    panel = next((row for row in rows if row[0] == "panel_8x3"), None)
    busy = (f""" The loop that most products run in (`panel_8x3`) keeps {use(panel, "A55")} %,
{use(panel, "A72")} % and {use(panel, "A76")} % of the multiplying units of the three cores busy."""
            if panel else "")
    return f"""**What this shows.** Counts on paper: NEON was never timed.{busy} Of {len(rows)} kinds of loops, {full("A72")} keep {FULL} % or
more of them busy on A72 and {full("A76")} on A76. {len(spilling)} kinds run out of registers and put
some aside, most of all `{worst[0]}` ({worst[4]})."""


def render(sections):
    table = next(section.tables[-1] for section in reversed(sections) if section.tables)
    made = next(line for section in sections for line in section.prose
                if line.startswith("Made with "))
    return {"neon.md": markdown.page(
        "# NEON kernels, cycle by cycle", conclusion(table.rows),
        """What the inner loops of the NEON kernels cost according to llvm-mca, LLVM's model of
processors, for three cores. It is a model's count, not a measurement. Data is always in the nearest
cache, branches are foreseen, and what happens between loops is left out.""",
        """`make check-neon-cycles` compiles the kernels as for a board, cuts the innermost loops out
of the assembly as it is (nothing is marked in the source), counts them anew and compares: a loop
that takes 2 % more or fewer cycles than here, puts more registers aside, or is missing on either
side, fails. `Scripts/analyse-neon.sh
write` writes this page.""",
        markdown.Table(["core", "model in LLVM",
                        'multiply-adds of 4 floats per cycle, as "use" has it'], [
            ["A55", "`cortex-a55`, in order, 2 instructions per cycle",
             "1: two units of 64 bits. The model believes 2, but that loading a pair of vectors takes "
             "6 cycles: its cycles are rough"],
            ["A72", "`cortex-a72`, which is that of Cortex-A57: 3 operations per cycle, one load",
             "1"],
            ["A76", "`neoverse-n1`, the same core for servers: 8 operations per cycle, two loads",
             "2"]]).text(padded=False),
        """LLVM answers for `cortex-a76` with the model of Cortex-A57, as it does for A72: whoever
runs llvm-mca by that name reads the A72 columns. Multiply-adds take 4 cycles in the model of
Neoverse N1 from sum to sum, though the core passes sums on sooner: loops with fewer than 8 sums
look slower than they are.""",
        """What the kernels do about it: 24 sums stay in registers (4 rows by 6 vectors, 8 by 3),
weights come four at a time and are multiplied by lane, so that broadcasts take no slot of the
multiplying units. No kernel uses the dot product or half precision instructions, so none is behind
a run-time check.""",
        """"FMAs" counts multiply-adds, most of them of 4 floats, in one round of a loop; loops of a
function that have as many share a row, which shows the worst of them. "Loads" counts registers,
offsets and weights included; "spills" registers put aside or fetched back in a loop. "Bound" names
what is busy for at least 85 % of the cycles: the multiplying units, the loading units, "issue"
(operations per cycle) or an integer unit; "waiting" where nothing is, and a result is waited for.
Loops without multiply-adds, such as copies, and loops with calls are left out.""",
        "## Loops", made, table.text(padded=False))}
