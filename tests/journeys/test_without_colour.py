"""Nothing on the managers' pages is told by colour alone, whoever looks, and nowhere is there a traffic light."""

from __future__ import annotations

from io import BytesIO
from itertools import combinations

import pytest
from PIL import Image, ImageChops, ImageStat
from playwright.sync_api import Locator, Page

from tests.journeys.conftest import Sit
from tests.journeys.desk import MAYA, Desk
from tests.journeys.test_accessibility import Place, agreement, saved_reports, statement, visit

SEEING = ("none", "achromatopsia", "protanopia", "deuteranopia", "tritanopia")
PLACES: tuple[Place, ...] = (
    ("promises", "/promises?period=year", ()),
    ("promises by hour", "/promises/hours?period=year", ()),
    ("promises at risk", "/promises/open", ()),
    ("the next day", "/promises/next", ()),
    ("service", "/promises/service?period=year", ()),
    ("money", "/promises/money?period=year", ()),
    ("customer", lambda product: agreement(product).partition("/agreements")[0], ()),
    ("agreement", agreement, ()),
    ("statement", statement, ()),
    ("saved reports", saved_reports, ()),
)
_SWATCHES = ".legend > svg, .legend-2 > .key, .plot__key > .key"
_UNLIKE = 4
"""Of 255, how much two signs of a legend differ at least, on average."""

_BY_FILL_ALONE = """() => {
  const found = new Set(), ramp = /^h[0-6]$/, own = (one) => one.getAttribute("class") || "";
  const clash = (group, marks) => {
    for (const a of marks) for (const b of marks)
      if (a.state < b.state && a.shape === b.shape && a.colour !== b.colour)
        found.add(`${group}: ${a.state} and ${b.state} differ by colour alone, ${a.colour} and ${b.colour}`);
  };
  const fixed = (one, side) => /%$/.test(one.getAttribute(side) ?? "%") ? "" : one.getAttribute(side);
  const look = (one) => {
    const style = getComputedStyle(one), pattern = style.fill.startsWith("url") ? style.fill : "";
    const path = one.tagName === "path" ? (one.getAttribute("d") || "").replace(/[^a-z]/gi, "").slice(0, 8) : "";
    return { state: own(one), colour: pattern ? "" : `${style.fill} ${style.stroke}`,
      shape: [one.tagName, path, pattern, style.fill === "none", style.stroke === "none", style.strokeDasharray,
        style.strokeWidth, one.getAttribute("r") ?? "", fixed(one, "width"), fixed(one, "height")].join() };
  };
  const holders = [...document.querySelectorAll("svg")].filter((one) => !one.parentElement.closest("svg") && !one.closest(".sprite"));
  const groups = new Map();
  for (const svg of holders) {
    if (!svg.checkVisibility()) continue;
    const holder = svg.closest(".legend") ?? (svg.classList.contains("heat__row") ? svg.parentElement : svg);
    const marks = [...svg.querySelectorAll("rect, circle, path, line, polygon")].filter((one) => own(one) && !ramp.test(own(one)) && !one.closest("symbol, pattern, use"));
    groups.set(holder, [...(groups.get(holder) ?? []), ...marks.map(look)]);
  }
  for (const [holder, marks] of groups) clash(holder.getAttribute("class") || holder.tagName, marks);
  const blanks = new Map();
  for (const one of document.querySelectorAll("main [class*='--']")) {
    if (!one.checkVisibility() || one.textContent.trim() || one.querySelector("svg, img") || one.closest("svg") || one.matches("input, select, textarea, button")) continue;
    const before = getComputedStyle(one, "::before"), style = before.content === "none" || before.content === "normal" ? getComputedStyle(one) : before;
    const shape = [style.width, style.height, style.borderStyle, style.backgroundImage !== "none", style.borderRadius].join();
    const base = own(one).split(" ")[0].split("--")[0];
    blanks.set(base, [...(blanks.get(base) ?? []), { state: own(one), colour: style.backgroundColor, shape }]);
  }
  for (const [base, marks] of blanks) clash(base, marks);
  return [...found];
}"""

