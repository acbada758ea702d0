import { capabilitiesField } from './fields/capabilities.ts';
import { commandField } from './fields/command.ts';
import { composeField } from './fields/compose.ts';
import { configurationField } from './fields/configuration.ts';
import { connectField } from './fields/connect.ts';
import { cpuField } from './fields/cpu.ts';
import { credentialsField } from './fields/credentials.ts';
import { environmentField } from './fields/environment.ts';
import { filesystemField } from './fields/filesystem.ts';
import { formatField } from './fields/format.ts';
import { healthField } from './fields/health.ts';
import { inputsField } from './fields/inputs.ts';
import { ioField } from './fields/io.ts';
import { listenField } from './fields/listen.ts';
import { memoryField } from './fields/memory.ts';
import { networkField } from './fields/network.ts';
import { pidsField } from './fields/pids.ts';
import { prepareField } from './fields/prepare.ts';
import { pruneField } from './fields/prune.ts';
import { restartField } from './fields/restart.ts';
import { settingsField } from './fields/settings.ts';
import { stopField } from './fields/stop.ts';
import { syscallsField } from './fields/syscalls.ts';
import { userField } from './fields/user.ts';
import { workdirField } from './fields/workdir.ts';
import type { FieldTable, JailField } from './jail-field.ts';

/** Every `Jail-*` field by the key it has in a declaration, in the order of the documentation. */
export const jailFields = {
  format: formatField,
  command: commandField,
  user: userField,
  workdir: workdirField,
  environment: environmentField,
  capabilities: capabilitiesField,
  filesystem: filesystemField,
  network: networkField,
  listen: listenField,
  connect: connectField,
  memory: memoryField,
  cpu: cpuField,
  pids: pidsField,
  io: ioField,
  syscalls: syscallsField,
  settings: settingsField,
  credentials: credentialsField,
  configuration: configurationField,
  prepare: prepareField,
  health: healthField,
  restart: restartField,
  stop: stopField,
  compose: composeField,
  prune: pruneField,
  inputs: inputsField,
} as const satisfies FieldTable;

/** `Memory`: the name of a field without its prefix is its key with a capital letter. */
export type FieldName = Capitalize<keyof typeof jailFields>;

/** The fields as a list. */
export const jailFieldList: readonly JailField<unknown>[] = Object.values(jailFields);
