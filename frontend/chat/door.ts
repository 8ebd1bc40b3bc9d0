// What the frame asks of the server: by a token that it keeps for itself, never by a cookie.

export interface File_ { key: string; name: string; size: number; image: boolean }
export interface Told { id: string; mine: boolean; who: string; text: string; at: number; seen: boolean; mail: boolean; automatic: boolean; files: File_[] }
export interface Standing { token: string; email: string; proven: boolean; messages: Told[] }
export interface Hello extends Standing { words: string; name: string; word: string; verified: boolean }

/** What went wrong, in words for the visitor. */
export class Refused extends Error {
  constructor(readonly status: number, words: string, readonly fields: Record<string, string>) { super(words); }
}

const AWAY = "That did not get through. Your words are still here.";
const place = document.documentElement.dataset.place ?? "";
const shelf = `kept ${place}`;
let token = recall();
let site = "";

export const known = () => token;

/** The site the frame stands on, and what it remembered where this browser gives frames no storage. */
export function standsOn(origin: string, kept: string): void {
  site = origin;
  if (!token && kept) token = kept;
}

export function remember(fresh: string): void {
  if (fresh === token) return;
  token = fresh;
  try { if (fresh) localStorage.setItem(shelf, fresh); else localStorage.removeItem(shelf); }
  catch { if (site) parent.postMessage({ kept: "keep", token: fresh }, site); }
}

export function ask(path: string, signal?: AbortSignal): Promise<Response> {
  return fetch(`${place}/${path}`, { headers: headers(), credentials: "omit", signal: signal ?? null });
}

export async function tell<T>(path: string, said: Record<string, unknown>, files: File[] = []): Promise<T> {
  const whole = { visit: token.split(".")[0] ?? "", ...said };
  const body = files.length ? form(whole, files) : JSON.stringify(whole);
  const kind = files.length ? {} : { "Content-Type": "application/json" };
  const answer = await fetch(`${place}/${path}`, { method: "POST", body, headers: { ...headers(), ...kind }, credentials: "omit" }).catch(() => null);
  return read<T>(answer);
}

export async function read<T>(answer: Response | null): Promise<T> {
  if (!answer) throw new Refused(0, AWAY, {});
  const said = await answer.json().catch(() => ({})) as T & { error?: string; fields?: Record<string, string> };
  if (!answer.ok) throw new Refused(answer.status, said.error ?? AWAY, said.fields ?? {});
  return said;
}

function headers(): Record<string, string> {
  return { Accept: "application/json", ...(token ? { Authorization: `Bearer ${token}` } : {}) };
}

function form(said: Record<string, unknown>, files: File[]): FormData {
  const whole = new FormData();
  for (const [name, value] of Object.entries(said)) whole.set(name, String(value));
  for (const file of files) whole.append("file", file);
  return whole;
}

function recall(): string {
  try { return localStorage.getItem(shelf) ?? ""; } catch { return ""; }
}
