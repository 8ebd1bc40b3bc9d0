// The one clock of the page: this device's, corrected by the server's time at which the page was made.

const offset = Number(document.body.dataset.now ?? Date.now()) - Date.now();

/** Now, in milliseconds, as the server counts them. */
export function now(): number {
  return Date.now() + offset;
}
