/* SPDX-License-Identifier: Apache-2.0 */
/* exported_app.c: the callback module of an application, all of it exports. Tells the process `test`
 * what it is called with. */
#include <krarup.h>

static void tell(const char *what, kr_term about)
{
        if (!kr_pid_is_none(kr_whereis("test")))
                kr_send("test", "{~, ~}", kri_atom_of(what), about);
}

static void top(void)
{
        kr_sleep(KR_INFINITY);
}

KR_FUNCTION(start, kr_term, type, kr_term, args)
{
        if (kr_match(args, "crash"))
                kr_error("{start, ~}", type);
        if (!kr_match(args, "{run, _}") && !kr_match(args, "{run, _, _}"))
                return kr_keep(args); /* as it stands there */
        tell("start", args);
        return kr_match(args, "{run, _}")
                       ? kr_build("{ok, ~}", kr_spawn_link(top))
                       : kr_build("{ok, ~, ~}", kr_spawn_link(top), kr_element(3, args));
}

KR_FUNCTION(start_phase, kr_term, phase, kr_term, type, kr_term, args)
{
        (void)type;
        tell("start_phase", phase);
        return kr_keep(args);
}

KR_FUNCTION(prep_stop, kr_term, state)
{
        if (kr_match(state, "crash"))
                kr_error("in_prep_stop");
        tell("prep_stop", state);
        return kr_build("{prepared, ~}", state);
}

KR_FUNCTION(stop, kr_term, state)
{
        tell("stop", state);
        return kr_build("ok");
}

KR_FUNCTION(config_change, kr_term, changed, kr_term, added, kr_term, removed)
{
        (void)added;
        (void)removed;
        tell("config_change", changed);
        return kr_build("ok");
}

static const kr_export exports[] = { KR_EXPORT(start), KR_EXPORT(start_phase),
                                     KR_EXPORT(prep_stop), KR_EXPORT(stop),
                                     KR_EXPORT(config_change) };
KR_MODULE(exported_app, KR_EXPORTS(exports));
