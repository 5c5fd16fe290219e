"""Tiny MXNet networks through its own exporter."""
import fixture
import mxnet as mx

symbol = mx.sym


def convolutional():
    def conv(x, name, width, side=1, **options):
        return symbol.Convolution(
            x, name=name, num_filter=width, kernel=(side, side), pad=(side // 2, side // 2),
            **options)
    def norm(x, name):
        return symbol.BatchNorm(x, name=name, fix_gamma=False, use_global_stats=True)
    x = symbol.relu(norm(conv(symbol.var("input"), "stem", 8, 3), "stem_norm"))
    y = symbol.relu(norm(conv(x, "wide", 16, no_bias=True), "wide_norm"))
    y = symbol.relu(norm(conv(y, "depth", 16, 3, num_group=16, no_bias=True), "depth_norm"))
    x = x + norm(conv(y, "narrow", 8, no_bias=True), "narrow_norm")
    x = symbol.relu(conv(x, "grouped", 16, 3, stride=(2, 2), num_group=4))
    x = symbol.Pooling(x, kernel=(2, 2), stride=(2, 2), pool_type="max")
    x = symbol.Pooling(x, kernel=(1, 1), global_pool=True, pool_type="avg")
    return symbol.FullyConnected(symbol.Flatten(x), name="head", num_hidden=10)


def multilayer():
    x = symbol.FullyConnected(symbol.var("input"), name="first", num_hidden=32)
    y = symbol.FullyConnected(symbol.relu(x), name="second", num_hidden=32)
    y = symbol.LeakyReLU(y + x, act_type="gelu")
    return symbol.FullyConnected(y, name="head", num_hidden=10)


for build, shape in ((convolutional, (1, 3, 16, 16)), (multilayer, (1, 12))):
    network, values, parameters = build(), fixture.Values(), {}
    sizes, _, auxiliary = network.infer_shape(input=shape)
    for name, size in [*zip(network.list_arguments(), sizes),
                       *zip(network.list_auxiliary_states(), auxiliary)]:
        if name != "input":
            parameters[name] = mx.nd.array(values.parameter(name, size, 0))
    path = fixture.FOLDER / f"mxnet-{build.__name__}.onnx"
    mx.onnx.export_model(network, parameters, [shape], onnx_file_path=str(path))
    fixture.check(path)
