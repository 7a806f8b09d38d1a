/* SPDX-License-Identifier: Apache-2.0 */
/* gen_statem.h: the generic state machine. Follows OTP's gen_statem.
 *
 *      struct door { int64_t times; };
 *
 *      static kr_step opened(struct door *d, const kr_event *e)
 *      {
 *              if (kr_got_state_timeout(e, "close"))
 *                      return kr_next_state("closed");
 *              return kr_postpone();
 *      }
 *
 *      static kr_step closed(struct door *d, const kr_event *e)
 *      {
 *              if (kr_got_cast(e, "push")) {
 *                      d->times++;
 *                      kr_state_timeout(3000, "close");
 *                      return kr_next_state("opened");
 *              }
 *              if (kr_got_call(e, "read"))
 *                      return kr_statem_reply(e->from, "~", d->times);
 *              return kr_keep_state();
 *      }
 *      ...
 *      KR_GEN_STATEM(door, struct door, .mode = KR_STATE_FUNCTIONS, .init = init,
 *                    .states = { { "opened", opened }, { "closed", closed } });
 *
 *      kr_start_link(&door, &(kr_start_opts){ .name = "door" }, "[]");
 *      kr_cast("door", "push");
 *      kr_match(kr_statem_call("door", &reply, "read"), "~", &n);
 *
 * Model     A machine is in a state (a term) and has data (the user's struct, zeroed before
 *           init, gone with the process; `release` runs once on every end). Each event is one
 *           call of a callback: of the function that the state names (KR_STATE_FUNCTIONS), or
 *           of handle_event (KR_HANDLE_EVENT). It returns a step: where to go from here.
 * Actions   What else is to happen is said before the step is returned, by calling it:
 *           kr_postpone(), kr_state_timeout(3000, "close"), ... They count in the order of
 *           the calls, as in OTP's list. An action is a step too, kr_keep_state, so that one
 *           alone may be returned. Outside of init, state callbacks and code_change they are
 *           badarg.
 * Order     After the callback: the state enter call, if the state changes or is repeated;
 *           then time-outs are cancelled and started; then come the events that were
 *           inserted (kr_next_event), the postponed ones if the state has changed, oldest
 *           first, what was queued already, time-outs of 0 as they were started, and the
 *           mailbox.
 * Failure   An exit or error in a callback runs terminate and ends the machine with that
 *           reason; a fault ends it without terminate. What is no step and what is no action
 *           ends it by an error, {bad_return_from_state_function, Step} and the like.
 */
#ifndef KRARUP_GEN_STATEM_H
#define KRARUP_GEN_STATEM_H

#include <krarup/behaviour.h>

#include <string.h>

/* -- events -- */

typedef enum kr_event_type {
        KR_EVENT_CALL = 1,      /* {call, From}: from says who waits */
        KR_EVENT_CAST,          /* cast */
        KR_EVENT_INFO,          /* info: any other message */
        KR_EVENT_TIMEOUT,       /* timeout: the event time-out */
        KR_EVENT_STATE_TIMEOUT, /* state_timeout */
        KR_EVENT_NAMED_TIMEOUT, /* {timeout, Name}: a generic one; name says which */
        KR_EVENT_INTERNAL,      /* internal */
        KR_EVENT_ENTER,         /* enter: a state enter call; content is the old state */
} kr_event_type;

/* What a callback gets. Its terms live until it returns. */
typedef struct kr_event {
        kr_event_type type;
        kr_from from;    /* KR_EVENT_CALL */
        kr_term name;    /* KR_EVENT_NAMED_TIMEOUT; otherwise none */
        kr_term content; /* the request, the message, what the time-out was given */
        kr_term state;   /* the present one */
} kr_event;

/* bool kr_got_call(event, "request pattern", ...): is it an event of this type whose content
 * fits? Then all results are written, as by kr_match. */
