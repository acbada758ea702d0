import { z } from 'zod';
import { ProdngError } from '../../error/prodng-error.ts';
import { mergeProfiles } from '../../observe/merge.ts';
import type { Profile } from '../../observe/profile.ts';
import { parseProfile } from '../../observe/profile-file.ts';
import type { AgentClient } from '../client.ts';
import { type ProfileEntry, profileEntrySchema } from './profile-store.ts';

/**
 * What the agent has observed of a jail: the runs of its newest observed version, merged. Those of mode record are
 * taken if there are any, as they have more in them.
 *
 * @throws ProdngError PROFILE when it was not observed, and what the agent answers with
 */
export async function jailProfile(client: AgentClient, name: string): Promise<Profile> {
  const path = `/v1/jails/${encodeURIComponent(name)}/profiles`;
  const entries = z.array(profileEntrySchema).parse(await client.call('GET', path));
  const chosen = chooseProfiles(entries);
  const profiles: Profile[] = [];
  for (const { id } of chosen) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of client.bytes(`${path}/${encodeURIComponent(id)}`)) chunks.push(chunk);
    profiles.push(parseProfile(Buffer.concat(chunks).toString('utf8'), `${name}: profile ${id}`));
  }
  if (profiles.length === 0)
    throw new ProdngError('PROFILE', `${name}: nothing was observed of it`, {
      hint: `prodng inspect ${name} says how it is observed; prodng set ${name} observe=base, and restart it`,
    });
  return mergeProfiles(profiles);
}

/** The runs that can be merged with the newest one: of its version and runtime, in the mode that has most in it. */
function chooseProfiles(entries: readonly ProfileEntry[]): ProfileEntry[] {
  const newest = entries.at(-1);
  if (newest === undefined) return [];
  const of = entries.filter(({ sha256 }) => sha256 === newest.sha256);
  const mode = of.some((entry) => entry.mode === 'record') ? 'record' : 'base';
  const inMode = of.filter((entry) => entry.mode === mode);
  const runtime = inMode.at(-1)?.runtime;
  return inMode.filter((entry) => entry.runtime === runtime);
}
