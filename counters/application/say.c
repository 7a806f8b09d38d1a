/* SPDX-License-Identifier: Apache-2.0 */
#include "say.h"

#include <string.h>

void say_call(const char *call, kr_term args)
{
        const char *before = "(";
        kr_buf line = KR_BUF_INIT;
        kr_err err = kr_buf_append(&line, call, strlen(call));

        for (kr_term l = args; kr_is_cons(l) && err == KR_OK;
             l = kr_tl(l), before = ",") {
                err = kr_buf_append(&line, before, 1);
                if (err == KR_OK)
                        err = kr_print_to(&line, kr_hd(l), NULL);
        }
        if (err == KR_OK) /* no memory: then no line */
                (void)kr_io_printf("%s%s)\n", line.data, kr_is_nil(args) ? "(" : "");
        kr_buf_free(&line);
        kr_release(args);
}