#define kr_got_call(event, ...) KRI_GOT(event, KR_EVENT_CALL, __VA_ARGS__)
#define kr_got_cast(event, ...) KRI_GOT(event, KR_EVENT_CAST, __VA_ARGS__)
#define kr_got_info(event, ...) KRI_GOT(event, KR_EVENT_INFO, __VA_ARGS__)
#define kr_got_internal(event, ...) KRI_GOT(event, KR_EVENT_INTERNAL, __VA_ARGS__)
#define kr_got_event_timeout(event, ...) KRI_GOT(event, KR_EVENT_TIMEOUT, __VA_ARGS__)
#define kr_got_state_timeout(event, ...)                                                 \
        KRI_GOT(event, KR_EVENT_STATE_TIMEOUT, __VA_ARGS__)
/* `name`: an atom as text, a kr_atom or a kr_term. */
#define kr_got_named_timeout(event, name, ...)                                           \
        (kri_statem_is_named(event, KRI_STATEM_NAME(name)) &&                            \
         kr_match((event)->content, __VA_ARGS__))
/* The content is the state before (at the start and when repeated, this one). */
#define kr_got_enter(event, ...) KRI_GOT(event, KR_EVENT_ENTER, __VA_ARGS__)

/* -- steps: what a callback returns -- */

/* Made by the functions below, and returned at once. */
typedef struct kr_step {
        uint32_t kind; /* enum kri_step */
        kr_term term;  /* the next state, or a reason; Krarup's */
} kr_step;

enum kri_step {
        KRI_STEP_NONE, /* all zero: no step */
        KRI_STEP_KEEP,
        KRI_STEP_REPEAT,
        KRI_STEP_NEXT,
        KRI_STEP_STOP,
        KRI_STEP_IGNORE, /* init only, and the next one */
        KRI_STEP_FAIL,
        KRI_STEP_UNDEF, /* the callback is missing */
        KRI_STEP_KINDS
};

/* kr_next_state("state pattern", ...): {next_state, State, Data, Actions}; from init
 * {ok, State, Data, Actions}. The present state again is kr_keep_state. */
#define kr_next_state(...)                                                               \
        kri_step_with(KRI_STEP_NEXT, KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))

/* kr_stop_machine("reason", ...): {stop, Reason, Data}: terminate runs, then the machine ends.
 * With replies said before it is {stop_and_reply, Reason, Replies, Data}. From init: the
 * start fails. */
#define kr_stop_machine(...)                                                             \
        kri_step_with(KRI_STEP_STOP, KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))

/* kr_fail_machine("reason", ...): {error, Reason} from init: the start fails, and the process
 * ends with `normal`. */
#define kr_fail_machine(...)                                                             \
        kri_step_with(KRI_STEP_FAIL, KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))

/* Leave the callback from whatever depth as if it had returned this: OTP's throw(Step). Not
 * out of a kr_catch. */
#define kr_throw_step(step) kri_statem_throw(step)

/* -- actions: what is to happen besides; each also keeps the state -- */

/* kr_statem_reply(from, "reply pattern", ...): {reply, From, Reply}. It is on its way when
 * this returns. Elsewhere than in a callback use kr_reply_to. */
#define kr_statem_reply(from, ...)                                                       \
        kri_statem_reply(from, KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))

/* kr_next_event(type, "content pattern", ...): {next_event, Type, Content}: handle this event
 * next, before all that is queued; several of them in the order of the calls. The other two
 * are for the types {call, From} and {timeout, Name}. Not in state enter calls. */
#define kr_next_event(type, ...)                                                         \
        kri_statem_event(type, kri_statem_no_from(), kr_none(), KRI_SITE(__VA_ARGS__),   \
                         KRI_ARGS(__VA_ARGS__))
#define kr_next_event_call(from, ...)                                                    \
        kri_statem_event(KR_EVENT_CALL, from, kr_none(), KRI_SITE(__VA_ARGS__),          \
                         KRI_ARGS(__VA_ARGS__))
#define kr_next_event_named(name, ...)                                                   \
        kri_statem_event(KR_EVENT_NAMED_TIMEOUT, kri_statem_no_from(),                   \
                         KRI_STATEM_NAME(name), KRI_SITE(__VA_ARGS__),                   \
                         KRI_ARGS(__VA_ARGS__))

