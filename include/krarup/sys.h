/* SPDX-License-Identifier: Apache-2.0 */
/* sys.h: look into a running process, hold it, change it. Follows OTP's module sys.
 *
 * Model    A process that understands system messages takes {system, From, Request} wherever
 *          it waits and answers From. All behaviours do; a hand-written loop does with
 *          kr_sys_handle_message (below).
 * Asking   Every function takes a server as kr_call does (pid, name, kr_server), blocks until
 *          it is answered, at most five seconds (kr_..._timeout: as given), and may not return:
 *          a request that fails ends the caller with {Reason, {sys, Function, Arguments}}, as in
 *          OTP: noproc, timeout, {nodedown, Node}, or the reason the process ended with.
 *          Functions with a slot give a term that lives in it. On a thread that is no process:
 *          KR_EBADARG, kr_none().
 * Cost     A process in which no debug option is on pays a comparison with NULL.
 */
#ifndef KRARUP_SYS_H
#define KRARUP_SYS_H

#include <krarup/gen.h>

/* -- holding -- */

/* From now on it takes nothing but system messages and its parent's exit; what is in its
 * mailbox stays there, in order, until kr_sys_resume. Neither counts: one resume is enough. */
#define kr_sys_suspend(server) kr_sys_suspend_timeout(server, KRI_CALL_DEFAULT)
#define kr_sys_suspend_timeout(server, timeout_ms)                                       \
        kri_sys_suspend(KR_SERVER(server), timeout_ms)
#define kr_sys_resume(server) kr_sys_resume_timeout(server, KRI_CALL_DEFAULT)
#define kr_sys_resume_timeout(server, timeout_ms)                                        \
        kri_sys_resume(KR_SERVER(server), timeout_ms)

/* kr_sys_terminate(server, "reason pattern", ...): have it end in order, with this reason.
 * Answered before it ends. Works on a suspended one. */
#define kr_sys_terminate(server, ...)                                                    \
        kr_sys_terminate_timeout(server, KRI_CALL_DEFAULT, __VA_ARGS__)
#define kr_sys_terminate_timeout(server, timeout_ms, ...)                                \
        kri_sys_terminate(KR_SERVER(server), timeout_ms, KRI_SITE(__VA_ARGS__),          \
                          KRI_ARGS(__VA_ARGS__))

/* -- state -- */

/* The state as a term: of a gen_server its declared fields (fields.h), #{value => 3}, or
 * {undeclared, Bytes}; of a gen_statem {State, Data}, of a gen_event [{Module, Id, State}]. A
 * format_status that crashes is text in its place. A process whose callback for this fails ends
 * the caller with error {callback_failed, {Module, system_get_state}, {Class, Reason}}. */
#define kr_sys_get_state(server, slot)                                                   \
        kr_sys_get_state_timeout(server, slot, KRI_CALL_DEFAULT)
#define kr_sys_get_state_timeout(server, slot, timeout_ms)                               \
        kri_sys_get_state(KR_SERVER(server), slot, timeout_ms)

/* kr_sys_replace_state(server, &slot, "state pattern", ...): give it this state; the term is
 * the state it has then. One that does not fit its fields leaves it as it was and ends the
 * caller with error {callback_failed, {Module, system_replace_state}, ...}. */
#define kr_sys_replace_state(server, slot, ...)                                          \
        kr_sys_replace_state_timeout(server, slot, KRI_CALL_DEFAULT, __VA_ARGS__)
#define kr_sys_replace_state_timeout(server, slot, timeout_ms, ...)                      \
        kri_sys_replace_state(KR_SERVER(server), slot, timeout_ms,                       \
                              KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))

/* kr_sys_replace_state_fn(server, &slot, fn, "argument pattern", ...): run fn(state, argument)
 * inside the process, `state` being the user's own struct. If it raises, the bytes of the
 * struct are as before (what hangs off them is the function's affair), and the caller ends as
 * above. Only for a process of this OS process. */
#define kr_sys_replace_state_fn(server, slot, fn, ...)                                   \
        kr_sys_replace_state_fn_timeout(server, slot, KRI_CALL_DEFAULT, fn, __VA_ARGS__)
