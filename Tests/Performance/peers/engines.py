"""The peers: each class loads one ONNX model, runs it at batch 1 in f32, and hands its outputs out.

An engine reads a model file that `prepare` made from the ONNX file (the same file where it reads
ONNX itself). `load` does what a program does once; `place_inputs` brings the inputs into the
engine's memory where a run may overwrite them; `run` is one inference, and alone is timed;
`outputs` are those of the last run.
"""
import contextlib
import importlib.metadata
import os
import pathlib
import subprocess
import sys


class Engine:
    package = ""

    @classmethod
    def version(cls):
        return importlib.metadata.version(cls.package)

    @staticmethod
    def prepare(onnx_path):
        """Makes the file the engine reads; a file newer than the ONNX file is made already."""
        return onnx_path

    def place_inputs(self):
        pass

    def outputs(self):
        return self.results


class OnnxRuntime(Engine):
    package = "onnxruntime"

    def load(self, path, inputs, threads):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # As users have it; the driver stops idle workers, so that spinning disturbs nobody.
        options.add_session_config_entry("session.intra_op.allow_spinning", "1")
        self.session = onnxruntime.InferenceSession(
            path, options, providers=["CPUExecutionProvider"])
        self.binding = self.session.io_binding()
        for value, array in zip(self.session.get_inputs(), inputs, strict=True):
            self.binding.bind_cpu_input(value.name, array)
        for value in self.session.get_outputs():
            self.binding.bind_output(value.name)

    def run(self):
        self.session.run_with_iobinding(self.binding)

    def outputs(self):
        return self.binding.copy_outputs_to_cpu()


class OpenVINO(Engine):
    package = "openvino"

    def load(self, path, inputs, threads):
        import openvino

        model = openvino.Core().compile_model(path, "CPU", {
            "INFERENCE_PRECISION_HINT": "f32", "EXECUTION_MODE_HINT": "ACCURACY",
            "PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": 1, "INFERENCE_NUM_THREADS": threads})
        self.request = model.create_infer_request()
        for index, array in enumerate(inputs):
            self.request.set_input_tensor(index, openvino.Tensor(array))
        self.count = len(model.outputs)

    def run(self):
        self.request.infer(share_outputs=True)

    def outputs(self):
        return [self.request.get_output_tensor(i).data.copy() for i in range(self.count)]


class MNN(Engine):
    package = "MNN"
    flags = []
    suffix = ".mnn"

    @classmethod
    def prepare(cls, onnx_path):
        path = str(pathlib.Path(onnx_path).with_suffix(cls.suffix))
        # Not the `mnnconvert` command: that one reports to its makers, and installs what it needs
        # for it into whatever Python `pip` belongs to.
        words = ["mnnconvert", "-f", "ONNX", "--modelFile", onnx_path, "--MNNModel", path,
                 "--bizCode", "MNN", *cls.flags]
        made(path, onnx_path, [
            sys.executable, "-c", f"import _tools; _tools.mnnconvert({words!r})"])
        return path

    def load(self, path, inputs, threads):
        import MNN

        self.mnn = MNN
        self.interpreter = MNN.Interpreter(path)
        self.session = self.interpreter.createSession({
            "backend": "CPU", "precision": "high", "memory": "high", "numThread": threads})
        order = self.interpreter.getSessionInputAll(self.session)
        if len(order) != len(inputs):
            raise RuntimeError(f"{len(order)} inputs in place of {len(inputs)}")
        self.inputs = [
            (tensor, MNN.Tensor(array.shape, MNN.Halide_Type_Float, array,
                                MNN.Tensor_DimensionType_Caffe))
            for tensor, array in zip(order.values(), inputs)]

    def place_inputs(self):
        for tensor, host in self.inputs:
            tensor.copyFrom(host)

    def run(self):
        self.interpreter.runSession(self.session)

    def outputs(self):
        import numpy as np

        results = []
        for tensor in self.interpreter.getSessionOutputAll(self.session).values():
            shape = tensor.getShape()
            host = self.mnn.Tensor(shape, self.mnn.Halide_Type_Float,
                                   np.zeros(shape, np.float32),
                                   self.mnn.Tensor_DimensionType_Caffe)
            tensor.copyToHostTensor(host)
            results.append(np.array(host.getNumpyData(), np.float32).reshape(shape))
        return results


class SparseMNN(MNN):
    """MNN's sparse convolutions, which its converter chooses where it expects a gain."""

    flags = ["--detectSparseSpeedUp"]
    suffix = ".sparse.mnn"


class NCNN(Engine):
    package = "ncnn"

    @staticmethod
    def prepare(onnx_path):
        onnx_path = pathlib.Path(onnx_path)
        path = onnx_path.with_suffix(".ncnn.param")
        # Half-precision weights are the converter's default. It leaves files beside the model.
        distribution = importlib.metadata.distribution("pnnx")
        made(path, onnx_path, [distribution.locate_file("pnnx/pnnx"), onnx_path, "fp16=0"])
        for rest in onnx_path.parent.glob(onnx_path.stem + "*pnnx*"):
            rest.unlink()
        with contextlib.suppress(FileNotFoundError):
            onnx_path.with_name(onnx_path.stem + "_ncnn.py").unlink()
        return str(path)

    def load(self, path, inputs, threads):
        import ncnn

        self.net = ncnn.Net()
        options = self.net.opt
        options.num_threads = threads
        for name in ("fp16_packed", "fp16_storage", "fp16_arithmetic", "bf16_storage"):
            setattr(options, f"use_{name}", False)
        if self.net.load_param(path) or self.net.load_model(path.removesuffix("param") + "bin"):
            raise RuntimeError("ncnn does not load what pnnx made")
        self.arrays = inputs
        self.inputs = [ncnn.Mat(array[0]) for array in inputs]
        self.names = self.net.output_names()

    def run(self):
        # An extractor serves one inference; making it belongs to the run in every program.
        with self.net.create_extractor() as extractor:
            for index, mat in enumerate(self.inputs):
                extractor.input(f"in{index}", mat)
            self.results = [extractor.extract(name) for name in self.names]

    def outputs(self):
        import numpy as np

        for status, _ in self.results:
            if status:
                raise RuntimeError(f"ncnn's extract fails with {status}")
        return [np.array(mat) for _, mat in self.results]


class DeepSparse(Engine):
    package = "deepsparse"

    def load(self, path, inputs, threads):
        os.environ["NM_DISABLE_ANALYTICS"] = "True"
        import deepsparse

        self.engine = deepsparse.Engine(model=path, batch_size=1, num_cores=threads)
        self.inputs = inputs

    def run(self):
        self.results = self.engine.run(self.inputs, val_inp=False)


ENGINES = {
    "onnxruntime": OnnxRuntime, "openvino": OpenVINO, "MNN": MNN, "MNN sparse": SparseMNN,
    "ncnn": NCNN, "deepsparse": DeepSparse,
}


def made(path, source, command):
    """Runs a converter unless its file is newer than its source; fails with its last words."""
    path, source = pathlib.Path(path), pathlib.Path(source)
    if path.exists() and path.stat().st_mtime > source.stat().st_mtime:
        return
    path.unlink(missing_ok=True)
    run = subprocess.run(
        command, cwd=path.parent, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        errors="replace")
    if run.returncode or not path.exists():
        path.unlink(missing_ok=True)
        lines = [line for line in run.stdout.splitlines() if line.strip()]
        raise RuntimeError(f"does not convert: {lines[-1] if lines else f'exit {run.returncode}'}")
