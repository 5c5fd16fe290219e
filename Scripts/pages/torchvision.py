"""docs/torchvision.md: torchvision's models against onnxruntime."""
from . import markdown
from .markdown import number


def render(sections):
    table, facts = markdown.results(sections), markdown.facts(sections)
    rows = table.records()
    passed = [row for row in rows if row["passed"] == "yes"]
    worst = max(passed, key=lambda row: number(row["error/range"]), default=None)
    failed = [f"{row['model']} ({row['exporter']})" for row in rows if row["passed"] != "yes"]
    return {"torchvision.md": markdown.page(
        "# torchvision models against onnxruntime",
        f"""**What this shows.** {len(passed)} of {len(rows)} exports of
{len({row["model"] for row in rows})} models convert, run and give onnxruntime's outputs"""
        + (f""", to {worst["error/range"]} of their range at worst ({worst["model"]},
{worst["exporter"]})""" if worst else "") + "."
        + (f" {markdown.listed(failed)} do not, for the reasons given." if failed else "")
        + " It shows the arithmetic, not accuracy: weights are random.",
        f"""Each model is exported by PyTorch's two exporters (`ts`: `dynamo=False`, `dyn`: the newer
default) with random weights and batch-norm statistics, converted, and run on one random image. The
largest absolute error may be {facts["largest error / range"]} of the range of onnxruntime's output.
Written by `Scripts/check-torchvision.sh`.""",
        "## Models", table.text(), "## How it was measured", markdown.facts_table(facts))}
