// One stream of changes per browser, shared between its tabs; it carries ids, the page fetches what they mean.
import { now } from "./clock.ts";

/** `id` is the message for message.* and delivery.* kinds, else the event. */
export interface Change { id: number; kind: string; ticket: number | null }

type News = { change: Change } | { resync: true } | { hello: number };

/** When the newest change came, by the server's clock. */
let heard = 0;
const RETRY = { least: 3_000, most: 10_000 };
/** The server tells again what happened since a page younger than this was drawn; an older one looks by itself. */
const YOUNG = 20_000;
const MARGIN = 1_000;

export function live(body: HTMLElement, signal: AbortSignal): void {
  const url = body.dataset.live;
  if (!url) return;
  const shared = "locks" in navigator && "BroadcastChannel" in window;
  const channel = shared ? new BroadcastChannel("live") : null;
  const drawn = Number(body.dataset.now ?? 0);
  const tell = (news: News) => { channel?.postMessage(news); dispatch(news); };
  channel?.addEventListener("message", (event: MessageEvent<News>) => dispatch(event.data), { signal });
  // A tab that joins says when its page was drawn; if the reader has heard more since, everybody looks again.
  channel?.addEventListener("message", (event: MessageEvent<News>) => {
    if ("hello" in event.data && heard > event.data.hello - MARGIN) tell({ resync: true });
  }, { signal });
  channel?.postMessage({ hello: drawn } satisfies News);
  signal.addEventListener("abort", () => channel?.close());
  const begin = () => listen(`${url}?after=${drawn}`, tell, signal, now() - drawn > YOUNG);
  if (!shared) { begin(); return; }
  // Whoever holds the lock reads for all; when its tab goes, the next in line takes over and everybody catches up.
  void navigator.locks.request("live", { signal }, (lock) => new Promise<void>((done) => {
    if (!lock) return done();
    begin();
    signal.addEventListener("abort", () => done());
  })).catch(() => undefined);
  window.addEventListener("pageshow", (event) => { if (event.persisted) dispatch({ resync: true }); }, { signal });
}

function listen(url: string, tell: (news: News) => void, signal: AbortSignal, again = false): void {
  const source = new EventSource(url);
  let opened = again;
  source.addEventListener("open", () => {
    if (opened) tell({ resync: true });
    opened = true;
  });
  source.addEventListener("change", (event: MessageEvent<string>) => {
    heard = now();
    tell({ change: JSON.parse(event.data) as Change });
  });
  source.addEventListener("resync", () => tell({ resync: true }));
  source.addEventListener("error", () => {
    // The browser retries a cut stream by itself; a refused one (busy, signed out) it gives up.
    if (source.readyState !== EventSource.CLOSED || signal.aborted) return;
    window.setTimeout(() => listen(url, tell, signal, true), between(RETRY.least, RETRY.most));
  });
  signal.addEventListener("abort", () => source.close());
}

function dispatch(news: News): void {
  if ("hello" in news) return;
  document.dispatchEvent("change" in news ? new CustomEvent("live:change", { detail: news.change }) : new CustomEvent("live:resync"));
}

function between(least: number, most: number): number {
  return least + Math.random() * (most - least);
}

/** Waits up to 300 ms at random, so that a change does not bring every browser to the server at once. */
export function stagger(): Promise<void> {
  return new Promise((resolve) => window.setTimeout(resolve, between(0, 300)));
}

/** Calls `changed` for each change and `resync` when some may have been missed. */
export function onLive(signal: AbortSignal, changed: (change: Change) => void, resync: () => void): void {
  document.addEventListener("live:change", (event) => changed((event as CustomEvent<Change>).detail), { signal });
  document.addEventListener("live:resync", () => resync(), { signal });
}
