"""Makes the files of a comparison: networks, pruned ones, packed ones and random inputs.

An ONNX file that is newer than what it is made from is kept; packed files are made in every run.
"""
import os
import pathlib
import subprocess

import numpy as np

from goals import CHAINS

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parents[2]
ESPALIER = pathlib.Path(
    os.environ.get("ESPALIER", REPOSITORY / ".build/release/espalier")).resolve()
WORKER = ESPALIER.with_name("PeerWorker")


class Failed(Exception):
    """Why a network or an engine has no time."""


def network(name, folder):
    """The ONNX file of a network of the goals' table, or of a path, in a folder of its own."""
    path = folder / pathlib.Path(name).stem / "dense.onnx"
    path.parent.mkdir(parents=True, exist_ok=True)
    if name.endswith(".onnx"):
        path.unlink(missing_ok=True)
        path.symlink_to(pathlib.Path(name).resolve(strict=True))
    elif name in CHAINS:
        if not path.exists():
            save_chain(path, *CHAINS[name])
    elif name == "swin_t":
        exports = folder / "torchvision"
        exported = exports / "swin_t.ts.onnx"
        if not exported.exists():
            exports.mkdir(exist_ok=True)
            python = command(REPOSITORY / "Scripts/oracle-env.sh").split()[-1]
            command(python, REPOSITORY / "Scripts/export-torchvision.py", "--folder", exports, name)
        if not path.exists():
            path.symlink_to(exported)
    elif not newer(path, ESPALIER):
        command(ESPALIER, "zoo", name, "-o", path)
    return path


def pruned(dense, variant, folder):
    """The network with zeros in the variant's pattern."""
    if variant.pattern is None:
        return dense
    path = folder / f"{variant.slug}.onnx"
    if not newer(path, ESPALIER, dense):
        options = ["--sparsity", str(variant.sparsity)] if variant.sparsity else []
        if folder.name in CHAINS:
            options.append("--include-ends")
        command(ESPALIER, "prune", dense, "-o", path, "--pattern", variant.pattern, *options)
    return path


def packed(onnx_path, variant, folder, cache):
    """The .esp file, made anew, each layer packed as it ran fastest when measured in this run.

    `cache` is the run's own folder of measurements: those of another day may not hold any more.
    """
    path = folder / f"{variant.slug}.esp"
    command(ESPALIER, "convert", onnx_path, "-o", path, "--device", "host",
            XDG_CACHE_HOME=str(cache))
    return path


def save_chain(path, size, count):
    """Writes `count` fully connected layers of `size` inputs and outputs, one after the other."""
    import onnx
    from onnx import helper, numpy_helper

    generator = np.random.default_rng(20)
    nodes, weights = [], []
    for index in range(count):
        weight = generator.standard_normal((size, size), np.float32) / np.float32(size ** 0.5)
        weights.append(numpy_helper.from_array(weight, f"weight.{index}"))
        nodes.append(helper.make_node(
            "Gemm", [f"value.{index}", f"weight.{index}"], [f"value.{index + 1}"], transB=1))
    ends = [helper.make_tensor_value_info(f"value.{index}", onnx.TensorProto.FLOAT, [1, size])
            for index in (0, count)]
    graph = helper.make_graph(nodes, "chain", ends[:1], ends[1:], weights)
    onnx.save(helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def measured_peak(instruction_set, folder):
    """The multiply-add peak of one core in GFLOP/s, as the kernel benchmark measures it."""
    kernels = REPOSITORY / "runtime/Kernels"
    program = folder / "peak"
    command("clang", "-std=gnu17", "-O3", "-I", kernels / "include", HERE / "peak.c",
            REPOSITORY / "Tests/Kernels/Benchmark/peak.c", kernels / "isa/isa.c",
            *sorted((kernels / "peak").glob("*.c")), "-o", program)
    return float(command(program, instruction_set))


def inputs(onnx_path, folder):
    """One .npy file per input, in the graph's order: standard normal numbers of a fixed seed."""
    import onnx

    graph = onnx.load(onnx_path, load_external_data=False).graph
    constants = {value.name for value in graph.initializer}
    generator = np.random.default_rng(20)
    paths = []
    for value in graph.input:
        if value.name in constants:
            continue
        kind = value.type.tensor_type
        if kind.elem_type != onnx.TensorProto.FLOAT:
            raise Failed(f"input {value.name} is not float32")
        shape = [dim.dim_value or 1 for dim in kind.shape.dim]
        paths.append(folder / f"input.{len(paths)}.npy")
        np.save(paths[-1], generator.standard_normal(shape).astype(np.float32))
    return paths


def newer(path, *sources):
    return path.exists() and all(
        path.stat().st_mtime >= source.stat().st_mtime for source in sources)


def command(*words, **environment):
    """Standard output of a command that must succeed."""
    run = subprocess.run(
        [str(word) for word in words], env=os.environ | environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if run.returncode:
        reason = (run.stderr.strip().splitlines() or [f"exit {run.returncode}"])[-1]
        raise Failed(f"{pathlib.Path(words[0]).name}: {reason}")
    return run.stdout
