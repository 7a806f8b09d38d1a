/* SPDX-License-Identifier: Apache-2.0 */
/* application_config.c: config files and the command line. Whatever is wrong in a file is told with
 * its line and column, what was expected there, and what to do. */
#include "application.h"

#include <krarup/message.h>
#include <krarup/text.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FILE_BYTES_MAX (64u << 20)
#define PATH_BYTES 4096
#define SHAPE                                                                            \
        "a config file is one list, [{Application, [{Key, Value}]}], with a full stop "  \
        "at its end"

/* -- reading -- */

bool kri_config_read(const char *path, kr_buf *ret)
{
        FILE *f = fopen(path, "rb");
        char piece[4096];
        int failed = 0;
        size_t n;

        if (f == NULL)
                return false;
        while (failed == 0 && (n = fread(piece, 1, sizeof(piece), f)) > 0)
                if (ret->len > FILE_BYTES_MAX)
                        failed = EFBIG;
                else if (kr_buf_append(ret, piece, n) != KR_OK)
                        failed = ENOMEM;
        if (failed == 0 && ferror(f))
                failed = errno != 0 ? errno : EIO;
        if (failed == 0 &&
            kr_buf_append(ret, "", 0) != KR_OK) /* an empty one has text too */
                failed = ENOMEM;
        (void)fclose(f); /* only read */
        if (failed != 0) {
                kr_buf_free(ret);
                errno = failed;
        }
        return failed == 0;
}

/* -- where something stands -- */

static const char *skip_blank(const char *s)
{
        for (;;) {
                if (*s == '%')
                        while (*s != 0 && *s != '\n')
                                s++;
                else if (*s != 0 && strchr(" \t\r\n", *s) != NULL)
                        s++;
                else
                        return s;
        }
}

/* Behind one token; what stands in quotes is one. */
static const char *skip_token(const char *s)
{
        char quote = *s;

        if (*s == '$')
                return s[1] == '\\' && s[2] != 0 ? s + 3 : s[1] != 0 ? s + 2 : s + 1;
        if (quote != '"' && quote != '\'')
                return s + 1;
        for (s++; *s != 0 && *s != quote; s++)
                if (*s == '\\' && s[1] != 0)
                        s++;
        return *s != 0 ? s + 1 : s;
}

static bool opens(char c)
{
        return c == '[' || c == '{' || c == '(';
}

static bool closes(char c)
{
        return c == ']' || c == '}' || c == ')';
}

/* Behind an element: at the comma or bracket that follows. */
static const char *skip_element(const char *s)
{
        int depth = 0;

        for (s = skip_blank(s); *s != 0; s = skip_blank(skip_token(s))) {
                if (depth == 0 && (*s == ',' || closes(*s)))
                        return s;
                depth += opens(*s);
                depth -= closes(*s);
        }
        return s;
}

static void line_of(const char *text, const char *at, unsigned *ret_line,
                    unsigned *ret_column)
{
        *ret_line = *ret_column = 1;
        for (; text < at; text++)
                if (*text == '\n') {
                        ++*ret_line;
                        *ret_column = 1;
                } else if ((*text & 0xc0) != 0x80) {
                        ++*ret_column;
                }
}

void kri_config_locate(const char *text, const unsigned *path, unsigned depth,
                       unsigned *ret_line, unsigned *ret_column)
{
        const char *at = skip_blank(text), *inside;

        for (unsigned i = 0; i < depth && opens(*at); i++) {
                inside = skip_blank(at + 1);
                for (unsigned k = 0; k < path[i] && *inside != 0; k++) {
                        inside = skip_element(inside);
                        if (*inside != ',')
                                break; /* fewer than there should be: as near as it gets */
                        inside = skip_blank(inside + 1);
                }
                at = inside;
        }
        line_of(text, at, ret_line, ret_column);
}

/* -- what may stand in a config -- */

/* Something is wrong, at a place that is reached by these indices. */
struct fault {
        struct kri_words *words; /* in OTP's words */
        const char *remedy;
        unsigned path[4], depth;
};

static bool wrong(struct fault *f, const char *remedy, const unsigned *path,
                  unsigned depth)
{
        f->remedy = remedy;
        f->depth = depth;
        memcpy(f->path, path, depth * sizeof(path[0]));
        return false;
}

