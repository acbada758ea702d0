import { z } from 'zod';
import { assertConfiguration, longestConfiguration } from '../../control/operator-values.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import { ownValue } from '../../system/own-value.ts';
import type { Agent } from '../agent.ts';
import { type ApiServer, failures, jailParams } from '../api/api-schema.ts';
import { unpackedJail, versionOf } from '../packages/installed.ts';
import type { HeldJail } from '../supervision/held-jail.ts';
import type { ConfigurationStore } from './configuration-store.ts';

const fileSchema = z
  .object({
    path: z.string(),
    /** Of the file that replaces the package's; absent: the package's own is in place. */
    sha256: z.string().optional(),
    /** Bytes. */
    size: z.number().int().optional(),
  })
  .meta({ id: 'ConfigurationFile' });

export type ConfigurationView = z.infer<typeof fileSchema>;

const path = z.string().startsWith('/').max(4096);

/** In base64, as JSON has no bytes. */
const body = z
  .strictObject({ path, content: z.base64().max(Math.ceil(longestConfiguration / 3) * 4) })
  .meta({ id: 'ConfigurationContent' });

/** Files of the rootfs that the operator replaces. Each version of a jail keeps its own, for a rollback. */
export function configurationRoutes(server: ApiServer, agent: Agent): void {
  const { events, operator } = agent.context;
  const store = operator.configuration;
  const response = { 200: z.array(fileSchema), ...failures };
  server.get(
    '/v1/jails/:name/configuration',
    {
      schema: {
        summary: 'Files of a jail that can be replaced, and those that are',
        params: jailParams,
        response,
      },
    },
    (request) => viewsOf(agent.jail(request.params.name), store),
  );
  server.put(
    '/v1/jails/:name/configuration',
    { schema: { summary: 'Replace a file', params: jailParams, body, response } },
    (request) =>
      agent.jail(request.params.name).locked(async (held) => {
        const { path: file, content } = request.body;
        assertConfiguration(unpackedJail(versionOf(held.state), held.name).declaration, { [file]: '' });
        const sha256 = await store.add(held.name, Buffer.from(content, 'base64'));
        await change(held, store, { ...versionOf(held.state).configuration, [file]: sha256 });
        await events.append('configuration-set', held.name, { path: file, sha256 });
        return viewsOf(held, store);
      }),
  );
  server.delete(
    '/v1/jails/:name/configuration',
    {
      schema: {
        summary: "Put the package's own file back",
        params: jailParams,
        querystring: z.object({ path }),
        response,
      },
    },
    (request) =>
      agent.jail(request.params.name).locked(async (held) => {
        const { [request.query.path]: replaced, ...rest } = versionOf(held.state).configuration ?? {};
        if (replaced === undefined)
          throw new ProdngError('USAGE', `${held.name}: ${request.query.path} is not replaced`);
        await change(held, store, rest);
        await events.append('configuration-removed', held.name, { path: request.query.path });
        return viewsOf(held, store);
      }),
  );
}

/** Changes what the current version has: the others keep theirs. */
async function change(
  held: HeldJail,
  store: ConfigurationStore,
  files: Record<string, string>,
): Promise<void> {
  const { versions, current } = held.state;
  await held.change({
    versions: versions.map((version) =>
      version.sha256 === current ? { ...version, configuration: files } : version,
    ),
  });
  await store.collect(held.state);
}

function viewsOf(
  { name, state }: Pick<HeldJail, 'name' | 'state'>,
  store: ConfigurationStore,
): Promise<ConfigurationView[]> {
  const installed = versionOf(state);
  const files = installed.configuration ?? {};
  const paths = new Set([...unpackedJail(installed, name).declaration.configuration, ...Object.keys(files)]);
  return Promise.all(
    [...paths].toSorted().map(async (file) => {
      const sha256 = ownValue(files, file);
      if (sha256 === undefined) return { path: file };
      const size = await store.size(name, sha256);
      return { path: file, sha256, ...(size === undefined ? {} : { size }) };
    }),
  );
}
