"""What the exports of all frameworks share: random values for their parameters, and a check that
the file that was written is worth testing with."""
import pathlib
import sys

import numpy as np

SEED = 7
FOLDER = pathlib.Path(__file__).resolve().parents[2] / "Tests/Coupling/Fixtures"


class Values:
    """Random values that keep signals of moderate size and leave nothing equal, zero or one."""

    def __init__(self):
        self.generator = np.random.default_rng(SEED)

    def parameter(self, name, shape, out_axis):
        """Values for a parameter, by its name and by its fan-in beside the output axis."""
        name = name.lower()
        if name.endswith(("gamma", "scale")):
            values = self.generator.uniform(0.5, 1.5, shape)
        elif "var" in name:
            values = self.generator.uniform(0.6, 1.6, shape)
        elif len(shape) < 2:
            values = self.generator.normal(0, 0.1, shape)
        else:
            fan_in = np.prod(shape) / shape[out_axis]
            values = self.generator.normal(0, np.sqrt(1.5 / fan_in), shape)
        return values.astype(np.float32)


def check(path):
    """Exits unless onnx accepts the file and its output is finite and depends on its input."""
    import onnx
    import onnxruntime
    onnx.checker.check_model(str(path), full_check=True)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    generator = np.random.default_rng(SEED)
    given = session.get_inputs()
    feeds = [{i.name: generator.standard_normal(i.shape).astype(np.float32) for i in given}
             for _ in range(2)]
    first, second = (session.run(None, feed)[0] for feed in feeds)
    span = float(first.max() - first.min())
    change = float(np.abs(first - second).max()) / span
    operators = sorted({node.op_type for node in onnx.load(path).graph.node})
    print(f"{path.name:40} {path.stat().st_size:7} bytes  change {change:.2f}  "
          f"{' '.join(operators)}", flush=True)
    if not np.isfinite(first).all() or not change > 0.02:
        sys.exit(f"{path.name}: the output hardly depends on the input")
