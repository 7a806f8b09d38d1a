/* SPDX-License-Identifier: Apache-2.0 */
/* pattern_compile.c: the first use of a call site. */
#include "pattern_priv.h"

#include <stdio.h>
#include <string.h>

#include "base/plat_thread.h"

#define SHOWN_MAX 200 /* bytes of a pattern that a report shows */

void kri_site_misuse(const struct kri_site *site, const char *reason)
{
        char text[SHOWN_MAX + 512];
        const char *file = site->file;
        size_t file_len = strlen(file);

        if (file_len > 200)
                file += file_len - 200;
        snprintf(text, sizeof(text), "%s:%d: pattern \"%.*s%s\": %s", file, site->line,
                 SHOWN_MAX, site->pattern, strlen(site->pattern) > SHOWN_MAX ? "..." : "",
                 reason);
        kri_misuse(text);
}

void kri_arg_misuse(const struct kri_code *code, unsigned arg, const char *what)
{
        char reason[80];

        snprintf(reason, sizeof(reason), "argument %u %s", arg + 1, what);
        kri_site_misuse(code->site, reason);
}

/* -- do the arguments go with the pattern? -- */

static bool has_right_count(struct kri_parse *parse)
{
        uint32_t wanted = parse->arg_count;
        uint32_t given = parse->site->count;

        if (wanted == given)
                return true;
        snprintf(parse->reason, sizeof(parse->reason), "%u argument%s wanted, %u given",
                 wanted, wanted == 1 ? "" : "s", given);
        return false;
}

/* A result wants a pointer, all others a value. */
static bool has_right_args(struct kri_parse *parse)
{
        const struct kri_site *site = parse->site;

        for (uint32_t i = 0; i < parse->arg_count; i++) {
                bool is_equal = parse->roles[i] == KRI_AST_EQUAL;
                bool wants_pointer = site->matches && !is_equal;
                bool is_pointer = site->types[i] >= KRI_ARG_OUT;

                if (wants_pointer == is_pointer)
                        continue;
                snprintf(parse->reason, sizeof(parse->reason),
                         "argument %u (%s): a %s is wanted, a %s given", i + 1,
                         is_equal ? "=" : "~",
                         wants_pointer ? "pointer for the result" : "value",
                         is_pointer ? "pointer" : "value");
                return false;
        }
        return true;
}

/* -- compiling -- */

static struct kri_code *compile(struct kri_parse *parse, struct kri_site *site)
{
        struct kri_code *code;

        if (!kri_parse_pattern(parse, site) || !has_right_count(parse) ||
            !has_right_args(parse))
                return NULL;
        code = site->matches ? kri_compile_match(parse) : kri_compile_build(parse);
        if (code) {
                code->site = site;
                code->matches = site->matches;
        }
        return code;
}

/* -- all codes -- */

static kri_mutex lock = KRI_MUTEX_INIT;
static struct kri_code *codes; /* under lock */

static void remember(struct kri_code *code)
{
        kri_lock(&lock);
        code->next = codes;
        codes = code;
        kri_unlock(&lock);
}

void kri_sites_forget(uintptr_t low, uintptr_t high)
{
        struct kri_code **place = &codes;

        kri_critical(true);
        kri_lock(&lock);
        while (*place != NULL) {
                struct kri_code *code = *place;

                if ((uintptr_t)code->site < low || (uintptr_t)code->site >= high) {
                        place = &code->next;
                        continue;
                }
                *place = code->next;
                kri_shared_free(code);
        }
        kri_unlock(&lock);
        kri_critical(false);
}

/* Whoever is first gives the site its code. */
static const struct kri_code *publish(struct kri_site *site, struct kri_code *code)
{
        struct kri_code *others = NULL;

        /* release: pairs with the acquire in kri_site_code, so that who sees the code sees
         * it whole. On failure acquire, for another's code is used then. */
        if (!__atomic_compare_exchange_n(&site->code, &others, code, false,
                                         __ATOMIC_RELEASE, __ATOMIC_ACQUIRE)) {
                kri_shared_free(code);
                return others;
        }
        remember(code);
        return code;
}

const struct kri_code *kri_site_compile(struct kri_site *site)
{
        struct kri_parse parse;
        struct kri_code *code = compile(&parse, site);
        const struct kri_code *published;

        kri_parse_fini(&parse);
        if (!code) {
                kri_site_misuse(site, parse.reason);
                return NULL;
        }
        kri_critical(true); /* it is in the list, or nobody has it */
        published = publish(site, code);
        kri_critical(false);
        return published;
}
