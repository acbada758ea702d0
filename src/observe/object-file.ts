import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ProdngError } from '../error/prodng-error.ts';

const name = 'observe.bpf.o';

/**
 * The compiled BPF programs: beside the bundle, or in dist/ of the checkout that this program was started from.
 *
 * @throws ProdngError HOST_LACKS when they were not built
 */
export function objectFile(): string {
  const own = dirname(fileURLToPath(import.meta.url));
  const found = join(own, name);
  if (existsSync(found)) return found;
  const built = builtIn(own);
  if (built !== undefined) return built;
  throw new ProdngError('HOST_LACKS', `jails cannot be observed: there is no ${found}`, {
    hint: 'install ProdNG again; in a checkout, run npm run build with clang and libbpf-dev installed',
  });
}

function builtIn(folder: string): string | undefined {
  const built = join(folder, 'dist', name);
  if (existsSync(join(folder, 'package.json')) && existsSync(built)) return built;
  const parent = dirname(folder);
  return parent === folder ? undefined : builtIn(parent);
}
