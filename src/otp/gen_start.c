/* SPDX-License-Identifier: Apache-2.0 */
/* gen_start.c: a child is spawned, and its starter waits for its word.
 *
 * Protocol  {ack, Pid, Term} or {nack, Pid, Term} from the child. Of a child that ends without
 *           either a linked starter learns by the exit signal, unless that has no effect on it
 *           (`normal`); for that, and for a starter that is not linked, the child sends a nack
 *           in its last moment (gen_ended). So a start costs no monitor. Only a child that
 *           finds no memory for its nack stays silent; hence the look from time to time.
 */
#include <string.h>

#include "gen.h"

/* Nothing is lost by waiting longer, but to a starter whose child had no memory to speak. */
#define LOOK_MS 5000

enum { ACK, NACK, EXIT, DOWN };

/* -- spawning -- */

/* Not to be killed between the line and its count. */
static kr_pid spawn_counted(const kr_spawn_opts *opts, const struct kri_newborn *child)
{
        struct kri_born *born = child->record;
        kr_pid pid = kr_pid_none();

        kr_critical_begin();
        if (kri_line_for_child(&born->line)) {
                pid = kr_try_spawn_loop(opts, child->loop, child->record, child->size,
                                        child->args);
                if (kr_pid_is_none(pid))
                        kri_line_release(born->line);
        }
        kr_critical_end();
        return pid;
}

kr_pid kri_spawn_child(const kr_spawn_opts *opts, const struct kri_newborn *child)
{
        struct kri_born *born = child->record;

        if (child->loop == &kri_gen_loop) {
                born->line = kri_line_uncounted();
                if (born->line == NULL)
                        return spawn_counted(opts, child);
        }
        return kr_try_spawn_loop(opts, child->loop, child->record, child->size,
                                 child->args);
}

/* -- waiting -- */

struct start {
        kr_pid pid;
        kr_ref monitor; /* the caller's; none: not monitored */
        bool linked;
        bool keeps_down;
        int64_t deadline_ms; /* KR_INFINITY: none */
        kr_msg *slot; /* what the child said, or why it failed; NULL: nobody asks */
};

static kr_ref watch(const struct start *start)
{
        bool have = !kr_ref_is_none(start->monitor) && !start->keeps_down;

        return have ? start->monitor : kr_monitor(start->pid);
}

static bool is_linked_to(kr_pid pid)
{
        kr_msg info = KR_MSG_INIT;
        bool found = false;
        kr_pid other;

        (void)kr_process_info(kr_self(), KR_ATOM("links"), &info);
        for (kr_term l = kr_element(2, info.term); kr_is_cons(l) && !found; l = kr_tl(l))
                found = kr_get_pid(kr_hd(l), &other) && kr_pid_eq(other, pid);
        kr_msg_clear(&info);
        return found;
}

/* Nothing that a link or a monitor brings is left in the mailbox afterwards. A starter that does
 * not trap exits and is linked to what ended abnormally does not come back from here: the
 * exit signal of a process arrives before its DOWN, unless that says noproc: then the process
 * may be on its last steps. */
static void await_gone(const struct start *start, kr_ref ref)
{
        kr_msg tmp = KR_MSG_INIT;
        kr_term why = kr_none();

        (void)kr_receive(&tmp, KR_INFINITY,
                         kr_on(DOWN, "{'DOWN', =, _, _, ~}", ref, &why));
        if (start->linked) {
                if (kr_is_that_atom(why, KR_ATOM("noproc")))
                        while (is_linked_to(start->pid))
                                kr_sleep(1);
                kr_unlink(start->pid);
                (void)kr_receive(&tmp, 0, kr_on(EXIT, "{'EXIT', =, _}", start->pid));
        }
        kr_msg_clear(&tmp);
}

static void give_up(const struct start *start)
{
        kr_msg tmp = KR_MSG_INIT;
        kr_ref ref = watch(start);

        if (start->linked)
                kr_unlink(start->pid);
        kr_exit_signal(start->pid, "kill");
        await_gone(start, ref);
        (void)kr_receive(&tmp, 0, kr_on(ACK, "{ack, =, _}", start->pid),
                         kr_on(NACK, "{nack, =, _}", start->pid));
        kr_msg_clear(&tmp);
        kr_msg_clear(start->slot);
        start->slot->term = kr_atom_term(KR_ATOM("timeout"));
}

/* With a deadline there is no need to look, which a busy child would hold up. */
static int64_t slice_ms(const struct start *start)
{
        int64_t left;

        if (start->deadline_ms == KR_INFINITY)
                return LOOK_MS;
        left = start->deadline_ms - kr_monotonic_ms(NULL);
        return left < 0 ? 0 : left;
}

