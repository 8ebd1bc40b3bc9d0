// The chat in its frame: opened and closed, written in, read, left for mail and taken up again.
import { type Hello, type Standing, type Told, Refused, ask, known, read, remember, standsOn, tell } from "./door.ts";
import { type Item, draw } from "./draw.ts";
import { listen } from "./listen.ts";

const page = document.documentElement;
const at = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;
const [launch, chat, log, text] = [at("launch"), at("chat"), at("log"), at<HTMLTextAreaElement>("text")];
const [write, details, file] = [at<HTMLFormElement>("write"), at<HTMLFormElement>("details"), at<HTMLInputElement>("file")];
const alone = parent === window;
const TYPING = { tell: 4_000, show: 6_000 };

let identity = "", email = "", proven = false, told: Told[] = [], waiting: Item[] = [];
let stop: (() => void) | null = null, looked = 0, typed = 0, writing = 0;
const seen = { delivered: new Set<string>(), read: new Set<string>() };

const isOpen = () => !chat.hidden;
const wish = () => { if (!alone) parent.postMessage({ kept: "size", open: isOpen(), side: page.dataset.side }, "*"); };
const say = (words: string) => { at("word").textContent = words; };
const quietly = (work: Promise<unknown>) => void work.catch(() => undefined);

function open(): void {
  if (isOpen()) return;
  chat.hidden = false;
  launch.setAttribute("aria-expanded", "true");
  launch.hidden = !alone;
  wish();
  log.scrollTop = log.scrollHeight;
  text.focus();
  mark();
}

function close(): void {
  if (alone || !isOpen()) return;
  chat.hidden = true;
  launch.hidden = false;
  launch.setAttribute("aria-expanded", "false");
  wish();
  launch.focus();
}

async function hello(): Promise<void> {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const said = await tell<Hello>("hello", { identity, zone }).catch(async (error: unknown) => {
    if (!(error instanceof Refused) || error.status !== 401 || !known()) throw error;
    remember("");  // what was kept here is nobody's: begin anew
    return tell<Hello>("hello", { identity, zone });
  });
  at("promise").textContent = said.words || "Write any time. We answer here, or by mail when you have left.";
  if (said.word) say(said.word);
  if (known() && !said.token) remember("");
  details.dataset.verified = String(said.verified);
  take(said);
}

function take(standing: Standing): void {
  if (standing.token) remember(standing.token);
  email = standing.email;
  proven = standing.proven;
  told = standing.messages;
  const ids = new Set(told.map((one) => one.id));
  waiting = waiting.filter((one) => !ids.has(one.id));
  show();
  if (known() && !stop) stop = listen(heard);
}

function show(): void {
  const items = [...told, ...waiting].sort((a, b) => a.at - b.at);
  draw(log, items);
  details.hidden = !(told.some((one) => one.mine) && !email) || details.dataset.verified === "true" || details.dataset.later === "yes";
  at("prove").hidden = !email || proven || !told.some((one) => one.mine);
  const fresh = told.filter((one) => !one.mine && !seen.read.has(one.id)).length;
  at("count").textContent = isOpen() || !fresh ? "" : String(fresh);
  launch.setAttribute("aria-label", fresh && !isOpen() ? `${launch.dataset.words}, ${fresh} not read` : launch.dataset.words ?? "");
  mark();
}

/** Tells what was shown, and what was read: only somebody who looks at the open chat reads. */
function mark(): void {
  const state = isOpen() && document.visibilityState === "visible" ? "read" : "delivered";
  const ids = told.filter((one) => !one.mine && !one.automatic && !seen[state].has(one.id) && !seen.read.has(one.id)).map((one) => one.id);
  if (!ids.length || !known()) return;
  for (const id of ids) seen[state].add(id);
  quietly(tell("seen", { ids, state }).catch(() => { for (const id of ids) seen[state].delete(id); }));
  if (state === "read") at("count").textContent = "";
}

function heard(word: string): void {
  if (word === "typing") {
    at("typing").textContent = "Somebody is writing…";
    clearTimeout(writing);
    writing = window.setTimeout(() => { at("typing").textContent = ""; }, TYPING.show);
    return;
  }
  clearTimeout(looked);
  // After a break everybody is told at once: they come back over some seconds.
  looked = window.setTimeout(() => quietly(look()), 40 + Math.random() * (word === "resync" ? 8_000 : 120));
}

async function look(): Promise<void> {
  if (!known()) return;
  const before = told.filter((one) => !one.mine).length;
  take(await read<Standing>(await ask("messages")));
  if (told.filter((one) => !one.mine).length > before) at("typing").textContent = "";
}

