/* SPDX-License-Identifier: Apache-2.0 */
/* upgrade_kit.h: what the tests of upgrades share: versions of the module ticker, by number. */
#ifndef KR_TESTS_UPGRADE_KIT_H
#define KR_TESTS_UPGRADE_KIT_H

#include <krarup.h>

#include <stdio.h>

#include "kit.h"
#include "process.h"

/* A process of a node on which faults are exits. */
#define UPGRADE_TEST(name)                                                               \
        static void name##_process(void);                                                \
        KIT_TEST(name)                                                                   \
        {                                                                                \
                kit_run_process(&(const kr_node_opts){ .faults = KR_FAULTS_EXIT,         \
                                                       .dump_path = "" },                \
                                name##_process);                                         \
        }                                                                                \
        static void name##_process(void)

static const char *file_of(int version)
{
        static char file[1024];

        (void)snprintf(file, sizeof(file), "%s/ticker_%d.so", MODULES, version);
        return file;
}

static void load(int version)
{
        kr_msg why = KR_MSG_INIT;
        kr_err err = kr_code_load(file_of(version), &why);
        char text[400];

        (void)kr_format(text, sizeof(text), why.term);
        if (err != KR_OK)
                kit_fail("version %d: %s", version, text);
        kr_msg_clear(&why);
}

static kr_pid start(const char *behaviour, const char *args)
{
        const kr_behaviour *b = kr_behaviour_named(kri_atom_of(behaviour));
        kr_term term = kr_none();
        kr_started started;

        kit_not_null(b);
        kit_ok(kr_parse(args, strlen(args), NULL, &term, NULL));
        started = kr_start(b, NULL, "~", term);
        kr_release(term);
        kit_ok(started.err);
        return started.pid;
}

static int64_t call_int(kr_pid pid, const char *request)
{
        kr_msg reply = KR_MSG_INIT;
        int64_t n = -1;

        (void)kr_match(kr_call_timeout(pid, &reply, KR_INFINITY, "~",
                                       kri_atom_of(request)),
                       "~", &n);
        kr_msg_clear(&reply);
        return n;
}

static inline int64_t tick(kr_pid pid, int64_t n)
{
        kr_msg reply = KR_MSG_INIT;
        int64_t value = -1;

        (void)kr_match(kr_call_timeout(pid, &reply, KR_INFINITY, "{tick, ~}", n), "~",
                       &value);
        kr_msg_clear(&reply);
        return value;
}

static inline void expect_report(const kr_upgrade_report *r, kr_upgrade_outcome outcome,
                                 const char *reason)
{
        if (r->outcome != outcome)
                kit_fail("outcome %d, wanted %d: %s", (int)r->outcome, (int)outcome,
                         r->reason);
        if (strstr(r->reason, reason) == NULL)
                kit_fail("reason \"%s\" does not say \"%s\"", r->reason, reason);
        kit_uint_eq(r->processes, (uint64_t)r->moved + r->converted + r->refused +
                                          r->gone + r->untried);
}

#endif
