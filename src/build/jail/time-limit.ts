/**
 * A signal that also comes after some time, if any is given. The timer holds what it aborts: an AbortSignal.timeout() that
 * only an AbortSignal.any() knows is collected as garbage in Node 20, and never comes.
 *
 * @param timeout ms
 */
export function withTimeLimit(
  signal: AbortSignal | undefined,
  timeout: number | undefined,
): AbortSignal | undefined {
  if (timeout === undefined) return signal;
  const limit = new AbortController();
  setTimeout(() => limit.abort(), timeout).unref();
  return signal === undefined ? limit.signal : AbortSignal.any([signal, limit.signal]);
}
