// Keeps the numbers beside views true: every [data-count] on the page takes the words of the same one from the server.
import { fragment } from "../fragment.ts";
import { onLive, stagger } from "../live.ts";

const CALM = 1_000;

export function counts(nav: HTMLElement, signal: AbortSignal): void {
  const url = nav.dataset.counts ?? "/inbox/counts";
  let timer = 0;

  async function refresh(): Promise<void> {
    await stagger();
    timer = 0;
    const fresh = await fragment(url).catch(() => null);
    for (const one of (fresh ?? []) as HTMLElement[]) {
      for (const source of [one, ...one.querySelectorAll<HTMLElement>("[data-count]")]) {
        const key = source.dataset.count;
        if (!key) continue;
        for (const shown of document.querySelectorAll(`[data-count="${CSS.escape(key)}"]`)) shown.textContent = source.textContent;
      }
    }
  }

  // A burst of changes is one question: the first asks soon, the rest ride along.
  const soon = () => { timer ||= window.setTimeout(() => void refresh(), CALM); };
  // Who is there or writes in a chat changes no number.
  onLive(signal, (change) => { if (!change.kind.startsWith("chat.")) soon(); }, soon);
}
