/* SPDX-License-Identifier: Apache-2.0 */
/* gen.h: what all behaviours share: whom one talks to, starting, calling, replying, stopping.
 * Follows OTP's module gen and the functions that gen_server, gen_statem and gen_event have
 * in common.
 *
 * Protocol  a call is {'$gen_call', {Pid, Tag}, Request} and its reply {Tag, Reply}; a cast is
 *           {'$gen_cast', Message}. Tag is a reference, or [alias | Reference].
 * Late      A call's reference is an alias that ends with the call: a reply that comes after
 *           the timeout never reaches the mailbox.
 * Failure   A call that gets no reply ends the caller, as in OTP, with
 *           {Reason, {gen_server, call, [Server, Request]}} (or [Server, Request, Timeout] where
 *           the caller gave one); Reason: timeout, noproc, {nodedown, Node}, calling_self, or
 *           the reason the server ended with. kr_try_call returns it instead.
 *
 * Callable by processes (attached threads too) unless a function says otherwise. What blocks
 * says so; "may not return" holds for all that blocks.
 */
#ifndef KRARUP_GEN_H
#define KRARUP_GEN_H

#include <krarup/link.h>
#include <krarup/message.h>
#include <krarup/registry.h>

typedef struct kr_behaviour kr_behaviour; /* see behaviour.h */

/* -- whom -- */

/* A registry of the user's own ({via, Module, Name}). Functions are called by the process
 * that starts, calls or stops, and may block. */
typedef struct kr_via {
        const char *name; /* the Module, for exit reasons */
        bool (*register_name)(kr_term name, kr_pid pid); /* false: taken */
        void (*unregister_name)(kr_term name);
        kr_pid (*whereis_name)(kr_term name); /* none: nobody */
        /* Send it this message; a cast uses it. NULL: by whereis_name. */
        void (*send)(kr_term name, kr_term message);
} kr_via;

/* {global, Name}: a name that holds in the whole cluster (as long as a node is alone: in it). */
extern KR_API const kr_via kr_via_global;

/* Whom to talk to. Where a function takes a server, a kr_pid, a name (kr_atom or C string) or
 * one of these will do. Plain values; `via_name` borrows. */
typedef struct kr_server {
        kr_pid pid;   /* if not none: it */
        kr_atom name; /* otherwise a registered name, if `via` is NULL */
        kr_atom node; /* ... on that node; none: here */
        const kr_via *via;
        kr_term via_name;
} kr_server;

#define KR_SERVER(to)                                                                    \
        _Generic((to), kr_pid: kri_server_pid, kr_atom: kri_server_atom,                 \
                 const char *: kri_server_text, char *: kri_server_text,                 \
                 kr_server: kri_server_same)(to)

/* -- starting -- */

/* All zero: no name, no limit of time, a plain spawn. */
typedef struct kr_start_opts {
        const char *name; /* {local, Name}; borrowed */
        const kr_via
                *via; /* {via, Via, via_name}; with &kr_via_global {global, via_name} */
        kr_term via_name;    /* with via */
        int64_t timeout_ms;  /* for init; 0 and KR_INFINITY: none. Then it is killed. */
        kr_spawn_opts spawn; /* link and monitor are set by the function called */
        const char
                *debug; /* sys debug options as text, "[trace, {log, 20}]"; NULL: none */
        kr_msg *ret_reason; /* NULL, or: a slot for the Reason of KR_EFAILED */
} kr_start_opts;

/* kr_start_link(&counter, KR_START_OPTS(.name = "counter", .timeout_ms = 1000), "~", 0): options
 * where they are used, however many: a compound literal with a comma in it would be two
 * arguments of the macro. C only. */
#define KR_START_OPTS(...) (&(const kr_start_opts){ __VA_ARGS__ })

/* What OTP's {ok, Pid}, ignore and {error, Reason} become. */
typedef struct kr_started {
        /* KR_OK            it runs, and its init has returned
         * KR_EALREADY      the name is taken, by `pid`
         * KR_EIGNORED      init said ignore; the process is gone
         * KR_ETIMEDOUT     init took longer than timeout_ms; the process is gone
         * KR_EFAILED       init failed, for the Reason in *opts->ret_reason; it is gone
         * KR_ENOMEM, KR_ESYSTEMLIMIT   no process could be made
         * KR_EBADARG       on a thread that is no process; on an attached one also for
         *                  arguments that do not go with their pattern: then the slot says
         *                  {badarg, Text} */
        kr_err err;
        kr_pid pid;
        kr_ref monitor; /* kr_start_monitor */
} kr_started;

