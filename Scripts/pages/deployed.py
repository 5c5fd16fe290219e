"""docs/deployed.md: networks inside packages of PyPI."""
from . import markdown
from .markdown import number


def accuracy(table):
    rows = [row for row in table.records() if row["target"]]
    short = [f"{row['network']} by {row['pruned by']} ({row['%']} %)"
             for row in rows if "missed" in row["target"]]
    return (f"Of {len(rows)} targets of accuracy after pruning, without training, "
            f"{len(rows) - len(short)} are met"
            + (f"; short are {markdown.listed(short)}" if short else "") + ".")


def speed(rows):
    ratios = sorted(number(row["ratio"]) for row in rows if number(row["ratio"]) is not None)
    if not ratios:
        return ""
    return (f"Dense, on one thread, it takes {ratios[0]:.2f} to {ratios[-1]:.2f} of onnxruntime's time, "
            f"{ratios[len(ratios) // 2]:.2f} in the middle.")


def render(sections):
    tables = {section.heading: section.tables[0] for section in sections if section.tables}
    facts = markdown.facts(sections)
    files = tables.get("Files")
    rows = files.records() if files else []
    parts = ["# Networks that people deploy"]
    if rows:
        counts = {what: count for count, what in tables["Counts"].rows}
        packages = len({row["package"] for row in rows})
        parts += [f"""**What this shows.** Of {len(rows)} ONNX files in {packages} packages of PyPI
{counts["files convert"].split(" of ")[0]} convert, and {counts["converted files compute what onnxruntime computes"]}
compute what onnxruntime computes; at a second batch or length
{counts["of them at a second batch or length, where the file has one free"]} of those that leave one free.
Channels were removed from {counts["channels go"].split(" of ")[0]}, soundly at both sizes from
{counts["of them soundly, at both sizes"]}. {speed(rows)} {accuracy(tables["Accuracy"]) if "Accuracy" in tables else ""}
What did not go stands below with the reason."""]
    else:
        parts += [f"""**What this shows.** Accuracy alone, of `make check-packages` with `--part accuracy`:
the files of packages are to be run whole. {accuracy(tables["Accuracy"])}

Packages are downloaded by name and version, and nothing of them is kept in this repository. Other work
ran on the same machine."""]
    if rows:
        parts += [f"""Packages are downloaded by name and version, and nothing of them is kept in this repository.
Inputs are made like those that a network is for (`Scripts/deployed/contents.py`). *error*: the packed
model against onnxruntime without optimisation, as a share of the output's range; *second*: another
batch or length, converted for it (*fixed*: the file leaves none free). *groups*: those that can be
pruned. *channels*: multiply-accumulates left after 30 % of the channels went (l1); *sound*: the
pruned file against the dense one with the removed channels masked, both in onnxruntime, at both sizes.
*block*, *N:M*: zeros in block:16x8 at 50 % and nm:2:4, packed and compared again. *µs*: medians of
{facts["rounds of latency"]} alternating rounds on one thread, of the packed model and of onnxruntime;
below 1 of *ratio* Espalier is faster. Other work ran on the same machine. Written by
`make check-packages`."""]
    for heading in ("Files", "Accuracy", "What did not go", "Counts"):
        if heading in tables:
            parts.append(f"## {heading}")
            if heading == "Accuracy":
                parts.append("""Scores are of the packed model on Espalier's runtime. *magika*: files of
source distributions, named by the type that their extension tells; calibration and test files differ.
*PP-OCRv6*: characters by edit distance on rendered lines. *silero*: frames of synthesised speech and of
silence or noise between. *MACs*: what is left of the dense network's; *s*: how long `prune` took.""")
            table = tables[heading]
            parts.append(table.text(padded=False) if heading == "What did not go" else table.aligned())
    return {"deployed.md": markdown.page(
        *parts, "## How it was measured", markdown.facts_table(facts))}