#define kr_sys_replace_state_fn_timeout(server, slot, timeout_ms, fn, ...)               \
        kri_sys_replace_state_fn(KR_SERVER(server), slot, timeout_ms, fn,                \
                                 KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))

/* {status, Pid, {module, Module}, [Dictionary, running | suspended, Parent, Debug, Misc]} */
#define kr_sys_get_status(server, slot)                                                  \
        kr_sys_get_status_timeout(server, slot, KRI_CALL_DEFAULT)
#define kr_sys_get_status_timeout(server, slot, timeout_ms)                              \
        kri_sys_get_status(KR_SERVER(server), slot, timeout_ms)

/* kr_sys_change_code(server, &slot, "{Module, OldVersion, Extra}", ...): have a suspended one
 * convert its state: `ok`, or {error, Reason}: the old state is kept and it stays suspended.
 * A running one answers {error, {unknown_system_msg, _}}. */
#define kr_sys_change_code(server, slot, ...)                                            \
        kr_sys_change_code_timeout(server, slot, KRI_CALL_DEFAULT, __VA_ARGS__)
#define kr_sys_change_code_timeout(server, slot, timeout_ms, ...)                        \
        kri_sys_change_code(KR_SERVER(server), slot, timeout_ms, KRI_SITE(__VA_ARGS__),  \
                            KRI_ARGS(__VA_ARGS__))

/* -- watching: events are {in, Message}, {out, Message, To, State}, {noreply, State}, ... -- */

/* Print each event on the standard output. */
#define kr_sys_trace(server, on) kr_sys_trace_timeout(server, on, KRI_CALL_DEFAULT)
#define kr_sys_trace_timeout(server, on, timeout_ms)                                     \
        kri_sys_trace(KR_SERVER(server), on, timeout_ms)

/* Remember the last `count` events (10 is OTP's choice; one that is on already keeps what it
 * has); 0: no longer. At most 100,000 are kept. */
#define kr_sys_log(server, count) kr_sys_log_timeout(server, count, KRI_CALL_DEFAULT)
#define kr_sys_log_timeout(server, count, timeout_ms)                                    \
        kri_sys_log(KR_SERVER(server), count, timeout_ms)
/* The list of them, oldest first; print: on the process's standard output. */
#define kr_sys_log_get(server, slot)                                                     \
        kr_sys_log_get_timeout(server, slot, KRI_CALL_DEFAULT)
#define kr_sys_log_get_timeout(server, slot, timeout_ms)                                 \
        kri_sys_log_get(KR_SERVER(server), slot, timeout_ms)
#define kr_sys_log_print(server) kr_sys_log_print_timeout(server, KRI_CALL_DEFAULT)
#define kr_sys_log_print_timeout(server, timeout_ms)                                     \
        kri_sys_log_print(KR_SERVER(server), timeout_ms)

/* Print each event to this file, which is emptied; NULL: no longer. KR_EOS: it cannot be
 * opened ({error, open_file}). */
#define kr_sys_log_to_file(server, path)                                                 \
        kr_sys_log_to_file_timeout(server, path, KRI_CALL_DEFAULT)
#define kr_sys_log_to_file_timeout(server, path, timeout_ms)                             \
        kri_sys_log_to_file(KR_SERVER(server), path, timeout_ms)

/* Count. get: [{start_time, DateTime}, {current_time, DateTime}, {reductions, _},
 * {messages_in, _}, {messages_out, _}], or no_statistics. */
#define kr_sys_statistics(server, on)                                                    \
        kr_sys_statistics_timeout(server, on, KRI_CALL_DEFAULT)
#define kr_sys_statistics_timeout(server, on, timeout_ms)                                \
        kri_sys_statistics(KR_SERVER(server), on, timeout_ms)
#define kr_sys_statistics_get(server, slot)                                              \
        kr_sys_statistics_get_timeout(server, slot, KRI_CALL_DEFAULT)
#define kr_sys_statistics_get_timeout(server, slot, timeout_ms)                          \
        kri_sys_statistics_get(KR_SERVER(server), slot, timeout_ms)

