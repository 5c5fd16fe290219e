"""Inputs like those that a deployed network gets: pictures, lines of text, voice, spectra, bytes.

A kind is a word with arguments behind colons. Every maker takes the wanted shape and a generator.
"""
import functools
import pathlib

import numpy as np
from PIL import Image, ImageDraw, ImageFont

RATE = 16000
TEXT = pathlib.Path(__file__).read_text()


def voice(samples, generator):
    """A made-up voice in -1 … 1 at 16 kHz: harmonics of a gliding pitch under three formants, in
    syllables with pauses, over faint noise."""
    time = np.arange(samples) / RATE
    pitch = 120 + 25 * np.sin(2 * np.pi * 0.7 * time + generator.uniform(0, 6))
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    formants = generator.uniform([400, 1100, 2300], [800, 1900, 2900])
    sound = np.zeros(samples)
    for harmonic in range(1, 30):
        gain = sum(np.exp(-((harmonic * 130 - formant) / 220) ** 2) for formant in formants)
        sound += (gain + 0.05 / harmonic) * np.sin(harmonic * phase)
    syllables = np.clip(np.sin(2 * np.pi * 3.5 * time + generator.uniform(0, 6)) + 0.4, 0, 1)
    sound *= syllables / np.abs(sound).max()
    return (0.5 * sound + 0.003 * generator.standard_normal(samples)).astype(np.float32)


def spectrum(frames, bins, generator):
    """Log powers of frames of 512 samples of a voice, 160 apart, standardised."""
    sound = voice(frames * 160 + 512, generator)
    windows = np.lib.stride_tricks.sliding_window_view(sound, 512)[:frames * 160:160]
    power = np.abs(np.fft.rfft(windows * np.hanning(512))) ** 2
    places = np.linspace(0, power.shape[1] - 1, bins)
    log = np.array([np.interp(places, np.arange(power.shape[1]), row)
                    for row in np.log10(power + 1e-8)])
    return ((log - log.mean()) / log.std()).astype(np.float32)


def picture(height, width, generator):
    """[height, width, 3] in 0 … 1: a sky, discs and bars, with some grain."""
    down, across = np.mgrid[0:height, 0:width] / np.array([height, width]).reshape(2, 1, 1)
    image = np.stack([0.3 + 0.5 * down, 0.5 + 0.2 * across, 0.9 - 0.5 * down], axis=-1)
    for _ in range(12):
        centre, size, colour = generator.uniform(size=2), generator.uniform(.05, .25), \
            generator.uniform(size=3)
        if generator.uniform() < 0.5:
            inside = (down - centre[0]) ** 2 + (across - centre[1]) ** 2 < size ** 2
        else:
            inside = (abs(down - centre[0]) < size / 4) & (abs(across - centre[1]) < size)
        image[inside] = colour
    return np.clip(image + 0.02 * generator.standard_normal(image.shape), 0, 1)


