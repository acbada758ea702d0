import { createRequire } from 'node:module';
import type koffiModule from 'koffi';

type Koffi = typeof koffiModule;

let loaded: { koffi: Koffi; libc: ReturnType<Koffi['load']> } | undefined;

/** koffi and libc, loaded at the first call: most commands never need them. */
function load(): { koffi: Koffi; libc: ReturnType<Koffi['load']> } {
  if (loaded !== undefined) return loaded;
  const koffi: Koffi = createRequire(import.meta.url)('koffi');
  loaded = { koffi, libc: koffi.load('libc.so.6') };
  return loaded;
}

/** A libc function that answers -1 and errno on failure. */
export type SystemCall = (...args: unknown[]) => number;

/**
 * Declares a libc function by its C prototype, for example `int mkdirat(int fd, const char *path, uint32_t mode)`.
 * Nothing is loaded before its first call. The function returned throws the error that errno names, with `what`
 * in its message, when libc answers with a negative number.
 */
export function libcFunction(prototype: string): SystemCall {
  const name = /(\w+)\s*\(/.exec(prototype)?.[1] ?? prototype;
  let native: SystemCall | undefined;
  return (...args) => {
    native ??= load().libc.func(prototype) as SystemCall;
    const result = Number(native(...args));
    if (result < 0) throw systemError(name, load().koffi.errno());
    return result;
  };
}

/** An error from the kernel, with the same shape as Node's own: `code` is the errno's name. */
export class SystemError extends Error {
  override readonly name = 'SystemError';
  readonly code: string;
  readonly errno: number;
  readonly syscall: string;

  constructor(syscall: string, errno: number, code: string) {
    super(`${syscall}: ${code}`);
    this.syscall = syscall;
    this.errno = errno;
    this.code = code;
  }
}

function systemError(syscall: string, errno: number): SystemError {
  const codes = Object.entries(load().koffi.os.errno);
  return new SystemError(
    syscall,
    errno,
    codes.find(([, number]) => number === errno)?.[0] ?? `errno ${errno}`,
  );
}
