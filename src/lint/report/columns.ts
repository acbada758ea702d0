// Functions: V8 collects what the classes hold when it reads them, at every start, and most lines are plain ASCII.

/** UAX #11's wide and full-width characters: the blocks that hold nearly nothing else, as wcwidth(3) has them, and emoji. */
const wide = (): RegExp =>
  /[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\u4dbf\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18d08}\u{1b000}-\u{1b2fb}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}]|(?!\p{RI})\p{Emoji_Presentation}/u;
/** Combining characters: no width of their own. */
const joined = (): RegExp => /[\p{Mn}\p{Me}\u1160-\u11ff]/u;

/** How many columns of a terminal a line takes that has no control characters. */
export function columnsOf(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  let columns = 0;
  for (const char of text) {
    if (joined().test(char)) continue;
    columns += wide().test(char) ? 2 : 1;
  }
  return columns;
}
