"""docs/onnx-cases.md: ONNX's own test cases for operators."""
from . import markdown


def render(sections):
    counts, *failing = (section.tables[0] for section in markdown.with_tables(sections))
    passing = markdown.listed(f'{row["Passing"]} of {row["Of"]} on the {row["Evaluation"]}'
                              for row in counts.records())
    return {"onnx-cases.md": markdown.page(
        "# ONNX operator test cases",
        f"""**What this shows.** Of the test cases that ONNX has for the operators Espalier supports,
{passing} pass. """ + (f"""{len(failing[0].rows)} do not pass on both; each stands below with what
the command says and why.""" if failing else "None fails on either."),
        f"""The node test cases of onnx 1.14.1 whose operators Espalier supports and whose tensors are
float32, int64, int32 or bool (`Scripts/select-onnx-cases.py` selects them). Each is run by `espalier verify
--case DIR --atol 1e-5`, with `--runtime` for the second row. The command fails unless exactly the cases
named in `Tests/Operators/onnx-cases-failing.txt` do not pass. Written by
`Scripts/check-onnx-cases.sh`.""",
        "## Counts", counts.text(),
        *(("## Cases that do not pass on both", failing[0].text()) if failing else ()))}
