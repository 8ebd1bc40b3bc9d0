// Fetches a piece of a page through the reader's own permissions.
import htmx from "htmx.org";

/** The elements at `url`; null when there is nothing for this reader (204, 403, 404, 410). Throws when the server cannot say. */
export async function fragment(url: string): Promise<Element[] | null> {
  const response = await fetch(url, { headers: { "HX-Request": "true", Accept: "text/html" }, credentials: "same-origin" });
  if ([204, 403, 404, 410].includes(response.status)) return null;
  if (!response.ok || response.redirected) throw new Error(`${url}: ${response.status}`);
  const template = document.createElement("template");
  template.innerHTML = await response.text();
  return [...template.content.children];
}

/** Lets htmx see elements that were put in by hand. */
export function ready<T extends Element>(element: T): T {
  htmx.process(element);
  return element;
}

/** Sends a form's values the way the form would, with the token every unsafe request carries. */
export function post(url: string, values: FormData, signal?: AbortSignal): Promise<Response> {
  const token = document.querySelector<HTMLMetaElement>("meta[name=csrf-token]")?.content ?? "";
  if (!values.has("csrf_token")) values.set("csrf_token", token);
  return fetch(url, { method: "POST", body: values, headers: { "HX-Request": "true" }, credentials: "same-origin", signal: signal ?? null });
}
