/* SPDX-License-Identifier: Apache-2.0 */
/* proc_lib.h: processes that know where they come from, start in step with their starter and
 * tell how they crashed. Follows OTP's module proc_lib (26).
 *
 *      static void channel(int64_t n)
 *      {
 *              if (n < 0)
 *                      kr_init_fail(KR_CLASS_EXIT, kr_int(1), "{error, bad_channel}");
 *              kr_init_ack("{ok, ~}", kr_self());
 *              ...
 *      }
 *      kr_started started = kr_proc_lib_start_link(&(kr_start_opts){ 0 }, channel, 7);
 *
 * Model      The function runs as by kr_spawn (kr_receive_top too). Such a process has ancestors
 *            and an initial call; all behaviours are of this kind.
 * Ends       with an exit, error, throw or fault that is not `normal`, `shutdown` or
 *            {shutdown, _} make a crash report, which goes to the logger before the links
 *            learn of it. A kr_become takes a process out of this.
 * Starting   kr_proc_lib_start... return after the new process has called kr_init_ack, or is
 *            gone: then nothing is left of it, its 'EXIT' message to a starter that traps exits
 *            included. A starter that is linked and does not trap exits ends with a process
 *            that ends abnormally.
 *
 * Callable by processes (attached threads too).
 */
#ifndef KRARUP_PROC_LIB_H
#define KRARUP_PROC_LIB_H

#include <krarup/gen.h>

/* As kr_spawn, kr_spawn_link, kr_spawn_opt. */
#define kr_proc_lib_spawn(...) kri_proc_lib_spawn(NULL, KRI_ENTRY(__VA_ARGS__))
#define kr_proc_lib_spawn_link(...)                                                      \
        kri_proc_lib_spawn(&(const kr_spawn_opts){ .link = true }, KRI_ENTRY(__VA_ARGS__))
#define kr_proc_lib_spawn_opt(opts, ...) kri_proc_lib_spawn(opts, KRI_ENTRY(__VA_ARGS__))

/* kr_started kr_proc_lib_start(opts, fn), (opts, fn, arg): start fn(arg) and wait for it to
 * call kr_init_ack or kr_init_fail. Of the options (may be NULL) timeout_ms, spawn and
 * ret_reason are used. Blocks. The result says what was acknowledged:
 *      {ok, Pid}         KR_OK
 *      ignore            KR_EIGNORED
 *      {error, Reason}   KR_EFAILED (KR_EALREADY for {already_started, Pid}); the Reason in
 *                        *opts->ret_reason
 *      anything else     KR_OK; it is in *opts->ret_reason
 * and as for kr_start (gen.h) otherwise; KR_EFAILED with the exit reason for a process that ended
 * without a word. start_monitor: the DOWN of a process that failed is in the mailbox. */
#define kr_proc_lib_start(opts, ...)                                                     \
        kri_proc_lib_start(KRI_START_PLAIN, opts, KRI_ENTRY(__VA_ARGS__))
#define kr_proc_lib_start_link(opts, ...)                                                \
        kri_proc_lib_start(KRI_START_LINK, opts, KRI_ENTRY(__VA_ARGS__))
#define kr_proc_lib_start_monitor(opts, ...)                                             \
        kri_proc_lib_start(KRI_START_MONITOR, opts, KRI_ENTRY(__VA_ARGS__))

/* kr_init_ack("what kr_proc_lib_start gives", ...): {ack, Pid, Term} goes to the starter, who
 * goes on. Called by the new process, once. */
#define kr_init_ack(...) kri_init_ack(KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))

/* kr_init_fail(kind, reason, "what kr_proc_lib_start gives", ...): {nack, Pid, Term} goes to the
 * starter, who waits until the caller is gone; the caller ends with `reason` (a kr_term), as
 * kr_raise does it. Does not return. */
#define kr_init_fail(kind, reason, ...)                                                  \
        kri_init_fail(kind, reason, KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))

/* stop/1, stop/3: as kr_stop_server of gen.h, for anything that understands system messages. */
#define kr_proc_lib_stop(server, timeout_ms, ...)                                        \
        kr_stop_server(server, timeout_ms, __VA_ARGS__)

KR_BEGIN_DECLS

/* The caller's ancestors, its parent first: of each the name, if it was registered when it
 * started its child, else the pid. Gives a new term, a list; [] for a process that was not
 * started by this module or a behaviour. What OTP keeps under '$ancestors'. */
KR_API kr_term kr_ancestors(void);

/* What the caller was started to do: gives a new term {Module, Function, Arity}: for behaviours
 * {Module, init, 1}, for functions {proc_lib, Function, 0 | 1}; none: as above. What OTP keeps
 * under '$initial_call'. */
KR_API kr_term kr_initial_call(void);

KR_API kr_pid kri_proc_lib_spawn(const kr_spawn_opts *opts, struct kri_entry entry);
KR_API kr_started kri_proc_lib_start(enum kri_start_mode mode, const kr_start_opts *opts,
                                     struct kri_entry entry);
KR_API void kri_init_ack(struct kri_site *site, const union kri_arg *args);
KR_API KR_NORETURN void kri_init_fail(kr_class kind, kr_term reason,
                                      struct kri_site *site, const union kri_arg *args);

KR_END_DECLS
#endif
