"""Tiny PyTorch networks, by both of its exporters."""
import contextlib
import io
import warnings

import fixture
import onnx
import torch
from torch import nn
from torch.nn import functional


class Convolutional(nn.Module):
    """Convolution, batch norm, depthwise, residual, grouped, pooling, linear."""

    def __init__(self):
        super().__init__()
        self.stem, self.stem_norm = nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8)
        self.wide, self.wide_norm = nn.Conv2d(8, 16, 1, bias=False), nn.BatchNorm2d(16)
        self.depth, self.depth_norm = (
            nn.Conv2d(16, 16, 3, padding=1, groups=16, bias=False), nn.BatchNorm2d(16))
        self.narrow, self.narrow_norm = nn.Conv2d(16, 8, 1, bias=False), nn.BatchNorm2d(8)
        self.grouped = nn.Conv2d(8, 16, 3, stride=2, padding=1, groups=4)
        self.head = nn.Linear(16, 10)

    def forward(self, x):
        x = functional.relu(self.stem_norm(self.stem(x)))
        y = functional.hardswish(self.wide_norm(self.wide(x)))
        y = functional.relu(self.depth_norm(self.depth(y)))
        x = x + self.narrow_norm(self.narrow(y))
        x = functional.max_pool2d(functional.relu(self.grouped(x)), 2)
        return self.head(x.mean((2, 3)))


class Attention(nn.Module):
    """A transformer block with fused Q, K and V."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(8, 16)
        self.block = nn.TransformerEncoderLayer(
            16, 4, 32, activation="gelu", batch_first=True, norm_first=True)
        self.head = nn.Linear(16, 10)

    def forward(self, x):
        return self.head(self.block(self.embed(x)).mean(1))


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(8, 12, batch_first=True, bidirectional=True)
        self.gru = nn.GRU(24, 12, batch_first=True)
        self.head = nn.Linear(12, 10)

    def forward(self, x):
        return self.head(self.gru(self.lstm(x)[0])[0])


for model, shape in ((Convolutional, (1, 3, 16, 16)), (Attention, (1, 6, 8)),
                     (Recurrent, (1, 5, 8))):
    network, values = model(), fixture.Values()
    for name, tensor in [*network.named_parameters(), *network.named_buffers()]:
        if tensor.is_floating_point():
            norm = "norm" in name and name.endswith("weight")
            shown = "gamma" if norm else name
            tensor.data = torch.from_numpy(values.parameter(shown, tuple(tensor.shape), 0))
    for exporter in ("torchscript", "dynamo"):
        path = fixture.FOLDER / f"pytorch_{exporter}-{model.__name__.lower()}.onnx"
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            torch.onnx.export(
                network.eval(), (torch.randn(shape),), str(path), dynamo=exporter == "dynamo",
                external_data=False, input_names=["input"], output_names=["output"])
        written = onnx.load(path)
        for node in written.graph.node:  # stack traces, with this machine's paths
            del node.metadata_props[:]
        onnx.save(written, path)
        fixture.check(path)
