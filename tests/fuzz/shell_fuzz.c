/* SPDX-License-Identifier: Apache-2.0 */
/* shell_fuzz.c: what somebody types into the shell. Words follow one another to the end of the
 * text, what ends an expression is found where the words say so, and a tree has the depth that
 * it may have.
 */
#include "../../src/cli/shell_lex.h"
#include "../../src/cli/shell_parse.h"

#include <stdlib.h>
#include <string.h>

static void must(bool holds)
{
        if (!holds)
                abort();
}

static void check_words(const char *text, size_t len)
{
        struct kri_lex lex = { text, len, 0, 1, 0 };
        size_t end = kri_lex_form_end(text, len), at = 0;
        struct kri_word word;
        bool ended = false;

        do {
                word = kri_lex_next(&lex);
                must(word.start >= at && word.end <= len);
                must(word.end > word.start || word.kind == KRI_WORD_END);
                must(word.line >= 1 && word.column >= 1);
                at = word.end;
                if (word.kind == KRI_WORD_DOT && !ended) {
                        must(end == word.end);
                        ended = true;
                }
        } while (word.kind != KRI_WORD_END && word.kind != KRI_WORD_PARTIAL);
        must(ended || end == 0);
}

static unsigned depth_of(const struct kri_expr *e)
{
        unsigned deepest = 0;

        for (const struct kri_expr *c = e->first; c != NULL; c = c->next) {
                unsigned depth = depth_of(c);

                deepest = depth > deepest ? depth : deepest;
        }
        return deepest + 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
        const char *text = (const char *)data;
        kr_text_error error = { .message = "" };
        struct kri_expr *form;
        kr_err err = kri_form_parse(text, len, &form, &error);

        check_words(text, len);
        if (err == KR_OK) {
                must(form->kind == KRI_EXPR_BLOCK && form->first != NULL);
                /* operators on the left take no recursion to read, and none to run is too deep */
                must(depth_of(form) <= KRI_EVAL_DEPTH);
                kri_form_free(form);
        } else if (err != KR_ENOMEM && err != KR_ESYSTEMLIMIT) {
                must(error.line >= 1 && error.column >= 1);
                must(memchr(error.message, '\0', sizeof(error.message)) != NULL);
        }
        return 0;
}
