#!/usr/bin/env python3
"""Writes pages of docs/ with their conclusions and pictures, from tables of results.

    write-pages.py                     every page and picture anew, from the tables that stand on it
    write-pages.py PAGE [TABLES]       one page, by its name without ".md"; from a file of tables
    write-pages.py --check             exit 1 if a page or picture is not what its tables give, or
                                       a link leads nowhere
    write-pages.py --bars TITLE AXIS <ROWS >picture.svg
                                       a bar chart of rows LABEL <tab> NUMBER [<tab> NOTE]; AXIS says
                                       what the numbers are, in which unit, lower being better; the
                                       first row is the baseline
"""
import pathlib
import re
import sys

import pages
from pages import charts

ROOT = pages.DOCS.parent


def check():
    """The number of files that differ."""
    wrong = 0
    for page in pages.PAGES:
        for name, text in pages.rendered(page).items():
            path = pages.DOCS / name
            if not path.exists() or path.read_text() != text:
                print(f"docs/{name} is not what the tables of docs/{page}.md give; "
                      f"Scripts/write-pages.py {page} writes it", file=sys.stderr)
                wrong += 1
    dangling = list(dangling_links())
    print("".join(f"{link}\n" for link in dangling), end="", file=sys.stderr)
    print(f"{len(pages.PAGES)} pages, {wrong} files differ, {len(dangling)} links lead nowhere")
    return wrong + len(dangling)


def dangling_links():
    """Links from Markdown to files that are not there."""
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *pages.DOCS.rglob("*.md")]:
        for link in re.findall(r"\]\(([\w./-]+)\)", path.read_text()):
            if not (path.parent / link).exists():
                yield f"{path.relative_to(ROOT)}: no {link}"


def bars(title, axis):
    rows = [line.rstrip("\n").split("\t") for line in sys.stdin if line.strip()]
    if not rows:
        sys.exit("write-pages: no rows to draw")
    found = {label: (float(value), None, None) for label, value, *_ in rows}
    notes = {label: note for label, _, *rest in rows for note in rest}
    digits = max(len(value.partition(".")[2]) for _, value, *_ in rows)
    name, (baseline, *_) = next(iter(found.items()))
    print(charts.bars(title, axis, [("", found)], baseline, name, decimals=digits, notes=notes,
                      is_behind=lambda value: value >= baseline), end="")


def main(arguments):
    if arguments == ["--check"]:
        return 1 if check() else 0
    if arguments[:1] == ["--bars"] and len(arguments) == 3:
        bars(*arguments[1:])
    elif not arguments:
        for page in pages.PAGES:
            pages.write(page)
    elif arguments[0] in pages.PAGES and len(arguments) <= 2:
        pages.write(arguments[0], *(pathlib.Path(path).read_text() for path in arguments[1:]))
    else:
        print(__doc__, file=sys.stderr)
        return 64
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