/* Time-outs. One of a kind (for named ones: of a name) runs at a time; starting it again
 * restarts it, and the last action on it in a callback wins. The event time-out is cancelled
 * by the next event, whatever it is; the state time-out by a change of the state; named ones
 * are not. A time of 0 needs no timer: the event is queued behind those that are there,
 * before the mailbox. KR_INFINITY cancels.
 *
 * kr_..._timeout(time_ms, "content pattern", ...)       {..., Time, Content}
 * kr_..._timeout_at(at_ms, "content pattern", ...)      ... [{abs, true}]: kr_monotonic_ms
 * kr_..._timeout_update("content pattern", ...)         another content, the same time; one of
 *                                                       0 if none runs
 * kr_..._timeout_cancel() */
#define kr_event_timeout(time_ms, ...)                                                   \
        KRI_TIMEOUT(KR_EVENT_TIMEOUT, kr_none(), time_ms, KRI_TIMEOUT_AFTER, __VA_ARGS__)
#define kr_event_timeout_at(at_ms, ...)                                                  \
        KRI_TIMEOUT(KR_EVENT_TIMEOUT, kr_none(), at_ms, KRI_TIMEOUT_AT, __VA_ARGS__)
#define kr_event_timeout_update(...)                                                     \
        KRI_TIMEOUT(KR_EVENT_TIMEOUT, kr_none(), 0, KRI_TIMEOUT_UPDATE, __VA_ARGS__)
#define kr_event_timeout_cancel() kri_statem_cancel(KR_EVENT_TIMEOUT, kr_none())

#define kr_state_timeout(time_ms, ...)                                                   \
        KRI_TIMEOUT(KR_EVENT_STATE_TIMEOUT, kr_none(), time_ms, KRI_TIMEOUT_AFTER,       \
                    __VA_ARGS__)
#define kr_state_timeout_at(at_ms, ...)                                                  \
        KRI_TIMEOUT(KR_EVENT_STATE_TIMEOUT, kr_none(), at_ms, KRI_TIMEOUT_AT, __VA_ARGS__)
#define kr_state_timeout_update(...)                                                     \
        KRI_TIMEOUT(KR_EVENT_STATE_TIMEOUT, kr_none(), 0, KRI_TIMEOUT_UPDATE, __VA_ARGS__)
#define kr_state_timeout_cancel() kri_statem_cancel(KR_EVENT_STATE_TIMEOUT, kr_none())

/* `name`: an atom as text, a kr_atom or a kr_term. */
#define kr_named_timeout(name, time_ms, ...)                                             \
        KRI_TIMEOUT(KR_EVENT_NAMED_TIMEOUT, KRI_STATEM_NAME(name), time_ms,              \
                    KRI_TIMEOUT_AFTER, __VA_ARGS__)
#define kr_named_timeout_at(name, at_ms, ...)                                            \
        KRI_TIMEOUT(KR_EVENT_NAMED_TIMEOUT, KRI_STATEM_NAME(name), at_ms,                \
                    KRI_TIMEOUT_AT, __VA_ARGS__)
#define kr_named_timeout_update(name, ...)                                               \
        KRI_TIMEOUT(KR_EVENT_NAMED_TIMEOUT, KRI_STATEM_NAME(name), 0,                    \
                    KRI_TIMEOUT_UPDATE, __VA_ARGS__)
#define kr_named_timeout_cancel(name)                                                    \
        kri_statem_cancel(KR_EVENT_NAMED_TIMEOUT, KRI_STATEM_NAME(name))

/* -- the callbacks; all but init and what the mode asks for may be missing -- */

typedef enum kr_callback_mode {
        KR_STATE_FUNCTIONS = 1, /* the state is an atom, and names the function */
        KR_HANDLE_EVENT,        /* any term */
} kr_callback_mode;

#define KR_STATES_MAX 64

