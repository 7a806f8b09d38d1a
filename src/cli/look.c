/* SPDX-License-Identifier: Apache-2.0 */
#include "look.h"

#include <krarup/link.h>

#define ITEMS_MAX 8

struct question {
        kr_pid asker, about;
        kr_atom items[ITEMS_MAX];
        size_t count;
};

/* Somebody who can be given up. */
static void ask(struct question *q)
{
        kr_msg slot = KR_MSG_INIT;

        if (kr_process_info_list(q->about, q->items, q->count, &slot))
                kr_send(q->asker, "{looked, ~, ~}", kr_self(), slot.term);
}

kr_err kri_look(kr_pid pid, const kr_atom *items, size_t count, kr_msg *slot)
{
        enum { LOOKED, DOWN };
        struct question q = { .asker = kr_self(), .about = pid, .count = count };
        kr_term found;
        kr_err err = KR_OK;
        kr_ref monitor;
        kr_pid asked;

        for (size_t i = 0; i < count && i < ITEMS_MAX; i++)
                q.items[i] = items[i];
        asked = kr_spawn_monitor(&monitor, ask, &q);
        switch (kr_receive(slot, KRI_LOOK_MS,
                           kr_on(LOOKED, "{looked, =, ~}", asked, &found),
                           kr_on(DOWN, "{'DOWN', =, _, _, _}", monitor))) {
        case LOOKED:
                slot->term = found;
                break;
        case DOWN:
                err = KR_ENOPROC;
                break;
        default:
                kr_exit_signal(asked, "kill");
                (void)kr_receive(slot, KR_INFINITY,
                                 kr_on(DOWN, "{'DOWN', =, _, _, _}", monitor));
                (void)kr_receive(slot, 0, kr_on(LOOKED, "{looked, =, _}", asked));
                err = KR_ETIMEDOUT; /* that answer came too late */
                break;
        }
        (void)kr_demonitor(monitor, &(kr_demonitor_opts){ .flush = true });
        return err;
}
