"""docs/onnx-cases.md: ONNX's own test cases for operators."""
from . import markdown


def render(sections):
    """From the tables of Scripts/check-onnx-cases.py, told apart by what their last column is."""
    tables = {table.header[-1]: table for section in sections for table in section.tables}
    counts, others = tables["Of"], tables["Number"]
    failing, refused = tables.get("Why"), tables.get("Which")
    passing = markdown.listed(f'{row["Passing"]} of {row["Of"]} on the {row["Evaluation"]}'
                              for row in counts.records()[:2])
    return {"onnx-cases.md": markdown.page(
        "# ONNX operator test cases",
        f"""**What this shows.** Of the test cases that ONNX has for the operators and element types Espalier
supports, {passing} pass. """ + (f"""{len(failing.rows)} do not pass on both; each stands below with what
the command says and why. """ if failing else "") + """Every other case passes too, or is refused with a
message, and the refused ones stand at the end by what the message says. None ends by a signal, none
with another result; nor does any with one extent set to 0, or on its way through `espalier groups`.""",
        """The cases are those that onnx 1.23.2's own generator makes (`Scripts/make-onnx-cases.py`); those
that onnx defines as functions are there a second time, `_expanded`, as the nodes they are made of. Those
that the wheel of onnx 1.14.1 carries are of earlier opsets, and run as well where they are claimed.
`Scripts/select-onnx-cases.py` says which are claimed: every operator is one of
`converter/Graph/OperatorKind.swift` and every element type is read; on the runtime, no type of
`uint16`, `int16`, `uint32` or `uint64` either. Each is run by `espalier verify --case DIR --atol 1e-5`,
with `--runtime` for the second row; half precision by the command's own tolerance. The command fails
unless exactly the cases named in `Tests/Operators/onnx-cases-failing.txt` do not pass. Written by
`Scripts/check-onnx-cases.sh`.""",
        "## Counts", counts.text(),
        "## Counts of the others", """For a case with an extent of 0 every axis of that extent, of all
inputs, is emptied; what is right is what onnx's reference evaluation gives, where it gives something.""",
        others.text(),
        *(("## Cases that do not pass on both", failing.text()) if failing else ()),
        *(("## Refused", refused.text()) if refused else ()))}
