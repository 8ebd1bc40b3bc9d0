// "This browser": asks it for leave to notify, subscribes at its push service and sends the subscription with the form.

const BLOCKED = "This browser blocks notifications from here, as it always does in a private window. Allow them in its settings for this site, then load the page again.";
const UNANSWERED = "The browser asked, and nobody answered. Nothing was changed.";
const NO_SERVICE = "This browser got no address at its push service. A private window never gets one; else look at the connection and try again.";

export function browser(form: HTMLElement, signal: AbortSignal): void {
  if (!(form instanceof HTMLFormElement)) return;
  const button = form.querySelector<HTMLButtonElement>("button[type=submit]")!;
  const said = form.querySelector<HTMLElement>("[data-said]")!;
  const say = (words: string) => { said.textContent = words; said.hidden = !words; };

  const never = unable();
  say(never || (Notification.permission === "denied" ? BLOCKED : ""));
  button.hidden = Boolean(never);
  if (never) return;
  void mark(form);

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    button.disabled = true;
    say("");
    subscribe(form).then(
      (subscription) => {
        (form.elements.namedItem("subscription") as HTMLInputElement).value = JSON.stringify(subscription);
        form.submit();
      },
      (error: unknown) => {
        button.disabled = false;
        say(error instanceof Refusal ? error.message : NO_SERVICE);
      },
    );
  }, { signal });
}

class Refusal extends Error {}

/** Why this browser never can; empty when it can. */
function unable(): string {
  if (!window.isSecureContext) return "Browsers take notifications only from addresses that begin with https. An administrator can set one up.";
  if (!("serviceWorker" in navigator) || !("PushManager" in window) || !("Notification" in window)) return "This browser takes no notifications from websites, or not in a private window.";
  return "";
}

async function subscribe(form: HTMLFormElement): Promise<PushSubscription> {
  const leave = await Notification.requestPermission();
  if (leave !== "granted") throw new Refusal(leave === "denied" ? BLOCKED : UNANSWERED);
  const [registration, key] = await Promise.all([worker(form.dataset.worker!), ours(form)]);
  const before = await registration.pushManager.getSubscription();
  if (before && same(before.options.applicationServerKey, key)) return before;
  await before?.unsubscribe(); // it was for a key that is no more
  return registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
}

/** The registration, once its worker runs. */
async function worker(address: string): Promise<ServiceWorkerRegistration> {
  const registration = await navigator.serviceWorker.register(address);
  const coming = registration.installing ?? registration.waiting;
  if (registration.active || !coming) return registration;
  await new Promise<void>((resolve, reject) => coming.addEventListener("statechange", () => {
    if (coming.state === "activated") resolve();
    if (coming.state === "redundant") reject(new Error("the worker did not start"));
  }));
  return registration;
}

async function ours(form: HTMLFormElement): Promise<Uint8Array<ArrayBuffer>> {
  const token = (form.elements.namedItem("csrf_token") as HTMLInputElement).value;
  const answer = await fetch(form.dataset.key!, { method: "POST", headers: { "X-CSRF-Token": token, Accept: "application/json" } });
  if (!answer.ok) throw new Refusal("The server did not answer as it should. Load the page again, and try once more.");
  const { key } = await answer.json() as { key: string };
  return Uint8Array.from(atob(key.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
}

function same(one: ArrayBuffer | null, other: Uint8Array): boolean {
  const bytes = new Uint8Array(one ?? new ArrayBuffer(0));
  return bytes.length === other.length && bytes.every((byte, place) => byte === other[place]);
}

/** Says of one in the list that it is the browser at hand. */
async function mark(form: HTMLFormElement): Promise<void> {
  const registration = await navigator.serviceWorker.getRegistration(form.dataset.worker);
  const subscription = await registration?.pushManager.getSubscription();
  if (!subscription) return;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(subscription.endpoint)));
  const name = [...digest.slice(0, 3)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  document.querySelector(`[data-browser="${name}"]`)?.removeAttribute("hidden");
}
