"""What a check says: in words, and as HTML in the colours of the page it stands on."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

PRINTED = 1_000  # characters of what an answer prints
_PAGE = "color:var(--jp-ui-font-color1, inherit);font:13px/1.5 system-ui,sans-serif;max-width:760px"
_MARKS = {"passed": ("✓", "#009E73"), "unanswered": ("…", "#56B4E9"), "not yet": ("✗", "#D55E00")}


@dataclass(frozen=True)
class Verdict:
    """The result of a check; true where the answer passed.

    `case` is the smallest input that fails, `arguments` what it is made of, name to text, `printed` what the answer
    printed there; `hints` are those so far, the diagnosis first; `note` is said of the try itself.
    """

    name: str
    passed: bool = False
    unanswered: bool = False
    case: str = ""
    arguments: dict[str, str] = field(default_factory=dict)
    expected: str = ""
    got: str = ""
    hints: tuple[str, ...] = ()
    tries: int = 0
    cases: int = 0
    note: str = ""
    printed: str = ""

    def __bool__(self) -> bool:
        return self.passed

    @property
    def hint(self) -> str:
        """The hints in one text."""
        return " ".join(self.hints)

    @property
    def state(self) -> str:
        """Passed, unanswered, or not yet."""
        return "passed" if self.passed else "unanswered" if self.unanswered else "not yet"

    def summary(self) -> str:
        """The verdict in a sentence."""
        if self.passed:
            return f"{self.name}: passed, on {self.cases} inputs."
        if self.unanswered:
            return f"{self.name}: not answered yet. {self.hint}"
        return f"{self.name}: not yet (try {self.tries})."

    def details(self) -> dict[str, str]:
        """What else there is to say, heading to text."""
        printed = self.printed.rstrip()[:PRINTED]
        if self.unanswered:
            return {}
        given = ", ".join(f"{name} = {text}" for name, text in self.arguments.items())
        parts = {"input": self.case, "where": given, "expected": self.expected, "got": self.got, "printed": printed}
        parts |= {"hint": "\n".join(self.hints), "note": self.note}
        return {name: text for name, text in parts.items() if text}

    def __repr__(self) -> str:
        details = [(name, text.replace("\n", "\n" + " " * 12)) for name, text in self.details().items()]
        return "\n".join([self.summary(), *(f"  {name + ':':10}{text}" for name, text in details)])

    def _repr_html_(self) -> str:
        mark, colour = _MARKS[self.state]
        side = f"border-left:4px solid {colour};padding:2px 0 2px 12px;margin:4px 0"
        rows = "".join(
            f'<div style="display:flex;gap:10px"><span style="flex:0 0 66px;opacity:.75">{name}</span>'
            f'<span style="min-width:0;overflow-wrap:anywhere;white-space:pre-wrap">{_marked(text)}</span></div>'
            for name, text in self.details().items()
        )
        words = f'<span style="color:{colour}" aria-hidden="true">{mark}</span> {html.escape(self.summary())}'
        return f'<div role="status" style="{side};{_PAGE}"><div style="font-weight:600">{words}</div>{rows}</div>'


def _marked(text: str) -> str:
    """Text as HTML, with `code` as code."""
    return re.sub(r"`([^`\n]+)`", r"<code>\1</code>", html.escape(text))
