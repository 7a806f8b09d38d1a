/* SPDX-License-Identifier: Apache-2.0 */
/* counter_logger: a line for each tick; counter_logger.erl says it in Erlang. */
#include "counter_events.h"

#include <stdio.h>

struct counter_logger {
        FILE *file;
};

static kr_handled init(struct counter_logger *l, kr_term args)
{
        const char *path;

        if (kr_match(args, "~", &path))
                l->file = fopen(path, "a");
        return l->file != NULL ? kr_handled_ok()
                               : kr_handled_other("{error, cannot_open}");
}

static kr_handled handle_event(struct counter_logger *l, kr_term event)
{
        kr_atom counter;
        int64_t n;

        if (kr_match(event, "{tick, ~, ~}", &counter, &n)) {
                fprintf(l->file, "tick %s %lld\n", kr_atom_text(counter, NULL),
                        (long long)n);
                fflush(l->file);
        }
        return kr_handled_ok();
}

static void release(struct counter_logger *l)
{
        if (l->file != NULL)
                fclose(l->file);
}

KR_EVENT_HANDLER(counter_logger, struct counter_logger, .init = init,
                 .handle_event = handle_event, .release = release);

kr_err counter_logger_add(const char *path)
{
        return kr_event_add_handler("counter_events", &counter_logger, NULL, "~", path);
}
