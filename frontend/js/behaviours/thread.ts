// Keeps the open ticket true: new messages at its end, changed ones in place, what stands around them when nobody is using it.
import { announce } from "../announce.ts";
import { fragment, ready } from "../fragment.ts";
import { type Change, onLive, stagger } from "../live.ts";

const MOVES = new Set(["ticket.merged", "ticket.absorbed", "ticket.unmerged", "ticket.split", "ticket.parted"]);

/** What stands around the conversation. */
const SIDES = [".ticket__head", ".ticket__pledge", ".context__scroll"];

const CHANGES = /^(delivery\.|message\.(edited|deleted|completed)$)/;

export function thread(ticket: HTMLElement, signal: AbortSignal): void {
  const number = Number(ticket.dataset.ticket);
  let list = ticket.querySelector<HTMLElement>(".thread");
  let scroll = ticket.querySelector<HTMLElement>(".ticket__scroll");
  const messages = () => [...(list?.querySelectorAll<HTMLElement>("li[data-message]") ?? [])];
  const shown = (id: string | undefined) => messages().find((one) => one.dataset.message === id);
  const sheet = ticket.parentElement!;
  let [asked, stale] = [false, false];

  async function more(): Promise<void> {
    await stagger();
    const found = (await fragment(`/tickets/${number}/messages?after=${messages().at(-1)?.dataset.message ?? 0}`)) ?? [];
    const atEnd = scroll && scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;
    for (const one of found as HTMLElement[]) {
      if (one.dataset.message && shown(one.dataset.message)) continue;
      list?.append(one);
      ready(one);
      if (one.dataset.says) announce(one.dataset.says);
    }
    if (scroll && atEnd && found.length) scroll.scrollTop = scroll.scrollHeight;
  }

  /** Messages came into the midst of the conversation, or left it. */
  async function anew(): Promise<void> {
    await stagger();
    const [fresh] = (await fragment(`/tickets/${number}/thread`)) ?? [];
    if (!fresh || signal.aborted || scroll?.contains(document.activeElement?.closest("form") ?? null)) return;
    const next = ready(fresh as HTMLElement);
    scroll?.replaceWith(next);
    list = next.querySelector<HTMLElement>(".thread");
    next.scrollTop = next.scrollHeight;
    scroll = next;
  }

  async function again(message: string): Promise<void> {
    await stagger();
    const [fresh] = (await fragment(`/messages/${message}`)) ?? [];
    const old = shown(message);
    if (!fresh || !old || old.contains(document.activeElement)) return;
    old.replaceWith(ready(fresh));
  }

  async function sides(): Promise<void> {
    if (asked) return;
    asked = true;
    await stagger();
    asked = false;
    stale = SIDES.some(used);
    if (SIDES.every(used)) return;
    const fresh = document.createElement("div");
    fresh.append(...(await fragment(`/tickets/${number}/sides?view=${encodeURIComponent(ticket.dataset.view ?? "")}`)) ?? []);
    if (signal.aborted) return;
    for (const side of SIDES) {
      const [old, next] = [sheet.querySelector(side), fresh.querySelector(side)];
      if (used(side)) stale = true;
      else if (old && next) { old.replaceChildren(...next.childNodes); ready(old); }
    }
  }

  /** Whether somebody is at work there, or waits for its answer; it is looked at again when they leave it. */
  function used(side: string): boolean {
    return Boolean(sheet.querySelector(side)?.querySelector(":focus, details[open], .htmx-request"));
  }

  const quietly = (work: Promise<void>) => void work.catch(() => undefined);
  function changed({ id, kind, ticket: of }: Change): void {
    if (of !== number) return;
    if (MOVES.has(kind)) quietly(anew());
    else if (!CHANGES.test(kind)) quietly(more());
    else if (shown(String(id))) quietly(again(String(id)));
    quietly(sides());
  }
  onLive(signal, changed, () => { quietly(more()); quietly(sides()); });
  for (const kind of ["focusout", "toggle"]) sheet.addEventListener(kind, () => { if (stale) requestAnimationFrame(() => quietly(sides())); }, { signal, capture: true });
  // One's own message may arrive both as the answer to sending it and over the stream.
  ticket.addEventListener("htmx:after:swap", () => {
    const seen = new Set<string>();
    for (const one of messages()) if (seen.has(one.dataset.message!)) one.remove(); else seen.add(one.dataset.message!);
    // What had the focus may be gone with the swap: the conversation takes it, so that keys go on working.
    if (document.activeElement === document.body) scroll?.focus({ preventScroll: true });
  }, { signal });
  if (scroll?.hasAttribute("data-end")) scroll.scrollTop = scroll.scrollHeight;
  // Led here from the ticket before: what is open now has the focus and is said.
  if (ticket.dataset.arrived) {
    ticket.querySelector<HTMLElement>(".ticket__subject")?.focus({ preventScroll: true });
    announce(ticket.dataset.arrived);
  }
}
