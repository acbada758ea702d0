import type { Tag } from './tag.ts';
import { tag as capabilityDuplicate } from './tags/capabilities/capability-duplicate.ts';
import { tag as capabilityForgesPackets } from './tags/capabilities/capability-forges-packets.ts';
import { tag as capabilityHostEquivalent } from './tags/capabilities/capability-host-equivalent.ts';
import { tag as capabilityIneffective } from './tags/capabilities/capability-ineffective.ts';
import { tag as capabilityLostByUserSwitch } from './tags/capabilities/capability-lost-by-user-switch.ts';
import { tag as capabilityRawSocketUndeclared } from './tags/capabilities/capability-raw-socket-undeclared.ts';
import { tag as capabilityRedundant } from './tags/capabilities/capability-redundant.ts';
import { tag as capabilitySetuidAlone } from './tags/capabilities/capability-setuid-alone.ts';
import { tag as capabilityTakesAddress } from './tags/capabilities/capability-takes-address.ts';
import { tag as capabilityUnknown } from './tags/capabilities/capability-unknown.ts';
import { tag as commandDaemonises } from './tags/command/command-daemonises.ts';
import { tag as commandNotAbsolute } from './tags/command/command-not-absolute.ts';
import { tag as commandPrefix } from './tags/command/command-prefix.ts';
import { tag as commandShellString } from './tags/command/command-shell-string.ts';
import { tag as commandSwitchesUser } from './tags/command/command-switches-user.ts';
import { tag as composeInstall } from './tags/command/compose-install.ts';
import { tag as environmentSecret } from './tags/command/environment-secret.ts';
import { tag as syscallsDangerous } from './tags/command/syscalls-dangerous.ts';
import { tag as userRoot } from './tags/command/user-root.ts';
import { tag as changelogSyntax } from './tags/control/changelog-syntax.ts';
import { tag as controlFieldInvalid } from './tags/control/control-field-invalid.ts';
import { tag as controlSyntax } from './tags/control/control-syntax.ts';
import { tag as environmentDuplicate } from './tags/control/environment-duplicate.ts';
import { tag as jailFieldInvalid } from './tags/control/jail-field-invalid.ts';
import { tag as jailFieldMisplaced } from './tags/control/jail-field-misplaced.ts';
import { tag as jailFieldMissing } from './tags/control/jail-field-missing.ts';
import { tag as jailFieldUnknown } from './tags/control/jail-field-unknown.ts';
import { tag as syscallUnknown } from './tags/control/syscall-unknown.ts';
import { tag as commandWritable } from './tags/filesystem/command-writable.ts';
import { tag as hostPath } from './tags/filesystem/host-path.ts';
import { tag as hostPathSensitive } from './tags/filesystem/host-path-sensitive.ts';
import { tag as mountDuplicate } from './tags/filesystem/mount-duplicate.ts';
import { tag as mountOverKernel } from './tags/filesystem/mount-over-kernel.ts';
import { tag as mountOverlap } from './tags/filesystem/mount-overlap.ts';
import { tag as mountWritableConfiguration } from './tags/filesystem/mount-writable-configuration.ts';
import { tag as mountWritableRoot } from './tags/filesystem/mount-writable-root.ts';
import { tag as mountWritableSystem } from './tags/filesystem/mount-writable-system.ts';
import { tag as pathEscapes } from './tags/filesystem/path-escapes.ts';
import { tag as pathNotNormalised } from './tags/filesystem/path-not-normalised.ts';
import { tag as pathRelative } from './tags/filesystem/path-relative.ts';
import { tag as searchPathWritable } from './tags/filesystem/search-path-writable.ts';
import { tag as volumeWithoutSize } from './tags/filesystem/volume-without-size.ts';
import { tag as writablePlaceUndeclared } from './tags/filesystem/writable-place-undeclared.ts';
import { tag as healthIntervalAbsurd } from './tags/health/health-interval-absurd.ts';
import { tag as healthMissing } from './tags/health/health-missing.ts';
import { tag as healthPortUndeclared } from './tags/health/health-port-undeclared.ts';
import { tag as healthTimeoutExceedsInterval } from './tags/health/health-timeout-exceeds-interval.ts';
import { tag as healthWithoutNetwork } from './tags/health/health-without-network.ts';
import { tag as restartNever } from './tags/health/restart-never.ts';
import { tag as stopSignalKill } from './tags/health/stop-signal-kill.ts';
import { tag as stopTimeoutAbsurd } from './tags/health/stop-timeout-absurd.ts';
import { tag as loaderVariable } from './tags/hermetic/loader-variable.ts';
import { tag as maintainerScriptInSource } from './tags/hermetic/maintainer-script-in-source.ts';
import { tag as searchPathRelative } from './tags/hermetic/search-path-relative.ts';
import { tag as cpuAbsurd } from './tags/limits/cpu-absurd.ts';
import { tag as limitsDefault } from './tags/limits/limits-default.ts';
import { tag as memoryAbsurd } from './tags/limits/memory-absurd.ts';
import { tag as pidsAbsurd } from './tags/limits/pids-absurd.ts';
import { tag as pidsTooFew } from './tags/limits/pids-too-few.ts';
import { tag as tmpfsExceedsMemory } from './tags/limits/tmpfs-exceeds-memory.ts';
import { tag as tmpfsTotalExceedsMemory } from './tags/limits/tmpfs-total-exceeds-memory.ts';
import { tag as commandPortUndeclared } from './tags/network/command-port-undeclared.ts';
import { tag as connectAny } from './tags/network/connect-any.ts';
import { tag as connectBroad } from './tags/network/connect-broad.ts';
import { tag as connectContradictory } from './tags/network/connect-contradictory.ts';
import { tag as connectLoopback } from './tags/network/connect-loopback.ts';
import { tag as connectMetadata } from './tags/network/connect-metadata.ts';
import { tag as connectWithoutNetwork } from './tags/network/connect-without-network.ts';
import { tag as dnsWithoutEgress } from './tags/network/dns-without-egress.ts';
import { tag as listenWithoutNetwork } from './tags/network/listen-without-network.ts';
import { tag as networkUnused } from './tags/network/network-unused.ts';
import { tag as portDuplicate } from './tags/network/port-duplicate.ts';
import { tag as capabilityCannotHelp } from './tags/observed/capability-cannot-help.ts';
import { tag as capabilityDenied } from './tags/observed/capability-denied.ts';
import { tag as capabilityNeverUsed } from './tags/observed/capability-never-used.ts';
import { tag as connectNeverUsed } from './tags/observed/connect-never-used.ts';
import { tag as connectUndeclared } from './tags/observed/connect-undeclared.ts';
import { tag as listenNeverBound } from './tags/observed/listen-never-bound.ts';
import { tag as recordIncomplete } from './tags/observed/record-incomplete.ts';
import { tag as recordOfOtherVersion } from './tags/observed/record-of-other-version.ts';
import { tag as syscallsBelowFloor } from './tags/observed/syscalls-below-floor.ts';
import { tag as syscallsNeverUsed } from './tags/observed/syscalls-never-used.ts';
import { tag as syscallsRefused } from './tags/observed/syscalls-refused.ts';
import { tag as volumeNeverWritten } from './tags/observed/volume-never-written.ts';
import { tag as writeRefused } from './tags/observed/write-refused.ts';
import { tag as packageOutdated } from './tags/outdated/package-outdated.ts';
import { tag as packageVulnerable } from './tags/outdated/package-vulnerable.ts';
import { tag as overrideExpired } from './tags/overrides/override-expired.ts';
import { tag as overrideForbidden } from './tags/overrides/override-forbidden.ts';
import { tag as overrideInvalid } from './tags/overrides/override-invalid.ts';
import { tag as overrideUnused } from './tags/overrides/override-unused.ts';
import { tag as policyArchive } from './tags/policy/policy-archive.ts';
import { tag as policyCapability } from './tags/policy/policy-capability.ts';
import { tag as policyHostPath } from './tags/policy/policy-host-path.ts';
import { tag as policyLimitExceeded } from './tags/policy/policy-limit-exceeded.ts';
import { tag as policyLimitMissing } from './tags/policy/policy-limit-missing.ts';
import { tag as policyNetwork } from './tags/policy/policy-network.ts';
import { tag as policySignatureMissing } from './tags/policy/policy-signature-missing.ts';
import { tag as lockMissingInSource } from './tags/reproducible/lock-missing-in-source.ts';
import { tag as lockOutdated } from './tags/reproducible/lock-outdated.ts';
import { tag as lockUnresolved } from './tags/reproducible/lock-unresolved.ts';

