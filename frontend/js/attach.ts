// Connects behaviours to the elements that name them, also those that arrive later, and disconnects them when they go.

/** Sets one element up; everything it listens to ends with `signal`. */
export type Behaviour = (element: HTMLElement, signal: AbortSignal) => void;

const connected = new Map<Element, AbortController>();

export function attach(behaviours: Record<string, Behaviour>): void {
  const connect = (element: HTMLElement) => {
    if (connected.has(element)) return;
    const controller = new AbortController();
    connected.set(element, controller);
    for (const name of (element.dataset.behaviour ?? "").split(/\s+/)) behaviours[name]?.(element, controller.signal);
  };
  const within = (root: ParentNode) => root.querySelectorAll<HTMLElement>("[data-behaviour]").forEach(connect);

  const observer = new MutationObserver((records) => {
    for (const node of records.flatMap((record) => [...record.addedNodes])) {
      if (!(node instanceof HTMLElement)) continue;
      if (node.dataset.behaviour) connect(node);
      within(node);
    }
    if (records.some((record) => record.removedNodes.length)) sweep();
  });
  observer.observe(document, { childList: true, subtree: true });
  within(document);
}

function sweep(): void {
  for (const [element, controller] of connected) {
    if (element.isConnected) continue;
    controller.abort();
    connected.delete(element);
  }
}
