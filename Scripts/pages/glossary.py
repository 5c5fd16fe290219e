"""docs/glossary.md: house words, sorted, and no word that the code has lost."""
import re

from . import DOCS, markdown


def missing(rows, sources):
    """What rows name that does not exist: paths in backquotes, and numbers of sources."""
    for word, _, _, places, cited in rows:
        for path in re.findall(r"`([^`]+)`", places):
            if not (DOCS.parent / path).exists():
                yield f"{word}: no file {path}"
        for number in re.findall(r"\d+", cited):
            if int(number) > sources:
                yield f"{word}: no source {number}"


def render(sections):
    words, meant = (section for section in markdown.with_tables(sections))
    table = words.tables[0]
    table.rows.sort(key=lambda row: row[0].lower())
    sources = next(section.points for section in sections if section.heading == "Sources")
    if wrong := list(missing(table.rows, len(sources))):
        raise ValueError("docs/glossary.md: " + "; ".join(wrong))
    return {"glossary.md": markdown.page(
        "# Glossary", """**What this is for.** Every word that the code, the messages and these pages
use in a sense of their own, beside the term the field has for it. Whoever knows the field finds the
house's word; whoever reads the code finds what to search for. A word that is not here has its usual
meaning.""",
        """*Lives in* names the file that defines the word; `make check-pages` fails where it is gone.
Numbers are of the sources below.""",
        "## Words", table.aligned(), "## Four words with one meaning each",
        """Whatever else these could mean has another name.""",
        meant.tables[0].aligned(), "## Sources",
        "\n".join("- " + point for point in sources))}
