#!/bin/sh
# onnx 1.23.2, onnxruntime 1.32.0: Attention with a softcap, asked for its raw scores
# (qk_matmul_output_mode 0). onnxruntime gives them raw, as the operator's text says; ONNX's own reference
# evaluator gives them capped, the same as for mode 1. Who takes the reference for the truth writes the
# cap into mode 0.
#
# Seen: onnxruntime [1, 0]; reference [0.482, 0].
#   usage: findings/attention-raw-scores.sh
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

query = np.eye(2, dtype=np.float32)[None, None]
node = helper.make_node(
    "Attention", ["x", "x", "x"], ["y", "", "", "scores"],
    qk_matmul_output_mode=0, scale=1.0, softcap=0.5)
graph = helper.make_graph(
    [node], "attention",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, query.shape)],
    [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("y", "scores")])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 26)], ir_version=13)
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
rows = {
    "onnxruntime": session.run(["scores"], {"x": query})[0][0, 0, 0],
    "reference": ReferenceEvaluator(model).run(["scores"], {"x": query})[0][0, 0, 0],
}
for name, row in rows.items():
    print(name, row)
assert np.allclose(rows["onnxruntime"], [1, 0])
assert np.allclose(rows["reference"], [0.5 * np.tanh(2), 0])
PYTHON
