// Switches between reply and note: two forms, two drafts; words never go from one to the other.

export function composer(root: HTMLElement, signal: AbortSignal): void {
  const tabs = [...root.querySelectorAll<HTMLElement>("[role=tab]")];
  const panel = (tab: HTMLElement) => document.getElementById(tab.getAttribute("aria-controls") ?? "");

  function select(tab: HTMLElement, write: boolean): void {
    for (const one of tabs) {
      const chosen = one === tab;
      one.setAttribute("aria-selected", String(chosen));
      one.tabIndex = chosen ? 0 : -1;
      const its = panel(one);
      if (its) its.hidden = !chosen;
    }
    root.classList.toggle("composer--note", tab.dataset.tone === "note");
    if (write) panel(tab)?.querySelector("textarea")?.focus(); else tab.focus();
  }

  const next = (from: HTMLElement, step: number) => tabs[(tabs.indexOf(from) + step + tabs.length) % tabs.length]!;
  const current = () => tabs.find((tab) => tab.getAttribute("aria-selected") === "true") ?? tabs[0]!;

  for (const tab of tabs) {
    tab.addEventListener("click", (event) => { event.preventDefault(); select(tab, true); }, { signal });
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step) select(next(tab, step), false);
    }, { signal });
  }
  document.addEventListener("key", (event) => {
    if ((event as CustomEvent<string>).detail !== "mod+." || tabs.length < 2) return;
    event.preventDefault();
    select(next(current(), 1), true);
  }, { signal });
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !(event.target as HTMLElement).matches("textarea")) return;
    event.preventDefault();
    document.querySelector<HTMLElement>(".ticket__scroll")?.focus();
  }, { signal });
}
