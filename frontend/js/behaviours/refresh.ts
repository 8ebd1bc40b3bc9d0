// Keeps a part of a page fresh: each minute and soon after a change, only while it is seen, without a flicker.
import { fragment, ready } from "../fragment.ts";
import { onLive, stagger } from "../live.ts";

const MINUTE = 60_000;
/** Changes come in bursts; one look a while after the first is enough. */
const CALM = 5_000;

export function refresh(part: HTMLElement, signal: AbortSignal): void {
  const url = part.dataset.refresh ?? "";
  let asked = 0;
  let due = 0;

  async function look(): Promise<void> {
    asked = 0;
    await stagger();
    if (document.hidden || signal.aborted) { due = 1; return; }
    due = 0;
    const fresh = await fragment(url).catch(() => null);
    for (const one of fresh ?? []) replace(one);
  }

  /** What somebody uses or points at does not change under them. */
  function replace(one: Element): void {
    const shown = one.id ? part.querySelector(`:scope > #${CSS.escape(one.id)}`) : null;
    if (!shown || shown.outerHTML === one.outerHTML) return;
    if (shown.matches(":hover") || shown.contains(document.activeElement) || shown.querySelector("details[open]")) { due = 1; return; }
    shown.replaceWith(ready(one));
  }

  const soon = (after: number) => { asked ||= window.setTimeout(() => void look(), after); };
  const timer = window.setInterval(() => soon(0), MINUTE);
  onLive(signal, () => soon(CALM), () => soon(CALM));
  document.addEventListener("visibilitychange", () => { if (!document.hidden && due) soon(0); }, { signal });
  signal.addEventListener("abort", () => { clearInterval(timer); clearTimeout(asked); });
}
