/* SPDX-License-Identifier: Apache-2.0 */
/* gen_event.h: the event manager: one process, any number of handlers. Follows OTP's
 * gen_event.
 *
 *      struct alarm { int64_t limit; };
 *
 *      static kr_handled init(struct alarm *a, kr_term args)
 *      {
 *              return kr_match(args, "~", &a->limit) ? kr_handled_ok()
 *                                                    : kr_handled_other("bad_limit");
 *      }
 *
 *      static kr_handled handle_event(struct alarm *a, kr_term event)
 *      {
 *              int64_t n;
 *
 *              if (kr_match(event, "{level, ~}", &n) && n > a->limit)
 *                      raise_alarm(n);
 *              return kr_handled_ok();
 *      }
 *      KR_EVENT_HANDLER(alarm, struct alarm, .init = init, .handle_event = handle_event);
 *
 *      kr_event_start_link(&(kr_start_opts){ .name = "levels" });
 *      kr_event_add_handler("levels", &alarm, NULL, "~", 100);
 *      kr_event_notify("levels", "{level, ~}", 101);
 *
 * Model     A handler is a module and a state of its own (the user's struct, zeroed before
 *           init); several of one module are told apart by an id (kr_handler_id). All run
 *           in the manager's process, which traps exits; each event goes to every handler,
 *           the newest first.
 * Crashes   A handler that exits, errs, throws, faults or returns what it may not is taken
 *           out: terminate gets {error, {'EXIT', Reason}} (or {error, Value}), but not after
 *           a fault; `release` runs in any case, once. The manager and the other handlers
 *           go on. A fault is caught as kr_catch does it: what it did to memory that is not
 *           the handler's own, nobody knows.
 * Names     In messages a handler is the atom Module, or {Module, Id}. A process that sends
 *           such a message by itself names modules that some call here has named before.
 * Calls     Functions take a manager as kr_call does (pid, name, kr_server), block until it
 *           has answered, and end the caller with noproc and the like when there is none.
 *           A handler is given as &module or kr_handler_id(&module, ...). Results are what
 *           gen_event returns, in a slot (NULL: not wanted).
 */
#ifndef KRARUP_GEN_EVENT_H
#define KRARUP_GEN_EVENT_H

#include <krarup/behaviour.h>

typedef struct kr_handler_module kr_handler_module;

/* A handler of a manager: Module, or {Module, Id}. Borrows the id. */
typedef struct kr_handler {
        const kr_handler_module *module;
        kr_term id; /* none: just the module */
} kr_handler;

#define KR_HANDLER(handler)                                                              \
        _Generic((handler), kr_handler: kri_handler_same,                                \
                 const kr_handler_module *: kri_handler_of,                              \
                 kr_handler_module *: kri_handler_of)(handler)

/* -- what a callback returns -- */

/* Made by the functions below, and returned at once. */
typedef struct kr_handled {
        uint16_t kind; /* enum kri_handled */
        bool hibernate;
        uint32_t serial; /* of what the manager keeps for it */
} kr_handled;

enum kri_handled {
        KRI_HANDLED_NONE, /* all zero: nobody made it */
        KRI_HANDLED_UNDEF,
        KRI_HANDLED_OK,
        KRI_HANDLED_REMOVE,
        KRI_HANDLED_SWAP,
        KRI_HANDLED_OTHER,
};

/* kr_handled_reply("reply", ...): {ok, Reply, State}, from handle_call. */
#define kr_handled_reply(...) kr_handled_with_reply(kr_handled_ok(), __VA_ARGS__)

/* kr_handled_with_reply(kr_handled_remove(), "reply", ...): {remove_handler, Reply}; with a swap
 * {swap_handler, Reply, Args1, State, Handler2, Args2}. From handle_call. */
#define kr_handled_with_reply(handled, ...)                                              \
        kri_handled_with_reply(handled, KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))

/* kr_handled_swap(args1, handler2, "args2", ...): {swap_handler, Args1, State, Handler2, Args2}:
 * terminate(Args1) of this handler, then init({Args2, what that gave}) of the other one,
 * which takes its place. `args1` is a kr_term, which is copied. */
#define kr_handled_swap(args1, handler2, ...)                                            \
        kri_handled_swap(args1, KR_HANDLER(handler2), KRI_SITE(__VA_ARGS__),             \
                         KRI_ARGS(__VA_ARGS__))

/* kr_handled_other("value", ...): anything else. From init: the handler is not added, and
 * kr_event_add_handler gives the value. Otherwise it is taken out, with {error, Value}. */