/* What ended the wait, with its term in the slot; KR_TIMEOUT: nothing within `wait_ms`. */
static int wait_for(const struct start *start, int64_t wait_ms)
{
        kr_term term;
        int what = kr_receive(start->slot, wait_ms,
                              kr_on(ACK, "{ack, =, ~}", start->pid, &term),
                              kr_on(NACK, "{nack, =, ~}", start->pid, &term),
                              kr_on(EXIT, "{'EXIT', =, ~}", start->pid, &term));

        if (what != KR_TIMEOUT)
                start->slot->term = term;
        return what;
}

static int await_word(const struct start *start)
{
        for (;;) {
                int what = wait_for(start, slice_ms(start));

                if (what != KR_TIMEOUT)
                        return what;
                if (start->deadline_ms != KR_INFINITY)
                        return KR_TIMEOUT;
                if (kr_is_process_alive(start->pid))
                        continue;
                what = wait_for(start, 0);
                if (what != KR_TIMEOUT)
                        return what;
                start->slot->term = kr_atom_term(KR_ATOM("noproc"));
                return EXIT;
        }
}

/* {ok, Pid}, ignore, {error, Reason}: what the result of a start is made of. */
static kr_err read_word(const struct start *start, kr_pid *ret_pid)
{
        kr_term word = start->slot->term, reason;
        kr_pid pid;

        if (kr_is_that_atom(word, KR_ATOM("ignore")))
                return KR_EIGNORED;
        if (!kr_match(word, "{error, ~}", &reason))
                return KR_OK;
        start->slot->term = reason;
        if (!kr_match(reason, "{already_started, ~}", &pid))
                return KR_EFAILED;
        *ret_pid = pid;
        return KR_EALREADY;
}

static kr_started await_start(const struct start *start)
{
        kr_started started = { KR_OK, start->pid, start->monitor };

        switch (await_word(start)) {
        case ACK:
                started.err = read_word(start, &started.pid);
                return started;
        case NACK:
                await_gone(start, watch(start));
                started.err = read_word(start, &started.pid);
                break;
        case EXIT:
                await_gone(start, watch(start));
                started.err = KR_EFAILED;
                break;
        default:
                give_up(start);
                started.err = KR_ETIMEDOUT;
        }
        if (!start->keeps_down)
                started.monitor = kr_ref_none();
        if (started.err != KR_EALREADY)
                started.pid = kr_pid_none();
        return started;
}

/* It was not the usual word that came first. */
static __attribute__((noinline)) kr_started await_any(struct start *start)
{
        kr_msg own = KR_MSG_INIT;
        kr_started started;

        if (start->slot == NULL)
                start->slot = &own;
        started = await_start(start);
        kr_msg_clear(&own);
        return started;
}

static const char *bad_option(const kr_start_opts *opts)
{
        if (opts->timeout_ms < KR_INFINITY)
                return "timeout_ms";
        if (opts->spawn.monitor || opts->spawn.ret_monitor != NULL)
                return "spawn";
        return NULL;
}

/* How the child is spawned for the start, and what its record says of it. */
static inline kr_spawn_opts prepare(enum kri_start_mode mode, const kr_start_opts *opts,
                                    struct kri_born *born, struct start *start)
{
        kr_spawn_opts spawn = opts->spawn;

        spawn.link |= mode == KRI_START_LINK;
        spawn.monitor = mode == KRI_START_MONITOR;
        spawn.ret_monitor = spawn.monitor ? &start->monitor : NULL;
        born->flags |= KRI_BORN_STARTED;
        if (mode != KRI_START_PLAIN)
                born->flags |= KRI_BORN_HAS_PARENT;
        if (spawn.link)
                born->flags |= KRI_BORN_LINKED;
        start->linked = spawn.link;
        if (opts->timeout_ms > 0)
                start->deadline_ms = kr_monotonic_ms(NULL) + opts->timeout_ms;
        return spawn;
}

kr_started kri_start_child(enum kri_start_mode mode, const kr_start_opts *opts,
                           const struct kri_newborn *child, bool keeps_down)
{
        static const kr_start_opts none;
        kr_started started = { KR_EBADARG, kr_pid_none(), kr_ref_none() };
        struct start start = { .keeps_down = keeps_down, .deadline_ms = KR_INFINITY };
        kr_spawn_opts spawn;

        if (kr_here() == NULL)
                return started;
        if (opts == NULL)
                opts = &none;
        if (bad_option(opts) != NULL) {
                kri_otp_badarg("kr_start", bad_option(opts));
                return started;
        }
        start.slot = opts->ret_reason;
        spawn = prepare(mode, opts, child->record, &start);
        start.pid = kri_spawn_child(&spawn, child);
        if (kr_pid_is_none(start.pid)) {
                started.err = KR_ESYSTEMLIMIT;
                return started;
        }
        if (kri_start_hear(start.pid, slice_ms(&start), start.slot))
                return (kr_started){ KR_OK, start.pid, start.monitor };
        return await_any(&start);
}
