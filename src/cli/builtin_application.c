/* SPDX-License-Identifier: Apache-2.0 */
/* builtin_application.c: module application. */
#include "builtin.h"

#include <krarup/application.h>

/* {App} or {App, Type}. */
static bool get_app(kr_term args, kr_atom *app, kr_restart *type)
{
        kr_atom name;

        *type = KR_TEMPORARY;
        if (!kr_get_atom(kr_element(1, args), app))
                return false;
        if (kr_tuple_size(args) == 1)
                return true;
        if (!kr_get_atom(kr_element(2, args), &name))
                return false;
        if (kr_atom_eq(name, KR_ATOM("permanent")))
                *type = KR_PERMANENT;
        else if (kr_atom_eq(name, KR_ATOM("transient")))
                *type = KR_TRANSIENT;
        else
                return kr_atom_eq(name, KR_ATOM("temporary"));
        return true;
}

static kr_term do_start(kr_term args)
{
        kr_msg slot = KR_MSG_INIT;
        kr_restart type;
        kr_atom app;

        if (!get_app(args, &app, &type))
                return kr_no_clause();
        (void)kr_application_start(app, type, &slot); /* the slot says the same */
        return kri_builtin_taken(&slot);
}

static kr_term do_ensure_all_started(kr_term args)
{
        kr_msg slot = KR_MSG_INIT;
        kr_restart type;
        kr_atom app;

        if (!get_app(args, &app, &type))
                return kr_no_clause();
        (void)kr_application_ensure_all_started(app, type, &slot); /* as above */
        return kri_builtin_taken(&slot);
}

static kr_term do_stop(kr_term args)
{
        kr_msg slot = KR_MSG_INIT;
        kr_atom app;

        if (!kr_match(args, "{~}", &app))
                return kr_no_clause();
        (void)kr_application_stop(app, &slot); /* as above */
        return kri_builtin_taken(&slot);
}

static kr_term do_load(kr_term args)
{
        kr_msg slot = KR_MSG_INIT;
        kr_atom app;

        if (!kr_match(args, "{~}", &app))
                return kr_no_clause();
        (void)kr_application_load(app, &slot); /* as above */
        return kri_builtin_taken(&slot);
}

static kr_term do_unload(kr_term args)
{
        kr_msg slot = KR_MSG_INIT;
        kr_atom app;

        if (!kr_match(args, "{~}", &app))
                return kr_no_clause();
        (void)kr_application_unload(app, &slot); /* as above */
        return kri_builtin_taken(&slot);
}

static kr_term do_which(kr_term args)
{
        kr_msg slot = KR_MSG_INIT;
        kr_term which;

        (void)args;
        which = kr_keep(kr_application_which(&slot, 5000));
        kr_msg_clear(&slot);
        return which;
}

static kr_term do_loaded(kr_term args)
{
        (void)args;
        return kr_application_loaded();
}

/* {ok, Value} or undefined; takes the value. */
static kr_term found(kr_term value)
{
        kr_term both;

        if (kr_is_none(value))
                return kr_atom_term(KR_ATOM("undefined"));
        both = kr_build("{ok, ~}", value);
        kr_release(value);
        return both;
}

static kr_term do_get_env(kr_term args)
{
        kr_atom app, key;

        if (!kr_match(args, "{~, ~}", &app, &key))
                return kr_no_clause();
        return found(kr_application_get_env(app, key));
}

static kr_term do_get_all_env(kr_term args)
{
        kr_atom app;

        if (!kr_match(args, "{~}", &app))
                return kr_no_clause();
        return kr_application_get_all_env(app);
}

static kr_term do_set_env(kr_term args)
{
        kr_term value;
        kr_atom app, key;

        if (!kr_match(args, "{~, ~, ~}", &app, &key, &value))
                return kr_no_clause();
        kr_application_set_env(app, key, NULL, "~", value);
        return kri_ok();
}

static kr_term do_unset_env(kr_term args)
{
        kr_atom app, key;

        if (!kr_match(args, "{~, ~}", &app, &key))
                return kr_no_clause();
        kr_application_unset_env(app, key, NULL);
        return kri_ok();
}

static kr_term do_get_key(kr_term args)
{
        kr_atom app, key;

        if (!kr_match(args, "{~, ~}", &app, &key))
                return kr_no_clause();
        return found(kr_application_get_key(app, key));
}

static kr_term do_get_all_key(kr_term args)
{
        kr_atom app;

        if (!kr_match(args, "{~}", &app))
                return kr_no_clause();
        return kr_application_get_all_key(app);
}

static const kr_export exports[] = {
        { "start", 1, do_start, "(App)" },
        { "start", 2, do_start, "(App, permanent | transient | temporary)" },
        { "ensure_all_started", 1, do_ensure_all_started, "(App) with what it needs" },
        { "ensure_all_started", 2, do_ensure_all_started, "(App, Type)" },
        { "stop", 1, do_stop, "(App)" },
        { "load", 1, do_load, "(App)" },
        { "unload", 1, do_unload, "(App)" },
        { "which_applications", 0, do_which, "those that run" },
        { "loaded_applications", 0, do_loaded, "those that are known" },
        { "get_env", 2, do_get_env, "(App, Key)" },
        { "get_all_env", 1, do_get_all_env, "(App)" },
        { "set_env", 3, do_set_env, "(App, Key, Value)" },
        { "unset_env", 2, do_unset_env, "(App, Key)" },
        { "get_key", 2, do_get_key, "(App, Key) of the .app file" },
        { "get_all_key", 1, do_get_all_key, "(App)" },
};

KR_MODULE(application, .version = KR_VERSION, KR_EXPORTS(exports));
