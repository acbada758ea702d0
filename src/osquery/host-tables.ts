import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import type { AgentClient } from '../agent/client.ts';
import { subjectOnDisk } from '../agent/evidence/subject-on-disk.ts';
import type { AgentPaths } from '../agent/state/agent-paths.ts';
import { ProdngError } from '../error/prodng-error.ts';
import { compareTree, parseMd5sums } from '../evidence/collect/compare-tree.ts';
import { type TreeFile, walkTree } from '../evidence/collect/walk-tree.ts';
import { readFileBeneath } from '../kernel/beneath-file.ts';
import { parseLock } from '../lock/lock-parser.ts';
import { big, type Row, row, type Table, text } from './table.ts';
import { jailsOf } from './tables.ts';

const mostFiles = 1_000_000;
const mostLock = 32 * 2 ** 20;

/** Of GET /v1/host. */
const hostSchema = z.object({
  slots: z.array(
    z.object({
      slot: z.string(),
      running: z.boolean(),
      image: z
        .object({ name: z.string(), version: z.string(), digest: z.string(), date: z.string() })
        .optional(),
    }),
  ),
  trial: z.boolean(),
});

/** Tables of what is on the host's disk. They read it themselves, which takes root. */
export function hostTables(client: AgentClient, paths: AgentPaths): Table[] {
  const jails = jailsOf(client);
  return [
    {
      name: 'prodng_packages',
      columns: [
        text('jail', 'index'),
        text('name'),
        text('version'),
        text('architecture'),
        text('source'),
        text('sha256', 'hidden'),
      ],
      async rows(constraints) {
        const rows: Row[] = [];
        for (const { name: jail } of await jails(constraints))
          for (const { name, version, architecture, source, sha256 } of await packagesOf(jail, paths))
            rows.push(row({ jail, name, version, architecture, source: source ?? name, sha256 }));
        return rows;
      },
    },
    {
      name: 'prodng_files_changed',
      columns: [text('jail', 'index'), text('path'), text('change'), big('mtime'), text('sha256')],
      async rows(constraints) {
        const rows: Row[] = [];
        for (const { name: jail } of await jails(constraints)) rows.push(...(await changesOf(jail, paths)));
        return rows;
      },
    },
    {
      name: 'prodng_image',
      columns: [
        text('slot'),
        big('running'),
        big('trial'),
        text('name'),
        text('version'),
        text('digest'),
        text('date'),
      ],
      async rows() {
        const { slots, trial } = hostSchema.parse(await client.call('GET', '/v1/host').catch(noImage));
        return slots.map(({ slot, running, image }) =>
          row({
            slot,
            running: Number(running),
            trial: Number(trial && running),
            name: image?.name,
            version: image?.version,
            digest: image?.digest,
            date: image?.date,
          }),
        );
      },
    },
  ];
}

/** A host that does not run a base image has no slots. */
function noImage(error: unknown): z.infer<typeof hostSchema> {
  if (error instanceof ProdngError && error.code === 'HOST_LACKS') return { slots: [], trial: false };
  throw error;
}

/** The packages that a jail's tree was composed of, as its lock names them; none where it has no lock. */
async function packagesOf(jail: string, paths: AgentPaths) {
  const { rootfs } = await subjectOnDisk(jail, paths);
  const lock = readFileBeneath(dirname(rootfs), 'jail.lock', mostLock);
  if (lock === undefined) return [];
  return parseLock(lock, `${jail}: jail.lock`).packages.filter(
    ({ use }) => use.includes('rootfs') || use.includes('install'),
  );
}

async function changesOf(jail: string, paths: AgentPaths): Promise<Row[]> {
  const { rootfs, md5sums } = await subjectOnDisk(jail, paths);
  const files: TreeFile[] = [];
  for (const file of walkTree(rootfs, mostFiles)) {
    files.push(file);
    // osqueryd pings while a large tree is read
    if (files.length % 64 === 0) await setImmediate();
  }
  const expected = parseMd5sums(readFileSync(md5sums.file, 'utf8'), md5sums.prefix);
  const { changed, missing, added } = compareTree(files, expected);
  const known = new Map(files.map((file) => [file.path, file]));
  const rowsOf = (names: readonly string[], change: string) =>
    names.map((path) => {
      const file = known.get(path);
      const mtime = file === undefined ? undefined : Math.floor(file.mtime / 1000);
      return row({ jail, path, change: file?.errno ?? change, mtime, sha256: file?.sha256 });
    });
  return [...rowsOf(changed, 'changed'), ...rowsOf(missing, 'missing'), ...rowsOf(added, 'added')];
}
