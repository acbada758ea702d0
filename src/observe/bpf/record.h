/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What is kept of jails. src/observe/layout.ts has the same structures: change both together. A jail is the inode number
 * of its user namespace; a program is a number within its jail.
 */
#pragma once
#include "kernel.h"

#define PATH 256
#define CAPABILITIES 64

/* flags of a jail, which the programs set; bits of its mode, which user space sets */
enum { ENDED = 1 };
enum { RECORDS = 1, RULES = 2, CONFINED = 4, REFUSALS = 8 };
/* what can be lost when a map is full */
enum loss { LOST_PROGRAM, LOST_CAPABILITY, LOST_CALL, LOST_FILE, LOST_CONNECTION, LOST_TASK, LOST_VIOLATION, LOSSES = 8 };
enum origin { SERVICE = 1, ENTERED = 2 };

/* of one process, in the storage of its first thread; and of a jail as a whole */
struct figures { __u64 used, denied, refused, connections, opened, executed; };

struct jail {
	__u32 flags, programs;
	/* the first process, as the host counts: user space tells */
	__u32 first, pad;
	__u64 began, ended;
	__u64 lost[LOSSES];
	/* entries of the maps that it has asked for, by what would be lost: no jail fills a map for the others */
	__u64 made[LOSSES];
	/* of all its processes, also those that have ended */
	struct figures figures;
};

/* the most entries that one jail has in each map */
static const __u64 most_of_jail[LOSSES] = {
	[LOST_PROGRAM] = 4096, [LOST_CAPABILITY] = 16384, [LOST_CALL] = 32768,     [LOST_FILE] = 32768,
	[LOST_CONNECTION] = 16384, [LOST_TASK] = ~0ULL, [LOST_VIOLATION] = 4096,
};

struct scratch { char text[2 * PATH]; };

struct file_key { __u32 jail, program, kind, pad; char path[PATH]; };

struct task {
	__u32 jail, program;
	__u8 origin, armed, pad[2];
	/* the number of the call it is in, and 1 */
	__u32 call;
	/* capabilities denied within this call: in the jail's namespace, and against the host's */
	__u64 denied, denied_host;
	struct figures figures;
	struct scratch scratch;
	struct file_key file;
};

struct program_key { __u32 jail, origin; char path[PATH]; };
struct program {
	__u32 id, by;
	__u32 outside, pid;
	__u64 executed;
	char file[PATH];
};

struct capability_key { __u32 jail, program, capability, pad; };
struct capability { __u64 granted, denied, hard, host, host_hard; };

struct call_key { __u32 jail, program, call, pad; };
struct call { __u64 entered, refused, denied, missing; };

enum way { CONNECTED = 1, FAILED, ACCEPTED, LISTENS };
struct connection_key {
	__u32 jail, program;
	__u8 way, family, protocol, pad;
	__u16 port, error;
	__u8 address[16];
};
struct owner { __u32 jail, program; };

enum rule_kind { RULE_CALL = 1, RULE_CAPABILITY, RULE_HOST_CAPABILITY, RULE_OUTSIDE };
#define ANY (~0U)
struct rule_key { __u32 jail, kind, value, pad; };
struct rule { __u32 signal, id; };
struct violation_key { __u32 jail, rule, program, value; };
struct violation { __u64 count, first; __u32 pid, signal; };

#define HASH(name_, entries, key_, value_)                                                                             \
	struct {                                                                                                       \
		__uint(type, BPF_MAP_TYPE_HASH);                                                                       \
		__uint(max_entries, entries);                                                                          \
		__uint(map_flags, BPF_F_NO_PREALLOC);                                                                  \
		__type(key, key_);                                                                                     \
		__type(value, value_);                                                                                 \
	} name_ SEC(".maps")

/* the loader may set other sizes */
HASH(jails, 4096, __u32, struct jail);
HASH(modes, 4096, __u32, __u32);
HASH(programs, 16384, struct program_key, struct program);
HASH(capabilities, 65536, struct capability_key, struct capability);
HASH(calls, 131072, struct call_key, struct call);
HASH(files, 131072, struct file_key, __u64);
HASH(connections, 65536, struct connection_key, __u64);
HASH(owners, 32768, __u64, struct owner);
HASH(rules, 65536, struct rule_key, struct rule);
HASH(violations, 65536, struct violation_key, struct violation);
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct task);
} tasks SEC(".maps");

static __always_inline struct task *marked(struct task_struct *task)
{
	struct task *mark = bpf_task_storage_get(&tasks, task, 0, 0);
	return mark && mark->jail ? mark : 0;
}

static __always_inline struct task *current_mark(void)
{
	return marked(bpf_get_current_task_btf());
}

static __always_inline struct figures *figures_of(struct task_struct *task, struct task *mark)
{
	if (task->pid == task->tgid)
		return &mark->figures;
	struct task *leader = bpf_task_storage_get(&tasks, task->group_leader, 0, 0);
	return leader ? &leader->figures : &mark->figures;
}

static __always_inline bool has_mode(__u32 jail, __u32 bit)
{
	__u32 *mode = bpf_map_lookup_elem(&modes, &jail);
	return mode && *mode & bit;
}

static __always_inline void add(__u64 *counter, __u64 n)
{
	__sync_fetch_and_add(counter, n);
}

/* Sets a bit of the process and of its jail, whose entry is only looked up for a bit that the process has not set yet. */
#define NOTE(figures_, number_, field, bit)                                                                            \
	({                                                                                                             \
		if (!((figures_)->field & (bit))) {                                                                    \
			struct jail *of_ = bpf_map_lookup_elem(&jails, &(number_));                                    \
			__sync_fetch_and_or(&(figures_)->field, bit);                                                  \
			if (of_)                                                                                       \
				__sync_fetch_and_or(&of_->figures.field, bit);                                         \
		}                                                                                                      \
	})

/* Counts one more of a thing for a process and its jail. */
#define COUNT(figures_, number_, field)                                                                                \
	({                                                                                                             \
		struct jail *of_ = bpf_map_lookup_elem(&jails, &(number_));                                            \
		add(&(figures_)->field, 1);                                                                            \
		if (of_)                                                                                               \
			add(&of_->figures.field, 1);                                                                   \
	})

static __always_inline void lose(__u32 jail, enum loss what)
{
	struct jail *of = bpf_map_lookup_elem(&jails, &jail);
	if (of)
		add(&of->lost[what], 1);
}

/* Whether a jail may have one more entry. */
static __always_inline bool has_room(__u32 number, enum loss what)
{
	struct jail *of = bpf_map_lookup_elem(&jails, &number);
	return of && __sync_fetch_and_add(&of->made[what], 1) < most_of_jail[what];
}

/*
 * The value of a key, made if need be: a macro for each map's own type. Another CPU may make it at the same time: the
 * second update fails and the lookup finds the first one's.
 */
#define FOUND_OR_MADE(map, key, zero, what)                                                                            \
	({                                                                                                             \
		void *value_ = bpf_map_lookup_elem(map, key);                                                          \
		if (!value_ && has_room((key)->jail, what)) {                                                          \
			bpf_map_update_elem(map, key, zero, BPF_NOEXIST);                                              \
			value_ = bpf_map_lookup_elem(map, key);                                                        \
		}                                                                                                      \
		value_;                                                                                                \
	})
