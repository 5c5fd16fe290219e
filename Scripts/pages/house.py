"""docs/house.md: the modules, from the manifest, under the text that stands on the page."""
import re

from . import DOCS, markdown

ROW = re.compile(
    r'\b(?:swift|kernels|blas|bridge)\(\s*"(?P<name>\w+)",\s*"(?P<folder>[^"]+)"'
    r'(?:,\s*\[(?P<imports>[^\]]*)\])?'
    r'|\.(?:executableTarget|target)\(\s*name: "(?P<name2>\w+)",'
    r'(?:\s*dependencies: \[(?P<imports2>[^\]]*)\],)?\s*path: "(?P<folder2>[^"]+)"')


def modules(manifest):
    """(folder, module, what it may import), tests left out; in the manifest's order."""
    for row in ROW.finditer(manifest):
        name, folder = row["name"] or row["name2"], row["folder"] or row["folder2"]
        imports = re.findall(r'"(\w+)"|(\w+)\(\)', row["imports"] or row["imports2"] or "")
        if not folder.startswith("Tests"):
            yield folder, name, [module or package for module, package in imports]


def short(module):
    """Folders are what people know; only C modules keep their names."""
    return module.removeprefix("Espalier") or module


def render(sections):
    manifest = (DOCS.parent / "Package.swift").read_text()
    rows = [[f"`{folder}`", name, ", ".join(map(short, imports)) or "nothing"]
            for folder, name, imports in modules(manifest)]
    table = markdown.Table(["folder", "module", "may import"], rows).aligned()
    text = (DOCS / "house.md").read_text()
    head, _, _ = text.partition("\n## Modules")
    return {"house.md": head.rstrip() + "\n\n" + markdown.page(
        "## Modules", """From `Package.swift`, by `make pages`; tests are left out. Any other import
does not compile.""", table)}
