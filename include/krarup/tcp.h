/* SPDX-License-Identifier: Apache-2.0 */
/* tcp.h: TCP and Unix sockets for processes. Follows OTP's gen_tcp and inet.
 *
 *      kr_socket listener, socket;
 *      char buf[4096];
 *      size_t len;
 *
 *      if (kr_tcp_listen(7000, NULL, &listener) != KR_OK) ...
 *      while (kr_tcp_accept(listener, KR_INFINITY, &socket) == KR_OK) {
 *              while (kr_tcp_recv(socket, buf, sizeof(buf), KR_INFINITY, &len) == KR_OK)
 *                      if (kr_tcp_send(socket, buf, len) != KR_OK)
 *                              break;
 *              (void)kr_tcp_close(socket);
 *      }
 *
 * Handle    A socket is a port identifier: a plain value that is copied, compared and sent in
 *           messages as #Port<0.5> (`~` takes and gives a kr_port). That of a closed socket
 *           is never another one's; what is asked of it fails with KR_ECLOSED.
 * Owner     The process that made it: active messages go there, and when it ends, by whatever
 *           it may be, the socket is closed, before its links and monitors hear of it.
 *           Any process of the node may use a socket; kr_tcp_controlling_process gives it away.
 * Waiting   A call that waits suspends the process, not the thread; like a receive, it may not
 *           return (exit signals), and what comes to the mailbox meanwhile stays there.
 *           Timeouts are milliseconds; 0 does not wait; KR_INFINITY. Who waits first is
 *           served first: accepts, and senders and receivers on one socket.
 * Active    A socket is passive at first (OTP's are active). An active one reads by itself and
 *           sends its owner
 *             {tcp, Socket, Data}         Data: a binary, one packet
 *             {tcp_closed, Socket}        the peer has closed; so is the socket now
 *             {tcp_error, Socket, Reason} then also tcp_closed
 *             {tcp_passive, Socket}       the count of {active, N} is used up
 *           Bytes are read when the owner takes in its signals: what a busy owner does not
 *           look at stays in the kernel, and stops the peer.
 * Packets   raw: bytes as they come. 1, 2, 4: a length of so many bytes (big endian) goes
 *           before each packet; it is added when sending and removed when receiving. line:
 *           up to and with a newline. A packet beyond packet_max ends the connection.
 * Errors    KR_ECLOSED     it is closed, by us or by the peer; nothing is left to be read
 *           KR_ETIMEDOUT   the time is up
 *           KR_ENOMEM, KR_ESYSTEMLIMIT (descriptors, or 1,048,576 handles), and what the
 *           operating system says (KR_ECONNREFUSED, KR_EADDRINUSE, KR_ENOENT, ...)
 *           KR_ENOTSUP     there are no sockets in a simulation
 *           KR_EBADARG     on a thread that is no process; a process ends with badarg when it
 *                          gives what is no socket, or an option out of range
 * Nodes     Bytes are read and written by the scheduler that runs the process; a socket's
 *           readiness is watched by the scheduler where it was last waited for. On a node
 *           that its host drives, kr_node_fd() is readable when a socket is.
 */
#ifndef KRARUP_TCP_H
#define KRARUP_TCP_H

#include <krarup/process.h>

typedef kr_port kr_socket;

typedef enum kr_packet {
        KR_PACKET_RAW = 0,
        KR_PACKET_1 = 1,
        KR_PACKET_2 = 2,
        KR_PACKET_4 = 4,
        KR_PACKET_LINE = 10,
} kr_packet;

/* How much comes by itself: one of these, or so many packets (up to 32767). */
#define KR_ACTIVE_FALSE 0
#define KR_ACTIVE_TRUE (-1)
#define KR_ACTIVE_ONCE (-2)

/* All zero is a good default. What accept gives inherits those of its listener. */
typedef struct kr_tcp_opts {
        const char *ip;    /* listen: the address to listen on, in figures: "127.0.0.1" if
                            * NULL; "0.0.0.0" or "::" for all. connect: to connect from */
        unsigned mode;     /* Unix, listen: permissions of the file; 0: 0700 */
        int backlog;       /* listen: connections that wait to be accepted; 0: 1024 */
        bool no_reuseaddr; /* listen: refuse a port that connections of before still use */
        bool delay;        /* let the kernel collect small writes (Nagle) */
        bool keepalive;
        kr_packet packet;
        uint32_t packet_max;     /* bytes of one packet; 0: 65,536; at most 64 MiB */
        int active;              /* KR_ACTIVE_..., or a count */
        int64_t send_timeout_ms; /* 0: none. A send that has not been taken by then fails, and
                                  * no more can be sent: the peer may have part of it */
        uint32_t send_buffer; /* the high-water mark: bytes that wait for the peer in the
                               * kernel; who sends more waits. 0: the system's choice */
        uint32_t recv_buffer; /* bytes that wait for us likewise */
} kr_tcp_opts;

/* Where a socket is, or its peer. */
typedef struct kr_tcp_address {
        char ip[48];    /* in figures; empty for a Unix socket */
        uint16_t port;  /* 0 for a Unix socket */
        char path[108]; /* of a Unix socket; empty if it has none */
} kr_tcp_address;

/* Figures of a socket since it was opened. */
typedef struct kr_tcp_stats {
        uint64_t recv_bytes, recv_packets; /* raw: reads */
        uint64_t send_bytes, send_packets;
} kr_tcp_stats;

