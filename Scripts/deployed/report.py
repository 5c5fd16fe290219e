"""What checks and accuracy come to, as lines, counts and tables."""
import re

import espalier_tool
from deployed import accuracy, checks, timing
from pages import markdown

COLUMNS = ["package", "file", "network", "error", "second", "groups", "channels", "sound", "block",
           "N:M", ".esp / ONNX", "µs", "onnxruntime", "ratio"]
# A refusal that is right: no layer is large enough for the pattern, or all are ends, which stay.
NOTHING_FITS = "E2014"
REASON = 300
# A refusal of the same code that is not: there are weights, which are not seen.
UNSEEN = ("has none with weights", "computed by other nodes")


def crashed(reason):
    return re.search(r"signal \d+: |not done after", reason) is not None


def fits_nothing(reason):
    return NOTHING_FITS in reason and not any(words in reason for words in UNSEEN)


def is_wrong(network, fault):
    """Whether a fault is one of Espalier's: numbers that differ, a signal, no end, or a refusal
    that is not known of this file."""
    step, reason = fault
    if fits_nothing(reason) or step == "channel fixed":
        return False
    return not network.refused or crashed(reason) or "off by" in reason


def cells(network, result):
    """A row of the first table."""
    figures, faults = result["figures"], dict(result["faults"])

    def cell(key, style, step=None):
        if key in figures and (step or key) not in faults:
            return format(figures[key], style)
        return "NO" if (step or key) in faults else "–"

    second = "fixed" if network.sizes == 1 else cell("second", ".0e", "second shape")
    time = [f"{figures[key] / 1e3:.0f}" if key in figures else "–" for key in ("ours", "theirs")]
    ratio = f"{figures['ours'] / figures['theirs']:.2f}" if "ours" in figures else "–"
    return [f"{network.package} {network.version}", network.file, network.purpose,
            cell("error", ".0e", "convert"), second, cell("groups", "d"),
            cell("channel", ".2f"), cell("sound", ".0e", "channel"),
            pattern(figures, faults, "block"), pattern(figures, faults, "nm"),
            cell("size", ".2f", "convert"), *time, ratio]


def pattern(figures, faults, step):
    reason = faults.get(step, faults.get(f"{step} packed"))
    if reason:
        return "none fits" if fits_nothing(reason) else "NO"
    return f"{figures[step]:.0%}".replace("%", " %") if step in figures else "–"


def line(network, result):
    shown = cells(network, result)
    name = f"{network.package}/{network.file}"
    faults = "; ".join(f"{step}: {reason}" for step, reason in result["faults"])
    return "  ".join([name.ljust(52), *(cell.rjust(6) for cell in shown[3:]), faults]).rstrip()


def counts(files):
    """{what: "n of m"}."""
    def share(test, among=files):
        among = list(among)
        return f"{sum(map(test, among))} of {len(among)}"

    def free_of(*steps):
        return lambda row: not any(step in steps for step, _ in row[1]["faults"])

    def figure(key):
        return lambda row: key in row[1]["figures"]

    converted = [row for row in files if row[1]["figures"].get("converted")]
    return {
        "files convert": share(lambda row: row[1]["figures"].get("converted")),
        "converted files compute what onnxruntime computes": share(free_of("convert"), converted),
        "and by `verify` they do, on its outputs": share(free_of("verify"), converted),
        "of them at a second batch or length, where the file has one free": share(
            free_of("second shape"), [row for row in converted if row[0].sizes == 2]),
        "groups ends well": share(free_of("groups")),
        "channels go": share(figure("channel")),
        "of them soundly, at both sizes": share(
            free_of("channel"), filter(figure("channel"), files)),
        "of them with every free axis left free": share(
            free_of("channel fixed"), filter(figure("channel"), files)),
        "blocks of zeros fit": share(figure("block")),
        "2:4 fits": share(figure("nm")),
        "packed after pruning they compute what onnxruntime computes": share(
            free_of("channel packed", "block packed", "nm packed"), converted),
        ".esp at most 1.1 times the ONNX file, of float32": share(
            lambda row: row[1]["figures"]["size"] <= 1.1,
            [row for row in converted if row[1]["figures"]["precision"] == "float"]),
        "commands that ended by a signal or not in time": str(sum(
            crashed(reason)
            for _, result in files for _, reason in result["faults"])),
    }


def summary(files):
    packages = len({network.package for network, _ in files})
    yield f"{len(files)} files of {packages} packages"
    for what, count in counts(files).items():
        yield f"  {count.rjust(8)}  {what}"


def failed(files):
    return [fault for network, result in files for fault in result["faults"]
            if is_wrong(network, fault)]


def causes(faults):
    """(steps, reason), one for each code of error; a cause at many nodes once, and no longer than
    REASON."""
    found = {}
    for step, reason in faults:
        code = re.search(r"E\d{4}", reason)
        found.setdefault(code[0] if code else reason, []).append((step, reason))
    for same in found.values():
        reason = same[0][1]
        causes = dict.fromkeys(re.sub(r"^(E\d{4}) \S+ operator", r"\1 operator", part)
                               for part in reason.split("; "))
        reason = "; ".join(causes).partition("; output max abs")[0]
        yield ", ".join(step for step, _ in same), (
            reason if len(reason) <= REASON else reason[:REASON] + " …")


def tables(files, measured):
    """The tables that pages/deployed.py makes docs/deployed.md of."""
    parts = []
    if files:
        files = sorted(files, key=lambda row: (row[0].package, row[0].file))
        parts += ["## Files", markdown.Table(COLUMNS, [cells(*row) for row in files]).aligned()]
        faults = [[f"{network.package} {network.version}", network.file, steps,
                   reason.replace("|", "\\|"), network.refused]
                  for network, result in files for steps, reason in causes(result["faults"])]
        if faults:
            parts += ["## What did not go", markdown.Table(
                ["package", "file", "step", "what was said", "why"], faults).text(padded=False)]
        parts += ["## Counts", markdown.Table(["count", "of what"], [
            [count, what] for what, count in counts(files).items()]).text()]
    if measured:
        parts += ["## Accuracy", markdown.Table(
            accuracy.COLUMNS, [accuracy.cells(row) for row in measured]).aligned()]
    parts += ["## How it was measured", markdown.facts_table({
        "largest error / range, float32": f"{checks.LIMITS['float']:.0e}",
        "half precision": f"{checks.LIMITS['half']:.0e}",
        "int8": f"{checks.LIMITS['int8']:.0e}",
        "least range": f"{checks.LEAST_RANGE:.0e}",
        "seconds until a command is given up": checks.SECONDS,
        "rounds of latency": timing.ROUNDS,
        "tool": espalier_tool.espalier("--version").strip(),
    })]
    return "\n\n".join(parts)
