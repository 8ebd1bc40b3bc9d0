// Attaches files as they are chosen, pasted or dropped; each shows how far it is and can be taken back.
import { announce } from "../announce.ts";
import { post } from "../fragment.ts";

export function upload(element: HTMLElement, signal: AbortSignal): void {
  const form = element as HTMLFormElement;
  const url = form.dataset.uploadUrl;
  const input = form.querySelector<HTMLInputElement>("input[type=file]");
  const list = form.querySelector<HTMLElement>(".composer__files");
  if (!url || !input || !list) return;

  function take(files: Iterable<File>): void {
    for (const file of files) send(file);
  }

  function send(file: File): void {
    const row = document.createElement("li");
    const bar = document.createElement("progress");
    row.className = "file";
    row.append(Object.assign(document.createElement("span"), { className: "clip", textContent: file.name }), bar);
    bar.setAttribute("aria-label", `Attaching ${file.name}`);
    list!.append(row);
    const values = new FormData();
    values.set("csrf_token", document.querySelector<HTMLMetaElement>("meta[name=csrf-token]")?.content ?? "");
    values.set("file", file, file.name);
    // fetch cannot say how much has gone up.
    const request = new XMLHttpRequest();
    request.upload.addEventListener("progress", (event) => { bar.max = event.total; bar.value = event.loaded; });
    request.addEventListener("loadend", () => finish(row, file.name, request.status, request.responseText));
    request.open("POST", url!);
    request.setRequestHeader("HX-Request", "true");
    request.send(values);
    signal.addEventListener("abort", () => request.abort());
  }

  function finish(row: HTMLElement, name: string, status: number, html: string): void {
    if (signal.aborted) return;
    if (status >= 200 && status < 300) {
      const template = document.createElement("template");
      template.innerHTML = html;
      row.replaceWith(...template.content.children);
      return;
    }
    const why = status === 413 ? "is too big to attach" : "was not attached. Try again";
    row.replaceChildren(`${name} ${why}.`);
    row.append(Object.assign(document.createElement("button"), { type: "button", className: "btn btn--sm btn--quiet", textContent: "Remove" }));
    row.querySelector("button")!.dataset.remove = "";
    announce(`${name} ${why}.`, "assertive");
  }

  input.addEventListener("change", () => { take(input.files ?? []); input.value = ""; }, { signal });
  form.addEventListener("paste", (event) => { if (event.clipboardData?.files.length) { event.preventDefault(); take(event.clipboardData.files); } }, { signal });
  form.addEventListener("dragover", (event) => { event.preventDefault(); form.classList.add("is-over"); }, { signal });
  form.addEventListener("dragleave", () => form.classList.remove("is-over"), { signal });
  form.addEventListener("drop", (event) => { event.preventDefault(); form.classList.remove("is-over"); take(event.dataTransfer?.files ?? []); }, { signal });
  list.addEventListener("click", (event) => {
    const button = (event.target as HTMLElement).closest<HTMLElement>("[data-remove]");
    if (!button) return;
    event.preventDefault(); // without script it sends the form to take the file off
    void takeOff(button.closest("li")!, button.dataset.remove ?? "");
  }, { signal });

  async function takeOff(row: HTMLElement, url: string): Promise<void> {
    row.hidden = true;
    const gone = !url || await post(url, new FormData()).then((response) => response.ok, () => false);
    row.hidden = false;
    if (gone) row.remove();
    else announce("The file was not taken off. Try again.", "assertive");
    form.querySelector("textarea")?.focus();
  }
  form.addEventListener("htmx:after:request", (event) => {
    const status = (event as CustomEvent<{ ctx: { response?: { status: number } } }>).detail.ctx.response?.status ?? 0;
    if (status >= 200 && status < 400) list.replaceChildren();
  }, { signal });
}
