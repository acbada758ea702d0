const mostBytes = 2 ** 20;

/**
 * Reads a file of `EnvironmentFile=`, systemd.exec(5): `NAME=value` lines with shell-like quotes, comments that start
 * with `#` or `;`, lines that a backslash continues. Nothing is expanded; what is no assignment is passed over, as
 * systemd does.
 */
export function parseEnvironmentFile(bytes: Uint8Array): Map<string, string> {
  const variables = new Map<string, string>();
  if (bytes.length > mostBytes || bytes.includes(0)) return variables;
  const text = new TextDecoder().decode(bytes);
  let at = 0;
  while (at < text.length) {
    const comment = /[ \t]*[#;][^\n]*(?:\n|$)/y;
    comment.lastIndex = at;
    if (comment.test(text)) {
      at = comment.lastIndex;
      continue;
    }
    const name = /[ \t]*([A-Za-z_]\w*)[ \t]*=[ \t]*/y;
    name.lastIndex = at;
    const found = name.exec(text)?.[1];
    if (found === undefined) {
      const newline = text.indexOf('\n', at);
      at = newline < 0 ? text.length : newline + 1;
      continue;
    }
    const { value, end } = readValue(text, name.lastIndex);
    variables.set(found, value);
    at = end;
  }
  return variables;
}

/** A value up to the end of its line: plain, 'single' or "double" quoted parts beside each other. */
function readValue(text: string, start: number): { value: string; end: number } {
  let value = '';
  let kept = 0;
  let quote = '';
  let at = start;
  for (; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (quote === '' && character === '\n') break;
    if (character === '\\' && quote !== "'") {
      at += 1;
      const next = text.charAt(at);
      if (next === '\n') continue;
      value += quote === '"' && !'"\\`$'.includes(next) ? `\\${next}` : next;
      kept = value.length;
    } else if (character === quote) {
      quote = '';
      kept = value.length;
    } else if (quote === '' && (character === '"' || character === "'")) quote = character;
    else {
      value += character;
      if (quote !== '' || !/\s/.test(character)) kept = value.length;
    }
  }
  return { value: value.slice(0, kept), end: at + 1 };
}
