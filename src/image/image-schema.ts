import { z } from 'zod';
import { packagePattern } from '../control/package-name.ts';

const absolute = z
  .string()
  .regex(/^\/[^\0]*$/, 'an absolute path')
  .refine((path) => !path.split('/').includes('..'), 'a path without ..');
const reason = z.string().min(1, 'a reason, for the reader of the next review');
const inSource = z
  .string()
  .regex(/^[^/\0][^\0]*$/, 'a path within the image source')
  .refine((path) => !path.split('/').includes('..'), 'a path without ..');

const mebibytes = z
  .string()
  .regex(/^[1-9]\d{0,4}M$/, 'whole mebibytes, such as 96M')
  .transform((text) => Number.parseInt(text, 10) * 2 ** 20);

/** What ip(8) takes as one argument. */
const word = /^[A-Za-z0-9.:/_-]+$/;

const networkSchema = z.strictObject({
  interface: z.string().regex(/^[A-Za-z0-9._-]{1,15}$/, 'the name of a network interface'),
  address: z.string().regex(word, 'an address with its prefix length'),
  gateway: z.string().regex(word, 'an address').optional(),
});

/** image.yaml: what a base image is made of. */
export const imageSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'a host name label: a-z, 0-9 and -'),
  version: z.string().regex(/^[0-9][A-Za-z0-9.+~]*$/, 'a Debian upstream version'),
  architecture: z.literal('amd64').default('amd64'),
  kernel: z
    .strictObject({
      variant: z.enum(['cloud', 'amd64']).default('cloud'),
      /** Appended to what ProdNG sets; fixed in the UKI. */
      commandLine: z.array(z.string().regex(/^[\x21-\x7e]+$/, 'printable ASCII without spaces')).default([]),
      /** Modules that the initrd loads besides those that find and mount the root. */
      initrdModules: z.array(z.string().regex(/^[A-Za-z0-9_-]+$/, 'the name of a module')).default([]),
    })
    .prefault({}),
  packages: z.array(z.string().regex(packagePattern, 'a package name (Policy 5.6.7)')).min(1),
  /** Packages that count as present: neither they nor what only they need is installed. */
  without: z.array(z.strictObject({ package: z.string().regex(packagePattern), reason })).default([]),
  /** Groups of Jail-Prune or globs of absolute paths. */
  prune: z.array(z.strictObject({ path: z.string().min(1), reason })).default([]),
  slotSize: mebibytes.prefault('96M'),
  /** Bytes of /var on a full disk image (default 256M); an installer takes the rest of the disk. */
  dataSize: mebibytes.prefault('256M'),
  /** A shell on the console. Never in production. */
  debug: z.boolean().default(false),
  network: z.array(networkSchema).default([]),
  sysctl: z
    .record(
      z.string().regex(/^[a-z0-9_.-]+$/, 'a name of sysctl(8)'),
      z.union([z.string().regex(/^[^\n]*$/), z.number()]),
    )
    .default({}),
  /** agent.json of the host. */
  agent: z.record(z.string(), z.unknown()).default({}),
  /** Files of the source that are copied into the image, readable by all. */
  files: z.array(z.strictObject({ from: inSource, to: absolute })).default([]),
  /** Jail .debs of the source, which start on the first boot. */
  jails: z.array(inSource).default([]),
  /** OpenPGP public keys, as files of the source, of which one must have signed an update (default: none, so no update). */
  trust: z.array(inSource).default([]),
  /** Seconds after the start in which a slot on trial must be committed. */
  trialSeconds: z.int().min(10).max(3600).default(300),
});

export type ImageDeclaration = z.infer<typeof imageSchema>;
