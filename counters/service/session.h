/* SPDX-License-Identifier: Apache-2.0 */
/* session.h: what one client asks, and what it is told: bytes in, bytes out, no socket.
 *
 * Model    A process. Requests are taken from the bytes one after the other. What a single counter
 *          can answer is sent to it at once, without waiting, so that the counters work on all
 *          requests of a batch while the next ones are still being read; the answers are
 *          collected, in order, when the batch is over or something else must come after them.
 * Asking   One monitor serves all requests to a counter: calls carry its reference as their tag.
 *          A counter answers its requests in order; after its DOWN no answer comes.
 * Again    A request whose counter has ended is asked once more, of the next counter of that
 *          name, with the same number: it is served once (kept.h).
 * Threads  the process that owns it.
 */
#ifndef SERVICE_SESSION_H
#define SERVICE_SESSION_H

#include "names.h"
#include "reply.h"
#include "resp.h"
#include "service.h"

#define SESSION_ASKED_MAX 128 /* requests under way */
#define SESSION_KNOWN_MAX 64  /* counters whose pid is remembered; a power of two */
#define SESSION_REQUEST_MS                                                               \
        10000 /* for an answer, the time to start a counter again included */
#define SESSION_OUT_BYTES                                                                \
        65536 /* about so many bytes out, and the caller is to send them */
#define SESSION_CLIENT_NAME_MAX 64

struct command;

/* How a counter's answer, an integer, is said. */
enum session_says {
        SESSION_INTEGER, /* :3 */
        SESSION_BULK,    /* $1 3 */
        SESSION_OK,      /* +OK, whatever it is */
};

enum session_op {
        SESSION_ADD, /* n */
        SESSION_GET,
        SESSION_SET,  /* n */
        SESSION_TICK, /* id, n */
        SESSION_DELETE,
        SESSION_OTHER, /* what */
};

/* A request to one counter. The bytes it borrows are the client's, and stay until it is answered. */
struct session_ask {
        enum session_op op;
        enum session_says says;
        kr_bytes name;
        int64_t n;
        kr_bytes id;
        kr_term what; /* OTHER */

        /* -- session.c's -- */
        int64_t number; /* of this session's requests */
        kr_ref tag; /* under way: the monitor of the counter it was sent to; none: it is not */
};

/* A counter whose pid is known. */
struct session_known {
        kr_pid pid; /* none: a free place */
        kr_ref monitor;
        uint32_t len;
        char *name;
};

struct session {
        struct service *service;
        int64_t id;       /* of the client, as CLIENT ID has it, and of its requests */
        int64_t requests; /* numbered so far */
        int64_t commands; /* executed since the service's figures were last told */
        bool closing;     /* nothing more is read after this */
        uint64_t secret[2];
        uint32_t last_known; /* where the last counter that was asked stands in `known` */
        const struct command *last_command;
        char last_word[16]; /* ... as it was written, and how long that is */
        uint32_t last_word_len;
        struct reply out;
        uint32_t asked_count;
        struct session_ask asked[SESSION_ASKED_MAX];
        struct session_known known[SESSION_KNOWN_MAX];
        char client_name[SESSION_CLIENT_NAME_MAX];
        struct resp resp; /* last: most of it is never touched */
};

/* Gives a new one, memory of the calling process; NULL: there is none. */
struct session *session_new(struct service *service);

/* Take requests from `data`, which begins where the last one ended. *ret_used bytes are done
 * with; the others are the beginning of a request, or what had to wait until `out` has been
 * sent: then true, and it is to be called again with them, sent or not. What is in `out` is whole
 * answers. */
bool session_run(struct session *s, char *data, size_t len, size_t *ret_used);

/* -- for commands -- */

/* The arguments of the present request, the command being the 0th. */
struct session_args {
        const char *data;
        const struct resp_span *spans;
        uint32_t count;
};

static inline kr_bytes session_arg(const struct session_args *args, uint32_t i)
{
        kr_bytes bytes = { args->data + args->spans[i].at, args->spans[i].len };

        return bytes;
}

/* Send a request to its counter, which is made if there is none, and go on: the answer is put
 * into `out` in its turn. A GET, and whatever is not to make counters, says nil if there is none. */
void session_ask(struct session *s, const struct session_ask *ask);

/* The same at once. KR_OK: *ret; KR_ENOPROC: there is none, and it was not made;
 * KR_EFAILED: it refused; or what session_say_err says. */
KR_MUST_CHECK kr_err session_ask_now(struct session *s, struct session_ask *ask,
                                     int64_t *ret);
void session_say_err(struct session *s, kr_err err);

/* Wait until all that was asked is answered in `out`. Before anything else is put there. */
void session_settle(struct session *s);

#endif
