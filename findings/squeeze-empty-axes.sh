#!/bin/sh
# onnx 1.23.2, onnxruntime 1.32.0: Squeeze whose list of axes is given and empty. ONNX's reference
# evaluator removes no axis, as the list says; onnxruntime removes every axis of extent 1, as if there
# were no list. A tool that writes the axes out, and finds none, changes what the network computes.
#
# Seen for [1, 3, 1]: onnxruntime (3,); reference (1, 3, 1).
#   usage: findings/squeeze-empty-axes.sh
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -q onnx==1.23.2 onnxruntime==1.32.0
"$folder/env/bin/python" - <<'PYTHON'
import numpy as np
import onnxruntime
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

x = np.ones((1, 3, 1), np.float32)
graph = helper.make_graph(
    [helper.make_node("Squeeze", ["x", "axes"], ["y"])], "squeeze",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, x.shape)],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
    [helper.make_tensor("axes", TensorProto.INT64, [0], [])])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
shapes = session.run(None, {"x": x})[0].shape, ReferenceEvaluator(model).run(None, {"x": x})[0].shape
print("onnxruntime", shapes[0], "reference", shapes[1])
assert shapes == ((3,), (1, 3, 1))
PYTHON
