// A running promise a minute later: its line and its words, from its start, due and warning instants alone.

const MINUTE = 60_000;
const PAST_NOW = 96;
const PAST_DUE_MOST = 90;
const SHAPES: Record<string, string> = { warm: "half", ember: "diamond" };

function tone(now: number, warn: number, due: number): string {
  return now >= due ? "ember" : now >= warn ? "warm" : "cool";
}

/** As `helpdesk/web/rails.py` lays it out, for a running promise. */
export function draw(rail: SVGElement, now: number): void {
  const [start, due, warn] = [rail.dataset.start, rail.dataset.due, rail.dataset.warn].map(Number) as [number, number, number];
  const share = (100 * (now - start)) / (due - start);
  const past = now >= due;
  const ring = past ? Math.min((PAST_NOW * (due - start)) / (now - start), PAST_DUE_MOST) : 100;
  const here = past ? PAST_NOW : Math.max(0, Math.min(share, 100));
  const set = (part: string, values: Record<string, number>) => {
    for (const [name, value] of Object.entries(values)) rail.querySelector(part)?.setAttribute(name, `${Math.round(value * 10) / 10}%`);
  };
  swap(rail, "rail", tone(now, warn, due));
  const rest = rail.querySelector(".rest, .over");
  rest?.setAttribute("class", past ? "over" : "rest");
  set(".rest, .over", past ? { x: ring, width: PAST_NOW - ring } : { x: here, width: 100 - here });
  set(".track", { width: ring });
  set(".cap", { cx: ring });
  set(".now", { x: here });
  set("text.is-now", { x: here });
  const label = rail.querySelector("text.is-now");
  if (label) label.textContent = new Date(now + Number(rail.dataset.offset) * MINUTE).toISOString().slice(11, 16);
  // The axis changes its scale here; the row that the server sends for the broken promise draws the nights again.
  if (past) rail.querySelectorAll(".gap, .asleep").forEach((one) => one.remove());
}

/** As `helpdesk/text/timeleft.py` says it; words for later days stay the server's. */
export function say(left: HTMLElement, now: number): void {
  const [due, warn, counts] = [left.dataset.due, left.dataset.warn, left.dataset.counts].map(Number) as [number, number, number];
  const name = tone(now, warn, due);
  const words = left.querySelector("span")!;
  if (swap(left, "left", name)) left.querySelector(".shape")?.replaceChildren(...sign(SHAPES[name] ?? "ring"));
  if (now < counts) return;
  const form = left.dataset.left; // list, ticket, or panel
  const dueAt = form === "ticket" ? words.textContent!.match(/due .*$/)?.[0] : undefined;
  words.textContent = now < due ? running(due - now, form === "list" ? `to ${left.dataset.what}` : "left", dueAt) : past(now - due, dueAt);
}

function running(left: number, suffix: string, due?: string): string {
  return `${span(Math.ceil(left / MINUTE))} ${suffix}${due ? `, ${due}` : ""}`;
}

function past(late: number, due?: string): string {
  return `${late < MINUTE ? "Just past" : `${span(Math.floor(late / MINUTE))} past`}${due ? `, was ${due}` : ""}`;
}

function span(minutes: number): string {
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60), rest = minutes % 60;
  if (hours >= 48) return `${Math.floor(hours / 24)} days`;
  return rest ? `${hours} h ${String(rest).padStart(2, "0")}` : `${hours} h`;
}

/** Gives the element its tone; true when that is a change. */
function swap(element: Element, block: string, tone: string): boolean {
  const name = `${block}--${tone}`;
  if (element.classList.contains(name)) return false;
  for (const other of ["cool", "warm", "ember"]) element.classList.remove(`${block}--${other}`);
  element.classList.add(name);
  return true;
}

function sign(name: string): Node[] {
  const template = document.querySelector<HTMLTemplateElement>("template#shapes");
  const found = template?.content.querySelector(`[data-shape="${name}"]`);
  return found ? [...found.cloneNode(true).childNodes] : [];
}
