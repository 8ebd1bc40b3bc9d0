// Saves what is being written: on this device with every key, on the server half a second after the last.
import { post } from "../fragment.ts";

const PAUSE = 500;
const RETRY = 5_000;

export function drafts(element: HTMLElement, signal: AbortSignal): void {
  const form = element as HTMLFormElement;
  const url = form.dataset.draftUrl;
  const text = form.querySelector("textarea");
  const status = form.querySelector<HTMLElement>("[data-draft-status]");
  if (!url || !text) return;
  const key = `draft ${document.body.dataset.agent ?? ""} ${url}`;
  let timer = 0, saving: AbortController | undefined;
  const say = (words: string) => { if (status) status.textContent = words; };
  const later = (wait: number) => { clearTimeout(timer); timer = window.setTimeout(() => void save(), wait); };

  async function save(): Promise<void> {
    saving?.abort();
    saving = new AbortController();
    const sent = text!.value;
    try {
      const response = await post(url!, new FormData(form), saving.signal);
      if (!response.ok) throw new Error(String(response.status));
      if (text!.value === sent) { localStorage.removeItem(key); say(sent ? "Draft saved" : ""); }
    } catch (error) {
      if ((error as Error).name === "AbortError") return;
      say("Saved on this device");
      later(RETRY);
    }
  }

  /** Once it is sent, or about to be, no copy may come back. */
  function stop(): void {
    clearTimeout(timer);
    saving?.abort();
  }

  const kept = localStorage.getItem(key);
  if (kept !== null && kept !== text.value) { text.value = kept; later(PAUSE); }
  text.addEventListener("input", () => { localStorage.setItem(key, text.value); say(""); later(PAUSE); }, { signal });
  form.addEventListener("submit", stop, { signal });
  form.addEventListener("htmx:after:request", (event) => {
    const status = (event as CustomEvent<{ ctx: { response?: { status: number } } }>).detail.ctx.response?.status ?? 0;
    if (status >= 200 && status < 400) { localStorage.removeItem(key); text.value = ""; say(""); } else later(RETRY);
  }, { signal });
  form.addEventListener("htmx:error", () => later(RETRY), { signal });
  window.addEventListener("online", () => { if (localStorage.getItem(key) !== null) later(0); }, { signal });
  signal.addEventListener("abort", () => clearTimeout(timer));
}
