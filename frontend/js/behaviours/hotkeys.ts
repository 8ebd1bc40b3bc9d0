// Presses, follows or opens what names a key in data-key="e", "shift+e", "g i" or several, comma-separated.

const SEQUENCE = 1_500;
const SYMBOLS: Record<string, string> = { Period: ".", Slash: "/", Comma: ",", Escape: "escape", Enter: "enter" };
const UNREACHABLE = "[hidden], [inert], [inert] *, dialog:not([open]) *, details:not([open]) > :not(summary), details:not([open]) > :not(summary) *";

export function hotkeys(body: HTMLElement, signal: AbortSignal): void {
  let first = "", at = 0;
  document.addEventListener("keydown", (event) => {
    const key = named(event);
    if (!key || event.isComposing || event.defaultPrevented) return;
    const writing = (event.target as HTMLElement).closest?.("input, textarea, select, [contenteditable]");
    if (!key.startsWith("mod+") && (writing || body.dataset.hotkeys === "off")) return;
    const prefix = first && event.timeStamp - at < SEQUENCE ? `${first} ` : "";
    first = "";
    if (press(prefix + key, event)) event.preventDefault();
    else if (key === "g") [first, at] = ["g", event.timeStamp];
  }, { signal });
}

/** "shift+e", "mod+enter", "?"; from the key's place when the layout is not Latin; empty for keys that are not ours. */
function named(event: KeyboardEvent): string {
  if (event.altKey || ["Shift", "Control", "Meta"].includes(event.key)) return "";
  const latin = /^[!-~]$/.test(event.key);
  const place = SYMBOLS[event.code] ?? event.code.replace(/^(Key|Digit)/, "").toLowerCase();
  const base = latin ? event.key.toLowerCase() : event.key.length > 1 ? event.key.toLowerCase() : place;
  const shift = event.shiftKey && (base.length > 1 || /[a-z.]/.test(base)) ? "shift+" : "";
  return (event.ctrlKey || event.metaKey ? "mod+" : "") + shift + (!latin && event.shiftKey && base === "/" ? "?" : base);
}

/** Gives the key to whoever listens for "key", else to the element that names it; false when nobody wants it. */
function press(key: string, event: KeyboardEvent): boolean {
  const asked = new CustomEvent("key", { detail: key, cancelable: true });
  if (!document.dispatchEvent(asked)) return true;
  const native = (event.target as HTMLElement).closest?.("a[href], button, summary");
  if (key === "enter" && native) return false;
  const found = bearer(key);
  if (found) activate(found);
  return Boolean(found);
}

/** The last element on the page with this key; while a menu or dialog is open only those inside count. */
function bearer(key: string): HTMLElement | undefined {
  const scope = document.querySelector("dialog[open], details.menu[open]") ?? document;
  const form = document.activeElement?.closest("form");
  const all = [...(key.startsWith("mod+") && form ? form : scope).querySelectorAll<HTMLElement>("[data-key]")];
  return all.findLast((one) => one.dataset.key!.split(",").some((part) => part.trim() === key) && !one.matches(UNREACHABLE));
}

function activate(element: HTMLElement): void {
  if (element.matches("input:not([type=submit]), textarea, select")) element.focus();
  else element.click();
}
