"""What a check says: in words, and as HTML in the colours of the page it stands on."""

from __future__ import annotations

import html
from dataclasses import dataclass, field

_PAGE = "color:var(--jp-ui-font-color1, inherit);font:13px/1.5 system-ui,sans-serif;max-width:760px"
_MARKS = {"passed": ("✓", "#009E73"), "unanswered": ("…", "#56B4E9"), "not yet": ("✗", "#D55E00")}


@dataclass(frozen=True)
class Verdict:
    """The result of a check; true where the answer passed.

    `case` is the smallest input that fails, `arguments` what it is made of, name to text, `hint` the hints so far.
    """

    name: str
    passed: bool = False
    unanswered: bool = False
    case: str = ""
    arguments: dict[str, str] = field(default_factory=dict)
    expected: str = ""
    got: str = ""
    hint: str = ""
    tries: int = 0
    cases: int = 0

    def __bool__(self) -> bool:
        return self.passed

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
        if self.passed or self.unanswered:
            return {}
        given = ", ".join(f"{name} = {text}" for name, text in self.arguments.items())
        parts = {"input": self.case, "where": given, "expected": self.expected, "got": self.got, "hint": self.hint}
        return {name: text for name, text in parts.items() if text}

    def __repr__(self) -> str:
        return "\n".join([self.summary(), *(f"  {name + ':':10}{text}" for name, text in self.details().items())])

    def _repr_html_(self) -> str:
        mark, colour = _MARKS[self.state]
        side = f"border-left:4px solid {colour};padding:2px 0 2px 12px;margin:4px 0"
        rows = "".join(
            f'<div style="display:flex;gap:10px"><span style="flex:0 0 66px;opacity:.75">{name}</span>'
            f'<span style="min-width:0;overflow-wrap:anywhere;white-space:pre-wrap">{html.escape(text)}</span></div>'
            for name, text in self.details().items()
        )
        words = f'<span style="color:{colour}" aria-hidden="true">{mark}</span> {html.escape(self.summary())}'
        return f'<div role="status" style="{side};{_PAGE}"><div style="font-weight:600">{words}</div>{rows}</div>'
