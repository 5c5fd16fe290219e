"""silero's voice activity on synthesised speech between silence and noise: frames told rightly."""
import functools
import io
import shutil
import subprocess
import wave

import numpy as np
from deployed import accuracy
from deployed.accuracy import Variant
from deployed.networks import NETWORKS
from espalier_tool import Failed

RATE, FRAME, CONTEXT = 16000, 512, 64
FRAMES = 320
# After speech ends the network holds on for a while, and before it is sure of a beginning.
UNSURE = 8
SPOKEN = """The garden behind the old house was full of yellow flowers.|Please leave your
message after the tone.|Seven boats crossed the river before the evening train arrived.|Nobody
expected the weather to change so quickly.|He wrote three letters and forgot to send them.|The
market opens at half past six on Saturdays.|A small lamp stood on the table near the window.|She
asked for two tickets to the northern station.|Water boils sooner on a high mountain.|They
painted the kitchen white and the door green.|Turn left at the bridge and follow the narrow
street.|My brother collects stamps from distant islands.|The concert was moved to the hall
across the square.|Bring an umbrella, it may rain this afternoon.|Every morning the baker opens
his shop before sunrise.|The museum keeps its oldest maps in a cool room."""
SPOKEN = SPOKEN.replace("\n", " ").split("|")
VOICES = ["en-us", "en-gb+f2", "en-us+m3", "en-gb+f4", "en-us+f1", "en-gb+m5", "en-us+m7", "en-gb"]


def spoken(text, voice, speed):
    """A sentence at 16 kHz, in -1 … 1."""
    if not shutil.which("espeak-ng"):
        raise Failed("no espeak-ng; install the package of that name")
    said = subprocess.run(["espeak-ng", "-v", voice, "-s", str(speed), "--stdout", text],
                          check=True, capture_output=True).stdout
    with wave.open(io.BytesIO(said)) as opened:
        rate = opened.getframerate()
        sound = np.frombuffer(said[44:], np.int16).astype(np.float32) / 32768
    places = np.arange(0, len(sound) - 1, rate / RATE)
    return np.interp(places, np.arange(len(sound)), sound).astype(np.float32)


def recording(index, generator):
    """(sound, for each frame 1 where somebody speaks, 0 where nobody does, -1 where unsure)."""
    length = FRAMES * FRAME
    noise = generator.standard_normal(length)
    if generator.integers(2):  # of all pitches alike, or more of the low ones
        noise = np.convolve(noise, np.exp(-np.arange(40) / 8), "same")
    noise *= generator.choice([0, 0.0005, 0.002, 0.006]) / noise.std()
    sound, told = noise, np.zeros(length, np.int8)
    at = int(generator.integers(RATE, 2 * RATE))
    while True:
        voice = spoken(str(SPOKEN[index % len(SPOKEN)]), VOICES[index % len(VOICES)],
                       int(generator.integers(140, 190)))
        if at + len(voice) + RATE // 2 > length:
            break
        sound[at:at + len(voice)] += voice * 0.4 / np.abs(voice).max()
        loud = np.convolve(np.abs(voice), np.ones(800) / 800, "same")
        told[at:at + len(voice)] = np.where(loud > 0.1 * loud.max(), 1, -1)
        at += len(voice) + int(generator.integers(RATE, 2 * RATE))
        index += 3
    frames = told.reshape(FRAMES, FRAME)
    told = np.where((frames == 1).all(1), 1, np.where((frames == 0).all(1), 0, -1))
    for end in np.flatnonzero(told != 0):
        held = told[end:end + UNSURE]
        held[held == 0] = -1
    return sound.astype(np.float32), told


def windows(sound):
    """[FRAMES, CONTEXT + FRAME]: each frame behind the end of the one before."""
    padded = np.concatenate([np.zeros(CONTEXT, np.float32), sound])
    return np.stack([padded[at:at + CONTEXT + FRAME]
                     for at in range(0, FRAMES * FRAME, FRAME)])


@functools.cache
def recordings():
    """Four to calibrate with, of the first sentences, and eight to test."""
    generator = np.random.default_rng(5)
    made = [recording(index, generator) for index in range(12)]
    return made[:4], made[4:]


class Task:
    name, metric = "silero", "frames told rightly"
    network = next(network for network in NETWORKS
                   if network.file == "silero_vad_16k_sequence.onnx")
    shapes = {"input": (FRAMES, CONTEXT + FRAME), "h": (1, 1, 128), "c": (1, 1, 128)}
    variants = [
        Variant("dense"),
        Variant("channel, 1.5x, OBSPA", (
            "--pattern", "channel", "--method", "obspa", "--budget", "flops:1.5")),
        Variant("nm:2:4, refit", ("--pattern", "nm:2:4", "--refit")),
        Variant("block:16x8, 50 %, refit", (
            "--pattern", "block:16x8", "--sparsity", "0.5", "--refit"))]

    def data(self):
        frames = np.concatenate([windows(sound) for sound, _ in recordings()[0]])
        state = np.zeros((len(recordings()[0]), 1, 128), np.float32)
        return {"input": frames, "h": state, "c": state}

    def score(self, path):
        state = np.zeros((1, 1, 128), np.float32)
        feeds = [{"input": windows(sound), "h": state, "c": state}
                 for sound, _ in recordings()[1]]
        answers = accuracy.predicted(path, feeds)["speech_probs"].ravel() >= 0.5
        told = np.concatenate([told for _, told in recordings()[1]])
        return 100 * float(np.mean(answers[told >= 0] == (told[told >= 0] == 1)))
