import type { ValuesOf } from './jail-field.ts';
import type { jailFields } from './jail-fields.ts';

export type { ConnectRule } from './fields/connect.ts';
export type { JailMount } from './fields/filesystem.ts';
export type { HealthCheck } from './fields/health.ts';
export type { JailInput } from './fields/inputs.ts';
export type { IoLimit } from './fields/io.ts';
export type { ListenPort, Protocol } from './fields/port.ts';

/**
 * What a jail declares, parsed and with every default filled in. Sizes are bytes, times are ms. Each key comes from
 * one entry of jailFields.
 */
export interface JailDeclaration extends ValuesOf<typeof jailFields> {}