/* A debug function of one's own: called in the process with each event, `extra` being the
 * process's name; gives a new term, its next state, or kr_none(): done, take it out. So does
 * one that raises. It may not wait. */
typedef kr_term (*kr_debug_fn)(kr_term state, kr_term event, kr_term extra);

/* kr_sys_install(server, id, fn, "state pattern", ...): `id` (a C string) is for
 * kr_sys_remove; one that is in use stays what it is. KR_ESYSTEMLIMIT: the OS process has used
 * 1,024 different functions for this and kr_sys_replace_state_fn. Only for a process of this
 * OS process. */
#define kr_sys_install(server, id, fn, ...)                                              \
        kr_sys_install_timeout(server, KRI_CALL_DEFAULT, id, fn, __VA_ARGS__)
#define kr_sys_install_timeout(server, timeout_ms, id, fn, ...)                          \
        kri_sys_install(KR_SERVER(server), timeout_ms, id, fn, KRI_SITE(__VA_ARGS__),    \
                        KRI_ARGS(__VA_ARGS__))
#define kr_sys_remove(server, id) kr_sys_remove_timeout(server, id, KRI_CALL_DEFAULT)
#define kr_sys_remove_timeout(server, id, timeout_ms)                                    \
        kri_sys_remove(KR_SERVER(server), id, timeout_ms)

/* All of these off. */
#define kr_sys_no_debug(server) kr_sys_no_debug_timeout(server, KRI_CALL_DEFAULT)
#define kr_sys_no_debug_timeout(server, timeout_ms)                                      \
        kri_sys_no_debug(KR_SERVER(server), timeout_ms)

/* -- for processes with a loop of their own --
 *
 *      static void loop(struct channels *c)
 *      {
 *              kr_msg msg = KR_MSG_INIT;
 *
 *              switch (kr_receive_top(&msg, KR_INFINITY, kr_on(ALLOC, ...), ...,
 *                                     kr_on(SYSTEM, "{system, _, _}"))) {
 *              case SYSTEM:
 *                      kr_sys_handle_message(&c->sys, &msg);
 *                      kr_become(loop, c);
 *      ...
 */

typedef struct kr_sys kr_sys;

/* What sys asks of a process: constant. `record` is what kr_sys.record points to. */
typedef struct kr_sys_callbacks {
        /* End in order, with this reason: terminate, and the parent's exit while suspended.
         * Must be there. */
        void (*terminate)(void *record, kr_term reason);

        /* Gives a new term. NULL: the state is []. */
        kr_term (*get_state)(void *record);
        /* Take this over; gives a new term, what it is now. none: it does not fit. NULL: no
         * state fits. */
        kr_term (*replace_state)(void *record, kr_term state);
        /* The bytes of the user's own struct, for kr_sys_replace_state_fn. NULL: there are
         * none. */
        void *(*state)(void *record, size_t *ret_size);
        /* KR_OK, or another and the Reason in the slot. NULL: undef. */
        kr_err (*code_change)(void *record, kr_term module, kr_term old_version,
                              kr_term extra, kr_msg *ret_reason);
        /* Misc of get_status; gives a new term. NULL: by get_state. */
        kr_term (*status)(void *record, const kr_sys *sys);
        /* What it is called: a term of the record's (not given). NULL: its pid. */
        kr_term (*name)(void *record);
        /* Append the text of an event, with its end of line, for trace and the like. NULL:
         * as OTP's gen_server prints it. */
        kr_err (*print)(void *record, kr_buf *buf, kr_term event, kr_term name);
} kr_sys_callbacks;

/* What sys keeps in a process: part of its record, to be filled in like this:
 *      (kr_sys){ .callbacks = &mine, .module = "ch4", .record = c, .parent = parent }
 * The record must stay where it is, or `record` be set anew. */
struct kr_sys {
        const kr_sys_callbacks *callbacks;
        const char *module; /* the name of what handles system messages, for get_status */
        void *record;
        kr_pid parent;           /* its exit ends the process while it is suspended */
        bool suspended;          /* read only */
        struct kri_debug *debug; /* sys's own; NULL: no debug option is on */
};

KR_BEGIN_DECLS

