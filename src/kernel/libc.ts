import { createRequire } from 'node:module';
import type koffiModule from 'koffi';

type Koffi = typeof koffiModule;

type Library = ReturnType<Koffi['load']>;

let loaded: { koffi: Koffi; libc: Library } | undefined;

/**
 * koffi and libc, loaded at the first call: most commands never need them. It is its native module alone: what koffi has
 * around it, mostly the search for that file, takes five times as long to load.
 */
function load(): { koffi: Koffi; libc: Library } {
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

const libraries = new Map<string, Library>();

/**
 * Declares a function of another library of the host, which is loaded at its first call. Its answer is handed on.
 *
 * @throws Error when the library or the function is not there
 */
export function libraryFunction(soname: string, prototype: string): SystemCall {
  return declare(prototype, () => libraryOf(soname));
}

function libraryOf(soname: string): Library {
  const library = libraries.get(soname) ?? load().koffi.load(soname);
  libraries.set(soname, library);
  return library;
}

/**
 * As libraryFunction, but the call runs on one of libuv's threads, so that the event loop goes on. errno is lost: only
 * for functions that return their error.
 */
export function libraryFunctionInThread(
  soname: string,
  prototype: string,
): (...args: unknown[]) => Promise<number> {
  let native: AsyncFunction | undefined;
  return (...args) =>
    new Promise((resolve, reject) => {
      native ??= libraryOf(soname).func(prototype) as unknown as AsyncFunction;
      native.async(...args, (error: unknown, result: unknown) => {
        if (error instanceof Error) reject(error);
        else resolve(Number(result));
      });
    });
}

interface AsyncFunction {
  async(...args: unknown[]): void;
}

/** The error that errno named after the last call of a library's function. */
export function lastError(what: string): SystemError {
  return systemError(what, load().koffi.errno());
}

function declare(prototype: string, library: () => Library = () => load().libc): SystemCall {
  let native: SystemCall | undefined;
  return (...args) => {
    native ??= library().func(prototype) as SystemCall;
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

/** The error of a number of errno. */
export function systemError(syscall: string, errno: number): SystemError {
  return new SystemError(syscall, errno, errnoName(errno));
}

/** `ENOENT` for 2; `errno 999` for a number without a name. */
export function errnoName(errno: number): string {
  if (errnoNames.size === 0)
    // two names for one number: the first counts
    for (const [name, number] of Object.entries(load().koffi.os.errno).toReversed())
      errnoNames.set(number, name);
  return errnoNames.get(errno) ?? `errno ${errno}`;
}

const errnoNames = new Map<number, string>();
