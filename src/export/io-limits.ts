import type { JailDeclaration } from '../control/jail-declaration.ts';

type IoLimit = JailDeclaration['io'][number];

/** Each amount of Jail-Io with the names that compose and podman have for it. */
const amounts = [
  ['device_read_bps', '--device-read-bps', (limit: IoLimit) => limit.readBytesPerSecond],
  ['device_write_bps', '--device-write-bps', (limit: IoLimit) => limit.writeBytesPerSecond],
  ['device_read_iops', '--device-read-iops', (limit: IoLimit) => limit.readOperationsPerSecond],
  ['device_write_iops', '--device-write-iops', (limit: IoLimit) => limit.writeOperationsPerSecond],
] as const;

/** The devices that engines cannot be told of: they take paths, and these are numbers. */
export function numberedDevices({ io }: Pick<JailDeclaration, 'io'>): string[] {
  return io.map(({ device }) => device).filter((device) => !device.startsWith('/'));
}

/** `blkio_config` of the Compose specification. */
export function composeBlockLimits(io: readonly IoLimit[]): { blkio_config?: Record<string, unknown> } {
  const config: Record<string, unknown> = {};
  for (const [name, , of] of amounts) {
    const rates = named(io).flatMap((limit) => {
      const rate = of(limit);
      return rate === undefined ? [] : [{ path: limit.device, rate }];
    });
    if (rates.length > 0) config[name] = rates;
  }
  return Object.keys(config).length === 0 ? {} : { blkio_config: config };
}

/** Options of podman-run(1). */
export function podmanBlockLimits(io: readonly IoLimit[]): string[] {
  return named(io).flatMap((limit) =>
    amounts.flatMap(([, option, of]) => {
      const rate = of(limit);
      return rate === undefined ? [] : [`${option}=${limit.device}:${rate}`];
    }),
  );
}

function named(io: readonly IoLimit[]): IoLimit[] {
  return io.filter(({ device }) => device.startsWith('/'));
}
