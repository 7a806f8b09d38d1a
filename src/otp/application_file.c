/* SPDX-License-Identifier: Apache-2.0 */
/* application_file.c: what describes an application: an .app file, or text in the program. A
 * misspelt key is told with the right one nearest to it; as in OTP it counts for nothing. */
#include "application.h"

#include <krarup/message.h>
#include <krarup/text.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

#define PATH_BYTES 4096
#define KEY_BYTES_MAX 64

/* -- checking -- */

kr_err kri_app_check(kr_term spec, kr_atom *ret_name, kr_term *ret_keys,
                     kr_term *ret_reason)
{
        kr_term name, keys, mod;
        kr_atom atom;

        if (!kr_match(spec, "{application, ~, ~}", &name, &keys)) {
                *ret_reason = kr_build("{bad_application, ~}", spec);
                return KR_EFAILED;
        }
        if (!kr_is_list(keys)) {
                *ret_reason = kr_build("{invalid_options, ~}", keys);
                return KR_EFAILED;
        }
        if (!kr_get_atom(name, &atom)) {
                *ret_reason = kr_build("{invalid_name, ~}", name);
                return KR_EFAILED;
        }
        mod = kri_app_key(keys, "mod");
        if (!kr_is_nil(mod) && !kr_match(mod, "{~, _}", &(kr_atom){ 0 })) {
                *ret_reason = kr_build("{badstartspec, ~}", mod);
                return KR_EFAILED;
        }
        *ret_name = atom;
        *ret_keys = keys;
        return KR_OK;
}

/* -- misspelt keys -- */

static unsigned least(unsigned a, unsigned b, unsigned c)
{
        unsigned d = a < b ? a : b;

        return d < c ? d : c;
}

/* How many letters must be changed, put in or left out (Levenshtein). */
static unsigned distance(const char *a, const char *b)
{
        unsigned row[KEY_BYTES_MAX + 1], len = (unsigned)strlen(b);

        if (strlen(a) > KEY_BYTES_MAX || len > KEY_BYTES_MAX)
                return KEY_BYTES_MAX;
        for (unsigned k = 0; k <= len; k++)
                row[k] = k;
        for (unsigned i = 1; a[i - 1] != 0; i++) {
                unsigned diagonal = row[0];

                row[0] = i;
                for (unsigned k = 1; k <= len; k++) {
                        unsigned above = row[k];

                        row[k] = least(above + 1, row[k - 1] + 1,
                                       diagonal + (a[i - 1] != b[k - 1]));
                        diagonal = above;
                }
        }
        return row[len];
}

static const char *nearest_key(const char *key)
{
        const char *best = NULL;
        unsigned best_distance = (unsigned)strlen(key) / 3 + 1;

        for (const char *const *at = kri_app_key_names; *at != NULL; at++) {
                unsigned d = distance(key, *at);

                if (d <= best_distance) {
                        best_distance = d;
                        best = *at;
                }
        }
        return best;
}

static bool is_known(const char *key)
{
        for (const char *const *at = kri_app_key_names; *at != NULL; at++)
                if (strcmp(key, *at) == 0)
                        return true;
        return strcmp(key, "runtime_dependencies") == 0;
}

static void tell_unknown(const char *file, const char *text, const char *key, unsigned at)
{
        const unsigned path[] = { 2, at };
        const char *right = nearest_key(key);
        struct kri_words words = KRI_WORDS_INIT;
        unsigned line, column;

        kri_config_locate(text, path, 2, &line, &column);
        kri_say(&words, "%s:%u:%u: unknown key %s", file, line, column, key);
        if (right != NULL)
                kri_say(&words, "; did you mean %s? It has its default until then",
                        right);
        else
                kri_say(&words, "; it has no effect");
        kri_report_place(KR_LOG_WARNING, NULL, 0, kri_words_text(&words));
        kri_words_clear(&words);
}

static void check_keys(const char *file, const char *text, kr_term keys)
{
        unsigned at = 0;
        kr_atom key;

        for (; kr_is_cons(keys); keys = kr_tl(keys), at++)
                if (kr_match(kr_hd(keys), "{~, _}", &key) &&
                    !is_known(kr_atom_text(key, NULL)))
                        tell_unknown(file, text, kr_atom_text(key, NULL), at);
}

/* -- reading -- */

/* A path may hold anything. */
static kr_term string_of(const char *text)
{
        kr_term t = kr_string(text, strlen(text));
        kr_builder bytes = KR_BUILDER_INIT;

        if (!kr_is_none(t))
                return t;
        for (; *text != 0; text++)
                kr_add_int64(&bytes, (unsigned char)*text);
        return kr_build_list(&bytes);
}

/* {Text, "counter.app"}: what file:format_error says, and where. */
static kr_term reason_of(const char *text, kr_atom app)
{
        kr_term what = string_of(text), file, reason;
        char name[300];

        (void)snprintf(name, sizeof(name), "%s.app", kr_atom_text(app, NULL));
        file = string_of(name);
        reason = kr_build("{~, ~}", what, file);
        kr_release(what);
        kr_release(file);
        return reason;
}

