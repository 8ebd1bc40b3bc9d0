// Listens to the visitor's stream: it says when to look. While it is cut or refused, the page looks by itself now and then.
import { ask } from "./door.ts";

const AGAIN = { least: 1_000, most: 30_000 };
const LOOK = 5_000;

export function listen(heard: (word: string) => void): () => void {
  const end = new AbortController();
  let wait = AGAIN.least;

  async function keep(): Promise<void> {
    while (!end.signal.aborted) {
      const began = Date.now();
      await once().catch(() => undefined);
      if (end.signal.aborted) return;
      wait = Date.now() - began > AGAIN.most ? AGAIN.least : Math.min(wait * 2, AGAIN.most);
      const timer = window.setInterval(() => heard("look"), LOOK);
      await new Promise((resolve) => window.setTimeout(resolve, wait * (0.5 + Math.random())));
      clearInterval(timer);
    }
  }

  async function once(): Promise<void> {
    const answer = await ask("stream", end.signal);
    if (!answer.ok || !answer.body) throw new Error(String(answer.status));
    const words = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let rest = ""; ;) {
      const { value, done } = await words.read();
      if (done) return;
      rest += value;
      for (let at = rest.indexOf("\n\n"); at >= 0; at = rest.indexOf("\n\n")) {
        const word = /^event: (\w+)$/m.exec(rest.slice(0, at))?.[1];
        rest = rest.slice(at + 2);
        if (word) heard(word === "hello" ? "look" : word);
      }
    }
  }
  void keep();
  return () => end.abort();
}
