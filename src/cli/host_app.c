/* SPDX-License-Identifier: Apache-2.0 */
#include "host_app.h"

#include <krarup/application.h>
#include <krarup/module.h>

#include <stdlib.h>

/* The module of {mod, {Module, Args}}: the .app file says it, and the controller keeps it. */
static kr_atom module_of(const kr_app *app)
{
        kr_term mod = kr_application_get_key(app->name, "mod");
        kr_atom module = { 0 };

        (void)kr_match(mod, "{~, _}", &module);
        kr_release(mod);
        return module;
}

/* {ok, Pid}, {ok, Pid, State}, {error, Reason}, as OTP has them. */
static kr_started started_of(kr_term answer, kr_msg *more)
{
        kr_started started;
        kr_term rest;
        kr_pid pid;

        if (kr_match(answer, "{ok, ~}", &pid))
                started = kr_started_ok(pid);
        else if (kr_match(answer, "{ok, ~, ~}", &pid, &rest))
                started = kr_started_with(pid, more, "~", rest);
        else if (kr_match(answer, "{error, ~}", &rest))
                started = kr_start_failed(more, "~", rest);
        else
                started = kr_start_failed(more, "{bad_return_value, ~}", answer);
        kr_release(answer);
        return started;
}

static kr_started start(kr_app *app, kr_msg *more)
{
        return started_of(kr_apply(module_of(app), "start", "{~, ~}", app->type,
                                   app->args),
                          more);
}

static void call_if_there(const kr_app *app, const char *function)
{
        kr_atom module = module_of(app);

        if (kr_function_exported(module, function, 1))
                kr_release(kr_apply(module, function, "{~}", app->args));
}

static void prep_stop(kr_app *app)
{
        call_if_there(app, "prep_stop");
}

static void stop(kr_app *app)
{
        call_if_there(app, "stop");
}

/* Those of this program, the newest first: the node keeps pointers to them until it is gone, which
 * is when the program ends. Written by the first thread. */
struct known {
        kr_application app;
        struct known *next;
};
static struct known *known;

kr_err kri_host_app_register(kr_node *node, kr_atom module)
{
        struct known *k = calloc(1, sizeof(*k));

        if (k == NULL)
                return KR_ENOMEM;
        k->app = (kr_application){ .name = kr_atom_text(module, NULL),
                                   .start = start,
                                   .prep_stop = prep_stop,
                                   .stop = stop };
        k->next = known;
        known = k;
        return kr_application_register(node, &k->app);
}
