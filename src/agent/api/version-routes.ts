import { z } from 'zod';
import type { Agent } from '../agent.ts';
import { unpackedJail, versionOf } from '../packages/installed.ts';
import { isOneSource, oneSource, sourceShape } from '../packages/package-source.ts';
import { rollbackJail, upgradeJail } from '../packages/upgrade.ts';
import { overridden } from '../state/overridden.ts';
import { readOverrides, writeOverrides } from '../state/overrides-file.ts';
import { overridesSchema } from '../state/overrides-schema.ts';
import { type ApiServer, failures, jailParams } from './api-schema.ts';
import { jailDetail, jailDetailSchema } from './jail-view.ts';

/** ms that a new version may take to prove healthy, unless the request says otherwise. */
const patience = z.number().int().min(100).max(3_600_000).default(60_000);

const upgradeSchema = z
  .strictObject({ ...sourceShape, accept: z.boolean().default(false), patience })
  .refine(isOneSource, oneSource)
  .meta({ id: 'Upgrade' });

const rollbackSchema = z.strictObject({ patience }).meta({ id: 'Rollback' });

/** null takes an override back. */
const changesSchema = z
  .strictObject(
    Object.fromEntries(
      Object.entries(overridesSchema.shape).map(([key, schema]) => [key, schema.nullable()]),
    ),
  )
  .meta({ id: 'Overrides' });

/** Going to other versions, and what the operator sets. */
export function versionRoutes(server: ApiServer, agent: Agent): void {
  const { paths, events, raise, addresses } = agent.context;
  const response = { 200: jailDetailSchema, ...failures };
  server.post(
    '/v1/jails/:name/upgrade',
    { schema: { summary: 'Go to another version', params: jailParams, body: upgradeSchema, response } },
    async ({ params, body: { accept, patience: wait, ...source } }) =>
      jailDetail(await upgradeJail(agent, params.name, source, { accept, patience: wait }), paths),
  );
  server.post(
    '/v1/jails/:name/rollback',
    {
      schema: {
        summary: 'Go back to the version before',
        params: jailParams,
        body: rollbackSchema,
        response,
      },
    },
    async ({ params, body }) => jailDetail(await rollbackJail(agent, params.name, body.patience), paths),
  );
  server.patch(
    '/v1/jails/:name/overrides',
    {
      schema: {
        summary: 'Set what holds from the next start',
        params: jailParams,
        body: changesSchema,
        response,
      },
    },
    async ({ params, body }) => {
      const jail = agent.jail(params.name);
      await jail.locked(async (held) => {
        const merged = { ...(await readOverrides(jail.name, paths)), ...body };
        const next = overridesSchema.parse(
          Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null)),
        );
        const { declaration } = unpackedJail(versionOf(held.state), held.name);
        overridden(jail.name, declaration, next, raise);
        await addresses.set(jail.name, next, () => writeOverrides(jail.name, next, paths));
        const facts = Object.entries(body).map(([key, value]) => [key, String(value)]);
        await events.append('set', jail.name, Object.fromEntries(facts));
      });
      return jailDetail(jail, paths);
    },
  );
}
