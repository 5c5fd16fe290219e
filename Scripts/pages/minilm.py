"""docs/minilm.md: a sentence encoder against onnxruntime."""
from . import markdown
from .markdown import number


def render(sections):
    table, facts = markdown.results(sections), markdown.facts(sections)
    rows = table.records()
    passed, total = (sum(int(row["passed"].split("/")[i]) for row in rows) for i in (0, 1))
    worst = max((number(row["worst distance"]) or 0 for row in rows), default=0)
    return {"minilm.md": markdown.page(
        "# all-MiniLM-L6-v2 against onnxruntime",
        f"""**What this shows.** {passed} of {total} embeddings of a sentence encoder with its real
weights, exported both ways, agree with onnxruntime's; the worst cosine distance is {worst:.1e}.""",
        f"""Exported by PyTorch's two exporters (`minilm`: `dynamo=False`, `minilm.dyn`: the newer
default), converted, and run on 100 sentences. The cosine distance between an embedding and
onnxruntime's may be {facts["largest distance"]}. Written by `Scripts/check-minilm.sh`.""",
        "## Exports", table.text(), "## How it was measured", markdown.facts_table(facts))}
