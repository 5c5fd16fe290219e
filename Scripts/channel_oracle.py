"""Whether a network pruned by channels computes what it should: the consumer-zero oracle.

`espalier prune --reference R` writes, beside the smaller network P, the original one with the
removed channels multiplied by zero wherever they are read. P and R must agree, P must differ from
the dense network, must still depend on its input, and our runtime must agree with onnxruntime on
both. Axes that the dense network leaves free are free in P, and hold at other extents.
"""
import json
import pathlib
import shutil
import tempfile
import time

import numpy as np
import onnx
from espalier_tool import Failed, espalier, run

# Shares of the range of the reference's outputs.
ORACLE_LIMIT = 1e-5
RUNTIME_LIMIT = 1e-5
NOTABLE = 1e-3


def difference(actual, expected):
    """Largest difference of any output as a share of that output's range."""
    worst = 0.0
    for a, e in zip(actual, expected, strict=True):
        if a.shape != e.shape:
            raise Failed(f"an output is {list(a.shape)}, not {list(e.shape)}")
        a, e = a.astype(np.float64), e.astype(np.float64)
        span = e.max() - e.min() if e.size > 1 else np.abs(e).max()
        with np.errstate(divide="ignore", invalid="ignore"):
            worst = np.maximum(worst, np.abs(a - e).max() / span)  # keeps a NaN
    return float(worst)


def require(condition, reason):
    if not condition:
        raise Failed(reason)


def free_axes(path):
    """The axes of inputs and outputs that a file leaves free, as (name, axis)."""
    graph = onnx.load(path, load_external_data=False).graph
    return {(value.name, axis) for value in [*graph.input, *graph.output]
            for axis, extent in enumerate(value.type.tensor_type.shape.dim)
            if not extent.HasField("dim_value")}


def shape_words(path, feed):
    """The options that say which extents a file with free axes is looked at with."""
    if not free_axes(path):
        return []
    return [f"--input-shape={name}={','.join(map(str, value.shape))}"
            for name, value in feed.items()]


def packed_error(path, feed, expected, folder):
    """Converts and runs a model: the difference to onnxruntime's outputs."""
    packed = folder / "m.esp"
    espalier("convert", path, "-o", packed, *shape_words(path, feed))
    inputs = []
    for name, value in feed.items():
        np.save(folder / f"in-{len(inputs)}.npy", value)
        inputs.append(f"--input={name}={folder}/in-{len(inputs)}.npy")
    espalier("run", packed, *inputs, "-o", folder / "out")
    names = [output.name for output in onnx.load(path, load_external_data=False).graph.output]
    ours = [np.load(folder / "out" / f"{name.replace('/', '_')}.npy") for name in names]
    return difference(ours, expected)


def verify(path, feed, expected, folder):
    """The command's own judgement of folder/m.esp, with onnxruntime's outputs as an ONNX case."""
    case = folder / "case"
    data = case / "test_data_set_0"
    data.mkdir(parents=True)
    (case / "model.onnx").symlink_to(path.absolute())
    for part in external_parts(path):  # which may be no link
        shutil.copy(part, case)
    graph = onnx.load(path, load_external_data=False).graph
    given = [feed[value.name] for value in graph.input if value.name in feed]
    for kind, values in (("input", given), ("output", expected)):
        for index, value in enumerate(values):
            (data / f"{kind}_{index}.pb").write_bytes(
                onnx.numpy_helper.from_array(value).SerializeToString())
    espalier("verify", folder / "m.esp", "--case", case)


def external_parts(path):
    """The files beside a model that hold its weights."""
    model = onnx.load(path, load_external_data=False)
    return {path.parent / entry.value for tensor in model.graph.initializer
            for entry in tensor.external_data if entry.key == "location"}