def line(height, width, generator):
    """[height, width, 3] in 0 … 1: words in black on white."""
    words = TEXT.split()
    start = generator.integers(len(words) - 40)
    image = Image.new("RGB", (width, height), "white")
    ImageDraw.Draw(image).text((4, height // 6), " ".join(words[start:start + 40]), "black",
                               font=ImageFont.load_default(height * 0.6))
    return np.asarray(image) / 255


def page(height, width, generator):
    """[height, width, 3] in 0 … 1: lines of words over a faint picture."""
    image = 0.7 + 0.3 * picture(height, width, generator)
    for top in range(height // 16, height - 32, 40):
        image[top:top + 28] *= line(28, width, generator)
    return image


def planes(make, shape, generator, order, low, high):
    """Pictures as a batch in an order of axes, NCHW or NHWC, from `low` to `high`."""
    height, width = shape[order.index("h")], shape[order.index("w")]
    channels = shape[order.index("c")]
    images = np.stack([make(height, width, generator) for _ in range(shape[0])])
    if channels == 1:
        images = images.mean(axis=-1, keepdims=True)
    images = images if order == "nhwc" else images.transpose(0, 3, 1, 2)
    return float(low) + images * (float(high) - float(low))


def frames(shape, generator, scale=1, offset=0):
    """Spectra over the last two axes, times before powers."""
    count = int(np.prod(shape[:-2]))
    made = np.stack([spectrum(shape[-2], shape[-1], generator) for _ in range(count)])
    return made.reshape(shape) * float(scale) + float(offset)


@functools.cache
def wake_word_features():
    """openwakeword's two front networks and their sessions."""
    import onnxruntime

    from deployed import wheels
    return [onnxruntime.InferenceSession(
        str(wheels.onnx_file("openwakeword", "0.4.0", name)), providers=["CPUExecutionProvider"])
        for name in ("melspectrogram.onnx", "embedding_model.onnx")]


def mel(count, generator):
    """[count, 76, 32, 1]: windows of openwakeword's mel spectrum of a voice, 8 frames apart."""
    first, _ = wake_word_features()
    sound = voice(RATE // 100 * (8 * count + 90), generator) * 32767
    powers = first.run(None, {"input": sound[np.newaxis].astype(np.float32)})[0]
    powers = powers.reshape(-1, 32) / 10 + 2
    return np.stack([powers[8 * at:8 * at + 76] for at in range(count)])[..., np.newaxis]


def embedded(count, generator):
    """[count, 96]: openwakeword's embeddings of a voice."""
    _, second = wake_word_features()
    windows = mel(count, generator).astype(np.float32)
    return second.run(None, {second.get_inputs()[0].name: windows})[0].reshape(count, 96)


def text_bytes(shape, generator):
    """Bytes of this file from somewhere, 256 behind the end of some."""
    data = np.frombuffer(TEXT.encode(), np.uint8)
    made = np.stack([data[at:at + shape[1]] for at in generator.integers(
        len(data) - shape[1], size=shape[0])]).astype(np.int32)
    made[-1, shape[1] - shape[1] // 4:] = 256
    return made


MAKERS = {
    "voice": lambda shape, generator, scale=1: float(scale) * np.stack(
        [voice(shape[-1], generator) for _ in range(int(np.prod(shape[:-1])))]).reshape(shape),
    "frames": frames,
    # Channels of a spectrum before time.
    "bands": lambda shape, generator: frames(
        [*shape[:-2], shape[-1], shape[-2]], generator).swapaxes(-1, -2),
    "picture": lambda shape, generator, *how: planes(picture, shape, generator, *how),
    "page": lambda shape, generator, *how: planes(page, shape, generator, *how),
    "line": lambda shape, generator, *how: planes(line, shape, generator, *how),
    "mel": lambda shape, generator: mel(shape[0], generator),
    "embedded": lambda shape, generator: np.stack(
        [embedded(shape[1], generator) for _ in range(shape[0])]),
    "bytes": text_bytes,
    # What a state has been brought to by earlier inputs.
    "state": lambda shape, generator: np.tanh(0.5 * generator.standard_normal(shape)),
    "normal": lambda shape, generator, scale=1: float(scale) * generator.standard_normal(shape),
    "tokens": lambda shape, generator, count: generator.integers(1, int(count), shape),
    "shares": lambda shape, generator: generator.uniform(size=shape),
    "ones": lambda shape, generator: np.ones(shape),
    "full": lambda shape, generator, value: np.full(shape, float(value)),
}


def made(kind, shape, dtype, generator):
    """An input of a kind, of a shape and type."""
    name, *arguments = kind.split(":")
    value = np.asarray(MAKERS[name](list(shape), generator, *arguments))
    if value.shape != tuple(shape):
        raise ValueError(f"{kind} made {value.shape}, not {tuple(shape)}")
    return np.ascontiguousarray(value.astype(dtype))
