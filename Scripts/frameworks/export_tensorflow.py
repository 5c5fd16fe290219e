"""Tiny Keras networks through TensorFlow and tf2onnx: channels last, turned by Transpose nodes."""
import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import tensorflow as tf
import tf2onnx

import fixture

layers = keras.layers


def gelu(x):
    """The one with tanh: tf2onnx has no name for Erfc, which the exact one uses."""
    return keras.activations.gelu(x, approximate=True)


def convolutional():
    image = layers.Input((16, 16, 3), batch_size=1)
    x = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(8, 3, padding="same")(image)))
    y = layers.Conv2D(16, 1, use_bias=False)(x)
    y = layers.Activation("swish")(layers.BatchNormalization()(y))
    y = layers.DepthwiseConv2D(3, padding="same", use_bias=False)(y)
    y = layers.ReLU(max_value=6)(layers.BatchNormalization()(y))
    x = layers.Add()([x, layers.BatchNormalization()(layers.Conv2D(8, 1, use_bias=False)(y))])
    # Keras compiles a grouped convolution of its own into a call that tf2onnx cannot look into.
    parts = [x[..., i:i + 2] for i in range(0, 8, 2)]
    parts = [layers.Conv2D(4, 3, strides=2, padding="same", activation="relu")(p) for p in parts]
    x = layers.Concatenate()(parts)
    x = layers.GlobalAveragePooling2D()(layers.MaxPooling2D()(x))
    return keras.Model(image, layers.Dense(10)(x))


def attention():
    sequence = layers.Input((6, 8), batch_size=1)
    x = layers.Dense(16)(sequence)
    y = layers.LayerNormalization(epsilon=1e-5)(x)
    x = layers.Add()([x, layers.MultiHeadAttention(4, 4)(y, y)])
    y = layers.LayerNormalization(epsilon=1e-5)(x)
    x = layers.Add()([x, layers.Dense(16)(layers.Dense(32, activation=gelu)(y))])
    return keras.Model(sequence, layers.Dense(10)(layers.GlobalAveragePooling1D()(x)))


def recurrent():
    sequence = layers.Input((5, 8), batch_size=1)
    x = layers.LSTM(12, return_sequences=True, unroll=True)(sequence)
    x = layers.GRU(12, return_sequences=True, unroll=True)(x)
    return keras.Model(sequence, layers.Dense(10)(x))


for build in (convolutional, attention, recurrent):
    network, values = build(), fixture.Values()
    for variable in network.variables:
        if variable.dtype == "float32":
            variable.assign(values.parameter(variable.name, tuple(variable.shape), -1))
    signature = [tf.TensorSpec(network.input.shape, tf.float32, name="input")]
    path = fixture.FOLDER / f"tensorflow-{build.__name__}.onnx"
    function = tf.function(lambda x, model=network: model(x, training=False), signature)
    tf2onnx.convert.from_function(
        function, input_signature=signature, opset=17, output_path=str(path))
    fixture.check(path)
