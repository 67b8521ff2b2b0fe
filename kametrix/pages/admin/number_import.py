"""Many numbers at once, pasted or from a file; every line is accounted for."""

from typing import Any

import reflex as rx

from kametrix.components.fields import area_field, form_error
from kametrix.components.links import button_link
from kametrix.components.listing import sized_table
from kametrix.components.page import page
from kametrix.components.panel import page_header, panel
from kametrix.components.rows import cell, table_row
from kametrix.components.stat import Stat, stat_strip
from kametrix.state.admin.number_import import NumberImportState, RejectedLine

MOST_BYTES = 900_000
"""What the browser sends in one message at most; the server refuses more than 1 MB."""
COLUMNS = (("Line", ""), ("What stood there", ""), ("Why it was not added", ""))


@page("/admin/numbers/import", "Import numbers", active="Admin", on_load=NumberImportState.load)
def number_import() -> rx.Component:
    """The page."""
    return rx.fragment(
        page_header("Import numbers", "Up to 10,000 lines and 900 kB at once.", back=("Numbers", "/admin/numbers")),
        rx.flex(_form(), rx.cond(NumberImportState.is_done, _result()), direction="column", gap="24px", max_width="820px"),
    )


def _form() -> rx.Component:
    file = rx.box(
        rx.el.input(
            type="file", id="file", accept=".csv,.txt,text/csv,text/plain", custom_attrs={"data-fills": "lines"}, class_name="sr-only",
            aria_label="File with numbers", tab_index=-1,
        ),
        rx.button(
            rx.icon("upload", size=16, aria_hidden="true"), "Choose a file", type="button", variant="surface",
            custom_attrs={"data-opens": "file"},
        ),
        position="relative",
    )  # fmt: skip
    return panel(
        rx.form(
            rx.flex(
                form_error(NumberImportState.problem),
                file,
                area_field(
                    "Numbers",
                    "lines",
                    rows=10,
                    help="One number a line, then if you like a comma and a name. A heading and blank lines are passed over.",
                    error=NumberImportState.error,
                    placeholder="+14155550123, Front desk",
                    required=True,
                    custom_attrs={"data-most": str(MOST_BYTES)},
                    spell_check=False,
                ),
                rx.box(rx.button("Add the numbers", type="submit", size="3", loading=NumberImportState.is_sending)),
                direction="column",
                gap="20px",
            ),
            on_submit=NumberImportState.send,
        ),
        title="Numbers",
    )


def _result() -> rx.Component:
    def row(item: RejectedLine | Any) -> rx.Component:
        return table_row(
            cell(rx.text(item.line, size="2", class_name="num")),
            cell(rx.text(item.text, size="2", class_name="clip")),
            cell(rx.text(item.why, size="2", color="var(--muted)"), class_name="wide"),
            kind="sized",
        )

    left_out = rx.fragment(
        sized_table("Lines that were not added", "112px minmax(0, 1fr) minmax(0, 1.6fr)", COLUMNS, NumberImportState.rejected, row),
        rx.cond(NumberImportState.more != "", rx.text(NumberImportState.more, size="2", color="var(--muted)")),
    )
    return rx.flex(
        stat_strip(
            (
                Stat("Added", NumberImportState.added, "new in the pool"),
                Stat("Already known", NumberImportState.known, "left as they are"),
                Stat("Not a number", NumberImportState.invalid, "told line by line below"),
            )
        ),
        rx.cond(NumberImportState.rejected.length() > 0, left_out),
        rx.box(button_link("To the numbers", "/admin/numbers", variant="soft")),
        direction="column",
        gap="16px",
        role="status",
    )
