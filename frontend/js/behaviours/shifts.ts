// Moves a shift of a rota by dragging or by keys, fifteen minutes at a time, and fills in the form that shows what would change.

const STEP = 900;

export function shifts(element: HTMLElement, signal: AbortSignal): void {
  const form = document.getElementById(element.dataset.form ?? "") as HTMLFormElement | null;
  if (!form) return;
  let moved: SVGAElement | null = null;
  let start = 0;
  let end = 0;

  const field = (name: string) => form.elements.namedItem(name) as HTMLInputElement;
  const lane = (link: SVGAElement) => link.closest<SVGSVGElement>("svg.sched__lane")!;
  const wall = (seconds: number) => new Intl.DateTimeFormat(document.documentElement.lang, { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: form.dataset.zone }).format(seconds * 1000);

  const draw = (link: SVGAElement) => {
    const axis = lane(link).dataset;
    const share = 100 / (Number(axis.end) - Number(axis.start));
    const bar = link.querySelector("svg")!;
    const low = Math.max(start, Number(axis.start));
    bar.setAttribute("x", `${(low - Number(axis.start)) * share}%`);
    bar.setAttribute("width", `${Math.max(0, Math.min(end, Number(axis.end)) - low) * share}%`);
    const still = start === Number(link.dataset.from) && end === Number(link.dataset.to);
    link.classList.toggle("is-moving", !still);
    form.hidden = still;
    for (const name of ["lane", "person", "override", "from", "to"]) field(name).value = link.dataset[name] ?? "";
    field("start").value = String(start);
    field("end").value = String(end);
    form.querySelector("[data-words]")!.textContent = `${link.querySelector("text")?.textContent}: ${wall(start)} to ${wall(end)}`;
    const status = document.getElementById("polite");
    if (status) status.textContent = `${wall(start)} to ${wall(end)}`;
  };

  const choose = (link: SVGAElement) => {
    if (moved === link) return;
    leave();
    moved = link;
    start = Number(link.dataset.from);
    end = Number(link.dataset.to);
  };
  const leave = () => {
    if (!moved) return;
    start = Number(moved.dataset.from);
    end = Number(moved.dataset.to);
    draw(moved);
    moved = null;
  };
  const shift = (by: number, resize: boolean) => {
    if (!moved) return;
    if (!resize) start += by;
    end = Math.max(end + by, start + STEP);
    draw(moved);
  };

  element.addEventListener("keydown", (event) => {
    const link = (event.target as Element).closest<SVGAElement>("[data-shift]");
    if (!link) return;
    const by = { ArrowLeft: -STEP, ArrowRight: STEP }[event.key];
    if (by) {
      event.preventDefault();
      choose(link);
      shift(by, event.shiftKey);
    } else if (event.key === "Escape" && moved) {
      event.preventDefault();
      leave();
    } else if (event.key === "Enter" && moved === link && !form.hidden) {
      event.preventDefault();
      form.requestSubmit();
    }
  }, { signal });

  element.addEventListener("pointerdown", (event) => {
    const link = (event.target as Element).closest<SVGAElement>("[data-shift]");
    if (!link || event.button !== 0 || event.pointerType === "touch") return;
    choose(link);
    const box = link.querySelector("rect")!.getBoundingClientRect();
    const resize = box.right - event.clientX < 10;
    const axis = lane(link);
    const perPixel = (Number(axis.dataset.end) - Number(axis.dataset.start)) / axis.getBoundingClientRect().width;
    const from = { x: event.clientX, start, end };
    const drag = new AbortController();
    let dragged = false;
    const along = (move: PointerEvent) => {
      const by = Math.round((move.clientX - from.x) * perPixel / STEP) * STEP;
      dragged ||= by !== 0;
      start = resize ? from.start : from.start + by;
      end = Math.max(from.end + by, start + STEP);
      draw(link);
    };
    const options = { signal: AbortSignal.any([drag.signal, signal]) };
    window.addEventListener("pointermove", along, options);
    window.addEventListener("pointerup", () => drag.abort(), options);
    window.addEventListener("pointercancel", () => { drag.abort(); leave(); }, options);
    link.addEventListener("click", (click) => { if (dragged) click.preventDefault(); }, { once: true, signal });
  }, { signal });
  element.addEventListener("dragstart", (event) => event.preventDefault(), { signal });

  form.addEventListener("reset", (event) => { event.preventDefault(); const link = moved; leave(); link?.focus(); }, { signal });
}
