/* SPDX-License-Identifier: Apache-2.0 */
#include "say.h"

#include "plat_tty.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool kri_has_colours(bool error)
{
        const char *none = getenv("NO_COLOR"), *term = getenv("TERM");

        return kri_tty_is(error ? 2 : 1) && (none == NULL || none[0] == 0) &&
               (term == NULL || strcmp(term, "dumb") != 0);
}

void kri_say(const char *format, ...)
{
        va_list args;

        va_start(args, format);
        (void)vprintf(format, args);
        va_end(args);
        (void)fflush(stdout);
}

static const char *code_of(enum kri_colour colour)
{
        static const char *const codes[] = { "0", "1", "32", "33", "31", "2" };

        return codes[colour];
}

void kri_say_in(enum kri_colour colour, const char *format, ...)
{
        bool colours = kri_has_colours(false);
        va_list args;

        if (colours)
                (void)printf("\033[%sm", code_of(colour));
        va_start(args, format);
        (void)vprintf(format, args);
        va_end(args);
        if (colours)
                (void)printf("\033[0m");
        (void)fflush(stdout);
}

void kri_complain(const char *format, ...)
{
        bool colours = kri_has_colours(true);
        char line[4096];
        va_list args;

        va_start(args, format);
        (void)vsnprintf(line, sizeof(line), format, args);
        va_end(args);
        (void)fprintf(stderr, "%skrarup:%s %s\n", colours ? "\033[31m" : "",
                      colours ? "\033[0m" : "", line);
}

int kri_columns(void)
{
        return kri_tty_columns(1);
}

/* -- nearest names -- */

#define NAME_MAX_BYTES 64

static int least(int a, int b, int c)
{
        int m = a < b ? a : b;

        return m < c ? m : c;
}

/* Damerau's distance: letters left out, added, changed, or in the wrong order. */
static int distance(const char *a, const char *b)
{
        int rows[3][NAME_MAX_BYTES + 1], *before = rows[0], *last = rows[1],
                                         *now = rows[2];
        int len_a = (int)strlen(a), len_b = (int)strlen(b);

        if (len_a > NAME_MAX_BYTES || len_b > NAME_MAX_BYTES)
                return NAME_MAX_BYTES;
        for (int j = 0; j <= len_b; j++)
                last[j] = before[j] = j;
        for (int i = 1; i <= len_a; i++) {
                int *row = before;

                now[0] = i;
                for (int j = 1; j <= len_b; j++) {
                        now[j] = least(last[j] + 1, now[j - 1] + 1,
                                       last[j - 1] + (a[i - 1] != b[j - 1]));
                        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
                            a[i - 2] == b[j - 1] && before[j - 2] + 1 < now[j])
                                now[j] = before[j - 2] + 1;
                }
                before = last;
                last = now;
                now = row;
        }
        return last[len_b];
}

const char *kri_nearest(const char *typed, const char *const *names)
{
        const char *nearest = NULL;
        int best = (int)strlen(typed) < 4 ? 2 : 3; /* and better than that */

        for (; *names != NULL; names++) {
                int d = distance(typed, *names);

                if (d < best) {
                        best = d;
                        nearest = *names;
                }
        }
        return nearest;
}
