"""Every command on one deployed file, each outcome held against onnxruntime on the same inputs."""
import dataclasses
import json
import pathlib
import shutil
import subprocess
import tempfile
import time

import espalier_tool
import numpy as np
import onnx
import onnxruntime
from espalier_tool import Failed

SECONDS = 600
# Shares of an output's range: float32 through many layers, types of less precision, and int8, where
# a product that falls on the other side of a rounding moves everything behind it. Where onnxruntime
# with and without optimisation differ by more than half of that, twice their difference may be.
LIMITS = {"float": 1e-4, "half": 1e-2, "int8": 5e-2}
SOUND = 1e-4
# The least range: of a sigmoid near 0, onnxruntime itself is right to 1e-7 only.
LEAST_RANGE = 1e-2
QUANTISED = {"DynamicQuantizeLSTM", "DynamicQuantizeLinear", "MatMulInteger", "ConvInteger",
             "QLinearConv", "QLinearMatMul", "DequantizeLinear", "DynamicQuantizeMatMul"}


@dataclasses.dataclass
class Outcome:
    """How a command ended: `code` below 0 is a signal, None that it was not done in time."""
    code: int | None
    printed: str
    said: str
    seconds: float

    @property
    def crashed(self):
        return self.code is not None and (self.code < 0 or self.code > 128)

    @property
    def reason(self):
        if self.code is None:
            return f"not done after {SECONDS} s"
        lines = [line.strip() for line in self.said.splitlines() if line.strip()]
        telling = [line for line in lines if "Fatal error" in line or line.startswith("Error:")]
        said = (telling or lines or ["nothing said"])[0].removeprefix("Error: ")
        return f"signal {-self.code}: {said}" if self.code < 0 else f"exit {self.code}: {said}"

    def report(self):
        """The JSON document on standard output."""
        return json.loads(self.printed)


def command(*words):
    start = time.monotonic()
    try:
        done = subprocess.run([espalier_tool.tool(), *map(str, words)], capture_output=True,
                              text=True, errors="replace", timeout=SECONDS)
        code, printed, said = done.returncode, done.stdout, done.stderr
    except subprocess.TimeoutExpired:
        code, printed, said = None, "", ""
    return Outcome(code, printed, said, time.monotonic() - start)


def session(path, threads=1, plain=True):
    """onnxruntime on a file; plain: without optimisation, computing just what the graph says."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if plain:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(
        str(path), options, providers=["CPUExecutionProvider"])


def outputs(path, feed, plain=True):
    """{output: array} in onnxruntime, of those inputs that the file has."""
    opened = session(path, 0, plain)
    taken = {given.name: feed[given.name] for given in opened.get_inputs()}
    return dict(zip([given.name for given in opened.get_outputs()], opened.run(None, taken)))


def inputs(path):
    graph = onnx.load(path, load_external_data=False).graph
    return {given.name for given in graph.input} - {held.name for held in graph.initializer}


def takes(path, feed):
    """Whether the shapes that a file declares admit a feed."""
    for given in onnx.load(path, load_external_data=False).graph.input:
        extents = given.type.tensor_type.shape.dim
        if given.name in feed and any(
                extent.HasField("dim_value") and extent.dim_value != size
                for extent, size in zip(extents, feed[given.name].shape)):
            return False
    return True


def precision(path):
    """Which of LIMITS a file is held to."""
    model = onnx.load(path, load_external_data=False)
    if any(node.op_type in QUANTISED for node in model.graph.node):
        return "int8"
    half = (onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16)
    if any(tensor.data_type in half for tensor in model.graph.initializer):
        return "half"
    return "float"


def difference(actual, expected):
    """Largest difference as a share of an output's range; of integers the share that differs."""
    worst = 0.0
    for name, e in expected.items():
        a = np.asarray(actual[name])
        e = np.asarray(e)
        if a.shape != e.shape:
            raise Failed(f"output {name} is {list(a.shape)}, not {list(e.shape)}")
        if e.size == 0:
            continue
        if e.dtype.kind in "iub":
            worst = max(worst, float(np.mean(a != e)))
            continue
        a, e = a.astype(np.float64), e.astype(np.float64)
        span = np.ptp(e) if e.size > 1 else np.abs(e).max()
        worst = np.maximum(worst, np.abs(a - e).max() / max(span, LEAST_RANGE))  # keeps a NaN
    return float(worst)


