"""PP-OCR's recogniser on rendered lines: shares of characters read rightly, by edit distance."""
import functools
import glob

import numpy as np
import onnx
from deployed import accuracy
from deployed.accuracy import Variant
from deployed.networks import NETWORKS
from espalier_tool import Failed
from PIL import Image, ImageDraw, ImageFont

HEIGHT, WIDTH = 48, 320
CALIBRATION, TEST, CHUNK = 24, 60, 12
WORDS = """about above across after again almost along always among animal answer around autumn
basket before behind better between bridge brother butter candle carpet castle cherry circle
closed coffee common copper corner cotton country dinner doctor double driver early either empty
engine evening family farmer father fellow finger flower forest friend garden gentle golden
ground harbour heavy hidden island jacket kitchen ladder leather letter little market matter
meadow middle minute mirror modern morning mother mountain narrow nature needle nothing number
office orange paper pencil people picture pillow planet pocket potato quarter quick quiet rabbit
railway river school second shadow silver simple single sister spring square station street
summer sunday table teacher thunder ticket tomato travel under valley village violet voice wagon
water weather window winter wonder yellow young zebra""".split()


@functools.cache
def fonts():
    found = sorted(file for family in ("dejavu", "liberation") for file in glob.glob(
        f"/usr/share/fonts/truetype/{family}/*.ttf") if "Math" not in file and "Extra" not in file)
    if not found:
        raise Failed("no fonts; install fonts-dejavu-core and fonts-liberation")
    return found


def words(generator):
    """Words, numbers and dates, with and without capitals and marks."""
    number = generator.integers(1, 10000)
    for _ in range(12):
        word = str(generator.choice(WORDS))
        kind = generator.integers(8)
        yield (word.capitalize() if kind < 2 else word + "," if kind == 2 else word.upper()
               if kind == 3 else f"{number}" if kind == 4 else
               f"{number // 100}.{number % 100:02}" if kind == 5 else word)


def rendered(generator):
    """(text, [3, HEIGHT, WIDTH] in -1 … 1) of as many words as fit, scaled and padded as rapidocr
    does."""
    font = ImageFont.truetype(str(generator.choice(fonts())), int(generator.integers(24, 33)))
    text = ""
    for word in words(generator):
        longer = f"{text} {word}".strip()
        if font.getlength(longer) > WIDTH - 16:
            break
        text = longer
    paper, ink = int(generator.integers(215, 256)), int(generator.integers(0, 70))
    width = min(int(font.getlength(text)) + 12, WIDTH)
    image = Image.new("RGB", (width, HEIGHT), (paper,) * 3)
    top = HEIGHT // 2 + int(generator.integers(-2, 3))
    ImageDraw.Draw(image).text((6, top), text, (ink,) * 3, font=font, anchor="lm")
    pixels = np.asarray(image, np.float32) + generator.normal(0, 3, (HEIGHT, width, 1))
    line = np.zeros((3, HEIGHT, WIDTH), np.float32)
    line[:, :, :width] = pixels.clip(0, 255).transpose(2, 0, 1) / 127.5 - 1
    return text, line


@functools.cache
def lines():
    """[(text, pixels)] to calibrate with and to test; no text twice."""
    generator, found = np.random.default_rng(7), {}
    while len(found) < CALIBRATION + TEST:
        text, line = rendered(generator)
        found.setdefault(text, line)
    found = list(found.items())
    return found[:CALIBRATION], found[CALIBRATION:]


def distance(a, b):
    """Levenshtein's."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    return row[-1]


class Task:
    name, metric = "PP-OCRv6 recognition", "characters read rightly"
    network = next(network for network in NETWORKS if network.file == "PP-OCRv6_rec_small.onnx")
    shapes = {"x": (1, 3, HEIGHT, WIDTH)}
    variants = [
        Variant("dense"),
        Variant("nm:2:4, refit", ("--pattern", "nm:2:4", "--refit"), target=99.5),
        Variant("channel, 1.5x, OBSPA", (
            "--pattern", "channel", "--method", "obspa", "--budget", "flops:1.5"), target=98),
        Variant("block:16x8, 50 %, refit", (
            "--pattern", "block:16x8", "--sparsity", "0.5", "--refit"), target=90),
        Variant("block:16x8, 70 %, refit", (
            "--pattern", "block:16x8", "--sparsity", "0.7", "--refit"), target=85)]

    def data(self):
        return {"x": np.stack([line for _, line in lines()[0]])}

    @functools.cached_property
    def characters(self):
        """What the network's classes stand for: a blank, those of the file's metadata, a space."""
        file = onnx.load(self.network.path, load_external_data=False)
        held = next(entry.value for entry in file.metadata_props if entry.key == "character")
        return ["", *held.splitlines(), " "]

    def score(self, path):
        given = np.stack([line for _, line in lines()[1]])
        answers = accuracy.predicted(path, accuracy.chunks("x", given, CHUNK))["fetch_name_0"]
        answers = answers.reshape(-1, *answers.shape[2:])[:len(given)].argmax(axis=2)
        wrong = sum(distance(self.read(answer), text)
                    for answer, (text, _) in zip(answers, lines()[1]))
        return 100 * max(0, 1 - wrong / sum(len(text) for text, _ in lines()[1]))

    def read(self, classes):
        """Of equal neighbours one, then without blanks."""
        kept = [c for at, c in enumerate(classes) if at == 0 or c != classes[at - 1]]
        return "".join(self.characters[c] for c in kept)

