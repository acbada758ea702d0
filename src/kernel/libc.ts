import { createRequire } from 'node:module';
import type koffiModule from 'koffi';

type Koffi = typeof koffiModule;

let loaded: { koffi: Koffi; libc: ReturnType<Koffi['load']> } | undefined;

/**
 * koffi and libc, loaded at the first call: most commands never need them. It is its native module alone: what koffi has
 * around it, mostly the search for that file, takes five times as long to load.
 */
function load(): { koffi: Koffi; libc: ReturnType<Koffi['load']> } {
  if (loaded !== undefined) return loaded;
  const { arch } = process;
  const koffi: Koffi = createRequire(import.meta.url)(
    `@koromix/koffi-linux-${arch}/linux_${arch}/koffi.node`,
  );
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
  const native = declare(prototype);
  return (...args) => {
    const result = native(...args);
    if (result < 0) throw systemError(nameIn(prototype), load().koffi.errno());
    return result;
  };
}

/** As libcFunction, for a function that answers with the number of its error instead of setting errno. */
export function libcErrorNumber(prototype: string): (...args: unknown[]) => void {
  const native = declare(prototype);
  return (...args) => {
    const error = native(...args);
    if (error !== 0) throw systemError(nameIn(prototype), error);
  };
}

function declare(prototype: string): SystemCall {
  let native: SystemCall | undefined;
  return (...args) => {
    native ??= load().libc.func(prototype) as SystemCall;
    return Number(native(...args));
  };
}

function nameIn(prototype: string): string {
  return /(\w+)\s*\(/.exec(prototype)?.[1] ?? prototype;
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
