import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { prettifyError, z } from 'zod';
import { errnoOf, ProdngError } from '../../error/prodng-error.ts';
import { alertConfigSchema } from '../alerts/alert-config.ts';
import { roles } from '../api/roles.ts';
import { checkpointConfigSchema } from '../checkpoints/checkpoint-config.ts';
import { observeModes } from '../observation/note.ts';
import type { ObservationOptions } from '../observation/observation.ts';
import type { AgentPaths } from './agent-paths.ts';
import { type Networks, networksSchema } from './networks-schema.ts';
import { volumePolicySchema } from './volume-policy.ts';

const path = z.string().startsWith('/');
const role = z.enum(roles);

/** The agent's own configuration, /etc/prodng/agent.json; it may be absent, as may each of its fields. */
export const agentConfigSchema = z.strictObject({
  signaturePolicy: path
    .optional()
    .describe(
      'Signatures that a package must have to be installed: a policy as prodng verify --policy takes it',
    ),
  archives: path
    .optional()
    .describe('Archives that packages are installed from by name, in the DEB822 format of sources.list(5)'),
  packages: z
    .strictObject({
      entries: z.number().int().positive().default(200_000).describe('Files, folders and links together'),
      bytes: z
        .number()
        .int()
        .positive()
        .default(8 * 2 ** 30)
        .describe('Bytes of all files together'),
    })
    .prefault({})
    .describe('Limits of a package: one that exceeds them is not installed'),
  volumes: volumePolicySchema.describe(
    'Limits of persistent volumes: a jail that exceeds them is neither installed nor started',
  ),
  lowSpace: z
    .number()
    .int()
    .nonnegative()
    .default(256 * 2 ** 20)
    .describe('Free bytes of the state folder below which the event space-low is recorded; 0 for never'),
  keepVersions: z.number().int().min(1).max(100).default(3).describe('Versions of a jail that are kept'),
  startsAtOnce: z
    .number()
    .int()
    .min(1)
    .max(64)
    .default(4)
    .describe('Jails that are started at the same time when the agent starts'),
  logSize: z
    .number()
    .int()
    .min(2 ** 16)
    .default(16 * 2 ** 20)
    .describe("Bytes of a jail's log"),
  logRate: z
    .strictObject({
      seconds: z.number().int().min(1).max(3600).default(30).describe('Length of the interval'),
      lines: z.number().int().positive().default(10_000).describe('Lines in an interval'),
      bytes: z
        .number()
        .int()
        .min(2 ** 16)
        .default(2 * 2 ** 20)
        .describe('Bytes in an interval'),
    })
    .prefault({})
    .describe("How much of a service's output is kept in each interval; the rest is counted"),
  checkpoints: checkpointConfigSchema.optional().describe('Where signed heads of the event log are sent'),
  alerts: alertConfigSchema.optional().describe('Which events are sent to a webhook'),
  logLevel: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe("Lowest level of the agent's own log"),
  raise: z
    .strictObject({
      memory: z.number().int().positive().optional().describe('Bytes'),
      cpu: z.number().int().positive().optional().describe('Percent of one CPU'),
      pids: z.number().int().positive().optional().describe('Processes and threads'),
    })
    .default({})
    .describe('How far prodng set may raise limits above what a package declares'),
  roles: z
    .strictObject({
      certificates: z
        .array(
          z
            .strictObject({
              name: z.string().optional().describe('Common name of the certificate; either this or unit'),
              unit: z.string().optional().describe('Organizational unit of the certificate'),
              role: role.describe('What the client may do'),
            })
            .refine(({ name, unit }) => (name === undefined) !== (unit === undefined), 'either name or unit'),
        )
        .optional()
        .describe(
          'Roles by client certificate; the first rule that matches decides. Without rules, all are admins',
        ),
      groups: z
        .record(z.string(), role)
        .optional()
        .describe(
          'Roles by unix group of a client of the socket; the highest counts. Without rules, all are admins',
        ),
    })
    .default({})
    .describe('What clients of the API may do'),
  observation: z
    .strictObject({
      mode: z.enum(observeModes).default('base').describe('How much is observed: base, record or off'),
      recordNew: z
        .number()
        .int()
        .min(0)
        .max(1440)
        .default(0)
        .describe('Minutes for which a version without a record is recorded; 0 for none'),
      runs: z.number().int().min(1).max(1000).default(20).describe('Profiles that are kept of each jail'),
      bytes: z
        .number()
        .int()
        .min(2 ** 20)
        .default(64 * 2 ** 20)
        .describe('Bytes of the profiles of each jail'),
    })
    .prefault({})
    .describe('How jails are observed: docs/audit.md'),
  policyKeyring: path
    .optional()
    .describe(
      'OpenPGP public keys: each policy of policies.d must be signed by one of them, in FILE.asc beside it',
    ),
  history: z
    .strictObject({
      seconds: z
        .number()
        .int()
        .min(0)
        .max(86_400)
        .default(3600)
        .describe('How far back it goes, one sample a second; 0 for none'),
      bytes: z
        .number()
        .int()
        .min(2 ** 20)
        .default(32 * 2 ** 20)
        .describe('Memory for the samples of all jails: when it is full, the oldest are dropped'),
    })
    .prefault({})
    .describe('Recent figures of each jail, kept in the memory of the agent'),
  networks: networksSchema.default({}).describe('Networks for macvlan jails, by name'),
  defaultNetwork: z
    .string()
    .optional()
    .describe('The network of jails for which none is set; may be left out if there is only one'),
  tls: z
    .strictObject({
      address: z.string().default('::').describe('Address to listen on'),
      port: z.number().int().min(1).max(65_535).default(1337).describe('Port to listen on'),
      certificate: path.describe("The agent's certificate, PEM"),
      key: path.describe('Its key, PEM'),
      clientAuthority: path.describe('The authority whose client certificates are accepted, PEM'),
      revoked: path.optional().describe("That authority's certificate revocation list, PEM"),
    })
    .optional()
    .describe('Serve the API over TLS too'),
});

/** @throws ProdngError CONFIG when the default is none of them */
export function networksOf({ networks, defaultNetwork }: AgentConfig): Networks {
  const names = Object.keys(networks);
  const chosen = defaultNetwork ?? (names.length === 1 ? names[0] : undefined);
  if (chosen !== undefined && !names.includes(chosen))
    throw new ProdngError('CONFIG', `agent.json: defaultNetwork: ${chosen} is none of its networks`);
  return { byName: networks, ...(chosen === undefined ? {} : { default: chosen }) };
}

export function observationOf({ observation, policyKeyring }: AgentConfig): ObservationOptions {
  const { mode, recordNew, runs, bytes } = observation;
  return { mode, recordNew, keep: { runs, bytes }, policyKeyring };
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
