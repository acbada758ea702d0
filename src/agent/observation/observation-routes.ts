import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { ProdngError } from '../../error/prodng-error.ts';
import { profileChunks } from '../../observe/profile-text.ts';
import type { Agent } from '../agent.ts';
import { type ApiServer, failures, jailNameSchema, jailParams } from '../api/api-schema.ts';
import { policyEntrySchema } from './policies.ts';
import { entryOf, type ProfileEntry, profileEntrySchema } from './profile-store.ts';

/** The id of what was counted so far of a run that goes on. */
export const currentProfile = 'current';

const profileParams = z.object({ name: jailNameSchema, id: z.string().regex(/^[a-z0-9][\w+.-]{0,127}$/) });

/** What the kernel counted of jails. The comparison with what they declare is left to the client. */
export function observationRoutes(server: ApiServer, agent: Agent): void {
  const { observation } = agent.context;
  const current = async (name: string) => {
    const { run } = agent.jail(name);
    return run === undefined ? undefined : observation.current(run.file.record.id);
  };
  server.get(
    '/v1/policies',
    {
      schema: {
        summary: 'The policies of the host, and why one is refused',
        response: { 200: z.array(policyEntrySchema), ...failures },
      },
    },
    () => observation.policies.list(),
  );
  server.get(
    '/v1/jails/:name/profiles',
    {
      schema: {
        summary: 'The profiles of a jail, the newest last; of the run that goes on, too',
        params: jailParams,
        response: { 200: z.array(profileEntrySchema), ...failures },
      },
    },
    async ({ params: { name } }): Promise<ProfileEntry[]> => {
      agent.jail(name);
      // what has ended just now is there
      await observation.poll();
      const entries = await observation.profiles.list(name);
      const profile = await current(name);
      return profile === undefined ? entries : [...entries, entryOf(currentProfile, profile)];
    },
  );
  server.get(
    '/v1/jails/:name/profiles/:id',
    {
      schema: {
        summary: `A profile, as prodng run --record writes it; "${currentProfile}" for the run that goes on`,
        params: profileParams,
        // a stream goes out as it is
        response: { 200: z.unknown(), ...failures },
      },
    },
    async ({ params: { name, id } }, reply) => {
      agent.jail(name);
      void reply.type('application/json; charset=utf-8');
      if (id === currentProfile) {
        const profile = await current(name);
        if (profile === undefined) throw noProfile(name, id);
        return reply.send(Readable.from(profileChunks(profile)));
      }
      const file = await observation.profiles.file(name, id);
      if (file === undefined) throw noProfile(name, id);
      return reply.send(createReadStream(file));
    },
  );
}

function noProfile(name: string, id: string): ProdngError {
  return new ProdngError('USAGE', `${name} has no profile ${id}`, {
    hint: `/v1/jails/${name}/profiles has them`,
  });
}
