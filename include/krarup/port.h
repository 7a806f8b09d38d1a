/* SPDX-License-Identifier: Apache-2.0 */
/* port.h: programs run by the operating system, as ports. Follows OTP's open_port({spawn_...}).
 *
 *      static const char *const args[] = { "sort", "-n", NULL };
 *      kr_port port;
 *
 *      if (kr_port_spawn("sort", &(kr_port_opts){ .args = args }, &port) != KR_OK) ...
 *      (void)kr_port_write(port, "2\n1\n", 4);
 *      (void)kr_port_eof(port);
 *      while (kr_receive(&msg, KR_INFINITY, kr_on(DATA, "{=, {data, ~}}", port, &bytes),
 *                        kr_on(EXIT, "{=, {exit_status, ~}}", port, &status)) == DATA)
 *              ...
 *
 * Handle    A port is a port identifier, a plain value, as a socket is (tcp.h). When the program
 *           has ended and all that it wrote has been delivered, the port is closed.
 * Messages  to the owner:
 *             {Port, {data, Data}}        what it wrote to its standard output: a binary, one
 *                                         packet (opts.packet)
 *             {Port, {err, Data}}         to its standard error, with KR_PORT_ERR_PIPE
 *             {Port, passive}             the count is used up
 *             {Port, {exit_status, N}}    the last: its status, or 128 and the number of the
 *                                         signal that ended it; -1: the host program has
 *                                         waited for it, or lets nobody wait (SIGCHLD ignored)
 *             {'EXIT', Port, Reason}      with .link, as any exit signal: `normal` for status
 *                                         0, else {exit_status, N}. An owner that does not
 *                                         trap exits ends with it unless it is `normal`.
 *           As with active sockets, bytes are read when the owner takes in its signals, and
 *           as many packets as it asks for (.passive): a program that writes more waits.
 * Owner     The process that started it. When it ends, by whatever it may be, or the port is
 *           closed, the program and what it started in its process group are killed (SIGKILL),
 *           before links and monitors hear of it; with .outlives they only lose their pipes.
 * Waiting   A write waits, process not thread, while the pipe is full, and may not return.
 * Signals   The program begins with no signal blocked. What system(), popen() or fork start in
 *           a process has all blocked but those of faults, as a node's own threads have, so that
 *           the host's handlers never run on the stack of a process: SIGTERM does not end it.
 *           Use a port; or posix_spawn with posix_spawnattr_setsigmask.
 * Errors    KR_ECLOSED     the port is closed; write: the program has closed its input
 *           KR_ENOENT, KR_EACCES, KR_ENOTDIR, ...   the program cannot be run
 *           KR_ENOMEM, KR_ESYSTEMLIMIT (processes, descriptors, handles), KR_EOS
 *           KR_ENOTSUP     in a simulation; on a Linux before 5.3
 *           KR_EBADARG     on a thread that is no process; a process ends with badarg when it
 *                          gives what is no such port, or an option that cannot be
 */
#ifndef KRARUP_PORT_H
#define KRARUP_PORT_H

#include <krarup/tcp.h>

typedef enum kr_port_in {
        KR_PORT_IN_PIPE, /* kr_port_write */
        KR_PORT_IN_NONE, /* nothing can be read there */
} kr_port_in;

typedef enum kr_port_out {
        KR_PORT_OUT_PIPE,
        KR_PORT_OUT_NONE,    /* is thrown away */
        KR_PORT_OUT_INHERIT, /* goes where ours does */
} kr_port_out;

typedef enum kr_port_err {
        KR_PORT_ERR_INHERIT, /* goes where ours does */
        KR_PORT_ERR_TO_OUT,  /* goes where its standard output does */
        KR_PORT_ERR_PIPE,
        KR_PORT_ERR_NONE,
} kr_port_err;

/* All zero is a good default. Borrowed during the call. */
typedef struct kr_port_opts {
        const char *const *args; /* argv, ended by NULL; NULL: the program's name alone */
        const char *const *env;  /* "NAME=value", ended by NULL: all it has; NULL: ours */
        const char *const
                *env_add; /* "NAME=value": besides, or in place of, those; "NAME":
                                     * without it */
        const char *cd;   /* the folder that it starts in; NULL: ours */
        kr_port_in in;
        kr_port_out out;
        kr_port_err err;
        kr_packet
                packet; /* of its input and its output; see tcp.h. Errors come as they are */
        uint32_t packet_max; /* bytes; 0: 65,536; at most 64 MiB. A larger one ends it */
        int passive;         /* 0: all comes by itself; else so many packets at first, or
                              * KR_PASSIVE: none */
        bool link;           /* its end is an exit signal to its owner */
        bool same_group; /* it stays in our process group: signals of the terminal reach it,
                              * and what it has started is not killed with it */
        bool outlives;   /* it is not killed with its port */
} kr_port_opts;

#define KR_PASSIVE (-1)

typedef struct kr_port_info {
        int64_t os_pid;
        uint64_t in_bytes;  /* written to it */
        uint64_t out_bytes; /* read from it, errors included */
} kr_port_info;

KR_BEGIN_DECLS

/* Run a program: a path, or a name without slash that is looked for in PATH. */
KR_API KR_MUST_CHECK kr_err kr_port_spawn(const char *program, const kr_port_opts *opts,
                                          kr_port *ret_port);

/* Write all of it to its standard input, as one packet. Writers do not mix. */
KR_API KR_MUST_CHECK kr_err kr_port_write(kr_port port, const void *data, size_t len);
/* Its standard input ends here. */
KR_API kr_err kr_port_eof(kr_port port);

/* How much comes by itself from now on, as for sockets: KR_ACTIVE_TRUE, KR_ACTIVE_ONCE (one),
 * KR_ACTIVE_FALSE, or a count, which is added to what is left. What is written while none
 * comes waits in the pipe; so does the exit status. Called by anybody. */
KR_API kr_err kr_port_active(kr_port port, int active);

/* Send it a signal (SIGTERM, ...), and its process group with it; 0 sends none. KR_ECLOSED: it
 * has ended. */
KR_API kr_err kr_port_kill(kr_port port, int signal);

KR_API KR_MUST_CHECK kr_err kr_port_info_of(kr_port port, kr_port_info *ret_info);
KR_API kr_err kr_port_close(kr_port port);

/* Give it away. What has come already stays with who had it, also what it has not received yet; as
 * in Erlang it is not passed on. All else goes to `to`. KR_EPERM: it is another one's. */
KR_API kr_err kr_port_connect(kr_port port, kr_pid to);

KR_END_DECLS
#endif
