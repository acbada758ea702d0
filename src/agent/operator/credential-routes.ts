import { z } from 'zod';
import { assertCredentials, longestCredential } from '../../control/operator-values.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import type { Agent } from '../agent.ts';
import { type ApiServer, failures, jailNameSchema, jailParams } from '../api/api-schema.ts';
import { unpackedJail, versionOf } from '../packages/installed.ts';
import type { HeldJail } from '../supervision/held-jail.ts';
import type { CredentialStore } from './credential-store.ts';

const credentialSchema = z
  .object({
    name: z.string(),
    /** By the current version of the jail. */
    declared: z.boolean(),
    required: z.boolean(),
    /** When it was set; absent: it is not set. */
    set: z.string().optional(),
    /** Whether it is stored encrypted. */
    encrypted: z.boolean().optional(),
  })
  .meta({ id: 'Credential' });

export type CredentialView = z.infer<typeof credentialSchema>;

const params = z.object({
  name: jailNameSchema,
  credential: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'not the name of a credential'),
});

/** In base64, as JSON has no bytes. */
const body = z
  .strictObject({ content: z.base64().max(Math.ceil(longestCredential / 3) * 4) })
  .meta({ id: 'CredentialContent' });

/** Credentials of jails: set, listed by name and removed. No answer has a content. */
export function credentialRoutes(server: ApiServer, agent: Agent): void {
  const { events, operator } = agent.context;
  server.get(
    '/v1/jails/:name/credentials',
    {
      schema: {
        summary: 'Names of the credentials of a jail, and which of them are set',
        params: jailParams,
        response: { 200: z.array(credentialSchema), ...failures },
      },
    },
    (request) => viewsOf(agent.jail(request.params.name), operator.credentials),
  );
  server.put(
    '/v1/jails/:name/credentials/:credential',
    {
      schema: { summary: 'Set a credential', params, body, response: { 200: credentialSchema, ...failures } },
    },
    (request) => {
      const { name, credential } = request.params;
      return agent.jail(name).locked(async (held) => {
        const bytes = Buffer.from(request.body.content, 'base64');
        assertSettable(held, credential, bytes);
        await operator.credentials.set(name, credential, bytes);
        await events.append('credential-set', name, { credential });
        const views = await viewsOf(held, operator.credentials);
        const view = views.find((one) => one.name === credential);
        if (view === undefined) throw new ProdngError('INTERNAL', `${name}: ${credential} was not stored`);
        return view;
      });
    },
  );
  server.delete(
    '/v1/jails/:name/credentials/:credential',
    { schema: { summary: 'Remove a credential', params, response: { 204: z.null(), ...failures } } },
    async (request, reply) => {
      const { name, credential } = request.params;
      await agent.jail(name).locked(async () => {
        if (!(await operator.credentials.remove(name, credential)))
          throw new ProdngError('USAGE', `${name}: the credential ${credential} is not set`);
        await events.append('credential-removed', name, { credential });
      });
      return reply.status(204).send(null);
    },
  );
}

type Subject = Pick<HeldJail, 'name' | 'state'>;

async function viewsOf(jail: Subject, store: CredentialStore): Promise<CredentialView[]> {
  const { credentials } = declarationOf(jail);
  const stored = await store.list(jail.name);
  const names = new Set([...credentials, ...stored].map(({ name }) => name));
  return [...names].toSorted().map((name) => {
    const declared = credentials.find((one) => one.name === name);
    const found = stored.find((one) => one.name === name);
    return {
      name,
      declared: declared !== undefined,
      required: declared?.required === true,
      ...(found === undefined ? {} : { set: found.set, encrypted: found.encrypted }),
    };
  });
}

/** @throws ProdngError USAGE when it is not declared or too long; others may still be missing */
function assertSettable(jail: Subject, name: string, bytes: Uint8Array): void {
  const declaration = declarationOf(jail);
  const credentials = declaration.credentials.map((one) => ({ ...one, required: false }));
  assertCredentials({ ...declaration, credentials }, { [name]: bytes });
}

function declarationOf({ name, state }: Subject) {
  return unpackedJail(versionOf(state), name).declaration;
}
