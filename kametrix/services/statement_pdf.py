"""A statement as a page to print (PDF). The font is embedded and knows Latin, Greek, Cyrillic, Hebrew and Arabic letters."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from fpdf import FPDF
from fpdf.bidi import BidiParagraph

from kametrix.services.statement_print import SHOWN, Entry, Sheet
from kametrix.services.statement_words import NAMES, month_name, movements
from kametrix.services.statements import Day
from kametrix.services.wording import counted, dollars, minutes

FONTS: Final = Path(__file__).parents[1] / "fonts"
FAMILY: Final = "dejavu"
MARGIN: Final = 18.0
WIDTH: Final = 210 - 2 * MARGIN
INK, MUTED, LINE, ACCENT, SHADE = (28, 27, 34), (110, 108, 120), (222, 220, 230), (110, 86, 207), (247, 246, 251)
Columns = Sequence[tuple[str, float, str]]
"""(title, width in mm, L or R)."""


class Paper(FPDF):
    """An A4 page with our margins, our font and a line at its foot."""

    def __init__(self, foot: str) -> None:
        super().__init__(format="A4")
        self._foot = foot
        self.set_margin(MARGIN)
        self.set_top_margin(14)
        self.set_auto_page_break(auto=True, margin=17)
        self.add_font(FAMILY, "", FONTS / "dejavu-sans-condensed.ttf")
        self.add_font(FAMILY, "B", FONTS / "dejavu-sans-condensed-bold.ttf")
        self._known = frozenset(getattr(self.fonts[FAMILY], "cmap"))

    def close(self) -> None:
        """Let go of the files of the fonts, which the library keeps open."""
        for font in self.fonts.values():
            getattr(font, "ttfont").close()

    def footer(self) -> None:
        """Which statement, and which page of how many."""
        self.set_y(-14)
        self.write_line(self._foot, WIDTH - 30, size=7, color=MUTED, last=False)
        self.write_line(f"Page {self.page_no()} of {{nb}}", 30, size=7, color=MUTED, align="R")

    def write_line(
        self, text: str, width: float = WIDTH, *, size: float = 9, bold: bool = False, color: tuple[int, int, int] = INK,
        align: str = "L", height: float = 0.0, last: bool = True,
    ) -> None:  # fmt: skip
        """One line of text, cut to `width` mm; `last` goes to the next line."""
        self.set_font(FAMILY, "B" if bold else "", size)
        self.set_text_color(*color)
        x, y = ("LMARGIN", "NEXT") if last else ("RIGHT", "TOP")
        self.cell(width, height or size * 0.52, self.fitting(text, width), align=align, new_x=x, new_y=y)

    def fitting(self, text: str, width: float) -> str:
        """`text` as far as it fits into `width` mm in the present font, in the order it is seen; letters the font lacks become boxes."""
        text = "".join(letter if ord(letter) in self._known else "□" for letter in " ".join(text.split()))
        text = text if text.isascii() else BidiParagraph(text).get_reordered_string()
        if self.get_string_width(text) <= width - 2:
            return text
        while text and self.get_string_width(f"{text}…") > width - 2:
            text = text[:-1]
        return f"{text}…"

    def heading(self, text: str) -> None:
        """The title of a part, never alone at the end of a page."""
        if self.get_y() > 297 - 60:
            self.add_page()
        self.ln(5)
        self.write_line(text, size=10.5, bold=True)
        self.ln(1)

    def rows(self, columns: Columns, lines: Sequence[Sequence[str]], *, strong_end: bool = False) -> None:
        """A table with hairlines; its titles come again on each page."""
        self._cells(columns, [title for title, _, _ in columns], color=MUTED, size=7.5)
        for number, line in enumerate(lines, 1):
            if self.get_y() > 297 - 23:
                self.add_page()
                self._cells(columns, [title for title, _, _ in columns], color=MUTED, size=7.5)
            self._cells(columns, line, bold=strong_end and number == len(lines))

    def _cells(
        self, columns: Columns, texts: Sequence[str], *, bold: bool = False, color: tuple[int, int, int] = INK, size: float = 8.5
    ) -> None:
        for index, ((_, width, align), text) in enumerate(zip(columns, texts, strict=True), 1):
            self.write_line(text, width, size=size, bold=bold, color=color, align=align, height=4.9, last=index == len(columns))
        self.set_draw_color(*LINE)
        self.line(MARGIN, self.get_y(), MARGIN + WIDTH, self.get_y())


def drawn(sheet: Sheet) -> bytes:
    """The file. Takes most of a second and needs no database."""
    shown = sheet.statement
    with closing(Paper(f"Kametrix statement, {month_name(shown.month)}, organization {shown.organization_id}")) as paper:
        paper.set_title(f"Statement {shown.month}")
        paper.set_creation_date(shown.made_at)
        paper.add_page()
        for part in (_head, _numbers, _sums, _days, _lists, _proof):
            part(paper, sheet)
        return bytes(paper.output())


def _head(paper: Paper, sheet: Sheet) -> None:
    shown = sheet.statement
    paper.set_fill_color(*ACCENT)
    paper.rect(MARGIN, MARGIN, 9, 9, style="F", round_corners=True, corner_radius=2.5)
    paper.set_draw_color(255, 255, 255)
    paper.set_line_width(0.7)
    for x, half in ((2.4, 0.7), (3.8, 2.0), (5.2, 1.1), (6.6, 0.45)):
        paper.line(MARGIN + x, MARGIN + 4.5 - half, MARGIN + x, MARGIN + 4.5 + half)
    paper.set_line_width(0.15)
    paper.set_xy(MARGIN + 11, MARGIN + 1.5)
    paper.write_line("Kametrix", 60, size=13, bold=True, last=False)
    paper.write_line("Statement of credits", WIDTH - 71, size=9, color=MUTED, align="R", height=6)
    paper.ln(9)
    paper.write_line(f"{month_name(shown.month)}{'' if shown.is_complete else ', so far'}", size=19, bold=True)
    paper.ln(1.5)
    paper.write_line(shown.name, size=11)
    made = shown.made_at.astimezone(shown.zone)
    paper.write_line(f"Days in {shown.zone.key}. Made on {made.day} {made:%B %Y, %H:%M}. One credit is one US cent.", size=8, color=MUTED)


def _numbers(paper: Paper, sheet: Sheet) -> None:
    """Four numbers in a shaded band."""
    shown = sheet.statement
    items = (
        ("Opening balance", dollars(shown.opening.balance)),
        (counted(shown.calls, "call"), minutes(shown.minutes)),
        ("Paid", dollars(shown.amount("PURCHASE"))),
        ("Closing balance", dollars(shown.closing.balance)),
    )
    paper.ln(5)
    top, width = paper.get_y(), WIDTH / len(items)
    paper.set_fill_color(*SHADE)
    paper.rect(MARGIN, top, WIDTH, 17, style="F", round_corners=True, corner_radius=2.5)
    for index, (label, value) in enumerate(items):
        paper.set_xy(MARGIN + 3 + index * width, top + 3)
        paper.write_line(label, width - 4, size=7.5, color=MUTED)
        paper.set_x(MARGIN + 3 + index * width)
        paper.write_line(value, width - 4, size=13, bold=True)
    paper.set_xy(MARGIN, top + 17)


def _sums(paper: Paper, sheet: Sheet) -> None:
    """Opening balance, every kind of movement, closing balance: a sum anyone can add up."""
    shown = sheet.statement
    paper.heading("How it adds up")
    lines = [("Balance at the beginning", "", dollars(shown.opening.balance))]
    lines += [(label, counted(count, "row"), dollars(amount, signed=True)) for label, count, amount in movements(shown)]
    lines.append(("Balance at the end", "", dollars(shown.closing.balance)))
    paper.rows((("", WIDTH - 80, "L"), ("", 40, "R"), ("US dollars", 40, "R")), lines, strong_end=True)
    if shown.grace_used or shown.grace_repaid:
        paper.ln(1.5)
        paper.write_line(f"Grace used: {dollars(shown.grace_used)}. Paid back: {dollars(shown.grace_repaid)}.", size=8, color=MUTED)
    if shown.rates:
        paper.heading("Calls by rate")
        rates = [(dollars(rate.rate), f"{rate.calls:,}", f"{rate.minutes:,}", dollars(-rate.amount)) for rate in shown.rates]
        paper.rows((("A minute", 44, "L"), ("Calls", 40, "R"), ("Minutes", 45, "R"), ("US dollars", WIDTH - 129, "R")), rates)


def _days(paper: Paper, sheet: Sheet) -> None:
    if sheet.days:
        paper.heading("Day by day")
    lines = [_day(day) for day in sheet.days]
    columns = (("Day", 38, "L"), ("Calls", 20, "R"), ("Minutes", 24, "R"), ("Used", 28, "R"), ("Other", 32, "R"), ("Balance", 32, "R"))
    if lines:
        paper.rows(columns, lines)


def _day(day: Day) -> tuple[str, ...]:
    other = dollars(day.other, signed=True) if day.other else ""
    return f"{day.day.day} {day.day:%B}", f"{day.calls:,}", f"{day.minutes:,}", dollars(day.used), other, dollars(day.balance)


def _lists(paper: Paper, sheet: Sheet) -> None:
    for title, entries, count in (
        ("Payments and other movements", sheet.movements, sheet.movement_count),
        ("Calls", sheet.calls, sheet.statement.calls),
    ):
        if entries:
            paper.heading(title)
            columns = (
                ("Row", 16, "L"),
                ("Posted", 34, "L"),
                ("Kind", 36, "L"),
                ("For", 34, "L"),
                ("Amount", 27, "R"),
                ("Balance", 27, "R"),
            )
            paper.rows(columns, [_entry(entry) for entry in entries])
        if count > len(entries):
            paper.ln(1.5)
            paper.write_line(
                f"The first {SHOWN} of {count:,}. All of them are in the table (CSV) and in the proof (JSON).", size=8, color=MUTED
            )


def _entry(entry: Entry) -> tuple[str, ...]:
    posted = f"{entry.at.day} {entry.at:%b %H:%M}"
    return f"{entry.seq}", posted, NAMES[entry.type], entry.description, dollars(entry.amount, signed=True), dollars(entry.balance)


def _proof(paper: Paper, sheet: Sheet) -> None:
    """Where the ledger stood, and the signature that says so."""
    shown = sheet.statement
    paper.heading("Proof")
    facts = [("Last row", f"{shown.closing.seq}"), ("Its hash", shown.closing.hash.hex())]
    if sheet.signed:
        point = sheet.signed.checkpoint
        facts += [
            ("Signed on", f"{point.day.isoformat()} (UTC) at row {point.seq}, hash"), ("", point.hash.hex()),
            ("Signature", sheet.signed.signature.hex()[:64]), ("", sheet.signed.signature.hex()[64:]),
            (f"Key {sheet.signed.key_id}", sheet.public_key),
        ]  # fmt: skip
    for label, value in facts:
        paper.write_line(label, 26, size=7.5, color=MUTED, height=4.4, last=False)
        paper.write_line(value, WIDTH - 26, size=7.5, height=4.4)
    paper.ln(1.5)
    paper.set_text_color(*MUTED)
    words = (
        "Every row carries a hash of itself and of the row before it, and once a day the last hash is signed. Download the proof (JSON)"
        " and verify_statement.py from the page of this statement: the program, one file of plain Python, checks all of it without us."
    )
    paper.multi_cell(WIDTH, 4.2, words, new_x="LMARGIN", new_y="NEXT")
