// Moves along a list of links with J, K and the arrows, and opens with O; where a row is open already, moving opens the next.

export function walk(list: HTMLElement, signal: AbortSignal): void {
  const links = () => [...list.querySelectorAll<HTMLAnchorElement>("li > a[href]")];
  const here = () => links().findIndex((link) => link === document.activeElement);
  const open = () => links().findIndex((link) => link.getAttribute("aria-current") === "true");

  document.addEventListener("key", (event) => {
    const key = (event as CustomEvent<string>).detail;
    const step = { j: 1, arrowdown: 1, k: -1, arrowup: -1 }[key];
    if (step !== undefined && document.querySelector("details.menu[open], dialog[open]") === null) {
      const arrows = key.startsWith("arrow");
      if (arrows && !list.contains(document.activeElement) && document.activeElement !== document.body) return;
      event.preventDefault();
      move(step);
    } else if (key === "o" && here() >= 0) {
      event.preventDefault();
      links()[here()]?.click();
    }
  }, { signal });

  // Opening a ticket loads a page: the list stays where it was, and the open row is in sight.
  const place = `list ${list.dataset.view ?? ""}`;
  list.scrollTop = Number(sessionStorage.getItem(place) ?? 0);
  links()[open()]?.scrollIntoView({ block: "nearest" });
  window.addEventListener("pagehide", () => sessionStorage.setItem(place, String(list.scrollTop)), { signal });

  function move(step: number): void {
    const all = links();
    const from = here() >= 0 ? here() : open();
    const to = all[from < 0 ? (step > 0 ? 0 : all.length - 1) : from + step];
    if (!to) return;
    to.focus();
    to.scrollIntoView({ block: "nearest" });
    if (open() >= 0) to.click();
  }
}
