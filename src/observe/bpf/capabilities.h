/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#pragma once
#include "rules.h"

#define CAP_SYS_ADMIN 21

/* One answer of cap_capable(). `in` is the namespace that it was asked for. */
static __always_inline void count_check(struct user_namespace *in, int number, int ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task *mark = marked(task);
	if (!mark || number < 0 || number >= CAPABILITIES)
		return;
	bool own = BPF_CORE_READ(in, ns.inum) == mark->jail;
	/* the kernel asks for the host's at each accounting of memory, and does without it */
	if (!own && (ret == 0 || number == CAP_SYS_ADMIN))
		return;
	struct figures *figures = figures_of(task, mark);
	struct capability_key key = { .jail = mark->jail, .program = mark->program, .capability = number };
	struct capability zero = {};
	struct capability *counted = FOUND_OR_MADE(&capabilities, &key, &zero, LOST_CAPABILITY);
	if (!counted)
		lose(mark->jail, LOST_CAPABILITY);
	if (ret == 0) {
		if (counted)
			add(&counted->granted, 1);
		NOTE(figures, mark->jail, used, 1ULL << number);
		return;
	}
	if (counted)
		add(own ? &counted->denied : &counted->host, 1);
	NOTE(figures, mark->jail, denied, 1ULL << number);
	if (own)
		mark->denied |= 1ULL << number;
	else
		mark->denied_host |= 1ULL << number;
	apply_rule(mark, own ? RULE_CAPABILITY : RULE_HOST_CAPABILITY, number);
}

static __always_inline void count_hard(struct task *mark, int number, __u64 own, __u64 host)
{
	struct capability_key key = { .jail = mark->jail, .program = mark->program, .capability = number };
	struct capability *counted = bpf_map_lookup_elem(&capabilities, &key);
	if (!counted)
		return;
	if (own >> number & 1)
		add(&counted->hard, 1);
	if (host >> number & 1)
		add(&counted->host_hard, 1);
}

/* A call has failed for want of rights: the denials within it were the hard kind. */
static __always_inline void settle_denials(struct task *mark, long ret)
{
	__u64 own = mark->denied, host = mark->denied_host;
	if (!(own | host))
		return;
	mark->denied = mark->denied_host = 0;
	if (ret != -EPERM && ret != -EACCES)
		return;
	for (int number = 0; number < CAPABILITIES; number++)
		if ((own | host) >> number & 1)
			count_hard(mark, number, own, host);
}
