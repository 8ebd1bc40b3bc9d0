// Shows what was pushed, and opens our page when it is pressed. It answers nothing itself: the buttons there do.
/// <reference lib="webworker" />

declare const self: ServiceWorkerGlobalScope;
export {};

interface Said { title: string; body: string; link: string; tag: string; asks: boolean }

interface Pressable extends NotificationOptions {
  renotify?: boolean;
  actions?: { action: string; title: string }[];
}

const UNREADABLE: Said = { title: "On call", body: "Something is waiting for you. Open it to see what.", link: "/", tag: "", asks: false };
const MOVED: Said = {
  title: "You are not reached in this browser any more", body: "Open this, and add it again.", link: "/settings/on-call", tag: "moved", asks: false,
};

self.addEventListener("install", () => void self.skipWaiting());
self.addEventListener("push", (event) => event.waitUntil(show(read(event.data))));
self.addEventListener("pushsubscriptionchange", (event) => (event as ExtendableEvent).waitUntil(show(MOVED)));
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const link = new URL(String((event.notification.data as { link: string }).link), self.location.origin);
  if (event.action) link.hash = event.action;
  event.waitUntil(self.clients.openWindow(link.href));
});

/** A browser takes the right to push away from who shows nothing, so there is always something to show. */
function read(data: PushMessageData | null): Said {
  try {
    return { ...UNREADABLE, ...data?.json() as Partial<Said> };
  } catch {
    return UNREADABLE;
  }
}

function show(said: Said): Promise<void> {
  const options: Pressable = { body: said.body, data: { link: said.link || "/" }, requireInteraction: said.asks };
  if (said.tag) Object.assign(options, { tag: said.tag, renotify: true });
  if (said.asks) options.actions = [{ action: "on-it", title: "On it" }, { action: "pass-on", title: "Pass on" }];
  return self.registration.showNotification(said.title, options);
}
