/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#pragma once
#include "record.h"

/* Deeper than any path of PATH bytes with one-letter names is cut anyway. */
#define DEPTH 64

struct walk {
	struct dentry *dentry, *root;
	struct mount *mount, *root_mount;
	/* where the text begins in the first half of scratch.text, which it fills from its end; PATH when it is empty */
	__u32 start;
	__u32 cut;
};

static long one_component(__u32 index, struct walk *walk)
{
	struct dentry *dentry = walk->dentry, *parent;
	struct mount *mount = walk->mount;
	if (dentry == walk->root && mount == walk->root_mount)
		return 1;
	parent = BPF_CORE_READ(dentry, d_parent);
	if (dentry == BPF_CORE_READ(mount, mnt.mnt_root) || dentry == parent) {
		struct mount *above = BPF_CORE_READ(mount, mnt_parent);
		if (above == mount)
			return 1;
		walk->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
		walk->mount = above;
		return 0;
	}
	struct task *mark = bpf_task_storage_get(&tasks, bpf_get_current_task_btf(), 0, 0);
	__u32 length = BPF_CORE_READ(dentry, d_name.len), start = walk->start;
	if (!mark || start > PATH || length >= PATH || start < length + 1) {
		walk->cut = 1;
		return 1;
	}
	start = (start - length - 1) & (PATH - 1);
	length &= PATH - 1;
	mark->scratch.text[start] = '/';
	bpf_probe_read_kernel(&mark->scratch.text[start + 1], length, BPF_CORE_READ(dentry, d_name.name));
	walk->start = start;
	walk->dentry = parent;
	return 0;
}

/* Writes a path as the jail sees it, in front of scratch.text[PATH]. */
static __always_inline __u32 walk_path(struct task_struct *task, struct vfsmount *mnt, struct dentry *dentry, __u32 *cut)
{
	struct walk walk = { .dentry = dentry, .start = PATH };
	walk.mount = (void *)mnt - bpf_core_field_offset(struct mount, mnt);
	walk.root = BPF_CORE_READ(task, fs, root.dentry);
	walk.root_mount = (void *)BPF_CORE_READ(task, fs, root.mnt) - bpf_core_field_offset(struct mount, mnt);
	bpf_loop(DEPTH, one_component, &walk, 0);
	*cut = walk.cut;
	return walk.start;
}

/* A path that was cut does not begin with a slash: what is missing is its beginning. */
static __always_inline void copy_path(struct task *mark, char *to, __u32 start, __u32 cut)
{
	start = start > PATH ? PATH : start;
	if (cut && start < PATH)
		start++;
	bpf_probe_read_kernel_str(to, PATH, &mark->scratch.text[start]);
}

static __always_inline struct file *file_of(struct task_struct *task, __u32 fd)
{
	struct file **table = BPF_CORE_READ(task, files, fdt, fd), *file = 0;
	if (fd < BPF_CORE_READ(task, files, fdt, max_fds))
		bpf_probe_read_kernel(&file, sizeof(file), table + fd);
	return file;
}

/* The path of an open file, into `to`, which is all zeros. */
static __always_inline void path_of_file(struct task_struct *task, struct task *mark, struct file *file, char *to)
{
	__u32 cut = 0;
	__u32 start = walk_path(task, BPF_CORE_READ(file, f_path.mnt), BPF_CORE_READ(file, f_path.dentry), &cut);
	mark->scratch.text[PATH] = 0;
	if (start == PATH && !cut) {
		to[0] = '/';
		return;
	}
	copy_path(mark, to, start, cut);
}

#define AT_FDCWD -100

/* A path as a program names it to a call, made absolute; its links and its .. stay. Into `to`, which is all zeros. */
static __always_inline void path_as_named(struct task_struct *task, struct task *mark, int fd, const char *named, char *to)
{
	__u32 cut = 0, start = PATH;
	char *text = mark->scratch.text;
	long length = bpf_probe_read_user_str(&text[PATH + 1], PATH - 1, named);
	if (length <= 1)
		return;
	if (text[PATH + 1] == '/') {
		bpf_probe_read_kernel_str(to, PATH, &text[PATH + 1]);
		return;
	}
	if (fd == AT_FDCWD) {
		start = walk_path(task, BPF_CORE_READ(task, fs, pwd.mnt), BPF_CORE_READ(task, fs, pwd.dentry), &cut);
	} else {
		struct file *folder = file_of(task, fd);
		if (!folder)
			return;
		start = walk_path(task, BPF_CORE_READ(folder, f_path.mnt), BPF_CORE_READ(folder, f_path.dentry), &cut);
	}
	text[PATH] = '/';
	copy_path(mark, to, start, cut);
}
