/* SPDX-License-Identifier: Apache-2.0 */
/* gen_server.h: the generic server. Follows OTP's gen_server.
 *
 *      struct counter { int64_t value; };
 *
 *      static kr_next handle_call(struct counter *c, kr_term request, kr_from from)
 *      {
 *              if (kr_match(request, "read"))
 *                      return kr_reply("~", c->value);
 *              return kr_stop("{bad_call, ~}", request);
 *      }
 *      ...
 *      KR_GEN_SERVER(counter, struct counter, .init = init, .handle_call = handle_call,
 *                    .handle_cast = handle_cast);
 *
 *      kr_start_link(&counter, KR_START_OPTS(.name = "counter"), "~", 0);
 *      kr_cast("counter", "{tick, ~}", 3);
 *      kr_match(kr_call("counter", &reply, "read"), "~", &n);
 *
 * State     The user's struct, allocated with the process (all zero before init) and gone
 *           with it; `release` runs once on every end for what hangs off it.
 * Callbacks get the state and a term, which lives until the callback returns, and tell by a
 *           kr_next what happens then. A fault in one ends the server with the fault as its
 *           reason; an exit, error or throw runs terminate first, as in OTP.
 */
#ifndef KRARUP_GEN_SERVER_H
#define KRARUP_GEN_SERVER_H

#include <krarup/behaviour.h>

/* What a callback wants to happen next. Made by the functions below, for the callback that
 * makes it: it is returned at once, not stored. */
typedef struct kr_next {
        uint16_t kind;       /* enum kri_next */
        uint16_t then;       /* enum kri_then */
        uint32_t timeout_ms; /* KRI_THEN_TIMEOUT */
        uintptr_t more;      /* reason, what to continue with: Krarup's */
} kr_next;

enum kri_next {
        KRI_NEXT_NONE,  /* all zero: nobody made it */
        KRI_NEXT_UNDEF, /* the callback is missing */
        KRI_NEXT_OK,
        KRI_NEXT_NOREPLY,
        KRI_NEXT_REPLY,
        KRI_NEXT_STOP,
        KRI_NEXT_IGNORE,
        KRI_NEXT_ERROR,
};

enum kri_then {
        KRI_THEN_NOTHING,
        KRI_THEN_TIMEOUT,
        KRI_THEN_HIBERNATE,
        KRI_THEN_CONTINUE,
        KRI_THEN_BAD_TIMEOUT,
};

/* The callbacks, in this order. OTP lets handle_info (then a warning is logged), terminate and
 * format_status be missing; calling for another one that is missing ends the server with
 * undef. What a callback may not return ends it with {bad_return_value, Value}, Value being
 * a text that says what is wrong where C has no value to show. */
#define KRI_GEN_SERVER_CALLBACKS(state)                                                  \
        /* kr_ok, kr_stop, kr_ignore, kr_fail; kr_then_... */                            \
        kr_next (*init)(state * s, kr_term args);                                        \
        /* kr_reply, kr_noreply, kr_stop; kr_then_... */                                 \
        kr_next (*handle_call)(state * s, kr_term request, kr_from from);                \
        /* kr_noreply, kr_stop; kr_then_... */                                           \
        kr_next (*handle_cast)(state * s, kr_term message);                              \
        kr_next (*handle_info)(state * s, kr_term info);                                 \
        kr_next (*handle_continue)(state * s, kr_term what);                             \
        void (*terminate)(state * s, kr_term reason);                                    \
        /* kr_ok, or kr_stop(Reason): the change is refused */                           \
        kr_next (*code_change)(state * s, kr_term old_version, kr_term extra);           \
        /* what sys and reports show of the state; gives a new term */                   \
        kr_term (*format_status)(const state *s);                                        \
        /* what hangs off the state goes; see kr_behaviour */                            \
        void (*release)(state * s);                                                      \
        /* the state's fields (fields.h), for sys, reports and upgrades */               \
        const struct kr_field *fields;                                                   \
        /* of the state; see change.h for it and the others */                           \
        const char *version;                                                             \
        KRI_VERSIONING_MEMBERS(state)