static kr_err parse_spec(const char *file, const char *text, size_t len, kr_atom app,
                         kr_term *ret_spec, kr_term *ret_reason)
{
        struct kri_words words = KRI_WORDS_INIT;
        kr_text_error where;
        kr_term keys;
        kr_err err = kr_parse(text, len, NULL, ret_spec, &where);

        if (err == KR_OK) {
                if (kr_match(*ret_spec, "{application, _, ~}", &keys))
                        check_keys(file, text, keys);
                return KR_OK;
        }
        kri_say(&words,
                "%s:%u:%u: %s; an .app file is one tuple, {application, Name, [{Key, "
                "Value}]}, with a full stop at its end",
                file, where.line, where.column,
                err == KR_ENOMEM ? "no memory" : where.message);
        *ret_reason = reason_of(kri_words_text(&words), app);
        kri_words_clear(&words);
        return KR_EFAILED;
}

/* In the folders of the command line, here, and in ebin. False: it is nowhere. */
static bool find_file(struct kri_apps *apps, kr_atom app, char *path, size_t size)
{
        static const char *const usual[] = { ".", "ebin" };
        const kr_boot_opts *boot = apps->boot;
        const char *folder;
        int at = 0;

        while (boot != NULL &&
               (folder = kri_config_folder(boot->argc, boot->argv, &at)) != NULL) {
                (void)snprintf(path, size, "%s/%s.app", folder, kr_atom_text(app, NULL));
                if (kri_plat_is_file(path))
                        return true;
        }
        for (int i = 0; i < 2; i++) {
                (void)snprintf(path, size, "%s/%s.app", usual[i],
                               kr_atom_text(app, NULL));
                if (kri_plat_is_file(path))
                        return true;
        }
        return false;
}

static kr_err read_spec(const char *path, kr_atom app, kr_term *ret_spec,
                        kr_term *ret_reason)
{
        kr_buf text = KR_BUF_INIT;
        kr_err err;

        if (!kri_config_read(path, &text)) {
                *ret_reason = reason_of("the file cannot be read", app);
                return KR_EFAILED;
        }
        err = parse_spec(path, text.data, text.len, app, ret_spec, ret_reason);
        kr_buf_free(&text);
        return err;
}

/* -- those that need no file -- */

/* The application of a module: "counter" of counter_app, or what its text says. */
static bool is_module_of(const kr_application *module, kr_atom app)
{
        const char *name = kr_atom_text(app, NULL);
        size_t len = strlen(name);
        kr_term spec;
        kr_atom said;
        bool is = false;

        if (module->spec == NULL)
                return strncmp(module->name, name, len) == 0 &&
                       (module->name[len] == 0 ||
                        strcmp(module->name + len, "_app") == 0);
        if (kr_parse(module->spec, strlen(module->spec), NULL, &spec, NULL) != KR_OK)
                return strncmp(module->name, name, len) == 0; /* told when it is read */
        is = kr_match(spec, "{application, ~, _}", &said) && kr_atom_eq(said, app);
        kr_release(spec);
        return is;
}

static const kr_application *find_module(struct kri_apps *apps, kr_atom app,
                                         bool with_spec)
{
        const kr_application *found = NULL;
        struct kri_app_module *m; /* modules are only ever added, in front */

        kri_plat_lock_take(&apps->lock);
        m = apps->modules;
        kri_plat_lock_give(&apps->lock);
        for (; m != NULL && found == NULL; m = m->next)
                if ((m->app->spec != NULL) == with_spec && is_module_of(m->app, app))
                        found = m->app;
        return found;
}

/* kernel and stdlib are there, and are Krarup itself. */
static kr_term own_spec(kr_atom app)
{
        kr_term version = kr_string(KR_VERSION, strlen(KR_VERSION));
        kr_term spec = kr_none();

        if (strcmp(kr_atom_text(app, NULL), "kernel") == 0)
                spec = kr_build(
                        "{application, kernel, [{description, \"Krarup: processes\"},"
                        " {vsn, ~}]}",
                        version);
        else if (strcmp(kr_atom_text(app, NULL), "stdlib") == 0)
                spec = kr_build(
                        "{application, stdlib, [{description, \"Krarup: behaviours\"},"
                        " {vsn, ~}, {applications, [kernel]}]}",
                        version);
        kr_release(version);
        return spec;
}

kr_err kri_app_describe(struct kri_apps *apps, kr_atom app, kr_term *ret_spec,
                        kr_term *ret_reason)
{
        const kr_application *module = find_module(apps, app, true);
        char path[PATH_BYTES], name[300];

        if (module != NULL) {
                (void)snprintf(name, sizeof(name), "%s.spec", module->name);
                return parse_spec(name, module->spec, strlen(module->spec), app, ret_spec,
                                  ret_reason);
        }
        if (find_file(apps, app, path, sizeof(path)))
                return read_spec(path, app, ret_spec, ret_reason);
        *ret_spec = own_spec(app);
        if (!kr_is_none(*ret_spec))
                return KR_OK;
        module = find_module(apps, app, false);
        if (module != NULL) {
                *ret_spec = kr_build("{application, ~, [{mod, {~, []}},"
                                     " {applications, [kernel, stdlib]}]}",
                                     app, kri_atom_of(module->name));
                return kr_is_none(*ret_spec) ? KR_ENOMEM : KR_OK;
        }
        *ret_reason = reason_of("no such file or directory", app);
        return KR_EFAILED;
}
