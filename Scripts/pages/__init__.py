"""Pages of docs/: a module for each says what a reader can conclude, from the page's own tables.

A module has `render(sections)`, which makes of tables under headings (markdown.read) the page's
whole text, and of some the picture beside it: {file name: text}. So a page can be written anew from its
own tables, and says the same. Needs nothing but Python's standard library.
"""
import importlib
import pathlib

from . import markdown

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"
PAGES = ["accuracy", "channels", "channels-speed", "cost-model", "deployed", "discovery", "glossary", "house",
         "minilm", "neon", "onnx-cases", "performance", "torchvision"]


def rendered(page, tables=None, folder=DOCS):
    """{file name: text} of a page, from the text of its tables, or from those it has."""
    module = importlib.import_module("." + page.replace("-", "_"), __name__)
    if tables is None:
        tables = (folder / f"{page}.md").read_text()
    return module.render(markdown.read(tables))


def write(page, tables=None, output=None):
    """Writes a page, to `docs/` or to a file of its own, and what belongs to it beside."""
    output = output or DOCS / f"{page}.md"
    for name, text in rendered(page, tables, output.parent).items():
        path = output if name == f"{page}.md" else output.parent / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
