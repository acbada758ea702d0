import { z } from 'zod';
import type { Agent } from '../agent.ts';
import { installJail } from '../packages/install.ts';
import { isOneSource, oneSource, sourceShape } from '../packages/package-source.ts';
import { assertRun } from '../supervision/active-run.ts';
import { freezeRun, thawRun } from '../supervision/freezer.ts';
import type { HeldJail } from '../supervision/held-jail.ts';
import { restartJail, startJail, stopJail } from '../supervision/operations.ts';
import { killSchema, sendSignal } from '../supervision/send-signal.ts';
import { type ApiServer, failures, jailNameSchema, jailParams } from './api-schema.ts';
import { jailDetail, jailDetailSchema, jailSummary, jailSummarySchema } from './jail-view.ts';

const installSchema = z
  .strictObject({
    ...sourceShape,
    name: jailNameSchema.optional(),
    start: z.boolean().default(true),
  })
  .refine(isOneSource, oneSource)
  .meta({ id: 'Install' });

const stopQuery = z.object({
  timeout: z.coerce
    .number()
    .min(0)
    .max(86_400)
    .optional()
    .describe('Seconds until SIGKILL (default: as Jail-Stop declares)'),
});

/** Operations on jails: list, install, look at, start, stop, remove. */
export function jailRoutes(server: ApiServer, agent: Agent): void {
  server.get(
    '/v1/jails',
    { schema: { summary: 'All jails', response: { 200: z.array(jailSummarySchema), ...failures } } },
    () => [...agent.jails.values()].map(jailSummary).toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  );
  server.post(
    '/v1/jails',
    {
      schema: {
        summary: 'Install a jail',
        body: installSchema,
        response: { 201: jailDetailSchema, ...failures },
      },
    },
    async (request, reply) => {
      const { name, start, ...source } = request.body;
      const jail = await installJail(agent, source, name);
      if (start) await jail.locked(startJail);
      return reply.status(201).send(await jailDetail(jail, agent.context));
    },
  );
  server.get(
    '/v1/jails/:name',
    { schema: { summary: 'One jail', params: jailParams, response: { 200: jailDetailSchema, ...failures } } },
    (request) => jailDetail(agent.jail(request.params.name), agent.context),
  );
  server.delete(
    '/v1/jails/:name',
    {
      schema: {
        summary: 'Stop and remove a jail',
        params: jailParams,
        querystring: z.object({ purge: z.enum(['true', 'false']).default('false') }),
        response: { 204: z.null(), ...failures },
      },
    },
    async (request, reply) => {
      await agent.remove(request.params.name, request.query.purge === 'true');
      return reply.status(204).send(null);
    },
  );
  const verb = (name: string, summary: string, work: (held: HeldJail) => Promise<void>, waits = true) =>
    server.post(
      `/v1/jails/:name/${name}`,
      { schema: { summary, params: jailParams, response: { 200: jailSummarySchema, ...failures } } },
      async (request) => {
        const jail = agent.jail(request.params.name);
        await (waits ? jail.locked(work) : jail.lockedSoon(work));
        return jailSummary(jail);
      },
    );
  verb('start', 'Start a jail', startJail);
  server.post(
    '/v1/jails/:name/stop',
    {
      schema: {
        summary: 'Stop a jail as it declares',
        params: jailParams,
        querystring: stopQuery,
        response: { 200: jailSummarySchema, ...failures },
      },
    },
    async ({ params, query: { timeout } }) => {
      const jail = agent.jail(params.name);
      await jail.lockedSoon((held) => stopJail(held, timeout === undefined ? undefined : timeout * 1000));
      return jailSummary(jail);
    },
  );
  verb('restart', 'Stop and start a jail', restartJail, false);
  verb('freeze', 'Give its processes no time', (held) => freezing(agent, held, 'frozen'));
  verb('thaw', 'Let its processes go on', (held) => freezing(agent, held, 'thawed'));
  server.post(
    '/v1/jails/:name/kill',
    {
      schema: {
        summary: 'Send a signal to a jail',
        params: jailParams,
        body: killSchema,
        response: { 200: jailSummarySchema, ...failures },
      },
    },
    async (request) => {
      const jail = agent.jail(request.params.name);
      const { signal } = request.body;
      await sendSignal(assertRun(jail), signal);
      await agent.context.events.append('killed', jail.name, { signal });
      return jailSummary(jail);
    },
  );
}

async function freezing(agent: Agent, held: HeldJail, kind: 'frozen' | 'thawed'): Promise<void> {
  const run = assertRun(held);
  if (run.frozen === (kind === 'frozen')) return;
  await (kind === 'frozen' ? freezeRun : thawRun)(run.file.record);
  await agent.context.events.append(kind, held.name);
}
