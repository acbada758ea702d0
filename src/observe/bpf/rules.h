/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#pragma once
#include "record.h"

/*
 * What a policy says of one event. The signal acts before the process executes another instruction: a program of a
 * tracepoint runs within the call, and signals are delivered on the way out of it.
 */
static __always_inline void apply_rule(struct task *mark, enum rule_kind kind, __u32 value)
{
	if (!has_mode(mark->jail, RULES))
		return;
	struct rule_key key = { .jail = mark->jail, .kind = kind, .value = value };
	struct rule *rule = bpf_map_lookup_elem(&rules, &key);
	if (!rule) {
		key.value = ANY;
		rule = bpf_map_lookup_elem(&rules, &key);
	}
	if (!rule)
		return;
	struct violation_key at = { .jail = mark->jail, .rule = rule->id, .program = mark->program, .value = value };
	struct violation zero = { .first = bpf_ktime_get_ns(), .pid = bpf_get_current_pid_tgid() >> 32, .signal = rule->signal };
	struct violation *violation = FOUND_OR_MADE(&violations, &at, &zero, LOST_VIOLATION);
	if (violation)
		add(&violation->count, 1);
	else
		lose(mark->jail, LOST_VIOLATION);
	if (rule->signal)
		bpf_send_signal(rule->signal);
}