/* The same, as the loop calls them. Every one is there; a missing one gives KRI_NEXT_UNDEF. */
struct kri_gen_server {
        kr_next (*init)(void *state, kr_term args);
        kr_next (*handle_call)(void *state, kr_term request, kr_from from);
        kr_next (*handle_cast)(void *state, kr_term message);
        kr_next (*handle_info)(void *state, kr_term info);
        kr_next (*handle_continue)(void *state, kr_term what);
        bool (*terminate)(void *state, kr_term reason); /* false: missing */
        kr_next (*code_change)(void *state, kr_term old_version, kr_term extra);
        kr_term (*format_status)(const void *state); /* none: missing */
};

KR_BEGIN_DECLS

extern KR_API const kr_kind kr_gen_server_kind;

static inline kr_next kri_next_of(enum kri_next kind)
{
        kr_next next = { 0, KRI_THEN_NOTHING, 0, 0 };

        next.kind = (uint16_t)kind;
        return next;
}

/* {ok, State}, from init and code_change. */
static inline kr_next kr_ok(void)
{
        return kri_next_of(KRI_NEXT_OK);
}

/* {noreply, State}, from all others. From handle_call it means that the answer comes later
 * (kr_reply_to): without one the caller waits until its time is up. */
static inline kr_next kr_noreply(void)
{
        return kri_next_of(KRI_NEXT_NOREPLY);
}

/* ignore, from init */
static inline kr_next kr_ignore(void)
{
        return kri_next_of(KRI_NEXT_IGNORE);
}

/* ..., Timeout: if nothing arrives within that time, handle_info gets `timeout`. Any message
 * cancels it, a system message makes it begin anew; 0 fires when the mailbox is found empty.
 * Up to 4294967295; KR_INFINITY: none. Another time is a bad return value. */
KR_API kr_next kr_then_timeout(kr_next next, int64_t timeout_ms);

/* ..., hibernate: an idle server is as small as it gets anyway; this says so in the text, and
 * where the server came from Erlang. */
KR_API kr_next kr_then_hibernate(kr_next next);

KR_API kr_next kri_next_reply(struct kri_site *site, const union kri_arg *args);
KR_API kr_next kri_next_stop(enum kri_next kind, struct kri_site *site,
                             const union kri_arg *args);
KR_API kr_next kri_then_continue(kr_next next, struct kri_site *site,
                                 const union kri_arg *args);
KR_API kr_next kri_then_reply(kr_next next, struct kri_site *site,
                              const union kri_arg *args);

/* Leave the callback from whatever depth as if it had returned this: OTP's throw(Result). A
 * kr_catch in between catches it. */
KR_API KR_NORETURN void kr_throw_next(kr_next next);

/* Go on as this gen_server, without init: kr_enter_loop with something to do first (kr_ok(), or
 * with kr_then_... of it). `opts` may be NULL; *state is copied. Does not return.
 * Follows gen_server:enter_loop/5. */
KR_API KR_NORETURN void kr_gen_server_enter_loop(const kr_behaviour *behaviour,
                                                 const kr_start_opts *opts,
                                                 const void *state, kr_next next);

KR_END_DECLS

/* kr_reply("reply pattern", ...): {reply, Reply, State}, from handle_call. The reply is on
 * its way when this returns. */
#define kr_reply(...) kri_next_reply(KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))

/* kr_stop("reason", ...): {stop, Reason, State}. kr_fail("reason", ...): {error, Reason} from
 * init: as kr_stop, but the process ends with `normal`. */
#define kr_stop(...)                                                                     \
        kri_next_stop(KRI_NEXT_STOP, KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))
#define kr_fail(...)                                                                     \
        kri_next_stop(KRI_NEXT_ERROR, KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))

/* kr_then_continue(next, "pattern", ...): {..., {continue, What}}: handle_continue gets it
 * before any message. */
#define kr_then_continue(next, ...)                                                      \
        kri_then_continue(next, KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))

/* kr_then_reply(kr_stop("reason"), "reply", ...): {stop, Reason, Reply, State}: terminate runs,
 * then the reply is sent, then the server ends. */
#define kr_then_reply(next, ...)                                                         \
        kri_then_reply(next, KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))

