// Keeps a list of tickets true: fetches a changed row and puts it in its place, but never under somebody's pointer.
import { fragment, ready } from "../fragment.ts";
import { onLive, stagger } from "../live.ts";
import { place, stays } from "../place.ts";

export function rows(list: HTMLElement, signal: AbortSignal): void {
  const view = list.dataset.view ?? "";
  const fetching = new Set<number>();
  const waiting = new Map<number, HTMLElement | null>();
  const more = list.querySelector<HTMLButtonElement>("[data-new]");
  const busy = () => list.matches(":hover, :focus-within");
  /** A new row above would push what is being read further down. */
  const scrolled = () => list.scrollTop > 0;

  async function look(ticket: number): Promise<void> {
    if (fetching.has(ticket)) return;
    fetching.add(ticket);
    await stagger();
    fetching.delete(ticket);
    const found = await fragment(`/tickets/${ticket}/row?view=${encodeURIComponent(view)}`).catch(() => undefined);
    if (found === undefined || signal.aborted) return;
    settle(ticket, (found?.[0] as HTMLElement | undefined) ?? null);
  }

  /** Shows a row now when nothing moves by it or nobody is looking, else keeps it for later. */
  function settle(ticket: number, row: HTMLElement | null): void {
    const old = document.getElementById(`row-${ticket}`);
    if (row ? old?.isEqualNode(row) : !old) { waiting.delete(ticket); tell(); return; }
    const held = old?.matches(":hover, :focus-within") ?? (busy() || scrolled());
    if (held || (busy() && !(row && old && stays(list, old, row)))) waiting.set(ticket, row);
    else { waiting.delete(ticket); put(ticket, row); }
    tell();
  }

  function put(ticket: number, row: HTMLElement | null): void {
    const old = document.getElementById(`row-${ticket}`);
    if (row && old?.querySelector("[aria-current=true]")) row.querySelector("a")?.setAttribute("aria-current", "true");
    if (row) { place(list, row, old); ready(row); } else old?.remove();
  }

  function tell(): void {
    const fresh = [...waiting].filter(([ticket, row]) => row && !document.getElementById(`row-${ticket}`)).length;
    if (more) { more.hidden = fresh === 0; more.textContent = `${fresh} new`; }
  }

  function release(all: boolean): void {
    if (!all && busy()) return;
    for (const [ticket, row] of [...waiting]) {
      if (!all && scrolled() && !document.getElementById(`row-${ticket}`)) continue;
      waiting.delete(ticket);
      put(ticket, row);
    }
    tell();
  }

  onLive(signal, (change) => { if (change.ticket) void look(change.ticket); }, () => void resync());
  const later = () => requestAnimationFrame(() => release(false));
  for (const kind of ["pointerleave", "focusout", "scrollend"]) list.addEventListener(kind, later, { signal });
  more?.addEventListener("click", () => { release(true); list.scrollTop = 0; list.focus(); }, { signal });

  /** After a gap every row is asked for again through the page itself. */
  async function resync(): Promise<void> {
    await stagger();
    const url = list.dataset.url;
    const page = url ? await fragment(url).catch(() => null) : null;
    const fresh = new Map((page ?? []).flatMap((one) => [...one.querySelectorAll<HTMLElement>("li[id^=row-]")]).map((row) => [number(row), row]));
    if (!page || signal.aborted) return;
    for (const row of list.querySelectorAll<HTMLElement>("li[id^=row-]")) if (!fresh.has(number(row))) settle(number(row), null);
    for (const [ticket, row] of fresh) settle(ticket, row);
  }
}

function number(row: HTMLElement): number {
  return Number(row.id.replace("row-", ""));
}
