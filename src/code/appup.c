/* SPDX-License-Identifier: Apache-2.0 */
/* appup.c: what a file says is to be done to come from one version of an application to another. */
#include "appup.h"

#include <regex.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define INSTRUCTIONS_MAX 4096u

static void say(kr_buf *error, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

static void say(kr_buf *error, const char *format, ...)
{
        char text[512];
        va_list args;
        kr_err err;

        if (error == NULL)
                return;
        va_start(args, format);
        (void)vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        kr_buf_free(error);
        err = kr_buf_append(error, text, strlen(text));
        (void)err; /* without memory there is no text */
}

/* -- versions -- */

/* A string is itself; a binary is a pattern for all of it. */
static bool is_version(kr_term wanted, const char *version)
{
        char text[256], pattern[300];
        kr_bytes bytes;
        regex_t regex;
        bool fits;

        if (kr_get_string(wanted, text, sizeof(text), NULL))
                return strcmp(text, version) == 0;
        if (!kr_get_bytes(wanted, &bytes) || bytes.len > 256)
                return false;
        (void)snprintf(pattern, sizeof(pattern), "^(%.*s)$", (int)bytes.len,
                       (const char *)bytes.data);
        if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) != 0)
                return false;
        fits = regexec(&regex, version, 0, NULL, 0) == 0;
        regfree(&regex);
        return fits;
}

/* The instructions of the first entry for that version; none: there is none. */
static kr_term entry_for(kr_term list, const char *version)
{
        kr_term wanted, instructions;

        for (; kr_is_cons(list); list = kr_tl(list))
                if (kr_match(kr_hd(list), "{~, ~}", &wanted, &instructions) &&
                    is_version(wanted, version))
                        return instructions;
        return kr_none();
}

/* -- instructions -- */

static bool is_deps(kr_term t)
{
        kr_atom module;

        for (; kr_is_cons(t); t = kr_tl(t))
                if (!kr_get_atom(kr_hd(t), &module))
                        return false;
        return kr_is_nil(t);
}

static bool is_change(kr_term t)
{
        return kr_match(t, "soft") || kr_match(t, "supervisor") ||
               kr_match(t, "{advanced, _}");
}

bool kri_appup_module(kr_term i, kr_atom *ret_module, kr_term *ret_change,
                      kr_term *ret_deps)
{
        kr_term last;

        *ret_change = kr_atom_term(KR_ATOM("soft"));
        *ret_deps = kr_nil();
        if (kr_match(i, "{update, ~}", ret_module) ||
            kr_match(i, "{load_module, ~}", ret_module) ||
            kr_match(i, "{add_module, ~}", ret_module) ||
            kr_match(i, "{delete_module, ~}", ret_module))
                return true;
        if (kr_match(i, "{update, ~, ~}", ret_module, &last)) {
                *(is_change(last) ? ret_change : ret_deps) = last;
                return is_change(last) || is_deps(last);
        }
        if (kr_match(i, "{update, ~, ~, ~}", ret_module, ret_change, ret_deps))
                return is_change(*ret_change) && is_deps(*ret_deps);
        return kr_match(i, "{load_module, ~, ~}", ret_module, ret_deps) &&
               is_deps(*ret_deps);
}

static bool is_instruction(kr_term i)
{
        kr_term change, deps;
        kr_atom atom;

        return kri_appup_module(i, &atom, &change, &deps) ||
               kr_match(i, "{add_application, ~}", &atom) ||
               kr_match(i, "{remove_application, ~}", &atom) ||
               kr_match(i, "{restart_application, ~}", &atom) ||
               kr_match(i, "{apply, {_, _, _}}");
}

/* -- their order -- */

struct order {
        kr_term instructions[INSTRUCTIONS_MAX];
        bool placed[INSTRUCTIONS_MAX];
        size_t count;
        kr_builder list;
};

static bool is_of(kr_term instruction, kr_atom module)
{
        kr_term change, deps;
        kr_atom its;

        return kri_appup_module(instruction, &its, &change, &deps) &&
               kr_atom_eq(its, module);
}