static bool has_key(kr_term list, kr_atom key)
{
        kr_atom found;

        for (; kr_is_cons(list); list = kr_tl(list))
                if (kr_match(kr_hd(list), "{~, _}", &found) && kr_atom_eq(found, key))
                        return true;
        return false;
}

static bool check_distributed(kr_term list)
{
        kr_term nodes, app;
        int64_t time;

        for (; kr_is_cons(list); list = kr_tl(list)) {
                kr_term one = kr_hd(list);
                bool fits = kr_match(one, "{~, ~}", &app, &nodes) ||
                            kr_match(one, "{~, infinity, ~}", &app, &nodes) ||
                            kr_match(one, "{~, ~, ~}", &app, &time, &nodes);

                if (!fits || !kr_is_atom(app) || !kr_is_list(nodes))
                        return false;
        }
        return kr_is_nil(list);
}

static bool check_pair(kr_term rest, kr_atom app, struct fault *f, const unsigned *path)
{
        const char *name = kr_atom_text(app, NULL);
        kr_term pair = kr_hd(rest), key, value;
        kr_atom atom;

        if (!kr_match(pair, "{~, ~}", &key, &value)) {
                kri_say(f->words, "application: %s; invalid parameter: ", name);
                kri_say_short(f->words, pair);
                return wrong(f, "write {Key, Value}", path, 3);
        }
        if (!kr_get_atom(key, &atom)) {
                kri_say(f->words, "application: %s; invalid parameter name: ", name);
                kri_say_short(f->words, key);
                return wrong(f, "a key is an atom", path, 3);
        }
        if (has_key(kr_tl(rest), atom)) {
                kri_say(f->words, "application: %s; duplicate parameter: %s", name,
                        kr_atom_text(atom, NULL));
                return wrong(f, "keep one of them", path, 3);
        }
        if (kr_match(key, "distributed") && strcmp(name, "kernel") == 0 &&
            !check_distributed(value)) {
                kri_say(f->words,
                        "application: kernel; erroneous parameter: distributed");
                return wrong(f,
                             "write [{Application, [Node]}] or [{Application, "
                             "TimeoutMs, [Node]}]",
                             path, 3);
        }
        return true;
}

static bool check_app(kr_term rest, struct fault *f, unsigned at)
{
        unsigned path[3] = { at, 1, 0 };
        kr_term app = kr_hd(rest), name, list;
        kr_atom atom;

        if (!kr_match(app, "{~, ~}", &name, &list)) {
                kri_say(f->words, "invalid application config: ");
                kri_say_short(f->words, app);
                return wrong(f, "write {Application, [{Key, Value}]}", path, 1);
        }
        if (!kr_is_list(list)) {
                kri_say(f->words, "application: ");
                kri_say_short(f->words, name);
                kri_say(f->words, "; parameters must be a list");
                return wrong(f, "write [{Key, Value}]", path, 2);
        }
        if (!kr_get_atom(name, &atom)) {
                kri_say(f->words, "application: ");
                kri_say_short(f->words, name);
                kri_say(f->words, "; application name must be an atom");
                return wrong(f, "begin it with a small letter, or put it in '...'", path,
                             1);
        }
        if (has_key(kr_tl(rest), atom)) {
                kri_say(f->words, "duplicate application config: %s",
                        kr_atom_text(atom, NULL));
                return wrong(f, "put all its parameters in one list", path, 1);
        }
        for (; kr_is_cons(list); list = kr_tl(list), path[2]++)
                if (!check_pair(list, atom, f, path))
                        return false;
        return true;
}

static bool check(kr_term config, struct fault *f)
{
        unsigned at = 0;

        for (; kr_is_cons(config); config = kr_tl(config), at++)
                if (!check_app(config, f, at))
                        return false;
        if (kr_is_nil(config))
                return true;
        kri_say(f->words, "configuration must be a list ended by <dot><whitespace>");
        return wrong(f, SHAPE, &at, 0);
}

bool kri_config_check(kr_term config, struct kri_words *error)
{
        struct fault f = { .words = error };

        return check(config, &f);
}

/* -- files -- */

