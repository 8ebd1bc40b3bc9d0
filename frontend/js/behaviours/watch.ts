// Watches the connection and the answers: a strip while offline, a toast when a form did not get through.
import { announce } from "../announce.ts";

const LOST = "That did not get through. Nothing is lost: try again.";

export function watch(body: HTMLElement, signal: AbortSignal): void {
  const strip = document.getElementById("offline");
  const show = () => { if (strip) strip.hidden = navigator.onLine; };
  for (const kind of ["online", "offline"]) window.addEventListener(kind, show, { signal });
  show();
  body.addEventListener("htmx:error", () => {
    const toast = Object.assign(document.createElement("div"), { className: "toast" });
    toast.dataset.behaviour = "undo";
    toast.append(Object.assign(document.createElement("span"), { textContent: LOST }));
    document.getElementById("toasts")?.append(toast);
    announce(LOST, "assertive");
  }, { signal });
}
