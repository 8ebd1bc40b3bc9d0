// Keeps the line about a chat's visitor true: that they are there, that they write; and tells them that they are read.
import { fragment, post, ready } from "../fragment.ts";
import { onLive, stagger } from "../live.ts";

const SHOWN = 6_000;

export function visitor(line: HTMLElement, signal: AbortSignal): void {
  const number = Number(line.dataset.ticket);
  const word = line.querySelector<HTMLElement>("[data-typing]");
  let timer = 0;

  async function again(): Promise<void> {
    await stagger();
    const [fresh] = (await fragment(`/tickets/${number}/visitor`)) ?? [];
    if (fresh && !signal.aborted) line.replaceWith(ready(fresh));
  }
  const quietly = (work: Promise<unknown>) => void work.catch(() => undefined);
  const read = () => {
    const words = new FormData();
    words.set("reads", "yes");
    if (document.visibilityState === "visible") quietly(post(`/tickets/${number}/typing`, words));
  };
  const say = (words: string) => { if (word && word.textContent !== words) word.textContent = words; };

  onLive(signal, ({ kind, id, ticket }) => {
    if (kind === "chat.typing" && id === number) {
      say("Writing…");
      clearTimeout(timer);
      timer = window.setTimeout(() => say(""), SHOWN);
    } else if (kind === "chat.presence" && id === number) quietly(again());
    else if (kind === "message.received" && ticket === number) { say(""); read(); }
  }, () => quietly(again()));
  signal.addEventListener("abort", () => clearTimeout(timer));
  read();
}
