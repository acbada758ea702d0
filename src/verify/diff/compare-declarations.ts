import type { IoLimit, JailDeclaration, JailMount } from '../../control/jail-declaration.ts';
import type { JailField } from '../../control/jail-field.ts';
import { jailFields } from '../../control/jail-fields.ts';

/** One right, limit or setting that two declarations differ in. */
export interface DeclarationChange {
  /** `Jail-Capabilities`. */
  field: string;
  /** `gained`: the jail may do more than before. `changed`: neither more nor less can be told. */
  kind: 'gained' | 'lost' | 'changed';
  old?: string;
  new?: string;
}

const order = ['gained', 'lost', 'changed'];
const networks = ['none', 'loopback', 'macvlan'];
const ioKeys = [
  'readBytesPerSecond',
  'writeBytesPerSecond',
  'readOperationsPerSecond',
  'writeOperationsPerSecond',
] as const satisfies (keyof IoLimit)[];

/** Compares what two jails declare: rights gained first, then lost, then what is merely different. */
export function compareDeclarations(before: JailDeclaration, after: JailDeclaration): DeclarationChange[] {
  const { capabilities, listen, connect, syscalls, network, memory, cpu, pids } = jailFields;
  return [
    ...compareUser(before.user, after.user),
    ...compareItems(capabilities, before.capabilities, after.capabilities),
    ...compareMounts(before.filesystem, after.filesystem),
    ...compareAmounts(network, before.network, after.network, (value) => networks.indexOf(value)),
    ...compareItems(listen, before.listen, after.listen),
    ...compareItems(connect, before.connect, after.connect),
    ...compareItems(syscalls, before.syscalls, after.syscalls),
    ...compareAmounts(memory, before.memory, after.memory, Number),
    ...compareAmounts(cpu, before.cpu, after.cpu, Number),
    ...compareAmounts(pids, before.pids, after.pids, Number),
    ...compareIo(before.io, after.io),
    ...compareEnvironment(before.environment, after.environment),
    ...compareSettings(before, after),
  ].toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
}

function compareUser(before: string, after: string): DeclarationChange[] {
  if (before === after) return [];
  const kind = after === 'root' ? 'gained' : before === 'root' ? 'lost' : 'changed';
  return [{ field: 'Jail-User', kind, old: before, new: after }];
}

function compareItems<T>(
  info: Pick<JailField<T[]>, 'name' | 'format'>,
  before: readonly T[],
  after: readonly T[],
): DeclarationChange[] {
  const texts = (items: readonly T[]): Set<string> => new Set(items.map((item) => info.format([item])));
  const [old, now] = [texts(before), texts(after)];
  const field = `Jail-${info.name}`;
  return [
    ...[...now]
      .filter((text) => !old.has(text))
      .map((text) => ({ field, kind: 'gained' as const, new: text })),
    ...[...old].filter((text) => !now.has(text)).map((text) => ({ field, kind: 'lost' as const, old: text })),
  ];
}

function compareAmounts<T>(
  info: Pick<JailField<T>, 'name' | 'format'>,
  before: T,
  after: T,
  amount: (value: T) => number,
): DeclarationChange[] {
  if (before === after) return [];
  const kind = amount(after) > amount(before) ? 'gained' : 'lost';
  return [{ field: `Jail-${info.name}`, kind, old: info.format(before), new: info.format(after) }];
}

/** A mount that only grew is one change, not one lost and another gained. */
function compareMounts(before: readonly JailMount[], after: readonly JailMount[]): DeclarationChange[] {
  const [old, now] = [mountsByPlace(before), mountsByPlace(after)];
  const unpaired = compareItems(
    jailFields.filesystem,
    before.filter((mount) => !now.has(placeOf(mount))),
    after.filter((mount) => !old.has(placeOf(mount))),
  );
  const resized = [...now].flatMap(([place, mount]) => {
    const other = old.get(place);
    if (other === undefined || sizeOf(other) === sizeOf(mount)) return [];
    return compareAmounts(
      { ...jailFields.filesystem, format: (each) => jailFields.filesystem.format([each]) },
      other,
      mount,
      sizeOf,
    );
  });
  return [...unpaired, ...resized];
}

function mountsByPlace(mounts: readonly JailMount[]): Map<string, JailMount> {
  return new Map(mounts.map((mount) => [placeOf(mount), mount]));
}

function placeOf(mount: JailMount): string {
  return [mount.kind, mount.path, mount.kind === 'ro' ? mount.hostPath : ''].join('\n');
}

/** A volume without a size is bounded by the host alone. */
function sizeOf(mount: JailMount): number {
  return mount.kind === 'ro' ? 0 : (mount.size ?? Number.POSITIVE_INFINITY);
}

/** A limit that is gone, or higher, lets the jail do more. */
function compareIo(before: readonly IoLimit[], after: readonly IoLimit[]): DeclarationChange[] {
  const devices = new Set([...before, ...after].map(({ device }) => device));
  return [...devices].flatMap((device) => {
    const of = (limits: readonly IoLimit[]): IoLimit =>
      limits.find((limit) => limit.device === device) ?? { device };
    const [old, now] = [of(before), of(after)];
    const steps = ioKeys.map((key) => Math.sign((now[key] ?? Infinity) - (old[key] ?? Infinity) || 0));
    if (steps.every((step) => step === 0)) return [];
    const more = steps.some((step) => step > 0);
    const kind = more ? 'gained' : 'lost';
    const format = (limit: IoLimit): string => jailFields.io.format([limit]);
    return [{ field: 'Jail-Io', kind, old: format(old), new: format(now) } as const];
  });
}

function compareEnvironment(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): DeclarationChange[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].toSorted().flatMap((name) => {
    const [old, now] = [before[name], after[name]];
    if (old === now) return [];
    return [
      {
        field: 'Jail-Environment',
        kind: 'changed',
        ...(old === undefined ? {} : { old: `${name}=${old}` }),
        ...(now === undefined ? {} : { new: `${name}=${now}` }),
      } as const,
    ];
  });
}

function compareSettings(before: JailDeclaration, after: JailDeclaration): DeclarationChange[] {
  const setting = <T>(info: Pick<JailField<T>, 'name' | 'format'>, old: T, now: T): DeclarationChange[] => {
    const [oldText, newText] = [old, now].map((value) => (value === undefined ? '' : info.format(value)));
    if (oldText === newText) return [];
    return [
      {
        field: `Jail-${info.name}`,
        kind: 'changed',
        ...(oldText === undefined || oldText === '' ? {} : { old: oldText }),
        ...(newText === undefined || newText === '' ? {} : { new: newText }),
      },
    ];
  };
  return [
    ...setting(jailFields.format, before.format, after.format),
    ...setting(jailFields.command, before.command, after.command),
    ...setting(jailFields.workdir, before.workdir, after.workdir),
    ...setting(jailFields.health, before.health, after.health),
    ...setting(jailFields.restart, before.restart, after.restart),
    ...setting(jailFields.stop, before.stop, after.stop),
    ...setting(jailFields.compose, before.compose, after.compose),
    ...setting(jailFields.prune, before.prune, after.prune),
  ];
}
