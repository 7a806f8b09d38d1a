/* SPDX-License-Identifier: Apache-2.0 */
#include "shell_complete.h"

#include "builtin.h"
#include "plat_file.h"

#include <krarup/code.h>
#include <krarup/memory.h>
#include <krarup/registry.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 1000
#define WORD_BYTES 280

struct words {
        const char *prefix;
        size_t prefix_len;
        const char *module; /* what stands before the ':'; "": nothing */
        char (*word)[WORD_BYTES];
        size_t count;
};

static void add(struct words *w, const char *word, const char *behind)
{
        char full[WORD_BYTES];

        (void)snprintf(full, sizeof(full), "%s%s%s%s", w->module,
                       w->module[0] != 0 ? ":" : "", word, behind);
        if (strncmp(word, w->prefix, w->prefix_len) != 0 || w->count == WORDS_MAX)
                return;
        for (size_t i = 0; i < w->count; i++) {
                if (strcmp(w->word[i], full) == 0)
                        return;
        }
        memcpy(w->word[w->count++], full, sizeof(full));
}

static void add_atoms(struct words *w, kr_term list, const char *behind)
{
        kr_atom atom;

        for (; kr_is_cons(list); list = kr_tl(list)) {
                if (kr_get_atom(kr_hd(list), &atom))
                        add(w, kr_atom_text(atom, NULL), behind);
        }
}

/* counter.so in a folder of the path is a module that can be loaded. */
static void add_file(void *arg, const char *name)
{
        char module[WORD_BYTES];
        size_t len = strlen(name);

        if (len < 4 || len >= sizeof(module) || strcmp(name + len - 3, ".so") != 0)
                return;
        memcpy(module, name, len - 3);
        module[len - 3] = 0;
        add(arg, module, ":");
}

static void add_modules(struct words *w)
{
        kr_msg slot = KR_MSG_INIT;
        const char *folder;

        kr_modules(&slot);
        add_atoms(w, slot.term, ":");
        kr_code_get_path(&slot);
        for (kr_term l = slot.term; kr_is_cons(l); l = kr_tl(l)) {
                if (kr_match(kr_hd(l), "~", &folder))
                        (void)kri_folder_each(folder, add_file, w); /* not there: none */
        }
        kr_msg_clear(&slot);
}

static void add_exports(struct words *w, const kr_module *module)
{
        for (size_t i = 0; i < module->export_count; i++)
                add(w, module->exports[i].name, "(");
}

/* The functions of a module, which is loaded for that. */
static void add_functions(struct words *w)
{
        kr_msg slot = KR_MSG_INIT;
        kr_term exports;
        kr_atom name;

        (void)kr_code_ensure_loaded(w->module, NULL); /* then it has none */
        if (kr_module_info(w->module, false, &slot) &&
            kr_match(slot.term, "#{exports => ~}", &exports)) {
                for (; kr_is_cons(exports); exports = kr_tl(exports)) {
                        if (kr_match(kr_hd(exports), "{~, _}", &name))
                                add(w, kr_atom_text(name, NULL), "(");
                }
        }
        kr_msg_clear(&slot);
}

static void add_variables(struct words *w, kr_term bindings)
{
        kr_term key, value;
        kr_atom name;

        for (size_t i = 0; kr_map_at(bindings, i, &key, &value); i++) {
                if (kr_get_atom(key, &name))
                        add(w, kr_atom_text(name, NULL), "");
        }
}

static void add_names(struct words *w)
{
        static const char *const own[] = { "b", "e", "f", "h", "v", NULL };
        kr_msg slot = KR_MSG_INIT;

        kr_registered(&slot);
        add_atoms(w, slot.term, "");
        kr_msg_clear(&slot);
        add_modules(w);
        add_exports(w, &c_module);
        add_exports(w, &erlang_module);
        for (int i = 0; own[i] != NULL; i++)
                add(w, own[i], "(");
}

static bool is_name(char c)
{
        return isalnum((unsigned char)c) != 0 || c == '_' || c == '@';
}

static int by_text(const void *a, const void *b)
{
        return strcmp(a, b);
}

static void put(struct words *w, size_t word_len, kr_buf *ret)
{
        char line[WORD_BYTES + 1];

        (void)snprintf(line, sizeof(line), "%zu", word_len);
        (void)!kr_buf_append(ret, line, strlen(line));
        qsort(w->word, w->count, sizeof(w->word[0]), by_text);
        for (size_t i = 0; i < w->count; i++) {
                (void)snprintf(line, sizeof(line), "\n%s", w->word[i]);
                (void)!kr_buf_append(ret, line, strlen(line));
        }
}

void kri_complete(const char *text, size_t len, kr_term bindings, kr_buf *ret)
{
        char word[WORD_BYTES], *colon;
        struct words w = { .module = "" };
        size_t begin = len;

        while (begin > 0 && (is_name(text[begin - 1]) || text[begin - 1] == ':'))
                begin--;
        w.word = kr_calloc(WORDS_MAX, WORD_BYTES);
        if (w.word == NULL || len - begin >= sizeof(word)) {
                kr_free(w.word);
                return;
        }
        memcpy(word, text + begin, len - begin);
        word[len - begin] = 0;
        colon = strchr(word, ':');
        if (colon != NULL) {
                *colon = 0;
                w.module = word;
        }
        w.prefix = colon != NULL ? colon + 1 : word;
        w.prefix_len = strlen(w.prefix);
        if (colon != NULL)
                add_functions(&w);
        else if (isupper((unsigned char)word[0]))
                add_variables(&w, bindings);
        else
                add_names(&w);
        put(&w, len - begin, ret);
        kr_free(w.word);
}