#define kr_handled_other(...)                                                            \
        kri_handled_other(KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))

/* -- the callbacks; those that are missing may be missing in OTP too, but for init,
 * handle_event and handle_call: then the handler is taken out, with undef -- */

#define KRI_EVENT_HANDLER_CALLBACKS(state)                                                \
        /* kr_handled_ok, kr_handled_other; args is {Args, Term} after a swap */          \
        kr_handled (*init)(state * s, kr_term args);                                      \
        /* kr_handled_ok, kr_handled_remove, kr_handled_swap */                           \
        kr_handled (*handle_event)(state * s, kr_term event);                             \
        /* the same, with a reply */                                                      \
        kr_handled (*handle_call)(state * s, kr_term request);                            \
        /* as handle_event; missing: a warning is logged */                               \
        kr_handled (*handle_info)(state * s, kr_term info);                               \
        /* `arg`: what it was deleted or swapped with, stop, {stop, Reason} (its owner */ \
        /* has ended), remove_handler, {error, Term}. Gives a new term, for whoever */    \
        /* deletes it or takes over; kr_none(): ok. */                                    \
        kr_term (*terminate)(state * s, kr_term arg);                                     \
        /* kr_handled_ok */                                                               \
        kr_handled (*code_change)(state * s, kr_term old_version, kr_term extra);         \
        /* what sys and reports show of the state; gives a new term */                    \
        kr_term (*format_status)(const state *s);                                         \
        /* what hangs off the state goes; may not wait */                                 \
        void (*release)(state * s);                                                       \
        /* the state's fields (fields.h), for sys, reports and upgrades */                \
        const struct kr_field *fields;                                                    \
        /* of the state; see change.h for it and the others */                            \
        const char *version;                                                              \
        KRI_VERSIONING_MEMBERS(state)

/* The same, as the manager calls them: see the macro. */
struct kri_handler_table {
        kr_handled (*init)(void *state, kr_term args);
        kr_handled (*handle_event)(void *state, kr_term event);
        kr_handled (*handle_call)(void *state, kr_term request);
        kr_handled (*handle_info)(void *state, kr_term info);
        kr_term (*terminate)(void *state, kr_term arg);
        kr_handled (*code_change)(void *state, kr_term old_version, kr_term extra);
        kr_term (*format_status)(const void *state);
        void (*release)(void *state);
};

/* Where the modules that have been named hang, found by their atoms. */
struct kri_handler_entry {
        const kr_handler_module *module;
        struct kri_handler_entry *next; /* constant once entered */
        uint32_t entered;               /* atomic */
};

struct kr_handler_module {
        const char *name;
        const struct kri_handler_table *table;
        size_t state_size;
        const struct kr_field *const *fields; /* as in kr_behaviour */
        const char *const *version;
        struct kri_handler_entry *entry;
        uint32_t *attention; /* as in kr_behaviour, and the next one */
        const struct kri_versioning *versioning;
};

/* -- starting and stopping -- */

/* kr_started kr_event_start(opts), ...: a manager without handlers; opts as for kr_start (may be
 * NULL). Ends by kr_stop_server and kr_stop_normal: every handler's terminate gets `stop`. A
 * supervisor starts &kr_event_manager as it is. Follow gen_event:start/2, ... */
#define kr_event_start(opts) kr_start(&kr_event_manager, opts, "[]")
#define kr_event_start_link(opts) kr_start_link(&kr_event_manager, opts, "[]")
#define kr_event_start_monitor(opts) kr_start_monitor(&kr_event_manager, opts, "[]")

/* -- events -- */

/* kr_event_notify(manager, "event", ...): asynchronous. A name that nobody has ends the caller
 * with badarg. */
#define kr_event_notify(manager, ...)                                                    \
        kri_event_notify(KR_SERVER(manager), KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))

/* kr_event_sync_notify(manager, "event", ...): returns when every handler has had it. */
#define kr_event_sync_notify(manager, ...)                                               \
        kri_event_sync_notify(KR_SERVER(manager), KRI_SITE(__VA_ARGS__),                 \
                              KRI_ARGS(__VA_ARGS__))

/* -- handlers -- */

/* kr_err kr_event_add_handler(manager, handler, &slot, "args", ...): KR_OK, or KR_EFAILED: it
 * is not there, and the slot holds what init gave instead, or {'EXIT', Reason}. The sup
 * variant ties it to the caller: when the caller ends, it goes, with {stop, Reason}; when
 * it goes, the caller gets {gen_event_EXIT, Handler, Reason}: normal, shutdown, {swapped,
 * Handler2, Pid}, or what went wrong. */
