/* SPDX-License-Identifier: Apache-2.0 */
/* logger_env.c: what a config file says about logging, as OTP has it:
 *
 *      {kernel, [{logger_level, info},
 *                {logger, [{handler, default, logger_std_h,
 *                           #{level => info, config => #{file => "log/node.log",
 *                             max_no_bytes => 1000000, max_no_files => 5}}},
 *                          {handler, default, undefined}]}]}
 *
 * Beyond OTP: json => true and single_line => true beside config. What is not understood is
 * told, and has no effect.
 */
#include "logger.h"

#include <krarup/application.h>
#include <krarup/message.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "report.h"

#define PATH_BYTES 4096

static void complain(const char *what, kr_term term, const char *remedy)
{
        struct kri_words words = KRI_WORDS_INIT;

        kri_say(&words, "config: kernel: logger: %s: ", what);
        kri_say_short(&words, term);
        kri_say(&words, "; %s", remedy);
        kri_report_place(KR_LOG_WARNING, NULL, 0, kri_words_text(&words));
        kri_words_clear(&words);
}

static bool level_of(kr_term t, kr_log_level *ret)
{
        kr_atom name;

        if (kr_get_atom(t, &name) && kr_log_level_from(kr_atom_text(name, NULL), ret))
                return true;
        complain("no level", t,
                 "write one of emergency, alert, critical, error, warning, notice, info, "
                 "debug, all, none");
        return false;
}

static kr_term value(kr_term map, kr_atom key)
{
        kr_term found;

        return kr_is_map(map) && kr_map_get(map, kr_atom_term(key), &found) ? found
                                                                            : kr_none();
}

/* False: it is not there, or is none. */
static bool big_number(kr_term map, kr_atom key, uint64_t most, uint64_t *ret)
{
        kr_term t = value(map, key), pair;

        if (kr_is_none(t))
                return false;
        if (kr_get_uint64(t, ret) && *ret <= most)
                return true;
        pair = kr_build("{~, ~}", key, t);
        complain("no number", pair, "write a whole number, 0 or more");
        kr_release(pair);
        return false;
}

static void number(kr_term map, kr_atom key, uint32_t *ret)
{
        uint64_t n;

        if (big_number(map, key, UINT32_MAX, &n))
                *ret = (uint32_t)n;
}

static void flag(kr_term map, kr_atom key, bool *ret)
{
        kr_term t = value(map, key), pair;

        if (kr_is_none(t) || kr_get_bool(t, ret))
                return;
        pair = kr_build("{~, ~}", key, t);
        complain("no truth value", pair, "write true or false");
        kr_release(pair);
}

/* The file is a string. */
static void file_name(kr_term file, kr_log_handler *h, char *path)
{
        size_t len;

        if (kr_is_none(file))
                return;
        if (kr_is_cons(file) && kr_get_string(file, path, PATH_BYTES, &len))
                h->file = path;
        else
                complain("no file", file, "write the path in double quotes");
}

static void read_config(kr_term config, kr_log_handler *h, char *path)
{
        kr_term file = value(config, KR_ATOM("file")),
                type = value(config, KR_ATOM("type"));
        uint64_t bytes;

        (void)kr_match(type, "{file, ~}", &file);
        file_name(file, h, path);
        if (kr_match(type, "standard_io"))
                h->fd = 1;
        if (big_number(config, KR_ATOM("max_no_bytes"), INT64_MAX, &bytes))
                h->file_bytes_max = bytes;
        number(config, KR_ATOM("max_no_files"), &h->files_max);
        number(config, KR_ATOM("sync_mode_qlen"), &h->sync_mode_qlen);
        number(config, KR_ATOM("drop_mode_qlen"), &h->drop_mode_qlen);
        number(config, KR_ATOM("flush_qlen"), &h->flush_qlen);
        number(config, KR_ATOM("burst_limit_max_count"), &h->burst_limit_max_count);
        number(config, KR_ATOM("burst_limit_window_time"), &h->burst_limit_window_ms);
}

static void add_handler(kr_node *node, kr_atom name, kr_term map)
{
        kr_log_handler h = { .name = kr_atom_text(name, NULL) };
        char path[PATH_BYTES];
        kr_term level = value(map, KR_ATOM("level"));
        kr_err err;

        if (!kr_is_none(level) && !level_of(level, &h.level))
                return;
        read_config(value(map, KR_ATOM("config")), &h, path);
        flag(map, KR_ATOM("json"), &h.json);
        flag(map, KR_ATOM("single_line"), &h.single_line);
        (void)kr_logger_remove_handler(node, h.name); /* an older one gives way */
        err = kr_logger_add_handler(node, &h);
        if (err != KR_OK)
                complain("a handler cannot be added", map,
                         err == KR_EOS ? strerror(errno) : kr_strerror(err));
}

static void use_handlers(kr_node *node, kr_term list)
{
        kr_atom name;
        kr_term map;

        for (; kr_is_cons(list); list = kr_tl(list)) {
                if (kr_match(kr_hd(list), "{handler, ~, undefined}", &name))
                        (void)kr_logger_remove_handler(node, kr_atom_text(name, NULL));
                else if (kr_match(kr_hd(list), "{handler, ~, logger_std_h, ~}", &name,
                                  &map))
                        add_handler(node, name, map);
                else
                        complain(
                                "not understood", kr_hd(list),
                                "write {handler, Name, logger_std_h, #{config => #{file => "
                                "\"File\"}}} or {handler, default, undefined}");
        }
}

void kri_logger_configure(kr_node *node)
{
        kr_term level = kr_application_get_env("kernel", "logger_level");
        kr_term handlers = kr_application_get_env("kernel", "logger");
        kr_log_level limit;

        if (!kr_is_none(level) && level_of(level, &limit))
                (void)kr_logger_set_level(node, limit);
        if (!kr_is_none(handlers))
                use_handlers(node, handlers);
        kr_release(level);
        kr_release(handlers);
}
