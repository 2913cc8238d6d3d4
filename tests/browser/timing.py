"""How long a page takes to answer, by the page's own clock."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

# From the event, as the browser stamped it, until the text of the element is another and matches.
ARM = """([selector, event, pattern]) => {
  const read = () => document.querySelector(selector)?.textContent ?? '';
  const before = read(), wanted = new RegExp(pattern);
  let start = null;
  window.answered = new Promise(resolve => {
    const look = () => {
      const now = performance.now(), text = read();
      if (start === null || text === before || !wanted.test(text)) return;
      watch.disconnect();
      resolve(now - start);
    };
    const watch = new MutationObserver(look);
    watch.observe(document.body, {childList: true, subtree: true, characterData: true});
  });
  document.addEventListener(event, happened => { start = happened.timeStamp; }, {capture: true, once: true});
}"""
WAIT = "limit => Promise.race([window.answered, new Promise(late => setTimeout(late, limit, -1))])"
SLOWEST = 30_000  # ms


def answer_time(page, act: Callable[[], None], text: str, event: str = "pointerup", pattern: str = "") -> float:
    """Milliseconds from the event that `act` causes until the element at `text` (CSS) reads differently.

    Raises ``TimeoutError`` if it never does.
    """
    page.evaluate(ARM, [text, event, pattern])
    act()
    found = page.evaluate(
        "limit => Promise.race([window.answered, new Promise(r => setTimeout(r, limit, -1))])", SLOWEST
    )
    if found < 0:
        raise TimeoutError(f"{text} did not change within {SLOWEST / 1000:.0f} s of {event}.")
    return found


def answer_times(page, acts: Sequence[Callable[[], None]], *where: str, pause: float = 150) -> list[float]:
    """`answer_time` of each act, with a pause between them (ms) in which late answers come in."""
    times = []
    for act in acts:
        times.append(answer_time(page, act, *where))
        page.wait_for_timeout(pause)
    return times


def p95(times: Sequence[float]) -> float:
    """The 95th percentile, a time that was measured."""
    return sorted(times)[round(0.95 * (len(times) - 1))]


def summary(times: Sequence[float]) -> str:
    """The median and the 95th percentile in words."""
    return f"median {statistics.median(times):5.0f} ms   p95 {p95(times):5.0f} ms   n {len(times)}"
