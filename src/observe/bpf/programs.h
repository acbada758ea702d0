/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#pragma once
#include "path.h"
#include "rules.h"

struct program_room { struct program_key key; struct program value; };
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct program_room);
} rooms SEC(".maps");

/* Counts an execve(2) that has come about, and makes its program the task's. */
static __always_inline void count_program(struct task_struct *task, struct task *mark, struct jail *jail, struct linux_binprm *binary)
{
	struct program_room *room = bpf_task_storage_get(&rooms, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!room) {
		add(&jail->lost[LOST_PROGRAM], 1);
		mark->program = 0;
		return;
	}
	__builtin_memset(room, 0, sizeof(*room));
	room->key.jail = mark->jail;
	room->key.origin = mark->origin;
	bpf_probe_read_kernel_str(room->key.path, PATH, BPF_CORE_READ(binary, filename));
	struct program *known = bpf_map_lookup_elem(&programs, &room->key);
	struct file *file = BPF_CORE_READ(binary, file);
	__u32 outside = BPF_CORE_READ(file, f_path.mnt) != BPF_CORE_READ(task, fs, root.mnt);
	if (!known && has_room(mark->jail, LOST_PROGRAM)) {
		room->value.id = __sync_fetch_and_add(&jail->programs, 1) + 1;
		room->value.by = mark->program;
		room->value.pid = task->tgid;
		room->value.outside = outside;
		path_of_file(task, mark, file, room->value.file);
		bpf_map_update_elem(&programs, &room->key, &room->value, BPF_NOEXIST);
		known = bpf_map_lookup_elem(&programs, &room->key);
	}
	if (!known) {
		add(&jail->lost[LOST_PROGRAM], 1);
		mark->program = 0;
		return;
	}
	add(&known->executed, 1);
	mark->program = known->id;
	add(&mark->figures.executed, 1);
	add(&jail->figures.executed, 1);
	if (outside)
		apply_rule(mark, RULE_OUTSIDE, 0);
}
