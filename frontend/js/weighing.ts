// How long a text is for X, as helpdesk/text/weighing.py counts: a link 23, an emoji 2, most letters 1, the rest 2.

const LINK = 23;
const URLS =
  /https?:\/\/[^\s<>"'，。、）)\]]+|(?<![\w@.-])(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}\b(?:\/[^\s<>"']*)?/gi;
const EMOJI =
  /[\u{1f1e6}-\u{1f1ff}]{2}|[0-9#*]\ufe0f?\u20e3|\p{Extended_Pictographic}\ufe0f?[\u{1f3fb}-\u{1f3ff}]?(?:\u200d\p{Extended_Pictographic}\ufe0f?[\u{1f3fb}-\u{1f3ff}]?)*/gu;
const KNOWN = /\.(?:com|net|org|info|biz|io|dev|app|edu|gov|mil|int|shop|store|online|site|tech|xyz|ai|me|tv|co|cloud|blog|news|live)$/i;
const COUNTRY = /^(?:[^/]+\.[^/]+\.[a-z]{2}(?:\/|$)|[^/]+\.[a-z]{2}\/)/i;

export function weighed(text: string): number {
  let links = 0;
  const rest = text.normalize("NFC").replace(URLS, (found) => {
    const link = found.replace(/[.,;:!?…]+$/, "");
    const sure = /^https?:/i.test(link) || KNOWN.test(link.split("/")[0]!) || COUNTRY.test(link);
    links += sure ? LINK : Math.max(LINK, words(link));
    return found.slice(link.length);
  });
  return links + words(rest);
}

function words(text: string): number {
  let total = 0;
  const rest = text.replace(EMOJI, (found) => {
    const plain = found.length === 1 && isLight(found);
    total += plain ? 1 : 2;
    return "";
  });
  for (const one of rest) total += isLight(one) ? 1 : 2;
  return total;
}

function isLight(one: string): boolean {
  const code = one.codePointAt(0)!;
  return code <= 0x10ff || (code >= 0x2000 && code <= 0x200d) || (code >= 0x2010 && code <= 0x201f) || (code >= 0x2032 && code <= 0x2037);
}