#define kr_event_add_handler(manager, handler, slot, ...)                                \
        kri_event_add(KR_SERVER(manager), KR_HANDLER(handler), false, slot,              \
                      KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))
#define kr_event_add_sup_handler(manager, handler, slot, ...)                            \
        kri_event_add(KR_SERVER(manager), KR_HANDLER(handler), true, slot,               \
                      KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))

/* kr_term kr_event_delete_handler(manager, handler, &slot, "args", ...): what terminate gave;
 * {error, module_not_found}; {'EXIT', Reason}. Lives in the slot (which must be there). */
#define kr_event_delete_handler(manager, handler, slot, ...)                             \
        kri_event_delete(KR_SERVER(manager), KR_HANDLER(handler), slot,                  \
                         KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))

/* kr_err kr_event_swap_handler(manager, handler1, args1, handler2, &slot, "args2", ...): delete
 * handler1 and add handler2 with {Args2, what terminate gave} (`error` if there was no
 * handler1). KR_EFAILED: neither is there; the slot holds Reason of {error, Reason}. A
 * handler that was tied to somebody stays so; the sup variant ties it to the caller.
 * `args1` is a kr_term. */
#define kr_event_swap_handler(manager, handler1, args1, handler2, slot, ...)             \
        kri_event_swap(KR_SERVER(manager), KR_HANDLER(handler1), args1,                  \
                       KR_HANDLER(handler2), false, slot, KRI_SITE(__VA_ARGS__),         \
                       KRI_ARGS(__VA_ARGS__))
#define kr_event_swap_sup_handler(manager, handler1, args1, handler2, slot, ...)         \
        kri_event_swap(KR_SERVER(manager), KR_HANDLER(handler1), args1,                  \
                       KR_HANDLER(handler2), true, slot, KRI_SITE(__VA_ARGS__),          \
                       KRI_ARGS(__VA_ARGS__))

/* kr_term kr_event_call(manager, handler, &slot, "request", ...): handle_call's reply;
 * {error, bad_module}: no such handler; {error, Term}: it failed, and is gone. At most five
 * seconds unless told otherwise; then, and when the manager ends, the caller ends, with
 * {Reason, {gen_event, call, [Manager, Handler, Request]}}. */
#define kr_event_call(manager, handler, slot, ...)                                       \
        kri_event_call(KR_SERVER(manager), KR_HANDLER(handler), slot, KRI_CALL_DEFAULT,  \
                       KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))
#define kr_event_call_timeout(manager, handler, slot, timeout_ms, ...)                   \
        kri_event_call(KR_SERVER(manager), KR_HANDLER(handler), slot, timeout_ms,        \
                       KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))

/* kr_ref kr_event_send_request(manager, handler, "request", ...): the answer comes as to
 * kr_send_request; {error, Term} is a reply. */
#define kr_event_send_request(manager, handler, ...)                                     \
        kri_event_send_request(KR_SERVER(manager), KR_HANDLER(handler),                  \
                               KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))

/* kr_term kr_event_which_handlers(manager, &slot): the list of them, the newest first. */
#define kr_event_which_handlers(manager, slot)                                           \
        kri_event_which_handlers(KR_SERVER(manager), slot)

KR_BEGIN_DECLS

extern KR_API const kr_kind kr_gen_event_kind;
extern KR_API const kr_behaviour kr_event_manager;

static inline kr_handler kri_handler_same(kr_handler handler)
{
        return handler;
}

static inline kr_handler kri_handler_of(const kr_handler_module *module)
{
        kr_handler handler = { module, { 13 } };

        return handler;
}

/* {Module, Id}; the id must outlive its use */
static inline kr_handler kr_handler_id(const kr_handler_module *module, kr_term id)
{
        kr_handler handler = { module, id };

        return handler;
}

static inline kr_handled kri_handled_of(enum kri_handled kind)
{
        kr_handled handled = { 0, false, 0 };

        handled.kind = (uint16_t)kind;
        return handled;
}

/* {ok, State} */
static inline kr_handled kr_handled_ok(void)
{
        return kri_handled_of(KRI_HANDLED_OK);
}

/* remove_handler */
static inline kr_handled kr_handled_remove(void)
{
        return kri_handled_of(KRI_HANDLED_REMOVE);
}

/* {ok, State, hibernate} and {ok, Reply, State, hibernate}: give spare memory back before
 * waiting; has no other effect. */