typedef enum kr_tcp_how {
        KR_TCP_RECV,
        KR_TCP_SEND, /* the peer reads its end, once what was sent has arrived */
        KR_TCP_BOTH,
} kr_tcp_how;

KR_BEGIN_DECLS

/* Listen on a port of opts->ip; 0: one that the system chooses (kr_tcp_sockname tells). */
KR_API KR_MUST_CHECK kr_err kr_tcp_listen(uint16_t port, const kr_tcp_opts *opts,
                                          kr_socket *ret_listener);

/* Listen on a Unix socket. A file of that name is replaced if it is a socket where nobody
 * listens any more; else KR_EADDRINUSE. It is removed when the listener is closed. */
KR_API KR_MUST_CHECK kr_err kr_unix_listen(const char *path, const kr_tcp_opts *opts,
                                           kr_socket *ret_listener);

/* The next connection. Its owner is the caller. Wait with several processes, if you like. */
KR_API KR_MUST_CHECK kr_err kr_tcp_accept(kr_socket listener, int64_t timeout_ms,
                                          kr_socket *ret_socket);

/* Connect to `host`, a name or an address in figures (see dns.h for names): its addresses are
 * tried one after the other; the error is that of the last. The timeout is for all of it. */
KR_API KR_MUST_CHECK kr_err kr_tcp_connect(const char *host, uint16_t port,
                                           const kr_tcp_opts *opts, int64_t timeout_ms,
                                           kr_socket *ret_socket);
KR_API KR_MUST_CHECK kr_err kr_unix_connect(const char *path, const kr_tcp_opts *opts,
                                            int64_t timeout_ms, kr_socket *ret_socket);

/* Receive into `buf`, whose `size` is not 0. raw: what is there, at least a byte, at most `size`.
 * Else one packet, without its length, or with its newline; a last line may lack it.
 * KR_ETOOBIG  the packet has more than `size` bytes; it is still there
 * KR_ESTATE   the socket is active */
KR_API KR_MUST_CHECK kr_err kr_tcp_recv(kr_socket socket, void *buf, size_t size,
                                        int64_t timeout_ms, size_t *ret_len);

/* raw: just `len` bytes. When the time is up, those that have come stay to be received (if
 * there is memory for them); when the stream has ended they are lost.
 * KR_ESTATE  the socket is active, or in packets */
KR_API KR_MUST_CHECK kr_err kr_tcp_recv_exactly(kr_socket socket, void *buf, size_t len,
                                                int64_t timeout_ms);

/* Send all of it, as one packet. Returns when the kernel has it; waits while more than the
 * high-water mark waits for the peer. Senders on one socket do not mix. */
KR_API KR_MUST_CHECK kr_err kr_tcp_send(kr_socket socket, const void *data, size_t len);
/* Several pieces, up to 64, as if they were one. */
KR_API KR_MUST_CHECK kr_err kr_tcp_send_parts(kr_socket socket, const kr_bytes *parts,
                                              size_t count);

/* Close one direction, or both. What is closed stays a socket until kr_tcp_close. */
KR_API KR_MUST_CHECK kr_err kr_tcp_shutdown(kr_socket socket, kr_tcp_how how);

/* Close. Whoever waits in a call on it gets KR_ECLOSED. What was sent still reaches the peer.
 * KR_ECLOSED: it was closed already. */
KR_API kr_err kr_tcp_close(kr_socket socket);

/* Give the socket to another process: its owner from now on. What an active socket has sent
 * to the caller and the caller has not received goes to the new owner, first.
 * KR_EPERM    the caller is not its owner
 * KR_EBADARG  `to` is a pid of another node (a dead one: the socket is closed) */
KR_API KR_MUST_CHECK kr_err kr_tcp_controlling_process(kr_socket socket, kr_pid to);

/* inet:setopts([{active, A}]): how much comes by itself from now on; KR_ACTIVE_TRUE, _ONCE,
 * _FALSE. A count is added to what is left of the count before (32767 at most); when it is used
 * up the owner gets tcp_passive. Any process may do it.
 * KR_ESTATE  somebody waits in kr_tcp_recv, or it is a listener */
KR_API KR_MUST_CHECK kr_err kr_tcp_active(kr_socket socket, int active);
/* How much of that is left: KR_ACTIVE_..., or the count. */
KR_API KR_MUST_CHECK kr_err kr_tcp_get_active(kr_socket socket, int *ret_active);

/* The other options of a connection or a listener, from now on; `ip`, `mode`, `backlog`,
 * `no_reuseaddr` and `active` are not looked at. get: as they are. */
KR_API KR_MUST_CHECK kr_err kr_tcp_set_opts(kr_socket socket, const kr_tcp_opts *opts);
KR_API KR_MUST_CHECK kr_err kr_tcp_get_opts(kr_socket socket, kr_tcp_opts *ret_opts);

KR_API KR_MUST_CHECK kr_err kr_tcp_sockname(kr_socket socket, kr_tcp_address *ret);
KR_API KR_MUST_CHECK kr_err kr_tcp_peername(kr_socket socket, kr_tcp_address *ret);
KR_API KR_MUST_CHECK kr_err kr_tcp_getstat(kr_socket socket, kr_tcp_stats *ret);

/* Its owner; none if it is closed. */
KR_API kr_pid kr_tcp_owner(kr_socket socket);

KR_END_DECLS
#endif
