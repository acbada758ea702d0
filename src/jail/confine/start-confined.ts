import { ProdngError } from '../../error/prodng-error.ts';
import type { Paths } from '../../system/paths.ts';
import type { Watchdog } from '../lifecycle/watchdog.ts';
import { compareNetwork, configureNetwork, type JailNetwork, type Uplink } from '../network/network.ts';
import type { CreatedJail } from '../runtime/create-jail.ts';
import { startInspected } from '../runtime/first-instruction.ts';
import type { PreparedJail } from '../runtime/prepare-jail.ts';
import { assertInForce, compareInForce } from './compare-in-force.ts';
import { type InForce, readInForce } from './in-force.ts';
import { lockDown } from './lockdown.ts';

export interface ConfinedStart {
  paths: Paths;
  uplink?: Uplink | undefined;
  /** Ends what serves the network, if nothing else does. */
  watchdog?: Watchdog;
  /** What to do when the service cannot be executed. */
  hint: string;
  /** Called when all is in force and before the service's first instruction; when it throws, the service is killed. */
  onConfined: (inForce: InForce, network: JailNetwork) => void | Promise<void>;
}

/**
 * Has a created jail execute its service, and lets it begin when the jail is confined and what the kernel reports equals the
 * declaration. The runtime has the service executed meanwhile: it is stopped before its first instruction, however
 * long the rest takes.
 *
 * @returns its network; it is closed when this throws
 * @throws ProdngError JAIL_REFUSED, JAIL_START, NETWORK, HOST_LACKS
 */
export async function startConfined(
  { declaration, destinations, expected, name, runtime }: PreparedJail,
  created: CreatedJail,
  { paths, uplink, watchdog, hint, onConfined }: ConfinedStart,
): Promise<JailNetwork> {
  const { pid } = created;
  const starting = created.start();
  starting.catch(() => {});
  const configuring = configureNetwork(created, declaration, uplink, destinations, paths, watchdog);
  const locking = lockDown(pid);
  // both may fail before they are asked for, and both must be over before anything is taken away
  const confining = Promise.allSettled([configuring, locking]);
  const inspect = async () => {
    await confining;
    const [network] = await Promise.all([configuring, locking]);
    created.takeStreamsBack();
    const inForce = readInForce(pid, runtime.cgroups);
    const differences = [
      ...compareInForce(declaration, expected, inForce),
      ...compareNetwork(declaration, pid, network),
    ];
    assertInForce(name, differences);
    await onConfined(inForce, network);
  };
  try {
    const started = await startInspected(pid, starting, inspect);
    if (started.kind === 'running') return await configuring;
    throw new ProdngError('JAIL_START', `${name}: the service could not be executed: ${created.errors()}`, {
      hint,
    });
  } catch (error) {
    const [network] = await confining;
    if (network.status === 'fulfilled') await network.value.close();
    throw error;
  }
}
