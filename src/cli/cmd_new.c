/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_new.c: krarup new: a project that builds, runs and passes its test. */
#include "builtin.h"
#include "command.h"
#include "new_files.h"
#include "plat_file.h"
#include "plat_names.h"
#include "say.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NAME_BYTES_MAX 32

static bool is_listed(const char *name, const char *const *list)
{
        for (; *list != NULL; list++) {
                if (strcmp(name, *list) == 0)
                        return true;
        }
        return false;
}

/* An atom without quotes that is an identifier of C: the same name in both. */
static const char *what_is_wrong(const char *name)
{
        static const char *const words[] = {
                /* of C */
                "auto", "break", "case", "char", "const", "continue", "default", "do",
                "double", "else", "enum", "extern", "float", "for", "goto", "if",
                "inline", "int", "long", "register", "restrict", "return", "short",
                "signed", "sizeof", "static", "struct", "switch", "typedef", "union",
                "unsigned", "void", "volatile", "while", "asm", "typeof", "bool", "true",
                "false", "linux", "unix",
                /* of Erlang */
                "after", "and", "andalso", "band", "begin", "bnot", "bor", "bsl", "bsr",
                "bxor", "catch", "cond", "div", "end", "fun", "let", "not", "of", "or",
                "orelse", "receive", "rem", "try", "when", "xor", "undefined",
                /* of ours and of the C library's headers */
                "krarup", "kernel", "stdlib", "init", "user", "value", "test", "errno",
                "stdin", "stdout", "stderr", NULL
        };

        if (!islower((unsigned char)name[0]))
                return "begins with a lower-case letter";
        if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(name))
                return "has lower-case letters, digits and _ only";
        if (strlen(name) > NAME_BYTES_MAX)
                return "has at most 32 characters";
        if (is_listed(name, words))
                return "is not a word that C, Erlang or Krarup has a meaning for";
        for (int i = 0; kri_builtin_modules[i] != NULL; i++) {
                if (strcmp(name, kri_builtin_modules[i]->name) == 0)
                        return "is not that of a module of Krarup's own";
        }
        if (strncmp(name, "kr_", 3) == 0 || strncmp(name, "kri_", 4) == 0 ||
            kri_name_is_linked(name))
                return "is not that of a function in a library";
        return NULL;
}

/* `text` with the name in its places; false: no memory. */
static bool fill(const char *text, const char *name, kr_buf *ret)
{
        const char *at;

        ret->len = 0;
        while ((at = strchr(text, '@')) != NULL) {
                bool capitals = strncmp(at, "@NAME@", 6) == 0;
                size_t len = (size_t)(at - text);

                if (!capitals && strncmp(at, "@name@", 6) != 0)
                        len++; /* an @ of the Makefile's */
                if (kr_buf_append(ret, text, len) != KR_OK)
                        return false;
                text += len;
                if (text != at)
                        continue;
                for (const char *c = name; *c != 0; c++) {
                        char letter = capitals ? (char)toupper((unsigned char)*c) : *c;

                        if (kr_buf_append(ret, &letter, 1) != KR_OK)
                                return false;
                }
                text += 6;
        }
        return kr_buf_append(ret, text, strlen(text) + 1) == KR_OK;
}

static bool write_file(const struct kri_new_file *file, const char *name)
{
        kr_buf relative = KR_BUF_INIT, text = KR_BUF_INIT;
        char path[KRI_PATH_MAX], folder[KRI_PATH_MAX];
        bool done = fill(file->path, name, &relative) && fill(file->text, name, &text) &&
                    kri_path_join(path, sizeof(path), name, relative.data);

        if (done) {
                (void)snprintf(folder, sizeof(folder), "%s", path);
                *strrchr(folder, '/') = 0;
                done = kri_folder_make(folder, 0777) && kri_file_create(path, text.data);
        }
        if (!done)
                kri_complain("%s/%s cannot be written: %s", name,
                             relative.data != NULL ? relative.data : "", strerror(errno));
        else
                kri_say("    %s\n", path);
        kr_buf_free(&relative);
        kr_buf_free(&text);
        return done;
}

/* With its folders, as far as nothing else is in them. */
static void remove_file(const struct kri_new_file *file, const char *name)
{
        kr_buf relative = KR_BUF_INIT;
        char path[KRI_PATH_MAX], *slash;

        if (fill(file->path, name, &relative) &&
            kri_path_join(path, sizeof(path), name, relative.data)) {
                (void)remove(path);
                while ((slash = strrchr(path, '/')) != NULL) {
                        *slash = 0;
                        (void)remove(path);
                }
        }
        kr_buf_free(&relative);
}

static int run(const struct kri_args *args)
{
        const char *name, *wrong;

        if (args->count == 0) {
                kri_complain("new: what is it called? krarup new NAME");
                return KRI_USAGE;
        }
        name = args->words[0];
        wrong = what_is_wrong(name);
        if (wrong != NULL) {
                kri_complain("'%s' cannot be the name of an application: one %s", name,
                             wrong);
                return KRI_USAGE;
        }
        if (kri_folder_is(name) || kri_file_is(name)) {
                kri_complain("%s is there already", name);
                return KRI_FAILED;
        }
        for (int i = 0; kri_new_files[i].path != NULL; i++) {
                if (write_file(&kri_new_files[i], name))
                        continue;
                while (i >= 0) /* so that it can be tried again */
                        remove_file(&kri_new_files[i--], name);
                return KRI_FAILED;
        }
        kri_say("\nNow:\n\n    cd %s\n    make test\n    krarup run\n", name);
        return KRI_DONE;
}

const struct kri_command kri_command_new = {
        .name = "new",
        .arguments = "NAME",
        .summary = "make a project: a server, its supervisor, an application, a test",
        .help = "It builds and passes its test at once. NAME is a folder, an Erlang atom and an\n"
                "identifier of C: lower-case letters, digits and _.\n"
                "\n"
                "Example:\n"
                "\n"
                "    krarup new counter\n"
                "    cd counter\n"
                "    make test\n"
                "    krarup run\n",
        .args_max = 1,
        .run = run,
};
