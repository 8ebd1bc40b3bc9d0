// Counts a toast down in words and takes it away when its time has passed; says it once to those who listen.
import { announce } from "../announce.ts";
import { now } from "../clock.ts";

const LINGER = 8_000;

export function undo(toast: HTMLElement, signal: AbortSignal): void {
  const until = toast.dataset.until ? Number(toast.dataset.until) : now() + LINGER;
  const seconds = toast.querySelector<HTMLElement>("[data-seconds]");
  // Who was led to another ticket is told there what happened and what is open now, in one sentence.
  if (!document.querySelector("[data-arrived]")) announce((toast.querySelector("span")?.textContent ?? "").trim());
  const timer = window.setInterval(() => {
    const left = Math.ceil((until - now()) / 1000);
    if (seconds) seconds.textContent = String(Math.max(0, left));
    // A hand or a focus on it means somebody is about to use it.
    if (left <= 0 && (seconds || !toast.matches(":hover, :focus-within"))) toast.remove();
  }, 250);
  signal.addEventListener("abort", () => clearInterval(timer));
}