/* kr_started kr_start(&behaviour, opts, "args pattern", ...): start a server and wait until
 * its init has returned. `opts` may be NULL. Blocks. The name is registered before init runs
 * and free again before a failure is reported; then nothing is left of the process, its 'EXIT'
 * message to a starter that traps exits included. start_link: a starter that does not trap
 * exits ends with a child that fails. Misuse of options is badarg.
 * Follows gen_server:start/4, start_link/4, start_monitor/4 of OTP 26. */
#define kr_start(behaviour, opts, ...)                                                   \
        kri_gen_start(KRI_START_PLAIN, behaviour, opts, KRI_SITE(__VA_ARGS__),           \
                      KRI_ARGS(__VA_ARGS__))
#define kr_start_link(behaviour, opts, ...)                                              \
        kri_gen_start(KRI_START_LINK, behaviour, opts, KRI_SITE(__VA_ARGS__),            \
                      KRI_ARGS(__VA_ARGS__))
#define kr_start_monitor(behaviour, opts, ...)                                           \
        kri_gen_start(KRI_START_MONITOR, behaviour, opts, KRI_SITE(__VA_ARGS__),         \
                      KRI_ARGS(__VA_ARGS__))

/* kr_enter_loop(&behaviour, opts, state): the calling process becomes that behaviour, without
 * init; *state is copied (NULL: all zero). opts->name (via too) must be a name of the caller,
 * else it ends with process_not_registered (process_not_registered_globally,
 * process_not_registered_via). Its parent is its first ancestor (proc_lib.h); none is badarg.
 * Does not return. Follows gen_server:enter_loop/3. */
#define kr_enter_loop(behaviour, opts, state) kri_gen_enter_loop(behaviour, opts, state)

/* -- talking -- */

#define KR_CALL_TIMEOUT_MS 5000

/* kr_term kr_call(server, &slot, "request pattern", ...): ask and wait for the reply, at most
 * five seconds. The slot holds it; the term lives as long as it is not filled again. Blocks.
 * On a thread that is no process kr_none(); on an attached thread a call that fails does not
 * end anything: kr_none(), and the slot holds the Reason.
 * Follows gen_server:call/2, /3. */
#define kr_call(server, slot, ...)                                                       \
        KRI_CALL(server)                                                                 \
        (server, slot, KRI_CALL_DEFAULT, KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))
#define kr_call_timeout(server, slot, timeout_ms, ...)                                   \
        KRI_CALL(server)                                                                 \
        (server, slot, timeout_ms, KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))

/* kr_err kr_try_call(server, &slot, timeout_ms, "request", ...): the same, but a call that
 * fails returns: KR_ETIMEDOUT, KR_ENOPROC, or KR_EFAILED with the Reason in the slot (the
 * server's end, {nodedown, Node}, calling_self). Beyond OTP. */
#define kr_try_call(server, slot, timeout_ms, ...)                                       \
        kri_gen_try_call(KR_SERVER(server), slot, timeout_ms, KRI_SITE(__VA_ARGS__),     \
                         KRI_ARGS(__VA_ARGS__))

/* kr_cast(server, "message pattern", ...): send and forget; never fails for a server that is
 * not there. Follows gen_server:cast/2. */
#define kr_cast(server, ...)                                                             \
        KRI_CAST(server)(server, KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))

/* Who asked: to be answered now or later, by anybody. A plain value; a Tag that is neither
 * Reference nor [alias | Reference] (of a caller on a node that is not ours, perhaps) lives
 * only as long as the request. */
typedef struct kr_from {
        kr_pid pid;
        kr_ref ref;  /* the alias to answer through, or the Tag itself */
        kr_term tag; /* the atom alias: [alias | ref]; none: ref; else: the Tag */
} kr_from;

/* kr_reply_to(from, "reply pattern", ...): answer. The first answer counts; others are
 * dropped. Follows gen_server:reply/2. */
#define kr_reply_to(from, ...)                                                           \
        kri_gen_reply(from, KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))

/* kr_err kr_stop_server(server, timeout_ms, "reason pattern", ...): have a server of any
 * behaviour terminate with this reason and wait until it has ended; works on a suspended one
 * too. KR_OK: it ended so. Otherwise the caller ends, with noproc, timeout (the server goes
 * on), full (so it does, and its mailbox limit refuses more), {nodedown, Node}, or the other
 * reason it ended with. Blocks.
 * Follows gen_server:stop/3; kr_stop_normal(server) is stop/1. */
#define kr_stop_server(server, timeout_ms, ...)                                          \
        kri_gen_stop(KR_SERVER(server), timeout_ms, KRI_SITE(__VA_ARGS__),               \
                     KRI_ARGS(__VA_ARGS__))