#define KRI_GEN_STATEM_CALLBACKS(data)                                                    \
        kr_callback_mode mode;                                                            \
        bool state_enter; /* state enter calls are wanted */                              \
        /* Beyond OTP: how many events may be postponed at a time; one more ends the */   \
        /* machine with too_many_postponed. 0: as many as there is memory for. */         \
        uint32_t postpone_max;                                                            \
        /* kr_next_state, actions; kr_stop_machine, kr_fail_machine, kr_ignore_machine */ \
        kr_step (*init)(data * d, kr_term args);                                          \
        /* KR_STATE_FUNCTIONS: { { "running", running }, { "paused", paused } }. */       \
        /* A state that is not there, or is called `terminate`, is undef. */              \
        struct {                                                                          \
                const char *name;                                                         \
                kr_step (*function)(data * d, const kr_event *event);                     \
        } states[KR_STATES_MAX];                                                          \
        /* KR_HANDLE_EVENT: all states; see event->state */                               \
        kr_step (*handle_event)(data * d, const kr_event *event);                         \
        void (*terminate)(data * d, kr_term reason, kr_term state);                       \
        /* kr_next_state or kr_keep_state, also with kr_change_callback_module; */        \
        /* kr_stop_machine(Reason): the change is refused */                              \
        kr_step (*code_change)(data * d, kr_term old_version, kr_term state,              \
                               kr_term extra);                                            \
        /* what sys and reports show of the data; gives a new term */                     \
        kr_term (*format_status)(const data *d);                                          \
        /* what hangs off the data goes */                                                \
        void (*release)(data * d);                                                        \
        /* the data's fields (fields.h), for sys, reports and upgrades */                 \
        const struct kr_field *fields;                                                    \
        /* of the data; see change.h for it and the others */                             \
        const char *version;                                                              \
        KRI_VERSIONING_MEMBERS(data)

/* The same, as the machine calls them. A missing one gives KRI_STEP_UNDEF, false or none. */
struct kri_gen_statem {
        kr_callback_mode (*mode)(bool *ret_state_enter);
        kr_step (*init)(void *data, kr_term args);
        /* Which of the states this is; KR_STATES_MAX: none. */
        uint32_t (*find)(kr_atom state);
        kr_step (*call_state)(uint32_t index, void *data, const kr_event *event);
        kr_step (*handle_event)(void *data, const kr_event *event);
        bool (*terminate)(void *data, kr_term reason, kr_term state);
        kr_step (*code_change)(void *data, kr_term old_version, kr_term state,
                               kr_term extra);
        kr_term (*format_status)(const void *data);
        const uint32_t *postpone_max;
};

/* -- talking: kr_cast, kr_stop_server, kr_reply_to, ... of gen.h, and: -- */

/* kr_term kr_statem_call(server, &slot, "request pattern", ...): as kr_call, but waits for
 * ever unless told otherwise, and failures name gen_statem:
 * {Reason, {gen_statem, call, [Server, Request, Timeout]}}. Follows gen_statem:call/2, /3. */
#define kr_statem_call(server, slot, ...)                                                \
        kri_statem_call(KR_SERVER(server), slot, KR_INFINITY, KRI_SITE(__VA_ARGS__),     \
                        KRI_ARGS(__VA_ARGS__))
#define kr_statem_call_timeout(server, slot, timeout_ms, ...)                            \
        kri_statem_call(KR_SERVER(server), slot, timeout_ms, KRI_SITE(__VA_ARGS__),      \
                        KRI_ARGS(__VA_ARGS__))

/* kr_statem_enter_loop(&module, opts, data, "state pattern", ...): go on as this machine, in this
 * state, without init; *data is copied. As kr_enter_loop (gen.h), which a machine is too
 * little for. Does not return. Follows gen_statem:enter_loop/5. */
#define kr_statem_enter_loop(module, opts, data, ...)                                    \
        kri_statem_enter_loop(module, opts, data, KRI_SITE(__VA_ARGS__),                 \
                              KRI_ARGS(__VA_ARGS__))

enum kri_timeout_how {
        KRI_TIMEOUT_AFTER,
        KRI_TIMEOUT_AT,
        KRI_TIMEOUT_UPDATE,
        KRI_TIMEOUT_CANCEL
};

KR_BEGIN_DECLS

extern KR_API const kr_kind kr_gen_statem_kind;

