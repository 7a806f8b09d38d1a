/* SPDX-License-Identifier: Apache-2.0 */
/* expect.h: what a process of a case should find in its mailbox, or nothing.
 *
 *      kit_expect(&msg, "{'DOWN', =, process, _, ~}", ref, &reason);
 *      kit_expect_nothing();
 *
 * Model    kit_expect takes the first message that fits, from wherever it stands in the
 *          mailbox, and fails the case if none comes in 5 s (virtual ones in simulation: at
 *          once, when nothing more can happen). kit_next fails if the first message is
 *          another one.
 * Threads  For the process whose mailbox it is.
 */
#ifndef KR_TESTS_EXPECT_H
#define KR_TESTS_EXPECT_H

#include "kit.h"

#include <krarup/link.h>
#include <krarup/text.h>

#define KIT_EXPECT_MS (5000 * kit_slowness())

#define kit_expect(slot, ...)                                                            \
        kit_found(kr_receive(slot, KIT_EXPECT_MS, kr_on(0, __VA_ARGS__)), #__VA_ARGS__,  \
                  __FILE__, __LINE__)

#define kit_next(slot, ...)                                                              \
        kit_is_first(slot,                                                               \
                     kr_receive(slot, KIT_EXPECT_MS, kr_on(0, __VA_ARGS__),              \
                                kr_on(1, "_")),                                          \
                     #__VA_ARGS__, __FILE__, __LINE__)

/* Does a term look so? Prints it if not. */
#define kit_match(term, ...)                                                             \
        do {                                                                             \
                kr_term kit_term =                                                       \
                        (term); /* once: it may be a call that fills a slot */           \
                                                                                         \
                kit_fits(kit_term, kr_match(kit_term, __VA_ARGS__), #__VA_ARGS__,        \
                         __FILE__, __LINE__);                                            \
        } while (0)

/* Nothing is in the mailbox now. */
#define kit_expect_nothing() kit_is_empty(__FILE__, __LINE__)

/* Wait for the DOWN of `ref`, whose reason looks so. */
#define kit_expect_down(ref, ...)                                                        \
        do {                                                                             \
                kr_msg kit_down = KR_MSG_INIT;                                           \
                kr_term kit_reason;                                                      \
                                                                                         \
                kit_expect(&kit_down, "{'DOWN', =, process, _, ~}", ref, &kit_reason);   \
                kit_match(kit_reason, __VA_ARGS__);                                      \
                kr_msg_clear(&kit_down);                                                 \
        } while (0)

static inline void kit_fits(kr_term t, bool fits, const char *wanted, const char *file,
                            int line)
{
        char text[300];

        if (fits)
                return;
        (void)kr_format(text, sizeof(text), t);
        kit_fail_at(file, line, "%s is not %s", text, wanted);
}

static inline void kit_found(int id, const char *wanted, const char *file, int line)
{
        kr_msg other = KR_MSG_INIT;
        char text[300] = "nothing";

        if (id == 0)
                return;
        if (kr_receive(&other, 0, kr_on(0, "_")) == 0)
                (void)kr_format(text, sizeof(text), other.term);
        kit_fail_at(file, line, "no %s; first in the mailbox: %s", wanted, text);
}

static inline void kit_is_first(const kr_msg *slot, int id, const char *wanted,
                                const char *file, int line)
{
        if (id == KR_TIMEOUT)
                kit_fail_at(file, line, "no %s has come", wanted);
        kit_fits(slot->term, id == 0, wanted, file, line);
}

static inline void kit_is_empty(const char *file, int line)
{
        kr_msg msg = KR_MSG_INIT;
        char text[300];

        if (kr_receive(&msg, 0, kr_on(0, "_")) == KR_TIMEOUT)
                return;
        (void)kr_format(text, sizeof(text), msg.term);
        kit_fail_at(file, line, "unexpected: %s", text);
}

/* A process that only waits. */
static inline void kit_sleeper(void)
{
        kr_sleep(KR_INFINITY);
}

/* Wait for the end of a process; whatever the reason. */
static inline void kit_await_end(kr_pid pid)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref = kr_monitor(pid);

        kit_expect(&msg, "{'DOWN', =, process, _, _}", ref);
        kr_msg_clear(&msg);
}

#endif
