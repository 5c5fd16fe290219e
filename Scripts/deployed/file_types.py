"""magika on files whose names tell their type: shares of files named rightly.

Files are of source distributions on PyPI, by their extensions as magika's own table has them; what
has an extension of several types may be called any of them. Features are magika's own.
"""
import functools
import hashlib
import io
import json
import pathlib
import sys

import numpy as np
from deployed import accuracy, wheels
from deployed.accuracy import Variant
from deployed.networks import NETWORKS
from espalier_tool import CACHE

SOURCES = [("pygments", "2.20.0"), ("pillow", "13.0.0"), ("fonttools", "4.68.0"),
           ("mutagen", "1.48.1"), ("python-docx", "1.2.0"), ("python-pptx", "1.0.2"),
           ("odfpy", "1.4.1"), ("docutils", "0.23"), ("py7zr", "1.1.4"), ("rarfile", "4.5")]
# Snippets of every language beside their tokens are all called .txt, templates of pages .html.
LEFT_OUT = ("/tests/snippets/", "/templates/", "/themes/")
# Text of any type may be called so.
UNTELLING = ("txt",)
# Of one extension; half of them to calibrate with.
MOST = 48
CHUNK = 32


@functools.cache
def magika():
    """(features of bytes or None, {extension: types}, types in the network's order)."""
    network = next(network for network in NETWORKS if network.package == "magika")
    folder = wheels.unpacked("magika", network.version, "magika/")
    sys.path.insert(0, str(folder))
    try:
        from magika import Magika
        from magika.types import Seekable
    finally:
        sys.path.pop(0)
    configuration = json.loads(network.path.with_name("config.min.json").read_text())
    types = configuration["target_labels_space"]
    extensions = {}
    for name, entry in json.loads(
            (folder / "magika/config/content_types_kb.min.json").read_text()).items():
        for extension in entry["extensions"] if name in types else ():
            if extension not in UNTELLING:
                extensions.setdefault(extension, set()).add(name)
    asked = ("beg_size", "mid_size", "end_size", "padding_token", "block_size",
             "use_inputs_at_offsets")

    def features(data):
        found = Magika._extract_features_from_seekable(
            Seekable(io.BytesIO(data)), **{name: configuration[name] for name in asked})
        # magika asks its network only about files with this many bytes that are not space.
        few = found.beg[configuration["min_file_size_for_dl"] - 1] == configuration["padding_token"]
        return None if few else found.beg + found.end
    return features, extensions, types


@functools.cache
def samples():
    """(features, types that are right) to calibrate with, and to test; equal files count once."""
    held = CACHE / "packages/file-types.json"
    script = hashlib.sha256(pathlib.Path(__file__).read_bytes()).hexdigest()
    if not held.exists() or json.loads(held.read_text())["script"] != script:
        held.write_text(json.dumps({"script": script, "parts": list(collected())}))
    return json.loads(held.read_text())["parts"]


def collected():
    features, extensions, _ = magika()
    files, seen = {}, set()
    for package, version in SOURCES:
        for name, read in wheels.contents(wheels.archive(package, version, source=True)):
            extension = name.rpartition(".")[2].lower()
            if extension not in extensions or "." not in name.rpartition("/")[2] or any(
                    part in name for part in LEFT_OUT):
                continue
            data = read()
            digest = hashlib.sha256(data).hexdigest()
            found = features(data) if digest not in seen and data else None
            seen.add(digest)
            if found:
                files.setdefault(extension, []).append((digest, found))
    # Alternately, of what there are two of at least.
    for part in (1, 0):
        yield [(found, sorted(extensions[extension])) for extension in sorted(files)
               if len(files[extension]) > 1
               for _, found in sorted(files[extension])[:MOST][part::2]]


class Task:
    name, metric = "magika", "files named rightly"
    network = next(network for network in NETWORKS if network.package == "magika")
    shapes = {"bytes": (1, 2048)}

    @property
    def variants(self):
        """Targets are what may be lost of the dense network's score."""
        dense = self.score(self.network.path)
        return [
            Variant("dense"),
            Variant("channel, 2x, OBSPA", (
                "--pattern", "channel", "--method", "obspa", "--budget", "flops:2"),
                target=dense - 0.2),
            Variant("block:16x8, 50 %, refit", (
                "--pattern", "block:16x8", "--sparsity", "0.5", "--refit"), target=dense - 1.2),
            Variant("channel, 1.5x", (
                "--pattern", "channel", "--budget", "flops:1.5"), data=False,
                target=dense - 9.2)]

    def data(self):
        found = np.array([features for features, _ in samples()[0]], np.int32)
        # In no order: neighbours are of one type.
        return {"bytes": found[np.random.default_rng(1).permutation(len(found))]}

    @functools.lru_cache
    def score(self, path):
        _, _, types = magika()
        test = samples()[1]
        given = np.array([features for features, _ in test], np.int32)
        answers = accuracy.predicted(path, accuracy.chunks("bytes", given, CHUNK))
        answers = answers["target_label"].reshape(-1, len(types))[:len(test)].argmax(axis=1)
        return 100 * np.mean([types[answer] in right
                              for answer, (_, right) in zip(answers, test)])
