// Moves "now" on every rail and counts the words down, once a minute in one pass, by the server's clock.
import { now } from "../clock.ts";
import { draw, say } from "../promise.ts";

const MINUTE = 60_000;
/** Just behind the full minute, so that no word is a minute late. */
const BEHIND = 50;

export function tick(_body: HTMLElement, signal: AbortSignal): void {
  let timer = 0;
  const wait = () => { timer = window.setTimeout(step, MINUTE - (now() % MINUTE) + BEHIND); };
  function step(): void {
    const at = now();
    document.querySelectorAll<SVGElement>("svg[data-rail]").forEach((rail) => draw(rail, at));
    document.querySelectorAll<HTMLElement>("[data-left]").forEach((left) => say(left, at));
    wait();
  }
  wait();
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { clearTimeout(timer); step(); } }, { signal });
  signal.addEventListener("abort", () => clearTimeout(timer));
}
