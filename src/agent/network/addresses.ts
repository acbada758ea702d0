import { networkInterfaces } from 'node:os';
import { ProdngError } from '../../error/prodng-error.ts';
import { addressFault } from '../../jail/network/address-fault.ts';
import { linkNames } from '../../jail/network/links.ts';
import type { Uplink } from '../../jail/network/network.ts';
import type { AgentPaths } from '../state/agent-paths.ts';
import type { Network, Networks, PoolNetwork } from '../state/networks-schema.ts';
import { readOverrides } from '../state/overrides-file.ts';
import type { Overrides } from '../state/overrides-schema.ts';
import type { JailState } from '../state/state-schema.ts';
import { WorkQueue } from '../supervision/work-queue.ts';
import { isInPool, nextFree, plainAddress } from './address-pool.ts';

/** Another jail, as far as its address is concerned. */
export interface Neighbour {
  readonly name: string;
  readonly state: Readonly<JailState>;
}

/** A jail that is held, and may get an address. */
export interface Addressed extends Neighbour {
  change(changes: Partial<JailState>, without?: 'address'): Promise<void>;
}

/**
 * Which address each macvlan jail has. What a pool gives is in the jail's state file before it is used, and one jail is
 * served after the other, so that no two get the same, whenever the agent may be killed.
 */
export class Addresses {
  readonly #networks: Networks;
  readonly #paths: AgentPaths;
  readonly #jails: () => Iterable<Neighbour>;
  readonly #queue = new WorkQueue();

  constructor(networks: Networks, paths: AgentPaths, jails: () => Iterable<Neighbour>) {
    this.#networks = networks;
    this.#paths = paths;
    this.#jails = jails;
  }