#define kr_stop_normal(server) kr_stop_server(server, KR_INFINITY, "normal")

/* -- asking many -- */

/* kr_abcast(nodes, count, name, "message", ...): cast to the servers of this name on these
 * nodes (an array of kr_atom; NULL: all that are connected, and this one). `name` is a kr_atom
 * or a C string. Never fails. Follows gen_server:abcast/3. */
#define kr_abcast(nodes, count, name, ...)                                               \
        kri_abcast(nodes, count, KRI_NAME(name), KRI_SITE(__VA_ARGS__),                  \
                   KRI_ARGS(__VA_ARGS__))

/* kr_term kr_multi_call(nodes, count, name, timeout_ms, "request", ...): ask them all; gives a
 * new term {[{Node, Reply}], [BadNode]}, as those answered who did so in time, in the order
 * of the nodes. Late answers do not reach the mailbox. Blocks. Follows
 * gen_server:multi_call/4. */
#define kr_multi_call(nodes, count, name, timeout_ms, ...)                               \
        kri_multi_call(nodes, count, KRI_NAME(name), timeout_ms, KRI_SITE(__VA_ARGS__),  \
                       KRI_ARGS(__VA_ARGS__))

/* -- asking now, and having the answer later --
 *
 *      kr_ref request = kr_send_request(server, "{add, ~}", 1);
 *      ...
 *      switch (kr_receive_response(request, 1000, &slot)) {
 *      case KR_RESPONSE_REPLY: ... slot.term ...
 */

typedef enum kr_response {
        KR_RESPONSE_REPLY,   /* the slot's term is the reply */
        KR_RESPONSE_ERROR,   /* the request failed; the slot's term is the Reason */
        KR_RESPONSE_TIMEOUT, /* nothing yet; the slot is empty */
        KR_RESPONSE_NONE,    /* the message is no answer; the collection is empty */
} kr_response;

/* kr_ref kr_send_request(server, "request", ...): never fails; that nobody is there is learnt
 * from the response. Follows gen_server:send_request/2. */
#define kr_send_request(server, ...)                                                     \
        kri_send_request(KR_SERVER(server), KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))

/* Requests under way, each with a label of the caller's; owned by the process. */
typedef struct kr_reqids {
        struct kri_reqid *ids; /* Krarup's, all of it */
        uint32_t count, cap;
} kr_reqids;
/* clang-format off */
#ifdef __cplusplus
#define KR_REQIDS_INIT kr_reqids{}
#else
#define KR_REQIDS_INIT { .ids = NULL }
#endif
/* clang-format on */

/* A time of kr_monotonic_ms(NULL) as the timeout of a wait: {abs, At}. */
#define kr_until_ms(at_ms) kri_until_ms(at_ms)

/* -- behind the macros -- */

enum kri_start_mode { KRI_START_PLAIN, KRI_START_LINK, KRI_START_MONITOR };

#define KRI_CALL_DEFAULT                                                                 \
        ((int64_t)-2) /* 5000 ms, and the exit reason has two arguments */

#define KRI_CALL(server)                                                                 \
        _Generic((server), kr_pid: kri_call_pid, kr_atom: kri_call_atom,                 \
                 const char *: kri_call_text, char *: kri_call_text,                     \
                 kr_server: kri_call_server)
#define KRI_CAST(server)                                                                 \
        _Generic((server), kr_pid: kri_cast_pid, kr_atom: kri_cast_atom,                 \
                 const char *: kri_cast_text, char *: kri_cast_text,                     \
                 kr_server: kri_cast_server)

KR_BEGIN_DECLS

/* {Pid, Tag} of a From, for a message or a state: gives a new term; and back: false: it is none
 * (*ret as it was). */
KR_API kr_term kr_from_term(kr_from from);
KR_API bool kr_get_from(kr_term from, kr_from *ret_from);

/* The answer to a request. wait: after TIMEOUT the request stays what it is. receive: after
 * TIMEOUT it is given up, and a late answer is dropped. check: is the message in the slot the
 * answer? NONE leaves it as it is. Both wait and receive block.
 * Follow gen_server:wait_response/2, receive_response/2, check_response/2. */
KR_API kr_response kr_wait_response(kr_ref request, int64_t timeout_ms, kr_msg *slot);
KR_API kr_response kr_receive_response(kr_ref request, int64_t timeout_ms, kr_msg *slot);
KR_API kr_response kr_check_response(kr_ref request, kr_msg *slot);

/* A request that is in the collection already ends the caller with badarg; no memory with
 * system_limit. The label is copied. */
