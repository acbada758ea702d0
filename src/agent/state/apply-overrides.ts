import type { JailDeclaration } from '../../control/jail-declaration.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import type { Overrides } from './overrides-schema.ts';

/** Up to where limits may be raised above what a package declares; absent: not at all. */
export type RaisePolicy = Partial<Record<'memory' | 'cpu' | 'pids', number | undefined>>;

/**
 * What is declared, with the operator's limits in place of the package's.
 *
 * @throws ProdngError POLICY when one is above the package's and the host's policy
 */
export function applyOverrides(
  name: string,
  declaration: JailDeclaration,
  overrides: Overrides,
  raise: RaisePolicy,
): JailDeclaration {
  for (const limit of ['memory', 'cpu', 'pids'] as const) {
    const wanted = overrides[limit] ?? 0;
    if (wanted <= Math.max(declaration[limit], raise[limit] ?? 0)) continue;
    throw new ProdngError(
      'POLICY',
      `${name}: ${limit} ${wanted} is more than the ${declaration[limit]} that it declares`,
      {
        hint: `limits may be lowered freely; how far they may be raised is said by "raise" in agent.json`,
      },
    );
  }
  const { memory = declaration.memory, cpu = declaration.cpu, pids = declaration.pids } = overrides;
  return { ...declaration, memory, cpu, pids };
}
