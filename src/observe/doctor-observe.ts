import { reasonOf } from '../error/prodng-error.ts';
import type { HostCheck } from '../system/host-check.ts';
import { loadPrograms } from './loaded.ts';

/** Whether jails can be observed on this host: found out by loading the programs. Nothing is left of them. */
export function checkObserveHost(): HostCheck[] {
  const check = {
    name: 'BPF',
    costs: 'jails run without observation: no audit, and no policy can be enforced',
  };
  try {
    const programs = loadPrograms();
    programs.close();
    return [{ ...check, ok: true, detail: `counts in the kernel, ${programs.means}` }];
  } catch (error) {
    const fix = 'as root: apt-get install libbpf1; a kernel of 5.17 or newer with CONFIG_DEBUG_INFO_BTF';
    return [{ ...check, ok: false, detail: reasonOf(error), fix }];
  }
}
