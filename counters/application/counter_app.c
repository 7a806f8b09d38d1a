/* SPDX-License-Identifier: Apache-2.0 */
/* counter_app: starts the supervisor with the value that the environment gives; counter_app.erl
 * says it in Erlang. */
#include "counter_app.h"

#include "counter_sup.h"

static kr_started start(kr_app *app, kr_msg *more)
{
        kr_term init = kr_application_get_env("counter", "env");
        kr_started started = counter_sup_start_link(init, more);

        (void)app; /* the type of the start makes no difference */
        kr_release(init);
        return started;
}

KR_APPLICATION(counter_app, .start = start);
