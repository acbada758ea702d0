/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#pragma once
#include "record.h"

enum { TCP_ESTABLISHED = 1, TCP_SYN_SENT = 2, TCP_SYN_RECV = 3, TCP_CLOSE = 7, TCP_LISTEN = 10 };
enum { AF_INET = 2, AF_INET6 = 10, SOCK_DGRAM = 2, IPPROTO_TCP = 6, IPPROTO_UDP = 17 };

static __always_inline void count_connection(struct connection_key *key)
{
	__u64 zero = 0, *counted = FOUND_OR_MADE(&connections, key, &zero, LOST_CONNECTION);
	if (counted)
		add(counted, 1);
	else
		lose(key->jail, LOST_CONNECTION);
}

static __always_inline void peer_of(const struct sock *sk, struct connection_key *key)
{
	key->family = BPF_CORE_READ(sk, __sk_common.skc_family);
	key->port = __builtin_bswap16(BPF_CORE_READ(sk, __sk_common.skc_dport));
	if (key->family == AF_INET) {
		__u32 address = BPF_CORE_READ(sk, __sk_common.skc_daddr);
		__builtin_memcpy(key->address, &address, sizeof(address));
	} else {
		BPF_CORE_READ_INTO(&key->address, sk, __sk_common.skc_v6_daddr.in6_u.u6_addr8);
	}
}

/*
 * A change of a TCP socket's state. What a connect(2) comes to is told in an interrupt, in which the current task is any:
 * who asked for it is kept with the socket. A socket whose connect(2) was not a jail's own is none of its connections,
 * even if it is in its network: a port of the host that is published is.
 */
static __always_inline void count_state(const struct sock *sk, int before, int after)
{
	if (BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP)
		return;
	__u64 id = (__u64)sk;
	__u32 jail = BPF_CORE_READ(sk, __sk_common.skc_net.net, user_ns, ns.inum);
	struct jail *of = bpf_map_lookup_elem(&jails, &jail);
	if (!of || !of->began)
		return;
	struct connection_key key = { .jail = jail, .protocol = IPPROTO_TCP };
	if (after == TCP_SYN_SENT || after == TCP_LISTEN) {
		struct task *mark = current_mark();
		if (!mark || mark->jail != jail)
			return;
		if (after == TCP_SYN_SENT) {
			struct owner owner = { jail, mark->program };
			add(&figures_of(bpf_get_current_task_btf(), mark)->connections, 1);
			add(&of->figures.connections, 1);
			if (bpf_map_update_elem(&owners, &id, &owner, BPF_ANY))
				lose(jail, LOST_CONNECTION);
			return;
		}
		key.program = mark->program;
		key.way = LISTENS;
		key.family = BPF_CORE_READ(sk, __sk_common.skc_family);
		key.port = BPF_CORE_READ(sk, __sk_common.skc_num);
		count_connection(&key);
	} else if (before == TCP_SYN_SENT) {
		struct owner *owner = bpf_map_lookup_elem(&owners, &id);
		if (!owner)
			return;
		key.program = owner->program;
		key.way = after == TCP_ESTABLISHED ? CONNECTED : FAILED;
		if (after != TCP_ESTABLISHED)
			key.error = BPF_CORE_READ(sk, sk_err);
		peer_of(sk, &key);
		count_connection(&key);
		bpf_map_delete_elem(&owners, &id);
	} else if (before == TCP_SYN_RECV && after == TCP_ESTABLISHED) {
		key.way = ACCEPTED;
		key.family = BPF_CORE_READ(sk, __sk_common.skc_family);
		key.port = BPF_CORE_READ(sk, __sk_common.skc_num);
		count_connection(&key);
	}
}
