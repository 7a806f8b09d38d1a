/* SPDX-License-Identifier: Apache-2.0 */
/* base.h: what every other public header needs: visibility, attributes, error codes.
 *
 * Errors come in three kinds with three answers:
 *   the world's failure    is returned as kr_err; results go through `ret_` parameters,
 *                          which stay untouched on failure
 *   the caller's failure   (misuse of this API) ends the calling process with an exit
 *                          reason that names function and argument; on a thread that is
 *                          no process the call returns KR_EBADARG
 *   Krarup's own failure   (a broken invariant) ends the node with a crash dump
 *
 * Ownership verbs used throughout: borrows (valid during the call; the default), takes
 * (the callee owns from here), gives (the caller must free), keeps (holds a reference).
 */
#ifndef KRARUP_BASE_H
#define KRARUP_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define KR_BEGIN_DECLS extern "C" {
#define KR_END_DECLS }
#else
#define KR_BEGIN_DECLS
#define KR_END_DECLS
#endif

#define KR_API __attribute__((visibility("default")))
#define KR_MUST_CHECK __attribute__((warn_unused_result))
#define KR_NORETURN __attribute__((noreturn))

#define KR_VERSION_MAJOR 0
#define KR_VERSION_MINOR 1
#define KR_VERSION_PATCH 0
#define KR_VERSION "0.1.0"

/* Waits: a timeout in milliseconds, or one of these. */
#define KR_INFINITY ((int64_t)-1)

/* X(symbol, value, name, text): the one table that enum, name and text come from. */
#define KR_ERR_MAP(X)                                                                    \
        X(KR_OK, 0, "ok", "success")                                                     \
        X(KR_ENOMEM, 1, "enomem", "no memory")                                           \
        X(KR_EBADARG, 2, "badarg", "bad argument")                                       \
        X(KR_ESYSTEMLIMIT, 3, "system_limit", "a limit of the node is reached")          \
        X(KR_ENOPROC, 4, "noproc", "no such process")                                    \
        X(KR_ETIMEDOUT, 5, "timeout", "the time is up")                                  \
        X(KR_ESYNTAX, 6, "syntax", "the text does not follow Erlang's syntax")           \
        X(KR_ETOODEEP, 7, "too_deep", "terms are nested too deeply")                     \
        X(KR_ETOOBIG, 8, "too_big", "larger than the limit given")                       \
        X(KR_EMALFORMED, 9, "malformed", "the bytes are not a valid external term")      \
        X(KR_EATOMS, 10, "too_many_atoms", "more new atoms than allowed")                \
        X(KR_ESTATE, 11, "bad_state", "not possible in the present state")               \
        X(KR_EOS, 12, "os", "the operating system refused")                              \
        X(KR_EALREADY, 13, "already", "already there")                                   \
        X(KR_EFULL, 14, "full", "the receiver's mailbox is full")                        \
        X(KR_EIGNORED, 15, "ignore", "the process did not want to start")                \
        X(KR_EFAILED, 16, "failed", "it failed, for a reason that is told apart")        \
        X(KR_ECLOSED, 17, "closed", "it is closed")                                      \
        X(KR_ENOTSUP, 18, "enotsup", "not supported here")                               \
        X(KR_ENXDOMAIN, 19, "nxdomain", "no such name")                                  \
        X(KR_EPERM, 20, "eperm", "not permitted")                                        \
        X(KR_ENOENT, 21, "enoent", "no such file or directory")                          \
        X(KR_EACCES, 22, "eacces", "permission denied")                                  \
        X(KR_EEXIST, 23, "eexist", "the file exists")                                    \
        X(KR_ENOTDIR, 24, "enotdir", "not a directory")                                  \
        X(KR_EISDIR, 25, "eisdir", "it is a directory")                                  \
        X(KR_ENOSPC, 26, "enospc", "no space left on the device")                        \
        X(KR_EROFS, 27, "erofs", "the file system is read-only")                         \
        X(KR_EBUSY, 28, "ebusy", "it is in use")                                         \
        X(KR_EIO, 29, "eio", "input or output failed")                                   \
        X(KR_EADDRINUSE, 30, "eaddrinuse", "the address is in use")                      \
        X(KR_EADDRNOTAVAIL, 31, "eaddrnotavail", "the address is not ours")              \
        X(KR_ECONNREFUSED, 32, "econnrefused", "the connection was refused")             \
        X(KR_ECONNRESET, 33, "econnreset", "the peer has reset the connection")          \
        X(KR_EHOSTUNREACH, 34, "ehostunreach", "no way to the host")                     \
        X(KR_ENETUNREACH, 35, "enetunreach", "no way to the network")                    \
        X(KR_ENOTCONN, 36, "enotconn", "not connected")                                  \
        X(KR_ENOANSWER, 37, "etimedout", "the other side does not answer")               \
        X(KR_EMSGSIZE, 38, "emsgsize", "a packet beyond its limit")                      \
        X(KR_ENOTEMPTY, 39, "enotempty", "the folder is not empty")

typedef enum kr_err {
#define KR_ERR_ENUM(symbol, value, name, text) symbol = value,
        KR_ERR_MAP(KR_ERR_ENUM)
#undef KR_ERR_ENUM
} kr_err;

KR_BEGIN_DECLS

/* The short name ("system_limit") and a human sentence. Any value gives a text.
 * Any thread; never blocks. */
KR_API const char *kr_err_name(kr_err err);
KR_API const char *kr_strerror(kr_err err);

/* The version of the library that is linked, as "0.1.0". */
KR_API const char *kr_version(void);

KR_END_DECLS
#endif
