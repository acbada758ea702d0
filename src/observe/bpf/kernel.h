/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The fields of the kernel's structures that are read, and no others. The loader finds each at its offset in the running
 * kernel (CO-RE), so that the build needs neither a vmlinux.h nor a kernel with BTF.
 */
#pragma once
#include <linux/bpf.h>
#include <asm/unistd.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common { unsigned int inum; };
struct user_namespace { struct ns_common ns; };
struct cred { struct user_namespace *user_ns; };

struct super_block { __u32 s_dev; };
struct inode { unsigned long i_ino; struct super_block *i_sb; };
struct qstr { __u32 len; const unsigned char *name; };
struct dentry { struct dentry *d_parent; struct qstr d_name; };
struct vfsmount { struct dentry *mnt_root; };
struct mount { struct mount *mnt_parent; struct dentry *mnt_mountpoint; struct vfsmount mnt; };
struct path { struct vfsmount *mnt; struct dentry *dentry; };
struct file { unsigned int f_mode; struct path f_path; struct inode *f_inode; void *private_data; };
struct fdtable { unsigned int max_fds; struct file **fd; };
struct files_struct { struct fdtable *fdt; };
struct fs_struct { struct path root, pwd; };

struct task_struct {
	int pid, tgid;
	struct task_struct *group_leader;
	const struct cred *cred;
	struct fs_struct *fs;
	struct files_struct *files;
};

struct linux_binprm { struct file *file; const char *filename; };

struct in6_addr { union { __u8 u6_addr8[16]; } in6_u; };
struct net { struct user_namespace *user_ns; };
typedef struct { struct net *net; } possible_net_t;
struct sock_common {
	__u32 skc_daddr;
	__u16 skc_dport, skc_num, skc_family;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
};
struct sock { struct sock_common __sk_common; __u16 sk_type, sk_protocol; int sk_err; };
struct socket { struct sock *sk; };

#if defined(__TARGET_ARCH_x86)
struct pt_regs { unsigned long di, si, dx, r10, r8, r9, orig_ax; };
#endif

#pragma clang attribute pop

#define EPERM 1
#define EACCES 13
#define EROFS 30
#define ENOSYS 38
