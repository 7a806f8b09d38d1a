/* SPDX-License-Identifier: Apache-2.0 */
/* builtin_logger.c: module logger. */
#include "builtin.h"

#include <krarup/logger.h>
#include <krarup/text.h>

#include <string.h>

static bool get_level(kr_term t, kr_log_level *ret)
{
        kr_atom name;

        return kr_get_atom(t, &name) && kr_log_level_from(kr_atom_text(name, NULL), ret);
}

static kr_term log_at(kr_log_level level, kr_term what)
{
        char text[1000];

        if (kr_get_string(what, text, sizeof(text), NULL))
                kr_log_text(level, "%s", text);
        else
                kr_log(level, "~", what);
        return kri_ok();
}

static kr_term do_log(kr_term args)
{
        kr_log_level level;

        if (!get_level(kr_element(1, args), &level))
                return kr_no_clause();
        return log_at(level, kr_element(2, args));
}

#define AT_LEVEL(name, level)                                                            \
        static kr_term do_##name(kr_term args)                                           \
        {                                                                                \
                return log_at(level, kr_element(1, args));                               \
        }
AT_LEVEL(error, KR_LOG_ERROR)
AT_LEVEL(warning, KR_LOG_WARNING)
AT_LEVEL(notice, KR_LOG_NOTICE)
AT_LEVEL(info, KR_LOG_INFO)
AT_LEVEL(debug, KR_LOG_DEBUG)

/* set_primary_config(level, Level): the limit of the node. */
static kr_term do_set_primary_config(kr_term args)
{
        kr_log_level level;

        if (!kr_is_that_atom(kr_element(1, args), KR_ATOM("level")) ||
            !get_level(kr_element(2, args), &level))
                return kr_no_clause();
        return kri_builtin_result(kr_logger_set_level(kr_here(), level));
}

static kr_term do_get_primary_config(kr_term args)
{
        const char *level = kr_log_level_name(kr_logger_level(kr_here()));

        (void)args;
        return kr_build("#{level => ~}", kri_atom_of(level != NULL ? level : "none"));
}

static kr_term do_set_module_level(kr_term args)
{
        kr_log_level level;
        kr_atom module;

        if (!kr_get_atom(kr_element(1, args), &module) ||
            !get_level(kr_element(2, args), &level))
                return kr_no_clause();
        return kri_builtin_result(
                kr_logger_set_module_level(kr_here(), kr_atom_text(module, NULL), level));
}

static kr_term do_unset_module_level(kr_term args)
{
        kr_atom module;

        if (!kr_match(args, "{~}", &module))
                return kr_no_clause();
        return kri_builtin_result(kr_logger_set_module_level(kr_here(),
                                                             kr_atom_text(module, NULL),
                                                             KR_LOG_UNSET));
}

static kr_term do_set_handler_level(kr_term args)
{
        kr_log_level level;
        kr_atom handler;

        if (!kr_get_atom(kr_element(1, args), &handler) ||
            !kr_is_that_atom(kr_element(2, args), KR_ATOM("level")) ||
            !get_level(kr_element(3, args), &level))
                return kr_no_clause();
        return kri_builtin_result(kr_logger_set_handler_level(kr_here(),
                                                              kr_atom_text(handler, NULL),
                                                              level));
}

static const kr_export exports[] = {
        { "log", 2, do_log, "(Level, String | Term)" },
        { "error", 1, do_error, "(String | Term)" },
        { "warning", 1, do_warning, "(String | Term)" },
        { "notice", 1, do_notice, "(String | Term)" },
        { "info", 1, do_info, "(String | Term)" },
        { "debug", 1, do_debug, "(String | Term)" },
        { "set_primary_config", 2, do_set_primary_config, "(level, Level) of the node" },
        { "get_primary_config", 0, do_get_primary_config, "" },
        { "set_module_level", 2, do_set_module_level, "(Module, Level)" },
        { "unset_module_level", 1, do_unset_module_level, "(Module)" },
        { "set_handler_config", 3, do_set_handler_level, "(Handler, level, Level)" },
};

KR_MODULE(logger, .version = KR_VERSION, KR_EXPORTS(exports));
