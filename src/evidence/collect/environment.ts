/** Replaces the values of an environment (NAME=VALUE, NUL) by their lengths. What is no variable is replaced whole. */
export function redactEnvironment(bytes: Buffer): Buffer {
  const variables = bytes.toString('latin1').split('\0');
  if (variables.at(-1) === '') variables.pop();
  return Buffer.from(variables.map((variable) => `${redactVariable(variable)}\0`).join(''), 'latin1');
}

/** `NAME=VALUE` with its value replaced. */
export function redactVariable(variable: string): string {
  const equals = variable.indexOf('=');
  if (equals === -1) return redacted(variable.length);
  return `${variable.slice(0, equals)}=${redacted(variable.length - equals - 1)}`;
}

function redacted(length: number): string {
  return `<redacted, ${length} bytes>`;
}
