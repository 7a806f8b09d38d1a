/* SPDX-License-Identifier: Apache-2.0 */
/* pattern_fuzz.c: any text as a pattern, with arguments of any type.
 *
 * Input    SEED_LEN bytes choose the types and values of arguments; then the text of a
 *          pattern, and behind a byte 0xff that of another one. The first builds a term,
 *          the second is matched against it.
 */
#include "term/pattern.h"
#include "term/kept.h"

#include <stdlib.h>
#include <string.h>

#define SEED_LEN 8
#define TEXT_MAX 400

static bool was_told;

static void hear(const char *reason)
{
        was_told = reason[0] != 0;
}

static void must(bool holds)
{
        if (!holds)
                abort();
}

struct use {
        struct kri_site site;
        char text[TEXT_MAX + 1];
        union kri_arg args[KRI_ARGS_MAX];
        unsigned char results[KRI_ARGS_MAX][sizeof(union kri_arg)];
};

static void set_value(struct use *use, unsigned i, uint8_t seed)
{
        static const char bytes[700] = "bytes";
        static const uint8_t types[] = { KRI_ARG_INT,    KRI_ARG_UINT, KRI_ARG_BOOL,
                                         KRI_ARG_DOUBLE, KRI_ARG_STR,  KRI_ARG_PID,
                                         KRI_ARG_REF,    KRI_ARG_TERM, KRI_ARG_PORT,
                                         KRI_ARG_BYTES };
        uint8_t type = types[seed % sizeof(types)];
        union kri_arg *arg = &use->args[i];

        use->site.types[i] = type;
        switch (type) {
        case KRI_ARG_INT:
        case KRI_ARG_UINT:
                arg->u = (uint64_t)(seed >> 4) << (seed >> 2);
                break;
        case KRI_ARG_BOOL:
                arg->u = seed >> 7;
                break;
        case KRI_ARG_DOUBLE:
                arg->d = seed / 16 ? seed / 16.0 : 1e308 * 10;
                break;
        case KRI_ARG_STR:
                arg->str = seed & 64 ? "text" : "";
                break;
        case KRI_ARG_PID:
                arg->pid = seed & 64 ? kri_word_pid(kri_near_pid(1, seed, 1))
                                     : (kr_pid){ .num = seed, .node = 65 };
                break;
        case KRI_ARG_REF:
                arg->ref = (kr_ref){ .id = { seed }, .node = seed >> 6 };
                break;
        case KRI_ARG_PORT:
                arg->port = (kr_port){ .num = seed, .node = 1 };
                break;
        case KRI_ARG_TERM:
                arg->term = kr_int(seed);
                break;
        default:
                arg->bytes = (kr_bytes){ bytes, seed * 2u };
                break;
        }
}

/* As many arguments as it looks as if the pattern had. */
static void prepare(struct use *use, const uint8_t *seed, const uint8_t *text, size_t len,
                    bool matches)
{
        memset(use, 0, sizeof(*use));
        memset(use->results, 0x5a, sizeof(use->results));
        memcpy(use->text, text, len);
        use->site.pattern = use->text;
        use->site.file = "fuzz.c";
        use->site.matches = matches;
        for (const char *p = use->text; *p && use->site.count < KRI_ARGS_MAX; p++) {
                unsigned i = use->site.count;
                uint8_t s = (uint8_t)(seed[i % SEED_LEN] + i * 31);

                if (*p == '=' && p[1] == '>')
                        p++;
                else if (*p == '=' || (*p == '~' && !matches))
                        set_value(use, use->site.count++, s);
                else if (*p == '~') {
                        use->args[i].out = use->results[i];
                        use->site.types[i] =
                                KRI_ARG_OUT + s % (KRI_ARG_TYPES - KRI_ARG_OUT);
                        use->site.count++;
                }
        }
}

static void finish(struct use *use)
{
        kri_shared_free(use->site.code);
        use->site.code = NULL;
}

/* The exact words, so that the sanitizer sees one too many. */
static kri_word *build(struct use *use, kri_word *ret)
{
        const struct kri_code *code = kri_site_code(&use->site);
        uint64_t words = code ? kri_code_words(code, use->args) : KRI_WORDS_BAD;
        uint32_t blobs = 0;
        kri_word *block;

        must((words == KRI_WORDS_BAD) == was_told);
        if (words == KRI_WORDS_BAD)
                return NULL;
        block = malloc((words + 1) * sizeof(*block));
        must(block);
        *ret = kri_code_build(code, use->args, block + 1, block, &blobs);
        block[0] = blobs;
        must(*ret != KRI_NONE);
        must(kri_is_place(*ret) == (words > 0));
        must(words == 0 || kri_ptr(*ret) == block + 1);
        must(kri_term_words(*ret) <= words);
        return block;
}

/* A term matches the pattern that built it, and every ~ takes what was put in. */
static void match_itself(const struct use *built, kri_word t)
{
        struct use use = *built;

        use.site.code = NULL;
        use.site.matches = 1;
        for (unsigned i = 0; i < use.site.count; i++) {
                use.args[i].out = use.results[i];
                use.site.types[i] = KRI_ARG_OUT_TERM;
        }
        if (!kri_site_code(&use.site))
                return; /* ~ in the key of a map */
        must(kri_code_match(use.site.code, t, use.args));
        for (unsigned i = 0; i < use.site.count; i++) {
                struct use one = {
                        .site = { .pattern = "=", .file = "", .matches = 1, .count = 1 }
                };
                kr_term part;

                memcpy(&part, use.results[i], sizeof(part));
                one.site.types[0] = built->site.types[i];
                must(kri_match(part, &one.site, &built->args[i]));
                finish(&one);
        }
        finish(&use);
}

static void match(struct use *use, kri_word t)
{
        const struct kri_code *code = kri_site_code(&use->site);
        bool fits = code && kri_code_match(code, t, use->args);

        if (fits) {
                must(kri_code_may_match(code, t));
                return;
        }
        for (size_t i = 0; i < sizeof(use->results); i++)
                must(((unsigned char *)use->results)[i] == 0x5a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
        const uint8_t *text = data + SEED_LEN;
        const uint8_t *other;
        struct use use;
        kri_word *block;
        kri_word t;
        size_t text_len;

        kri_term_host.misuse = hear;
        if (len < SEED_LEN)
                return 0;
        len -= SEED_LEN;
        other = len ? memchr(text, 0xff, len) : NULL;
        text_len = other ? (size_t)(other - text) : len;
        if (text_len > TEXT_MAX || len - text_len > TEXT_MAX)
                return 0;
        prepare(&use, data, text, text_len, false);
        was_told = false;
        block = build(&use, &t);
        finish(&use);
        if (!block)
                return 0;
        match_itself(&use, t);
        if (other) {
                prepare(&use, data, other + 1, len - text_len - 1, true);
                match(&use, t);
                finish(&use);
        }
        kri_blobs_release(block, (uint32_t)block[0]);
        free(block);
        return 0;
}
