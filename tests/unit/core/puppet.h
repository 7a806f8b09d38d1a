/* SPDX-License-Identifier: Apache-2.0 */
/* puppet.h: a process that does what it is told, and tells when it has done it.
 *
 *      kr_pid a = puppet_new(true), b = puppet_new(false);
 *      puppet_link(a, b);
 *      puppet_exit(b, "gone");
 *      kit_int_eq(puppet_exits(a, b, "gone"), 1);
 *
 * What a puppet hears of others ('EXIT', 'DOWN') stays in its mailbox until asked for.
 */
#ifndef KR_TESTS_PUPPET_H
#define KR_TESTS_PUPPET_H

#include <krarup.h>

#include "expect.h"

#define PUPPET_HELPER static inline __attribute__((unused))

PUPPET_HELPER int64_t puppet_count(kr_msg *msg, kr_pid from, kr_atom reason)
{
        int64_t count = 0;

        while (kr_receive(msg, 0, kr_on(0, "{'EXIT', =, =}", from, reason)) == 0)
                count++;
        return count;
}

PUPPET_HELPER int64_t puppet_count_down(kr_msg *msg, kr_ref ref, kr_atom reason)
{
        int64_t count = 0;

        while (kr_receive(msg, 0, kr_on(0, "{'DOWN', =, process, _, =}", ref, reason)) ==
               0)
                count++;
        return count;
}

struct puppet_start {
        kr_pid parent;
        bool traps;
};

PUPPET_HELPER void puppet_run(struct puppet_start *start)
{
        enum { LINK, UNLINK, MONITOR, DEMONITOR, COUNT, COUNT_DOWN, EXIT };
        kr_msg msg = KR_MSG_INIT, other = KR_MSG_INIT;
        kr_demonitor_opts opts = { 0 };
        kr_atom reason;
        kr_pid pid, from;
        kr_ref ref;

        kr_trap_exit(start->traps);
        for (;;) {
                switch (kr_receive(&msg, KR_INFINITY,
                                   kr_on(LINK, "{~, link, ~}", &from, &pid),
                                   kr_on(UNLINK, "{~, unlink, ~}", &from, &pid),
                                   kr_on(MONITOR, "{~, monitor, ~}", &from, &pid),
                                   kr_on(DEMONITOR, "{~, demonitor, ~, ~}", &from, &ref,
                                         &opts.flush),
                                   kr_on(COUNT, "{~, count, ~, ~}", &from, &pid, &reason),
                                   kr_on(COUNT_DOWN, "{~, count_down, ~, ~}", &from, &ref,
                                         &reason),
                                   kr_on(EXIT, "{exit, ~}", &reason))) {
                case LINK:
                        kr_link(pid);
                        kr_send(from, "{done, ~, true}", kr_self());
                        break;
                case UNLINK:
                        kr_unlink(pid);
                        kr_send(from, "{done, ~, true}", kr_self());
                        break;
                case MONITOR:
                        kr_send(from, "{done, ~, ~}", kr_self(), kr_monitor(pid));
                        break;
                case DEMONITOR:
                        kr_send(from, "{done, ~, ~}", kr_self(),
                                kr_demonitor(ref, &opts));
                        break;
                case COUNT:
                        kr_send(from, "{done, ~, ~}", kr_self(),
                                puppet_count(&other, pid, reason));
                        break;
                case COUNT_DOWN:
                        kr_send(from, "{done, ~, ~}", kr_self(),
                                puppet_count_down(&other, ref, reason));
                        break;
                case EXIT:
                        kr_exit("~", reason);
                }
        }
}

PUPPET_HELPER kr_pid puppet_new(bool traps)
{
        struct puppet_start start = { kr_self(), traps };

        return kr_spawn(puppet_run, &start);
}

PUPPET_HELPER void puppet_link(kr_pid puppet, kr_pid to)
{
        kr_msg msg = KR_MSG_INIT;

        kr_send(puppet, "{~, link, ~}", kr_self(), to);
        kit_expect(&msg, "{done, =, true}", puppet);
}

PUPPET_HELPER void puppet_unlink(kr_pid puppet, kr_pid from)
{
        kr_msg msg = KR_MSG_INIT;

        kr_send(puppet, "{~, unlink, ~}", kr_self(), from);
        kit_expect(&msg, "{done, =, true}", puppet);
}

PUPPET_HELPER kr_ref puppet_monitor(kr_pid puppet, kr_pid whom)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;

        kr_send(puppet, "{~, monitor, ~}", kr_self(), whom);
        kit_expect(&msg, "{done, =, ~}", puppet, &ref);
        return ref;
}

PUPPET_HELPER bool puppet_demonitor(kr_pid puppet, kr_ref ref, bool flush)
{
        kr_msg msg = KR_MSG_INIT;
        bool active;

        kr_send(puppet, "{~, demonitor, ~, ~}", kr_self(), ref, flush);
        kit_expect(&msg, "{done, =, ~}", puppet, &active);
        return active;
}

PUPPET_HELPER int64_t puppet_exits(kr_pid puppet, kr_pid from, const char *reason)
{
        kr_msg msg = KR_MSG_INIT;
        int64_t count;
        kr_atom atom;

        kit_ok(kr_atom_from(reason, strlen(reason), &atom));
        kr_send(puppet, "{~, count, ~, ~}", kr_self(), from, atom);
        kit_expect(&msg, "{done, =, ~}", puppet, &count);
        return count;
}

PUPPET_HELPER int64_t puppet_downs(kr_pid puppet, kr_ref ref, const char *reason)
{
        kr_msg msg = KR_MSG_INIT;
        int64_t count;
        kr_atom atom;

        kit_ok(kr_atom_from(reason, strlen(reason), &atom));
        kr_send(puppet, "{~, count_down, ~, ~}", kr_self(), ref, atom);
        kit_expect(&msg, "{done, =, ~}", puppet, &count);
        return count;
}

/* Returns when it has ended, and its end has been told. */
PUPPET_HELPER void puppet_exit(kr_pid puppet, const char *reason)
{
        kr_ref ref = kr_monitor(puppet);
        kr_msg msg = KR_MSG_INIT;
        kr_atom atom;

        kit_ok(kr_atom_from(reason, strlen(reason), &atom));
        kr_send(puppet, "{exit, ~}", atom);
        kit_expect(&msg, "{'DOWN', =, process, =, =}", ref, puppet, atom);
}

/* -- what process_info says of its lists -- */

/* How often `wanted` stands in the list of this item. */
PUPPET_HELPER int in_list(kr_pid pid, const char *item, kr_pid wanted, int *ret_len)
{
        kr_msg msg = KR_MSG_INIT;
        kr_atom atom;
        kr_term list;
        int count = 0, len = 0;

        kit_ok(kr_atom_from(item, strlen(item), &atom));
        kit_true(kr_process_info(pid, atom, &msg));
        kit_match(msg.term, "{_, ~}", &list);
        for (; kr_is_cons(list); list = kr_tl(list), len++) {
                kr_pid one;

                if (!kr_get_pid(kr_hd(list), &one))
                        kit_match(kr_hd(list), "{process, ~}", &one);
                count += kr_pid_eq(one, wanted);
        }
        if (ret_len)
                *ret_len = len;
        kr_msg_clear(&msg);
        return count;
}

PUPPET_HELPER int list_len(kr_pid pid, const char *item)
{
        int len;

        (void)in_list(pid, item, kr_pid_none(), &len);
        return len;
}

#endif