/* A place, and what to do. */
static void say_fault(const char *file, const char *text, const struct fault *f,
                      const struct kri_words *what, struct kri_words *error)
{
        unsigned line, column;

        kri_config_locate(text, f->path, f->depth, &line, &column);
        kri_say(error, "%s:%u:%u: ", file, line, column);
        kri_say_bytes(error, kri_words_text(what), strlen(kri_words_text(what)));
        kri_say(error, "; %s", f->remedy);
}

/* The one list of a file; what the parser says is told with the shape of all config files. */
static kr_err parse_list(const char *file, const char *text, size_t len, kr_term *ret,
                         struct kri_words *error)
{
        kr_text_error where;
        kr_term all, list;
        kr_err err = kr_consult(text, len, NULL, &all, &where);

        if (err == KR_ENOMEM)
                return err;
        if (err != KR_OK) {
                kri_say(error, "%s:%u:%u: %s; %s", file, where.line, where.column,
                        where.message, SHAPE);
                return KR_EFAILED;
        }
        if (!kr_match(all, "[~]", &list) || !kr_is_list(list)) {
                kri_say(error,
                        "%s:1:1: configuration file must contain ONE list ended by "
                        "<dot>; %s",
                        file, SHAPE);
                kr_release(all);
                return KR_EFAILED;
        }
        *ret = kr_keep(list);
        kr_release(all);
        return kr_is_none(*ret) ? KR_ENOMEM : KR_OK;
}

/* name, or name.config if it has not that end. False: it is too long for a path. */
static bool with_ending(char *path, const char *name, struct kri_words *error)
{
        size_t len = strlen(name);
        bool has = len >= 7 && strcmp(name + len - 7, ".config") == 0;

        if (len + sizeof(".config") > PATH_BYTES) {
                kri_say(error,
                        "%.100s...: the path is longer than %d bytes; give a shorter one",
                        name, PATH_BYTES - (int)sizeof(".config"));
                return false;
        }
        memcpy(path, name, len + 1);
        if (!has)
                memcpy(path + len, ".config", sizeof(".config"));
        return true;
}

static kr_err read_file(const char *path, kr_builder *configs, struct kri_words *error,
                        bool may_name_others);

/* Relative to the file that names it, if it is there; else to where we are. */
static kr_err read_named(const char *from, const char *name, kr_builder *configs,
                         struct kri_words *error)
{
        char path[PATH_BYTES], beside[PATH_BYTES];
        const char *slash = strrchr(from, '/');

        if (!with_ending(path, name, error))
                return KR_EFAILED;
        if (path[0] != '/' && slash != NULL &&
            (size_t)snprintf(beside, sizeof(beside), "%.*s/%s", (int)(slash - from), from,
                             path) < sizeof(beside) &&
            kri_plat_is_file(beside))
                return read_file(beside, configs, error, false);
        return read_file(path, configs, error, false);
}

/* sys.config: a string in the list is the name of another file. What stands there is weaker than
 * what follows. */
static kr_err read_others(const char *path, kr_term list, kr_builder *configs,
                          struct kri_words *error)
{
        char name[PATH_BYTES];
        kr_err err = KR_OK;
        kr_term one;
        size_t len;

        for (; kr_is_cons(list) && err == KR_OK; list = kr_tl(list)) {
                if (kr_is_cons(kr_hd(list)) &&
                    kr_get_string(kr_hd(list), name, sizeof(name), &len)) {
                        err = read_named(path, name, configs, error);
                        continue;
                }
                one = kr_build("[~]", kr_hd(list));
                kr_add_term(configs, one);
                kr_release(one);
        }
        return err;
}

/* What is left when the names of other files are taken out, to be checked: they become pairs that
 * are never wrong, so that places still count. */
static kr_term without_names(kr_term list)
{
        kr_builder left = KR_BUILDER_INIT;
        unsigned at = 0;

        for (; kr_is_cons(list); list = kr_tl(list), at++) {
                char name[32];
                kr_term pair;

                if (!kr_is_cons(kr_hd(list))) {
                        kr_add_term(&left, kr_hd(list));
                        continue;
                }
                (void)snprintf(name, sizeof(name), "$file_%u", at);
                pair = kr_build("{~, []}", kri_atom_of(name));
                kr_add_term(&left, pair);
                kr_release(pair);
        }
        return kr_is_nil(list) ? kr_build_list(&left) : kr_build_improper(&left, list);
}