/** The tags that a source can have, by family. A file that is missing here fails the tests. */
export const commonTags: readonly Tag[] = [
  capabilityCannotHelp,
  capabilityDenied,
  capabilityNeverUsed,
  connectNeverUsed,
  connectUndeclared,
  listenNeverBound,
  recordIncomplete,
  recordOfOtherVersion,
  syscallsBelowFloor,
  syscallsNeverUsed,
  syscallsRefused,
  volumeNeverWritten,
  writeRefused,
  changelogSyntax,
  controlFieldInvalid,
  controlSyntax,
  environmentDuplicate,
  jailFieldInvalid,
  jailFieldMisplaced,
  jailFieldMissing,
  jailFieldUnknown,
  syscallUnknown,
  capabilityDuplicate,
  capabilityForgesPackets,
  capabilityHostEquivalent,
  capabilityIneffective,
  capabilityLostByUserSwitch,
  capabilityRawSocketUndeclared,
  capabilityRedundant,
  capabilitySetuidAlone,
  capabilityTakesAddress,
  capabilityUnknown,
  commandWritable,
  hostPathSensitive,
  hostPath,
  mountDuplicate,
  mountOverKernel,
  mountOverlap,
  mountWritableConfiguration,
  mountWritableRoot,
  mountWritableSystem,
  pathEscapes,
  pathNotNormalised,
  pathRelative,
  searchPathWritable,
  volumeWithoutSize,
  writablePlaceUndeclared,
  loaderVariable,
  maintainerScriptInSource,
  searchPathRelative,
  lockMissingInSource,
  lockOutdated,
  lockUnresolved,
  commandPortUndeclared,
  connectAny,
  connectBroad,
  connectContradictory,
  connectLoopback,
  connectMetadata,
  connectWithoutNetwork,
  dnsWithoutEgress,
  listenWithoutNetwork,
  networkUnused,
  portDuplicate,
  cpuAbsurd,
  limitsDefault,
  memoryAbsurd,
  pidsAbsurd,
  pidsTooFew,
  tmpfsExceedsMemory,
  tmpfsTotalExceedsMemory,
  commandDaemonises,
  commandNotAbsolute,
  commandPrefix,
  commandShellString,
  commandSwitchesUser,
  composeInstall,
  environmentSecret,
  syscallsDangerous,
  userRoot,
  healthIntervalAbsurd,
  healthMissing,
  healthPortUndeclared,
  healthTimeoutExceedsInterval,
  healthWithoutNetwork,
  restartNever,
  stopSignalKill,
  stopTimeoutAbsurd,
  packageOutdated,
  packageVulnerable,
  policyArchive,
  policyCapability,
  policyHostPath,
  policyLimitExceeded,
  policyLimitMissing,
  policyNetwork,
  policySignatureMissing,
  overrideExpired,
  overrideForbidden,
  overrideInvalid,
  overrideUnused,
];