static inline kr_step kri_step_of(enum kri_step kind)
{
        kr_step step = { 0, { 13 } };

        step.kind = (uint32_t)kind;
        return step;
}

/* {keep_state, Data} */
static inline kr_step kr_keep_state(void)
{
        return kri_step_of(KRI_STEP_KEEP);
}

/* {repeat_state, Data}: the state enter call again */
static inline kr_step kr_repeat_state(void)
{
        return kri_step_of(KRI_STEP_REPEAT);
}

/* ignore, from init */
static inline kr_step kr_ignore_machine(void)
{
        return kri_step_of(KRI_STEP_IGNORE);
}

/* Keep this event, and handle it again when the state has changed. Not in enter calls. */
KR_API kr_step kr_postpone(void);

/* When nothing is left to do, give spare memory back before waiting. */
KR_API kr_step kr_statem_hibernate(void);

/* {change_callback_module, Module} and the like: another KR_GEN_STATEM of the same struct
 * takes over; pop goes back to the one before. `release` stays that of the first. Not in
 * state enter calls. */
KR_API kr_step kr_change_callback_module(const kr_behaviour *module);
KR_API kr_step kr_push_callback_module(const kr_behaviour *module);
KR_API kr_step kr_pop_callback_module(void);

/* The event that is handled by the calling process now, and its present state; NULL, none:
 * it handles none. */
KR_API const kr_event *kr_statem_event(void);
KR_API kr_term kr_statem_state(void);

/* -- behind the macros -- */
KR_API kr_step kri_step_with(enum kri_step kind, struct kri_site *site,
                             const union kri_arg *args);
KR_API KR_NORETURN void kri_statem_throw(kr_step step);
KR_API kr_step kri_statem_reply(kr_from from, struct kri_site *site,
                                const union kri_arg *args);
KR_API kr_step kri_statem_event(kr_event_type type, kr_from from, kr_term name,
                                struct kri_site *site, const union kri_arg *args);
KR_API kr_step kri_statem_timeout(kr_event_type type, kr_term name, int64_t time_ms,
                                  enum kri_timeout_how how, struct kri_site *site,
                                  const union kri_arg *args);
KR_API kr_step kri_statem_cancel(kr_event_type type, kr_term name);
KR_API KR_NORETURN void kri_statem_enter_loop(const kr_behaviour *behaviour,
                                              const kr_start_opts *opts, const void *data,
                                              struct kri_site *site,
                                              const union kri_arg *args);
KR_API kr_term kri_statem_call(kr_server server, kr_msg *slot, int64_t timeout_ms,
                               struct kri_site *site, const union kri_arg *args);

static inline kr_from kri_statem_no_from(void)
{
        kr_from from = { { 0, 0, 0 }, { { 0, 0 }, 0, 0 }, { 13 } };

        return from;
}

static inline kr_term kri_statem_name_term(kr_term name)
{
        return name;
}

static inline kr_term kri_statem_name_text(const char *name)
{
        return kr_atom_term(kri_atom_of(name));
}

/* The states of a module, one after the other; its names are made atoms once. */
static inline bool kri_is_state(uint32_t *cache, const char *name, kr_atom state)
{
        return name != NULL &&
               kr_atom_eq(kri_atom_cached(cache, name, strlen(name)), state);
}

static inline bool kri_statem_is_named(const kr_event *event, kr_term name)
{
        return event->type == KR_EVENT_NAMED_TIMEOUT && kr_same(event->name, name);
}

KR_END_DECLS

#define KRI_STATEM_NAME(name)                                                            \
        _Generic((name), kr_term: kri_statem_name_term, kr_atom: kr_atom_term,           \
                 const char *: kri_statem_name_text, char *: kri_statem_name_text)(name)
#define KRI_GOT(event, wanted, ...)                                                      \
        ((event)->type == (wanted) && kr_match((event)->content, __VA_ARGS__))
#define KRI_TIMEOUT(type, name, time_ms, how, ...)                                       \
        kri_statem_timeout(type, name, time_ms, how, KRI_SITE(__VA_ARGS__),              \
                           KRI_ARGS(__VA_ARGS__))