static kr_err use_text(const char *path, const char *text, size_t len,
                       kr_builder *configs, struct kri_words *error, bool may_name_others)
{
        struct kri_words what = KRI_WORDS_INIT;
        struct fault f = { .words = &what };
        kr_term list, checked;
        kr_err err = parse_list(path, text, len, &list, error);

        if (err != KR_OK)
                return err;
        checked = may_name_others ? without_names(list) : kr_keep(list);
        if (!kr_is_none(checked) && !check(checked, &f)) {
                say_fault(path, text, &f, &what, error);
                err = KR_EFAILED;
        } else if (may_name_others) {
                err = read_others(path, list, configs, error);
        } else {
                kr_add_term(configs, list);
        }
        if (kr_is_none(checked))
                err = KR_ENOMEM;
        kr_release(checked);
        kr_release(list);
        kri_words_clear(&what);
        return err;
}

static kr_err read_file(const char *path, kr_builder *configs, struct kri_words *error,
                        bool may_name_others)
{
        kr_buf text = KR_BUF_INIT;
        kr_err err;

        if (!kri_config_read(path, &text)) {
                kri_say(error,
                        "%s: configuration file cannot be read: %s; -config takes a "
                        "path, with or without .config",
                        path, strerror(errno));
                return KR_EFAILED;
        }
        err = use_text(path, text.data, text.len, configs, error, may_name_others);
        kr_buf_free(&text);
        return err;
}

static bool is_sys_config(const char *path)
{
        const char *slash = strrchr(path, '/');

        return strcmp(slash != NULL ? slash + 1 : path, "sys.config") == 0;
}

static kr_err finish(kr_builder *configs, kr_err err, kr_term *ret)
{
        if (err != KR_OK) {
                kr_builder_clear(configs);
                return err;
        }
        *ret = kr_build_list(configs);
        return kr_is_none(*ret) ? KR_ENOMEM : KR_OK;
}

kr_err kri_config_file(const char *name, kr_term *ret, struct kri_words *error)
{
        kr_builder configs = KR_BUILDER_INIT;
        char path[PATH_BYTES];

        if (!with_ending(path, name, error))
                return KR_EFAILED;
        return finish(&configs, read_file(path, &configs, error, is_sys_config(path)),
                      ret);
}

kr_err kri_config_text(const char *file, const char *text, size_t len, kr_term *ret,
                       struct kri_words *error)
{
        kr_builder configs = KR_BUILDER_INIT;

        return finish(&configs,
                      use_text(file, text, len, &configs, error, is_sys_config(file)),
                      ret);
}

/* -- the command line -- */

static bool is_flag(const char *arg)
{
        return arg[0] == '-' && arg[1] != 0;
}

static bool is_end(const char *arg)
{
        return strcmp(arg, "--") == 0 || strcmp(arg, "-extra") == 0;
}

kr_term kri_config_flags(int argc, char **argv)
{
        kr_builder flags = KR_BUILDER_INIT;
        int i = 1;

        while (i < argc && !is_end(argv[i])) {
                kr_builder values = KR_BUILDER_INIT;
                const char *name = argv[i++];
                kr_term list, flag;

                if (!is_flag(name))
                        continue;
                while (i < argc && !is_flag(argv[i]) && !is_end(argv[i])) {
                        kr_add_binary(&values, argv[i], strlen(argv[i]));
                        i++;
                }
                list = kr_build_list(&values);
                flag = kr_build("{~, ~}", name + 1, list);
                kr_add_term(&flags, flag);
                kr_release(list);
                kr_release(flag);
        }
        return kr_build_list(&flags);
}

const char *kri_config_folder(int argc, char **argv, int *at)
{
        bool in_pa = false;

        for (int i = 1, found = 0; i < argc && !is_end(argv[i]); i++) {
                if (is_flag(argv[i]))
                        in_pa = strcmp(argv[i], "-pa") == 0 ||
                                strcmp(argv[i], "-pz") == 0;
                else if (in_pa && found++ == *at) {
                        ++*at;
                        return argv[i];
                }
        }
        return NULL;
}
