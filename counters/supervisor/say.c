/* SPDX-License-Identifier: Apache-2.0 */
#include "say.h"

#include <string.h>

FILE *say_to;

void say_list(const char *text, kr_term args)
{
        FILE *to = say_to != NULL ? say_to : stdout;
        char line[400];
        size_t len = 0;
        kr_term rest = args;

        for (; *text != 0 && len < sizeof(line) - 1; text++) {
                if (*text == '~' && kr_is_cons(rest)) {
                        len += kr_format(line + len, sizeof(line) - len, kr_hd(rest));
                        rest = kr_tl(rest);
                } else {
                        line[len++] = *text;
                }
        }
        /* of a long term there is the beginning */
        fprintf(to, "%.*s\n", (int)(len < sizeof(line) ? len : strlen(line)), line);
        fflush(to);
        kr_release(args);
}
