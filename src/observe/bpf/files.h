/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#pragma once
#include "path.h"

enum file_kind { READ = 1, WRITTEN, CREATED, REMOVED, RENAMED, LINKED, MODE_CHANGED, OWNER_CHANGED, TRUNCATED, FOLDER_MADE, NODE_MADE, REFUSED };
enum { FMODE_READ = 1, FMODE_WRITE = 2, FMODE_CREATED = 0x100000 };
#define O_ACCMODE 3
#define O_CREAT 0100

static __always_inline void count_file(struct task *mark)
{
	__u64 zero = 0, *counted = FOUND_OR_MADE(&files, &mark->file, &zero, LOST_FILE);
	if (counted)
		add(counted, 1);
	else
		lose(mark->jail, LOST_FILE);
}

static __always_inline void begin_file(struct task *mark, enum file_kind kind)
{
	__builtin_memset(&mark->file, 0, sizeof(mark->file));
	mark->file.jail = mark->jail;
	mark->file.program = mark->program;
	mark->file.kind = kind;
}

static __always_inline void count_opened(struct task_struct *task, struct task *mark, int fd)
{
	struct file *file = file_of(task, fd);
	if (!file)
		return;
	unsigned int mode = BPF_CORE_READ(file, f_mode);
	/* O_PATH opens nothing */
	if (!(mode & (FMODE_READ | FMODE_WRITE)))
		return;
	struct figures *figures = figures_of(task, mark);
	COUNT(figures, mark->jail, opened);
	begin_file(mark, mode & FMODE_CREATED ? CREATED : mode & FMODE_WRITE ? WRITTEN : READ);
	path_of_file(task, mark, file, mark->file.path);
	count_file(mark);
}

static __always_inline void count_named(struct task_struct *task, struct task *mark, enum file_kind kind, int fd, unsigned long named)
{
	begin_file(mark, kind);
	path_as_named(task, mark, fd, (const char *)named, mark->file.path);
	count_file(mark);
}

static __always_inline void count_of_fd(struct task_struct *task, struct task *mark, enum file_kind kind, int fd)
{
	struct file *file = file_of(task, fd);
	if (!file)
		return;
	begin_file(mark, kind);
	path_of_file(task, mark, file, mark->file.path);
	count_file(mark);
}

/* Where a call has its path: the number of the argument, from 0; -1 for none. */
struct naming { int folder, path; enum file_kind kind; };

static __always_inline bool naming_of(long call, struct naming *n)
{
#define NAMES(call_, folder_, path_, kind_)                                                                            \
	case call_:                                                                                                    \
		*n = (struct naming){ folder_, path_, kind_ };                                                         \
		return true;
	switch (call) {
#ifdef __NR_rename
	NAMES(__NR_rename, -1, 0, RENAMED)
	NAMES(__NR_unlink, -1, 0, REMOVED)
	NAMES(__NR_rmdir, -1, 0, REMOVED)
	NAMES(__NR_mkdir, -1, 0, FOLDER_MADE)
	NAMES(__NR_chmod, -1, 0, MODE_CHANGED)
	NAMES(__NR_chown, -1, 0, OWNER_CHANGED)
	NAMES(__NR_lchown, -1, 0, OWNER_CHANGED)
	NAMES(__NR_link, -1, 1, LINKED)
	NAMES(__NR_symlink, -1, 1, LINKED)
	NAMES(__NR_mknod, -1, 0, NODE_MADE)
#endif
	NAMES(__NR_renameat, 0, 1, RENAMED)
	NAMES(__NR_renameat2, 0, 1, RENAMED)
	NAMES(__NR_unlinkat, 0, 1, REMOVED)
	NAMES(__NR_mkdirat, 0, 1, FOLDER_MADE)
	NAMES(__NR_fchmodat, 0, 1, MODE_CHANGED)
	NAMES(__NR_fchownat, 0, 1, OWNER_CHANGED)
	NAMES(__NR_linkat, 2, 3, LINKED)
	NAMES(__NR_symlinkat, 1, 2, LINKED)
	NAMES(__NR_mknodat, 0, 1, NODE_MADE)
	NAMES(__NR_truncate, -1, 0, TRUNCATED)
	}
	return false;
}

static __always_inline unsigned long argument(struct pt_regs *regs, int number)
{
	switch (number) {
	case 0:
		return BPF_CORE_READ(regs, di);
	case 1:
		return BPF_CORE_READ(regs, si);
	case 2:
		return BPF_CORE_READ(regs, dx);
	default:
		return BPF_CORE_READ(regs, r10);
	}
}

/* Opens: the number of the argument with the path, and whether the one before it is a folder; -1 for other calls. */
static __always_inline int path_of_open(long call)
{
#ifdef __NR_open
	if (call == __NR_open || call == __NR_creat)
		return 0;
#endif
	return call == __NR_openat || call == __NR_openat2 ? 1 : -1;
}

static __always_inline bool is_refusal(long ret)
{
	return ret == -EROFS || ret == -EACCES || ret == -EPERM;
}

/* What a finished call has done to files. */
static __always_inline void count_files(struct task_struct *task, struct task *mark, struct pt_regs *regs, long call, long ret)
{
	struct naming naming;
	int path = path_of_open(call);
	if (path >= 0) {
		if (ret >= 0)
			count_opened(task, mark, ret);
		else if (is_refusal(ret))
			count_named(task, mark, REFUSED, path ? (int)argument(regs, 0) : AT_FDCWD, argument(regs, path));
		return;
	}
	if (ret == 0 && call == __NR_fchmod)
		count_of_fd(task, mark, MODE_CHANGED, argument(regs, 0));
	else if (ret == 0 && call == __NR_fchown)
		count_of_fd(task, mark, OWNER_CHANGED, argument(regs, 0));
	else if (ret == 0 && call == __NR_ftruncate)
		count_of_fd(task, mark, TRUNCATED, argument(regs, 0));
	else if ((ret == 0 || is_refusal(ret)) && naming_of(call, &naming))
		count_named(task, mark, ret == 0 ? naming.kind : REFUSED,
			    naming.folder < 0 ? AT_FDCWD : (int)argument(regs, naming.folder), argument(regs, naming.path));
}