KR_API void kr_reqids_add(kr_reqids *ids, kr_ref request, kr_term label);
KR_API size_t kr_reqids_size(const kr_reqids *ids);
/* Gives a new term: [{Request, Label}]. */
KR_API kr_term kr_reqids_to_list(const kr_reqids *ids);
/* Forget them all, without giving up any request. */
KR_API void kr_reqids_clear(kr_reqids *ids);

/* The answer to any request of a collection; its label goes to *ret_label, and with `remove`
 * out of the collection (then the caller kr_release's it; otherwise it borrows). Which one:
 * *ret_request. Both may be NULL. After receive has given up all, the collection is as it was.
 * Follow gen_server:wait_response/3, receive_response/3, check_response/3. */
KR_API kr_response kr_wait_any(kr_reqids *ids, int64_t timeout_ms, bool remove,
                               kr_msg *slot, kr_ref *ret_request, kr_term *ret_label);
KR_API kr_response kr_receive_any(kr_reqids *ids, int64_t timeout_ms, bool remove,
                                  kr_msg *slot, kr_ref *ret_request, kr_term *ret_label);
KR_API kr_response kr_check_any(kr_reqids *ids, bool remove, kr_msg *slot,
                                kr_ref *ret_request, kr_term *ret_label);

/* How a call ended. ELSEWHERE: it has not begun, for that is no other process of this node. */
enum kri_call_end {
        KRI_CALL_REPLY,
        KRI_CALL_TIMEOUT,
        KRI_CALL_DOWN,
        KRI_CALL_ELSEWHERE,
};

/* gen:call/4's heart, in the core: send {Label, {Self, Tag}, Request} to a pid of this node
 * and wait. REPLY: the slot's term is the Reply; DOWN: it is the Reason; TIMEOUT: it is empty,
 * and no reply will come. timeout_ms may be KR_INFINITY. Blocks. */
KR_API int kri_gen_call(kr_pid to, kr_atom label, int64_t timeout_ms, kr_msg *slot,
                        struct kri_site *site, const union kri_arg *args);
/* kr_monitor_alias(to, KR_ALIAS_DEMONITOR) and such a message with its reference, in one: for who
 * waits for the end, too. {[alias | Ref], Reply} and the DOWN come to the mailbox. KR_EFULL: its
 * mailbox limit refuses the message; KR_ENOMEM: on a thread, a process ends with system_limit.
 * Nothing is left then. */
KR_API kr_err kri_gen_order(kr_pid to, kr_atom label, kr_ref *ret_ref,
                            struct kri_site *site, const union kri_arg *args);
/* Wait for the DOWN of such a reference: its Reason is the slot's term. False: not in time. Replies
 * that come before are dropped, and noted in *ret_replied. Blocks. */
KR_API bool kri_gen_hear_end(kr_ref ref, int64_t timeout_ms, kr_msg *slot,
                             bool *ret_replied);
/* What `message` is: CALL as kri_gen_call sends it, {'$gen_call', {Pid, [alias | Ref]}, Request},
 * with From and Request; SYSTEM, the same with the label `system`; CAST, {'$gen_cast', Message},
 * with Message; EXIT, {'EXIT', Pid, Reason}, with a Pid of this node in *ret_from and Reason;
 * OTHER: of these another kind, perhaps, or any triple that begins with an atom; NONE: none. */
enum kri_envelope {
        KRI_ENVELOPE_CALL,
        KRI_ENVELOPE_SYSTEM,
        KRI_ENVELOPE_CAST,
        KRI_ENVELOPE_EXIT,
        KRI_ENVELOPE_OTHER,
        KRI_ENVELOPE_NONE,
};
KR_API enum kri_envelope kri_gen_open(kr_term message, kr_from *ret_from,
                                      kr_term *ret_inside);
KR_API void kri_gen_reply(kr_from from, struct kri_site *site, const union kri_arg *args);

/* The usual word of a child: {ack, Self, {ok, Self}} to who waits for it; and, for that one, the
 * wait. hear: true: it was the first thing to come, and went into the slot (NULL: nowhere), whose
 * term is {ok, Child}; false: something else has come, or nothing for so long, or that is not all
 * there is to wait for: kr_receive finds it out. Blocks. */
KR_API void kri_start_ack(kr_pid starter);
KR_API bool kri_start_hear(kr_pid child, int64_t timeout_ms, kr_msg *slot);

/* In the core: as kr_receive_top with "_", for loops that handle millions in a second: 0, or
 * KR_TIMEOUT. */
KR_API int kri_receive_next(kr_msg *slot, int64_t timeout_ms);

