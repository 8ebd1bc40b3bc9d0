// Says how much room is left in what is written, as the channel counts, once it gets narrow; the server has the last word.

import { weighed } from "../weighing";

const NARROW = 0.2;
const COUNT: Record<string, (text: string) => number> = {
  utf16: (text) => text.length,
  characters: (text) => [...text].length,
  bytes: (text) => new TextEncoder().encode(text).length,
  weighed,
};

export function limit(form: HTMLElement, signal: AbortSignal): void {
  const text = form.querySelector<HTMLTextAreaElement>("textarea[data-most]");
  const status = form.querySelector<HTMLElement>("[data-room]");
  if (!text || !status) return;
  const most = Number(text.dataset.most);
  const count = COUNT[text.dataset.unit ?? ""] ?? COUNT.characters!;

  function say(): void {
    const left = most - count(text!.value.trim());
    text!.toggleAttribute("aria-invalid", left < 0);
    status!.classList.toggle("error", left < 0);
    status!.textContent = left < 0 ? `${-left} too many` : left <= most * NARROW ? `${left} left` : "";
  }
  text.addEventListener("input", say, { signal });
  form.addEventListener("htmx:after:request", say, { signal });
  say();
}
