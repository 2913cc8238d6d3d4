"""Lists of items side by side, as HTML in the colours of the page they stand on."""

from __future__ import annotations

import html
from collections.abc import Collection, Sequence

from ..neighbours import Neighbour

PAGE = "color:var(--jp-ui-font-color1, inherit);font:13px/1.45 system-ui,sans-serif"
_CELL = "padding:0 0 0 10px;border:0;vertical-align:top;white-space:nowrap;background:none;"
_TABLE = "width:100%;table-layout:auto;border:0;border-collapse:collapse;margin:0;"  # a notebook's own are fixed
_NAME = "padding:0;max-width:0;width:100%;overflow:hidden;text-overflow:ellipsis;text-align:left"  # takes what is left


def beside(*blocks: str, least: int = 210) -> str:
    """HTML blocks in a row, or below each other where they would be narrower than `least` px."""
    row = "".join(f'<div style="flex:1 1 {least}px;min-width:0">{block}</div>' for block in blocks)
    return f'<div style="display:flex;flex-wrap:wrap;gap:4px 22px;{PAGE}">{row}</div>'


def near_list(title: str, near: Sequence[Neighbour], shares: bool = False, known: Collection[int] = ()) -> str:
    """Neighbours with their cosine, those that are not `known` in bold; `shares` adds the traits in common."""
    rows = []
    for item in near:
        new = bool(known) and item.item not in known
        row = [name_cell(item.name, bold=new), cell(f"{item.similarity:.2f}")]
        if shares:
            number, names = len(item.shared), ", ".join(item.shared)
            row.append(cell(names if number == 1 else f"{number} traits" if number else "-", faint=True, whole=names))
        rows.append(row)
    return table(title, ["name", "cosine", "shares"][: 3 if shares else 2], rows)


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A small table under its title; `rows` are of `name_cell` and `cell`."""
    top = name_cell(head[0], faint=True) + "".join(cell(name, faint=True) for name in head[1:])
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in [[top], *rows])
    title = f"<b>{html.escape(title)}</b>" if title else ""
    return f'{title}<table style="{_TABLE}{PAGE}">{body}</table>'


def name_cell(words: object, bold: bool = False, faint: bool = False) -> str:
    """A name, cut off where there is no room; it shows whole under the mouse."""
    shown = html.escape(str(words))
    return f'<td title="{shown}" style="{_CELL}{_NAME}{_look(bold, faint)}">{shown}</td>'


def cell(words: object, faint: bool = False, whole: str = "") -> str:
    """A number, or a few words; `whole` shows under the mouse."""
    title = f' title="{html.escape(whole)}"' if whole else ""
    return f'<td{title} style="{_CELL}text-align:right{_look(False, faint)}">{html.escape(str(words))}</td>'


def _look(bold: bool, faint: bool) -> str:
    return ";font-weight:700" if bold else ";opacity:.75" if faint else ""


def status(words: str) -> str:
    """A sentence that screen readers read out when it changes."""
    return f'<p role="status" aria-live="polite" style="margin:4px 0;{PAGE}">{html.escape(words)}</p>'
