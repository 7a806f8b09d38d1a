/* SPDX-License-Identifier: Apache-2.0 */
/* loop.h: processes that run a loop over a record: what behaviours stand on.
 *
 * Model    A kr_loop is constant and shared; a record is the process's own memory and begins
 *          with a struct kr_loop_head. The process enters loop->run(record) with an empty
 *          stack, and again after every wait in kr_receive_top: what must last is in the
 *          record, and an idle process costs its record and no stack.
 * Ends     An exit, error or throw that nobody caught goes to loop->caught first, which may
 *          wait, send and call (so that a `terminate` callback is a function like any
 *          other). A fault, a kill or another exit signal does not. loop->ended comes last,
 *          once, whatever ended the process.
 *
 * For those who write behaviours; user code of gen_server and the others needs none of it.
 */
#ifndef KRARUP_LOOP_H
#define KRARUP_LOOP_H

#include <krarup/process.h>

typedef struct kr_loop {
        const char *name; /* of the process, for people */

        /* The loop. Returning ends the process with `normal`. */
        void (*run)(void *record);

        /* NULL, or: an exit, error or throw that nobody caught; the misuse of a function is an
         * error, too. Runs as if called by whoever raised it: what run() has on its stack,
         * message slots too, is still there; a kr_critical_begin without its end is over. The
         * process then ends with this reason, unless caught() raises another, is ended by a
         * signal or a fault, or goes on: by kr_become_loop, or in run() after a wait in
         * kr_receive_top. `reason` is as kr_catch gives it, valid until caught() returns. What
         * is raised in here, directly or by what it calls, does not come here again. */
        void (*caught)(void *record, kr_class kind, kr_term reason);

        /* NULL, or: the process has ended; like a kr_defer clean-up registered before all
         * others: it runs last, may use the API but not wait, and one that waits or faults is
         * given up. `reason` is the exit reason, as links see it. `fault`: it did not end by
         * itself, by a return, exit, error or throw: a fault, an exit signal, a kill or the
         * lack of memory ended it; caught() has not been called for that. Links and monitors
         * are told after this; before it where it was killed in code that does not enter
         * Krarup. */
        void (*ended)(void *record, kr_term reason, bool fault);

        /* How it ends is reported by the loop itself, not by the node (kr_node_opts.report,
         * kr_node_report_to), unless ended() of a fault does not come back. */
        bool reports;

        /* NULL, or: a module that the record may point into is to go. If the process can go on in
         * the current version (kr_behaviour_now), point there. Called while the process waits
         * at the top, in the place of it, perhaps on another thread: it may look at the record,
         * write it, and call nothing of the API but kr_behaviour_now. */
        void (*refresh)(void *record);

        /* NULL, or: what the record runs: addresses in the code of modules, `max` of them at
         * most; gives their number. Called as refresh, or by the process. */
        size_t (*code)(void *record, const void **ret, size_t max);
} kr_loop;

/* The first member of every record. */
struct kr_loop_head {
        const kr_loop *loop;
        /* What kr_spawn_loop was given, in memory of the process: the loop may kr_release it
         * and use the word for something else. */
        kr_term args;
};

KR_BEGIN_DECLS

/* Start a process that runs loop->run on a copy of `size` bytes of `record` (NULL: zeros),
 * whose head is filled in; `size` is at least that of the head. `args` is copied deeply
 * (kr_none(): none). `opts` may be NULL. The loop is not copied. As kr_spawn otherwise:
 * system_limit when there is no room or no memory; on a thread that is no process: none. */
KR_API kr_pid kr_spawn_loop(const kr_spawn_opts *opts, const kr_loop *loop,
                            const void *record, size_t size, kr_term args);

/* The same, but none, and nothing has happened, where that would end the caller. */
KR_API kr_pid kr_try_spawn_loop(const kr_spawn_opts *opts, const kr_loop *loop,
                                const void *record, size_t size, kr_term args);

/* Go on as loop->run(record), with an empty stack: for a process that becomes a behaviour
 * later (enter_loop), and for a loop that changes. `record` is a block of kr_alloc of this
 * process, or the present record; its head is filled in (args: none; what was there is not
 * released). The record or argument before, if it is another, is freed, and of a loop before
 * neither caught() nor ended() is called any more; the same holds for kr_become. Does not
 * return. */
KR_API KR_NORETURN void kr_become_loop(const kr_loop *loop, void *record);

/* The record of the calling process if it runs this very loop, else NULL. A few
 * nanoseconds; any thread. */
KR_API void *kr_loop_record(const kr_loop *loop);

/* The calling process, which runs this loop, has `record` for its record from now on: a block of
 * kr_alloc that holds what the present one holds. That one is the caller's then. For records
 * that have to grow. */
KR_API void kr_loop_record_set(const kr_loop *loop, void *record);

/* As kr_catch, but kri_interrupt of the process ends the call, too: *ret_class is
 * KR_CLASS_EXIT, the reason `timeout`, whether it computes (then it is unwound like one that is
 * killed, and what it holds is as after a fault) or waits. They do not nest. */
KR_API bool kri_catch_interruptible(void (*fn)(void *arg), void *arg, kr_class *ret_class,
                                    kr_msg *ret_reason);
/* Of a process that is in no such call it has no effect. */
KR_API void kri_interrupt(kr_pid pid);

/* -- what hangs off a node -- */

/* A pointer that a room above the core keeps with the node, under a key: the address of
 * something static of its own. Any thread; get does not lock. put: `release` (may be NULL)
 * gets the value when the node has stopped and every process has ended, newest first, on the
 * thread that stops the node; false: that key has a value already, there are 32 of them, or
 * an argument is NULL (nothing is kept). get: NULL, if there is none. */
KR_API void *kr_node_get(kr_node *node, const void *key);
KR_API bool kr_node_put(kr_node *node, const void *key, void *value,
                        void (*release)(void *value));

/* Give a line to kr_node_opts.report, as is done for processes that end by an error: beyond
 * ten lines in a second they are counted. Any thread; a caller without a node: no effect. */
KR_API void kr_node_report(kr_node *node, const char *line);

/* From now on send {report, Pid, Name, Reason} to this process for each process that ends by
 * an error, throw or fault that nobody caught, instead of calling kr_node_opts.report, as long
 * as it lives; the end of the logger itself is a line. Name is the registered name, an atom, or
 * the loop's name or that of the function it was spawned with, a binary. While about 1,000
 * messages wait in its mailbox reports are left out; their number comes as {reports_lost,
 * Count} when there is room again. A report comes before the DOWN and 'EXIT' of that process.
 * None, or a pid of another node: back to kr_node_opts.report. Any thread. */
KR_API void kr_node_report_to(kr_node *node, kr_pid logger);

KR_END_DECLS
#endif
