// Draws the conversation: what is there stays as it is, so that a screen reader hears what is new and nothing twice.
import { type File_, type Told, ask } from "./door.ts";

export interface Item extends Told { state?: "sending" | "failed"; again?: () => void }

const ADDRESS = /https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)]/g;
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

export function draw(log: HTMLElement, items: Item[]): boolean {
  const there = new Map([...log.children].map((one) => [(one as HTMLElement).dataset.id ?? "", one as HTMLElement]));
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
  let fresh = false, before: Element | null = null;
  for (const item of items) {
    const old = there.get(item.id);
    const line = old ?? made(item);
    there.delete(item.id);
    foot(line, item);
    const place: Element | null = before ? before.nextElementSibling : log.firstElementChild;
    if (place !== line) log.insertBefore(line, place);
    fresh ||= !old;
    before = line;
  }
  for (const gone of there.values()) gone.remove();
  if (fresh && atEnd) log.scrollTop = log.scrollHeight;
  return fresh;
}

function made(item: Item): HTMLElement {
  const line = element("div", item.mine ? "mine" : "theirs");
  line.dataset.id = item.id;
  const words = element("p", "words");
  linked(words, item.text);
  if (item.text) line.append(words);
  for (const file of item.files) line.append(attached(file));
  line.append(element("span", "foot"));
  return line;
}

function foot(line: HTMLElement, item: Item): void {
  const who = item.automatic ? "Automatic, " : item.mine || !item.who ? "" : `${item.who}, `;
  const how = item.mail ? ", by mail" : "";
  const state = item.state === "sending" ? ", sending" : item.state === "failed" ? ", not sent" : item.seen ? ", seen" : "";
  const said = `${who}${clock.format(item.at)}${how}${state}`;
  const place = line.querySelector<HTMLElement>(".foot")!;
  if (place.firstChild?.textContent !== said) place.replaceChildren(said);
  if (item.state !== "failed" || !item.again) return;
  const again = Object.assign(element("button", "link"), { textContent: "Send again", type: "button" });
  again.addEventListener("click", item.again, { once: true });
  place.replaceChildren(said, " ", again);
}

function linked(place: HTMLElement, text: string): void {
  let at = 0;
  for (const found of text.matchAll(ADDRESS)) {
    const link = Object.assign(element("a"), { href: found[0], textContent: found[0], target: "_blank", rel: "noopener noreferrer nofollow" });
    place.append(text.slice(at, found.index), link);
    at = found.index + found[0].length;
  }
  place.append(text.slice(at));
}

/** A file is asked for with the visitor's token, so its address alone opens nothing. */
function attached(file: File_): HTMLElement {
  const open = Object.assign(element("button", "file"), { type: "button", textContent: `${file.name} (${Math.max(1, Math.round(file.size / 1000))} kB)` });
  const fetched = async () => {
    const answer = await ask(`files/${file.key}`);
    return answer.ok ? URL.createObjectURL(await answer.blob()) : "";
  };
  open.addEventListener("click", () => void fetched().then((url) => {
    if (url) Object.assign(document.createElement("a"), { href: url, download: file.name }).click();
  }));
  if (file.image && file.key) void fetched().then((url) => {
    if (url) open.replaceChildren(Object.assign(document.createElement("img"), { src: url, alt: file.name }));
  });
  return open;
}

function element<K extends keyof HTMLElementTagNameMap>(name: K, kind = ""): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  if (kind) made.className = kind;
  return made;
}
