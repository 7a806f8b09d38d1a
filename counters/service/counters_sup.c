/* SPDX-License-Identifier: Apache-2.0 */
#include "counters_sup.h"

#include "registry.h"

/* A child's start function: the counter of the current version, registered under its name. That
 * somebody else has started it meanwhile is fine. */
static kr_started start_counter(kr_term args, kr_msg *more)
{
        const kr_module *module = kr_module_find("counter");
        kr_start_opts opts = { .via = &registry_via, .ret_reason = more };
        kr_started started;

        if (module == NULL || module->behaviour_count == 0)
                return kr_start_failed(more, "no_module");
        if (!kr_match(args, "[~]", &opts.via_name))
                return kr_start_failed(more, "badarg");
        started = kr_start_link(module->behaviours[0], &opts, "~", opts.via_name);
        return started.err == KR_EALREADY ? kr_start_ignored() : started;
}

/* Crashes of one counter are not the others' affair, and values outlive them: many are borne. */
static const kr_child counter_child[] = {
        { .id = "counter",
          .start = KR_START_FN(start_counter),
          .restart = KR_TRANSIENT,
          .shutdown_ms = 2000,
          .modules = "[counter]" },
};

KR_SUPERVISOR(counters_sup, .strategy = KR_SIMPLE_ONE_FOR_ONE, .intensity = 10000,
              .period_s = 10, KR_CHILDREN(counter_child));

/* -- what others call -- */

struct start {
        kr_bytes name;
        kr_err err;
};

static void start_another(void *arg)
{
        struct start *start = arg;
        kr_msg slot = KR_MSG_INIT;
        kr_started started =
                kr_supervisor_start_another("counters_sup", &slot, "[~]", start->name);

        start->err = started.err == KR_EALREADY ? KR_OK : started.err;
        if (started.err == KR_EFAILED && kr_match(slot.term, "{error, full}"))
                start->err = KR_ESYSTEMLIMIT;
        if (started.err == KR_EFAILED && kr_match(slot.term, "{error, no_memory}"))
                start->err = KR_ENOMEM;
        kr_msg_clear(&slot);
}

kr_err counters_start(kr_bytes name)
{
        struct start start = { .name = name, .err = KR_EFAILED };
        kr_msg reason = KR_MSG_INIT;
        kr_class kind;

        if (!kr_catch(start_another, &start, &kind, &reason))
                start.err = KR_EFAILED;
        kr_msg_clear(&reason);
        return start.err;
}
