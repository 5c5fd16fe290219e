#!/usr/bin/env python3
"""Times group discovery: networks of the zoo, and graphs of up to 20,000 nodes.

    bench-discovery.py [--output FILE.md]

The graphs repeat a residual block, a dense block that concatenates, a gated depthwise block and an
attention block until they have the nodes. What is timed is what `espalier groups --json` calls
discovery_ns, without reading the file: the median of RUNS processes, in turns over the networks.
"""
import argparse
import json
import pathlib
import statistics
import sys
import tempfile

import espalier_tool
import numpy as np
import onnx
import pages
from onnx import TensorProto, helper, numpy_helper
from pages import markdown

NETWORKS = ["resnet50", "densenet121", "swin_t", "yolov5m"]
SIZES = [1_250, 2_500, 5_000, 10_000, 20_000]
RUNS = 7
CHANNELS, SIDE = 16, 4


class Builder:
    """Nodes and weights of a graph, in order."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.nodes, self.weights = [], []

    def weight(self, *shape):
        return self.constant(self.random.standard_normal(shape).astype(np.float32))

    def constant(self, array):
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def add(self, operation, *inputs, **attributes):
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(operation, list(inputs), [name], name, **attributes))
        return name

    def conv(self, x, inputs=CHANNELS, outputs=CHANNELS, **attributes):
        side = attributes.pop("side", 1)
        group = attributes.get("group", 1)
        return self.add("Conv", x, self.weight(outputs, inputs // group, side, side),
                        pads=[side // 2] * 4, **attributes)

    def residual(self, x):
        y = self.add("Relu", self.conv(x, side=3))
        y = self.add("BatchNormalization", self.conv(y), *(self.weight(CHANNELS) for _ in range(4)))
        return self.add("Add", x, y)

    def dense(self, x):
        y = self.conv(x, outputs=8)
        z = self.add("Concat", x, self.add("Relu", y), axis=1)
        return self.conv(z, inputs=CHANNELS + 8)

    def gated(self, x):
        y = self.conv(x, side=3, group=CHANNELS)
        gate = self.add("Sigmoid", self.conv(self.add("GlobalAveragePool", y)))
        return self.add("Mul", y, gate)

    def attention(self, x):
        flat = self.add("Reshape", x, self.constant(np.array([1, CHANNELS, SIDE * SIDE])))
        tokens = self.add("Transpose", flat, perm=[0, 2, 1])
        shape = self.constant(np.array([1, SIDE * SIDE, 2, CHANNELS // 2]))

        def heads(perm):
            y = self.add("MatMul", tokens, self.weight(CHANNELS, CHANNELS))
            return self.add("Transpose", self.add("Reshape", y, shape), perm=perm)
        scores = self.add("MatMul", heads([0, 2, 1, 3]), heads([0, 2, 3, 1]))
        y = self.add("MatMul", self.add("Softmax", scores, axis=-1), heads([0, 2, 1, 3]))
        y = self.add("Transpose", y, perm=[0, 2, 1, 3])
        y = self.add("Reshape", y, self.constant(np.array([1, SIDE * SIDE, CHANNELS])))
        y = self.add("Add", tokens, self.add("MatMul", y, self.weight(CHANNELS, CHANNELS)))
        y = self.add("Transpose", y, perm=[0, 2, 1])
        return self.add("Reshape", y, self.constant(np.array([1, CHANNELS, SIDE, SIDE])))


def write(nodes, path):
    """Writes a graph of at least so many nodes; how many it has."""
    builder = Builder(seed=1)
    x = builder.conv("x", inputs=3)
    while len(builder.nodes) < nodes - 1:
        for block in (builder.residual, builder.dense, builder.gated, builder.attention):
            x = block(x)
    builder.conv(x, outputs=5)
    shapes = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, count, SIDE, SIDE])
              for name, count in (("x", 3), (builder.nodes[-1].output[0], 5))]
    graph = helper.make_graph(builder.nodes, "blocks", shapes[:1], shapes[1:], builder.weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, path)
    return len(builder.nodes)


def main(arguments):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        models = {}
        for network in NETWORKS:
            models[network] = folder / f"{network}.onnx"
            espalier_tool.espalier("zoo", network, "-o", models[network])
        for size in SIZES:
            path = folder / f"{size}.onnx"
            models[f"blocks, {write(size, path):,} nodes"] = path
        times = {model: [] for model in models}
        groups = {}
        for _ in range(RUNS):
            for model, path in models.items():
                answer = json.loads(espalier_tool.espalier("groups", path, "--json"))
                times[model].append(answer["discovery_ns"] / 1e6)
                groups[model] = len(answer["groups"])
    table = markdown.Table(["network", "groups", "median ms", "fastest", "slowest"], [
        [model, groups[model], f"{statistics.median(found):.2f}", f"{min(found):.2f}",
         f"{max(found):.2f}"] for model, found in times.items()]).text()
    print(table)
    if arguments.output:
        facts = markdown.facts_table({"processes each": RUNS})
        pages.write("discovery", f"## Graphs\n\n{table}\n\n## How it was measured\n\n{facts}",
                    arguments.output)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=pathlib.Path)
    sys.exit(main(parser.parse_args()))
