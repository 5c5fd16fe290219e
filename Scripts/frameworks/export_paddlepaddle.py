"""Tiny PaddlePaddle networks through paddle2onnx."""
import fixture
import paddle
from paddle import nn
from paddle.nn import functional


class Convolutional(nn.Layer):
    shape = [1, 3, 16, 16]

    def __init__(self):
        super().__init__()
        self.stem, self.stem_norm = nn.Conv2D(3, 8, 3, padding=1), nn.BatchNorm2D(8)
        self.wide, self.wide_norm = nn.Conv2D(8, 16, 1, bias_attr=False), nn.BatchNorm2D(16)
        self.depth, self.depth_norm = (
            nn.Conv2D(16, 16, 3, padding=1, groups=16, bias_attr=False), nn.BatchNorm2D(16))
        self.narrow, self.narrow_norm = nn.Conv2D(16, 8, 1, bias_attr=False), nn.BatchNorm2D(8)
        self.grouped = nn.Conv2D(8, 16, 3, stride=2, padding=1, groups=4)
        self.head = nn.Linear(16, 10)

    def forward(self, x):
        x = functional.relu(self.stem_norm(self.stem(x)))
        y = functional.hardswish(self.wide_norm(self.wide(x)))
        y = functional.relu(self.depth_norm(self.depth(y)))
        x = x + self.narrow_norm(self.narrow(y))
        x = functional.max_pool2d(functional.relu(self.grouped(x)), 2)
        return self.head(functional.adaptive_avg_pool2d(x, 1).flatten(1))


class Attention(nn.Layer):
    shape = [1, 6, 8]

    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(8, 16)
        self.block = nn.TransformerEncoderLayer(
            16, 4, 32, dropout=0.0, activation="gelu", normalize_before=True)
        self.head = nn.Linear(16, 10)

    def forward(self, x):
        return self.head(self.block(self.embed(x)).mean(1))


class Recurrent(nn.Layer):
    shape = [1, 5, 8]

    def __init__(self):
        super().__init__()
        self.lstm, self.gru = nn.LSTM(8, 12), nn.GRU(12, 12)
        self.head = nn.Linear(12, 10)

    def forward(self, x):
        return self.head(self.gru(self.lstm(x)[0])[0])


for model in (Convolutional, Attention, Recurrent):
    network, values = model(), fixture.Values()
    network.eval()
    for name, tensor in [*network.named_parameters(), *network.named_buffers()]:
        if tensor.dtype != paddle.float32:
            continue
        norm = "norm" in name and name.endswith("weight")
        shown = "gamma" if norm else name.replace("variance", "var")
        out_axis = 0 if len(tensor.shape) == 4 or "weight_" in name else -1
        tensor.set_value(values.parameter(shown, tuple(tensor.shape), out_axis))
    path = fixture.FOLDER / f"paddlepaddle-{model.__name__.lower()}.onnx"
    example = paddle.static.InputSpec(model.shape, "float32", "input")
    paddle.onnx.export(network, str(path.with_suffix("")), input_spec=[example], opset_version=17)
    fixture.check(path)