function send(): void {
  const files = [...file.files ?? []];
  const words = text.value.trim();
  if (!words && !files.length) return;
  const id = [...crypto.getRandomValues(new Uint8Array(12))].map((one) => one.toString(36)).join("");
  const shown = files.map((one) => ({ key: "", name: one.name, size: one.size, image: false }));
  const item: Item = { id, mine: true, who: "", text: words, at: Date.now(), seen: false, mail: false, automatic: false, files: shown, state: "sending" };
  item.again = () => { item.state = "sending"; show(); quietly(deliver(item, files)); };
  waiting.push(item);
  text.value = file.value = "";
  chosen();
  say("");
  show();
  log.scrollTop = log.scrollHeight;
  quietly(deliver(item, files));
}

async function deliver(item: Item, files: File[]): Promise<void> {
  try {
    const { token } = await tell<{ token: string }>("messages", { id: item.id, text: item.text, identity, site: document.referrer, zone: Intl.DateTimeFormat().resolvedOptions().timeZone }, files);
    remember(token);
    delete item.state;
    stop ??= listen(heard);
    heard("look");
  } catch (error) {
    item.state = "failed";
    if (error instanceof Refused) say(Object.values(error.fields)[0] ?? error.message);
  }
  show();
}

function chosen(): void {
  at("files").textContent = [...file.files ?? []].map((one) => one.name).join(", ");
}

async function introduce(): Promise<void> {
  const address = at<HTMLInputElement>("email");
  const problem = at("email-error");
  try {
    email = (await tell<{ email: string }>("details", { email: address.value })).email;
    problem.textContent = "";
    address.removeAttribute("aria-invalid");
    say(email ? `We write to ${email} when you have left.` : "");
    text.focus();
  } catch (error) {
    problem.textContent = error instanceof Refused ? error.fields["email"] ?? error.message : "";
    address.setAttribute("aria-invalid", "true");
    address.focus();
  }
  show();
}

/** The link goes by mail, the code comes here; the answer is the same whoever has the address. */
async function prove(): Promise<void> {
  try {
    await tell("proof", {});
    say(`We have sent a mail to ${email}. Open its link and enter the code that we write to you here.`);
  } catch (error) {
    say(error instanceof Refused ? error.message : "");
  }
}

/** The site says who it is, who its visitor is, and what it remembered; one that says nothing is not waited for. */
let meet = () => {};
let isBegun = false;
const introduced = new Promise<void>((resolve) => { meet = resolve; });

async function begin(): Promise<void> {
  const link = /^#resume=(.+)$/.exec(location.hash)?.[1];
  if (link) {
    history.replaceState(null, "", location.pathname);
    try { remember((await tell<{ token: string }>("resumption", { link, visit: "" })).token); }
    catch (error) { say(error instanceof Refused ? error.message : ""); }
  }
  await Promise.race([introduced, new Promise((resolve) => window.setTimeout(resolve, alone ? 0 : 1_000))]);
  isBegun = true;
  await hello();
  if (alone) open();
}

launch.addEventListener("click", () => isOpen() ? close() : open());
at("close").addEventListener("click", close);
document.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
document.addEventListener("visibilitychange", mark);
write.addEventListener("submit", (event) => { event.preventDefault(); send(); });
text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); send(); }
});
text.addEventListener("input", () => {
  if (!known() || !told.length || Date.now() - typed < TYPING.tell) return;
  typed = Date.now();
  quietly(tell("typing", {}));
});
file.addEventListener("change", chosen);
details.addEventListener("submit", (event) => { event.preventDefault(); quietly(introduce()); });
at("prove").addEventListener("click", () => quietly(prove()));
at("later").addEventListener("click", () => { details.dataset.later = "yes"; show(); text.focus(); });
addEventListener("message", (event: MessageEvent<{ kept?: string; identity?: unknown; token?: unknown }>) => {
  if (event.source !== parent || alone) return;
  if (event.data?.kept === "open") open();
  if (event.data?.kept === "close") close();
  if (event.data?.kept !== "hello") return;
  const { identity: said, token } = event.data;
  standsOn(event.origin, typeof token === "string" ? token : "");
  const changed = typeof said === "string" && said !== identity;
  if (changed) identity = said;
  if (isBegun && changed) quietly(hello());
  meet();
});
page.classList.toggle("alone", alone);
launch.hidden = alone;
wish();
quietly(begin().catch(() => say("The chat does not answer just now. Load the page again, or write to us by mail.")));
if (!alone) parent.postMessage({ kept: "ready" }, "*");
