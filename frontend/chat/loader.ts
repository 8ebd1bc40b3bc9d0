// Puts the chat on a site: one frame in a corner, which says how large it wants to be. Nothing else of the page is touched.

interface Kept { open(): void; close(): void; identify(token: string): void }
interface Wish { kept: "size"; open: boolean; side: "left" | "right" }

(() => {
  const script = document.currentScript as HTMLScriptElement | null;
  const host = window as unknown as { Kept?: Kept };
  if (!script || host.Kept) return;
  const place = script.src.replace(/\/widget\.js.*$/, "");
  const origin = new URL(place).origin;
  const frame = document.createElement("iframe");
  const shelf = `kept ${place}`;
  let identity = script.dataset.identity ?? "";

  // A browser that gives frames no storage of their own leaves it to the site's to remember the conversation.
  const kept = (token?: string) => {
    try {
      if (token === undefined) return localStorage.getItem(shelf) ?? "";
      if (token) localStorage.setItem(shelf, token); else localStorage.removeItem(shelf);
    } catch { /* remembered for this page alone */ }
    return "";
  };
  const tell = (words: object) => frame.contentWindow?.postMessage(words, origin);
  const fit = ({ open, side }: Wish) => {
    const small = innerWidth < 480;
    Object.assign(frame.style, {
      display: "block",
      [side]: open && small ? "0" : "8px",
      [side === "left" ? "right" : "left"]: "auto",
      bottom: open && small ? "0" : "8px",
      width: !open ? "72px" : small ? "100%" : "392px",
      height: !open ? "72px" : small ? "100%" : "min(640px, calc(100% - 16px))",
    });
  };
  addEventListener("message", (event: MessageEvent<{ kept?: string; token?: unknown }>) => {
    if (event.origin !== origin || event.source !== frame.contentWindow) return;
    if (event.data?.kept === "size") fit(event.data as Wish);
    if (event.data?.kept === "ready") tell({ kept: "hello", identity, token: kept() });
    if (event.data?.kept === "keep" && typeof event.data.token === "string") kept(event.data.token);
  });
  host.Kept = {
    open: () => tell({ kept: "open" }),
    close: () => tell({ kept: "close" }),
    identify: (token) => tell({ kept: "hello", identity: identity = token, token: "" }),
  };
  frame.title = "Chat";
  Object.assign(frame.style, { position: "fixed", border: "0", zIndex: "2147483000", display: "none", background: "none" });
  frame.src = `${place}/frame`;
  (document.body ?? document.documentElement).append(frame);
})();
