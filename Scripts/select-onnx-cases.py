#!/usr/bin/env python3
"""Lists the ONNX node test cases that are in Espalier's scope, one name per line.

    select-onnx-cases.py CASES >Tests/Operators/onnx-cases.txt

In scope: every node is an operator of converter/Graph/OperatorKind.swift in the default domain, and every tensor (graph
inputs, outputs and declared intermediates, and the data files) is float32, int64, int32 or bool.
CASES is what Scripts/fetch-onnx-cases.sh prints.
"""
import pathlib
import re
import sys

import onnx

TABLE = pathlib.Path(__file__).parent.parent / "converter/Graph/OperatorKind.swift"
OPERATORS = set(re.findall(r'^  case `?\w+`? = "(\w+)"$', TABLE.read_text(), re.MULTILINE))
TYPES = {onnx.TensorProto.FLOAT, onnx.TensorProto.INT64, onnx.TensorProto.INT32,
         onnx.TensorProto.BOOL}


def in_scope(case):
    model = onnx.load(case / "model.onnx")
    if any(node.domain or node.op_type not in OPERATORS for node in model.graph.node):
        return False
    for value in [*model.graph.input, *model.graph.output, *model.graph.value_info]:
        # Sequences and optionals have no element type of their own: 0, which is not in the set.
        if value.type.tensor_type.elem_type not in TYPES:
            return False
    return all(onnx.load_tensor(file).data_type in TYPES
               for file in case.glob("test_data_set_*/*.pb"))


for folder in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    if folder.is_dir() and in_scope(folder):
        print(folder.name)
