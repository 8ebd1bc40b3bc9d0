// Makes a <details> menu behave: one open at a time, arrows walk it, Escape and a click elsewhere close it.

export function menu(element: HTMLElement, signal: AbortSignal): void {
  const details = element as HTMLDetailsElement;
  const items = () => [...details.querySelectorAll<HTMLElement>(".popover :is(a[href], button, input:not([type=hidden]), select, textarea)")].filter((one) => one.checkVisibility());
  const close = (back: boolean) => {
    details.open = false;
    if (back) details.querySelector("summary")?.focus();
  };

  details.addEventListener("toggle", () => {
    if (!details.open) return;
    for (const other of document.querySelectorAll<HTMLDetailsElement>("details.menu[open]")) if (other !== details && !other.contains(details)) other.open = false;
    details.querySelector(".popover")?.scrollIntoView({ block: "nearest" });
    // A quick hand may have gone to a choice before the menu heard that it is open.
    if (!details.querySelector(".popover")?.contains(document.activeElement)) items()[0]?.focus();
  }, { signal });

  details.addEventListener("keydown", (event) => {
    if (!details.open) return;
    if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); close(true); return; }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || (event.target as HTMLElement).matches("select, textarea")) return;
    event.preventDefault();
    const all = items();
    all[(all.indexOf(document.activeElement as HTMLElement) + step + all.length) % all.length]?.focus();
  }, { signal });

  document.addEventListener("click", (event) => { if (!details.contains(event.target as Node)) close(false); }, { signal });
  details.addEventListener("focusout", (event) => {
    const to = event.relatedTarget as Node | null;
    if (to && !details.contains(to)) close(false);
  }, { signal });
  details.addEventListener("htmx:after:request", () => close(false), { signal });
}
