/* SPDX-License-Identifier: Apache-2.0 */
/* mistakes.h: a user's mistake, and what he is told: the cause, and what to do.
 *
 *      // mistake: a name that is taken
 *      MISTAKE(test_a_name_that_is_taken, "badarg", "another process has that name")
 *      {
 *              kr_register("anna", kr_self());
 *              kr_register("anna", kr_self());
 *      }
 *
 * Model    The body is run by a process of proc_lib on a node with a logger. Within 100 s (of
 *          the simulation) the log must have a report with the cause in its first line and
 *          the remedy behind "what to do". tools/mistakes makes docs/mistakes.md of the comments
 *          and the macros.
 */
#ifndef KR_TESTS_MISTAKES_H
#define KR_TESTS_MISTAKES_H

#include "expect.h"
#include "process.h"

#include <krarup.h>

#include <stdio.h>
#include <string.h>

#define MISTAKE(name, cause, remedy)                                                     \
        static void name##_made(kr_term arg);                                            \
        static void name##_told(void)                                                    \
        {                                                                                \
                mistake_told(name##_made, cause, remedy);                                \
        }                                                                                \
        KIT_TEST(name)                                                                   \
        {                                                                                \
                kit_run_process(&(kr_node_opts){ .drive = KR_DRIVE_SIM,                  \
                                                 .faults = KR_FAULTS_EXIT },             \
                                name##_told);                                            \
        }                                                                                \
        static void name##_made(kr_term arg __attribute__((unused)))

static char mistake_notes[60000];

static inline void mistake_note(const kr_log_event *event, void *context)
{
        size_t len = strlen(mistake_notes);

        (void)context;
        (void)snprintf(mistake_notes + len, sizeof(mistake_notes) - len, "> %s\n%s",
                       event->text, event->details != NULL ? event->details : "");
}

static inline void mistake_listen(void)
{
        const kr_log_handler handler = { .name = "note", .log = mistake_note };
        kr_err err = kr_logger_start(kr_here(), &(kr_logger_opts){ .no_default = true });

        kit_true(err == KR_OK || err == KR_EALREADY);
        kit_ok(kr_logger_add_handler(kr_here(), &handler));
        mistake_notes[0] = 0;
}

/* One report that says both. */
static inline bool mistake_is_told(const char *cause, const char *remedy)
{
        const char *at = mistake_notes, *line_end, *end, *found;

        for (; (at = strstr(at, "> ")) != NULL; at = end) {
                line_end = strchr(at, '\n');
                end = line_end != NULL ? strstr(line_end, "\n> ") : NULL;
                end = end != NULL ? end + 1 : at + strlen(at);
                found = strstr(at, cause);
                if (found == NULL || line_end == NULL || found > line_end)
                        continue;
                found = strstr(at, "what to do");
                if (found != NULL && found < end && (found = strstr(found, remedy)) &&
                    found < end)
                        return true;
        }
        return false;
}

static inline void mistake_await(const char *cause, const char *remedy)
{
        for (int i = 0; i < 1000 && !mistake_is_told(cause, remedy); i++)
                kr_sleep(100);
        if (!mistake_is_told(cause, remedy))
                kit_fail("not told: '%s' and '%s', but\n%s", cause, remedy,
                         mistake_notes);
}

static inline void mistake_told(void (*make)(kr_term arg), const char *cause,
                                const char *remedy)
{
        mistake_listen();
        (void)kr_proc_lib_spawn(make, kr_nil());
        mistake_await(cause, remedy);
}

/* Where nothing is logged (a start that fails is told to who starts; so is the end of a process
 * that is none of proc_lib's): the reason looks so, and has this remedy. */
#define kit_remedy(reason, fragment, ...)                                                \
        do {                                                                             \
                const char *kit_text = kr_remedy(reason);                                \
                                                                                         \
                kit_match(reason, __VA_ARGS__);                                          \
                if (kit_text == NULL || strstr(kit_text, fragment) == NULL)              \
                        kit_fail("'%s' is no '%s'", kit_text ? kit_text : "(nothing)",   \
                                 fragment);                                              \
        } while (0)

#endif
