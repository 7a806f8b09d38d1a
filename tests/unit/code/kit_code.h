/* SPDX-License-Identifier: Apache-2.0 */
/* kit_code.h: short hands for tests that load modules. */
#ifndef KR_TESTS_KIT_CODE_H
#define KR_TESTS_KIT_CODE_H

#include <krarup.h>

#include <stdio.h>

#include "process.h"

/* A module of this directory's; the text is good until the next. */
static inline const char *module_file(const char *name)
{
        static char path[512];

        snprintf(path, sizeof(path), "%s/%s.so", MODULES, name);
        return path;
}

static inline void load(const char *name)
{
        kr_msg msg = KR_MSG_INIT;
        char text[600] = "";

        if (kr_code_load(module_file(name), &msg) != KR_OK) {
                kr_format(text, sizeof(text), msg.term);
                kit_fail("%s: %s", name, text);
        }
        kr_msg_clear(&msg);
}

static inline void expect_refused(const char *name, const char *reason, const char *says)
{
        kr_msg msg = KR_MSG_INIT;
        const char *text = "";
        kr_atom why = { 0 };

        kit_err(kr_code_load(module_file(name), &msg), KR_EFAILED);
        if (!kr_match(msg.term, "{~, ~}", &why, &text))
                kit_fail("no reason for %s", name);
        kit_str_eq(kr_atom_text(why, NULL), reason);
        kit_not_null(text);
        if (strstr(text, says) == NULL)
                kit_fail("\"%s\" does not say \"%s\"", text, says);
        kr_msg_clear(&msg);
}

/* What it answers with which number. */
static inline int64_t call_int(const char *module, const char *function)
{
        kr_term result = kr_apply(module, function, "{}");
        int64_t n = -1;

        kit_true(kr_match(result, "~", &n));
        kr_release(result);
        return n;
}

/* A process that an export starts. */
static inline kr_pid call_start(const char *function, int64_t value)
{
        kr_term result = kr_apply("counter", function, "{~}", value);
        kr_pid pid = kr_pid_none();

        kit_true(kr_match(result, "~", &pid));
        kr_release(result);
        return pid;
}

/* The version that a process runs, and its value. */
static inline int64_t version_of(kr_pid pid, int64_t *ret_value)
{
        kr_msg msg = KR_MSG_INIT;
        int64_t version, value;

        kr_send(pid, "{what, ~}", kr_self());
        kr_receive(&msg, KR_INFINITY, kr_on(0, "{~, ~}", &version, &value));
        kr_msg_clear(&msg);
        if (ret_value != NULL)
                *ret_value = value;
        return version;
}

static inline bool is_mapped(const char *text)
{
        char line[1024];
        FILE *maps = fopen("/proc/self/maps", "r");
        bool found = false;

        kit_not_null(maps);
        while (!found && fgets(line, sizeof(line), maps) != NULL)
                found = strstr(line, text) != NULL;
        fclose(maps);
        return found;
}

static inline kr_ref watch(kr_pid pid)
{
        return kr_monitor(pid);
}

/* The reason that a process has ended for, as text; good until the next. */
static inline const char *end_of(kr_ref ref)
{
        static char text[2000];
        kr_msg msg = KR_MSG_INIT;
        kr_term reason;

        kr_receive(&msg, KR_INFINITY,
                   kr_on(0, "{'DOWN', =, process, _, ~}", ref, &reason));
        kr_format(text, sizeof(text), reason);
        kr_msg_clear(&msg);
        return text;
}

static inline void expect_killed(kr_ref ref)
{
        kit_str_eq(end_of(ref), "killed");
}

#endif
