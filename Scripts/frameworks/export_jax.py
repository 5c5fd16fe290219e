"""Tiny Flax networks through JAX and jax2onnx."""
import fixture
import jax
import jax.numpy as jnp
import onnx
from flax import nnx
from jax2onnx import to_onnx


class Convolutional(nnx.Module):
    shape = (1, 16, 16, 3)

    def __init__(self, rngs):
        def conv(inputs, outputs, side, **options):
            return nnx.Conv(inputs, outputs, (side, side), rngs=rngs, **options)
        def norm(width):
            return nnx.BatchNorm(width, use_running_average=True, rngs=rngs)
        self.stem, self.stem_norm = conv(3, 8, 3), norm(8)
        self.wide, self.wide_norm = conv(8, 16, 1, use_bias=False), norm(16)
        self.depth, self.depth_norm = (
            conv(16, 16, 3, feature_group_count=16, use_bias=False), norm(16))
        self.narrow, self.narrow_norm = conv(16, 8, 1, use_bias=False), norm(8)
        self.grouped = conv(8, 16, 3, strides=2, feature_group_count=4)
        self.head = nnx.Linear(16, 10, rngs=rngs)

    def __call__(self, x):
        x = nnx.relu(self.stem_norm(self.stem(x)))
        y = nnx.silu(self.wide_norm(self.wide(x)))
        y = nnx.relu(self.depth_norm(self.depth(y)))
        x = x + self.narrow_norm(self.narrow(y))
        x = nnx.max_pool(nnx.relu(self.grouped(x)), window_shape=(2, 2), strides=(2, 2))
        return self.head(jnp.mean(x, axis=(1, 2)))


class Attention(nnx.Module):
    shape = (1, 6, 8)

    def __init__(self, rngs):
        self.embed = nnx.Linear(8, 16, rngs=rngs)
        self.first_norm = nnx.LayerNorm(16, rngs=rngs)
        self.attention = nnx.MultiHeadAttention(4, 16, decode=False, rngs=rngs)
        self.second_norm = nnx.LayerNorm(16, rngs=rngs)
        self.up, self.down = nnx.Linear(16, 32, rngs=rngs), nnx.Linear(32, 16, rngs=rngs)
        self.head = nnx.Linear(16, 10, rngs=rngs)

    def __call__(self, x):
        x = self.embed(x)
        x = x + self.attention(self.first_norm(x))
        x = x + self.down(nnx.gelu(self.up(self.second_norm(x))))
        return self.head(jnp.mean(x, axis=1))


for model in (Convolutional, Attention):
    network, values = model(nnx.Rngs(0)), fixture.Values()
    state = nnx.state(network, (nnx.Param, nnx.BatchStat))
    def randomised(path, value):
        name = ".".join(str(getattr(part, "key", part)) for part in path)
        name = name.removesuffix(".value")
        return jnp.asarray(values.parameter(name, value.shape, -1))
    nnx.update(network, jax.tree_util.tree_map_with_path(randomised, state))
    path = fixture.FOLDER / f"jax-{model.__name__.lower()}.onnx"
    exported = to_onnx(network, [model.shape])
    del exported.graph.value_info[:]  # jax2onnx notes some images' shapes with the axes exchanged
    onnx.save(exported, path)
    fixture.check(path)