/* KR_GEN_STATEM(module, struct data, .mode = ..., ...): define the module, a const kr_behaviour;
 * for other files: extern const kr_behaviour module; The callbacks are checked for their types.
 * In C++ they are named in the order above. */
#define KR_GEN_STATEM(module, data, ...)                                                 \
        KRI_CALLBACKS_BEGIN                                                              \
        struct module##_callbacks {                                                      \
                KRI_GEN_STATEM_CALLBACKS(data);                                          \
        };                                                                               \
        static const struct module##_callbacks module##_user = { __VA_ARGS__ };          \
        KRI_CALLBACKS_END                                                                \
        static kr_callback_mode module##_do_mode(bool *ret_state_enter)                  \
        {                                                                                \
                *ret_state_enter = module##_user.state_enter;                            \
                return module##_user.mode;                                               \
        }                                                                                \
        static kr_step module##_do_init(void *d, kr_term args)                           \
        {                                                                                \
                return module##_user.init ? module##_user.init(KRI_STATE(data, d), args) \
                                          : kri_step_of(KRI_STEP_UNDEF);                 \
        }                                                                                \
        static uint32_t module##_do_find(kr_atom state)                                  \
        {                                                                                \
                static uint32_t names[KR_STATES_MAX];                                    \
                uint32_t i = 0;                                                          \
                                                                                         \
                while (i < KR_STATES_MAX &&                                              \
                       !(module##_user.states[i].function != NULL &&                     \
                         kri_is_state(&names[i], module##_user.states[i].name, state)))  \
                        i++;                                                             \
                return i;                                                                \
        }                                                                                \
        static kr_step module##_do_state(uint32_t i, void *d, const kr_event *event)     \
        {                                                                                \
                return module##_user.states[i].function(KRI_STATE(data, d), event);      \
        }                                                                                \
        static kr_step module##_do_event(void *d, const kr_event *event)                 \
        {                                                                                \
                return module##_user.handle_event                                        \
                               ? module##_user.handle_event(KRI_STATE(data, d), event)   \
                               : kri_step_of(KRI_STEP_UNDEF);                            \
        }                                                                                \
        static bool module##_do_terminate(void *d, kr_term reason, kr_term state)        \
        {                                                                                \
                if (module##_user.terminate)                                             \
                        module##_user.terminate(KRI_STATE(data, d), reason, state);      \
                return module##_user.terminate != NULL;                                  \
        }                                                                                \
        static kr_step module##_do_code_change(void *d, kr_term old_version,             \
                                               kr_term state, kr_term extra)             \
        {                                                                                \
                return module##_user.code_change                                         \
                               ? module##_user.code_change(KRI_STATE(data, d),           \
                                                           old_version, state, extra)    \
                               : kri_step_of(KRI_STEP_UNDEF);                            \
        }                                                                                \
        static kr_term module##_do_format_status(const void *d)                          \
        {                                                                                \
                return module##_user.format_status                                       \
                               ? module##_user.format_status(KRI_STATE(const data, d))   \
                               : kr_none();                                              \
        }                                                                                \
        static void module##_do_release(void *d)                                         \
        {                                                                                \
                if (module##_user.release)                                               \
                        module##_user.release(KRI_STATE(data, d));                       \
        }                                                                                \
        static const struct kri_gen_statem module##_table = {                            \
                module##_do_mode,           module##_do_init,                            \
                module##_do_find,           module##_do_state,                           \
                module##_do_event,          module##_do_terminate,                       \
                module##_do_code_change,    module##_do_format_status,                   \
                &module##_user.postpone_max                                              \
        };                                                                               \
        KRI_VERSIONING(module, data)                                                     \
        extern const kr_behaviour module;                                                \
        const kr_behaviour module = { #module,                                           \
                                      &kr_gen_statem_kind,                               \
                                      &module##_table,                                   \
                                      sizeof(data),                                      \
                                      &module##_user.fields,                             \
                                      module##_do_release,                               \
                                      &module##_user.version,                            \
                                      &kri_attention_##module,                           \
                                      &module##_versioning }

#endif
