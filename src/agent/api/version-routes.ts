import { z } from 'zod';
import { withSettings } from '../../control/operator-values.ts';
import type { Agent } from '../agent.ts';
import { unpackedJail, versionOf } from '../packages/installed.ts';
import { isOneSource, oneSource, sourceShape } from '../packages/package-source.ts';
import { rollbackJail, upgradeJail } from '../packages/upgrade.ts';
import { applyOverrides } from '../state/apply-overrides.ts';
import { readOverrides, writeOverrides } from '../state/overrides-file.ts';
import { type Overrides, overridesSchema, settingName } from '../state/overrides-schema.ts';
import { type ApiServer, failures, jailParams } from './api-schema.ts';
import { jailDetail, jailDetailSchema } from './jail-view.ts';

/** ms that a new version may take to prove healthy, unless the request says otherwise. */
const patience = z.number().int().min(100).max(3_600_000).default(60_000);

const upgradeSchema = z
  .strictObject({ ...sourceShape, accept: z.boolean().default(false), patience })
  .refine(isOneSource, oneSource)
  .meta({ id: 'Upgrade' });

const rollbackSchema = z
  .strictObject({
    to: z
      .string()
      .min(1)
      .max(256)
      .optional()
      .describe('A kept version, or the SHA-256 of its package (default: the one before)'),
    patience,
  })
  .meta({ id: 'Rollback' });

const { settings: _settings, ...others } = overridesSchema.shape;

/** null takes an override back, or one setting. */
const changesSchema = z
  .strictObject({
    ...Object.fromEntries(Object.entries(others).map(([key, schema]) => [key, schema.nullable()])),
    settings: z.record(settingName, z.string().max(4096).nullable()).optional(),
  })
  .meta({ id: 'Overrides' });

/** Going to other versions, and what the operator sets. */
export function versionRoutes(server: ApiServer, agent: Agent): void {
  const { paths, events, raise, addresses } = agent.context;
  const response = { 200: jailDetailSchema, ...failures };
  server.post(
    '/v1/jails/:name/upgrade',
    { schema: { summary: 'Go to another version', params: jailParams, body: upgradeSchema, response } },
    async ({ params, body: { accept, patience: wait, ...source } }) =>
      jailDetail(await upgradeJail(agent, params.name, source, { accept, patience: wait }), agent.context),
  );
  server.post(
    '/v1/jails/:name/rollback',
    {
      schema: {
        summary: 'Go back to the version before, or to another that is kept',
        params: jailParams,
        body: rollbackSchema,
        response,
      },
    },
    async ({ params, body }) => jailDetail(await rollbackJail(agent, params.name, body), agent.context),
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
        const next = merged(await readOverrides(jail.name, paths), body);
        const { declaration } = unpackedJail(versionOf(held.state), held.name);
        applyOverrides(jail.name, declaration, next, raise);
        withSettings(declaration, next.settings);
        await addresses.set(jail.name, next, () => writeOverrides(jail.name, next, paths));
        await events.append('set', jail.name, factsOf(body));
      });
      return jailDetail(jail, agent.context);
    },
  );
}

type Changes = z.infer<typeof changesSchema>;

function merged(before: Overrides, { settings: changed = {}, ...changes }: Changes): Overrides {
  const settings = present({ ...before.settings, ...changed });
  return overridesSchema.parse({
    ...present({ ...before, ...changes }),
    settings: Object.keys(settings).length === 0 ? undefined : settings,
  });
}

function present(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}

function factsOf({ settings = {}, ...changes }: Changes): Record<string, string> {
  const named = Object.entries(settings).map(([name, value]) => [`setting.${name}`, value]);
  return Object.fromEntries(
    [...Object.entries(changes), ...named].map(([key, value]) => [key, String(value)]),
  );
}