/* In the core: take the first message of which fits(arg, Message) holds, 0; or KR_TIMEOUT. `fits`
 * only looks: it may raise nothing and send nothing. timeout_ms as for kr_receive, and right. */
KR_API int kri_receive_where(kr_msg *slot, int64_t timeout_ms,
                             bool (*fits)(void *arg, kr_term message), void *arg);

/* An attached thread, or one that is no process: nothing can be raised in it. */
KR_API bool kri_gen_is_thread(void);
/* {badarg, Text} of the last misuse that an attached thread was spared, given once; else none:
 * tells a pattern that is wrong from one that there was no memory for. */
KR_API kr_term kri_gen_misuse(void);
/* The caller's registered name; none: it has none. */
KR_API kr_atom kri_gen_own_name(void);
/* In loop->ended: the caller ends of a fault of its own. */
KR_API bool kri_gen_has_faulted(void);
/* In a clean-up of who has faulted: it begins to tell of that, or has told. If it does not come to
 * the latter the node tells of it. */
KR_API void kri_gen_tells(bool is_telling);

/* As kr_raise, at the end of a loop whose caught() has nothing more to hear. */
KR_API KR_NORETURN void kri_raise_last(kr_class kind, kr_term reason);

KR_API KR_NORETURN void kri_gen_enter_loop(const kr_behaviour *behaviour,
                                           const kr_start_opts *opts, const void *state);
KR_API kr_ref kri_send_request(kr_server to, struct kri_site *site,
                               const union kri_arg *args);
KR_API void kri_abcast(const kr_atom *nodes, size_t count, kr_atom name,
                       struct kri_site *site, const union kri_arg *args);
KR_API kr_term kri_multi_call(const kr_atom *nodes, size_t count, kr_atom name,
                              int64_t timeout_ms, struct kri_site *site,
                              const union kri_arg *args);
KR_API int64_t kri_until_ms(int64_t at_ms);

KR_API kr_started kri_gen_start(enum kri_start_mode mode, const kr_behaviour *behaviour,
                                const kr_start_opts *opts, struct kri_site *site,
                                const union kri_arg *args);
KR_API kr_term kri_call_pid(kr_pid to, kr_msg *slot, int64_t timeout_ms,
                            struct kri_site *site, const union kri_arg *args);
KR_API kr_term kri_call_atom(kr_atom to, kr_msg *slot, int64_t timeout_ms,
                             struct kri_site *site, const union kri_arg *args);
KR_API kr_term kri_call_text(const char *to, kr_msg *slot, int64_t timeout_ms,
                             struct kri_site *site, const union kri_arg *args);
KR_API kr_term kri_call_server(kr_server to, kr_msg *slot, int64_t timeout_ms,
                               struct kri_site *site, const union kri_arg *args);
KR_API kr_err kri_gen_try_call(kr_server to, kr_msg *slot, int64_t timeout_ms,
                               struct kri_site *site, const union kri_arg *args);
/* In the core, too. */
KR_API void kri_cast_pid(kr_pid to, struct kri_site *site, const union kri_arg *args);
KR_API void kri_cast_atom(kr_atom to, struct kri_site *site, const union kri_arg *args);
KR_API void kri_cast_text(const char *to, struct kri_site *site,
                          const union kri_arg *args);
KR_API void kri_cast_server(kr_server to, struct kri_site *site,
                            const union kri_arg *args);
KR_API kr_err kri_gen_stop(kr_server server, int64_t timeout_ms, struct kri_site *site,
                           const union kri_arg *args);

static inline kr_server kri_server_same(kr_server server)
{
        return server;
}

static inline kr_server kri_server_atom(kr_atom name)
{
        kr_server s = { { 0, 0, 0 }, name, { 0 }, NULL, { 13 } };

        return s;
}

static inline kr_server kri_server_text(const char *name)
{
        return kri_server_atom(kri_atom_of(name));
}

static inline kr_server kri_server_pid(kr_pid pid)
{
        kr_server s = { pid, { 0 }, { 0 }, NULL, { 13 } };

        return s;
}

/* {Name, Node} */
static inline kr_server kr_at(kr_atom name, kr_atom node)
{
        kr_server s = { { 0, 0, 0 }, name, node, NULL, { 13 } };

        return s;
}

/* {via, Via, Name}; {global, Name} */
static inline kr_server kr_by(const kr_via *via, kr_term name)
{
        kr_server s = { { 0, 0, 0 }, { 0 }, { 0 }, via, name };

        return s;
}

static inline kr_server kr_global(kr_term name)
{
        return kr_by(&kr_via_global, name);
}

KR_END_DECLS
#endif
