// Lets the visitor of a chat see that an answer is being written; at most one word in four seconds.
import { post } from "../fragment.ts";

const PAUSE = 4_000;

export function typing(form: HTMLElement, signal: AbortSignal): void {
  const url = form.dataset.typingUrl;
  const text = form.querySelector("textarea");
  let told = 0;
  text?.addEventListener("input", () => {
    if (!url || !text.value || Date.now() - told < PAUSE) return;
    told = Date.now();
    void post(url, new FormData()).catch(() => undefined);
  }, { signal });
}