static bool is_delete(kr_term instruction)
{
        return kr_match(instruction, "{delete_module, _}");
}

static void place(struct order *o, size_t i)
{
        kr_term change, deps;
        kr_atom module, dep;

        if (o->placed[i])
                return;
        o->placed[i] = true; /* also ends a circle */
        if (!kri_appup_module(o->instructions[i], &module, &change, &deps))
                deps = kr_nil();
        for (; kr_is_cons(deps); deps = kr_tl(deps))
                for (size_t j = 0; j < o->count; j++)
                        if (kr_get_atom(kr_hd(deps), &dep) &&
                            is_of(o->instructions[j], dep))
                                place(o, j);
        kr_add_term(&o->list, o->instructions[i]);
}

/* What others depend on comes before them; modules go when nothing else is to be done. */
static kr_term ordered(kr_term instructions, kr_buf *error)
{
        struct order *o = kr_calloc(1, sizeof(*o));
        kr_term list;

        if (o == NULL)
                return kr_none();
        for (; kr_is_cons(instructions) && o->count < INSTRUCTIONS_MAX;
             instructions = kr_tl(instructions))
                o->instructions[o->count++] = kr_hd(instructions);
        if (!kr_is_nil(instructions))
                say(error, "more than %u instructions", INSTRUCTIONS_MAX);
        for (size_t i = 0; i < o->count; i++)
                if (!is_delete(o->instructions[i]))
                        place(o, i);
        for (size_t i = 0; i < o->count; i++)
                place(o, i);
        list = kr_is_nil(instructions) ? kr_build_list(&o->list) : kr_none();
        kr_builder_clear(&o->list);
        kr_free(o);
        return list;
}

static bool are_instructions(kr_term list, const char *file, kr_buf *error)
{
        char text[200];
        int number = 1;

        for (; kr_is_cons(list); list = kr_tl(list), number++) {
                if (is_instruction(kr_hd(list)))
                        continue;
                (void)kr_format(text, sizeof(text), kr_hd(list));
                say(error, "%s: instruction %d is none: %s", file, number, text);
                return false;
        }
        if (kr_is_nil(list))
                return true;
        say(error, "%s: the instructions are no list", file);
        return false;
}

/* -- the file -- */

static kr_term find(kr_term terms, const char *file, const char *from, const char *to,
                    kr_buf *error)
{
        kr_term its, up, down, found = kr_none();
        char version[64] = "";

        if (!kr_match(terms, "[{~, ~, ~}]", &its, &up, &down) ||
            !kr_get_string(its, version, sizeof(version), NULL)) {
                say(error,
                    "%s: wants {\"Version\", [{From, Instructions}], [{To, Instructions}]}",
                    file);
                return kr_none();
        }
        if (strcmp(version, to) == 0)
                found = entry_for(up, from);
        else if (strcmp(version, from) == 0)
                found = entry_for(down, to);
        if (kr_is_none(found))
                say(error,
                    "%s is of version %s, and says nothing of the way from %s to %s",
                    file, version, from, to);
        return found;
}

kr_term kr_appup_script(const char *file, const char *from, const char *to, kr_buf *error)
{
        kr_term terms, found, script = kr_none();
        kr_text_error at = { 0, 0, "" };
        kr_err err;

        if (file == NULL || from == NULL || to == NULL)
                return kr_none();
        err = kr_consult_file(file, NULL, &terms, &at);
        if (err == KR_EOS) {
                say(error, "%s cannot be read", file);
                return kr_none();
        }
        if (err != KR_OK) {
                say(error, "%s:%u:%u: %s", file, at.line, at.column,
                    at.message[0] != '\0' ? at.message : kr_strerror(err));
                return kr_none();
        }
        found = find(terms, file, from, to, error);
        if (!kr_is_none(found) && are_instructions(found, file, error))
                script = ordered(found, error);
        kr_release(terms);
        return script;
}
