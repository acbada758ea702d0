import { existsSync } from 'node:fs';

/** Whether an argument names a file: otherwise it names a jail of the agent. */
export function isProfileFile(argument: string): boolean {
  return argument.includes('/') || argument.endsWith('.profile') || existsSync(argument);
}
