/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Counts what jails do. docs/audit.md says what and how; record.h what is kept. Each program below is loaded if the
 * kernel takes it: capabilities have two, of which one is enough.
 */
#include "capabilities.h"
#include "files.h"
#include "network.h"
#include "programs.h"

/* bpf_send_signal and the probe reads are for programs under the GPL. */
char LICENSE[] SEC("license") = "Dual BSD/GPL";

/*
 * The gate: a task counts from its first execve(2) in the user namespace of a jail on, so that nothing of the runtime
 * does, which sets up the jail in the same namespace.
 */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, int old_pid, struct linux_binprm *binary)
{
	__u32 number = BPF_CORE_READ(task, cred, user_ns, ns.inum);
	struct jail *jail = bpf_map_lookup_elem(&jails, &number);
	if (!jail)
		return 0;
	/* a thread beside the first one may execute the first process: its exit was none of the jail */
	if (jail->flags & ENDED && task->tgid == jail->first)
		__sync_fetch_and_and(&jail->flags, ~ENDED);
	if (jail->flags & ENDED)
		return 0;
	/* what enters the namespace until the jail is confined sets it up */
	if (task->tgid != jail->first) {
		if (!marked(task) && !has_mode(number, CONFINED))
			return 0;
	} else if (!jail->began) {
		jail->began = bpf_ktime_get_ns();
	}
	struct task *mark = bpf_task_storage_get(&tasks, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!mark) {
		add(&jail->lost[LOST_TASK], 1);
		return 0;
	}
	if (!mark->jail) {
		mark->origin = task->tgid == jail->first ? SERVICE : ENTERED;
		mark->jail = number;
	}
	/* of the call that was the execve(2) only the end will be seen */
	mark->call = 0;
	mark->armed = has_mode(number, RECORDS | REFUSALS);
	mark->denied = mark->denied_host = 0;
	count_program(task, mark, jail, binary);
	return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	struct task *mark = marked(parent);
	if (!mark)
		return 0;
	struct task *made = bpf_task_storage_get(&tasks, child, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!made) {
		lose(mark->jail, LOST_TASK);
		return 0;
	}
	made->program = mark->program;
	made->origin = mark->origin;
	made->armed = mark->armed;
	made->jail = mark->jail;
	return 0;
}

/* The jail ends with its first process: the number of its namespace may soon be another's. */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
	struct task *mark = marked(task);
	if (!mark || task->pid != task->tgid)
		return 0;
	struct jail *jail = bpf_map_lookup_elem(&jails, &mark->jail);
	if (!jail || jail->first != task->tgid)
		return 0;
	jail->ended = bpf_ktime_get_ns();
	__sync_fetch_and_or(&jail->flags, ENDED);
	return 0;
}

SEC("tp_btf/cap_capable")
int BPF_PROG(on_capability, const struct cred *cred, struct user_namespace *in, const struct user_namespace *held, int number, int ret)
{
	count_check(in, number, ret);
	return 0;
}

/* Linux before 6.14 has no such tracepoint. */
SEC("fexit/cap_capable")
int BPF_PROG(on_capability_return, const struct cred *cred, struct user_namespace *in, int number, unsigned int options, int ret)
{
	count_check(in, number, ret);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_socket_state, const struct sock *sk, int before, int after)
{
	count_state(sk, before, after);
	return 0;
}

static __always_inline struct call *call_of(struct task *mark, long number)
{
	struct call_key key = { .jail = mark->jail, .program = mark->program, .call = number };
	struct call zero = {};
	struct call *counted = FOUND_OR_MADE(&calls, &key, &zero, LOST_CALL);
	if (!counted)
		lose(mark->jail, LOST_CALL);
	return counted;
}

SEC("tp_btf/sys_enter")
int BPF_PROG(on_sys_enter, struct pt_regs *regs, long number)
{
	struct task *mark = current_mark();
	if (!mark || !has_mode(mark->jail, RECORDS | REFUSALS))
		return 0;
	mark->call = number + 1;
	mark->armed = 1;
	if (!has_mode(mark->jail, RECORDS))
		return 0;
	struct call *counted = call_of(mark, number);
	if (counted)
		add(&counted->entered, 1);
	return 0;
}

/* A call that a seccomp filter refuses has an end and no beginning. */
SEC("tp_btf/sys_exit")
int BPF_PROG(on_sys_exit, struct pt_regs *regs, long ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task *mark = marked(task);
	if (!mark)
		return 0;
	settle_denials(mark, ret);
	if (!has_mode(mark->jail, RECORDS | REFUSALS))
		return 0;
	long number = BPF_CORE_READ(regs, orig_ax);
	bool entered = mark->call == number + 1, armed = mark->armed;
	mark->call = 0;
	mark->armed = 1;
	if (!armed || number < 0)
		return 0;
	if ((ret == -EPERM || ret == -EACCES || ret == -ENOSYS) && (!entered || has_mode(mark->jail, RECORDS))) {
		struct call *counted = call_of(mark, number);
		if (counted)
			add(!entered ? &counted->refused : ret == -ENOSYS ? &counted->missing : &counted->denied, 1);
		if (!entered) {
			struct figures *figures = figures_of(task, mark);
			COUNT(figures, mark->jail, refused);
			apply_rule(mark, RULE_CALL, number);
			return 0;
		}
	}
	if (entered && has_mode(mark->jail, RECORDS))
		count_files(task, mark, regs, number, ret);
	return 0;
}
