#!/usr/bin/env python3
"""Lists ONNX's operator cases, and which of them Espalier claims to run.

    select-onnx-cases.py CASES

A line for each case: its name; what of it Espalier does not claim, empty for what must pass on the reference; which of
its types the runtime has none of, empty for what must pass there too; and its half-precision types. Claimed is a case
whose every node is an operator of converter/Graph/OperatorKind.swift in the default domain, and whose every tensor
(graph inputs, outputs and declared intermediates, and the data files) has a type of converter/Graph/ElementType.swift,
text apart. So a new operator's cases are claimed once its name stands there. CASES is a folder of cases such as
Scripts/fetch-onnx-cases.sh makes.

Reads the few fields it needs of ONNX's files itself: the checks that run this have no package of Python's.
"""
import pathlib
import re
import sys

from onnx_inputs import fields

GRAPH = pathlib.Path(__file__).parent.parent / "converter/Graph"
OPERATORS = set(re.findall(r'^  case `?\w+`? = "(\w+)"$', (GRAPH / "OperatorKind.swift").read_text(), re.MULTILINE))
TYPES = {int(number): name for name, number in re.findall(
    r"^  case (\w+) = (\d+)$", (GRAPH / "ElementType.swift").read_text(), re.MULTILINE) if name != "string"}
LACKING_ON_RUNTIME = {"uint16", "int16", "uint32", "uint64"}
HALF = {"float16", "bfloat16"}
# onnx.proto's numbers of the fields that lead to operators and element types.
MODEL_GRAPH = 7
GRAPH_NODE, GRAPH_INPUT, GRAPH_OUTPUT, GRAPH_VALUE_INFO = 1, 11, 12, 13
NODE_OP_TYPE, NODE_DOMAIN = 4, 7
VALUE_TYPE, TYPE_TENSOR, TENSOR_TYPE_ELEMENT, TENSOR_DATA_TYPE = 2, 1, 1, 2


def all_of(message, *numbers):
    return [value for number, value in fields(message) if number in numbers]


def one_of(message, number, default=b""):
    """A field's value; messages and numbers that are left out are empty."""
    return next(iter(all_of(message, number)), default)


def operators(graph):
    for node in all_of(graph, GRAPH_NODE):
        domain, operator = bytes(one_of(node, NODE_DOMAIN)).decode(), bytes(one_of(node, NODE_OP_TYPE)).decode()
        yield f"{domain}.{operator}" if domain else operator


def types(graph, case):
    """Names of element types; numbers for those that are not claimed, 0 for sequences and optionals."""
    for value in all_of(graph, GRAPH_INPUT, GRAPH_OUTPUT, GRAPH_VALUE_INFO):
        # Sequences and optionals have no element type of their own.
        tensor = one_of(one_of(value, VALUE_TYPE), TYPE_TENSOR)
        number = one_of(tensor, TENSOR_TYPE_ELEMENT, 0)
        yield TYPES.get(number, str(number))
        if not number:
            return
    for file in case.glob("test_data_set_*/*.pb"):
        number = one_of(file.read_bytes(), TENSOR_DATA_TYPE, 0)
        yield TYPES.get(number, str(number))


for folder in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    if folder.is_dir():
        graph = one_of((folder / "model.onnx").read_bytes(), MODEL_GRAPH)
        found = set(types(graph, folder))
        unclaimed = sorted(set(operators(graph)) - OPERATORS) + sorted(found - set(TYPES.values()))
        print(folder.name, *(",".join(names) for names in (
            unclaimed, sorted(found & LACKING_ON_RUNTIME), sorted(found & HALF))), sep="\t")
