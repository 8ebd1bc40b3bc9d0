// Opens a <dialog> by its key ("?" unless data-opens says another) and lists only the keys this page can use.

const ALWAYS = new Set(["j", "k", "enter", "mod+."]);

export function dialog(element: HTMLElement, signal: AbortSignal): void {
  const box = element as HTMLDialogElement;
  const opener = box.dataset.opens ?? "?";
  document.addEventListener("key", (event) => {
    if ((event as CustomEvent<string>).detail !== opener || box.open) return;
    event.preventDefault();
    filter(box);
    box.showModal();
  }, { signal });
  box.addEventListener("click", (event) => { if (event.target === box) box.close(); }, { signal });
}

function filter(box: HTMLDialogElement): void {
  const present = new Set([...document.querySelectorAll<HTMLElement>("[data-key]")].flatMap((one) => one.dataset.key!.split(",").map((key) => key.trim())));
  const walks = document.querySelector("[data-behaviour~=walk]") !== null;
  for (const row of box.querySelectorAll<HTMLElement>("[data-for-key]")) {
    const key = row.dataset.forKey!;
    row.hidden = !(present.has(key) || (walks && ALWAYS.has(key)));
  }
}