def check(dense, feeds, options, folder, result):
    """Checks one model dense, prunes it and checks it again.

    feeds: inputs by name, the first two of the shapes the model is looked at with, and where it
    leaves axes free others of other extents. Fills in figures: dense (error), groups, discovery_ms,
    prune_s, macs and params (shares left), oracle and runtime (errors), changed (against the dense
    outputs). Raises Failed.
    """
    pruned, reference = (folder / name for name in ("p.onnx", "r.onnx"))
    shapes = shape_words(dense, feeds[0])
    shaped = [feeds[0], *feeds[2:]]
    espalier("check", dense, *shapes)
    with_dense = outputs(dense, feeds)
    result["dense"] = packed_error(dense, feeds[0], with_dense[0], folder)
    require(result["dense"] <= RUNTIME_LIMIT, f"dense runtime: off by {result['dense']:.1e}")
    verify(dense, feeds[0], with_dense[0], folder)

    groups = json.loads(espalier("groups", dense, *shapes, "--json"))
    result["groups"] = len(groups["groups"])
    if "discovery_ns" in groups:
        result["discovery_ms"] = groups["discovery_ns"] / 1e6
    before = json.loads(espalier("inspect", dense, *shapes, "--json"))

    start = time.monotonic()
    espalier("prune", dense, "-o", pruned, "--pattern", "channel", "--method", "spa", *shapes,
             *options, "--reference", reference, "--force", "--json")
    result["prune_s"] = time.monotonic() - start
    after = json.loads(espalier("inspect", pruned, *shapes, "--json"))
    result["macs"] = after["macs"] / before["macs"]
    result["params"] = after["parameters"] / before["parameters"]
    require(result["macs"] <= 0.5, f"{result['macs']:.3f} of the MACs are left")
    fixed = free_axes(dense) - free_axes(pruned)
    require(not fixed, f"fixed: {sorted(fixed)}")

    expected, actual = outputs(reference, feeds), outputs(pruned, feeds)
    reference.unlink()
    result["oracle"] = max(map(difference, actual, expected))
    require(result["oracle"] <= ORACLE_LIMIT, f"oracle: off by {result['oracle']:.1e}")
    result["changed"] = min(map(difference, actual, with_dense))
    require(result["changed"] >= NOTABLE, "oracle is blind: the outputs are the dense model's")
    require(difference(actual[0], actual[1]) >= NOTABLE,
            "oracle is blind: the outputs do not depend on the input")
    result["runtime"] = max(
        packed_error(pruned, feed, right, folder)
        for feed, right in zip(shaped, [actual[0], *actual[2:]], strict=True))
    require(result["runtime"] <= RUNTIME_LIMIT, f"runtime: off by {result['runtime']:.1e}")


def outputs(path, feeds):
    """onnxruntime's outputs of a model that onnx.checker accepts: [feed][output]."""
    try:
        onnx.checker.check_model(str(path), full_check=True)
        return run(path, feeds)
    except Exception as error:
        raise Failed(f"onnx: {str(error).strip().splitlines()[0]}") from error


def checked(dense, feeds, options):
    """check() in a folder of its own: (the figures it came to, the reason it failed or "")."""
    result = {}
    with tempfile.TemporaryDirectory() as folder:
        try:
            check(dense, feeds, options, pathlib.Path(folder), result)
        except Failed as failure:
            return result, str(failure)
    return result, ""


def picture_feeds(path, images):
    """Of two pictures each alone, and where the batch is free five at once, which divides nothing."""
    feeds = [{"input": images[i:i + 1]} for i in range(2)]
    return feeds + [{"input": images[[0, 1, 1, 0, 1]]}] * bool(free_axes(path))


def random_feeds(path, seed=1, count=2):
    """Inputs for a model of static shapes: Gaussian floats, whole numbers from 0 to 15."""
    generator = np.random.default_rng(seed)
    graph = onnx.load(path, load_external_data=False).graph
    constants = {constant.name for constant in graph.initializer}  # old exporters list them twice
    result = []
    for _ in range(count):
        feed = {}
        for given in graph.input:
            if given.name in constants:
                continue
            kind = given.type.tensor_type
            shape = [dimension.dim_value for dimension in kind.shape.dim]
            dtype = onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type)
            feed[given.name] = (
                generator.standard_normal(shape) if np.issubdtype(dtype, np.floating)
                else generator.integers(0, 16, shape)).astype(dtype)
        result.append(feed)
    return result
