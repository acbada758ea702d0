/**
 * The first file that is loaded. It loads the chunks of the bundle, each with the code cache that was made when it was
 * bundled, so that V8 need not compile it. Node 20 has no module.enableCompileCache yet. A chunk is a function of what
 * Node gives a module of CommonJS.
 *
 * A chunk and its cache have the hash of the chunk's bytes in their names, so that one never meets the other's
 * predecessor. V8 refuses a cache of another version of V8 or other flags; the chunk is compiled then.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';

declare const __PRODNG_MAIN__: string;

interface Chunk {
  script: Script;
  module: { exports: unknown };
}

const chunks = new Map<string, Chunk>();

function load(name: string): unknown {
  const known = chunks.get(name);
  if (known !== undefined) return known.module.exports;
  const filename = join(__dirname, name);
  const source = readFileSync(filename, 'utf8');
  const cachedData = readCache(`${filename.slice(0, -'cjs'.length)}cache`);
  // not the whole path: it is part of the cache, which is made elsewhere
  const script = new Script(source, { filename: name, ...(cachedData === undefined ? {} : { cachedData }) });
  const module = { exports: {} };
  chunks.set(name, { script, module });
  script.runInThisContext()(module.exports, requireFrom, module, filename, __dirname);
  return module.exports;
}

/** Of Node's own modules, those that take ms to load: all but what it has loaded by itself. */
const slow =
  /^node:(?:child_process|crypto|dgram|dns|fs\/promises|http|https|net|readline|stream|timers\/promises|tls|tty|zlib)\b/;

function requireFrom(name: string): unknown {
  if (name.startsWith('./')) return load(name.slice(2));
  return slow.test(name) ? whenUsed(name) : require(name);
}

/** Stands for a module until something of it is used: most of what a chunk could need, most commands do not. */
function whenUsed(name: string): object {
  return new Proxy(
    {},
    {
      get: (_, key) => Reflect.get(require(name), key),
      has: (_, key) => Reflect.has(require(name), key),
      ownKeys: () => Reflect.ownKeys(require(name)),
      getOwnPropertyDescriptor: (_, key) => {
        const property = Reflect.getOwnPropertyDescriptor(require(name), key);
        // what the stand-in does not have itself must be configurable
        return property === undefined ? undefined : { ...property, configurable: true };
      },
    },
  );
}

function readCache(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

const program = load(__PRODNG_MAIN__);

/** For whoever makes the caches. */
export { chunks, load, program };