/* If the slot holds a system message: do it, answer, and, if the process is suspended now,
 * stay in here with the next ones until it is resumed. True: it was one. Does not return when
 * the process is to end. Blocks while suspended. Follows sys:handle_system_msg/6. */
KR_API bool kr_sys_handle_message(kr_sys *sys, kr_msg *slot);

/* The same for one request whose From is taken apart already, without waiting: true: the
 * process is suspended now, and the loop must take system messages and the parent's exit
 * only. */
KR_API bool kr_sys_handle_request(kr_sys *sys, kr_from from, kr_term request);

/* Debug options as text, such as "[trace, {log, 20}, statistics, {log_to_file, \"x\"}]"; what is
 * no option is passed over. NULL: none. KR_ESYNTAX, KR_ENOMEM. Follows
 * sys:debug_options/1. */
KR_API KR_MUST_CHECK kr_err kr_sys_debug_options(kr_sys *sys, const char *text);

/* kr_sys_debug(&sys, "event pattern", ...): something happened that debug options want to
 * see. Follows sys:handle_debug/4. */
#define kr_sys_debug(sys, ...)                                                           \
        do {                                                                             \
                if (__builtin_expect((sys)->debug != NULL, 0))                           \
                        kri_sys_debug((sys), KRI_SITE(__VA_ARGS__),                      \
                                      KRI_ARGS(__VA_ARGS__));                            \
        } while (0)

/* The logged events, oldest first: gives a new term, a list. */
KR_API kr_term kr_sys_get_log(const kr_sys *sys);

/* Close and release what debug options hold; the process's end does so too, but for a file
 * of log_to_file that needs this (from loop->ended or a kr_defer). */
KR_API void kr_sys_fini(kr_sys *sys);

/* -- behind the macros -- */
KR_API kr_err kri_sys_suspend(kr_server server, int64_t timeout_ms);
KR_API kr_err kri_sys_resume(kr_server server, int64_t timeout_ms);
KR_API kr_err kri_sys_terminate(kr_server server, int64_t timeout_ms,
                                struct kri_site *site, const union kri_arg *args);
KR_API kr_term kri_sys_get_state(kr_server server, kr_msg *slot, int64_t timeout_ms);
KR_API kr_term kri_sys_replace_state(kr_server server, kr_msg *slot, int64_t timeout_ms,
                                     struct kri_site *site, const union kri_arg *args);
KR_API kr_term kri_sys_replace_state_fn(kr_server server, kr_msg *slot,
                                        int64_t timeout_ms,
                                        void (*fn)(void *state, kr_term argument),
                                        struct kri_site *site, const union kri_arg *args);
KR_API kr_term kri_sys_get_status(kr_server server, kr_msg *slot, int64_t timeout_ms);
KR_API kr_term kri_sys_change_code(kr_server server, kr_msg *slot, int64_t timeout_ms,
                                   struct kri_site *site, const union kri_arg *args);
KR_API kr_err kri_sys_trace(kr_server server, bool on, int64_t timeout_ms);
KR_API kr_err kri_sys_log(kr_server server, uint32_t count, int64_t timeout_ms);
KR_API kr_term kri_sys_log_get(kr_server server, kr_msg *slot, int64_t timeout_ms);
KR_API kr_err kri_sys_log_print(kr_server server, int64_t timeout_ms);
KR_API kr_err kri_sys_log_to_file(kr_server server, const char *path, int64_t timeout_ms);
KR_API kr_err kri_sys_statistics(kr_server server, bool on, int64_t timeout_ms);
KR_API kr_term kri_sys_statistics_get(kr_server server, kr_msg *slot, int64_t timeout_ms);
KR_API kr_err kri_sys_install(kr_server server, int64_t timeout_ms, const char *id,
                              kr_debug_fn fn, struct kri_site *site,
                              const union kri_arg *args);
KR_API kr_err kri_sys_remove(kr_server server, const char *id, int64_t timeout_ms);
KR_API kr_err kri_sys_no_debug(kr_server server, int64_t timeout_ms);
KR_API void kri_sys_debug(kr_sys *sys, struct kri_site *site, const union kri_arg *args);

KR_END_DECLS
#endif
