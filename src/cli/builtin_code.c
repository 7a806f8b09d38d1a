/* SPDX-License-Identifier: Apache-2.0 */
/* builtin_code.c: module code. Names of modules are atoms, of files strings or binaries. */
#include "builtin.h"

#include <krarup/code.h>
#include <krarup/io.h>
#include <krarup/text.h>

#include <string.h>

/* The module that a function of one argument is about; NULL: none. */
static const char *module_of(kr_term args)
{
        kr_atom name;

        return kr_get_atom(kr_element(1, args), &name) ? kr_atom_text(name, NULL) : NULL;
}

/* A path, as an atom, a string or a binary. */
static bool get_path(kr_term t, char *buf, size_t size)
{
        kr_bytes bytes;
        kr_atom atom;

        if (kr_get_atom(t, &atom)) {
                (void)snprintf(buf, size, "%s", kr_atom_text(atom, NULL));
                return true;
        }
        if (!kr_get_bytes(t, &bytes))
                return kr_get_string(t, buf, size, NULL);
        if (bytes.len >= size || memchr(bytes.data, 0, bytes.len) != NULL)
                return false;
        memcpy(buf, bytes.data, bytes.len);
        buf[bytes.len] = 0;
        return true;
}

/* {module, M}, or {error, Reason}; the text for people is printed. */
static kr_term loaded(kr_err err, kr_msg *slot)
{
        kr_term reason, answer;
        const char *text;

        if (err != KR_OK && kr_match(slot->term, "{~, ~}", &reason, &text)) {
                (void)kr_io_printf("%s\n", text);
                answer = kr_build("{error, ~}", reason);
        } else if (err != KR_OK) {
                answer = kri_builtin_result(err);
        } else {
                answer = kr_keep(slot->term);
        }
        kr_msg_clear(slot);
        return answer;
}

static kr_term do_load_file(kr_term args)
{
        const char *module = module_of(args);
        kr_msg slot = KR_MSG_INIT;

        return module == NULL ? kr_no_clause()
                              : loaded(kr_code_load_file(module, &slot), &slot);
}

static kr_term do_ensure_loaded(kr_term args)
{
        const char *module = module_of(args);
        kr_msg slot = KR_MSG_INIT;

        return module == NULL ? kr_no_clause()
                              : loaded(kr_code_ensure_loaded(module, &slot), &slot);
}

/* With or without the ending .so. */
static kr_term do_load_abs(kr_term args)
{
        kr_msg slot = KR_MSG_INIT;
        char path[4096];
        size_t len;

        if (!get_path(kr_element(1, args), path, sizeof(path) - 3))
                return kr_no_clause();
        len = strlen(path);
        if (len < 3 || strcmp(path + len - 3, ".so") != 0)
                memcpy(path + len, ".so", 4);
        return loaded(kr_code_load(path, &slot), &slot);
}

static kr_term do_delete(kr_term args)
{
        const char *module = module_of(args);

        return module == NULL ? kr_no_clause() : kri_bool(kr_code_delete(module));
}

static kr_term do_purge(kr_term args)
{
        const char *module = module_of(args);

        return module == NULL ? kr_no_clause() : kri_bool(kr_code_purge(module, NULL));
}

/* Who holds the old version is printed: one wants to know. */
static kr_term do_soft_purge(kr_term args)
{
        const char *module = module_of(args);
        kr_msg slot = KR_MSG_INIT;
        char line[400];
        bool gone;

        if (module == NULL)
                return kr_no_clause();
        gone = kr_code_soft_purge(module, &slot);
        for (kr_term l = slot.term; !gone && kr_is_cons(l); l = kr_tl(l)) {
                (void)kr_format(line, sizeof(line), kr_hd(l));
                (void)kr_io_printf("held by %s\n", line);
        }
        kr_msg_clear(&slot);
        return kri_bool(gone);
}

static kr_term do_is_loaded(kr_term args)
{
        const char *module = module_of(args);
        kr_msg slot = KR_MSG_INIT;
        kr_term answer;

        if (module == NULL)
                return kr_no_clause();
        if (!kr_code_is_loaded(module, &slot))
                return kri_bool(false);
        answer = kr_build("{file, ~}", slot.term);
        kr_msg_clear(&slot);
        return answer;
}

static kr_term do_all_loaded(kr_term args)
{
        kr_msg slot = KR_MSG_INIT;

        (void)args;
        kr_code_all_loaded(&slot);
        return kri_builtin_taken(&slot);
}

static kr_term do_which(kr_term args)
{
        const char *module = module_of(args);
        kr_msg slot = KR_MSG_INIT;

        if (module == NULL)
                return kr_no_clause();
        kr_code_which(module, &slot);
        return kri_builtin_taken(&slot);
}

static kr_term do_module_status(kr_term args)
{
        static const char *const names[] = { "not_loaded", "loaded", "modified",
                                             "removed" };
        const char *module = module_of(args);

        return module == NULL
                       ? kr_no_clause()
                       : kr_atom_term(kri_atom_of(names[kr_code_module_status(module)]));
}

static kr_term do_get_path(kr_term args)
{
        kr_msg slot = KR_MSG_INIT;

        (void)args;
        kr_code_get_path(&slot);
        return kri_builtin_taken(&slot);
}

static kr_term add_path(kr_term args, bool first)
{
        char path[4096];

        if (!get_path(kr_element(1, args), path, sizeof(path)))
                return kr_no_clause();
        return kr_code_add_path(path, first) ? kri_bool(true)
                                             : kr_build("{error, bad_directory}");
}

static kr_term do_add_patha(kr_term args)
{
        return add_path(args, true);
}

static kr_term do_add_pathz(kr_term args)
{
        return add_path(args, false);
}

static kr_term do_del_path(kr_term args)
{
        char path[4096];

        if (!get_path(kr_element(1, args), path, sizeof(path)))
                return kr_no_clause();
        return kri_bool(kr_code_del_path(path));
}

static const kr_export exports[] = {
        { "load_file", 1, do_load_file, "(Module) from the path; what ran becomes old" },
        { "load_abs", 1, do_load_abs, "(File)" },
        { "ensure_loaded", 1, do_ensure_loaded, "(Module)" },
        { "delete", 1, do_delete, "(Module) the current version becomes old" },
        { "purge", 1, do_purge, "(Module) the old version goes, and who holds it" },
        { "soft_purge", 1, do_soft_purge, "(Module) ... if nobody holds it" },
        { "is_loaded", 1, do_is_loaded, "(Module)" },
        { "all_loaded", 0, do_all_loaded, "[{Module, File}]" },
        { "which", 1, do_which, "(Module) its file" },
        { "module_status", 1, do_module_status, "(Module) loaded, modified, ..." },
        { "get_path", 0, do_get_path, "where modules are looked for" },
        { "add_patha", 1, do_add_patha, "(Folder) look there first" },
        { "add_pathz", 1, do_add_pathz, "(Folder) look there last" },
        { "del_path", 1, do_del_path, "(Folder)" },
};

KR_MODULE(code, .version = KR_VERSION, KR_EXPORTS(exports));
