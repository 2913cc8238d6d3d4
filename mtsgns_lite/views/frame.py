"""The frame of every HTML page that we write: its styles are inside, light and dark, and it opens from disk."""

from __future__ import annotations

from html import escape
from importlib.resources import files


def frame(title: str, main: str, head: str = "", wide: bool = False, styles: str = "") -> str:
    """A whole page.

    Parameters
    ----------
    title : in plain text. main : the body, HTML.
    head : HTML for the head, such as a script.
    wide : with room for figures of 840 px.
    styles : CSS before that of all pages.
    """
    own = files(__package__).joinpath("pages.css").read_text("utf-8")
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
<style>
{styles}{own}</style>
{head}
</head>
<body{' class="lesson"' if wide else ""}>
{main}
</body>
</html>
"""
