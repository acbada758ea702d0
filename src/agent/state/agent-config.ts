import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { prettifyError, z } from 'zod';
import { errnoOf, ProdngError } from '../../error/prodng-error.ts';
import { checkpointConfigSchema } from '../checkpoints/checkpoint-config.ts';
import type { AgentPaths } from './agent-paths.ts';
import { type Networks, networksSchema } from './networks-schema.ts';

const path = z.string().startsWith('/');

/** The agent's own configuration, /etc/prodng/agent.json; it may be absent, as may each of its fields. */
export const agentConfigSchema = z.strictObject({
  /** Who must have signed what is installed: a policy as `prodng verify` takes it. */
  signaturePolicy: path.optional(),
  /** Which archives have packages by name: a file as sources.list(5) has it, DEB822-STYLE FORMAT. */
  archives: path.optional(),
  /** What a package may bring to the disk: one that has more is not installed. */
  packages: z
    .strictObject({
      /** Files, folders and links together. */
      entries: z.number().int().positive().default(200_000),
      /** Bytes of all files together. */
      bytes: z
        .number()
        .int()
        .positive()
        .default(8 * 2 ** 30),
    })
    .prefault({}),
  /** Versions of a jail that are kept. */
  keepVersions: z.number().int().min(1).max(100).default(3),
  /** Jails that are started at a time when the agent begins. */
  startsAtOnce: z.number().int().min(1).max(64).default(4),
  /** Bytes of a jail's log. */
  logSize: z
    .number()
    .int()
    .min(2 ** 16)
    .default(16 * 2 ** 20),
  /** How much of what a service prints is kept in each interval; the rest is counted. */
  logRate: z
    .strictObject({
      seconds: z.number().int().min(1).max(3600).default(30),
      lines: z.number().int().positive().default(10_000),
      bytes: z
        .number()
        .int()
        .min(2 ** 16)
        .default(2 * 2 ** 20),
    })
    .prefault({}),
  /** Where signed heads of the event log are sent. */
  checkpoints: checkpointConfigSchema.optional(),
  logLevel: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  /** Up to where an operator may raise limits above what a package declares. */
  raise: z
    .strictObject({
      memory: z.number().int().positive().optional(),
      cpu: z.number().int().positive().optional(),
      pids: z.number().int().positive().optional(),
    })
    .default({}),
  /** What macvlan jails can be on. */
  networks: networksSchema.default({}),
  /** The one that a jail is on when nobody has chosen (default: the only one). */
  defaultNetwork: z.string().optional(),
  /** Serve the API on TCP as well: only clients with a certificate of that authority are heard. */
  tls: z
    .strictObject({
      address: z.string().default('::'),
      port: z.number().int().min(1).max(65_535).default(1337),
      certificate: path,
      key: path,
      clientAuthority: path,
      /** The authority's list of certificates that count no more (CRL, PEM). */
      revoked: path.optional(),
    })
    .optional(),
});

/** @throws ProdngError CONFIG when the default is none of them */
export function networksOf({ networks, defaultNetwork }: AgentConfig): Networks {
  const names = Object.keys(networks);
  const chosen = defaultNetwork ?? (names.length === 1 ? names[0] : undefined);
  if (chosen !== undefined && !names.includes(chosen))
    throw new ProdngError('CONFIG', `agent.json: defaultNetwork: ${chosen} is none of its networks`);
  return { byName: networks, ...(chosen === undefined ? {} : { default: chosen }) };
}

export type AgentConfig = z.infer<typeof agentConfigSchema>;

/** @throws ProdngError CONFIG naming the file and each fault */
export async function readAgentConfig({ config }: Pick<AgentPaths, 'config'>): Promise<AgentConfig> {
  const file = join(config, 'agent.json');
  const parsed = agentConfigSchema.safeParse(await readJson(file));
  if (parsed.success) return parsed.data;
  throw new ProdngError('CONFIG', `${file}: ${prettifyError(parsed.error)}`);
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return {};
    const why = error instanceof Error ? error.message : String(error);
    throw new ProdngError('CONFIG', `${file}: ${why}`, { cause: error });
  }
}
