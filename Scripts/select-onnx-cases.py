#!/usr/bin/env python3
"""Lists the ONNX node test cases that are in Espalier's scope, one name per line.

    select-onnx-cases.py CASES

In scope: every node is an operator of converter/Graph/OperatorKind.swift in the default domain, and every tensor (graph
inputs, outputs and declared intermediates, and the data files) is float32, int64, int32 or bool. So a new operator's
cases are selected once its name stands there. CASES is what Scripts/fetch-onnx-cases.sh prints.

Reads the few fields it needs of ONNX's files itself: the checks that run this have no package of Python's.
"""
import pathlib
import re
import sys

from onnx_inputs import fields

TABLE = pathlib.Path(__file__).parent.parent / "converter/Graph/OperatorKind.swift"
OPERATORS = set(re.findall(r'^  case `?\w+`? = "(\w+)"$', TABLE.read_text(), re.MULTILINE))
# onnx.proto's numbers of elements, and of the fields that lead to them.
FLOAT, INT32, INT64, BOOL = 1, 6, 7, 9
TYPES = {FLOAT, INT32, INT64, BOOL}
MODEL_GRAPH = 7
GRAPH_NODE, GRAPH_INPUT, GRAPH_OUTPUT, GRAPH_VALUE_INFO = 1, 11, 12, 13
NODE_OP_TYPE, NODE_DOMAIN = 4, 7
VALUE_TYPE, TYPE_TENSOR, TENSOR_TYPE_ELEMENT, TENSOR_DATA_TYPE = 2, 1, 1, 2


def all_of(message, *numbers):
    return [value for number, value in fields(message) if number in numbers]


def one_of(message, number, default=b""):
    """A field's value; messages and numbers that are left out are empty."""
    return next(iter(all_of(message, number)), default)


def in_scope(case):
    graph = one_of((case / "model.onnx").read_bytes(), MODEL_GRAPH)
    for node in all_of(graph, GRAPH_NODE):
        if one_of(node, NODE_DOMAIN) or one_of(node, NODE_OP_TYPE).decode() not in OPERATORS:
            return False
    for value in all_of(graph, GRAPH_INPUT, GRAPH_OUTPUT, GRAPH_VALUE_INFO):
        # Sequences and optionals have no element type of their own: 0, which is not in the set.
        tensor = one_of(one_of(value, VALUE_TYPE), TYPE_TENSOR)
        if one_of(tensor, TENSOR_TYPE_ELEMENT, 0) not in TYPES:
            return False
    return all(one_of(file.read_bytes(), TENSOR_DATA_TYPE, 0) in TYPES
               for file in case.glob("test_data_set_*/*.pb"))


for folder in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    if folder.is_dir() and in_scope(folder):
        print(folder.name)
