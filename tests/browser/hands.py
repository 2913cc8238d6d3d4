"""What a person does on a page: find a point on the map, draw a lasso, move a slider, choose from a menu."""

from __future__ import annotations

import math
from typing import NamedTuple

HANDLE = ".noUi-handle, .ui-slider-handle"  # of ipywidgets 8, and of 7

# Hover over a grid of places, and note where a card with a name comes up.
SCAN = """(map, step) => {
  const canvas = map.querySelector('canvas'), card = map.querySelector('.card'), box = canvas.getBoundingClientRect();
  const found = new Map();
  const at = (x, y) => canvas.dispatchEvent(new PointerEvent('pointermove', {clientX: x, clientY: y}));
  for (let y = box.top + step; y < box.bottom - 4; y += step)
    for (let x = box.left + step; x < box.right - 4; x += step) {
      at(x, y);
      const name = !card.hidden && card.querySelector('b').textContent;
      if (name && !found.has(name)) found.set(name, [x, y]);
    }
  canvas.dispatchEvent(new PointerEvent('pointerleave'));
  return [...found].map(([name, [x, y]]) => [name, x, y]);
}"""


class Point(NamedTuple):
    """An item on the map, and where in the window."""

    name: str
    x: float
    y: float


def points(map_, step: int = 16) -> list[Point]:
    """Items that the mouse meets on the map, each with a place where its card comes up."""
    map_.locator("canvas").scroll_into_view_if_needed()
    map_.page.wait_for_timeout(600)  # points may still be moving
    return [Point(*found) for found in map_.evaluate(SCAN, step)]


def click(page, point: Point) -> None:
    """Go to a point, as a mouse does, and click."""
    page.mouse.move(point.x, point.y)
    page.mouse.click(point.x, point.y)


def ring(map_, x: float = 0.5, y: float = 0.5, across: float = 0.5, corners: int = 24) -> list[tuple[float, float]]:
    """A circle on the map in the window's px; its middle, and how wide it is, as parts of the canvas."""
    box = map_.locator("canvas").bounding_box()
    middle = box["x"] + x * box["width"], box["y"] + y * box["height"]
    radius = across * min(box["width"], box["height"]) / 2
    angles = [2 * math.pi * n / corners for n in range(corners + 1)]
    return [(middle[0] + radius * math.cos(a), middle[1] + radius * math.sin(a)) for a in angles]


def around_all(map_) -> list[tuple[float, float]]:
    """Along the edges of the map."""
    box = map_.locator("canvas").bounding_box()
    left, right = box["x"] + 2, box["x"] + box["width"] - 3
    top, low = box["y"] + 2, box["y"] + box["height"] - 3
    return [(left, top), (right, top), (right, low), (left, low), (left, top + 5)]


def lasso(map_, path: list[tuple[float, float]]) -> None:
    """Draw around some items; the button "lasso" must be down."""
    mouse = map_.page.mouse
    mouse.move(*path[0])
    mouse.down()
    for place in path[1:]:
        mouse.move(*place, steps=2)
    mouse.up()


def take_lasso(map_, on: bool = True) -> None:
    """Press the button, unless it is down already (or up)."""
    button = map_.get_by_role("button", name="lasso: draw around items (L)")
    if (button.get_attribute("aria-pressed") == "true") != on:
        button.click()


def slider(place, label: str):
    """The slider with this word beside it."""
    return place.locator(".widget-slider", has_text=label).first


def press(slider_, key: str, times: int = 1) -> None:
    """Move a slider by the keyboard."""
    handle = slider_.locator(HANDLE).first
    for _ in range(times):
        handle.focus()
        slider_.page.keyboard.press(key)


def drag(slider_, part: float) -> None:
    """Drag a slider to a part of its length, 0 to 1."""
    slider_.scroll_into_view_if_needed()
    rail, page = slider_.locator(".slider-container, .slider").first.bounding_box(), slider_.page
    box = slider_.locator(HANDLE).first.bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, y)
    page.mouse.down()
    page.mouse.move(rail["x"] + part * rail["width"], y, steps=6)
    page.mouse.up()


def choose(place, label: str, option: str) -> None:
    """Choose from the menu with this word beside it."""
    place.locator(".widget-dropdown", has_text=label).locator("select").first.select_option(option)


def options(place, label: str) -> list[str]:
    """What such a menu offers."""
    return place.locator(".widget-dropdown", has_text=label).locator("option").all_text_contents()