def runtime(packed, feed, folder, expected):
    """difference() of a packed model's outputs; raises Failed where it does not run."""
    words = []
    # The packed model takes what the graph takes, less what was bound.
    for index, (name, value) in enumerate(feed.items()):
        np.save(folder / f"in-{index}.npy", value)
        words += ["--input", f"{name}={folder}/in-{index}.npy"]
    done = command("run", packed, *words, "-o", folder / "out")
    if done.code != 0:
        raise Failed(f"run: {done.reason}")
    written = {}
    for name in expected:
        file = folder / "out" / f"{name.replace('/', '_')}.npy"
        if not file.exists():
            held = sorted(path.name for path in file.parent.iterdir())
            raise Failed(f"run: no {file.name} among {held}")
        written[name] = np.load(file)
    return difference(written, expected)


class Check:
    """One file through every command. `figures` holds what was measured, `faults` what went wrong,
    each as (step, reason); a figure of a step that went wrong is left out."""

    def __init__(self, network, folder):
        self.network, self.folder = network, folder
        self.path = network.path
        self.limit = LIMITS[precision(self.path)]
        self.figures, self.faults = {"precision": precision(self.path)}, []
        # What the last `prune` said of free axes that it had to fix.
        self.fixed = []

    def fault(self, step, reason):
        self.faults.append((step, reason.replace(str(self.path), self.path.name).replace(
            str(self.folder) + "/", "")))

    def feed(self, size):
        return self.network.feed(size)

    def bound(self, feed):
        return {name: value for name, value in feed.items() if name not in self.network.values}

    def check(self):
        done = command("check", self.path, *self.network.words(0))
        self.figures["check"] = done.code
        if done.code != 0:
            # The table on standard output has the reasons, one for each cause.
            rows = [" ".join(line.split()) for line in done.printed.splitlines()
                    if line.startswith("E")]
            self.fault("check", "; ".join(rows) if rows and not done.crashed else done.reason)

    def packed(self, step, path, size):
        """The packed model of a file at a size with its outcome; None where it is refused."""
        packed = self.folder / f"{step}-{size}.esp"
        done = command("convert", path, "-o", packed, *self.network.words(size, inputs(path)))
        if done.code == 0:
            return packed
        self.fault(step, f"convert: {done.reason}")
        return None

    def verify(self, step, path, size):
        """Converts a file at a size and compares; the error, or None where that failed."""
        packed = self.packed(step, path, size)
        if packed is None:
            return None
        feed = self.feed(size)
        try:
            expected = outputs(path, feed)
            error = runtime(packed, self.bound(feed), self.folder, expected)
            limit = self.limit
            if not error <= limit:
                limit = max(limit, 2 * difference(outputs(path, feed, plain=False), expected))
        except Failed as failure:
            self.fault(step, str(failure))
            return None
        if not error <= limit:
            self.fault(step, f"off by {error:.1e} of the range")
        return error

    def case(self, packed, feed, plain):
        """The command's own judgement of a packed model, with onnxruntime's outputs as a case."""
        data = self.folder / "case/test_data_set_0"
        data.mkdir(parents=True)
        (self.folder / "case/model.onnx").symlink_to(self.path)
        for beside in self.path.parent.glob("*.data"):
            shutil.copy(beside, self.folder / "case")
        for kind, values in (("input", feed), ("output", outputs(self.path, feed, plain))):
            for index, (name, value) in enumerate(values.items()):
                (data / f"{kind}_{index}.pb").write_bytes(
                    onnx.numpy_helper.from_array(np.asarray(value), name).SerializeToString())
        done = command("verify", packed, "--case", self.folder / "case")
        if done.code != 0:
            self.fault("verify", f"{done.reason}; {' '.join(done.printed.split())}")

    def convert(self):
        error = self.verify("convert", self.path, 0)
        self.figures["converted"] = (self.folder / "convert-0.esp").exists()
        if error is not None:
            self.figures["error"] = error
            # Where onnxruntime's two ways differ, the other one's outputs are as right; of int8 the
            # command does not know, since outputs are floats.
            if self.figures["precision"] != "int8":
                self.case(self.folder / "convert-0.esp", self.feed(0), plain=error <= self.limit)
        if self.figures["converted"]:
            size = self.path.stat().st_size
            beside = self.path.with_name(self.path.name + ".data")
            size += beside.stat().st_size if beside.exists() else 0
            self.figures["size"] = (self.folder / "convert-0.esp").stat().st_size / size
        if self.network.sizes == 2:
            error = self.verify("second shape", self.path, 1)
            if error is not None:
                self.figures["second"] = error

    def groups(self):
        done = command("groups", self.path, "--json", *self.network.words(0))
        self.figures["groups code"] = done.code
        if done.code != 0:
            self.fault("groups", done.reason)
        else:
            report = done.report()
            self.figures["groups"] = sum(
                group.get("held") in (None, "", []) for group in report["groups"])

    def prune(self, step, *words):
        """The report of `prune`; None where it failed. What a guard on quality refuses is forced,
        since this is of soundness."""
        pruned = self.folder / f"{step}.onnx"
        words = ["prune", self.path, "-o", pruned, "--no-refit", "--json", *words,
                 *self.network.words(0)]
        done = command(*words)
        if done.code not in (0, None) and "--force" in done.said:
            done = command(*words, "--force")
        if done.code != 0 or not pruned.exists():
            self.fault(step, done.reason)
            return None
        self.fixed = [line.removeprefix("warning: ") for line in done.said.splitlines()
                      if "fixed now" in line]
        return done.report()

    def channel(self):
        """Channels removed: the pruned file against the masked dense one in onnxruntime, both at
        both sizes, and packed against itself."""
        reference = self.folder / "reference.onnx"
        report = self.prune("channel", "--pattern", "channel", "--sparsity", "0.3", "--align", "1",
                            "--reference", reference)
        if report is None:
            return
        self.figures["channel"] = 1 / report["flops_ratio"]
        pruned = self.folder / "channel.onnx"
        worst = 0.0
        try:
            onnx.checker.check_model(str(pruned), full_check=True)
            for size in range(self.network.sizes):
                feed = self.feed(size)
                if size and self.fixed and not takes(pruned, feed):
                    self.fault("channel fixed", "; ".join(self.fixed))
                    break
                worst = np.maximum(
                    worst, difference(outputs(pruned, feed), outputs(reference, feed)))
        except Exception as error:  # onnx and onnxruntime raise kinds of their own
            self.fault("channel", "onnx: " + str(error).strip().splitlines()[0])
            return
        self.figures["sound"] = float(worst)
        if not worst <= (SOUND if self.figures["precision"] == "float" else self.limit):
            self.fault("channel", f"off by {worst:.1e} of the masked network's range")
        if self.figures["converted"]:
            self.verify("channel packed", pruned, 0)

    def zeros(self, step, *words):
        """Zeros in a pattern: packed against onnxruntime."""
        report = self.prune(step, "--pattern", *words)
        if report is None:
            return
        self.figures[step] = report["sparsity"]
        if self.figures["converted"]:
            self.verify(f"{step} packed", self.folder / f"{step}.onnx", 0)

    def all(self):
        self.check()
        self.convert()
        self.groups()
        self.channel()
        self.zeros("block", "block:16x8", "--sparsity", "0.5")
        self.zeros("nm", "nm:2:4")


def checked(network, measure=None):
    """{"figures", "faults"} of a network; `measure(path, packed, feed)` gives its latency."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        check = Check(network, folder)
        check.all()
        if measure and check.figures["converted"]:
            check.figures.update(measure(check.path, folder / "convert-0.esp", network.feed(0)))
        return {"figures": check.figures, "faults": check.faults}
