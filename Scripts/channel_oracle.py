"""Whether a network pruned by channels computes what it should: the consumer-zero oracle.

`espalier prune --reference R` writes, beside the smaller network P, the original one with the
removed channels multiplied by zero wherever they are read. P and R must agree, P must differ from
the dense network, must still depend on its input, and our runtime must agree with onnxruntime.
"""
import json
import pathlib
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


def check(dense, feeds, options, folder, result):
    """Prunes and checks one model; feeds: two inputs by name, of the batch it was exported with.

    Fills in figures: groups, discovery_ms, prune_s, macs and params (shares left), oracle and
    runtime (errors), changed (against the dense outputs). Raises Failed.
    """
    pruned, reference, packed = (folder / name for name in ("p.onnx", "r.onnx", "p.esp"))
    groups = json.loads(espalier("groups", dense, "--json"))
    result["groups"] = len(groups["groups"])
    if "discovery_ns" in groups:
        result["discovery_ms"] = groups["discovery_ns"] / 1e6
    before = json.loads(espalier("inspect", dense, "--json"))

    start = time.monotonic()
    espalier("prune", dense, "-o", pruned, "--pattern", "channel", "--method", "spa",
             *options, "--reference", reference, "--force", "--json")
    result["prune_s"] = time.monotonic() - start
    after = json.loads(espalier("inspect", pruned, "--json"))
    result["macs"] = after["macs"] / before["macs"]
    result["params"] = after["parameters"] / before["parameters"]
    require(result["macs"] <= 0.5, f"{result['macs']:.3f} of the MACs are left")

    try:
        onnx.checker.check_model(str(pruned), full_check=True)
        with_dense, expected, actual = (run(path, feeds) for path in (dense, reference, pruned))
    except Exception as error:
        raise Failed(f"onnx: {str(error).strip().splitlines()[0]}") from error
    reference.unlink()
    result["oracle"] = max(map(difference, actual, expected))
    require(result["oracle"] <= ORACLE_LIMIT, f"oracle: off by {result['oracle']:.1e}")
    result["changed"] = min(map(difference, actual, with_dense))
    require(result["changed"] >= NOTABLE, "oracle is blind: the outputs are the dense model's")
    require(difference(actual[0], actual[1]) >= NOTABLE,
            "oracle is blind: the outputs do not depend on the input")

    espalier("convert", pruned, "-o", packed)
    inputs = []
    for name, value in feeds[0].items():
        np.save(folder / f"in-{len(inputs)}.npy", value)
        inputs.append(f"--input={name}={folder}/in-{len(inputs)}.npy")
    espalier("run", packed, *inputs, "-o", folder / "out")
    names = [output.name for output in onnx.load(pruned, load_external_data=False).graph.output]
    ours = [np.load(folder / "out" / f"{name.replace('/', '_')}.npy") for name in names]
    result["runtime"] = difference(ours, actual[0])
    require(result["runtime"] <= RUNTIME_LIMIT, f"runtime: off by {result['runtime']:.1e}")
    return result


def checked(dense, feeds, options):
    """check() in a folder of its own: (the figures it came to, the reason it failed or "")."""
    result = {}
    with tempfile.TemporaryDirectory() as folder:
        try:
            check(dense, feeds, options, pathlib.Path(folder), result)
        except Failed as failure:
            return result, str(failure)
    return result, ""


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
