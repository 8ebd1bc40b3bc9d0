// Where a row belongs: in its group's section, sorted by data-sort (or data-due), ties by id so that every browser agrees.

/** Puts `row` in its place, in exchange for `old` when it was there before. */
export function place(list: HTMLElement, row: HTMLElement, old: HTMLElement | null): void {
  const items = home(list, row);
  if (old && items && old.parentElement === items && stays(list, old, row)) { old.replaceWith(row); return; }
  old?.remove();
  items?.insertBefore(row, follower(items, row, old));
}

/** Whether putting `row` in for `old` moves nothing. */
export function stays(list: HTMLElement, old: HTMLElement, row: HTMLElement): boolean {
  const items = home(list, row);
  return items !== null && old.parentElement === items && follower(items, row, old) === old.nextElementSibling;
}

function home(list: HTMLElement, row: HTMLElement): HTMLElement | null {
  return list.querySelector(`section[data-group="${CSS.escape(row.dataset.group ?? "")}"] ul`);
}

function follower(items: HTMLElement, row: HTMLElement, old: HTMLElement | null): Element | null {
  return [...items.children].find((other) => other !== old && before(row, other as HTMLElement)) ?? null;
}

function before(one: HTMLElement, other: HTMLElement): boolean {
  const [a, b] = [sort(one), sort(other)];
  const both = Number(a) - Number(b);
  const order = Number.isNaN(both) ? a.localeCompare(b) : both;
  return order === 0 ? Number(one.id.slice(4)) < Number(other.id.slice(4)) : order < 0;
}

function sort(row: HTMLElement): string {
  return row.dataset.sort ?? row.dataset.due ?? "";
}
