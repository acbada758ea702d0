import { ownValue } from '../../system/own-value.ts';
/** Settings that are read into fields elsewhere, or told of there. */
export const carriedDirectives: ReadonlySet<string> = new Set(
  `ExecStart ExecStartPre ExecStartPost ExecStop ExecStopPost ExecReload ExecCondition Type User Group DynamicUser
  WorkingDirectory Environment EnvironmentFile AmbientCapabilities CapabilityBoundingSet StateDirectory CacheDirectory
  LogsDirectory RuntimeDirectory ConfigurationDirectory ReadWritePaths ReadWriteDirectories PrivateTmp PIDFile
  PrivateNetwork RestrictAddressFamilies MemoryMax MemoryLimit CPUQuota TasksMax LimitNPROC SystemCallFilter Restart
  RestartSec KillSignal TimeoutStopSec TimeoutSec TemporaryFileSystem`
    .trim()
    .split(/\s+/),
);

/** What every jail has without saying so: a read-only rootfs of its own, few devices, no new privileges, own namespaces. */
export const givenDirectives: ReadonlySet<string> = new Set(
  `NoNewPrivileges ProtectSystem ProtectHome PrivateDevices PrivateUsers PrivateIPC PrivateMounts PrivatePIDs
  ProtectClock ProtectControlGroups ProtectHostname ProtectKernelLogs ProtectKernelModules ProtectKernelTunables
  ProtectProc ProcSubset RemoveIPC RestrictNamespaces RestrictSUIDSGID SystemCallArchitectures ReadOnlyPaths
  ReadOnlyDirectories InaccessiblePaths InaccessibleDirectories DevicePolicy NoExecPaths ExecPaths MountFlags
  StandardInput SystemCallErrorNumber KillMode SendSIGKILL`
    .trim()
    .split(/\s+/),
);

/** What only means something to a service manager, or says how others treat the unit. */
export const silentDirectives: ReadonlySet<string> = new Set(
  `NotifyAccess GuessMainPID RemainAfterExit SyslogIdentifier SyslogFacility SyslogLevel SyslogLevelPrefix
  StandardOutput StandardError TimeoutStartSec TimeoutAbortSec StartLimitInterval StartLimitBurst
  StartLimitIntervalSec RuntimeDirectoryMode RuntimeDirectoryPreserve StateDirectoryMode CacheDirectoryMode
  LogsDirectoryMode ConfigurationDirectoryMode PermissionsStartOnly Slice Delegate BusName FileDescriptorStoreMax
  SuccessExitStatus RestartPreventExitStatus RestartForceExitStatus FinalKillSignal OOMPolicy Sockets UtmpIdentifier
  MemoryAccounting TasksAccounting CPUAccounting IOAccounting IPAccounting LogRateLimitIntervalSec LogRateLimitBurst
  RestartSteps RestartMaxDelaySec TTYPath TTYReset TTYVHangup IgnoreSIGPIPE KeyringMode`
    .trim()
    .split(/\s+/),
);

const reasons: Readonly<Record<string, string>> = {
  LimitNOFILE: 'every jail has 1024 open files, which the service may raise to 4096',
  LimitMEMLOCK: 'a jail has no limit of its own for locked memory: Jail-Memory bounds it',
  LimitCORE: 'a jail dumps no core: a handler outside of it would write it',
  LockPersonality: 'personality(2) is not told apart by Jail-Syscalls',
  MemoryDenyWriteExecute: 'memory that is written and executed is not denied',
  RestrictRealtime: 'real-time scheduling needs CAP_SYS_NICE, which is not declared',
  UMask: 'the umask of a jail is 022',
  SupplementaryGroups: 'a jail has the group of its user alone',
  DeviceAllow: 'no device of the host can be declared',
  BindPaths: 'name a place of the host with "ro" in Jail-Filesystem, if the host allows it',
  BindReadOnlyPaths: 'name it with "ro HOSTPATH PATH" in Jail-Filesystem, if the host allows it',
  RootDirectory: 'the rootfs of the jail is its root',
  WatchdogSec: 'there is no service manager to tell: see Jail-Health',
  Nice: 'priorities are not declared: see Jail-Cpu',
  CPUSchedulingPolicy: 'priorities are not declared: see Jail-Cpu',
  IOSchedulingClass: 'priorities are not declared: see Jail-Io',
  OOMScoreAdjust: "a jail's memory is its own: see Jail-Memory",
  LoadCredential: 'there are no credentials of a service manager: put the file into a volume',
  IPAddressDeny: 'see Jail-Connect',
  IPAddressAllow: 'see Jail-Connect',
  PAMName: 'there is no session of PAM in a jail',
  RootDirectoryStartOnly: 'the rootfs of the jail is its root',
};

/** Why a setting has no counterpart in the declarations. */
export function whyNotCarried(directive: string): string {
  return ownValue(reasons, directive) ?? 'no field of a jail says this';
}
