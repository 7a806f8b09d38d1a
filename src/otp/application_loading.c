/* SPDX-License-Identifier: Apache-2.0 */
/* application_loading.c: what is loaded, and the environment that it has. */
#include "application_controller.h"

#include <krarup/memory.h>
#include <krarup/message.h>
#include <krarup/text.h>

#include <string.h>

#include "report.h"

/* -- loading -- */

/* What stands on the command line: `-App Key Value ...`. Gives a list of {Key, Value}; none:
 * one of them is no term, and *ret_bad is its text. */
static bool parse_word(kr_term word, kr_builder *pair, kr_term *ret_bad)
{
        kr_bytes text;
        kr_term t;

        if (!kr_get_bytes(word, &text) ||
            kr_parse(text.data, text.len, NULL, &t, NULL) != KR_OK) {
                *ret_bad = word;
                return false;
        }
        kr_add_term(pair, t);
        kr_release(t);
        return true;
}

static bool add_words(kr_builder *list, kr_term words, kr_term *ret_bad)
{
        while (kr_is_cons(words) && kr_is_cons(kr_tl(words))) {
                kr_builder b = KR_BUILDER_INIT;
                kr_term pair;

                if (!parse_word(kr_hd(words), &b, ret_bad) ||
                    !parse_word(kr_hd(kr_tl(words)), &b, ret_bad)) {
                        kr_builder_clear(&b);
                        return false;
                }
                pair = kr_build_tuple(&b);
                kr_add_term(list, pair);
                kr_release(pair);
                words = kr_tl(kr_tl(words));
        }
        return true;
}

static kr_term command_line_env(struct kri_controller *c, kr_atom app, kr_term *ret_bad)
{
        const char *name = kr_atom_text(app, NULL);
        kr_builder list = KR_BUILDER_INIT;
        kr_term words;
        kr_bytes flag;

        for (kr_term l = c->flags; kr_is_cons(l); l = kr_tl(l)) {
                if (!kr_match(kr_hd(l), "{~, ~}", &flag, &words) ||
                    flag.len != strlen(name) || memcmp(flag.data, name, flag.len) != 0)
                        continue;
                if (!add_words(&list, words, ret_bad)) {
                        kr_builder_clear(&list);
                        return kr_none();
                }
        }
        return kr_build_list(&list);
}

/* {bad_environment_value, Text} */
static kr_term bad_value(kr_atom app, kr_term text)
{
        struct kri_words words = KRI_WORDS_INIT;
        kr_term string = kr_none(), reason;
        kr_bytes bytes;

        if (kr_get_bytes(text, &bytes))
                string = kr_string(bytes.data, bytes.len);
        kri_say(&words, "command line: -%s: ", kr_atom_text(app, NULL));
        kri_say_string(&words, text);
        kri_say(&words, ": a term was expected, as in -%s key \"value\"",
                kr_atom_text(app, NULL));
        kri_report_place(KR_LOG_ERROR, NULL, 0, kri_words_text(&words));
        kri_words_clear(&words);
        reason = kr_build("{bad_environment_value, ~}",
                          kr_is_none(string) ? text : string);
        kr_release(string);
        return reason;
}

static kr_err put_env(struct kri_controller *c, kr_atom app, kr_term list)
{
        kr_term key, value;
        kr_err err = KR_OK;

        for (; kr_is_cons(list) && err == KR_OK; list = kr_tl(list))
                if (kr_match(kr_hd(list), "{~, ~}", &key, &value))
                        err = kri_apps_put_env(c->apps, app, key, value);
        return err;
}

/* .app < config < command line */
static kr_err fill_env(struct kri_controller *c, kr_atom app, kr_term keys, kr_term line)
{
        kr_term conf = kri_env_list(&c->conf, app);
        kr_err err = kr_is_none(conf) ? KR_ENOMEM
                                      : put_env(c, app, kri_app_key(keys, "env"));

        if (err == KR_OK)
                err = put_env(c, app, conf);
        if (err == KR_OK)
                err = put_env(c, app, line);
        kr_release(conf);
        return err;
}

/* Load what this describes, over what is there. Gives an error's Reason, or none. */
kr_term kri_controller_take_spec(struct kri_controller *c, kr_term spec, kr_atom *ret_app)
{
        kr_term keys, reason = kr_none(), line, bad = kr_none();
        kr_err err = kri_app_check(spec, ret_app, &keys, &reason);

        if (err != KR_OK)
                return reason;
        line = command_line_env(c, *ret_app, &bad);
        if (kr_is_none(line))
                return kr_is_none(bad) ? kr_atom_term(KR_ATOM("enomem"))
                                       : bad_value(*ret_app, bad);
        err = kri_apps_load(c->apps, *ret_app, keys);
        if (err == KR_OK)
                err = fill_env(c, *ret_app, keys, line);
        kr_release(line);
        return err == KR_OK ? kr_none() : kr_atom_term(KR_ATOM("enomem"));
}