/* KR_GEN_SERVER(name, state type, .init = ..., ...): define the module `name`, a
 * const kr_behaviour; for other files: extern const kr_behaviour name; The callbacks are
 * checked for their types; what is not named is missing. In C++ (from 11 on) they are named in
 * the order above. */
#define KR_GEN_SERVER(module, state, ...)                                                \
        KRI_CALLBACKS_BEGIN                                                              \
        struct module##_callbacks {                                                      \
                KRI_GEN_SERVER_CALLBACKS(state);                                         \
        };                                                                               \
        static const struct module##_callbacks module##_user = { __VA_ARGS__ };          \
        KRI_CALLBACKS_END                                                                \
        static kr_next module##_do_init(void *s, kr_term args)                           \
        {                                                                                \
                return module##_user.init                                                \
                               ? module##_user.init(KRI_STATE(state, s), args)           \
                               : kri_next_of(KRI_NEXT_UNDEF);                            \
        }                                                                                \
        static kr_next module##_do_call(void *s, kr_term request, kr_from from)          \
        {                                                                                \
                return module##_user.handle_call                                         \
                               ? module##_user.handle_call(KRI_STATE(state, s), request, \
                                                           from)                         \
                               : kri_next_of(KRI_NEXT_UNDEF);                            \
        }                                                                                \
        static kr_next module##_do_cast(void *s, kr_term message)                        \
        {                                                                                \
                return module##_user.handle_cast                                         \
                               ? module##_user.handle_cast(KRI_STATE(state, s), message) \
                               : kri_next_of(KRI_NEXT_UNDEF);                            \
        }                                                                                \
        static kr_next module##_do_info(void *s, kr_term info)                           \
        {                                                                                \
                return module##_user.handle_info                                         \
                               ? module##_user.handle_info(KRI_STATE(state, s), info)    \
                               : kri_next_of(KRI_NEXT_UNDEF);                            \
        }                                                                                \
        static kr_next module##_do_continue(void *s, kr_term what)                       \
        {                                                                                \
                return module##_user.handle_continue                                     \
                               ? module##_user.handle_continue(KRI_STATE(state, s),      \
                                                               what)                     \
                               : kri_next_of(KRI_NEXT_UNDEF);                            \
        }                                                                                \
        static bool module##_do_terminate(void *s, kr_term reason)                       \
        {                                                                                \
                if (module##_user.terminate)                                             \
                        module##_user.terminate(KRI_STATE(state, s), reason);            \
                return module##_user.terminate != NULL;                                  \
        }                                                                                \
        static kr_next module##_do_code_change(void *s, kr_term old_version,             \
                                               kr_term extra)                            \
        {                                                                                \
                return module##_user.code_change                                         \
                               ? module##_user.code_change(KRI_STATE(state, s),          \
                                                           old_version, extra)           \
                               : kri_next_of(KRI_NEXT_UNDEF);                            \
        }                                                                                \
        static kr_term module##_do_format_status(const void *s)                          \
        {                                                                                \
                return module##_user.format_status                                       \
                               ? module##_user.format_status(KRI_STATE(const state, s))  \
                               : kr_none();                                              \
        }                                                                                \
        static void module##_do_release(void *s)                                         \
        {                                                                                \
                if (module##_user.release)                                               \
                        module##_user.release(KRI_STATE(state, s));                      \
        }                                                                                \
        static const struct kri_gen_server                                               \
                module##_table = { module##_do_init,        module##_do_call,            \
                                   module##_do_cast,        module##_do_info,            \
                                   module##_do_continue,    module##_do_terminate,       \
                                   module##_do_code_change, module##_do_format_status }; \
        KRI_VERSIONING(module, state)                                                    \
        extern const kr_behaviour module;                                                \
        const kr_behaviour module = { #module,                                           \
                                      &kr_gen_server_kind,                               \
                                      &module##_table,                                   \
                                      sizeof(state),                                     \
                                      &module##_user.fields,                             \
                                      module##_do_release,                               \
                                      &module##_user.version,                            \
                                      &kri_attention_##module,                           \
                                      &module##_versioning }

#endif