_SIGNALS = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true }), found = new Map();
  const hue = (colour) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = "#000"; canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data, most = Math.max(r, g, b), least = Math.min(r, g, b), span = most - least;
    if (a < 80 || span < 40) return "";
    const at = most === r ? ((g - b) / span + 6) % 6 : most === g ? (b - r) / span + 2 : (r - g) / span + 4;
    const degrees = at * 60;
    return degrees > 75 && degrees < 165 ? "green" : degrees >= 44 && degrees <= 75 ? "yellow" : degrees > 340 || degrees < 12 ? "red" : "";
  };
  for (const one of document.querySelectorAll("body, body *")) {
    if (!one.checkVisibility() || one.closest(".avatar")) continue;
    for (const which of [null, "::before", "::after"]) {
      const style = getComputedStyle(one, which);
      if (which && (style.content === "none" || style.content === "normal")) continue;
      for (const name of ["color", "backgroundColor", "fill", "stroke", "borderTopColor", "outlineColor", "textDecorationColor"]) {
        const told = hue(style[name]);
        if (told) found.set(told, `${told}: ${one.tagName}.${one.getAttribute("class") || ""} ${name} ${style[name]}`);
      }
    }
  }
  return found.has("green") || found.size > 1 ? [...found.values()] : [];
}"""
"""Green anywhere, or yellow beside red; an avatar's tint is whose it is and no state."""


_PLANTED = """() => {
  const here = document.querySelector("main"), add = (kind, to, more) => {
    const one = document.createElementNS("http://www.w3.org/2000/svg", kind);
    Object.entries(more).forEach(([name, value]) => one.setAttribute(name, value));
    return to.appendChild(one);
  };
  const picture = add("svg", here, { width: "40", height: "20", class: "planted" });
  add("rect", picture, { class: "good", width: "10%", height: "100%" }).style.fill = "oklch(0.6 0.17 145)";
  add("rect", picture, { class: "poor", x: "50%", width: "10%", height: "100%" }).style.fill = "oklch(0.6 0.2 25)";
}"""


def seeing(desk: Desk, how: str) -> None:
    desk.context.new_cdp_session(desk.page).send("Emulation.setEmulatedVisionDeficiency", {"type": how})


def alike(page: Page, name: str) -> list[str]:
    """Signs of one legend that look the same as it is seen now."""
    found = []
    for legend in page.locator(".legend, .legend-2, .plot__key").all():
        signs = [_sign(one) for one in legend.locator(_SWATCHES).all() if one.is_visible()]
        for (at, one), (beside, other) in combinations(enumerate(signs), 2):
            if _unlike(one, other) < _UNLIKE:
                found.append(f"{name}: signs {at} and {beside} of “{legend.inner_text()}” look alike")
    return found


def _sign(one: Locator) -> Image.Image:
    """The mark itself: the left of a key, without its words."""
    picture = Image.open(BytesIO(one.screenshot(animations="disabled"))).convert("L")
    return picture.crop((0, 0, min(14, picture.width), picture.height)).resize((14, 14))


def _unlike(one: Image.Image, other: Image.Image) -> float:
    return float(ImageStat.Stat(ImageChops.difference(one, other)).mean[0])


@pytest.mark.parametrize("theme", ["light", "dark"])
class TestColour:
    @pytest.mark.parametrize("width", [1440, 360])
    def test_is_never_all_that_tells_two_states_apart(self, sit: Sit, theme: str, width: int) -> None:
        desk, troubles = sit(MAYA, viewport={"width": width, "height": 900}, color_scheme=theme), []
        for place in PLACES:
            page = visit(desk, place)
            troubles += [f"{place[0]}: {one}" for one in page.evaluate(_BY_FILL_ALONE)]
            troubles += [f"{place[0]}: {one}" for one in page.evaluate(_SIGNALS)]
        assert troubles == []

    @pytest.mark.parametrize("how", SEEING)
    def test_that_is_missing_takes_no_sign_of_a_legend_away(self, sit: Sit, theme: str, how: str) -> None:
        desk, troubles = sit(MAYA, color_scheme=theme), []
        seeing(desk, how)
        for place in PLACES:
            troubles += alike(visit(desk, place), place[0])
        assert troubles == []


class TestTheWatch:
    def test_sees_a_traffic_light_that_is_planted(self, sit: Sit) -> None:
        page = sit(MAYA).open("/promises/next")
        assert page.evaluate(_BY_FILL_ALONE) + page.evaluate(_SIGNALS) == []
        page.evaluate(_PLANTED)
        (alone,) = page.evaluate(_BY_FILL_ALONE)
        assert "good and poor differ by colour alone" in alone
        assert "green" in {one.partition(":")[0] for one in page.evaluate(_SIGNALS)}
