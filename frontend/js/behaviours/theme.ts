// Changes the theme at once and tells the server after.
import { post } from "../fragment.ts";

export function theme(element: HTMLElement, signal: AbortSignal): void {
  const form = element as HTMLFormElement;
  form.addEventListener("submit", (event) => {
    const chosen = event.submitter as HTMLButtonElement | null;
    if (!chosen) return;
    event.preventDefault();
    if (chosen.value) document.documentElement.dataset.theme = chosen.value;
    else delete document.documentElement.dataset.theme;
    for (const option of form.querySelectorAll("button")) option.toggleAttribute("aria-current", option === chosen);
    const values = new FormData(form, chosen);
    void post(form.action, values).catch(() => undefined);
  }, { signal });
}
