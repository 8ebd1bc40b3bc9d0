// Says something to those who listen to the page; the live regions are part of the layout.

export function announce(words: string, urgency: "polite" | "assertive" = "polite"): void {
  const region = document.getElementById(urgency);
  if (!region) return;
  region.textContent = "";
  // An empty frame between two texts makes the same words be spoken twice.
  requestAnimationFrame(() => { region.textContent = words; });
}
