"""What every live view is: a widget where there can be one, and a plain figure with a sentence where there can't."""

from __future__ import annotations

import functools
import html
from collections.abc import Callable
from types import ModuleType

WIDGET_MIME = "application/vnd.jupyter.widget-view+json"


class View:
    """Something that shows itself at the end of a cell.

    A subclass defines `html`, what a static page shows, `__repr__`, the same in words, and `_widget`, which is asked
    once, at the first showing. Without ipywidgets, or in a plain Python shell, the HTML or the words are shown.
    """

    @functools.cached_property
    def widget(self):
        """The live form, or None where the packages for it are missing."""
        widgets = ipywidgets()
        return None if widgets is None else self._widget(widgets)

    def html(self) -> str:
        """The view as it stands, for pages without a kernel."""
        raise NotImplementedError

    def _widget(self, widgets: ModuleType):
        raise NotImplementedError

    def forms(self) -> dict[str, object]:
        """The view without a kernel, by MIME type."""
        return {"text/plain": repr(self), "text/html": self.html()}

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, object]:
        forms = self.forms()
        if self.widget is not None:
            forms[WIDGET_MIME] = {"version_major": 2, "version_minor": 0, "model_id": self.widget.model_id}
        return forms


def ipywidgets() -> ModuleType | None:
    """The package, or None where it is not installed."""
    try:
        import ipywidgets
    except ImportError:
        return None
    return ipywidgets


def guarded(show: Callable[[str], None]) -> Callable[[Callable], Callable]:
    """For what answers a click: an error there would be seen nowhere, so `show` is given it as HTML."""

    def guard(answer: Callable) -> Callable:
        @functools.wraps(answer)
        def answered(*given, **named):
            try:
                return answer(*given, **named)
            except Exception as error:
                words = error.args[0] if error.args else type(error).__name__
                show(f'<p role="alert" style="color:#D55E00">{html.escape(str(words))}</p>')

        return answered

    return guard


def live_map():
    """The class of the live map, or None where the package for it is missing."""
    try:
        from .map import ItemMap
    except ImportError:
        return None
    return ItemMap


def described(widgets: ModuleType, name: str) -> str:
    """A name that comes with the data, as a control's description: ipywidgets 7 takes that for HTML."""
    return html.escape(name) if widgets.__version__.startswith("7.") else name