static inline kr_handled kr_handled_hibernate(kr_handled handled)
{
        handled.hibernate = true;
        return handled;
}

KR_API kr_handled kri_handled_with_reply(kr_handled handled, struct kri_site *site,
                                         const union kri_arg *args);
KR_API kr_handled kri_handled_swap(kr_term args1, kr_handler handler2,
                                   struct kri_site *site, const union kri_arg *args);
KR_API kr_handled kri_handled_other(struct kri_site *site, const union kri_arg *args);

KR_API void kri_event_notify(kr_server manager, struct kri_site *site,
                             const union kri_arg *args);
KR_API kr_err kri_event_sync_notify(kr_server manager, struct kri_site *site,
                                    const union kri_arg *args);
KR_API kr_err kri_event_add(kr_server manager, kr_handler handler, bool sup, kr_msg *slot,
                            struct kri_site *site, const union kri_arg *args);
KR_API kr_term kri_event_delete(kr_server manager, kr_handler handler, kr_msg *slot,
                                struct kri_site *site, const union kri_arg *args);
KR_API kr_err kri_event_swap(kr_server manager, kr_handler handler1, kr_term args1,
                             kr_handler handler2, bool sup, kr_msg *slot,
                             struct kri_site *site, const union kri_arg *args);
KR_API kr_term kri_event_call(kr_server manager, kr_handler handler, kr_msg *slot,
                              int64_t timeout_ms, struct kri_site *site,
                              const union kri_arg *args);
KR_API kr_ref kri_event_send_request(kr_server manager, kr_handler handler,
                                     struct kri_site *site, const union kri_arg *args);
KR_API kr_term kri_event_which_handlers(kr_server manager, kr_msg *slot);

KR_END_DECLS

/* KR_EVENT_HANDLER(module, struct state, .init = ..., ...): define the module, a
 * const kr_handler_module; for other files: extern const kr_handler_module module; The
 * callbacks are checked for their types. In C++ they are named in the order above. */
#define KR_EVENT_HANDLER(module, state, ...)                                             \
        KRI_CALLBACKS_BEGIN                                                              \
        struct module##_callbacks {                                                      \
                KRI_EVENT_HANDLER_CALLBACKS(state);                                      \
        };                                                                               \
        static const struct module##_callbacks module##_user = { __VA_ARGS__ };          \
        KRI_CALLBACKS_END                                                                \
        KRI_HANDLER_1(module, state, init)                                               \
        KRI_HANDLER_1(module, state, handle_event)                                       \
        KRI_HANDLER_1(module, state, handle_call)                                        \
        KRI_HANDLER_1(module, state, handle_info)                                        \
        static kr_term module##_do_terminate(void *s, kr_term arg)                       \
        {                                                                                \
                return module##_user.terminate                                           \
                               ? module##_user.terminate(KRI_STATE(state, s), arg)       \
                               : kr_none();                                              \
        }                                                                                \
        static kr_handled module##_do_code_change(void *s, kr_term old_version,          \
                                                  kr_term extra)                         \
        {                                                                                \
                return module##_user.code_change                                         \
                               ? module##_user.code_change(KRI_STATE(state, s),          \
                                                           old_version, extra)           \
                               : kri_handled_of(KRI_HANDLED_UNDEF);                      \
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
        static const struct kri_handler_table module##_table = {                         \
                module##_do_init,          module##_do_handle_event,                     \
                module##_do_handle_call,   module##_do_handle_info,                      \
                module##_do_terminate,     module##_do_code_change,                      \
                module##_do_format_status, module##_do_release                           \
        };                                                                               \
        KRI_VERSIONING(module, state)                                                    \
        extern const kr_handler_module module;                                           \
        static struct kri_handler_entry module##_entry = { &module, 0, 0 };              \
        const kr_handler_module module = { #module,                                      \
                                           &module##_table,                              \
                                           sizeof(state),                                \
                                           &module##_user.fields,                        \
                                           &module##_user.version,                       \
                                           &module##_entry,                              \
                                           &kri_attention_##module,                      \
                                           &module##_versioning }

/* A callback that takes a term and gives a kr_handled. */
#define KRI_HANDLER_1(module, state, callback)                                           \
        static kr_handled module##_do_##callback(void *s, kr_term term)                  \
        {                                                                                \
                return module##_user.callback                                            \
                               ? module##_user.callback(KRI_STATE(state, s), term)       \
                               : kri_handled_of(KRI_HANDLED_UNDEF);                      \
        }

#endif
