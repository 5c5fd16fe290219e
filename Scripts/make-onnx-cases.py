#!/usr/bin/env python3
"""Writes the operator cases of the installed onnx, and of each one with an extent of 0.

    make-onnx-cases.py OUTPUT [EXTENTS]

OUTPUT/node holds a folder for each of the cases that onnx's own generator collects, OUTPUT/empty one for each of those
in which some input has an extent that can be 0: every axis of that extent, of all inputs, is emptied.
Each is model.onnx beside test_data_set_0/{input,output}_K.pb. Where onnx's reference evaluation refuses an emptied
case, its outputs are zeros that nobody expects, and a file `refused` stands beside the model. Random inputs are seeded:
the cases are the same each time. EXTENTS other than 1 empties as many of a case's, one after the other.
"""
import io
import pathlib
import sys
import warnings
from contextlib import redirect_stderr, redirect_stdout

import numpy
import onnx
from onnx import TensorProto, numpy_helper
from onnx.backend.test.case.node import collect_testcases
from onnx.reference import ReferenceEvaluator


def message(value, info):
    if isinstance(value, TensorProto):
        return value
    make = {
        "tensor_type": numpy_helper.from_array,
        "sequence_type": numpy_helper.from_list,
        "optional_type": numpy_helper.from_optional,
        "map_type": numpy_helper.from_dict,
    }[info.type.WhichOneof("value")]
    return make(value, info.name)


def write(folder, model, inputs, outputs):
    data = folder / "test_data_set_0"
    data.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    for name, values, infos in (("input", inputs, model.graph.input), ("output", outputs, model.graph.output)):
        for place, (value, info) in enumerate(zip(values, infos)):
            (data / f"{name}_{place}.pb").write_bytes(message(value, info).SerializeToString())


def emptied(case, first, count):
    """Yields a model, its inputs and its outputs, or None, for some of its extents, from any number on, in turns."""
    inputs = [numpy_helper.to_array(value) if isinstance(value, TensorProto) else value
              for value in case.data_sets[0][0]]
    if not all(isinstance(value, numpy.ndarray) for value in inputs):
        return
    extents = list(dict.fromkeys(extent for value in inputs for extent in value.shape if extent))
    for place in range(min(count, len(extents))):
        extent = extents[(first + place) % len(extents)]
        smaller = [value[tuple(slice(0) if e == extent else slice(None) for e in value.shape)] for value in inputs]
        model = onnx.ModelProto()
        model.CopyFrom(case.model)
        for info, value in zip(model.graph.input, smaller):
            for dimension, size in zip(info.type.tensor_type.shape.dim, value.shape):
                dimension.dim_value = size
        del model.graph.value_info[:]
        for info in model.graph.output:
            info.type.tensor_type.ClearField("shape")
        yield model, smaller, evaluated(model, smaller)


def evaluated(model, inputs):
    """What onnx's reference gives, or None where it gives none or not tensors of the declared types."""
    feeds = dict(zip((info.name for info in model.graph.input), inputs))
    try:
        outputs = ReferenceEvaluator(model).run(None, feeds)
    except Exception:
        return None
    types = types_of(model.graph.output)
    fits = all(isinstance(value, numpy.ndarray) and value.dtype == dtype for value, dtype in zip(outputs, types))
    return outputs if fits else None


def types_of(infos):
    return [onnx.helper.tensor_dtype_to_np_dtype(info.type.tensor_type.elem_type) for info in infos]


output = pathlib.Path(sys.argv[1])
count = int(sys.argv[2]) if len(sys.argv) > 2 else 1
# Cases print and warn of what they divide by on purpose.
warnings.simplefilter("ignore")
with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
    numpy.random.seed(0)
    cases = collect_testcases()
    for case in cases:
        write(output / "node" / case.name, case.model, *case.data_sets[0])
    for number, case in enumerate(cases):
        if all(info.type.HasField("tensor_type") for info in (*case.model.graph.input, *case.model.graph.output)):
            for place, (model, inputs, outputs) in enumerate(emptied(case, number, count)):
                folder = output / "empty" / f"{case.name}.{place}"
                zeros = [numpy.full((), "" if dtype == object else 0, dtype) for dtype in types_of(model.graph.output)]
                write(folder, model, inputs, outputs or zeros)
                if not outputs:
                    (folder / "refused").touch()
print(f"{len(cases)} cases of onnx {onnx.__version__}")
