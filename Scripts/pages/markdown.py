"""Markdown pages as tables under headings: what the writers of docs/ read and write."""
import dataclasses
import re

# A table that would be wider than this as plain text is not padded.
WIDEST = 160


@dataclasses.dataclass
class Table:
    header: list
    rows: list

    def column(self, name):
        return self.header.index(name)

    def records(self):
        """Each row as a dictionary by column; of columns of one name the first counts."""
        return [dict(reversed(list(zip(self.header, row)))) for row in self.rows]

    def cell(self, first, name):
        """What stands in a column of the row that begins with `first`; None where nothing does."""
        return next((row[self.column(name)] for row in self.rows if row[0] == first), None)

    def aligned(self):
        """As `text`, padded however wide it gets."""
        return self.text(widest=10_000)

    def text(self, padded=True, widest=WIDEST):
        """Columns that hold numbers are flush right; padded to align as plain text as well."""
        lines = [[str(cell) for cell in line] for line in [self.header, *self.rows]]
        right = [all(map(is_figure, column[1:])) and any(map(is_number, column[1:]))
                 for column in zip(*lines)]
        widths = [max(3, *map(len, column)) for column in zip(*lines)]
        if not padded or sum(widths) + 3 * len(widths) > widest:
            widths = [0 for _ in widths]

        def row(cells):
            return "| " + " | ".join(
                cell.rjust(width) if flush else cell.ljust(width)
                for cell, width, flush in zip(cells, widths, right)) + " |"

        rule = "|".join("-" * max(2, width + 1) + (":" if flush else "-")
                        for width, flush in zip(widths, right))
        return "\n".join([row(lines[0]), f"|{rule}|", *map(row, lines[1:])])


def is_number(cell):
    return re.match(r"[−-]?\.?\d\S*( ([%±x/]|to\b).*)?$", cell) is not None


def is_figure(cell):
    """Whether a cell may stand in a column of numbers."""
    return cell in ("", "–", "-", "yes", "reached") or is_number(cell)


@dataclasses.dataclass
class Section:
    heading: str
    level: int
    tables: list = dataclasses.field(default_factory=list)
    # Lines of a list, without their dashes, and all other lines.
    points: list = dataclasses.field(default_factory=list)
    prose: list = dataclasses.field(default_factory=list)


def read(text):
    """The sections of a page in order, prose left out; the first has the page's title."""
    sections, rows = [Section("", 0)], []
    for line in [*text.splitlines(), ""]:
        if line.startswith("|"):
            rows.append([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]])
            continue
        if rows:
            sections[-1].tables.append(Table(rows[0], rows[2:]))
            rows = []
        if heading := re.match(r"(#+) (.*)", line):
            sections.append(Section(heading[2], len(heading[1])))
        elif line.startswith("- "):
            sections[-1].points.append(line[2:])
        elif line.startswith("  ") and sections[-1].points:
            sections[-1].points[-1] += " " + line.strip()
        else:
            sections[-1].prose.append(line)
    return sections


def with_tables(sections):
    return [section for section in sections if section.tables]


def results(sections):
    """The first table."""
    return with_tables(sections)[0].tables[0]


def facts(sections):
    """The page's last table, which says how it was measured, as a dictionary."""
    table = sections[-1].tables[-1] if sections[-1].tables else None
    if table is None or table.header != ["measured", ""]:
        raise ValueError("the page does not end with a table of how it was measured")
    return dict(table.rows)


def facts_table(values):
    return Table(["measured", ""], [[str(key), str(value)] for key, value in values.items()]).text()


def wrapped(text, width=100):
    """Paragraphs filled to a width; words in backquotes stay together, and tables as they are."""
    filled = []
    for paragraph in text.strip().split("\n\n"):
        if paragraph.startswith(("|", "#", "!", "- ", "<", "    ")):
            filled.append(paragraph)
            continue
        line, lines = "", []
        for word in re.findall(r"(?:`[^`]*`|[^\s`])+", paragraph):
            word = " ".join(word.split())
            if line and len(line) + 1 + len(word) > width:
                lines.append(line)
                line = word
            else:
                line = f"{line} {word}" if line else word
        filled.append("\n".join([*lines, line]))
    return "\n\n".join(filled)


def page(*parts):
    """A page of parts, empty ones left out."""
    return "\n\n".join(wrapped(part) for part in parts if part) + "\n"


def number(cell):
    """The first number in a cell; None where it begins with none."""
    found = re.match(r"[−-]?\d*\.?\d+(e[+-]?\d+)?", cell.replace(",", ""))
    return float(found[0].replace("−", "-")) if found else None


def interval(cell):
    """(low, high) of a cell like 1.16–1.22 or "1.44 to 2.18"; None of another."""
    found = re.match(r"([\d.]+)(?:–| to )([\d.]+)$", cell)
    return (float(found[1]), float(found[2])) if found else None


def listed(words):
    """a, b and c."""
    words = list(words)
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]
