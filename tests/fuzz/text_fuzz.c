/* SPDX-License-Identifier: Apache-2.0 */
/* text_fuzz.c: text from anybody as terms. What can be read is printed, what was printed
 * reads as the same term and is printed the same way again.
 */
#include <krarup/text.h>

#include <stdlib.h>
#include <string.h>

static void must(bool holds)
{
        if (!holds)
                abort();
}

static void check_round_trip(kr_term term)
{
        kr_buf first = KR_BUF_INIT;
        kr_buf second = KR_BUF_INIT;
        char cut[16];
        kr_term again;

        must(kr_print_to(&first, term, NULL) == KR_OK);
        must(kr_format(cut, sizeof(cut), term) == first.len);
        must(kr_parse(first.data, first.len, NULL, &again, NULL) == KR_OK);
        must(kr_same(term, again));
        must(kr_print_to(&second, again, NULL) == KR_OK);
        must(first.len == second.len && memcmp(first.data, second.data, first.len) == 0);
        kr_buf_free(&second);
        kr_buf_free(&first);
        kr_release(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
        kr_parse_opts opts = { .memory_max = 1 << 16, .depth_max = 500 };
        kr_text_error error = { .message = "" };
        kr_term term;
        kr_err err = kr_parse((const char *)data, len, &opts, &term, &error);

        if (err == KR_OK) {
                check_round_trip(term);
                kr_release(term);
        } else {
                must(error.line >= 1 && error.column >= 1);
                must(memchr(error.message, '\0', sizeof(error.message)) != NULL);
        }
        return 0;
}