  /**
   * What a macvlan jail hangs on: as the operator has set it, or else its network's next free address.
   *
   * @throws ProdngError NETWORK when nobody has said it, the pool is exhausted, or the address is another jail's
   */
  uplinkOf(jail: Addressed, overrides: Overrides): Promise<Uplink> {
    return this.#queue.run(async () => {
      const { name, network, link, address } = this.#wanted(jail.name, overrides);
      assertLink(jail.name, link);
      const resolvers = network?.dns === undefined ? {} : { resolvers: network.dns };
      if (address === 'dhcp') {
        await release(jail);
        return { link, address, ...resolvers };
      }
      const gateway =
        overrides.gateway ?? (network !== undefined && 'subnet' in network ? network.gateway : undefined);
      const rest = { link, ...(gateway === undefined ? {} : { gateway }), ...resolvers };
      if (address !== undefined) {
        assertAddress(jail.name, address, gateway);
        const owner = (await this.#taken(jail.name, link)).get(plainAddress(address));
        if (owner !== undefined) throw isOthers(jail.name, address, owner);
        await release(jail);
        return { ...rest, address };
      }
      if (name === undefined || network === undefined || !('subnet' in network)) throw nobodySaid(jail.name);
      const pooled = await this.#fromPool(jail, name, network);
      assertAddress(jail.name, pooled, gateway);
      return { ...rest, address: pooled };
    });
  }

  /**
   * Does what the operator has set, unless another jail has that address.
   *
   * @throws ProdngError NETWORK
   */
  set<T>(jail: string, overrides: Overrides, write: () => Promise<T>): Promise<T> {
    return this.#queue.run(async () => {
      const { address, network, gateway } = overrides;
      if (network !== undefined) this.#network(jail, network);
      if (address === 'dhcp' && gateway !== undefined)
        throw new ProdngError('NETWORK', `${jail}: by DHCP the server names the gateway`, {
          hint: `prodng set ${jail} address=dhcp gateway=`,
        });
      const link = overrides.uplink ?? this.#chosen(jail, overrides).network?.uplink;
      if (overrides.uplink !== undefined) assertLink(jail, overrides.uplink);
      if (address !== undefined && address !== 'dhcp') {
        assertAddress(jail, address, gateway);
        const owner = (await this.#taken(jail, link)).get(plainAddress(address));
        if (owner !== undefined) throw isOthers(jail, address, owner);
      }
      return write();
    });
  }

  #wanted(jail: string, overrides: Overrides) {
    const { name, network } = this.#chosen(jail, overrides);
    const link = overrides.uplink ?? network?.uplink;
    const address =
      overrides.address ?? (network !== undefined && 'address' in network ? network.address : undefined);
    if (link === undefined) throw nobodySaid(jail);
    return { name, network, link, address };
  }

  /** An uplink that was set by hand is on none of the networks, unless one is named beside it. */
  #chosen(jail: string, { network, uplink }: Overrides): { name?: string; network?: Network } {
    const name = network ?? (uplink === undefined ? this.#networks.default : undefined);
    return name === undefined ? {} : { name, network: this.#network(jail, name) };
  }

  #network(jail: string, name: string): Network {
    const { byName } = this.#networks;
    const network = Object.hasOwn(byName, name) ? byName[name] : undefined;
    if (network !== undefined) return network;
    throw new ProdngError('NETWORK', `${jail}: agent.json names no network ${name}`, {
      hint: `it names: ${Object.keys(byName).join(', ') || 'none'}`,
    });
  }

  async #fromPool(jail: Addressed, name: string, network: PoolNetwork): Promise<string> {
    const taken = await this.#taken(jail.name, network.uplink);
    const has = jail.state.address;
    const isKept = has?.network === name && isInPool(network, has.address);
    if (isKept && !taken.has(plainAddress(has.address))) return has.address;
    const address = nextFree(network, (one) => taken.has(one));
    if (address === undefined)
      throw new ProdngError('NETWORK', `${jail.name}: the network ${name} has no free address left`, {
        hint: `make its range in agent.json larger, or remove a jail; ${taken.size} addresses are taken: prodng ls`,
      });
    await jail.change({ address: { network: name, uplink: network.uplink, address } });
    return address;
  }

  /** Who has which addresses on a link: other jails, running or not, and the host itself. */
  async #taken(name: string, link: string | undefined): Promise<Map<string, string>> {
    const taken = new Map<string, string>();
    for (const found of Object.values(networkInterfaces()).flat())
      if (found !== undefined) taken.set(plainAddress(found.address), 'the host');
    for (const jail of this.#jails()) {
      if (jail.name === name) continue;
      const { address: pooled } = jail.state;
      if (pooled !== undefined && pooled.uplink === link) taken.set(plainAddress(pooled.address), jail.name);
      // what cannot be read keeps its own jail from starting, and says so there
      const overrides: Overrides = await readOverrides(jail.name, this.#paths).catch(() => ({}));
      const { address } = overrides;
      if (address === undefined || address === 'dhcp') continue;
      if ((overrides.uplink ?? this.#uplinkName(overrides)) === link)
        taken.set(plainAddress(address), jail.name);
    }
    return taken;
  }

  #uplinkName({ network }: Overrides): string | undefined {
    const name = network ?? this.#networks.default;
    return name === undefined || !Object.hasOwn(this.#networks.byName, name)
      ? undefined
      : this.#networks.byName[name]?.uplink;
  }
}

/** @throws ProdngError NETWORK */
function assertLink(jail: string, link: string): void {
  if (linkNames().includes(link)) return;
  throw new ProdngError('NETWORK', `${jail}: this host has no interface ${link}, to make a macvlan on`, {
    hint: 'see which it has: ip link',
  });
}

/** @throws ProdngError NETWORK */
function assertAddress(jail: string, address: string, gateway: string | undefined): void {
  const fault = addressFault(address, gateway);
  if (fault === undefined) return;
  throw new ProdngError('NETWORK', `${jail}: ${fault}`, {
    hint: 'address and gateway belong together, such as 192.0.2.10/24 and 192.0.2.1',
  });
}

/** Gives back what a jail has from a pool and needs no more. */
async function release(jail: Addressed): Promise<void> {
  if (jail.state.address !== undefined) await jail.change({}, 'address');
}

function isOthers(name: string, address: string, owner: string): ProdngError {
  return new ProdngError('NETWORK', `${name}: the address ${address} belongs to ${owner}`, {
    hint: 'see who has which: prodng ls',
  });
}

function nobodySaid(name: string): ProdngError {
  return new ProdngError('NETWORK', `${name}: it needs a macvlan: an uplink and an address of its own`, {
    hint:
      `prodng set ${name} uplink=eth0 address=192.0.2.10/24 gateway=192.0.2.1, or address=dhcp; ` +
      'or name a network in agent.json, and choose it where there are several: network=NAME',
  });
}
