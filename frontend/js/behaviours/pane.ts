// Shows one pane of the page without leaving it; the address says which, so Back works and a reload shows the same.

export function pane(link: HTMLElement, signal: AbortSignal): void {
  const to = link.dataset.pane ?? "";
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const root = document.documentElement;
    const showing = root.dataset.pane === to;
    const address = new URL(location.href);
    const next = showing ? link.dataset.otherwise ?? "" : to;
    if (showing) address.searchParams.delete("pane"); else address.searchParams.set("pane", to);
    history.pushState({ pane: next, was: root.dataset.pane ?? "" }, "", address);
    root.dataset.pane = next;
  }, { signal });
  const initial = document.documentElement.dataset.pane ?? "";
  window.addEventListener("popstate", (event) => {
    const state = event.state as { pane?: string } | null;
    document.documentElement.dataset.pane = state?.pane ?? initial;
  }, { signal });
}