bool kri_controller_is_loaded(struct kri_controller *c, kr_atom app)
{
        kr_term keys = kri_apps_keys(c->apps, app);
        bool is = !kr_is_none(keys);

        kr_release(keys);
        return is;
}

#define INCLUDED_DEPTH_MAX 32

static kr_term load_named(struct kri_controller *c, kr_atom app, int depth);

static kr_term load_included(struct kri_controller *c, kr_atom app, int depth)
{
        kr_term keys = kri_apps_keys(c->apps, app), reason = kr_none();
        kr_atom name;

        for (kr_term l = kri_app_key(keys, "included_applications");
             kr_is_cons(l) && kr_is_none(reason); l = kr_tl(l))
                if (kr_get_atom(kr_hd(l), &name) && !kri_controller_is_loaded(c, name))
                        reason = load_named(c, name, depth + 1);
        kr_release(keys);
        return reason;
}

/* Gives an error's Reason, or none. */
static kr_term load_spec(struct kri_controller *c, kr_term spec, int depth)
{
        kr_atom app;
        kr_term reason = kri_controller_take_spec(c, spec, &app);

        if (!kr_is_none(reason) || depth == INCLUDED_DEPTH_MAX)
                return reason;
        return load_included(c, app, depth);
}

static kr_term load_named(struct kri_controller *c, kr_atom app, int depth)
{
        kr_term spec = kr_none(), reason = kr_none();
        kr_err err = kri_app_describe(c->apps, app, &spec, &reason);

        if (err != KR_OK)
                return kr_is_none(reason) ? kr_atom_term(KR_ATOM("enomem")) : reason;
        reason = load_spec(c, spec, depth);
        kr_release(spec);
        return reason;
}

/* {error, Reason} or ok. Takes the reason. */
kr_next kri_controller_reply(kr_term reason)
{
        kr_next next = kr_is_none(reason) ? kr_reply("ok")
                                          : kr_reply("{error, ~}", reason);

        kr_release(reason);
        return next;
}

kr_next kri_controller_load(struct kri_controller *c, kr_term what)
{
        kr_atom app;

        if (kr_get_atom(what, &app) || kr_match(what, "{application, ~, _}", &app)) {
                if (kri_controller_is_loaded(c, app))
                        return kr_reply("{error, {already_loaded, ~}}", what);
                return kri_controller_reply(kr_is_atom(what) ? load_named(c, app, 0)
                                                             : load_spec(c, what, 0));
        }
        return kr_reply("{error, {bad_application, ~}}", what);
}

static void unload(struct kri_controller *c, kr_atom app)
{
        kr_term keys = kri_apps_keys(c->apps, app);
        kr_atom name;

        kri_apps_unload(c->apps, app);
        for (kr_term l = kri_app_key(keys, "included_applications"); kr_is_cons(l);
             l = kr_tl(l))
                if (kr_get_atom(kr_hd(l), &name) && kri_controller_is_loaded(c, name))
                        unload(c, name);
        kr_release(keys);
}

kr_next kri_controller_unload(struct kri_controller *c, kr_atom app)
{
        if (kri_entry_has(&c->running, app))
                return kr_reply("{error, {running, ~}}", app);
        if (!kri_controller_is_loaded(c, app))
                return kr_reply("{error, {not_loaded, ~}}", app);
        unload(c, app);
        return kr_reply("ok");
}

/* -- environment -- */

static bool is_persistent(kr_term opts)
{
        bool flag = false;

        for (; kr_is_cons(opts); opts = kr_tl(opts))
                if (kr_match(kr_hd(opts), "persistent") ||
                    kr_match(kr_hd(opts), "{persistent, true}"))
                        flag = true;
        return flag;
}

kr_next kri_controller_set_env(struct kri_controller *c, kr_atom app, kr_term name,
                               kr_term value, kr_term opts)
{
        if (kri_apps_put_env(c->apps, app, name, value) != KR_OK ||
            (is_persistent(opts) && kri_env_put(&c->conf, app, name, value) != KR_OK))
                return kr_reply("{error, enomem}");
        return kr_reply("ok");
}

kr_next kri_controller_set_env_list(struct kri_controller *c, kr_term config,
                                    kr_term opts)
{
        kr_err err = KR_OK;
        kr_term list;
        kr_atom app;

        for (kr_term l = config; kr_is_cons(l) && err == KR_OK; l = kr_tl(l))
                if (kr_match(kr_hd(l), "{~, ~}", &app, &list))
                        err = put_env(c, app, list);
        if (err == KR_OK && is_persistent(opts))
                err = kri_env_put_config(&c->conf, config);
        return err == KR_OK ? kr_reply("ok") : kr_reply("{error, enomem}");
}

kr_next kri_controller_unset_env(struct kri_controller *c, kr_atom app, kr_term name,
                                 kr_term opts)
{
        kri_apps_remove_env(c->apps, app, name);
        if (is_persistent(opts))
                kri_env_remove(&c->conf, app, name);
        return kr_reply("ok");
}
